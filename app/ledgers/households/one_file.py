"""What follows for households when two files of one person become one."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core.errors import Problem, RuleViolation
from app.ledgers.households import standing
from app.ledgers.households.engine import Contradiction
from app.ledgers.people import merging
from app.ledgers.people.models import Person


def check(session: Session, stays: Person, goes: Person) -> Iterator[Problem]:
    """Nothing that settle() would not find."""
    yield from ()


def settle(session: Session, stays: Person, goes: Person) -> None:
    """The households of both are one person's. Raises RuleViolation where that person would be in two at once, or twice in one."""
    try:
        standing.become_one(session, stays.id, goes.id, stays.died_on)
    except Contradiction as found:
        message = _(
            "By approved records the two belonged to households at the same time, so that one person cannot be both. "
            "Have the wrong record put right first."
        )
        raise RuleViolation.one(message, code="contradiction") from found


ALSO = merging.Also(check, settle, frozenset({"household_member", "household_parting"}))
