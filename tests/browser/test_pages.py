"""Every page of every role as a browser shows it: nothing to complain of for a checker of accessibility, nothing cut off, one language."""

import re

import pytest

from tests.browser.sound import AT_BOTH_SIZES, faults

ROLES = ("clerk", "supervisor", "clinician", "admin")  # the others open fewer of the same pages
MOST = 40  # pages of one role


def places(page) -> list[str]:
    """The pages this person may open: those of the menu, one's own account, search, help."""
    found = page.eval_on_selector_all(".menu a[href]", "links => links.map(a => a.getAttribute('href'))")
    return [*dict.fromkeys(url for url in found if url.startswith("/")), "/own/", "/own/password", "/search/", "/help/", "/help/clerk"][
        :MOST
    ]


@AT_BOTH_SIZES
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_sound(open_window, role):
    page, wrong = open_window(role), []
    for url in places(page):
        page.goto(url)
        wrong += faults(page)
        for more in within(page):
            page.goto(more)
            wrong += faults(page)
    assert "\n".join(dict.fromkeys(wrong)) == ""


def within(page) -> list[str]:
    """A form and a record that a list leads to."""
    links = page.eval_on_selector_all("main a[href]", "links => links.map(a => a.getAttribute('href'))")
    wanted = (re.compile("/add$"), re.compile("/show/"), re.compile("/edit/"))
    return [found for pattern in wanted if (found := next((url for url in links if url and pattern.search(url)), None))]


WRONG = """() => document.querySelector("main").insertAdjacentHTML("beforeend", `<p class="cut">${"长".repeat(90)}</p>
  <div class="over"><b>第一行文字</b><b>第二行文字</b></div><img src="/static/icon.svg">`)"""
STYLE = ".cut { width: 60px; overflow: hidden; white-space: nowrap } .over b { display: block; height: 2px; line-height: 20px }"


def test_what_is_wrong_is_seen(chromium, address):
    page = chromium.new_context(base_url=address, bypass_csp=True).new_page()
    page.goto("/login/")
    page.add_style_tag(content=STYLE)
    assert faults(page) == []
    page.evaluate(WRONG)
    told = " ".join(faults(page))
    assert [word in told for word in ("image-alt", "cut off: P cut", "one over the other: 第一行文字 | 第二行文字")] == [True] * 3
    page.context.close()
