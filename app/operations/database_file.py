"""A database as one SQLite file: copied while others write, asked what it holds, examined.

A PostgreSQL office is copied into such a file too, row by row as of one moment, so that a backup can be tried on any machine.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, NullPool, create_engine, func, insert, inspect, select, table
from sqlalchemy.orm import Session

from app import revisions
from app.core import audit, ddl
from app.core.attachments import Attachment
from app.core.base import Model
from app.core.keys import INDEX, KeyCheck
from app.core.scope import elevated

PAGES = 1000  # copied at once: four megabytes, some milliseconds in which nobody writes
PAUSE = 0.005  # seconds between them
RESTARTS = 20  # of a copy that writers overtake; then the rest is copied at once, while they wait
ROWS = 2000  # of a table, read and written together


@dataclass(frozen=True)
class Contents:
    """What a database holds, as far as a manifest tells."""

    revision: str
    counts: dict[str, int]
    heads: dict[str, tuple[int, str]]
    key_ids: tuple[int, ...]


def take(engine: Engine, file: Path) -> None:
    """Copy the database of this engine into a new file, as it is at one moment, while others go on writing."""
    if engine.dialect.name == "sqlite":
        _copy_pages(str(engine.url.database), file)
    else:
        with _of_one_moment(engine) as source, opened(file) as target, target.begin() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # rows may refer to later ones; the copy is examined as a whole
            make_schema(connection)
            copy_rows(source, connection)
    file.chmod(0o600)


@contextmanager
def opened(file: Path) -> Iterator[Engine]:
    """The engine of a file; no connection stays open behind it."""
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def contents(file: Path) -> Contents:
    """What a file holds."""
    with opened(file) as engine, Session(engine) as session, elevated("backup"):
        connection = session.connection()
        revision = revisions.of(connection)
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        counts = {name: connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in sorted(names)}
        key_ids = session.scalars(select(KeyCheck.key_id).where(KeyCheck.key_id != INDEX).order_by(KeyCheck.key_id))
        return Contents(str(revision), counts, audit.heads(session), tuple(key_ids))


def attached(file: Path) -> list[tuple[UUID, str]]:
    """Identity and digest of each attached file a database tells of; none where it is older than attachments."""
    with opened(file) as engine, Session(engine) as session, elevated("backup"):
        if Attachment.__tablename__ not in inspect(session.connection()).get_table_names():
            return []
        told = select(Attachment.uid, Attachment.sha256).order_by(Attachment.uid)
        return [(uid, digest) for uid, digest in session.execute(told)]


def is_sound(file: Path) -> bool:
    """Whether SQLite finds neither damage nor a row without what it refers to."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return whole and connection.execute("PRAGMA foreign_key_check").fetchall() == []
    except sqlite3.Error:
        return False


def make_schema(connection: Connection) -> None:
    """The tables and triggers of this version, in an empty database."""
    Model.metadata.create_all(connection)
    ddl.refresh(connection)
    revisions.stamp(connection)


def copy_rows(source: Connection, target: Connection) -> None:
    """Every row of every table, each value by the type of its column; what the database computes by itself is left to it."""
    for each in Model.metadata.sorted_tables:
        columns = [column for column in each.columns if column.computed is None]
        rows = source.execution_options(yield_per=ROWS).execute(select(*columns))
        for some in rows.partitions():
            target.execute(insert(each), [dict(zip((c.key for c in columns), row, strict=True)) for row in some])


@contextmanager
def _of_one_moment(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements all see what was there at the first; nobody waits for it."""
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with elevated("backup"), engine.connect().execution_options(**options) as connection:
        yield connection


class _Overtaken(Exception):
    """Others write so often that a copy by pages begins again and again."""


def _copy_pages(path: str, file: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(file)) as copy:
        try:
            source.backup(copy, pages=PAGES, progress=_patience(RESTARTS), sleep=PAUSE)
        except _Overtaken:
            source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, whatever journal the office uses


def _patience(restarts: int) -> Callable[[int, int, int], None]:
    """SQLite begins anew when another connection has written: after some times the pages are no way any more."""
    seen = [0, 0]  # pages that were left, restarts

    def look(_status: int, left: int, _total: int) -> None:
        seen[1] += seen[0] > 0 and left > seen[0]
        seen[0] = left
        if seen[1] > restarts:
            raise _Overtaken

    return look
