"""Passwords: how they are hashed, compared, made up, and what each of the two policies asks of a new one."""

import secrets
import string
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.accounts.models import PasswordHistory
from app.core import clock
from app.core.errors import Problem, RuleViolation

SHORTEST = 8  # OWASP ASVS 5.0, 6.2.1
SHORTEST_DJBH3 = 10
LONGEST = 128  # more than ASVS 6.2.9 asks for; a bound, so that hashing costs no more than it should
KINDS_DJBH3 = 3  # of capital letters, small letters, digits and other signs
LEAST_SCORE = 3  # of zxcvbn: safe against 10^8 guesses
READ_BY_ZXCVBN = 72  # characters; what stands behind them only makes a password stronger
REMEMBERED = 5  # earlier passwords that are refused under djbh3
KEPT_FOR = timedelta(days=90)  # how long a password lasts under djbh3
ONE_TIME_FOR = timedelta(days=14)  # how long a password lasts that somebody else has set (ASVS 6.4.1)
ONE_TIME_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike when read aloud or copied
ONE_TIME_GROUPS, GROUP = 4, 4  # 16 letters: 79 bits

_zxcvbn_lock = threading.Lock()  # it keeps the words of the caller in a global table


def hashed(password: str) -> str:
    """The hash as FAB stores it."""
    return generate_password_hash(password, method=current_app.config.get("FAB_PASSWORD_HASH_METHOD", "scrypt"))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password. Where there is none to compare with, the same time is spent on a dummy."""
    expected = stored or _dummy(current_app.config.get("FAB_PASSWORD_HASH_METHOD", "scrypt"))
    return check_password_hash(expected, password[:LONGEST]) and stored is not None and 0 < len(password) <= LONGEST


@lru_cache
def _dummy(method: str) -> str:
    return generate_password_hash(secrets.token_hex(16), method=method)


def one_time() -> str:
    """A password nobody chose, to be changed at the first sign-in."""
    letters = iter(lambda: secrets.choice(ONE_TIME_LETTERS), None)
    return "-".join("".join(next(letters) for _letter in range(GROUP)) for _group in range(ONE_TIME_GROUPS))


def is_strict() -> bool:
    """Whether 等保三级 is in force instead of OWASP ASVS 5: kinds of characters, no old passwords, an end after 90 days."""
    return bool(current_app.config["PASSWORD_POLICY"] == "djbh3")  # noqa: S105


def check(password: str, words: Iterable[str], earlier: Iterable[str] = ()) -> None:
    """Hold a new password to the policy in force. Raises RuleViolation with everything that is wrong.

    `words` are what everybody knows of this person: name, account, office. `earlier` are hashes of passwords used before, newest first.
    """
    strict = is_strict()
    problems = [*_length(password, strict), *_strength(password, [w for w in words if w])]
    if strict and _kinds(password) < KINDS_DJBH3:
        problems.append(_("Use at least three of these: capital letters, small letters, digits, other signs."))
    if not problems and any(check_password_hash(old, password) for old in list(earlier)[: REMEMBERED if strict else 1]):
        problems.append(_("This password was used before. Choose another one."))
    if problems:
        raise RuleViolation(Problem("password", text) for text in problems)


def _length(password: str, strict: bool) -> Iterator[str]:
    least = SHORTEST_DJBH3 if strict else SHORTEST
    if len(password) < least:
        yield _("A password has at least %(n)s characters.", n=least)
    if len(password) > LONGEST:
        yield _("A password has at most %(n)s characters.", n=LONGEST)


def _strength(password: str, words: list[str]) -> Iterator[str]:
    if any(len(word) > 2 and word.casefold() in password.casefold() for word in words):
        yield _("The password must not contain the name of the account, the person or the office.")
    from zxcvbn import zxcvbn  # noqa: PLC0415  (its lists of words take 11 MB; most processes never judge a password)

    with _zxcvbn_lock:
        score = zxcvbn(password[:READ_BY_ZXCVBN], words)["score"] if password else 0
    if score < LEAST_SCORE:
        yield _("This password is easy to guess. Make it longer, for example of four words that have nothing to do with each other.")


def _kinds(password: str) -> int:
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
    known = [any(sign in kind for sign in password) for kind in kinds]
    return sum(known) + any(not any(sign in kind for kind in kinds) for sign in password)


def earlier(session: Session, user: User) -> list[str]:
    """The hashes of this account's passwords, the present one first, then newest first."""
    statement = select(PasswordHistory.password).where(PasswordHistory.user_id == user.id).order_by(PasswordHistory.id.desc())
    return list(dict.fromkeys([user.password or "", *session.scalars(statement)]))


def remember(session: Session, user_id: int, stored: str) -> None:
    """Keep the hash of a password that was just set; forget those that may come back."""
    session.add(PasswordHistory(user_id=user_id, password=stored, set_at=clock.now()))
    session.flush()
    statement = select(PasswordHistory).where(PasswordHistory.user_id == user_id).order_by(PasswordHistory.id.desc())
    for old in session.scalars(statement.offset(REMEMBERED)).all():
        session.delete(old)


def must_be_changed(must_change: bool, changed_at: datetime | None) -> bool:
    """Whether nothing else may be done before the password is changed: somebody else has set it, or its time is over."""
    return must_change or (is_strict() and (changed_at is None or clock.now() - changed_at > KEPT_FOR))


def is_spent(must_change: bool, changed_at: datetime | None) -> bool:
    """Whether a password that somebody else has set was left unused too long."""
    return must_change and changed_at is not None and clock.now() - changed_at > ONE_TIME_FOR
