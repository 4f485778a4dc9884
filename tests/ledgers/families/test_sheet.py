"""Marriages of a workbook: read as offices write them, known again, written and read back."""

from datetime import date

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.accounts import users
from app.accounts.visitor import paths_of
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.families.models import MarriageEvent
from app.sheets import LEDGERS, writing
from tests.cast import A1
from tests.factories.families import her_number, his_number, make_marriage
from tests.sheets.conftest import bring_in, county, importing, workbook

__all__ = ["county", "importing", "workbook"]
HEADER = (
    "序号",
    "变动类型",
    "变动日期",
    "女方姓名",
    "女方身份证号",
    "女方婚姻状况",
    "女方现居住地",
    "男方姓名",
    "男方身份证号",
    "男方婚姻状况",
)
HERS, HIS = her_number(), his_number()


def row(**cells):
    """A good row of the workbook."""
    told = {
        "line": 1, "kind": "结婚", "on": "2020.5.20", "wife": "李梅", "hers": HERS, "her": "初婚", "place": A1, "husband": "王强",
        "his": HIS, "him": "再婚",
    }  # fmt: skip
    return list((told | cells).values())


def told_of(outcome):
    return [reason for refusal in outcome.refused for reason in refusal.reasons]


def test_a_row_becomes_a_submitted_event(importing, seeing):
    outcome = importing([row()], ledger="marriages", header=HEADER)
    assert told_of(outcome) == []
    event = seeing(lambda session: session.scalars(select(MarriageEvent)).one())
    assert (event.status, event.kind, event.happened_on, event.wife_marital, event.husband_marital, event.record_source) == (
        Status.submitted, "1", date(2020, 5, 20), "21", "22", "2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"kind": "同居"}, "is not on the list"),
        ({"on": "昨天"}, "This is not a date"),
        ({"wife": ""}, "Fill in this column."),
        ({"her": ""}, "Choose whether it is the first marriage"),
        ({"his": HERS}, "this is the ID number of a woman"),
        ({"place": ""}, "Neither of the two is on file"),
        ({"place": "火星村"}, "There is no such place"),
    ],
)
def test_a_wrong_row_comes_back_with_its_reason(importing, seeing, cells, said):
    assert any(said in reason for reason in told_of(importing([row(**cells)], ledger="marriages", header=HEADER)))
    assert seeing(lambda session: session.scalars(select(MarriageEvent)).all()) == []


def test_a_row_that_tells_of_the_same_again_adds_nothing(importing):
    assert importing([row()], ledger="marriages", header=HEADER).taken == 1
    again = importing([row(), row(line=2, kind="离婚", on="2024-08-01", her="", him="")], ledger="marriages", header=HEADER)
    assert (again.taken, len(again.known)) == (1, 1)


def test_what_is_exported_comes_back_without_a_change(county, working, tmp_path):
    with working() as session:
        make_marriage(session, husband_id_no=None, certificate_no="J420506-2020-000123", remark="补录", status=Status.approved)
        make_marriage(session, wife_name="赵兰", husband_name="张伟")
    file = tmp_path / "out.xlsx"
    with county.app_context(), acting("county_clerk"), looking_as(Scope.of(paths_of(users.by_name(db.session(), "county_clerk").id))):
        assert writing.export(db.session(), LEDGERS["marriages"], file) == 2
    outcome = bring_in(county, file, "marriages")
    assert told_of(outcome) == []
    assert (outcome.taken, len(outcome.known)) == (0, 2)
    cells = [str(cell) for line in CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python() for cell in line]
    assert not any(number in cell for cell in cells for number in (HERS, HIS))
