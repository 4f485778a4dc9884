"""Files that belong to a row. The table; storing and serving them come with the corrections ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit import Audited
from app.core.base import Row
from app.core.columns import Moment
from app.core.scope import Scoped

MAX_BYTES = 10 * 1024 * 1024  # one scanned page at a readable resolution, several times over


class Attachment(Scoped, Audited, Row):
    """One file of one row: what it is, how long, and its digest. The content lies encrypted in the data folder under its uid."""

    __tablename__ = "attachment"
    __table_args__ = (CheckConstraint(f"bytes > 0 AND bytes <= {MAX_BYTES}", name="size"),)

    owner_table: Mapped[str] = mapped_column(String(64))
    owner_uid: Mapped[UUID] = mapped_column(Uuid, index=True)
    kind: Mapped[str] = mapped_column(String(32))
    media_type: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
