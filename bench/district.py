"""A district of any size, seeded and deterministic: people, links, name parts, deliveries and births, written in bulk."""

import random
from datetime import date, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.core import clock, id_number, names
from app.core.crypto import sealed_row
from app.core.regions import Level, Region
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.births.models import Birth, Delivery
from app.ledgers.people.models import OfficeKind, Person, PersonOffice, PersonSearch

SEED = 526546
SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高罗", "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰飞"
CHUNK = 5000  # rows of one statement
Mother = tuple[int, str, Region, date]
NO_AREA = "429999"  # belongs to no place: no number here is anybody's


def fill(session: Session, births: int, mothers: int) -> None:
    """Write the district. Runs inside a unit of work that sees everything."""
    chance = random.Random(SEED)
    villages = session.scalars(select(Region).where(Region.level == Level.village).order_by(Region.path)).all()
    maker = session.scalars(select(User.id).order_by(User.id).limit(1)).one()
    people = _people(session, chance, villages, mothers)
    for start in range(0, births, CHUNK):
        _births(session, chance, people, maker, range(start, min(start + CHUNK, births)))


def _people(session: Session, chance: random.Random, villages: Any, count: int) -> list[Mother]:
    told = [_person(chance, number) | {"village": chance.choice(villages)} for number in range(count)]
    ids = range(1, count + 1)
    rows = [sealed_row(Person, id=i, version=1, audit_path=t["village"].path, **_words(t)) for i, t in zip(ids, told, strict=True)]
    with elevated("a generated district"):
        session.connection().execute(insert(Person.__table__), rows)
    links = [_link(i, t) for i, t in zip(ids, told, strict=True)]
    _put(session, PersonOffice, links)
    parts = [(i, t["village"].path, token) for i, t in zip(ids, told, strict=True) for token in names.search_tokens(t["name"])]
    _put(session, PersonSearch, [{"token": token[:64], "scope_path": path, "person_id": i} for i, path, token in parts])
    return [(i, t["name"], t["village"], t["born"]) for i, t in zip(ids, told, strict=True)]


def _link(person_id: int, told: dict[str, Any]) -> dict[str, Any]:
    where = {"region_id": told["village"].id, "scope_path": told["village"].path}
    return sealed_row(PersonOffice, version=1, person_id=person_id, kind=OfficeKind.resident, valid_from=told["born"], **where)


def _person(chance: random.Random, number: int) -> dict[str, Any]:
    born = date(1980, 1, 1) + timedelta(days=number % 9000)
    first17 = f"{NO_AREA}{born:%Y%m%d}{number // 9000 * 2:03d}"
    name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
    return {"name": name, "born": born, "id_no": first17 + id_number.checksum(first17)}


def _words(told: dict[str, Any]) -> dict[str, Any]:
    name = {"name": told["name"], "name_key": names.sort_key(told["name"])[:64]}
    return {"id_type": "1", "sex": "2", "birth_date": told["born"], "id_no": told["id_no"], **name}


def _births(session: Session, chance: random.Random, people: list[Mother], maker: int, numbers: range) -> None:
    mothers = [people[n % len(people)] for n in numbers]
    days = [date(2016, 1, 1) + timedelta(days=chance.randrange(3900)) for _ in numbers]
    where = [{"region_id": m[2].id, "scope_path": m[2].path, "version": 1, "mother_id": m[0]} for m in mothers]
    delivered = [sealed_row(Delivery, delivered_on=day, plurality=1, **w) for w, day in zip(where, days, strict=True)]
    made = {
        "made_by_id": maker,
        "made_at": clock.now(),
        "changed_by_id": maker,
        "changed_at": clock.now(),
        "status": Status.submitted,
        "warnings": [],
    }
    ids = _written(session, Delivery, delivered)
    rows = [_birth(n, m, day, i) | w | made for n, m, day, i, w in zip(numbers, mothers, days, ids, where, strict=True)]
    _put(session, Birth, rows)


def _birth(number: int, mother: Mother, day: date, delivery_id: int) -> dict[str, Any]:
    _id, name, village, born = mother
    counted = {"count_region_id": village.id, "count_path": village.path}
    told = {
        "sex": str(1 + number % 2),
        "born_on": day,
        "reported_on": day,
        "child_order": 1 + number % 3,
        "birth_cert_no": f"Z{number:09d}",
    }
    return sealed_row(Birth, delivery_id=delivery_id, mother_name=name, mother_birth_date=born, **counted, **told)


def _put(session: Session, model: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(model).execution_options(noted=True), rows[start : start + CHUNK])


def _written(session: Session, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    statement = insert(model).returning(model.id, sort_by_parameter_order=True).execution_options(noted=True)
    return list(session.scalars(statement, rows))
