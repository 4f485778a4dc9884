"""From events to members, without a database; at the end against a model that looks at one day after the other."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ledgers.households.engine import HEAD, ORDER, Contradiction, Event, Fault, Kind, Life, Stay, derive, overlap

S, J, H, R, L, C = Kind.set_up, Kind.joined, Kind.head_changed, Kind.relation_changed, Kind.left, Kind.closed
SON, WIFE, MOTHER = "20", "12", "52"


def day(number):
    return date(2020, 1, 1) + timedelta(days=number)


def told(*events, **lives):
    """What these (kind, day, person, relation) tell: person, relation, first and last day of every stay."""
    known = [Event(day(on), number, kind, *more) for number, (kind, on, *more) in enumerate(events)]
    found = derive(known, {person: Life(*(day(n) if isinstance(n, int) else n for n in life)) for person, life in lives.items()})
    return sorted((s.person, s.relation, (s.began - day(0)).days, s.ended and (s.ended - day(0)).days) for s in found.stays)


@pytest.mark.parametrize(
    ("events", "lives", "stays"),
    [
        ([], {}, []),
        ([(S, 1, "a")], {}, [("a", HEAD, 1, None)]),
        ([(J, 5, "b", SON), (S, 1, "a")], {}, [("a", HEAD, 1, None), ("b", SON, 5, None)]),
        ([(S, 1, "a"), (J, 1, "b", SON)], {}, [("a", HEAD, 1, None), ("b", SON, 1, None)]),
        ([(S, 1, "a"), (J, 5, "b", SON), (L, 9, "b")], {}, [("a", HEAD, 1, None), ("b", SON, 5, 9)]),
        ([(S, 1, "a"), (J, 5, "b", SON), (L, 9, "b"), (J, 9, "c", SON)], {}, [("a", HEAD, 1, None), ("b", SON, 5, 9), ("c", SON, 9, None)]),
        ([(S, 1, "a"), (J, 2, "b", SON), (L, 4, "b"), (J, 9, "b", SON)], {}, [("a", HEAD, 1, None), ("b", SON, 2, 4), ("b", SON, 9, None)]),
        (
            [(S, 1, "a"), (J, 2, "b", WIFE), (H, 7, "b", "11")],
            {},
            [("a", "11", 7, None), ("a", HEAD, 1, 7), ("b", HEAD, 7, None), ("b", WIFE, 2, 7)],
        ),
        (
            [(S, 1, "a"), (J, 7, "b", WIFE), (H, 7, "b", "11"), (L, 7, "a")],
            {},
            [("a", "11", 7, 7), ("a", HEAD, 1, 7), ("b", HEAD, 7, None)],
        ),
        ([(S, 1, "a"), (J, 2, "b", SON), (R, 8, "b", "22")], {}, [("a", HEAD, 1, None), ("b", "22", 8, None), ("b", SON, 2, 8)]),
        ([(S, 1, "a"), (J, 2, "b", SON), (L, 5, "a"), (L, 5, "b")], {}, [("a", HEAD, 1, 5), ("b", SON, 2, 5)]),
        ([(S, 1, "a"), (J, 2, "b", SON), (C, 6)], {}, [("a", HEAD, 1, 6), ("b", SON, 2, 6)]),
        ([(S, 1, "a"), (J, 2, "b", WIFE)], {"a": (None, 6)}, [("a", HEAD, 1, 6), ("b", WIFE, 2, None)]),
        (
            [(S, 1, "a"), (J, 2, "b", WIFE), (H, 6, "b")],
            {"a": (None, 6)},
            [("a", HEAD, 1, 6), ("b", HEAD, 6, None), ("b", WIFE, 2, 6)],
        ),
        ([(S, 1, "a"), (J, 2, "b", SON), (L, 8, "b")], {"b": (None, 6)}, [("a", HEAD, 1, None), ("b", SON, 2, 6)]),
        ([(S, 1, "a"), (J, 3, "b", SON)], {"b": (3, 3)}, [("a", HEAD, 1, None), ("b", SON, 3, 3)]),
        ([(S, 1, "a"), (J, 2, "b", SON)], {"b": (None, None, [day(5)])}, [("a", HEAD, 1, None), ("b", SON, 2, 5)]),
        ([(S, 1, "a"), (J, 2, "b", SON)], {"b": (None, None, [day(2)])}, [("a", HEAD, 1, None), ("b", SON, 2, None)]),
        (
            [(S, 1, "a"), (J, 2, "b", SON), (J, 7, "b", SON)],
            {"b": (None, None, [day(5)])},
            [("a", HEAD, 1, None), ("b", SON, 2, 5), ("b", SON, 7, None)],
        ),
    ],
)
def test_members_follow_from_the_events(events, lives, stays):
    assert told(*events, **lives) == sorted(stays)


@pytest.mark.parametrize(
    ("events", "lives", "fault"),
    [
        ([(J, 5, "b", SON)], {}, Fault.not_set_up),
        ([(J, 1, "b", SON), (S, 5, "a")], {}, Fault.not_set_up),
        ([(S, 1, "a"), (S, 5, "b")], {}, Fault.set_up_twice),
        ([(S, 1, "a"), (C, 5), (J, 6, "b", SON)], {}, Fault.closed),
        ([(S, 1, "a"), (C, 5), (C, 6)], {}, Fault.closed),
        ([(S, 1, "a"), (L, 5, "a"), (J, 6, "b", SON)], {}, Fault.empty),
        ([(S, 1, "a"), (J, 6, "b", SON)], {"a": (None, 4)}, Fault.empty),
        ([(S, 1, "a"), (J, 6, "a", SON)], {}, Fault.member),
        ([(S, 1, "a"), (L, 6, "b")], {}, Fault.no_member),
        ([(S, 1, "a"), (H, 6, "b", SON)], {}, Fault.no_member),
        ([(S, 1, "a"), (R, 6, "b", SON)], {}, Fault.no_member),
        ([(S, 1, "a"), (J, 2, "b", SON), (L, 6, "a")], {}, Fault.head_leaves),
        ([(S, 1, "a"), (J, 2, "b", SON), (L, 6, "a"), (L, 7, "b")], {}, Fault.head_leaves),
        ([(S, 1, "a"), (H, 6, "a", SON)], {}, Fault.head_already),
        ([(S, 1, "a"), (R, 6, "a", SON)], {}, Fault.head_stays),
        ([(S, 1, "a"), (J, 2, "b", WIFE), (H, 6, "b")], {}, Fault.former_head),
        ([(S, 1, "a"), (J, 2, "b", SON)], {"b": (3, None)}, Fault.unborn),
        ([(S, 1, "a"), (J, 8, "b", SON)], {"b": (0, 7)}, Fault.gone),
        ([(S, 1, "a"), (J, 2, "b", SON), (H, 8, "b", SON)], {"b": (0, 7)}, Fault.gone),
        ([(S, 1, "a"), (J, 2, "b", SON), (R, 8, "b", "22")], {"b": (None, None, [day(7)])}, Fault.gone),
    ],
)
def test_what_cannot_be_is_a_contradiction(events, lives, fault):
    with pytest.raises(Contradiction) as found:
        told(*events, **lives)
    assert found.value.fault is fault


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [((1, 5), (5, 9), False), ((1, 6), (5, 9), True), ((1, None), (5, 9), True), ((9, None), (5, 9), False), ((6, 6), (5, 9), False)],
)
def test_the_last_day_may_be_the_first_elsewhere(one, other, both):
    stays = [Stay("a", SON, day(b), day(b), e and day(e)) for b, e in (one, other)]
    assert (overlap(*stays), overlap(*reversed(stays))) == (both, both)


# against a model


DAYS, PEOPLE = range(12), "abcd"
EVENTS = st.lists(
    st.tuples(
        st.sampled_from([S, J, J, J, J, H, R, L, L, C]),
        st.sampled_from(DAYS),
        st.sampled_from(PEOPLE),
        st.sampled_from([SON, WIFE, None]),
    ),
    max_size=9,
)


def simulated(events, died):  # noqa: C901  (a model reads best in one piece)
    """Who is what on every day, told day by day from the words of the decision page; None where the events cannot all be true."""
    ordered = sorted(enumerate(events), key=lambda e: (e[1][1], ORDER.index(e[1][0]), e[0]))
    here, dead, is_set_up, closed, days = {}, set(), False, False, []
    for today in DAYS:
        for person in [p for p in here if died.get(p, 99) <= today]:
            del here[person]
            dead.add(person)
        left_without_head = False
        for _number, (kind, on, person, relation) in ordered:
            if on != today:
                continue
            newborn_dead = kind in (S, J) and died.get(person, 99) < today
            wrong = {
                S: is_set_up, J: person in here or not here, H: person not in here or here.get(person) == HEAD,
                R: person not in here or here.get(person) == HEAD, L: person not in here and person not in dead, C: False,
            }[kind]  # fmt: skip
            heads = [p for p, r in here.items() if r == HEAD]
            if wrong or newborn_dead or closed or (kind is not S and not is_set_up) or (kind is H and heads and not relation):
                return None
            if kind is S:
                is_set_up, here[person] = True, HEAD
            elif kind in (J, R):
                here[person] = relation or ""
            elif kind is H:
                here |= {**dict.fromkeys(heads, relation), person: HEAD}
            elif kind is L:
                left_without_head = left_without_head or here.pop(person, None) == HEAD
            else:
                here, closed, left_without_head = {}, True, False
            for gone in [p for p in here if died.get(p, 99) <= today]:
                del here[gone]
                dead.add(gone)
        if left_without_head and here:
            return None
        days.append(dict(here))
    return days


@settings(max_examples=150, deadline=None)
@given(events=EVENTS, died=st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(DAYS), max_size=2))
def test_the_members_of_every_day_are_those_of_a_model(events, died):
    events = [(S, 0, "a", None), *events] if events and events[0][0] is not S else events
    wanted = simulated(events, died)
    known = [
        Event(day(on), number, *more) for number, (kind, on, person, relation) in enumerate(events) for more in [(kind, person, relation)]
    ]
    try:
        found = derive(known, {person: Life(died=day(on)) for person, on in died.items()}).stays
    except Contradiction:
        assert wanted is None
        return
    on_days = [[(s.person, s.relation) for s in found if s.began <= day(n) and (s.ended is None or day(n) < s.ended)] for n in DAYS]
    assert all(len({person for person, _relation in today}) == len(today) for today in on_days)
    assert all(sum(relation == HEAD for _person, relation in today) <= 1 for today in on_days)
    assert [dict(today) for today in on_days] == wanted
