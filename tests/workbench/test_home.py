"""The home page: each number opens exactly the rows it counted, what waits stands in the to-do table, nobody sees another office's."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core import changes, clock, regions
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.moves.models import Transfer
from tests.cast import A1, A2, B1
from tests.factories.births import make_birth, make_registration, user
from tests.factories.families import make_death, make_marriage
from tests.factories.maternity import make_pregnancy
from tests.factories.moves import make_move, make_transfer
from tests.factories.people import make_person
from tests.reports.conftest import born
from tests.test_costs import counted

COUNT = re.compile(r'<a class="count" href="([^"]+)"><strong>(\d+)</strong> ([^<]+)</a>')
MOST_STATEMENTS = 24  # however many rows and ledgers there are
MOST_TASKS = 20


def counts(browser) -> dict[str, int]:
    """Address of a list → the number that leads there."""
    return {url.replace("&amp;", "&"): int(number) for url, number, _label in COUNT.findall(browser.get("/").text)}


def listed(browser, url) -> int:
    """How many rows the list says it has."""
    return int(re.search(r"Records: (\d+)", browser.get(url).text)[1])


def tasks(browser) -> list[str]:
    """The text of each line of the to-do table."""
    table = re.search(r'<table class="table table-hover to-do">.*?</table>', browser.get("/").text, re.DOTALL)
    rows = re.findall(r"<tr><td>.*?</tr>", table[0], re.DOTALL) if table else []
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in rows]


@pytest.fixture
def office(working):
    """Records of town A in every state, entered by two clerks and by somebody who may decide, too."""
    with working() as session:
        for name, status in zip("草退交准", (Status.draft, Status.returned, Status.submitted, Status.approved), strict=True):
            make_birth(session, status=status, mother_name=f"李{name}")
            make_birth(session, status=status, mother_name=f"王{name}", maker="colleague")
        make_death(session, status=Status.submitted)
        make_marriage(session, status=Status.returned)
        make_move(session, status=Status.submitted)
        make_registration(session, status=Status.draft)
        make_pregnancy(session, status=Status.submitted)
        make_transfer(session, make_person(session, office=B1), to=A2, maker="neighbour")


@pytest.mark.parametrize("who", ["clerk", "colleague", "supervisor", "approver"])
def test_each_number_opens_as_many_rows(office, sign_in, who):
    browser = sign_in(who)
    found = counts(browser)
    assert found
    assert {url: listed(browser, url) for url in found} == found


def test_a_clerk_counts_what_they_entered_themselves(office, sign_in):
    found = counts(sign_in("clerk"))
    assert found["/births/list/?_flt_2_status=draft"] == 1
    assert found["/births/list/?_flt_2_status=returned"] == 1
    assert found["/registrations/list/?_flt_2_status=draft"] == 1
    assert "/registrations/list/?_flt_2_status=draft" not in counts(sign_in("colleague"))


def test_a_supervisor_counts_what_others_submitted(office, sign_in):
    found = counts(sign_in("supervisor"))
    assert found["/births/list/?_flt_3_status=submitted"] == 2
    assert found["/deaths/list/?_flt_3_status=submitted"] == 1


def test_nobody_is_asked_to_decide_about_what_they_entered(office, two_hats, working, sign_in):
    with working() as session:
        own = str(make_birth(session, mother_name="陈自办", maker=two_hats, status=Status.submitted).uid)
    page, browser = sign_in(two_hats).get("/").text, sign_in(two_hats)
    assert counts(browser)["/births/list/?_flt_3_status=submitted"] == 2
    assert f"/births/show/{own}" not in page
    assert f"/births/show/{own}" not in browser.get("/births/list/?_flt_3_status=submitted").text
    assert f"/births/show/{own}" in browser.get("/births/list/?_flt_2_status=submitted").text


def test_a_filter_of_an_unknown_status_finds_nothing(office, sign_in):
    assert "No record fits" in sign_in("clerk").get("/births/list/?_flt_2_status=xx").text
    assert "No record fits" in sign_in("clerk").get("/births/list/?_flt_3_status=xx").text


def test_what_waits_is_told_with_who_left_it_and_leads_to_the_record(office, sign_in):
    found = tasks(sign_in("supervisor"))
    assert len(found) == 4
    assert all((line.startswith("Decide ") and "clerk" in line) or "colleague" in line for line in found)
    assert all(line.endswith("today") for line in found)


def test_what_was_returned_is_told_with_who_returned_it(office, sign_in):
    found = [line for line in tasks(sign_in("clerk")) if line.startswith("Correct and submit again")]
    assert len(found) == 2
    assert all("supervisor" in line for line in found)


def test_what_is_due_comes_first_and_says_when_it_is_overdue(office, working, sign_in):
    day = clock.today() - timedelta(days=2)
    with working() as session, elevated("test"):
        session.connection().execute(update(Transfer.__table__).values(due_on=day))
    first = tasks(sign_in("clerk"))[0]
    assert first.startswith("Answer ")
    assert first.endswith(f"{day} overdue")


def test_at_most_twenty_lines_are_shown_and_the_page_says_so(working, sign_in):
    with working() as session:
        for _row in range(MOST_TASKS + 3):
            make_birth(session, status=Status.submitted)
    supervisor = sign_in("supervisor")
    assert len(tasks(supervisor)) == MOST_TASKS
    assert "The 20 most urgent are shown" in supervisor.get("/").text
    assert counts(supervisor)["/births/list/?_flt_3_status=submitted"] == MOST_TASKS + 3


def test_another_office_sees_none_of_it(office, sign_in):
    assert counts(sign_in("neighbour")) == {}
    assert counts(sign_in("neighbour_supervisor")) == {}
    assert tasks(sign_in("neighbour_supervisor")) == []


@pytest.mark.parametrize("who", ["clinician", "service_worker"])
def test_confidential_records_are_counted_nowhere(office, sign_in, who):
    page = sign_in(who).get("/").text
    assert 'class="count"' not in page
    assert 'class="tile' not in page


@pytest.mark.parametrize("who", ["clerk", "supervisor", "approver"])
def test_the_home_page_costs_a_bounded_number_of_statements(office, two_hats, sign_in, who):
    browser = sign_in(who)
    browser.get("/")
    with counted() as sent:
        assert browser.get("/").status_code == 200
    print(f"home page as {who}: {len(sent)} statements")
    assert len(sent) <= MOST_STATEMENTS, sent


def forms(browser) -> list[str]:
    """The addresses of the tiles, in their order."""
    return re.findall(r'<a class="quick-tile" href="([^"]+)"', browser.get("/").text)


def test_forms_stand_in_the_order_of_the_menu_for_who_has_used_none(sign_in):
    assert forms(sign_in("clerk")) == [
        "/people/add", "/household-events/add", "/registrations/add", "/births/add", "/marriages/add", "/deaths/add", "/moves/add",
    ]  # fmt: skip


def test_the_forms_one_uses_most_come_first_and_only_ones_own_use_counts(working, sign_in):
    with working() as session:
        make_death(session, status=Status.submitted)
        for _row in range(2):
            make_move(session, status=Status.submitted)
        for _row in range(3):
            make_birth(session, status=Status.submitted, maker="colleague")
    assert forms(sign_in("clerk"))[:3] == ["/moves/add", "/deaths/add", "/people/add"]
    assert forms(sign_in("colleague"))[0] == "/births/add"


def test_who_may_enter_nothing_has_no_tiles(sign_in):
    assert forms(sign_in("supervisor")) == []


def months(page) -> list[tuple[str, int]]:
    """(month, births of this year) of the table beside the chart."""
    names = re.findall(r'<th scope="col"><a href="[^"]*" title="[^"]*">(\d+)</a>', page)
    row = re.search(r"This year</th>(.*?)</tr>", page, re.DOTALL)
    return list(zip(names, [int(n) for n in re.findall(r'<td class="figure">(\d+)</td>', row[1])], strict=True))


def test_the_births_of_the_year_are_those_of_the_report(working, sign_in):
    today = clock.today()
    with working() as session:
        born(session, born_on=today)
        place = str(regions.by_code(session, "420506107").uid)
    browser = sign_in("clerk")
    found = months(browser.get("/").text)
    assert [name for name, _number in found] == [str(month) for month in range(1, today.month + 1)]
    assert found[-1] == (str(today.month), 1)
    report = browser.get(f"/reports/births-monthly?region={place}&period={today:%Y-%m}").text
    assert re.search(r'column=births">1</a>', report)


def test_who_may_not_read_the_report_sees_no_births(working, sign_in):
    with working() as session:
        born(session, born_on=clock.today())
    assert "Births by month" not in sign_in("auditor").get("/").text
    assert "Births by month" not in sign_in("service_worker").get("/").text
    assert "Births by month" in sign_in("statistician").get("/").text


def test_the_births_of_another_town_are_not_counted(working, sign_in):
    with working() as session:
        born(session, town=A1, born_on=clock.today())
    assert months(sign_in("neighbour").get("/").text)[-1][1] == 0


def test_a_draft_of_my_own_is_no_task_of_others(working, sign_in, seeing):
    with working() as session:
        make_birth(session, mother_name="李草稿")
        assert user(session, "clerk").id != user(session, "colleague").id
    assert tasks(sign_in("clerk")) == []
    assert counts(sign_in("colleague")) == {}


def test_nobody_is_asked_to_decide_about_their_own_proposal(working, two_hats, sign_in):
    with working() as session:
        birth = make_birth(session, status=Status.approved)
        told = {"reason": "纸", "evidence": "证", "explained": {}, "token": "0190a0b0-0000-7000-8000-000000000009"}
        changes.propose(session, birth, {"child_name": "李新"}, user(session, two_hats), **told)
    own, other = (counts(sign_in(who)).get("/births/list/?_flt_1_change_open=y", 0) for who in (two_hats, "supervisor"))
    assert (own, other) == (0, 1)
    assert [line for line in tasks(sign_in(two_hats)) if "change" in line] == []
    assert tasks(sign_in("supervisor"))[0].startswith("Decide about the change ")
    assert two_hats in tasks(sign_in("supervisor"))[0]
