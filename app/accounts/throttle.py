"""Sign-in is throttled per account and per address, by rows that all workers share.

Every try is counted as a failure before its password is looked at and given back when it was right: tries sent at once
cannot slip past each other. A key is a digest: what somebody typed into the wrong box is stored nowhere.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.accounts.models import SignInThrottle
from app.core import clock, crypto

ADDRESS_FACTOR = 4  # an office shares one address
FORGET_FAILURES = timedelta(hours=1)  # failures count while the last one is not older
FORGET_LOCKS = timedelta(days=1)  # after a day without a failure the next lock is a short one again
LONGEST_LOCK = timedelta(days=1)


def account_key(username: str) -> str:
    """The key of one account, whether it exists or not."""
    return f"account:{crypto.keys().blind(username, 'sign-in')}"


def address_key(address: str) -> str:
    """The key of one address."""
    return f"address:{crypto.keys().blind(address, 'sign-in')}"


def admit(session: Session, username: str, address: str) -> bool:
    """Count one try, as if it failed. False while the account or the address is locked; then nothing may be learned from it."""
    return _count(session, address_key(address)) and _count(session, account_key(username))


def forgive(session: Session, username: str, address: str) -> int:
    """The try was right: it was no failure, and the account begins anew. Answers how many tries had failed before it."""
    place, account = _row(session, address_key(address)), _row(session, account_key(username))
    failed = max(0, account.failures - 1)
    session.delete(account)
    place.failures = max(0, place.failures - 1)
    if place.locked_until and place.failures < _most(place.key):  # it was this very try that locked the address
        place.locks, place.locked_until = max(0, place.locks - 1), None
    session.flush()
    _forget_old(session)
    return failed


def locked_until(session: Session, username: str) -> datetime | None:
    """Until when this account is locked, or None."""
    return locks_of(session, [username]).get(username)


def locks_of(session: Session, usernames: Iterable[str]) -> dict[str, datetime]:
    """Account → until when it is locked; the others are missing."""
    names = {account_key(name): name for name in usernames}
    statement = select(SignInThrottle.key, SignInThrottle.locked_until).where(SignInThrottle.key.in_(names))
    return {names[key]: until for key, until in session.execute(statement) if until and until > clock.now()}


def unlock(session: Session, username: str) -> None:
    """Let the account try again at once."""
    session.execute(delete(SignInThrottle).where(SignInThrottle.key == account_key(username)))


def _most(key: str) -> int:
    factor = ADDRESS_FACTOR if key.startswith("address:") else 1
    return int(current_app.config["LOCK_FAILURES"]) * factor


def _count(session: Session, key: str) -> bool:
    now, row = clock.now(), _row(session, key)
    if row.locked_until and row.locked_until > now:
        return False
    goes_on = row.locked_until is None and now - row.failed_at <= FORGET_FAILURES
    row.failures = row.failures + 1 if goes_on else 1
    row.locks = row.locks if now - row.failed_at <= FORGET_LOCKS else 0
    row.failed_at, row.locked_until = now, None
    if row.failures >= _most(key):
        first = timedelta(minutes=current_app.config["LOCK_MINUTES"])
        row.locked_until, row.locks = now + min(first * 2**row.locks, LONGEST_LOCK), row.locks + 1
    session.flush()
    return True


def _row(session: Session, key: str) -> SignInThrottle:
    """The row of a key, made where it is missing and locked until the transaction ends."""
    insert_if_new: Any = sqlite.insert if session.connection().dialect.name == "sqlite" else postgresql.insert
    new = insert_if_new(SignInThrottle).values(key=key, failures=0, locks=0, locked_until=None, failed_at=clock.now())
    session.execute(new.on_conflict_do_nothing())
    found = select(SignInThrottle).where(SignInThrottle.key == key).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).one()


def _forget_old(session: Session) -> None:
    """Names that were typed once do not stay. Rows somebody else holds are left for another time."""
    old = select(SignInThrottle.key).where(SignInThrottle.failed_at < clock.now() - FORGET_LOCKS).with_for_update(skip_locked=True)
    keys = session.scalars(old).all()
    session.execute(delete(SignInThrottle).where(SignInThrottle.key.in_(keys)))
