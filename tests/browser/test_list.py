"""The list of a ledger as a clerk works in it: with keys, with saved views, many rows at once, on a phone."""

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from tests.browser.sound import AT_BOTH_SIZES, asked_for, faults, loaded

BIRTHS = "/births/list/"
INITIALS = {"周蕾芳": "zlf", "杨敏丽": "yml", "陈雪玲": "cxl", "王娟敏": "wjm"}  # of mothers of the demo


def names(page):
    """The first cells of the rows."""
    return page.locator("table.ledger a.open").all_inner_texts()


@AT_BOTH_SIZES
def test_a_person_is_found_by_pinyin_initials_and_no_address_tells_it(open_window):
    page = open_window("clerk")
    page.goto(f"{BIRTHS}?size=200")  # whatever other tests have entered since
    wanted, typed = next((name, INITIALS[name]) for name in names(page) if name in INITIALS)
    page.keyboard.press("/")
    page.keyboard.type(typed)
    with loaded(page, "found="):
        page.keyboard.press("Enter")
    assert wanted in names(page)
    assert typed not in page.url
    with loaded(page):
        page.locator("a.open", has_text=wanted).first.click()
    expect(page.locator("h1")).to_contain_text(wanted)
    page.go_back()
    assert wanted in names(page)
    with loaded(page):
        page.locator(".chip a").first.click()
    expect(page).not_to_have_url(re.compile("found"))
    assert len(names(page)) > 5


def test_rows_are_walked_and_ticked_by_keys(open_window):
    page = open_window("clerk")
    page.goto(BIRTHS)
    for key in ("j", "j", "x", "j", "k", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("input[name=rowid]:checked")).to_have_count(2)
    expect(page.locator("tbody tr").nth(1).locator("input[name=rowid]")).to_be_checked()
    expect(page.locator(".ticked")).to_have_text("（已选2条）")
    wanted = names(page)[2]
    with loaded(page):
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(wanted)


def test_the_way_back_finds_filters_ticks_and_place_again(open_window):
    page = open_window("clerk")
    page.goto(BIRTHS)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator(".table-scroll").evaluate("area => { area.scrollTop = 120; }")
    page.goto("/own/")
    page.go_back()
    expect(page.locator("input[name=rowid]:checked")).to_have_count(1)
    expect(page.locator(".table-scroll")).to_have_js_property("scrollTop", 120)
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_a_filter_becomes_a_chip_and_goes_with_it(open_window):
    page = open_window("clerk")
    page.goto(f"{BIRTHS}?size=200")
    page.select_option("#filter-status-0", "approved")
    with loaded(page, "_flt_0_status=approved"):
        page.click(".filters .btn-primary")
    expect(page.locator(".chip")).to_have_count(1)
    assert set(page.locator("td .tag").all_inner_texts()) == {"已通过"}
    with loaded(page):
        page.locator(".chip a").click()
    expect(page).not_to_have_url(re.compile("status"))
    assert len(set(page.locator("td .tag").all_inner_texts())) > 1


@AT_BOTH_SIZES
def test_a_view_is_saved_and_opened_again(open_window, size):
    name = f"待审{size[0]}"
    page = open_window("supervisor")
    page.goto(BIRTHS + "?_flt_0_status=submitted")
    page.click(".views > summary")
    page.fill("#view-name", name)
    with loaded(page, "view="):
        page.keyboard.press("Enter")
    page.click(".views > summary")
    with loaded(page):
        page.click("text=共享给本单位")
    clerk = open_window("clerk")
    clerk.goto(BIRTHS)
    clerk.click(".views > summary")
    with loaded(clerk, "_flt_0_status=submitted"):
        clerk.click(f".view-list a:has-text('{name}')")
    assert set(clerk.locator("td .tag-submitted").all_inner_texts()) == {"待审批"}
    neighbour = open_window("neighbour")
    neighbour.goto(BIRTHS)
    expect(neighbour.locator(".views > summary")).to_be_visible()
    expect(neighbour.locator(f".view-list a:has-text('{name}')")).to_have_count(0)


def test_columns_are_chosen_moved_and_kept(open_window):
    page = open_window("approver")
    page.goto(BIRTHS)
    page.click("#columns > summary")
    page.uncheck(".column-list input[value=child_name]")
    page.check(".column-list input[value=mother_birth_date]")
    page.click(".column-list button[name=up][value=born_on]")
    page.check("input[name=density][value=compact]")
    with loaded(page):
        page.click("#columns .btn-primary")
    expect(page.locator("table.compact")).to_be_visible()
    page.goto(BIRTHS)
    heads = page.locator("table.ledger thead th[scope=col]").all_inner_texts()
    assert heads[0] == "出生日期"
    assert "子女姓名" not in heads
    assert page.locator("td[data-label=母亲出生日期]").count() > 0


def test_many_drafts_are_submitted_after_a_look_at_them(open_window):
    page = open_window("clerk")
    page.goto("/births/list/?_flt_0_status=draft&size=200")
    drafts = len(names(page))
    assert drafts > 1
    page.locator("th.tick input").click()
    with loaded(page):
        page.click("button[name=action][value=submit]")
    expect(page.locator("#confirm")).to_be_visible()
    assert faults(page) == []
    with loaded(page):
        page.click("#confirm .btn-primary")
    expect(page.locator("table.results")).to_be_visible()
    expect(page.locator("main p[role=status]")).to_contain_text(str(drafts))
    with loaded(page):
        page.click("text=返回列表")
    expect(page.locator(".empty")).to_be_visible()


def test_places_open_and_narrow_the_list_by_keys_alone(open_window):
    page = open_window("approver")
    page.goto("/people/list/")
    page.locator(".region-tree li li summary").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".region-tree li li li a")
    page.keyboard.press("Tab")
    with loaded(page, "place="):
        page.keyboard.press("Enter")
    expect(page.locator(".region-tree [aria-current]")).to_have_count(1)
    assert faults(page) == []


def test_on_a_phone_the_rows_are_cards_with_the_same_acts(open_window):
    page = open_window("clerk", width=360)
    page.goto(BIRTHS)
    assert page.locator(".region-tree").evaluate("tree => tree.open") is False
    card = page.locator("tbody tr").first
    assert card.evaluate("row => getComputedStyle(row).display") == "block"
    assert card.locator("td[data-label=出生日期]").evaluate("cell => getComputedStyle(cell, '::before').content") == '"出生日期"'
    card.locator(".row-menu summary").click()
    expect(card.locator(".row-menu a:has-text('查看')")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card.locator(".row-menu a:has-text('查看')")).to_be_hidden()
    assert faults(page) == []


@pytest.mark.parametrize(("panel", "width"), [(".views > summary", 360), ("#columns > summary", 360), (".row-menu > summary", 1366)])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_panel_is_sound(open_window, panel, width, look):
    page = open_window("supervisor", width=width, look=look)
    page.goto("/births/list/?_flt_0_status=approved&_flt_0_sex=2")
    page.locator(panel).first.click()
    expect(page.locator("details.drop[open], td.lifted .row-menu[open]")).to_have_count(1)
    assert faults(page) == []


def test_whoever_is_cut_off_is_told(open_window):
    page = open_window("clerk")
    page.goto(BIRTHS)
    expect(page.locator(".offline")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator(".offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".offline")).to_be_hidden()


def test_the_list_works_without_scripts(chromium, address, open_window):
    signed_in = open_window("clerk").context.storage_state()
    context = chromium.new_context(base_url=address, java_script_enabled=False, storage_state=signed_in, locale="zh-CN")
    page = context.new_page()
    page.goto(BIRTHS)
    page.select_option("#filter-status-0", "approved")
    with loaded(page, "_flt_0_status=approved"):
        page.click(".filters .btn-primary")
    page.click("#columns > summary")
    with loaded(page):
        page.click(".column-list button[name=up][value=sex]")
    assert page.locator("table.ledger thead th[scope=col]").all_inner_texts()[1] == "性别"
    page.locator(".row-menu summary").first.click()
    with loaded(page, "/births/show/"):
        page.locator(".row-menu a").first.click()
    context.close()


# how wide a column is

SEX = "table.ledger th[data-column=sex]"


@pytest.fixture
def as_at_first(open_window):
    """The supervisor's list, automatic again before and afterwards; the office is shared by all tests."""
    page = open_window("supervisor")

    def reset():
        page.goto(BIRTHS)
        page.click("#columns > summary")
        with loaded(page):
            page.click("#columns button[name=reset]")

    reset()
    yield page
    reset()


def width_of(page, column="sex"):
    return round(page.locator(f"table.ledger th[data-column={column}]").evaluate("head => head.getBoundingClientRect().width"))


def cell_of(page):
    return round(page.locator("td[data-label=性别]").first.evaluate("cell => cell.getBoundingClientRect().width"))


def kept(page, column="sex", **told):
    """Wait until the office has answered what is done within: `kept(page, width=0)` until it was told that width."""
    words = {"column": column, **told}

    def is_told(answer):
        sent = parse_qs(answer.request.post_data or "")
        return answer.url.endswith("/births/width") and all(sent.get(name) == [str(value)] for name, value in words.items())

    return page.expect_response(is_told)


def drag(page, far):
    """Drag the edge of a header, with the mouse."""
    edge = page.locator(f"{SEX} .width-handle").bounding_box()
    x, y = edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + far / 2, y)
    page.mouse.move(x + far, y)
    with kept(page):
        page.mouse.up()


def test_a_column_is_dragged_wider_and_stays_so(as_at_first):
    page = as_at_first
    before, asked = width_of(page), asked_for(page)
    drag(page, 120)
    assert abs(width_of(page) - before - 120) <= 1
    assert cell_of(page) == width_of(page)
    assert asked == []  # the header was not pressed
    wide = width_of(page)
    page.goto("/")
    page.goto(BIRTHS)
    assert width_of(page) == wide
    assert page.locator("table.ledger [style], table.ledger[style]").count() == 0
    assert faults(page) == []
    drag(page, -600)
    assert width_of(page) == cell_of(page) == 48
    with kept(page, width=0):
        page.locator(f"{SEX} .width-handle").dblclick()
    assert width_of(page) == before
    page.goto(BIRTHS)
    assert width_of(page) == before


def test_a_column_is_made_wider_by_keys(as_at_first):
    page = as_at_first
    handle = page.locator(f"{SEX} [role=separator]")
    expect(page.get_by_role("separator", name="“性别”的列宽")).to_have_count(1)
    expect(page.get_by_role("columnheader", name="性别", exact=True)).to_have_count(1)
    handle.focus()
    expect(handle).to_have_attribute("aria-valuetext", "自动")
    before = int(handle.get_attribute("aria-valuenow"))
    assert before == width_of(page)
    with kept(page, width=before + 60):  # which a slow hand tells the office in steps
        for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "ArrowLeft"):
            page.keyboard.press(key)
    assert int(handle.get_attribute("aria-valuenow")) == width_of(page) == before + 60
    assert faults(page) == []
    page.goto(BIRTHS)
    assert width_of(page) == before + 60
    handle.focus()
    page.keyboard.press("Home")
    expect(handle).to_have_attribute("aria-valuenow", handle.get_attribute("aria-valuemin"))
    page.keyboard.press("End")
    expect(handle).to_have_attribute("aria-valuenow", handle.get_attribute("aria-valuemax"))
    with kept(page, width=0):
        page.keyboard.press("Enter")
    expect(handle).to_have_attribute("aria-valuetext", "自动")
    assert width_of(page) == before


def test_a_width_that_was_dragged_stands_in_the_form_of_the_columns(as_at_first):
    page = as_at_first
    drag(page, 60)
    wide = width_of(page)
    page.click("#columns > summary")
    assert faults(page) == []
    expect(page.locator("[name=width_sex]")).to_have_value(str(wide))
    page.fill("[name=width_sex]", "200")
    with loaded(page):
        page.click("#columns .btn-primary")
    assert width_of(page) == 200


def test_a_view_brings_its_widths_with_it(as_at_first):
    page = as_at_first
    drag(page, 90)
    wide = width_of(page)
    page.click(".views > summary")
    page.fill("#view-name", "宽的性别")
    with loaded(page, "view="):
        page.keyboard.press("Enter")
    saved = page.url
    drag(page, 30)
    page.goto(BIRTHS + "?view=none")
    assert width_of(page) == wide
    page.goto(saved)
    assert width_of(page) == wide + 30


def test_cards_have_no_edges_to_drag(open_window):
    page = open_window("clerk", width=360)
    page.goto(BIRTHS)
    assert page.locator(".width-handle").count() > 0
    expect(page.locator(".width-handle:visible")).to_have_count(0)
    page.click("#columns > summary")
    expect(page.locator(".column-list")).to_be_visible()
    expect(page.locator(".column-width:visible")).to_have_count(0)
