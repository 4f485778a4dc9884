"""kill -9 before every single statement of an act: afterwards all of it is there or nothing, and the chain is whole."""

import os
import random
import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from app.core import audit, changes, clock, scope
from app.core.audit import acting
from app.core.base import Model
from app.core.changes import ChangeRequest
from app.core.crypto import uuid7
from app.core.scope import elevated, looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.births import rules
from app.ledgers.births.models import Birth
from app.ledgers.people import merging
from app.ledgers.people.models import Person
from tests.cast import A1
from tests.conftest import EVERYWHERE
from tests.factories.births import MOTHER_BORN, make_birth, user
from tests.factories.families import make_marriage
from tests.factories.pairs import proposed
from tests.factories.people import id_number_for, make_person
from tests.figures import FULL
from tests.sheets.conftest import HEADER, add_county_people, bring_in

LEAST = 15  # statements of the shortest act here: a loop that ends sooner has tried nothing


def is_killed(app: Flask, act: Callable[[], Any], before: int) -> bool:
    """Run the act in a child that dies before this statement or commit. Whether it died."""
    child = os.fork()
    if child == 0:
        try:
            _act_and_die(app, act, before)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the act itself failed"
    return os.WIFSIGNALED(status)


def _act_and_die(app: Flask, act: Callable[[], Any], before: int) -> None:
    with app.app_context():
        db.engine.dispose(close=False)  # the parent's connections stay the parent's
    left = [before]

    def count(*_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    act()
    os._exit(0)


def state(app: Flask) -> dict[str, Any]:
    """How many rows every table has, and the version of every birth."""
    with app.app_context(), looking_as(EVERYWHERE), acting("test"):
        session: Session = db.session()
        assert list(audit.verify(session)) == []
        with elevated("a count of every table"):
            connection = session.connection()
            counts = {t.name: connection.scalar(select(func.count()).select_from(t)) for t in Model.metadata.sorted_tables}
            versions = connection.execute(select(Birth.uid, Birth.version, Birth.status, Birth.row_hash).order_by(Birth.id)).all()
        session.rollback()
        db.engine.dispose()
        return {**counts, "births": [tuple(row) for row in versions]}


def die_everywhere(app: Flask, act: Callable[[], Any], step: int = 1) -> None:
    """Kill before the first statement, the second, … until the act gets through; nothing is there before that.

    An act of many statements goes in longer steps, from another one at each run.
    """
    untouched, number = state(app), random.randint(1, step)
    while is_killed(app, act, number):
        assert state(app) == untouched, f"killed before statement {number}"
        number += step
    print(f"killed before every {step}. of {number} statements")
    assert number > LEAST
    assert state(app) != untouched


def deciding(app: Flask, name: str, decide: Callable[[Session, Any], None]) -> Callable[[], None]:
    """The act as this person does it, in a unit of work of its own."""

    def run() -> None:
        with app.app_context(), looking_as(EVERYWHERE), acting(name), unit_of_work() as session:
            decide(session, user(session, name))

    return run


@pytest.fixture
def birth(working: Any) -> Callable[..., Any]:
    """`birth(status)` keeps one and gives its uid."""

    def make(status: Status) -> Any:
        with working() as session:
            return make_birth(session, status=status).uid

    return make


@pytest.mark.full
def test_an_approval_happens_whole_or_not(app: Flask, birth: Any) -> None:
    uid = birth(Status.submitted)
    act = deciding(app, "supervisor", lambda _s, who: rules.approve(scope.get(Birth, uid), who, clock.today(), token=str(uuid7())))
    die_everywhere(app, act)


@pytest.mark.full
def test_a_change_is_applied_whole_or_not(app: Flask, birth: Any, working: Any) -> None:
    uid = birth(Status.approved)
    with working() as session:
        told = {"reason": "slip", "evidence": "paper", "explained": {}, "token": str(uuid7())}
        new = {"child_name": "李小花", "born_on": date(2026, 2, 27)}
        asked = changes.propose(session, scope.get(Birth, uid), new, user(session, "clerk"), **told).uid

    def apply(session: Session, who: Any) -> None:
        changes.apply(session, scope.get(ChangeRequest, asked), rules.change, who, clock.today(), token=str(uuid7()))

    die_everywhere(app, deciding(app, "supervisor", apply))


@pytest.mark.full
def test_two_files_become_one_whole_or_not(app: Flask, working: Any) -> None:
    """Births, a marriage, links, name search and histories follow in one transaction."""
    number = id_number_for(MOTHER_BORN, "2", 960)
    with working() as session:
        stays = make_person(session, office=A1, name="李梅", id_no=number, birth_date=MOTHER_BORN)
        birth = make_birth(session, mother_name="李梅", mother_id_no=None, mother_birth_date=MOTHER_BORN, status=Status.approved)
        make_marriage(session, wife_name="李梅", wife_id_no=number, wife_region=None, status=Status.approved)
        goes = session.scalars(select(Person).where(Person.id == birth.mother_id)).one()
        asked = proposed(session, stays, goes).uid

    def apply(session: Session, who: Any) -> None:
        changes.apply(session, scope.get(ChangeRequest, asked), merging.change, who, clock.today(), token=str(uuid7()))

    die_everywhere(app, deciding(app, "supervisor", apply), step=1 if FULL else 8)


@pytest.mark.full
def test_a_batch_of_a_workbook_goes_in_whole_or_not(app: Flask, tmp_path: Path) -> None:
    add_county_people(app)
    rows = [[n, "李梅", id_number_for(MOTHER_BORN, "2", 400 + n), "女", "2025-03-05", 1, A1] for n in range(3)]
    file = tmp_path / "births.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADER, *rows]):
            sheet.write_row(number, 0, row)

    def act() -> None:
        assert bring_in(app, file).read == len(rows)

    untouched, number = state(app), 1
    while is_killed(app, act, number):
        births = len(state(app)["births"])
        assert births in (0, len(rows)), f"killed before statement {number}"
        number += 1
    print(f"killed before every one of {number} statements")
    assert number > LEAST
    assert len(state(app)["births"]) == len(rows)
    assert untouched["births"] == []
