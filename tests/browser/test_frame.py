"""The frame of every page by mouse and by keys: menu, way, search, help, letters switched off; a role managed by an admin."""

import re

import pytest
from playwright.sync_api import expect

from app.core import names
from tests.browser.conftest import sign_in
from tests.browser.sound import AT_BOTH_SIZES, asked_for, faults, loaded


@AT_BOTH_SIZES
def test_a_page_is_found_by_pinyin_initials(open_window):
    page = open_window("clerk")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-text")).to_be_focused()
    page.keyboard.type("swdj")
    expect(page.locator("#palette-list [role=option]").first).to_have_text("死亡登记")
    assert faults(page) == []
    with loaded(page, "/deaths/list/"):
        page.keyboard.press("Enter")


def test_a_person_is_found_by_pinyin_initials_and_opened_by_keys(open_window):
    page = open_window("clerk")
    page.goto("/people/list/")
    name = page.locator(".ledger tbody tr td a").first.inner_text()
    page.keyboard.press("Control+k")
    page.keyboard.type("".join(names.initials(name)))
    options = page.locator("#palette-list [role=option]")
    person = options.filter(has_text=name).first
    expect(person).to_be_visible()
    expect(person.locator(".hint")).to_contain_text("*")
    assert name not in page.url
    for _before in range(options.all_inner_texts().index(person.inner_text())):  # whoever shares the initials
        page.keyboard.press("ArrowDown")
    expect(person).to_have_attribute("aria-selected", "true")
    with loaded(page, "/people/show/"):
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(name)


def test_the_search_moves_by_arrows_and_closes_by_escape(open_window):
    page = open_window("supervisor")
    page.keyboard.press("Control+k")
    options = page.locator("#palette-list [role=option]")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#palette-text")).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id"))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_an_open_candidate_window_keeps_its_enter(open_window):
    page = open_window("clerk")
    asked = asked_for(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("csdj")
    for told in ({"isComposing": True}, {"keyCode": 229}):
        page.locator("#palette-text").dispatch_event("keydown", {"key": "Enter", **told})
    expect(page.locator("#palette")).to_be_visible()
    with loaded(page, "/births/list/"):
        page.keyboard.press("Enter")
    assert len(asked) == 1  # by the last one, which chose no candidate


def test_without_a_script_the_search_is_a_page(open_window):
    page = open_window("clerk")
    assert page.locator(".bar-search").get_attribute("href") == "/search/"
    page.goto("/search/")
    page.fill("#search-text", "csdj")
    with loaded(page):
        page.keyboard.press("Enter")
    assert "csdj" not in page.url
    expect(page.locator(".found a").first).to_have_text("出生登记")


@AT_BOTH_SIZES
def test_a_question_mark_shows_the_keys(open_window):
    page = open_window("clerk")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys kbd", has_text="Ctrl+K")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_question_mark_in_a_box_is_a_question_mark(open_window):
    page = open_window("clerk")
    page.goto("/births/list/")
    page.focus("#find-text")
    page.keyboard.press("?")
    expect(page.locator("#find-text")).to_have_value("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_letters_that_are_switched_off_do_nothing_and_the_link_still_helps(open_window):
    page = open_window("clerk")
    page.goto("/own/")
    with loaded(page):
        page.click("#letters button")
    page.goto("/births/list/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.click("a[data-opens=keys]")
    expect(page.locator("#keys")).to_be_visible()


def test_the_menu_stays_as_it_was_left(open_window):
    page = open_window("clerk")
    page.click("[data-group=people] .menu-group")
    expect(page.locator("#menu-people")).to_be_hidden()
    page.goto("/births/list/")
    expect(page.locator("#menu-people")).to_be_hidden()
    page.goto("/people/list/")
    expect(page.locator("#menu-people")).to_be_visible()
    expect(page.locator("#menu a[aria-current=page]")).to_have_text("人员档案")
    page.click(".menu-narrow")
    page.goto("/births/list/")
    assert page.locator("#menu").bounding_box()["width"] < 60
    assert faults(page) == []
    expect(page.locator("#menu a[aria-current=page]")).to_have_attribute("title", "出生登记")
    page.click(".menu-narrow")
    assert page.locator("#menu").bounding_box()["width"] > 150
    found = {cookie["name"] for cookie in page.context.cookies()} - {"taizhang_waiting"}  # which lives for a minute
    assert found == {"taizhang", "taizhang_menu"}
    assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0


def test_the_way_leads_back(open_window, address):
    page = open_window("clerk")
    page.goto("/births/list/")
    with loaded(page, "/births/show/"):
        page.click(".ledger tbody tr td a")
    steps = page.locator(".crumbs li")
    expect(steps).to_have_count(4)
    assert steps.all_inner_texts()[:3] == ["首页", "生育与出生", "出生登记"]
    with loaded(page):
        page.click(".crumbs li:nth-child(3) a")
    expect(page).to_have_url(re.compile("/births/list/$"))
    with loaded(page):
        page.click(".crumbs li:first-child a")
    expect(page).to_have_url(f"{address}/")


def test_the_menu_of_the_person_opens_and_closes_by_keys(open_window):
    page = open_window("clerk")
    page.focus(".who summary")
    page.keyboard.press("Enter")
    expect(page.locator(".who-menu")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(page.locator(".who-menu")).to_be_hidden()
    expect(page.locator(".who summary")).to_be_focused()


def test_the_bell_tells_what_waits_on_every_page(open_window):
    page = open_window("supervisor")
    told = page.locator(".bell-number").inner_text()
    assert int(told) > 0
    page.goto("/births/list/")
    expect(page.locator(".bell-number")).to_have_text(told)
    page.context.clear_cookies(name="taizhang_waiting")
    page.reload()
    expect(page.locator(".bell-number")).to_have_text(told)


def test_a_password_shows_when_asked(chromium, address):
    context = chromium.new_context(base_url=address, locale="zh-CN")
    page = context.new_page()
    page.goto("/login/")
    page.fill("#password", "Pässe-1")
    page.check("[data-shows=password]")
    expect(page.locator("#password")).to_have_attribute("type", "text")
    page.uncheck("[data-shows=password]")
    expect(page.locator("#password")).to_have_attribute("type", "password")
    assert faults(page) == []
    context.close()


@pytest.mark.parametrize("width", [1366, 360])
def test_a_page_that_is_not_there_wears_the_frame(chromium, address, width):
    context = chromium.new_context(base_url=address, viewport={"width": width, "height": 740}, locale="zh-CN")
    page = context.new_page()
    sign_in(page, "clerk")
    page.goto("/nothing-here")
    expect(page.locator("h1")).to_contain_text("没有找到")
    expect(page.locator(".bar .who")).to_be_visible()
    assert faults(page) == []
    context.close()


def test_what_is_printed_has_no_frame(open_window):
    page = open_window("supervisor")
    page.goto("/births/list/")
    page.emulate_media(media="print")
    for part in (".bar", ".menu", ".crumbs"):
        expect(page.locator(part)).to_be_hidden()


@AT_BOTH_SIZES
def test_an_admin_opens_a_role_changes_a_right_sees_the_difference_and_saves(open_window):
    page = open_window("admin")
    page.goto("/roles/list/")
    with loaded(page):
        page.click("main a:has-text('统计员')")
    expect(page.locator("h1")).to_contain_text("统计员")
    with loaded(page):
        page.click(".acts a")
    box = page.locator("input[value='can_rows:ReportView']")
    was = box.is_checked()
    box.set_checked(not was)
    with loaded(page):
        page.click("button[value=preview]")
    expect(page.locator(".removed li" if was else ".added li")).to_have_count(1)
    assert faults(page) == []
    with loaded(page):
        page.click("button[value=save]")
    expect(page.locator(".alert-success")).to_be_visible()
    with loaded(page):
        page.click(".acts a")
    assert page.locator("input[value='can_rows:ReportView']").is_checked() is not was
