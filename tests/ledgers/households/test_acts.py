"""Household events: who is found or filed, what is refused, and what approving, voiding and correcting make of a household."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.core import changes, clock, periods, regions, scope
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.families import death_rules
from app.ledgers.households import rules, standing
from app.ledgers.households.engine import Contradiction
from app.ledgers.households.models import (
    CLOSED,
    HEAD_CHANGED,
    JOINED,
    LEFT,
    RELATION_CHANGED,
    Household,
    HouseholdEvent,
    HouseholdMember,
)  # fmt: skip
from app.ledgers.people.models import Person
from tests.cast import A1, A2, B1, A, B
from tests.factories import births
from tests.factories.births import kept, make_birth, user
from tests.factories.families import make_death
from tests.factories.households import (
    HEAD_BORN,
    JOINED_ON,
    LEFT_ON,
    MEMBER_BORN,
    SET_UP_ON,
    do,
    make_event,
    make_household,
    number_of,
)  # fmt: skip
from tests.factories.people import also_seen_by, make_person

TODAY = clock.today()
HIS, HERS = number_of(HEAD_BORN, "1"), number_of()
THEIRS = {"maker": "neighbour", "decider": "neighbour_supervisor"}
ELSEWHERE = "two households on one day"


def codes(refused):
    return {problem.code for problem in refused.value.problems}


def stays(session):
    """(name, relation, first day, last day) of everybody who belongs or belonged to a household."""
    c = HouseholdMember
    return sorted(session.execute(select(c.name, c.relation, c.began_on, c.ended_on)).tuples(), key=str)


def refused(act):
    """What doing this is answered with."""
    with pytest.raises(RuleViolation) as found:
        act()
    return str(found.value)


def refused_by(trying, **fields):
    """The codes of what is wrong with somebody who joins with these fields."""
    with trying(A) as session:
        home = make_household(session)
        with pytest.raises(RuleViolation) as found:
            make_event(session, home, **fields)
        session.rollback()
    return codes(found)


# entering


def test_a_set_up_makes_a_household_with_a_number(trying):
    with trying(A) as session:
        first, second = (make_household(session, status=Status.draft, former_no=n) for n in ("12", "13"))
        other = make_household(session, town=A2, status=Status.draft)
        numbers = [event.household.number for event in (first, second, other)]
        assert numbers == [f"{A1}-{TODAY.year}-0001", f"{A1}-{TODAY.year}-0002", f"{A2}-{TODAY.year}-0001"]
        assert (first.household.set_up_on, first.household.former_no, first.relation) == (None, "12", "02")
        assert first.scope_path == first.household.scope_path == regions.by_code(session, A1).path


def test_a_number_is_not_given_twice_when_an_office_takes_over_a_code(trying):
    with trying(A) as session:
        make_household(session)
        session.execute(update(Household).values(number=f"{A1}-{TODAY.year}-0002").execution_options(noted=True))
        assert make_household(session).household.number == f"{A1}-{TODAY.year}-0003"


def test_an_approved_set_up_counts(trying):
    with trying(A) as session:
        event = make_household(session, person_id_no=HIS, address="龙泉路1号", mgmt_class="1", former_no="12")
        home = event.household
        assert (home.set_up_on, home.closed_on, home.address, home.mgmt_class) == (SET_UP_ON, None, "龙泉路1号", "1")
        assert event.statistical_month == periods.month_of(SET_UP_ON)
        assert stays(session) == [("王强", "02", SET_UP_ON, None)]


def test_who_joins_is_filed_where_the_household_lives(trying):
    with trying(A) as session:
        home = make_household(session, town=A2)
        event = make_event(session, home, person_id_no=HERS)
        assert (event.person_sex, event.person_birth_date, event.scope_path) == ("2", MEMBER_BORN, home.scope_path)
        assert session.get(Person, event.person_id).place == regions.by_code(session, A2).name
        assert ("李梅", "12", JOINED_ON, None) in stays(session)


def test_a_child_without_a_number_is_found_by_name_and_birth_date(trying):
    with trying(A) as session:
        child = make_person(session, office=A1, name="王小明", id_no=None, sex="1", birth_date=date(2021, 1, 5)).id
        told = {"person_name": "王小明", "person_id_no": None, "person_birth_date": date(2021, 1, 5), "person_sex": "1", "relation": "21"}
        assert make_event(session, make_household(session), **told).person_id == child


def test_who_is_filed_elsewhere_is_refused_with_the_sentence_that_is_always_said(working):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=HERS, birth_date=MEMBER_BORN)
    assert refused_by(working, person_id_no=HERS) == {"elsewhere"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"person_name": None}, "missing"),
        ({"household_no": None}, "missing"),
        ({"relation": None}, "missing"),
        ({"happened_on": None}, "missing"),
        ({"household_no": "99"}, "household"),
        ({"relation": "02"}, "relation_head"),
        ({"relation": "01"}, "relation_head"),
        ({"relation": "11"}, "relation_sex"),
        ({"happened_on": TODAY + timedelta(days=1)}, "happened_on"),
        ({"happened_on": MEMBER_BORN - timedelta(days=1)}, "before_birth"),
        ({"reported_on": JOINED_ON - timedelta(days=1)}, "reported_on"),
        ({"person_id_no": None}, "sex_missing"),
        ({"kind": LEFT, "happened_on": TODAY, "person_name": "赵兰"}, "member"),
    ],
)
def test_what_cannot_be_is_refused(trying, fields, code):
    assert code in refused_by(trying, **fields)


@pytest.mark.parametrize("how", ["whole", "short", "own", "spaced"])
def test_a_household_is_chosen_by_its_number(trying, how):
    with trying(A) as session:
        home = make_household(session, former_no="12")
        whole = home.household.number
        typed = {"whole": whole, "short": whole.partition("-")[2], "own": "12", "spaced": f" {whole} "}[how]
        assert make_event(session, household_no=typed).household_id == home.household_id


def test_a_number_of_two_books_is_told_apart_by_the_place(trying):
    with trying(A) as session:
        first, second = (make_household(session, town=place, former_no="12") for place in (A1, A2))
        with pytest.raises(RuleViolation, match="Several households") as found:
            make_event(session, household_no="12")
        assert first.household.number in str(found.value)
        chosen = make_event(session, household_no="12", person_region=regions.by_code(session, A2))
        assert chosen.household_id == second.household_id


def test_a_household_of_another_office_is_not_found(working):
    with working() as session:
        number = make_household(session, town=B1, **THEIRS).household.number
    assert refused_by(working, household_no=number) == {"household"}


def test_a_member_is_named_by_the_name_alone(trying):
    with trying(A) as session:
        home = make_household(session)
        came = make_event(session, home, person_id_no=HERS)
        left = make_event(session, home, kind=LEFT, happened_on=LEFT_ON, person_name="李梅")
        assert (left.person_id, left.person_id_no.reveal(), left.person_sex) == (came.person_id, HERS, "2")
        assert ("李梅", "12", JOINED_ON, LEFT_ON) in stays(session)


def test_two_of_one_name_are_told_apart_by_number_or_birth_date(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, person_id_no=HERS)
        other = make_event(session, home, relation="97", person_id_no=number_of(date(1990, 1, 1)), happened_on=TODAY)
        told = {"kind": LEFT, "happened_on": TODAY, "person_name": "李梅", "status": Status.draft}
        with pytest.raises(RuleViolation, match="Several people"):
            make_event(session, home, **told)
        assert make_event(session, home, **told, person_birth_date=date(1990, 1, 1)).person_id == other.person_id


def test_a_closing_names_nobody(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home)
        closing = make_event(session, home, kind=CLOSED, person_name="李梅", relation="12")
        assert (closing.person_id, closing.person_name, closing.relation) == (None, None, None)
        assert home.household.closed_on == LEFT_ON
        assert {ended for *_told, ended in stays(session)} == {LEFT_ON}


def test_what_only_a_set_up_tells_stays_empty_elsewhere(trying):
    with trying(A) as session:
        event = make_event(session, make_household(session), address="龙泉路1号", former_no="7", mgmt_class="1")
        assert (event.address, event.former_no, event.mgmt_class) == (None, None, None)


@pytest.mark.parametrize(("kept", "typed"), [("１２", "12"), ("12", "１２"), ("乙 7", "乙 7")])
def test_a_number_is_the_same_however_wide_it_was_typed(trying, kept, typed):
    with trying(A) as session:
        home = make_household(session, former_no=kept)
        assert make_event(session, household_no=typed).household is home.household


def test_the_same_person_is_not_entered_twice_for_one_day(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, person_id_no=HERS, status=Status.draft)
        assert "entered already" in refused(lambda: make_event(session, home, person_id_no=HERS))


def test_a_draft_of_a_set_up_goes_with_its_household_and_its_file(trying):
    with trying(A) as session:
        event = make_household(session, status=Status.draft)
        person = session.get(Person, event.person_id)
        do(event, "discard", user(session, "clerk"))
        session.flush()
        assert (session.scalars(select(Household)).all(), person.closed_on) == ([], TODAY)


def test_a_household_that_others_name_does_not_go(trying):
    with trying(A) as session:
        event = make_household(session, status=Status.draft)
        make_event(session, event, status=Status.draft)
        assert "Other records name this household" in refused(lambda: do(event, "discard", user(session, "clerk")))


@pytest.mark.parametrize(
    ("fields", "said"), [({"kind": JOINED, "relation": "12"}, "kind of this record stays"), ({"person_region": A2}, "from its place")]
)
def test_kind_and_place_of_a_set_up_stay(trying, fields, said):
    with trying(A) as session:
        event = make_household(session, status=Status.draft)
        with session.no_autoflush:
            for name, value in fields.items():
                setattr(event, name, regions.by_code(session, value) if name == "person_region" else value)
            assert said in refused(lambda: rules.save(event, user(session, "clerk"), TODAY))


# nobody in two households


def test_nobody_is_in_two_households_on_one_day(trying):
    with trying(A) as session:
        first, second = make_household(session), make_household(session)
        make_event(session, first, person_id_no=HERS)
        event = make_event(session, second, person_id_no=HERS, happened_on=TODAY, relation="97", status=Status.submitted)
        said = refused(lambda: do(event, "approve", user(session, "supervisor")))
        assert ELSEWHERE in said
        assert first.household.number not in said


def test_the_day_of_leaving_may_be_the_day_of_joining(trying):
    with trying(A) as session:
        first, second = make_household(session), make_household(session)
        make_event(session, first, person_id_no=HERS)
        make_event(session, first, kind=LEFT, happened_on=LEFT_ON, person_name="李梅")
        make_event(session, second, person_id_no=HERS, happened_on=LEFT_ON, relation="97")
        assert ("李梅", "97", LEFT_ON, None) in stays(session)


def test_overlap_in_the_past_is_refused_too(trying):
    with trying(A) as session:
        first, second = make_household(session), make_household(session)
        make_event(session, first, person_id_no=HERS)
        make_event(session, first, kind=LEFT, happened_on=LEFT_ON, person_name="李梅")
        early = make_event(
            session, second, person_id_no=HERS, happened_on=JOINED_ON - timedelta(days=9), relation="97", status=Status.submitted
        )
        assert ELSEWHERE in refused(lambda: do(early, "approve", user(session, "supervisor")))


def test_across_offices_the_sentence_tells_neither_whom_nor_where(working):
    with working() as session:
        person = make_person(session, office=A1, name="李梅", id_no=HERS, birth_date=MEMBER_BORN)
        also_seen_by(session, person, B1)
        number = make_event(session, make_household(session, town=B1, **THEIRS), person_id_no=HERS, **THEIRS).household.number
    with working(A) as session:
        event = make_event(session, make_household(session), person_id_no=HERS, happened_on=TODAY, status=Status.submitted)
        said = refused(lambda: do(event, "approve", user(session, "supervisor")))
        assert ELSEWHERE in said
        assert not any(word in said for word in (number, "李梅", regions.by_code(session, B1).name, HERS))


@pytest.mark.parametrize("other", ["person_id", "household_id"])
def test_the_database_keeps_one_open_household_of_a_person_and_one_head(working, other):
    """The same person in another household, and another head of the same household."""
    with working(A) as session:
        first, second = make_household(session), make_household(session, status=Status.draft)
        session.flush()
        row = {"scope_path": first.scope_path, "name": "赵兰", "relation": "02", "joined_on": SET_UP_ON, "began_on": SET_UP_ON}
        row |= {"person_id": second.person_id, "household_id": second.household_id} | {other: getattr(first, other)}
        uid = first.uid
    with pytest.raises(IntegrityError), working() as session, elevated("test"):
        session.connection().execute(insert(HouseholdMember.__table__), [row])
    with working(A) as session:
        assert scope.get(HouseholdEvent, uid) is not None


@pytest.mark.parametrize(("column", "day"), [("ended_on", SET_UP_ON - timedelta(days=1)), ("birth_date", SET_UP_ON + timedelta(days=1))])
def test_the_database_keeps_the_days_of_a_member(working, column, day):
    with working(A) as session:
        make_household(session)
    with pytest.raises(IntegrityError), working() as session, elevated("test"):
        session.connection().execute(update(HouseholdMember.__table__).values({column: day}))


# deciding


def test_a_member_waits_for_the_set_up(trying):
    with trying(A) as session:
        home = make_household(session, status=Status.submitted)
        event = make_event(session, home, status=Status.submitted)
        assert "not set up yet" in refused(lambda: do(event, "approve", user(session, "supervisor")))
        do(home, "approve", user(session, "supervisor"))
        do(event, "approve", user(session, "supervisor"))
        assert len(stays(session)) == 2


def test_a_change_of_head_asks_what_the_former_one_is_now(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, person_id_no=HERS)
        told = {"kind": HEAD_CHANGED, "person_name": "李梅", "happened_on": LEFT_ON}
        assert "former head" in refused(lambda: make_event(session, home, **told))
        make_event(session, home, **told, relation="11")
        hers, his = [("李梅", "02", LEFT_ON, None), ("李梅", "12", JOINED_ON, LEFT_ON)], [("王强", "02", SET_UP_ON, LEFT_ON)]
        assert stays(session) == [*hers, *his, ("王强", "11", LEFT_ON, None)]


def test_the_head_cannot_leave_while_others_stay(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home)
        event = make_event(session, home, kind=LEFT, person_name="王强", happened_on=LEFT_ON, status=Status.submitted)
        assert "The head cannot leave" in refused(lambda: do(event, "approve", user(session, "supervisor")))


def test_a_relation_is_put_right_from_a_day_on(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, person_name="王芳", relation="30")
        make_event(session, home, kind=RELATION_CHANGED, person_name="王芳", relation="32", happened_on=LEFT_ON)
        assert {("王芳", "30", JOINED_ON, LEFT_ON), ("王芳", "32", LEFT_ON, None)} < set(stays(session))


def test_late_entries_find_their_place(trying):
    """Approved in any order, the events give the same members."""
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, person_id_no=HERS)
        make_event(session, home, kind=LEFT, person_name="李梅", happened_on=LEFT_ON)
        late = make_event(session, home, kind=RELATION_CHANGED, person_name="李梅", relation="97", happened_on=LEFT_ON - timedelta(days=30))
        assert ("李梅", "97", late.happened_on, LEFT_ON) in stays(session)


def test_a_closed_household_takes_no_event(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, kind=CLOSED)
        assert "closed" in refused(lambda: make_event(session, home, happened_on=TODAY))


def test_nobody_approves_what_they_entered(working, two_hats):
    with working(A) as session:
        event = make_household(session, maker=two_hats, status=Status.submitted)
        assert "another person" in refused(lambda: do(event, "approve", user(session, two_hats)))
        assert stays(session) == []


def test_an_event_of_a_closed_month_is_late(working):
    with working() as session:
        periods.close(session, regions.by_code(session, A), periods.month_of(SET_UP_ON), user(session, "supervisor"))
    with working(A) as session:
        assert make_household(session).late


# voiding


def test_voiding_takes_back_what_approving_did(trying):
    with trying(A) as session:
        home = make_household(session)
        before = stays(session)
        make_event(session, home, status=Status.voided)
        assert stays(session) == before
        do(home, "void", user(session, "supervisor"))
        assert (stays(session), home.household.set_up_on) == ([], None)


def test_a_set_up_on_which_others_rest_is_not_voided(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home)
        assert "Have that one voided first" in refused(lambda: do(home, "void", user(session, "supervisor")))
        assert len(stays(session)) == 2


def test_a_leaving_is_not_voided_once_they_joined_elsewhere(trying):
    with trying(A) as session:
        first, second = make_household(session), make_household(session)
        make_event(session, first, person_id_no=HERS)
        left = make_event(session, first, kind=LEFT, happened_on=LEFT_ON, person_name="李梅")
        make_event(session, second, person_id_no=HERS, happened_on=LEFT_ON, relation="97")
        assert ELSEWHERE in refused(lambda: do(left, "void", user(session, "supervisor")))


def test_a_voided_closing_opens_the_household_again(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, kind=CLOSED, status=Status.voided)
        assert (home.household.closed_on, stays(session)) == (None, [("王强", "02", SET_UP_ON, None)])


def test_nothing_happens_to_a_household_whose_set_up_was_voided(trying):
    with trying(A) as session:
        home = make_household(session, status=Status.voided)
        assert "Enter it anew" in refused(lambda: make_event(session, home))


# deaths and moves


def test_a_death_ends_the_membership_and_voiding_it_restores_it(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, person_id_no=HERS)
        died = LEFT_ON
        death = make_death(session, person_name="李梅", person_id_no=HERS, died_on=died, status=Status.approved)
        assert ("李梅", "12", JOINED_ON, died) in stays(session)
        session.flush()
        births.do(death, "void", user(session, "supervisor"), death_rules)
        assert ("李梅", "12", JOINED_ON, None) in stays(session)


def test_a_death_entered_elsewhere_ends_it_too(working):
    with working() as session:
        make_event(session, make_household(session), person_id_no=HERS)
        session.flush()
        also_seen_by(session, session.scalars(scope.query(Person).where(Person.id_no == HERS)).one(), B1)
    with working(B) as session:
        told = {"person_name": "李梅", "person_id_no": HERS, "person_region": None, "died_on": LEFT_ON}
        make_death(session, **told, status=Status.approved, **THEIRS)
    with working(A) as session:
        assert ("李梅", "12", JOINED_ON, LEFT_ON) in stays(session)


def test_a_death_told_by_the_birth_ends_it_too(trying):
    born, died = date(2026, 3, 5), date(2026, 3, 9)
    with trying(A) as session:
        number = number_of(born, "1")
        make_event(session, make_household(session), person_name="王小明", person_id_no=number, relation="20", happened_on=born)
        session.flush()
        make_birth(session, child_name="王小明", child_id_no=number, sex="1", child_died_on=died, status=Status.approved)
        assert ("王小明", "20", born, died) in stays(session)


def test_nobody_dies_before_what_approved_events_tell_of_them(trying):
    with trying(A) as session:
        home = make_household(session)
        make_event(session, home, person_id_no=HERS)
        make_event(session, home, kind=HEAD_CHANGED, person_name="李梅", happened_on=LEFT_ON, relation="11")
        death = make_death(session, person_name="李梅", person_id_no=HERS, died_on=LEFT_ON - timedelta(days=1), status=Status.submitted)
        assert "Approved records say otherwise" in refused(lambda: births.do(death, "approve", user(session, "supervisor"), death_rules))


def test_a_death_of_the_head_makes_room_for_the_next_one(trying):
    with trying(A) as session:
        home = make_household(session, person_id_no=HIS)
        make_event(session, home)
        death = make_death(session, person_id_no=HIS, died_on=LEFT_ON, status=Status.approved)
        session.flush()
        make_event(session, home, kind=HEAD_CHANGED, person_name="李梅", happened_on=LEFT_ON)
        assert ("李梅", "02", LEFT_ON, None) in stays(session)
        assert "voided first" in refused(lambda: births.do(death, "void", user(session, "supervisor"), death_rules))


def test_who_is_dead_by_the_file_does_not_join(working):
    with working(A) as session:
        make_person(session, office=A1, name="李梅", id_no=HERS, birth_date=MEMBER_BORN, died_on=JOINED_ON - timedelta(days=1))
    assert refused_by(working, person_id_no=HERS) == {"gone"}


def test_who_is_unborn_by_the_file_does_not_join(working):
    with working(A) as session:
        make_person(session, office=A1, name="李梅", id_no="E7654321", birth_date=TODAY)
    assert "unborn" in refused_by(working, person_id_type="2", person_id_no="E7654321", person_sex="2")


def test_a_move_ends_the_membership_and_taking_it_back_restores_it(trying):
    move = uuid7()
    with trying(A) as session:
        event = make_event(session, make_household(session), person_id_no=HERS)
        session.flush()
        standing.part(session, event.person_id, LEFT_ON, by=move, path=event.scope_path)
        assert ("李梅", "12", JOINED_ON, LEFT_ON) in stays(session)
        standing.rejoin(session, event.person_id, by=move)
        assert ("李梅", "12", JOINED_ON, None) in stays(session)


def test_who_moved_away_may_join_elsewhere_and_the_move_rests_on_it(trying):
    move = uuid7()
    with trying(A) as session:
        first, second = make_household(session), make_household(session)
        event = make_event(session, first, person_id_no=HERS)
        session.flush()
        standing.part(session, event.person_id, LEFT_ON, by=move, path=event.scope_path)
        make_event(session, second, person_id_no=HERS, happened_on=LEFT_ON, relation="97")
        assert {("李梅", "12", JOINED_ON, LEFT_ON), ("李梅", "97", LEFT_ON, None)} < set(stays(session))
        session.flush()
        with pytest.raises(Contradiction):
            standing.rejoin(session, event.person_id, by=move)


def test_the_household_of_a_person_is_told_and_named_only_at_ones_own_offices(working):
    with working() as session:
        event = make_event(session, make_household(session), person_id_no=HERS)
        person_id, home = event.person_id, event.household.uid
    with working(A) as session:
        found = standing.membership(session, person_id, TODAY)
        assert (found.household.uid, found.relation, found.joined_on) == (home, "12", JOINED_ON)
        assert standing.membership(session, person_id, JOINED_ON - timedelta(days=1)) is None
    with working(B) as session:
        assert standing.membership(session, person_id, TODAY).household is None


# putting right


def correct(session, event, **values):
    """Propose these values as the clerk and apply them as the supervisor."""
    session.flush()
    told = {"explained": {}, "token": str(uuid7()), "reason": "slip of the pen", "evidence": "household book"}
    asked = changes.propose(session, event, values, user(session, "clerk"), **told)
    session.flush()
    changes.apply(session, asked, rules.change, user(session, "supervisor"), TODAY, token=str(uuid7()))
    session.flush()


def test_a_corrected_day_and_address_stand_in_the_household(trying):
    with trying(A) as session:
        home = make_household(session, address="龙泉路1号")
        joined = make_event(session, home)
        correct(session, joined, happened_on=LEFT_ON)
        correct(session, home, address="龙泉路2号")
        assert ("李梅", "12", LEFT_ON, None) in stays(session)
        assert (joined.statistical_month, home.household.address) == (periods.month_of(LEFT_ON), "龙泉路2号")


def test_another_person_takes_the_place_of_the_first(trying):
    with trying(A) as session:
        event = make_event(session, make_household(session), person_id_no=HERS)
        make_person(session, office=A1, name="赵兰", id_no=None, birth_date=date(1980, 1, 1))
        correct(session, event, person_name="赵兰", person_id_no=None, person_birth_date=date(1980, 1, 1))
        assert [name for name, *_more in stays(session)] == ["王强", "赵兰"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": LEFT}, "kind of this record stays"),
        ({"household_no": "7"}, "stays with its household"),
        ({"happened_on": SET_UP_ON - timedelta(days=1)}, "not set up yet"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(trying, values, said):
    with trying(A) as session:
        make_household(session, former_no="7")
        event = make_event(session, make_household(session))
        assert said in refused(lambda: correct(session, event, **values))
        session.rollback()


def test_kept_is_what_the_form_would_keep(trying):
    """The number that was typed is not what is kept: the household is."""
    with trying(A) as session:
        home = make_household(session, former_no="12")
        told = {
            "kind": JOINED,
            "household_no": "12",
            "person_name": "李梅",
            "person_id_no": HERS,
            "relation": "12",
            "happened_on": JOINED_ON,
        }
        event = kept(session, HouseholdEvent(**told), rules, Status.draft, user(session, "clerk"), user(session, "supervisor"))
        assert (event.typed_no, event.household_no) == (None, home.household.number)
