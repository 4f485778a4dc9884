"""Who belongs to which household on which day: read across offices, written anew whenever an event, a death or a move is decided about."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from app.core import scope
from app.core.scope import elevated
from app.core.unit_of_work import Busy, take_turn
from app.core.workflow import Status
from app.ledgers.households import engine
from app.ledgers.households.engine import Contradiction, Event, Fault, Kind, Life, Stay, Told
from app.ledgers.households.models import (
    CLOSED,
    HEAD_CHANGED,
    JOINED,
    LEFT,
    RELATION_CHANGED,
    SET_UP,
    Household,
    HouseholdEvent,
    HouseholdMember,
    HouseholdParting,
)  # fmt: skip
from app.ledgers.people.models import Person

KINDS = {
    SET_UP: Kind.set_up, JOINED: Kind.joined, LEFT: Kind.left, HEAD_CHANGED: Kind.head_changed, CLOSED: Kind.closed,
    RELATION_CHANGED: Kind.relation_changed,
}  # fmt: skip
MEMBERS: Any = HouseholdMember.__table__
PARTINGS: Any = HouseholdParting.__table__


@dataclass(frozen=True)
class Membership:
    """The household somebody belongs to: itself only where it is one of the viewer's offices."""

    household: Household | None
    relation: str
    joined_on: date


def settle(session: Session, household_id: int, decided: HouseholdEvent | None = None, *, counts: bool = True) -> Told:
    """Write the members of a household anew, as every approved event, every death and every move tells of them.

    `decided` is an event about which this transaction decides, and `counts` says whether it counts from now on. Takes the turns of the
    household and of everybody its events name. Raises Contradiction where they cannot all be true, or somebody would be in two at once.
    """
    _take_turns(session, [household_id], _people_of(decided))
    return _settle(session, household_id, decided, counts=counts)


def settle_person(session: Session, person_id: int, died_on: date | None) -> None:
    """Write the households of one person anew, whose file says this day of death from now on. Raises Contradiction, as settle() does."""
    _settle_all(session, {person_id}, {person_id: died_on})


def part(session: Session, person_id: int, on: date, *, by: UUID, path: str, was: int | None = None) -> None:
    """The person has moved away on this day, as an accepted move tells: whatever household they belonged to, they left it.

    `by` is the identity of the move, by which rejoin() takes this back; `path` the office that let them go; `was` whom the same move told
    of until it was corrected. Raises Contradiction where approved events say that they still did something there.
    """
    with elevated("moves that end a membership"):
        session.connection().execute(delete(PARTINGS).where(PARTINGS.c.person_id == was, PARTINGS.c.by_uid == by))
        session.connection().execute(insert(PARTINGS), [{"scope_path": path, "person_id": person_id, "parted_on": on, "by_uid": by}])
    _settle_all(session, {person_id, was or person_id}, {})


def rejoin(session: Session, person_id: int, *, by: UUID) -> None:
    """What part() did is taken back. Raises Contradiction where the person has joined another household since."""
    with elevated("moves that end a membership"):
        session.connection().execute(delete(PARTINGS).where(PARTINGS.c.person_id == person_id, PARTINGS.c.by_uid == by))
    _settle_all(session, {person_id}, {})


def become_one(session: Session, stays: int, goes: int, died_on: date | None) -> None:
    """Write the households of a person anew whose two files became one, after the events name the file that stays."""
    with elevated("households of a file that was merged"):
        connection = session.connection()
        connection.execute(update(PARTINGS).where(PARTINGS.c.person_id == goes).values(person_id=stays))
        connection.execute(delete(MEMBERS).where(MEMBERS.c.person_id == goes))
    settle_person(session, stays, died_on)


def membership(session: Session, person_id: int, on: date) -> Membership | None:
    """The household of a person on a day, of whichever office; None where they belong to none."""
    holds = (MEMBERS.c.began_on <= on, or_(MEMBERS.c.ended_on.is_(None), MEMBERS.c.ended_on > on))
    told = select(MEMBERS.c.household_id, MEMBERS.c.relation, MEMBERS.c.joined_on).where(MEMBERS.c.person_id == person_id, *holds)
    with session.no_autoflush, elevated("the household of a person"):
        found = session.execute(told.order_by(MEMBERS.c.id)).first()
    if found is None:
        return None
    household = session.scalars(scope.query(Household).where(Household.id == found.household_id)).one_or_none()
    return Membership(household, found.relation, found.joined_on)


def members_of(session: Session, households: Collection[int]) -> Sequence[HouseholdMember]:
    """Everybody who ever belonged to these households of one's own offices: heads first, then as they came."""
    rows = scope.query(HouseholdMember).where(HouseholdMember.household_id.in_(households))
    found = session.scalars(rows.order_by(HouseholdMember.joined_on, HouseholdMember.began_on, HouseholdMember.id)).all()
    return sorted(found, key=lambda member: member.relation != engine.HEAD)


def events_of(session: Session, household_id: int) -> Sequence[HouseholdEvent]:
    """Every record of a household of one's own offices, the voided ones included, as they were entered."""
    rows = scope.query(HouseholdEvent).where(HouseholdEvent.household_id == household_id)
    return session.scalars(rows.order_by(HouseholdEvent.id)).all()


def is_member(member: HouseholdMember, on: date) -> bool:
    """Whether somebody belongs to the household on a day."""
    return member.began_on <= on and (member.ended_on is None or on < member.ended_on)


def protected(session: Session, people: Collection[int]) -> set[int]:
    """Which of these people are protected, wherever their files lie."""
    with session.no_autoflush, elevated("protected members of own households"):
        return set(session.scalars(select(Person.id).where(Person.id.in_(people), Person.is_protected)))


def _settle_all(session: Session, people: Collection[int], died: Mapping[int, date | None]) -> None:
    """Write every household of these people anew."""
    known = _households_of(session, people)
    _take_turns(session, known, people)
    if _households_of(session, people) != known:  # somebody decided about them just now; turns are taken in one order only
        raise Busy(_("Somebody else is deciding about the same person. Nothing was saved; send it again."))
    for household_id in known:
        _settle(session, household_id, died=died)


def _take_turns(session: Session, households: Iterable[int], people: Iterable[int]) -> None:
    """Households first, then people, each in their order: two who decide cannot wait for each other."""
    for household_id in households:
        take_turn(session, f"household|{household_id}")
    named = {event.person_id for household_id in households for event in _events(session, household_id)} - {None}
    for person_id in sorted({*named, *people}):
        take_turn(session, f"lives|{person_id}")


def _settle(
    session: Session,
    household_id: int,
    decided: HouseholdEvent | None = None,
    *,
    counts: bool = True,
    died: Mapping[int, date | None] | None = None,
) -> Told:
    rows = [row for row in _events(session, household_id) if decided is None or row.uid != decided.uid]
    if decided is not None and counts:
        rows.append(decided)
    people = {row.person_id for row in rows} - {None}
    events = [Event(row.happened_on, row.id, KINDS[row.kind], row.person_id, row.relation, row) for row in rows]
    told = engine.derive(events, _lives(session, people, died or {}))
    others = _other_stays(session, household_id, people)
    if any(engine.overlap(stay, other) for stay in told.stays for other in others.get(stay.person, ())):
        raise Contradiction(Fault.elsewhere)
    _write(session, household_id, told.stays)
    return told


def _people_of(decided: HouseholdEvent | None) -> set[int]:
    return {decided.person_id} if decided is not None and decided.person_id is not None else set()


def _households_of(session: Session, people: Collection[int]) -> list[int]:
    """The households whose approved events name one of these people."""
    named = select(HouseholdEvent.household_id).where(HouseholdEvent.person_id.in_(people), HouseholdEvent.status == Status.approved)
    with session.no_autoflush, elevated("households of a person"):
        return sorted(set(session.scalars(named)))


def _events(session: Session, household_id: int) -> list[Any]:
    """The approved events of a household."""
    told = (
        HouseholdEvent.uid, HouseholdEvent.id, HouseholdEvent.kind, HouseholdEvent.happened_on, HouseholdEvent.relation,
        HouseholdEvent.person_id, HouseholdEvent.person_name, HouseholdEvent.person_sex, HouseholdEvent.person_birth_date,
        HouseholdEvent.scope_path,
    )  # fmt: skip
    rows = select(*told).where(HouseholdEvent.household_id == household_id, HouseholdEvent.status == Status.approved)
    with session.no_autoflush, elevated("approved events of a household"):
        return list(session.execute(rows.order_by(HouseholdEvent.id)))


def _lives(session: Session, people: Collection[int], died: Mapping[int, date | None]) -> dict[Any, Life]:
    """What files and moves say of these people, wherever they lie. `died` is what a file says from now on."""
    with session.no_autoflush, elevated("births, deaths and moves of members"):
        files = session.execute(select(Person.id, Person.birth_date, Person.died_on).where(Person.id.in_(people))).all()
        rows = select(PARTINGS.c.person_id, PARTINGS.c.parted_on).where(PARTINGS.c.person_id.in_(people))
        moves = session.execute(rows.order_by(PARTINGS.c.parted_on)).all()
    parted = {person_id: [on for number, on in moves if number == person_id] for person_id, _on in moves}
    return {f.id: Life(f.birth_date, died.get(f.id, f.died_on), tuple(parted.get(f.id, ()))) for f in files}


def _other_stays(session: Session, household_id: int, people: Collection[int]) -> dict[Any, list[Stay]]:
    """Person → when they belonged to other households, at whichever office."""
    c = MEMBERS.c
    rows = select(c.person_id, c.relation, c.joined_on, c.began_on, c.ended_on)
    found: dict[Any, list[Stay]] = {}
    with session.no_autoflush, elevated("other households of members"):
        for row in session.execute(rows.where(c.person_id.in_(people), c.household_id != household_id)):
            found.setdefault(row.person_id, []).append(Stay(*row))
    return found


def _write(session: Session, household_id: int, stays: Iterable[Stay]) -> None:
    rows = [_row(household_id, stay) for stay in stays]
    with elevated("members that approved events tell of"):
        connection = session.connection()
        connection.execute(delete(MEMBERS).where(MEMBERS.c.household_id == household_id))
        if rows:
            connection.execute(insert(MEMBERS), rows)


def _row(household_id: int, stay: Stay) -> dict[str, Any]:
    """The columns of a stay. Who it is was told by the event by which they came."""
    source: Any = stay.source
    who = {"name": source.person_name, "sex": source.person_sex, "birth_date": source.person_birth_date}
    days = {"joined_on": stay.joined, "began_on": stay.began, "ended_on": stay.ended, "relation": stay.relation}
    return {"scope_path": source.scope_path, "household_id": household_id, "person_id": stay.person, **who, **days}
