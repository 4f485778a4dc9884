"""What one page tells of one household: who belongs to it and belonged to it, and what the ledgers hold about them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy.orm import Session

from app.core import scope
from app.core.workflow import Record
from app.ledgers.families import standing as marriages
from app.ledgers.households import standing
from app.ledgers.households.models import HEAD, Household, HouseholdEvent, HouseholdMember
from app.ledgers.people import rules
from app.ledgers.people.models import Person

MOST_EVENTS = 50  # of one household on its page


@dataclass(frozen=True)
class Line:
    """One person of a household: what they are or last were to the head, and their file as far as the viewer may open it."""

    member: HouseholdMember
    file: Person | None
    is_named: bool  # a protected person is named to whoever may open the file, and to nobody else
    marital: str | None = None  # code list marital

    @property
    def until(self) -> date | None:
        return self.member.ended_on


@dataclass(frozen=True)
class Head:
    """Who is the head of a household, and of how many members."""

    name: str | None
    is_protected: bool
    members: int


def lines(session: Session, household: Household, on: date, *, may_open: bool) -> tuple[list[Line], list[Line]]:
    """Who belongs to a household on a day, and who did before. `may_open` says whether the viewer may open files of people."""
    every = standing.members_of(session, [household.id])
    now = [member for member in every if standing.is_member(member, on)]
    here = {member.person_id for member in now}
    by_person = groupby(sorted((m for m in every if m.person_id not in here), key=_by_person), key=lambda m: m.person_id)
    former = sorted((list(stays)[-1] for _person, stays in by_person), key=lambda m: (m.ended_on or on, m.id))
    files = _files(session, every) if may_open else {}
    hidden = standing.protected(session, {member.person_id for member in every}) - files.keys()
    return ([_line(session, m, files, hidden, on) for m in members] for members in (now, former))  # type: ignore[return-value]


def heads(session: Session, households: Iterable[Household], on: date) -> dict[int, Head]:
    """Household → its head and how many belong to it on a day."""
    every = standing.members_of(session, [household.id for household in households])
    here = [member for member in every if standing.is_member(member, on)]
    leading = {member.household_id: member for member in here if member.relation == HEAD}
    hidden = standing.protected(session, {member.person_id for member in leading.values()})
    counted = {number: [m for m in here if m.household_id == number] for number in {m.household_id for m in here}}
    return {
        number: Head(head.name if head else None, head is not None and head.person_id in hidden, len(members))
        for number, members in counted.items()
        for head in [leading.get(number)]
    }


def events(session: Session, household: Household) -> list[HouseholdEvent]:
    """The newest records of a household."""
    return [*reversed(standing.events_of(session, household.id))][:MOST_EVENTS]


def tellable(session: Session, records: Sequence[Record], may_be_named: Collection[int]) -> list[Record]:
    """The records that name no protected person but those who may be named here."""
    named = [(row, {getattr(row, key) for key in rules.keys_to_people(type(row))} - {None}) for row in records]
    everybody = set().union(*(people for _row, people in named))
    hidden = standing.protected(session, everybody) - set(may_be_named)
    return [row for row, people in named if not people & hidden]


def _by_person(member: HouseholdMember) -> tuple[int, date, int]:
    return member.person_id, member.began_on, member.id


def _files(session: Session, members: Iterable[HouseholdMember]) -> dict[int, Person]:
    """Person → the file, where one of my offices holds it."""
    mine = scope.query(Person).where(Person.id.in_({member.person_id for member in members}))
    return {person.id: person for person in session.scalars(mine)}


def _line(session: Session, member: HouseholdMember, files: dict[int, Person], hidden: Collection[int], on: date) -> Line:
    file = files.get(member.person_id)
    status = marriages.marital_status(session, file, on) if file is not None else None
    return Line(member, file, member.person_id not in hidden, status.code if status else None)
