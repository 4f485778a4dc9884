"""The monthly births report (出生月报): children by the place that counts them, by order and sex, beside the same month last year.

Layout after 国人口统1表, whose columns of approval became registration; definitions after the domain's §5.1.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Integer, and_, func, literal_column, or_, select, true
from sqlalchemy.orm import Session

from app.core.id_number import FEMALE, MALE
from app.core.regions import WIDTH
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from app.reports.base import ITSELF, MONTH, REGION, TOTAL, Column, Figure, Line, Question, Report, counting, name_of_itself, year_before

SMALLEST_BASE = 100  # births below which a sex ratio says nothing (domain §5.1)
LAST_YEAR = "last_year"
COUNTED: Mapping[str, ColumnElement[bool]] = {
    "births": true(),
    "parity_1": Birth.child_order == 1,
    "parity_2": Birth.child_order == 2,
    "parity_3": Birth.child_order == 3,
    "parity_4_up": Birth.child_order >= 4,
    "male": Birth.sex == MALE,
    "female": Birth.sex == FEMALE,
    "registered": or_(Birth.registration_id.is_not(None), Birth.registration_shown.is_(True)),
    "late": Birth.late.is_(True),
}
BY_ORDER, BY_SEX, COMPARED = _l("By order of the child"), _l("By sex"), _l("Compared with last year")

Counts = Counter[str]


class BirthsMonthly(Report):
    """Approved births of one statistical month, where the mother lived on the day."""

    key = "births-monthly"
    definition = 1
    title = _l("Monthly report of births")
    form = _l("Form 1")
    unit = _l("persons")
    parameters = (REGION, MONTH)
    columns = (
        Column("births", _l("Children born"), _l("Children with any sign of life whose record was approved for this month.")),
        Column("parity_1", _l("First child"), _l("First child of the mother."), BY_ORDER),
        Column("parity_2", _l("Second child"), _l("Second child of the mother."), BY_ORDER),
        Column("parity_3", _l("Third child"), _l("Third child of the mother."), BY_ORDER),
        Column("parity_4_up", _l("Fourth and later"), _l("Fourth child of the mother, or a later one."), BY_ORDER),
        Column("male", _l("Male"), _l("Boys. A child whose sex is not known counts among the births only."), BY_SEX),
        Column("female", _l("Female"), _l("Girls. A child whose sex is not known counts among the births only."), BY_SEX),
        Column("registered", _l("With registration"), _l("Births with a birth registration on file, at whichever office, or shown.")),
        Column(
            "late", _l("Reported late"), _l("Births of a month that was closed already when they were approved; they count in this one.")
        ),
        Column(LAST_YEAR, _l("Same month last year"), _l("Births that counted in the same month a year before."), COMPARED),
        Column("difference", _l("More or fewer"), _l("Births less those of the year before."), COMPARED, signed=True, opens=False),
        Column("sex_ratio", _l("Males per 100 females"), _l("Left out where there are fewer than 100 births."), decimals=1, opens=False),
    )
    ledger, screen = Birth, "BirthView"
    told = {"born_on": _l("Born on"), "sex": _l("Sex"), "child_order": _l("Child number of the mother")}
    named = ("mother_name", _l("Mother's name"))
    whole = ("births", LAST_YEAR)

    def rows(self, session: Session, question: Question) -> Sequence[Line]:
        now, before = (_counts(session, question, month) for month in (question.period, year_before(question.period)))
        places = [(part.key, part.code, part.name) for part in question.parts]
        at_itself = [(ITSELF, "", name_of_itself(question))] if question.parts and (ITSELF in now or ITSELF in before) else []
        lines = [(TOTAL, question.code, question.name), *places, *at_itself]
        return [Line(key, code, name, _figures(now.get(key, Counter()), before.get(key, Counter()))) for key, code, name in lines]

    def behind(self, question: Question, line: str, column: str) -> ColumnElement[bool]:
        month = year_before(question.period) if column == LAST_YEAR else question.period
        return and_(*_of_month(month), question.holds(Birth.count_path, line), COUNTED.get(column, true()))


def by_month(session: Session, question: Question, months: Sequence[str]) -> Mapping[str, int]:
    """Births of the whole region in each of these months, as the report counts them: one statement."""
    counted = (Birth.status == Status.approved, Birth.statistical_month.in_(months), question.holds(Birth.count_path))
    statement = select(Birth.statistical_month, func.count()).where(*counted).group_by(Birth.statistical_month)
    with counting(question):
        return {month: number for month, number in session.execute(statement).tuples() if month}


def _of_month(month: str) -> tuple[ColumnElement[bool], ...]:
    return Birth.status == Status.approved, Birth.statistical_month == month


def _counts(session: Session, question: Question, month: str) -> Mapping[str, Counts]:
    """Line → column → births of one month: one statement, grouped by the part of the region in which they count."""
    first, length = literal_column("1", Integer), literal_column(str(len(question.path) + WIDTH), Integer)
    part = func.substr(Birth.count_path, first, length).label("part")
    sums = [func.count().filter(condition).label(key) for key, condition in COUNTED.items()]
    statement = select(part, *sums).where(*_of_month(month), question.holds(Birth.count_path)).group_by("part")
    with counting(question):
        found = session.execute(statement).mappings().all()
    keys, lines = {place.path: place.key for place in question.parts}, defaultdict[str, Counts](Counter)
    for row in found:
        for line in (TOTAL, keys.get(row["part"], ITSELF)):
            lines[line].update({column: row[column] for column in COUNTED})
    return lines


def _figures(now: Counts, before: Counts) -> Mapping[str, Figure]:
    counts = {column: now[column] for column in COUNTED}
    ratio = _sex_ratio(now["births"], now["male"], now["female"])
    return {**counts, LAST_YEAR: before["births"], "difference": now["births"] - before["births"], "sex_ratio": ratio}


def _sex_ratio(births: int, males: int, females: int) -> Figure:
    """Males per 100 females in tenths, rounded half up; nothing where the base is too small."""
    if births < SMALLEST_BASE or not females:
        return None
    return (2000 * males + females) // (2 * females)
