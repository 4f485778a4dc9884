"""MAP OF SEALED VALUES: every column that holds an encrypted value, what each value is bound to, and which key it was sealed with.

Attached files are encrypted one by one beside the database; they are counted here too.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Connection, LargeBinary, Row, Select, Table, and_, func, literal, or_, select, tuple_

from app.core import attachment_files, crypto
from app.core.audit import AuditEntry, AuditSecret
from app.core.base import Model

FILES = "attached files"  # how usage() calls them


@dataclass(frozen=True)
class Place:
    """The sealed values of one table. A value is bound to its table, its column and the uid of its row."""

    table: Table
    columns: tuple[Any, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """The columns that tell one row from the others."""
        return tuple(self.table.primary_key)

    def rows(self) -> Select[Any]:
        """Key, uid and sealed values of every row."""
        return select(*self.key, self.table.c.uid, *self.columns)

    def bound_to(self, row: Row[Any], column: Any) -> str:
        """What the value in this column of this row is bound to."""
        return crypto.place(self.table.name, column.name.removesuffix("_enc"), row.uid)

    def stale(self, newest: int) -> ColumnElement[bool]:
        """The condition that a row holds a value of an older key."""
        return or_(*(_key_of(column) != literal(bytes([newest]), LargeBinary) for column in self.columns))


class OfHistory(Place):
    """The old and new values of the history. Each is bound to the row whose change it tells of; the entry names it."""

    def rows(self) -> Select[Any]:
        entry = AuditEntry.__table__
        its_entry = and_(entry.c.chain == self.table.c.chain, entry.c.number == self.table.c.number)
        return select(*self.key, entry.c.target, *self.columns).select_from(self.table).join(entry, its_entry)

    def bound_to(self, row: Row[Any], column: Any) -> str:
        table, _slash, uid = row.target.partition("/")
        return crypto.place(table, row.field, uid)


def places() -> Iterator[Place]:
    """Every table with sealed values, the values of the history last: they are copies of those before them."""
    for table in Model.metadata.sorted_tables:
        if sealed := tuple(c for c in table.columns if c.info.get("secret") or c.info.get("sealed")):
            yield Place(table, sealed)
    history = AuditSecret.__table__
    yield OfHistory(history, (history.c.old, history.c.new))


def usage(connection: Connection) -> dict[str, Counter[int]]:
    """Table → how many of its values each key has sealed."""
    found = {place.table.name: sum((_counted(connection, column) for column in place.columns), Counter()) for place in places()}
    return {**found, FILES: files_by_key()}


def files_by_key() -> Counter[int]:
    """How many attached files each key has sealed; one that goes meanwhile is not counted."""
    data: Path = current_app.config["DATA_DIR"]
    found = (attachment_files.key_of(data, uid) for uid in attachment_files.present(data))
    return Counter(key for key in found if key is not None)


def by_key(connection: Connection) -> Counter[int]:
    """How many values each key has sealed."""
    return sum(usage(connection).values(), Counter())


def after(key: tuple[Any, ...], last: tuple[Any, ...]) -> ColumnElement[bool]:
    """The condition that a row comes after this one in the order of its key."""
    return tuple_(*key) > tuple_(*(literal(value, column.type) for value, column in zip(last, key, strict=True)))


def _counted(connection: Connection, column: Any) -> Counter[int]:
    key = _key_of(column)
    found = connection.execute(select(key, func.count()).where(column.is_not(None)).group_by(key))
    return Counter({int.from_bytes(first): count for first, count in found})


def _key_of(column: Any) -> ColumnElement[bytes]:
    """The key id in front of a sealed value."""
    return func.substr(column, 1, 1, type_=LargeBinary)
