"""Rows as the driver takes them: one statement a table, without the layers between that cost more than the insert itself."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Date, Dialect, LargeBinary, insert, inspect

from app.core.base import Row
from app.core.beside import beside

MOST_VALUES = 32_766  # of one statement of SQLite
BLOCK = 50  # rows by which statements grow: one for every number of rows would be too many to keep prepared
MANY = 100  # rows that are worth a work of their own
CHECKED = {"rows_checked": True}


class Insertion:
    """How rows of a class are written: the statement, and for each column how the driver wants its value."""

    def __init__(self, model: Any, dialect: Dialect) -> None:
        mapper: Any = inspect(model)
        given = None if issubclass(model, Row) else model.__table__.autoincrement_column  # a number that the table gives
        columns = {c.name: (key, _process(c.type, dialect)) for key, c in mapper.columns.items() if c is not given}
        compiled: Any = insert(model.__table__).inline().compile(dialect=dialect, column_keys=[*columns])
        self.statement = str(compiled)
        self._is_by_place = bool(compiled.positiontup)
        self._names = tuple(compiled.positiontup or columns)
        self._keys = tuple(columns[name][0] for name in self._names)
        self._processes = tuple((place, columns[name][1]) for place, name in enumerate(self._names) if columns[name][1])
        self._one = self.statement.partition(" VALUES ")[2]
        self._most = MOST_VALUES // len(self._names) // BLOCK * BLOCK if self._is_by_place else 0

    def row(self, values: Mapping[str, Any]) -> Any:
        """One row for the driver, from values by attribute; what is not there is empty."""
        told = [*map(values.get, self._keys)]
        for place, process in self._processes:
            told[place] = process(told[place])
        return tuple(told) if self._is_by_place else dict(zip(self._names, told, strict=True))

    def rows(self, same: Mapping[str, Any], key: str, each: Iterable[Any]) -> list[Any]:
        """Rows for the driver that differ in one column, whose values it takes as they are."""
        first, name = self.row(same), self._names[place := self._keys.index(key)]
        if not self._is_by_place:
            return [{**first, name: value} for value in each]
        before, after = first[:place], first[place + 1 :]
        return [(*before, value, *after) for value in each]

    def write(self, connection: Connection, rows: list[Any]) -> None:
        """Insert rows that row() made. Who writes rows of a scoped table has checked them."""
        done = 0
        values: Any = rows
        while left := len(rows) - done:
            if self._is_by_place:  # SQLite needs a third less for one statement than for one a row, and the interpreter far less often
                size = min(left // BLOCK * BLOCK, self._most) or left
                statement, values = ", ".join([self.statement, *[self._one] * (size - 1)]), tuple(chain(*rows[done : done + size]))
            else:
                size, statement = left, self.statement
            connection.exec_driver_sql(statement, values, execution_options=CHECKED)
            done += size


def _process(kind: Any, dialect: Dialect) -> Any:
    """How a value of this type is made what the driver takes. SQLite takes what SQLAlchemy would give it, made in a fifth of the time."""
    if dialect.name == "sqlite" and isinstance(kind, LargeBinary):
        return None
    if dialect.name == "sqlite" and isinstance(kind, Date):
        return lambda day: day and day.isoformat()
    return kind.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=256)
def insertion(model: Any, dialect: Dialect) -> Insertion:
    """How rows of this class are written to this kind of database."""
    return Insertion(model, dialect)


def insert_rows(connection: Connection, tables: Mapping[Any, list[Any]]) -> None:
    """Write rows that row() made, class by class in this order. SQLite may still be writing when this returns: see beside."""
    written = [(insertion(model, connection.dialect), rows) for model, rows in tables.items()]

    def write() -> None:
        for how, rows in written:
            how.write(connection, rows)

    if connection.dialect.name == "sqlite" and sum(map(len, tables.values())) >= MANY:
        beside(connection, write)
    else:
        write()
