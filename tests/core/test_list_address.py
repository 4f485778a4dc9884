"""What the address of a list asks for, and where its links lead."""

import pytest

from app.core.list_address import Address, typed

PAIRS = [
    ("_flt_0_status", "draft"),
    ("_flt_1_born_on", "2026-01-01"),
    ("_flt_0_status", "returned"),
    ("place", "p"),
    ("page_BirthView", "7"),
]


def test_it_tells_filters_in_their_order_and_knows_nothing_else():
    address = Address("BirthView", [*PAIRS, ("page_DeathView", "3"), ("evil", "1"), ("_flt_0_sex", "")])
    assert address.filters == [("status", 0, "draft"), ("born_on", 1, "2026-01-01"), ("status", 0, "returned")]
    assert (address.get("page"), address.get("place"), address.get("size")) == ("7", "p", "")


def test_without_one_filter_the_others_stay_and_the_list_begins_anew():
    found = Address("BirthView", PAIRS).without("status", 0, "draft")
    assert str(found) == "?_flt_1_born_on=2026-01-01&_flt_0_status=returned&place=p"


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ({"page": 8}, "?place=p&page_BirthView=8"),
        ({"page": 101, "after": "u"}, "?place=p&page_BirthView=101&after=u"),
        ({"place": ""}, ""),
        ({"column": "born_on", "direction": "desc"}, "?place=p&_oc_BirthView=born_on&_od_BirthView=desc"),
    ],
)
def test_another_question_begins_on_its_first_page(words, query):
    address = Address("BirthView", [("place", "p"), ("page_BirthView", "100"), ("before", "x")])
    assert str(address.but(**words)) == query


def test_a_view_keeps_neither_the_page_nor_what_was_looked_for():
    address = Address("BirthView", [*PAIRS, ("found", "f"), ("view", "v"), ("psize_BirthView", "50")])
    assert [name for name, _value in address.of_view()] == ["_flt_0_status", "_flt_1_born_on", "_flt_0_status", "place", "psize_BirthView"]


def test_a_form_without_scripts_is_put_together():
    sent = [("_op_status", "1"), ("_v_status", "draft"), ("_op_born_on", "2"), ("_v_born_on", ""), ("place", "p")]
    assert typed(sent) == [("_flt_1_status", "draft"), ("_flt_2_born_on", ""), ("place", "p")]
    assert typed(PAIRS) is None
