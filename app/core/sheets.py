"""The columns of a ledger's workbook: one list serves the template, the import and the export, so they cannot drift apart.

A cell is what the workbook holds: text, a number, a date, yes or no, or nothing. A reader turns it into a value or raises
ValueError with a sentence for the clerk; nothing is ever guessed.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import codes, scope
from app.core.dates import read_date
from app.core.regions import Region, RegionCode, whole

Cell = str | float | bool | date | None
Reader = Callable[[Cell, "Reading"], Any]
Writer = Callable[[Any, "Writing"], Any]
SERIAL_ONE = date(1899, 12, 30)  # day 0 of the serial numbers of Excel
SERIALS = range(10_000, 80_000)  # 1927 to 2119: a number outside is no date of a living office
SERIAL_DIGITS = 5  # of each of them
EXACT = 10**15  # a number of a workbook has 15 exact digits; a longer one has lost its end
YES, NO = {"是", "有", "y", "yes", "1", "√", "true"}, {"否", "无", "n", "no", "0", "×", "false"}
LONG_DIGITS = re.compile("[0-9]{6,}[0-9Xx]?")  # what may be an ID number or a phone in the wrong column
INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b]")  # PostgreSQL takes no NUL in a text
OFFICE_NAMES = re.compile(r"(村|社区)?(村民委员会|居民委员会|村委会|居委会)$")


@dataclass(frozen=True)
class Column:
    """One column: what stands above it, which field it fills, how a cell is read and how a value is written."""

    label: Any  # in the reader's language
    key: str
    aliases: tuple[str, ...] = ()  # other words offices write above it
    required: bool = False
    read: Reader | None = None  # None: known, and left alone
    write: "Writer | None" = None  # None: not exported
    example: str = ""
    code_set: str = ""  # the list its cells come from
    is_text: bool = False  # long digits: the template formats its cells as text
    width: int = 14  # characters


@dataclass
class Reading:
    """What a reader may ask: the session, the day, the places of the offices in scope."""

    session: Session
    today: date
    _places: "Places | None" = None
    _codes: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    @property
    def places(self) -> "Places":
        """Places by code and by name, read once."""
        if self._places is None:
            self._places = Places(self.session)
        return self._places

    def codes_of(self, code_set: str) -> dict[str, set[str]]:
        """What may stand in a cell of this list, a code or its label in either language → the codes it means, read once."""
        if code_set not in self._codes:
            meant = self._codes[code_set] = defaultdict(set)
            for language in ("zh", "en"):
                for code, label in codes.choices(self.session, code_set, self.today, language):
                    meant[code].add(code)
                    meant[label].add(code)
        return self._codes[code_set]


class Writing:
    """What a writer may ask: labels of codes, codes of places. Chinese, because that is what offices read back."""

    def __init__(self, session: Session) -> None:
        self.session = session
        in_force = select(RegionCode.region_id, RegionCode.code).where(RegionCode.valid_to.is_(None))
        self.code_of = dict(session.execute(in_force).tuples().all())

    def label(self, code_set: str, code: str | None) -> str:
        """What a code means."""
        return codes.label(self.session, code_set, code, "zh")


class Places:
    """The open places of the scope in force, by statistical code and by every name people write."""

    def __init__(self, session: Session) -> None:
        mine = select(Region).where(scope.current().criterion(Region.path), Region.valid_to.is_(None))
        found = session.scalars(mine).all()
        every = dict(session.execute(select(Region.path, Region.name)).tuples().all())
        in_force = select(RegionCode.code, RegionCode.region_id).where(RegionCode.valid_to.is_(None))
        own = {region.id: region for region in found}
        self.by_code = {code: own[number] for code, number in session.execute(in_force).tuples() if number in own}
        self._by_name: dict[str, list[Region]] = defaultdict(list)
        for region in found:
            for name in _names_of(region.path, every):
                self._by_name[name].append(region)
        self._titles = {region.id: "".join(_above(region.path, every)[-3:]) for region in found}

    def find(self, text: str) -> list[Region]:
        """Every place a text may mean: one, none, or several that only a fuller name tells apart."""
        if text.isdecimal():
            found = self.by_code.get(whole(text))
            return [found] if found else []
        return self._by_name.get(text) or self._by_name.get(_short(text), [])

    def title(self, region: Region) -> str:
        """The full name: county, town, village."""
        return self._titles[region.id]


def _above(path: str, every: dict[str, str]) -> list[str]:
    return [every[path[:length]] for length in range(4, len(path) + 1, 4) if path[:length] in every]


def _names_of(path: str, every: dict[str, str]) -> set[str]:
    """`龙泉镇梅花村村民委员会`, with every higher level in front or none, the village with and without its committee."""
    names = _above(path, every)
    full = {"".join(names[start:]) for start in range(len(names))}
    return full | {_short(name) for name in full}


def _short(name: str) -> str:
    return OFFICE_NAMES.sub(lambda found: found[1] or "", name)


def plain(cell: Cell) -> str:
    """A cell as text: full-width signs made narrow, blanks at the ends and control characters gone, a whole number without its `.0`."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", cell)).strip()


def as_cell(value: Any) -> Cell:
    """A value as the workbook would hold it."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value or None


def text(cell: Cell, reading: Reading) -> str | None:
    """Words as they stand; nothing for an empty cell."""
    return plain(cell) or None


def long_number(cell: Cell, reading: Reading) -> str | None:
    """Digits that are no quantity: an ID number, a phone, a certificate. Stray blanks inside are dropped."""
    if isinstance(cell, float) and abs(cell) >= EXACT:
        raise ValueError(_("The workbook kept this as a number and lost its last digits. Format the column as text and write it again."))
    return re.sub(r"\s", "", plain(cell)) or None


def day(cell: Cell, reading: Reading) -> date | None:
    """A date, a serial number of Excel, or a date as people write it."""
    if isinstance(cell, date):
        return cell
    if isinstance(cell, float) and cell.is_integer() and int(cell) in SERIALS:
        return SERIAL_ONE + timedelta(days=int(cell))
    words = re.sub(r"\s", "", plain(cell))
    if not words:
        return None
    if words.isdecimal() and len(words) == SERIAL_DIGITS and int(words) in SERIALS:
        return SERIAL_ONE + timedelta(days=int(words))
    found = read_date(words)
    if found is None:
        raise ValueError(_("This is not a date. Write it like 2025-03-05."))
    return found


def whole_number(cell: Cell, reading: Reading) -> int | None:
    """A whole number."""
    words = plain(cell)
    if not words:
        return None
    if not (words.isascii() and words.isdecimal() and len(words) <= 9):
        raise ValueError(_("This is not a whole number. Write digits only."))
    return int(words)


def yes_or_no(cell: Cell, reading: Reading) -> bool | None:
    """是 or 否."""
    words = plain(cell).lower()
    if not words:
        return None
    if words not in YES | NO:
        raise ValueError(_("Write %(yes)s or %(no)s.", yes="是", no="否"))
    return words in YES


def one_of(code_set: str, also: Mapping[str, str]) -> Reader:
    """A code of a list, or its label in either language; `also` are further words → codes."""

    def read(cell: Cell, reading: Reading) -> str | None:
        words = plain(cell)
        if not words:
            return None
        found = reading.codes_of(code_set).get(also.get(words, words), set())
        if len(found) != 1:
            labels = [label for _code, label in codes.choices(reading.session, code_set, reading.today, "zh")]
            offered, said = "、".join(labels[:8]), LONG_DIGITS.sub("…", words)[:20]
            raise ValueError(_("“%(words)s” is not on the list. Write one of: %(offered)s.", words=said, offered=offered))
        return next(iter(found))

    return read


def place(cell: Cell, reading: Reading) -> Region | None:
    """A place of one's own offices by its statistical code or its name; a name that fits two places is refused with both."""
    words = re.sub(r"\s", "", plain(cell))
    if not words:
        return None
    found = reading.places.find(words)
    if not found:
        raise ValueError(
            _("There is no such place in your offices. Write its statistical code, or town and village as in the region list.")
        )
    if len(found) > 1:
        both = "、".join(reading.places.title(region) for region in found[:4])
        raise ValueError(_("This name fits several places: %(places)s. Write the town in front, or the statistical code.", places=both))
    return found[0]


def words_in(label: Any, key: str, *aliases: str, **more: Any) -> Column:
    """A column of words."""
    return Column(label, key, aliases, read=text, write=_value_of(key), **more)


def days_in(label: Any, key: str, *aliases: str, **more: Any) -> Column:
    """A column of dates."""
    return Column(label, key, aliases, read=day, write=_value_of(key), **more)


def counts_in(label: Any, key: str, *aliases: str, **more: Any) -> Column:
    """A column of whole numbers."""
    return Column(label, key, aliases, read=whole_number, write=_value_of(key), width=8, **more)


def numbers_in(label: Any, key: str, *aliases: str, **more: Any) -> Column:
    """A column of certificate numbers and the like: digits that are no quantity."""
    return Column(label, key, aliases, read=long_number, write=_value_of(key), is_text=True, **more)


def secrets_in(label: Any, key: str, *aliases: str, **more: Any) -> Column:
    """A column of hidden values: read whole, written as masks."""
    return Column(
        label, key, aliases, read=long_number, write=lambda row, _writing: str(getattr(row, key) or ""), is_text=True, width=22, **more
    )


def codes_in(label: Any, key: str, *aliases: str, code_set: str, also: Mapping[str, str] | None = None, **more: Any) -> Column:
    """A column of codes of one list, written as their Chinese labels, which the import reads back; `also` are further words → codes."""
    write = lambda row, writing: writing.label(code_set, getattr(row, key))  # noqa: E731  (one line, beside its reader)
    return Column(label, key, aliases, read=one_of(code_set, also or {}), write=write, code_set=code_set, **more)


def ticks_in(label: Any, key: str, *aliases: str, **more: Any) -> Column:
    """A column of 是 and 否."""
    return Column(label, key, aliases, read=yes_or_no, write=lambda row, _writing: "是" if getattr(row, key) else "否", width=8, **more)


def places_in(label: Any, key: str, *aliases: str, **more: Any) -> Column:
    """A column of places of one's own offices, written as their statistical codes."""
    write = lambda row, writing: writing.code_of.get(getattr(row, f"{key}_id"))  # noqa: E731  (one line, beside its reader)
    return Column(label, key, aliases, read=place, **{"write": write, "width": 30, **more})


def line_numbers() -> Column:
    """The running number at the left, which says nothing."""
    return Column(_l("No."), "line", ("序号", "编号"), width=6)


def identity() -> Column:
    """Which record on file a row of an export is: with it the import knows the row again."""
    return Column(_l("Record"), "uid", ("记录编号",), read=text, write=lambda row, _writing: str(row.uid), width=38)


def _value_of(name: str) -> Writer:
    return lambda row, _writing: getattr(row, name)
