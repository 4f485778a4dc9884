"""Moves of the demo township, and two transfers: one that waits for the neighbour, one that was taken back."""

from datetime import date, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.core.crypto import uuid7
from app.core.regions import Region
from app.ledgers.moves import transfer_rules
from app.ledgers.moves.models import BOTH, ELSEWHERE, MOVED_IN, MOVED_OUT, RESIDENCE
from app.ledgers.moves.transfer_rules import Sending
from app.ledgers.people.models import Person

MOVES = 7
KINDS = (MOVED_IN, MOVED_OUT, ELSEWHERE, MOVED_IN, MOVED_OUT, MOVED_IN, ELSEWHERE)
PLACES = ("武汉市", "宜昌市西陵区", "深圳市龙华区")


def move(number: int, name: str, id_no: str, village: Region, today: date) -> dict[str, Any]:
    """One move as a clerk types it."""
    kind = KINDS[number % len(KINDS)]
    return {
        "kind": kind, "what": RESIDENCE if kind == ELSEWHERE else BOTH, "happened_on": today - timedelta(days=3 + 6 * number),
        "other_place": PLACES[number % len(PLACES)], "person_name": name, "person_id_no": id_no, "person_region": village,
    }  # fmt: skip


def transfers(session: Session, people: list[Person], to: Region, clerk: User, today: date) -> None:
    """One of these people is on the way to another town; the other one's transfer was taken back."""
    for number, person in enumerate(people):
        told = Sending(RESIDENCE, to, today - timedelta(days=2), "婚后迁往该镇")
        sent = transfer_rules.send(session, person, told, clerk, today)
        if number:
            transfer_rules.withdraw(sent, clerk, today, token=str(uuid7()), reason="发错单位")
