"""One act, one transaction: the write lock is taken first, what will change is read under it, then all or nothing."""

import hashlib
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, SessionTransaction

from app.core import keys
from app.extensions import db

BUSY_SECONDS = 5  # how long SQLite waits for a lock before it says so, unless the setting says otherwise
EVERYTHING = 0  # the advisory lock that every turn shares
READY = 64  # statements that stay prepared: one with a thousand places takes a hundred kilobytes, in each connection
ATTEMPTS = 3  # so that a form is answered "busy" after a quarter of a minute at most
FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))  # first releases with the WAL-reset fix, by branch


class Busy(RuntimeError):
    """The database stayed locked; nothing was done, the same form can be sent again."""


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Run one act. Rows loaded before are expired, so that every read inside sees the locked state."""
    session: Session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("a unit of work starts on a clean session")
    if session.info.get("unit_of_work"):
        raise RuntimeError("a unit of work does not nest")
    session.rollback()
    _take_write_lock(session)
    session.info["unit_of_work"] = True
    try:
        keys.keep_up(session.connection())
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("unit_of_work", None)


def _take_write_lock(session: Session) -> None:
    """SQLite has one writer: queue for it here, before any read, instead of failing at the first write.

    Asked every few milliseconds: SQLite's own waiting backs off to 100 ms and lets late comers pass.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return
    patience = int(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())
    deadline = time.monotonic() + ATTEMPTS * patience / 1000
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if "locked" not in str(error):
                    raise
                if time.monotonic() > deadline:
                    break
                time.sleep(random.uniform(0.001, 0.005))  # noqa: S311  (spreads the tries; not a secret)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
    session.rollback()
    raise Busy(_("The database is busy. Nothing was saved; send it again."))


def take_turn(session: Session, key: str) -> None:
    """Two who work on the same thing at once: the second waits here, then finds what the first saved. SQLite has one writer anyway."""
    if session.connection().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)
        session.execute(select(func.pg_advisory_xact_lock_shared(EVERYTHING), func.pg_advisory_xact_lock(number)))


def take_every_turn(session: Session) -> None:
    """Who works on many things at once waits for everybody who took a turn, and everybody waits until this transaction ends."""
    if session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(EVERYTHING)))


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the WAL-reset fix; without it a commit beside a checkpoint may be lost (3.7.0 to 3.51.2)."""
    return version >= FIXED[0] or any(version[:2] == fixed[:2] and version >= fixed for fixed in FIXED[1:])


def safe_journal_mode() -> str:
    """WAL where the library is fixed, else the rollback journal."""
    return "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "DELETE"


def engine_options(url: str, busy_seconds: int = BUSY_SECONDS) -> dict[str, Any]:
    """SQLite's driver begins a transaction by itself before INSERT, UPDATE, DELETE; reads stay outside one."""
    if url.startswith("sqlite"):
        return {"connect_args": {"isolation_level": "IMMEDIATE", "timeout": busy_seconds, "cached_statements": READY}}
    return {}


@event.listens_for(Engine, "connect")
def _pragmas(driver: Any, record: Any) -> None:
    if type(driver).__module__.startswith("sqlite3"):
        for pragma in ("foreign_keys=ON", "recursive_triggers=ON", "synchronous=FULL", "secure_delete=ON"):
            driver.execute(f"PRAGMA {pragma}")


@event.listens_for(Session, "after_transaction_create")
def _no_savepoints(session: Session, transaction: SessionTransaction) -> None:
    """The driver opens no transaction before SAVEPOINT, and history is written once per act."""
    if transaction.nested:
        raise RuntimeError("no savepoints: one act is one transaction")
