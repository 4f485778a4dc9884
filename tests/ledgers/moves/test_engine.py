"""From moves to where somebody is, without a database; random sequences against a model of a few lines."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ledgers.moves.engine import BOTH, Contradiction, Event, Kind, Side, Where, standing

R, G = frozenset({Side.residence}), frozenset({Side.registration})
RG = R | G
IN, OUT, AWAY, BACK, HANDED = Kind.moved_in, Kind.moved_out, Kind.elsewhere, Kind.back, Kind.handed
BASE = {Side.residence: "P"}


def day(year):
    return date(year, 5, 20)


def told(*events, base=BASE, **more):
    """What these (kind, sides, year) come to; every event happens at P, unless it says where."""
    made = [Event(day(year), n, kind, sides, place[0] if place else "P") for n, (kind, sides, year, *place) in enumerate(events)]
    return standing(made, base, **more)


def open_at(found):
    return tuple(found.open_at(side) for side in (Side.residence, Side.registration))


@pytest.mark.parametrize(
    ("events", "seen", "left"),
    [
        ((), ("P", None), None),
        (((IN, RG, 2000),), ("P", "P"), None),
        (((IN, RG, 2000, "Q"),), ("Q", "Q"), None),
        (((OUT, RG, 2000),), ("P", None), 2000),
        (((OUT, R, 2000),), ("P", None), 2000),
        (((IN, RG, 2000), (OUT, RG, 2010)), ("P", "P"), 2010),
        (((IN, RG, 2000), (OUT, R, 2010)), (None, "P"), None),
        (((IN, RG, 2000), (OUT, R, 2010), (OUT, G, 2012)), (None, "P"), 2012),
        (((AWAY, R, 2000),), (None, "P"), None),
        (((AWAY, R, 2000), (BACK, R, 2010)), ("P", "P"), None),
        (((AWAY, R, 2000), (OUT, RG, 2010)), (None, "P"), 2010),
        (((OUT, RG, 2000), (BACK, RG, 2010)), ("P", "P"), None),
        (((OUT, RG, 2000), (IN, R, 2010)), ("P", None), None),
        (((IN, RG, 2000), (OUT, RG, 2005), (BACK, R, 2010)), ("P", None), None),
        (((OUT, RG, 2000), (HANDED, R, 2010)), ("P", None), None),
        (((BACK, RG, 2010), (OUT, RG, 2000)), ("P", "P"), None),
    ],
)
def test_where_somebody_is_follows_from_the_events(events, seen, left):
    found = told(*events)
    assert open_at(found) == seen
    assert found.left_on == (left and day(left))


@pytest.mark.parametrize(
    "events",
    [
        ((BACK, R, 2000),),
        ((IN, R, 2000), (BACK, R, 2001)),
        ((IN, RG, 2000), (IN, R, 2001)),
        ((OUT, RG, 2000), (OUT, G, 2001)),
        ((AWAY, R, 2000), (AWAY, R, 2001)),
        ((AWAY, R, 2000), (IN, R, 2001)),
        ((OUT, G, 2000), (AWAY, R, 2001)),
        ((OUT, RG, 2000), (AWAY, R, 2001)),
        ((OUT, RG, 2000), (BACK, RG, 2010), (BACK, RG, 2011)),
        ((HANDED, R, 2000), (IN, R, 2001)),
    ],
)
def test_events_that_cannot_all_be_true_are_refused(events):
    with pytest.raises(Contradiction):
        told(*events)


def test_nobody_moves_before_birth_or_after_death():
    assert told((OUT, RG, 2000), born_on=day(2000), died_on=day(2000)).left_on == day(2000)
    for more in ({"born_on": day(2001)}, {"died_on": day(1999)}):
        with pytest.raises(Contradiction):
            told((OUT, RG, 2000), **more)


def test_of_one_day_going_to_another_office_is_the_last():
    assert told((HANDED, R, 2000), (OUT, R, 2000)).left_on is None


def test_what_came_before_a_transfer_touches_no_link_any_more():
    found = told((IN, RG, 2000, "Q"), (HANDED, RG, 2010), base={Side.residence: "P", Side.registration: "P"})
    assert [len(found.stays[side]) for side in BOTH] == [1, 1]
    assert open_at(found) == ("P", "P")


NEXT = {  # (where it was, what happens) → where it is; what stands in no line cannot happen
    **{("", kind): where for kind, where in ((IN, "here"), (OUT, "outside"), (AWAY, "elsewhere"))},
    **{("here", kind): where for kind, where in ((OUT, "outside"), (AWAY, "elsewhere"))},
    **{("outside", kind): "here" for kind in (IN, BACK)},
    **{("elsewhere", kind): where for kind, where in ((OUT, "outside"), (BACK, "here"))},
}


def model(events):
    """Where both sides are after all these, or None where that cannot be: the independent model."""
    at = {Side.residence: "", Side.registration: ""}
    for kind, sides, _year in sorted(events, key=lambda event: event[2]):
        if kind is AWAY and at[Side.registration] == "outside":
            return None
        for side in sides:
            at[side] = NEXT.get((at[side], kind))
            if at[side] is None:
                return None
    return at


kinds = st.sampled_from([(IN, R), (IN, G), (IN, RG), (OUT, R), (OUT, G), (OUT, RG), (AWAY, R), (BACK, R), (BACK, G), (BACK, RG)])
sequences = st.lists(st.tuples(kinds, st.integers(1990, 2020)), max_size=6, unique_by=lambda event: event[1])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(sequences)
def test_random_events_come_to_what_a_tiny_model_says(events):
    flat = [(kind, sides, year) for (kind, sides), year in events]
    expected = model(flat)
    try:
        found = told(*flat, base={Side.residence: "P", Side.registration: "P"})
    except Contradiction:
        assert expected is None
        return
    assert expected is not None
    assert {side: found.where[side][0].value if side in found.where else "" for side in BOTH} == expected
    nobody_here = all(expected[side] in ("outside", "elsewhere") for side in BOTH)
    assert (found.left_on is not None) is nobody_here
    for side in BOTH:
        if expected[side] in ("", "here"):
            assert found.open_at(side) == "P"
        assert all(stay.ended is not None for stay in found.stays[side][:-1])
    assert any(found.open_at(side) for side in BOTH), "nobody is lost from sight"


def test_the_standing_says_since_when():
    assert told((OUT, RG, 2000), (BACK, R, 2010)).where == {
        Side.residence: (Where.here, day(2010)),
        Side.registration: (Where.outside, day(2000)),
    }
