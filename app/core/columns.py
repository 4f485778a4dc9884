"""The column vocabulary: money, moments, months, codes and names mean the same in every ledger."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, Column, Computed, DateTime, Dialect, ForeignKeyConstraint, String, TypeDecorator, event
from sqlalchemy.orm import Mapper, mapped_column

from app.core.scope import PATH

CENT = Decimal("0.01")  # 分, the smallest unit of the currency
CODE_LENGTH = 8


class Money(TypeDecorator[Decimal]):
    """Decimal yuan in Python, whole 分 in the column. More than two decimals, NaN and infinity are refused."""

    impl = BigInteger
    cache_ok = True

    @property
    def python_type(self) -> type[Decimal]:
        return Decimal

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else _cents(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) * CENT


def _cents(value: Any) -> int:
    """Whole 分 of an amount in yuan; ValueError where it is not an exact amount."""
    if isinstance(value, float):
        raise ValueError("money is Decimal, never float")  # noqa: TRY004  (a form shows it like any other wrong amount)
    try:
        amount = Decimal(value)
        exact = amount.is_finite() and amount == amount.quantize(CENT)
    except InvalidOperation as error:
        raise ValueError("not an amount of money") from error
    if not exact:
        raise ValueError("an amount of money has at most two decimals")
    return int(amount * 100)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC with microseconds. A naive datetime is refused: nobody can say when it was."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment has a time zone")
        aware = value.astimezone(UTC)
        return aware if dialect.name == "postgresql" else aware.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def name(**options: Any) -> Any:
    """The name of a person or a place."""
    return mapped_column(String(50), **options)


def month(**options: Any) -> Any:
    """A calendar month as text, `2026-03`."""
    return mapped_column(String(7), **options)


def path(**options: Any) -> Any:
    """A path of the region tree beside the scope of the row; it follows when offices are merged."""
    return mapped_column(PATH, info={"follows_regions": True}, **options)


def code(code_set: str, **options: Any) -> Any:
    """A code of one list. The table gets a constant column beside it, so that a composite foreign key holds it to that list."""
    info = {**options.pop("info", {}), "code_set": code_set}
    return mapped_column(String(CODE_LENGTH), info=info, **options)


@event.listens_for(Mapper, "after_mapper_constructed")
def _tie_to_code_list(mapper: Mapper[Any], cls: type) -> None:
    """`sex` gets `sex_set`, always 'sex', and with it the foreign key to code_item. The ORM does not see the constant column."""
    table: Any = mapper.local_table
    for column in [c for c in table.columns if "code_set" in c.info and f"{c.name}_set" not in table.columns]:
        constant = Column(f"{column.name}_set", String(32), Computed(f"'{column.info['code_set']}'", persisted=True))
        table.append_column(constant)
        table.append_constraint(ForeignKeyConstraint([constant, column], ["code_item.set", "code_item.code"]))
