"""What the program asks the database, for tests that look at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def heard(sent: list[tuple[str, Any]]) -> Iterator[None]:
    """The statements sent inside, with their values."""
    listener = lambda *args: sent.append((args[2], args[3]))  # noqa: E731
    event.listen(Engine, "before_cursor_execute", listener)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", listener)
