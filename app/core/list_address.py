"""What the address of a list asks for, and the addresses its links lead to: filters, place, order, page. No word anybody typed to find
a person stands in it.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlencode

FILTER = re.compile(r"_flt_(\d)_(\w+)")
TYPED = re.compile(r"_v_(\w+)")  # a box of the query bar as a browser without scripts sends it
PLACES_IN_IT = ("page", "after", "before")  # which page: forgotten when anything else changes

Pair = tuple[str, str]


class Address:
    """The part behind the question mark, for one screen."""

    def __init__(self, screen: str, pairs: Iterable[Pair]) -> None:
        self.screen = screen
        self.names = {f"_oc_{screen}": "column", f"_od_{screen}": "direction", f"page_{screen}": "page", f"psize_{screen}": "size"}
        self.names |= {name: name for name in ("place", "found", "view", "after", "before")}
        self.pairs = [(name, value) for name, value in pairs if value and (name in self.names or FILTER.fullmatch(name))]

    def get(self, name: str) -> str:
        """What was asked for under one of the short names, or nothing."""
        return next((value for key, value in self.pairs if self.names.get(key) == name), "")

    @property
    def filters(self) -> list[tuple[str, int, str]]:
        """(column, which comparison, value) in the order they were asked for."""
        found = [(FILTER.fullmatch(name), value) for name, value in self.pairs]
        return [(match[2], int(match[1]), value) for match, value in found if match]

    @property
    def is_bare(self) -> bool:
        """Whether nothing at all is asked for."""
        return not self.pairs

    @property
    def narrowed(self) -> bool:
        """Whether fewer rows are asked for than there are."""
        return bool(self.filters or self.get("place") or self.get("found"))

    def but(self, **words: object) -> "Address":
        """The same with other words; an empty one is left out. Another question begins on its first page."""
        gone = set(words) | (set(PLACES_IN_IT) if not set(words) & set(PLACES_IN_IT) else {"after", "before"})
        kept = [(name, value) for name, value in self.pairs if self.names.get(name, name) not in gone]
        long = {short: name for name, short in self.names.items()}
        return Address(self.screen, [*kept, *((long[short], str(value)) for short, value in words.items() if value not in ("", None))])

    def without(self, column: str, index: int, value: str) -> "Address":
        """The same with one filter less."""
        gone = (f"_flt_{index}_{column}", value)
        return Address(self.screen, [pair for pair in self.but(page="").pairs if pair != gone])

    def only(self, *short: str) -> list[Pair]:
        """The pairs with these short names, as hidden fields of a form keep them."""
        return [(name, value) for name, value in self.pairs if self.names.get(name) in short]

    def of_view(self) -> list[Pair]:
        """What a saved view keeps: filters, place, order and page size."""
        kept = ("place", "column", "direction", "size")
        return [(name, value) for name, value in self.pairs if FILTER.fullmatch(name) or self.names.get(name) in kept]

    def __str__(self) -> str:
        return "?" + urlencode(self.pairs) if self.pairs else ""


def typed(pairs: Iterable[Pair]) -> list[Pair] | None:
    """The pairs of an address for what a form without scripts sent, each box with its comparison beside it; None for any other address."""
    told = list(pairs)
    if not any(TYPED.fullmatch(name) for name, _value in told):
        return None
    found, waiting = [], {}
    for name, value in told:
        if name.startswith("_op_"):
            waiting[name.removeprefix("_op_")] = value
        elif match := TYPED.fullmatch(name):
            found.append((f"_flt_{waiting.get(match[1], '0')}_{match[1]}", value.strip()))
        else:
            found.append((name, value))
    return found
