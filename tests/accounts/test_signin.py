"""The way in and the way out: nobody learns why they stay outside, and a session that was left is worth nothing."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.accounts.models import SignInThrottle
from app.core import clock
from app.core.audit import AuditEntry
from tests.accounts.conftest import Stranger, act, told
from tests.cast import PASSWORD

JSON = {"Accept": "application/json"}
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine o'clock in the office


def test_unknown_wrong_locked_and_disabled_are_told_the_same_after_the_same_work(app, stranger, sign_in, comparisons):
    admin = sign_in("admin")
    act(admin, "colleague", "disable")
    for _try in range(5):
        stranger().enter("neighbour", "wrong")
    del comparisons[:]
    tries = (("nobody-here", PASSWORD), ("clerk", "wrong"), ("neighbour", PASSWORD), ("colleague", PASSWORD))
    answers = [stranger().enter(user, password) for user, password in tries]
    assert {answer.status_code for answer in answers} == {200}
    texts = {told(answer.text).replace(user, "") for answer, (user, _password) in zip(answers, tries, strict=True)}
    assert len(texts) == 1
    assert "The account or the password is wrong" in texts.pop()
    assert comparisons == ["pbkdf2:sha256:1"] * 4


def test_an_account_is_found_however_its_name_is_spelled(stranger):
    browser = stranger()
    assert browser.enter(" ＣLerk ", PASSWORD).status_code == 302
    assert browser.is_in()


def test_nothing_gets_in_without_a_token(app):
    assert app.test_client().post("/login/", data={"username": "clerk", "password": PASSWORD}).status_code == 400


@pytest.mark.parametrize("empty", ["", "\0", "\0" * 8])
def test_an_empty_password_opens_nothing(stranger, empty):
    browser = stranger()
    browser.enter("clerk", empty)
    assert not browser.is_in()


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/people/list/", "/people/list/"),
        ("/people/list/?page=2", "/people/list/?page=2"),
        ("http://localhost/people/list/", "/people/list/"),
        ("http://evil.example/people/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("http:///evil.example", "/"),
        ("http:evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/%0d%0aX: y", "/"),
        ("http://localhost@evil.example/", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(stranger, wanted, target):
    browser = stranger()
    answer = browser.http.post(f"/login/?next={wanted}", data={**browser.hidden("/login/"), "username": "clerk", "password": PASSWORD})
    assert answer.headers["Location"] == target
    assert browser.http.get(f"/login/?next={wanted}").headers["Location"] == target


def test_a_page_asked_for_by_a_stranger_comes_after_signing_in(stranger):
    browser = stranger()
    there = browser.get("/people/list/").headers["Location"]
    answer = browser.send(there, username="clerk", password=PASSWORD)
    assert answer.headers["Location"] == "/people/list/"


def test_no_link_signs_anybody_out(sign_in):
    clerk = sign_in("clerk")
    assert clerk.get("/logout/").status_code == 405
    assert clerk.http.post("/logout/").status_code == 400
    assert clerk.get("/own/").status_code == 200


def test_a_page_that_ends_its_session_is_told_that_nobody_is_in(sign_in):
    clerk = sign_in("clerk")
    token = clerk.get("/login/", headers=JSON).json["csrf_token"]
    for _tab in range(2):
        answer = clerk.http.post("/logout/", data={"csrf_token": token}, headers=JSON, follow_redirects=True)
        assert answer.json["user"] == ""
    assert clerk.get("/own/").status_code == 302


def test_every_page_knows_when_to_lock_but_the_one_at_the_door(sign_in, stranger, app):
    app.config["SCREEN_LOCK_MINUTES"] = 7
    clerk = sign_in("clerk")
    assert all('data-lock-after="7"' in clerk.get(url).text for url in ("/", "/people/list/", "/people/add", "/own/", "/nothing-here"))
    assert "data-lock-after" not in stranger().get("/login/").text


def test_a_copied_cookie_is_worth_nothing_after_signing_out(stranger):
    browser, thief = stranger(), stranger()
    browser.enter("clerk", PASSWORD)
    thief.carry(browser.cookie())
    assert thief.is_in()
    browser.send("/logout/", "/own/")
    thief.carry(thief.cookie())
    assert not thief.is_in()
    assert not browser.is_in()


def test_signing_in_makes_a_new_cookie_and_keeps_the_language(stranger):
    browser = stranger()
    browser.get("/lang/zh")
    before = browser.cookie()
    browser.enter("clerk", PASSWORD)
    old = stranger()
    old.carry(before)
    assert not old.is_in()
    assert 'lang="zh-CN"' in browser.get("/own/").text


def test_the_cookie_is_closed_to_scripts_and_other_sites(app, stranger):
    browser = stranger()
    cookie = browser.enter("clerk", PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    app.config["SESSION_COOKIE_SECURE"] = True
    answer = stranger().http.get("/lang/en", base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_the_last_sign_in_and_failed_tries_are_told(stranger):
    with clock.stopped_at(MORNING):
        Stranger.enter(stranger("10.0.0.9"), "clerk", PASSWORD)
        Stranger.enter(stranger("10.0.0.9"), "clerk", "wrong")
        browser = stranger("10.0.0.2")
        browser.enter("clerk", PASSWORD)
        page = browser.get("/own/").text
    assert "2026-03-02 09:00" in page
    assert "10.0.0.9" in page
    assert "since then: 1" in page


def test_sign_ins_and_failures_are_in_the_history_and_no_typed_name_is(stranger, seeing):
    stranger("10.0.0.1").enter("clerk", PASSWORD)
    stranger("10.0.0.2").enter("clerk", "wrong")
    stranger("10.0.0.3").enter("Correct-horse-typed-into-the-wrong-box", "x")
    entries = seeing(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.act.startswith("sign_in")).order_by(AuditEntry.number)).all())
    assert [(e.act, e.actor, e.address) for e in entries] == [
        ("sign_in", "clerk", "10.0.0.1"),
        ("sign_in_failed", "nobody", "10.0.0.2"),
        ("sign_in_failed", "nobody", "10.0.0.3"),
    ]
    assert entries[0].target == entries[1].target
    assert entries[2].target == "ab_user/unknown"
    keys = seeing(lambda s: s.scalars(select(SignInThrottle.key)).all())
    assert not any("horse" in key or "clerk" in key for key in keys)


def test_a_failed_try_leaves_no_session(stranger):
    browser = stranger()
    browser.enter("clerk", "wrong")
    assert not browser.is_in()
    assert browser.get("/people/list/").status_code == 302


def test_a_zero_byte_is_refused_and_breaks_nothing(stranger, sign_in):
    browser, admin = stranger(), sign_in("admin")
    assert browser.enter("cl\0erk", PASSWORD).status_code == 400
    for address in ("/users/list/?q=%00", "/users/show/%00", "/roles/show/a%00", "/users/list/?after=%00"):
        assert admin.get(address).status_code == 400, address
