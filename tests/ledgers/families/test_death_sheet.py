"""Deaths of a workbook: read as offices write them, known again, written and read back."""

import pytest
from sqlalchemy import select

from app.accounts import users
from app.accounts.visitor import paths_of
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.families.models import Death
from app.sheets import LEDGERS, writing
from tests.cast import A1
from tests.factories.families import DIED_ON, her_number, his_number, make_death
from tests.sheets.conftest import bring_in, county, importing, workbook

__all__ = ["county", "importing", "workbook"]
HEADER = ("序号", "姓名", "身份证号", "现居住地", "死亡日期", "死亡地点")
HIS = his_number()


def row(**cells):
    """A good row of the workbook."""
    return list(({"line": 1, "name": "王强", "his": HIS, "place": A1, "on": "2025.2.10", "at": "家中"} | cells).values())


def told_of(outcome):
    return [reason for refusal in outcome.refused for reason in refusal.reasons]


def test_a_row_becomes_a_submitted_death(importing, seeing):
    assert told_of(importing([row()], ledger="deaths", header=HEADER)) == []
    death = seeing(lambda session: session.scalars(select(Death)).one())
    assert (death.status, death.died_on, death.person_sex, death.place) == (Status.submitted, DIED_ON, "1", "家中")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"on": "昨天"}, "This is not a date"),
        ({"name": ""}, "Fill in this column."),
        ({"his": None}, "Choose the sex"),
        ({"on": "1980-01-01"}, "before the birth date"),
        ({"place": ""}, "not on file at your offices"),
    ],
)
def test_a_wrong_row_comes_back_with_its_reason(importing, cells, said):
    assert any(said in reason for reason in told_of(importing([row(**cells)], ledger="deaths", header=HEADER)))


def test_a_wrong_date_brings_no_question_after_the_sex_that_the_number_tells(importing):
    (reason,) = told_of(importing([row(on="昨天")], ledger="deaths", header=HEADER))
    assert "This is not a date" in reason


def test_a_row_that_tells_of_the_same_again_adds_nothing(importing):
    assert importing([row()], ledger="deaths", header=HEADER).taken == 1
    again = importing([row(), row(line=2, name="赵兰", his=her_number())], ledger="deaths", header=HEADER)
    assert (again.taken, len(again.known)) == (1, 1)


def test_what_is_exported_comes_back_without_a_change(county, working, tmp_path):
    with working() as session:
        make_death(session, certificate_no="D420506-17", remark="补录", status=Status.approved)
        make_death(session, person_name="赵兰", person_id_no=None, person_sex="2")
    file = tmp_path / "out.xlsx"
    with county.app_context(), acting("county_clerk"), looking_as(Scope.of(paths_of(users.by_name(db.session(), "county_clerk").id))):
        assert writing.export(db.session(), LEDGERS["deaths"], file) == 2
    outcome = bring_in(county, file, "deaths")
    assert told_of(outcome) == []
    assert (outcome.taken, len(outcome.known)) == (0, 2)
