"""A form or a click that is sent twice is one act: its token is used up in the transaction of the act."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.base import Model

TOKEN_LENGTH = 36  # a written UUID


class ClientToken(Model):
    """One form that was sent; its second sending finds this row and does nothing."""

    __tablename__ = "client_token"
    token: Mapped[str] = mapped_column(String(TOKEN_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), primary_key=True)


def first_sending(session: Session, token: str, user_id: int) -> bool:
    """Use up the token. Two sendings at once: the second waits here, then learns that it is the second."""
    if session.get(ClientToken, (token, user_id)):
        return False
    session.add(ClientToken(token=token, user_id=user_id))
    session.flush()
    return True
