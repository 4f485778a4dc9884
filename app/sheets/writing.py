"""Templates, exports and error workbooks, written by XlsxWriter: text stays text, dates are dates, lists are offered."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from math import isinf
from pathlib import Path
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import audit, codes, scope
from app.core.sheets import Cell, Column, Writing, plain
from app.core.unit_of_work import unit_of_work
from app.sheets.importer import Outcome, own_chain

VERSION = "1"  # of the template
PAGE = 500  # rows read at once: a half-read stream would hold a lock on SQLite
ROOM = 5000  # rows of a template that offer their lists
LONG = 10**10  # a number from here on is an ID number or a phone
OPTIONS: dict[str, Any] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


def _new_book(file: Path, **more: Any) -> Any:
    from xlsxwriter import Workbook  # noqa: PLC0415  (an import writes none, and has better use for the memory)

    return Workbook(file, {**OPTIONS, **more})


def template(session: Session, ledger: Any, file: Path, today: date) -> None:
    """An empty workbook: a header with a star on what is required, lists to choose from, an example, and what each column takes."""
    columns = [column for column in ledger.COLUMNS if column.read is not None and column.key != "uid"]
    with _new_book(file) as book:
        sheet, bold, words = (
            book.add_worksheet("台账"),
            book.add_format({"bold": True, "bg_color": "#E8EEF7"}),
            book.add_format({"num_format": "@"}),
        )
        lists = book.add_worksheet("选项")
        _header(sheet, columns, bold)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width, words if column.is_text else None)
            if column.code_set:
                _offer(sheet, lists, place, [text for _code, text in codes.choices(session, column.code_set, today, "zh")])
        _explain(book, columns)
        book.set_custom_property("taizhang template", VERSION)


def export(session: Session, ledger: Any, file: Path) -> int:
    """Every row of the ledger in the scope in force, hidden values as masks. Answers how many rows were written."""
    columns, writing, count = [c for c in ledger.COLUMNS if c.write is not None], Writing(session), 0
    with unit_of_work() as work:
        audit.note_about(work, "export", ledger.MODEL.__tablename__, own_chain())
    with _new_book(file, constant_memory=True) as book:
        sheet, dates = book.add_worksheet("台账"), book.add_format({"num_format": "yyyy-mm-dd"})
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        _header(sheet, columns, book.add_format({"bold": True, "bg_color": "#E8EEF7"}))
        sheet.freeze_panes(1, 0)
        for count, row in enumerate(_rows(session, ledger), 1):
            _line(sheet, count, [column.write(row, writing) for column in columns if column.write], dates)
    return count


def errors(outcome: Outcome, file: Path) -> None:
    """The clerk's own rows that did not go in, each with its row number and every reason."""
    with _new_book(file) as book:
        sheet, dates, bold = book.add_worksheet("台账"), book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True})
        _line(sheet, 0, [*outcome.book.header, _("Row"), _("Why it was refused")], bold)
        width = len(outcome.book.header)
        for number, refusal in enumerate(outcome.refused, 1):
            cells = [_as_it_stood(cell) for cell in refusal.cells]
            _line(sheet, number, [*cells, *[None] * (width - len(cells)), refusal.number, "；".join(refusal.reasons)], dates)
        sheet.set_column(width + 1, width + 1, 80)


def _as_it_stood(cell: Cell) -> Any:
    """Long digits keep their end as words; a number too large to be one, which a file can hold and Excel cannot, is words too."""
    return plain(cell) if isinstance(cell, float) and abs(cell) >= LONG and (cell.is_integer() or isinf(cell)) else cell


def _rows(session: Session, ledger: Any) -> Iterator[Any]:
    """Oldest first, a page at a time by key."""
    held = scope.query(ledger.MODEL) if not hasattr(ledger, "listed") else scope.query(ledger.MODEL).where(ledger.listed())
    after = 0
    while rows := session.scalars(held.where(ledger.MODEL.id > after).order_by(ledger.MODEL.id).limit(PAGE)).all():
        yield from rows
        after = rows[-1].id
        session.expunge_all()


def _header(sheet: Any, columns: Sequence[Column], bold: Any) -> None:
    with force_locale("zh"):
        for place, column in enumerate(columns):
            sheet.write_string(0, place, f"{column.label}*" if column.required else str(column.label), bold)


def _line(sheet: Any, number: int, values: Iterable[Any], dates: Any) -> None:
    for place, value in enumerate(values):
        if isinstance(value, date | datetime):
            sheet.write_datetime(number, place, value, dates)
        elif isinstance(value, int | float):
            sheet.write_number(number, place, value)
        elif value not in (None, ""):
            sheet.write_string(number, place, str(value))


def _offer(sheet: Any, lists: Any, place: int, texts: Sequence[str]) -> None:
    from xlsxwriter.utility import xl_range_abs  # noqa: PLC0415

    lists.write_column(0, place, texts)
    told = {
        "validate": "list",
        "source": f"=选项!{xl_range_abs(0, place, len(texts) - 1, place)}",
        "error_title": "不在列表中",
        "error_message": "请从列表中选择。",
    }
    sheet.data_validation(1, place, ROOM, place, told)


def _explain(book: Any, columns: Sequence[Column]) -> None:
    sheet = book.add_worksheet("说明")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 2, 40)
    with force_locale("zh"):
        rows = [(str(c.label), _("required") if c.required else "", c.example) for c in columns]
    for number, row in enumerate([("栏目", "要求", "示例"), *rows]):
        for place, text in enumerate(row):
            sheet.write_string(number, place, text)
