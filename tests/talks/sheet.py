"""Talks as a workbook."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from app.core import scope, sheets
from tests.talks import rules
from tests.talks.models import Talk

MODEL, SCREEN = Talk, "TalkView"
Key = tuple[Any, ...]
__all__ = ["COLUMNS", "MODEL", "SCREEN", "key", "make", "on_file", "rules"]

COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.words_in("Topic", "topic", "主题", required=True, example="优生优育"),
    sheets.days_in("Held on", "held_on", "日期", required=True, example="2025-03-05"),
    sheets.codes_in("Where", "channel", "地点", code_set="registration_channel", required=True),
    sheets.counts_in("Listeners", "listeners", "人数"),
    sheets.ticks_in("Leaflets", "leaflets", "发放宣传册"),
    sheets.places_in("Office", "region", "单位", example="龙泉镇龙泉村村民委员会"),
)


def make(values: dict[str, Any]) -> Talk:
    """A talk as the row tells it."""
    return Talk(**{name: value for name, value in values.items() if name != "uid" and value is not None})


def key(values: dict[str, Any]) -> Key | None:
    """A topic on a day is one talk."""
    return (values["topic"], values["held_on"]) if values.get("topic") and values.get("held_on") else None


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these talks are on file."""
    rows = scope.query(Talk).where(Talk.held_on.in_({day for _topic, day in wanted}))
    found = session.execute(rows.with_only_columns(Talk.topic, Talk.held_on)).tuples()
    return {(topic, day): f"{topic} {day}" for topic, day in found}
