"""What is true, told a second time: a list of facts and the plainest way to ask it. Nothing of the application is used here.

Every fact has a day of its own, so that what holds between two days of facts holds on each day between them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations, pairwise

WEDDING, DIVORCE, DEATH = "wedding", "divorce", "death"
MOVED_OUT, BACK, HANDED = "moved_out", "back", "handed"
SET_UP, JOINED, LEFT = "set_up", "joined", "left"
MARRIED, DIVORCED, WIDOWED = "married", "divorced", "widowed"
MARRYING, MOVING, LIVING_TOGETHER = (WEDDING, DIVORCE), (MOVED_OUT, BACK, HANDED), (SET_UP, JOINED, LEFT)
EVER = date.max


@dataclass(frozen=True)
class Fact:
    """Something that happened to one person or to two, on a day; in a household, if it is one of its events."""

    key: int
    kind: str
    on: date
    who: tuple[str, ...]
    house: int | None = None


@dataclass(frozen=True)
class Stay:
    """One person in one household, from a day to another one."""

    who: str
    house: int
    began: date
    ended: date = EVER
    is_head: bool = False


@dataclass
class World:
    """Everything that is approved, and who sees whom."""

    facts: dict[int, Fact] = field(default_factory=dict)
    seen_by: dict[str, set[str]] = field(default_factory=dict)  # person → towns

    def but(self, key: int) -> "World":
        """The world without one fact."""
        return World({k: fact for k, fact in self.facts.items() if k != key})

    def and_(self, fact: Fact) -> "World":
        """The world with one fact more, or with another one in its place."""
        return World({**self.facts, fact.key: fact})

    def with_one_name(self, stays: str, goes: str) -> "World":
        """The world in which two files are one person's."""
        named = {k: replace(f, who=tuple(stays if who == goes else who for who in f.who)) for k, f in self.facts.items()}
        return World(named, {who: towns for who, towns in self.seen_by.items() if who != goes})

    def days(self) -> list[date]:
        """The day of every fact and the day before it, in order."""
        return sorted({day for fact in self.facts.values() for day in (fact.on - timedelta(days=1), fact.on)})

    def died_on(self, who: str) -> date | None:
        """The day this person died."""
        return next((fact.on for fact in self.facts.values() if fact.kind == DEATH and who in fact.who), None)

    def is_sound(self) -> bool:
        """Whether all of it can be true."""
        people = {who for fact in self.facts.values() for who in fact.who}
        married = all(self._is_possible(couple) for couple in self.couples()) and not any(self._married_twice())
        return married and all(self._moves_fit(who) for who in people) and self.stays() is not None and not any(self._two_homes())

    # marriages

    def couples(self) -> set[tuple[str, ...]]:
        """Whoever was ever told to be or to have been married."""
        return {fact.who for fact in self.facts.values() if fact.kind in MARRYING}

    def told_of(self, couple: tuple[str, ...]) -> list[Fact]:
        """What was told about the marriage of these two, oldest first."""
        return sorted((f for f in self.facts.values() if f.who == couple and f.kind in MARRYING), key=lambda f: f.on)

    def spouses(self, who: str, day: date) -> set[str]:
        """Everybody this person was married to on a day."""
        married = [couple for couple in self.couples() if who in couple and (self._last(couple, day) or ("",))[0] == MARRIED]
        return {other for couple in married for other in couple if other != who}

    def marital(self, who: str, day: date) -> str | None:
        """What this person was on a day; the dead stay what they were."""
        died = self.died_on(who)
        day = day if died is None or day < died else died - timedelta(days=1)
        known = [found for couple in self.couples() if who in couple and (found := self._last(couple, day))]
        return max(known, key=lambda found: found[1])[0] if known else None

    def _last(self, couple: tuple[str, ...], day: date) -> tuple[str, date] | None:
        """What these two were to each other at the end of a day, and since when: by the last word about them, or by the first death."""
        told = [fact for fact in self.told_of(couple) if fact.on <= day]
        if not told:
            return None
        if told[-1].kind == DIVORCE:
            return DIVORCED, told[-1].on
        dead = [died for who in couple if (died := self.died_on(who)) and died <= day]
        return (WIDOWED, min(dead)) if dead else (MARRIED, told[-1].on)

    def _is_possible(self, couple: tuple[str, ...]) -> bool:
        told = self.told_of(couple)
        lived = [self.died_on(who) for who in couple]
        if any(died and fact.on > died for fact in told for died in lived):
            return False
        return len(set(couple)) > 1 and all(one.kind != other.kind for one, other in pairwise(told))

    def _married_twice(self) -> Iterator[bool]:
        for who in {who for couple in self.couples() for who in couple}:
            for day in self.days():
                yield len(self.spouses(who, day) | self._divorced_next(who, day)) > 1

    def _divorced_next(self, who: str, day: date) -> set[str]:
        """Of a marriage whose beginning nobody told, the day before its end is sure."""
        firsts = [(couple, self.told_of(couple)[0]) for couple in self.couples() if who in couple]
        ended = [couple for couple, first in firsts if first.kind == DIVORCE and first.on - timedelta(days=1) == day]
        return {other for couple in ended for other in couple if other != who}

    # moves

    def moves_of(self, who: str) -> list[Fact]:
        """Where this person went, oldest first."""
        return sorted((f for f in self.facts.values() if f.who == (who,) and f.kind in MOVING), key=lambda f: f.on)

    def moved_out_on(self, who: str) -> date | None:
        """The day on which this person left for good."""
        last = self.moves_of(who)[-1:]
        return last[0].on if last and last[0].kind == MOVED_OUT else None

    def _moves_fit(self, who: str) -> bool:
        died, is_out = self.died_on(who), False
        for fact in self.moves_of(who):
            if (died and fact.on > died) or (fact.kind == MOVED_OUT and is_out) or (fact.kind == BACK and not is_out):
                return False
            is_out = fact.kind == MOVED_OUT
        return True

    # households

    def home(self, who: str, day: date) -> int | None:
        """The household this person belonged to on a day."""
        return next((stay.house for stay in self.stays() or [] if stay.who == who and stay.began <= day < stay.ended), None)

    def stays(self) -> list[Stay] | None:
        """Who belonged to which household from when to when; None where the events cannot all be true."""
        found: list[Stay] = []
        for house in {fact.house for fact in self.facts.values() if fact.house is not None}:
            told = self._stays_in(house)
            if told is None:
                return None
            found += told
        return found

    def _stays_in(self, house: int) -> list[Stay] | None:
        told = sorted((f for f in self.facts.values() if f.house == house), key=lambda f: f.on)
        stays: list[Stay] = []
        if told[0].kind != SET_UP:
            return None
        for fact in told:
            there = [self._until(stay) for stay in stays]
            members = [stay for stay in there if stay.began <= fact.on < stay.ended]
            own = [stay for stay in members if stay.who in fact.who]
            if fact.kind == LEFT:
                if not own and not self._is_gone(fact, there):
                    return None
                if own and own[0].is_head and len(members) > 1:
                    return None
                stays = [replace(stay, ended=fact.on) if stay in own else stay for stay in there]
            elif own or (fact.kind == JOINED and not members) or (fact.kind == SET_UP and stays) or self._is_dead(fact):
                return None
            else:
                stays = [*there, Stay(fact.who[0], house, fact.on, is_head=fact.kind == SET_UP)]
        return [self._until(stay) for stay in stays]

    def _until(self, stay: Stay) -> Stay:
        """A stay ends with a death, and with the first move after it began."""
        ends = [fact.on for fact in self.moves_of(stay.who) if fact.kind in (MOVED_OUT, HANDED) and fact.on > stay.began]
        return replace(stay, ended=min([stay.ended, *ends, *([died] if (died := self.died_on(stay.who)) else [])]))

    def _is_gone(self, fact: Fact, stays: list[Stay]) -> bool:
        """Whether the last stay there was over by a death or a move: then leaving was entered beside it."""
        last = max((stay for stay in stays if stay.who in fact.who), key=lambda stay: stay.began, default=None)
        left = [
            f for f in self.facts.values() if f.kind == LEFT and f.house == fact.house and f.who == fact.who and last and f.on == last.ended
        ]
        return last is not None and last.ended <= fact.on and not left

    def _is_dead(self, fact: Fact) -> bool:
        died = self.died_on(fact.who[0])
        return died is not None and fact.on > died

    def _two_homes(self) -> Iterator[bool]:
        for one, other in combinations(self.stays() or [], 2):
            if one.who == other.who and one.house != other.house:
                yield max(one.began, other.began) < min(one.ended, other.ended)
