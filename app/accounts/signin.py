"""Signing in and out. Whoever cannot sign in learns nothing: not whether the account exists, is locked or was switched off."""

from dataclasses import dataclass
from datetime import datetime

from flask import g, request
from flask_appbuilder.security.sqla.models import User
from flask_login import login_user, logout_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import passwords, sessions, throttle, users, visitor
from app.accounts.models import AccountState
from app.core import audit, clock
from app.core.unit_of_work import unit_of_work


@dataclass(frozen=True)
class LastTime:
    """What a person is told of their own account after signing in, so that they notice a stranger."""

    at: datetime | None
    address: str
    failed: int  # tries that failed since


def sign_in(username: str, password: str) -> LastTime | None:
    """Open a session, or answer None. Unknown, wrong, locked and switched off take the same way and the same time."""
    name, address = users.normal(username), request.remote_addr or ""
    with unit_of_work() as work:
        may_try = throttle.admit(work, name, address)
        user_id, stored = _account(work, name) if may_try else (None, None)
    if passwords.matches(stored, password):
        return _enter(name, address)
    audit.note_apart("sign_in_failed", f"ab_user/{user_id or 'unknown'}") if may_try else None
    return None


def is_right(user: User, password: str) -> bool:
    """Whether a signed-in person knows their password. Counted like a sign-in, so that a found session is no place to guess."""
    name, address = user.username, request.remote_addr or ""
    with unit_of_work() as work:
        may_try = throttle.admit(work, name, address)
        stored = _account(work, name)[1] if may_try else None
    if not passwords.matches(stored, password):
        return False
    with unit_of_work() as work:
        throttle.forgive(work, name, address)
    return True


def sign_out(user: User) -> None:
    """End this session; its cookie is worth nothing from now on, wherever a copy of it lies."""
    with unit_of_work() as work:
        sessions.end(work, g.user_session_id, "signed out")
        audit.note(work, "sign_out", user)
    logout_user()


def _account(work: Session, name: str) -> tuple[int | None, str | None]:
    """The account's key and the hash to compare with; no hash where this account cannot sign in."""
    statement = select(User.id, User.password, User.active, AccountState.must_change_password, AccountState.password_changed_at)
    found = work.execute(statement.outerjoin(AccountState, AccountState.id == User.id).where(User.username == name)).one_or_none()
    if found is None:
        return None, None
    can = found.active and not passwords.is_spent(bool(found.must_change_password), found.password_changed_at)
    return found.id, found.password if can else None


def _enter(name: str, address: str) -> LastTime:
    with visitor.known_as(name), unit_of_work() as work:
        user = work.scalars(select(User).where(User.username == name)).one()
        failed, previous = throttle.forgive(work, name, address), sessions.latest(work, user.id)
        told = LastTime(clock.local(previous.started_at) if previous else None, previous.address if previous else "", failed)
        token = sessions.begin(work, user.id)
        audit.note(work, "sign_in", user)
    sessions.carry(token)
    login_user(user)
    return told
