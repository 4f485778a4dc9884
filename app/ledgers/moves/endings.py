"""What ends when somebody's residence leaves an office: other ledgers are told here, and nothing else of theirs is known.

A ledger adds one line to WHAT_ENDS. Its functions get the session and the number of the person, and write past the scope where they must
(`elevated`): who accepts a transfer does not see the old office. Both raise RuleViolation where approved records say otherwise.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core.errors import RuleViolation
from app.ledgers.households import standing as households
from app.ledgers.households.engine import Contradiction


class Leaving(NamedTuple):
    """That the residence of a person left its office."""

    person_id: int
    on: date
    by: UUID  # the move or the transfer that tells of it
    path: str  # of the office that let them go
    was: int | None = None  # whom a corrected record told of until now, be it the same person: that is taken back with it


class WhatEnds(NamedTuple):
    """One thing of another ledger that ends with the residence."""

    end: Callable[[Session, Leaving], None]
    restore: Callable[[Session, int, UUID], None]  # (session, person, what told of it): it did not leave after all


def residence_left(session: Session, leaving: Leaving) -> None:
    """The residence of somebody left its office: by an accepted transfer, or by an approved or corrected move out of this register."""
    for ending in WHAT_ENDS:
        ending.end(session, leaving)


def residence_stays(session: Session, person_id: int, by: UUID) -> None:
    """It did not leave after all: the record was voided, or does not tell of a leaving any more."""
    for ending in WHAT_ENDS:
        ending.restore(session, person_id, by)


def _part(session: Session, leaving: Leaving) -> None:
    try:
        households.part(session, leaving.person_id, leaving.on, by=leaving.by, path=leaving.path, was=leaving.was)
    except Contradiction as found:
        raise RuleViolation.one(_otherwise(), code="household") from found


def _rejoin(session: Session, person_id: int, by: UUID) -> None:
    try:
        households.rejoin(session, person_id, by=by)
    except Contradiction as found:
        raise RuleViolation.one(_otherwise(), code="household") from found


def _otherwise() -> str:
    """The one sentence for whatever records of households tell against it: not what, nor where."""
    return _("Approved records of households say otherwise: on this day this person did not leave, or joined another one since.")


WHAT_ENDS = [WhatEnds(end=_part, restore=_rejoin)]
