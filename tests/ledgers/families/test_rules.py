"""How a marriage event is entered: who is found or filed, where it belongs, what is refused, what needs a reason."""

from datetime import date, timedelta

import pytest

from app.core import clock, regions, scope
from app.core.errors import RuleViolation
from app.core.id_number import age
from app.core.workflow import Status
from app.ledgers.families.models import AGAIN, DIVORCE, DIVORCED, FIRST, REUNION, WIDOWED, WIDOWHOOD, MarriageEvent
from app.ledgers.people.models import IdentityRequest, Person
from tests.cast import A1, A2, B1, COUNTY, A
from tests.factories.families import (
    HUSBAND_BORN,
    MARRIED_ON,
    WIFE_BORN,
    correct,
    do,
    her_number,
    his_number,
    make_marriage,
    the_same,
    user,
)
from tests.factories.people import id_number_for, make_person

TODAY = clock.today()
HERS, HIS = her_number(), his_number()


def codes(refused):
    return {problem.code for problem in refused.value.problems}


def warned(event):
    return {warning["code"] for warning in event.warnings}


def refused_by(working, **fields):
    """The codes of what is wrong with a marriage that has these fields."""
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_marriage(session, **fields)
    return codes(refused)


# who is found or filed


def test_the_numbers_fill_the_birth_dates(working):
    with working(A) as session:
        event = make_marriage(session, wife_id_no=HERS[:6] + HERS[8:17], wife_name=" 李 梅 ", husband_id_no=HIS)
        assert (event.wife_name, event.wife_birth_date, event.husband_birth_date) == ("李梅", WIFE_BORN, HUSBAND_BORN)
        assert event.wife_id_no.reveal() == HERS


def test_the_number_of_a_man_is_no_number_of_a_wife(working):
    assert refused_by(working, wife_id_no=HIS) == {"V02_sex"}


def test_who_has_no_file_is_filed_only_where_a_place_is_given(working):
    with working(A) as session:
        event = make_marriage(session)
        assert session.get(Person, event.wife_id).sex == "2"
        assert event.husband_id is None
        both = make_marriage(session, husband_region=regions.by_code(session, A2))
        assert session.get(Person, both.husband_id).sex == "1"


def test_neither_of_the_two_on_file_needs_a_place(working):
    assert refused_by(working, wife_region=None) == {"place"}


def test_a_spouse_of_another_office_is_linked_silently(working):
    with working() as session:
        theirs = make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN).id
    with working(A) as session:
        event = make_marriage(session, husband_id_no=HIS)
        assert event.husband_id == theirs
        assert session.scalars(scope.query(Person).where(Person.id == theirs)).all() == []
    with working() as session:
        assert session.scalars(scope.query(IdentityRequest)).all() == []


def test_another_name_for_the_number_of_another_office_is_answered_as_always(working):
    with working() as session:
        make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
    assert refused_by(working, husband_id_no=HIS, husband_name="王刚") == {"elsewhere"}


def test_a_protected_spouse_of_another_office_stays_a_snapshot(working):
    with working() as session:
        make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN, is_protected=True)
    with working(A) as session:
        assert make_marriage(session, husband_id_no=HIS).husband_id is None


def test_another_spouse_closes_the_file_the_draft_made(working):
    with working(A) as session:
        event = make_marriage(session)
        before = session.get(Person, event.wife_id)
        correct(session, event, wife_name="赵兰", wife_id_no=HERS)
        assert before.closed_on == TODAY
        assert session.get(Person, event.wife_id).name == "赵兰"


def test_a_draft_that_goes_closes_the_files_it_made(working):
    with working(A) as session:
        known = make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
        event = make_marriage(session, husband_id_no=HIS)
        hers, uid = session.get(Person, event.wife_id), event.uid
        do(event, "discard", user(session, "clerk"))
        session.flush()
        assert (hers.closed_on, known.closed_on) == (TODAY, None)
        assert scope.get(MarriageEvent, uid) is None


# where it belongs


def test_her_office_answers_for_the_row(working):
    with working(A) as session:
        make_person(session, office=A2, name="李梅", id_no=HERS, birth_date=WIFE_BORN)
        make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
        event = make_marriage(session, wife_id_no=HERS, husband_id_no=HIS, wife_region=None)
        assert (event.region, event.scope_path) == (regions.by_code(session, A2), regions.by_code(session, A2).path)


def test_his_office_answers_where_she_is_elsewhere(working):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=HERS, birth_date=WIFE_BORN)
    with working(A) as session:
        make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
        event = make_marriage(session, wife_id_no=HERS, husband_id_no=HIS, wife_region=None)
        assert event.scope_path == regions.by_code(session, A1).path


def test_a_place_of_another_office_files_nobody(working):
    with working() as session:
        event = make_marriage(session)
        event.husband_region = regions.by_code(session, B1)
        uid = event.uid
    with working(A) as session:
        event = scope.get(MarriageEvent, uid)
        correct(session, event, husband_name="王强强")
        assert event.husband_id is None


# what is refused


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": None}, "missing"),
        ({"happened_on": None}, "missing"),
        ({"wife_name": ""}, "missing"),
        ({"husband_name": None}, "missing"),
        ({"husband_name": "?"}, "name"),
        ({"happened_on": TODAY + timedelta(days=1)}, "happened_on"),
        ({"happened_on": date(1, 1, 1)}, "date_old"),
        ({"happened_on": WIFE_BORN}, "wife_birth_date"),
        ({"happened_on": HUSBAND_BORN}, "husband_birth_date"),
        ({"reported_on": MARRIED_ON - timedelta(days=1)}, "reported_on"),
        ({"reported_on": TODAY + timedelta(days=1)}, "reported_on"),
        ({"wife_marital": None}, "order"),
        ({"husband_marital": WIDOWED}, "order"),
        ({"wife_marital": REUNION}, "reunion"),
        ({"kind": WIDOWHOOD, "wife_marital": None}, "widowed"),
        ({"kind": WIDOWHOOD, "husband_marital": WIDOWED}, "widowed"),
        ({"kind": WIDOWHOOD, "wife_marital": FIRST}, "widowed"),
    ],
)
def test_what_cannot_be_is_refused(working, fields, code):
    assert code in refused_by(working, **fields)


def test_today_is_not_too_late(working):
    with working(A) as session:
        assert make_marriage(session, happened_on=TODAY).reported_on == TODAY


def test_two_people_with_one_number_are_refused(working):
    told = {"wife_id_type": "2", "husband_id_type": "2", "wife_id_no": "E12345678", "husband_id_no": "e12345678"}
    assert refused_by(working, **told) == {"V05_self"}


def test_nothing_is_kept_at_a_county(working):
    with pytest.raises(RuleViolation) as refused, working() as session:
        make_marriage(session, husband_region=regions.by_code(session, COUNTY))
    assert codes(refused) == {"place_large"}


@pytest.mark.parametrize(("days", "kind", "fine"), [(-1, "1", False), (0, "1", True), (-1, DIVORCE, False), (-1, WIDOWHOOD, True)])
def test_the_dead_do_not_marry_or_divorce(working, days, kind, fine):
    with working(A) as session:
        died = MARRIED_ON + timedelta(days=days)
        make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN, died_on=died)
    told = {"husband_id_no": HIS, "kind": kind, "happened_on": MARRIED_ON}
    if fine:
        with working(A) as session:
            assert make_marriage(session, **told).husband_id
    else:
        assert refused_by(working, **told) == {"V05_alive"}


def test_a_death_on_file_elsewhere_is_not_told_of(working):
    with working() as session:
        died = MARRIED_ON - timedelta(days=1)
        make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN, died_on=died)
    with working(A) as session:
        assert make_marriage(session, husband_id_no=HIS).warnings == []


def test_a_divorce_makes_both_divorced(working):
    with working(A) as session:
        event = make_marriage(session, kind=DIVORCE, wife_marital=FIRST)
        assert (event.wife_marital, event.husband_marital) == (DIVORCED, DIVORCED)


# what needs a reason


def born(years, on):
    return date(on.year - years, on.month, on.day)


@pytest.mark.parametrize(
    ("role", "years", "on", "asked"),
    [
        ("wife", 20, MARRIED_ON, False),
        ("wife", 19, MARRIED_ON, True),
        ("husband", 22, MARRIED_ON, False),
        ("husband", 21, MARRIED_ON, True),
        ("wife", 18, date(1980, 12, 31), False),
        ("wife", 18, date(1981, 1, 1), True),
        ("husband", 20, date(1980, 12, 31), False),
        ("husband", 20, date(1981, 1, 1), True),
    ],
)
def test_the_law_of_the_day_says_how_old_one_should_be_and_nobody_is_refused(working, role, years, on, asked):
    numbers = {"wife_id_no": None, "husband_id_no": None}
    births = {"wife_birth_date": born(30, on), "husband_birth_date": born(30, on)} | {f"{role}_birth_date": born(years, on)}
    with working(A) as session:
        event = make_marriage(session, happened_on=on, **numbers, **births)
        assert age(getattr(event, f"{role}_birth_date"), on) == years
        assert warned(event) == ({f"V06_{role}"} if asked else set())


def test_a_divorce_asks_nobody_for_their_age(working):
    with working(A) as session:
        young = id_number_for(date(2007, 1, 1), "2", 31)
        assert make_marriage(session, kind=DIVORCE, wife_id_no=young).warnings == []


def test_a_first_marriage_after_another_is_asked_about(working):
    with working(A) as session:
        make_marriage(session, wife_id_no=HERS, status=Status.approved)
        make_marriage(session, wife_id_no=HERS, kind=DIVORCE, husband_id_no=None, husband_name="王强", status=Status.draft)
        again = make_marriage(session, wife_id_no=HERS, happened_on=TODAY, husband_name="张伟")
        assert warned(again) == {"first_wife"}
        assert warned(make_marriage(session, wife_id_no=HERS, happened_on=TODAY, husband_name="张强", wife_marital=AGAIN)) == {"same_event"}


def test_the_same_event_entered_again_is_asked_about(working):
    with working(A) as session:
        first = make_marriage(session)
        assert warned(make_marriage(session, **the_same(first))) == {"same_event"}
        assert warned(make_marriage(session, **the_same(first), happened_on=TODAY)) == set()


def test_two_couples_who_marry_on_one_day_are_not_asked_about(working):
    with working(A) as session:
        make_marriage(session)
        assert make_marriage(session, wife_name="赵兰", husband_name="张伟").warnings == []


def test_a_voided_event_may_be_entered_again(working):
    with working(A) as session:
        first = make_marriage(session, status=Status.voided)
        assert make_marriage(session, **the_same(first)).warnings == []


def test_what_another_office_entered_is_not_asked_about(working):
    with working() as session:
        make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
    with working(A) as session:
        make_marriage(session, wife_id_no=HERS, husband_id_no=HIS, status=Status.approved)
    with working("420506108") as session:
        theirs = {"wife_id_no": HERS, "husband_id_no": HIS, "wife_region": None, "maker": "neighbour", "decider": "neighbour_supervisor"}
        assert make_marriage(session, **theirs).warnings == []
        assert make_marriage(session, **theirs, happened_on=TODAY, wife_name="李梅").warnings == []
        assert len(session.scalars(scope.query(MarriageEvent)).all()) == 2
