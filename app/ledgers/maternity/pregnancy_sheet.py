"""Services during pregnancy as a workbook: the columns, and how a row becomes a service."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from app.core import crypto, names, scope, sheets
from app.core.workflow import Status
from app.ledgers.maternity import pregnancy_rules as rules
from app.ledgers.maternity.models import NAME, PregnancyService
from app.ledgers.people import naming

MODEL, SCREEN = PregnancyService, "PregnancyServiceView"
Key = tuple[str, date]
TELLING = "service_answer"
__all__ = ["COLUMNS", "MODEL", "SCREEN", "key", "listed", "make", "on_file", "rules"]

COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.words_in(_l("Her name"), "woman_name", "姓名", "孕妇姓名", "女方姓名", required=True, example="李梅"),
    sheets.codes_in(_l("Her document"), "woman_id_type", "证件类型", code_set="id_type", also={"身份证": "1"}),
    sheets.secrets_in(_l("Her ID number"), "woman_id_no", "证件号码", "身份证号", "身份证号码"),
    sheets.days_in(_l("Her birth date"), "woman_birth_date", "出生日期"),
    sheets.codes_in(_l("Told by"), "told_by", "告知人", code_set="told_by", required=True, example="本人"),
    sheets.words_in(_l("Name of the proxy"), "proxy_name", "代办人姓名"),
    sheets.days_in(_l("Told on"), "told_on", "告知日期", required=True, example="2025-03-05"),
    sheets.days_in(_l("Agreed to this record on"), "consent_on", "同意建档日期", "同意日期", required=True, example="2025-03-05"),
    sheets.days_in(_l("Due date"), "due_on", "预产期"),
    sheets.codes_in(_l("Folic acid offered"), "folic_answer", "叶酸", code_set=TELLING, example="接受"),
    sheets.days_in(_l("Folic acid given on"), "folic_on", "叶酸发放日期"),
    sheets.counts_in(_l("Boxes of folic acid"), "folic_boxes", "叶酸盒数"),
    sheets.codes_in(_l("Free check-up offered"), "check_answer", "免费检查", code_set=TELLING, example="不需要"),
    sheets.days_in(_l("Day of the check-up or of the answer"), "check_on", "检查日期"),
    sheets.days_in(_l("Maternal handbook given on"), "handbook_on", "母子健康手册发放日期", "手册发放日期"),
    sheets.ticks_in(_l("She wishes follow-up visits"), "wants_visits", "是否愿意随访", "自愿随访"),
    sheets.days_in(_l("Ended on"), "ended_on", "结束日期"),
    sheets.codes_in(_l("How it ended"), "ending", "结束方式", code_set="service_end"),
    sheets.places_in(_l("Serving office"), "region", "服务机构所在地", "服务单位", "所在村", example="龙泉镇龙泉村村民委员会"),
    sheets.words_in(_l("Remark"), "remark", "备注", width=24),
)  # fmt: skip


def listed() -> ColumnElement[bool]:
    """Which rows are written into a workbook: a closed record says nothing."""
    return PregnancyService.closed_on.is_(None)


def make(values: dict[str, Any]) -> PregnancyService:
    """A service as the row tells it."""
    return PregnancyService(**{name: value for name, value in values.items() if name != "uid" and value is not None})


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same service again: who, by number or else by name, and the day she told of it."""
    number, name = naming.number_told(values, "woman"), names.clean_name(values.get("woman_name") or "")
    if not (values.get("told_on") and name):
        return None
    return crypto.keys().blind(number, "id_no") if number else crypto.keys().blind(name, NAME), values["told_on"]


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these services are on file at one's own offices, and how they are called."""
    table, blinds = PregnancyService, {blind for blind, _told_on in wanted}
    same = or_(table.woman_id_no_bidx.in_(blinds), table.woman_name_bidx.in_(blinds))
    rows = session.scalars(scope.query(table).where(same, table.status != Status.voided)).all()
    return {(row.woman_id_no_bidx or row.woman_name_bidx or "", row.told_on): str(row) for row in rows}
