"""Deaths as a workbook: the columns, and how a row becomes a death."""

from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.core import scope, sheets
from app.core.workflow import Status
from app.ledgers.families import death_rules as rules
from app.ledgers.families.models import Death
from app.ledgers.people import snapshots

MODEL, SCREEN = Death, "DeathView"
Key = tuple[Any, ...]
__all__ = ["COLUMNS", "MODEL", "SCREEN", "key", "make", "on_file", "rules"]

COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.words_in(_l("Name"), "person_name", "姓名", "死者姓名", required=True, example="王强"),
    sheets.codes_in(_l("ID type"), "person_id_type", "证件类型", code_set="id_type", also={"身份证": "1"}),
    sheets.secrets_in(_l("ID number"), "person_id_no", "证件号码", "身份证号", "身份证号码", "公民身份号码"),
    sheets.codes_in(_l("Sex"), "person_sex", "性别", code_set="sex", also={"男性": "1", "女性": "2"}, example="男"),
    sheets.days_in(_l("Birth date"), "person_birth_date", "出生日期", "出生年月日"),
    sheets.places_in(_l("Lived at"), "person_region", "现居住地", "居住地", "生前居住地", example="龙泉镇龙泉村村民委员会"),
    sheets.days_in(_l("Date of death"), "died_on", "死亡日期", "死亡时间", required=True, example="2025-03-05"),
    sheets.words_in(_l("Place of death"), "place", "死亡地点"),
    sheets.numbers_in(_l("Number of the death certificate"), "certificate_no", "死亡证明编号", "死亡医学证明编号"),
    sheets.days_in(_l("Reported on"), "reported_on", "报告日期", "上报日期"),
    sheets.words_in(_l("Remark"), "remark", "备注", width=24),
)  # fmt: skip


def make(values: dict[str, Any]) -> Death:
    """A death as the row tells it."""
    return Death(**{name: value for name, value in values.items() if name != "uid" and value is not None})


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same death again: who, by number or else by name, and the day."""
    if not values.get("died_on"):
        return None
    return snapshots.known_by(values, rules.ROLE), values["died_on"]


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these deaths are on file at one's own offices, and how they are called."""
    rows = scope.query(Death).where(Death.died_on.in_({key[1] for key in wanted}), Death.status != Status.voided)
    found = session.execute(rows.with_only_columns(Death.person_id_no_bidx, Death.person_name, Death.died_on)).all()
    return {(row.person_id_no_bidx or row.person_name, row.died_on): f"{row.person_name} {row.died_on}" for row in found}
