"""Reporting periods: a month is closed once and when it is over; what comes later counts later."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import RuleViolation
from app.core.periods import close, count_in, following, is_closed, month_of, statistical_year
from app.core.regions import Region
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import ClosedMonth
from tests.conftest import EVERYWHERE
from tests.core.rows import COUNTY, PATH_A, PATH_A1, PATH_B, place, user

MAY = datetime(2026, 5, 10, tzinfo=UTC)


@pytest.fixture
def session(app: Flask) -> Any:
    with app.test_request_context(), looking_as(EVERYWHERE), clock.stopped_at(MAY):
        yield db.session()


def closed(session: Session, path: str, *months: str) -> None:
    with unit_of_work():
        for month in months:
            row = close(session, place(session, path), month, user(session, "supervisor"))
            assert (row.month, row.scope_path) == (month, path)


@pytest.mark.parametrize(
    ("month", "then"), [("2026-01", "2026-02"), ("2026-11", "2026-12"), ("2026-12", "2027-01"), ("2026-09", "2026-10")]
)
def test_the_month_after(month: str, then: str) -> None:
    assert following(month) == then


@pytest.mark.parametrize(
    ("day", "year"), [(date(2025, 9, 30), 2025), (date(2025, 10, 1), 2026), (date(2026, 1, 1), 2026), (date(2026, 9, 30), 2026)]
)
def test_the_old_statistical_year_ends_with_september(day: date, year: int) -> None:
    assert statistical_year(day) == year


def test_a_month_has_two_digits() -> None:
    assert month_of(date(2026, 3, 31)) == "2026-03"


@pytest.mark.parametrize("month", ["2026-05", "2026-06", "2027-01"])
def test_a_month_that_is_not_over_stays_open(session: Session, month: str) -> None:
    with pytest.raises(RuleViolation, match="not over yet") as refused:
        closed(session, PATH_A, month)
    assert refused.value.problems[0].field == "month"
    assert not is_closed(session, PATH_A, month)


def test_a_month_is_closed_once(session: Session) -> None:
    closed(session, PATH_A, "2026-04")
    with pytest.raises(RuleViolation, match="closed already"):
        closed(session, PATH_A, "2026-04")


def test_at_one_in_the_morning_in_shanghai_the_month_is_over(session: Session) -> None:
    with clock.stopped_at(datetime(2026, 4, 30, 17, tzinfo=UTC)):
        closed(session, PATH_A, "2026-04")


def test_a_closed_month_holds_for_every_place_below_and_for_no_neighbour(session: Session) -> None:
    closed(session, PATH_A, "2026-03")
    assert [is_closed(session, path, "2026-03") for path in (PATH_A, PATH_A1, PATH_B, COUNTY)] == [True, True, False, False]


def test_a_month_closed_by_the_county_holds_for_a_clerk_who_cannot_see_it(session: Session) -> None:
    with unit_of_work():
        row = ClosedMonth(
            region_id=place(session, PATH_A).parent_id,
            scope_path=COUNTY,
            month="2026-03",
            closed_by_id=user(session, "approver").id,
            closed_at=MAY,
        )
        session.add(row)
    session.expunge_all()
    with looking_as(Scope.of([PATH_A1])):
        assert session.query(ClosedMonth).all() == []
        assert is_closed(session, PATH_A1, "2026-03")


def test_a_month_closed_by_the_province_holds_everywhere_below(session: Session) -> None:
    with unit_of_work():
        who = user(session, "approver").id
        province = session.scalars(select(Region).where(Region.path == PATH_A[:4])).one()
        session.add(ClosedMonth(region_id=province.id, scope_path=province.path, month="2026-03", closed_by_id=who, closed_at=MAY))
    assert is_closed(session, PATH_A1, "2026-03")


BORN = date(2026, 3, 5)
CASES = {
    "nothing closed": ((), date(2026, 5, 10), ("2026-03", False)),
    "its month closed": (("2026-03",), date(2026, 5, 10), ("2026-05", True)),
    "approved in a month that is closed too": (("2026-03", "2026-04"), date(2026, 4, 20), ("2026-05", True)),
    "only a later month closed": (("2026-04",), date(2026, 5, 10), ("2026-03", False)),
    "late in the year before": (("2026-03",), date(2027, 1, 1), ("2027-01", True)),
    "approved on the day": ((), BORN, ("2026-03", False)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_birth_counts_in_its_month_or_late_in_the_open_one(session: Session, case: str) -> None:
    months, approved_on, expected = CASES[case]
    closed(session, PATH_A, *months)
    assert count_in(session, PATH_A1, BORN, approved_on) == expected


def test_a_month_closed_elsewhere_makes_nothing_late(session: Session) -> None:
    closed(session, PATH_B, "2026-03")
    assert count_in(session, PATH_A, BORN, date(2026, 5, 10)) == ("2026-03", False)
