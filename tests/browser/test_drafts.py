"""Nothing typed is lost: not with the server, not with the browser, not with the session; and nothing typed is left in the browser."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from app.core import clock
from tests.browser.conftest import PASSWORD, sign_in
from tests.browser.sound import AT_BOTH_SIZES, PATIENCE, asked_for, faults, loaded, until
from tools.screenshots import free_port, wait_for

MOTHERS = count(1)
KEPT = ".draft-state:not([data-pending]):not(.wrong)"
PER_CHARACTER = 250  # milliseconds; a slow typist
NAME, REMARK = "张测试", "母女平安,出院时已告知随访时间"
REST_AND_SAVE = """() => {
  const { elements } = document.querySelector("form.entry"), now = Date.now;
  elements.remark.value += "。";
  elements.remark.focus();
  Date.now = () => now() + 5000;
  const button = document.querySelector(".entry .buttons button");
  button.focus(); // the page keeps the words and finds that the session has ended, while the form goes off
  button.click();
}"""
STORED = """async () => ({local: {...localStorage}, session: {...sessionStorage}, databases: (await indexedDB.databases()).map(d => d.name),
  caches: await caches.keys()})"""


class Server:
    """An office of its own that can be killed and opened again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        told = {"DATA_DIR": str(folder), "LOG_LEVEL": "ERROR"}
        self.environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATA_KEYS", "SECRET_KEY")} | told
        flask = [str(Path(sys.executable).with_name("flask")), "--app", "run"]
        for command in ("setup", "demo"):
            subprocess.run([*flask, command], env=self.environment, check=True, capture_output=True)
        self.port = free_port()
        self.environment["PORT"] = str(self.port)
        self.process: subprocess.Popen[bytes] | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Serve; a server that is there already goes on."""
        if self.process is None:
            with (self.folder / "server.log").open("a") as log:
                self.process = subprocess.Popen(
                    [sys.executable, "run.py"], env=self.environment, stdout=log, stderr=log, start_new_session=True
                )
            wait_for(self.url)

    def kill(self) -> None:
        """Without a word of warning, as when the current fails."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def ask(self, statement: str) -> list[Any]:
        """What the database says, or does, behind the server's back."""
        with closing(sqlite3.connect(self.folder / "taizhang.db", timeout=PATIENCE)) as connection, connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def office(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The office that is killed."""
    server = Server(tmp_path_factory.mktemp("killed"))
    yield server
    server.kill()


@pytest.fixture
def window(chromium: Any, office: Server, size: tuple[int, str]) -> Iterator[Callable[..., Any]]:
    """`window("clerk")` gives that person's signed-in page, in a browser of its own."""
    office.open()
    office.ask("DELETE FROM form_draft")
    office.ask("DELETE FROM sign_in_throttle")
    contexts = []

    def open_one(user: str = "clerk") -> Any:
        view = {"width": size[0], "height": 768}
        contexts.append(chromium.new_context(base_url=office.url, viewport=view, color_scheme=size[1], locale="zh-CN"))
        page = contexts[-1].new_page()
        sign_in(page, user)
        return page

    yield open_one
    for context in contexts:
        with suppress(Exception):
            context.close()


def typed(page: Any, url: str = "/births/add") -> None:
    """A form into which somebody has begun to type."""
    page.goto(url)
    page.locator("#mother_name").press_sequentially(NAME)
    page.locator("#remark").press_sequentially(REMARK)


def shown(page: Any) -> tuple[str, str]:
    return page.input_value("#mother_name"), page.input_value("#remark")


def kept(page: Any) -> None:
    """Wait until the page says that all its words are on the server."""
    page.locator(KEPT).filter(has_text="已暂存").wait_for()


def refused(page: Any) -> None:
    """Wait until the page has given up sending its form."""
    expect(page.locator("form.entry.checking")).to_have_count(0)


def continued(page: Any) -> None:
    """Go on with the only unfinished form of the workbench."""
    page.goto("/")
    with loaded(page):
        page.click(".unfinished .btn-primary")


def births(office: Server) -> int:
    return int(office.ask("SELECT count(*) FROM birth")[0][0])


# what is lost with what


@AT_BOTH_SIZES
def test_a_form_goes_on_after_the_server_was_killed(window, office):
    page = window()
    typed(page)
    kept(page)
    before = shown(page)
    page.fill("#facility", "县医院")
    kept(page)
    office.kill()
    office.open()
    other = window()
    continued(other)
    assert shown(other) == before == (NAME, REMARK)
    assert other.input_value("#facility") == "县医院"
    assert faults(other) == []


def test_words_typed_while_the_server_is_away_are_kept_when_it_is_back(window, office):
    page = window()
    typed(page)
    kept(page)
    office.kill()
    page.locator("#facility").press_sequentially("县医院")
    page.locator("#mother_name").focus()
    page.wait_for_selector(".draft-state.wrong")
    asked = asked_for(page)
    page.click(".entry .buttons button")
    refused(page)
    page.wait_for_selector(".draft-state.wrong")
    assert asked == []
    assert shown(page) == (NAME, REMARK)
    office.open()
    kept(page)
    other = window()
    continued(other)
    assert other.input_value("#facility") == "县医院"


def test_a_form_goes_on_after_the_browser_was_closed(window):
    page = window()
    typed(page)
    page.locator("#mother_name").focus()
    kept(page)
    page.context.close()
    other = window()
    continued(other)
    assert shown(other) == (NAME, REMARK)


def test_at_most_what_was_typed_since_the_last_word_of_being_kept_is_lost(window, office):
    page, typing, on_server = window(), "一二三四五六七八九十" * 4, 0
    page.goto("/births/add")
    box, said = page.locator("#remark"), page.locator(KEPT).filter(has_text="已暂存")
    for character in typing:
        box.press_sequentially(character, delay=PER_CHARACTER)
        on_server = len(box.input_value()) if said.count() else on_server
    office.kill()
    office.open()
    other = window()
    continued(other)
    came_back = other.input_value("#remark")
    assert typing.startswith(came_back)
    assert len(came_back) >= on_server
    assert (len(typing) - len(came_back)) * PER_CHARACTER <= 5000


def test_nothing_typed_is_put_into_the_browser(window):
    page = window()
    typed(page)
    page.locator("#mother_name").focus()
    kept(page)
    assert page.evaluate(STORED) == {"local": {}, "session": {}, "databases": [], "caches": []}
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"taizhang", "taizhang_look"}
    assert NAME not in str(page.context.cookies()) + page.url


# leaving


def test_leaving_asks_only_while_words_are_not_kept(window, office):
    page, asked = window(), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    typed(page)
    page.locator("#mother_name").focus()
    kept(page)
    page.goto("/births/list/")
    assert asked == []
    page.goto("/births/add")
    page.route("**/drafts/keep", lambda route: route.abort())
    page.locator("#mother_name").press_sequentially("王")
    page.goto("/births/list/")
    assert asked == ["beforeunload"]


def test_words_of_the_last_moment_are_kept_while_the_page_goes(window, office):
    page = window()
    page.on("dialog", lambda dialog: dialog.accept())
    page.clock.install()
    page.goto("/births/add")
    page.clock.pause_at(clock.now() + timedelta(minutes=1))  # what is kept every few seconds is not kept any more
    page.locator("#mother_name").press_sequentially(NAME)
    assert office.ask("SELECT id FROM form_draft") == []
    page.goto("/births/list/")
    until(page, lambda: office.ask("SELECT id FROM form_draft"))
    continued(page)
    assert page.input_value("#mother_name") == NAME


# the session


def end_sessions(office: Server) -> None:
    office.ask("UPDATE user_session SET ended_at = started_at, end_reason = 'test' WHERE ended_at IS NULL")


def birth(page: Any) -> None:
    """A whole birth of another mother each time, typed by somebody who never rests: the same again would be asked about.

    Whoever rests is asked for the password by the page itself, before the form is sent.
    """
    page.clock.set_fixed_time(clock.now())
    page.goto("/births/add")
    n = next(MOTHERS)
    days = {"mother_birth_date": f"1995-06-{n:02}", "born_on": (clock.today() - timedelta(days=9 * n)).isoformat()}
    for name, value in {"mother_name": NAME, "remark": REMARK, **days}.items():
        page.fill(f"#{name}", value)
    for name, value in {"child_order": "1", "plurality": "1", "plural_seq": "1"}.items():
        page.fill(f"#{name}", value)
    page.select_option("#mother_id_type", "9", force=True)
    page.select_option("#sex", "2", force=True)
    place(page)


def place(page: Any) -> None:
    """Choose where the mother lives, as the picker does."""
    page.evaluate("""async () => {
      const box = document.querySelector("#mother_region");
      const found = (await (await fetch(box.dataset.url)).json()).results.find((one) => /村|社区/.test(one.text));
      box.append(new Option(found.text, found.id, true, true));
      jQuery(box).trigger("change");
    }""")


def press_save(page: Any) -> None:
    page.locator(".entry .buttons button[type=submit], .entry .buttons button:not([type])").first.click()


@AT_BOTH_SIZES
def test_signing_in_in_place_saves_the_words_once(window, office):
    page, before = window(), births(office)
    birth(page)
    end_sessions(office)
    press_save(page)
    page.wait_for_selector("dialog.sign-in-again[open]")
    assert faults(page) == []
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.locator("#again-error", has_text="密码").wait_for()
    page.keyboard.type(PASSWORD)
    with loaded(page, "/births/show/"):
        page.keyboard.press("Enter")
    assert births(office) == before + 1
    assert office.ask("SELECT id FROM form_draft") == []


def rest_without_session(page, office):
    """A birth is typed and kept, and the session has ended since."""
    birth(page)
    page.locator("#mother_name").focus()
    kept(page)
    end_sessions(office)


def test_signing_in_saves_the_words_of_whoever_rested_before(window, office):
    page, before = window(), births(office)
    rest_without_session(page, office)
    page.evaluate(REST_AND_SAVE)
    page.wait_for_selector("dialog.sign-in-again[open]")
    page.keyboard.type(PASSWORD)
    with loaded(page, "/births/show/"):
        page.keyboard.press("Enter")
    assert births(office) == before + 1


def test_words_on_their_way_while_one_signs_in_hold_no_save_up(window, office):
    page, before, held = window(), births(office), []
    birth(page)
    end_sessions(office)
    press_save(page)
    page.wait_for_selector("dialog.sign-in-again[open]")
    page.route("**/drafts/keep", lambda route: held.extend([route]), times=1)
    until(page, lambda: held)  # sent for the session that has ended
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.sign-in-again", state="hidden")
    with loaded(page, "/births/show/"):
        held[0].continue_()
    assert births(office) == before + 1


def test_whoever_does_not_sign_in_keeps_the_page_as_it_is(window, office):
    page = window()
    birth(page)
    end_sessions(office)
    press_save(page)
    page.wait_for_selector("dialog.sign-in-again[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.sign-in-again", state="hidden")
    refused(page)
    assert shown(page) == (NAME, REMARK)
    press_save(page)
    page.wait_for_selector("dialog.sign-in-again[open]")


def test_another_person_gets_an_empty_form(window, office):
    page, before = window(), births(office)
    rest_without_session(page, office)
    other = page.context.new_page()
    sign_in(other, "neighbour")
    page.once("dialog", lambda dialog: dialog.accept())
    with loaded(page):
        press_save(page)
    assert page.input_value("#mother_name") == ""
    assert births(office) == before


def test_a_session_renewed_in_another_window_costs_no_question(window, office):
    page, before = window(), births(office)
    birth(page)
    end_sessions(office)
    sign_in(page.context.new_page(), "clerk")
    with loaded(page, "/births/show/"):
        press_save(page)
    assert births(office) == before + 1


def test_without_a_script_the_form_is_filled_after_signing_in(chromium, window, office):
    context = chromium.new_context(base_url=office.url, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "clerk")
    page.goto("/births/add")
    page.fill("#mother_name", NAME)
    page.fill("#remark", REMARK)
    end_sessions(office)
    with loaded(page):
        press_save(page)
    page.fill("#username", "clerk")
    page.fill("#password", PASSWORD)
    with loaded(page):
        page.keyboard.press("Enter")
    assert shown(page) == (NAME, REMARK)
    context.close()


# saving


def test_a_double_click_saves_once_and_leaves_no_draft(window, office):
    page, before = window(), births(office)
    birth(page)
    asked = asked_for(page)
    with loaded(page, "/births/show/"):
        page.locator(".entry .buttons button").first.dblclick()
    assert [url.rpartition("/births/")[2][:5] for url in asked] == ["add", "show/"]
    assert births(office) == before + 1
    assert office.ask("SELECT id FROM form_draft") == []


@AT_BOTH_SIZES
def test_two_who_change_one_birth_settle_it_field_by_field(window, office):
    page, other = window(), window()
    birth(page)
    with loaded(page, "/births/show/"):
        press_save(page)
    edit = page.url.replace("/show/", "/edit/")
    page.goto(edit)
    other.goto(edit)
    other.fill("#remark", "她写的")
    other.fill("#facility", "县医院")
    with loaded(other, "/births/show/"):
        press_save(other)
    page.fill("#remark", "我写的")
    with loaded(page):
        press_save(page)
    expect(page.locator("#comparison tbody tr")).to_have_count(1)
    assert page.locator("#comparison").inner_text().count("她写的") == 1
    assert faults(page) == []
    assert page.input_value("#facility") == "县医院"
    page.check("input[name=take_remark][value=mine]")
    with loaded(page, "/births/show/"):
        press_save(page)
    told = page.locator("main").inner_text()
    assert "我写的" in told
    assert "县医院" in told


def test_a_row_offers_the_words_that_were_begun_first(window):
    page = window()
    birth(page)
    with loaded(page, "/births/show/"):
        press_save(page)
    edit = page.url.replace("/show/", "/edit/")
    page.goto(edit)
    page.locator("#remark").press_sequentially("补充")
    page.locator("#mother_name").focus()
    kept(page)
    page.goto(edit)
    expect(page.locator("form.entry")).to_have_count(0)
    assert faults(page) == []
    with loaded(page):
        page.click(".waiting .btn-primary")
    assert page.input_value("#remark").startswith("补充")
    page.goto(edit)
    with loaded(page):
        page.click(".waiting .btn-default")
    assert not page.input_value("#remark").startswith("补充")


def test_the_office_answers_after_all_of_this(office):
    office.open()
    with urlopen(f"{office.url}/health", timeout=PATIENCE) as answer:  # noqa: S310  (our own address)
        assert answer.status == 200
