"""The history of one record as a person reads it: who, when, what, field by field, secrets as masks."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit, clock, crypto

NOTHING_SAID: tuple[list[Any], ...] = ([None, None], [None, False], [None, []])  # what a new row leaves empty, or says no to


@dataclass(frozen=True)
class Change:
    """One field of one entry, as text: its label, its old and new value, and the name of the column."""

    field: str
    old: str
    new: str
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """One entry of the history."""

    number: int
    at: datetime
    actor: str
    act: str
    reason: str
    changes: tuple[Change, ...]
    source: str = ""  # how a new row came: a code of the list record_source
    place: int = 0  # among the entries of the row, counted from the oldest, which is 1

    @property
    def kind(self) -> str:
        """What sort of entry it is: somebody wrote, decided, or looked."""
        return KINDS.get(self.act, "decided")


KINDS = dict.fromkeys(("create", "change", "delete", "attach", "detach", "explain", "merge"), "written")
KINDS |= dict.fromkeys(("reveal", "open", "print", "export"), "looked")
Formatters = Mapping[str, Callable[[Any], Any]]


def of(
    session: Session, row: Any, labels: Mapping[str, Any], formatters: Formatters | None = None, merged: Iterable[UUID] = ()
) -> list[Entry]:
    """The history of a row that is in scope, newest first; only the fields that have a label are told.

    `merged` are the rows of the same table that became one with it: what happened to them stands among the rest.
    """
    entries: list[audit.AuditEntry] = []
    hidden: dict[tuple[str, int, str], tuple[str, str]] = {}
    for uid in (row.uid, *merged):
        found = audit.history_of(session, row, uid)
        entries += found
        hidden |= _secrets(session, row, uid, found)
    entries.sort(key=lambda entry: (entry.at, entry.number))
    told = [_entry(e, labels, hidden, formatters or {}, place) for place, e in enumerate(entries, 1)]
    return told[::-1]


def before(entries: Iterable[Entry]) -> dict[str, str]:
    """Column → what it said before these entries, the newest first, of a row that says now what the first of them left behind."""
    said: dict[str, str] = {}
    for entry in entries:
        if entry.kind == "written":
            said |= {change.name: change.old for change in entry.changes}
    return said


def since(entries: list[Entry], act: str) -> list[Entry]:
    """What happened after the last act of this name, the newest first; nothing where there was none."""
    acts = [entry.act for entry in entries]
    return entries[: acts.index(act)] if act in acts else []


def last_reason(entries: Iterable[Entry], act: str) -> str:
    """Why the last act of this name was done; of a confidential row nothing but its history tells it."""
    return next((entry.reason for entry in entries if entry.act == act), "")


def _entry(
    entry: audit.AuditEntry,
    labels: Mapping[str, Any],
    hidden: Mapping[tuple[str, int, str], tuple[str, str]],
    formatters: Formatters,
    place: int,
) -> Entry:
    detail = json.loads(entry.detail)
    changes = []
    for field, value in detail.items():
        label = labels.get(field, labels.get(field.removesuffix("_id")) if field in formatters else None)  # a bare number says nothing
        if label and isinstance(value, list) and len(value) == 2 and value not in NOTHING_SAID:
            old, new = hidden.get((entry.chain, entry.number, field), tuple(_text(v, formatters.get(field)) for v in value))
            changes.append(Change(str(label), old, new, field if field in labels else field.removesuffix("_id")))
    at = clock.local(datetime.fromisoformat(entry.at))
    reason = str(detail.get(audit.REASON, ""))
    if reason.startswith("hmac:"):
        reason = hidden.get((entry.chain, entry.number, audit.REASON), ("", ""))[1]
    came = detail.get("record_source") if entry.act == "create" else None
    return Entry(entry.number, at, entry.actor, entry.act, reason, tuple(changes), came[1] if came else "", place)


def _secrets(session: Session, row: Any, uid: UUID, entries: list[audit.AuditEntry]) -> dict[tuple[str, int, str], tuple[str, str]]:
    """Masks of the hidden old and new values; a value that was erased or cannot be opened stays hidden."""
    found: dict[tuple[str, int, str], tuple[str, str]] = {}
    kind: Any = type(row)
    sealed = crypto.secrets_of(kind)
    numbers = {(e.chain, e.number) for e in entries}
    chains = {chain for chain, _number in numbers}
    for chain in chains:
        wanted = [number for c, number in numbers if c == chain]
        statement = select(audit.AuditSecret).where(audit.AuditSecret.chain == chain, audit.AuditSecret.number.in_(wanted))
        for secret in session.scalars(statement):
            field = sealed.get(secret.field)
            if secret.field == audit.REASON and secret.new:
                place = crypto.place(row.__tablename__, audit.REASON, uid)
                found[secret.chain, secret.number, secret.field] = ("", crypto.keys().open(secret.new, place))
            elif field:
                context = field.context(kind, uid)
                old, new = (str(crypto.Sealed(blob, context, field.mask)) if blob else "" for blob in (secret.old, secret.new))
                found[secret.chain, secret.number, secret.field] = (old, new)
    return found


def _text(value: Any, formatter: Callable[[Any], Any] | None = None) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith("hmac:"):
        return "••••"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(formatter(value)) if formatter else str(value)
