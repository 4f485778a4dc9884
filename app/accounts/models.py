"""What an account has beyond FAB's user row: offices, sessions, and how often somebody guessed."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.base import BigId, Model, Row
from app.core.columns import Moment


class UserRegion(Row):
    """A user answers for this region and everything below it. The history tells of it in the entry of the user."""

    __tablename__ = "user_region"
    __table_args__ = (UniqueConstraint("user_id", "region_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)


class AccountState(Model):
    """What FAB's user row does not know: whether the password was set by somebody else, and when it was changed.

    The history tells of it in the entry of the user.
    """

    __tablename__ = "account_state"

    id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), primary_key=True, autoincrement=False, comment="The user")
    must_change_password: Mapped[bool] = mapped_column(default=False)
    password_changed_at: Mapped[datetime | None] = mapped_column(Moment)


class PasswordHistory(Model):
    """A password one account had: its hash, so that it does not come back too soon."""

    __tablename__ = "password_history"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    password: Mapped[str] = mapped_column(String(256))
    set_at: Mapped[datetime] = mapped_column(Moment)


class UserSession(Model):
    """One sign-in on one device. The cookie holds a random number; here stands its digest."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    end_reason: Mapped[str | None] = mapped_column(String(32))


class SignInThrottle(Model):
    """How often sign-in failed for one account or one address, and until when it waits."""

    __tablename__ = "sign_in_throttle"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int]
    locks: Mapped[int]
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime] = mapped_column(Moment)


class ShippedGrant(Model):
    """A right that setup has given to a shipped role once; if an admin takes it away, it stays away."""

    __tablename__ = "shipped_grant"
    role: Mapped[str] = mapped_column(String(64), primary_key=True)
    permission: Mapped[str] = mapped_column(String(100), primary_key=True)
    view: Mapped[str] = mapped_column(String(250), primary_key=True)
