"""The search of the top bar: people of one's own offices for who may list people, with masked numbers; pages by their names."""

from datetime import date

import pytest

from app.accounts import roles
from app.core import clock
from tests.cast import B1
from tests.factories.people import id_number_for, make_person
from tests.reader import Page

NUMBER = id_number_for(date(1990, 1, 2), "2", 40_001)


@pytest.fixture
def people(working):
    with working() as session:
        make_person(session, name="查良慧", id_no=NUMBER)
        make_person(session, name="查外乡", office=B1)
        make_person(session, name="查小童", birth_date=clock.today().replace(day=1))
        make_person(session, name="查隐秘", is_protected=True)


def found(browser, text: str) -> list[dict[str, str]]:
    """What the dialog is told."""
    words = {**browser.hidden("/search/"), "text": text}
    return browser.http.post("/search/", data=words, headers={"Accept": "application/json"}).json["rows"]


@pytest.mark.parametrize("text", ["查良慧", "查", "良慧", "zlh", "lh", NUMBER, NUMBER[-4:]])
def test_a_person_of_ones_own_office_is_found(people, sign_in, text):
    assert [row["label"] for row in found(sign_in("clerk"), text)] == ["查良慧"]


def test_the_answer_holds_a_masked_number_and_the_office(people, sign_in):
    clerk = sign_in("clerk")
    row = found(clerk, "zlh")[0]
    assert NUMBER not in row["detail"]
    assert row["detail"].startswith(NUMBER[:6])
    assert "·" in row["detail"]
    assert "查良慧" in clerk.get(row["url"]).text


def test_no_word_leads_to_another_office_a_child_or_a_protected_person(people, sign_in):
    clerk = sign_in("clerk")
    assert [row for text in ("查外乡", "查小童", "查隐秘", "zxt", "zym") for row in found(clerk, text)] == []


@pytest.mark.parametrize("who", ["neighbour", "service_worker", "statistician", "auditor", "admin", "stranger"])
def test_who_may_not_list_people_or_has_others_finds_none(people, sign_in, who):
    assert [row["label"] for row in found(sign_in(who), "查良慧")] == []


def test_who_lost_the_right_to_list_finds_none(people, working, app, sign_in):
    with working() as session:
        role = roles.by_name(session, "clerk")
        role.permissions = [p for p in role.permissions if (p.permission.name, p.view_menu.name) != ("can_list", "PersonView")]
    assert found(sign_in("clerk"), "查良慧") == []


@pytest.mark.parametrize("text", ["", " ", "z", "1"])
def test_too_little_finds_nobody(people, sign_in, text):
    assert found(sign_in("clerk"), text) == []


def test_a_search_is_only_posted(people, sign_in):
    answer = sign_in("clerk").get("/search/?text=查良慧")
    assert answer.status_code == 200
    assert "查良慧" not in answer.text


def test_a_search_without_the_token_is_refused(people, sign_in):
    assert sign_in("clerk").http.post("/search/", data={"text": "查良慧"}).status_code == 400


def test_without_a_script_the_page_finds_people_and_pages(people, sign_in):
    clerk = sign_in("clerk")
    clerk.get("/lang/zh")
    main = clerk.send("/search/", text="csdj").text.partition("<main")[2].partition("</main>")[0]
    assert "/births/list/" in Page(main).links
    assert "/births/add" in Page(main).links
    assert "查良慧" in clerk.send("/search/", text="zlh").text


def test_the_dialog_knows_only_what_this_person_may_open(sign_in):
    page = sign_in("supervisor").get("/").text
    dialog = page.partition('id="palette"')[2].partition("</dialog>")[0]
    assert 'href="/births/list/"' in dialog
    assert "/births/add" not in dialog
    assert "/users/list/" not in dialog
