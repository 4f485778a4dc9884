"""What ends when somebody's residence leaves an office: other ledgers are told here, and nothing else of theirs is known.

A ledger adds one line to WHAT_ENDS. Its functions get the session and the number of the person, and write past the scope where they must
(`elevated`): who accepts a transfer does not see the old office.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session


class WhatEnds(NamedTuple):
    """One thing of another ledger that ends with the residence."""

    end: Callable[[Session, int, date], None]  # (session, person, day): their residence left the office on this day
    restore: Callable[[Session, int, date], None]  # the record that said so was voided or says otherwise now


WHAT_ENDS: list[WhatEnds] = []


def residence_left(session: Session, person_id: int, on: date) -> None:
    """The residence of somebody left its office: by an accepted transfer, or by an approved move out of this register."""
    for ending in WHAT_ENDS:
        ending.end(session, person_id, on)


def residence_stays(session: Session, person_id: int, on: date) -> None:
    """It did not leave on this day after all: the record was voided, or changed by an applied request."""
    for ending in WHAT_ENDS:
        ending.restore(session, person_id, on)
