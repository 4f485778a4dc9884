"""A district of births for the oracle: written past the rules in a few statements, in every state a report must tell apart."""

import random
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.crypto import sealed_row
from app.core.regions import Level, Region
from app.core.workflow import Status
from app.ledgers.births.models import Birth, BirthRegistration, Delivery
from app.ledgers.people.models import Person
from tests.factories.births import user
from tests.factories.people import make_person

MONTHS = ("2025-02", "2025-03", "2026-02", "2026-03")
STATUSES = (*[Status.approved] * 16, Status.draft, Status.submitted, Status.returned, Status.voided)
SEXES = (*"1" * 52, *"2" * 46, "0", "9")
ORDERS = (*[1] * 50, *[2] * 38, *[3] * 9, 4, 5, 15)
MOTHERS, REGISTRATIONS = 40, 60


def fill(session: Session, chance: random.Random, births: int) -> None:
    """Births filed in every village; one of twelve counts elsewhere, at a village, a town or the county itself."""
    every = session.scalars(select(Region).where(Region.level.in_((Level.county, Level.town, Level.village)))).all()
    villages = [place for place in every if place.level is Level.village]
    mothers = [make_person(session, name=f"母{chr(0x4E00 + n)}") for n in range(MOTHERS)]
    session.flush()
    made = {"made_by_id": user(session, "clerk").id, "changed_by_id": user(session, "clerk").id}
    moments = {"made_at": clock.now(), "changed_at": clock.now(), "version": 1}
    common = {**made, **moments, "warnings": []}
    registrations = _written(session, BirthRegistration, [_registration(chance, villages, common, n) for n in range(REGISTRATIONS)])
    filed = [chance.choice(villages) for _n in range(births)]
    deliveries = _written(session, Delivery, [_delivery(chance.choice(mothers), place) for place in filed])
    decider = user(session, "approver").id
    rows = []
    for place, delivery in zip(filed, deliveries, strict=True):
        counts = chance.choice(every) if chance.random() < 1 / 12 else place
        told = {"registration_id": chance.choice(registrations) if chance.random() < 0.8 else None}
        told["registration_shown"] = chance.random() < 0.3
        rows.append(_birth(chance, place, counts, delivery, mothers[0], decider) | told | common)
    _written(session, Birth, rows)


def _written(session: Session, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    statement = insert(model).returning(model.id, sort_by_parameter_order=True).execution_options(noted=True)
    return list(session.scalars(statement, rows))


def _at(place: Region) -> dict[str, Any]:
    return {"region_id": place.id, "scope_path": place.path}


def _registration(chance: random.Random, places: list[Region], common: dict[str, Any], n: int) -> dict[str, Any]:
    told = {"reg_no": f"R{n:010d}", "woman_name": "母", "registration_type": "1", "registered_on": date(2026, 1, 1), "child_order": 1}
    return sealed_row(BirthRegistration, status=Status.draft, **told, **_at(chance.choice(places)), **common)


def _delivery(mother: Person, place: Region) -> dict[str, Any]:
    return sealed_row(Delivery, mother_id=mother.id, delivered_on=date(2026, 1, 1), plurality=1, version=1, **_at(place))


def _birth(chance: random.Random, place: Region, counts: Region, delivery: int, mother: Person, decider: int) -> dict[str, Any]:
    status, month = chance.choice(STATUSES), chance.choice(MONTHS)
    decided = status in (Status.approved, Status.voided)
    day = date(int(month[:4]), int(month[5:]), chance.randint(1, 28))
    settled = {
        "approved_by_id": decider if decided else None,
        "approved_at": clock.now() if decided else None,
        "row_hash": "0" * 64 if decided else None,
        "statistical_month": month if decided else None,
    }
    told = {"sex": chance.choice(SEXES), "child_order": chance.choice(ORDERS), "late": chance.random() < 0.05}
    where = {**_at(place), "count_region_id": counts.id, "count_path": counts.path}
    return sealed_row(
        Birth,
        status=status,
        mother_id=mother.id,
        delivery_id=delivery,
        mother_name="母",
        born_on=day,
        reported_on=day,
        **settled,
        **told,
        **where,
    )
