"""Moves as a workbook: the columns, and how a row becomes a move."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.core import scope, sheets
from app.core.errors import Problem
from app.core.workflow import Status
from app.ledgers.moves import rules
from app.ledgers.moves.models import ELSEWHERE, RESIDENCE, MoveEvent
from app.ledgers.people import snapshots

MODEL, SCREEN = MoveEvent, "MoveView"
Key = tuple[Any, ...]
__all__ = ["COLUMNS", "MODEL", "SCREEN", "check", "key", "make", "on_file", "rules"]

COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.codes_in(_l("Move"), "kind", "变动类型", "迁移类型", code_set="move_event", required=True, also={"回来": "4"}, example="迁入"),
    sheets.codes_in(_l("What moved"), "what", "迁移内容", "变动内容", code_set="move_what", also={"全部": "3"}, example="户籍和居住"),
    sheets.days_in(_l("Moved on"), "happened_on", "变动日期", "迁移日期", required=True, example="2025-03-05"),
    sheets.words_in(_l("Where from or where to"), "other_place", "迁出地或迁入地", "往来地", "现居住地址", width=24, example="武汉市"),
    sheets.words_in(_l("Name"), "person_name", "姓名", required=True, example="王强"),
    sheets.codes_in(_l("ID type"), "person_id_type", "证件类型", code_set="id_type", also={"身份证": "1"}),
    sheets.secrets_in(_l("ID number"), "person_id_no", "证件号码", "身份证号", "身份证号码", "公民身份号码"),
    sheets.codes_in(_l("Sex"), "person_sex", "性别", code_set="sex", also={"男性": "1", "女性": "2"}, example="男"),
    sheets.days_in(_l("Birth date"), "person_birth_date", "出生日期", "出生年月日"),
    sheets.places_in(_l("Place in your offices"), "person_region", "本地地址", "所在村", "所在村居", example="龙泉镇龙泉村村民委员会"),
    sheets.days_in(_l("Reported on"), "reported_on", "报告日期", "上报日期"),
    sheets.words_in(_l("Remark"), "remark", "备注", width=24),
)  # fmt: skip


def make(values: dict[str, Any]) -> MoveEvent:
    """A move as the row tells it."""
    return MoveEvent(**{name: value for name, value in values.items() if name != "uid" and value is not None})


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same move again: who, by number or else by name, what happened, and the day."""
    kind = values.get("kind")
    what = RESIDENCE if kind == ELSEWHERE else values.get("what")
    if not (kind and what and values.get("happened_on")):
        return None
    return snapshots.known_by(values, rules.ROLE), kind, what, values["happened_on"]


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these moves are on file at one's own offices, and how they are called."""
    table = MoveEvent
    rows = scope.query(table).where(table.happened_on.in_({key[-1] for key in wanted}), table.status != Status.voided)
    told = (table.person_id_no_bidx, table.person_name, table.kind, table.what, table.happened_on)
    found = session.execute(rows.with_only_columns(*told)).all()
    return {
        (row.person_id_no_bidx or row.person_name, row.kind, row.what, row.happened_on): f"{row.person_name} {row.happened_on}"
        for row in found
    }


def check(move: MoveEvent, today: date) -> list[Problem]:
    """What can be seen from the row alone, for a row that is refused anyway."""
    snapshots.complete(move, rules.ROLE, today)
    found = rules.check(move, today)
    return rules.people(move, today) if any(problem.code == "missing" for problem in found) else found
