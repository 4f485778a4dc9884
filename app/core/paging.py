"""Pages of a list in a stable order, the deep ones found by the key of a row: page 2,000 costs what page 1 costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

NUMBERED = 100  # pages that are reached by their number; beyond, one goes on from a row that is known


@dataclass(frozen=True)
class Term:
    """One expression that rows are ordered by."""

    expression: Any
    is_descending: bool = False
    may_be_empty: bool = True

    def ordered(self, *, backwards: bool) -> Any:
        """The expression as ORDER BY takes it."""
        return self.expression.desc() if self.is_descending != backwards else self.expression.asc()


def order_by(terms: Sequence[Term], *, backwards: bool = False) -> tuple[Any, ...]:
    """The terms as ORDER BY takes them, or the same order from the end."""
    return tuple(term.ordered(backwards=backwards) for term in terms)


def beyond(terms: Sequence[Term], values: Sequence[Any], *, empty_is_high: bool, backwards: bool = False) -> ColumnElement[bool]:
    """The condition that a row comes after the row with these values; before it when one goes backwards.

    The last term tells every row from the others. PostgreSQL takes an empty value for the highest, SQLite for the lowest.
    """
    term, value, rest = terms[0], values[0], terms[1:]
    descends = term.is_descending != backwards
    past = _past(term, value, descends=descends, empty_comes_last=descends != empty_is_high)
    if not rest:
        return past
    same = term.expression.is_(None) if value is None else term.expression == value
    found = or_(past, and_(same, beyond(rest, values[1:], empty_is_high=empty_is_high, backwards=backwards)))
    if value is None or term.may_be_empty:
        return found
    return and_(term.expression <= value if descends else term.expression >= value, found)  # a range that an index can use


def _past(term: Term, value: Any, *, descends: bool, empty_comes_last: bool) -> ColumnElement[bool]:
    """The condition that a row comes after this value by this term alone."""
    if value is None:
        return false() if empty_comes_last else term.expression.is_not(None)
    past = term.expression < value if descends else term.expression > value
    return or_(past, term.expression.is_(None)) if empty_comes_last and term.may_be_empty else past
