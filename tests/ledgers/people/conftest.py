"""People on file for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.core.audit import acting
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from tests.conftest import EVERYWHERE
from tests.factories.people import make_person


@pytest.fixture
def act(app: Flask) -> Callable[..., Any]:
    """Do something to the register with every row in view: `act(lambda session: …)`."""

    def perform(what: Callable[[Any], Any]) -> Any:
        with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
            return what(session)

    return perform


@pytest.fixture
def filed(act: Callable[..., Any]) -> Callable[..., tuple[str, int]]:
    """`filed(office=B1)` files a person and gives the uid and the local key."""

    def make(**words: Any) -> tuple[str, int]:
        def build(session: Any) -> tuple[str, int]:
            person = make_person(session, **words)
            return str(person.uid), person.id

        made: tuple[str, int] = act(build)
        return made

    return make
