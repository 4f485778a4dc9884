"""Files that belong to a row: what is known of each. Their content lies encrypted in the data folder, under the same identity."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, Uuid, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import columns
from app.core.audit import Audited
from app.core.base import Row
from app.core.columns import Moment
from app.core.scope import Scoped, elevated

MAX_BYTES = 10 * 1024 * 1024  # one scanned page at a readable resolution, several times over
MOST_FILES = 20  # of one row: both sides of four cards, a booklet of ten pages and a form
KINDS = "attachment_kind"  # the code list


class Attachment(Scoped, Audited, Row):
    """One file of one row: what it is, how long, and its digest. The content lies encrypted in the data folder under its uid."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint(f"bytes > 0 AND bytes <= {MAX_BYTES}", name="size"),
        UniqueConstraint("owner_uid", "kind", "sha256"),
    )

    owner_table: Mapped[str] = mapped_column(String(64))
    owner_uid: Mapped[UUID] = mapped_column(Uuid, index=True)
    kind: Mapped[str] = columns.code(KINDS)
    media_type: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), comment="Of the content as it is kept, before it is encrypted")
    made_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class File:
    """What a page tells of one file."""

    uid: UUID
    owner_table: str
    owner_uid: UUID
    kind: str
    media_type: str
    bytes: int
    sha256: str
    made_by_id: int
    made_by: str
    made_at: datetime

    @property
    def kilobytes(self) -> int:
        """Its size as a person reads it."""
        return -(-self.bytes // 1024)


TOLD = (
    Attachment.uid, Attachment.owner_table, Attachment.owner_uid, Attachment.kind, Attachment.media_type, Attachment.bytes,
    Attachment.sha256, Attachment.made_by_id, User.username, Attachment.made_at,
)  # fmt: skip


def of(session: Session, owners: Collection[UUID]) -> list[File]:
    """The files of rows that are in scope, in the order in which they came. The rows decide who sees them: a person's, several offices."""
    return _found(session, Attachment.owner_uid.in_(owners)) if owners else []


def find(session: Session, uid: UUID | None) -> File | None:
    """What is known of a file, whoever's it is: the caller asks for its row in the scope before anybody is answered."""
    found = _found(session, Attachment.uid == uid) if uid else []
    return found[0] if found else None


def told(session: Session, owner_uid: UUID) -> list[list[str]]:
    """Kind and digest of each file of a row, as its hash tells them."""
    return sorted([file.kind, file.sha256] for file in of(session, [owner_uid]))


def _found(session: Session, condition: Any) -> list[File]:
    wanted = select(*TOLD).join(User, User.id == Attachment.made_by_id).where(condition)
    with session.no_autoflush, elevated("files of a row that is in scope"):
        return [File(*row) for row in session.execute(wanted.order_by(Attachment.id))]
