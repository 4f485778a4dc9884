"""What every report is made of: a question (place and period), columns, and the lines that answer it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from babel.dates import format_skeleton
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session

from app.core import regions, scope
from app.core.regions import Region, RegionCode
from app.core.scope import OutOfScope, elevated, within
from app.core.workflow import Record

Figure = int | None  # whole numbers; a ratio counts in the unit of its last decimal; None where it says nothing

TOTAL, ITSELF = "total", "itself"  # keys of the line of the whole region and of what counts at none of its parts
NOTHING = "—"  # a ratio whose base is too small
MONTH_FORM = re.compile(r"((?:19|20)\d\d)-?(0?[1-9]|1[0-2])")


@dataclass(frozen=True)
class Parameter:
    """One thing a reader chooses."""

    name: str
    label: Any
    hint: Any


REGION = Parameter("region", _l("Office"), _l("One of your own offices."))
MONTH = Parameter("period", _l("Month"), _l("Like 2026-03."))


@dataclass(frozen=True)
class Column:
    """One column: its stable key, its heading, what it counts, and how its figures are written."""

    key: str
    label: Any
    meaning: Any
    group: Any = ""  # the heading above several columns
    decimals: int = 0
    signed: bool = False
    opens: bool = True  # counts rows, so that a figure opens them; a computed column opens none

    def plain(self, figure: Figure) -> str:
        """The figure as programs read it."""
        if figure is None:
            return NOTHING
        if not self.decimals:
            return str(figure)
        whole, rest = divmod(figure, 10**self.decimals)
        return f"{whole}.{rest:0{self.decimals}d}"

    def written(self, figure: Figure) -> str:
        """The figure as people read it: a growth has its sign."""
        if self.signed and figure:
            return f"+{figure}" if figure > 0 else f"−{-figure}"
        return self.plain(figure)


@dataclass(frozen=True)
class Line:
    """One line of a report: a place, and a figure for each column."""

    key: str
    code: str
    name: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Part:
    """One place directly below the region of a question."""

    key: str
    code: str
    name: str
    path: str


@dataclass(frozen=True)
class Question:
    """What a report is asked: a region with its parts, and a period."""

    region_id: int
    uid: UUID
    code: str
    name: str
    office: str  # the name with those of the county and the town before it
    path: str
    period: str
    parts: tuple[Part, ...]

    def holds(self, column: Any, line: str = TOTAL) -> ColumnElement[bool]:
        """The condition that a column of paths counts in this line. Whole paths, so that an index on (path, month) is used."""
        return column.in_(select(Region.path).where(self._places(line)))  # type: ignore[no-any-return]

    def _places(self, line: str) -> ColumnElement[bool]:
        if line == TOTAL:
            return _below(self.path)
        if line == ITSELF:
            return and_(_below(self.path), not_(or_(*(_below(part.path) for part in self.parts))))
        return _below(next(part.path for part in self.parts if part.key == line))


class Report(ABC):
    """A report is a question: key, title, parameters, columns and rows. `ledger` is the table whose rows it counts."""

    key: ClassVar[str]
    definition: ClassVar[int]  # counted up when a column begins to mean something else
    title: ClassVar[Any]
    form: ClassVar[Any]  # the number of the form, at the head of the printed table
    unit: ClassVar[Any]  # what is counted
    parameters: ClassVar[tuple[Parameter, ...]]
    columns: ClassVar[tuple[Column, ...]]
    ledger: ClassVar[type[Record]]
    screen: ClassVar[str]  # the screen that shows one row of the ledger
    told: ClassVar[Mapping[str, Any]]  # columns of a row that say nothing of who it is about, with their headings
    named: ClassVar[tuple[str, Any]]  # the column that does, with its heading
    whole: ClassVar[tuple[str, ...]]  # the columns that together count every row the report rests on

    @abstractmethod
    def rows(self, session: Session, question: Question) -> Sequence[Line]:
        """The lines: the whole region first, then its parts in tree order, those without a row included."""

    @abstractmethod
    def behind(self, question: Question, line: str, column: str) -> ColumnElement[bool]:
        """The condition on the rows of the ledger that one figure counts."""

    def column(self, key: str) -> Column | None:
        """The column with this key."""
        return next((column for column in self.columns if column.key == key), None)


@dataclass(frozen=True)
class Answer:
    """A report with its lines, of this moment or as it was submitted."""

    report: Report
    code: str
    office: str
    period: str
    lines: tuple[Line, ...]
    revision: int = 0  # 0 while it is not submitted


def ask(session: Session, region: Region, period: str) -> Question:
    """The question about one region of the user's own. Raises OutOfScope for any other."""
    _must_hold(region.path)
    own = or_(Region.id == region.id, and_(Region.parent_id == region.id, Region.valid_to.is_(None)))
    in_force = and_(RegionCode.region_id == Region.id, RegionCode.valid_to.is_(None))
    statement = (
        select(Region.uid, Region.path, Region.name, RegionCode.code).outerjoin(RegionCode, in_force).where(own).order_by(Region.path)
    )
    places = [Part(str(uid), code or "", name, path) for uid, path, name, code in session.execute(statement).tuples()]
    office = regions.full_name(session, region) or region.name
    return Question(region.id, region.uid, places[0].code, region.name, office, region.path, period, tuple(places[1:]))


def answer(session: Session, report: Report, question: Question) -> Answer:
    """What the report says now."""
    return Answer(report, question.code, question.office, question.period, tuple(report.rows(session, question)))


@contextmanager
def counting(question: Question) -> Iterator[None]:
    """Count the rows of one's own region wherever they are filed. Raises OutOfScope for a region that is not one's own."""
    _must_hold(question.path)
    with elevated("aggregate counts of a report"):
        yield


def read_month(text: str) -> str | None:
    """`2026-03` for a month as people write it (2026-3, 2026.03, 202603, 2026年3月), or None."""
    found = MONTH_FORM.fullmatch(re.sub(r"[./年]", "-", text.strip().removesuffix("月")))
    return f"{found[1]}-{int(found[2]):02d}" if found else None


def year_before(month: str) -> str:
    """The same month a year earlier."""
    return f"{int(month[:4]) - 1}{month[4:]}"


def month_name(month: str) -> str:
    """`2026年3月`, or `March 2026`."""
    return str(format_skeleton("yMMMM", date(int(month[:4]), int(month[5:]), 1), locale=str(get_locale() or "zh")))


def name_of_itself(question: Question) -> str:
    """How the line is called that counts what lies at none of the parts."""
    return _("%(name)s itself", name=question.name)


def _below(path: str) -> ColumnElement[bool]:
    return within(Region.path, scope.Scope.of([path]).ranges)


def _must_hold(path: str) -> None:
    if not scope.current().holds(path):
        raise OutOfScope("a report counts the user's own offices only")
