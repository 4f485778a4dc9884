"""A restored office moves into an empty PostgreSQL database: the same rows, with the same numbers."""

from collections.abc import Iterator
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import DDL, Connection, Engine, func, inspect, select

from app.core.base import Model
from app.core.errors import RuleViolation
from app.core.scope import elevated
from app.operations import database_file


def fill(engine: Engine, file: Path) -> None:
    """Copy every row of a SQLite file of this version. All or nothing. Raises RuleViolation for a database that is not empty."""
    must_be_empty(engine)
    with elevated("restore"), database_file.opened(file) as old, old.connect() as source, engine.begin() as target:
        database_file.make_schema(target)
        for table, key in _foreign_keys(target):  # rows may refer to later ones
            _say(target, f"ALTER TABLE {table} ALTER CONSTRAINT {key} DEFERRABLE INITIALLY DEFERRED")
        database_file.copy_rows(source, target)
        _say(target, "SET CONSTRAINTS ALL IMMEDIATE")
        for table, key in _foreign_keys(target):
            _say(target, f"ALTER TABLE {table} ALTER CONSTRAINT {key} NOT DEFERRABLE")
        _count_on(target)


def must_be_empty(engine: Engine) -> None:
    """Raises RuleViolation where something is in the database, or where it is none of PostgreSQL."""
    if engine.dialect.name != "postgresql":
        raise RuleViolation.one(_("DATABASE_URL does not name a PostgreSQL database. The folder holds the office already."))
    if inspect(engine).get_table_names():
        raise RuleViolation.one(_("The database of DATABASE_URL is not empty. A backup is restored into an empty one."))


def _say(connection: Connection, statement: str) -> None:
    connection.execute(DDL(statement))  # type: ignore[no-untyped-call]


def _foreign_keys(connection: Connection) -> Iterator[tuple[str, str]]:
    look, quote = inspect(connection), connection.dialect.identifier_preparer.quote
    for table in look.get_table_names():
        yield from ((quote(table), quote(str(key["name"]))) for key in look.get_foreign_keys(table))


def _count_on(connection: Connection) -> None:
    """New rows get numbers after those that came."""
    for table in Model.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        last = connection.scalar(select(func.max(column)))
        if sequence and last:
            connection.execute(select(func.setval(sequence, last)))
