"""Which fields of a form one person keeps from record to record. Only the names are kept: the values stand in the record before."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ForeignKey, String, inspect, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import scope
from app.core.base import Model
from app.core.crypto import secrets_of
from app.core.tokens import ClientToken
from app.core.workflow import Record

NAME_LENGTH = 64  # of a table, of a field


class FormPin(Model):
    """One field of one ledger's form whose value one person takes over into the next new record."""

    __tablename__ = "form_pin"
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), primary_key=True)
    ledger: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True, comment="The table of the records")
    field: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)


def pinned(session: Session, user_id: int, model: Any) -> set[str]:
    """The fields this person keeps in this ledger."""
    mine = select(FormPin.field).where(FormPin.user_id == user_id, FormPin.ledger == model.__tablename__)
    return set(session.scalars(mine))


def pin(session: Session, user_id: int, model: Any, field: str, *, on: bool) -> None:
    """Keep a field from now on, or not any more. Twice is once."""
    found = session.get(FormPin, (user_id, model.__tablename__, field))
    if on and found is None:
        session.add(FormPin(user_id=user_id, ledger=model.__tablename__, field=field))
    elif found is not None and not on:
        session.delete(found)


def pinnable(model: Any, columns: Iterable[str], never: Iterable[str] = ()) -> list[str]:
    """What may be taken over: no secret, nothing that stands once in the register, nothing the ledger keeps out."""
    secret, single = set(secrets_of(model)), _unique(model)
    return [column for column in columns if column not in secret | single | set(never)]


def _unique(model: Any) -> set[str]:
    """Columns of which no two rows have the same value."""
    table: Any = inspect(model).local_table
    alone = [list(index.columns) for index in table.indexes if index.unique]
    return {columns[0].name for columns in alone if len(columns) == 1} | {column.name for column in table.columns if column.unique}


def previous(session: Session, user_id: int, model: Any) -> Any:
    """The last record of the ledger that this person entered and still may see; of a table that tells no maker, the last one saved."""
    mine = scope.query(model)
    if issubclass(model, Record):
        mine = mine.where(model.made_by_id == user_id).order_by(model.id.desc())
    else:
        mine = (
            mine.join(ClientToken, ClientToken.made == model.uid).where(ClientToken.user_id == user_id).order_by(ClientToken.sent_at.desc())
        )
    return session.scalars(mine.limit(1)).first()
