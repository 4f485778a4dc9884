"""How screens reach a table: held to the scope, addressed by uid, counted no further than a person cares."""

from collections.abc import Iterator
from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Select, func, inspect, select
from sqlalchemy.orm import joinedload

from app.core import scope
from app.core.filters import LedgerFilters
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

    def page(self, wanted: Select[Any], order_column: str, order_direction: str, page: int, page_size: int) -> list[Any]:
        """One page in a stable order: what was asked for, then newest first."""
        if order_column:
            column = getattr(self.obj, order_column)
            wanted = wanted.order_by(column.desc() if order_direction == "desc" else column.asc())
        rows = wanted.order_by(self.obj.id.desc()).offset(page * page_size).limit(page_size).options(*self.eager)
        return list(self.session.scalars(rows))

    def get(self, pk: Any, *_filters: Any, **_options: Any) -> Any:
        return scope.get(self.obj, pk)

    def get_pk_value(self, item: Any) -> str:
        return str(item.uid)

    def get_keys(self, lst: list[Any]) -> list[str]:
        return [str(item.uid) for item in lst]

    def get_values(self, lst: list[Any], list_columns: list[str]) -> Iterator[dict[str, Any]]:
        """What a list shows of each row, the version that is seen there, and whether the row is closed for good."""
        for item, values in zip(lst, super().get_values(lst, list_columns), strict=True):
            yield {**values, "row_version": item.version, "is_closed": getattr(item, "is_closed", False)}


class OfficeInterface(LedgerInterface):
    """Rows that lie at one office each, read together with it."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj)
        self.eager = (joinedload(obj.region),)
