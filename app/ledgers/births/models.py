"""Registrations, deliveries and births. Each row carries a snapshot of the people it names, so that no list joins a person."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core import columns
from app.core.audit import Audited
from app.core.base import Row
from app.core.crypto import Encrypted, blind_index, ciphertext
from app.core.regions import Region
from app.core.scope import Scoped
from app.core.workflow import HOLDING, STANDARD, Record, Status, Transition

MAX_ORDER = 15  # the field list's upper bound of a child's order
MAX_PLURALITY = 9
NOT_DUPLICATE = Transition(
    "not_duplicate",
    frozenset({Status.submitted}),
    Status.submitted,
    needs_second_person=True,
    needs_reason=True,
    clears="possible_duplicate",
)


def _newest_first(table: str) -> Index:
    """What a list of one office reads: its own rows, newest first."""
    return Index(f"ix_{table}_scope_id", "scope_path", "id")


class BirthRegistration(Record):
    """One registration of an intended, expected or happened birth (生育登记): a service, never a permission."""

    __tablename__ = "birth_registration"

    reg_no: Mapped[str] = mapped_column(String(24), unique=True)
    registration_type: Mapped[str] = columns.code("registration_type")
    registered_on: Mapped[date]
    woman_name: Mapped[str] = columns.name()
    woman_id_type: Mapped[str] = columns.code("id_type", default="1")
    woman_id_no_enc: Mapped[bytes | None] = ciphertext()
    woman_id_no_bidx: Mapped[str | None] = blind_index()
    woman_id_no = Encrypted("id_no")
    woman_birth_date: Mapped[date | None]
    woman_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    partner_name: Mapped[str | None] = columns.name()
    partner_id_type: Mapped[str | None] = columns.code("id_type")
    partner_id_no_enc: Mapped[bytes | None] = ciphertext()
    partner_id_no_bidx: Mapped[str | None] = blind_index()
    partner_id_no = Encrypted("id_no")
    partner_birth_date: Mapped[date | None]
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    child_order: Mapped[int]
    due_on: Mapped[date | None]
    channel: Mapped[str] = columns.code("registration_channel", default="1")
    pledge: Mapped[bool] = mapped_column(default=False, comment="A signed statement stands in for missing papers")
    remark: Mapped[str | None] = mapped_column(String(200))

    region: Mapped[Region] = relationship()

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        order = CheckConstraint(f"child_order BETWEEN 1 AND {MAX_ORDER}", name="child_order")
        return (*super().__table_args__, order, _newest_first("birth_registration"))

    def __repr__(self) -> str:
        return self.reg_no


class Delivery(Scoped, Audited, Row):
    """One delivery of one mother: twins are one delivery."""

    __tablename__ = "delivery"
    __table_args__: Any = (
        CheckConstraint(f"plurality BETWEEN 1 AND {MAX_PLURALITY}", name="plurality"),
        CheckConstraint("live_count BETWEEN 1 AND plurality", name="live_count"),
    )

    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)
    mother_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    delivered_on: Mapped[date]
    plurality: Mapped[int] = mapped_column(default=1)
    live_count: Mapped[int] = mapped_column(default=1)

    births: Mapped[list["Birth"]] = relationship(back_populates="delivery")


class Birth(Record):
    """One live-born child (a sign of life, even for a moment, is a birth)."""

    __tablename__ = "birth"
    transitions = (*STANDARD, *HOLDING, NOT_DUPLICATE)
    not_hashed = frozenset({"filed"})

    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), comment="The office that answers for the row")
    count_region_id: Mapped[int] = mapped_column(
        ForeignKey("region.id"), index=True, comment="Where it counts: the mother's residence on the day"
    )
    count_path: Mapped[str] = columns.path(index=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("birth_registration.id"), index=True)
    registration_shown: Mapped[bool] = mapped_column(default=False, comment="A registration on paper or of an office elsewhere was shown")

    mother_name: Mapped[str] = columns.name()
    mother_id_type: Mapped[str] = columns.code("id_type", default="1")
    mother_id_no_enc: Mapped[bytes | None] = ciphertext()
    mother_id_no_bidx: Mapped[str | None] = blind_index()
    mother_id_no = Encrypted("id_no")
    mother_birth_date: Mapped[date | None]
    mother_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), comment="Where she lived on the day, as told")
    mother_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)

    father_name: Mapped[str | None] = columns.name()
    father_id_type: Mapped[str | None] = columns.code("id_type")
    father_id_no_enc: Mapped[bytes | None] = ciphertext()
    father_id_no_bidx: Mapped[str | None] = blind_index()
    father_id_no = Encrypted("id_no")
    father_birth_date: Mapped[date | None]
    father_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), comment="Only when he lives in the offices of the writer")
    father_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    child_name: Mapped[str | None] = columns.name()
    child_id_no_enc: Mapped[bytes | None] = ciphertext()
    child_id_no_bidx: Mapped[str | None] = blind_index()
    child_id_no = Encrypted("id_no")
    child_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    filed: Mapped[str] = mapped_column(String(24), default="", comment="The roles whose files this row made")
    sex: Mapped[str] = columns.code("sex")
    born_on: Mapped[date]
    born_at: Mapped[str | None] = mapped_column(String(5), comment="Hour and minute as written, 07:35")
    child_order: Mapped[int]
    plurality: Mapped[int] = mapped_column(default=1)
    plural_seq: Mapped[int] = mapped_column(default=1)
    live_count: Mapped[int | None] = mapped_column(comment="How many of the delivery were born alive; empty: all")
    weight_g: Mapped[int | None]
    gest_weeks: Mapped[int | None]
    delivery_mode: Mapped[str | None] = columns.code("delivery_mode")
    birth_place: Mapped[str | None] = columns.code("birth_place")
    facility: Mapped[str | None] = mapped_column(String(100))
    birth_cert_no: Mapped[str | None] = mapped_column(String(10))
    is_alive: Mapped[bool] = mapped_column(default=True)
    child_died_on: Mapped[date | None]
    hukou_on: Mapped[date | None] = mapped_column(comment="Household registration of the child")
    reported_on: Mapped[date]
    statistical_month: Mapped[str | None] = columns.month(index=True)
    remark: Mapped[str | None] = mapped_column(String(200))

    delivery: Mapped[Delivery] = relationship(back_populates="births")
    registration: Mapped[BirthRegistration | None] = relationship()
    region: Mapped[Region] = relationship(foreign_keys="Birth.region_id")
    mother_region: Mapped[Region | None] = relationship(foreign_keys="Birth.mother_region_id")
    father_region: Mapped[Region | None] = relationship(foreign_keys="Birth.father_region_id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        live = text("birth_cert_no IS NOT NULL AND status <> 'voided'")
        standing = text("status <> 'voided'")
        return (
            *super().__table_args__,
            CheckConstraint(f"child_order BETWEEN 1 AND {MAX_ORDER}", name="child_order"),
            CheckConstraint(f"plurality BETWEEN 1 AND {MAX_PLURALITY} AND plural_seq BETWEEN 1 AND plurality", name="plural_seq"),
            CheckConstraint("live_count BETWEEN 1 AND plurality", name="live_count"),
            CheckConstraint("reported_on >= born_on", name="reported_after_birth"),
            CheckConstraint("is_alive = (child_died_on IS NULL)", name="death_date_iff_dead"),
            CheckConstraint("(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name="month_iff_approved"),
            Index("uq_birth_birth_cert_no", "birth_cert_no", unique=True, sqlite_where=live, postgresql_where=live),
            Index("uq_birth_plural_seq", "delivery_id", "plural_seq", unique=True, sqlite_where=standing, postgresql_where=standing),
            Index("ix_birth_count", "count_path", "statistical_month"),
            Index("ix_birth_region_day", "region_id", "born_on"),
            _newest_first("birth"),
        )

    def __repr__(self) -> str:
        return f"{self.mother_name} {self.born_on}"

    @property
    def is_registered(self) -> bool:
        """Whether a registration of this birth is on file, at whichever office, or was shown."""
        return self.registration_id is not None or self.registration_shown
