"""Births of two towns in a few months, and a unit of work for tests of the reports."""

from itertools import cycle, product
from typing import Any

from sqlalchemy.orm import Session

from app.core import regions
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from app.reports import REPORTS
from app.reports.base import Answer, Question, answer, ask
from tests.factories.births import do, make_birth, user

REPORT = REPORTS["births-monthly"]
MONTH = "2026-03"
SOUNDS = "一安边当恩飞高海家可来美宁平青人思天文新"  # no two sound alike
_names = cycle("王" + "".join(pair) for pair in product(SOUNDS, repeat=2))


def born(session: Session, *, status: Status = Status.approved, **fields: Any) -> Birth:
    """An approved birth of a mother whose name sounds like nobody else's, so that no two are taken for one."""
    return make_birth(session, status=status, **{"mother_name": next(_names), **fields})


def born_counting_at(session: Session, code: str, *, decider: str = "supervisor", **fields: Any) -> Birth:
    """An approved birth that counts at another place than the one it is filed at."""
    birth, place = born(session, status=Status.submitted, **fields), regions.by_code(session, code)
    assert place is not None, code
    birth.count_region_id, birth.count_path = place.id, place.path
    do(birth, "approve", user(session, decider))
    return birth


def asked(session: Session, code: str, month: str = MONTH) -> Question:
    """The question about the office with this code."""
    region = regions.by_code(session, code)
    assert region is not None, code
    return ask(session, region, month)


def told(session: Session, code: str, month: str = MONTH) -> Answer:
    """What the births report says of the office with this code."""
    return answer(session, REPORT, asked(session, code, month))


def figures(said: Answer, column: str) -> dict[str, Any]:
    """Place → figure of one column, the empty ones left out."""
    return {line.name: line.figures[column] for line in said.lines if line.figures[column]}
