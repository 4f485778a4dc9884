"""Invented services for newlyweds and during pregnancy, wanted and declined, for the demo township."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from app.core.regions import Region
from app.ledgers.maternity import newlywed_rules, pregnancy_rules
from app.ledgers.maternity.models import ACCEPTED, DECLINED, HERSELF, OFFERED, NewlywedService, PregnancyService

EACH = 7  # so many of each ledger are there in every state; one more of each is withdrawn
ANSWERS = (ACCEPTED, DECLINED, ACCEPTED, OFFERED)
WITHDRAWN = ("submit", "approve", "withdraw_consent")
Who = Callable[[date], tuple[str, str]]  # a name and a number for a woman born on this day


def rows(stages: tuple[tuple[str, ...], ...], village: Region | None, who: Who, today: date) -> Iterator[tuple[Any, Any, tuple[str, ...]]]:
    """(row, rules of its ledger, how far it has come)."""
    for number in range(EACH + 1):
        acts = stages[number % len(stages)] if number < EACH else WITHDRAWN
        yield NewlywedService(**_newlywed(number, village, who, today)), newlywed_rules, acts
        yield PregnancyService(**_pregnancy(number, village, who, today)), pregnancy_rules, acts


def _newlywed(number: int, village: Region | None, who: Who, today: date) -> dict[str, Any]:
    name, id_no = who(date(1996, 5, 2 + number))
    day, answer = today - timedelta(days=4 + 5 * number), ANSWERS[number % len(ANSWERS)]
    return {
        "wife_name": name, "wife_id_no": id_no, "region": village, "married_on": day - timedelta(days=20), "consent_on": day,
        "check_answer": answer, "folic_answer": ANSWERS[(number + 1) % len(ANSWERS)], "counselling_answer": answer,
        "topics": "孕前保健、合理营养" if answer == ACCEPTED else None,
    }  # fmt: skip


def _pregnancy(number: int, village: Region | None, who: Who, today: date) -> dict[str, Any]:
    name, id_no = who(date(1995, 8, 3 + number))
    day, takes = today - timedelta(days=3 + 6 * number), ANSWERS[number % len(ANSWERS)] == ACCEPTED
    return {
        "woman_name": name, "woman_id_no": id_no, "region": village, "told_by": HERSELF, "told_on": day, "consent_on": day,
        "due_on": day + timedelta(days=150 + 9 * number) if takes else None, "folic_answer": ACCEPTED if takes else DECLINED,
        "folic_on": day if takes else None, "folic_boxes": 2 if takes else None, "check_answer": DECLINED if takes else OFFERED,
        "handbook_on": day if takes else None, "wants_visits": takes,
    }  # fmt: skip
