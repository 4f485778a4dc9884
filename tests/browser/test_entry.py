"""The entry form at the keyboard: no mouse, no lost value, no box left while a pinyin candidate is open."""

import re
from datetime import date, timedelta
from itertools import count

import pytest
from playwright.sync_api import expect

from app.core import clock
from tests.browser.sound import AT_BOTH_SIZES, faults, loaded, settle, until
from tests.factories.people import id_number_for
from tests.figures import figure

VILLAGE = "420506107001"  # by its statistical code, which needs no input method
MOTHER_BORN = date(1994, 6, 1)
NUMBERS = count(3000)
WATCHED = ("mousedown", "mousemove", "pointerdown", "wheel", "touchstart")
HERE = """() => {
  const e = document.activeElement, open = e.matches(".select2-search__field") && document.querySelector(".select2-container--open");
  return e.name || (open || e).closest("[data-field]")?.dataset.field || e.value || e.tagName;
}"""
COUNT_SENDING = "() => { window.timesSent = 0; addEventListener('submit', () => { window.timesSent += 1; }, true); }"
RECORDS = 100


@pytest.fixture
def hands_off(open_window):
    """A clerk's page that counts what a mouse does: `page, mouse = hands_off()`."""

    def begin(**how):
        page, mouse = open_window("clerk", **how), []
        page.expose_function("mouseWasUsed", lambda name: mouse.append(name))  # noqa: PLW0108  (the driver wants a function of ours)
        names = ", ".join(f"'{name}'" for name in WATCHED)
        page.add_init_script(f"[{names}].forEach(n => addEventListener(n, e => e.isTrusted && window.mouseWasUsed(n), true))")
        return page, mouse

    return begin


def here(page):
    """The box that has the focus."""
    return page.evaluate(HERE)


def is_in(page, name):
    """Wait until this box has the focus."""
    page.wait_for_function(f"name => ({HERE})() === name", arg=name)


def new_form(page):
    """An empty form that counts how often it is sent."""
    page.goto("/births/add")
    page.evaluate(COUNT_SENDING)


def times_sent(page):
    """How often; None where another page has come instead."""
    return page.evaluate("window.timesSent")


def fill_in(page, values):
    """Type these values box by box, with Enter between them; a box without a value is passed by."""
    for name, value in values.items():
        walked = [here(page)]
        while walked[-1] != name:
            assert walked.count(walked[-1]) == 1, walked
            page.keyboard.press("Enter")
            page.wait_for_function(f"before => ({HERE})() !== before", arg=walked[-1])
            walked.append(here(page))
        page.keyboard.type(value)


def hold_pickers(route):
    """Answer jQuery, which makes no picker until it is told to."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text() + "\njQuery.holdReady(true);")


def go_on(page):
    """Save and add another, from wherever one is: in a box of several lines the first Ctrl+Enter leaves it."""
    if here(page) == "remark":
        page.keyboard.press("Control+Enter")
    with loaded(page):
        page.keyboard.press("Control+Enter")


def a_birth(n):
    """What a clerk types of a birth: twenty boxes."""
    born = clock.today() - timedelta(days=40 + n % 300)
    return {
        "mother_id_no": id_number_for(MOTHER_BORN, "2", next(NUMBERS)),
        "mother_name": f"李{'梅兰竹菊松'[n % 5]}{'春夏秋冬'[n % 4]}",
        "mother_birth_date": MOTHER_BORN.isoformat(),
        "mother_region": VILLAGE,
        "child_name": f"王小{'明亮华强'[n % 4]}",
        "sex": "1",
        "born_on": born.isoformat(),
        "born_at": "07:35",
        "child_order": "1",
        "plurality": "1",
        "plural_seq": "1",
        "birth_cert_no": f"K{420000000 + next(NUMBERS)}",
        "weight_g": str(2800 + n),
        "gest_weeks": "39",
        "delivery_mode": "1",
        "birth_place": "1",
        "facility": "龙泉镇卫生院",
        "father_name": "王建国",
        "father_birth_date": "1992-02-03",
        "remark": f"第{n}份",
    }


def saved(page):
    """What this clerk's last record says, as the office holds it."""
    told = page.evaluate("async () => (await (await fetch('/births/previous')).json()).values")
    return {name: pair[0] for name, pair in told.items()}


def kept_of(typed):
    """What of the typed values may be read back: numbers stay behind their masks."""
    return {name: value for name, value in typed.items() if name not in ("mother_id_no", "birth_cert_no", "mother_region")}


# without a mouse


@AT_BOTH_SIZES
def test_a_birth_is_entered_without_a_mouse(hands_off, size):
    page, mouse = hands_off()
    page.goto("/births/add")
    assert here(page) == "mother_id_no"
    typed = a_birth({1366: 201, 360: 231}[size[0]])
    fill_in(page, typed)
    with loaded(page, "/births/show/"):
        page.keyboard.press("Control+s")
    told = saved(page)
    assert {name: told.get(name) for name in kept_of(typed)} == kept_of(typed)
    page_says = page.inner_text("main")
    assert typed["birth_cert_no"] in page_says
    assert f"{typed['mother_id_no'][:6]}********{typed['mother_id_no'][-4:]}" in page_says
    assert mouse == []


@pytest.mark.full
def test_records_are_entered_one_after_the_other_by_keyboard_alone(hands_off):
    page, mouse = hands_off()
    page.goto("/births/add")
    lost = []
    for n in range(figure(RECORDS)):
        typed = a_birth(n)
        fill_in(page, typed)
        go_on(page)
        expect(page, page.inner_text("main")[:400]).to_have_url(re.compile("entered="))
        told = saved(page)
        lost += [(n, name, value, told.get(name)) for name, value in kept_of(typed).items() if told.get(name) != value]
    print(f"\nrecords {figure(RECORDS)}, mouse events {len(mouse)}, lost values {len(lost)}")
    assert (mouse, lost) == ([], [])


def test_enter_and_shift_enter_go_through_the_form_and_back(hands_off):
    page, _mouse = hands_off()
    new_form(page)
    settle(page)
    there = [here(page)]
    for _ in range(page.locator("form.entry [data-field]").count() - 1):
        page.keyboard.press("Enter")
        there.append(here(page))
    assert there[-1] == "remark"
    page.keyboard.press("Enter")
    assert here(page) == "remark"  # a box of several lines keeps its Enter
    page.keyboard.press("Control+Enter")
    assert here(page) == "then"
    assert len(there) == len(set(there))
    page.focus("[name=remark]")
    back = [here(page)]
    page.keyboard.press("Tab")
    page.focus("[name=reported_on]")
    for _ in there[:-2]:
        back.append(here(page))
        page.keyboard.press("Shift+Enter")
    assert back == there[:0:-1]
    assert here(page) == there[0]
    assert times_sent(page) == 0


def test_shift_enter_leads_back_from_the_button(hands_off):
    page, _mouse = hands_off()
    new_form(page)
    page.focus("button[value=add]")
    page.keyboard.press("Shift+Enter")
    assert here(page) == "remark"
    assert times_sent(page) == 0


def test_a_held_enter_moves_one_box(hands_off):
    page, _mouse = hands_off()
    page.goto("/births/add")
    for _ in range(20):  # a second press without letting go is a repeat
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert here(page) == "mother_id_type"


def test_a_held_enter_presses_the_button_once(hands_off):
    page, _mouse = hands_off()
    new_form(page)
    page.focus("[name=remark]")
    page.keyboard.down("Control")
    for _ in range(10):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.up("Control")
    assert here(page) == "then"  # out of the box, and no further
    assert times_sent(page) == 0


def test_tab_goes_as_it_always_did(hands_off):
    page, _mouse = hands_off()
    page.goto("/births/add")
    page.keyboard.press("Tab")
    assert here(page) == "mother_id_type"
    page.keyboard.press("Tab")
    assert here(page) == "mother_name"


def test_a_picker_is_chosen_from_by_keys(hands_off):
    page, mouse = hands_off()
    page.goto("/births/add")
    fill_in(page, {"mother_region": VILLAGE})
    page.keyboard.press("Enter")
    is_in(page, "child_name")
    assert page.input_value("[name=mother_region]")
    assert mouse == []


def test_whoever_is_in_a_box_when_its_picker_is_made_stays_there(hands_off):
    page, _mouse = hands_off()
    page.route("**/jquery-latest.js*", hold_pickers)
    page.goto("/births/add")
    page.focus("[name=mother_region]")
    page.evaluate("jQuery.holdReady(false)")
    expect(page.locator("[data-field=mother_region] .select2-selection")).to_be_focused()


def test_a_code_is_chosen_by_its_pinyin_or_its_number(hands_off):
    page, _mouse = hands_off()
    page.goto("/births/add")
    page.focus("[name=sex]")
    chosen = []
    for keys in ("n", "2", "1", "nn"):  # a letter after a pause, however long the hand takes, begins anew
        page.keyboard.type(keys)
        chosen.append(page.input_value("[name=sex]"))
    assert chosen == ["1", "2", "1", "2"]


def test_alt_n_opens_a_new_form_from_the_list(hands_off):
    page, _mouse = hands_off()
    page.goto("/births/list/")
    with loaded(page, "/births/add"):
        page.keyboard.press("Alt+n")


# while a pinyin candidate is open


def composing(page, text="ni"):
    """Open a composition, as an input method does."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    return cdp


def press(cdp, key="Enter", code=229, modifiers=0):
    """One key as the browser tells it while an input method has it."""
    for kind in ("rawKeyDown", "keyUp"):
        cdp.send(
            "Input.dispatchKeyEvent", {"type": kind, "key": key, "code": "Enter", "windowsVirtualKeyCode": code, "modifiers": modifiers}
        )


def tell(page, *events):
    """Events as a browser of another kind tells them: ("keydown", {...}) at the box that has the focus."""
    page.evaluate(
        """events => events.forEach(([name, told]) => {
          const kind = name.startsWith("key") ? KeyboardEvent : CompositionEvent;
          document.activeElement.dispatchEvent(new kind(name, { bubbles: true, cancelable: true, ...told }));
        })""",
        events,
    )


ENTER, KEY_229 = {"key": "Enter", "keyCode": 13}, {"key": "Enter", "keyCode": 229}
UP = ("keyup", {"key": "Enter"})
SHIFT = (("keydown", {"key": "Shift", "keyCode": 229}), ("compositionend", {"data": "ni"}))
SCRIPTS = {
    "Enter 229 with an open window": lambda page: press(composing(page)),
    "Process 229 with an open window": lambda page: press(composing(page), key="Process"),
    "Enter 13 with an open window": lambda page: press(composing(page), code=13),
    "Shift+Enter with an open window": lambda page: press(composing(page), modifiers=8),
    "Ctrl+Enter with an open window": lambda page: press(composing(page), modifiers=2),
    "Enter twice with an open window": lambda page: [press(composing(page, text)) for text in ("n", "ni")],
    "Enter after more letters": lambda page: [composing(page, "zh"), press(composing(page, "zhang"))],
    "isComposing": lambda page: tell(page, ("keydown", {**ENTER, "isComposing": True}), UP),
    "229 alone": lambda page: tell(page, ("keydown", KEY_229), UP),
    "WebKit: the end comes before its Enter": lambda page: tell(page, ("compositionend", {"data": "你"}), ("keydown", ENTER), UP),
    "WebKit: the end comes before its Enter 229": lambda page: tell(page, ("compositionend", {"data": "你"}), ("keydown", KEY_229), UP),
    "Shift chooses the letters, then Enter": lambda page: tell(
        page,
        ("keydown", {"key": "Shift", "keyCode": 229}),
        ("compositionend", {"data": "ni"}),
        ("keydown", {**ENTER, "shiftKey": True}),
        UP,
    ),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_candidate_window_never_moves_the_box(hands_off, script):
    page, _mouse = hands_off()
    new_form(page)
    page.focus("[name=mother_name]")
    SCRIPTS[script](page)
    assert here(page) == "mother_name"
    assert times_sent(page) == 0
    page.context.new_cdp_session(page).send("Input.insertText", {"text": "你好"})
    expect(page.locator("[name=mother_name]")).to_have_value(re.compile("你好$"))
    page.keyboard.press("a")  # the key that is let go ends every composition
    page.keyboard.press("Enter")
    assert here(page) == "mother_birth_date"


def test_the_first_key_of_a_pinyin_word_opens_a_picker(hands_off):
    page, _mouse = hands_off()
    page.goto("/births/add")
    page.focus("[data-field=mother_region] .select2-selection")
    tell(page, ("keydown", {"key": "Process", "code": "KeyL", "keyCode": 229}))
    page.wait_for_selector(".select2-container--open .select2-search__field")
    composing(page, "long")
    expect(page.locator(".select2-container--open .select2-search__field")).to_have_value("long")


def test_a_candidate_window_in_a_picker_chooses_nothing(hands_off):
    page, _mouse = hands_off()
    page.goto("/births/add")
    page.focus("[data-field=mother_region] .select2-selection")
    page.keyboard.press("Space")
    page.wait_for_selector(".select2-results__option--highlighted")
    press(composing(page, VILLAGE))
    expect(page.locator(".select2-results__option")).to_have_count(1)  # an Enter that chose would have waited for this answer
    expect(page.locator(".select2-results__option--highlighted")).to_have_count(1)
    settle(page)
    expect(page.locator(".select2-container--open .select2-search__field")).to_be_focused()
    expect(page.locator("[name=mother_region]")).to_have_value("")


def test_saving_keys_wait_for_the_candidate(hands_off):
    page, _mouse = hands_off()
    new_form(page)
    page.focus("[name=mother_name]")
    tell(page, ("keydown", {"key": "s", "code": "KeyS", "ctrlKey": True, "isComposing": True}))
    assert times_sent(page) == 0


# the number, the checks, the buttons


def test_the_number_fills_the_birth_date_and_asks_where_another_was_typed(hands_off):
    page, mouse = hands_off(language="en")
    page.goto("/births/add")
    page.keyboard.type(id_number_for(MOTHER_BORN, "2", next(NUMBERS)))
    page.keyboard.press("Enter")
    expect(page.locator("[name=mother_birth_date]")).to_have_value("1994-06-01")
    page.focus("[name=mother_birth_date]")
    page.keyboard.press("Control+a")
    page.keyboard.type("1994/6/2")
    page.keyboard.press("Enter")
    question = page.locator("[data-field=mother_birth_date] .differs")
    expect(question).to_contain_text("1994-06-01")
    expect(page.locator("[name=mother_birth_date]")).to_have_value("1994/6/2")
    page.keyboard.press("Alt+y")
    expect(question).to_have_count(0)
    expect(page.locator("[name=mother_birth_date]")).to_have_value("1994-06-01")
    assert mouse == []


def test_a_faulty_number_is_told_beside_it_and_in_the_rail_until_it_is_mended(hands_off):
    page, _mouse = hands_off(language="en")
    page.goto("/births/add")
    good = id_number_for(MOTHER_BORN, "2", next(NUMBERS))
    page.keyboard.type(good[:-1] + ("0" if good[-1] != "0" else "1"))
    page.keyboard.press("Enter")
    expect(page.locator("#mother_id_no-error")).to_contain_text("The last character of the ID number does not fit")
    expect(page.locator(".rail-count").first).to_have_text("1")
    expect(page.locator("[name=mother_id_no]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".entry-told")).to_contain_text("Mother's ID number")
    expect(page.locator("#mother_name-error")).to_have_count(0)  # nobody was there yet
    assert faults(page) == []
    page.keyboard.press("Shift+Enter")
    page.keyboard.type(good)
    page.keyboard.press("Enter")
    expect(page.locator("#mother_id_no-error")).to_have_count(0)
    expect(page.locator(".rail-count").first).to_be_hidden()
    expect(page.locator(".entry-told")).to_be_empty()


def test_what_the_rules_said_stays_while_another_box_cannot_be_read(hands_off):
    page, _mouse = hands_off(language="en")
    page.goto("/births/add")
    typed = a_birth(213)
    fill_in(page, {name: typed[name] for name in list(typed)[: list(typed).index("birth_cert_no")]} | {"birth_cert_no": "K1"})
    page.keyboard.press("Enter")
    page.wait_for_selector("#birth_cert_no-error")
    page.keyboard.type("12x")
    page.keyboard.press("Enter")
    expect(page.locator("#weight_g-error")).to_contain_text("Write digits only")
    expect(page.locator("#birth_cert_no-error")).to_contain_text("a capital letter and nine digits")
    page.focus("[name=birth_cert_no]")
    page.keyboard.press("Control+a")
    page.keyboard.type(f"K{420000000 + next(NUMBERS)}")
    page.keyboard.press("Enter")
    expect(page.locator("#birth_cert_no-error")).to_have_count(0)
    expect(page.locator("#weight_g-error")).to_be_visible()


def test_a_late_answer_says_nothing_of_a_box_that_was_filled_in_since(hands_off):
    page, _mouse = hands_off()
    waiting = []
    page.clock.install()
    page.goto("/births/add")
    page.route("**/births/check", lambda route: waiting.append(route))  # noqa: PLW0108  (the driver wants a function of ours)
    page.clock.pause_at(clock.now() + timedelta(minutes=5))
    page.focus("[name=mother_name]")
    page.focus("[name=sex]")
    with page.expect_request("**/births/check"):
        page.clock.run_for(1000)
    page.focus("[name=born_on]")  # the box of the sex was visited, and the next question is not sent yet
    page.evaluate("document.querySelector('[name=sex]').value = '1'")
    until(page, lambda: waiting)
    waiting[0].continue_()
    expect(page.locator("#mother_name-error")).to_be_visible()
    expect(page.locator("#sex-error")).to_have_count(0)


def test_a_person_on_file_is_used_by_a_key(hands_off, open_window):
    page, mouse = hands_off()
    number, name = id_number_for(MOTHER_BORN, "2", next(NUMBERS)), "赵文静"
    page.goto("/people/add")
    fill_in(page, {"id_no": number, "name": name, "residence": VILLAGE})
    page.keyboard.press("Enter")
    is_in(page, "registration")
    with loaded(page, "/people/show/"):
        page.keyboard.press("Control+s")
    page.goto("/births/add")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.locator("[data-field=mother_id_no] .offer")).to_contain_text(f"{name}, 1994-06-01")
    page.keyboard.press("Alt+y")
    expect(page.locator("[name=mother_name]")).to_have_value(name)
    assert here(page) == "mother_id_type"
    assert mouse == []


def test_what_is_unusual_is_explained_before_saving(hands_off):
    page, _mouse = hands_off(language="en")
    page.goto("/births/add")
    typed = a_birth(207) | {"weight_g": "450"}
    fill_in(page, typed)
    page.wait_for_selector("[data-field=weight_g] .caution input")
    page.focus("[data-field=weight_g] .caution input")
    page.keyboard.type("Born too early")
    assert faults(page) == []
    with loaded(page, "/births/show/"):
        page.keyboard.press("Control+s")
    expect(page.locator("main")).to_contain_text("Born too early")


def test_a_birth_is_saved_and_submitted_by_one_button(hands_off):
    page, mouse = hands_off()
    page.goto("/births/add")
    fill_in(page, a_birth(208))
    page.focus("button[value=submit]")
    with loaded(page):
        page.keyboard.press("Enter")
    expect(page.locator(".record-head .tag-submitted")).to_be_visible()
    assert mouse == []


def test_a_birth_that_is_on_file_stands_beside_its_second_form(hands_off):
    page, _mouse = hands_off(language="en")
    page.goto("/births/add")
    typed = a_birth(209)
    fill_in(page, typed)
    go_on(page)
    fill_in(page, typed | {"birth_cert_no": ""})
    panel = page.locator(".alike:not([hidden])")
    expect(panel).to_contain_text(typed["mother_name"])
    expect(panel.locator("a").first).to_have_attribute("target", "_blank")
    expect(page.locator("[data-field=mother_name].same")).to_be_visible()
    assert faults(page) == []
    page.focus("[name=reason_alike]")
    page.keyboard.type("A twin that was forgotten")
    go_on(page)
    with loaded(page, "/births/show/"):
        page.click("p.entered a")
    expect(page.locator("main")).to_contain_text("A twin that was forgotten")


# what stays


def test_a_pinned_box_stays_for_the_next_record_and_says_so(hands_off):
    page, mouse = hands_off(language="en")
    page.goto("/births/add")
    page.focus("[name=facility]")
    page.keyboard.press("Alt+p")
    page.wait_for_selector("[data-pin=facility][aria-pressed=true]")
    page.focus("[name=mother_id_no]")
    fill_in(page, a_birth(211) | {"facility": "夷陵医院"})
    go_on(page)
    assert page.input_value("[name=facility]") == "夷陵医院"
    assert page.input_value("[name=weight_g]") == ""
    assert "Kept from your last record" in page.inner_text("[data-field=facility]")
    assert "facility-kept" in page.get_attribute("[name=facility]", "aria-describedby")
    page.focus("[name=facility]")
    page.keyboard.press("Alt+p")
    page.wait_for_selector("[data-pin=facility][aria-pressed=false]")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert mouse == []


def test_one_box_and_all_boxes_are_copied_from_the_last_record(hands_off):
    page, mouse = hands_off()
    page.goto("/births/add")
    typed = a_birth(212)
    fill_in(page, typed)
    go_on(page)
    page.focus("[name=facility]")
    page.keyboard.press("Control+'")
    expect(page.locator("[name=facility]")).to_have_value(typed["facility"])
    page.focus("[name=child_name]")
    page.keyboard.type("王小小")
    page.focus(".copy-previous")
    page.keyboard.press("Enter")
    expect(page.locator("[name=weight_g]")).to_have_value(typed["weight_g"])
    found = {name: page.input_value(f"[name={name}]") for name in typed}
    numbers = {"mother_id_no": "", "birth_cert_no": ""}
    assert found == typed | numbers | {"child_name": "王小小", "mother_region": found["mother_region"]}
    assert found["mother_region"]
    assert mouse == []


@AT_BOTH_SIZES
def test_the_form_is_sound_at_every_size(open_window):
    page = open_window("clerk")
    page.goto("/births/add")
    page.focus("[name=mother_name]")
    page.focus("[name=sex]")
    expect(page.locator("#mother_name-error")).to_be_visible()
    assert faults(page) == []
