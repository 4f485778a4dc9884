"""Moves of a workbook: read as offices write them, known again, written and read back."""

from sqlalchemy import select

from app.accounts import users
from app.accounts.visitor import paths_of
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.moves.models import BOTH, ELSEWHERE, MOVED_IN, RESIDENCE, MoveEvent
from app.sheets import LEDGERS, writing
from tests.cast import A1
from tests.conftest import EVERYWHERE
from tests.factories.moves import MOVED_ON, a_number, make_move
from tests.sheets.conftest import bring_in, county, importing, workbook

__all__ = ["county", "importing", "workbook"]
HEADER = ("序号", "变动类型", "迁移内容", "迁移日期", "迁出地或迁入地", "姓名", "身份证号", "本地地址")


def row(**cells):
    """A good row of the workbook."""
    good = {
        "line": 1,
        "kind": "迁入",
        "what": "户籍和居住",
        "on": "2025.2.10",
        "other": "武汉市",
        "name": "王强",
        "his": a_number(),
        "place": A1,
    }
    return list((good | cells).values())


def told_of(outcome):
    return [reason for refusal in outcome.refused for reason in refusal.reasons]


def test_rows_become_submitted_moves_once_and_wrong_ones_come_back(importing, county):
    his = a_number()
    rows = [
        row(his=his),
        row(line=2, name="赵兰", kind="人户分离", what=""),
        row(line=3, name="赵梅", on="昨天"),
        row(line=4, name="赵竹", other=""),
        row(line=5, name="赵菊", kind="搬家"),
        row(line=6, name="赵松", place=""),
        row(line=7, name="赵柏", what=""),
    ]
    outcome = importing(rows, ledger="moves", header=HEADER)
    said = ("This is not a date", "Write where the person", "is not on the list", "not on file at your offices", "Fill in this")
    assert [told in reason for told, reason in zip(said, told_of(outcome), strict=True)] == [True] * len(said)
    again = importing([rows[0]], ledger="moves", header=HEADER)
    assert (outcome.taken, again.taken, len(again.known)) == (2, 0, 1)
    with county.app_context(), looking_as(EVERYWHERE):
        found = db.session.execute(
            select(MoveEvent.kind, MoveEvent.what, MoveEvent.happened_on, MoveEvent.status).order_by(MoveEvent.id)
        ).all()
    assert found == [(MOVED_IN, BOTH, MOVED_ON, Status.submitted), (ELSEWHERE, RESIDENCE, MOVED_ON, Status.submitted)]


def test_what_is_exported_comes_back_without_a_change(county, tmp_path):
    with county.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        make_move(session, remark="补录", status=Status.approved)
        make_move(session, person_name="赵兰", person_id_no=None, person_sex="2", kind=ELSEWHERE)
    file = tmp_path / "out.xlsx"
    with county.app_context(), acting("county_clerk"), looking_as(Scope.of(paths_of(users.by_name(db.session(), "county_clerk").id))):
        assert writing.export(db.session(), LEDGERS["moves"], file) == 2
    outcome = bring_in(county, file, "moves")
    assert told_of(outcome) == []
    assert (outcome.taken, len(outcome.known)) == (0, 2)
