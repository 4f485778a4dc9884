"""Change requests: how an approved row is put right. One proposes with a reason and the paper it rests on, another one applies it.

The new values lie encrypted in the request, against one version of the row. Nothing else changes what is approved: a trigger refuses
every other update of an approved row's content. A row without a status of its own, a person's file, is put right the same way.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, Enum, ForeignKey, Index, LargeBinary, String, Text, Uuid, and_, inspect, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, crypto, scope, workflow
from app.core.audit import Audited
from app.core.base import Row
from app.core.columns import Moment
from app.core.crypto import Sealed
from app.core.errors import Caution, Problem, RuleViolation
from app.core.hidden import hidden_of
from app.core.regions import Region
from app.core.scope import Scoped
from app.core.workflow import Actor, Record, Status, WorkflowStep

MAX_EVIDENCE = 200  # characters


class ChangeState(StrEnum):
    """Where a change request stands."""

    open = "open"
    applied = "applied"
    refused = "refused"
    withdrawn = "withdrawn"


class ChangeRequest(Scoped, Audited, Row):
    """One proposal to change one approved row: the new values, encrypted, against one version of it."""

    __tablename__ = "change_request"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> made_by_id", name="second_person"),
        CheckConstraint("(state IN ('applied', 'refused')) = (decided_by_id IS NOT NULL)", name="decider_iff_decided"),
        Index(
            "uq_change_request_open", "owner_uid", unique=True, sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")
        ),
    )

    owner_table: Mapped[str] = mapped_column(String(64))
    owner_uid: Mapped[UUID] = mapped_column(Uuid, index=True)
    owner_version: Mapped[int]
    state: Mapped[ChangeState] = mapped_column(
        Enum(ChangeState, native_enum=False, create_constraint=True, length=16, name="state_known"), default=ChangeState.open
    )
    content_enc: Mapped[bytes] = mapped_column(LargeBinary, info={"sealed": True})
    reason: Mapped[str] = mapped_column(Text, info={"digested": True})
    evidence: Mapped[str] = mapped_column(String(MAX_EVIDENCE), comment="The paper it rests on", info={"digested": True})
    made_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    comment: Mapped[str | None] = mapped_column(Text, info={"digested": True})


@dataclass(frozen=True)
class Difference:
    """One field of a proposal: what the row said, and what it is to say. Of a secret, the masks."""

    field: str
    old: Any
    new: Any


Values = Mapping[str, Any]  # field → value, a secret as plain text
Changer = Callable[[Any, Actor, date], list[Caution]]  # what a ledger's rules do when an approved row gets other values


def values_of(row: Any, fields: list[str]) -> dict[str, Any]:
    """What the row says now in these fields."""
    return {name: _plain(getattr(row, name)) for name in fields}


def set_values(row: Any, values: Values) -> None:
    """Write values into a row. The caller has loaded it in a unit of work."""
    for name, value in values.items():
        if _plain(getattr(row, name)) != value:
            setattr(row, name, value)


def proposed_by_others(ledger: type[Record], user: int) -> ColumnElement[bool]:
    """The condition that a change of a row is proposed, and not by this person: nobody decides about their own proposal."""
    proposed = select(WorkflowStep.actor_id).where(WorkflowStep.owner_uid == ledger.uid, WorkflowStep.act == "propose")
    latest = proposed.order_by(WorkflowStep.id.desc()).limit(1).scalar_subquery()
    return and_(ledger.change_open.is_(True), latest.is_distinct_from(user))


def must_be_changeable(session: Session, row: Any) -> None:
    """One proposal at a time; of a record, only an approved one. Raises RuleViolation otherwise."""
    if isinstance(row, Record) and row.is_closed:
        raise RuleViolation.one(workflow.closed(), code="closed")
    if isinstance(row, Record) and row.status is not Status.approved:
        raise RuleViolation.one(_("Only an approved record is changed by a request. Edit this one."), code="not_approved")
    if open_request(session, row) is not None:
        raise RuleViolation.one(_("A change of this record is proposed already. It is decided first."), code="change_open")


def propose(
    session: Session, row: Any, new: Values, actor: Actor, *, reason: str, evidence: str, explained: Mapping[str, str], token: str
) -> ChangeRequest:
    """Keep a proposal. `new` holds the fields of the form, `explained` the reasons for what is unusual (code → reason).

    Raises RuleViolation where nothing differs, or the reason or the evidence is missing or too long.
    """
    must_be_changeable(session, row)
    old = values_of(row, [*new])
    fields = {name: [_encoded(old[name]), _encoded(value)] for name, value in new.items() if old[name] != value}
    problems = [*_words_wrong(reason, evidence)]
    if not fields:
        problems.append(Problem("", _("Nothing differs from what the register says. Change what is wrong."), "nothing"))
    if problems:
        raise RuleViolation(problems)
    if hasattr(row, "change_open"):
        row.change_open = True
        session.flush()
    request = ChangeRequest(
        owner_table=row.__tablename__, owner_uid=row.uid, owner_version=row.version, scope_path=path_of(row),
        reason=reason.strip(), evidence=evidence.strip(), made_by_id=actor.id, made_at=clock.now(),
    )  # fmt: skip
    content = json.dumps({"fields": fields, "explained": dict(explained)}, ensure_ascii=False)
    request.content_enc = crypto.keys().seal(content, _context(request))
    session.add(request)
    workflow.step(row, "propose", actor, token=token, reason=reason)
    return request


def apply(session: Session, request: ChangeRequest, change: Changer, actor: Actor, today: date, *, token: str, reason: str = "") -> None:
    """The row says what was proposed, by the ledger's own rules; this person has approved the new version.

    Raises RuleViolation where the request is decided, this person may not decide it, or the rules refuse the new values now.
    """
    row = _decidable(session, request, actor)
    if row.version != request.owner_version or (isinstance(row, Record) and row.status is not Status.approved):
        raise RuleViolation.one(_("The record was changed since. Refuse this request and propose it anew."), code="stale")
    _decide(request, ChangeState.applied, actor, reason)
    session.flush()  # the trigger of the row looks for an applied request of its version
    content = _content(request)
    with session.no_autoflush:
        set_values(row, {name: _decoded(session, row, name, new) for name, (_old, new) in content["fields"].items()})
        warnings = workflow.warned(change(row, actor, today), content["explained"])
        if hasattr(row, "change_open"):
            row.change_open = False
        if isinstance(row, Record):
            row.warnings = warnings
            workflow.approved_anew(row, by=actor.id, changed_by=request.made_by_id)
        workflow.step(row, "apply", actor, token=token, reason=reason)


def refuse(session: Session, request: ChangeRequest, actor: Actor, *, token: str, reason: str) -> None:
    """The row stays as it is. Raises RuleViolation without a reason, or where this person may not decide."""
    row = _decidable(session, request, actor)
    if not reason.strip():
        raise RuleViolation.one(_("Write the reason."), "reason", code="reason_missing")
    _close(session, request, row, ChangeState.refused, actor, token=token, reason=reason)


def withdraw(session: Session, request: ChangeRequest, actor: Actor, *, token: str, reason: str = "") -> None:
    """Who proposed it takes it back, before anybody decided."""
    row = _owner(session, request)
    _must_be_open(request)
    if request.made_by_id != actor.id:
        raise RuleViolation.one(_("Only the person who proposed this change can withdraw it."), code="not_own")
    _close(session, request, row, ChangeState.withdrawn, actor, token=token, reason=reason)


def open_request(session: Session, row: Any) -> ChangeRequest | None:
    """The proposal that waits for a decision, if there is one."""
    mine = scope.query(ChangeRequest).where(ChangeRequest.owner_uid == row.uid, ChangeRequest.state == ChangeState.open)
    return session.scalars(mine).one_or_none()


def requests_of(session: Session, row: Any, merged: Iterable[UUID] = ()) -> list[ChangeRequest]:
    """Every proposal about a row, or about one of those that became one with it, the newest first."""
    mine = scope.query(ChangeRequest).where(ChangeRequest.owner_uid.in_([row.uid, *merged]))
    return list(session.scalars(mine.order_by(ChangeRequest.id.desc())))


def forget(session: Session, row: Any) -> None:
    """Take away every proposal about a row; the steps of the row still say that there were some."""
    for request in requests_of(session, row):
        session.delete(request)
    session.flush()


def differences(session: Session, request: ChangeRequest, row: Any) -> list[Difference]:
    """Field by field what the proposal says; secrets as masks."""
    fields = _content(request)["fields"]
    return [Difference(name, *(_shown(session, row, name, value) for value in pair)) for name, pair in fields.items()]


def _words_wrong(reason: str, evidence: str) -> list[Problem]:
    found = []
    for field, told, most in (("change_reason", reason, workflow.MAX_REASON), ("evidence", evidence, MAX_EVIDENCE)):
        if not told.strip():
            found.append(Problem(field, _("Fill in this field."), "missing"))
        elif len(told) > most:
            found.append(Problem(field, _("Write at most %(most)s characters.", most=most), "long"))
    return found


def people_of(request: ChangeRequest, row: Any) -> set[int]:
    """Who may not decide about a request: its proposer, and every author of the record."""
    return {request.made_by_id, *(workflow.authors_of(row) if isinstance(row, Record) else ())}


def _decidable(session: Session, request: ChangeRequest, actor: Actor) -> Any:
    """The row of a request that this person may decide."""
    row = _owner(session, request)
    _must_be_open(request)
    if actor.id in people_of(request, row):
        message = _("You made or edited this record, or proposed the change; another person must decide about it.")
        raise RuleViolation.one(message, code="own")
    return row


def _must_be_open(request: ChangeRequest) -> None:
    if request.state is not ChangeState.open:
        raise RuleViolation.one(_("This request has been decided already."), code="decided")


def _owner(session: Session, request: ChangeRequest) -> Any:
    """The row a request is about. Raises RuleViolation where it is no row of one's own offices any more."""
    row = scope.get(scope.scoped_classes()[request.owner_table], request.owner_uid)
    if row is None:
        raise RuleViolation.one(_("The record belongs to none of your offices any more."), code="not_mine")
    return row


def path_of(row: Any) -> str:
    """The office whose supervisors see the request: the row's, or one of those that hold a file."""
    if isinstance(row, Scoped):
        return row.scope_path
    held: list[str] = [link.scope_path for link in row.offices if link.valid_to is None]
    return min(held)


def _decide(request: ChangeRequest, state: ChangeState, actor: Actor, reason: str) -> None:
    request.state, request.comment = state, reason.strip() or None
    if state is not ChangeState.withdrawn:
        request.decided_by_id, request.decided_at = actor.id, clock.now()


def _close(session: Session, request: ChangeRequest, row: Any, state: ChangeState, actor: Actor, *, token: str, reason: str) -> None:
    _decide(request, state, actor, reason)
    if hasattr(row, "change_open"):
        row.change_open = False
    acts = {ChangeState.refused: "refuse", ChangeState.withdrawn: "withdraw_change"}
    workflow.step(row, acts[state], actor, token=token, reason=reason)


def _context(request: ChangeRequest) -> str:
    return f"change_request|content|{request.uid}"


def _content(request: ChangeRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(crypto.keys().open(request.content_enc, _context(request)))
    return found


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Sealed) else value


def _encoded(value: Any) -> Any:
    """A value as JSON takes it: a day as text, a place by its identity."""
    if isinstance(value, Region):
        return str(value.uid)
    return value.isoformat() if isinstance(value, date) else value


def _decoded(session: Session, row: Any, name: str, told: Any) -> Any:
    if told is None:
        return None
    kind: Any = type(row)
    mapper: Any = inspect(kind)
    relation = mapper.relationships.get(name)
    if relation is not None:
        return session.scalars(select(relation.mapper.class_).where(relation.mapper.class_.uid == UUID(told))).one_or_none()
    hidden = hidden_of(kind).get(name)
    column = hidden.column if hidden else mapper.columns.get(name)
    return date.fromisoformat(told) if column is not None and column.type.python_type is date else told


def _shown(session: Session, row: Any, name: str, told: Any) -> Any:
    kind: Any = type(row)
    secret = crypto.secrets_of(kind).get(name)
    if secret is not None:
        return told and secret.mask(told)
    return _decoded(session, row, name, told)
