"""Starting reads and writes nothing; nobody stands above the roles; what is not ours is not there."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import Engine, event, select

from tests.cast import PASSWORD
from tests.conftest import hidden_fields, make_app

ROOT = Path(__file__).parents[1]


def test_starting_sends_no_statement(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    sent: list[str] = []

    def listen(*told: Any) -> None:
        sent.append(told[2])

    event.listen(Engine, "before_cursor_execute", listen)
    request.addfinalizer(lambda: event.remove(Engine, "before_cursor_execute", listen))
    make_app(url, tmp_path)
    assert sent == []


def test_starting_makes_no_database(tmp_path: Path) -> None:
    make_app(f"sqlite:///{tmp_path}/none.db", tmp_path)
    assert list(tmp_path.glob("*.db*")) == []


@pytest.mark.parametrize("page", ["/", "/people/list/", "/births/list/", "/registrations/list/", "/people/add", "/births/add", "/health"])
def test_pages_open_for_a_clerk(sign_in: Any, page: str) -> None:
    assert sign_in("clerk").get(page).status_code == 200


def test_the_health_page_tells_what_it_runs_on(app: Flask, url: str) -> None:
    answer = app.test_client().get("/health")
    assert answer.status_code == 200
    told = answer.get_json()
    assert set(told) == {"status", "version", "database", "sqlite_version", "journal_mode"}
    assert told["status"] == "ok"
    assert (told["database"], told["journal_mode"]) == (("sqlite", "delete") if url.startswith("sqlite") else ("postgresql", None))


def test_a_broken_database_is_not_well(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this is no database at all, whatever its name may say" * 100)
    answer = make_app(f"sqlite:///{tmp_path}/broken.db", tmp_path).test_client().get("/health")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "failed"


TO_ANYBODY = {"static", "appbuilder.static", "HealthView.health", "SignInView.login", "SignInView.logout", "LocaleView.index"}


def test_whoever_is_not_signed_in_is_sent_to_the_door_from_every_page(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False  # with it a post without its token is refused before anybody asks who sent it
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in TO_ANYBODY]
    roads = [(rule, method) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}]
    answers = {
        (method, rule.endpoint): app.test_client().open(rule.build(dict.fromkeys(rule.arguments, "x"))[1], method=method)
        for rule, method in roads
    }
    assert len(answers) > 50
    led = {road for road, answer in answers.items() if answer.status_code == 302 and answer.headers["Location"].startswith("/login/")}
    assert set(answers) - led == set()


@pytest.mark.parametrize(("page", "then"), [("/births/list/?_flt_0_status=draft", "/births/list/?_flt_0_status=draft"), ("/", "/")])
def test_after_signing_in_one_is_where_one_wanted_to_be(app: Flask, page: str, then: str) -> None:
    door = app.test_client()
    asked = door.get(page).headers["Location"]
    told = {**hidden_fields(door.get(asked).text), "username": "clerk", "password": PASSWORD}
    assert door.post(asked, data=told).headers["Location"] == then


def test_a_session_that_ended_is_told(app: Flask) -> None:
    door = app.test_client()
    assert "Please sign in." in door.get("/births/list/", follow_redirects=True).text
    assert "Please sign in." not in door.get("/", follow_redirects=True).text


@pytest.mark.parametrize(
    "page",
    [
        "/permissions/list/", "/viewmenus/list/", "/permissionviews/list/", "/groupmodelview/list/", "/api/v1/security/login",
        "/api/v1/openapi/_openapi", "/swagger/v1", "/api/v1/menu/", "/userstatschartview/chart/",
        "/resetpassword/form", "/register/form", "/users/delete/1",
        "/births/delete/1", "/births/download/x", "/users/action_post",
    ],
)  # fmt: skip
def test_screens_of_the_framework_we_do_not_use_are_not_there(sign_in: Any, page: str) -> None:
    assert sign_in("admin").get(page).status_code in {404, 405}


def test_nobody_stands_above_the_roles(seeing: Any) -> None:
    names = set(seeing(lambda s: s.scalars(select(Role.name)).all()))
    assert "supervisor" in names
    assert names & {"Admin", "Public", "(nobody)"} == set()


@pytest.mark.parametrize("page", ["/births/list/", "/people/list/", "/registrations/list/", "/births/add", "/people/add"])
def test_an_admin_sees_no_ledger(sign_in: Any, page: str) -> None:
    assert sign_in("admin").get(page).status_code == 403


SCREENS = {"app.views", "app.core.screen", "pypdf", "xlsxwriter"}
LOADED = "import sys\nfrom flask.cli import main\ntry:\n    main()\nfinally:\n    print(*sys.modules)"


@pytest.mark.parametrize(("words", "found"), [(["sheet", "import", "--help"], False), (["routes"], True)])
def test_a_command_that_shows_nothing_loads_no_screen(tmp_path: Path, words: list[str], found: bool) -> None:
    """They would take half of its start and an eighth of its memory."""
    told = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "--app", "run", *words], cwd=ROOT, env=told, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.rsplit("\n", 2)[-2].split())
    assert "app.sheets.importer" in loaded
    assert bool(SCREENS & loaded) is found
    assert "alembic" not in loaded  # nine megabytes, of use to whoever changes the schema
