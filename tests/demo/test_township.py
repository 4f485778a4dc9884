"""The demo township: accounts that open their pages, births in every state, and a database in use that is left alone."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry, verify
from app.core.regions import Region
from app.core.scope import looking_as
from app.core.workflow import Record, Status
from app.demo import township
from app.demo.households import HOUSEHOLDS
from app.demo.moves import MOVES
from app.demo.services import EACH
from app.demo.township import ACCOUNTS, BIRTHS, DEATHS, MARRIAGES, PASSWORD, REGISTRATIONS
from app.extensions import db
from app.ledgers.births.models import Birth, BirthRegistration
from app.ledgers.families.models import Death, MarriageEvent
from app.ledgers.households.models import HouseholdEvent
from app.ledgers.maternity.models import NewlywedService, PregnancyService
from app.ledgers.moves.models import MoveEvent, Transfer, TransferState
from app.ledgers.people.models import Person
from app.setup import setup
from tests.conftest import EVERYWHERE, Client, make_app, new_database

HOUSEHOLD_EVENTS = 3 * HOUSEHOLDS + 2  # father, mother and child; one relation that changed, one who left
HOME = {
    "clerk": "/births/add",
    "supervisor": "/births/list/",
    "neighbour": "/people/list/",
    "approver": "/registrations/list/",
    "worker": "/pregnancy-services/add",
    "clinician": "/newlywed-services/list/",
    "auditor": "/history/",
    "admin": "/users/list/",
}


@pytest.fixture(scope="module")
def demo(template: tuple[str, str], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on a new database with the demo township in it, for all tests of this file."""
    folder = tmp_path_factory.mktemp("demo")
    with new_database(template[0], folder, request) as address:
        app = make_app(address, folder)
        with app.app_context():
            setup()
        assert run(app)[0].startswith("Demo accounts")
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def run(app: Flask) -> list[str]:
    answer = app.test_cli_runner().invoke(args=["demo"])
    assert answer.exit_code == 0, answer.output
    return answer.stdout.splitlines()


def ask(app: Flask, question: Callable[[Session], Any]) -> Any:
    with app.app_context(), looking_as(EVERYWHERE):
        return question(db.session())


def contents(session: Session) -> list[Any]:
    return [session.scalar(select(func.count()).select_from(table)) for table in (AuditEntry, Region, Person, Birth, BirthRegistration)]


@pytest.mark.parametrize("name", ACCOUNTS)
def test_every_account_signs_in_and_opens_a_page_of_its_own(demo: Flask, name: str) -> None:
    assert Client(demo, name, PASSWORD).get(HOME[name]).status_code == 200


def test_the_accounts_are_told_with_their_password(demo: Flask) -> None:
    head, *lines = run(demo)
    assert head == f"Demo accounts, all with the password {PASSWORD}:"
    assert [line.split()[0] for line in lines] == list(ACCOUNTS)


@pytest.mark.parametrize(
    ("ledger", "rows"),
    [
        (Birth, BIRTHS),
        (BirthRegistration, REGISTRATIONS),
        (MarriageEvent, MARRIAGES),
        (Death, DEATHS),
        (NewlywedService, EACH + 1),
        (PregnancyService, EACH + 1),
        (HouseholdEvent, HOUSEHOLD_EVENTS),
        (MoveEvent, MOVES),
    ],
)
def test_there_are_records_in_every_state(demo: Flask, ledger: type[Record], rows: int) -> None:
    found = Counter(ask(demo, lambda s: s.scalars(select(ledger.status)).all()))
    assert set(found) == set(Status)
    assert found.total() == rows


def test_a_transfer_waits_for_the_neighbour(demo: Flask) -> None:
    assert sorted(ask(demo, lambda s: s.scalars(select(Transfer.state)).all())) == [TransferState.open, TransferState.withdrawn]
    assert "<strong>1</strong> waiting for your answer" in Client(demo, "neighbour", PASSWORD).get("/").text


def test_a_clerk_sees_the_births_and_the_neighbour_does_not(demo: Flask) -> None:
    page = f"/births/show/{ask(demo, lambda s: s.scalar(select(Birth.uid).limit(1)))}"
    assert "夷陵医院" in Client(demo, "clerk", PASSWORD).get(page).text
    assert Client(demo, "neighbour", PASSWORD).get(page).status_code == 404


def test_running_it_again_adds_nothing(demo: Flask) -> None:
    before = ask(demo, contents)
    run(demo)
    assert ask(demo, contents) == before


def test_the_history_of_the_township_is_whole(demo: Flask) -> None:
    assert ask(demo, lambda s: list(verify(s))) == []


def test_no_number_of_the_township_can_be_anybodys(demo: Flask) -> None:
    numbers = ask(demo, lambda s: [person.id_no.reveal() for person in s.scalars(select(Person)) if person.id_no])
    assert len(numbers) > BIRTHS
    assert {number[:6] for number in numbers} == {township.NO_AREA}


def test_an_office_at_work_is_left_alone(app: Flask) -> None:
    """Its accounts may have the same names: the demo's password is not told for them."""
    before = ask(app, contents)
    assert run(app) == []
    assert ask(app, contents) == before
