"""Moves: who is found or filed, what is refused, what a move does to file and links, what voiding and correcting take back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.core import clock, periods, regions, scope
from app.core.audit import verify
from app.core.crypto import sealed_row
from app.core.errors import RuleViolation
from app.core.workflow import Status
from app.ledgers.families.models import Death
from app.ledgers.households.models import HouseholdMember
from app.ledgers.moves import endings
from app.ledgers.moves.endings import WhatEnds
from app.ledgers.moves.models import BACK, BOTH, ELSEWHERE, MOVED_IN, MOVED_OUT, REGISTRATION, RESIDENCE, MoveEvent
from app.ledgers.people.models import IdentityRequest, Person
from tests.cast import A1, A2, B1, A, B
from tests.factories import families
from tests.factories.births import user
from tests.factories.families import make_death
from tests.factories.households import SET_UP_ON, make_household
from tests.factories.moves import BORN, MOVED_ON, a_number, do, links, make_move, put_right, seen_at
from tests.factories.people import also_seen_by, make_person

TODAY = clock.today()
LATER = MOVED_ON + timedelta(days=100)
SENTENCE = "Approved records say otherwise"


def codes(refused):
    return {problem.code for problem in refused.value.problems}


def refused_by(working, **fields):
    """The codes of what is wrong with a move that has these fields."""
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_move(session, **fields)
    return codes(refused)


def him(session, his, **more):
    """He, on file at A1, living there."""
    return make_person(session, **{"office": A1, "name": "王强", "id_no": his, "sex": "1", "birth_date": BORN} | more)


def of(session, code):
    return regions.by_code(session, code).name


def approving(session, row):
    """What approving is answered with."""
    with pytest.raises(RuleViolation) as found:
        do(row, "approve", user(session, "supervisor"))
    return str(found.value)


def stays(session, *people):
    """(first day, last day) of each time these people belonged to a household."""
    days = select(HouseholdMember.began_on, HouseholdMember.ended_on).where(HouseholdMember.person_id.in_(people))
    return sorted(session.execute(days).tuples(), key=str)


def moved_out_on(session, person_id):
    session.flush()
    return session.scalar(scope.query(Person).where(Person.id == person_id).with_only_columns(Person.moved_out_on))


# entering


def test_the_number_fills_birth_date_and_sex(working, his):
    with working(A) as session:
        move = make_move(session, person_id_no=his)
        assert (move.person_birth_date, move.person_sex, move.reported_on) == (BORN, "1", TODAY)


def test_who_arrives_is_filed_where_they_come_to_since_that_day(working):
    with working(A) as session:
        move = make_move(session)
        assert links(session, move.person_id) == [("resident", of(session, A1), MOVED_ON, None)]
        other = make_move(session, what=REGISTRATION)
        assert links(session, other.person_id) == [("registered", of(session, A1), MOVED_ON, None)]
    assert refused_by(working, person_region=None) == {"place"}


def test_who_is_on_file_is_found_and_their_office_answers(working, his):
    with working(A) as session:
        person = him(session, his, office=A2)
        left = make_move(session, kind=MOVED_OUT, person_id_no=his, person_region=None)
        assert (left.person_id, left.region.name) == (person.id, of(session, A2))
        came = make_move(session, person_id_no=his, person_region=regions.by_code(session, A1), happened_on=LATER)
        assert (came.person_id, came.region.name) == (person.id, of(session, A1))


def test_who_is_filed_elsewhere_is_refused_and_that_office_is_asked(working, his):
    with working() as session:
        him(session, his, office=B1)
    assert refused_by(working, person_id_no=his) == {"elsewhere"}
    with working() as session:
        assert session.scalars(scope.query(IdentityRequest)).one().scope_path == regions.by_code(session, B1).path


def test_without_a_number_name_and_birth_date_find_the_one_file(working, his):
    told = {"person_id_no": None, "person_birth_date": date(1950, 1, 1), "person_sex": "1"}
    with working(A) as session:
        person = him(session, his, id_no=None, birth_date=date(1950, 1, 1))
        assert make_move(session, **told).person_id == person.id


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"person_name": ""}, "missing"),
        ({"kind": None}, "missing"),
        ({"what": None}, "missing"),
        ({"happened_on": None}, "missing"),
        ({"other_place": " "}, "other_place"),
        ({"person_id_no": None}, "sex_missing"),
        ({"happened_on": TODAY + timedelta(days=1)}, "move_future"),
        ({"happened_on": date(1, 1, 1)}, "date_old"),
        ({"happened_on": BORN - timedelta(days=1)}, "move_before_birth"),
        ({"reported_on": MOVED_ON - timedelta(days=1)}, "reported_on"),
        ({"reported_on": TODAY + timedelta(days=1)}, "reported_on"),
    ],
)
def test_what_cannot_be_is_refused(working, fields, code):
    assert code in refused_by(working, **fields)


def test_what_the_file_says_against_it_is_told(working, his):
    with working(A) as session:
        him(session, his, died_on=MOVED_ON - timedelta(days=1))
        make_person(session, office=A1, name="赵刚", id_no="E1234567", sex="1", birth_date=LATER)
    assert refused_by(working, person_id_no=his, kind=MOVED_OUT) == {"file_died_on"}
    named = {"person_name": "赵刚", "person_id_type": "2", "person_id_no": "E1234567", "person_sex": "1"}
    assert refused_by(working, **named) == {"move_before_birth"}


def test_a_move_is_entered_once(working, his):
    with working(A) as session:
        make_move(session, person_id_no=his)
    assert refused_by(working, person_id_no=his) == {"twice"}
    with working(A) as session:
        do(session.scalars(scope.query(MoveEvent).where(MoveEvent.person_id_no == his)).one(), "discard", user(session, "clerk"))
    with working(A) as session:
        make_move(session, person_id_no=his, status=Status.voided)
        make_move(session, person_id_no=his)


def test_a_draft_that_goes_closes_the_file_it_made(working):
    with working(A) as session:
        move = make_move(session)
        person_id = move.person_id
        do(move, "discard", user(session, "clerk"))
    with working() as session:
        assert session.scalars(scope.query(Person).where(Person.id == person_id)).one_or_none() is None


# approving, and voiding exactly what it did


def test_moving_in_opens_both_links_at_the_place_and_voiding_closes_the_one_it_opened(working):
    with working(A) as session:
        move = make_move(session, status=Status.submitted)
        before = links(session, move.person_id)
        do(move, "approve", user(session, "supervisor"))
        place = of(session, A1)
        assert links(session, move.person_id) == [("registered", place, MOVED_ON, None), ("resident", place, MOVED_ON, None)]
        assert (move.statistical_month, move.late) == (periods.month_of(MOVED_ON), False)
        do(move, "void", user(session, "supervisor"))
        assert links(session, move.person_id) == before


@pytest.mark.parametrize(
    ("kind", "what", "expected"),
    [
        (MOVED_OUT, BOTH, {("resident", A1), ("registered", A1)}),
        (MOVED_OUT, RESIDENCE, {("registered", A1)}),
        (MOVED_OUT, REGISTRATION, {("resident", A1)}),
        (ELSEWHERE, RESIDENCE, {("registered", A1)}),
        (MOVED_IN, BOTH, {("resident", A2), ("registered", A2)}),
    ],
)
def test_voiding_gives_back_every_link_as_it_was(working, kind, what, expected, his):
    with working(A) as session:
        person = him(session, his)
        also_seen_by(session, person, A1)
        before = links(session, person.id)
        place = regions.by_code(session, A2 if kind == MOVED_IN else A1)
        move = make_move(session, kind=kind, what=what, person_id_no=his, person_region=place, status=Status.approved)
        assert seen_at(session, person.id) == {(why, of(session, code)) for why, code in expected}
        assert moved_out_on(session, person.id) == (MOVED_ON if (kind, what) == (MOVED_OUT, BOTH) else None)
        do(move, "void", user(session, "supervisor"))
        assert (links(session, person.id), moved_out_on(session, person.id)) == (before, None)


def test_who_moved_out_stays_findable_and_comes_back(working, his):
    with working(A) as session:
        person = him(session, his)
        make_move(session, kind=MOVED_OUT, person_id_no=his, status=Status.approved)
        assert moved_out_on(session, person.id) == MOVED_ON
        assert seen_at(session, person.id) == {("resident", of(session, A1))}
        back = make_move(session, kind=BACK, person_id_no=his, happened_on=LATER, status=Status.approved)
        assert moved_out_on(session, person.id) is None
        do(back, "void", user(session, "supervisor"))
        assert moved_out_on(session, person.id) == MOVED_ON


def test_who_lives_elsewhere_stays_registered_and_comes_back_to_another_village(working, his):
    with working(A) as session:
        person = him(session, his)
        make_move(session, kind=ELSEWHERE, person_id_no=his, status=Status.approved)
        assert seen_at(session, person.id) == {("registered", of(session, A1))}
        place = regions.by_code(session, A2)
        told = {"kind": BACK, "what": RESIDENCE, "person_id_no": his, "person_region": place, "happened_on": LATER}
        back = make_move(session, **told, status=Status.approved)
        assert seen_at(session, person.id) == {("registered", of(session, A1)), ("resident", of(session, A2))}
        do(back, "void", user(session, "supervisor"))
        assert seen_at(session, person.id) == {("registered", of(session, A1))}


def test_a_late_entry_finds_its_place_in_the_order_of_days(working, his):
    with working(A) as session:
        person = him(session, his)
        make_move(session, person_id_no=his, happened_on=LATER, status=Status.approved)
        make_move(session, kind=MOVED_OUT, person_id_no=his, status=Status.approved)
        assert moved_out_on(session, person.id) is None
        assert {why for why, _place in seen_at(session, person.id)} == {"resident", "registered"}


def test_the_register_of_links_has_a_history_that_is_whole(working):
    with working(A) as session:
        do(make_move(session, status=Status.approved), "void", user(session, "supervisor"))
    with working() as session:
        assert list(verify(session)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"kind": MOVED_OUT}, {"kind": MOVED_OUT}),
        ({"kind": MOVED_IN}, {"kind": MOVED_IN}),
        ({"kind": MOVED_IN}, {"kind": BACK}),
        ({"kind": MOVED_OUT}, {"kind": ELSEWHERE}),
    ],
)
def test_what_makes_no_sense_after_an_approved_move_is_not_approved(working, first, second, his):
    with working(A) as session:
        him(session, his)
        make_move(session, **first, person_id_no=his, status=Status.approved)
        late = make_move(session, **second, person_id_no=his, happened_on=LATER, status=Status.submitted)
        assert SENTENCE in approving(session, late)


def test_nobody_comes_back_who_was_not_away(working, his):
    with working(A) as session:
        him(session, his)
        assert SENTENCE in approving(session, make_move(session, kind=BACK, person_id_no=his, status=Status.submitted))


def test_a_move_on_which_another_rests_is_not_voided(working, his):
    with working(A) as session:
        him(session, his)
        out = make_move(session, kind=MOVED_OUT, person_id_no=his, status=Status.approved)
        make_move(session, kind=BACK, person_id_no=his, happened_on=LATER, status=Status.approved)
        with pytest.raises(RuleViolation, match="voided first"):
            do(out, "void", user(session, "supervisor"))


def test_links_of_another_office_are_not_touched(working, his):
    """He lives at A1 and is registered at B1: A cannot say that he is registered here and lives elsewhere, nor that he moves in."""
    with working() as session:
        also_seen_by(session, him(session, his), B1)
    with working(A) as session:
        assert SENTENCE in approving(session, make_move(session, kind=ELSEWHERE, person_id_no=his, status=Status.submitted))
        assert SENTENCE in approving(session, make_move(session, what=REGISTRATION, person_id_no=his, status=Status.submitted))
        out = make_move(session, kind=MOVED_OUT, what=RESIDENCE, person_id_no=his, status=Status.approved)
        assert seen_at(session, out.person_id) == {("resident", of(session, A1))}
        assert moved_out_on(session, out.person_id) is None


def test_a_file_that_went_away_is_not_written(working, his):
    with working(A) as session:
        move = make_move(session, person_id_no=his, status=Status.submitted)
        session.flush()
        uid, person_id = move.uid, move.person_id
    with working() as session:
        person = session.get_one(Person, person_id)
        for link in person.offices:
            link.valid_to = TODAY
        also_seen_by(session, person, B1, "resident")
    with working(A) as session:
        assert "belongs to no place of your offices" in approving(session, scope.get(MoveEvent, uid))


def test_death_and_moves_agree(working, his):
    with working(A) as session:
        him(session, his)
        out = make_move(session, kind=MOVED_OUT, person_id_no=his, happened_on=LATER, status=Status.submitted)
        death = make_death(session, person_id_no=his, died_on=MOVED_ON, status=Status.submitted)
        late_death = death.uid
        do(out, "approve", user(session, "supervisor"))
        with pytest.raises(RuleViolation, match=SENTENCE):
            families.do(death, "approve", user(session, "supervisor"))
        do(out, "void", user(session, "supervisor"))
        families.do(session.scalars(scope.query(Death).where(Death.uid == late_death)).one(), "approve", user(session, "supervisor"))
        with pytest.raises(RuleViolation, match="died before"):
            make_move(session, kind=MOVED_OUT, what=RESIDENCE, person_id_no=his, happened_on=LATER)


def test_a_death_approved_after_the_move_was_submitted_stops_it(working, his):
    with working(A) as session:
        him(session, his)
        out = make_move(session, kind=MOVED_OUT, person_id_no=his, happened_on=LATER, status=Status.submitted)
        make_death(session, person_id_no=his, died_on=MOVED_ON, status=Status.approved)
        assert SENTENCE in approving(session, out)


def test_nobody_approves_what_they_entered(working, two_hats):
    with working(A) as session:
        move = make_move(session, maker=two_hats, status=Status.submitted)
        with pytest.raises(RuleViolation, match="another person"):
            do(move, "approve", user(session, two_hats))


def test_the_database_keeps_a_move_approved_once(working):
    with working(A) as session:
        move = make_move(session, status=Status.approved)
        session.flush()
        told = {column.key: getattr(move, column.key) for column in MoveEvent.__mapper__.columns if column.key not in ("id", "uid")}
    with pytest.raises(IntegrityError), working() as session:
        session.execute(insert(MoveEvent).execution_options(noted=True), [sealed_row(MoveEvent, **told)])


def test_a_late_move_counts_in_the_open_month(working):
    long_ago = date(2024, 1, 5)
    with working(A) as session:
        periods.close(session, regions.by_code(session, A), periods.month_of(long_ago), user(session, "supervisor"))
        move = make_move(session, happened_on=long_ago, status=Status.approved)
        assert (move.statistical_month, move.late) == (periods.month_of(TODAY), True)


# putting right


def test_a_corrected_day_stands_on_the_file(working, his):
    with working(A) as session:
        him(session, his)
        move = make_move(session, kind=MOVED_OUT, person_id_no=his, status=Status.approved)
        uid, person_id = move.uid, move.person_id
    put_right(working, A, uid, happened_on=LATER)
    with working(A) as session:
        assert moved_out_on(session, person_id) == LATER
        assert scope.get(MoveEvent, uid).statistical_month == periods.month_of(LATER)


def test_another_person_takes_the_move_over(working, his):
    hers = a_number()
    with working(A) as session:
        him(session, his)
        other = make_person(session, office=A1, name="李伟", id_no=hers, sex="1", birth_date=BORN).id
        move = make_move(session, kind=MOVED_OUT, person_id_no=his, status=Status.approved)
        uid, person_id = move.uid, move.person_id
    put_right(working, A, uid, person_name="李伟", person_id_no=hers)
    with working(A) as session:
        assert (moved_out_on(session, person_id), moved_out_on(session, other)) == (None, MOVED_ON)


def test_a_corrected_kind_does_to_the_links_what_the_new_one_says(working, his):
    with working(A) as session:
        him(session, his)
        move = make_move(session, kind=MOVED_OUT, what=RESIDENCE, person_id_no=his, status=Status.approved)
        uid, person_id = move.uid, move.person_id
    put_right(working, A, uid, kind=ELSEWHERE)
    with working(A) as session:
        assert moved_out_on(session, person_id) is None
        assert seen_at(session, person_id) == {("registered", of(session, A1))}


# what ends


@pytest.fixture
def ended(monkeypatch):
    """What other ledgers were told of the residence, in order: the day on which it left, or that it did not."""
    told = []
    ending = WhatEnds(end=lambda _session, leaving: told.append(leaving.on), restore=lambda *_words: told.append("stays"))
    monkeypatch.setattr(endings, "WHAT_ENDS", [ending])
    return told


def test_other_ledgers_learn_that_a_residence_left_and_that_it_did_not(working, ended, his):
    with working(A) as session:
        him(session, his)
        make_move(session, kind=MOVED_OUT, what=REGISTRATION, person_id_no=his, status=Status.approved)
        assert ended == []
        move = make_move(session, kind=MOVED_OUT, what=RESIDENCE, person_id_no=his, happened_on=LATER, status=Status.approved)
        assert ended == [LATER]
        do(move, "void", user(session, "supervisor"))
        assert ended == [LATER, "stays"]


def test_other_ledgers_learn_of_a_corrected_day(working, ended, his):
    with working(A) as session:
        him(session, his)
        uid = make_move(session, kind=MOVED_OUT, person_id_no=his, status=Status.approved).uid
    put_right(working, A, uid, remark="same day")
    put_right(working, A, uid, happened_on=LATER)
    assert ended == [MOVED_ON, LATER]


def test_a_corrected_day_of_leaving_keeps_the_household_that_was_set_up_since(working, his):
    with working(A) as session:
        person_id = him(session, his).id
        make_household(session, person_id_no=his)
        uid = make_move(session, kind=MOVED_OUT, person_id_no=his, status=Status.approved).uid
        make_household(session, person_id_no=his, happened_on=LATER)
    on = MOVED_ON + timedelta(days=10)
    put_right(working, A, uid, happened_on=on)
    with working(A) as session:
        assert stays(session, person_id) == [(SET_UP_ON, on), (LATER, None)]


def test_whoever_a_corrected_move_does_not_name_any_more_stays_in_the_household(working, his):
    hers = a_number()
    with working(A) as session:
        other = make_person(session, office=A1, name="李伟", id_no=hers, sex="1", birth_date=BORN).id
        person_id = him(session, his).id
        make_household(session, person_id_no=his)
        make_household(session, person_name="李伟", person_id_no=hers, happened_on=LATER)
        uid = make_move(session, kind=MOVED_OUT, person_id_no=his, happened_on=LATER, status=Status.approved).uid
    put_right(working, A, uid, person_name="李伟", person_id_no=hers, happened_on=LATER + timedelta(days=1))
    with working(A) as session:
        assert stays(session, person_id, other) == [(SET_UP_ON, None), (LATER, LATER + timedelta(days=1))]


# the neighbour


def test_a_move_entered_at_another_office_is_not_told_of(working, his):
    with working() as session:
        also_seen_by(session, him(session, his), B1)
        make_move(session, kind=MOVED_OUT, person_id_no=his)
    with working(B) as session:
        told = {"maker": "neighbour", "decider": "neighbour_supervisor", "person_region": None}
        assert make_move(session, kind=MOVED_OUT, person_id_no=his, **told).status is Status.draft
