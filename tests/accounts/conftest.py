"""A browser of somebody who is not signed in, and acts of an admin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from app.accounts import passwords
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from tests.conftest import Client, hidden_fields


class Stranger(Client):
    """A browser that only tries."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.http: FlaskClient = app.test_client()
        self.http.environ_base["REMOTE_ADDR"] = address
        self.get = self.http.get

    def enter(self, user: str, password: str, then: str = "") -> Any:
        """Try to sign in."""
        return self.send(f"/login/?next={then}" if then else "/login/", username=user, password=password)

    def is_in(self) -> bool:
        """Whether the page of one's own account opens."""
        return bool(self.get("/own/").status_code == 200)

    def cookie(self) -> str:
        """What a thief would copy."""
        found = self.http.get_cookie("taizhang")
        assert found is not None
        return found.value

    def carry(self, cookie: str) -> None:
        """Use a copied cookie."""
        self.http.set_cookie("taizhang", cookie)


@pytest.fixture
def stranger(app: Flask) -> Callable[..., Stranger]:
    """`stranger()` gives a new browser."""
    return lambda address="127.0.0.1": Stranger(app, address)


@pytest.fixture
def working(app: Flask) -> Callable[[], Any]:
    """`with working() as session:` is one act outside of a request."""

    @contextmanager
    def work() -> Iterator[Session]:
        with app.app_context(), looking_as(Scope.of([])), acting("test"), unit_of_work() as session:
            yield session

    return work


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The method of each hash a password was compared with, as the hashing library sees it."""
    seen: list[str] = []
    compare = passwords.check_password_hash

    def counted(stored: str, password: str) -> bool:
        seen.append(stored.split("$", maxsplit=1)[0])
        return bool(compare(stored, password))

    monkeypatch.setattr(passwords, "check_password_hash", counted)
    return seen


@pytest.fixture
def statements() -> Callable[[], Any]:
    """`with statements() as asked:` collects the SQL that is sent."""

    @contextmanager
    def watch() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield asked
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return watch


def user_named(session: Session, name: str) -> User:
    """The account with this name."""
    return session.scalars(select(User).where(User.username == name)).one()


def role_named(session: Session, name: str) -> Role:
    """The role with this name."""
    return session.scalars(select(Role).where(Role.name == name)).one()


def act(client: Client, name: str, act: str, **words: Any) -> Any:
    """Press one of the buttons of a user's page."""
    return client.send(f"/users/act/{act}/{name}", f"/users/show/{name}", **words)


def told(text: str) -> str:
    """A page without what differs from one rendering to the next."""
    keep = hidden_fields(text).values()
    for value in keep:
        text = text.replace(value, "")
    return "\n".join(line for line in text.splitlines() if "nonce=" not in line)
