"""Every page of every role: in one language, well labelled, safe to send, loading nothing from elsewhere; what waits on the home page."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from app.core import regions
from app.core.audit import acting
from app.core.permissions import SHIPPED
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.demo import REGIONS
from tests.cast import A1, CAST
from tests.conftest import EVERYWHERE, Client
from tests.factories.births import make_birth, make_registration, user
from tests.factories.families import make_death, make_marriage
from tests.factories.households import make_event, make_household
from tests.factories.maternity import do, make_newlywed, make_pregnancy
from tests.factories.moves import make_move, make_transfer
from tests.factories.pairs import pair_of, proposed
from tests.factories.people import make_person
from tests.reader import Page

ROLES = ("clerk", "supervisor", "approver", "service_worker", "clinician", "auditor", "statistician", "admin")
MANY = 120  # pages of one role; a crawl that finds more walks in circles
NAME = "测测"
PLACES = [row["name"] for row in csv.DictReader(REGIONS.read_text(encoding="utf-8").splitlines())]
DATA = sorted(
    [
        NAME,
        f"{NAME}之女",
        *PLACES,
        *CAST,
        "台账 Taizhang",
        "中文",
        "English",
        "Alt+P",
        "Alt+Y",
        "Werkzeug",
        *("PDF", "JPEG", "PNG", "KB", "MB"),
        "seed",
        "setup",
        "a reason",
        *(role.name for role in SHIPPED),
        *("Ctrl", "Shift", "Enter", "Alt", "Esc"),  # what stands on the keys
    ],
    key=len,
    reverse=True,
)
APP = Path(__file__).parent.parent / "app"
INLINE = re.compile(r"""<style\b|\bstyle\s*=\s*["'{]|setAttribute\(["']style|\.cssText""")
LATIN = re.compile(r"[A-Za-z]{2,}(?:[ ,.'-]+[A-Za-z]+)*")
CHINESE = re.compile("[\u4e00-\u9fff]+")
KEYS = ("/history/", "/history/accounts/")  # tell tables and fields by the keys of the audit, which stay English
UNSENT = ("/lang/", "/back", "/static/")


@pytest.fixture(scope="module")
def office(shared_app: Flask) -> Flask:
    """A row of every ledger, births in several states, with a name that nobody takes for a word of ours."""
    with shared_app.app_context(), looking_as(EVERYWHERE), acting("seed"), unit_of_work() as session:
        first = make_person(session, office=A1, name=NAME)
        doubles = [make_person(session, office=A1, name=NAME, id_no=None) for _twice in range(2)]
        session.flush()
        proposed(session, first, doubles[0])
        make_transfer(session, make_person(session, office=A1, name=NAME), reason=NAME)
        make_move(session, person_name=NAME, other_place=NAME, status=Status.submitted)
        pair_of(session, *doubles)
        make_registration(session, woman_name=NAME, region=regions.by_code(session, A1), status=Status.submitted)
        make_death(session, person_name=NAME, status=Status.submitted)
        make_pregnancy(session, woman_name=NAME, status=Status.submitted)
        make_newlywed(session, wife_name=NAME, husband_name=None)
        do(make_pregnancy(session), "withdraw_consent", user(session, "service_worker"))
        make_marriage(session, wife_name=NAME, husband_name=NAME, status=Status.approved)
        make_event(session, make_household(session, person_name=NAME), person_name=NAME, status=Status.submitted)
        for month, status in enumerate((Status.draft, Status.draft, Status.submitted, Status.approved), start=1):
            make_birth(session, mother_name=NAME, born_on=date(2026, month, 5), status=status)
    return shared_app


@pytest.fixture(scope="module")
def crawled(office: Flask) -> Callable[[str, str], list[tuple[str, Page]]]:
    """`crawled("clerk", "zh")` gives every page of a role in a language; each crawl is made once."""
    known: dict[tuple[str, str], list[tuple[str, Page]]] = {}

    def pages_of(role: str, language: str) -> list[tuple[str, Page]]:
        if (role, language) not in known:
            browser = Client(office, role)
            browser.get(f"/lang/{language}")
            known[role, language] = pages(browser)
        return known[role, language]

    return pages_of


def crawl(browser) -> Iterator[tuple[str, Page]]:
    """Every page that links lead to, from the home page on; a list's other orders and pages count as the list."""
    waiting, seen = deque(["/"]), {"/"}
    while waiting:
        path = waiting.popleft()
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        page = Page(answer.text)
        yield path, page
        for link in (link.partition("?")[0].partition("#")[0] for link in page.links):
            if link.startswith("/") and link not in seen and not link.startswith(UNSENT):
                seen.add(link)
                waiting.append(link)
        assert len(seen) < MANY, sorted(seen)


def pages(browser) -> list[tuple[str, Page]]:
    """The crawl, and every form sent empty: its errors belong to the page."""
    found = list(crawl(browser))
    empty = [path for path, _page in found if path.endswith("/add")]
    return found + [(f"{path} sent empty", Page(browser.send(path).text)) for path in empty]


def foreign(page: Page, letters: re.Pattern[str]) -> list[str]:
    """The words in the other language's letters that are no data."""
    found = []
    for words in page.words:
        rest = words
        for known in DATA:
            rest = rest.replace(known, "")
        found += letters.findall(rest)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_in_chinese_no_word_is_english(crawled, role):
    assert {path: words for path, page in crawled(role, "zh") if path not in KEYS and (words := foreign(page, LATIN))} == {}


@pytest.mark.parametrize("role", ROLES)
def test_in_english_no_word_is_chinese(crawled, role):
    assert {path: words for path, page in crawled(role, "en") if (words := foreign(page, CHINESE))} == {}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_labelled_and_safe_to_send(crawled, role, language):
    assert {path: found for path, page in crawled(role, language) if (found := faults_of(page))} == {}


def faults_of(page: Page) -> list[object]:
    """What an assistive program, a content policy or a forger would stumble over or make use of."""
    names = [tag for tag, _told in page.tags]
    ids = page.attributes("id")
    return [
        *(f"{tag} is there {names.count(tag)} times" for tag in ("h1", "main") if names.count(tag) != 1),
        *(f"id {i} stands twice" for i in set(ids) if ids.count(i) > 1),
        *([f"this page is there {here} times"] if (here := page.attributes("aria-current").count("page")) > 1 else []),
        *page.nameless(),
        *(f"no token: {form}" for form in page.forms if form.method.lower() == "post" and "csrf_token" not in form.hidden),
        *(f"inline: {told}" for _tag, told in page.tags if "style" in told or any(name.startswith("on") for name in told)),
        *(f"no nonce: {told}" for tag, told in page.tags if tag == "script" and not told.get("nonce")),
        *(
            f"from elsewhere: {url}"
            for url in (*page.attributes("src"), *page.attributes("href"), *page.attributes("action"))
            if "//" in url
        ),
    ]


@pytest.mark.parametrize(("language", "said"), [("zh", "zh-CN"), ("en", "en")])
def test_pages_say_their_language_and_let_one_skip_the_menu(sign_in, language, said):
    browser = sign_in("clerk")
    browser.get(f"/lang/{language}")
    page = Page(browser.get("/").text)
    assert page.attributes("lang")[0] == said
    assert page.links[0] == "#content"


@pytest.mark.parametrize(("language", "sentence"), [("zh", "没有找到该内容"), ("en", "There is nothing here")])
def test_an_error_is_told_in_a_sentence_with_the_menu_beside_it(sign_in, language, sentence):
    browser = sign_in("clerk")
    browser.get(f"/lang/{language}")
    answer = browser.get("/births/show/nothing")
    assert answer.status_code == 404
    assert any(words.startswith(sentence) for words in Page(answer.text).words)
    assert "/births/list/" in Page(answer.text).links


def test_nobody_sees_the_home_page_without_signing_in(app):
    answer = app.test_client().get("/")
    assert answer.status_code == 302
    assert answer.location.startswith("/login/")


def test_signing_out_is_a_form_not_a_link(sign_in):
    page = Page(sign_in("clerk").get("/").text)
    assert [form.method for form in page.forms if form.action == "/logout/"] == ["post"]
    assert "/logout/" not in page.links


def test_what_one_reader_may_do_is_not_what_the_next_one_may(sign_in):
    """A template is compiled once, for the first reader who comes."""
    clerk, supervisor = (Page(sign_in(who).get("/reports/births-monthly").text) for who in ("clerk", "supervisor"))
    assert [form.action for form in supervisor.forms if form.action.endswith("/submit")] == ["/reports/births-monthly/submit"]
    assert [form.action for form in clerk.forms if form.action.endswith("/submit")] == []


def test_no_template_and_no_script_writes_an_inline_style():
    """The content policy allows none; a style belongs into the one style sheet."""
    sources = [path for folder in ("templates", "static/js") for path in (APP / folder).rglob("*") if path.is_file()]
    assert len(sources) > 60
    assert {path.name for path in sources if INLINE.search(path.read_text(encoding="utf-8"))} == set()
