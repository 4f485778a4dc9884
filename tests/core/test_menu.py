"""The menu: grouped by business, by right, closed as the browser remembers it; the way to a page."""

import re

import pytest

from tests.reader import Page

GROUP = re.compile(r'data-group="(\w+)">.*?aria-expanded="(\w+)"', re.DOTALL)
WAY = re.compile(r'<nav class="crumbs".*?</nav>', re.DOTALL)


def groups(page: str) -> dict[str, str]:
    """Group → whether it is open."""
    return dict(GROUP.findall(page))


def way(page: str) -> list[str]:
    """The steps that lead to a page."""
    found = WAY.search(page)
    return Page(found[0]).words[1:] if found else []


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("clerk", ["people", "births", "events", "statistics"]),
        ("service_worker", ["services"]),
        ("statistician", ["statistics"]),
        ("auditor", ["administration"]),
        ("admin", ["administration"]),
        ("stranger", []),
    ],
)
def test_each_role_sees_the_groups_it_has_something_in(sign_in, who, found):
    assert list(groups(sign_in(who).get("/").text)) == found


def test_a_group_that_was_closed_stays_closed_but_for_its_own_page(sign_in):
    clerk = sign_in("clerk")
    clerk.http.set_cookie("taizhang_menu", "people.births")
    assert groups(clerk.get("/").text) == {"people": "false", "births": "false", "events": "true", "statistics": "true"}
    assert groups(clerk.get("/births/list/").text)["births"] == "true"


def test_the_menu_stays_narrow(sign_in):
    clerk = sign_in("clerk")
    assert 'class="frame"' in clerk.get("/").text
    clerk.http.set_cookie("taizhang_menu", "narrow.people")
    assert 'class="frame narrow"' in clerk.get("/").text


def test_nonsense_in_the_cookie_closes_nothing(sign_in):
    clerk = sign_in("clerk")
    clerk.http.set_cookie("taizhang_menu", '"><script>.%00.人')
    page = clerk.get("/").text
    assert set(groups(page).values()) == {"true"}
    assert "<script>." not in page


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("/births/list/", ["Home", "Registrations and births", "Births"]),
        ("/births/add", ["Home", "Registrations and births", "Births", "New birth"]),
        ("/people/requests/list/", ["Home", "People and households", "ID requests"]),
        ("/people/lookup", ["Home", "People and households", "People", "Look up an ID number"]),
        ("/reports/births-monthly", ["Home", "Statistics", "Reports", "Monthly report of births"]),
        ("/own/", ["Home", "My account"]),
        ("/help/clerk", ["Home", "Help", "Guide: Clerk"]),
        ("/", []),
    ],
)
def test_every_page_says_the_way_to_it(sign_in, path, steps):
    assert [step for step in way(sign_in("clerk").get(path).text) if step] == steps


def test_another_grouping_changes_nobodys_rights(app):
    """The headings of the menu are no rights: rights hang on the two levels the framework knows."""
    names = [item.name for item in app.appbuilder.menu.get_list()]
    assert names == ["Accounts", "Approvals", "Ledgers", "Reports"]
