"""Rows as the driver takes them: one statement a table, without the layers between that cost more than the insert itself."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import lru_cache
from itertools import chain
from threading import Thread
from typing import Any

from sqlalchemy import Connection, Dialect, insert, inspect
from sqlalchemy.orm import Session

from app.core.base import Row

SIZES = (200, 20)  # rows of one statement
MOST_VALUES = 32_766  # of one statement of SQLite
CHECKED = {"rows_checked": True}
FEW = 200  # rows for which a second thread is not worth its while


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


Part = tuple[Insertion, list[Any]]  # rows of one table, as row() makes them


@lru_cache(maxsize=256)
def of(model: Any, dialect: Dialect) -> Insertion:
    """How rows of this class are written to this kind of database."""
    return Insertion(model, dialect)


class Beside:
    """Rows that go in beside the work that makes the next ones: while the database works, the driver lets Python go on.

    Between write() and wait() nobody else uses the connection. A unit of work waits before it ends, however it ends.
    """

    def __init__(self) -> None:
        self._under_way: Future[None] | None = None

    def write(self, connection: Connection, parts: Sequence[Part]) -> None:
        """Insert these rows, table after table, once those before are in. Raises what went wrong with those; few rows go in at once."""
        self.wait()
        if sum(len(rows) for _how, rows in parts) < FEW:
            _write_all(connection, parts)
            return
        self._under_way = Future()
        Thread(target=copy_context().run, args=(self._run, self._under_way, connection, parts)).start()

    def wait(self) -> None:
        """Raises what went wrong with the rows that are on their way."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    @staticmethod
    def _run(told: Future[None], connection: Connection, parts: Sequence[Part]) -> None:
        try:
            _write_all(connection, parts)
        except BaseException as error:  # noqa: BLE001  (raised by wait(), in the thread that gave the rows)
            told.set_exception(error)
        else:
            told.set_result(None)


def _write_all(connection: Connection, parts: Sequence[Part]) -> None:
    for how, rows in parts:
        how.write(connection, rows)


def beside(session: Session) -> Beside:
    """What goes in beside this session's work."""
    return session.info.setdefault("beside", Beside())  # type: ignore[no-any-return]


def let_it_end(session: Session) -> None:
    """Wait for rows that nobody wants any more: what went in after the rollback would stay."""
    with suppress(Exception):
        beside(session).wait()
