"""Dark on light, light on dark, or as the system says: kept by the browser, on every page, before signing in too."""

import pytest

from tests.conftest import Client


def theme(page):
    """What the page says of its colours, or nothing."""
    return next((look for look in ("light", "dark") if f'data-theme="{look}"' in page), "")


def choose(browser, look, came_from="http://localhost/"):
    """Press the button of a page."""
    return browser.http.post("/own/look", data={**browser.hidden("/"), "look": look}, headers={"Referer": came_from})


@pytest.fixture
def browser(app):
    return Client(app, "clerk")


def test_a_page_follows_the_system_until_somebody_chooses(browser):
    assert theme(browser.get("/").text) == ""


@pytest.mark.parametrize("look", ["light", "dark"])
def test_what_was_chosen_holds_on_every_page_and_after_signing_out(browser, look):
    assert choose(browser, look, came_from="http://localhost/people/list/").headers["Location"] == "/people/list/"
    assert theme(browser.get("/people/list/").text) == look
    browser.send("/logout/", "/")
    assert theme(browser.get("/login/").text) == look


@pytest.mark.parametrize("look", ["", "pink"])
def test_anything_else_is_as_the_system_says(browser, look):
    choose(browser, "dark")
    choose(browser, look)
    assert theme(browser.get("/").text) == ""


def test_nobody_is_led_elsewhere(browser):
    assert choose(browser, "dark", came_from="https://example.org/").headers["Location"] == "/"
