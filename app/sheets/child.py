"""Reads one workbook in a process of its own and prints each row as a line of JSON: what a bad file does to it stays here.

Started as `python -I child.py FILE SHEET`; knows nothing of the application. Dates are written as {"d": "2025-03-05"}.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineWorkbook

MOST_MEMORY = 1 << 30  # bytes of address space
MOST_SECONDS = 60  # of processor time


def main(file: str, sheet: str) -> None:
    """Without a sheet: the names of all sheets. With one: its rows."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    book = CalamineWorkbook.from_path(file)
    if not sheet:
        json.dump(book.sheet_names, sys.stdout)
        return
    found = book.get_sheet_by_name(sheet)
    blank = [None] * (found.start[1] if found.start else 0)
    for _line in range(found.start[0] if found.start else 0):
        sys.stdout.write("[]\n")
    for row in found.iter_rows():
        sys.stdout.write(json.dumps([*blank, *map(told, row)], ensure_ascii=False) + "\n")


def told(cell: object) -> object:
    """A cell as JSON takes it; an empty one is null."""
    if isinstance(cell, datetime):
        return {"d": cell.date().isoformat()}
    if isinstance(cell, date):
        return {"d": cell.isoformat()}
    if isinstance(cell, time | timedelta):
        return str(cell)
    return None if cell == "" else cell


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
