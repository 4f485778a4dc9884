"""Which rows a user may see and write: a scope is a few ranges of region paths, and every statement is held to it.

Three guards, each catching what the one before cannot see:
`do_orm_execute` adds the criterion to ORM statements, `before_flush` checks every row written,
`before_cursor_execute` refuses SQL in which a scoped table stands without its criterion.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import FunctionType
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Column, ColumnElement, Engine, Row, Select, String, and_, bindparam, event, false, inspect, or_, select, update
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

T = TypeVar("T", bound="Held")
Ranges = Iterable[tuple[Any, Any]]  # half-open ranges of paths, as values or as bound parameters
PATH = String(64).with_variant(String(64, collation="C"), "postgresql")
AFTER_EVERY_CHILD = "~"  # sorts after every character of a path


class ScopeMissing(RuntimeError):
    """A scoped table was touched before anybody said whose eyes are looking."""


class OutOfScope(RuntimeError):
    """A row outside the scope would have been written."""


@dataclass(frozen=True)
class Scope:
    """The subtrees a user answers for."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Scope":
        """Drop subtrees that lie inside another one, so that ranges never overlap."""
        kept: list[str] = []
        for path in sorted(paths):
            if not kept or not path.startswith(kept[-1]):
                kept.append(path)
        return cls(tuple(kept))

    @cached_property
    def ranges(self) -> tuple[tuple[str, str], ...]:
        """Half-open ranges; an empty scope is one empty range, so that it reads as 'nothing', not as 'no guard'."""
        return tuple((path, path + AFTER_EVERY_CHILD) for path in self.paths) or (("", ""),)

    def holds(self, path: str | None) -> bool:
        return path is not None and any(low <= path < high for low, high in self.ranges)

    def criterion(self, column: Any) -> ColumnElement[bool]:
        """The condition that a column of paths lies inside this scope."""
        return within(column, self.ranges)


def within(column: Any, ranges: Ranges) -> ColumnElement[bool]:
    """The condition that a path lies in one of the ranges, written so that it uses the index."""
    return or_(*(and_(column >= low, column < high) for low, high in ranges))


class Held:
    """A table whose rows are held to a scope. What holds them is said by the two kinds below."""

    @classmethod
    def held(cls, entity: Any, ranges: Ranges) -> ColumnElement[bool]:
        """The condition under which a row of this entity (the class or an alias of it) lies in the ranges."""
        return false()

    def is_held(self, session: Session, scope: "Scope") -> bool:
        """Whether this row, as it was and as it is about to be written, lies in the scope."""
        raise AssertionError(f"{type(self).__name__} does not say what holds it")


class Scoped(Held):
    """A table whose rows belong to an office. `active_history` keeps the old path known when a row moves."""

    scope_path: Mapped[str] = mapped_column(PATH, index=True, active_history=True)

    @classmethod
    def held(cls, entity: Any, ranges: Ranges) -> ColumnElement[bool]:
        return within(entity.scope_path, ranges)

    def is_held(self, session: Session, scope: "Scope") -> bool:
        state: Any = inspect(self)
        before = state.attrs.scope_path.history.deleted or ()
        return all(scope.holds(path) for path in (self.scope_path, *before))


class HeldByLink(Held):
    """A table whose rows several offices may see: a row is held while one open link of an office in the scope names it.

    `link()` is the scoped class of the links; its `link_key` column names the row, its `valid_to` is empty while it is open.
    """

    link_key = ""

    @classmethod
    def link(cls) -> Any:
        """The class of the links."""
        raise AssertionError(f"{cls.__name__} does not say what links it")

    @classmethod
    def held(cls, entity: Any, ranges: Ranges) -> ColumnElement[bool]:
        links = cls.link().__table__.alias()
        return entity.id.in_(select(links.c[cls.link_key]).where(within(links.c.scope_path, ranges), links.c.valid_to.is_(None)))  # type: ignore[no-any-return]

    def is_held(self, session: Session, scope: "Scope") -> bool:
        """A new row is held by a link saved with it, a known one by a link on file; one whose columns do not change is not asked."""
        if self in session.new:
            fresh = [r for r in session.new if isinstance(r, self.link()) and getattr(r, self.link_key.removesuffix("_id"), None) is self]
            return any(scope.holds(link.scope_path) for link in fresh)
        if not session.is_modified(self, include_collections=False) and self not in session.deleted:
            return True
        links, key = self.link(), self.id  # type: ignore[attr-defined]
        statement = select(links.id).where(
            getattr(links, self.link_key) == key, links.valid_to.is_(None), scope.criterion(links.scope_path)
        )
        with session.no_autoflush, elevated("who holds this row"):
            return session.scalar(statement.limit(1)) is not None


_scope: ContextVar[Scope | Callable[[], Scope] | None] = ContextVar("scope", default=None)
_mark: ContextVar[str | None] = ContextVar("scope_mark", default=None)


def current() -> Scope:
    """The scope in force; a lazy one is resolved once, at the first scoped statement."""
    scope = _scope.get()
    if callable(scope):
        with elevated("who is looking"):
            scope = scope()
        _scope.set(scope)
    if scope is None:
        raise ScopeMissing("no scope is set")
    return scope


def is_known() -> bool:
    """Whether anybody has said whose eyes are looking."""
    try:
        current()
    except ScopeMissing:
        return False
    return True


@contextmanager
def looking_as(scope: Scope | Callable[[], Scope] | None) -> Iterator[None]:
    """Hold everything inside to this scope. Use a fresh session inside: loaded rows are not checked again."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def elevated(reason: str) -> Iterator[None]:
    """The only way out of the scope: columns may be read anywhere, instances may not."""
    token = _mark.set(f"elevated: {reason}")
    try:
        yield
    finally:
        _mark.reset(token)


class GuardedSession(FlaskSession):
    """The session of the app: its flush may write scoped tables, because before_flush has looked at every row."""

    def flush(self, objects: Any = None) -> None:
        token = _mark.set("flush")
        try:
            super().flush(objects)
        finally:
            _mark.reset(token)


def query(model: type[T]) -> Select[tuple[T]]:
    """A select of the rows of one table that lie in the scope in force. Every screen's own filter begins here."""
    return select(model).where(model.held(model, current().ranges))


def get(model: type[T], uid: UUID | str | None) -> T | None:
    """The row with this public identity, or None: a foreign row and a missing row look the same."""
    found = as_uuid(uid)
    return found and _session().scalars(query(model).where(model.uid == found)).one_or_none()  # type: ignore[attr-defined,return-value]


def repoint(session: Session, key: Column[Any], old: int, new: int) -> Sequence[Row[Any]]:
    """Every row, of whichever office, that names `old` in this foreign key names `new` from now on. It writes beyond the scope.

    Answers identity and path of the rows, for their history alone. Raises OutOfScope where the database does not know that the one
    was merged into the other: no other row is ever put in the place of one.
    """
    table: Any = key.table
    target = next(iter(key.foreign_keys)).column.table
    path = table.c.scope_path if "scope_path" in table.c else table.c.audit_path
    with elevated("rows that name a row which was merged into another"):
        connection = session.connection()
        if connection.scalar(select(target.c.merged_into_id).where(target.c.id == old)) != new:
            raise OutOfScope(f"{target.name} {old} was not merged into {new}")
        named = connection.execute(select(table.c.uid, path.label("path")).where(key == old).order_by(table.c.id)).all()
        connection.execute(update(table).where(key == old).values({key.name: new}))
    return named


def as_uuid(text: UUID | str | None) -> UUID | None:
    """The identity a URL or a form names, or None where it is none."""
    try:
        return text if isinstance(text, UUID) else UUID(text or "")
    except ValueError:
        return None


def _session() -> Session:
    session: Session = current_app.extensions["sqlalchemy"].session()
    return session


def _bounds(ranges: int) -> Ranges:
    """Bounds read from the current scope at execution: one compiled statement serves all users."""
    return [(_bound(i, 0), _bound(i, 1)) for i in range(ranges)]


def _bound(index: int, side: int) -> Any:
    """A lazy load may carry the option of a wider scope along: a range that is no longer there is empty."""
    return bindparam(None, callable_=lambda: dict(enumerate(current().ranges)).get(index, ("", ""))[side], type_=PATH, unique=True)


@lru_cache(maxsize=64)
def _criterion_for(ranges: int) -> Any:
    """One option for all scoped classes, 20 µs whatever their number (one option per class: 30 µs for each of them).

    SQLAlchemy caches such a function by its code object, so each number of ranges needs a code object of its own.
    Without propagate_to_loaders a joinedload would come unfiltered (and be refused by its SQL).
    """

    def criterion(cls: Any, ranges: int = ranges) -> ColumnElement[bool]:
        return cls.held(cls, _bounds(ranges))  # type: ignore[no-any-return]

    own = FunctionType(criterion.__code__.replace(co_name=f"scope_of_{ranges}"), globals(), f"scope_of_{ranges}", (ranges,))
    return with_loader_criteria(Held, own, include_aliases=True, track_closure_variables=False)


@lru_cache(maxsize=1)
def scoped_classes() -> Mapping[str, Any]:
    """Table name → class of everything scoped. Read after all models are imported."""
    found: dict[str, Any] = {}
    todo: list[type] = [Held]
    while todo:
        children: list[type] = todo.pop().__subclasses__()
        for cls in children:
            todo.append(cls)
            if "__table__" in vars(cls):
                found[vars(cls)["__table__"].name] = cls
    return found


@event.listens_for(GuardedSession, "do_orm_execute")
def _hold_statement(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper
    if mapper is not None and mapper.class_.__tablename__.startswith("ab_"):
        return  # FAB's own tables; a scoped table joined to them is still refused below, by its SQL
    if (_mark.get() or "").startswith("elevated"):
        _refuse_instances(state)
    elif state.is_insert:
        _check_bulk_rows(state)
    elif not is_known():
        return  # open tables may be read without a scope; a scoped one is refused below, by its SQL
    elif not state.is_column_load:
        state.statement = state.statement.options(_criterion_for(len(current().ranges)))
    elif mapper is not None and issubclass(mapper.class_, Held):  # SQLAlchemy ignores loader criteria in a refresh
        refresh: Any = state.statement
        state.statement = refresh.where(mapper.class_.held(mapper.class_, _bounds(len(current().ranges))))


def _refuse_instances(state: ORMExecuteState) -> None:
    scoped = tuple(scoped_classes().values())
    for mapper_entity in getattr(state.statement, "column_descriptions", ()):
        expression = inspect(mapper_entity["expr"], raiseerr=False)
        is_instance = expression is not None and getattr(expression, "mapper", None) and not expression.is_attribute
        if is_instance and issubclass(expression.mapper.class_, scoped):
            raise OutOfScope("elevated code reads columns, never instances")


def _check_bulk_rows(state: ORMExecuteState) -> None:
    if state.bind_mapper is None or state.bind_mapper.class_.__tablename__ not in scoped_classes():
        return
    rows: list[Any] = state.parameters if isinstance(state.parameters, list) else [state.parameters or {}]
    for row in rows:
        if not current().holds(row.get("scope_path")):
            raise OutOfScope(f"bulk row outside the scope: {row.get('scope_path')!r}")
    state.update_execution_options(rows_checked=True)


@event.listens_for(GuardedSession, "before_flush")
def _check_rows(session: Session, *_: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Held) and not row.is_held(session, current()):
            raise OutOfScope(f"{type(row).__name__} {getattr(row, 'uid', '')} is outside the scope")


@event.listens_for(Engine, "before_cursor_execute")
def _refuse_bare_sql(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
    if _mark.get() or (context is not None and context.execution_options.get("rows_checked") and "DO UPDATE" not in statement):
        return
    scope = _scope.get()
    bare = bare_tables(statement, len(scope.ranges) if isinstance(scope, Scope) else 1)
    if bare:
        raise ScopeMissing(f"{', '.join(sorted(bare))} without its scope in: {statement[:200]}")


LONG = 2000  # characters of a statement that may be mostly values
_VALUES = re.compile(r"(?:\?|%\(\w+\)s)(?:::\w+)?(?:, (?:\?|%\(\w+\)s)(?:::\w+)?)+")
_MOVE = re.compile(r'\s*UPDATE\s+"?(\w+)"?\s+SET\s(?:(?!\sWHERE\s).)*?\bscope_path"?\s*=', re.IGNORECASE | re.DOTALL)
_CRITERION = re.compile(r'"?(\w+)"?\.scope_path >= ')
_LINKED = re.compile(r'"?(\w+)"?\.id IN \(SELECT (\w+)\.\w+\s+FROM \w+ AS \2\s+WHERE \(?\(?\2\.scope_path >= ')


@lru_cache(maxsize=1)
def _mention() -> re.Pattern[str]:
    """A scoped table's name standing alone, with its alias; `box.id` and `box_id` are not mentions."""
    names = "|".join(scoped_classes())
    return re.compile(rf'(?<![\w:])"?({names})\b"?(?!\s*\.)(?:\s+AS\s+"?(\w+)"?)?', re.IGNORECASE)


def bare_tables(statement: str, ranges: int) -> frozenset[str]:
    """Scoped tables that stand in the SQL more often than their criterion does. Lists of values are one text, however long they are."""
    return _bare(_VALUES.sub("?", statement) if len(statement) > LONG else statement, ranges)


@lru_cache(maxsize=8192)
def _bare(statement: str, ranges: int) -> frozenset[str]:
    if statement.lstrip().startswith("PRAGMA "):
        return frozenset()
    mentions = [(table.lower(), alias or table) for table, alias in _mention().findall(statement)]
    needed = Counter(alias for _, alias in mentions)
    held, linked = Counter(_CRITERION.findall(statement)), Counter(alias for alias, _ in _LINKED.findall(statement))
    by_link = {table for table, cls in scoped_classes().items() if issubclass(cls, HeldByLink)}
    bare = {t for t, alias in mentions if t in by_link and linked[alias] < needed[alias]}
    bare |= {t for t in _MOVE.findall(statement) if t in scoped_classes()}
    return frozenset(bare | {t for t, alias in mentions if t not in by_link and held[alias] < needed[alias] * ranges})
