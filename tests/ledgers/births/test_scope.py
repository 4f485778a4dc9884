"""What the rules compare a birth with lies in the writer's own offices; a row somewhere else decides nothing here."""

from sqlalchemy import select

from app.core import regions, scope
from app.ledgers.births import family, rules
from app.ledgers.births.models import Birth, Delivery
from app.ledgers.people import snapshots
from tests.cast import A1, B1, A, B
from tests.factories.births import BORN_ON, MOTHER_BORN, answered_for_by, make_birth
from tests.factories.people import also_seen_by, id_number_for, make_person

NUMBER = id_number_for(MOTHER_BORN, "2", 4001)
NO_NUMBER = {"mother_id_no": None, "mother_birth_date": MOTHER_BORN}


def test_a_namesake_of_another_office_is_no_possible_duplicate(working):
    with working() as session:
        make_birth(session, town=A1)
        answered_for_by(session, B1)
    with working(A) as session:
        assert not make_birth(session, town=A1).possible_duplicate


def test_a_twin_of_another_office_has_a_delivery_of_its_own(working):
    with working() as session:
        make_birth(session, town=A1, mother_id_no=NUMBER, plurality=2, plural_seq=1)
        answered_for_by(session, B1)
    with working(A) as session:
        make_birth(session, town=A1, mother_id_no=NUMBER, plurality=2, plural_seq=2, child_order=2)
        assert len(session.scalars(scope.query(Delivery)).all()) == 1
    with working() as session:
        assert len(session.scalars(select(Delivery)).all()) == 2


def test_a_mother_without_a_number_is_not_taken_from_another_office(working):
    with working(B) as session:
        theirs = make_birth(session, town=B1, maker="neighbour", plurality=2, plural_seq=1, **NO_NUMBER).mother_id
    with working(A) as session:
        assert make_birth(session, town=A1, plurality=2, plural_seq=2, child_order=2, **NO_NUMBER).mother_id != theirs


def test_a_father_without_a_number_is_not_taken_from_another_office(working):
    with working() as session:
        also_seen_by(session, make_person(session, office=A1, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN), B1)
        places = {code: regions.by_code(session, code).id for code in (A1, B1)}
    with working(B) as session:
        place = session.get(regions.Region, places[B1])
        theirs = make_birth(session, town=B1, maker="neighbour", mother_id_no=NUMBER, father_name="王强", father_region=place)
        assert theirs.father_id is not None
        their_father = theirs.father_id
    with working(A) as session:
        place = session.get(regions.Region, places[A1])
        ours = make_birth(session, town=A1, mother_id_no=NUMBER, father_name="王强", father_region=place, child_order=2)
        assert ours.father_id not in (None, their_father)


def test_a_file_of_another_office_is_not_opened_by_its_number(working):
    with working() as session:
        person = make_person(session, office=B1)
        session.flush()
        number = person.id
    with working(A) as session:
        assert snapshots.on_file(session, number) is None
        assert snapshots.office_of(session, number) is None
    with working(B) as session:
        assert snapshots.on_file(session, number).id == number
        assert snapshots.office_of(session, number).name == regions.by_code(session, B1).name


def test_a_birth_that_may_be_this_one_is_shown_by_its_own_office_only(working):
    """The number of the child is the same, wherever the other one lies."""
    child = {"child_name": "李小花", "child_id_no": id_number_for(BORN_ON, "2", 4003)}
    with working() as session:
        make_birth(session, town=B1, **child)
        make_birth(session, town=A1, **child)
        one, other = session.scalars(scope.query(Birth).order_by(Birth.id)).all()
        assert [row.uid for row, _fields in rules.alike(other)] == [one.uid]
    with working(A) as session:
        birth = session.scalars(scope.query(Birth)).one()
        assert birth.possible_duplicate
        assert rules.alike(birth) == []


def test_what_the_file_of_a_mother_says_stays_with_the_office_that_holds_it(working):
    with working() as session:
        mine, foreign = (make_person(session, office=town, name="李梅", birth_date=MOTHER_BORN).id for town in (A1, B1))
    with working(A) as session:
        assert set(family.mothers_on_file(session, [mine, foreign])) == {mine}
