"""How a report is frozen: submitting keeps its figures, the identities of the rows it counted, and a hash of both.

What was submitted never changes. When the rows say something else later, the next revision tells the differences.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import audit, clock, crypto, periods, scope
from app.core.errors import RuleViolation
from app.core.workflow import Actor
from app.reports import behind
from app.reports.base import Answer, Figure, Line, Question, Report, answer
from app.reports.models import ReportRun

ABSENT: tuple[Figure, ...] = (0, None)  # what a line that was not there says as well


@dataclass(frozen=True)
class Content:
    """What a report says at one moment: its answer, and the identities of the rows behind it."""

    answer: Answer
    uids: frozenset[str]

    @property
    def hash(self) -> str:
        """SHA-256 of the figures and the rows."""
        return _digest({"figures": _figures(self.answer), "rows": sorted(self.uids)})


@dataclass(frozen=True)
class Cell:
    """One figure that differs."""

    line: str
    column: Any
    old: str
    new: str


@dataclass(frozen=True)
class Differences:
    """What is not the same in two contents of one report: figures cell by cell, rows by number."""

    cells: tuple[Cell, ...]
    came: int
    went: int

    def __bool__(self) -> bool:
        return bool(self.cells or self.came or self.went)


def submit(session: Session, report: Report, question: Question, actor: Actor, seen: str = "") -> ReportRun:
    """Keep what the report says now as its next revision. Raises RuleViolation when there is nothing new to submit.

    `seen` is the mark of the figures on the page: nobody submits figures they have not read.
    """
    if question.period >= periods.month_of(clock.today()):
        raise RuleViolation.one(_("%(month)s is not over yet.", month=question.period), "period")
    said, rows = answer(session, report, question), behind.uids(session, report, question)
    must_agree(said, rows)
    found, earlier = Content(said, _together(rows)), newest(session, report, question)
    if seen and seen != mark(found.answer):
        raise RuleViolation.one(_("The figures changed after you opened the page. Read them again, then submit."))
    if earlier is not None and not differences(content_of(report, earlier), found):
        raise RuleViolation.one(_("Nothing has changed since revision %(n)s: there is nothing to submit.", n=earlier.revision))
    run = _kept(report, question, found, actor, revision=earlier.revision + 1 if earlier else 1)
    session.add(run)
    audit.note(session, "submit", run, report=report.key, region=question.code, period=question.period, revision=run.revision)
    return run


def must_agree(said: Answer, rows: Mapping[str, Sequence[str]]) -> None:
    """Raises RuleViolation when figures and rows do not belong together: somebody decided between the counting and the listing."""
    total = said.lines[0].figures
    if any(total[column] != len(listed) for column, listed in rows.items()):
        raise RuleViolation.one(_("Records were decided about while the report was counted. Send it again."))


def content(session: Session, report: Report, question: Question, said: Answer) -> Content:
    """What the report says now, with these figures."""
    return Content(said, _together(behind.uids(session, report, question)))


def content_of(report: Report, run: ReportRun) -> Content:
    """What was submitted."""
    return Content(answer_of(report, run), frozenset(json.loads(crypto.keys().open(run.rows_enc, _place(run)))))


def answer_of(report: Report, run: ReportRun) -> Answer:
    """The figures that were submitted."""
    figures: Mapping[str, Any] = run.figures
    lines = tuple(Line(**line) for line in figures["lines"])
    return Answer(report, figures["code"], figures["office"], run.period, lines, run.revision)


def is_intact(report: Report, run: ReportRun) -> bool:
    """Whether figures and rows are those that were submitted."""
    try:
        return content_of(report, run).hash == run.content_hash
    except crypto.KeyLost:
        return False


def runs(session: Session, report: Report, question: Question) -> Sequence[ReportRun]:
    """The revisions of this report for this place and period, newest first."""
    return _revisions(session, report.key, question.region_id, question.period)


def newest(session: Session, report: Report, question: Question) -> ReportRun | None:
    """The last revision, if any was submitted."""
    return next(iter(runs(session, report, question)), None)


def earlier_than(session: Session, run: ReportRun) -> ReportRun | None:
    """The revision before this one."""
    same = _revisions(session, run.report_key, run.region_id, run.period)
    return next((other for other in same if other.revision == run.revision - 1), None)


def differences(old: Content, new: Content) -> Differences:
    """What the new content says differently. A line that was not there says nothing new while it counts nothing."""
    before, after = ({line.key: line for line in one.answer.lines} for one in (old, new))
    names = {**{key: line.name for key, line in before.items()}, **{key: line.name for key, line in after.items()}}
    cells = [
        Cell(name, column.label, column.written(was), column.written(now))
        for key, name in names.items()
        for column in new.answer.report.columns
        if not _is_same(was := _figure(before, key, column.key), now := _figure(after, key, column.key), key in before and key in after)
    ]
    return Differences(tuple(cells), len(new.uids - old.uids), len(old.uids - new.uids))


def mark(said: Answer) -> str:
    """A short name of these figures: two answers that say the same have the same."""
    return _digest(_figures(said))[:32]


def _revisions(session: Session, key: str, region_id: int, period: str) -> Sequence[ReportRun]:
    same = ReportRun.report_key == key, ReportRun.region_id == region_id, ReportRun.period == period
    return session.scalars(scope.query(ReportRun).where(*same).order_by(ReportRun.revision.desc())).all()


def _together(rows: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset().union(*rows.values())


def _is_same(was: Figure, now: Figure, in_both: bool) -> bool:
    return was == now if in_both else was in ABSENT and now in ABSENT


def _figure(lines: Mapping[str, Line], key: str, column: str) -> Figure:
    return lines[key].figures.get(column) if key in lines else 0


def _kept(report: Report, question: Question, found: Content, actor: Actor, revision: int) -> ReportRun:
    run = ReportRun(
        report_key=report.key, definition=report.definition, region_id=question.region_id, scope_path=question.path,
        period=question.period, revision=revision, figures=_figures(found.answer), content_hash=found.hash,
        submitted_by_id=actor.id, submitted_at=clock.now(),
    )  # fmt: skip
    run.rows_enc = crypto.keys().seal(json.dumps(sorted(found.uids)), _place(run))
    return run


def _figures(said: Answer) -> dict[str, object]:
    lines = [{"key": line.key, "code": line.code, "name": line.name, "figures": dict(line.figures)} for line in said.lines]
    return {"code": said.code, "office": said.office, "lines": lines}


def _place(run: ReportRun) -> str:
    """What the sealed rows are bound to, as every sealed value is: table, column and row."""
    return crypto.place(run.__tablename__, "rows", run.uid)


def _digest(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
