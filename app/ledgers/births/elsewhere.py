"""What other offices know of births, read as columns for one row or for many: nothing here is shown, it only answers questions."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, Integer, Row, String, and_, or_, select
from sqlalchemy.orm import Session

from app.core import scope
from app.core.given import given
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.births.models import Birth, BirthRegistration
from app.ledgers.people.filing import standing
from app.ledgers.people.models import OfficeKind, Person, PersonOffice

PREGNANCY, AFTER_BIRTH = "1", "2"  # code list registration_type
LONGEST_PREGNANCY = timedelta(days=300)  # an earlier registration belongs to an earlier pregnancy


@dataclass(frozen=True)
class Other:
    """A standing birth that has to do with one that is judged."""

    uid: UUID
    delivery_id: int
    mother_id: int
    born_on: date
    child_order: int
    plural_seq: int
    child_id_no_bidx: str | None


class Namesake(NamedTuple):
    """A standing birth of one's own offices, and how the name on its mother's file sounds."""

    uid: UUID
    delivery_id: int
    region_id: int
    sound: str
    born_on: date


class Sought(NamedTuple):
    """Births at a place, between two days, whose mothers have names that sound like this."""

    place: int
    sound: str
    first: date
    last: date


@dataclass(frozen=True)
class Residence:
    """A time for which an office knew a person to live or to be registered there."""

    person_id: int
    region_id: int
    path: str
    kind: OfficeKind
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Registration:
    """A registration that may belong to a birth, and the birth that it belongs to already."""

    id: int
    woman_id: int | None
    woman_bidx: str | None
    kind: str
    registered_on: date
    child_order: int
    used_by: frozenset[tuple[UUID, int]] = field(kw_only=True)  # births, each with its delivery


def births_of(session: Session, mothers: Collection[int], children: Collection[str | None]) -> list[Other]:
    """Every standing birth of these mothers or with these numbers of children, wherever it was entered."""
    same = [Birth.mother_id.in_(mothers), Birth.child_id_no_bidx.in_([bidx for bidx in children if bidx])]
    told = (Birth.uid, Birth.delivery_id, Birth.mother_id, Birth.born_on, Birth.child_order, Birth.plural_seq, Birth.child_id_no_bidx)
    with session.no_autoflush, elevated("other births of the mother"):
        rows = session.execute(select(*told).where(or_(*same), standing(Birth)).order_by(Birth.id)).all()
    return [Other(*row) for row in rows]


def namesakes(session: Session, sought: Collection[Sought]) -> list[Namesake]:
    """The standing births of one's own offices that are sought; one of them may be answered for each row that seeks it.

    The sound is read from the mother's file, which may lie at another office by now; the births lie at the places that were asked for.
    """
    wanted = given(session, "sought", sought, place=Integer, sound=String, first=Date, last=Date)
    there = and_(Birth.region_id == wanted.c.place, Birth.born_on.between(wanted.c.first, wanted.c.last))
    told = (Birth.uid, Birth.delivery_id, Birth.region_id, Person.name_key, Birth.born_on)
    alike = select(*told).join(wanted, there).join(Person, and_(Person.id == Birth.mother_id, Person.name_key == wanted.c.sound))
    with session.no_autoflush, elevated("mothers whose names sound alike"):
        rows = session.execute(alike.where(scope.current().criterion(Birth.scope_path), standing(Birth)))
        return [Namesake(*row) for row in rows]


def certificates(session: Session, numbers: Collection[str]) -> set[tuple[str, UUID]]:
    """Which of these certificate numbers a standing birth bears, and which birth."""
    with session.no_autoflush, elevated("certificate number is used once"):
        used = select(Birth.birth_cert_no, Birth.uid).where(Birth.birth_cert_no.in_(numbers), standing(Birth))
        return {(number or "", uid) for number, uid in session.execute(used)}


def certificate_of_nobody(session: Session, number: str) -> str:
    """The number of a certificate; where a birth of another office bears it, one that no birth bears.

    A trial of a form does not tell what other offices hold. Saving does: the number is used once.
    """
    told = number
    while any(not scope.get(Birth, uid) for _number, uid in certificates(session, [told])):
        told = f"Z{secrets.randbelow(10**9):09d}"
    return told


def residences(session: Session, people: Collection[int]) -> list[Residence]:
    """Where people lived and were registered, the latest first."""
    told = (PersonOffice.person_id, PersonOffice.region_id, PersonOffice.scope_path, PersonOffice.kind, PersonOffice.valid_from)
    theirs = select(*told, PersonOffice.valid_to).where(PersonOffice.person_id.in_(people), PersonOffice.kind != OfficeKind.serving)
    with session.no_autoflush, elevated("where a birth counts"):
        rows = session.execute(theirs.order_by(PersonOffice.valid_from.desc())).all()
    return [Residence(*row) for row in rows]


def residence_on(known: Iterable[Residence], day: date) -> Residence | None:
    """Where one of whom these are the residences lived that day, else was registered."""
    then = [r for r in known if r.valid_from <= day and (r.valid_to is None or r.valid_to > day)]
    return next((r for r in then if r.kind is OfficeKind.resident), then[0] if then else None)


def registrations(session: Session, women: Collection[int], numbers: Collection[str | None]) -> list[Registration]:
    """The registrations at any office that name these women or their numbers, the latest first."""
    named = or_(BirthRegistration.woman_id.in_(women), BirthRegistration.woman_id_no_bidx.in_([bidx for bidx in numbers if bidx]))
    told = (
        BirthRegistration.id, BirthRegistration.woman_id, BirthRegistration.woman_id_no_bidx, BirthRegistration.registration_type,
        BirthRegistration.registered_on, BirthRegistration.child_order,
    )  # fmt: skip
    theirs = select(*told).where(named, BirthRegistration.status.in_((Status.submitted, Status.approved)))
    with session.no_autoflush, elevated("registration of a birth"):
        latest_first = theirs.order_by(BirthRegistration.registered_on.desc(), BirthRegistration.id.desc())
        rows: Sequence[Any] = session.execute(latest_first).all()
        used = _used(session, [row.id for row in rows])
    return [Registration(*row, used_by=frozenset((u.uid, u.delivery_id) for u in used if u.registration_id == row.id)) for row in rows]


def _used(session: Session, ids: Collection[int]) -> Sequence[Row[Any]]:
    told = select(Birth.registration_id, Birth.uid, Birth.delivery_id)
    return session.execute(told.where(Birth.registration_id.in_(ids), standing(Birth))).all() if ids else []


def registration_for(birth: Birth, hers: Iterable[Registration]) -> int | None:
    """The registration of this birth: the latest of hers that fits and belongs to no other delivery."""
    return next((r.id for r in hers if _is_hers(r, birth) and _fits(r, birth) and not _is_used_by_another(r, birth)), None)


def is_registration_used(session: Session, registration: BirthRegistration) -> bool:
    """Whether any birth, of whichever office, belongs to the registration."""
    with session.no_autoflush, elevated("births of a registration"):
        return session.scalar(select(Birth.id).where(Birth.registration_id == registration.id).limit(1)) is not None


def _is_hers(registration: Registration, birth: Birth) -> bool:
    told = ((registration.woman_id, birth.mother_id), (registration.woman_bidx, birth.mother_id_no_bidx))
    return any(hers is not None and hers == named for hers, named in told)


def _fits(registration: Registration, birth: Birth) -> bool:
    """During the pregnancy, or any time afterwards for a child of this order. Twins share the registration of the first."""
    day, born = registration.registered_on, birth.born_on
    if registration.kind == PREGNANCY:
        return born - LONGEST_PREGNANCY <= day <= born
    orders = {birth.child_order, birth.child_order - birth.plural_seq + 1}
    return registration.kind == AFTER_BIRTH and day >= born and registration.child_order in orders


def _is_used_by_another(registration: Registration, birth: Birth) -> bool:
    own = birth.delivery.id if birth.delivery else None
    return any(delivery != own if own else uid != birth.uid for uid, delivery in registration.used_by)
