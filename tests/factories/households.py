"""Household events for tests: valid by default, entered and decided by the ledger's own rules."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import regions
from app.core.workflow import Status
from app.ledgers.households import rules
from app.ledgers.households.models import CLOSED, JOINED, SET_UP, HouseholdEvent
from tests.cast import A1
from tests.factories import births
from tests.factories.births import kept, user
from tests.factories.people import id_number_for, numbers

SET_UP_ON, JOINED_ON, LEFT_ON = date(2020, 3, 1), date(2021, 5, 20), date(2024, 8, 1)
HEAD_BORN, MEMBER_BORN = date(1970, 2, 3), date(1972, 6, 1)


def number_of(born: date = MEMBER_BORN, sex: str = "2") -> str:
    """A number nobody else has."""
    return id_number_for(born, sex, next(numbers))


def make_household(session: Session, *, town: str = A1, status: Status = Status.approved, **fields: Any) -> HouseholdEvent:
    """A household set up at this place by a man of fifty; the event of it. Runs inside a unit of work."""
    told = {"kind": SET_UP, "happened_on": SET_UP_ON, "person_name": "王强", "person_region": regions.by_code(session, town)} | fields
    told |= {} if "person_id_no" in told else {"person_id_no": number_of(HEAD_BORN, "1")}
    return make_event(session, status=status, **told)


def make_event(
    session: Session, household: HouseholdEvent | None = None, *, status: Status = Status.approved, maker: str = "clerk",
    decider: str = "supervisor", **fields: Any,
) -> HouseholdEvent:  # fmt: skip
    """One thing that happened to the household of an event; somebody joins, unless told otherwise. Runs inside a unit of work."""
    session.flush()
    told = {"kind": JOINED} | ({"household_no": household.household_no} if household else {}) | fields
    if told["kind"] == JOINED:
        told = {"happened_on": JOINED_ON, "person_name": "李梅", "relation": "12"} | told
        told |= {} if "person_id_no" in told else {"person_id_no": number_of()}
    if told["kind"] == CLOSED:
        told = {"happened_on": LEFT_ON} | told
    return kept(session, HouseholdEvent(**told), rules, status, user(session, maker), user(session, decider))  # type: ignore[no-any-return]


def do(row: HouseholdEvent, act: str, actor: Any, **words: Any) -> None:
    """One act, as the screen does it."""
    births.do(row, act, actor, rules, **words)
