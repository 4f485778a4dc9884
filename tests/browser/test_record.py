"""The page of a record as a person uses it: parts by keyboard, a value shown for a while, one sheet of A4."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sound import AT_BOTH_SIZES, faults, loaded

PAGES = re.compile(rb"/Type\s*/Page[^s]")


def open_record(page, query="?_flt_0_status=approved"):
    """The page of the newest birth the list shows, which others than these tests have not left as a draft."""
    page.goto(f"/births/list/{query}")
    page.goto(page.locator("a[href*='/births/show/']").first.get_attribute("href"))


def chosen(page):
    """The name of the part that is shown."""
    shown = page.locator(".panel-part").evaluate_all("parts => parts.filter(part => part.offsetParent).map(part => part.id)")
    assert len(shown) == 1
    return shown[0]


def test_the_parts_are_tabs_by_keyboard_and_stand_in_the_address(open_window):
    page = open_window("clerk")
    open_record(page)
    assert chosen(page) == "details"
    page.focus("#tab-details")
    seen = []
    for _part in range(5):
        page.keyboard.press("ArrowRight")
        seen.append(chosen(page))
    assert seen == ["related", "files", "approval", "timeline", "details"]
    page.keyboard.press("End")
    assert chosen(page) == "timeline"
    expect(page).to_have_url(re.compile("#timeline$"))
    assert page.evaluate("document.activeElement.id") == "tab-timeline"
    page.reload()
    assert chosen(page) == "timeline"
    page.focus("#tab-timeline")
    page.keyboard.press("Home")
    assert chosen(page) == "details"


@AT_BOTH_SIZES
@pytest.mark.parametrize("ledger", ["births", "marriages", "people", "household-events", "households"])
def test_every_part_is_sound(open_window, ledger):
    page, wrong = open_window("clerk"), []
    page.goto(f"/{ledger}/list/")
    page.goto(page.locator(f"a[href*='/{ledger}/show/']").first.get_attribute("href"))
    for tab in page.locator(".tabs a").all():
        tab.click()
        wrong += faults(page)
    back = page.locator(".go-back")
    if back.count():
        page.goto(back.last.get_attribute("href"))
        wrong += faults(page)
    assert wrong == []


def test_a_value_is_shown_beside_its_label_for_half_a_minute(open_window):
    page = open_window("clerk")
    page.clock.install()
    open_record(page)
    reveal = page.locator("dd .reveal").first
    reveal.locator("summary").click()
    reveal.locator("input[name=reason]").fill("与证件核对")
    with loaded(page):
        page.keyboard.press("Enter")
    shown = page.locator("[data-mask]")
    expect(shown).to_have_text(re.compile(r"^\d{17}[\dX]$"))
    assert faults(page) == []
    page.clock.fast_forward(31_000)
    expect(shown).to_have_text(re.compile(r"^\d{6}\*{8}\d{3}[\dX]$"))
    expect(page.locator(".revealed")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_birth_prints_on_one_sheet_of_a4(open_window, language):
    page = open_window("clerk", language=language)
    open_record(page)
    with loaded(page):
        page.locator("form[action*='/births/print/'] button").click()
    assert faults(page) == []
    printed = page.pdf(prefer_css_page_size=True)
    assert len(PAGES.findall(printed)) == 1
    assert re.search(r"\d{6}\*{8}\d{3}[\dX]", page.locator(".official").inner_text())
    page.goto(page.locator("a[href*='/births/show/']").first.get_attribute("href") + "?entries=looked#timeline")
    assert page.locator(".history tbody tr").count() >= 1


def test_a_record_page_that_is_printed_shows_every_part_but_its_history(open_window):
    page = open_window("clerk")
    open_record(page)
    page.emulate_media(media="print")
    shown = page.locator(".panel-part").evaluate_all("parts => parts.filter(part => part.offsetHeight > 0).map(part => part.id)")
    assert shown == ["details", "related", "files", "approval"]
