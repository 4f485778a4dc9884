"""The rows behind a figure. Those filed at another office are told without a word of who they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import get_locale
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session, joinedload

from app.core import codes, scope
from app.reports.base import TOTAL, Question, Report, counting

PAGE = 50


@dataclass(frozen=True)
class Counted:
    """One row: what is told of every row, and, where it is filed at one's own office, its identity, name and office."""

    cells: tuple[str, ...]
    uid: UUID | None
    name: str
    office: str


def number(session: Session, report: Report, question: Question, line: str, column: str) -> int:
    """How many rows one figure counts."""
    statement = select(func.count(report.ledger.id)).where(report.behind(question, line, column))
    with counting(question):
        return session.scalar(statement) or 0


def page(session: Session, report: Report, question: Question, line: str, column: str, offset: int) -> Sequence[Counted]:
    """One page of the rows of a figure, in the order in which they were entered."""
    ledger: Any = report.ledger
    statement = select(ledger.id, *(getattr(ledger, name) for name in report.told)).where(report.behind(question, line, column))
    with counting(question):
        found = session.execute(statement.order_by(ledger.id).offset(offset).limit(PAGE)).all()
    mine = scope.query(ledger).where(ledger.id.in_([row.id for row in found])).options(joinedload(ledger.region))
    own = {row.id: row for row in session.scalars(mine)}
    return [_told(session, report, row, own.get(row.id)) for row in found]


def uids(session: Session, report: Report, question: Question) -> dict[str, list[str]]:
    """The identities, in order, of every row the report rests on, by the column that counts it."""
    found = {}
    for column in report.whole:
        with counting(question):
            counted = session.scalars(select(report.ledger.uid).where(report.behind(question, TOTAL, column)))
            found[column] = sorted(uid.hex for uid in counted)
    return found


def _told(session: Session, report: Report, row: Any, own: Any) -> Counted:
    cells = tuple(_text(session, report, name, getattr(row, name)) for name in report.told)
    if own is None:
        return Counted(cells, None, "", "")
    return Counted(cells, own.uid, str(getattr(own, report.named[0])), own.region.name)


def _text(session: Session, report: Report, name: str, value: Any) -> str:
    mapper: Any = inspect(report.ledger)
    code_set = mapper.columns[name].info.get("code_set")
    if code_set:
        return codes.label(session, code_set, value, str(get_locale()))
    return value.isoformat() if isinstance(value, date) else str(value)
