"""Data keys change: a new one is added, every sealed value moves to it in batches beside the clerks, an old one goes when nothing uses it.

Killed anywhere, it goes on where it was: what is still sealed with an older key says so itself. Chained entries, versions and
history of the rows stay as they are, and so does the index key, on which blind indexes and the digests of the history rest.
"""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import Connection, Row, bindparam, column, delete, func, select, table, update
from sqlalchemy.orm import Session

from app.core import attachment_files, audit, clock, crypto, files, keys
from app.core.audit import AuditEntry
from app.core.crypto import KeyLost
from app.core.errors import RuleViolation
from app.core.keys import KeyCheck
from app.core.scope import elevated
from app.core.unit_of_work import take_turn, unit_of_work
from app.extensions import db
from app.operations import sealed_values
from app.operations.sealed_values import Place

BATCH = 500  # rows; some ten milliseconds for which clerks wait
PAUSE = 0.02  # seconds between two batches, so that whoever waits comes in
PATIENCE = 60  # seconds for work of others that began before the new key was known
PASSES = 20  # over all tables: each takes what somebody was just writing when the one before came by
RETIRE_AFTER = timedelta(hours=1)  # what was sealed before the rotation and is not stored yet, an import say, is by then
LOCKS = table("pg_locks", column("locktype"), column("virtualtransaction"), column("pid"))
ACTIVITY = table("pg_stat_activity", column("pid"), column("datname"))


def rotate() -> tuple[int, Counter[int]]:
    """Move every value to the newest key, adding one first where no rotation is under way. Answers its id and how many values it holds.

    Raises RuleViolation when the keys cannot be changed from here, or when something stays locked.
    """
    with unit_of_work() as session:
        newest, began = _begin(session)
    _let_others_finish()
    for _pass in range(PASSES):
        for place in sealed_values.places():
            _reseal(place, newest)
        _reseal_files(newest)
        if found := _end(newest, began):
            return newest, found
        time.sleep(PAUSE)
    raise RuleViolation.one(_("Somebody keeps some values locked. Send the command again: it goes on where it was."))


def retire(key_id: int) -> Path | None:
    """Forget an old key after proving that nothing uses it. Answers the file with the keys that remain, where they come from DATA_KEYS.

    Raises RuleViolation while a value is sealed with it, or its rotation has only just ended.
    """
    keys_in_use = crypto.keys()
    keys_in_use.learn()
    _must_be_old(key_id)
    _let_others_finish()
    with unit_of_work() as session:
        take_turn(session, "data keys")
        _must_be_unused(session, key_id)
        keys.confirm(session)
        if session.execute(delete(KeyCheck).where(KeyCheck.key_id == key_id)).rowcount:  # type: ignore[attr-defined]
            audit.note_about(session, "retire_key", f"data_key/{key_id}")
    return _forget(key_id)


def listed() -> Counter[int]:
    """Every key that is here or was used, with the number of values it has sealed."""
    with elevated("key rotation"):
        found = sealed_values.by_key(db.session().connection())
    return Counter({key_id: found[key_id] for key_id in {*crypto.keys().secrets.by_id, *found}})


def _begin(session: Session) -> tuple[int, str]:
    """The key everything moves to, and since when. From here on nobody writes with an older one: a unit of work looks first."""
    take_turn(session, "data keys")
    crypto.keys().learn()
    if _is_over(session, crypto.keys().newest):
        _add()
    newest = crypto.keys().newest
    keys.confirm(session)
    began = _told_at(session, "add_key", newest)
    if began is None:
        began = clock.now().isoformat(timespec="microseconds")
        audit.note_about(session, "add_key", f"data_key/{newest}")
    return newest, began


def _is_over(session: Session, newest: int) -> bool:
    """Whether nothing is left to do for the newest key."""
    is_begun = _told_at(session, "add_key", newest) is not None
    if is_begun or newest not in set(session.scalars(select(KeyCheck.key_id))):
        return _told_at(session, "rotate_keys", newest) is not None
    return not _left(session.connection(), newest)


def _add() -> None:
    file: Path | None = current_app.config["DATA_KEYS_FILE"]
    if file is None:
        raise RuleViolation.one(
            _("The keys come from DATA_KEYS. Add one with the next number there, start every process again, then send this once more.")
        )
    keys.add(file)


def _told_at(session: Session, act: str, key_id: int) -> str | None:
    """When the history tells of this act on a key, if it does."""
    told = select(AuditEntry.at).where(AuditEntry.target == f"data_key/{key_id}", AuditEntry.act == act)
    return session.scalar(told.order_by(AuditEntry.number.desc()).limit(1))


def _let_others_finish() -> None:
    """Wait until every transaction that is under way has ended: it may still write with an older key. SQLite has one writer."""
    if db.engine.dialect.name != "postgresql":
        return
    before, deadline = _transactions(), time.monotonic() + PATIENCE
    while before & _transactions():
        if time.monotonic() > deadline:
            raise RuleViolation.one(_("Work that began earlier has not ended yet. Send the command again: it goes on where it was."))
        time.sleep(PAUSE)


def _transactions() -> set[str]:
    """The transactions of others in this database."""
    own = ACTIVITY.c.datname == func.current_database(), LOCKS.c.pid != func.pg_backend_pid(), LOCKS.c.locktype == "virtualxid"
    with db.engine.connect() as connection:
        return set(connection.scalars(select(LOCKS.c.virtualtransaction).join(ACTIVITY, ACTIVITY.c.pid == LOCKS.c.pid).where(*own)))


def _reseal(place: Place, newest: int) -> None:
    """Move the values of one table, each batch in a transaction of its own. Rows that somebody is writing are left for the next pass."""
    last: tuple[Any, ...] = ()
    while True:
        with unit_of_work() as session, elevated("key rotation"):
            beyond = [sealed_values.after(place.key, last)] if last else []
            wanted = place.rows().where(place.stale(newest), *beyond).order_by(*place.key).limit(BATCH)
            rows = session.connection().execute(wanted.with_for_update(of=place.table, skip_locked=True)).all()
            for sealed in place.columns:
                _move(session.connection(), place, sealed, rows, newest)
        if not rows:
            return
        last = tuple(rows[-1][: len(place.key)])
        time.sleep(PAUSE)


def _reseal_files(newest: int) -> None:
    """Encrypt attached files anew, each by itself: what is not done yet says so by the key id in front. Gone ones are passed by.

    Not beside a backup: it may have copied the keys before the newest was added.
    """
    data: Path = current_app.config["DATA_DIR"]
    for uid in attachment_files.present(data):
        if attachment_files.key_of(data, uid) in (newest, None):
            continue
        if attachment_files.is_copied(data):
            raise RuleViolation.one(_("A backup is at work. Send the command again when it has ended: it goes on where it was."))
        try:
            attachment_files.seal_anew(data, uid)
        except FileNotFoundError:
            continue
        except KeyLost:
            told = _(
                "The file of the attachment %(uid)s cannot be opened: it was damaged, or its key is not here. It stays as it is.", uid=uid
            )
            raise RuleViolation.one(told) from None


def _move(connection: Connection, place: Place, sealed: Any, rows: Iterable[Row[Any]], newest: int) -> None:
    """Write the values of one column anew where they still are what was read. Neither version nor history of the row changes."""
    found = [row for row in rows if (value := row._mapping[sealed]) and value[0] != newest]
    same = [key == bindparam(f"of_{key.name}") for key in place.key]
    statement = update(place.table).where(*same, sealed == bindparam("was")).values({sealed: bindparam("now")})
    words = [
        {"was": row._mapping[sealed], "now": _resealed(row._mapping[sealed], place.bound_to(row, sealed))}
        | {f"of_{key.name}": row._mapping[key] for key in place.key}
        for row in found
    ]
    if words:
        connection.execute(statement, words)


def _resealed(value: bytes, context: str) -> bytes:
    try:
        return crypto.keys().seal(crypto.keys().open(value, context), context)
    except KeyLost:
        told = _("The value %(place)s cannot be opened: it was damaged, or its key is not here. It stays as it is.", place=context)
        raise RuleViolation.one(told) from None


def _end(newest: int, began: str) -> Counter[int] | None:
    """Write one entry about the whole rotation, once nothing is left of an older key; None while something is."""
    with unit_of_work() as session:
        take_turn(session, "data keys")
        if _left(session.connection(), newest):
            return None
        with elevated("key rotation"):
            used = sealed_values.usage(session.connection())
        if _told_at(session, "rotate_keys", newest) is None:
            values = {name: count.total() for name, count in used.items()}
            audit.note_about(session, "rotate_keys", f"data_key/{newest}", began=began, ended=_written(clock.now()), values=values)
        return sum(used.values(), Counter())


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _left(connection: Connection, newest: int) -> int:
    """How many values older keys have sealed."""
    with elevated("key rotation"):
        return sum(count for key_id, count in sealed_values.by_key(connection).items() if key_id != newest)


def _must_be_old(key_id: int) -> None:
    known = crypto.keys().secrets.by_id
    if key_id not in known:
        raise RuleViolation.one(
            _("There is no key %(id)s here. There are: %(known)s.", id=key_id, known=", ".join(map(str, sorted(known))))
        )
    if key_id == crypto.keys().newest:
        raise RuleViolation.one(_("Key %(id)s is the newest: everything new is sealed with it. It cannot be retired.", id=key_id))


def _must_be_unused(session: Session, key_id: int) -> None:
    with elevated("key rotation"):
        count = sealed_values.by_key(session.connection())[key_id]
    if count:
        raise RuleViolation.one(_("%(n)s values are sealed with key %(id)s. Send: flask --app run key rotate", n=count, id=key_id))
    ended = _told_at(session, "rotate_keys", crypto.keys().newest)
    if ended is None:
        raise RuleViolation.one(_("The rotation to key %(id)s has not ended. Send: flask --app run key rotate", id=crypto.keys().newest))
    if clock.now() - datetime.fromisoformat(ended) < RETIRE_AFTER:
        raise RuleViolation.one(_("The rotation ended less than an hour ago; work that began before it may not be stored yet. Try later."))


def _forget(key_id: int) -> Path | None:
    """Take the key out of the file; keys of the environment are written beside it, for whoever runs the office to set."""
    file: Path | None = current_app.config["DATA_KEYS_FILE"]
    if file is not None:
        keys.keep_without(file, key_id)
        return None
    remaining: Path = current_app.config["DATA_DIR"] / "remaining.keys"
    files.replace(remaining, keys.written(crypto.keys().secrets.without(key_id)))
    return remaining
