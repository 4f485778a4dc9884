"""What people type: dates in every spelling, problems told all at once."""

from datetime import date

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.core.errors import Caution, Problem, RuleViolation
from app.core.fields import CalendarField, ChoiceField, CodeField, RegionField, WholeNumberField, read_date
from app.core.scope import looking_as
from tests.conftest import EVERYWHERE

DAY = date(2025, 3, 5)
SPELLINGS = [
    "2025-03-05",
    "2025-3-5",
    "2025/3/5",
    "2025/03/05",
    "2025.3.5",
    "20250305",
    "2025年3月5日",
    "2025年03月05日",
    " 2025-03-05 ",
    "2025-03/05",
    "2025.3-5",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_date_is_read_in_every_spelling(text: str) -> None:
    assert read_date(text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "x", "2025", "2025-03", "2025-13-01", "2025-02-29", "2025-00-10", "2025-3-0", "25-3-5", "5-3-2025", "05/03/2025",
        "2025030", "202503055", "2025--3-5", "2025-3-5-7", "２０２５", "2025-1_0-5",
        "2025-3-x", "0000-01-01", "-2025-3-5-1", "12025-3-5", "today", "2025-+3-5", "2025-3-5 07:00",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_date_comes_back_from_every_spelling(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
    ):
        assert read_date(text) == day


@given(st.text(max_size=20))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    assert read_date(text) is None or isinstance(read_date(text), date)


class Boxes(Form):
    """One box of each kind that judges what is typed."""

    choice = ChoiceField(pairs=lambda: [("1", "One")])
    code = CodeField(code_set="sex")
    place = RegionField()
    number = WholeNumberField()
    day = CalendarField()


@pytest.mark.parametrize("name", ["choice", "code", "place", "number", "day"])
@pytest.mark.parametrize("typed", ["9x", "x", "-1", "0000-01-01", "'", "中"])
def test_no_word_makes_a_box_fall_over(app: Flask, name: str, typed: str) -> None:
    with app.test_request_context(), looking_as(EVERYWHERE):
        form = Boxes(MultiDict({name: typed}))
        assert not form.validate()
        assert [str(error)[:5] for error in form.errors[name]] in (["Choos"], ["This "])


def test_a_violation_holds_every_problem_and_reads_as_one_text() -> None:
    refused = RuleViolation([Problem("a", "First.", "x"), Problem("b", "Second.")])
    assert str(refused) == "First. Second."
    assert [(p.field, p.code) for p in refused.problems] == [("a", "x"), ("b", "")]


def test_a_violation_about_one_thing() -> None:
    refused = RuleViolation.one("Wrong.", "a", "x")
    assert refused.problems == (Problem("a", "Wrong.", "x"),)


def test_a_caution_is_no_problem() -> None:
    assert Caution("late", "born_on", "Late.") != Problem("born_on", "Late.", "late")
