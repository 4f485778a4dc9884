"""Marriages as a workbook: the columns, and how a row becomes a marriage event."""

from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.core import scope, sheets
from app.core.workflow import Status
from app.ledgers.families import rules
from app.ledgers.families.models import MarriageEvent
from app.ledgers.families.standing import ROLES
from app.ledgers.people import snapshots

MODEL, SCREEN = MarriageEvent, "MarriageEventView"
Key = tuple[Any, ...]
__all__ = ["COLUMNS", "MODEL", "SCREEN", "key", "make", "on_file", "rules"]

CARD = {"身份证": "1"}

COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.codes_in(
        _l("Event"), "kind", "婚姻变动", "变动类型", "婚姻变动类型", code_set="marriage_event", also={"结婚登记": "1", "离婚登记": "2"},
        required=True, example="结婚",
    ),
    sheets.days_in(
        _l("Happened on"), "happened_on", "变动日期", "婚姻变动日期", "登记日期", "结婚日期", required=True, example="2025-03-05"
    ),
    sheets.numbers_in(_l("Number of the marriage certificate"), "certificate_no", "结婚证字号", "离婚证字号", "证书编号"),
    sheets.words_in(_l("Wife's name"), "wife_name", "女方姓名", "妻子姓名", required=True, example="李梅"),
    sheets.codes_in(_l("Wife's document"), "wife_id_type", "女方证件类型", code_set="id_type", also=CARD),
    sheets.secrets_in(_l("Wife's ID number"), "wife_id_no", "女方身份证号", "女方身份证号码", "女方证件号码"),
    sheets.days_in(_l("Wife's birth date"), "wife_birth_date", "女方出生日期"),
    sheets.codes_in(_l("What it is for her"), "wife_marital", "女方婚姻状况", "女方婚姻", code_set="marital", example="初婚"),
    sheets.places_in(_l("Where the wife lives"), "wife_region", "女方现居住地", "女方居住地", example="龙泉镇龙泉村村民委员会"),
    sheets.words_in(_l("Husband's name"), "husband_name", "男方姓名", "丈夫姓名", required=True, example="王强"),
    sheets.codes_in(_l("Husband's document"), "husband_id_type", "男方证件类型", code_set="id_type", also=CARD),
    sheets.secrets_in(_l("Husband's ID number"), "husband_id_no", "男方身份证号", "男方身份证号码", "男方证件号码"),
    sheets.days_in(_l("Husband's birth date"), "husband_birth_date", "男方出生日期"),
    sheets.codes_in(_l("What it is for him"), "husband_marital", "男方婚姻状况", "男方婚姻", code_set="marital", example="再婚"),
    sheets.places_in(_l("Where the husband lives"), "husband_region", "男方现居住地", "男方居住地"),
    sheets.days_in(_l("Reported on"), "reported_on", "报告日期", "上报日期"),
    sheets.words_in(_l("Remark"), "remark", "备注", width=24),
)  # fmt: skip


def make(values: dict[str, Any]) -> MarriageEvent:
    """An event as the row tells it."""
    return MarriageEvent(**{name: value for name, value in values.items() if name != "uid" and value is not None})


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same event again: what happened, when, and to whom, by number or else by name."""
    if not (values.get("kind") and values.get("happened_on")):
        return None
    return values["kind"], values["happened_on"], *(snapshots.known_by(values, role) for role in ROLES)


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these events are on file at one's own offices, and how they are called."""
    rows = scope.query(MarriageEvent).where(
        MarriageEvent.happened_on.in_({key[1] for key in wanted}), MarriageEvent.status != Status.voided
    )
    told = (MarriageEvent.wife_name, MarriageEvent.husband_name, MarriageEvent.wife_id_no_bidx, MarriageEvent.husband_id_no_bidx)
    found = session.execute(rows.with_only_columns(MarriageEvent.kind, MarriageEvent.happened_on, *told)).all()
    return {
        (row.kind, row.happened_on, row.wife_id_no_bidx or row.wife_name, row.husband_id_no_bidx or row.husband_name): (
            f"{row.husband_name} {row.wife_name} {row.happened_on}"
        )
        for row in found
    }
