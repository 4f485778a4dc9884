"""From the events of two people to their marriages: plain values in, plain values out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What an event does to a marriage."""

    wedding = "wedding"
    divorce = "divorce"
    widowhood = "widowhood"


@dataclass(frozen=True)
class Event:
    """One approved event of two people. `number` keeps events of one day in the order in which they were entered."""

    on: date
    number: int
    kind: Kind
    source: object = None  # whatever the caller wants to find again


@dataclass(frozen=True)
class Spell:
    """One marriage. Without `began` only its end is on file; without `ended` it stands."""

    began: date | None
    ended: date | None
    ending: Kind | None
    source: object = None  # of the event that began it, else of the one that ended it


class Contradiction(Exception):
    """The events cannot all be true."""


def spells(events: Iterable[Event], died_on: date | None) -> list[Spell]:
    """The marriages of two people, oldest first. `died_on` is the day the first of them died.

    Raises Contradiction for a wedding while they are married, an end after the end, a wedding or a divorce after a death.
    """
    found: list[Spell] = []
    for event in sorted(events, key=lambda e: (e.on, e.number)):
        if died_on is not None and event.kind is not Kind.widowhood and event.on > died_on:
            raise Contradiction
        if event.kind is Kind.wedding:
            if found and found[-1].ended is None:
                raise Contradiction
            found.append(Spell(event.on, None, None, event.source))
        elif not found:
            found.append(Spell(None, event.on, event.kind, event.source))
        elif found[-1].ended is None:
            found[-1] = replace(found[-1], ended=event.on, ending=event.kind)
        else:
            raise Contradiction
    if found and died_on is not None and _outlives(found[-1], died_on):
        found[-1] = replace(found[-1], ended=died_on, ending=Kind.widowhood)
    return found


def overlap(one: Spell, others: Sequence[Spell]) -> bool:
    """Whether somebody who was in all of these marriages was married twice at once. The end of one may be the day the next begins."""
    return any(_both(one, other) for other in others)


def _outlives(spell: Spell, died_on: date) -> bool:
    """Whether the marriage would last beyond a death."""
    return spell.ended is None or (spell.began is not None and spell.ended > died_on)


def _both(one: Spell, other: Spell) -> bool:
    """Of a marriage whose beginning is not on file only its last day is sure."""
    if one.began is None and other.began is None:
        return False
    if one.began is None or other.began is None:
        end, known = (one.ended, other) if one.began is None else (other.ended, one)
        return end is not None and known.began is not None and known.began < end and (known.ended is None or end < known.ended)
    return (other.ended is None or one.began < other.ended) and (one.ended is None or other.began < one.ended)
