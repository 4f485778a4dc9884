"""Append-only history: who changed what, field by field, in the transaction of the change, chained per town.

`after_flush` collects the differences (keys and defaults are known by then), `before_commit` writes them:
it flushes what is left, takes the head of each chain, numbers, hashes and inserts. Nothing follows but COMMIT.
"""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from flask import current_app
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import Connection, LargeBinary, String, Table, Text, bindparam, delete, event, inspect, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from app.core import clock, crypto
from app.core.base import Model
from app.core.hidden import digest_of
from app.core.insertion import insert_rows, insertion
from app.core.regions import TOWN_LENGTH
from app.core.scope import GuardedSession

SYSTEM = "system"  # users, roles, sign-ins
START = "0" * 64
AS_IT_IS = frozenset({str, int, bool, UUID, date, datetime})  # what the encoder writes as str() does
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
REASON = "reason"  # the detail of an act that holds what somebody wrote
GONE = "hmac:gone"  # stands for a value that was there, in the entry that tells that it is gone
AT_ONCE = 600  # entries inserted together
PAGE = 2000  # entries read at once when a chain is verified
UNTOLD = {
    "version",
    "last_login",
    "login_count",
    "fail_login_count",
    "changed_on",
    "created_on",
    "changed_by_fk",
    "created_by_fk",
    "scope_path",
}


class Audited:
    """Every change of these rows is written down. What a confidential row says is told by digests only, reasons included."""

    is_confidential = False


class ChainHead(Model):
    """The last number and hash of one chain; its row lock puts the commits of a town in order."""

    __tablename__ = "audit_head"
    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class AuditEntry(Model):
    """One thing somebody did. Never changed, never deleted. Without rowid, so that no hidden key can replace one."""

    __tablename__ = "audit_entry"
    __table_args__ = {"sqlite_with_rowid": False}
    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(128))
    office: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(36))
    act: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(80), index=True)
    detail: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))


class AuditSecret(Model):
    """The readable old or new value behind a digest in an entry; may be re-encrypted or erased."""

    __tablename__ = "audit_secret"
    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(64), primary_key=True)
    old: Mapped[bytes | None] = mapped_column(LargeBinary)
    new: Mapped[bytes | None] = mapped_column(LargeBinary)


Hidden = dict[str, tuple[bytes | None, bytes | None]]  # name of a secret → its old and new value, encrypted


@dataclass(slots=True)
class Note:
    """One entry before it has a number."""

    chain: str
    act: str
    target: str
    detail: dict[str, Any]
    secrets: Hidden = field(default_factory=dict)
    text: bytes = b""  # the detail as it is stored, of a row that was written in bulk: a twentieth of the memory


@dataclass(frozen=True)
class Actor:
    """Who acts, from which office, from which address, in which request."""

    name: str = "nobody"
    office: str = ""
    address: str = ""
    request_id: str = ""


_actor: ContextVar[Callable[[], Actor]] = ContextVar("actor", default=Actor)


def note(session: Session, act: str, row: Any, **detail: Any) -> None:
    """Say what an act or a bulk statement did to a row, for the history of this transaction."""
    found = Note(chain_of(row), act, target_of(row), detail)
    if getattr(row, "is_confidential", False) and detail.get("reason"):
        _hide_reason(row, found)
    _notes(session).append(found)


def _hide_reason(row: Any, found: Note) -> None:
    """Words somebody wrote about a confidential row are hidden like its values."""
    reason = found.detail[REASON]
    found.detail[REASON] = digest_of(row, reason)
    found.secrets[REASON] = (None, crypto.keys().seal(reason, crypto.place(row.__tablename__, REASON, row.uid)))


def created(session: Session, model: Any, row: Any) -> None:
    """Say that a row of this model is new where no flush says it: it is written by a bulk statement of this transaction."""
    values, (told, secrets) = row.__dict__, _told_names(model)
    found = ((name, values.get(name)) for name in told)
    detail = {name: (None, value if value.__class__ in AS_IT_IS else str(value)) for name, value in found if value is not None}
    hidden: Hidden = {label: (None, values[name]) for name, label in secrets if values.get(name) is not None}
    for label in hidden:
        detail[label] = (None, crypto.digest(row.plain[label]))
    text = orjson.dumps(detail, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)
    _notes(session).append(Note(chain_of(row), "create", target_of(row), {}, hidden, bytes(memoryview(text))))  # a copy has its own length


def tell(session: Session, row: Any, **changes: tuple[Any, Any]) -> None:
    """Add (old, new) of what stands in other tables to the one entry this transaction has for a row."""
    session.flush()
    _merge(_notes(session), Note(chain_of(row), "change", target_of(row), {name: list(pair) for name, pair in changes.items()}))


def note_about(session: Session, act: str, target: str, chain: str = SYSTEM, **detail: Any) -> None:
    """Say what happened to something that is not one row: an office, an account, a list."""
    _notes(session).append(Note(chain, act, target, detail))


def note_apart(act: str, target: str, chain: str = SYSTEM, **detail: Any) -> None:
    """Write a refusal in its own transaction. Roll the refused one back first: SQLite has one writer."""
    db = current_app.extensions["sqlalchemy"]
    db.session.rollback()
    with GuardedSession(db) as session, session.begin():
        _notes(session).append(Note(chain, act, target, detail))


def _notes(session: Session) -> list[Note]:
    return session.info.setdefault("notes", [])  # type: ignore[no-any-return]


def chain_of(row: Any) -> str:
    """The chain that tells of a row: its town's, else the one of the system."""
    return path_of(row)[:TOWN_LENGTH] or SYSTEM


def path_of(row: Any) -> str:
    """The office a row belongs to, or that made it; nothing where it belongs to none."""
    return getattr(row, "scope_path", None) or getattr(row, "audit_path", None) or ""


def target_of(row: Any) -> str:
    """How the history names a row: table and public identity, never a value."""
    return f"{row.__tablename__}/{getattr(row, 'uid', None) or row.id}"


def forget(session: Session, row: Any) -> None:
    """Nobody can read any more what the history holds of a row. The entries stay with their digests, and the chain stays whole."""
    secret, entry = _table(AuditSecret), _table(AuditEntry)
    its = select(entry.c.chain, entry.c.number).where(entry.c.target == target_of(row))
    session.execute(delete(secret).where(tuple_(secret.c.chain, secret.c.number).in_(its)))
    for waiting in _notes(session):
        if waiting.target == target_of(row):
            waiting.secrets.clear()


def history_of(session: Session, row: Any, uid: UUID | None = None) -> list[AuditEntry]:
    """Everything written down about one row, oldest first, whichever chain it stands in. The row itself must be in scope.

    With `uid` it is that of another row of the table, which was merged into this one.
    """
    target = f"{row.__tablename__}/{uid}" if uid else target_of(row)
    return list(session.scalars(select(AuditEntry).where(AuditEntry.target == target).order_by(AuditEntry.at, AuditEntry.number)))


def fits(session: Session, entries: Collection[AuditEntry]) -> bool:
    """Whether each of these entries fits its own hash and the entry before it: what `verify` asks of whole chains, of one row."""
    place, found = tuple_(AuditEntry.chain, AuditEntry.number), (AuditEntry.chain, AuditEntry.number, AuditEntry.hash)
    earlier = [(entry.chain, entry.number - 1) for entry in entries if entry.number > 1]
    known = {(c, n): digest for c, n, digest in session.execute(select(*found).where(place.in_(earlier)))}
    known |= {(entry.chain, 0): START for entry in entries}
    told = [{column.name: getattr(entry, column.name) for column in _table(AuditEntry).columns} for entry in entries]
    return all(one["hash"] == _hash(known.get((one["chain"], one["number"] - 1), ""), one) for one in told)


@event.listens_for(Audited, "attribute_instrument", propagate=True)
def _know_old_values(cls: type, key: str, attribute: Any) -> None:
    """Setting an expired attribute loads it first; otherwise the history would say that the old value was empty."""
    if hasattr(attribute.property, "columns"):
        attribute.impl.active_history = True


@event.listens_for(GuardedSession, "after_flush")
def _collect(session: Session, _: Any) -> None:
    for act, rows in (("create", session.new), ("change", session.dirty), ("delete", session.deleted)):
        for row in rows:
            if isinstance(row, Audited | User | Role):
                found = Note(chain_of(row), act, target_of(row), {})
                _differences(row, act, found)
                if found.detail or act == "delete":
                    _merge(_notes(session), found)


def _merge(notes: list[Note], found: Note) -> None:
    """Autoflush may split one change in two: within a transaction a row has one entry, first old to last new."""
    for earlier in notes:
        if earlier.target == found.target and earlier.act in ("create", "change") and found.act == "change":
            if earlier.text:
                earlier.detail, earlier.text = json.loads(earlier.text), b""
            for name, change in found.detail.items():
                earlier.detail[name] = _net(earlier.detail[name], change) if name in earlier.detail else change
            for name, (old, new) in found.secrets.items():
                earlier.secrets[name] = (earlier.secrets.get(name, (old,))[0], new)
            _forget_what_came_back(notes, earlier)
            return
    notes.append(found)


def _net(first: list[Any], second: list[Any]) -> list[Any]:
    """Two changes of one field as one. Of a collection they are what went and what came."""
    if not isinstance(second[0], list):
        return [first[0], second[1]]
    (went, came), (went_then, came_then) = ((set(a), set(b)) for a, b in (first, second))
    return [sorted(went - came_then | went_then - came), sorted(came - went_then | came_then - went)]


def _forget_what_came_back(notes: list[Note], merged: Note) -> None:
    for name in [name for name, (old, new) in merged.detail.items() if old == new]:
        del merged.detail[name]
        merged.secrets.pop(name, None)
    if merged.act == "change" and not merged.detail:
        notes.remove(merged)


def _differences(row: Any, act: str, collected: Note) -> None:
    """Old and new of each changed column; of collections through a link table, what came and went."""
    state, mapper = inspect(row), inspect(row).mapper
    kind: Any = type(row)
    for name, column in told_columns(kind):
        if act == "change":
            history = state.attrs[name].history
            before, after = (side[0] if side else None for side in (history.deleted, history.added))
        else:
            before, after = (None, state.dict.get(name)) if act == "create" else (getattr(row, name), None)
        if before != after:
            _tell(collected, row, name, column, (before, after), is_last=act == "delete" or getattr(row, "is_closed", False))
    for link in mapper.relationships:
        if link.secondary is not None and link.key in ("roles", "permissions", "groups"):
            history = state.attrs[link.key].history
            if history.added or history.deleted:
                collected.detail[link.key] = [sorted(map(str, history.deleted or ())), sorted(map(str, history.added or ()))]


@lru_cache(maxsize=256)
def told_columns(model: Hashable) -> tuple[tuple[str, Any], ...]:
    """(attribute, column) of what the history tells of a table."""
    mapper: Any = inspect(model)
    told = [(name, column) for name, column in mapper.columns.items() if name not in UNTOLD]
    return tuple((name, column) for name, column in told if not (column.info.get("blind") or column.info.get("sealed")))


@lru_cache(maxsize=256)
def _told_names(model: Hashable) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What the history tells of a new row: the attributes, and (attribute, name) of the secrets."""
    secrets = {name for name, column in told_columns(model) if column.info.get("secret")}
    told = tuple(str(name) for name, _column in told_columns(model) if name not in secrets)  # the fast encoder wants plain names
    return told, tuple((name, name.removesuffix("_enc")) for name in sorted(secrets))


def _tell(collected: Note, row: Any, name: str, column: Any, pair: tuple[Any, Any], *, is_last: bool) -> None:
    """Old and new value of one column; of a secret the keyed digests, and beside them what may be re-encrypted.

    Of the last change of a confidential row, which takes its content away, nothing can be read any more.
    """
    if column.info.get("secret"):
        model: Any = type(row)
        label = name.removesuffix("_enc")
        if is_last and getattr(row, "is_confidential", False):
            collected.detail[label] = [GONE, None]
            return
        context = getattr(model, label).context(model, row.uid)
        collected.detail[label] = [digest_of(row, blob and crypto.keys().open(blob, context)) for blob in pair]
        collected.secrets[label] = pair
    elif name == "password" or column.info.get("digested"):
        collected.detail[name] = [crypto.digest(value) for value in pair]
    else:
        collected.detail[name] = [_plain(value) for value in pair]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int)) else str(value)


@event.listens_for(GuardedSession, "before_commit")
def _write(session: Session) -> None:
    session.flush()
    by_chain: dict[str, list[Note]] = defaultdict(list)
    for one in session.info.pop("notes", []):
        by_chain[one.chain].append(one)
    if by_chain:
        _append(session.connection(), by_chain)


def _append(connection: Connection, by_chain: dict[str, list[Note]]) -> None:
    """Write the next entries of each chain, and its new head."""
    in_order = sorted(by_chain)  # always, so that two acts cannot wait for each other
    heads = {chain: _take_head(connection, chain, len(by_chain[chain])) for chain in in_order}
    entry_row, secret_row = (insertion(model, connection.dialect).row for model in (AuditEntry, AuditSecret))
    entries: list[Any] = []
    hidden: list[Any] = []
    hashes: list[dict[str, str]] = []
    who = _actor.get()()
    same = {"at": clock.now().isoformat(timespec="microseconds"), "actor": who.name}
    same |= {"office": who.office, "address": who.address, "request_id": who.request_id}
    for chain, (last, last_hash) in heads.items():
        previous = last_hash
        for number, one in enumerate(by_chain.pop(chain), last + 1):
            if len(entries) >= AT_ONCE:
                insert_rows(connection, {AuditEntry: entries, AuditSecret: hidden})
                entries, hidden = [], []
            entry: dict[str, Any] = {**same, "chain": chain, "number": number, "act": one.act, "target": one.target}
            entry["detail"] = one.text.decode() or _canonical(one.detail)
            entry["hash"] = previous = _hash(previous, entry)
            entries.append(entry_row(entry))
            for name, (old, new) in one.secrets.items():
                if old or new:
                    hidden.append(secret_row({"chain": chain, "number": number, "field": name, "old": old, "new": new}))
        hashes.append({"its": chain, "last": previous})
    insert_rows(connection, {AuditEntry: entries, AuditSecret: hidden})
    head = _table(ChainHead)
    follow = update(head).where(head.c.chain == bindparam("its")).values(hash=bindparam("last"))
    connection.execute(follow, hashes)


def _take_head(connection: Connection, chain: str, more: int) -> tuple[int, str]:
    """The last number and hash of a chain; the next `more` numbers belong to this transaction, and others wait until it ends."""
    head = _table(ChainHead)
    take = update(head).where(head.c.chain == chain).values(number=head.c.number + more).returning(head.c.number, head.c.hash)
    found = connection.execute(take).one_or_none()
    if found is None:
        _open_chain(connection, chain)
        found = connection.execute(take).one()
    return found.number - more, found.hash


def _open_chain(connection: Connection, chain: str) -> None:
    insert_if_new: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert_if_new(_table(ChainHead)).values(chain=chain, number=0, hash=START).on_conflict_do_nothing())


def _canonical(value: Any) -> str:
    """JSON with sorted keys, without blanks and escapes: the bytes that every hash of a chain was made of, whoever writes them."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # keys that are not plain text, numbers of more than 64 bits: only the slower encoder writes them
        return CANONICAL.encode(value)


def _hash(previous: str, entry: dict[str, Any]) -> str:
    """The hash of an entry that has none yet, or whose own is left out."""
    told = {k: v for k, v in entry.items() if k != "hash"} if "hash" in entry else entry
    return hashlib.sha256((previous + _canonical(told)).encode()).hexdigest()


def _table(cls: Any) -> Table:
    return cls.__table__  # type: ignore[no-any-return]


@event.listens_for(GuardedSession, "after_soft_rollback")
def _forget(session: Session, _: Any) -> None:
    session.info.pop("notes", None)


@event.listens_for(GuardedSession, "do_orm_execute")
def _no_silent_bulk(state: ORMExecuteState) -> None:
    """A bulk statement skips the history: whoever issues one notes it, and says so by `noted=True`."""
    is_bulk = (state.is_update or state.is_delete or state.is_insert) and state.bind_mapper is not None
    if is_bulk and issubclass(state.bind_mapper.class_, Audited) and not state.execution_options.get("noted"):  # type: ignore[union-attr]
        raise RuntimeError(f"bulk statement on {state.bind_mapper.class_.__name__} without its own history")  # type: ignore[union-attr]


def verify(session: Session, kept: Mapping[str, Collection[tuple[int, str]]] | None = None) -> Iterator[str]:
    """Name the first wrong number of each chain; silence means that all is well.

    `kept` are heads kept outside the database (chain → numbers with their hashes): with them a tail that was cut off
    together with its head is found too, even when the chain has grown again since.
    """
    known = kept or {}
    chains = set(session.scalars(select(ChainHead.chain))) | set(known) | set(session.scalars(select(AuditEntry.chain).distinct()))
    for chain in sorted(chains):
        problem = _first_wrong(session, chain, known.get(chain, ()))
        if problem:
            yield f"{chain}: {problem}"


def _first_wrong(session: Session, chain: str, kept: Collection[tuple[int, str]]) -> str | None:
    """What is wrong with the first wrong entry. The head is read after the entries, and again while they grow: offices go on working."""
    number, previous, seen = 0, START, -1
    while seen < number:
        seen = number
        for row in _entries(session, chain, after=number or None):
            number += 1
            if row["number"] != number or not hmac.compare_digest(row["hash"], _hash(previous, row)):
                return f"entry {number} is missing or was changed"
            previous = row["hash"]
            if any(n == number and h != previous for n, h in kept):
                return f"entry {number} is not the one the kept heads tell of"
        head = _head(session, chain)
        if head[0] <= number:
            break
    return _tail_wrong(number, previous, head, max((n for n, _ in kept), default=0))


def _tail_wrong(number: int, previous: str, head: tuple[int, str], kept: int) -> str | None:
    if head[0] > number:
        return f"entry {number + 1} is missing, the tail was cut"
    if head[0] < number:
        return f"entry {head[0] + 1} was added by hand, the head does not know it"
    if head[1] != previous:
        return f"entry {number} is not the one the head tells of"
    return f"entry {number + 1} is missing, the kept heads tell of {kept} entries" if kept > number else None


def _head(session: Session, chain: str) -> tuple[int, str]:
    found = session.execute(select(ChainHead.number, ChainHead.hash).where(ChainHead.chain == chain)).one_or_none()
    return (found.number, found.hash) if found else (0, START)


def _entries(session: Session, chain: str, after: int | None) -> Iterator[dict[str, Any]]:
    """The entries of a chain in order, read by key in pages: an open stream would hold a lock on SQLite."""
    while True:
        beyond = [] if after is None else [AuditEntry.number > after]
        statement = select(*_table(AuditEntry).columns).where(AuditEntry.chain == chain, *beyond)
        rows = session.execute(statement.order_by(AuditEntry.number).limit(PAGE)).mappings().all()
        yield from (dict(row) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1]["number"]


def heads(session: Session) -> dict[str, tuple[int, str]]:
    """Chain → last number and hash: what the daily job appends to a file outside the database."""
    return {h.chain: (h.number, h.hash) for h in session.scalars(select(ChainHead).order_by(ChainHead.chain))}


@contextmanager
def acting(name: str) -> Iterator[None]:
    """Name the actor where there is no request: commands, jobs, tests."""
    token = _actor.set(lambda: Actor(name))
    try:
        yield
    finally:
        _actor.reset(token)
