"""The screens of the reports: figures and the rows behind them, files, submitting, and who may do what."""

import json
import re
from datetime import date

import pytest
from sqlalchemy import select

from app.accounts import roles, users
from app.core import regions
from app.core.audit import AuditEntry
from app.core.crypto import uuid7
from app.reports.models import ReportRun
from tests.cast import A1, A2, B1, COUNTY, PASSWORD, A, B
from tests.reader import Page
from tests.reports.conftest import MONTH, born, born_counting_at

PAGE = "/reports/births-monthly"
MOTHER = "王金丝雀"


@pytest.fixture
def office(working) -> dict[str, str]:
    """Three births of town A in March and one the year before; one of B counts in A. Answers code → identity of the places."""
    with working() as session:
        born(session, mother_name=MOTHER, sex="1")
        born(session, town=A2, child_order=2)
        born(session, born_on=date(2025, 3, 9))
        born_counting_at(session, A1, town=B1, mother_name="王外乡", maker="neighbour", decider="neighbour_supervisor")
        return {code: str(regions.by_code(session, code).uid) for code in (A, A1, A2, B, COUNTY)}


def page(office, code=A, month=MONTH, **more) -> str:
    """The query of one question."""
    return "&".join(f"{name}={value}" for name, value in {"region": office[code], "period": month, **more}.items())


def linked(text: str) -> list[tuple[str, int]]:
    """(address, figure) of every figure that opens its rows."""
    return [(url.replace("&amp;", "&"), int(n)) for url, n in re.findall(r'<td class="figure"><a href="([^"]+)">(\d+)</a>', text)]


def counted(text: str) -> tuple[int, int]:
    """(rows told of, rows shown) of a page of rows."""
    return int(re.search(r"Records: (\d+)", text)[1]), text.count('<tr class="counted">')


def test_every_figure_opens_exactly_the_rows_it_counts(office, sign_in):
    browser = sign_in("clerk")
    found = linked(browser.get(f"{PAGE}?{page(office)}").text)
    opened = [counted(browser.get(url).text) for url, _figure in found]
    assert len(found) > 100
    assert opened == [(figure, figure) for _url, figure in found]


def test_a_row_of_ones_own_office_leads_to_its_page(office, sign_in):
    browser = sign_in("clerk")
    rows = browser.get(f"{PAGE}/rows?{page(office, line='total', column='births')}").text
    links = re.findall(r'href="(/births/show/[^"]+)"', rows)
    assert len(links) == 2
    assert browser.get(links[0]).status_code == 200
    assert MOTHER in rows


def test_a_row_filed_elsewhere_is_counted_and_not_named(office, sign_in):
    rows = sign_in("clerk").get(f"{PAGE}/rows?{page(office)}").text
    assert counted(rows) == (3, 3)
    assert rows.count("filed at another office") == 1
    assert "王外乡" not in rows


def test_rows_come_page_by_page_and_the_count_is_told(working, sign_in):
    with working() as session:
        for day in range(1, 29):
            born(session, born_on=date(2026, 3, day))
            born(session, born_on=date(2026, 3, day), sex="1")
    browser = sign_in("clerk")
    first, second = (browser.get(f"{PAGE}/rows?period={MONTH}&page={n}").text for n in (0, 1))
    assert (counted(first), counted(second)) == ((56, 50), (56, 6))
    assert 'rel="next"' in first
    assert 'rel="next"' not in second


@pytest.mark.parametrize("number", ["-1", "x", "99999999999999999999", "7"])
def test_a_page_that_does_not_exist_is_the_nearest_one(office, sign_in, number):
    assert counted(sign_in("clerk").get(f"{PAGE}/rows?{page(office, page=number)}").text) == (3, 3)


@pytest.mark.parametrize("column", ["sex_ratio", "difference", "nothing", ""])
def test_a_computed_column_has_no_rows(office, sign_in, column):
    assert sign_in("clerk").get(f"{PAGE}/rows?{page(office, column=column)}").status_code == 404


@pytest.mark.parametrize("line", ["itself", "nothing", ""])
def test_a_line_that_is_not_in_the_report_has_no_rows(office, sign_in, line):
    assert sign_in("clerk").get(f"{PAGE}/rows?{page(office, line=line)}").status_code == 404


ROADS = ("", "/chart", "/rows")


@pytest.mark.parametrize("road", ROADS)
def test_an_office_of_somebody_else_is_not_there(office, sign_in, road):
    assert sign_in("clerk").get(f"{PAGE}{road}?{page(office, B)}").status_code == 404


@pytest.mark.parametrize("road", ROADS)
def test_the_county_is_not_the_towns(office, sign_in, road):
    assert sign_in("clerk").get(f"{PAGE}{road}?{page(office, COUNTY)}").status_code == 404


@pytest.mark.parametrize("road", ["/chart", "/rows"])
def test_what_is_no_month_is_refused(office, sign_in, road):
    assert sign_in("clerk").get(f"{PAGE}{road}?{page(office, month='March')}").status_code == 400


def test_the_page_says_what_is_wrong_with_the_month(office, sign_in):
    answer = sign_in("clerk").get(f"{PAGE}?{page(office, month='March')}")
    assert answer.status_code == 200
    assert "This is not a month" in answer.text


@pytest.mark.parametrize("road", ["/reports/nothing", "/reports/nothing/rows", "/reports/nothing/chart", "/reports/run/nothing"])
def test_an_unknown_report_is_not_there(office, sign_in, road):
    assert sign_in("clerk").get(road).status_code == 404


def test_without_a_choice_ones_own_office_and_the_last_whole_month_are_shown(office, sign_in):
    text = sign_in("clerk").get(PAGE).text
    assert "龙泉镇" in text
    assert re.search(r'name="period"[^>]*value="\d{4}-\d\d"', text)


def test_the_picker_offers_own_places_only(office, sign_in):
    browser = sign_in("clerk")
    assert browser.get("/reports/options?q=龙泉").json["results"]
    assert browser.get("/reports/options?q=鸦鹊岭").json["results"] == []


def test_the_statistician_sees_counts_and_no_rows(office, sign_in):
    browser = sign_in("statistician")
    text = browser.get(f"{PAGE}?{page(office, COUNTY)}").text
    assert ">3<" in re.sub(r"\s", "", text)
    assert linked(text) == []
    assert f"{PAGE}/rows" not in text
    assert f"{PAGE}/rows" not in browser.get(f"{PAGE}/chart?{page(office, COUNTY)}").text
    assert browser.get(f"{PAGE}/rows?{page(office, COUNTY)}").status_code == 403


@pytest.mark.parametrize("who", ["clerk", "statistician"])
def test_who_may_not_submit_has_no_button_and_is_refused(office, sign_in, who):
    browser = sign_in(who)
    assert f"{PAGE}/submit" not in browser.get(PAGE).text
    assert browser.send(f"{PAGE}/submit", PAGE, region=office[A], period=MONTH).status_code == 403


def test_rows_are_not_named_to_who_may_not_open_them(office, app, working, sign_in):
    with working() as session:
        counter = roles.make(session, "counter", roles.by_name(session, "statistician"))
        counter.permissions += [p for p in roles.by_name(session, "clerk").permissions if p.permission.name == "can_rows"]
        session.flush()
        place = [regions.by_code(session, A)]
        users.add(session, app.appbuilder.sm, "counting", roles=["counter"], regions=place, password=PASSWORD, must_change=False)
    rows = sign_in("counting").get(f"{PAGE}/rows?{page(office)}").text
    assert counted(rows) == (3, 3)
    assert MOTHER not in rows
    assert "/births/show/" not in rows


@pytest.mark.parametrize("who", ["finance", "auditor", "admin", "stranger"])
def test_others_have_no_reports(office, sign_in, who):
    browser = sign_in(who)
    assert {browser.get(road).status_code for road in ("/reports/", PAGE, f"{PAGE}/rows", f"{PAGE}/chart")} == {403}
    assert "/reports/" not in Page(browser.get("/").text).links


# files


def test_the_text_table_has_stable_keys_and_the_total_first(office, sign_in):
    answer = sign_in("clerk").send(f"{PAGE}/export", PAGE, region=office[A], period=MONTH, kind="csv")
    lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert lines[0].startswith("region_code,region,births,parity_1,")
    assert lines[1] == f"{A}000,龙泉镇,3,2,1,0,0,1,2,0,0,1,2,—"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="births-monthly-{A}000-2026-03.csv"'


def test_an_export_is_written_down(office, sign_in, seeing):
    sign_in("statistician").send(f"{PAGE}/export", PAGE, region=office[A], period=MONTH, kind="xlsx")
    entry = seeing(lambda session: session.scalars(select(AuditEntry).where(AuditEntry.act == "export")).one())
    told = json.loads(entry.detail)
    assert (entry.actor, entry.target) == ("statistician", "report/births-monthly")
    assert told == {"kind": "xlsx", "period": MONTH, "region": f"{A}000", "report": "births-monthly", "revision": 0}


@pytest.mark.parametrize(
    ("words", "status"), [({"kind": "pdf"}, 400), ({"kind": "csv", "period": "x"}, 400), ({"region": "x", "kind": "csv"}, 404)]
)
def test_a_file_that_does_not_exist_is_refused(office, sign_in, words, status):
    assert sign_in("clerk").send(f"{PAGE}/export", PAGE, **{"region": office[A], "period": MONTH, **words}).status_code == status


def test_a_file_of_another_office_is_not_there(office, sign_in, seeing):
    assert sign_in("clerk").send(f"{PAGE}/export", PAGE, region=office[B], period=MONTH, kind="csv").status_code == 404
    assert seeing(lambda session: session.scalars(select(AuditEntry).where(AuditEntry.act == "export")).all()) == []


def test_a_file_needs_the_token_of_the_page(office, sign_in):
    words = {"region": office[A], "period": MONTH, "kind": "csv"}
    assert sign_in("clerk").http.post(f"{PAGE}/export", data=words).status_code == 400


# the chart


def test_each_bar_of_the_chart_leads_to_its_rows_and_the_table_says_the_same(office, sign_in):
    browser = sign_in("clerk")
    text = browser.get(f"{PAGE}/chart?{page(office, column='births')}").text
    bars = re.findall(r'<a href="([^"]+)"><title>([^<]+): (\d+)</title>', text)
    beside = re.findall(r'<th scope="row">([^<]+)</th><td class="figure">(\d+)</td>', text)
    assert [(name, figure) for _url, name, figure in bars] == beside
    assert [counted(browser.get(url.replace("&amp;", "&")).text)[0] for url, _name, _figure in bars] == [
        int(figure) for _name, figure in beside
    ]


def test_the_chart_has_no_script_and_no_style_in_it(office, sign_in):
    text = sign_in("clerk").get(f"{PAGE}/chart?{page(office)}").text
    drawn = text[text.index("<svg") : text.index("</svg>")]
    assert "<script" not in drawn
    assert "style" not in drawn


# submitting


def submit(browser, office, code=A, **more):
    """Open the page of the town and send its form."""
    at = f"{PAGE}?{page(office, code)}"
    seen = re.search(r'name="seen" value="(\w+)"', browser.get(at).text)
    return browser.send(f"{PAGE}/submit", at, region=office[code], period=MONTH, **{"seen": seen[1] if seen else "", **more})


def kept(seeing) -> list[ReportRun]:
    """Every revision there is."""
    return seeing(lambda session: session.scalars(select(ReportRun).order_by(ReportRun.revision)).all())


def test_a_supervisor_submits_and_the_revision_can_be_opened(office, sign_in, seeing):
    browser = sign_in("supervisor")
    assert submit(browser, office).status_code == 302
    (run,) = kept(seeing)
    assert (run.revision, run.period, run.report_key) == (1, MONTH, "births-monthly")
    text = browser.get(f"{PAGE}?{page(office)}").text
    assert "Nothing has changed since." in text
    assert f"/reports/run/{run.uid}" in text
    assert browser.get(f"/reports/run/{run.uid}").status_code == 200


def test_a_repeated_click_is_one_submission(office, sign_in, seeing):
    browser = sign_in("supervisor")
    words = {**browser.hidden(f"{PAGE}?{page(office)}"), "region": office[A], "period": MONTH}
    for _click in range(3):
        assert browser.http.post(f"{PAGE}/submit", data=words).status_code == 302
    assert len(kept(seeing)) == 1


def test_submitting_without_a_difference_is_refused_with_a_sentence(office, sign_in, seeing):
    browser = sign_in("supervisor")
    words = {**browser.hidden(f"{PAGE}?{page(office)}"), "region": office[A], "period": MONTH}
    browser.http.post(f"{PAGE}/submit", data=words)
    again = browser.http.post(f"{PAGE}/submit", data={**words, "act_token": str(uuid7())})
    assert "Nothing has changed since revision 1" in browser.get(again.location).text
    assert f"{PAGE}/submit" not in browser.get(again.location).text
    assert len(kept(seeing)) == 1


def test_a_later_correction_is_told_cell_by_cell_and_makes_the_next_revision(office, working, sign_in, seeing):
    browser = sign_in("supervisor")
    submit(browser, office)
    with working() as session:
        born(session, town=A2, sex="1")
    text = Page(browser.get(f"{PAGE}?{page(office)}").text).words
    assert "The figures or the rows are not those of revision 1 any more:" in text
    at = text.index("The figures or the rows are not those of revision 1 any more:")
    assert text[at + 1 : at + 5] == ["龙泉镇, Children born:", "3", "→", "4"]
    assert "Rows that came in: 1" in text
    submit(browser, office)
    first, second = kept(seeing)
    assert (first.figures["lines"][0]["figures"]["births"], second.figures["lines"][0]["figures"]["births"]) == (3, 4)
    assert "Differences from revision 1" in browser.get(f"/reports/run/{second.uid}").text


def test_a_revision_is_exported_as_it_was_submitted(office, working, sign_in, seeing):
    browser = sign_in("supervisor")
    submit(browser, office)
    with working() as session:
        born(session)
    (run,) = kept(seeing)
    answer = browser.send(f"/reports/run/{run.uid}/export", f"/reports/run/{run.uid}", kind="csv")
    assert answer.get_data().decode("utf-8-sig").splitlines()[1].startswith(f"{A}000,龙泉镇,3,")
    assert "-r1.csv" in answer.headers["Content-Disposition"]


def test_figures_that_changed_under_the_reader_are_not_submitted(office, working, sign_in, seeing):
    browser = sign_in("supervisor")
    answer = submit(browser, office, seen="0" * 32)
    assert "The figures changed after you opened the page." in browser.get(answer.location).text
    assert kept(seeing) == []


def test_the_running_month_is_not_submitted(office, sign_in, seeing):
    browser = sign_in("supervisor")
    browser.send(f"{PAGE}/submit", f"{PAGE}?{page(office)}", region=office[A], period="2099-12", seen="")
    assert kept(seeing) == []


def test_submitting_is_written_down_without_the_rows(office, sign_in, seeing):
    submit(sign_in("supervisor"), office)
    (run,) = kept(seeing)
    entries = seeing(lambda session: session.scalars(select(AuditEntry).where(AuditEntry.target == f"report_run/{run.uid}")).all())
    assert {entry.act for entry in entries} == {"create", "submit"}
    submitted = next(json.loads(entry.detail) for entry in entries if entry.act == "submit")
    assert submitted == {"period": MONTH, "region": f"{A}000", "report": "births-monthly", "revision": 1}
    assert not any("rows_enc" in entry.detail for entry in entries)


def test_another_town_and_the_county_do_not_share_a_submission(office, sign_in, seeing):
    submit(sign_in("supervisor"), office)
    (run,) = kept(seeing)
    assert sign_in("neighbour_supervisor").get(f"/reports/run/{run.uid}").status_code == 404
    county = sign_in("approver")
    assert county.get(f"/reports/run/{run.uid}").status_code == 200
    assert f"/reports/run/{run.uid}" not in county.get(f"{PAGE}?{page(office, COUNTY)}").text


def test_a_supervisor_of_another_town_submits_nothing(office, sign_in, seeing):
    browser = sign_in("neighbour_supervisor")
    assert browser.send(f"{PAGE}/submit", PAGE, region=office[A], period=MONTH).status_code == 404
    assert kept(seeing) == []


def test_a_revision_changed_past_the_program_is_told(office, sign_in, seeing, working):
    browser = sign_in("supervisor")
    submit(browser, office)
    (run,) = kept(seeing)
    with working() as session:
        row = session.scalars(select(ReportRun)).one()
        row.figures = json.loads(json.dumps(row.figures).replace('"births": 3', '"births": 9'))
    assert "is not what was submitted" in browser.get(f"/reports/run/{run.uid}").text
    assert "is not what was submitted" in browser.get(f"{PAGE}?{page(office)}").text


def test_a_revision_that_belongs_elsewhere_is_not_listed(office, sign_in, seeing, working):
    """The list asks for rows of one's own offices and not just for the place."""
    browser = sign_in("supervisor")
    submit(browser, office)
    (run,) = kept(seeing)
    with working() as session:
        session.scalars(select(ReportRun)).one().scope_path = regions.by_code(session, B).path
    assert str(run.uid) not in browser.get(f"{PAGE}?{page(office)}").text
