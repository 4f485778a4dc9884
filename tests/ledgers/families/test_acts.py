"""What deciding about a marriage event makes true: nobody is married twice at once, at whichever office; voiding takes it back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.core import clock, periods, regions, scope
from app.core.errors import RuleViolation
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.families import standing
from app.ledgers.families.models import AGAIN, DIVORCE, DIVORCED, FIRST, REUNION, WIDOWED, WIDOWHOOD, Marriage, MarriageEvent
from app.ledgers.people.models import Person
from tests.cast import A1, B1, A, B
from tests.factories.families import (
    DIVORCED_ON,
    HUSBAND_BORN,
    MARRIED_ON,
    WIFE_BORN,
    do,
    her_number,
    his_number,
    make_marriage,
    the_same,
    user,
)
from tests.factories.people import make_person

TODAY = clock.today()
HERS, HIS = her_number(), his_number()
THEIRS = {"town": B1, "maker": "neighbour", "decider": "neighbour_supervisor"}  # of the other office
SENTENCE = "Approved records say otherwise"


def marriages(session):
    """(first day, last day, how it ended) of every marriage on file."""
    return sorted(session.execute(select(Marriage.began_on, Marriage.ended_on, Marriage.ending)).tuples(), key=str)


def status_of(session, person_id, on=TODAY):
    """What the register makes of a person on a day."""
    found = standing.marital_status(session, session.get(Person, person_id), on)
    return found and found.code


def both_on_file(session, **offices):
    """Wife and husband with files, hers at A1 and his at B1."""
    make_person(session, office=offices.get("hers", A1), name="李梅", id_no=HERS, birth_date=WIFE_BORN)
    make_person(session, office=offices.get("his", B1), name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)


def refused(session, event):
    """What approving is answered with."""
    with pytest.raises(RuleViolation) as found:
        do(event, "approve", user(session, "supervisor"))
    return str(found.value)


# approving


def test_an_approved_marriage_stands(working):
    with working(A) as session:
        event = make_marriage(session, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, None, None)]
        assert (event.statistical_month, event.late) == (periods.month_of(MARRIED_ON), False)


def test_before_it_is_approved_nothing_stands(working):
    with working(A) as session:
        make_marriage(session, status=Status.submitted)
        assert marriages(session) == []


def test_a_marriage_of_a_closed_month_is_late(working):
    with working() as session:
        periods.close(session, regions.by_code(session, A), periods.month_of(MARRIED_ON), user(session, "supervisor"))
    with working(A) as session:
        event = make_marriage(session, status=Status.approved)
        assert (event.statistical_month, event.late) == (periods.month_of(TODAY), True)


def test_nobody_approves_what_they_entered(working, two_hats):
    with working(A) as session:
        event = make_marriage(session, maker=two_hats, status=Status.submitted)
        with pytest.raises(RuleViolation) as found:
            do(event, "approve", user(session, two_hats))
        assert found.value.problems[0].code == "cannot_approve"
        assert marriages(session) == []


def test_a_divorce_ends_the_marriage_of_exactly_these_two(working):
    with working(A) as session:
        event = make_marriage(session, status=Status.approved)
        make_marriage(session, status=Status.approved, wife_name="赵兰", husband_name="张伟")
        make_marriage(session, **the_same(event), kind=DIVORCE, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, None, None), (MARRIED_ON, DIVORCED_ON, DIVORCED)]


def test_a_divorce_of_a_marriage_that_is_not_on_file_is_kept(working):
    with working(A) as session:
        event = make_marriage(session, kind=DIVORCE, status=Status.approved)
        assert marriages(session) == [(None, DIVORCED_ON, DIVORCED)]
        make_marriage(session, **the_same(event), status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, DIVORCED_ON, DIVORCED)]


def test_widowhood_ends_the_marriage(working):
    with working(A) as session:
        event = make_marriage(session, status=Status.approved)
        make_marriage(session, **the_same(event), kind=WIDOWHOOD, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, DIVORCED_ON, WIDOWED)]


@pytest.mark.parametrize("role", ["wife", "husband"])
def test_nobody_marries_while_a_marriage_stands(working, role):
    with working(A) as session:
        first = make_marriage(session, wife_id_no=HERS, husband_id_no=HIS, status=Status.approved)
        same = {f"{role}_name": getattr(first, f"{role}_name"), f"{role}_id_no": HERS if role == "wife" else HIS}
        again = make_marriage(session, **{"wife_name": "赵兰", "husband_name": "张伟"} | same, happened_on=TODAY, status=Status.submitted)
        assert SENTENCE in refused(session, again)
        assert again.status == Status.submitted


def test_nobody_marries_the_same_person_twice(working):
    with working(A) as session:
        first = make_marriage(session, status=Status.approved)
        assert SENTENCE in refused(session, make_marriage(session, **the_same(first), happened_on=TODAY, status=Status.submitted))


def test_nobody_divorces_twice(working):
    with working(A) as session:
        first = make_marriage(session, kind=DIVORCE, status=Status.approved)
        again = make_marriage(session, **the_same(first), kind=DIVORCE, happened_on=TODAY, status=Status.submitted)
        assert SENTENCE in refused(session, again)


def test_a_marriage_between_two_others_is_refused_however_late_it_is_entered(working):
    with working(A) as session:
        first = make_marriage(session, status=Status.approved, wife_id_no=HERS)
        make_marriage(session, **the_same(first), kind=DIVORCE, status=Status.approved)
        told = {"wife_id_no": HERS, "husband_name": "张伟", "happened_on": MARRIED_ON + timedelta(days=30), "wife_marital": AGAIN}
        assert SENTENCE in refused(session, make_marriage(session, **told, status=Status.submitted))
        later = make_marriage(session, **told | {"happened_on": DIVORCED_ON}, status=Status.approved)
        assert later.status == Status.approved


def test_a_reunion_is_a_marriage_of_the_same_two_again(working):
    with working(A) as session:
        first = make_marriage(session, status=Status.approved)
        make_marriage(session, **the_same(first), kind=DIVORCE, status=Status.approved)
        told = {"happened_on": TODAY, "wife_marital": REUNION, "husband_marital": REUNION}
        make_marriage(session, **the_same(first), **told, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, DIVORCED_ON, DIVORCED), (TODAY, None, None)]
        assert status_of(session, first.wife_id) == REUNION


def test_a_marriage_of_another_office_stands_too_and_is_not_told_of(working):
    with working() as session:
        both_on_file(session)
    with working(B) as session:
        make_marriage(session, wife_name="赵兰", husband_id_no=HIS, status=Status.approved, **THEIRS)
    with working(A) as session:
        event = make_marriage(session, wife_id_no=HERS, husband_id_no=HIS, wife_region=None, happened_on=TODAY, status=Status.submitted)
        told = refused(session, event)
        assert told.startswith(SENTENCE)
        assert regions.by_code(session, B).name not in told
        assert "赵兰" not in told


def test_a_divorce_ends_a_marriage_that_another_office_entered(working):
    with working() as session:
        both_on_file(session)
    named = {"wife_id_no": HERS, "husband_id_no": HIS, "wife_region": None}
    with working(B) as session:
        make_marriage(session, **named, status=Status.approved, **THEIRS)
    with working(A) as session:
        make_marriage(session, **named, kind=DIVORCE, status=Status.approved)
    with working() as session:
        assert marriages(session) == [(MARRIED_ON, DIVORCED_ON, DIVORCED)]


def test_who_was_on_file_nowhere_is_known_again_by_the_number(working):
    with working(A) as session:
        first = make_marriage(session, husband_id_no=HIS, status=Status.approved)
        assert first.husband_id is None
        make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
        other = make_marriage(session, wife_name="赵兰", husband_id_no=HIS, happened_on=TODAY, status=Status.submitted)
        assert other.husband_id is not None
        assert SENTENCE in refused(session, other)


def test_who_bears_a_number_that_a_file_bore_by_mistake_is_somebody_else(working):
    with working(A) as session:
        place = regions.by_code(session, A1)
        first = make_marriage(session, husband_id_no=HIS, husband_region=place, status=Status.approved)
        session.get(Person, first.husband_id).id_no = his_number()
        session.flush()
        told = {"wife_name": "赵兰", "husband_name": "张伟", "husband_id_no": HIS, "happened_on": TODAY}
        assert make_marriage(session, **told, status=Status.approved).status == Status.approved


def test_a_spouse_without_a_number_is_known_by_the_name(working):
    with working(A) as session:
        first = make_marriage(session, wife_id_no=HERS, husband_id_no=None, status=Status.approved)
        other = make_marriage(session, **the_same(first) | {"husband_name": "王刚"}, kind=DIVORCE, status=Status.submitted)
        assert SENTENCE in refused(session, other)
        make_marriage(session, **the_same(first), kind=DIVORCE, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, DIVORCED_ON, DIVORCED)]


def test_a_death_on_file_elsewhere_refuses_in_the_same_sentence(working):
    with working() as session:
        died = MARRIED_ON - timedelta(days=1)
        make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN, died_on=died)
    with working(A) as session:
        assert SENTENCE in refused(session, make_marriage(session, husband_id_no=HIS, status=Status.submitted))


def test_a_marriage_of_somebody_who_died_since_has_ended(working):
    with working(A) as session:
        make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN, died_on=DIVORCED_ON)
        event = make_marriage(session, husband_id_no=HIS, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, DIVORCED_ON, WIDOWED)]
        assert status_of(session, event.wife_id) == WIDOWED


# what the database holds


@pytest.mark.parametrize("column", ["wife_id", "husband_id"])
def test_the_database_keeps_one_standing_marriage_of_a_person(working, column):
    with working(A) as session:
        person, other = (make_person(session, office=A1, sex=sex) for sex in "21")
        session.flush()
        path, ids = regions.by_code(session, A1).path, {"wife_id": person.id, "husband_id": other.id}
    told = {"scope_path": path, "wife_name": "x", "husband_name": "y", "began_on": MARRIED_ON} | {column: ids[column]}
    with pytest.raises(IntegrityError), working() as session, elevated("test"):
        session.connection().execute(insert(Marriage.__table__), [told, told])


def test_the_database_keeps_one_standing_marriage_of_a_number(working):
    with working(A) as session:
        make_marriage(session, status=Status.approved, husband_id_no=HIS)
        known = session.execute(select(Marriage.scope_path, Marriage.husband_id_no_bidx)).one()
    told = {"scope_path": known[0], "wife_name": "x", "husband_name": "y", "began_on": MARRIED_ON, "husband_id_no_bidx": known[1]}
    with pytest.raises(IntegrityError), working() as session, elevated("test"):
        session.connection().execute(insert(Marriage.__table__), [told])


# voiding


def test_voiding_takes_the_marriage_back(working):
    with working(A) as session:
        event = make_marriage(session, status=Status.voided)
        assert marriages(session) == []
        assert status_of(session, event.wife_id) is None


def test_voiding_a_divorce_lets_the_marriage_stand_again(working):
    with working(A) as session:
        event = make_marriage(session, status=Status.approved)
        make_marriage(session, **the_same(event), kind=DIVORCE, status=Status.voided)
        assert marriages(session) == [(MARRIED_ON, None, None)]


def test_voiding_a_marriage_leaves_the_divorce(working):
    with working(A) as session:
        event = make_marriage(session, status=Status.approved)
        make_marriage(session, **the_same(event), kind=DIVORCE, status=Status.approved)
        do(event, "void", user(session, "supervisor"))
        assert marriages(session) == [(None, DIVORCED_ON, DIVORCED)]


def test_a_divorce_on_which_a_marriage_rests_is_not_voided(working):
    with working(A) as session:
        first = make_marriage(session, status=Status.approved, wife_id_no=HERS)
        divorce = make_marriage(session, **the_same(first), kind=DIVORCE, status=Status.approved)
        told = {"wife_id_no": HERS, "husband_name": "张伟", "happened_on": TODAY, "wife_marital": AGAIN}
        later = make_marriage(session, **told, status=Status.approved)
        uids, supervisor = (later.uid, divorce.uid), user(session, "supervisor")
        with pytest.raises(RuleViolation, match="voided first"):
            do(divorce, "void", supervisor)
    with working(A) as session:
        for uid in uids:
            do(scope.get(MarriageEvent, uid), "void", user(session, "supervisor"))
        assert marriages(session) == [(MARRIED_ON, None, None)]


def test_voiding_needs_a_reason_and_a_second_person(working, two_hats):
    with working(A) as session:
        event = make_marriage(session, status=Status.approved, maker=two_hats)
        with pytest.raises(RuleViolation, match="reason"):
            do(event, "void", user(session, "supervisor"), reason="")
        with pytest.raises(RuleViolation, match="another person"):
            do(event, "void", user(session, two_hats))


# what somebody is on a day


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (MARRIED_ON - timedelta(days=1), None),
        (MARRIED_ON, FIRST),
        (DIVORCED_ON - timedelta(days=1), FIRST),
        (DIVORCED_ON, DIVORCED),
        (TODAY, DIVORCED),
    ],
)
def test_the_marital_status_of_a_day_follows_from_approved_records(working, on, code):
    with working(A) as session:
        event = make_marriage(session, husband_marital=AGAIN, status=Status.approved)
        make_marriage(session, **the_same(event), kind=DIVORCE, status=Status.approved)
        make_marriage(session, wife_name="赵兰", status=Status.submitted)
        assert status_of(session, event.wife_id, on) == code


def test_each_of_the_two_has_a_status_of_their_own(working):
    with working(A) as session:
        event = make_marriage(session, husband_region=regions.by_code(session, A1), husband_marital=AGAIN, status=Status.approved)
        assert (status_of(session, event.wife_id), status_of(session, event.husband_id)) == (FIRST, AGAIN)


def test_the_dead_stay_what_they_were(working):
    with working(A) as session:
        his = make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN, died_on=DIVORCED_ON)
        event = make_marriage(session, husband_id_no=HIS, status=Status.approved)
        assert (status_of(session, event.wife_id), status_of(session, his.id)) == (WIDOWED, FIRST)


def test_what_another_office_approved_makes_the_status_of_ones_own_people(working):
    with working() as session:
        both_on_file(session)
    with working(B) as session:
        event = make_marriage(session, wife_id_no=HERS, husband_id_no=HIS, wife_region=None, status=Status.approved, **THEIRS)
        hers = event.wife_id
    with working(A) as session:
        assert status_of(session, hers, date(2021, 1, 1)) == FIRST
        assert session.scalars(scope.query(Marriage)).all() == []
