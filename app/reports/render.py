"""A report as a file: CSV for programs, a workbook in the printed layout for the office."""

import csv
import io
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask_babel import gettext as _

from app.core import clock
from app.reports.base import NOTHING, Answer, Column, month_name

FORMULA_SIGNS = ("=", "+", "-", "@")  # a text that begins with one of these would be run by a spreadsheet
SONG, HEI = "宋体", "黑体"  # faces of printed forms; every office program has them or a substitute
A4 = 9  # its number in the file format
NARROWEST, WIDEST, FIGURE_WIDTH = 18, 48, 9.5  # of the names and of a figure, in Latin letters; a Chinese sign takes two
TITLE_HEIGHT, LINE_HEIGHT, HEAD_HEIGHT = 30, 18, 32  # points
MARGINS = {"left": 0.6, "right": 0.6, "top": 0.8, "bottom": 0.7}  # inches


def as_text(value: str) -> str:
    """A text on one line that no spreadsheet takes for a formula."""
    plain = " ".join(value.split())
    return f"'{plain}" if plain.startswith(FORMULA_SIGNS) else plain


def to_csv(answer: Answer, end: str = "\n") -> str:
    """The lines under stable English keys."""
    out = io.StringIO()
    writer, columns = csv.writer(out, lineterminator=end), answer.report.columns
    writer.writerow(["region_code", "region", *(column.key for column in columns)])
    for line in answer.lines:
        figures = [column.plain(line.figures[column.key]) for column in columns]
        writer.writerow([as_text(line.code), as_text(line.name), *figures])
    return out.getvalue()


def to_xlsx(answer: Answer) -> bytes:
    """A4 landscape: title, head, repeated header rows, the lines with the total first, foot."""
    from xlsxwriter import Workbook  # noqa: PLC0415  (only here is a workbook made)

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, options) as book:
        book.set_properties({"title": str(answer.report.title), "created": clock.local(clock.now()).replace(tzinfo=None)})
        _Sheet(book, answer).write()
    return out.getvalue()


def headings(columns: Sequence[Column]) -> list[tuple[Any, list[Column]]]:
    """The columns by the heading above them, in order; a column without one stands alone."""
    numbered = enumerate(columns)
    return [
        (key[0], [column for _n, column in found]) for key, found in groupby(numbered, lambda c: (c[1].group, "" if c[1].group else c[0]))
    ]


class _Sheet:
    """One printed table, written from top to bottom."""

    def __init__(self, book: Any, answer: Answer) -> None:
        self.book, self.answer, self.columns = book, answer, answer.report.columns
        self.sheet = book.add_worksheet(answer.period)
        self.last = len(self.columns)
        self.row = 0

    def write(self) -> None:
        """Everything, in reading order."""
        self._head()
        first = self.row
        self._header()
        self._lines()
        self._foot()
        self._page(first)

    def _format(self, **told: Any) -> Any:
        return self.book.add_format({"font_name": SONG, "font_size": 11, "valign": "vcenter", **told})

    def _head(self) -> None:
        told, plain = self.answer.report, self._format()
        self.sheet.merge_range(0, 0, 0, self.last, str(told.title), self._format(font_name=HEI, font_size=18, align="center"))
        self.sheet.set_row(0, TITLE_HEIGHT)
        self.sheet.write_string(1, 0, _("Reporting office (seal): %(office)s", office=self.answer.office), plain)
        middle = self.last // 2
        self.sheet.merge_range(1, middle - 1, 1, middle + 1, month_name(self.answer.period), self._format(align="center"))
        self.sheet.write_string(1, self.last, _("Form: %(form)s", form=told.form), self._format(align="right"))
        if self.answer.revision:
            self.sheet.write_string(2, 0, _("Revision %(n)s", n=self.answer.revision), plain)
        self.sheet.write_string(2, self.last, _("Unit: %(unit)s", unit=told.unit), self._format(align="right"))
        self.row = 3

    def _header(self) -> None:
        words = {"bold": True, "align": "center", "text_wrap": True, "border": 1}
        head = self._format(**words, top=2)
        self.sheet.merge_range(self.row, 0, self.row + 1, 0, _("Place"), self._format(**words | {"left": 2}, top=2))
        place = 1
        for group, columns in headings(self.columns):
            end = place + len(columns) - 1
            right = self._format(**words | {"right": 2}, top=2) if end == self.last else head
            if not group:
                self.sheet.merge_range(self.row, place, self.row + 1, place, str(columns[0].label), right)
            elif len(columns) == 1:
                self.sheet.write_string(self.row, place, str(group), right)
            else:
                self.sheet.merge_range(self.row, place, self.row, end, str(group), right)
            for number, column in enumerate(columns if group else ()):
                self.sheet.write_string(self.row + 1, place + number, str(column.label), self._format(**words))
            place = end + 1
        self.sheet.set_row(self.row, LINE_HEIGHT)
        self.sheet.set_row(self.row + 1, HEAD_HEIGHT)
        self.row += 2

    def _lines(self) -> None:
        for number, line in enumerate(self.answer.lines):
            edge = {"border": 1, "bold": number == 0, "bottom": 2 if number == len(self.answer.lines) - 1 else 1}
            indent = 0 if number == 0 else 1
            name = _("Total") if number == 0 else line.name
            self.sheet.write_string(self.row, 0, name, self._format(**edge, left=2, indent=indent))
            for place, column in enumerate(self.columns, 1):
                told = {**edge, "right": 2 if place == self.last else 1, "align": "right"}
                self._figure(place, column, line.figures[column.key], told)
            self.sheet.set_row(self.row, LINE_HEIGHT)
            self.row += 1

    def _figure(self, place: int, column: Column, figure: int | None, told: dict[str, Any]) -> None:
        if figure is None:
            self.sheet.write_string(self.row, place, NOTHING, self._format(**told))
            return
        shape = "0." + "0" * column.decimals if column.decimals else "+0;-0;0" if column.signed else "0"
        self.sheet.write_number(self.row, place, figure / 10**column.decimals, self._format(**told, num_format=shape))

    def _foot(self) -> None:
        """Who answers for it; signed by hand."""
        signed = (_("Head of the office:"), _("Head of statistics:"), _("Filled in by:"), _("Phone:"), _("Reported on:"))
        step = max((self.last + 1) // len(signed), 1)
        for number, text in enumerate(signed):
            self.sheet.write_string(self.row + 1, number * step, text, self._format())

    def _page(self, first: int) -> None:
        longest = max(len(line.name) for line in self.answer.lines)
        self.sheet.set_column(0, 0, min(max(2 * longest + 3, NARROWEST), WIDEST))
        self.sheet.set_column(1, self.last, FIGURE_WIDTH)
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.set_margins(**MARGINS)
        self.sheet.center_horizontally()
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(first, first + 1)
        self.sheet.freeze_panes(first + 2, 1)
        self.sheet.print_area(0, 0, self.row + 1, self.last)
        self.sheet.set_footer(f"&C{_('Page %(n)s of %(all)s', n='&P', all='&N')}")
