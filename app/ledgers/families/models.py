"""Events of families. Each row carries a snapshot of the people it names, so that no list joins a person."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core import columns
from app.core.base import BigId, Model
from app.core.crypto import Encrypted, blind_index, ciphertext
from app.core.regions import Region
from app.core.scope import Scoped
from app.core.workflow import Record

WEDDING, DIVORCE, WIDOWHOOD = "1", "2", "3"  # code list marriage_event
FIRST, AGAIN, REUNION, WIDOWED, DIVORCED = "21", "22", "23", "30", "40"  # code list marital (GB/T 2261.2)
STANDS = text("ended_on IS NULL")


class MarriageEvent(Record):
    """One marriage that began or ended, as it was told: a wedding, a divorce, a spouse's death. One row for both spouses."""

    __tablename__ = "marriage_event"
    not_hashed = frozenset({"filed"})

    kind: Mapped[str] = columns.code("marriage_event")
    happened_on: Mapped[date] = mapped_column(comment="Date on the certificate, of the judgment, or of the death")
    certificate_no: Mapped[str | None] = mapped_column(String(40))

    wife_name: Mapped[str] = columns.name()
    wife_id_type: Mapped[str] = columns.code("id_type", default="1")
    wife_id_no_enc: Mapped[bytes | None] = ciphertext()
    wife_id_no_bidx: Mapped[str | None] = blind_index()
    wife_id_no = Encrypted("id_no")
    wife_birth_date: Mapped[date | None]
    wife_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), comment="Where she lives, in the offices of the writer")
    wife_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    wife_marital: Mapped[str | None] = columns.code("marital")

    husband_name: Mapped[str] = columns.name()
    husband_id_type: Mapped[str] = columns.code("id_type", default="1")
    husband_id_no_enc: Mapped[bytes | None] = ciphertext()
    husband_id_no_bidx: Mapped[str | None] = blind_index()
    husband_id_no = Encrypted("id_no")
    husband_birth_date: Mapped[date | None]
    husband_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), comment="Where he lives, in the offices of the writer")
    husband_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    husband_marital: Mapped[str | None] = columns.code("marital")

    filed: Mapped[str] = mapped_column(String(24), default="", comment="The roles whose files this row made")
    reported_on: Mapped[date]
    statistical_month: Mapped[str | None] = columns.month(index=True)
    remark: Mapped[str | None] = mapped_column(String(200))

    region: Mapped[Region] = relationship(foreign_keys="MarriageEvent.region_id")
    wife_region: Mapped[Region | None] = relationship(foreign_keys="MarriageEvent.wife_region_id")
    husband_region: Mapped[Region | None] = relationship(foreign_keys="MarriageEvent.husband_region_id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            *super().__table_args__,
            CheckConstraint("wife_id IS NOT NULL OR husband_id IS NOT NULL", name="somebody_on_file"),
            CheckConstraint("wife_id <> husband_id", name="two_people"),
            CheckConstraint("wife_id_no_bidx <> husband_id_no_bidx", name="two_numbers"),
            CheckConstraint("reported_on >= happened_on", name="reported_after_event"),
            CheckConstraint("(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name="month_iff_approved"),
            Index("ix_marriage_event_scope_id", "scope_path", "id"),
        )

    def __repr__(self) -> str:
        return f"{self.husband_name} {self.wife_name} {self.happened_on}"


class Death(Record):
    """One death, as it was told. Approved, it is the day of death on the person's file."""

    __tablename__ = "death"
    not_hashed = frozenset({"filed", "wrote_file"})

    person_name: Mapped[str] = columns.name()
    person_id_type: Mapped[str] = columns.code("id_type", default="1")
    person_id_no_enc: Mapped[bytes | None] = ciphertext()
    person_id_no_bidx: Mapped[str | None] = blind_index()
    person_id_no = Encrypted("id_no")
    person_sex: Mapped[str] = columns.code("sex")
    person_birth_date: Mapped[date | None]
    person_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), comment="Where the person lived, in the writer's offices")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    died_on: Mapped[date]
    place: Mapped[str | None] = mapped_column(String(100))
    certificate_no: Mapped[str | None] = mapped_column(String(40))

    filed: Mapped[str] = mapped_column(String(24), default="", comment="The roles whose files this row made")
    wrote_file: Mapped[bool] = mapped_column(default=False, comment="The day on the file comes from this row, and goes with it")
    reported_on: Mapped[date]
    statistical_month: Mapped[str | None] = columns.month(index=True)
    remark: Mapped[str | None] = mapped_column(String(200))

    region: Mapped[Region] = relationship(foreign_keys="Death.region_id")
    person_region: Mapped[Region | None] = relationship(foreign_keys="Death.person_region_id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        approved = text("status = 'approved'")
        return (
            *super().__table_args__,
            CheckConstraint("died_on >= person_birth_date", name="death_after_birth"),
            CheckConstraint("reported_on >= died_on", name="reported_after_death"),
            CheckConstraint("(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name="month_iff_approved"),
            Index("uq_death_person_id_approved", "person_id", unique=True, sqlite_where=approved, postgresql_where=approved),
            Index("ix_death_scope_id", "scope_path", "id"),
        )

    def __repr__(self) -> str:
        return f"{self.person_name} {self.died_on}"


class Marriage(Scoped, Model):
    """One marriage from the day it began to the day it ended, as the approved events tell it. Written by approvals, never by hand."""

    __tablename__ = "marriage"
    __table_args__: Any = (
        CheckConstraint("began_on IS NOT NULL OR ended_on IS NOT NULL", name="known_by_one_end"),
        CheckConstraint("ended_on >= began_on", name="dates"),
        CheckConstraint("(ended_on IS NULL) = (ending IS NULL)", name="ending_iff_ended"),
        *(
            Index(f"uq_marriage_{column}_stands", column, unique=True, sqlite_where=STANDS, postgresql_where=STANDS)
            for column in ("wife_id", "wife_id_no_bidx", "husband_id", "husband_id_no_bidx")
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    wife_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    wife_id_no_bidx: Mapped[str | None] = blind_index()
    wife_name: Mapped[str] = columns.name()
    wife_marital: Mapped[str | None] = columns.code("marital", comment="What the marriage made her: 21, 22 or 23")
    husband_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    husband_id_no_bidx: Mapped[str | None] = blind_index()
    husband_name: Mapped[str] = columns.name()
    husband_marital: Mapped[str | None] = columns.code("marital", comment="What the marriage made him: 21, 22 or 23")
    began_on: Mapped[date | None] = mapped_column(comment="Empty where only the end is on file")
    ended_on: Mapped[date | None]
    ending: Mapped[str | None] = columns.code("marital", comment="30 by a death, 40 by a divorce")

    def __repr__(self) -> str:
        return f"{self.husband_name} {self.wife_name}"
