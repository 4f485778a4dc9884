"""What a return asks to mend: the fields that were marked, each with a note. Kept beside the step that returned the record.

A note may hold personal words: it is encrypted. Which fields were marked is never changed and never deleted, as the step is; the note of
a confidential record goes with its content.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ForeignKeyConstraint, LargeBinary, String, Uuid, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import crypto
from app.core.base import BigId, Model
from app.core.crypto import HasUid
from app.core.errors import RuleViolation

REASONS = "return_reason"  # the code list of why a record is returned
MAX_NOTE = 200  # characters
MOST_MARKS = 60  # fields; no form of ours has as many


class ReturnMark(HasUid, Model):
    """One field that a return asked to mend, and why."""

    __tablename__ = "return_mark"
    __table_args__ = (ForeignKeyConstraint(["owner_uid", "token"], ["workflow_step.owner_uid", "workflow_step.token"]),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_uid: Mapped[UUID] = mapped_column(Uuid, index=True)
    token: Mapped[str] = mapped_column(String(36), comment="Of the step that returned the record")
    field: Mapped[str] = mapped_column(String(64))
    note_enc: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})

    @property
    def note(self) -> str:
        """What is to be mended there, as it was written."""
        return crypto.keys().open(self.note_enc, _context(self)) if self.note_enc else ""


def keep(session: Session, row: Any, marks: Mapping[str, str], *, token: str) -> None:
    """Keep which fields (column → note) the step with this token marked. Raises RuleViolation where a note is too long."""
    if any(len(note) > MAX_NOTE for note in marks.values()) or len(marks) > MOST_MARKS:
        raise RuleViolation.one(_("Write each note in at most %(most)s characters.", most=MAX_NOTE), code="note")
    session.flush()  # the step first: a mark refers to it
    for field, note in marks.items():
        mark = ReturnMark(owner_uid=row.uid, token=token, field=field)
        mark.note_enc = crypto.keys().seal(note, _context(mark)) if note else None
        session.add(mark)


def by_step(session: Session, row: Any) -> dict[str, dict[str, str]]:
    """Token of a step → the fields it marked with their notes, of a row that is in scope."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for mark in session.scalars(select(ReturnMark).where(ReturnMark.owner_uid == row.uid).order_by(ReturnMark.id)):
        found[mark.token][mark.field] = mark.note
    return found


def forget(session: Session, row: Any) -> None:
    """Nobody can read any more what was noted about a row. Which fields were marked stays."""
    session.execute(update(ReturnMark).where(ReturnMark.owner_uid == row.uid).values(note_enc=None))


def _context(mark: ReturnMark) -> str:
    return crypto.place(ReturnMark.__tablename__, "note", mark.uid)
