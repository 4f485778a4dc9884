"""From the events of one household to who belonged to it on which day: plain values in, plain values out."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What an event does to a household. On one day they count in this order."""

    set_up = "set_up"
    joined = "joined"
    head_changed = "head_changed"
    relation_changed = "relation_changed"
    left = "left"
    closed = "closed"


class Fault(StrEnum):
    """Why the events cannot all be true."""

    not_set_up = "not_set_up"
    set_up_twice = "set_up_twice"
    closed = "closed"
    empty = "empty"
    member = "member"
    no_member = "no_member"
    head_leaves = "head_leaves"
    head_already = "head_already"
    head_stays = "head_stays"
    former_head = "former_head"
    unborn = "unborn"
    gone = "gone"
    elsewhere = "elsewhere"


ORDER = (*Kind,)
HEAD = "02"  # GB/T 4761


@dataclass(frozen=True)
class Event:
    """One approved event. `number` keeps events of one kind and day in the order in which they were entered; a closing names nobody."""

    on: date
    number: int
    kind: Kind
    person: Hashable = None
    relation: str | None = None  # to the head; where the head changes, of the former head to the new one
    source: object = None  # whatever the caller wants to find again


@dataclass(frozen=True)
class Life:
    """What the register knows of one person: when they were born and died, and on which days they moved away."""

    born: date | None = None
    died: date | None = None
    parted: Sequence[date] = ()


@dataclass(frozen=True)
class Stay:
    """One person in one household in one relation to the head, from the first day to the day on which it is over."""

    person: Hashable
    relation: str
    joined: date  # the first day in this household without a break
    began: date
    ended: date | None = None
    source: object = None  # of the event by which the person came


@dataclass
class Told:
    """What the events tell of a household."""

    set_up_on: date | None = None
    closed_on: date | None = None
    stays: list[Stay] = field(default_factory=list)


class Contradiction(Exception):
    """The events cannot all be true, or not beside what else the register knows."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def derive(events: Iterable[Event], lives: Mapping[Hashable, Life]) -> Told:
    """Who belonged to the household on which day. Raises Contradiction."""
    house = _House(lives)
    for event in sorted(events, key=lambda e: (e.on, ORDER.index(e.kind), e.number)):
        house.come_to(event.on)
        house.hear(event)
    return house.finished()


def overlap(one: Stay, other: Stay) -> bool:
    """Whether there is a day on which both hold. The day on which one is over may be the first of the other."""
    first, last = max(one.began, other.began), min(one.ended or date.max, other.ended or date.max)
    return first < last


class _House:
    """A household as it stands while its events are told one after the other."""

    def __init__(self, lives: Mapping[Hashable, Life]) -> None:
        self._lives, self._told = lives, Told()
        self._members: dict[Hashable, Stay] = {}
        self._gone: set[Hashable] = set()  # died or moved away, and not back
        self._headless_on: date | None = None  # the head left on this day: nobody may stay without one

    def come_to(self, day: date) -> None:
        """The day begins: who has died or moved away by then belongs to the household no longer."""
        if self._headless_on is not None and day > self._headless_on:
            self._must_be_over()
        for person, stay in list(self._members.items()):
            if (gone := self._gone_on(person, stay)) is not None and gone <= day:
                self._end(person, gone)
                self._gone.add(person)

    def hear(self, event: Event) -> None:
        """One event. Raises Contradiction where it cannot be."""
        if event.kind is not Kind.set_up and self._told.set_up_on is None:
            raise Contradiction(Fault.not_set_up)
        if self._told.closed_on is not None:
            raise Contradiction(Fault.closed)
        tell = {
            Kind.set_up: self._set_up, Kind.joined: self._joined, Kind.head_changed: self._head_changed,
            Kind.relation_changed: self._relation_changed, Kind.left: self._left, Kind.closed: self._closed,
        }[event.kind]  # fmt: skip
        tell(event)

    def finished(self) -> Told:
        """What was told, once nothing more comes."""
        self.come_to(date.max)
        self._told.stays += self._members.values()
        return self._told

    def _set_up(self, event: Event) -> None:
        if self._told.set_up_on is not None:
            raise Contradiction(Fault.set_up_twice)
        self._told.set_up_on = event.on
        self._begin(event, HEAD)

    def _joined(self, event: Event) -> None:
        if event.person in self._members:
            raise Contradiction(Fault.member)
        if not self._members:
            raise Contradiction(Fault.empty)
        self._begin(event, event.relation or "")

    def _head_changed(self, event: Event) -> None:
        self._must_be_member(event)
        if self._members[event.person].relation == HEAD:
            raise Contradiction(Fault.head_already)
        for person, stay in list(self._members.items()):
            if stay.relation == HEAD:
                if not event.relation:
                    raise Contradiction(Fault.former_head)
                self._become(person, event.relation, event.on)
        self._become(event.person, HEAD, event.on)

    def _relation_changed(self, event: Event) -> None:
        self._must_be_member(event)
        if self._members[event.person].relation == HEAD:
            raise Contradiction(Fault.head_stays)
        self._become(event.person, event.relation or "", event.on)

    def _left(self, event: Event) -> None:
        if event.person in self._gone:
            return  # entered beside the death or the move
        self._must_be_member(event)
        if self._members[event.person].relation == HEAD:
            self._headless_on = event.on
        self._end(event.person, event.on)

    def _closed(self, event: Event) -> None:
        self._told.closed_on, self._headless_on = event.on, None
        for person in list(self._members):
            self._end(person, event.on)

    def _begin(self, event: Event, relation: str) -> None:
        life = self._lives.get(event.person, Life())
        if life.born is not None and event.on < life.born:
            raise Contradiction(Fault.unborn)
        if life.died is not None and event.on > life.died:
            raise Contradiction(Fault.gone)
        self._gone.discard(event.person)
        self._members[event.person] = Stay(event.person, relation, event.on, event.on, None, event.source)

    def _become(self, person: Hashable, relation: str, on: date) -> None:
        """From this day on the person is something else to the head."""
        stay = self._members[person]
        if stay.began < on:
            self._told.stays.append(replace(stay, ended=on))
        self._members[person] = replace(stay, relation=relation, began=on)

    def _end(self, person: Hashable, on: date) -> None:
        self._told.stays.append(replace(self._members.pop(person), ended=on))

    def _gone_on(self, person: Hashable, stay: Stay) -> date | None:
        """The day on which this stay ends by a death or a move; a move of the first day was the one that led here."""
        life = self._lives.get(person, Life())
        days = [day for day in life.parted if day > stay.joined]
        return min(days if life.died is None else [*days, life.died], default=None)

    def _must_be_member(self, event: Event) -> None:
        if event.person not in self._members:
            raise Contradiction(Fault.gone if event.person in self._gone else Fault.no_member)

    def _must_be_over(self) -> None:
        """Whoever stays needs a head."""
        if self._members:
            raise Contradiction(Fault.head_leaves)
        self._headless_on = None
