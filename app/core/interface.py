"""How screens reach a table: held to the scope, addressed by uid, counted no further than a person cares."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Select, func, inspect, select
from sqlalchemy.orm import joinedload

from app.core import scope
from app.core.filters import LedgerFilters
from app.core.paging import Term, beyond, order_by
from app.core.regions import Region
from app.core.workflow import Record

COUNT_CAP = 10_000  # "10000+" is enough for a person; an exact count of a large table costs more than its page
MAX_PAGE = 200  # rows of one page and of one bulk act


class LedgerInterface(SQLAInterface):
    """FAB's access to one table of ours: held to the scope, addressed by uid, with a capped count and the relations a list needs."""

    eager: tuple[Any, ...] = ()
    filter_converter_class = LedgerFilters

    def is_choice(self, col_name: str) -> bool:
        """Whether the column holds a state or a code: one of a few values."""
        column = inspect(self.obj).columns.get(col_name)
        return column is not None and (self.is_enum(col_name) or "code_set" in column.info)

    def is_status(self, col_name: str) -> bool:
        """Whether the column is the one status of a record."""
        return col_name == "status" and issubclass(self.obj, Record)

    def is_proposed(self, col_name: str) -> bool:
        """Whether the column says of a record that a change of it is proposed."""
        return col_name == "change_open" and issubclass(self.obj, Record)

    def is_place(self, col_name: str) -> bool:
        """Whether the column is a relation to a place."""
        relation = inspect(self.obj).relationships.get(col_name)
        return relation is not None and relation.mapper.class_ is Region

    def base(self) -> Select[Any]:
        """Every row this person may see."""
        return scope.query(self.obj)

    def query(self, filters: Any = None, order_column: str = "", order_direction: str = "", **more: Any) -> tuple[int, list[Any]]:
        page, page_size = more.get("page"), more.get("page_size")
        wanted = filters.apply_all(self.base()) if filters else self.base()
        return self.count(wanted), self.page(wanted, order_column, order_direction, page or 0, page_size or MAX_PAGE)

    def count(self, wanted: Select[Any]) -> int:
        """How many rows there are, counted no further than the cap."""
        capped = wanted.with_only_columns(self.obj.id).limit(COUNT_CAP + 1).subquery()
        return self.session.scalar(select(func.count()).select_from(capped)) or 0

    def order(self, column: str, direction: str) -> tuple[Term, ...]:
        """How rows are ordered: as was asked for, then newest first, so that no two rows may change places."""
        newest = Term(self.obj.id, is_descending=True, may_be_empty=False)
        return (newest,) if column in ("", "id") else (self.term(column, is_descending=direction == "desc"), newest)

    def term(self, column: str, *, is_descending: bool) -> Term:
        """The order by one column."""
        known = inspect(self.obj).columns.get(column)
        return Term(getattr(self.obj, column), is_descending, may_be_empty=known is None or bool(known.nullable))

    def page(self, wanted: Select[Any], order_column: str, order_direction: str, page: int, page_size: int) -> list[Any]:
        """One page by its number, in a stable order."""
        rows = wanted.order_by(*order_by(self.order(order_column, order_direction))).offset(page * page_size).limit(page_size)
        return list(self.session.scalars(rows.options(*self.eager)))

    def page_from(
        self, wanted: Select[Any], order: tuple[Term, ...], key: Sequence[Any], size: int, *, backwards: bool = False
    ) -> list[Any]:
        """The rows that come next after a row with this key, or the last ones before it. Their number does not matter to the database."""
        is_high = self.session.get_bind().dialect.name == "postgresql"
        beside = wanted.where(beyond(order, key, empty_is_high=is_high, backwards=backwards))
        rows = list(self.session.scalars(beside.order_by(*order_by(order, backwards=backwards)).limit(size).options(*self.eager)))
        return rows[::-1] if backwards else rows

    def key_of(self, uid: Any, order: tuple[Term, ...]) -> Sequence[Any] | None:
        """By what a row is found again in this order; None for a row that is not there any more, or not theirs."""
        found = scope.as_uuid(uid)
        told = scope.query(self.obj).where(self.obj.uid == found).with_only_columns(*(term.expression for term in order))
        return self.session.execute(told).one_or_none() if found else None

    def get(self, pk: Any, *_filters: Any, **_options: Any) -> Any:
        return scope.get(self.obj, pk)

    def get_pk_value(self, item: Any) -> str:
        return str(item.uid)

    def get_keys(self, lst: list[Any]) -> list[str]:
        return [str(item.uid) for item in lst]

    def get_values(self, lst: list[Any], list_columns: list[str]) -> Iterator[dict[str, Any]]:
        """What a list shows of each row, the version that is seen there, its status, and whether the row is closed for good."""
        for item, values in zip(lst, super().get_values(lst, list_columns), strict=True):
            closed, status = getattr(item, "is_closed", False), getattr(item, "status", "")
            yield {**values, "row_version": item.version, "row_status": status, "is_closed": closed}


class OfficeInterface(LedgerInterface):
    """Rows that lie at one office each, read together with it."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj)
        self.eager = (joinedload(obj.region),)
