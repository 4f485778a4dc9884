"""A person is an identity, not an office's row; offices see people through links with dates."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, Text, UniqueConstraint, text
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
        CheckConstraint("merged_into_id IS NULL OR closed_on IS NOT NULL", name="merged_is_closed"),
        CheckConstraint("merged_into_id <> id", name="merged_into_another"),
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
    moved_out_on: Mapped[date | None] = mapped_column(comment="Left this register, by approved moves")
    closed_on: Mapped[date | None] = mapped_column(comment="The file is closed: the birth that made it was voided")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True, comment="The file that stays")
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
    by_move: Mapped[bool] = mapped_column(default=False, comment="Approved moves opened it, and it goes with them")
    ended_by_move: Mapped[bool] = mapped_column(default=False, comment="Approved moves ended it, and it opens again without them")

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


class PairState(StrEnum):
    """What was decided about two files that look like one person's."""

    open = "open"
    different = "different"
    merged = "merged"


class DuplicateRule(Model):
    """One rule by which two files may be one person's: what must be equal, what may be missing or differ. An office may switch it off."""

    __tablename__ = "duplicate_rule"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    equal: Mapped[str] = mapped_column(String(100), comment="Columns that must be equal and known")
    may_differ: Mapped[str] = mapped_column(String(100), comment="Columns that may be missing, of another kind, or one sign apart")
    label_zh: Mapped[str] = mapped_column(String(100))
    label_en: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(String(100))
    is_on: Mapped[bool] = mapped_column(default=True)

    def label(self, language: str) -> str:
        """The label in Chinese or English."""
        return self.label_zh if language.startswith("zh") else self.label_en

    def __repr__(self) -> str:
        return self.label_zh


class DuplicatePair(Scoped, Audited, Row):
    """Two files that may be one person's, and what was decided about them. It lies with the smallest office that holds both."""

    __tablename__ = "duplicate_pair"
    __table_args__: Any = (
        UniqueConstraint("one_id", "other_id"),
        CheckConstraint("one_id < other_id", name="older_first"),
        CheckConstraint("(state = 'open') = (decided_by_id IS NULL)", name="decider_iff_decided"),
        CheckConstraint("state <> 'different' OR length(reason) >= 1", name="reason_if_different"),
        Index("ix_duplicate_pair_open", "scope_path", "id", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    )

    one_id: Mapped[int] = mapped_column(ForeignKey("person.id"), info={"as_it_was": True})
    other_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, info={"as_it_was": True})
    rule_key: Mapped[str] = mapped_column(ForeignKey("duplicate_rule.key"))
    state: Mapped[PairState] = mapped_column(
        Enum(PairState, native_enum=False, create_constraint=True, length=16, name="state_known"), default=PairState.open
    )
    change_open: Mapped[bool] = mapped_column(default=False, comment="A merge is proposed")
    found_at: Mapped[datetime] = mapped_column(Moment)
    identity: Mapped[str] = mapped_column(String(40), comment="Keyed digest of who both were; the pair comes back when it differs")
    reason: Mapped[str | None] = mapped_column(Text, comment="Why they are different people")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    one: Mapped[Person | None] = relationship(foreign_keys=[one_id])
    other: Mapped[Person | None] = relationship(foreign_keys=[other_id])
    rule: Mapped[DuplicateRule] = relationship()
    plan: ClassVar[Any] = None  # of an applied merge, while it is carried out

    def __repr__(self) -> str:
        return " / ".join(str(person) for person in (self.one, self.other) if person is not None)
