"""Births and registrations for tests: valid by default, entered and decided by the ledger's own rules."""

from datetime import date
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.core import clock, regions, workflow
from app.core.crypto import sealed_row, uuid7
from app.core.scope import elevated
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.ledgers.births import registration_rules, rules
from app.ledgers.births.models import Birth, BirthRegistration, Delivery
from tests.cast import A1
from tests.factories.people import id_number_for, make_person, numbers

BORN_ON = date(2026, 3, 5)
MOTHER_BORN = date(1995, 6, 1)
ACTS = {
    Status.draft: (),
    Status.submitted: ("submit",),
    Status.returned: ("submit", "return"),
    Status.approved: ("submit", "approve"),
    Status.voided: ("submit", "approve", "void"),
}


def user(session: Session, name: str) -> User:
    """One of the cast."""
    return session.scalars(select(User).where(User.username == name)).one()


def make_birth(
    session: Session, *, town: str = A1, status: Status = Status.draft, maker: str = "clerk", decider: str = "supervisor", **fields: Any
) -> Birth:
    """A birth whose mother is entered with it at this place, brought to this status. Runs inside a unit of work."""
    place = regions.by_code(session, town)
    told = {
        "mother_name": "李梅",
        "mother_region": place,
        "sex": "2",
        "born_on": BORN_ON,
        "child_order": 1,
        "plurality": 1,
        "plural_seq": 1,
    }
    if "mother_id_no" not in fields:
        fields["mother_id_no"] = id_number_for(fields.get("mother_birth_date") or MOTHER_BORN, "2", next(numbers))
    birth = Birth(**told | fields)
    return kept(session, birth, rules, status, user(session, maker), user(session, decider))


def make_registration(
    session: Session, *, town: str = A1, status: Status = Status.draft, maker: str = "clerk", decider: str = "supervisor", **fields: Any
) -> BirthRegistration:
    """A registration accepted at this place, brought to this status. Runs inside a unit of work."""
    told = {
        "woman_name": "李梅",
        "registration_type": "1",
        "child_order": 1,
        "registered_on": date(2026, 1, 10),
        "region": regions.by_code(session, town),
    }
    registration = BirthRegistration(**told | fields)
    return kept(session, registration, registration_rules, status, user(session, maker), user(session, decider))


def kept(session: Session, row: Any, rules_of: Any, status: Status, maker: User, decider: User) -> Any:
    """A row as a clerk enters it, brought to this status. Runs inside a unit of work."""
    with session.no_autoflush:
        cautions = rules_of.save(row, maker, clock.today())
        row.warnings = workflow.warned(cautions, {c.code: "seen" for c in cautions})
        session.add(row)
        workflow.edited(row, maker)
    session.flush()
    for act in ACTS[status]:
        do(row, act, maker if act == "submit" else decider, rules_of)
    return row


def do(row: Any, act: str, actor: User, rules_of: Any = rules, reason: str = "a reason", token: str = "") -> None:
    """One act, as the screen does it."""
    own = rules_of.ACTS.get(act)
    words = {"token": token or str(uuid7()), "reason": reason}
    if own:
        own(row, actor, clock.today(), **words)
    else:
        workflow.advance(row, act, actor, **words)


def answered_for_by(session: Session, code: str) -> None:
    """Give every birth and delivery to another office, though they happened where they happened."""
    place = regions.by_code(session, code)
    assert place is not None
    with elevated("test"):
        for table in (Birth, Delivery):
            session.connection().execute(update(table.__table__).values(scope_path=place.path))
    session.expire_all()


def correct(session: Session, birth: Birth, **fields: Any) -> None:
    """What the form does when these fields of a birth are changed."""
    clerk = user(session, "clerk")
    with session.no_autoflush:
        for name, value in fields.items():
            setattr(birth, name, value)
        rules.save(birth, clerk, clock.today())
    session.flush()


def bulk_births(session: Session, n: int, *, town: str = A1, mothers: int = 100, born_on: date = BORN_ON, maker: str = "clerk") -> None:
    """Many submitted births at one place, written past the rules in a few statements. Runs inside a unit of work."""
    place, actor = regions.by_code(session, town), user(session, maker)
    assert place is not None, town
    people = [make_person(session, office=town, name=f"王{chr(0x4E00 + i)}", birth_date=MOTHER_BORN) for i in range(mothers)]
    session.flush()
    where = {"region_id": place.id, "scope_path": place.path, "version": 1}
    delivered = [sealed_row(Delivery, mother_id=people[i % mothers].id, delivered_on=born_on, plurality=1, **where) for i in range(n)]
    delivery_ids = _written(session, Delivery, delivered)
    made = {
        "made_by_id": actor.id,
        "made_at": clock.now(),
        "changed_by_id": actor.id,
        "changed_at": clock.now(),
        "count_region_id": place.id,
    }
    told = {
        "sex": "2",
        "born_on": born_on,
        "reported_on": born_on,
        "child_order": 1,
        "count_path": place.path,
        "status": Status.submitted,
        "warnings": [],
    }
    rows = [
        sealed_row(Birth, mother_id=d["mother_id"], delivery_id=i, mother_name=people[k % mothers].name, **where, **made, **told)
        for k, (d, i) in enumerate(zip(delivered, delivery_ids, strict=True))
    ]
    session.execute(insert(Birth).execution_options(noted=True), rows)


def _written(session: Session, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    statement = insert(model).returning(model.id, sort_by_parameter_order=True).execution_options(noted=True)
    return list(session.scalars(statement, rows))


def approve_all(decider: str = "supervisor") -> int:
    """Approve every submitted birth by the ledger's own rules, in one unit of work. Answers how many."""
    with unit_of_work() as session:
        rows = session.scalars(select(Birth).where(Birth.status == Status.submitted)).all()
        actor = user(session, decider)
        for row in rows:
            do(row, "approve", actor)
        return len(rows)
