"""What follows for marriages and deaths when two files of one person become one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import scope
from app.core.errors import Problem, RuleViolation
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.families import standing
from app.ledgers.families.engine import Contradiction
from app.ledgers.families.models import Death, MarriageEvent
from app.ledgers.people import merging
from app.ledgers.people.models import Person


def check(session: Session, stays: Person, goes: Person) -> Iterator[Problem]:
    """Two approved deaths, and one event of a marriage that was entered for both files."""
    deaths = _approved(session, Death, Death.person_id, stays, goes)
    sentence = _("Both files have an approved record of a death: %(records)s. Have the repeated one voided, then merge.")
    if all(deaths):
        yield from _told(Death, [*deaths[0], *deaths[1]], sentence)
    for role in standing.ROLES:
        first, second = _approved(session, MarriageEvent, getattr(MarriageEvent, f"{role}_id"), stays, goes)
        repeated = [row for row in (*first, *second) if _what(row) in {_what(r) for r in first} & {_what(r) for r in second}]
        sentence = _("The same event of a marriage was entered for both files: %(records)s. Have the repeated one voided, then merge.")
        if repeated:
            yield from _told(MarriageEvent, repeated, sentence)


def settle(session: Session, stays: Person, goes: Person) -> None:
    """The marriages of both are one person's. Raises RuleViolation where that person would be married twice at once, or after a death."""
    who = standing.spouse_of(session, stays)
    gone = replace(who, person_id=goes.id)
    couples = [*standing.couples_of(session, who), *standing.couples_of(session, gone)]
    standing.forget(session, gone)
    try:
        for couple in dict.fromkeys(_with(couple, gone, who) for couple in couples):
            standing.settle(session, couple)
    except Contradiction as found:
        message = _("By approved records the two were married to others at the same time, or after a death, so that one person cannot be "
                    "both. Have the wrong record put right first.")  # fmt: skip
        raise RuleViolation.one(message, code="contradiction") from found


ALSO = merging.Also(check, settle, frozenset({"marriage"}))


def _with(couple: standing.Couple, gone: standing.Spouse, who: standing.Spouse) -> standing.Couple:
    """The couple with the file that stays."""
    return replace(couple, **{role: who for role in standing.ROLES if getattr(couple, role) == gone})


def _approved(session: Session, model: Any, key: Any, *people: Person) -> list[list[Any]]:
    """The approved rows that name each of the two, at whichever office, as columns."""
    what = (model.kind, model.happened_on) if model is MarriageEvent else (model.died_on,)
    with session.no_autoflush, elevated("approved records of two files"):
        found = [
            session.execute(select(model.uid, *what).where(key == person.id, model.status == Status.approved).order_by(model.id)).all()
            for person in people
        ]
    return [list(rows) for rows in found]


def _what(row: Any) -> tuple[Any, ...]:
    return tuple(row)[1:]


def _told(model: Any, rows: list[Any], sentence: str) -> Iterator[Problem]:
    own = [row for found in rows if (row := scope.get(model, found.uid))]
    yield from merging.problem_of([str(row) for row in own], len(own) < len(rows), sentence)
