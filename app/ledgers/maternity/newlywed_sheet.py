"""Services for newlyweds as a workbook: the columns, and how a row becomes a service."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from app.core import crypto, names, scope, sheets
from app.core.workflow import Status
from app.ledgers.maternity import newlywed_rules as rules
from app.ledgers.maternity.models import NAME, NewlywedService
from app.ledgers.people import naming

MODEL, SCREEN = NewlywedService, "NewlywedServiceView"
Key = tuple[str, str, date]
CARD = {"身份证": "1"}
TELLING = "service_answer"
__all__ = ["COLUMNS", "MODEL", "SCREEN", "key", "listed", "make", "on_file", "rules"]

COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.words_in(_l("Wife's name"), "wife_name", "女方姓名", "妻子姓名", example="李梅"),
    sheets.codes_in(_l("Wife's document"), "wife_id_type", "女方证件类型", code_set="id_type", also=CARD),
    sheets.secrets_in(_l("Wife's ID number"), "wife_id_no", "女方身份证号", "女方身份证号码", "女方证件号码"),
    sheets.days_in(_l("Wife's birth date"), "wife_birth_date", "女方出生日期"),
    sheets.words_in(_l("Husband's name"), "husband_name", "男方姓名", "丈夫姓名", example="王强"),
    sheets.codes_in(_l("Husband's document"), "husband_id_type", "男方证件类型", code_set="id_type", also=CARD),
    sheets.secrets_in(_l("Husband's ID number"), "husband_id_no", "男方身份证号", "男方身份证号码", "男方证件号码"),
    sheets.days_in(_l("Husband's birth date"), "husband_birth_date", "男方出生日期"),
    sheets.days_in(_l("Married on"), "married_on", "结婚日期"),
    sheets.days_in(_l("Agreed to this record on"), "consent_on", "同意建档日期", "同意日期", required=True, example="2025-03-05"),
    sheets.codes_in(_l("Free check-up offered"), "check_answer", "优生检查", "免费优生检查", code_set=TELLING, example="接受"),
    sheets.days_in(_l("Day of the check-up or of the answer"), "check_on", "优生检查日期", "检查日期"),
    sheets.codes_in(_l("Folic acid offered"), "folic_answer", "叶酸", code_set=TELLING, example="不需要"),
    sheets.days_in(_l("Folic acid given on"), "folic_on", "叶酸发放日期"),
    sheets.counts_in(_l("Boxes of folic acid"), "folic_boxes", "叶酸盒数"),
    sheets.codes_in(_l("Counselling offered"), "counselling_answer", "咨询", code_set=TELLING),
    sheets.words_in(_l("Topics of the counselling"), "topics", "咨询内容", "宣教内容", width=24),
    sheets.places_in(_l("Serving office"), "region", "服务机构所在地", "服务单位", "所在村", example="龙泉镇龙泉村村民委员会"),
    sheets.words_in(_l("Remark"), "remark", "备注", width=24),
)  # fmt: skip


def listed() -> ColumnElement[bool]:
    """Which rows are written into a workbook: a closed record says nothing."""
    return NewlywedService.closed_on.is_(None)


def make(values: dict[str, Any]) -> NewlywedService:
    """A service as the row tells it."""
    return NewlywedService(**{name: value for name, value in values.items() if name != "uid" and value is not None})


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same service again: who, by number or else by name, and the day of the consent."""
    if not values.get("consent_on"):
        return None
    return _who(values, "wife"), _who(values, "husband"), values["consent_on"]


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these services are on file at one's own offices, and how they are called."""
    table, blinds = NewlywedService, {blind for found in wanted for blind in found[:2] if blind}
    same = (getattr(table, f"{role}_{column}_bidx").in_(blinds) for role in rules.ROLES for column in ("id_no", "name"))
    rows = session.scalars(scope.query(table).where(or_(*same), table.status != Status.voided)).all()
    return {
        (row.wife_id_no_bidx or row.wife_name_bidx or "", row.husband_id_no_bidx or row.husband_name_bidx or "", row.consent_on): str(row)
        for row in rows
    }


def _who(values: dict[str, Any], role: str) -> str:
    """Their number as the ledger finds it, else their name; nothing where nobody is named."""
    number, name = naming.number_told(values, role), names.clean_name(values.get(f"{role}_name") or "")
    return crypto.keys().blind(number, "id_no") if number else crypto.keys().blind(name, NAME) if name else ""
