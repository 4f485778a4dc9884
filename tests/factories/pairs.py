"""Two files that may be one person's, for tests: found by the rules, proposed and merged as the screens do it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import changes, clock
from app.core.changes import ChangeRequest
from app.core.crypto import uuid7
from app.ledgers.people import duplicates, merging
from app.ledgers.people.merging import Plan
from app.ledgers.people.models import DuplicatePair, Person
from tests.factories.births import user


def look(session: Session) -> int:
    """Find the pairs of the offices in scope. Runs inside a unit of work."""
    return duplicates.keep(session, duplicates.candidates(session, clock.today()))


def pair_of(session: Session, one: Person, other: Person) -> DuplicatePair:
    """The pair of two files, made by hand where no rule finds it. Runs inside a unit of work."""
    session.flush()
    first, second = sorted((one, other), key=lambda person: person.id)
    same = (DuplicatePair.one_id == first.id, DuplicatePair.other_id == second.id)
    known = session.scalars(select(DuplicatePair).where(*same)).one_or_none()
    if known is None:
        told = {"rule_key": "name_birth", "found_at": clock.now(), "identity": "-", "scope_path": first.offices[0].scope_path[:16]}
        known = DuplicatePair(one_id=first.id, other_id=second.id, **told)
        session.add(known)
        session.flush()
    return known


def plan(stays: Person, goes: Person, *taken: str) -> Plan:
    """A proposal to merge as the form makes it."""
    return Plan(str(stays.uid), str(goes.uid), stays.version, goes.version, taken)


def proposed(session: Session, stays: Person, goes: Person, *taken: str, maker: str = "clerk") -> ChangeRequest:
    """A merge that waits for a decision. Runs inside a unit of work."""
    pair = pair_of(session, stays, goes)
    words: dict[str, Any] = {"reason": "a reason", "evidence": "a reason", "token": str(uuid7())}
    return merging.propose(session, pair, plan(stays, goes, *taken), user(session, maker), **words)


def applied(session: Session, asked: ChangeRequest, decider: str) -> None:
    """A proposal that this person applies now. Runs inside a unit of work."""
    changes.apply(session, asked, merging.change, user(session, decider), clock.today(), token=str(uuid7()))
    session.flush()


def merged(session: Session, stays: Person, goes: Person, *taken: str) -> None:
    """A merge that was proposed and is applied now. Runs inside a unit of work."""
    asked = proposed(session, stays, goes, *taken)
    session.flush()
    applied(session, asked, "supervisor")
