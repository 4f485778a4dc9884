"""A workbook into a ledger: every row is read, checked and kept by the same rules as the form, each row for itself.

Good rows go in as submitted, with what is unusual about them stored for whoever decides. A wrong row comes back with its number
and every reason; a row that is on file already adds nothing and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import String, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit, clock, scope, workflow
from app.core.crypto import uuid7
from app.core.errors import Problem, RuleViolation
from app.core.regions import TOWN_LENGTH
from app.core.sheets import Cell, Column, Reading, Writing, as_cell
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Actor, Record
from app.extensions import db
from app.sheets.reading import Book, Line, open_book

IMPORTED = "2"  # code list record_source
LONGEST = 200  # characters of a cell whose column says nothing of its own


@dataclass(frozen=True)
class Refusal:
    """One row that did not go in, as it stood in the workbook, with every reason."""

    number: int
    reasons: tuple[str, ...]
    codes: tuple[str, ...]
    cells: Sequence[Cell] = field(repr=False)


@dataclass
class Outcome:
    """What became of a workbook."""

    book: Book
    taken: int = 0
    unusual: int = 0  # of them, with something for the approver to look at
    known: list[tuple[int, str]] = field(default_factory=list)  # row number and why it adds nothing
    refused: list[Refusal] = field(default_factory=list)

    @property
    def read(self) -> int:
        """How many rows had something in them."""
        return self.taken + len(self.known) + len(self.refused)


def run(ledger: Any, file: Path, actor: Actor) -> Outcome:
    """Import a workbook under the scope in force. Raises RuleViolation when the workbook itself cannot be understood."""
    book, lines = open_book(file, ledger.COLUMNS)
    outcome, reading = Outcome(book), Reading(db.session(), clock.today())
    for line in lines:
        _take(ledger, line, actor, reading, outcome)
    with unit_of_work() as session:
        audit.note_about(session, "import", ledger.MODEL.__tablename__, own_chain(), **_told(outcome))
    return outcome


def own_chain() -> str:
    """The chain of the first town the importer answers for; the system's where it is a county."""
    paths = scope.current().paths
    return paths[0][:TOWN_LENGTH] if paths and len(paths[0]) >= TOWN_LENGTH else audit.SYSTEM


def _told(outcome: Outcome) -> dict[str, int]:
    return {"read": outcome.read, "taken": outcome.taken, "known": len(outcome.known), "refused": len(outcome.refused)}


def _take(ledger: Any, line: Line, actor: Actor, reading: Reading, outcome: Outcome) -> None:
    values, problems = _values(ledger, line, reading)
    try:
        with unit_of_work() as session:
            known = "" if problems else _on_file(session, ledger, line, values, reading)
            unusual = False if known else _keep(session, ledger, values, problems, actor, reading)
    except RuleViolation as refusal:
        outcome.refused.append(_refusal(ledger.COLUMNS, line, refusal.problems))
    except IntegrityError:
        problem = Problem("", _("The register refuses this row: one of its numbers is in use already."), "integrity")
        outcome.refused.append(_refusal(ledger.COLUMNS, line, [problem]))
    else:
        outcome.known += [(line.number, known)] if known else []
        outcome.taken += not known
        outcome.unusual += unusual


def _on_file(session: Session, ledger: Any, line: Line, values: dict[str, Any], reading: Reading) -> str:
    """Why the row adds nothing; nothing where it does. Raises RuleViolation for a row of an export that says something else now."""
    if values.get("uid"):
        told = {key: value for key, value in values.items() if key in line.cells}
        return _unchanged(ledger, scope.get(ledger.MODEL, values["uid"]), told, reading)
    found = ledger.same(session, values)
    return _("This is on file already: %(record)s.", record=str(found)) if found else ""


def _unchanged(ledger: Any, row: Any, values: dict[str, Any], reading: Reading) -> str:
    if row is None:
        raise RuleViolation.one(_("No record of your offices has this number. Empty the cell to enter the row anew."), "uid", code="uid")
    writing = Writing(reading.session)
    told = {c.key: c.read(as_cell(c.write(row, writing)), reading) for c in ledger.COLUMNS if c.write and c.read}
    other = [column for column in ledger.COLUMNS if column.key in told and column.key in values and values[column.key] != told[column.key]]
    if other:
        labels = "、".join(str(column.label) for column in other)
        message = _(
            "The register says something else in: %(labels)s. A workbook changes nothing that is on file; correct it there.", labels=labels
        )
        raise RuleViolation.one(message, code="differs")
    return _("This is on file already and nothing was changed.")


def _values(ledger: Any, line: Line, reading: Reading) -> tuple[dict[str, Any], list[Problem]]:
    """What the cells say, and what is wrong with them one by one."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for column in ledger.COLUMNS:
        if column.read is None:
            continue
        try:
            values[column.key] = column.read(line.cells.get(column.key), reading)
        except ValueError as wrong:
            problems.append(Problem(column.key, str(wrong), f"cell_{column.key}"))
        else:
            if column.required and values[column.key] in (None, ""):
                problems.append(Problem(column.key, _("Fill in this column."), f"missing_{column.key}"))
            elif len(str(values[column.key] or "")) > (most := _longest(ledger.MODEL, column.key)):
                problems.append(Problem(column.key, _("Write at most %(most)s characters.", most=most), f"long_{column.key}"))
    return values, problems


def _longest(model: Any, key: str) -> int:
    """How many characters the column of the table takes; the form asks for no more either."""
    column = inspect(model).columns.get(key)
    limit = column.type.length if column is not None and isinstance(column.type, String) else None
    return limit or LONGEST


def _others(ledger: Any, row: Any, found: Sequence[Problem], reading: Reading) -> Iterator[Problem]:
    """What else is wrong with the row, so that the clerk mends it in one go; columns that were named already are left out."""
    named = {problem.field for problem in found}
    yield from (problem for problem in ledger.check(row, reading.today) if problem.field not in named and problem.code != "missing")


def _keep(session: Session, ledger: Any, values: dict[str, Any], problems: list[Problem], actor: Actor, reading: Reading) -> bool:
    """Save the row as the form does and submit it. Answers whether something is unusual about it."""
    with session.no_autoflush:
        row = ledger.make(values)
        found = [*problems, *ledger.settle(session, row, values)]
        if found:
            raise RuleViolation([*found, *_others(ledger, row, found, reading)])
        cautions = ledger.rules.save(row, actor, reading.today)
        session.add(row)
        if isinstance(row, Record):
            row.record_source, row.warnings = IMPORTED, workflow.warned(cautions, {})
            workflow.edited(row, actor)
    session.flush()
    ledger.saved(session, row, values)
    if isinstance(row, Record):
        workflow.advance(row, "submit", actor, token=str(uuid7()))
    return bool(cautions)


def _refusal(columns: Sequence[Column], line: Line, problems: Sequence[Problem]) -> Refusal:
    labels = {column.key: str(column.label) for column in columns}
    reasons = tuple(f"{labels[p.field]}: {p.message}" if p.field in labels else str(p.message) for p in problems)
    return Refusal(line.number, reasons, tuple(p.code for p in problems), line.whole)
