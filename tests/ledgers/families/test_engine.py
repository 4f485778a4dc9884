"""From events to marriages, without a database."""

from datetime import date

import pytest

from app.ledgers.families.engine import Contradiction, Event, Kind, Spell, overlap, spells


def day(year):
    return date(year, 5, 20)


def told(*events, died=None):
    """The marriages of these (kind, year), as (first year, last year, how it ended)."""
    found = spells([Event(day(year), number, kind) for number, (kind, year) in enumerate(events)], died and day(died))
    return [(s.began and s.began.year, s.ended and s.ended.year, s.ending) for s in found]


W, D, L = Kind.wedding, Kind.divorce, Kind.widowhood


@pytest.mark.parametrize(
    ("events", "died", "marriages"),
    [
        ((), None, []),
        (((W, 2000),), None, [(2000, None, None)]),
        (((W, 2000), (D, 2010)), None, [(2000, 2010, D)]),
        (((D, 2010), (W, 2000)), None, [(2000, 2010, D)]),
        (((W, 2000), (D, 2010), (W, 2015)), None, [(2000, 2010, D), (2015, None, None)]),
        (((D, 2010),), None, [(None, 2010, D)]),
        (((D, 2010), (W, 2015)), None, [(None, 2010, D), (2015, None, None)]),
        (((W, 2000),), 2020, [(2000, 2020, L)]),
        (((W, 2000), (L, 2020)), 2020, [(2000, 2020, L)]),
        (((W, 2000), (L, 2021)), 2020, [(2000, 2020, L)]),
        (((W, 2000), (D, 2010)), 2020, [(2000, 2010, D)]),
        (((W, 2000),), 2000, [(2000, 2000, L)]),
        (((W, 2000), (D, 2000)), None, [(2000, 2000, D)]),
    ],
)
def test_marriages_follow_from_the_events(events, died, marriages):
    assert told(*events, died=died) == marriages


@pytest.mark.parametrize(
    ("events", "died"),
    [
        (((W, 2000), (W, 2010)), None),
        (((W, 2000), (D, 2010), (D, 2012)), None),
        (((D, 2010), (D, 2012)), None),
        (((D, 2010), (L, 2012)), None),
        (((W, 2000),), 1999),
        (((W, 2000), (D, 2010)), 2009),
    ],
)
def test_events_that_cannot_all_be_true_are_refused(events, died):
    with pytest.raises(Contradiction):
        told(*events, died=died)


def spell(years):
    began, ended = years
    return Spell(began and day(began), ended and day(ended), None)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((2000, None), (2010, None), True),
        ((2000, 2010), (2010, None), False),
        ((2000, 2010), (2009, None), True),
        ((2000, 2010), (2005, 2006), True),
        ((2000, 2010), (1990, 2000), False),
        ((2000, 2010), (2011, 2012), False),
        ((None, 2010), (2005, None), True),
        ((None, 2010), (2005, 2020), True),
        ((None, 2010), (2005, 2010), False),
        ((None, 2010), (2010, None), False),
        ((None, 2010), (None, 2010), False),
    ],
)
def test_nobody_is_in_two_marriages_at_once(one, other, both):
    assert overlap(spell(one), [spell(other)]) is both
    assert overlap(spell(other), [spell(one)]) is both


def test_who_was_in_no_other_marriage_was_not_married_twice():
    assert not overlap(spell((2000, None)), [])
