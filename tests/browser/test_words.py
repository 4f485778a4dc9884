"""In Chinese, every word a browser shows has a Chinese character in it, but for a short list."""

import re

import pytest

from tests.browser.sound import settle

ROLES = ("clerk", "supervisor", "approver", "worker", "clinician", "auditor", "admin")
MANY = 60  # pages of one role
KNOWN = {  # what stands without a Chinese character, and why
    "English": "the name of the other language, in that language",
    "Ctrl K": "what stands on the keys",
    **dict.fromkeys(
        ("clerk", "supervisor", "neighbour", "approver", "worker", "clinician", "auditor", "admin", "demo"), "names of accounts"
    ),
    "setup": "the command that made a row, in the history",
    "JPEG": "kinds of files are called so",
}
SEEN = re.compile(r"(?:\S+\+)?(?:Ctrl|Shift|Alt|Enter|Esc|Tab)(?:\+\S+)?")  # keys
DATA = re.compile(
    r"(?:[A-Z]{0,3}\d[\d*X-]*|[\d.:,%/ +−*-]+|[a-z_]+\.(?:pdf|png|jpe?g)|Mozilla/.*)", re.ASCII
)  # numbers, certificates, files of the demo, what a browser calls itself
LETTERS = re.compile("[A-Za-z]")
CHINESE = re.compile("[\u4e00-\u9fff]")
TEXTS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement, said = walker.currentNode.textContent.trim();
    if (said && holder.checkVisibility({checkVisibilityCSS: true}) && !holder.closest("script, style, template")) found.push(said);
  }
  for (const name of ["placeholder", "title", "aria-label", "alt"]) {
    document.querySelectorAll(`[${name}]`).forEach((element) => found.push(element.getAttribute(name)));
  }
  return found;
}"""
KEYS_OF_THE_HISTORY = ("/history/", "/history/accounts/")  # tables and fields by their keys, which stay English


def strange(texts: list[str]) -> set[str]:
    """What is neither Chinese nor known nor data."""
    rest = {text for text in texts if LETTERS.search(text) and not CHINESE.search(text)}
    rest = {text for text in rest if not all(word in KNOWN for word in text.split(", "))}
    return {text for text in rest if not SEEN.fullmatch(text) and not DATA.fullmatch(text) and len(text) > 1}


def pages(page) -> list[str]:
    """Every address that links of this page lead to, without its question."""
    found = page.eval_on_selector_all("a[href^='/']", "links => links.map(a => new URL(a.getAttribute('href'), location).pathname)")
    return [url for url in dict.fromkeys(found) if not url.startswith(("/lang/", "/back", "/static/")) and url not in KEYS_OF_THE_HISTORY]


@pytest.mark.parametrize("role", ROLES)
def test_no_text_is_without_a_chinese_character(open_window, role):
    page, waiting, seen, wrong = open_window(role), ["/"], {"/"}, {}
    kinds: dict[str, int] = {}
    while waiting and len(seen) < MANY:
        url = waiting.pop(0)
        page.goto(url)
        settle(page)
        if found := strange(page.evaluate(TEXTS)):
            wrong[url] = found
        for link in pages(page):
            kind = re.sub("[0-9a-f-]{36}|[^/]*$", "", link)
            if link not in seen and kinds.setdefault(kind, 0) < 3:
                kinds[kind] += 1
                seen.add(link)
                waiting.append(link)
    assert not wrong, wrong


@pytest.mark.parametrize("url", ["/login/", "/nothing-here"])
def test_who_is_not_signed_in_reads_chinese_too(chromium, address, url):
    context = chromium.new_context(base_url=address, locale="en-US")
    page = context.new_page()
    page.goto(url)
    assert strange(page.evaluate(TEXTS)) == set()
    context.close()
