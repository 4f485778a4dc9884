"""Files of people that a row of a ledger made: with that row they are put right or closed, while no other row names the person."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.orm import Session

from app.core import workflow
from app.core.regions import Region
from app.core.scope import elevated
from app.core.workflow import Actor, Record, Status
from app.ledgers.people import naming, search, snapshots
from app.ledgers.people.models import Person
from app.ledgers.people.naming import Found
from app.ledgers.people.rules import tables_naming_people


@contextmanager
def apart(session: Session, row: Any) -> Iterator[None]:
    """Keep a half-settled row out of the saving of people's files: the database would judge it too early."""
    known = row in session
    if known:
        mapper: Any = inspect(type(row))
        for relation in mapper.relationships:  # what was not loaded cannot be loaded outside
            getattr(row, relation.key)
        session.expunge(row)
    try:
        yield
    finally:
        if known:
            session.add(row)


def own_file(session: Session, row: Any, role: str) -> Person | None:
    """The file of the person in this role, if this row made it and no other row names the person."""
    return only_here(session, row, role) if is_maker(row, role) else None


def only_here(session: Session, row: Any, role: str) -> Person | None:
    """The file of the person in this role, if one of my offices holds it, no other row names the person and nothing was merged into it."""
    person_id = getattr(row, f"{role}_id")
    person = snapshots.on_file(session, person_id) if person_id else None
    if person is None or is_named_by_another(session, person.id, row.uid) or _is_of_two(session, person.id):
        return None
    return person


def _is_of_two(session: Session, person_id: int) -> bool:
    """Whether another file became one with this: then it is no single row's to close."""
    with session.no_autoflush, elevated("files that became one with this"):
        return session.scalar(select(Person.id).where(Person.merged_into_id == person_id).limit(1)) is not None


def is_maker(row: Any, role: str) -> bool:
    """Whether this row made the file of the person in this role."""
    return role in (row.filed or "").split()


def note(row: Any, role: str, found: Found) -> int | None:
    """Write down whether this row made the file, so that it alone is put right or closed with the row. Answers whose file it is."""
    others = [known for known in (row.filed or "").split() if known != role]
    row.filed = " ".join([*others, role] if found.is_new else others)
    return found.person_id


def file_at_mine(session: Session, row: Any, role: str, *, region: Region | None, actor: Actor, today: date) -> int | None:
    """The file of the person in this role at one's own offices, found or made; none where they have none and no region is told.

    A file that this row made before, for somebody who is not meant any more, is closed. Raises RuleViolation, as find_or_file() does.
    """
    own, who = own_file(session, row, role), snapshots.named(row, role)
    known = snapshots.without_number(session, who)
    found = Found(known) if known else naming.find_or_file(session, who, region=region, outside="refuse", actor=actor, today=today)
    person_id = note(row, role, found)
    if own and person_id is not None and own.id != person_id:
        close(session, own.id, today)
    return person_id


def discard(session: Session, row: Record, roles: Iterable[str], actor: Actor, on: date, *, token: str, reason: str) -> None:
    """A draft that should not be there goes, with the files of people that it alone made."""
    own = [person for role in roles if (person := own_file(session, row, role))]
    workflow.discard(row, actor, token=token, reason=reason)
    session.flush()
    for person in own:
        close(session, person.id, on)


def close(session: Session, person_id: int, on: date) -> None:
    """Nobody finds the file any more; entered again by its number it opens again."""
    person = snapshots.on_file(session, person_id)
    if person is None:
        return
    person.closed_on = on
    for link in person.offices:
        if link.valid_to is None:
            link.valid_to = max(on, link.valid_from)
    search.rewrite(session, person)


def is_named_by_another(session: Session, person_id: int, but: UUID) -> bool:
    """Whether another standing row, of any ledger and any office, names the person."""
    with session.no_autoflush, elevated("rows that name a person"):
        connection = session.connection()
        return any(
            connection.scalar(
                select(table.c.id).where(standing(table.c), table.c.uid != but, or_(*(k == person_id for k in keys))).limit(1)
            )
            for table, keys in tables_naming_people()
        )


def standing(table: Any) -> ColumnElement[bool]:
    """The condition that a row was not voided."""
    return table.status != Status.voided  # type: ignore[no-any-return]
