"""Workbooks as offices keep them: title lines above the header, stray blanks, a total and a signature line at the end."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from flask_babel import force_locale
from flask_babel import gettext as _

from app.core.errors import RuleViolation
from app.core.sheets import Cell, Column, plain

LANGUAGES = ("zh", "en")  # a workbook written in one is read in the other
HEADER_WITHIN = 15  # rows from the top
FEW = 2  # cells of a signature line
LEAST = 2  # headings that make a header
MOST_BYTES = 50 * 1024 * 1024  # of the file
MOST_UNPACKED = 600 * 1024 * 1024  # of everything inside it
MOST_ROWS = 200_000
CHILD = Path(__file__).with_name("child.py")
TOTALS = {"合计", "总计", "共计", "总合计", "total"}
SIGNATURES = re.compile(r"(填表人|制表人?|审核人?|复核人?|负责人|填报人|报出日期|联系电话|单位\(盖章\))\s*:")


@dataclass(frozen=True)
class Line:
    """One row with something in it: its number in the workbook, and its cells by column key."""

    number: int
    cells: dict[str, Cell]
    whole: Sequence[Cell] = field(repr=False)  # as it stands, for the clerk to get back


@dataclass
class Book:
    """What was understood of a workbook before its rows are read."""

    sheet: str
    header_row: int
    header: list[str]
    keys: list[str | None]  # the column key of each place, None where the header is not known
    unknown: list[str]
    unread: int = 0  # rows below the total line that look like data


def open_book(file: Path, columns: Sequence[Column]) -> tuple[Book, Iterator[Line]]:
    """The header and the rows below it. Raises RuleViolation for a file that is none, is too large, or has no such header."""
    _must_be_a_workbook(file)
    found = [(name, header) for name in _sheet_names(file) if (header := _header_of(_top(file, name), columns))]
    if not found:
        labels = "、".join(str(column.label) for column in columns if column.required)
        raise RuleViolation.one(
            _(
                "None of the first %(n)s rows is a header this ledger knows. It needs the columns: %(labels)s.",
                n=HEADER_WITHIN,
                labels=labels,
            )
        )
    if len(found) > 1:
        names = "、".join(name for name, _header in found)
        raise RuleViolation.one(_("Several sheets have such a header: %(names)s. Keep one of them in the file.", names=names))
    name, (number, cells) = found[0]
    book = _understood(name, number, cells, columns)
    return book, _lines(file, book)


def _must_be_a_workbook(file: Path) -> None:
    if file.stat().st_size > MOST_BYTES:
        raise RuleViolation.one(_("The file is larger than %(n)s MB. Split it.", n=MOST_BYTES // 2**20))
    try:
        with zipfile.ZipFile(file) as packed:
            size, names = sum(part.file_size for part in packed.infolist()), packed.namelist()
    except (zipfile.BadZipFile, OSError):
        size, names = 0, []
    if "xl/workbook.xml" not in names:
        raise RuleViolation.one(_("This is not an xlsx workbook, or it is protected by a password. Open it and save it as .xlsx."))
    if size > MOST_UNPACKED:
        raise RuleViolation.one(_("The workbook is too large when unpacked. Remove pictures and empty formatted rows, or split it."))


def _sheet_names(file: Path) -> list[str]:
    out = subprocess.run([sys.executable, "-I", str(CHILD), str(file), ""], capture_output=True, check=False)
    if out.returncode:
        raise RuleViolation.one(_("The workbook cannot be read. Open it, save it as a new .xlsx file, and try that one."))
    return list(json.loads(out.stdout))


def _rows(file: Path, sheet: str) -> Iterator[list[Cell]]:
    """Every row of a sheet, from the first on. A child that dies is told like a file that cannot be read."""
    with subprocess.Popen([sys.executable, "-I", str(CHILD), str(file), sheet], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None  # noqa: S101  (asked for above; for the type checker)
        try:
            for line in child.stdout:
                yield [_cell(told) for told in json.loads(line)]
        finally:
            child.stdout.close()
            early = child.poll() is None
            if early:
                child.kill()
    if child.returncode and not early:
        raise RuleViolation.one(_("The workbook cannot be read. Open it, save it as a new .xlsx file, and try that one."))


def _cell(told: object) -> Cell:
    if isinstance(told, dict):
        return date.fromisoformat(told["d"])
    if isinstance(told, int) and not isinstance(told, bool):
        return float(told)
    return told  # type: ignore[return-value]


def _top(file: Path, sheet: str) -> list[list[Cell]]:
    rows = _rows(file, sheet)
    top = [row for _number, row in zip(range(HEADER_WITHIN), rows, strict=False)]
    rows.close()  # type: ignore[attr-defined]
    return top


def _heading(cell: Cell) -> str:
    """What stands above a column, without blanks and the star of a required one."""
    return re.sub(r"[\s*]", "", plain(cell))


def _named(columns: Sequence[Column]) -> dict[str, str]:
    """Every heading that is understood → the column key."""
    found = {_heading(str(name)): column.key for column in columns for name in (column.key, *column.aliases)}
    for language in LANGUAGES:
        with force_locale(language):
            found |= {_heading(str(column.label)): column.key for column in columns}
    return found


def _header_of(top: list[list[Cell]], columns: Sequence[Column]) -> tuple[int, list[Cell]] | None:
    """(row number, cells) of the row that knows most of our headings, if it has every required one."""
    named, required = _named(columns), {column.key for column in columns if column.required}
    known = [({named[_heading(c)] for c in row if _heading(c) in named}, number, row) for number, row in enumerate(top, 1)]
    keys, number, cells = max(known, key=lambda found: len(found[0]), default=(set(), 0, []))
    return (number, cells) if required <= keys and len(keys) >= LEAST else None


def _understood(sheet: str, number: int, cells: list[Cell], columns: Sequence[Column]) -> Book:
    named, header = _named(columns), [plain(cell) for cell in cells]
    keys = [named.get(_heading(cell)) for cell in cells]
    twice = {key for key in keys if key and keys.count(key) > 1}
    if twice:
        both = "、".join(name for name, key in zip(header, keys, strict=True) if key in twice)
        raise RuleViolation.one(_("These columns mean the same: %(both)s. Keep one of them.", both=both))
    unknown = [name for name, key in zip(header, keys, strict=True) if name and key is None]
    return Book(sheet, number, header, keys, unknown)


def _lines(file: Path, book: Book) -> Iterator[Line]:
    """The rows below the header: blank ones, repeated headers and signature lines are passed over, the total line ends them."""
    ended = False
    for number, row in enumerate(_rows(file, book.sheet), 1):
        if number > book.header_row + MOST_ROWS:
            raise RuleViolation.one(_("The sheet has more than %(n)s rows. Split it.", n=MOST_ROWS))
        if number <= book.header_row or _says_nothing(row, book):
            continue
        ended = ended or any(plain(cell).replace(" ", "").lower() in TOTALS for cell in row[:3])
        if not ended:
            yield Line(number, {key: cell for key, cell in zip(book.keys, row, strict=False) if key}, row)
        elif sum(cell is not None for cell in row) * 2 > len(book.keys):
            book.unread += 1


def _says_nothing(row: list[Cell], book: Book) -> bool:
    filled = [*islice((text for cell in row if cell is not None and (text := plain(cell))), FEW + 1)]
    if len(filled) <= FEW:
        return not filled or any(SIGNATURES.search(text) for text in filled)
    return plain(row[0]) == book.header[0] and [plain(cell) for cell in row] == book.header
