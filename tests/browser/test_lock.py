"""The lock screen: who goes away leaves nothing to be read and no session, and finds the page again as it was, word for word."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.browser.sound import AT_BOTH_SIZES, asked_for, faults, loaded, until

JSON = {"Accept": "application/json"}
LOCK, LOCKED, TITLE = "dialog.sign-in-again", "dialog.sign-in-again.locked[open]", "屏幕已锁定"
NAME, REMARK = "张测试", "母女平安,出院时已告知随访时间"
MINUTES = 10
SHOW_ID_NUMBER = "dd .reveal"
DUMB = """() => {
  const post = BroadcastChannel.prototype.postMessage;
  BroadcastChannel.prototype.postMessage = function (words) { if (!window.isDumb) post.call(this, words); };
}"""
FROM_MEMORY = "() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


@pytest.fixture
def window(chromium, address, size):
    """`window("clerk")` gives that person's signed-in page with a clock that the test turns, in a browser of its own."""
    contexts = []

    def open_one(user: str = "clerk") -> Any:
        view = {"width": size[0], "height": 768}
        contexts.append(chromium.new_context(base_url=address, viewport=view, color_scheme=size[1], locale="zh-CN"))
        contexts[-1].clock.install()
        page = contexts[-1].new_page()
        sign_in(page, user)
        return page

    yield open_one
    for context in contexts:
        context.close()


def wait_minutes(page: Any, minutes: int = MINUTES) -> None:
    """Nobody does anything for so long."""
    page.clock.fast_forward(minutes * 60_000)


def typed(page: Any) -> None:
    """A form into which somebody has begun to type."""
    page.goto("/births/add")
    page.locator("#mother_name").press_sequentially(NAME)
    page.locator("#remark").press_sequentially(REMARK)


def shown(page: Any) -> tuple[str, str]:
    return page.input_value("#mother_name"), page.input_value("#remark")


def who(page: Any) -> str:
    """Who is signed in with the cookie of this browser."""
    return str(page.context.request.get("/login/", headers=JSON).json()["user"])


def is_locked(page: Any) -> None:
    """Covered, and the session has ended."""
    expect(page.locator(LOCKED)).to_be_visible()
    for_nobody(page)


def for_nobody(page: Any) -> None:
    """Wait until nobody is signed in with the cookie of this browser."""
    until(page, lambda: who(page) == "")


def acts(urls: list[str]) -> list[str]:
    """What was done to the words and to the session, in its order; checks of what was typed go their own way."""
    return [name for url in urls if (name := url.rstrip("/").rpartition("/")[2]) in ("keep", "logout")]


def is_open(page: Any) -> None:
    expect(page.locator(LOCK)).to_be_hidden()


def sign_in_over(page: Any, password: str = PASSWORD, account: str = "") -> None:
    if account:
        page.fill("#again-account", account)
    page.fill("#again-password", password)
    page.keyboard.press("Enter")


@AT_BOTH_SIZES
def test_a_page_that_was_left_is_covered_and_comes_back_word_for_word(window):
    page = window()
    typed(page)
    page.evaluate("scrollTo(0, 150)")
    place, address, title = page.evaluate("scrollY"), page.url, page.title()
    wait_minutes(page)
    is_locked(page)
    assert faults(page) == []
    sign_in_over(page, "wrong")
    expect(page.locator("#again-error")).to_contain_text("密码")
    expect(page.locator("#remark")).to_be_hidden()
    sign_in_over(page)
    is_open(page)
    assert shown(page) == (NAME, REMARK)
    expect(page.locator("#remark")).to_be_focused()
    assert (page.evaluate("scrollY"), page.url, page.title()) == (place, address, title)
    page.keyboard.type("。")
    expect(page.locator(".draft-state:not([data-pending]):not(.wrong)")).to_contain_text("已暂存")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_of_a_covered_page_nothing_is_seen_heard_or_printed(window):
    page = window()
    page.goto("/births/list/")
    name = page.locator("table.ledger a.open").first.inner_text()
    page.keyboard.press("?")
    page.keyboard.press("Alt+l")
    is_locked(page)
    assert page.evaluate("() => [...document.querySelectorAll('body > :not(dialog.sign-in-again)')].every(part => part.inert)")
    assert page.evaluate("() => [...document.querySelectorAll('body *:not(dialog.sign-in-again, dialog.sign-in-again *)')].every("
                         "part => getComputedStyle(part).visibility === 'hidden')")  # fmt: skip
    assert name not in page.locator("body").aria_snapshot()
    assert page.title() == TITLE
    page.emulate_media(media="print")
    expect(page.locator("body")).to_be_hidden()
    page.emulate_media(media="screen")
    sign_in_over(page)
    is_open(page)
    expect(page.locator("#keys")).to_be_visible()  # what was open is open again


def test_no_key_and_no_click_takes_the_cover_away(window):
    page = window()
    typed(page)
    page.keyboard.press("Alt+l")
    is_locked(page)
    asked = asked_for(page)
    for key in ("Escape", "Escape", "Control+s", "Control+k", "?", "Alt+n"):
        page.keyboard.press(key)
    page.mouse.click(5, 5)
    page.evaluate("() => document.querySelector('dialog.sign-in-again').close()")
    expect(page.locator(LOCKED)).to_be_visible()
    expect(page.locator("#mother_name")).to_be_hidden()
    assert asked == []


@AT_BOTH_SIZES
def test_the_menu_of_the_person_locks_at_once(window):
    page = window()
    page.goto("/births/list/")
    page.click(".who summary")
    assert faults(page) == []
    page.click(".lock-button")
    is_locked(page)


def test_the_draft_of_another_tab_is_kept_before_the_session_ends(window):
    page = window()
    other, asked = page.context.new_page(), []
    typed(other)
    page.context.on("request", lambda sent: asked.append(sent.url) if sent.method == "POST" else None)
    other.evaluate("() => { document.querySelector('#remark').value = '最后一句'; }")
    page.bring_to_front()
    page.keyboard.press("Alt+l")
    is_locked(page)
    is_locked(other)
    assert "keep" in acts(asked)
    assert acts(asked)[-1] == "logout"
    sign_in_over(page)
    is_open(page)
    page.goto("/")
    with loaded(page):
        page.click(".unfinished .btn-primary")
    assert shown(page) == (NAME, "最后一句")


def test_one_sign_in_uncovers_every_tab_that_went_to_sleep_together(window):
    page = window()
    other = page.context.new_page()
    typed(other)
    wait_minutes(page)
    is_locked(page)
    is_locked(other)
    sign_in_over(other)
    is_open(other)
    is_open(page)
    assert shown(other) == (NAME, REMARK)
    assert who(page) == "clerk"


def test_keys_in_one_tab_keep_the_others_open(window):
    page = window()
    other = page.context.new_page()
    typed(other)
    wait_minutes(page, 6)
    other.keyboard.type("甲")
    wait_minutes(page, 6)  # covers the page at once where it has heard nothing
    is_open(page)
    is_open(other)
    assert who(page) == "clerk"
    wait_minutes(page, 5)
    is_locked(page)


def test_a_tab_that_heard_nothing_asks_before_it_locks(window):
    page = window()
    other = page.context.new_page()
    typed(other)
    other.evaluate(DUMB)
    wait_minutes(page, 6)
    other.evaluate("() => { window.isDumb = true; }")
    other.keyboard.type("甲")
    other.evaluate("() => { window.isDumb = false; }")
    wait_minutes(page, 5)
    expect(page.locator("html.locked")).to_have_count(0)
    assert who(page) == "clerk"


def test_what_a_page_does_by_itself_is_no_activity(window):
    page = window()
    wait_minutes(page, 6)
    page.evaluate("() => fetch(document.querySelector('.bell').dataset.url, {headers: {Accept: 'application/json'}})")
    page.evaluate("() => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true}))")
    wait_minutes(page, 5)
    is_locked(page)


@pytest.mark.parametrize("waking", ["focus", "visibilitychange", "key"])
def test_a_machine_that_slept_is_locked_when_it_wakes_up(window, waking):
    page = window()
    typed(page)
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 3600000; }")  # the timers know nothing of that hour
    if waking == "key":
        page.keyboard.press("a")
    else:
        page.evaluate("(name) => (name === 'focus' ? window : document).dispatchEvent(new Event(name))", waking)
    is_locked(page)
    sign_in_over(page)
    is_open(page)
    assert shown(page) == (NAME, REMARK)


def test_somebody_else_gets_the_home_page_in_every_tab(window, address):
    page = window()
    other = page.context.new_page()
    typed(page)
    other.goto("/births/list/")
    page.bring_to_front()
    page.keyboard.press("Alt+l")
    is_locked(page)
    is_locked(other)
    with loaded(other), loaded(page):
        sign_in_over(page, account="neighbour")
    for tab in (page, other):
        expect(tab).to_have_url(f"{address}/")
        expect(tab.locator(".who-name")).to_have_text("经办员 · 鸦鹊岭镇")
        is_open(tab)
    page.go_back()
    assert NAME not in page.content()
    page.goto("/")
    expect(page.locator(".unfinished")).to_have_count(0)


def test_an_office_that_does_not_answer_covers_the_page_all_the_same(window):
    page = window()
    typed(page)
    page.context.set_offline(True)
    page.keyboard.type("断")
    page.keyboard.press("Alt+l")
    expect(page.locator(LOCKED)).to_be_visible()
    expect(page.locator("#again-error")).to_contain_text("没有应答")
    sign_in_over(page)
    page.focus("#again-account")
    page.clock.fast_forward(3000)
    expect(page.locator("#again-password")).to_be_focused()  # again, for another try
    expect(page.locator("#again-error")).to_contain_text("没有应答")
    expect(page.locator("#remark")).to_be_hidden()
    assert who(page) == "clerk"  # asked past the page
    sent: list[str] = []
    page.on("requestfinished", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.context.set_offline(False)
    is_locked(page)
    expect(page.locator("#again-error")).to_be_empty()
    until(page, lambda: "logout" in acts(sent))
    assert acts(sent) == ["keep", "logout"]
    sign_in_over(page)
    is_open(page)
    assert shown(page) == (NAME, REMARK + "断")


def test_whoever_reloads_a_page_that_is_not_locked_at_the_office_yet_ends_its_session(window):
    page = window()
    page.route("**/login/", lambda route: route.abort())
    page.keyboard.press("Alt+l")
    expect(page.locator("#again-error")).to_contain_text("没有应答")
    assert who(page) == "clerk"
    page.reload()
    for_nobody(page)


def test_a_revealed_number_does_not_come_back(window):
    page = window()
    page.goto("/births/list/")
    with loaded(page):
        page.locator("a.open").first.click()
    page.locator(f"{SHOW_ID_NUMBER} summary").first.click()
    page.locator(f"{SHOW_ID_NUMBER} input[name=reason]").first.fill("与证件核对")
    with loaded(page):
        page.keyboard.press("Enter")
    expect(page.locator(".revealed")).to_have_count(1)
    page.keyboard.press("Alt+l")
    is_locked(page)
    sign_in_over(page)
    is_open(page)
    expect(page.locator(".revealed")).to_have_count(0)
    expect(page.locator("[data-mask]")).to_contain_text("****")


def test_a_tab_that_is_opened_beside_a_locked_one_is_covered(window):
    page = window()
    page.route("**/logout/", lambda route: route.abort())
    page.keyboard.press("Alt+l")
    expect(page.locator(LOCKED)).to_be_visible()
    other = page.context.new_page()
    other.goto("/births/list/")
    expect(other.locator(LOCKED)).to_be_visible()
    other.clock.fast_forward(10_000)
    is_locked(other)  # which has ended the session in place of the first
    page.unroute("**/logout/")
    sign_in_over(other)
    is_open(other)
    is_open(page)


def test_a_page_out_of_the_memory_of_the_browser_shows_nothing_once_the_session_has_ended(window):
    page = window()
    page.goto("/births/list/")
    page.evaluate(FROM_MEMORY)
    is_open(page)
    page.context.request.post("/logout/", form={"csrf_token": page.input_value("input[name=csrf_token] >> nth=0")})
    page.evaluate(FROM_MEMORY)
    is_locked(page)
    sign_in_over(page)
    is_open(page)


def test_signing_in_beside_a_locked_page_uncovers_it(window):
    page = window()
    typed(page)
    page.keyboard.press("Alt+l")
    is_locked(page)
    sign_in(page.context.new_page(), "clerk")
    is_open(page)
    assert shown(page) == (NAME, REMARK)


def test_the_sign_in_page_is_never_locked(window, chromium, address):
    context = chromium.new_context(base_url=address, locale="zh-CN")
    context.clock.install()
    page = context.new_page()
    page.goto("/login/")
    wait_minutes(page, 30)
    page.keyboard.press("Alt+l")
    page.fill("#username", "clerk")
    expect(page.locator("dialog")).to_have_count(0)
    context.close()


def on_its_way(page: Any, address: str) -> Any:
    """The page asks for another one, which the office has answered and which has not arrived. Answers what lets it arrive."""
    held: list[Any] = []
    page.route(address, lambda route: held.extend([route]))  # the driver marks what it calls, which no built-in method allows
    page.evaluate("(address) => { setTimeout(() => location.assign(address)); }", address)
    until(page, lambda: held)
    answer = held[0].fetch()
    return lambda: held[0].fulfill(response=answer)


def test_a_page_that_is_on_its_way_takes_no_lock_away(window, address):
    page = window()
    typed(page)
    expect(page.locator(".draft-state:not([data-pending]):not(.wrong)")).to_contain_text("已暂存")
    arrive = on_its_way(page, f"{address}/births/list/")
    page.keyboard.press("Alt+l")
    arrive()
    is_locked(page)
    assert page.url.endswith("/births/add")
    sign_in_over(page)
    is_open(page)
    assert shown(page) == (NAME, REMARK)


def test_a_form_that_was_on_its_way_can_be_sent_again(window):
    page = window()
    page.goto("/births/add")
    page.evaluate("() => document.querySelector('form.entry').classList.add('sending')")
    page.keyboard.press("Alt+l")
    is_locked(page)
    sign_in_over(page)
    is_open(page)
    expect(page.locator("form.entry.sending")).to_have_count(0)


def test_a_tab_that_was_being_opened_when_the_session_ended_is_covered(window, address):
    page = window()
    other = page.context.new_page()
    arrive = on_its_way(other, f"{address}/births/list/")
    page.bring_to_front()
    page.keyboard.press("Alt+l")
    is_locked(page)
    arrive()
    expect(other.locator(LOCKED)).to_be_visible()
    sign_in_over(other)
    is_open(other)
    is_open(page)
