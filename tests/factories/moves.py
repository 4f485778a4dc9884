"""Moves and transfers for tests: valid by default, entered and decided by the ledger's own rules."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import changes, clock, regions, scope
from app.core.changes import ChangeRequest
from app.core.crypto import uuid7
from app.core.workflow import Status
from app.ledgers.moves import rules, transfer_rules
from app.ledgers.moves.models import BOTH, ELSEWHERE, MOVED_IN, RESIDENCE, MoveEvent, Transfer
from app.ledgers.moves.transfer_rules import Sending
from app.ledgers.people.models import Person, PersonOffice
from tests.cast import A1, B1
from tests.factories import births
from tests.factories.births import kept, user
from tests.factories.people import id_number_for, numbers

BORN, MOVED_ON = date(1993, 2, 3), date(2025, 2, 10)


def a_number() -> str:
    """A number of a man nobody else has."""
    return id_number_for(BORN, "1", next(numbers))


def make_move(
    session: Session, *, town: str = A1, status: Status = Status.draft, maker: str = "clerk", decider: str = "supervisor", **fields: Any
) -> MoveEvent:
    """A move of a man to this place, brought to this status. Runs inside a unit of work."""
    told = {"kind": MOVED_IN, "what": BOTH, "person_name": "王强", "happened_on": MOVED_ON, "other_place": "武汉市"} | fields
    told |= {} if "person_region" in told else {"person_region": regions.by_code(session, town)}
    told |= {} if "person_id_no" in told else {"person_id_no": a_number()}
    told |= {"what": RESIDENCE} if told["kind"] == ELSEWHERE else {}
    return kept(session, MoveEvent(**told), rules, status, user(session, maker), user(session, decider))  # type: ignore[no-any-return]


def make_transfer(session: Session, person: Person, *, to: str = B1, maker: str = "clerk", **fields: Any) -> Transfer:
    """A transfer of this person to that place, waiting for the answer. Runs inside a unit of work."""
    told = {"what": BOTH, "to": regions.by_code(session, to) if to else None, "moved_on": MOVED_ON, "reason": "嫁往该村"} | fields
    return transfer_rules.send(session, person, Sending(**told), user(session, maker), clock.today())


def answer(session: Session, transfer: Transfer, act: str, who: str, reason: str = "not ours") -> None:
    """One act on a transfer, as the screen does it."""
    transfer_rules.ACTS[act](transfer, user(session, who), clock.today(), token=str(uuid7()), reason=reason)
    session.flush()


def do(row: MoveEvent, act: str, actor: Any) -> None:
    """One act on a move, as the screen does it."""
    births.do(row, act, actor, rules)


def put_right(working: Any, office: str, uid: Any, **values: Any) -> None:
    """Propose these values of an approved move as the clerk, apply them as the supervisor."""
    with working(office) as session:
        told: Any = {"explained": {}, "token": str(uuid7()), "reason": "slip of the pen", "evidence": "certificate"}
        asked = changes.propose(session, scope.get(MoveEvent, uid), values, user(session, "clerk"), **told).uid
    with working(office) as session:
        request = scope.get(ChangeRequest, asked)
        assert request is not None
        changes.apply(session, request, rules.change, user(session, "supervisor"), clock.today(), token=str(uuid7()))


def links(session: Session, person_id: int) -> list[tuple[str, str, date, date | None]]:
    """(why, place, from, until) of every link of a person."""
    session.flush()
    mine = scope.query(PersonOffice).where(PersonOffice.person_id == person_id)
    found = session.scalars(mine.execution_options(populate_existing=True)).all()
    return sorted(((str(n.kind), n.region.name, n.valid_from, n.valid_to) for n in found), key=str)


def seen_at(session: Session, person_id: int) -> set[tuple[str, str]]:
    """(why, place) of every open link of a person."""
    return {(why, place) for why, place, _began, ended in links(session, person_id) if ended is None}
