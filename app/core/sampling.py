"""Which rows of a queue somebody has opened: of the rows approved at once, some were looked at by the person who approves them."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Uuid, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, params
from app.core.base import Model
from app.core.columns import Moment
from app.core.errors import RuleViolation

SCHEME, PERCENT = "approval", "bulk_sample_percent"


class QueueLook(Model):
    """One row of a queue that one person opened, in the version they saw last."""

    __tablename__ = "queue_look"

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), primary_key=True)
    owner_uid: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment)


def is_opened(session: Session, user_id: int, uid: UUID, version: int) -> bool:
    """Whether this person has opened this version of the row."""
    found = session.get(QueueLook, (user_id, uid))
    return found is not None and found.version == version


def open_row(session: Session, user_id: int, uid: UUID, version: int) -> None:
    """Write down that this person opened this version of the row. Runs inside a unit of work."""
    found = session.get(QueueLook, (user_id, uid))
    if found is None:
        session.add(QueueLook(user_id=user_id, owner_uid=uid, version=version, at=clock.now()))
    else:
        found.version, found.at = version, clock.now()


def opened(session: Session, user_id: int, versions: Mapping[UUID, int]) -> set[UUID]:
    """Which of these rows (identity → version) this person has opened as they are now."""
    mine = select(QueueLook.owner_uid, QueueLook.version).where(QueueLook.user_id == user_id, QueueLook.owner_uid.in_([*versions]))
    return {uid for uid, version in session.execute(mine) if versions[uid] == version}


def needed(session: Session, rows: int, path: str, on: date) -> int:
    """How many of so many rows must have been opened before all of them are approved at once; at least one of any."""
    percent = params.number(session, SCHEME, PERCENT, path, on)
    return -(-rows * percent // 100)


def too_few(session: Session, user_id: int, versions: Mapping[UUID, int], path: str, on: date) -> str:
    """Why this person cannot approve all of these rows at once yet: they opened too few of them. Nothing where they opened enough."""
    least, seen = needed(session, len(versions), path, on), len(opened(session, user_id, versions))
    told = {"rows": len(versions), "least": least, "seen": seen}
    if seen >= least:
        return ""
    return _("Of %(rows)s rows at least %(least)s must be opened before they are approved at once; you opened %(seen)s.", **told)


def must_be_enough(session: Session, user_id: int, versions: Mapping[UUID, int], path: str, on: date) -> None:
    """Raises RuleViolation where too few of these rows were opened by the person who wants to approve all of them."""
    if message := too_few(session, user_id, versions, path, on):
        raise RuleViolation.one(message, code="sample")
