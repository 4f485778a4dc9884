"""The people a row of a ledger names: their snapshot on the row, their file, and the office that answers for them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.core import crypto, names, scope
from app.core.errors import Problem, RuleViolation
from app.core.id_number import FEMALE, MALE
from app.core.regions import Region
from app.ledgers.people import naming, sound
from app.ledgers.people.identity import ANSWERING
from app.ledgers.people.models import Person, PersonOffice
from app.ledgers.people.naming import Named

SEXES = {"mother": FEMALE, "woman": FEMALE, "wife": FEMALE, "father": MALE, "partner": MALE, "husband": MALE}
SNAPSHOT = ("name", "id_type", "id_no_bidx", "birth_date")


def named(row: Any, role: str) -> Named:
    """The person in this role as the row names them. A child's sex and birth date are the row's own."""
    sealed = getattr(row, f"{role}_id_no")
    number = sealed.reveal() if sealed else None
    if role == "child":
        return Named(row.child_name or "", "1", number, row.born_on, row.sex, role)
    id_type, born = getattr(row, f"{role}_id_type"), getattr(row, f"{role}_birth_date")
    sex = SEXES.get(role) or getattr(row, f"{role}_sex")
    return Named(getattr(row, f"{role}_name") or "", id_type, number, born, sex, role)


def is_named(row: Any, role: str) -> bool:
    """Whether anything was written about the person in this role."""
    return bool(getattr(row, f"{role}_name") or getattr(row, f"{role}_id_no") or getattr(row, f"{role}_birth_date", None))


def complete(row: Any, role: str, today: date) -> None:
    """Write the snapshot as it is kept: the name tidy, the number with 18 characters, the birth date it contains."""
    if not is_named(row, role):
        return
    told = named(row, role)
    who = naming.completed(told, today)
    setattr(row, f"{role}_name", who.name or None)
    if who.id_no != told.id_no:
        setattr(row, f"{role}_id_no", who.id_no)
    if role != "child":
        setattr(row, f"{role}_birth_date", who.birth_date)
        setattr(row, f"{role}_id_type", who.id_type or "1")
        if role not in SEXES:
            setattr(row, f"{role}_sex", who.sex)


def problems(row: Any, role: str, today: date) -> list[Problem]:
    """What is wrong with the person in this role; nothing where nobody is named."""
    return naming.check(named(row, role), today) if is_named(row, role) else []


def sex_problems(row: Any, role: str, today: date) -> list[Problem]:
    """Nobody is filed without a sex; it is written, or the ID number contains it."""
    if naming.completed(named(row, role), today).sex:
        return []
    return [Problem(f"{role}_sex", _("Choose the sex, or write the ID number, which contains it."), "sex_missing")]


def known_by(values: Mapping[str, Any], role: str) -> str:
    """By what a row of a workbook tells this person from others: the number as the register finds it, else the name as it keeps it."""
    number = naming.number_told(values, role)
    return crypto.keys().blind(number, "id_no") if number else names.clean_name(values.get(f"{role}_name") or "")


def is_unchanged(row: Any, role: str) -> bool:
    """Whether the row on file names this person as before: then the link stays, even to a file that cannot be opened here."""
    state = inspect(row)
    return bool(state.persistent) and not any(state.attrs[f"{role}_{column}"].history.has_changes() for column in SNAPSHOT)


def files_of(session: Session, row: Any, roles: Iterable[str]) -> dict[str, Person]:
    """Role → the file of the person in it, as far as one's own offices hold it; a protected person's is not opened from here."""
    wanted = {role: getattr(row, f"{role}_id") for role in roles}
    mine = scope.query(Person).where(Person.id.in_([n for n in wanted.values() if n is not None]), Person.is_protected.is_(False))
    found = {person.id: person for person in session.scalars(mine)}
    return {role: found[number] for role, number in wanted.items() if number in found}


def on_file(session: Session, person_id: int | None) -> Person | None:
    """The person's file, where one of my offices holds it."""
    return session.scalars(scope.query(Person).where(Person.id == person_id)).one_or_none()


def file_of(session: Session, person_id: int) -> Person:
    """The person's file, at one's own offices. Raises RuleViolation where it is gone from there."""
    person = on_file(session, person_id)
    if person is None:
        raise RuleViolation.one(gone(), "person_name", code="gone")
    return person


def gone() -> str:
    """The one sentence about a file that is not at one's own offices any more."""
    return _("The file of this person belongs to no place of your offices any more.")


def without_number(session: Session, who: Named) -> int | None:
    """The one person of one's own offices with this name and birth date, where neither the row nor the file has a number."""
    if who.id_no or who.birth_date is None:
        return None
    same = (Person.name == who.name, Person.birth_date == who.birth_date, Person.id_no_bidx.is_(None))
    rows = scope.query(Person).where(*same, Person.closed_on.is_(None), Person.is_protected.is_(False))
    found = session.scalars(rows.with_only_columns(Person.id).limit(2)).all()
    return found[0] if len(found) == 1 else None


def office_of(session: Session, person_id: int | None) -> Region | None:
    """The office in my scope that answers for a person today: where they live, are registered, or are served, in this order."""
    region_id = offices_of(session, [person_id] if person_id else []).get(person_id or 0)
    return session.get(Region, region_id) if region_id else None


def offices_of(session: Session, people: Collection[int]) -> dict[int, int]:
    """Person → the number of the place of the office that answers for them today; who belongs to none of mine is left out."""
    mine = scope.query(PersonOffice).where(PersonOffice.person_id.in_(people), PersonOffice.valid_to.is_(None))
    told = mine.with_only_columns(PersonOffice.person_id, PersonOffice.region_id, PersonOffice.kind)
    links = session.execute(told.order_by(PersonOffice.id)).all()  # the newest link of a kind answers
    return {link.person_id: link.region_id for link in sorted(links, key=lambda link: -ANSWERING.index(link.kind))}


def within_reach(place: Region | None) -> Region | None:
    """The place, if the writer answers for it; somebody else may have chosen it."""
    return place if place is not None and scope.current().holds(place.path) else None


def own_place(session: Session) -> Region | None:
    """The place of a writer who answers for exactly one village or town."""
    paths = scope.current().paths
    found = session.scalars(select(Region).where(Region.path == paths[0])).one_or_none() if len(paths) == 1 else None
    return found if found and sound.is_office(found) else None
