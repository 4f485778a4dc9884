"""Rows as the driver takes them: one statement a table, without the layers between that cost more than the insert itself."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, insert, inspect

from app.core.base import Row


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
        self._names = tuple(compiled.positiontup or ())
        self._columns = tuple((name, *columns[name]) for name in self._names or columns)

    def row(self, values: Mapping[str, Any]) -> Any:
        """One row for the driver, from values by attribute; what is not there is empty."""
        get = values.get
        if self._names:
            return tuple([process(get(key)) if process else get(key) for _name, key, process in self._columns])
        return {name: process(get(key)) if process else get(key) for name, key, process in self._columns}

    def write(self, connection: Connection, rows: list[Any]) -> None:
        """Insert rows that row() made. Who writes rows of a scoped table has checked them."""
        if rows:
            connection.exec_driver_sql(self.statement, rows, execution_options={"rows_checked": True})


@lru_cache(maxsize=256)
def insertion(model: Any, dialect: Dialect) -> Insertion:
    """How rows of this class are written to this kind of database."""
    return Insertion(model, dialect)


def insert_rows(connection: Connection, model: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows of a table that no scope holds."""
    how = insertion(model, connection.dialect)
    how.write(connection, [how.row(values) for values in rows])
