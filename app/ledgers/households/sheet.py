"""Households as a workbook, one row for each member as in a household book, and how a row becomes a household event."""

from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.core import scope, sheets
from app.core.errors import Problem
from app.core.sheets import Column
from app.core.workflow import Status
from app.ledgers.households import rules
from app.ledgers.households.models import HEAD, JOINED, SELF, SET_UP, HouseholdEvent
from app.ledgers.people import snapshots

MODEL, SCREEN = HouseholdEvent, "HouseholdEventView"
Key = tuple[Any, ...]
__all__ = ["COLUMNS", "MODEL", "SCREEN", "key", "make", "on_file", "rules", "settle"]

COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.codes_in(_l("Kind of change"), "kind", "变动类型", "家庭变动", code_set="household_event", also={"入户": JOINED}),
    sheets.numbers_in(
        _l("Household number"), "household_no", "户编号", "户号", "家庭编号", "家庭户编号", required=True, width=26, example="12"
    ),
    sheets.numbers_in(_l("Number in the office's own book"), "former_no", "原户编号", "原户号"),
    Column(_l("Head of household"), "head", ("户主姓名", "户主")),
    sheets.codes_in(
        _l("Relation to the head"), "relation", "与户主关系", "与户主的关系", "关系", code_set="kinship",
        also={"妻子": "12", "丈夫": "11", "儿子": "20", "女儿": "30", "父亲": "51", "母亲": "52"}, example="户主",
    ),
    sheets.words_in(_l("Name"), "person_name", "姓名", "成员姓名", example="王强"),
    sheets.codes_in(_l("ID type"), "person_id_type", "证件类型", code_set="id_type", also={"身份证": "1"}),
    sheets.secrets_in(_l("ID number"), "person_id_no", "证件号码", "身份证号", "身份证号码", "公民身份号码"),
    sheets.codes_in(_l("Sex"), "person_sex", "性别", code_set="sex", also={"男性": "1", "女性": "2"}, example="男"),
    sheets.days_in(_l("Birth date"), "person_birth_date", "出生日期", "出生年月日"),
    sheets.days_in(
        _l("Happened on"), "happened_on", "变动日期", "立户日期", "加入日期", "入户日期", "登记日期", required=True, example="2025-03-05"
    ),
    sheets.words_in(_l("Reason of the change"), "reason", "原因", "变动原因"),
    sheets.words_in(_l("Address"), "address", "地址", "家庭住址", "详细地址", width=30),
    sheets.codes_in(_l("Who serves"), "mgmt_class", "管理类型", "管理类别", code_set="mgmt_class"),
    sheets.places_in(
        _l("Lives at"), "person_region", "现居住地", "居住地", "村（居）委会", "所属村（社区）", example="龙泉镇龙泉村村民委员会"
    ),
    sheets.days_in(_l("Reported on"), "reported_on", "报告日期", "上报日期"),
    sheets.words_in(_l("Remark"), "remark", "备注", width=24),
)  # fmt: skip


def make(values: dict[str, Any]) -> HouseholdEvent:
    """An event as the row tells it. Without a word for it, the head's row is a set-up and every other one tells that somebody joined.

    The number of a set-up is that of the office's own book: by it the rows of the others find the household.
    """
    told = {name: value for name, value in values.items() if name != "uid" and value is not None}
    told["kind"] = _kind(values)
    if told["kind"] == SET_UP:
        told["former_no"] = told.get("former_no") or told.pop("household_no", None)
        told.pop("household_no", None)
    return HouseholdEvent(**told)


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same event again: what happened, when, and to whom, by number or else by name."""
    if not values.get("happened_on"):
        return None
    return _kind(values), values["happened_on"], snapshots.known_by(values, rules.ROLE) or values.get("household_no")


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these events are on file at one's own offices, and how they are called."""
    days = {key[1] for key in wanted}
    rows = scope.query(HouseholdEvent).where(HouseholdEvent.happened_on.in_(days), HouseholdEvent.status != Status.voided)
    found = session.scalars(rows.order_by(HouseholdEvent.id)).all()
    return {
        (
            row.kind,
            row.happened_on,
            row.person_id_no_bidx or row.person_name or row.household_no,
        ): f"{row.person_name or ''} {row.happened_on}"
        for row in found
    }


def settle(session: Session, event: HouseholdEvent, values: dict[str, Any]) -> list[Problem]:
    """The number of a set-up is kept as that of the office's own book, which has a length."""
    table: Any = inspect(HouseholdEvent)
    most = table.columns.former_no.type.length
    if len(event.former_no or "") <= most:
        return []
    return [Problem("household_no", _("Write at most %(most)s characters.", most=most), "long_household_no")]


def _kind(values: dict[str, Any]) -> str:
    """What happened, as the row says or as the relation tells."""
    return values.get("kind") or (SET_UP if values.get("relation") in (SELF, HEAD) else JOINED)
