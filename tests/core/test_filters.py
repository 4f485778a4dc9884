"""What the filters of a list find, typed as people type."""

import re
from datetime import date

import pytest

from app.core import regions
from app.core.audit import acting
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from tests.cast import A1, A2, A, B
from tests.conftest import EVERYWHERE
from tests.factories.births import make_birth, make_registration

NAMES = {"陈一": date(2026, 1, 5), "陈二": date(2026, 2, 5), "陈三": date(2026, 3, 5)}


@pytest.fixture
def births(app) -> None:
    """Three births a month apart: the first is the mother's second child, the last is submitted."""
    with app.app_context(), looking_as(EVERYWHERE), acting("seed"), unit_of_work() as session:
        for place, (name, day) in enumerate(NAMES.items()):
            status = Status.submitted if place == 2 else Status.draft
            make_birth(
                session, mother_name=name, born_on=day, child_order=2 if place == 0 else 1, sex="1" if place == 1 else "2", status=status
            )
        make_registration(session, woman_name="赵四", region=regions.by_code(session, A1), registered_on=date(2026, 1, 10))


FIRST, SECOND, THIRD = NAMES
FOUND = {
    "_flt_0_born_on=2026-02-05": [SECOND],
    "_flt_0_born_on=2026年2月5日": [SECOND],
    "_flt_1_born_on=2026-02-05": [SECOND, THIRD],
    "_flt_2_born_on=2026/2/5": [FIRST, SECOND],
    "_flt_1_born_on=2026-01-06&_flt_2_born_on=2026-03-04": [SECOND],
    "_flt_0_born_on=yesterday": [],
    "_flt_1_born_on=2026-02-30": [],
    "_flt_0_sex=1": [SECOND],
    "_flt_1_sex=1": [FIRST, THIRD],
    "_flt_0_status=submitted": [THIRD],
    "_flt_0_status=unheard": [],
    "_flt_0_child_order=2": [FIRST],
    "_flt_1_child_order=1": [FIRST, SECOND, THIRD],
    "_flt_2_child_order=1": [SECOND, THIRD],
    "_flt_0_child_order=two": [],
    "_flt_0_child_order=99999999999999999999": [],
    "_flt_0_late=y": [],
    "_flt_0_late=n": [FIRST, SECOND, THIRD],
}


@pytest.mark.parametrize(("words", "names"), FOUND.items())
def test_a_filter_finds(births, sign_in, words, names):
    answer = sign_in("clerk").get(f"/births/list/?{words}")
    assert answer.status_code == 200
    assert [name for name in NAMES if name in answer.text] == names


@pytest.mark.parametrize("words", ["_flt_9_born_on=2026-01-05", "_flt_1_late=y"])
def test_a_comparison_that_is_not_offered_is_a_bad_address(births, sign_in, words):
    assert sign_in("clerk").get(f"/births/list/?{words}").status_code == 400


def test_a_list_that_a_filter_empties_says_so_and_leads_back(births, sign_in):
    page = sign_in("clerk").get("/births/list/?_flt_0_late=y").text
    assert "No record fits" in page
    assert 'href="/births/list/">Clear the filters' in page


def test_an_empty_ledger_leads_to_the_first_record(sign_in):
    page = sign_in("clerk").get("/births/list/").text
    assert "Nothing here yet." in page
    assert 'href="/births/add">Enter the first record' in page


def test_a_filter_that_stands_is_shown_in_its_box(births, sign_in):
    page = sign_in("clerk").get("/births/list/?_flt_1_born_on=2026-02-05&_flt_2_born_on=2026-03-01").text
    assert re.findall(r'name="_v_born_on"[^>]* value="([^"]*)"', page) == ["2026-02-05", "2026-03-01"]
    assert page.count('<option value="1" selected>From the day</option>') == 1


@pytest.fixture
def place_of(seeing):
    """`place_of(code)` gives the identity a place filter sends."""
    return lambda code: str(seeing(lambda session: regions.by_code(session, code).uid))


@pytest.mark.parametrize(("code", "names"), [(A1, [*NAMES]), (A, [*NAMES]), (A2, []), (B, [])])
def test_a_place_holds_what_lies_below_it(births, sign_in, place_of, code, names):
    page = sign_in("approver").get(f"/births/list/?_flt_0_region={place_of(code)}").text
    assert [name for name in NAMES if name in page] == names
    assert f'<option value="{place_of(code)}" selected>' in page


@pytest.mark.parametrize("code", [B, "420506"])
def test_a_place_outside_the_own_offices_fits_no_row_and_is_not_named(births, sign_in, place_of, code):
    page = sign_in("clerk").get(f"/births/list/?_flt_0_region={place_of(code)}").text
    assert [name for name in NAMES if name in page] == []
    assert '<option value="' + place_of(code) not in page


def test_the_filter_offers_own_places_only(sign_in):
    told = sign_in("clerk").get("/births/options/region?q=村").json["results"]
    assert told
    assert sign_in("clerk").get("/births/options/region?q=鸦鹊岭").json["results"] == []
