"""Every page of every role as a browser shows it: nothing to complain of for a checker of accessibility, nothing cut off, one language."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

SIZES = [pytest.param(1366, "light", id="desk"), pytest.param(360, "dark", id="phone in the dark")]
ROLES = ("clerk", "supervisor", "clinician", "admin")  # the others open fewer of the same pages
MOST = 40  # pages of one role
UNSEEN = ".table-scroll, option, select, .sr-only, .select2-hidden-accessible"  # what scrolls, and what only a reader hears
CUT_OFF = """(unseen) => [...document.querySelectorAll("main *, .bar *, .menu *")].filter(e => {
  const style = getComputedStyle(e), says = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const shown = style.display !== "inline" && style.visibility !== "hidden" && e.clientWidth && !e.closest(unseen);
  return says && shown && e.scrollWidth > e.clientWidth + 1;
}).map(e => `${e.tagName} ${e.className}: ${e.textContent.trim().slice(0, 40)}`)"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def places(page) -> list[str]:
    """The pages this person may open: those of the menu, one's own account, search, help."""
    found = page.eval_on_selector_all(".menu a[href]", "links => links.map(a => a.getAttribute('href'))")
    return [*dict.fromkeys(url for url in found if url.startswith("/")), "/own/", "/own/password", "/search/", "/help/", "/help/clerk"][
        :MOST
    ]


@pytest.mark.parametrize(("width", "look"), SIZES)
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_sound(open_window, role, width, look):
    page, wrong = open_window(role, width=width, look=look), []
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


def faults(page) -> list[str]:
    """What is wrong with the page that is open."""
    told = Axe().run(page).response["violations"]
    found = [f"{page.url} {rule['id']}: {node['html'][:160]}" for rule in told for node in rule["nodes"]]
    found += [f"{page.url} cut off: {said}" for said in page.evaluate(CUT_OFF, UNSEEN)]
    return found + ([f"{page.url} is wider than the window"] if page.evaluate(WIDE) > 0 else [])
