"""A workbook into a ledger: every row is read, checked and kept by the same rules as the form, each row for itself.

Good rows go in as submitted, with what is unusual about them stored for whoever decides. A wrong row comes back with its number
and every reason; a row that is on file already adds nothing and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit, clock, scope, workflow
from app.core.bulk import OneByOne, draft
from app.core.crypto import uuid7
from app.core.errors import Problem, RuleViolation
from app.core.regions import TOWN_LENGTH
from app.core.remember import remembering
from app.core.sheets import Cell, Column, Reading
from app.core.unit_of_work import Busy, take_every_turn, unit_of_work
from app.core.workflow import Actor, Record
from app.extensions import db
from app.sheets.again import Register, Told
from app.sheets.reading import Book, Line, open_book

IMPORTED = "2"  # code list record_source
CHUNK = 900  # rows checked and written together: more cost less each, take more memory, and hold the office up longer
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
    stopped: str = ""  # why the rows after these were not read

    @property
    def read(self) -> int:
        """How many rows had something in them."""
        return self.taken + len(self.known) + len(self.refused)

    def add(self, line: Line, known: str, *, unusual: bool) -> None:
        """One row that went in, or why it adds nothing."""
        self.known += [(line.number, known)] if known else []
        self.taken += not known
        self.unusual += unusual

    def join(self, later: "Outcome") -> None:
        """What became of the next rows."""
        self.known += later.known
        self.refused += later.refused
        self.taken, self.unusual = self.taken + later.taken, self.unusual + later.unusual


def run(ledger: Any, file: Path, actor: Actor) -> Outcome:
    """Import a workbook under the scope in force. Raises RuleViolation when the workbook itself cannot be understood.

    What stops it half-way, a busy database or a file that breaks off, is told in the outcome: the rows before it are in.
    """
    book, lines = open_book(file, ledger.COLUMNS)
    outcome, reading, most = Outcome(book), Reading(db.session(), clock.today()), CHUNK
    try:
        while chunk := [_read(ledger, line, reading) for line in islice(lines, CHUNK)]:
            while chunk:
                most = _take_next_ones(ledger, chunk, most, actor, reading, outcome)
    except (RuleViolation, Busy) as reason:
        if not outcome.read:
            raise
        outcome.stopped = str(reason)
    with unit_of_work() as session:
        audit.note_about(session, "import", ledger.MODEL.__tablename__, own_chain(), **_told(outcome))
    return outcome


def own_chain() -> str:
    """The chain of the first town the importer answers for; the system's where it is a county."""
    paths = scope.current().paths
    return paths[0][:TOWN_LENGTH] if paths and len(paths[0]) >= TOWN_LENGTH else audit.SYSTEM


def _told(outcome: Outcome) -> dict[str, int]:
    return {"read": outcome.read, "taken": outcome.taken, "known": len(outcome.known), "refused": len(outcome.refused)}


def _take_next_ones(ledger: Any, chunk: list[Told], most: int, actor: Actor, reading: Reading, outcome: Outcome) -> int:
    """The first rows of a chunk, many at once as far as that goes, then one alone. Answers how many to read ahead of the next ones.

    What was read ahead of a row that goes alone is read again after it: where many go alone, little is read ahead.
    """
    together = chunk[:most]
    done = _take_many(ledger, together, actor, reading, outcome) if hasattr(ledger, "Intake") else 0
    is_stopped = done < len(together)
    if is_stopped:
        _take(ledger, chunk[done], actor, reading, outcome)
    del chunk[: done + is_stopped]
    return min(2 * done + 1 if is_stopped else 2 * most, CHUNK)


def _take(ledger: Any, told: Told, actor: Actor, reading: Reading, outcome: Outcome) -> None:
    """One row in a unit of work of its own, the way of the form."""
    try:
        with unit_of_work() as session:
            take_every_turn(session)
            known = Register(session, ledger, [told]).why(told, reading)
            unusual = False if known else _keep(session, ledger, told, actor, reading)
    except RuleViolation as refusal:
        outcome.refused.append(_refusal(ledger.COLUMNS, told.line, refusal.problems))
    except IntegrityError:
        problem = Problem("", _("The register refuses this row: one of its numbers is in use already."), "integrity")
        outcome.refused.append(_refusal(ledger.COLUMNS, told.line, [problem]))
    else:
        outcome.add(told.line, known, unusual=unusual)


def _take_many(ledger: Any, chunk: Sequence[Told], actor: Actor, reading: Reading, outcome: Outcome) -> int:
    """Rows from the first on in one unit of work, until one needs the way of the form. Answers how many are dealt with."""
    done = Outcome(outcome.book)
    try:
        with remembering():
            rows = {told.line.number: ledger.make(told.values, draft(ledger.MODEL)) for told in chunk if not told.problems}
            with unit_of_work() as session:
                take_every_turn(session)
                register, intake = Register(session, ledger, chunk), ledger.Intake(session, [*rows.values()], actor, reading.today)
                for told in chunk:
                    try:
                        _take_next(ledger, told, rows.pop(told.line.number, None), register, intake, reading, done)
                    except OneByOne:
                        break
                intake.write()
    except IntegrityError:  # one of the rows meets what the rules did not see: each learns on its own whether it was meant
        for told in chunk:
            _take(ledger, told, actor, reading, outcome)
        return len(chunk)
    outcome.join(done)
    return done.read


def _take_next(ledger: Any, told: Told, row: Any, register: Register, intake: Any, reading: Reading, done: Outcome) -> None:
    try:
        known = register.why(told, reading)
        unusual = False
        if not known:
            intake.must_not_be_alone(told.values)
            _refuse_cells(reading.session, ledger, told, row, reading)
            row.record_source = IMPORTED
            unusual = bool(intake.take(row, told.values))
            register.remember(told, row)
    except RuleViolation as refusal:
        done.refused.append(_refusal(ledger.COLUMNS, told.line, refusal.problems))
    else:
        done.add(told.line, known, unusual=unusual)


def _read(ledger: Any, line: Line, reading: Reading) -> Told:
    """What the cells say, and what is wrong with them one by one."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for column, most in _columns(ledger):
        cell = line.cells.get(column.key)
        if cell is None and not column.required:
            values[column.key] = None
            continue
        try:
            value = values[column.key] = None if cell is None else column.read(cell, reading)
        except ValueError as wrong:
            problems.append(Problem(column.key, str(wrong), f"cell_{column.key}"))
            continue
        if column.required and value in (None, ""):
            problems.append(Problem(column.key, _("Fill in this column."), f"missing_{column.key}"))
        elif isinstance(value, str) and len(value) > most:
            problems.append(Problem(column.key, _("Write at most %(most)s characters.", most=most), f"long_{column.key}"))
    return Told(line, values, problems)


@lru_cache(maxsize=64)
def _columns(ledger: Any) -> tuple[tuple[Any, int], ...]:
    """Each column that is read, and how many characters its place in the table takes; the form asks for no more either."""
    table: Any = inspect(ledger.MODEL).columns
    types = {column.key: getattr(table.get(column.key), "type", None) for column in ledger.COLUMNS if column.read}
    return tuple((c, getattr(types[c.key], "length", None) or LONGEST) for c in ledger.COLUMNS if c.read)


def _others(ledger: Any, row: Any, found: Sequence[Problem], reading: Reading) -> Iterator[Problem]:
    """What else is wrong with the row, so that the clerk mends it in one go; columns that were named already are left out."""
    named = {problem.field for problem in found}
    seen = ledger.check(row, reading.today) if hasattr(ledger, "check") else _seen(ledger.rules, row, reading.today)
    yield from (problem for problem in seen if problem.field not in named and problem.code != "missing")


def _seen(rules: Any, row: Any, today: date) -> list[Problem]:
    """What the rules see from the row alone; where that ends at an empty field, at least what is wrong with the people it names."""
    found: list[Problem] = rules.check(row, today)
    is_incomplete = any(problem.code == "missing" for problem in found)
    return rules.people(row, today) if is_incomplete and hasattr(rules, "people") else found


def _refuse_cells(session: Session, ledger: Any, told: Told, row: Any, reading: Reading) -> None:
    """Raises RuleViolation where a cell is wrong, with everything else that is wrong with the row."""
    row = row or ledger.make(told.values)
    found = [*told.problems, *(ledger.settle(session, row, told.values) if hasattr(ledger, "settle") else ())]
    if found:
        raise RuleViolation([*found, *_others(ledger, row, found, reading)])


def _keep(session: Session, ledger: Any, told: Told, actor: Actor, reading: Reading) -> bool:
    """Save the row as the form does and submit it. Answers whether something is unusual about it."""
    with session.no_autoflush:
        row = ledger.make(told.values)
        _refuse_cells(session, ledger, told, row, reading)
        cautions = ledger.rules.save(row, actor, reading.today)
        session.add(row)
        if isinstance(row, Record):
            row.record_source, row.warnings = IMPORTED, workflow.warned(cautions, {})
            workflow.edited(row, actor)
    session.flush()
    if hasattr(ledger, "saved"):
        ledger.saved(session, row, told.values)
    if isinstance(row, Record):
        workflow.advance(row, "submit", actor, token=str(uuid7()))
    return bool(cautions)


def _refusal(columns: Sequence[Column], line: Line, problems: Sequence[Problem]) -> Refusal:
    labels = {column.key: str(column.label) for column in columns}
    reasons = tuple(f"{labels[p.field]}: {p.message}" if p.field in labels else str(p.message) for p in problems)
    return Refusal(line.number, reasons, tuple(p.code for p in problems), line.whole)
