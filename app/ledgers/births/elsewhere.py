"""What other offices know of a birth, read as columns: nothing here is shown, it only answers yes, no or a number."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session

from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.births.models import Birth, BirthRegistration
from app.ledgers.people.models import OfficeKind, PersonOffice
from app.ledgers.people.rules import tables_naming_people

PREGNANCY, AFTER_BIRTH = "1", "2"  # code list registration_type
LONGEST_PREGNANCY = timedelta(days=300)  # an earlier registration belongs to an earlier pregnancy


def births_of(session: Session, birth: Birth) -> Sequence[Row[Any]]:
    """Every standing birth of the same mother or with the same child's number, wherever it was entered, this one left out."""
    same = [Birth.mother_id == birth.mother_id]
    if birth.child_id_no_bidx:
        same.append(Birth.child_id_no_bidx == birth.child_id_no_bidx)
    told = select(Birth.id, Birth.delivery_id, Birth.mother_id, Birth.born_on, Birth.child_order, Birth.plural_seq)
    with session.no_autoflush, elevated("other births of the mother"):
        return session.execute(told.where(or_(*same), _standing(Birth), Birth.uid != birth.uid).order_by(Birth.id)).all()


def is_certificate_used(session: Session, number: str, but: UUID) -> bool:
    """Whether another standing birth bears this certificate number."""
    with session.no_autoflush, elevated("certificate number is used once"):
        used = select(func.count(Birth.id)).where(Birth.birth_cert_no == number, _standing(Birth), Birth.uid != but)
        return bool(session.scalar(used))


def residence_on(session: Session, person_id: int, day: date) -> tuple[int, str] | None:
    """(region, path) of the office where a person lived that day, else was registered."""
    then = and_(PersonOffice.valid_from <= day, or_(PersonOffice.valid_to.is_(None), PersonOffice.valid_to > day))
    told = select(PersonOffice.region_id, PersonOffice.scope_path, PersonOffice.kind).where(PersonOffice.person_id == person_id, then)
    with session.no_autoflush, elevated("where a birth counts"):
        rows = session.execute(told.where(PersonOffice.kind != OfficeKind.serving).order_by(PersonOffice.valid_from.desc())).all()
    lived = next((r for r in rows if r.kind is OfficeKind.resident), rows[0] if rows else None)
    return (lived.region_id, lived.scope_path) if lived else None


def registration_for(session: Session, birth: Birth) -> int | None:
    """The registration of this birth at either spouse's office: the latest that fits and belongs to no other delivery."""
    with session.no_autoflush:
        fitting = select(BirthRegistration.id).where(_is_hers(birth), _fits(birth), ~_used_by_another(birth))
    with session.no_autoflush, elevated("registration of a birth"):
        return session.scalar(fitting.order_by(BirthRegistration.registered_on.desc(), BirthRegistration.id.desc()).limit(1))


def is_registration_used(session: Session, registration: BirthRegistration) -> bool:
    """Whether any birth, of whichever office, belongs to the registration."""
    with session.no_autoflush, elevated("births of a registration"):
        return session.scalar(select(Birth.id).where(Birth.registration_id == registration.id).limit(1)) is not None


def is_named_by_another(session: Session, person_id: int, but: UUID) -> bool:
    """Whether another standing row, of this ledger or any other, names the person."""
    with session.no_autoflush, elevated("rows that name a person"):
        connection = session.connection()
        return any(
            connection.scalar(
                select(table.c.id).where(_standing(table.c), table.c.uid != but, or_(*(k == person_id for k in keys))).limit(1)
            )
            for table, keys in tables_naming_people()
        )


def _standing(table: Any) -> ColumnElement[bool]:
    return table.status != Status.voided  # type: ignore[no-any-return]


def _is_hers(birth: Birth) -> ColumnElement[bool]:
    same = [BirthRegistration.woman_id == birth.mother_id]
    if birth.mother_id_no_bidx:
        same.append(BirthRegistration.woman_id_no_bidx == birth.mother_id_no_bidx)
    return and_(or_(*same), BirthRegistration.status.in_((Status.submitted, Status.approved)))


def _fits(birth: Birth) -> ColumnElement[bool]:
    """During the pregnancy, or any time afterwards for a child of this order. Twins share the registration of the first."""
    day, orders = BirthRegistration.registered_on, {birth.child_order, birth.child_order - birth.plural_seq + 1}
    during = and_(BirthRegistration.registration_type == PREGNANCY, day.between(birth.born_on - LONGEST_PREGNANCY, birth.born_on))
    after = and_(BirthRegistration.registration_type == AFTER_BIRTH, day >= birth.born_on, BirthRegistration.child_order.in_(orders))
    return or_(during, after)


def _used_by_another(birth: Birth) -> ColumnElement[bool]:
    apart = Birth.delivery_id != birth.delivery.id if birth.delivery.id else Birth.uid != birth.uid
    return select(Birth.id).where(Birth.registration_id == BirthRegistration.id, _standing(Birth), apart).exists()
