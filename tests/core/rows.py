"""Small valid rows for the tests of the core: a person with a file, a delivery, a birth, a registration, an attachment."""

from datetime import UTC, date, datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.crypto import uuid7
from app.core.regions import Region, by_code
from app.models import Attachment, Birth, BirthRegistration, Delivery, Person, PersonOffice
from tests.cast import A, B, C

COUNTY = "000100010001"
PATH_A, PATH_B, PATH_C = (
    f"{COUNTY}0008",
    f"{COUNTY}0009",
    f"{COUNTY}0010",
)  # the paths the towns of the cast get when the district is loaded
PATH_A1 = f"{PATH_A}0001"
CODES = {PATH_A: A, PATH_B: B, PATH_C: C}
BORN = date(2026, 3, 5)
NOON = datetime(2026, 3, 6, 4, tzinfo=UTC)


def user(session: Session, name: str) -> User:
    """Somebody of the cast."""
    return session.scalars(select(User).where(User.username == name)).one()


def place(session: Session, path: str) -> Region:
    """A town of the cast by its path."""
    found = by_code(session, CODES[path])
    assert found is not None
    assert found.path == path
    return found


def make_person(session: Session, path: str = PATH_A, name: str = "张三", **more: Any) -> Person:
    """A person whose file lies at one office."""
    person = Person(**{"name": name, "name_key": name, "sex": "2", "birth_date": date(1995, 5, 1), "audit_path": path, **more})
    session.add_all([person, link(session, person, path)])
    session.flush()
    return person


def link(session: Session, person: Person, path: str, **more: Any) -> PersonOffice:
    """The reason why an office may see a person."""
    words = {"kind": "resident", "valid_from": date(2020, 1, 1), "scope_path": path, **more}
    with session.no_autoflush:
        return PersonOffice(person=person, region=place(session, path), **words)


def make_delivery(session: Session, path: str = PATH_A, mother: Person | None = None, **more: Any) -> Delivery:
    """A delivery of a new mother, or of this one."""
    mother = mother or make_person(session, path)
    words = {"region_id": place(session, path).id, "mother_id": mother.id, "delivered_on": BORN, "scope_path": path, **more}
    delivery = Delivery(**words)
    session.add(delivery)
    session.flush()
    return delivery


def make_birth(session: Session, path: str = PATH_A, maker: str = "clerk", **more: Any) -> Birth:
    """A draft of one child, made by a clerk."""
    delivery = more.pop("delivery", None) or make_delivery(session, path)
    by, region = user(session, maker).id, place(session, path).id
    words = {
        "scope_path": path, "region_id": region, "count_region_id": region, "count_path": path,
        "delivery": delivery, "mother_id": delivery.mother_id, "mother_name": "张三", "sex": "1", "child_order": 1,
        "born_on": BORN, "reported_on": date(2026, 3, 10), "made_by_id": by, "changed_by_id": by,
    }  # fmt: skip
    birth = Birth(**{**words, **more})
    session.add(birth)
    session.flush()
    return birth


def make_registration(session: Session, path: str = PATH_A, maker: str = "clerk", **more: Any) -> BirthRegistration:
    """A draft of one registration, made by a clerk."""
    by = user(session, maker).id
    words = {
        "scope_path": path, "region_id": place(session, path).id, "reg_no": f"R-{uuid7().hex[-12:]}", "registration_type": "1",
        "registered_on": BORN, "woman_name": "张三", "child_order": 1, "made_by_id": by, "changed_by_id": by,
    }  # fmt: skip
    row = BirthRegistration(**{**words, **more})
    session.add(row)
    session.flush()
    return row


def make_attachment(session: Session, path: str = PATH_A, **more: Any) -> Attachment:
    """One file of some row."""
    words = {
        "scope_path": path, "owner_table": "birth", "owner_uid": uuid7(), "kind": "9", "media_type": "image/png", "bytes": 1,
        "sha256": "0" * 64, "made_by_id": user(session, "clerk").id, "made_at": NOON,
    }  # fmt: skip
    row = Attachment(**{**words, **more})
    session.add(row)
    session.flush()
    return row
