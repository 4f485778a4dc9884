"""What had its time is removed: forms that were sent, uses that were counted, old sessions, failed sign-ins that no longer count,
forms that were begun and not gone on with.

How long each is kept are dated parameters (scheme `retention`, in days); those without one are kept for ever. Readable values of
the history go only where an office has loaded `history_value_days`. No row of a ledger and no chained entry is ever removed.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Select, and_, delete, func, not_, select, tuple_
from sqlalchemy.orm import Session

from app.accounts import sessions
from app.accounts.models import SignInThrottle, UserSession
from app.core import attachment_files, audit, clock, params
from app.core.attachments import Attachment
from app.core.audit import AuditEntry, AuditSecret
from app.core.drafts import FormDraft
from app.core.limits import LimitedUse
from app.core.list_views import Kind, ListView
from app.core.sampling import QueueLook
from app.core.scope import elevated
from app.core.tokens import ClientToken
from app.core.unit_of_work import unit_of_work
from app.extensions import db

SCHEME = "retention"
BATCH = 1000  # rows; some ten milliseconds for which clerks wait
PAUSE = 0.02  # seconds between two batches, so that whoever waits comes in
LEAST = timedelta(days=1)  # a form sent again within a day is one act, and locks are remembered for a day, whatever a parameter says


@dataclass(frozen=True)
class Rule:
    """What is kept for some time: the parameter that says how many days, and which rows are older than a moment."""

    parameter: str
    model: Any
    old: Callable[[datetime], Select[Any]]

    @property
    def key(self) -> tuple[Any, ...]:
        """The columns by which a row is removed."""
        return tuple(self.model.__table__.primary_key)


def _forms(before: datetime) -> Select[Any]:
    return select(ClientToken.token, ClientToken.user_id).where(ClientToken.sent_at < before)


def _uses(before: datetime) -> Select[Any]:
    return select(LimitedUse.id).where(LimitedUse.at < before)


def _looks(before: datetime) -> Select[Any]:
    return select(QueueLook.user_id, QueueLook.owner_uid).where(QueueLook.at < before)


def _sessions(before: datetime) -> Select[Any]:
    """Those that are over. The last of each account stays: its owner is told of it at the next sign-in."""
    last = select(func.max(UserSession.id)).group_by(UserSession.user_id)
    return select(UserSession.id).where(UserSession.started_at < before, not_(sessions.is_alive()), UserSession.id.not_in(last))


def _drafts(before: datetime) -> Select[Any]:
    return select(FormDraft.id).where(FormDraft.saved_at < before)


def _history_values(before: datetime) -> Select[Any]:
    """Old and new values that can be read. The entry keeps their digest, so that its chain stays whole."""
    entry = and_(AuditEntry.chain == AuditSecret.chain, AuditEntry.number == AuditSecret.number)
    told = select(AuditSecret.chain, AuditSecret.number, AuditSecret.field).join(AuditEntry, entry)
    return told.where(AuditEntry.at < before.isoformat(timespec="microseconds"))


def _failures(before: datetime) -> Select[Any]:
    return select(SignInThrottle.key).where(SignInThrottle.failed_at < before)


def _searches(before: datetime) -> Select[Any]:
    """What somebody looked for in a list; views and layouts stay."""
    return select(ListView.id).where(ListView.kind == Kind.search, ListView.made_at < before)


RULES = (
    Rule("client_token_days", ClientToken, _forms),
    Rule("limited_use_days", LimitedUse, _uses),
    Rule("queue_look_days", QueueLook, _looks),
    Rule("user_session_days", UserSession, _sessions),
    Rule("sign_in_throttle_days", SignInThrottle, _failures),
    Rule("form_draft_days", FormDraft, _drafts),
    Rule("history_value_days", AuditSecret, _history_values),
    Rule("list_search_days", ListView, _searches),
)


def tidy() -> Iterator[tuple[str, int]]:
    """Remove what had its time, each batch in a transaction with its own entry in the history. Answers (table, rows) of each rule."""
    today, kept = clock.today(), params.Table(db.session(), SCHEME)
    for rule in RULES:
        days = kept.value(rule.parameter, "", today)
        if days is not None:
            yield rule.model.__tablename__, _remove(rule, clock.now() - max(timedelta(days=int(days)), LEAST))


def tidy_files() -> int:
    """Remove attached files that have no row: a process was killed between the file and its commit, or a backup was at work when a row
    went. Not while one is. Answers how many.
    """
    data: Path = current_app.config["DATA_DIR"]
    if attachment_files.is_copied(data):
        return 0
    with unit_of_work() as session:
        with elevated("attached files that have a row"):
            known = set(session.scalars(select(Attachment.uid)))
        found = attachment_files.left_over(data, known, (clock.now() - LEAST).timestamp())
        if found:
            audit.note_about(session, "tidy", Attachment.__tablename__, files=len(found))
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _remove(rule: Rule, before: datetime) -> int:
    removed = 0
    while True:
        with unit_of_work() as session:
            count = _remove_some(session, rule, before)
        removed += count
        if not count:
            return removed
        time.sleep(PAUSE)


def _remove_some(session: Session, rule: Rule, before: datetime) -> int:
    """Rows that somebody is writing are left for another time."""
    wanted = rule.old(before).limit(BATCH).with_for_update(of=rule.model, skip_locked=True)
    keys = [tuple(row) for row in session.execute(wanted)]
    if keys:
        session.execute(delete(rule.model.__table__).where(tuple_(*rule.key).in_(keys)))
        audit.note_about(session, "tidy", rule.model.__tablename__, rows=len(keys), before=before.isoformat(timespec="seconds"))
    return len(keys)
