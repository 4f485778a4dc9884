"""Deciding one after the other, as a supervisor does it: by keys, with marks for the clerk, and what the clerk sees of them."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.sound import AT_BOTH_SIZES, asked_for, faults, loaded


def press(page, key):
    """Press a key that leads to another page."""
    with loaded(page):
        page.keyboard.press(key)


def told(page):
    """Where the page says what the last act answered: again after a moment, for those who listen."""
    return page.locator(".messages .alert")


def opened(page):
    """The identity of the row that is open."""
    return page.locator(".queue-list [aria-current]").get_attribute("href").rpartition("/")[2]


def left(page):
    """How many rows still wait, as the page says."""
    return int(re.search(r"\d+", page.locator(".queue-bar .hint").first.inner_text())[0])


@AT_BOTH_SIZES
def test_a_birth_is_returned_with_marks_mended_by_the_clerk_and_approved_by_a_key(open_window):
    supervisor = open_window("supervisor")
    supervisor.goto("/births/queue")
    uid = opened(supervisor)
    supervisor.keyboard.press("r")
    expect(supervisor.locator("[name=reason_code]").first).to_be_focused()
    supervisor.keyboard.press("ArrowDown")
    supervisor.check("input[name=mark][value=weight_g]")
    supervisor.fill("input[name=note_weight_g]", "与出生证明不一致")
    assert faults(supervisor) == []
    press(supervisor, "Enter")
    expect(told(supervisor)).to_contain_text("已退回")

    clerk = open_window("clerk")
    clerk.goto(f"/births/show/{uid}")
    assert "姓名与证件不符" in clerk.locator(".returned").inner_text()
    assert faults(clerk) == []
    clerk.goto(f"/births/edit/{uid}")
    assert clerk.locator("#weight_g-mark").inner_text() == "需更正: 与出生证明不一致"
    assert "weight_g-mark" in clerk.get_attribute("#weight_g", "aria-describedby")
    assert faults(clerk) == []
    clerk.fill("#weight_g", "3210")
    with loaded(clerk, "/births/show/"):
        clerk.locator("form.entry .buttons .btn-primary").click()
    with loaded(clerk):
        clerk.click(".act-submit button")
    expect(clerk.locator(".record-head .tag-submitted")).to_be_visible()

    supervisor.goto(f"/births/queue/{uid}")
    assert supervisor.locator(".differs mark").inner_text() == "3210"
    assert faults(supervisor) == []
    press(supervisor, "a")
    expect(told(supervisor)).to_contain_text("已通过")
    clerk.goto(f"/births/show/{uid}")
    expect(clerk.locator(".record-head .tag-approved")).to_have_count(1)


def test_the_list_is_walked_by_keys_and_escape_closes_the_reasons(open_window):
    page = open_window("supervisor")
    page.goto("/births/queue")
    first = opened(page)
    press(page, "j")
    assert opened(page) != first
    press(page, "k")
    assert opened(page) == first
    page.keyboard.press("r")
    expect(page.locator(".mark-field").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#return[open]")).to_have_count(0)
    expect(page.locator(".mark-field").first).to_be_hidden()
    page.keyboard.press("r")
    asked = asked_for(page)
    page.fill("#reason-return", "a")  # a letter that is typed is no command
    page.keyboard.type("jk")
    expect(page.locator("#reason-return")).to_have_value("ajk")
    assert opened(page) == first
    assert asked == []


@AT_BOTH_SIZES
def test_rows_are_approved_by_one_key_each(open_window, size):
    page = open_window("supervisor")
    page.goto({1366: "/registrations/queue", 360: "/marriages/queue"}[size[0]])
    waiting = left(page)
    assert waiting
    for still in range(waiting - 1, -1, -1):
        press(page, "a")
        expect(told(page)).to_contain_text(str(still))
    expect(page.locator("form.act-approve")).to_have_count(0)


@AT_BOTH_SIZES
def test_the_queue_and_what_is_approved_at_once_are_sound(open_window):
    page = open_window("supervisor")
    wrong = []
    for url in ("/births/queue", "/births/queue/clean", "/marriages/queue", "/people/queue", "/queue/"):
        page.goto(url)
        wrong += faults(page)
    page.goto("/births/queue")
    page.keyboard.press("r")
    page.locator("input[name=mark]").first.check()
    wrong += faults(page)
    assert wrong == []


def test_the_queue_works_without_a_script(chromium, address, open_window):
    waiting = open_window("supervisor")
    waiting.goto("/births/queue")
    uid = opened(waiting)
    context = chromium.new_context(base_url=address, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    sign_in(page, "supervisor")
    page.goto(f"/births/queue/{uid}")
    page.click("#return > summary")
    page.check("input[name=reason_code][value='3']")
    page.check("input[name=mark][value=mother_name]")
    with loaded(page):
        page.click("#form-return .btn-primary")
    expect(page.locator(".messages .alert-success")).to_contain_text("已退回")
    context.close()
