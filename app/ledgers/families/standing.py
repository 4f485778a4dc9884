"""Who is married to whom on which day: read across offices, and written anew whenever an event or a death is decided about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.scope import elevated
from app.core.unit_of_work import take_turn
from app.core.workflow import Status
from app.ledgers.families import engine
from app.ledgers.families.engine import Contradiction, Event, Kind, Spell
from app.ledgers.families.models import DIVORCE, DIVORCED, WEDDING, WIDOWED, WIDOWHOOD, Marriage, MarriageEvent
from app.ledgers.people.models import Person

ROLES = ("wife", "husband")
KINDS = {WEDDING: Kind.wedding, DIVORCE: Kind.divorce, WIDOWHOOD: Kind.widowhood}
ENDINGS = {Kind.divorce: DIVORCED, Kind.widowhood: WIDOWED}
TABLE: Any = Marriage.__table__


@dataclass(frozen=True)
class Spouse:
    """One of two spouses: known by the file, where there is none by the ID number, else by name alone."""

    name: str
    person_id: int | None
    blind: str | None
    died_on: date | None = None
    merged: tuple[str, ...] = ()  # the numbers of files that became one with this one

    @property
    def blinds(self) -> tuple[str, ...]:
        """Every number by which a row may mean this person."""
        return (*([self.blind] if self.blind else []), *self.merged)


@dataclass(frozen=True)
class Couple:
    """Two people whose marriages are settled together."""

    wife: Spouse
    husband: Spouse

    @property
    def died_on(self) -> date | None:
        """The day the first of them died, as far as a file says."""
        return min((who.died_on for who in (self.wife, self.husband) if who.died_on), default=None)


@dataclass(frozen=True)
class MaritalStatus:
    """What somebody is (GB/T 2261.2), and since when."""

    code: str
    since: date


def couple_of(session: Session, row: Any) -> Couple:
    """The two people an event names, with what their files say, wherever these lie.

    Takes their turns: what was read stays true until this transaction ends.
    """
    found = _couple(session, row)
    take_turns(session, (found.wife, found.husband))
    return _couple(session, row)


def is_of(row: Any, couple: Couple) -> bool:
    """Whether an event or a marriage that was read names exactly these two."""
    return all(_names(row, role, getattr(couple, role)) for role in ROLES)


def take_turns(session: Session, people: Iterable[Spouse]) -> None:
    """Whoever decides about a marriage of one of these people at the same time waits until this transaction ends."""
    keys = {f"married|{known}" for who in people for known in (who.person_id, *who.blinds) if known}
    for key in sorted(keys):  # always in this order, so that two who decide cannot wait for each other
        take_turn(session, key)


def settle(session: Session, couple: Couple, decided: MarriageEvent | None = None, *, counts: bool = True) -> None:
    """Write the marriages of two people anew, as every approved event and their deaths tell them. Whoever found the couple took turns.

    `decided` is an event about which this transaction decides, and `counts` says whether it counts from now on.
    Raises Contradiction where the events cannot all be true, or one of the two would be married twice at once.
    """
    told = [told for told in _events(session, couple) if decided is None or told.uid != decided.uid]
    if decided is not None and counts:
        told.append(decided)
    found = engine.spells((Event(t.happened_on, t.id, KINDS[t.kind], t) for t in told), couple.died_on)
    for role in ROLES:
        others = _other_marriages(session, couple, role)
        if any(engine.overlap(spell, others) for spell in found):
            raise Contradiction
    _write(session, couple, found)


def couples_of(session: Session, who: Spouse) -> list[Couple]:
    """This person, as they are given, with everybody they are or were married to. Takes the turns of all of them first."""
    take_turns(session, [who, *(spouse for couple in _couples(session, who) for spouse in (couple.wife, couple.husband))])
    return _couples(session, who)


def marital_status(session: Session, person: Person, on: date) -> MaritalStatus | None:
    """What approved records, of whichever office, make of a person on a day; None where they say nothing. The dead keep what they were."""
    day = on if person.died_on is None or on < person.died_on else person.died_on - timedelta(days=1)
    who = spouse_of(session, person)
    known = [(row.began_on or row.ended_on, row) for row in _marriages(session, who) if (row.began_on or row.ended_on) <= day]
    if not known:
        return None
    _first, last = max(known, key=lambda pair: pair[0])
    if last.ended_on is not None and last.ended_on <= day:
        return MaritalStatus(last.ending, last.ended_on)
    role = "wife" if _names(last, "wife", who) else "husband"
    return MaritalStatus(getattr(last, f"{role}_marital"), last.began_on)


def spouse_of(session: Session, person: Person) -> Spouse:
    """A person as one of two spouses."""
    return Spouse(person.name, person.id, person.id_no_bidx, person.died_on, _numbers_merged(session, person.id))


def forget(session: Session, who: Spouse) -> None:
    """Nobody is known as married to this person; settle() writes it anew."""
    with elevated("marriages of a person that are written anew"):
        session.connection().execute(delete(TABLE).where(or_(*(_is_person(role, Marriage, who) for role in ROLES))))


def _couples(session: Session, who: Spouse) -> list[Couple]:
    found = []
    for row in _marriages(session, who):
        role = "wife" if _names(row, "wife", who) else "husband"
        found.append(replace(_couple(session, row), **{role: who}))
    return [*dict.fromkeys(found)]


def _couple(session: Session, row: Any) -> Couple:
    told = [(getattr(row, f"{r}_name"), getattr(row, f"{r}_id"), getattr(row, f"{r}_id_no_bidx")) for r in ROLES]
    return Couple(*(_known(session, Spouse(*who)) for who in told))


def _known(session: Session, who: Spouse) -> Spouse:
    """The same person with file, number and death as the register has them."""
    bearer = aliased(Person)
    same = [c == known for c, known in ((bearer.id, who.person_id), (bearer.id_no_bidx, who.blind)) if known is not None]
    if not same:
        return who
    told = select(Person.id, Person.id_no_bidx, Person.died_on)
    stays = told.join(bearer, Person.id == func.coalesce(bearer.merged_into_id, bearer.id))
    with session.no_autoflush, elevated("files of two spouses"):
        file = session.execute(stays.where(or_(*same)).order_by(Person.id)).first()
    if file is None:
        return who
    return Spouse(who.name, file.id, file.id_no_bidx or who.blind, file.died_on, _numbers_merged(session, file.id))


def _numbers_merged(session: Session, person_id: int) -> tuple[str, ...]:
    """The numbers of the files that became one with this one."""
    gone = select(Person.id_no_bidx).where(Person.merged_into_id == person_id, Person.id_no_bidx.is_not(None))
    with session.no_autoflush, elevated("numbers of files that became one"):
        return tuple(n for n in session.scalars(gone.order_by(Person.id)) if n)


def _events(session: Session, couple: Couple) -> list[Any]:
    """The approved events of exactly these two, at whichever office."""
    told = (
        MarriageEvent.uid, MarriageEvent.id, MarriageEvent.kind, MarriageEvent.happened_on, MarriageEvent.scope_path,
        MarriageEvent.wife_marital, MarriageEvent.husband_marital,
    )  # fmt: skip
    with session.no_autoflush, elevated("approved events of two spouses"):
        rows = session.execute(select(*told).where(_of(couple, MarriageEvent), MarriageEvent.status == Status.approved))
        return list(rows)


def _other_marriages(session: Session, couple: Couple, role: str) -> list[Spell]:
    """The marriages of one of the two with others."""
    who = getattr(couple, role)
    if who.person_id is None and who.blind is None:
        return []
    others = [row for row in _marriages(session, who) if not is_of(row, couple)]
    return [Spell(row.began_on, row.ended_on, None) for row in others]


def _marriages(session: Session, who: Spouse) -> Sequence[Any]:
    """Every marriage of one person, as columns."""
    with session.no_autoflush, elevated("marriages of a person"):
        return session.execute(select(*TABLE.c).where(or_(*(_is_person(role, Marriage, who) for role in ROLES)))).all()


def _of(couple: Couple, table: Any) -> ColumnElement[bool]:
    """The condition that a row names exactly these two."""
    return and_(*(_is_person(role, table, getattr(couple, role)) for role in ROLES))


def _is_person(role: str, table: Any, who: Spouse) -> ColumnElement[bool]:
    """The condition that a row names this person in this role: by file; by number where the row knows no file; else by the name alone.

    A number that was corrected on a file stays in the words of earlier rows: there the file says who is meant.
    """
    person_id, blind = getattr(table, f"{role}_id"), getattr(table, f"{role}_id_no_bidx")
    if who.person_id is None and who.blind is None:
        return and_(getattr(table, f"{role}_name") == who.name, person_id.is_(None), blind.is_(None))
    by_number = [and_(person_id.is_(None), blind.in_(who.blinds))] if who.blinds else []
    return or_(*([person_id == who.person_id] if who.person_id else []), *by_number)


def _names(row: Any, role: str, who: Spouse) -> bool:
    """The same condition for a row that was read."""
    person_id, blind = getattr(row, f"{role}_id"), getattr(row, f"{role}_id_no_bidx")
    if who.person_id is None and who.blind is None:
        return person_id is None and blind is None and getattr(row, f"{role}_name") == who.name
    return person_id == who.person_id if person_id is not None else blind in who.blinds


def _write(session: Session, couple: Couple, found: Iterable[Spell]) -> None:
    rows = [_row(couple, spell) for spell in found]
    with elevated("marriages that approved events tell of"):
        connection = session.connection()
        connection.execute(delete(TABLE).where(_of(couple, Marriage)))
        if rows:
            connection.execute(insert(TABLE), rows)


def _row(couple: Couple, spell: Spell) -> dict[str, Any]:
    """The columns of a marriage. What it made of the two is told by the event that began it."""
    source: Any = spell.source
    row = {"scope_path": source.scope_path, "began_on": spell.began, "ended_on": spell.ended}
    row["ending"] = ENDINGS[spell.ending] if spell.ending else None
    for role in ROLES:
        who: Spouse = getattr(couple, role)
        row |= {f"{role}_name": who.name, f"{role}_id": who.person_id, f"{role}_id_no_bidx": None if who.person_id else who.blind}
        row[f"{role}_marital"] = getattr(source, f"{role}_marital") if spell.began else None
    return row
