"""An office whose keys lie in its data folder, with something sealed in every place where sealed values stand."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import crypto, drafts
from app.core.audit import acting
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import Birth, ChangeRequest, ReportRun
from tests.conftest import EVERYWHERE, KEYS, lend, make_app
from tests.core.rows import PATH_A, PATH_B, make_birth, make_person, make_registration, place, user
from tests.factories.attachments import attach
from tests.factories.people import id_number_for

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
NUMBERS = [id_number_for(NOON.date().replace(year=1990), "2", n) for n in (11, 33, 55, 77)]
PHONE = "13812345678"
FILE = "a scanned page, number "


@pytest.fixture
def office(lent_app: Flask, url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a seeded database; its keys come from the file data.keys."""
    (tmp_path / "data.keys").write_text(f"{KEYS}\n", encoding="ascii")
    (tmp_path / "data.keys").chmod(0o600)
    with lend(lent_app, url, tmp_path, data_keys="") as lent:
        yield lent


@pytest.fixture
def opening() -> Iterator[Callable[..., Flask]]:
    """`opening(url, folder, data_keys="")` gives another process's application; its connections are closed in the end."""
    made: list[Flask] = []

    def make(*words: Any, **more: Any) -> Flask:
        made.append(make_app(*words, **more))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def working(app: Flask, act: Callable[[Session], Any]) -> Any:
    """Do something in one unit of work, with every row in view."""
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        return act(session)


def fill(session: Session) -> None:
    """People, births and registrations of two towns, a proposal and a submitted report."""
    for number, path in zip(NUMBERS, (PATH_A, PATH_B) * 2, strict=True):
        make_person(session, path, id_no=number, phone=PHONE)
        make_birth(session, path, mother_id_no=number)
    make_registration(session, woman_id_no=NUMBERS[0], partner_id_no=NUMBERS[1])
    session.add(sealed(session, proposal(session), "content", "{}"))
    session.add(sealed(session, report(session), "rows", "[]"))
    typed = [("mother_name", "李梅"), ("mother_id_no", NUMBERS[0])]
    drafts.keep(session, user(session, "clerk").id, str(crypto.uuid7()), "BirthView", "add", None, typed, offices=[PATH_A])


def proposal(session: Session) -> ChangeRequest:
    words = {
        "owner_table": "birth",
        "owner_uid": crypto.uuid7(),
        "owner_version": 1,
        "reason": "wrong",
        "evidence": "paper",
        "made_at": NOON,
    }
    return ChangeRequest(scope_path=PATH_A, made_by_id=user(session, "clerk").id, **words)


def report(session: Session) -> ReportRun:
    words = {"report_key": "births-monthly", "definition": 1, "period": "2026-03", "revision": 1, "figures": {}, "content_hash": "0" * 64}
    made = {"submitted_by_id": user(session, "supervisor").id, "submitted_at": NOON}
    return ReportRun(scope_path=PATH_A, region_id=place(session, PATH_A).id, **words, **made)


def sealed(session: Session, row: Any, name: str, content: str) -> Any:
    """The row with its sealed content, as the program seals it."""
    setattr(row, f"{name}_enc", crypto.keys().seal(content, crypto.place(row.__tablename__, name, row.uid)))
    return row


@pytest.fixture
def with_files(filled: Flask) -> Flask:
    """The same office with three attached files."""

    def fill_in(session: Session) -> None:
        birth = session.scalars(select(Birth).order_by(Birth.id).limit(1)).one()
        for number in range(3):
            attach(session, birth, content=f"{FILE}{number}".encode())

    working(filled, fill_in)
    return filled


@pytest.fixture
def filled(office: Flask) -> Flask:
    """The office with rows in it."""
    working(office, fill)
    return office
