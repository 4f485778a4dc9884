"""A session lives as long as somebody uses it, eight hours at most, and ends with everything it was opened on."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.models import UserSession
from app.core import clock
from app.core.audit import AuditEntry
from tests.accounts.conftest import act
from tests.accounts.test_users import edit
from tests.cast import PASSWORD, A, B

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NEW = "purple-anvil-sings-quietly"


def later(**gap):
    return clock.stopped_at(MORNING + timedelta(**gap))


def test_fifteen_minutes_without_a_click_end_a_session(stranger):
    browser = stranger()
    with later():
        browser.enter("clerk", PASSWORD)
    with later(minutes=14):
        assert browser.is_in()
    with later(minutes=28, seconds=59):
        assert browser.is_in()
    with later(minutes=44):
        assert not browser.is_in()


def test_eight_hours_end_a_session_however_busy_it_is(stranger):
    browser = stranger()
    with later():
        browser.enter("clerk", PASSWORD)
    for minutes in range(10, 481, 10):
        with later(minutes=minutes):
            assert browser.is_in(), minutes
    with later(hours=8, seconds=1):
        assert not browser.is_in()


def test_a_session_that_slept_cannot_be_woken(stranger):
    browser = stranger()
    with later():
        browser.enter("clerk", PASSWORD)
    with later(minutes=16):
        assert not browser.is_in()
    with later(minutes=1):
        assert browser.is_in()


def test_use_is_written_at_most_once_a_minute(stranger, seeing):
    browser, seen = stranger(), lambda: seeing(lambda s: s.scalar(select(func.max(UserSession.seen_at))))
    with later():
        browser.enter("clerk", PASSWORD)
    with later(seconds=59):
        browser.get("/own/")
    assert seen() == MORNING
    with later(seconds=61):
        browser.get("/own/")
    assert seen() == MORNING + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (lambda admin: act(admin, "clerk", "disable"), "disabled"),
        (lambda admin: act(admin, "clerk", "reset"), "password reset"),
        (lambda admin: edit(admin, "clerk", roles=["supervisor"], offices=[A]), "roles or offices changed"),
        (lambda admin: edit(admin, "clerk", roles=["clerk"], offices=[A, B]), "roles or offices changed"),
        (lambda admin: edit(admin, "clerk", roles=["clerk"], offices=[]), "roles or offices changed"),
    ],
)
def test_what_an_admin_takes_or_gives_ends_every_session_at_once(sign_in, seeing, how, reason):
    admin, clerk, elsewhere = sign_in("admin"), sign_in("clerk"), sign_in("clerk")
    assert how(admin).status_code in (200, 302)
    assert clerk.get("/own/").status_code == 302
    assert elsewhere.get("/people/list/").status_code == 302
    assert set(seeing(lambda s: s.scalars(select(UserSession.end_reason).where(UserSession.ended_at.is_not(None))).all())) == {reason}
    assert admin.get("/own/").status_code == 200


def test_another_name_ends_no_session(sign_in):
    admin, clerk = sign_in("admin"), sign_in("clerk")
    edit(admin, "clerk", full_name="Zhang Li", roles=["clerk"], offices=[A])
    assert clerk.get("/own/").status_code == 200


def test_a_new_password_ends_the_other_sessions(sign_in):
    here, elsewhere, colleague = sign_in("clerk"), sign_in("clerk"), sign_in("colleague")
    assert here.send("/own/password", current=PASSWORD, password=NEW, again=NEW).status_code == 302
    assert here.get("/own/").status_code == 200
    assert elsewhere.get("/own/").status_code == 302
    assert colleague.get("/own/").status_code == 200


def test_one_may_end_ones_other_sessions(sign_in, seeing):
    here, elsewhere, colleague = sign_in("clerk"), sign_in("clerk"), sign_in("colleague")
    here.send("/own/end_others", "/own/")
    assert here.get("/own/").status_code == 200
    assert elsewhere.get("/own/").status_code == 302
    assert colleague.get("/own/").status_code == 200
    assert seeing(lambda s: s.scalars(select(AuditEntry.actor).where(AuditEntry.act == "end_session")).all()) == ["clerk"]


def test_an_admin_ends_one_session_of_a_user(sign_in, seeing):
    admin, first, second = sign_in("admin"), sign_in("clerk"), sign_in("clerk")
    opened = select(UserSession.id).order_by(UserSession.id)
    first_id = seeing(lambda s: s.scalars(opened).all()[1])
    assert act(admin, "clerk", "end_session", session=first_id).status_code == 302
    assert first.get("/own/").status_code == 302
    assert second.get("/own/").status_code == 200


def test_a_session_is_ended_on_the_page_of_its_own_user_only(sign_in, seeing):
    admin, clerk = sign_in("admin"), sign_in("clerk")
    clerks = seeing(lambda s: s.scalar(select(func.max(UserSession.id))))
    for number in (clerks, "0", "x", "99999999999999999999"):
        assert act(admin, "auditor", "end_session", session=number).status_code == 404
    assert clerk.get("/own/").status_code == 200


def test_the_cookie_of_one_is_not_the_session_of_another(app, stranger):
    browser = stranger()
    browser.enter("clerk", PASSWORD)
    with browser.http.session_transaction() as cookie:
        cookie["_user_id"] = str(int(cookie["_user_id"]) + 1)
    assert not browser.is_in()


def test_the_cookie_holds_no_session_that_could_be_read_from_the_database(stranger, seeing):
    browser = stranger()
    browser.enter("clerk", PASSWORD)
    with browser.http.session_transaction() as cookie:
        token = cookie["sid"]
    assert token not in seeing(lambda s: s.scalars(select(UserSession.token_hash)).all())
