"""The region tree: five levels, our own fixed-width path, the statistical code as a dated attribute."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Enum, ForeignKey, String, func, inspect, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import csv_file
from app.core.base import BigId, Model, Row
from app.core.errors import Problem, RuleViolation
from app.core.scope import PATH

WIDTH = 4  # digits of one level in a path
NAME_LENGTH = 50
COLUMNS = ("code", "name", "level", "parent_code")  # of a file
TOWN_LENGTH = 4 * WIDTH  # province, city, county, town: the history keeps one chain per town


class Level(StrEnum):
    """The five levels of the administrative division."""

    province = "province"
    city = "city"
    county = "county"
    town = "town"
    village = "village"


class Region(Row):
    """One place of the administrative division. Its path is ours and never reused; its code belongs to the statistics office."""

    __tablename__ = "region"

    path: Mapped[str] = mapped_column(PATH, unique=True)
    level: Mapped[Level] = mapped_column(Enum(Level, native_enum=False, create_constraint=True, length=16, name="level_known"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("region.id"), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("region.id"), comment="The office that took over when it was closed")

    def __repr__(self) -> str:
        return self.name


class RegionCode(Model):
    """The 12-digit statistical code a region had from one date to another. Codes are re-issued; the region stays itself."""

    __tablename__ = "region_code"

    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(12), primary_key=True, index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


def prefix(code: str) -> str:
    """A code without its trailing zero levels: 2, 4, 6, 9 or 12 digits (GB/T 2260 and the statistical code)."""
    for length in (12, 9, 6, 4, 2):
        cut = {12: 9, 9: 6, 6: 4, 4: 2, 2: 0}[length]
        if code[cut:length].strip("0"):
            return code[:length]
    return ""


def whole(code: str) -> str:
    """A code or its prefix, written out to twelve digits."""
    return code.strip().ljust(12, "0")


def is_code(text: str) -> bool:
    """Whether this can be a code or its prefix: up to twelve digits, not all of them zero."""
    return bool(re.fullmatch(r"[0-9]{12}", whole(text)) and prefix(whole(text)))


def is_name(text: str) -> bool:
    """Whether a region can be called this."""
    return 0 < len(text.strip()) <= NAME_LENGTH and text.strip().isprintable()


def by_code(session: Session, code: str, on: date | None = None) -> Region | None:
    """The region that has (or had on that date) this statistical code; a prefix is enough."""
    valid = [RegionCode.valid_to.is_(None)] if on is None else [_from(RegionCode, on), _to(RegionCode, on)]
    statement = select(Region).join(RegionCode, RegionCode.region_id == Region.id).where(RegionCode.code == whole(code), *valid)
    return session.scalars(statement).one_or_none()


def _from(table: type[RegionCode], on: date) -> object:
    return or_(table.valid_from.is_(None), table.valid_from <= on)


def _to(table: type[RegionCode], on: date) -> object:
    return or_(table.valid_to.is_(None), table.valid_to >= on)


def code_of(session: Session, region: Region) -> str:
    """The statistical code in force, empty where the region has none."""
    statement = select(RegionCode.code).where(RegionCode.region_id == region.id, RegionCode.valid_to.is_(None))
    return session.scalar(statement.limit(1)) or ""


def name_of(session: Session, region_id: int) -> str:
    """The name of a place that a row of the history tells by its number; nothing where there is no such place."""
    found = session.get(Region, region_id)
    return found.name if found else ""


def read(session: Session, places: Iterable[Region]) -> None:
    """Read these places again with one statement, after a rollback has made the session forget them."""
    states: list[Any] = [inspect(place) for place in places]
    session.scalars(select(Region).where(Region.id.in_({state.identity[0] for state in states}))).all()


def full_name(session: Session, region: Region, from_level: int = 3) -> str:
    """`夷陵区龙泉镇龙泉村`: the names from one level (1 is the province) down to the region."""
    paths = [region.path[: i * WIDTH] for i in range(from_level, len(region.path) // WIDTH + 1)]
    names = dict(session.execute(select(Region.path, Region.name).where(Region.path.in_(paths))).tuples().all())
    return "".join(names[p] for p in paths if p in names)


def child_path(session: Session, parent_path: str) -> str:
    """The next free path below a parent. Paths of closed regions are not used again."""
    below = select(func.max(Region.path)).where(Region.path.startswith(parent_path), func.length(Region.path) == len(parent_path) + WIDTH)
    last = session.scalar(below)
    number = int(last[-WIDTH:]) + 1 if last else 1
    if number >= 10**WIDTH:
        raise RuleViolation.one("A region cannot have more than 9999 parts.")
    return f"{parent_path}{number:0{WIDTH}d}"


def load(session: Session, file: Path) -> int:
    """Read regions from a CSV file with the columns code, name, level, parent_code, in any order. Answers how many are new.

    Raises RuleViolation with every line that cannot be taken; then nothing is stored.
    """
    lines = csv_file.read(file, COLUMNS)
    problems = list(_problems(lines, session))
    if problems:
        raise RuleViolation(problems)
    rows = sorted((row for _, row in lines), key=lambda row: list(Level).index(Level(row["level"])))
    return sum(_take(session, row) for row in rows)


def _problems(lines: list[csv_file.Line], session: Session) -> Iterator[Problem]:
    on_record = select(RegionCode.code, Region.level).join(Region, RegionCode.region_id == Region.id).where(RegionCode.valid_to.is_(None))
    known: dict[str, str] = dict(session.execute(on_record).tuples().all())
    known |= {whole(row["code"]): row["level"] for _, row in lines}
    seen: dict[str, int] = {}
    for number, row in lines:
        code = whole(row["code"])
        if not is_code(code):
            yield Problem("code", f"Line {number}: a code has up to twelve digits.")
        elif row["level"] not in Level.__members__:
            yield Problem("level", f"Line {number}: the level is one of {', '.join(Level)}.")
        elif code in seen:
            yield Problem("code", f"Line {number}: the code {row['code']} stands in line {seen[code]} already.")
        elif not is_name(row["name"]):
            yield Problem("name", f"Line {number}: the region needs a name of at most {NAME_LENGTH} characters.")
        else:
            yield from _parent_problems(number, row, known)
        seen.setdefault(code, number)


def _parent_problems(number: int, row: dict[str, str], known: dict[str, str]) -> Iterator[Problem]:
    """Each level lies in the one above it: the length of a path tells the level."""
    above = dict(zip(list(Level)[1:], Level, strict=False)).get(Level(row["level"]))
    if above is None and row["parent_code"]:
        yield Problem("parent_code", f"Line {number}: a province has no parent.")
    elif above and whole(row["parent_code"]) not in known:
        yield Problem("parent_code", f"Line {number}: the parent of {row['name']} is neither in the file nor on record.")
    elif above and known[whole(row["parent_code"])] != above:
        yield Problem("parent_code", f"Line {number}: the parent of a {row['level']} is a {above}.")


def _take(session: Session, row: dict[str, str]) -> int:
    if by_code(session, row["code"]) is not None:
        return 0
    parent = by_code(session, row["parent_code"]) if row["parent_code"] else None
    path = child_path(session, parent.path if parent else "")
    region = Region(path=path, level=Level(row["level"]), name=row["name"], parent_id=parent and parent.id)
    session.add(region)
    session.flush()
    session.add(RegionCode(region_id=region.id, code=whole(row["code"])))
    session.flush()
    return 1
