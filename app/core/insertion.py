"""Rows as the driver takes them: one statement a table, without the layers between that cost more than the insert itself."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect, insert, inspect

from app.core.base import Row

SIZES = (1000, 200, 20)  # rows of one statement, as far as their values have room in it
MOST_VALUES = 32_766  # of one statement of SQLite
CHECKED = {"rows_checked": True}


class Insertion:
    """How rows of a class are written: the statement, and for each column how the driver wants its value."""

    def __init__(self, model: Any, dialect: Dialect) -> None:
        mapper: Any = inspect(model)
        given = None if issubclass(model, Row) else model.__table__.autoincrement_column  # a number that the table gives
        columns = {
            c.name: (key, c.type.dialect_impl(dialect).bind_processor(dialect)) for key, c in mapper.columns.items() if c is not given
        }
        compiled: Any = insert(model.__table__).inline().compile(dialect=dialect, column_keys=[*columns])
        self.statement = str(compiled)
        self._is_by_place = bool(compiled.positiontup)
        self._names = tuple(compiled.positiontup or columns)
        self._keys = tuple(columns[name][0] for name in self._names)
        self._processes = tuple((place, columns[name][1]) for place, name in enumerate(self._names) if columns[name][1])
        one = self.statement.partition(" VALUES ")[2]
        sizes = [size for size in SIZES if self._is_by_place and size * len(self._names) <= MOST_VALUES]
        self._many = tuple((size, ", ".join([self.statement, *[one] * (size - 1)])) for size in sizes)

    def row(self, values: Mapping[str, Any]) -> Any:
        """One row for the driver, from values by attribute; what is not there is empty."""
        told = [*map(values.get, self._keys)]
        for place, process in self._processes:
            told[place] = process(told[place])
        return tuple(told) if self._is_by_place else dict(zip(self._names, told, strict=True))

    def write(self, connection: Connection, rows: list[Any]) -> None:
        """Insert rows that row() made. Who writes rows of a scoped table has checked them."""
        done = 0
        for size, statement in self._many:  # SQLite needs a third less for one statement than for one a row
            while len(rows) - done >= size:
                values = tuple(chain.from_iterable(rows[done : done + size]))
                connection.exec_driver_sql(statement, values, execution_options=CHECKED)
                done += size
        if left := rows[done:]:
            connection.exec_driver_sql(self.statement, left, execution_options=CHECKED)


@lru_cache(maxsize=256)
def insertion(model: Any, dialect: Dialect) -> Insertion:
    """How rows of this class are written to this kind of database."""
    return Insertion(model, dialect)


def insert_rows(connection: Connection, model: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows of a table that no scope holds."""
    how = insertion(model, connection.dialect)
    how.write(connection, [how.row(values) for values in rows])
