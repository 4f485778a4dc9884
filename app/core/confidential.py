"""Confidential records: kept as long as the person agrees. When consent is withdrawn, nothing is left of what they said.

The row stays, closed, with its number, its office and who decided about it. The readable old and new values of its history go too;
the entries keep their digests, made with a salt that is gone with the values, so that the chain stays whole and tells nothing.
"""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, String, event, inspect
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from app.core import audit, changes, drafts, return_marks, workflow
from app.core.hidden import SALT_LENGTH, new_salt
from app.core.unit_of_work import take_turn
from app.core.workflow import HOLDING, STANDARD, Actor, Record, Status, Transition

WITHDRAW_CONSENT = Transition("withdraw_consent", frozenset(Status), None)  # by anybody who may write; no reason, no second person


class Confidential(Record):
    """A record of a service somebody agreed to have written down. All it says stands in hidden values."""

    __abstract__ = True
    is_confidential = True
    transitions = (*STANDARD, *HOLDING, WITHDRAW_CONSENT)

    salt: Mapped[str | None] = mapped_column(String(SALT_LENGTH), info={"blind": True})
    closed_on: Mapped[date | None] = mapped_column(comment="Consent was withdrawn on this day, and the content is gone")

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        empty = " AND ".join(f"{name} IS NULL" for name in sorted(_content_of(cls)))
        return (*super().__table_args__, CheckConstraint(f"closed_on IS NULL OR ({empty})", name="closed_says_nothing"))


@event.listens_for(Confidential, "init", propagate=True)
def _make_salt(row: Any, _args: Any, _words: Any) -> None:
    row.salt = new_salt()


def close(session: Session, row: Confidential, actor: Actor, on: date, *, token: str) -> None:
    """Consent is withdrawn: the content is blanked, its history cannot be read any more, proposals and drafts about it are gone. For ever.

    Raises RuleViolation where the record is closed already.
    """
    workflow.must_allow(row, WITHDRAW_CONSENT.act, actor)
    take_turn(session, str(row.uid))
    changes.forget(session, row)
    return_marks.forget(session, row)
    drafts.forget(session, row.uid)
    row.closed_on, row.change_open = on, False
    for name in _content_of(type(row)):
        setattr(row, name, None)
    audit.forget(session, row)
    workflow.step(row, WITHDRAW_CONSENT.act, actor, token=token)


def discard(session: Session, row: Confidential, actor: Actor, *, token: str, reason: str) -> None:
    """A draft that should not be there goes, and with it what the history could tell of it."""
    workflow.discard(row, actor, token=token, reason=reason)
    session.flush()
    audit.forget(session, row)
    return_marks.forget(session, row)


def _content_of(model: Any) -> frozenset[str]:
    """The columns that hold what the record says."""
    columns = inspect(model).columns.keys() if hasattr(model, "__mapper__") else vars(model)
    return frozenset(name for name in (*columns, "salt") if name == "salt" or name.endswith(("_enc", "_bidx")))
