"""Dated parameters: ages, limits and amounts that differ by province and change with a document."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import columns, csv_file
from app.core.audit import Audited
from app.core.base import Row
from app.core.errors import Problem, RuleViolation
from app.core.regions import by_code
from app.core.remember import remembered

SHIPPED = Path(__file__).parent / "params.csv"
COLUMNS = ("scheme", "region_code", "key", "value", "valid_from", "valid_to", "doc_no")  # of a file
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class PolicyParam(Audited, Row):
    """One value of one rule in one part of the country from one day to another, with the document it comes from."""

    __tablename__ = "policy_param"
    __table_args__ = (Index("ix_policy_param_key", "scheme", "key", "valid_from"),)

    scheme: Mapped[str] = mapped_column(String(32))
    region_path: Mapped[str] = columns.path(default="", comment="Empty: the whole country")
    key: Mapped[str] = mapped_column(String(64))
    value: Mapped[str] = mapped_column(String(100))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    doc_no: Mapped[str] = mapped_column(String(100))


@dataclass(frozen=True)
class _Value:
    """One value of a key, as it is on file."""

    key: str
    path: str
    value: str
    start: date
    end: date | None
    id: int

    def holds(self, path: str, on: date) -> bool:
        return path.startswith(self.path) and self.start <= on and (self.end is None or on <= self.end)


class Table:
    """Every value of one scheme, read with one statement and picked by place and day."""

    def __init__(self, session: Session, scheme: str) -> None:
        self.scheme = scheme
        told = (PolicyParam.key, PolicyParam.region_path, PolicyParam.value, PolicyParam.valid_from, PolicyParam.valid_to, PolicyParam.id)
        self._by_key: dict[str, list[_Value]] = defaultdict(list)
        for row in session.execute(select(*told).where(PolicyParam.scheme == scheme)):
            self._by_key[row.key].append(_Value(*row))

    def value(self, key: str, path: str, on: date) -> Decimal | None:
        """The value in force at a place on a day: the longest region prefix wins, then the newest. None where none is on file."""
        rows = [row for row in self._by_key[key] if row.holds(path, on)]
        best = max(rows, key=lambda row: (len(row.path), row.start, row.id), default=None)
        return Decimal(best.value) if best else None

    def largest(self, key: str) -> int:
        """The largest value of a key anywhere at any time; 0 where none is on file."""
        return max((int(Decimal(row.value)) for row in self._by_key[key]), default=0)

    @remembered
    def number(self, key: str, path: str, on: date) -> int:
        """A value that must be on file, as a whole number. Raises RuleViolation that says which one is missing."""
        found = self.value(key, path, on)
        if found is None:
            told = {"day": on, "scheme": self.scheme, "key": key}
            raise RuleViolation.one(_("A limit is missing for %(day)s: %(scheme)s.%(key)s. Ask your admin to load it.", **told))
        return int(found)


def number(session: Session, scheme: str, key: str, path: str, on: date) -> int:
    """One value that must be on file. Raises RuleViolation that says which one is missing."""
    return Table(session, scheme).number(key, path, on)


def load(session: Session, file: Path = SHIPPED) -> int:
    """Read parameters from a CSV file with the columns of COLUMNS. Answers how many are new.

    Raises RuleViolation with every line that cannot be taken; then nothing is stored.
    """
    lines = csv_file.read(file, COLUMNS)
    problems = [*_repeated(lines), *(problem for number, row in lines for problem in _problems(session, number, row))]
    if problems:
        raise RuleViolation(problems)
    return sum(_take(session, row) for _, row in lines)


def _repeated(lines: list[csv_file.Line]) -> Iterator[Problem]:
    seen: dict[tuple[str, ...], int] = {}
    for number, row in lines:
        first = seen.setdefault(tuple(row[name] for name in ("scheme", "region_code", "key", "valid_from")), number)
        if first != number:
            yield Problem("key", f"Line {number}: this parameter of {row['valid_from']} stands in line {first} already.")


def _problems(session: Session, number: int, row: dict[str, str]) -> Iterator[Problem]:
    for name in ("scheme", "key", "value", "valid_from", "doc_no"):
        if not row[name]:
            yield Problem(name, f"Line {number}: {name} is missing.")
    yield from _too_long(number, row)
    if row["region_code"] and by_code(session, row["region_code"]) is None:
        yield Problem("region_code", f"Line {number}: there is no region with the code {row['region_code']}.")
    if row["value"] and not NUMBER.fullmatch(row["value"]):
        yield Problem("value", f"Line {number}: the value {row['value']} is not a number such as 15 or 0.50.")
    yield from _date_problems(number, row)


def _too_long(number: int, row: dict[str, str]) -> Iterator[Problem]:
    for column in PolicyParam.__table__.columns:
        most = getattr(column.type, "length", None)
        if most and len(row.get(column.name, "")) > most:
            yield Problem(column.name, f"Line {number}: {column.name} has at most {most} characters.")


def _date_problems(number: int, row: dict[str, str]) -> Iterator[Problem]:
    odd = [name for name in ("valid_from", "valid_to") if row[name] and not _is_date(row[name])]
    for name in odd:
        yield Problem(name, f"Line {number}: {name} {row[name]} is not a date such as 2026-01-31.")
    if not odd and row["valid_to"] and row["valid_to"] < row["valid_from"]:
        yield Problem("valid_to", f"Line {number}: valid_to lies before valid_from.")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _take(session: Session, row: dict[str, str]) -> int:
    region = by_code(session, row["region_code"]) if row["region_code"] else None
    path, start = region.path if region else "", date.fromisoformat(row["valid_from"])
    same = select(PolicyParam.id).where(
        PolicyParam.scheme == row["scheme"], PolicyParam.key == row["key"], PolicyParam.region_path == path, PolicyParam.valid_from == start
    )
    if session.scalar(same) is not None:
        return 0
    until = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    texts = {name: row[name] for name in ("scheme", "key", "value", "doc_no")}
    session.add(PolicyParam(region_path=path, valid_from=start, valid_to=until, **texts))
    return 1
