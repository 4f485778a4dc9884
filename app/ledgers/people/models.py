"""A person is an identity, not an office's row; offices see people through links with dates."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import columns, id_number
from app.core.audit import Audited
from app.core.base import Model, Row
from app.core.columns import Moment
from app.core.crypto import Encrypted, blind_index, ciphertext
from app.core.regions import Region
from app.core.scope import PATH, HeldByLink, Scoped


class OfficeKind(StrEnum):
    """Why an office may see a person."""

    registered = "registered"  # household registration
    resident = "resident"  # lives there
    serving = "serving"  # receives a service there


class Person(HeldByLink, Audited, Row):
    """One person, once, for ever: the dead and the moved included."""

    __tablename__ = "person"
    __table_args__: Any = (
        CheckConstraint("length(name) >= 1", name="name_not_empty"),
        CheckConstraint("died_on IS NULL OR birth_date IS NULL OR died_on >= birth_date", name="death_after_birth"),
    )
    link_key = "person_id"

    name: Mapped[str] = columns.name()
    name_key: Mapped[str] = mapped_column(PATH.with_variant(String(200), "sqlite"), index=True, comment="Pinyin, for lists by name")
    id_type: Mapped[str] = columns.code("id_type", default="1")
    id_no_enc: Mapped[bytes | None] = ciphertext()
    id_no_bidx: Mapped[str | None] = blind_index(unique=True)
    id_no_last4: Mapped[str | None] = blind_index()
    id_no = Encrypted("id_no", last4=True)
    sex: Mapped[str] = columns.code("sex")
    birth_date: Mapped[date | None]
    ethnicity: Mapped[str | None] = columns.code("ethnicity")
    phone_enc: Mapped[bytes | None] = ciphertext()
    phone_bidx: Mapped[str | None] = blind_index()
    phone = Encrypted("phone", mask=id_number.mask_phone)
    died_on: Mapped[date | None]
    closed_on: Mapped[date | None] = mapped_column(comment="The file is closed: the birth that made it was voided")
    is_protected: Mapped[bool] = mapped_column(default=False, comment="Never found by name, number or lookup")
    audit_path: Mapped[str] = columns.path(comment="The office that made the file: its town's chain tells the history")

    offices: Mapped[list["PersonOffice"]] = relationship(back_populates="person")

    @classmethod
    def link(cls) -> Any:
        return PersonOffice

    @property
    def place(self) -> str:
        """Where one's own offices know the person to be; other offices are not told."""
        return ", ".join(sorted({link.region.name for link in self.offices if link.valid_to is None}))

    def __repr__(self) -> str:
        return self.name


class PersonOffice(Scoped, Audited, Row):
    """One reason why one office may see one person, from one day to another."""

    __tablename__ = "person_office"
    __table_args__: Any = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
        Index(
            "uq_person_office_open", "person_id", "kind", unique=True,
            sqlite_where=text("valid_to IS NULL AND kind <> 'serving'"), postgresql_where=text("valid_to IS NULL AND kind <> 'serving'"),
        ),
        Index(
            "ix_person_office_seen", "scope_path", "person_id",
            sqlite_where=text("valid_to IS NULL"), postgresql_where=text("valid_to IS NULL"),
        ),
    )  # fmt: skip

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)
    kind: Mapped[OfficeKind] = mapped_column(Enum(OfficeKind, native_enum=False, create_constraint=True, length=16, name="kind_known"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    person: Mapped[Person] = relationship(back_populates="offices")
    region: Mapped[Region] = relationship()


class PersonSearch(Scoped, Model):
    """One part of a name, or of its pinyin initials, by which one office finds one person."""

    __tablename__ = "person_search"
    __table_args__: Any = (Index("ix_person_search_person", "person_id"), {"sqlite_with_rowid": False})

    token: Mapped[str] = mapped_column(PATH.with_variant(String(64), "sqlite"), primary_key=True)
    scope_path: Mapped[str] = mapped_column(PATH, primary_key=True, active_history=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class IdentityRequest(Scoped, Row):
    """One question after a person outside one's scope. It lies with the office that holds the file, or with nobody."""

    __tablename__ = "identity_request"

    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    asked_region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    asked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    reason: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))

    person: Mapped[Person | None] = relationship()
    asked_region: Mapped[Region | None] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])

    def __repr__(self) -> str:
        return f"{self.asked_by} {self.asked_at:%Y-%m-%d}"
