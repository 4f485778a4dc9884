"""Many new rows of several tables written together: their numbers are taken ahead, each is held to the scope and told in the history.

The session watches every attribute and writes row by row; a workbook of fifty thousand births makes a million and a half rows.
A batch takes drafts, which nobody watches, and leaves behind what the session would leave behind, with few statements a table.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from types import FunctionType
from typing import Any

from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import MANYTOONE, Session

from app.core import audit, scope
from app.core.base import Model, Row
from app.core.crypto import Encrypted, uuid7
from app.core.insertion import insert_rows, insertion
from app.core.scope import HeldByLink, OutOfScope, Scoped, elevated

AT_ONCE = 600  # rows with a history, and those that belong to them, are inserted together: more would only take memory
BLOCK = 500  # numbers taken from a sequence at once
KEPT = (Encrypted, property, FunctionType, tuple, frozenset)  # what a draft has of its class beside the columns


class OneByOne(Exception):
    """This row needs more than a batch can do: it goes the way of the form."""


class Draft:
    """A row that no session knows: the columns and relations of its model, all empty at first, and the model's own methods."""

    model: Any
    uid: Any

    def __init__(self, **values: Any) -> None:
        self.uid = uuid7()  # first: the ciphertext of the other columns is bound to it
        self.plain: dict[str, str] = {}  # the secrets, so that what was sealed just now is not opened again and again
        for name, value in values.items():
            setattr(self, name, value)


@lru_cache(maxsize=64)
def draft(model: Any) -> Any:
    """The class of the drafts of a model."""
    own = [cls for cls in reversed(model.__mro__) if cls.__module__.startswith("app.")]
    body = {name: value for cls in own for name, value in vars(cls).items() if isinstance(value, KEPT) and not name.startswith("__")}
    mapper: Any = inspect(model)
    empty = dict.fromkeys((*mapper.columns.keys(), *mapper.relationships.keys()))
    named = {"model": model, "__tablename__": model.__tablename__, "__repr__": model.__repr__}
    return type(model.__name__, (Draft,), {**body, **empty, **named})


class Batch:
    """New rows on their way into the database. Runs inside a unit of work; not all are in before write()."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._dialect = session.connection().dialect
        self._rows: dict[Any, list[Any]] = defaultdict(list)
        self._waiting = 0  # rows with a history that are not in yet
        self._numbers: dict[Any, Iterator[int]] = {}
        self._held: set[str | None] = set()  # paths that lie in the scope
        self._linked: dict[Any, set[int]] = defaultdict(set)  # model of a row held by links → rows that have one
        self._unlinked: dict[Any, set[int]] = defaultdict(set)

    def put(self, row: Any) -> None:
        """Take a draft: from here on it has its number, its version and its defaults. Raises OutOfScope like a flush."""
        model, values, plan = row.model, row.__dict__, _plan(row.model)
        if self._waiting >= AT_ONCE:
            self._insert()
        for key, target in plan.relations:
            if (other := values.get(key)) is not None:
                values[target] = other.id
        if plan.has_number:
            values["id"], values["version"] = self._next(model), 1
        for key, default in plan.defaults:
            if values.get(key) is None:
                values[key] = default()
        self._must_be_held(model, plan, values)
        audit.created(self.session, model, row)
        self._rows[model].append(insertion(model, self._dialect).row(values))
        self._waiting += 1

    def add(self, model: Any, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of a table without history, as plain values of every column but a number that the table gives."""
        if issubclass(model, audit.Audited):
            raise TypeError(f"{model.__name__} has a history: put() tells it")
        plan, how = _plan(model), insertion(model, self._dialect)
        for values in rows:
            self._must_be_held(model, plan, values)
            self._rows[model].append(how.row(values))

    def add_each(self, model: Any, same: Mapping[str, Any], key: str, values: Iterable[str]) -> None:
        """Rows of a table without history that say the same but for the text in one column."""
        self._must_be_held(model, _plan(model), same)
        self._rows[model] += insertion(model, self._dialect).rows(same, key, values)

    def write(self) -> None:
        """Insert everything that is left. Raises OutOfScope where a row comes without the link that holds it."""
        for model, rows in self._unlinked.items():
            if not rows <= self._linked[model]:
                raise OutOfScope(f"a row of {model.__name__} comes without its link")
        self._insert()

    def _insert(self) -> None:
        """The rows taken so far go in, tables that others refer to first."""
        models = sorted(self._rows, key=lambda model: _places()[model.__table__])
        insert_rows(self.session.connection(), {model: self._rows.pop(model) for model in models})
        self._waiting = 0

    def _must_be_held(self, model: Any, plan: "_Plan", values: Mapping[str, Any]) -> None:
        if plan.is_scoped and (path := values.get("scope_path")) not in self._held:
            if not scope.current().holds(path):
                raise OutOfScope(f"a new row of {model.__name__} is outside the scope")
            self._held.add(path)
        if plan.is_linked:
            self._unlinked[model].add(values["id"])
        if plan.holds and values.get("valid_to") is None:
            self._linked[plan.holds].add(values[plan.holds.link_key])

    def _next(self, model: Any) -> int:
        if model not in self._numbers:
            self._numbers[model] = _numbers(self.session, model)
        return next(self._numbers[model])


def _numbers(session: Session, model: Any) -> Iterator[int]:
    """Numbers nobody else gets: SQLite has one writer, and it is us; PostgreSQL gives them from the table's sequence."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        with elevated("the last number of a table"):
            last = connection.scalar(select(func.max(model.__table__.c.id))) or 0
        yield from count(last + 1)
    take = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :block)")
    while True:
        yield from connection.scalars(take, {"name": model.__tablename__, "block": BLOCK}).all()


class _Plan:
    """What of a class follows by itself: the defaults Python gives, the single relations that fill a column, and whom its rows hold."""

    def __init__(self, model: Any) -> None:
        mapper: Any = inspect(model)
        self.has_number, self.is_scoped, self.is_linked = (issubclass(model, kind) for kind in (Row, Scoped, HeldByLink))
        self.defaults = tuple((key, _giver(c.default)) for key, c in mapper.columns.items() if c.default is not None)
        single = [relation for relation in mapper.relationships if relation.direction is MANYTOONE]
        self.relations = tuple((r.key, mapper.get_property_by_column(next(iter(r.local_columns))).key) for r in single)
        self.holds = next((c for c in scope.scoped_classes().values() if issubclass(c, HeldByLink) and c.link() is model), None)


def _giver(default: Any) -> Callable[[], Any]:
    """A call that gives the default of a column."""
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)


@lru_cache(maxsize=1)
def _places() -> dict[Any, int]:
    """The order of the tables, those that others refer to first. Read after all models are imported."""
    return {table: place for place, table in enumerate(Model.metadata.sorted_tables)}


@lru_cache(maxsize=64)
def _plan(model: Any) -> _Plan:
    return _Plan(model)
