"""Code lists: official and local lists are rows, so that a new edition is data and a retired code stays readable."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.base import Model
from app.core.columns import CODE_LENGTH

LISTS = Path(__file__).parent / "codes"


class CodeItem(Model):
    """One code of one list, with its labels and the time it may be chosen."""

    __tablename__ = "code_item"
    set: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(CODE_LENGTH), primary_key=True)
    label_zh: Mapped[str] = mapped_column(String(100))
    label_en: Mapped[str] = mapped_column(String(100))
    parent: Mapped[str | None] = mapped_column(String(CODE_LENGTH))
    position: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    source: Mapped[str | None] = mapped_column(String(100))

    def label(self, language: str) -> str:
        """The label in Chinese or English."""
        return self.label_zh if language.startswith("zh") else self.label_en

    def __repr__(self) -> str:
        return self.label_zh


_known: dict[str, dict[str, dict[str, CodeItem]]] = {}


def items(session: Session, code_set: str) -> dict[str, CodeItem]:
    """The codes of one list in their order, the retired ones included. Read once per process and database."""
    place = str(session.get_bind())
    lists = _known.get(place)
    if not lists:
        lists = {}
        for row in session.scalars(select(CodeItem).order_by(CodeItem.set, CodeItem.position)).all():
            session.expunge(row)
            lists.setdefault(row.set, {})[row.code] = row
        _known[place] = lists  # only when they are whole: other threads read them at the same time
    return lists.get(code_set, {})


def choices(session: Session, code_set: str, on: date, language: str) -> list[tuple[str, str]]:
    """(code, label) of the codes that may be chosen on this date."""
    return [(i.code, i.label(language)) for i in items(session, code_set).values() if _valid(i, on)]


def label(session: Session, code_set: str, code: str | None, language: str) -> str:
    """What a stored code means; a code that is not on the list is shown as it stands."""
    if code is None:
        return ""
    item = items(session, code_set).get(code)
    return item.label(language) if item else code


def is_valid(session: Session, code_set: str, code: str, on: date) -> bool:
    """Whether the code stands on the list and may be chosen on this date."""
    item = items(session, code_set).get(code)
    return item is not None and _valid(item, on)


def _valid(item: CodeItem, on: date) -> bool:
    return (item.valid_from is None or item.valid_from <= on) and (item.valid_to is None or on <= item.valid_to)


def load(session: Session) -> int:
    """Bring the shipped lists into the database; rows that an office added stay. Answers how many rows were written."""
    known = {(i.set, i.code): i for i in session.scalars(select(CodeItem))}
    written = 0
    for row in _shipped():
        found = known.get((row["set"], row["code"]))
        if found is None:
            session.add(CodeItem(**row))
            written += 1
        elif any(getattr(found, k) != v for k, v in row.items()):
            for key, value in row.items():
                setattr(found, key, value)
            written += 1
    forget()
    return written


def forget() -> None:
    """Drop what this process remembers of the lists."""
    _known.clear()


def _shipped() -> Iterator[dict[str, Any]]:
    for path in sorted(LISTS.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for position, row in enumerate(csv.DictReader(file)):
                dates = {k: date.fromisoformat(row[k]) if row[k] else None for k in ("valid_from", "valid_to")}
                texts = {k: row[k] or None for k in ("code", "label_zh", "label_en", "parent", "source")}
                yield {"set": path.stem, "position": position, **texts, **dates}
