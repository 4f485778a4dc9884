"""Households, the events that make them what they are, and who belonged to which from when to when."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core import columns
from app.core.audit import Audited
from app.core.base import BigId, Model, Row
from app.core.crypto import Encrypted, blind_index, ciphertext
from app.core.regions import Region
from app.core.scope import Scoped
from app.core.workflow import Record

SET_UP, JOINED, LEFT, HEAD_CHANGED, CLOSED, RELATION_CHANGED = "1", "2", "3", "4", "5", "6"  # code list household_event
SELF, HEAD = "01", "02"  # code list kinship (GB/T 4761)
STANDS = text("ended_on IS NULL")
HEADS = text("ended_on IS NULL AND relation = '02'")


class Household(Scoped, Audited, Row):
    """One household: it gets its number when somebody enters that it was set up, and counts once that is approved."""

    __tablename__ = "household"
    __table_args__: Any = (
        CheckConstraint("closed_on >= set_up_on", name="dates"),
        CheckConstraint("closed_on IS NULL OR set_up_on IS NOT NULL", name="closed_after_set_up"),
        Index("ix_household_scope_id", "scope_path", "id"),
    )

    number: Mapped[str] = mapped_column(String(30), unique=True, comment="Code of the office, year, running number")
    former_no: Mapped[str | None] = mapped_column(String(30), index=True, comment="What the office's own book called it")
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True, comment="The office that answers for the household")
    address: Mapped[str | None] = mapped_column(String(100))
    mgmt_class: Mapped[str | None] = columns.code("mgmt_class", comment="Who serves: this office, jointly, or as migrants")
    set_up_on: Mapped[date | None] = mapped_column(comment="Empty until the set-up is approved")
    closed_on: Mapped[date | None]

    region: Mapped[Region] = relationship(foreign_keys="Household.region_id")

    def __repr__(self) -> str:
        return self.number


class HouseholdEvent(Record):
    """One thing that happened to a household, about one person: it was set up, somebody joined or left, became its head; it was closed."""

    __tablename__ = "household_event"
    not_hashed = frozenset({"filed"})

    kind: Mapped[str] = columns.code("household_event")
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"), index=True)
    happened_on: Mapped[date]
    relation: Mapped[str | None] = columns.code("kinship", comment="To the head; where the head changes, of the former head")
    address: Mapped[str | None] = mapped_column(String(100), comment="Of a set-up")
    mgmt_class: Mapped[str | None] = columns.code("mgmt_class", comment="Of a set-up")
    former_no: Mapped[str | None] = mapped_column(String(30), comment="Of a set-up: what the office's own book called it")

    person_name: Mapped[str | None] = columns.name()
    person_id_type: Mapped[str] = columns.code("id_type", default="1")
    person_id_no_enc: Mapped[bytes | None] = ciphertext()
    person_id_no_bidx: Mapped[str | None] = blind_index()
    person_id_no = Encrypted("id_no")
    person_sex: Mapped[str | None] = columns.code("sex")
    person_birth_date: Mapped[date | None]
    person_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), comment="Where the person lives, in the writer's offices")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    reason: Mapped[str | None] = mapped_column(String(100))
    filed: Mapped[str] = mapped_column(String(24), default="", comment="The roles whose files this row made")
    reported_on: Mapped[date]
    statistical_month: Mapped[str | None] = columns.month(index=True)
    remark: Mapped[str | None] = mapped_column(String(200))

    household: Mapped[Household] = relationship(foreign_keys="HouseholdEvent.household_id")
    region: Mapped[Region] = relationship(foreign_keys="HouseholdEvent.region_id")
    person_region: Mapped[Region | None] = relationship(foreign_keys="HouseholdEvent.person_region_id")

    @property
    def typed_no(self) -> str | None:
        """The number as it was typed, until the rules have found the household."""
        found: str | None = self.__dict__.get("_typed_no")
        return found

    @property
    def household_no(self) -> str | None:
        """The number of the household: as it was typed, or as it is."""
        return self.typed_no or (self.household.number if self.household else None)

    @household_no.setter
    def household_no(self, text: str | None) -> None:
        self.__dict__["_typed_no"] = text

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        approved = text("status = 'approved' AND kind = '1'")
        return (
            *super().__table_args__,
            CheckConstraint("(kind = '5') = (person_id IS NULL)", name="closing_names_nobody"),
            CheckConstraint("(person_id IS NULL) = (person_name IS NULL)", name="named_iff_filed"),
            CheckConstraint("(kind = '1') = (COALESCE(relation, '') = '02')", name="head_iff_set_up"),
            CheckConstraint("kind NOT IN ('2', '6') OR relation IS NOT NULL", name="relation_told"),
            CheckConstraint("happened_on >= person_birth_date", name="event_after_birth"),
            CheckConstraint("reported_on >= happened_on", name="reported_after_event"),
            CheckConstraint("(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name="month_iff_approved"),
            Index("uq_household_event_set_up", "household_id", unique=True, sqlite_where=approved, postgresql_where=approved),
            Index("ix_household_event_scope_id", "scope_path", "id"),
        )

    def __repr__(self) -> str:
        return " ".join(str(told) for told in (self.household_no, self.person_name, self.happened_on) if told)


class HouseholdMember(Scoped, Model):
    """One person in one household in one relation to its head, from one day to another. Written by approvals, never by hand."""

    __tablename__ = "household_member"
    __table_args__: Any = (
        CheckConstraint("ended_on >= began_on", name="dates"),
        CheckConstraint("began_on >= joined_on", name="joined_before"),
        CheckConstraint("joined_on >= birth_date", name="joined_after_birth"),
        Index("uq_household_member_stands", "person_id", unique=True, sqlite_where=STANDS, postgresql_where=STANDS),
        Index("uq_household_member_head", "household_id", unique=True, sqlite_where=HEADS, postgresql_where=HEADS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = columns.name()
    sex: Mapped[str | None] = columns.code("sex")
    birth_date: Mapped[date | None]
    relation: Mapped[str] = columns.code("kinship")
    joined_on: Mapped[date] = mapped_column(comment="The first day in this household without a break")
    began_on: Mapped[date] = mapped_column(comment="The first day in this relation to the head")
    ended_on: Mapped[date | None] = mapped_column(comment="The day on which it was over")

    def __repr__(self) -> str:
        return self.name


class HouseholdParting(Scoped, Model):
    """One day on which a person moved away: whatever household they belonged to, they left it then. Written by the moves alone."""

    __tablename__ = "household_parting"
    __table_args__: Any = (Index("uq_household_parting_by", "person_id", "by_uid", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    parted_on: Mapped[date]
    by_uid: Mapped[UUID] = mapped_column(Uuid, comment="The move that tells of it, and takes it back")

    def __repr__(self) -> str:
        return f"{self.parted_on}"
