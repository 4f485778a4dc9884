"""The tree of places beside a list: one's own offices and what lies directly below; deeper levels when somebody opens them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.core import scope
from app.core.regions import WIDTH, Level, Region
from app.core.scope import within


@dataclass
class Branch:
    """One place and what is shown below it."""

    place: Region
    parts: list["Branch"] = field(default_factory=list)
    is_open: bool = False

    @property
    def may_have_parts(self) -> bool:
        """Whether something can lie below it."""
        return self.place.level is not Level.village


def tree(session: Session, chosen: Region | None = None) -> list[Branch]:
    """The reader's own places with their direct parts, and the way down to the chosen one; read with one statement."""
    roots = scope.current().paths
    opened = {*roots}
    if chosen is not None:
        opened |= {chosen.path[:n] for n in range(WIDTH, len(chosen.path) + 1, WIDTH) if scope.current().holds(chosen.path[:n])}
    if not opened:
        return []
    near = [and_(within(Region.path, scope.Scope.of([path]).ranges), func.length(Region.path) <= len(path) + WIDTH) for path in opened]
    return _grown(session.scalars(select(Region).where(or_(*near), Region.valid_to.is_(None)).order_by(Region.path)), opened)


def parts(session: Session, place: Region) -> list[Branch]:
    """What lies directly below a place."""
    below = select(Region).where(Region.parent_id == place.id, Region.valid_to.is_(None), scope.current().criterion(Region.path))
    return [Branch(found) for found in session.scalars(below.order_by(Region.path))]


def _grown(places: Iterable[Region], opened: set[str]) -> list[Branch]:
    """Places in the order of their paths, each put below the one it lies in."""
    found: dict[str, Branch] = {}
    roots: list[Branch] = []
    for place in places:
        branch = found[place.path] = Branch(place, is_open=place.path in opened)
        above = found.get(place.path[:-WIDTH])
        (above.parts if above else roots).append(branch)
    return roots
