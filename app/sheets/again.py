"""Rows of a workbook that are on file already: those of an export, and those that tell of the same again. They change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import scope
from app.core.errors import Problem, RuleViolation
from app.core.sheets import Reading, Writing, as_cell
from app.sheets.reading import Line


@dataclass(frozen=True)
class Told:
    """One row of the workbook: its values by column key, and what is wrong with its cells."""

    line: Line
    values: dict[str, Any] = field(repr=False)
    problems: list[Problem]


class Register:
    """Which of these rows the ledger knows, read with one statement for all."""

    def __init__(self, session: Session, ledger: Any, rows: Sequence[Told]) -> None:
        self._ledger = ledger
        uids = {found for told in rows if (found := scope.as_uuid(told.values.get("uid")))}
        exported = session.scalars(scope.query(ledger.MODEL).where(ledger.MODEL.uid.in_(uids))).all() if uids else []
        self._exported = {row.uid: row for row in exported}
        self._keys = {told.line.number: ledger.key(told.values) for told in rows if not told.problems}
        self._names: dict[Any, str] = ledger.on_file(session, {key for key in self._keys.values() if key})

    def why(self, told: Told, reading: Reading) -> str:
        """Why the row adds nothing; nothing where it does. Raises RuleViolation for a row of an export that says something else now."""
        if told.problems:
            return ""
        if told.values.get("uid"):
            return self._unchanged(told, reading)
        name = self._names.get(self._keys[told.line.number])
        return _("This is on file already: %(record)s.", record=name) if name else ""

    def remember(self, told: Told, row: Any) -> None:
        """The row goes in: a later one that tells of the same adds nothing."""
        self._names[self._keys[told.line.number]] = str(row)

    def _unchanged(self, told: Told, reading: Reading) -> str:
        uid = scope.as_uuid(told.values["uid"])
        row = self._exported.get(uid) if uid else None
        if row is None:
            message = _("No record of your offices has this number. Empty the cell to enter the row anew.")
            raise RuleViolation.one(message, "uid", code="uid")
        writing, written = Writing(reading.session), told.line.cells
        columns = [column for column in self._ledger.COLUMNS if column.write and column.read and column.key in written]
        other = [c for c in columns if told.values[c.key] != c.read(as_cell(c.write(row, writing)), reading)]
        if other:
            labels = "、".join(str(column.label) for column in other)
            message = _(
                "The register says something else in: %(labels)s. A workbook changes nothing that is on file; correct it there.",
                labels=labels,
            )
            raise RuleViolation.one(message, code="differs")
        return _("This is on file already and nothing was changed.")
