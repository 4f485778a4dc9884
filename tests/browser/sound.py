"""When a page is there, and when it is sound: nothing for a checker of accessibility, nothing cut off, nothing over something else."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SIZES = [pytest.param((1366, "light"), id="desk"), pytest.param((360, "dark"), id="phone in the dark")]
AT_BOTH_SIZES = pytest.mark.parametrize("size", SIZES, indirect=True)  # with the fixture `size`, which every window asks
UNSEEN = ".table-scroll, option, select, .sr-only, .select2-hidden-accessible, .narrow .menu-word"  # scrolled, or only heard
CUT_OFF = """(unseen) => [...document.querySelectorAll("main *, .bar *, .menu *")].filter(e => {
  const style = getComputedStyle(e), says = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const shown = style.display !== "inline" && style.visibility !== "hidden" && e.clientWidth && !e.closest(unseen);
  return says && shown && e.scrollWidth > e.clientWidth + 1;
}).map(e => `${e.tagName} ${e.className}: ${e.textContent.trim().slice(0, 40)}`)"""
COVERED = """(unseen) => {
  const floats = e => { for (; e && e.matches("main *, .bar *, .menu *"); e = e.parentElement)
    if (["absolute", "fixed", "sticky"].includes(getComputedStyle(e).position)) return true; return false; };
  const lines = e => [...e.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim()).flatMap(n => {
    const range = document.createRange(); range.selectNodeContents(n); return [...range.getClientRects()]; });
  const says = e => !e.closest(unseen) && e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && lines(e).length;
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
  const told = [];
  for (const e of document.querySelectorAll("main *, .bar *, .menu *")) {
    if (!says(e) || floats(e)) continue;
    for (let other = e.nextElementSibling; other; other = other.nextElementSibling)
      if (says(other) && !floats(other) && lines(e).some(a => lines(other).some(b => meet(a, b))))
        told.push(`${e.textContent.trim().slice(0, 30)} | ${other.textContent.trim().slice(0, 30)}`);
  }
  return told;
}"""
PICKERS_STAND = "() => new Promise(done => { if (window.jQuery) jQuery(() => setTimeout(done)); else done(); })"
PATIENCE = 30  # seconds that a busy machine may take
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def loaded(page: Any, address: str = "") -> Iterator[None]:
    """What is done within leads to another document, whose scripts have run afterwards; its address has this in it.

    `expect_navigation` is content with an address that a script writes into the document that is being left.
    """
    with page.expect_event("load"):
        yield
    if address:
        expect(page).to_have_url(re.compile(re.escape(address)))


def asked_for(page: Any) -> list[str]:
    """The addresses of the documents that this page asks for from now on; the list grows as it does."""
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if sent.is_navigation_request() else None)
    return asked


def until(page: Any, happened: Callable[[], Any]) -> None:
    """Wait for what no page shows. Fails where it does not happen."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        page.wait_for_timeout(20)


def settle(page: Any) -> None:
    """Pickers are made a moment after the page has loaded, panels are put into place a moment after they have opened."""
    page.evaluate(PICKERS_STAND)


def faults(page: Any) -> list[str]:
    """What is wrong with the page, in the state it is in."""
    settle(page)
    told = Axe().run(page).response["violations"]
    found = [f"{page.url} {rule['id']}: {node['html'][:160]}" for rule in told for node in rule["nodes"]]
    found += [f"{page.url} cut off: {said}" for said in page.evaluate(CUT_OFF, UNSEEN)]
    found += [f"{page.url} one over the other: {said}" for said in page.evaluate(COVERED, UNSEEN)]
    return found + ([f"{page.url} is wider than the window"] if page.evaluate(WIDE) > 0 else [])
