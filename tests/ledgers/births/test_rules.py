"""How a birth is entered: who is found or filed, where it belongs, what is refused, what needs a reason."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, periods, regions, scope
from app.core.errors import RuleViolation
from app.core.workflow import Status
from app.ledgers.births import rules
from app.ledgers.births.models import Birth
from app.ledgers.people.models import IdentityRequest, Person, PersonOffice
from tests.cast import A1, A2, B1, C1, A, B
from tests.factories.births import BORN_ON, MOTHER_BORN, correct, make_birth, user
from tests.factories.people import also_seen_by, id_number_for, make_person

NUMBER = id_number_for(MOTHER_BORN, "2", 900)


def warned(birth):
    """The codes of the row's warnings."""
    return {warning["code"] for warning in birth.warnings}


def refused_codes(refused):
    """The codes of the problems that were raised."""
    return {problem.code for problem in refused.value.problems}


def the_birth(session, **where):
    """The one birth with these values."""
    return session.scalars(scope.query(Birth).filter_by(**where)).one()


def save_again(session, birth):
    """What the form does to a row on file."""
    return rules.save(birth, user(session, "clerk"), clock.today())


# who is found or filed


def test_the_number_of_the_mother_fills_her_birth_date(working):
    with working() as session:
        birth = make_birth(session, mother_id_no=f" {NUMBER[:6]}-{NUMBER[6:]} ", mother_name=" 李 梅 ")
        assert (birth.mother_birth_date, birth.mother_name, birth.mother_id_type) == (MOTHER_BORN, "李梅", "1")
        assert birth.mother_id_no.reveal() == NUMBER


def test_an_old_number_is_kept_with_18_characters(working):
    with working() as session:
        assert make_birth(session, mother_id_no=NUMBER[:6] + NUMBER[8:17]).mother_id_no.reveal() == NUMBER


def test_a_new_mother_is_filed_at_the_chosen_place(working):
    with working(A) as session:
        birth = make_birth(session, town=A2)
        link = session.scalars(scope.query(PersonOffice).where(PersonOffice.person_id == birth.mother_id)).one()
        assert (link.region_id, birth.region_id, birth.scope_path) == (birth.region.id, birth.mother_region_id, birth.region.path)
        assert session.scalars(scope.query(Person)).one().sex == "2"


def test_a_new_mother_needs_a_place(working):
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_birth(session, mother_region=None)
    assert refused_codes(refused) == {"mother_place"}
    with working() as session:
        assert session.scalars(scope.query(Birth)).all() == []


def test_a_mother_on_file_is_linked_and_her_office_answers(working):
    with working(A) as session:
        mother = make_person(session, office=A2, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN)
        birth = make_birth(session, mother_id_no=NUMBER, mother_region=None)
        assert (birth.mother_id, birth.scope_path) == (mother.id, regions.by_code(session, A2).path)


def test_a_mother_of_another_office_is_refused_and_that_office_is_asked(working):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN)
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_birth(session, mother_id_no=NUMBER)
    assert refused_codes(refused) == {"elsewhere"}
    with working() as session:
        asked = session.scalars(scope.query(IdentityRequest)).one()
        assert asked.scope_path == regions.by_code(session, B1).path
        assert session.scalars(scope.query(Birth)).all() == []


def test_another_name_for_the_number_is_refused(working):
    with working(A) as session:
        make_person(session, office=A1, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN)
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_birth(session, mother_id_no=NUMBER, mother_name="王芳")
    assert refused_codes(refused) == {"other_name"}


def test_a_father_of_another_office_is_linked_silently(working):
    number = id_number_for(date(1993, 2, 3), "1", 901)
    with working() as session:
        father = make_person(session, office=B1, name="王强", id_no=number, sex="1", birth_date=date(1993, 2, 3)).id
    with working(A) as session:
        birth = make_birth(session, father_name="王强", father_id_no=number)
        assert (birth.father_id, birth.father_birth_date) == (father, date(1993, 2, 3))
        assert session.scalars(scope.query(Person).where(Person.id == father)).all() == []


def test_an_unknown_father_is_filed_only_where_a_place_is_given(working):
    with working(A) as session:
        assert make_birth(session, father_name="王强").father_id is None
        place = regions.by_code(session, A1)
        other = make_birth(session, mother_name="赵兰", father_name="张伟", father_birth_date=date(1990, 1, 1), father_region=place)
        assert session.get(Person, other.father_id).sex == "1"


# where it belongs


def test_it_counts_where_she_lived_on_the_day(working):
    with working() as session:
        mother = make_person(session, office=A1, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN)
        place = regions.by_code(session, C1)
        before = {"valid_from": BORN_ON - timedelta(days=400), "valid_to": BORN_ON + timedelta(days=30)}
        session.add(PersonOffice(person=mother, region=place, scope_path=place.path, kind="resident", **before))
    with working(A) as session:
        birth = make_birth(session, mother_id_no=NUMBER)
        assert birth.scope_path == regions.by_code(session, A1).path
        assert (birth.count_path, birth.count_region_id) == (regions.by_code(session, C1).path, regions.by_code(session, C1).id)


def test_without_an_earlier_residence_it_counts_at_her_office(working):
    with working(A) as session:
        birth = make_birth(session)
        assert (birth.count_region_id, birth.count_path) == (birth.region_id, birth.scope_path)


def test_three_towns_one_row(working):
    """Mother, father and child are filed in three towns; the birth is listed, edited and counted once, in the mother's town."""
    number = id_number_for(date(1993, 2, 3), "1", 902)
    with working() as session:
        father = make_person(session, office=B1, name="王强", id_no=number, sex="1", birth_date=date(1993, 2, 3)).id
        child = make_person(session, office=C1, name="王小梅", id_no=id_number_for(BORN_ON, "2", 903), birth_date=BORN_ON).id
        birth = make_birth(session, town=A1, father_name="王强", father_id_no=number, child_name="王小梅", child_id=child)
        known = (birth.mother_id, father, child)
    with working(A) as session:
        birth = the_birth(session)
        birth.remark, birth.weight_g = "corrected", 3100
        save_again(session, birth)
        session.flush()
        assert (birth.mother_id, birth.father_id, birth.child_id) == known
        assert birth.count_path == regions.by_code(session, A1).path
    for other in (B1, C1):
        with working(other) as session:
            assert session.scalars(scope.query(Birth)).all() == []


def test_an_edit_keeps_a_mother_who_moved_away(working):
    with working() as session:
        birth = make_birth(session, town=A1)
        link = session.scalars(scope.query(PersonOffice)).one()
        place = regions.by_code(session, B1)
        link.valid_to = clock.today()
        session.add(PersonOffice(person_id=birth.mother_id, region=place, scope_path=place.path, kind="resident", valid_from=clock.today()))
    with working(A) as session:
        birth = the_birth(session)
        before = (birth.mother_id, birth.scope_path)
        birth.remark = "corrected"
        save_again(session, birth)
        assert (birth.mother_id, birth.scope_path) == before


def test_another_mother_takes_the_birth_to_her_office(working):
    with working(A) as session:
        make_person(session, office=A2, name="赵兰", id_no=NUMBER, birth_date=MOTHER_BORN)
        birth = make_birth(session, town=A1)
        with session.no_autoflush:
            birth.mother_name, birth.mother_id_no = "赵兰", NUMBER
            save_again(session, birth)
        session.flush()
        assert birth.scope_path == birth.delivery.scope_path == regions.by_code(session, A2).path
        assert birth.delivery.mother_id == birth.mother_id


def unnumbered(session, **fields):
    """A birth on file whose mother was entered without a number."""
    return make_birth(session, mother_id_no=None, mother_birth_date=MOTHER_BORN, **fields)


def test_a_number_that_follows_later_goes_to_the_same_file(working):
    with working(A) as session:
        birth = unnumbered(session)
        mother = birth.mother_id
        correct(session, birth, mother_id_no=NUMBER)
        assert (birth.mother_id, session.get(Person, mother).id_no.reveal()) == (mother, NUMBER)


def test_a_name_put_right_is_put_right_on_the_file_the_birth_made(working):
    with working(A) as session:
        birth = unnumbered(session)
        correct(session, birth, mother_name="李玫")
        assert [(person.id, person.name) for person in session.scalars(scope.query(Person))] == [(birth.mother_id, "李玫")]


def test_a_file_that_was_not_needed_is_closed(working):
    with working(A) as session:
        known = make_person(session, office=A2, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN)
        birth = unnumbered(session, town=A1)
        needless = session.get(Person, birth.mother_id)
        correct(session, birth, mother_id_no=NUMBER)
        assert (birth.mother_id, needless.closed_on) == (known.id, clock.today())


def test_a_file_that_another_birth_names_is_left_alone(working):
    with working(A) as session:
        twins = [unnumbered(session, plurality=2, plural_seq=seq, child_order=seq) for seq in (1, 2)]
        shared = session.get(Person, twins[0].mother_id)
        correct(session, twins[0], mother_id_no=NUMBER)
        assert (shared.id_no, shared.closed_on) == (None, None)
        assert twins[1].incomplete
        correct(session, twins[1], mother_id_no=NUMBER)
        assert twins[0].delivery is twins[1].delivery
        assert shared.closed_on == clock.today()


def test_the_report_is_dated_today_when_nothing_is_written(working):
    with working(A) as session:
        assert make_birth(session).reported_on == clock.today()


def test_a_dead_child_is_not_alive(working):
    with working(A) as session:
        assert make_birth(session, child_died_on=BORN_ON).is_alive is False


# what only the register knows


def test_a_mother_whose_file_says_man_is_refused(working):
    with working(A) as session:
        make_person(session, name="李梅", sex="1", id_no=NUMBER, birth_date=MOTHER_BORN)
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_birth(session, mother_id_no=NUMBER)
    assert refused_codes(refused) == {"V07_sex"}


def test_a_mother_who_died_before_is_refused(working):
    with working(A) as session:
        make_person(session, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN, died_on=BORN_ON - timedelta(days=1))
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_birth(session, mother_id_no=NUMBER)
    assert refused_codes(refused) == {"V07_alive"}


def test_a_mother_who_died_giving_birth_is_taken(working):
    with working(A) as session:
        make_person(session, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN, died_on=BORN_ON)
        assert make_birth(session, mother_id_no=NUMBER).mother_id


@pytest.mark.parametrize("other", [A1, B1])
def test_a_certificate_number_is_used_once_and_the_sentence_never_says_where(working, other):
    with working() as session:
        make_birth(session, town=other, mother_name="赵兰", birth_cert_no="A123456789")
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_birth(session, town=A2, birth_cert_no="a123456789")
    assert refused_codes(refused) == {"V18_unique"}
    assert str(refused.value).startswith("This certificate number is on file already.")


def test_a_voided_birth_gives_its_certificate_number_back(working):
    with working() as session:
        make_birth(session, mother_name="赵兰", birth_cert_no="A123456789", status=Status.voided)
        assert make_birth(session, birth_cert_no="A123456789").birth_cert_no == "A123456789"


# what needs a reason


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"mother_birth_date": date(2011, 6, 1)}, "V08"),
        ({"mother_birth_date": date(1976, 3, 5)}, "V08"),
        ({"weight_g": 499}, "V19_weight"),
        ({"weight_g": 6001}, "V19_weight"),
        ({"gest_weeks": 19}, "V19_weeks"),
        ({"gest_weeks": 45}, "V19_weeks"),
    ],
)
def test_the_unusual_needs_a_reason(working, fields, code):
    with working(A) as session:
        assert warned(make_birth(session, **fields)) == {code}


@pytest.mark.parametrize(
    "fields", [{"mother_birth_date": date(2011, 3, 5)}, {"mother_birth_date": date(1976, 3, 6)}, {"weight_g": 500}, {"gest_weeks": 44}]
)
def test_the_usual_needs_none(working, fields):
    with working(A) as session:
        assert warned(make_birth(session, **fields)) == set()


def test_a_mother_under_fourteen_is_protected(working):
    with working(A) as session:
        birth = make_birth(session, mother_birth_date=date(2013, 1, 1))
        assert warned(birth) == {"V08_protected"}
        assert session.get(Person, birth.mother_id).is_protected


def second(session, **fields):
    """A second birth of the same mother."""
    return make_birth(session, **{"mother_id_no": NUMBER, "mother_region": None, "child_order": 2} | fields)


@pytest.mark.parametrize(("days", "codes"), [(1, set()), (2, {"V10"}), (179, {"V10"}), (180, set()), (700, set())])
def test_births_of_one_mother_less_than_half_a_year_apart(working, days, codes):
    with working() as session:
        make_birth(session, town=A1, mother_id_no=NUMBER, born_on=BORN_ON - timedelta(days=days))
        assert warned(second(session)) == codes


def test_the_other_birth_may_have_been_entered_elsewhere(working):
    with working() as session:
        make_birth(session, town=B1, mother_id_no=NUMBER, born_on=BORN_ON - timedelta(days=100))
        link, place = session.scalars(scope.query(PersonOffice)).one(), regions.by_code(session, A1)
        link.valid_to = clock.today()
        session.add(PersonOffice(person_id=link.person_id, region=place, scope_path=place.path, kind="resident", valid_from=clock.today()))
    with working(A) as session:
        assert warned(second(session)) == {"V10"}


@pytest.mark.parametrize(("order", "codes"), [(3, set()), (2, {"V17"}), (4, {"V17"})])
def test_the_order_follows_the_last_birth_on_file(working, order, codes):
    with working(A) as session:
        make_birth(session, mother_id_no=NUMBER, born_on=date(2022, 1, 1), child_order=2)
        assert warned(second(session, child_order=order)) == codes


def test_a_place_that_is_not_hers_is_unusual(working):
    with working(A) as session:
        make_person(session, office=A2, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN)
        birth = make_birth(session, town=A1, mother_id_no=NUMBER)
        assert birth.scope_path == regions.by_code(session, A2).path
        assert warned(birth) == {"mother_place"}


def test_the_order_of_a_mother_without_a_birth_on_file_is_not_questioned(working):
    with working(A) as session:
        assert warned(make_birth(session, child_order=5)) == set()


# possible duplicates


@pytest.mark.parametrize(("days", "flagged"), [(0, True), (3, True), (4, False)])
def test_the_same_mother_within_three_days_is_a_possible_duplicate(working, days, flagged):
    with working(A) as session:
        make_birth(session, mother_id_no=NUMBER, born_on=BORN_ON - timedelta(days=days))
        assert second(session).possible_duplicate is flagged


@pytest.mark.parametrize(("town", "days", "flagged"), [(A1, 3, True), (A1, 4, False), (A2, 0, False)])
def test_the_same_name_in_the_same_village_is_a_possible_duplicate(working, town, days, flagged):
    with working(A) as session:
        make_birth(session, town=town, born_on=BORN_ON - timedelta(days=days))
        assert make_birth(session, town=A1).possible_duplicate is flagged


@pytest.mark.parametrize(("name", "flagged"), [("李玫", True), ("李梅花", False), ("黎明", False)])
def test_a_name_that_sounds_the_same_is_a_possible_duplicate(working, name, flagged):
    with working(A) as session:
        make_birth(session, mother_name="李梅")
        assert make_birth(session, mother_name=name).possible_duplicate is flagged


def test_a_voided_birth_is_no_duplicate(working):
    with working() as session:
        make_birth(session, mother_id_no=NUMBER, status=Status.voided)
        assert not second(session).possible_duplicate


def test_the_same_child_number_is_a_possible_duplicate(working):
    number = id_number_for(BORN_ON, "2", 905)
    with working() as session:
        make_birth(session, town=B1, mother_name="赵兰", child_name="王小梅", child_id_no=number)
        assert make_birth(session, town=A1, child_name="王小梅", child_id_no=number).possible_duplicate


def test_the_flag_goes_when_the_date_is_corrected(working):
    with working(A) as session:
        make_birth(session, mother_id_no=NUMBER)
        birth = second(session)
        birth.born_on = BORN_ON + timedelta(days=400) - timedelta(days=800)
        save_again(session, birth)
        assert not birth.possible_duplicate


def test_nobody_is_filed_twice_by_saving_again(working):
    with working(A) as session:
        birth = make_birth(session, mother_id_no=None, mother_birth_date=MOTHER_BORN)
        save_again(session, birth)
        assert len(session.scalars(select(Person)).all()) == 1


# days at the edge


@pytest.mark.parametrize("column", ["reported_on", "hukou_on", "child_died_on"])
def test_what_follows_a_birth_may_happen_on_its_day(working, column):
    with working(A) as session:
        assert getattr(make_birth(session, **{column: BORN_ON}), column) == BORN_ON


def test_a_death_that_is_known_is_not_written_over(working):
    number = id_number_for(BORN_ON, "2", 981)
    known = BORN_ON + timedelta(days=2)
    with working(A) as session:
        child = make_person(session, office=A1, name="王小梅", id_no=number, birth_date=BORN_ON, died_on=known)
        make_birth(session, status=Status.approved, child_name="王小梅", child_id_no=number, child_died_on=BORN_ON)
        assert child.died_on == known


def test_an_office_that_only_serves_the_mother_is_not_where_a_birth_counts(working):
    number = id_number_for(MOTHER_BORN, "2", 982)
    with working() as session:
        mother = make_person(session, office=A1, name="李梅", id_no=number, birth_date=MOTHER_BORN, kind="registered")
        mother.offices[0].valid_from = date(2020, 1, 1)
        also_seen_by(session, mother, B1, "serving").valid_from = date(2025, 1, 1)
        birth = make_birth(session, mother_id_no=number)
        assert birth.count_path == regions.by_code(session, A1).path


@pytest.mark.parametrize(("left", "counts"), [(BORN_ON, A1), (BORN_ON + timedelta(days=1), A2)])
def test_on_the_day_a_residence_ends_she_lives_there_no_more(working, left, counts):
    number = id_number_for(MOTHER_BORN, "2", 983)
    with working() as session:
        mother = make_person(session, office=A2, name="李梅", id_no=number, birth_date=MOTHER_BORN)
        first = mother.offices[0]
        first.valid_from, first.valid_to = date(2020, 1, 1), left
        session.flush()
        also_seen_by(session, mother, A1, "registered").valid_from = date(2020, 1, 1)
        assert make_birth(session, mother_id_no=number).count_path == regions.by_code(session, counts).path


def test_the_statistical_month_is_that_of_the_office_where_the_birth_counts(working):
    number = id_number_for(MOTHER_BORN, "2", 984)
    with working() as session:
        mother = make_person(session, office=A2, name="李梅", id_no=number, birth_date=MOTHER_BORN)
        first = mother.offices[0]
        first.valid_from, first.valid_to = date(2020, 1, 1), BORN_ON + timedelta(days=10)
        session.flush()
        also_seen_by(session, mother, B1, "resident")
        periods.close(session, regions.by_code(session, B), "2026-03", user(session, "supervisor"))
        birth = make_birth(session, mother_id_no=number, status=Status.approved)
        assert (birth.region.name, birth.statistical_month, birth.late) == (regions.by_code(session, B1).name, "2026-03", False)
