"""What is asked again and again is worked out once, and only while somebody wants that."""

from contextvars import copy_context

import pytest

from app.core.remember import _answers, remembered, remembering

ASKED: list[tuple[object, ...]] = []


@remembered
def joined(first: str, second: str = "") -> str:
    ASKED.append((first, second))
    if not first:
        raise ZeroDivisionError
    return first + second


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    ASKED.clear()


def test_the_same_question_is_worked_out_once() -> None:
    with remembering():
        assert [joined("a", "b"), joined("a", "b"), joined("a"), joined("a", "b")] == ["ab", "ab", "a", "ab"]
    assert ASKED == [("a", "b"), ("a", "")]


def test_nothing_is_kept_otherwise() -> None:
    joined("a")
    for _time in range(2):
        with remembering():
            joined("a")
    joined("a")
    assert len(ASKED) == 4


def test_afterwards_nothing_is_left_of_it() -> None:
    """Whoever went on with a copy of the context holds the dictionary; what was in it is gone."""
    with remembering():
        joined("a")
        context = copy_context()
    assert context.run(_answers.get) == {}


def test_what_is_given_by_name_is_worked_out() -> None:
    with remembering():
        assert [joined("a", second="b"), joined("a", second="c")] == ["ab", "ac"]


def test_a_refusal_is_no_answer() -> None:
    with remembering():
        for _time in range(2):
            with pytest.raises(ZeroDivisionError):
                joined("")
    assert len(ASKED) == 2
