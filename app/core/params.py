"""Dated parameters: ages, limits and amounts that differ by province and change with a document."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import columns
from app.core.audit import Audited
from app.core.base import Row
from app.core.errors import Problem, RuleViolation
from app.core.regions import by_code

SHIPPED = Path(__file__).parent / "params.csv"


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


def value(session: Session, scheme: str, key: str, path: str, on: date) -> Decimal | None:
    """The value in force at a place on a day: the longest region prefix wins, then the newest. None where none is on file."""
    above = [path[:length] for length in range(0, len(path) + 1, 4)]
    until = or_(PolicyParam.valid_to.is_(None), PolicyParam.valid_to >= on)
    statement = select(PolicyParam).where(PolicyParam.scheme == scheme, PolicyParam.key == key, PolicyParam.region_path.in_(above))
    rows = session.scalars(statement.where(PolicyParam.valid_from <= on, until)).all()
    best = max(rows, key=lambda row: (len(row.region_path), row.valid_from, row.id), default=None)
    return Decimal(best.value) if best else None


def number(session: Session, scheme: str, key: str, path: str, on: date) -> int:
    """A value that must be on file, as a whole number. Raises RuleViolation that says which one is missing."""
    found = value(session, scheme, key, path, on)
    if found is None:
        message = _("A limit is missing for %(day)s: %(scheme)s.%(key)s. Ask your admin to load it.", day=on, scheme=scheme, key=key)
        raise RuleViolation.one(message)
    return int(found)


def load(session: Session, file: Path = SHIPPED) -> int:
    """Read parameters from a CSV file (scheme, region_code, key, value, valid_from, valid_to, doc_no). Answers how many are new."""
    with file.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    problems, written = [], 0
    for line, row in enumerate(rows, 2):
        try:
            written += _take(session, row)
        except (KeyError, ValueError, ArithmeticError) as error:
            problems.append(Problem("", f"Line {line}: {error}"))
    if problems:
        raise RuleViolation(problems)
    return written


def _take(session: Session, row: dict[str, str]) -> int:
    region = by_code(session, row["region_code"]) if row["region_code"] else None
    if row["region_code"] and region is None:
        raise ValueError(f"there is no region with the code {row['region_code']}")
    Decimal(row["value"])
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
