"""Rows of the program in a statement: one parameter on either database."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Date, Integer, String, select

from app.core.given import given

ODD = 'a "quoted" \\ line\n张三 \U00020bb7 %s :x ?'


@pytest.mark.parametrize("rows", [[], [(1, ODD, date(2026, 3, 5))], [(n, f"word {n}", date(2020, 1, 1 + n)) for n in range(25)]])
def test_rows_are_a_table(seeing: Any, rows: list[tuple[Any, ...]]) -> None:
    def told(session: Any) -> Any:
        table = given(session, "told", rows, number=Integer, words=String, day=Date)
        return session.execute(select(table).order_by(table.c.number)).all()

    assert [(number, words, str(day)) for number, words, day in seeing(told)] == [(n, words, str(day)) for n, words, day in rows]


def test_they_are_compared_as_what_they_are(seeing: Any) -> None:
    def told(session: Any) -> Any:
        table = given(session, "told", [(9, date(2026, 3, 5)), (10, date(2026, 11, 5))], number=Integer, day=Date)
        return session.scalars(select(table.c.number).where(table.c.number > 9, table.c.day > date(2026, 4, 1))).all()

    assert seeing(told) == [10]
