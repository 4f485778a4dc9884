"""When a file may come to a row and go again: with a draft, with a change request that is open, with a person at any time."""

import hashlib
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session, attributes

from app.core import attachments, audit, clock, codes, scope, workflow
from app.core.attachments import KINDS, MOST_FILES, Attachment
from app.core.changes import ChangeRequest, ChangeState
from app.core.errors import Problem, RuleViolation
from app.core.unit_of_work import take_turn
from app.core.uploads import Clean
from app.core.workflow import OPEN, Actor, Record, Status


def attach(session: Session, owner: Any, clean: Clean, kind: str, actor: Actor, *, uid: UUID, path: str) -> Attachment:
    """Keep what is told of a file whose content lies on the disk under this identity. Who adds a file to a record is an author of it.

    `path` is the office of the row. Raises RuleViolation where the row takes no file, or not this one.
    """
    take_turn(session, f"files of {owner.uid}")
    must_take(owner, actor)
    digest = hashlib.sha256(clean.content).hexdigest()
    if problems := [*kind_problems(session, kind), *_too_many(session, owner, kind, digest)]:
        raise RuleViolation(problems)
    row = Attachment(
        uid=uid, scope_path=path, owner_table=owner.__tablename__, owner_uid=owner.uid, kind=kind, media_type=clean.media_type,
        bytes=len(clean.content), sha256=digest, made_by_id=actor.id, made_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    _count_up(owner, actor)
    audit.note(session, "attach", owner, file=str(uid), attachment_kind=[None, kind])
    return row


def remove(session: Session, owner: Any, uid: UUID, actor: Actor, *, reason: str) -> None:
    """Take a file away that should not have been added. Its digest and the reason stay in the history; the content goes.

    Raises RuleViolation without a reason, or where the row gives no file away any more.
    """
    take_turn(session, f"files of {owner.uid}")
    must_give(owner, actor)
    if not reason.strip():
        raise RuleViolation.one(_("Write the reason."), "reason", code="reason_missing")
    if len(reason.strip()) > workflow.MAX_REASON:
        raise RuleViolation.one(_("Write the reason in at most %(most)s characters.", most=workflow.MAX_REASON), "reason", code="long")
    row = session.scalars(scope.query(Attachment).where(Attachment.uid == uid, Attachment.owner_uid == owner.uid)).one_or_none()
    if row is None:
        raise RuleViolation.one(_("Another office added this file. Ask that office to take it away."), code="not_mine")
    session.delete(row)
    _count_up(owner, actor)
    audit.note(session, "detach", owner, file=str(uid), attachment_kind=[row.kind, None], reason=reason.strip())


def must_take(owner: Any, actor: Actor) -> None:
    """Raises RuleViolation where this row takes no file from this person now."""
    if isinstance(owner, ChangeRequest):
        _must_be_own_and_open(owner, actor)
    elif isinstance(owner, Record) and owner.status is Status.submitted:
        workflow.must_be_open(owner)
    elif isinstance(owner, Record) and owner.status not in OPEN:
        message = _("This record is approved and takes no file any more. Propose a change, and add the file to the proposal as evidence.")
        raise RuleViolation.one(message, code="not_open")


def must_give(owner: Any, actor: Actor) -> None:
    """Raises RuleViolation where no file of this row may be taken away by this person now."""
    if isinstance(owner, ChangeRequest):
        _must_be_own_and_open(owner, actor)
    elif isinstance(owner, Record):
        if owner.status not in (*OPEN, Status.submitted):
            raise RuleViolation.one(_("This record is approved: its files stay."), code="not_open")
        workflow.must_be_open(owner)


def may(rule: Any, owner: Any, actor: Actor) -> bool:
    """Whether one of the two rules above lets this person."""
    try:
        rule(owner, actor)
    except RuleViolation:
        return False
    return True


def kind_problems(session: Session, kind: str) -> list[Problem]:
    """A kind of the list, of those that may be chosen today."""
    if codes.is_valid(session, KINDS, kind, clock.today()):
        return []
    return [Problem("kind", _("Choose what the file is."), "kind")]


def _must_be_own_and_open(request: ChangeRequest, actor: Actor) -> None:
    if request.state is not ChangeState.open:
        raise RuleViolation.one(_("This request has been decided already: its files stay as they are."), code="decided")
    if request.made_by_id != actor.id:
        raise RuleViolation.one(_("Only the person who proposed this change adds and takes away its evidence."), code="not_own")


def _too_many(session: Session, owner: Any, kind: str, digest: str) -> list[Problem]:
    known = attachments.of(session, [owner.uid])
    if any((file.kind, file.sha256) == (kind, digest) for file in known):
        return [Problem("file", _("This file is here already."), "twice")]
    if len(known) >= MOST_FILES:
        return [
            Problem(
                "file", _("There are %(n)s files here already, which is the most. Put pages together into one PDF.", n=MOST_FILES), "many"
            )
        ]
    return []


def _count_up(owner: Any, actor: Actor) -> None:
    """Other files are another version of a record or a request: nobody decides about files they have not seen."""
    if isinstance(owner, Record):
        workflow.edited(owner, actor)
    elif isinstance(owner, ChangeRequest):
        attributes.flag_modified(owner, "reason")
