"""Somebody who is clerk and supervisor at once."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.accounts import users
from app.core import regions
from tests.cast import PASSWORD, A


@pytest.fixture
def two_hats(app: Flask, working: Callable[..., Any]) -> str:
    """The name of an account of town A that may enter and may approve."""
    with working() as session:
        place = regions.by_code(session, A)
        users.add(
            session, app.appbuilder.sm, "two_hats", roles=["clerk", "supervisor"], regions=[place], password=PASSWORD, must_change=False
        )
    return "two_hats"
