"""A form or a click that is sent twice is one act: its token is used up in the transaction of the act."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock
from app.core.base import Model
from app.core.columns import Moment

TOKEN_LENGTH = 36  # a written UUID


class ClientToken(Model):
    """One form that was sent; its second sending finds this row and does nothing."""

    __tablename__ = "client_token"
    token: Mapped[str] = mapped_column(String(TOKEN_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), primary_key=True)
    made: Mapped[UUID | None] = mapped_column(Uuid, comment="The record that the form made or changed")
    sent_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)


def first_sending(session: Session, token: str, user_id: int) -> bool:
    """Use up the token. Two sendings at once: the second waits here, then learns that it is the second."""
    if session.get(ClientToken, (token, user_id)):
        return False
    session.add(ClientToken(token=token, user_id=user_id))
    session.flush()
    return True


def keep_result(session: Session, token: str, user_id: int, made: UUID) -> None:
    """Remember in the transaction of the act which record a form made."""
    session.get_one(ClientToken, (token, user_id)).made = made


def result_of(session: Session, token: str, user_id: int) -> UUID | None:
    """The record that an earlier sending of the form made."""
    found = session.get(ClientToken, (token, user_id))
    return found.made if found else None
