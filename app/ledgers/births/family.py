"""The mother and the father of a birth: what the register knows of her, and who they are where there is no ID number."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.core import scope
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person


@dataclass(frozen=True)
class Mother:
    """What the rules of a birth ask of the mother's file."""

    sex: str
    died_on: date | None
    has_phone: bool


def mother_of_twin(session: Session, birth: Birth) -> int | None:
    """The mother of the other twin, where she has no number: the same name and birth date, a day apart at most."""
    same = (Birth.mother_name == birth.mother_name, Birth.mother_birth_date.is_not_distinct_from(birth.mother_birth_date))
    near = Birth.born_on.between(*days_around(birth.born_on, 1))
    rows = scope.query(Birth).where(*same, near, Birth.mother_id_no_bidx.is_(None), Birth.plurality > 1)
    found = rows.where(Birth.status != Status.voided, Birth.uid != birth.uid).with_only_columns(Birth.mother_id)
    return session.scalar(found.order_by(Birth.id).limit(1)) if birth.plurality > 1 else None


def father_of_sibling(session: Session, birth: Birth) -> int | None:
    """The father of another child of the same mother, where he has no number: the same name and birth date."""
    same = (Birth.father_name == birth.father_name, Birth.father_birth_date.is_not_distinct_from(birth.father_birth_date))
    rows = scope.query(Birth).where(*same, Birth.mother_id == birth.mother_id, Birth.father_id_no_bidx.is_(None), Birth.uid != birth.uid)
    found = rows.where(Birth.status != Status.voided, Birth.father_id.is_not(None)).with_only_columns(Birth.father_id)
    return session.scalar(found.order_by(Birth.id).limit(1))


def days_around(day: date, days: int) -> tuple[date, date]:
    """The first and the last day of a span around a day."""
    first, last = max(day.toordinal() - days, date.min.toordinal()), min(day.toordinal() + days, date.max.toordinal())
    return date.fromordinal(first), date.fromordinal(last)


def mothers_on_file(session: Session, people: Collection[int]) -> dict[int, Mother]:
    """Person → what their file says, where one of my offices holds it."""
    if not people:
        return {}  # the database would look through every link of the scope to find nobody
    told = scope.query(Person).where(Person.id.in_(people))
    columns = (Person.id, Person.sex, Person.died_on, Person.phone_bidx.is_not(None))
    return {number: Mother(*about) for number, *about in session.execute(told.with_only_columns(*columns))}
