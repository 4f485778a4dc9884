"""What somebody is typing, kept on the server until the form is saved: encrypted, for this one person, for some days.

A draft belongs to the opened form, known by its act token. Of a form that changes a row there is one per person and row.
Every question here asks for the drafts of one person; whether they still may use the form is asked by the screen.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, Uuid, delete, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, crypto, scope, tokens
from app.core.base import Row
from app.core.columns import Moment
from app.core.errors import RuleViolation
from app.core.tokens import TOKEN_LENGTH
from app.core.unit_of_work import take_turn

MOST = 50  # unfinished forms of one person; a clerk who has more has lost sight of them anyway
MOST_TYPED = 100_000  # characters of one form; the longest has some thousands

PATHS = Text().with_variant(Text(collation="C"), "postgresql")  # with blanks between; the first one follows when offices are merged
Words = Sequence[tuple[str, str]]  # what a form sends, name by name


class FormDraft(Row):
    """The unsaved words of one opened form of one person. Readable by nobody else."""

    __tablename__ = "form_draft"
    __table_args__ = (
        UniqueConstraint("user_id", "token"),
        Index(
            "uq_form_draft_row", "user_id", "screen", "form", "owner_uid", unique=True,
            sqlite_where=text("owner_uid IS NOT NULL"), postgresql_where=text("owner_uid IS NOT NULL"),
        ),
    )  # fmt: skip

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    token: Mapped[str] = mapped_column(String(TOKEN_LENGTH), comment="The act token of the form")
    screen: Mapped[str] = mapped_column(String(64), comment="The screen whose form it is")
    form: Mapped[str] = mapped_column(String(8), comment="add, edit or propose")
    owner_uid: Mapped[UUID | None] = mapped_column(Uuid, index=True, comment="The row it changes")
    offices: Mapped[str] = mapped_column(
        PATHS, comment="Of a new row: the offices its writer had; without one of them it is closed", info={"follows_regions": True}
    )
    content_enc: Mapped[bytes] = mapped_column(LargeBinary, info={"sealed": True})
    saved_at: Mapped[datetime] = mapped_column(Moment, index=True)

    @property
    def words(self) -> Words:
        """What was typed."""
        found: Words = [(name, value) for name, value in json.loads(crypto.keys().open(self.content_enc, _context(self)))]
        return found

    def is_held(self) -> bool:
        """Whether who is looking still has every office the words were typed for; of a known row, its own scope decides."""
        return all(scope.current().holds(path) for path in self.offices.split())


def keep(
    session: Session, user_id: int, token: str, screen: str, form: str, owner_uid: UUID | None, words: Words, *, offices: Iterable[str] = ()
) -> FormDraft | None:
    """Keep what stands in a form now; None where that very form was saved meanwhile. Raises RuleViolation where it cannot be kept."""
    content = json.dumps([*words], ensure_ascii=False)
    if len(content) > MOST_TYPED:
        raise RuleViolation.one(_("This form is too long to be kept; save it."))
    take_turn(session, _turn(user_id, token))
    if session.get(tokens.ClientToken, (_saved(token), user_id)):
        return None
    found = _kept(session, user_id, token, screen, form, owner_uid)
    found.content_enc, found.saved_at = crypto.keys().seal(content, _context(found)), clock.now()
    if owner_uid is None:
        found.offices = " ".join(offices)
    session.add(found)
    session.flush()
    return found


def saved(session: Session, user_id: int, token: str) -> None:
    """The form with this token is in the register, in this transaction: its draft goes, and a late one does not come back."""
    take_turn(session, _turn(user_id, token))
    tokens.first_sending(session, _saved(token), user_id)
    session.execute(delete(FormDraft).where(FormDraft.user_id == user_id, FormDraft.token == token))


def find(session: Session, user_id: int, uid: UUID | str | None) -> FormDraft | None:
    """A draft of this person. One of somebody else, one that is gone, and one of lost offices are all none."""
    mine = select(FormDraft).where(FormDraft.user_id == user_id, FormDraft.uid == scope.as_uuid(uid))
    found = session.scalars(mine).one_or_none()
    return found if found is not None and found.is_held() else None


def of(session: Session, user_id: int, screen: str = "", form: str = "", owner_uid: UUID | None = None) -> list[FormDraft]:
    """The drafts of this person, of one form of one screen where it is named, the newest first."""
    mine = select(FormDraft).where(FormDraft.user_id == user_id)
    if screen:
        mine = mine.where(FormDraft.screen == screen, FormDraft.form == form, FormDraft.owner_uid == owner_uid)
    return [draft for draft in session.scalars(mine.order_by(FormDraft.saved_at.desc()).limit(MOST)) if draft.is_held()]


def discard(session: Session, user_id: int, uid: UUID) -> None:
    """Throw a draft away, and whatever its form still sends."""
    found = session.scalars(select(FormDraft).where(FormDraft.user_id == user_id, FormDraft.uid == uid)).one_or_none()
    if found is not None:
        session.delete(found)


def forget(session: Session, owner_uid: UUID) -> None:
    """Nothing is left of what anybody was typing about this row."""
    session.execute(delete(FormDraft).where(FormDraft.owner_uid == owner_uid))


def _kept(session: Session, user_id: int, token: str, screen: str, form: str, owner_uid: UUID | None) -> FormDraft:
    """The draft of this form as it is, or a new one."""
    mine = select(FormDraft).where(FormDraft.user_id == user_id)
    same = session.scalars(mine.where(FormDraft.token == token)).one_or_none()
    if same is not None:
        if (same.screen, same.form, same.owner_uid) != (screen, form, owner_uid):
            raise RuleViolation.one(_("This form is kept under another name already. Open it again."))
        return same
    if owner_uid is not None and session.scalar(select(FormDraft.id).where(*_of_row(user_id, screen, form, owner_uid))) is not None:
        told = _("Not kept: you began to change this record elsewhere. Continue or discard that first; it waits on the workbench.")
        raise RuleViolation.one(told)
    if (session.scalar(mine.with_only_columns(func.count())) or 0) >= MOST:
        raise RuleViolation.one(_("Not kept: you have %(n)s unfinished forms. Finish some, or discard them on the workbench.", n=MOST))
    return FormDraft(user_id=user_id, token=token, screen=screen, form=form, owner_uid=owner_uid, offices="")


def _of_row(user_id: int, screen: str, form: str, owner_uid: UUID) -> tuple[Any, ...]:
    return FormDraft.user_id == user_id, FormDraft.screen == screen, FormDraft.form == form, FormDraft.owner_uid == owner_uid


def _context(draft: FormDraft) -> str:
    return crypto.place(FormDraft.__tablename__, "content", draft.uid)


def _turn(user_id: int, token: str) -> str:
    return f"draft {user_id} {token}"


def _saved(token: str) -> str:
    """Under which token is remembered that a form was saved."""
    return crypto.keys().blind(token, "saved form")
