"""States and acts: one status per record, changed only here, by the acts a table allows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, attributes, declared_attr, mapped_column, object_session

from app.core import audit, clock, crypto, drafts
from app.core.attachments import Attachment
from app.core.base import BigId, Model, Row
from app.core.bulk import Batch
from app.core.columns import Moment
from app.core.content import content_hash
from app.core.errors import Caution, RuleViolation
from app.core.scope import PATH, Scoped


class Status(StrEnum):
    """Where a record stands. There is one status; everything else is a flag beside it."""

    draft = "draft"
    submitted = "submitted"
    returned = "returned"
    approved = "approved"
    voided = "voided"


class Actor(Protocol):
    """Who acts: an account with a number."""

    id: Any


@dataclass(frozen=True)
class Transition:
    """One act that may happen: from which states, to which, and under which conditions."""

    act: str
    sources: frozenset[Status]
    target: Status | None  # nothing: it stays where it is
    needs_second_person: bool = False
    needs_reason: bool = False
    only_author: bool = False
    needs_clean: bool = False  # no flag that blocks may stand
    sets: str = ""  # a flag the act raises; it must not stand yet
    clears: str = ""  # a flag the act takes away; it must stand


OPEN = frozenset({Status.draft, Status.returned})
STANDARD = (
    Transition("submit", OPEN, Status.submitted, only_author=True),
    Transition("withdraw", frozenset({Status.submitted}), Status.draft, only_author=True),
    Transition("return", frozenset({Status.submitted}), Status.returned, needs_second_person=True, needs_reason=True),
    Transition("approve", frozenset({Status.submitted}), Status.approved, needs_second_person=True, needs_clean=True),
    Transition("void", frozenset({Status.approved}), Status.voided, needs_second_person=True, needs_reason=True),
    Transition("discard", OPEN, Status.draft, only_author=True, needs_reason=True),  # the row goes, its history stays
)
HOLDING = (
    Transition("hold", frozenset({Status.submitted}), Status.submitted, needs_second_person=True, needs_reason=True, sets="on_hold"),
    Transition("release", frozenset({Status.submitted}), Status.submitted, needs_second_person=True, needs_reason=True, clears="on_hold"),
)
FLAGS = ("possible_duplicate", "incomplete", "on_hold", "change_open", "late")  # beside the one status
MAX_REASON = 500  # characters
BLOCKING = ("possible_duplicate", "on_hold", "incomplete")  # flags that stop an approval until somebody decides


class WorkflowStep(Model):
    """One act on one record: who, when, from which state to which, on which content. Never changed, never deleted."""

    __tablename__ = "workflow_step"
    __table_args__ = (UniqueConstraint("owner_uid", "token"), Index("ix_workflow_step_actor", "actor_id", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_table: Mapped[str] = mapped_column(String(64))
    owner_uid: Mapped[UUID] = mapped_column(Uuid, index=True)
    owner_version: Mapped[int]
    row_hash: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    office: Mapped[str] = mapped_column(PATH)
    comment: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    token: Mapped[str] = mapped_column(String(36))


class RowAuthor(Model):
    """Somebody who ever made or edited a record; a trigger keeps them from approving it."""

    __tablename__ = "row_author"

    owner_uid: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), primary_key=True)


class Record(Scoped, audit.Audited, Row):
    """A row of a ledger with the standard workflow, its flags and its warnings."""

    __abstract__ = True
    transitions: tuple[Transition, ...] = (*STANDARD, *HOLDING)
    not_hashed: frozenset[str] = frozenset()  # columns of a ledger that acts may set after approval

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be done with the row any more: what it said is gone for good."""
        return False

    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True, comment="The office that answers for the row")
    status: Mapped[Status] = mapped_column(
        Enum(Status, native_enum=False, create_constraint=True, length=16, name="status_known"), default=Status.draft, index=True
    )
    made_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    made_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    changed_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    row_hash: Mapped[str | None] = mapped_column(String(64))
    record_source: Mapped[str] = mapped_column(String(8), default="1", comment="1 by hand, 2 import, 3 shared data")
    possible_duplicate: Mapped[bool] = mapped_column(default=False)
    incomplete: Mapped[bool] = mapped_column(default=False)
    on_hold: Mapped[bool] = mapped_column(default=False)
    change_open: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)
    warnings: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)

    @property
    def raised(self) -> list[str]:
        """The flags that stand beside the status."""
        return [flag for flag in FLAGS if getattr(self, flag)]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name="approver_iff_approved"),
            CheckConstraint("(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name="hash_iff_approved"),
            CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name="approver_is_not_maker"),
            CheckConstraint("approved_by_id IS NULL OR approved_by_id <> changed_by_id", name="approver_is_not_editor"),
            Index(
                f"ix_{cls.__tablename__}_change_open", "scope_path",
                sqlite_where=text("change_open = 1"), postgresql_where=text("change_open"),
            ),
        )  # fmt: skip


def must_be_short(reason: str) -> None:
    """Raises RuleViolation where a reason is longer than anybody reads; it stays in the history for ever."""
    if len(reason) > MAX_REASON:
        raise RuleViolation.one(_("Write the reason in at most %(most)s characters.", most=MAX_REASON), code="long")


def transition(row: Record, act: str) -> Transition:
    """The act by its name. Raises RuleViolation where the record has no such act."""
    for found in row.transitions:
        if found.act == act:
            return found
    raise RuleViolation.one(_("There is no such act for this record."), code="unknown_act")


def allowed(row: Record, actor: Actor) -> list[str]:
    """The acts this person may do on this row now, as far as the row decides; rights of roles come on top."""
    authors = authors_of(row)
    return [t.act for t in row.transitions if _refusal(row, t, actor, authors, "-") is None]


def allowed_each(session: Session, rows: Sequence[Record], actor: Actor) -> dict[UUID, list[str]]:
    """The same for the rows of a page, whose authors are read with one statement."""
    authors = _authored(session, rows, actor)
    return {row.uid: [t.act for t in row.transitions if _refusal(row, t, actor, authors[row.uid], "-") is None] for row in rows}


def refusals(session: Session, rows: Sequence[Record], act: str, actor: Actor) -> dict[UUID, str]:
    """Why each of these rows would refuse an act whose reason is given; nothing where it would not, as far as the row decides."""
    authors = _authored(session, rows, actor)
    return {row.uid: _refusal(row, transition(row, act), actor, authors[row.uid], "-") or "" for row in rows}


def _authored(session: Session, rows: Sequence[Record], actor: Actor) -> dict[UUID, set[int]]:
    """Whether this person made or edited each row."""
    mine = select(RowAuthor.owner_uid).where(RowAuthor.owner_uid.in_([row.uid for row in rows]), RowAuthor.user_id == actor.id)
    edited_by_me = set(session.scalars(mine)) if rows else set()
    return {row.uid: {row.made_by_id, row.changed_by_id} | ({actor.id} if row.uid in edited_by_me else set()) for row in rows}


def refused(row: Record, actor: Actor) -> dict[str, str]:
    """Act → why this person may not do it now, of the acts that the state of the row would allow."""
    authors = authors_of(row)
    near = [t for t in row.transitions if row.status in t.sources and not (t.sets or t.clears) and not row.is_closed]
    return {t.act: why for t in near if (why := _refusal(row, t, actor, authors, "-"))}


def edited(row: Record, actor: Actor) -> None:
    """Write down that this person made or edited the row; they cannot approve it any more."""
    session = _session(row)
    row.made_by_id = row.made_by_id or actor.id
    row.changed_by_id, row.changed_at = actor.id, clock.now()
    if session.get(RowAuthor, (row.uid, actor.id)) is None:
        session.add(RowAuthor(owner_uid=row.uid, user_id=actor.id))


def must_be_open(row: Record) -> None:
    """Only a draft or a returned record may be edited. Raises RuleViolation otherwise."""
    if row.is_closed:
        raise RuleViolation.one(closed(), code="closed")
    if row.status == Status.submitted:
        raise RuleViolation.one(_("This record is waiting for a decision. Withdraw it first, then change it."), code="not_open")
    if row.status not in OPEN:
        raise RuleViolation.one(
            _("This record is approved and stays as it is. If it is wrong, propose a change; another person applies it."),
            code="not_open",
        )


def closed() -> str:
    """What is said about a record whose content is gone."""
    return _("Consent to this record was withdrawn. It is closed, and nothing is left to do with it.")


def rests_on_it() -> str:
    """The one sentence for whatever would not be true any more without a record."""
    return _("Another approved record rests on this one. Have that one voided first.")


def new_token() -> str:
    """What one page sends with its clicks."""
    return str(crypto.uuid7())


def step(row: Any, act: str, actor: Actor, *, token: str, reason: str = "") -> None:
    """Write down an act that leaves the status as it is, on a record or on a file: one step, one entry of the history."""
    session, status = _session(row), getattr(row, "status", Status.approved)
    wanted = Transition(act, frozenset({status}), status)
    session.add(WorkflowStep(**_step(row, wanted, status, actor, reason.strip(), token)))
    audit.note(session, act, row, **({"reason": reason.strip()} if reason.strip() else {}))


def already_done(session: Session, uid: UUID | None, token: str) -> bool:
    """Whether this very click on the row with this identity was carried out before."""
    return session.scalar(select(WorkflowStep.id).where(WorkflowStep.owner_uid == uid, WorkflowStep.token == token)) is not None


def advance(row: Record, act: str, actor: Actor, *, token: str, reason: str = "") -> None:
    """Do one act: check, change, record. Who may be clicking again asks already_done() first: the database takes a token once.

    Raises RuleViolation when the act is not allowed now; the row's version makes two simultaneous acts one.
    """
    session, wanted = _session(row), must_allow(row, act, actor, reason)
    source = row.status
    if wanted.target is not None:
        row.status = wanted.target
    for flag, raised in ((wanted.sets, True), (wanted.clears, False)):
        if flag:
            setattr(row, flag, raised)
    if wanted.target is Status.approved:
        row.approved_by_id, row.approved_at, row.row_hash = actor.id, clock.now(), content_hash(row)
    session.add(WorkflowStep(**_step(row, wanted, source, actor, reason.strip(), token)))
    audit.note(session, act, row, **({"reason": reason.strip()} if reason.strip() else {}))


def said_before(row: Any, *columns: str) -> Any:
    """What a row said in these columns before a form or an applied request wrote into them. Asked before it is flushed."""
    gone = {name: attributes.get_history(row, name).deleted for name in columns}
    return SimpleNamespace(**{name: old[0] if old else getattr(row, name) for name, old in gone.items()})


def approved_anew(row: Record, *, by: int, changed_by: int) -> None:
    """An approved row says something else by an applied change: who proposed it is an author, who applied it approved this version."""
    session = _session(row)
    row.changed_by_id, row.changed_at = changed_by, clock.now()
    row.approved_by_id, row.approved_at = by, clock.now()
    if session.get(RowAuthor, (row.uid, changed_by)) is None:
        session.add(RowAuthor(owner_uid=row.uid, user_id=changed_by))
    row.row_hash = content_hash(row)


def discard(row: Record, actor: Actor, *, token: str, reason: str = "") -> None:
    """Take away a draft that should not have been entered; nobody has approved it. Its history and this step stay."""
    session = _session(row)
    advance(row, "discard", actor, token=token, reason=reason)
    for part in (select(RowAuthor).where(RowAuthor.owner_uid == row.uid), select(Attachment).where(Attachment.owner_uid == row.uid)):
        for found in session.scalars(part):
            session.delete(found)
    drafts.forget(session, row.uid)
    session.delete(row)


def must_allow(row: Record, act: str, actor: Actor, reason: str = "") -> Transition:
    """The act, if it may be done now; for rules with work of their own before it. Raises RuleViolation otherwise."""
    wanted = transition(row, act)
    refusal = _refusal(row, wanted, actor, authors_of(row), reason.strip())
    if refusal is not None:
        raise RuleViolation.one(refusal, code=f"cannot_{act}")
    return wanted


def hand_in(batch: Batch, row: Record, actor: Actor) -> None:
    """Enter a draft as one of many and submit it: what a save by its maker and the act "submit" leave behind."""
    row.made_by_id = row.changed_by_id = actor.id
    wanted = transition(row, "submit")
    row.status = wanted.target or row.status
    batch.put(row)
    batch.add(RowAuthor, [{"owner_uid": row.uid, "user_id": actor.id}])
    batch.add(WorkflowStep, [_step(row, wanted, Status.draft, actor, "", str(crypto.uuid7()))])
    audit.note(batch.session, "submit", row)


def _step(row: Any, wanted: Transition, source: Status, actor: Actor, reason: str, token: str) -> dict[str, Any]:
    """The columns of a step."""
    return {
        "owner_table": row.__tablename__, "owner_uid": row.uid, "owner_version": row.version,
        "row_hash": getattr(row, "row_hash", None) or content_hash(row), "act": wanted.act,
        "source": source, "target": wanted.target or source, "actor_id": actor.id, "office": audit.path_of(row),
        "comment": None if getattr(row, "is_confidential", False) else reason or None, "at": clock.now(), "token": token,
    }  # fmt: skip


def _refusal(row: Record, wanted: Transition, actor: Actor, authors: Iterable[int], reason: str) -> str | None:
    """Why the act is not allowed, as a sentence; None when it is."""
    if row.status not in wanted.sources:
        return _("This cannot be done now: the record is %(status)s.", status=status_label(row.status))
    if row.is_closed:
        return closed()
    if row.change_open and row.status is Status.approved and wanted.target is not None:
        return _("A change of this record is proposed. Decide about it first.")
    if wanted.needs_second_person and actor.id in authors:
        return _("You made or edited this record; another person must decide about it.")
    if wanted.only_author and actor.id not in authors:
        return _("Only the person who made or edited this record can do this.")
    if wanted.needs_reason and not reason:
        return _("Write the reason.")
    if len(reason) > MAX_REASON:
        return _("Write the reason in at most %(most)s characters.", most=MAX_REASON)
    if (wanted.sets and getattr(row, wanted.sets)) or (wanted.clears and not getattr(row, wanted.clears)):
        return _("There is nothing to decide about this any more. Look at the record again.")
    blocking = [flag for flag in BLOCKING if getattr(row, flag)] if wanted.needs_clean else []
    if blocking:
        return _("Decide first about: %(flags)s.", flags=", ".join(flag_label(f) for f in blocking))
    return None


def entered_by(ledger: type[Record], user: int) -> ColumnElement[bool]:
    """The condition that this person made or edited a row at some time: one of its authors."""
    author = select(RowAuthor.user_id).where(RowAuthor.owner_uid == ledger.uid, RowAuthor.user_id == user).exists()
    return or_(ledger.made_by_id == user, ledger.changed_by_id == user, author)


def authors_of(row: Record) -> set[int]:
    """Who ever made or edited the row."""
    found = set(_session(row).scalars(select(RowAuthor.user_id).where(RowAuthor.owner_uid == row.uid)))
    return found | {row.made_by_id, row.changed_by_id}


def warned(cautions: Iterable[Caution], reasons: Mapping[str, str]) -> list[dict[str, str]]:
    """What stays on the record of its cautions, in both languages, with the reason for each (code → reason)."""
    return [
        {"code": c.code, "field": c.field, "message": _said(c, "zh"), "message_en": _said(c, "en"), "reason": reasons.get(c.code, "")}
        for c in cautions
    ]


def _said(caution: Caution, language: str) -> str:
    with force_locale(language):
        return str(caution.message)


def warning_text(warning: Mapping[str, str]) -> str:
    """A stored warning in the reader's language."""
    return warning["message" if str(get_locale()).startswith("zh") else "message_en"]


def steps_of(row: Record) -> list[WorkflowStep]:
    """What happened to the record, oldest first."""
    return list(_session(row).scalars(select(WorkflowStep).where(WorkflowStep.owner_uid == row.uid).order_by(WorkflowStep.id)))


def _session(row: Any) -> Session:
    session = object_session(row)
    if session is None:
        raise RuntimeError("the record is not in a session")
    return session


def status_label(status: Status) -> str:
    """The status in the reader's language."""
    return {
        Status.draft: _("draft"), Status.submitted: _("submitted"), Status.returned: _("returned"),
        Status.approved: _("approved"), Status.voided: _("voided"),
    }[status]  # fmt: skip


def flag_label(flag: str) -> str:
    """A flag in the reader's language."""
    return {
        "possible_duplicate": _("possible duplicate"), "incomplete": _("incomplete"), "on_hold": _("on hold"),
        "change_open": _("change requested"), "late": _("reported late"),
    }[flag]  # fmt: skip
