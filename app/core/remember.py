"""Answers that are kept while many rows are judged, which ask the same again and again, and forgotten right after: some are secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
_answers: ContextVar[dict[Any, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Inside, what is `remembered` is worked out once for the same values."""
    answers: dict[Any, Any] = {}
    token = _answers.set(answers)
    try:
        yield
    finally:
        _answers.reset(token)
        answers.clear()


def remembered(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """A function whose answer follows from what it is given. What is given by name is not remembered."""

    @wraps(function)
    def asked(*given: Given.args, **named: Given.kwargs) -> Answer:
        answers = _answers.get()
        if answers is None or named:
            return function(*given, **named)
        key = (function, *given)
        if key not in answers:
            answers[key] = function(*given, **named)
        found: Answer = answers[key]
        return found

    return asked
