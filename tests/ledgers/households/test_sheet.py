"""Household rosters of a workbook: read as offices keep them, known again, written and read back."""

from datetime import date

from sqlalchemy import select

from app.accounts import users
from app.accounts.visitor import paths_of
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.households.models import CLOSED, JOINED, LEFT, SET_UP, Household, HouseholdEvent
from app.sheets import LEDGERS, writing
from tests.cast import A1, A2
from tests.factories.households import HEAD_BORN, LEFT_ON, make_event, make_household, number_of
from tests.sheets.conftest import bring_in, county, importing, workbook

__all__ = ["county", "importing", "workbook"]
HEADER = ("序号", "户编号", "户主姓名", "与户主关系", "姓名", "公民身份号码", "性别", "出生日期", "立户日期", "家庭住址", "现居住地")
HIS, HERS, CHILDS = number_of(HEAD_BORN, "1"), number_of(), number_of(date(2001, 4, 5), "1")


def row(**cells):
    """The head's row of a roster."""
    told = {"line": 1, "no": "12", "head": "王强", "is": "户主", "name": "王强", "id": HIS, "sex": "男", "born": None, "on": "2020.3.1"}
    return list((told | {"at": "龙泉路1号", "place": A1} | cells).values())


def wife(**cells):
    """The row below it."""
    return row(**{"line": 2, "is": "妻子", "name": "李梅", "id": HERS, "sex": "女", "on": "2021-05-20"} | cells)


def bring(importing, rows):
    return importing(rows, ledger="household-events", header=HEADER)


def told_of(outcome):
    return [reason for refusal in outcome.refused for reason in refusal.reasons]


def test_a_roster_becomes_set_ups_and_members(importing, seeing):
    rows = [row(), wife(), wife(line=3, **{"is": "长子"}, name="王小明", id=CHILDS, sex="男", on="2021-05-20")]
    other = [
        row(line=4, head="赵刚", name="赵刚", id=number_of(HEAD_BORN, "1"), place=A2),
        wife(line=5, name="刘洋", id=number_of(), place=A2),
    ]
    outcome = bring(importing, [*rows, *other])
    assert told_of(outcome) == []
    events = seeing(lambda s: s.scalars(select(HouseholdEvent).order_by(HouseholdEvent.id)).all())
    assert [(e.kind, e.relation, e.status) for e in events[:3]] == [
        (SET_UP, "02", Status.submitted), (JOINED, "12", Status.submitted), (JOINED, "22", Status.submitted),
    ]  # fmt: skip
    assert [e.household_id == events[0].household_id for e in events] == [True, True, True, False, False]
    homes = seeing(lambda s: s.scalars(select(Household).order_by(Household.id)).all())
    assert [(h.former_no, h.set_up_on) for h in homes] == [("12", None), ("12", None)]


WRONG = (
    ({"on": "昨天"}, "This is not a date"),
    ({"on": ""}, "Fill in this column."),
    ({"no": ""}, "Fill in this column."),
    ({"no": "13"}, "No household of your offices"),
    ({"is": "女婿"}, "is not on the list"),
    ({"is": ""}, "Fill in this field."),
    ({"is": "丈夫"}, "does not fit the sex"),
    ({"name": ""}, "Fill in this field."),
    ({"is": "户主", "no": "1" * 31}, "Write at most 30 characters."),
)


def test_a_wrong_row_comes_back_with_its_reason(importing):
    outcome = bring(importing, [row(), *(wife(id=number_of(), **cells) for cells, _said in WRONG)])
    said = [" ".join(refusal.reasons) for refusal in outcome.refused]
    assert [sentence for (_cells, sentence), told in zip(WRONG, said, strict=True) if sentence not in told] == []


def test_a_roster_read_again_adds_nothing(importing):
    assert bring(importing, [row(), wife()]).taken == 2
    again = bring(importing, [row(), wife(), wife(line=3, name="王芳", id=number_of(), **{"is": "女"})])
    assert (again.taken, len(again.known)) == (1, 2)


def test_what_is_exported_comes_back_without_a_change(county, working, tmp_path):
    with working() as session:
        home = make_household(session, former_no="0318", address="龙泉路1号", mgmt_class="3", remark="补录")
        make_event(session, home, reason="结婚")
        make_event(session, home, kind=LEFT, person_name="李梅", happened_on=LEFT_ON)
        make_event(session, home, kind=CLOSED, status=Status.submitted)
    file = tmp_path / "out.xlsx"
    with county.app_context(), acting("county_clerk"), looking_as(Scope.of(paths_of(users.by_name(db.session(), "county_clerk").id))):
        assert writing.export(db.session(), LEDGERS["household-events"], file) == 4
    outcome = bring_in(county, file, "household-events")
    assert told_of(outcome) == []
    assert (outcome.taken, len(outcome.known)) == (0, 4)
