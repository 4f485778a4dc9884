"""Offices are merged every year: one audited act gives the rows of the old ones to the new one. No row's content changes."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import Column, Connection, Table, and_, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.base import Model
from app.core.errors import RuleViolation
from app.core.regions import NAME_LENGTH, Region, RegionCode, by_code, child_path, is_code, is_name, whole
from app.core.scope import AFTER_EVERY_CHILD, elevated

Move = tuple[str, str]  # an old path and the new one


def merge(session: Session, old: Sequence[Region], name: str, code: str, on: date) -> Region:
    """Close these offices and open one in their place that holds all their parts and all their rows.

    Runs inside a unit of work. Raises RuleViolation when the offices are not neighbours of one level, or are closed, or the code is taken.
    """
    _check(session, old, name, code)
    if on > clock.today():
        raise RuleViolation.one(_("Offices are merged on the day itself or afterwards: %(on)s has not come yet.", on=on))
    parent = session.get_one(Region, old[0].parent_id)
    new = Region(path=child_path(session, parent.path), level=old[0].level, name=name.strip(), parent_id=parent.id, valid_from=on)
    session.add(new)
    session.flush()
    _close_codes(session, old, on)
    session.add(RegionCode(region_id=new.id, code=whole(code), valid_from=on))
    moves = [move for office in old for move in _hand_over(session, office, new, on)]
    session.flush()
    with elevated("merge of offices"):
        rows = sum(_rewrite(session.connection(), column, moves) for column in _path_columns())
    for region in (*old, new):
        told = {"into": str(new.uid), "from": [str(o.uid) for o in old], "rows": rows}
        audit.note_about(session, "merge", audit.target_of(region), region.path[: len(old[0].path)], **told)
    return new


def _check(session: Session, old: Sequence[Region], name: str, code: str) -> None:
    if len({o.id for o in old}) < 2 or len({(o.parent_id, o.level) for o in old}) != 1 or old[0].parent_id is None:
        raise RuleViolation.one(_("Name at least two offices of the same level under the same parent."))
    if any(o.valid_to for o in old):
        raise RuleViolation.one(_("One of these offices is closed already."))
    if not is_name(name) or not is_code(code):
        told = _("The new office needs a name of at most %(n)s characters and a code of up to twelve digits.", n=NAME_LENGTH)
        raise RuleViolation.one(told)
    if by_code(session, code) not in (None, *old):
        raise RuleViolation.one(_("This code belongs to another office."), "code")


def _close_codes(session: Session, old: Sequence[Region], on: date) -> None:
    """The codes of the closed offices are free from this day on; the new office often keeps one of them."""
    in_force = select(RegionCode).where(RegionCode.region_id.in_([office.id for office in old]), RegionCode.valid_to.is_(None))
    for code in session.scalars(in_force):
        code.valid_to = on - timedelta(days=1)


def _hand_over(session: Session, office: Region, new: Region, on: date) -> list[Move]:
    """Close one office and put its parts under the new one; longer paths come first, so that a part is not moved with its whole."""
    parts = session.scalars(select(Region).where(Region.path.startswith(office.path), Region.id != office.id).order_by(Region.path)).all()
    paths = {office.path: new.path}
    for part in parts:
        above = part.path[:-4]
        paths[part.path] = child_path(session, paths[above])
        part.path, part.parent_id = paths[part.path], new.id if above == office.path else part.parent_id
        session.flush()
    office.valid_to, office.successor_id = on, new.id
    return sorted(paths.items(), key=lambda move: len(move[0]), reverse=True)


def _path_columns() -> list[Column[str]]:
    """Every column that follows the tree: the scope of each row, and what is marked as following it."""
    tables = Model.metadata.tables.values()
    return [c for table in tables for c in table.columns if c.name == "scope_path" or c.info.get("follows_regions")]


def _rewrite(connection: Connection, column: Column[str], moves: Sequence[Move]) -> int:
    table = column.table
    assert isinstance(table, Table)  # noqa: S101  (a column of the metadata always has one; this is for the type checker)
    return sum(_move(connection, table, column, old, new) for old, new in moves)


def _move(connection: Connection, table: Table, column: Column[str], old: str, new: str) -> int:
    """Where the path is part of the key, two old rows may become one: they are copied, then taken away."""
    inside = and_(column >= old, column < old + AFTER_EVERY_CHILD)
    moved = literal(new) + func.substr(column, len(old) + 1)
    if not column.primary_key:
        return connection.execute(update(table).where(inside).values({column: moved})).rowcount
    keys = [moved if c is column else c for c in table.columns]
    taken = table.alias()
    same = and_(*(taken.c[c.name] == (moved if c is column else c) for c in table.primary_key.columns))
    connection.execute(
        insert(table).from_select(
            [c.name for c in table.columns], select(*keys).where(inside, ~select(literal(1)).where(same).exists()).distinct()
        )
    )
    return connection.execute(delete(table).where(inside)).rowcount
