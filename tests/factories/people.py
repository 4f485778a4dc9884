"""People for tests: valid by default, each with a number of their own."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, id_number, regions
from app.ledgers.people import naming, offices
from app.ledgers.people.models import OfficeKind, Person, PersonOffice
from app.ledgers.people.naming import Named
from tests.cast import A1

AREA = 420506
NAMES = ("张丽", "王秀英", "李娜", "欧阳静", "查良慧", "陈桂兰", "刘洋", "古丽·阿依")
numbers: Iterator[int] = count(1)  # for all factories: two that count for themselves meet in a long run


def id_number_for(birth_date: date, sex: str = "2", n: int = 1) -> str:
    """A valid ID number; another n gives another number."""
    area, sequence = AREA + n // 500, 2 * (n % 500) + (1 if sex == "1" else 0)
    first17 = f"{area}{birth_date:%Y%m%d}{sequence:03d}"
    return first17 + id_number.checksum(first17)


def make_person(
    session: Session,
    *,
    office: str = A1,
    name: str | None = None,
    id_no: str | None = "auto",
    sex: str = "2",
    birth_date: date | None = date(1990, 1, 2),
    kind: OfficeKind | str = "resident",
    **more: Any,
) -> Person:
    """A person filed at the office with this code; `more` are further columns. Runs inside a unit of work."""
    n = next(numbers)
    if id_no == "auto":
        id_no = id_number_for(birth_date or date(1990, 1, 2), sex, n)
    who = Named(name or NAMES[n % len(NAMES)], "1", id_no, birth_date, sex, "")
    region = regions.by_code(session, office)
    assert region is not None, office
    person = naming.file(session, who, region, clock.today(), OfficeKind(kind))
    for column, value in more.items():
        setattr(person, column, value)
    return person


def also_seen_by(session: Session, person: Person, office: str, kind: OfficeKind | str = "registered") -> PersonOffice:
    """A second office of the same person."""
    region = regions.by_code(session, office)
    assert region is not None, office
    return offices.open_office(session, person, region, OfficeKind(kind), clock.today())
