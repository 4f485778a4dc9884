"""What speaks against making one file of two where births name them: nobody is born twice, and nobody gives birth at any time."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import scope
from app.core.errors import Problem
from app.core.scope import elevated
from app.ledgers.births.models import Birth
from app.ledgers.people import merging
from app.ledgers.people.filing import standing
from app.ledgers.people.models import Person

SHORTEST_GAP = 150  # days between two deliveries of one mother, which nobody falls short of


def check(session: Session, stays: Person, goes: Person) -> Iterator[Problem]:
    """Two births of the one child, deliveries too near to each other, a child born before its parent or after the mother's death."""
    born = [_births(session, Birth.child_id, person) for person in (stays, goes)]
    sentence = _("Both files are the child of a birth: %(records)s. Have the repeated birth voided, then merge.")
    if all(born):
        yield from _told([*born[0], *born[1]], sentence)
    first, second = (_births(session, Birth.mother_id, person) for person in (stays, goes))
    near = {row.uid: row for one in first for other in second if _are_too_near(one, other) for row in (one, other)}
    sentence = _("One mother cannot have had both of these: %(records)s. If it is one birth that was entered twice, have one voided first.")
    yield from _told(list(near.values()), sentence)
    as_father = [row for person in (stays, goes) for row in _births(session, Birth.father_id, person)]
    early = [row for row in (*first, *second, *as_father) if stays.birth_date and row.born_on <= stays.birth_date]
    late = [row for row in (*first, *second) if stays.died_on and row.born_on > stays.died_on]
    sentence = _("By the dates this is no child of this person: %(records)s. Choose the other date, or have the record put right first.")
    yield from _told([*early, *late], sentence)


def settle(session: Session, stays: Person, goes: Person) -> None:
    """Births and deliveries name the file that stays already; nothing else follows from them."""


ALSO = merging.Also(check, settle)


def _births(session: Session, key: Any, person: Person) -> Sequence[Any]:
    """The standing births that name the person in this role, at whichever office, as columns."""
    told = (Birth.uid, Birth.delivery_id, Birth.born_on, Birth.plurality)
    with session.no_autoflush, elevated("births of two files"):
        return session.execute(select(*told).where(key == person.id, standing(Birth)).order_by(Birth.id)).all()


def _are_too_near(one: Any, other: Any) -> bool:
    """Whether two births are of two deliveries that cannot both be hers. Twins may have been entered for both files."""
    days = abs((one.born_on - other.born_on).days)
    are_twins = days <= 1 and one.plurality > 1 and one.plurality == other.plurality
    return days < SHORTEST_GAP and not are_twins


def _told(rows: Sequence[Any], sentence: str) -> Iterator[Problem]:
    own = [row for found in rows if (row := scope.get(Birth, found.uid))]
    yield from merging.problem_of([str(row) for row in own], len(own) < len(rows), sentence)
