"""Marriages and deaths for tests: valid by default, entered and decided by the ledger's own rules."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, regions
from app.core.workflow import Status
from app.ledgers.families import death_rules, rules
from app.ledgers.families.models import DIVORCE, FIRST, WEDDING, WIDOWED, WIDOWHOOD, Death, MarriageEvent
from tests.cast import A1
from tests.factories import births
from tests.factories.births import kept, user
from tests.factories.people import id_number_for, numbers

MARRIED_ON, DIVORCED_ON, DIED_ON = date(2020, 5, 20), date(2024, 8, 1), date(2025, 2, 10)
WIFE_BORN, HUSBAND_BORN = date(1995, 6, 1), date(1993, 2, 3)


def her_number() -> str:
    """A number of a woman nobody else has."""
    return id_number_for(WIFE_BORN, "2", next(numbers))


def his_number() -> str:
    """A number of a man nobody else has."""
    return id_number_for(HUSBAND_BORN, "1", next(numbers))


def make_marriage(
    session: Session, *, town: str = A1, status: Status = Status.draft, maker: str = "clerk", decider: str = "supervisor", **fields: Any
) -> MarriageEvent:
    """A marriage event of two people, the wife living at this place, brought to this status. Runs inside a unit of work."""
    told = {"kind": WEDDING, "wife_name": "李梅", "husband_name": "王强", "wife_region": regions.by_code(session, town)} | fields
    told |= {role: number() for role, number in (("wife_id_no", her_number), ("husband_id_no", his_number)) if role not in told}
    event = MarriageEvent(**_usual(told["kind"]) | told)
    return kept(session, event, rules, status, user(session, maker), user(session, decider))  # type: ignore[no-any-return]


def make_death(
    session: Session, *, town: str = A1, status: Status = Status.draft, maker: str = "clerk", decider: str = "supervisor", **fields: Any
) -> Death:
    """A death of a man who lived at this place, brought to this status. Runs inside a unit of work."""
    told = {"person_name": "王强", "died_on": DIED_ON, "person_region": regions.by_code(session, town)} | fields
    told |= {} if "person_id_no" in told else {"person_id_no": his_number()}
    return kept(session, Death(**told), death_rules, status, user(session, maker), user(session, decider))  # type: ignore[no-any-return]


def the_same(event: MarriageEvent) -> dict[str, Any]:
    """The two of an event, for another event of theirs."""
    named = ("wife_name", "husband_name", "wife_region", "husband_region")
    numbers = {f"{role}_id_no": sealed and sealed.reveal() for role in rules.ROLES for sealed in [getattr(event, f"{role}_id_no")]}
    return {name: getattr(event, name) for name in named} | numbers


def rules_of(row: Any) -> Any:
    """The rules of the ledger a row belongs to."""
    return death_rules if isinstance(row, Death) else rules


def do(row: Any, act: str, actor: Any, **words: Any) -> None:
    """One act, as the screen does it."""
    births.do(row, act, actor, rules_of(row), **words)


def correct(session: Session, row: Any, **fields: Any) -> None:
    """What the form does when these fields are changed."""
    with session.no_autoflush:
        for name, value in fields.items():
            setattr(row, name, value)
        rules_of(row).save(row, user(session, "clerk"), clock.today())
    session.flush()


def _usual(kind: str) -> dict[str, Any]:
    if kind == DIVORCE:
        return {"happened_on": DIVORCED_ON}
    if kind == WIDOWHOOD:
        return {"happened_on": DIVORCED_ON, "wife_marital": WIDOWED}
    return {"happened_on": MARRIED_ON, "wife_marital": FIRST, "husband_marital": FIRST}
