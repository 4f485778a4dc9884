"""`flask setup`: the schema by Alembic, then keys, permissions, shipped roles and reference data. May be run at any time."""

import sqlite3
from contextlib import closing
from pathlib import Path

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import inspect, select
from sqlalchemy.exc import DatabaseError

from app import revisions
from app.accounts import roles, users
from app.core import clock, codes, crypto, keys, params, unit_of_work
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.extensions import db
from app.ledgers.people import duplicates


class NotReady(RuntimeError):
    """The database and the program do not fit each other."""


def setup() -> None:
    """Bring the database to this version of the program.

    Raises KeyLost when it was written with keys that are not here, NotReady when it was written by a newer version.
    """
    _must_not_be_newer()
    _take_or_make_keys()
    _copy_before_change()
    revisions.upgrade()
    use_journal_mode()
    with acting("setup"), looking_as(Scope.of([])), unit_of_work.unit_of_work() as session:
        keys.confirm(session)
        roles.sync(current_app.extensions["appbuilder"], session)
        codes.load(session)
        params.load(session)
        duplicates.load(session)


def unreachable(error: DatabaseError) -> str:
    """One line about a database that cannot be opened, without its address or password."""
    kind = type(error.orig).__name__
    return (
        f"DATABASE_URL: the database cannot be opened ({kind}). Start the database server, or check the address, the file and its rights."
    )


def must_be_ready() -> None:
    """Raise NotReady or KeyLost, with one line that says what to do, when this program cannot serve this database."""
    must_be_current()
    _take_or_make_keys()
    db.session.remove()


def must_be_current() -> None:
    """Raise NotReady when the schema is not the one of this program."""
    _must_not_be_newer()
    if _revision() != revisions.head():
        raise NotReady("The database is not at this version yet. Run: flask --app run setup")


def _must_not_be_newer() -> None:
    current = _revision()
    if current is not None and current not in revisions.known():
        raise NotReady("The database was written by a newer version of the program. Start that version.")


def _revision() -> str | None:
    """The revision of the database."""
    with db.engine.connect() as connection:
        return revisions.of(connection)


def _take_or_make_keys() -> None:
    """A new database gets a new key; an old one without its key is never opened, because it would be written with another."""
    if inspect(db.engine).has_table("key_check"):
        if not crypto.is_ready():
            raise crypto.KeyLost("The data keys are missing: put the file data.keys back into the data folder, or set DATA_KEYS.")
        keys.must_fit(db.session())
    elif not crypto.is_ready():
        crypto.use(keys.make(current_app.config["DATA_KEYS_FILE"]))


def _copy_before_change() -> Path | None:
    """A SQLite database whose schema is about to change is copied to DATA_DIR/backups first; PostgreSQL has its own tools."""
    head = revisions.head()
    if _revision() in (None, head) or db.engine.dialect.name != "sqlite":
        return None
    folder: Path = current_app.config["DATA_DIR"] / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"before-{head}-{clock.now():%Y%m%d-%H%M%S}.db"
    with closing(sqlite3.connect(str(db.engine.url.database))) as source, closing(sqlite3.connect(target)) as copy:
        target.chmod(0o600)
        source.backup(copy)
    return target


def use_journal_mode() -> None:
    """SQLite: the journal that loses nothing with this library version (design of the engine, see unit_of_work)."""
    if db.engine.dialect.name == "sqlite":
        mode = current_app.config.get("SQLITE_JOURNAL_MODE") or unit_of_work.safe_journal_mode()
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA journal_mode={mode}")


def first_admin() -> tuple[str, str] | None:
    """(name, one-time password) of the first admin, made where nobody has an account yet."""
    if db.session.scalar(select(User.id).limit(1)) is not None:
        return None
    with acting("setup"), looking_as(Scope.of([])), unit_of_work.unit_of_work() as session:
        return users.first_admin(session)
