"""Registrations: a service at either spouse's office, for every child."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, regions, scope
from app.core.errors import RuleViolation
from app.core.workflow import Status
from app.ledgers.births import registration_rules
from app.ledgers.births.models import BirthRegistration
from app.ledgers.people.models import Person
from tests.cast import A1, A2, B1, COUNTY, A
from tests.factories.births import MOTHER_BORN, do, make_registration, user
from tests.factories.people import id_number_for, make_person

HERS = id_number_for(MOTHER_BORN, "2", 930)
HIS = id_number_for(date(1993, 2, 3), "1", 931)
HIM = {"name": "王强", "id_no": HIS, "sex": "1", "birth_date": date(1993, 2, 3)}
BOTH = {"woman_id_no": HERS, "partner_name": "王强", "partner_id_no": HIS, "region": None}


def refused_codes(refused):
    """The codes of the problems that were raised."""
    return {problem.code for problem in refused.value.problems}


def test_the_number_is_the_office_the_year_and_a_count(working):
    with working(A) as session:
        numbers = [make_registration(session, town=town).reg_no for town in (A1, A1, A2)]
        assert numbers == [f"{A1}20260001", f"{A1}20260002", f"{A2}20260001"]


def test_each_year_counts_anew(working):
    with working(A) as session:
        make_registration(session)
        assert make_registration(session, registered_on=date(2025, 12, 31)).reg_no == f"{A1}20250001"


def test_it_lies_at_the_office_of_the_woman(working):
    with working(A) as session:
        make_person(session, office=A2, name="李梅", id_no=HERS, birth_date=MOTHER_BORN)
        make_person(session, office=A1, **HIM)
        registration = make_registration(session, **BOTH)
        assert registration.scope_path == regions.by_code(session, A2).path


def test_else_at_the_office_of_the_partner(working):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=HERS, birth_date=MOTHER_BORN)
        make_person(session, office=A2, **HIM)
    with working(A) as session:
        registration = make_registration(session, **BOTH)
        assert registration.scope_path == regions.by_code(session, A2).path
        assert registration.woman_id is not None
        assert registration.partner_id is not None


def test_strangers_are_registered_where_the_clerk_says(working):
    with pytest.raises(RuleViolation) as refused, working(A1, A2) as session:
        make_registration(session, **BOTH)
    assert refused_codes(refused) == {"place"}
    with working(A1, A2) as session:
        registration = make_registration(session, **BOTH | {"region": regions.by_code(session, A2)})
        assert registration.scope_path == regions.by_code(session, A2).path
        assert session.scalars(select(Person)).all() == []


def test_a_clerk_of_one_place_need_not_say_it(working):
    with working(A1) as session:
        assert make_registration(session, **BOTH).reg_no.startswith(A1)


def test_her_partner_may_be_unnamed(working):
    with working(A) as session:
        registration = make_registration(session)
        assert (registration.partner_id, registration.partner_id_type) == (None, None)


@pytest.mark.parametrize(("order", "codes"), [(1, []), (3, []), (4, ["child_order"]), (15, ["child_order"])])
def test_no_child_is_refused_by_its_number(working, order, codes):
    with working(A) as session:
        registration = make_registration(session, child_order=order, status=Status.approved)
        assert [warning["code"] for warning in registration.warnings] == codes


@pytest.mark.parametrize(("days", "codes"), [(300, []), (301, ["V09_due"])])
def test_a_due_date_far_ahead_is_unusual(working, days, codes):
    with working(A) as session:
        registration = make_registration(session, due_on=date(2026, 1, 10) + timedelta(days=days))
        assert [warning["code"] for warning in registration.warnings] == codes


@pytest.mark.parametrize(("days", "codes"), [(30, []), (31, ["V09_due_past"])])
def test_a_due_date_long_past_is_unusual(working, days, codes):
    with working(A) as session:
        registration = make_registration(session, due_on=date(2026, 1, 10) - timedelta(days=days))
        assert [warning["code"] for warning in registration.warnings] == codes


def test_a_county_accepts_no_registration(working):
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_registration(session, town=COUNTY)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("region", "place_large")]
    with pytest.raises(RuleViolation) as refused, working(COUNTY) as session:
        make_registration(session, **BOTH)
    assert refused_codes(refused) == {"place"}


def test_a_registration_after_the_birth_has_no_deadline(working):
    with working(A) as session:
        assert make_registration(session, registration_type="2", registered_on=clock.today(), status=Status.approved).warnings == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"registered_on": date(2999, 1, 1)}, "registered_on"),
        ({"registered_on": date(1, 1, 1)}, "date_old"),
        ({"registered_on": date(1899, 12, 31)}, "date_old"),
        ({"due_on": date(1, 1, 1)}, "date_old"),
        ({"woman_birth_date": date(1, 1, 1)}, "date_old"),
        ({"partner_name": "王强", "partner_birth_date": date(1, 1, 1)}, "date_old"),
        ({"child_order": 0}, "child_order"),
        ({"child_order": 16}, "child_order"),
        ({"registration_type": "2", "due_on": date(2026, 5, 1)}, "due_on"),
        ({"registration_type": None}, "missing"),
        ({"woman_name": None}, "missing"),
        ({"woman_id_no": HIS}, "V02_sex"),
        ({"partner_name": "王强", "partner_id_no": HERS}, "V02_sex"),
    ],
)
def test_slips_are_refused(working, fields, code):
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_registration(session, **fields)
    assert refused_codes(refused) == {code}


def test_an_edit_keeps_the_number_the_office_and_the_links(working):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=HERS, birth_date=MOTHER_BORN)
        make_registration(session, woman_id_no=HERS)
    with working(A) as session:
        registration, clerk = session.scalars(scope.query(BirthRegistration)).one(), user(session, "clerk")
        before = (registration.reg_no, registration.scope_path, registration.woman_id)
        registration.remark = "corrected"
        registration_rules.save(registration, clerk, clock.today())
        assert (registration.reg_no, registration.scope_path, registration.woman_id) == before
        assert registration.woman_id is not None


def test_nobody_approves_their_own_registration(working, two_hats):
    with working(A) as session:
        registration = make_registration(session, maker=two_hats, status=Status.submitted)
        with pytest.raises(RuleViolation, match="another person"):
            do(registration, "approve", user(session, two_hats), registration_rules)


def test_a_registration_is_not_older_than_the_mother(working):
    with working(A) as session, pytest.raises(RuleViolation) as refused:
        make_registration(session, woman_id_no=HERS, registered_on=date(1950, 1, 1))
    assert refused_codes(refused) == {"registered_before_birth"}


@pytest.mark.parametrize(("born", "asked"), [(date(2012, 1, 1), True), (date(1995, 6, 1), False), (date(1970, 1, 1), True)])
def test_an_unusual_age_is_asked_about_and_never_refused(working, born, asked):
    with working(A) as session:
        registration = make_registration(session, woman_birth_date=born)
        assert ("V08" in {warning["code"] for warning in registration.warnings}) is asked


def test_a_protected_person_of_another_office_is_registered_like_somebody_unknown(working):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=HERS, birth_date=MOTHER_BORN, is_protected=True)
    with working(A) as session:
        right, wrong = make_registration(session, woman_id_no=HERS), make_registration(session, woman_name="赵兰", woman_id_no=HERS)
        assert (right.woman_id, wrong.woman_id) == (None, None)
