"""A report as a file: the text table for programs, the workbook as it is printed."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import pytest
from flask import session

from app.core import regions
from app.reports.base import Answer, Line
from app.reports.render import as_text, to_csv, to_xlsx
from tests.cast import A1, A2, A
from tests.reports.conftest import MONTH, REPORT, born, told

KEYS = "region_code,region,births,parity_1,parity_2,parity_3,parity_4_up,male,female,registered,late,last_year,difference,sex_ratio"


@pytest.fixture
def said(working) -> Answer:
    """What the report says of town A with two births."""
    with working() as session:
        born(session, town=A1)
        born(session, town=A2, sex="1")
        return told(session, A)


@pytest.fixture
def parts(app, said) -> dict[str, str]:
    """The parts of the printed workbook as text."""
    with app.app_context(), zipfile.ZipFile(io.BytesIO(to_xlsx(said))) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def named(name: str, code: str = "420506107001") -> Answer:
    """An answer whose only line has this name, with figures below zero."""
    figures = {column.key: -3 for column in REPORT.columns} | {"sex_ratio": None}
    return Answer(REPORT, code, name, MONTH, (Line("total", code, name, figures),))


def test_the_text_table_names_its_columns_by_stable_keys(said):
    assert to_csv(said).splitlines()[0] == KEYS


def test_the_text_table_has_every_line_the_empty_ones_too(working, said):
    rows = list(csv.DictReader(io.StringIO(to_csv(said))))
    with working() as session:
        villages = session.query(regions.Region).filter_by(parent_id=regions.by_code(session, A).id).count()
    assert len(rows) == villages + 1
    assert rows[0] | {"births": "2", "male": "1", "female": "1", "sex_ratio": "—", "difference": "2"} == rows[0]
    assert {row["births"] for row in rows[1:]} == {"0", "1"}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r="])
def test_a_text_that_looks_like_a_formula_is_written_as_text(sign):
    row = next(csv.DictReader(io.StringIO(to_csv(named(f"{sign}1+1"), "\n"), newline="")))
    assert row["region"] == f"'{sign.strip()}1+1"


def test_a_figure_below_zero_stays_a_number():
    assert next(csv.DictReader(io.StringIO(to_csv(named("村")))))["difference"] == "-3"


def test_a_plain_name_stays_as_it_is():
    assert as_text("龙泉村") == "龙泉村"


def test_the_workbook_prints_on_a4_landscape_with_repeated_header_rows(parts):
    sheet, book = parts["xl/worksheets/sheet1.xml"], parts["xl/workbook.xml"]
    setup = re.search(r"<pageSetup [^>]+>", sheet)[0]
    assert 'paperSize="9"' in setup
    assert 'orientation="landscape"' in setup
    assert 'fitToHeight="0"' in setup
    assert re.search(r'<definedName name="_xlnm.Print_Titles"[^>]*>[^<]+\$4:\$5</definedName>', book)


def test_the_workbook_has_its_head_and_its_foot(parts):
    words = re.findall(r"<t[^>]*>([^<]*)</t>", parts["xl/sharedStrings.xml"])
    head = ["Monthly report of births", "Reporting office (seal): 夷陵区龙泉镇", "March 2026", "Form: Form 1", "Unit: persons"]
    foot = ["Head of the office:", "Head of statistics:", "Filled in by:", "Phone:", "Reported on:"]
    assert [word for word in words if word in head] == head
    assert words[-5:] == foot


def test_the_workbook_is_chinese_for_a_chinese_reader(app, said):
    with app.test_request_context("/"):
        session["locale"] = "zh"
        book = zipfile.ZipFile(io.BytesIO(to_xlsx(said)))
    words = book.read("xl/sharedStrings.xml").decode()
    for word in ("出生统计月报表", "填报单位（盖章）：夷陵区龙泉镇", "2026年3月", "合计", "单位负责人：", "报出日期："):
        assert word in words, word


def test_figures_are_numbers_in_the_workbook(parts):
    total = re.search(r'<row r="6".*?</row>', parts["xl/worksheets/sheet1.xml"])[0]
    assert re.search(r'<c r="B6" s="\d+"><v>2</v></c>', total)
    assert re.search(r'<c r="M6" s="\d+" t="s">', total)  # the ratio has no base and says so in a sign


def test_the_faces_of_the_workbook_are_those_of_printed_forms(parts):
    assert set(re.findall(r'<name val="([^"]+)"', parts["xl/styles.xml"])) <= {"宋体", "黑体", "Calibri"}
    assert "宋体" in parts["xl/styles.xml"]


def test_no_text_of_the_workbook_is_a_formula_or_a_link(app):
    with app.app_context(), zipfile.ZipFile(io.BytesIO(to_xlsx(named("=HYPERLINK(1)")))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def test_a_submitted_revision_says_so_at_its_head(app, said):
    with app.app_context(), zipfile.ZipFile(io.BytesIO(to_xlsx(replace(said, revision=2)))) as book:
        assert "Revision 2" in book.read("xl/sharedStrings.xml").decode()
