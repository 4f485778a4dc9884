"""Two policies, each asked for by a setting; a password somebody else has set opens one page only, and not for ever."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from app.accounts import passwords, users
from app.accounts.models import PasswordHistory
from app.core import clock
from app.core.errors import RuleViolation
from tests.accounts.conftest import act, user_named
from tests.cast import PASSWORD

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NEW = "purple-anvil-sings-quietly"


@pytest.fixture
def djbh3(app):
    app.config["PASSWORD_POLICY"] = "djbh3"


def problems(app, password, words=("clerk", "Wang Fang"), earlier=()):
    with app.test_request_context():
        try:
            passwords.check(password, words, earlier)
        except RuleViolation as refusal:
            return " ".join(str(p.message) for p in refusal.problems)
    return ""


@pytest.mark.parametrize(
    "password", [NEW, "tidal wrench omelet", "爱吃热干面的小猫咪", "kQ9#vLx2mT4!", "x" * 3 + NEW * 3, " spaces  inside kept "]
)
def test_asvs_takes_what_is_hard_to_guess_whatever_it_is_made_of(app, password):
    assert problems(app, password) == ""


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 8"),
        ("kQ9#vLx", "at least 8"),
        ("password1", "easy to guess"),
        ("Aa123456", "easy to guess"),
        ("qwertyuiop", "easy to guess"),
        ("aaaaaaaaaaaaaaaa", "easy to guess"),
        ("19900101", "easy to guess"),
        ("tidal-CLERK-wrench-omelet", "must not contain"),
        ("tidal wang fang wrench omelet", "must not contain"),
        ("kQ9#vLx2" * 17, "at most 128"),
    ],
)
def test_asvs_refuses_and_says_why(app, password, why):
    assert why in problems(app, password)


def test_everything_that_is_wrong_is_said_at_once(app, djbh3):
    found = problems(app, "clerk")
    assert all(why in found for why in ("at least 10", "must not contain", "easy to guess", "at least three"))


@pytest.mark.parametrize(
    ("password", "why"),
    [("kQ9#vLx2w", "at least 10"), ("purpleanvilsingsquietly", "at least three"), ("purple-anvil-sings-quietly", "at least three")],
)
def test_djbh3_asks_for_length_and_kinds(app, djbh3, password, why):
    assert why in problems(app, password)


@pytest.mark.parametrize("password", ["Purple-anvil-sings-quietly", "purple-anvil-7-sings", "紫色铁砧Sings-quietly"])
def test_djbh3_takes_three_kinds(app, djbh3, password):
    assert problems(app, password) == ""


def change(client, old, new):
    return client.send("/own/password", current=old, password=new, again=new)


def test_a_password_is_changed_with_the_present_one(sign_in, stranger):
    clerk = sign_in("clerk")
    assert change(clerk, PASSWORD, NEW).status_code == 302
    old, fresh = stranger(), stranger()
    old.enter("clerk", PASSWORD)
    fresh.enter("clerk", NEW)
    assert (old.is_in(), fresh.is_in()) == (False, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"current": "wrong", "password": NEW, "again": NEW}, "not your present password"),
        ({"current": PASSWORD, "password": NEW, "again": NEW + "!"}, "not the same"),
        ({"current": PASSWORD, "password": "password1", "again": "password1"}, "easy to guess"),
        ({"current": PASSWORD, "password": PASSWORD, "again": PASSWORD}, "used before"),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(sign_in, stranger, words, why):
    clerk = sign_in("clerk")
    answer = clerk.send("/own/password", **words)
    assert answer.status_code == 200
    assert why in answer.text
    assert NEW not in answer.text
    browser = stranger()
    browser.enter("clerk", PASSWORD)
    assert browser.is_in()


def test_djbh3_refuses_the_last_five(app, sign_in, djbh3, seeing):
    clerk = sign_in("clerk")
    mine = [PASSWORD, *(f"Purple-anvil-{n}-sings" for n in range(6))]
    for old, new in pairwise(mine[:6]):
        assert change(clerk, old, new).status_code == 302
    for again in mine[1:6]:
        assert "used before" in change(clerk, mine[5], again).text
    assert change(clerk, mine[5], mine[0]).status_code == 302
    assert seeing(lambda s: len(s.scalars(select(PasswordHistory).where(PasswordHistory.user_id == user_named(s, "clerk").id)).all())) == 5


def test_asvs_refuses_the_present_one_only(sign_in):
    clerk = sign_in("clerk")
    assert change(clerk, PASSWORD, NEW).status_code == 302
    assert change(clerk, NEW, PASSWORD).status_code == 302


def test_a_password_lasts_ninety_days_under_djbh3(app, stranger, working, djbh3):
    with clock.stopped_at(MORNING), working() as session:
        users.change_own_password(
            session, user_named(session, "clerk"), user_named(session, "clerk").password, passwords.hashed(PASSWORD), None
        )
    browser = stranger()
    with clock.stopped_at(MORNING + timedelta(days=90)):
        browser.enter("clerk", PASSWORD)
        assert browser.is_in()
    with clock.stopped_at(MORNING + timedelta(days=90, minutes=1)):
        assert browser.get("/own/").headers["Location"] == "/own/password"
        app.config["PASSWORD_POLICY"] = "asvs"
        assert browser.is_in()


def test_until_it_is_changed_a_given_password_opens_only_that_page(sign_in, app):
    admin, clerk = sign_in("admin"), sign_in("clerk")
    act(admin, "clerk", "must_change")
    for page in ("/", "/own/", "/people/list/", "/births/add", "/users/list/"):
        assert clerk.get(page).headers["Location"] == "/own/password", page
    assert clerk.send("/people/find", "/own/password", text="x").headers["Location"] == "/own/password"
    with clerk.get("/static/app.css") as style:
        assert style.status_code == 200
    assert clerk.get("/lang/zh").status_code == 302
    assert 'lang="zh-CN"' in clerk.get("/own/password").text
    clerk.get("/lang/en")
    assert "choose a password of your own" in clerk.get("/own/password").text
    assert change(clerk, PASSWORD, NEW).status_code == 302
    assert clerk.get("/own/").status_code == 200


def test_somebody_who_must_change_may_sign_out(sign_in):
    admin, clerk = sign_in("admin"), sign_in("clerk")
    act(admin, "clerk", "must_change")
    assert clerk.send("/logout/", "/own/password").headers["Location"] == "/login/"


def test_a_given_password_is_worth_nothing_after_two_weeks(stranger, working):
    with clock.stopped_at(MORNING), working() as session:
        password = users.reset_password(session, user_named(session, "admin"), user_named(session, "clerk"))
    late, in_time = stranger(), stranger()
    with clock.stopped_at(MORNING + timedelta(days=14, minutes=1)):
        late.enter("clerk", password)
        assert late.get("/own/password").status_code == 302
    with clock.stopped_at(MORNING + timedelta(days=14)):
        in_time.enter("clerk", password)
        assert in_time.get("/own/password").status_code == 200


def test_one_time_passwords_are_long_and_never_the_same(app):
    made = {passwords.one_time() for _n in range(200)}
    assert len(made) == 200
    assert all(len(one.replace("-", "")) == 16 for one in made)
    assert all(problems(app, one) == "" for one in list(made)[:20])


def test_a_password_changed_meanwhile_is_not_overwritten(working):
    with pytest.raises(RuleViolation), working() as session:
        users.change_own_password(session, user_named(session, "clerk"), "another hash", "new hash", None)
