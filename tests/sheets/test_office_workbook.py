"""An office's real-looking workbook: 424 rows, of which 401 go in and 23 come back, each for its own reason."""

import json
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.accounts import users
from app.core import regions
from app.core.audit import acting
from app.core.scope import looking_as
from app.core.workflow import Status, WorkflowStep
from app.extensions import db
from app.ledgers.births.models import Birth, Delivery
from app.ledgers.people.models import Person
from app.sheets import LEDGERS, writing
from tests.conftest import EVERYWHERE
from tests.sheets.conftest import bring_in

DATA = Path(__file__).parents[1] / "data"
BOOK, EXPECTED = DATA / "births_yiling_2025.xlsx", json.loads((DATA / "births_yiling_2025.expected.json").read_text(encoding="utf-8"))
KINDS = {  # the code of the first reason → how the expected file calls it
    "V18_format": "bad_certificate",
    "cell_born_on": "bad_date",
    "V18_unique": "duplicate_certificate",
    "V09": "future_birth",
    "V01_checksum": "id_checksum",
    "V02_sex": "mother_is_male",
    "missing_sex": "no_child_sex",
    "missing_mother_id_no": "no_mother_id",
    "cell_mother_region": "unknown_region",
}


@pytest.fixture(scope="module")
def outcome(office):
    """What became of the workbook."""
    return bring_in(office, BOOK)


def ask(office, question):
    with office.app_context(), looking_as(EVERYWHERE), acting("test"):
        return question(db.session())


def test_the_good_rows_go_in_and_the_others_come_back(outcome):
    assert (outcome.read, outcome.taken, len(outcome.refused)) == (EXPECTED["rows"], EXPECTED["good"], EXPECTED["wrong"])
    assert outcome.known == []
    assert (outcome.book.unknown, outcome.book.unread) == ([], 0)


def test_each_wrong_row_has_its_reason(outcome):
    told = Counter(KINDS[next(code for code in refusal.codes if code in KINDS)] for refusal in outcome.refused)
    assert told == EXPECTED["wrong_kinds"]


def test_no_reason_holds_a_number_of_a_person(outcome):
    numbers = [(cell, refusal) for refusal in outcome.refused for cell in refusal.cells if isinstance(cell, str) and len(cell) > 9]
    assert len(numbers) > 50
    assert [cell for cell, refusal in numbers if cell.strip() in " ".join(refusal.reasons)] == []


def test_the_rows_are_submitted_by_the_clerk_and_come_from_an_import(office, outcome):
    who = ask(office, lambda s: users.by_name(s, "county_clerk").id)
    told = ask(
        office,
        lambda s: s.execute(
            select(Birth.status, Birth.record_source, Birth.made_by_id, func.count()).group_by(
                Birth.status, Birth.record_source, Birth.made_by_id
            )
        ).all(),
    )
    assert [tuple(row) for row in told] == [(Status.submitted, "2", who, EXPECTED["good"])]
    assert (
        ask(office, lambda s: s.scalar(select(func.count()).select_from(WorkflowStep).where(WorkflowStep.act == "submit")))
        == EXPECTED["good"]
    )


@pytest.mark.parametrize(("column", "figures"), [("sex", EXPECTED["by_sex"]), ("child_order", EXPECTED["by_parity"])])
def test_the_rows_say_what_the_workbook_says(office, outcome, column, figures):
    field = getattr(Birth, column)
    found = ask(office, lambda s: s.execute(select(field, func.count()).group_by(field)).all())
    assert {str(value): count for value, count in found} == figures


def test_each_row_lies_in_the_town_where_the_mother_lives(office, outcome):
    paths = ask(office, lambda s: {code: regions.by_code(s, code).path for code in EXPECTED["by_town"]})
    found = ask(office, lambda s: s.scalars(select(Birth.count_path)).all())
    assert {code: sum(path.startswith(town) for path in found) for code, town in paths.items()} == EXPECTED["by_town"]


def test_twins_are_one_delivery_each(office, outcome):
    found = ask(office, lambda s: s.execute(select(Birth.delivery_id, Birth.plural_seq).where(Birth.plurality == 2)).all())
    assert Counter(seq for _delivery, seq in found) == {1: 4, 2: 4}
    assert ask(office, lambda s: s.scalar(select(func.count()).select_from(Delivery))) == EXPECTED["good"] - 4
    assert ask(office, lambda s: s.scalar(select(func.count()).select_from(Birth).where(Birth.incomplete))) == 0


def test_mothers_and_fathers_became_people_once_and_their_phones_are_known(office, outcome):
    mothers = ask(office, lambda s: s.scalars(select(Person).where(Person.id.in_(select(Birth.mother_id)))).all())
    assert len(mothers) == ask(office, lambda s: s.scalar(select(func.count(Birth.mother_id_no_bidx.distinct()))))
    assert ask(office, lambda s: s.scalar(select(func.count()).select_from(Person).where(Person.phone_bidx.is_not(None)))) == len(mothers)
    assert (
        ask(
            office,
            lambda s: s.scalar(select(func.count()).select_from(Birth).where(Birth.father_name.is_not(None), Birth.father_id.is_(None))),
        )
        == 0
    )


def test_imported_again_it_adds_nothing_and_says_why(office, outcome):
    again = bring_in(office, BOOK)
    assert (again.read, again.taken, len(again.known), len(again.refused)) == (EXPECTED["rows"], 0, EXPECTED["good"], EXPECTED["wrong"])
    assert all("already" in why for _number, why in again.known)
    assert [refusal.number for refusal in again.refused] == [refusal.number for refusal in outcome.refused]


@pytest.mark.parametrize("ledger", ["births", "people"])
def test_an_export_that_comes_back_changes_nothing(office, outcome, tmp_path, ledger):
    model = LEDGERS[ledger].MODEL
    versions = select(model.id, model.version).order_by(model.id)
    before = ask(office, lambda s: s.execute(versions).all())
    with office.app_context(), looking_as(EVERYWHERE), acting("test"):
        count = writing.export(db.session(), LEDGERS[ledger], tmp_path / "out.xlsx")
    back = bring_in(office, tmp_path / "out.xlsx", ledger)
    assert (back.read, back.taken, len(back.known), back.refused) == (count, 0, count, [])
    assert back.book.unknown == []
    assert ask(office, lambda s: s.execute(versions).all()) == before
