"""Services for newlyweds and during pregnancy. No row refers to a person's file: nothing that follows such links ever meets them.

What a row says is hidden and goes when consent is withdrawn. The day something was agreed to, told or given is what was told;
nothing here is a deadline, and nothing counts children, births or refusals.
"""

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, Index, Integer, String
from sqlalchemy.orm import Mapped, declared_attr, relationship

from app.core.confidential import Confidential
from app.core.crypto import Encrypted, blind_index, ciphertext
from app.core.hidden import Hidden, mark
from app.core.regions import Region

HERSELF, PROXY = "1", "2"  # code list told_by
OFFERED, ACCEPTED, DECLINED = "1", "2", "3"  # code list service_answer
NAME = "service_name"  # the index by which a whole name finds the rows of these two tables
NOBODY = "—"
LONG = 200  # characters of a remark


class NewlywedService(Confidential):
    """What was offered to a couple, or to one of the two, before a pregnancy, and what they wanted of it."""

    __tablename__ = "newlywed_service"

    wife_name_enc: Mapped[bytes | None] = ciphertext()
    wife_name_bidx: Mapped[str | None] = blind_index()
    wife_name = Hidden(String(50), kind=NAME)
    wife_id_type_enc: Mapped[bytes | None] = ciphertext()
    wife_id_type_bidx: Mapped[str | None] = mark()
    wife_id_type = Hidden(String(8), code_set="id_type", default="1")
    wife_id_no_enc: Mapped[bytes | None] = ciphertext()
    wife_id_no_bidx: Mapped[str | None] = blind_index()
    wife_id_no = Encrypted("id_no")
    wife_birth_date_enc: Mapped[bytes | None] = ciphertext()
    wife_birth_date_bidx: Mapped[str | None] = mark()
    wife_birth_date = Hidden(Date())

    husband_name_enc: Mapped[bytes | None] = ciphertext()
    husband_name_bidx: Mapped[str | None] = blind_index()
    husband_name = Hidden(String(50), kind=NAME)
    husband_id_type_enc: Mapped[bytes | None] = ciphertext()
    husband_id_type_bidx: Mapped[str | None] = mark()
    husband_id_type = Hidden(String(8), code_set="id_type", default="1")
    husband_id_no_enc: Mapped[bytes | None] = ciphertext()
    husband_id_no_bidx: Mapped[str | None] = blind_index()
    husband_id_no = Encrypted("id_no")
    husband_birth_date_enc: Mapped[bytes | None] = ciphertext()
    husband_birth_date_bidx: Mapped[str | None] = mark()
    husband_birth_date = Hidden(Date())

    married_on_enc: Mapped[bytes | None] = ciphertext()
    married_on_bidx: Mapped[str | None] = mark()
    married_on = Hidden(Date())
    consent_on_enc: Mapped[bytes | None] = ciphertext()
    consent_on_bidx: Mapped[str | None] = mark()
    consent_on = Hidden(Date(), required=True)

    check_answer_enc: Mapped[bytes | None] = ciphertext()
    check_answer_bidx: Mapped[str | None] = mark()
    check_answer = Hidden(String(8), code_set="service_answer")
    check_on_enc: Mapped[bytes | None] = ciphertext()
    check_on_bidx: Mapped[str | None] = mark()
    check_on = Hidden(Date())

    folic_answer_enc: Mapped[bytes | None] = ciphertext()
    folic_answer_bidx: Mapped[str | None] = mark()
    folic_answer = Hidden(String(8), code_set="service_answer")
    folic_on_enc: Mapped[bytes | None] = ciphertext()
    folic_on_bidx: Mapped[str | None] = mark()
    folic_on = Hidden(Date())
    folic_boxes_enc: Mapped[bytes | None] = ciphertext()
    folic_boxes_bidx: Mapped[str | None] = mark()
    folic_boxes = Hidden(Integer())

    counselling_answer_enc: Mapped[bytes | None] = ciphertext()
    counselling_answer_bidx: Mapped[str | None] = mark()
    counselling_answer = Hidden(String(8), code_set="service_answer")
    topics_enc: Mapped[bytes | None] = ciphertext()
    topics_bidx: Mapped[str | None] = mark()
    topics = Hidden(String(LONG))
    remark_enc: Mapped[bytes | None] = ciphertext()
    remark_bidx: Mapped[str | None] = mark()
    remark = Hidden(String(LONG))

    region: Mapped[Region] = relationship(foreign_keys="NewlywedService.region_id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            *super().__table_args__,
            CheckConstraint(
                "closed_on IS NOT NULL OR (consent_on_enc IS NOT NULL AND (wife_name_enc IS NOT NULL OR husband_name_enc IS NOT NULL))",
                name="somebody_agreed",
            ),
            CheckConstraint("wife_id_no_bidx <> husband_id_no_bidx", name="two_numbers"),
            Index("ix_newlywed_service_scope_id", "scope_path", "id"),
        )

    def __repr__(self) -> str:
        return f"{self.closed_on}" if self.is_closed else self.who

    @property
    def who(self) -> str:
        """Who is named, as a list shows it; a dash where nobody is any more."""
        return " ".join(name for name in (self.husband_name, self.wife_name) if name) or NOBODY


class PregnancyService(Confidential):
    """What a woman who told of her pregnancy herself was offered, and what she wanted of it."""

    __tablename__ = "pregnancy_service"

    woman_name_enc: Mapped[bytes | None] = ciphertext()
    woman_name_bidx: Mapped[str | None] = blind_index()
    woman_name = Hidden(String(50), kind=NAME, required=True)
    woman_id_type_enc: Mapped[bytes | None] = ciphertext()
    woman_id_type_bidx: Mapped[str | None] = mark()
    woman_id_type = Hidden(String(8), code_set="id_type", default="1")
    woman_id_no_enc: Mapped[bytes | None] = ciphertext()
    woman_id_no_bidx: Mapped[str | None] = blind_index()
    woman_id_no = Encrypted("id_no")
    woman_birth_date_enc: Mapped[bytes | None] = ciphertext()
    woman_birth_date_bidx: Mapped[str | None] = mark()
    woman_birth_date = Hidden(Date())

    told_by_enc: Mapped[bytes | None] = ciphertext()
    told_by_bidx: Mapped[str | None] = mark()
    told_by = Hidden(String(8), code_set="told_by", required=True)
    proxy_name_enc: Mapped[bytes | None] = ciphertext()
    proxy_name_bidx: Mapped[str | None] = mark()
    proxy_name = Hidden(String(50))
    told_on_enc: Mapped[bytes | None] = ciphertext()
    told_on_bidx: Mapped[str | None] = mark()
    told_on = Hidden(Date(), required=True)
    consent_on_enc: Mapped[bytes | None] = ciphertext()
    consent_on_bidx: Mapped[str | None] = mark()
    consent_on = Hidden(Date(), required=True)
    due_on_enc: Mapped[bytes | None] = ciphertext()
    due_on_bidx: Mapped[str | None] = mark()
    due_on = Hidden(Date())

    folic_answer_enc: Mapped[bytes | None] = ciphertext()
    folic_answer_bidx: Mapped[str | None] = mark()
    folic_answer = Hidden(String(8), code_set="service_answer")
    folic_on_enc: Mapped[bytes | None] = ciphertext()
    folic_on_bidx: Mapped[str | None] = mark()
    folic_on = Hidden(Date())
    folic_boxes_enc: Mapped[bytes | None] = ciphertext()
    folic_boxes_bidx: Mapped[str | None] = mark()
    folic_boxes = Hidden(Integer())

    check_answer_enc: Mapped[bytes | None] = ciphertext()
    check_answer_bidx: Mapped[str | None] = mark()
    check_answer = Hidden(String(8), code_set="service_answer")
    check_on_enc: Mapped[bytes | None] = ciphertext()
    check_on_bidx: Mapped[str | None] = mark()
    check_on = Hidden(Date())
    handbook_on_enc: Mapped[bytes | None] = ciphertext()
    handbook_on_bidx: Mapped[str | None] = mark()
    handbook_on = Hidden(Date())
    wants_visits_enc: Mapped[bytes | None] = ciphertext()
    wants_visits_bidx: Mapped[str | None] = mark()
    wants_visits = Hidden(Boolean())

    ended_on_enc: Mapped[bytes | None] = ciphertext()
    ended_on_bidx: Mapped[str | None] = mark()
    ended_on = Hidden(Date())
    ending_enc: Mapped[bytes | None] = ciphertext()
    ending_bidx: Mapped[str | None] = mark()
    ending = Hidden(String(8), code_set="service_end")
    remark_enc: Mapped[bytes | None] = ciphertext()
    remark_bidx: Mapped[str | None] = mark()
    remark = Hidden(String(LONG))

    region: Mapped[Region] = relationship(foreign_keys="PregnancyService.region_id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        told = " AND ".join(f"{name}_enc IS NOT NULL" for name in ("woman_name", "told_by", "told_on", "consent_on"))
        return (
            *super().__table_args__,
            CheckConstraint(f"closed_on IS NOT NULL OR ({told})", name="she_told_and_agreed"),
            CheckConstraint("(ended_on_enc IS NULL) = (ending_enc IS NULL)", name="ending_iff_ended"),
            Index("ix_pregnancy_service_scope_id", "scope_path", "id"),
        )

    def __repr__(self) -> str:
        return f"{self.closed_on}" if self.is_closed else self.who

    @property
    def who(self) -> str:
        """Who is named, as a list shows it; a dash where nobody is any more."""
        return self.woman_name or NOBODY
