"""From the moves of one person to where they are: plain values in, plain values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum


class Side(StrEnum):
    """The two ways in which somebody belongs to a place."""

    residence = "residence"
    registration = "registration"


class Kind(StrEnum):
    """What happened."""

    moved_in = "moved_in"  # from outside this register
    moved_out = "moved_out"  # to outside this register
    elsewhere = "elsewhere"  # still registered here, living elsewhere
    back = "back"  # after one of the two above
    handed = "handed"  # from one office of this register to another


class Where(StrEnum):
    """Where one side of somebody is, as far as events tell."""

    here = "here"
    outside = "outside"
    elsewhere = "elsewhere"


BOTH = (Side.residence, Side.registration)
Place = str  # the path of an office


@dataclass(frozen=True)
class Event:
    """One approved event of one person. `number` keeps events of one day in the order in which they were entered."""

    on: date
    number: int
    kind: Kind
    sides: frozenset[Side]
    place: Place


@dataclass(frozen=True)
class Stay:
    """One time during which an office sees somebody for one reason. Without `began` it is what the file had before any move."""

    place: Place
    began: date | None
    ended: date | None = None


@dataclass
class Standing:
    """What all events together make of somebody."""

    where: dict[Side, tuple[Where, date]] = field(default_factory=dict)  # and since when; absent while no event tells
    stays: dict[Side, list[Stay]] = field(default_factory=dict)
    left_on: date | None = None  # the day since which nothing of them is here

    def open_at(self, side: Side) -> Place | None:
        """The office that sees the person for this reason."""
        last = self.stays[side][-1] if self.stays[side] else None
        return last.place if last is not None and last.ended is None else None

    def is_here(self, side: Side) -> bool:
        """Whether this side of the person is here: an office sees it, and no event says otherwise."""
        told = self.where.get(side)
        return self.open_at(side) is not None and (told is None or told[0] is Where.here)


class Contradiction(Exception):
    """The events cannot all be true."""


def standing(events: Iterable[Event], base: Mapping[Side, Place], born_on: date | None = None, died_on: date | None = None) -> Standing:
    """Where somebody is after all events, in the order of their days; of one day, going to another office is the last.

    `base` says which office sees each side without any move. The first event of a side may be any but a return: the file tells since when
    offices know the person, not where they were before.
    Raises Contradiction for coming where one is, leaving twice, returning without having left, anything before birth or after death.
    """
    found = Standing(stays={side: _base(base, side) for side in BOTH})
    for event in sorted(events, key=lambda e: (e.on, e.kind is Kind.handed, e.number)):
        if (born_on is not None and event.on < born_on) or (died_on is not None and event.on > died_on):
            raise Contradiction
        for side in BOTH:
            if side in event.sides:
                _must_fit(found, event, side)
        _happen(found, event, base)
    return found


def _base(base: Mapping[Side, Place], side: Side) -> list[Stay]:
    return [Stay(base[side], None)] if side in base else []


def _must_fit(found: Standing, event: Event, side: Side) -> None:
    """Whether an event may follow where this side of the person is. Raises Contradiction."""
    where = found.where.get(side, (None,))[0]
    registered = found.where.get(Side.registration, (None,))[0]
    fits = {
        Kind.moved_in: where in (None, Where.outside),
        Kind.moved_out: where is not Where.outside,
        Kind.elsewhere: where in (None, Where.here) and registered is not Where.outside,
        Kind.back: where in (Where.outside, Where.elsewhere),
        Kind.handed: True,
    }
    if not fits[event.kind]:
        raise Contradiction


def _happen(found: Standing, event: Event, base: Mapping[Side, Place]) -> None:
    """Write what one event changes."""
    told = {Kind.moved_out: Where.outside, Kind.elsewhere: Where.elsewhere}.get(event.kind, Where.here)
    for side in event.sides:
        found.where[side] = (told, event.on)
    if event.kind is Kind.elsewhere:
        _open(found, Side.registration, found.open_at(Side.registration) or event.place, event.on)
        _end(found, Side.residence, event.on)
    for side in event.sides:
        if event.kind is Kind.handed:  # what stood before at other offices is over, and no event touches it again
            found.stays[side] = _base(base, side)
        elif told is Where.here:
            _open(found, side, event.place, event.on)
    here = {found.open_at(side) for side in BOTH if found.is_here(side)}
    for side in BOTH:  # what left is not kept where the same office sees the person anyway
        if found.where.get(side, (None,))[0] is Where.outside and found.open_at(side) in here:
            _end(found, side, event.on)
    found.left_on = None if here else found.left_on or (event.on if event.kind is Kind.moved_out else None)


def _open(found: Standing, side: Side, place: Place, on: date) -> None:
    if found.open_at(side) != place:
        _end(found, side, on)
        found.stays[side].append(Stay(place, on))


def _end(found: Standing, side: Side, on: date) -> None:
    if found.open_at(side) is not None:
        found.stays[side][-1] = replace(found.stays[side][-1], ended=on)
