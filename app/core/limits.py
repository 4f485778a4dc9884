"""How often one person may do something delicate in an hour: look up an identity, reveal a hidden value."""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock
from app.core.base import BigId, Model
from app.core.columns import Moment
from app.core.errors import RuleViolation


class LimitedUse(Model):
    """One time one person did something that is limited per hour."""

    __tablename__ = "limited_use"
    __table_args__ = (Index("ix_limited_use_count", "user_id", "kind", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Moment)


def spend(session: Session, user_id: int, kind: str, per_hour: int) -> None:
    """Count one use. Raises RuleViolation when the hour's uses are spent."""
    must_be_left(session, user_id, kind, per_hour)
    session.add(LimitedUse(user_id=user_id, kind=kind, at=clock.now()))


def is_left(session: Session, user_id: int, kind: str, per_hour: int) -> bool:
    """Whether the hour has a use left."""
    since = clock.now() - timedelta(hours=1)
    used = select(func.count(LimitedUse.id)).where(LimitedUse.user_id == user_id, LimitedUse.kind == kind, LimitedUse.at > since)
    return (session.scalar(used) or 0) < per_hour


def must_be_left(session: Session, user_id: int, kind: str, per_hour: int) -> None:
    """Count nothing, but raise RuleViolation when the hour's uses are spent."""
    if not is_left(session, user_id, kind, per_hour):
        message = _("You have done this %(n)s times within an hour, which is the limit. Try again later.", n=per_hour)
        raise RuleViolation.one(message, code="limit")
