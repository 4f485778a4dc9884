"""Services for newlyweds and during pregnancy for tests: valid by default, entered and decided by the ledger's own rules."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, regions
from app.core.workflow import Status
from app.ledgers.maternity import newlywed_rules, pregnancy_rules
from app.ledgers.maternity.models import ACCEPTED, DECLINED, HERSELF, NewlywedService, PregnancyService
from tests.cast import A1
from tests.factories import births
from tests.factories.births import kept, user
from tests.factories.people import id_number_for, numbers

WOMAN_BORN, MAN_BORN = date(1996, 7, 8), date(1994, 3, 4)
TOLD_ON, DUE_ON = date(2026, 3, 9), date(2026, 9, 21)


def her_number() -> str:
    """A number of a woman nobody else has."""
    return id_number_for(WOMAN_BORN, "2", next(numbers))


def his_number() -> str:
    """A number of a man nobody else has."""
    return id_number_for(MAN_BORN, "1", next(numbers))


def make_newlywed(
    session: Session,
    *,
    town: str = A1,
    status: Status = Status.draft,
    maker: str = "service_worker",
    decider: str = "clinician",
    **fields: Any,
) -> NewlywedService:
    """A service of a couple at this place, brought to this status. Runs inside a unit of work."""
    told = {"wife_name": "李梅", "husband_name": "王强", "consent_on": TOLD_ON, "region": regions.by_code(session, town)}
    told |= {"wife_id_no": her_number(), "check_answer": ACCEPTED, "folic_answer": DECLINED}
    return kept(session, NewlywedService(**told | fields), newlywed_rules, status, user(session, maker), user(session, decider))  # type: ignore[no-any-return]


def make_pregnancy(
    session: Session,
    *,
    town: str = A1,
    status: Status = Status.draft,
    maker: str = "service_worker",
    decider: str = "clinician",
    **fields: Any,
) -> PregnancyService:
    """A service during pregnancy at this place, brought to this status. Runs inside a unit of work."""
    told = {"woman_name": "李梅", "told_by": HERSELF, "told_on": TOLD_ON, "consent_on": TOLD_ON, "due_on": DUE_ON}
    told |= {"woman_id_no": her_number(), "region": regions.by_code(session, town)}
    return kept(session, PregnancyService(**told | fields), pregnancy_rules, status, user(session, maker), user(session, decider))  # type: ignore[no-any-return]


def rules_of(row: Any) -> Any:
    """The rules of the ledger a row belongs to."""
    return pregnancy_rules if isinstance(row, PregnancyService) else newlywed_rules


def do(row: Any, act: str, actor: Any, **words: Any) -> None:
    """One act, as the screen does it."""
    births.do(row, act, actor, rules_of(row), **words)


def correct(session: Session, row: Any, **fields: Any) -> None:
    """What the form does when these fields are changed."""
    with session.no_autoflush:
        for name, value in fields.items():
            setattr(row, name, value)
        rules_of(row).save(row, user(session, "service_worker"), clock.today())
    session.flush()
