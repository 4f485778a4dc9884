"""Sessions are rows: signing out, a new password, another role or another office ends them at once, everywhere."""

import hashlib
import secrets
from datetime import timedelta

from flask import current_app, g, request, session
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.models import AccountState, UserSession
from app.core import clock
from app.core.unit_of_work import unit_of_work
from app.extensions import db

SEEN_EVERY = timedelta(minutes=1)  # a row is touched at most this often
AGENT_LENGTH = 200
REMEMBERED = timedelta(days=2)  # a form stays open over night, not for a week


def begin(work: Session, user_id: int) -> str:
    """Add the row of a user who has just proved who they are, inside a unit of work. Answers the token for `carry`."""
    token, now = secrets.token_urlsafe(32), clock.now()
    row = UserSession(token_hash=_digest(token), user_id=user_id, started_at=now, seen_at=now)
    row.address, row.agent = request.remote_addr or "", str(request.user_agent)[:AGENT_LENGTH]
    work.add(row)
    return token


def carry(token: str) -> None:
    """Give the browser a new cookie that holds only this random number and the language."""
    kept = {key: session[key] for key in ("locale",) if key in session}
    session.clear()
    session.update(kept, sid=token)
    session.permanent = True


def user_of_this_request(user_id: int) -> User | None:
    """The user, if the cookie's session row is alive and theirs. One statement, which also tells whether a new password is due."""
    token = session.get("sid")
    if not token:
        return None
    query = (
        select(User, UserSession.id, UserSession.seen_at, AccountState.must_change_password, AccountState.password_changed_at)
        .join(UserSession, UserSession.user_id == User.id)
        .outerjoin(AccountState, AccountState.id == User.id)
        .where(UserSession.token_hash == _digest(token), User.id == user_id, User.active, is_alive())
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        return None
    user, g.user_session_id, g.seen_at, must_change, changed_at = found
    g.password_is_due = passwords.must_be_changed(bool(must_change), changed_at)
    return user


def user_of_ended() -> int | None:
    """Whose session the cookie names that lives no more; not for long, and not of an account that was closed.

    Good for nothing but keeping that person's own words until they sign in.
    """
    token = session.get("sid")
    if not token:
        return None
    lately = UserSession.started_at >= clock.now() - REMEMBERED
    query = select(User.id).join(UserSession, UserSession.user_id == User.id)
    found: int | None = db.session.scalar(query.where(UserSession.token_hash == _digest(token), User.active, lately))
    return found


def touch() -> None:
    """Write that the session is in use, at most once a minute, before the request does anything else."""
    now = clock.now()
    if "user_session_id" in g and now - g.seen_at > min(SEEN_EVERY, _idle() / 4):
        with unit_of_work() as work:
            work.execute(update(UserSession).where(UserSession.id == g.user_session_id, is_alive()).values(seen_at=now))


def end(work: Session, session_id: int, reason: str) -> None:
    """End one session."""
    _end(work, UserSession.id == session_id, reason)


def end_all(work: Session, user_id: int, reason: str, keep: int | None = None) -> None:
    """End every session of a user, inside the act that makes it necessary; `keep` is the one that did it."""
    kept = UserSession.id != keep if keep is not None else UserSession.id.is_not(None)
    _end(work, (UserSession.user_id == user_id) & kept, reason)


def latest(work: Session, user_id: int) -> UserSession | None:
    """The last sign-in of a user."""
    return work.scalars(select(UserSession).where(UserSession.user_id == user_id).order_by(UserSession.id.desc()).limit(1)).one_or_none()


def open_ones(work: Session, user_id: int) -> list[UserSession]:
    """The sessions of a user that are alive, newest first."""
    return list(work.scalars(select(UserSession).where(UserSession.user_id == user_id, is_alive()).order_by(UserSession.id.desc())))


def is_alive() -> ColumnElement[bool]:
    """The condition that a session was neither ended nor left alone too long nor open for too long."""
    now = clock.now()
    whole = timedelta(hours=current_app.config["SESSION_HOURS"])
    return UserSession.ended_at.is_(None) & (UserSession.seen_at >= now - _idle()) & (UserSession.started_at >= now - whole)


def _end(work: Session, which: ColumnElement[bool], reason: str) -> None:
    ending = update(UserSession).where(which, UserSession.ended_at.is_(None))
    work.execute(ending.values(ended_at=clock.now(), end_reason=reason).execution_options(synchronize_session=False))


def _idle() -> timedelta:
    return timedelta(minutes=current_app.config["IDLE_MINUTES"])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
