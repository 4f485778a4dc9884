"""`flask sheet` on the command line: under one user's scope and rights, told in sentences."""

import zipfile
from datetime import date

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.ledgers.births.models import Birth
from app.sheets import LEDGERS
from tests.cast import A1, B1
from tests.factories.births import MOTHER_BORN, make_birth
from tests.factories.people import id_number_for, make_person
from tests.sheets.test_importer import HEADER, row

NUMBER = id_number_for(MOTHER_BORN, "2", 790)


@pytest.fixture
def sheet(county):
    """`sheet("import", …)` runs the command and gives its answer."""
    return lambda *words: county.test_cli_runner().invoke(args=["sheet", *map(str, words)])


def cells(file, name="台账"):
    return CalamineWorkbook.from_path(str(file)).get_sheet_by_name(name).to_python()


def test_an_import_says_what_became_of_every_row(sheet, workbook, tmp_path):
    file = workbook([row(0), row(1, sex="x"), row(0)], header=HEADER)
    answer = sheet("import", "births", file, "--as", "county_clerk", "--errors", tmp_path / "back.xlsx")
    assert answer.exit_code == 0, answer.output
    assert "Row 5: " in answer.output
    assert "3 rows read: 1 in (0 with something unusual), 1 on file already, 1 refused." in answer.output
    back = cells(tmp_path / "back.xlsx")
    assert back[0][: len(HEADER)] == list(HEADER)
    assert (back[1][1], back[1][len(HEADER)]) == ("李梅", 5)
    assert "not on the list" in back[1][len(HEADER) + 1]


def test_a_number_beyond_every_number_comes_back_as_words(sheet, workbook, tmp_path):
    file, broken = workbook([row(0, order=7654321)], header=HEADER), tmp_path / "broken.xlsx"
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(broken, "w") as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name).replace(b"<v>7654321</v>", b"<v>1e999</v>"))
    answer = sheet("import", "births", broken, "--as", "county_clerk", "--errors", tmp_path / "back.xlsx")
    assert answer.exit_code == 0, answer.output
    assert "inf" in cells(tmp_path / "back.xlsx")[1]


@pytest.mark.parametrize("who", ["auditor", "admin", "stranger", "statistician"])
@pytest.mark.parametrize("act", ["import", "export", "template"])
def test_who_has_no_right_on_the_ledger_has_none_here(sheet, workbook, tmp_path, seeing, act, who):
    file = workbook([row()]) if act == "import" else tmp_path / "out.xlsx"
    answer = sheet(act, "births", file, "--as", who)
    assert answer.exit_code == 1
    assert who in answer.output
    assert seeing(lambda s: s.scalars(select(Birth)).all()) == []


def test_nobody_and_a_supervisor_import_nothing(sheet, workbook):
    file = workbook([row()])
    assert [sheet("import", "births", file, "--as", who).exit_code for who in ("nobody", "county_supervisor")] == [1, 1]


def test_what_is_no_workbook_is_one_sentence(sheet, tmp_path):
    (tmp_path / "x.xlsx").write_text("no")
    answer = sheet("import", "births", tmp_path / "x.xlsx", "--as", "county_clerk")
    assert (answer.exit_code, len(answer.output.splitlines())) == (1, 1)
    assert "not an xlsx workbook" in answer.output


def test_an_export_holds_own_rows_with_masks_and_the_history_tells_of_it(sheet, working, tmp_path, seeing):
    with working() as session:
        make_birth(session, town=A1, mother_id_no=NUMBER, remark="=1+1")
        make_birth(session, town=B1, mother_name="赵兰")
    answer = sheet("export", "births", tmp_path / "out.xlsx", "--as", "clerk")
    assert "1 rows are in" in answer.output
    header, *rows = cells(tmp_path / "out.xlsx")
    told = dict(zip(header, rows[0], strict=True))
    assert len(rows) == 1
    assert (told["母亲姓名*"], told["备注"]) == ("李梅", "=1+1")
    with zipfile.ZipFile(tmp_path / "out.xlsx") as packed:
        parts = b"".join(packed.read(name) for name in packed.namelist())
    assert NUMBER.encode() not in parts
    assert b"<f>" not in parts
    assert seeing(lambda s: s.scalars(select(AuditEntry.act).where(AuditEntry.act == "export")).all()) == ["export"]


def test_an_export_of_people_holds_own_people_whom_a_list_shows(sheet, working, tmp_path):
    with working() as session:
        make_person(session, office=A1, name="李梅")
        make_person(session, office=A1, name="小孩", birth_date=date(2024, 1, 1))
        make_person(session, office=A1, name="受护", is_protected=True)
        make_person(session, office=B1, name="赵兰")
    assert "1 rows are in" in sheet("export", "people", tmp_path / "out.xlsx", "--as", "clerk").output
    header, *rows = cells(tmp_path / "out.xlsx")
    assert [told[header.index("姓名*")] for told in rows] == ["李梅"]


WRITERS = dict.fromkeys(LEDGERS, "clerk") | dict.fromkeys(("newlyweds", "pregnancies"), "service_worker")


@pytest.mark.parametrize(("ledger", "by"), WRITERS.items())
def test_a_template_is_a_workbook_the_import_understands(sheet, tmp_path, ledger, by):
    assert sheet("template", ledger, tmp_path / "t.xlsx", "--as", by).exit_code == 0
    header = cells(tmp_path / "t.xlsx")[0]
    assert len(header) == sum(column.read is not None and column.key != "uid" for column in LEDGERS[ledger].COLUMNS)
    answer = sheet("import", ledger, tmp_path / "t.xlsx", "--as", by)
    assert "0 rows read" in answer.output
    assert "not known" not in answer.output
    with zipfile.ZipFile(tmp_path / "t.xlsx") as packed:
        assert b"dataValidation " in packed.read("xl/worksheets/sheet1.xml")
