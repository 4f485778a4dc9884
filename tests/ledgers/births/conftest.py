"""A unit of work for tests of rules, and somebody who is clerk and supervisor at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.accounts import users
from app.core import regions
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from tests.cast import PASSWORD, A
from tests.conftest import EVERYWHERE


@pytest.fixture
def working(app: Flask) -> Callable[..., Any]:
    """`with working() as session:` is one unit of work; `with working(A) as session:` sees the rows of that office only."""

    @contextmanager
    def work(*codes: str) -> Iterator[Session]:
        with app.app_context(), acting("test"):
            places = [regions.by_code(db.session(), code) for code in codes]
            scope = Scope.of([place.path for place in places if place]) if codes else EVERYWHERE
            with looking_as(scope), unit_of_work() as session:
                yield session

    return work


@pytest.fixture
def two_hats(app: Flask, working: Callable[..., Any]) -> str:
    """The name of an account of town A that may enter and may approve."""
    with working() as session:
        place = regions.by_code(session, A)
        users.add(
            session, app.appbuilder.sm, "two_hats", roles=["clerk", "supervisor"], regions=[place], password=PASSWORD, must_change=False
        )
    return "two_hats"
