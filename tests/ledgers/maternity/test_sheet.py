"""Voluntary services as workbooks: read as offices write them, known again, written without what was withdrawn, read back."""

import pytest
from sqlalchemy import select

from app.accounts import users
from app.accounts.visitor import paths_of
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.maternity import newlywed_sheet, pregnancy_sheet
from app.ledgers.maternity.models import NewlywedService, PregnancyService
from app.sheets import LEDGERS, writing
from tests.cast import A1, B1
from tests.factories.births import user
from tests.factories.maternity import TOLD_ON, do, her_number, his_number, make_newlywed, make_pregnancy
from tests.ledgers.maternity.conftest import BOTH, whole
from tests.sheets.conftest import bring_in, workbook

__all__ = ["workbook"]
HERS, HIS = her_number(), his_number()
HER_HEADER = ("序号", "孕妇姓名", "身份证号", "告知人", "告知日期", "同意日期", "预产期", "叶酸", "自愿随访", "所在村")
PAIR_HEADER = ("序号", "妻子姓名", "女方身份证号", "丈夫姓名", "同意日期", "优生检查", "所在村")
SHEETS = {NewlywedService: "newlyweds", PregnancyService: "pregnancies"}


def her_row(**cells):
    """A good row about a woman."""
    told = {"line": 1, "name": "李梅", "hers": HERS, "by": "本人", "on": "2026.3.9", "agreed": "2026.3.9", "due": "2026-09-21"}
    return list((told | {"folic": "不需要", "visits": "否", "place": A1} | cells).values())


def pair_row(**cells):
    """A good row about a couple."""
    told = {"line": 1, "wife": "李梅", "hers": HERS, "husband": "王强", "agreed": "2026.3.9", "check": "接受", "place": A1}
    return list((told | cells).values())


@pytest.fixture
def importing(app, workbook):
    """`importing(rows, header)` writes a workbook and imports it as the worker."""
    return lambda rows, header, ledger: bring_in(app, workbook(rows, header=header), ledger, "service_worker")


def told_of(outcome):
    return [reason for refusal in outcome.refused for reason in refusal.reasons]


def test_a_row_becomes_a_submitted_service(importing, seeing):
    assert told_of(importing([her_row()], HER_HEADER, "pregnancies")) == []
    row = seeing(lambda s: s.scalars(select(PregnancyService)).one())
    assert (row.status, row.woman_name, row.told_on, row.folic_answer, row.wants_visits) == (Status.submitted, "李梅", TOLD_ON, "3", False)
    assert told_of(importing([pair_row(), pair_row(line=2, husband=None, hers=her_number())], PAIR_HEADER, "newlyweds")) == []
    rows = seeing(lambda s: s.scalars(select(NewlywedService).order_by(NewlywedService.id)).all())
    assert [(row.wife_name, row.husband_name, row.check_answer) for row in rows] == [("李梅", "王强", "2"), ("李梅", None, "2")]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"by": None}, "Fill in this column."),
        ({"agreed": None}, "Fill in this column."),
        ({"by": "邻居"}, "is not on the list"),
        ({"place": B1}, "There is no such place in your offices."),
        ({"due": "2020-01-01"}, "does not fit the day"),
    ],
)
def test_a_wrong_row_comes_back_with_its_reason(importing, cells, said):
    assert any(said in reason for reason in told_of(importing([her_row(**cells)], HER_HEADER, "pregnancies")))


def test_a_row_that_tells_of_the_same_again_adds_nothing(importing):
    for row, header, ledger in ((her_row(), HER_HEADER, "pregnancies"), (pair_row(), PAIR_HEADER, "newlyweds")):
        assert importing([row], header, ledger).taken == 1
        again = importing([row], header, ledger)
        assert (again.taken, len(again.known)) == (0, 1)


def test_a_workbook_knows_the_services_of_ones_own_offices_only(working):
    hers = {"woman_id_no": HERS, "woman_name": "李梅", "told_on": TOLD_ON}
    pair = {"wife_id_no": HERS, "wife_name": "李梅", "husband_name": "王强", "consent_on": TOLD_ON}
    keys = {pregnancy_sheet: pregnancy_sheet.key(hers), newlywed_sheet: newlywed_sheet.key(pair)}
    with working() as session:
        make_pregnancy(session, woman_id_no=HERS), make_newlywed(session, wife_id_no=HERS)
    with working(A1) as session:
        assert {sheet: set(sheet.on_file(session, {key})) for sheet, key in keys.items()} == {sheet: {key} for sheet, key in keys.items()}
    with working(B1) as session:
        assert {sheet: sheet.on_file(session, {key}) for sheet, key in keys.items()} == {sheet: {} for sheet in keys}


@BOTH
def test_what_is_exported_comes_back_without_a_change_and_a_closed_record_is_not_in_it(app, working, tmp_path, model):
    make = {NewlywedService: make_newlywed, PregnancyService: make_pregnancy}[model]
    with working() as session:
        make(
            session, **whole(model) | ({"wife_id_no": HERS} if model is NewlywedService else {"woman_id_no": HERS}), status=Status.approved
        )
        gone = make(session, remark="雀备注")
        do(gone, "withdraw_consent", user(session, "service_worker"))
    file = tmp_path / "out.xlsx"
    with app.app_context(), acting("service_worker"), looking_as(Scope.of(paths_of(users.by_name(db.session(), "service_worker").id))):
        assert writing.export(db.session(), LEDGERS[SHEETS[model]], file) == 1
    outcome = bring_in(app, file, SHEETS[model], "service_worker")
    assert (outcome.taken, len(outcome.known), outcome.refused) == (0, 1, [])


@BOTH
def test_only_its_own_roles_export_it(app, tmp_path, model):
    for name, code in (("clerk", 1), ("supervisor", 1), ("auditor", 1), ("service_worker", 0), ("clinician", 0)):
        words = ["sheet", "export", SHEETS[model], str(tmp_path / f"{name}.xlsx"), "--as", name]
        assert (name, bool(app.test_cli_runner().invoke(args=words).exit_code)) == (name, bool(code))
