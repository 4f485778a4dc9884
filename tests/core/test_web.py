"""What every answer carries: headers, nonces, a sentence instead of a trace; tokens on everything that writes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.core.scope import OutOfScope
from app.core.unit_of_work import Busy
from app.extensions import db
from tests.conftest import Client

MISSING = "00000000-0000-7000-8000-000000000000"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGES = ("/", "/births/list/", "/registrations/list/", "/people/list/", "/births/add", "/registrations/add", "/people/add", "/nowhere")


@pytest.fixture(scope="module")
def clerk(shared_app: Flask) -> Client:
    """A clerk's browser; nothing here writes."""
    return Client(shared_app, "clerk")


@pytest.fixture(scope="module")
def admin(shared_app: Flask) -> Client:
    return Client(shared_app, "admin")


@pytest.fixture(autouse=True)
def _closed(shared_app: Flask) -> Iterator[None]:
    yield
    with shared_app.app_context():
        db.session.remove()


def address(rule: Any) -> str:
    """The route with something that does not exist in every gap."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda m: "1" if m[1] == "int" else MISSING, str(rule.rule))


def routes(app: Flask, method: str) -> list[str]:
    return sorted({address(rule) for rule in app.url_map.iter_rules() if method in (rule.methods or ())})


# headers


def test_the_policy_allows_nothing_inline(clerk: Client) -> None:
    assert "unsafe" not in clerk.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("page", [*PAGES, "/login/", "/health", "/static/app.css"])
def test_every_answer_carries_the_headers(clerk: Client, page: str) -> None:
    with clerk.get(page) as answer:
        found = answer.headers
    assert {name: found.get(name) for name in HEADERS} == HEADERS
    policy = found["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-eval'" not in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


@pytest.mark.parametrize("page", PAGES)
def test_pages_with_data_are_never_kept_by_the_browser(clerk: Client, page: str) -> None:
    assert clerk.get(page).headers["Cache-Control"] == "no-store"


def test_strict_transport_is_asked_for_over_https_only(shared_app: Flask) -> None:
    browser = shared_app.test_client()
    assert "Strict-Transport-Security" not in browser.get("/login/").headers
    assert "max-age=" in browser.get("/login/", base_url="https://localhost").headers["Strict-Transport-Security"]


@pytest.mark.parametrize("page", [*PAGES, "/login/"])
def test_every_script_carries_the_nonce_of_its_answer(clerk: Client, shared_app: Flask, page: str) -> None:
    answer = (shared_app.test_client() if page == "/login/" else clerk).get(page)
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert nonce
    tags = re.findall(r"<script\b[^>]*>", answer.text)
    assert tags
    assert [tag for tag in tags if f'nonce="{nonce[1]}"' not in tag] == []
    assert re.findall(r"<[^>]+\son\w+\s*=\s*[\"'][^>]*>", answer.text) == []
    assert 'href="javascript:' not in answer.text


def test_each_answer_has_a_nonce_of_its_own(clerk: Client) -> None:
    policies = {clerk.get("/births/list/").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


# errors

WORDS = {"en": {404: "There is nothing here", 403: "Your role does not include this"}, "zh": {404: "没有找到该内容", 403: "您的角色"}}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("page", "code"), [("/nowhere", 404), (f"/births/show/{MISSING}", 404), ("/users/list/", 403)])
def test_an_error_is_a_sentence_in_the_readers_language(shared_app: Flask, language: str, page: str, code: int) -> None:
    clerk = Client(shared_app, "clerk")
    clerk.get(f"/lang/{language}")
    answer = clerk.get(page)
    assert answer.status_code == code
    assert WORDS[language][code] in answer.text


ERRORS = [
    (ZeroDivisionError("secret 11010519491231002X"), 500),
    (OutOfScope("secret row"), 404),
    (Busy("busy"), 503),
    (OperationalError("SELECT secret FROM person", {}, Exception("database is locked")), 503),
    (RuntimeError("SELECT secret FROM person"), 500),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda e: type(e).__name__ if isinstance(e, Exception) else str(e))
def test_an_unforeseen_error_shows_and_logs_no_value(
    app: Flask, error: Exception, code: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    clerk = Client(app, "clerk")
    monkeypatch.setitem(app.view_functions, "HealthView.health", fail)
    answer = clerk.get("/health")
    assert answer.status_code == code
    for told in (answer.text, caplog.text):
        assert "secret" not in told
        assert "Traceback" not in told
        assert "11010519491231002X" not in told
    assert answer.headers["X-Frame-Options"] == "DENY"
    if code == 500:
        number = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.text)
        assert number
        assert number[0] in caplog.text


def test_a_machine_gets_its_error_as_json(clerk: Client) -> None:
    answer = clerk.http.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert json.loads(answer.text)["error"]


def test_a_request_that_is_too_large_is_told_so(clerk: Client) -> None:
    words = {"csrf_token": clerk.hidden("/people/list/")["csrf_token"], "text": "x" * (13 * 1024 * 1024)}
    assert clerk.http.post("/people/find", data=words).status_code == 413


# methods and tokens


def test_nothing_that_writes_answers_to_a_link(shared_app: Flask, clerk: Client, admin: Client) -> None:
    """Every route that knows POST only says 405 to GET."""
    reading = set(routes(shared_app, "GET"))
    posted = [a for a in routes(shared_app, "POST") if a not in reading]
    assert len(posted) > 8
    for who in (clerk, admin):
        assert {a: who.get(a).status_code for a in posted} == dict.fromkeys(posted, 405)


def test_every_unsafe_route_wants_its_token(shared_app: Flask, clerk: Client, admin: Client) -> None:
    unsafe = [(m, a) for m in ("POST", "PUT", "PATCH", "DELETE") for a in routes(shared_app, m)]
    assert len(unsafe) > 15
    for who in (clerk, admin):
        for token in ({}, {"csrf_token": ""}, {"csrf_token": "wrong"}):
            codes = {(m, a): who.http.open(a, method=m, data=token).status_code for m, a in unsafe}
            assert {k: v for k, v in codes.items() if v != 400} == {}


def test_a_token_of_another_session_is_worth_nothing(shared_app: Flask, clerk: Client, admin: Client) -> None:
    stolen = admin.hidden("/")["csrf_token"]
    assert clerk.http.post("/people/find", data={"csrf_token": stolen, "text": "x"}).status_code == 400


# lists

ABUSE = [
    "page_{v}=abc", "page_{v}=-1", "page_{v}=99999999999999999999", "page_{v}=1.5", "page_{v}=", "psize_{v}=abc", "psize_{v}=0",
    "psize_{v}=-5", "psize_{v}=1000000", "psize_{v}=99999999999999999999999", "_oc_{v}=nothing&_od_{v}=asc",
    "_oc_{v}=id_no_bidx&_od_{v}=asc", "_oc_{v}=scope_path&_od_{v}=desc", "_oc_{v}=__class__&_od_{v}=asc",
    "_oc_{v}=&_od_{v}=sideways", "_flt_0_nothing=1", "_flt_99_status=x", "_flt_0_id_no=1", "_flt_0_id_no_bidx=1",
    "_flt_abc_status=x", "_flt_0_status=%00", "_flt_0_=1", "_flt_=1", "_flt_0_born_on=yesterday", "_flt_1_born_on=9999-99-99",
    "_flt_0_birth_date=%27%20OR%201=1", "_flt_0_scope_path=0001", "a=%FF%FE", "page_{v}=1&page_{v}=2", "_flt_0_sex=%F0%A0%AE%B7",
]  # fmt: skip
LISTS = [("/births/list/", "BirthView"), ("/people/list/", "PersonView"), ("/registrations/list/", "BirthRegistrationView")]


@pytest.mark.parametrize("query", ABUSE)
@pytest.mark.parametrize(
    ("page", "view"), [("/births/list/", "BirthView"), ("/people/list/", "PersonView"), ("/registrations/list/", "BirthRegistrationView")]
)
def test_a_list_takes_any_address_without_falling_over(clerk: Client, page: str, view: str, query: str) -> None:
    answer = clerk.get(f"{page}?{query.format(v=view)}")
    assert answer.status_code in {200, 302, 400, 404}
    assert "Traceback" not in answer.text
    assert "SELECT" not in answer.text


@pytest.mark.parametrize("pk", ["x", "1", "0", "-1", MISSING.upper(), "../../etc/passwd", "{uid}", "1" * 5000])
@pytest.mark.parametrize("road", ["/births/show/", "/births/edit/", "/people/show/", "/registrations/show/"])
def test_an_identity_that_is_none_is_not_there(clerk: Client, road: str, pk: str) -> None:
    assert clerk.get(road + pk).status_code == 404


def test_a_nul_is_no_part_of_an_address(clerk: Client) -> None:
    """PostgreSQL cannot store one and would fall over."""
    assert clerk.get("/births/show/%00").status_code == 400
    assert clerk.get("/people/list/?_flt_0_name=%00").status_code == 400


def test_a_picker_without_a_column_is_not_there(clerk: Client) -> None:
    for column in ("nothing", "csrf_token", "mother_name", "__init__"):
        assert clerk.get(f"/births/options/{column}?q=x").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8130", "127.0.0.1:80@evil.example"])
def test_a_foreign_host_is_refused_in_one_line(app: Flask, host: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = app.test_client().get("/births/add", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("ledger", ["people", "births", "registrations"])
def test_a_very_long_search_is_an_ordinary_search(sign_in: Any, ledger: str) -> None:
    assert sign_in("clerk").send(f"/{ledger}/find", f"/{ledger}/list/", text="王" * 49_000).status_code == 200
