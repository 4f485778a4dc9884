"""Change requests: how an approved row is put right. The table; proposing and applying come with the corrections ledger."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, LargeBinary, String, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit import Audited
from app.core.base import Row
from app.core.columns import Moment
from app.core.scope import Scoped


class ChangeState(StrEnum):
    """Where a change request stands."""

    open = "open"
    applied = "applied"
    refused = "refused"
    withdrawn = "withdrawn"


class ChangeRequest(Scoped, Audited, Row):
    """One proposal to change one approved row: the new values, encrypted, against one version of it."""

    __tablename__ = "change_request"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> made_by_id", name="second_person"),
        CheckConstraint("(state IN ('applied', 'refused')) = (decided_by_id IS NOT NULL)", name="decider_iff_decided"),
        Index(
            "uq_change_request_open", "owner_uid", unique=True, sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")
        ),
    )

    owner_table: Mapped[str] = mapped_column(String(64))
    owner_uid: Mapped[UUID] = mapped_column(Uuid, index=True)
    owner_version: Mapped[int]
    state: Mapped[ChangeState] = mapped_column(
        Enum(ChangeState, native_enum=False, create_constraint=True, length=16, name="state_known"), default=ChangeState.open
    )
    content_enc: Mapped[bytes] = mapped_column(LargeBinary, info={"sealed": True})
    reason: Mapped[str] = mapped_column(Text)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    comment: Mapped[str | None] = mapped_column(Text)
