"""What is true, told a second time: a list of facts and the plainest way to ask it. Nothing of the application is used here.

Every fact has a day of its own, so that what holds between two days of facts holds on each day between them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

WEDDING, DIVORCE, DEATH = "wedding", "divorce", "death"
MARRIED, DIVORCED, WIDOWED = "married", "divorced", "widowed"


@dataclass(frozen=True)
class Fact:
    """Something that happened to one person or to two, on a day."""

    key: int
    kind: str
    on: date
    who: tuple[str, ...]


@dataclass
class World:
    """Everything that is approved, and who sees whom."""

    facts: dict[int, Fact] = field(default_factory=dict)
    seen_by: dict[str, set[str]] = field(default_factory=dict)  # person → towns

    def days(self) -> list[date]:
        """The day of every fact and the day before it, in order."""
        return sorted({day for fact in self.facts.values() for day in (fact.on - timedelta(days=1), fact.on)})

    def died_on(self, who: str) -> date | None:
        """The day this person died."""
        return next((fact.on for fact in self.facts.values() if fact.kind == DEATH and who in fact.who), None)

    def couples(self) -> set[tuple[str, ...]]:
        """Whoever was ever told to be or to have been married."""
        return {fact.who for fact in self.facts.values() if fact.kind in (WEDDING, DIVORCE)}

    def told_of(self, couple: tuple[str, ...]) -> list[Fact]:
        """What was told about the marriage of these two, oldest first."""
        return sorted((f for f in self.facts.values() if f.who == couple and f.kind != DEATH), key=lambda f: f.on)

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

    def is_sound(self) -> bool:
        """Whether all of it can be true."""
        return all(self._is_possible(couple) for couple in self.couples()) and not any(self._married_twice())

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
        return all(one.kind != other.kind for one, other in pairwise(told))

    def _married_twice(self) -> Iterator[bool]:
        people = {who for couple in self.couples() for who in couple}
        for who in people:
            for day in self.days():
                yield len(self.spouses(who, day) | self._divorced_next(who, day)) > 1

    def _divorced_next(self, who: str, day: date) -> set[str]:
        """Of a marriage whose beginning nobody told, the day before its end is sure."""
        firsts = [(couple, self.told_of(couple)[0]) for couple in self.couples() if who in couple]
        return {
            other
            for couple, first in firsts
            if first.kind == DIVORCE and first.on - timedelta(days=1) == day
            for other in couple
            if other != who
        }
