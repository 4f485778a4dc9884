"""CSV files from the command line: read whole or refused in sentences that name the line."""

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from app.core.errors import Problem, RuleViolation

Line = tuple[int, dict[str, str]]  # its number in the file, its cells by column


def read(file: Path, columns: Collection[str]) -> list[Line]:
    """The lines under the header, cells without blanks around them. Raises RuleViolation when the file is not such a table."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.reader(source, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
    except UnicodeDecodeError:
        raise RuleViolation.one("The file is not UTF-8 text. Save it as “CSV UTF-8” and load it again.") from None
    except csv.Error as error:
        raise RuleViolation.one(f"The file cannot be read as CSV ({error}). Look for a quotation mark without its partner.") from None
    except OSError as error:
        raise RuleViolation.one(f"The file cannot be read ({error.strerror}).") from None
    if not rows or not set(columns) <= set(header):
        raise RuleViolation.one(f"The file needs the columns {', '.join(sorted(columns))} and at least one row.")
    if problems := [problem for number, cells in rows for problem in _problems(number, cells, len(header))]:
        raise RuleViolation(problems)
    return [(number, dict(zip(header, cells, strict=True))) for number, cells in rows]


def _problems(number: int, cells: list[str], wanted: int) -> Iterator[Problem]:
    if len(cells) != wanted:
        yield Problem("", f"Line {number}: there are {len(cells)} cells where the header has {wanted}.")
    elif not all(cell.isprintable() for cell in cells):
        yield Problem("", f"Line {number}: a cell holds a line break or another sign that cannot be printed.")
