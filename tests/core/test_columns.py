"""The column vocabulary: amounts are exact, moments have a zone, codes stand on their list."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import DatabaseError, StatementError

from app.core.base import Model
from app.core.columns import Moment, Money
from app.core.scope import elevated
from app.extensions import db
from tests.core.rows import make_birth

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@given(amounts)
def test_an_amount_comes_back_to_the_cent(amount: Decimal) -> None:
    stored = Money().process_bind_param(amount, None)  # type: ignore[arg-type]
    assert isinstance(stored, int)
    assert Money().process_result_value(stored, None) == amount  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["0.001", "1e-3", "NaN", "Infinity", "-Infinity", "sNaN", "abc", "", 0.5, 1.0, "1e400"])
def test_what_is_no_exact_amount_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        Money().process_bind_param(value, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "cents"), [(None, None), ("0", 0), ("-0.00", 0), ("1.10", 110), (7, 700), (Decimal("19.990"), 1999)])
def test_amounts_people_write_become_cents(value: Any, cents: int | None) -> None:
    assert Money().process_bind_param(value, None) == cents  # type: ignore[arg-type]


def stored(app: Flask, kind: Any, value: Any) -> tuple[Any, Any]:
    """(what the column gives back, what the database holds) of a value of this type."""
    table = Table("tried", MetaData(), Column("id", Integer, primary_key=True), Column("value", kind))
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS tried"))
        table.create(connection)
        connection.execute(insert(table), {"value": value})
        return connection.scalar(select(table.c.value)), connection.scalar(text("SELECT value FROM tried"))


def test_money_lies_in_the_database_as_whole_cents(app: Flask) -> None:
    assert stored(app, Money(), Decimal("960.10")) == (Decimal("960.10"), 96010)


def test_a_refused_amount_stores_nothing(app: Flask) -> None:
    with pytest.raises(StatementError, match="at most two decimals"):
        stored(app, Money(), Decimal("0.005"))


def test_a_moment_comes_back_in_utc_with_microseconds(app: Flask) -> None:
    told = datetime(2026, 3, 5, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=8)))
    found, _ = stored(app, Moment(), told)
    assert found == told
    assert found.tzinfo == UTC
    assert found.isoformat() == "2026-03-04T17:02:03.456789+00:00"


def test_a_moment_without_a_zone_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match="time zone"):
        stored(app, Moment(), datetime(2026, 3, 5))  # noqa: DTZ001


def test_no_moment_is_no_moment(app: Flask) -> None:
    assert stored(app, Moment(), None) == (None, None)


def test_moments_sort_as_they_happened(app: Flask) -> None:
    """Text on SQLite: the same length for every moment, so that the order of the text is the order of time."""
    early, late = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 5, 0, 0, 0, 1, tzinfo=UTC)
    texts = [str(stored(app, Moment(), moment)[1]) for moment in (early, late)]
    assert texts == sorted(texts)


def code_columns() -> list[tuple[str, str]]:
    return [(t.name, c.name) for t in Model.metadata.sorted_tables for c in t.columns if "code_set" in c.info]


def test_every_code_column_is_tied_to_its_list() -> None:
    tied = {(t, tuple(k.column_keys)) for t in Model.metadata.tables for k in Model.metadata.tables[t].foreign_key_constraints}
    assert len(code_columns()) > 10
    for table, column in code_columns():
        assert (table, (f"{column}_set", column)) in tied


@pytest.mark.parametrize("wrong", ["9999", "x", ""])
def test_a_code_of_no_list_is_refused_by_the_database(seeing: Any, wrong: str) -> None:
    def make(session: Any) -> None:
        make_birth(session, sex=wrong)
        session.commit()

    with pytest.raises(DatabaseError):
        seeing(make)


def test_a_code_of_another_list_is_refused_by_the_database(seeing: Any) -> None:
    """There are places of birth with code 3 and no sex with it."""

    def make(session: Any) -> None:
        make_birth(session, birth_place="1", sex="3")
        session.commit()

    with pytest.raises(DatabaseError):
        seeing(make)


def test_the_constant_beside_a_code_cannot_be_set(seeing: Any) -> None:
    def attack(session: Any) -> None:
        make_birth(session)
        session.commit()
        with elevated("test"):
            session.connection().execute(text("UPDATE birth SET sex_set = 'ethnicity', sex = '13'"))

    with pytest.raises(DatabaseError):
        seeing(attack)


def test_our_constraints_have_names_everywhere() -> None:
    """A nameless constraint cannot be changed by a migration on SQLite."""
    own = [t for t in Model.metadata.sorted_tables if not t.name.startswith("ab_")]
    assert [c for t in own for c in t.constraints if c.name is None] == []
    assert len(own) > 20


@pytest.mark.parametrize(("kind", "python"), [(Money, Decimal), (Moment, datetime)])
def test_a_form_may_ask_what_a_column_holds(kind: Any, python: type) -> None:
    assert kind().python_type is python
