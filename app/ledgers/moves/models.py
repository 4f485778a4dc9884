"""Moves of people, and how files go from office to office. Each row carries a snapshot of the person, so that no list joins the file."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core import clock, columns
from app.core.audit import Audited
from app.core.base import Row
from app.core.columns import Moment
from app.core.crypto import Encrypted, blind_index, ciphertext
from app.core.regions import Region
from app.core.scope import HeldByLink, Scoped
from app.core.workflow import Record

MOVED_IN, MOVED_OUT, ELSEWHERE, BACK = "1", "2", "3", "4"  # code list move_event
RESIDENCE, REGISTRATION, BOTH = "1", "2", "3"  # code list move_what


class MoveEvent(Record):
    """One move of one person into this register, out of it, away from where they are registered, or back."""

    __tablename__ = "move_event"
    not_hashed = frozenset({"filed"})

    kind: Mapped[str] = columns.code("move_event")
    what: Mapped[str] = columns.code("move_what")
    happened_on: Mapped[date]
    other_place: Mapped[str | None] = mapped_column(String(100), comment="Where from or where to, outside this register")

    person_name: Mapped[str] = columns.name()
    person_id_type: Mapped[str] = columns.code("id_type", default="1")
    person_id_no_enc: Mapped[bytes | None] = ciphertext()
    person_id_no_bidx: Mapped[str | None] = blind_index()
    person_id_no = Encrypted("id_no")
    person_sex: Mapped[str] = columns.code("sex")
    person_birth_date: Mapped[date | None]
    person_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), comment="The place in the writer's offices")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)

    filed: Mapped[str] = mapped_column(String(24), default="", comment="The roles whose files this row made")
    reported_on: Mapped[date]
    statistical_month: Mapped[str | None] = columns.month(index=True)
    remark: Mapped[str | None] = mapped_column(String(200))

    region: Mapped[Region] = relationship(foreign_keys="MoveEvent.region_id")
    person_region: Mapped[Region | None] = relationship(foreign_keys="MoveEvent.person_region_id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        approved = text("status = 'approved'")
        return (
            *super().__table_args__,
            CheckConstraint(f"kind <> '{ELSEWHERE}' OR what = '{RESIDENCE}'", name="elsewhere_is_residence"),
            CheckConstraint("happened_on >= person_birth_date", name="move_after_birth"),
            CheckConstraint("reported_on >= happened_on", name="reported_after_move"),
            CheckConstraint("(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name="month_iff_approved"),
            Index(
                "uq_move_event_approved", "person_id", "kind", "what", "happened_on", unique=True,
                sqlite_where=approved, postgresql_where=approved,
            ),
            Index("ix_move_event_scope_id", "scope_path", "id"),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"{self.person_name} {self.happened_on}"


class TransferState(StrEnum):
    """Where a transfer stands."""

    open = "open"
    accepted = "accepted"
    refused = "refused"
    withdrawn = "withdrawn"


class TransferSide(StrEnum):
    """What an office has to do with a transfer."""

    sending = "sending"
    receiving = "receiving"


class Transfer(HeldByLink, Audited, Row):
    """One person's file on its way from one office of this register to another: sent, then accepted, refused or withdrawn."""

    __tablename__ = "transfer"
    __table_args__: Any = (
        CheckConstraint("state NOT IN ('accepted', 'refused') OR answered_by_id <> sent_by_id", name="second_person"),
        CheckConstraint("(state = 'open') = (answered_by_id IS NULL)", name="answered_iff_closed"),
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="moment_iff_closed"),
        CheckConstraint("state <> 'refused' OR answer IS NOT NULL", name="refusal_has_reason"),
        CheckConstraint("from_region_id <> to_region_id", name="two_offices"),
        Index("uq_transfer_open", "person_id", unique=True, sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    )
    link_key = "transfer_id"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    person_name: Mapped[str] = columns.name()
    person_id_type: Mapped[str] = columns.code("id_type")
    person_id_no_enc: Mapped[bytes | None] = ciphertext()
    person_id_no_bidx: Mapped[str | None] = blind_index()
    person_id_no = Encrypted("id_no")
    person_sex: Mapped[str] = columns.code("sex")
    person_birth_date: Mapped[date | None]

    what: Mapped[str] = columns.code("move_what")
    from_region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    to_region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    moved_on: Mapped[date]
    cause: Mapped[str] = mapped_column(String(200), comment="Why it is sent, in the sender's words")
    was_out_on: Mapped[date | None] = mapped_column(comment="What the file said about having moved out when it was sent")
    state: Mapped[TransferState] = mapped_column(
        Enum(TransferState, native_enum=False, create_constraint=True, length=16, name="state_known"),
        default=TransferState.open,
        index=True,
    )
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    sent_at: Mapped[datetime] = mapped_column(Moment)
    due_on: Mapped[date] = mapped_column(comment="The last day for the answer; afterwards it is overdue")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    answer: Mapped[str | None] = mapped_column(String(200), comment="The reason of a refusal or a withdrawal")
    audit_path: Mapped[str] = columns.path(comment="The sending office: its town's chain tells the history")

    from_region: Mapped[Region] = relationship(foreign_keys="Transfer.from_region_id")
    to_region: Mapped[Region] = relationship(foreign_keys="Transfer.to_region_id")
    sent_by: Mapped[User] = relationship(foreign_keys=[sent_by_id])
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id])

    @classmethod
    def link(cls) -> Any:
        return TransferOffice

    @property
    def is_overdue(self) -> bool:
        """Whether the answer is later than it should be."""
        return self.state is TransferState.open and self.due_on < clock.today()

    @property
    def progress(self) -> tuple[TransferState, bool]:
        """Where it stands, and whether the answer is overdue."""
        return self.state, self.is_overdue

    def __repr__(self) -> str:
        return f"{self.person_name} {self.moved_on}"


class TransferOffice(Scoped, Row):
    """One of the two offices of a transfer: it sends or it receives, and sees the transfer for ever."""

    __tablename__ = "transfer_office"
    __table_args__: Any = (UniqueConstraint("transfer_id", "side"),)

    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"), index=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    side: Mapped[TransferSide] = mapped_column(Enum(TransferSide, native_enum=False, create_constraint=True, length=16, name="side_known"))
    valid_to: Mapped[date | None] = mapped_column(comment="Always empty: neither office loses sight of it")

    transfer: Mapped[Transfer] = relationship()
