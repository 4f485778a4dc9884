"""How households are tried: most tests share one application, and what they enter is rolled back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.core import regions
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db


class _Over(Exception):
    pass


@pytest.fixture
def trying(shared_app: Flask) -> Callable[..., Any]:
    """`with trying(A) as session:` is one unit of work that sees the rows of that office and leaves nothing behind."""

    @contextmanager
    def work(*codes: str) -> Iterator[Session]:
        with shared_app.app_context(), acting("test"):
            places = [regions.by_code(db.session(), code) for code in codes]
            with suppress(_Over), looking_as(Scope.of([place.path for place in places if place])), unit_of_work() as session:
                yield session
                raise _Over

    return work
