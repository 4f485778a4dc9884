"""Guessing is slow: per account and per address, across all workers, and also when many tries are sent at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import func, select

from app.accounts import throttle
from app.accounts.models import SignInThrottle
from app.core import clock
from tests.accounts.conftest import Stranger, act
from tests.cast import PASSWORD

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def later(**gap):
    return clock.stopped_at(MORNING + timedelta(**gap))


def fail(stranger, user="clerk", times=5, address="10.0.0.1"):
    for _try in range(times):
        stranger(address).enter(user, "wrong")


def opens(stranger, user="clerk", address="10.0.0.2"):
    browser = stranger(address)
    browser.enter(user, PASSWORD)
    return browser.is_in()


def test_four_failures_lock_nothing(stranger):
    fail(stranger, times=4)
    assert opens(stranger)


def test_five_failures_lock_for_fifteen_minutes_and_then_for_thirty(stranger):
    with later():
        fail(stranger)
        assert not opens(stranger)
    with later(minutes=14, seconds=59):
        assert not opens(stranger)
    with later(minutes=15, seconds=1):
        fail(stranger)
    with later(minutes=45):
        assert not opens(stranger)
    with later(minutes=45, seconds=2):
        assert opens(stranger)


def test_tries_on_a_locked_account_do_not_make_the_lock_longer(stranger):
    with later():
        fail(stranger)
    with later(minutes=14):
        fail(stranger, times=3)
    with later(minutes=15, seconds=1):
        assert opens(stranger)


def test_an_unknown_account_is_locked_like_a_known_one(stranger, seeing):
    fail(stranger, user="nobody-here")
    locked = seeing(lambda s: s.scalars(select(SignInThrottle.locked_until).where(SignInThrottle.key.startswith("account:"))).one())
    assert locked is not None


def test_signing_in_gives_the_tries_back(stranger):
    fail(stranger, times=4)
    assert opens(stranger)
    fail(stranger, times=4)
    assert opens(stranger)


def test_failures_are_forgotten_after_an_hour(stranger):
    with later():
        fail(stranger, times=4)
    with later(minutes=61):
        fail(stranger, times=4)
        assert opens(stranger)


def test_many_failures_lock_the_address_for_every_account(stranger):
    for number in range(20):
        fail(stranger, user=f"guess-{number}", times=1)
    assert not opens(stranger, address="10.0.0.1")
    assert opens(stranger, address="10.0.0.2")


def test_nineteen_failures_do_not_lock_an_address(stranger):
    for number in range(19):
        fail(stranger, user=f"guess-{number}", times=1)
    assert opens(stranger, address="10.0.0.1")
    assert opens(stranger, "colleague", address="10.0.0.1")


def test_an_office_full_of_clerks_locks_nobody_out(stranger, seeing):
    for _morning in range(25):
        assert opens(stranger)
    assert seeing(lambda s: s.scalar(select(func.max(SignInThrottle.failures)))) == 0


@pytest.mark.parametrize("tries", [16])
def test_tries_sent_at_once_cannot_slip_past_each_other(app, comparisons, seeing, tries):
    browsers = [Stranger(app, f"10.0.1.{number}") for number in range(tries)]
    pages = [browser.hidden("/login/") for browser in browsers]

    def one(number):
        return browsers[number].http.post("/login/", data={**pages[number], "username": "clerk", "password": "wrong"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(tries))) == {200}
    account = seeing(lambda s: s.scalars(select(SignInThrottle).where(SignInThrottle.key.startswith("account:"))).one())
    assert (account.failures, account.locks) == (5, 1)


def test_counts_that_are_not_yet_written_are_waited_for(app, stranger, working, seeing):
    fail(stranger, times=1)
    counted = Event()

    def slow():
        with working() as session:
            throttle.admit(session, "guess", "10.0.0.1")
            counted.set()
            time.sleep(0.5)

    def quick(number):
        counted.wait(5)
        with working() as session:
            throttle.admit(session, f"guess-{number}", "10.0.0.1")

    with ThreadPoolExecutor(13) as pool:
        for done in [pool.submit(slow), *(pool.submit(quick, number) for number in range(12))]:
            done.result()
    assert seeing(lambda s: s.scalar(select(func.max(SignInThrottle.failures)))) == 14


def test_an_admin_unlocks_an_account(stranger, sign_in):
    admin = sign_in("admin")
    fail(stranger)
    assert "Locked until" in admin.get("/users/show/clerk").text
    assert act(admin, "clerk", "unlock").status_code == 302
    assert "Locked until" not in admin.get("/users/show/clerk").text
    assert opens(stranger)


def test_the_page_of_the_own_password_is_no_place_to_guess(sign_in):
    clerk = sign_in("clerk")
    new = "purple-anvil-sings-quietly"
    for _try in range(5):
        clerk.send("/own/password", current="wrong", password=new, again=new)
    answer = clerk.send("/own/password", current=PASSWORD, password=new, again=new)
    assert answer.status_code == 200
    assert "too many tries" in answer.text


def test_keys_are_digests_of_one_length_and_old_ones_go(stranger, seeing):
    with later():
        stranger("10.0.0.1").enter("x" * 5000, "wrong")
        stranger("10.0.0.1").enter("张三", "wrong")
    keys = seeing(lambda s: s.scalars(select(SignInThrottle.key)).all())
    assert {len(key) for key in keys} == {len("account:") + 32}
    with later(days=2):
        assert opens(stranger)
    assert seeing(lambda s: s.scalar(select(func.count(SignInThrottle.key)))) == 1
