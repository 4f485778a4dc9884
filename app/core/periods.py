"""Reporting periods: which months an office has closed, and in which month a record counts."""

from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import audit, clock
from app.core.base import Row
from app.core.columns import Moment, month
from app.core.errors import RuleViolation
from app.core.regions import Region
from app.core.scope import Scoped, elevated
from app.core.workflow import Actor


class ClosedMonth(Scoped, audit.Audited, Row):
    """One month one office has closed: its report is out, so what is approved later counts later."""

    __tablename__ = "closed_month"
    __table_args__ = (UniqueConstraint("region_id", "month"),)

    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    month: Mapped[str] = month()
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    closed_at: Mapped[datetime] = mapped_column(Moment)


def month_of(day: date) -> str:
    """`2026-03` for any day of March 2026."""
    return f"{day:%Y-%m}"


def following(month: str) -> str:
    """The month after this one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def statistical_year(day: date) -> int:
    """The old statistical year runs from 1 October to 30 September and is named after its end."""
    return day.year + (day.month >= 10)


def close(session: Session, region: Region, month: str, actor: Actor) -> ClosedMonth:
    """Close one month of one office. Raises RuleViolation for a month that is not over or closed already."""
    if month >= month_of(clock.today()):
        raise RuleViolation.one(_("%(month)s is not over yet.", month=month), "month")
    if is_closed(session, region.path, month):
        raise RuleViolation.one(_("%(month)s is closed already.", month=month), "month")
    closed = ClosedMonth(region_id=region.id, scope_path=region.path, month=month, closed_by_id=actor.id, closed_at=clock.now())
    session.add(closed)
    return closed


def is_closed(session: Session, path: str, month: str) -> bool:
    """Whether the office at this path, or one above it, has closed the month."""
    return month in _closed(session, path)


def count_in(session: Session, path: str, event_on: date, approved_on: date) -> tuple[str, bool]:
    """(statistical month, late) of a record: the event's month, or the open month when that one is closed for the office.

    Late means exactly this: the event's month is closed for the office at approval (local rule on reports of earlier births).
    """
    closed, month = _closed(session, path), month_of(event_on)
    if month not in closed:
        return month, False
    month = max(month_of(approved_on), month)
    while month in closed:
        month = following(month)
    return month, True


def _closed(session: Session, path: str) -> set[str]:
    """Months closed for the office: closed by itself or by an office above, whose rows lie outside a clerk's scope."""
    above = [path[:length] for length in range(4, len(path) + 1, 4)]
    with elevated("months closed by offices above"):
        return set(session.scalars(select(ClosedMonth.month).where(ClosedMonth.scope_path.in_(above))))
