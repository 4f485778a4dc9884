"""One office for all tests of a file: each test has a person of its own."""

from contextlib import contextmanager

import pytest

from app.core import regions
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from tests.conftest import EVERYWHERE, Client
from tests.factories.moves import a_number


@pytest.fixture
def his() -> str:
    """The number of this test's person."""
    return a_number()


@pytest.fixture
def working(shared_app):
    """`with working(A) as session:` is one unit of work that sees the rows of that office; without an office it sees all."""

    @contextmanager
    def work(*codes):
        with shared_app.app_context(), acting("test"):
            places = [regions.by_code(db.session(), code) for code in codes]
            scope = Scope.of([place.path for place in places]) if codes else EVERYWHERE
            with looking_as(scope), unit_of_work() as session:
                yield session

    return work


@pytest.fixture
def sign_in(shared_app):
    """`sign_in("clerk")` gives that person's browser."""
    return lambda user: Client(shared_app, user)
