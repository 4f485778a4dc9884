"""Every figure and every row behind it, against plain Python over rows read by the driver itself.

The oracle knows no path and no report: a birth belongs to a place when the statistical code of the place where it counts begins
with the code of that place.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from app.core.audit import acting
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.reports import behind
from tests.cast import COUNTY, A, B
from tests.conftest import EVERYWHERE
from tests.figures import figure, seeded
from tests.reports import district
from tests.reports.conftest import REPORT, asked, told

BIRTHS = figure(20_000)
MONTHS = ("2026-03", "2026-02", "2025-03")
PLACES = (COUNTY, A, B)
ROWS = (
    "SELECT c.code, b.statistical_month, b.status, b.sex, b.child_order, b.registration_id, b.registration_shown, b.late, b.uid "
    "FROM birth b JOIN region_code c ON c.region_id = b.count_region_id"
)
PARTS = (
    "SELECT p.name, c.code FROM region p JOIN region_code c ON c.region_id = p.id JOIN region_code w ON w.region_id = p.parent_id "
    "WHERE w.code = '{code}' ORDER BY c.code"
)


class Row(NamedTuple):
    """One birth as the oracle reads it."""

    code: str
    month: str | None
    status: str
    sex: str
    order: int
    registration: int | None
    shown: bool
    late: bool
    uid: str


COUNTS: dict[str, Callable[[Row], bool]] = {
    "births": lambda _row: True,
    "parity_1": lambda row: row.order == 1,
    "parity_2": lambda row: row.order == 2,
    "parity_3": lambda row: row.order == 3,
    "parity_4_up": lambda row: row.order > 3,
    "male": lambda row: row.sex == "1",
    "female": lambda row: row.sex == "2",
    "registered": lambda row: row.registration is not None or bool(row.shown),
    "late": lambda row: bool(row.late),
}


@pytest.fixture(scope="module")
def office(shared_app: Flask) -> Flask:
    """The district, filled once for all tests of this file."""
    with shared_app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        district.fill(session, seeded(f"{BIRTHS} births of a district"), BIRTHS)
    return shared_app


@pytest.fixture(scope="module")
def ask(office: Flask) -> Callable[[str], list[tuple[Any, ...]]]:
    """What the database answers to plain SQL, read by its own driver."""
    with office.app_context():
        url = db.engine.url

    def read(sql: str) -> list[tuple[Any, ...]]:
        if url.get_backend_name() == "sqlite":
            connection = sqlite3.connect(str(url.database))
            found = connection.execute(sql).fetchall()
            connection.close()
            return found
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as connection:
            return connection.execute(sql).fetchall()

    return read


@pytest.fixture(scope="module")
def births(ask) -> list[Row]:
    """Every birth there is, in whatever state."""
    rows = [Row(*told[:-1], uid=str(told[-1]).replace("-", "")) for told in ask(ROWS)]
    assert len(rows) == BIRTHS
    return rows


def within(row: Row, code: str) -> bool:
    """Whether a birth counts at this place: six digits are the county's, three more the town's, three more the village's."""
    length = 6 if code.endswith("000000") else 9 if code.endswith("000") else 12
    return row.code[:length] == code[:length]


def counted(births: list[Row], code: str, month: str, column: str, but: tuple[str, ...] = ()) -> set[str]:
    """The identities of the births that one figure must count."""
    wanted = f"{int(month[:4]) - 1}{month[4:]}" if column == "last_year" else month
    matches = COUNTS.get(column, COUNTS["births"])
    return {
        row.uid
        for row in births
        if row.status == "approved"
        and row.month == wanted
        and within(row, code)
        and not any(within(row, part) for part in but)
        and matches(row)
    }


def places(ask, code: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """(line, code, codes that do not belong to it) of the whole, of each part, and of what lies at none of them."""
    whole = code.ljust(12, "0")
    parts = [(name, part) for name, part in ask(PARTS.format(code=whole))]
    return [("total", whole, ()), *((name, part, ()) for name, part in parts), ("itself", whole, tuple(part for _name, part in parts))]


@pytest.mark.full
@pytest.mark.parametrize("month", MONTHS)
@pytest.mark.parametrize("code", PLACES)
def test_every_figure_agrees_with_the_oracle(office, ask, births, code, month):
    with office.app_context(), looking_as(EVERYWHERE):
        said = told(db.session(), code, month)
    lines = {"total" if n == 0 else line.key if line.key == "itself" else line.name: line.figures for n, line in enumerate(said.lines)}
    expected = {}
    for line, place, but in places(ask, code):
        figures = {column: len(counted(births, place, month, column, but)) for column in (*COUNTS, "last_year")}
        if line != "itself" or figures["births"] or figures["last_year"]:
            expected[line] = figures | {"difference": figures["births"] - figures["last_year"]}
    print(f"{code} {month}: {len(expected) * 11} figures, {expected['total']['births']} births")
    assert {line: {k: v for k, v in found.items() if k != "sex_ratio"} for line, found in lines.items()} == expected


@pytest.mark.full
@pytest.mark.parametrize("code", PLACES)
def test_the_sex_ratio_agrees_with_the_oracle(office, ask, births, code):
    with office.app_context(), looking_as(EVERYWHERE):
        said = told(db.session(), code, MONTHS[0])
    column = REPORT.column("sex_ratio")
    ratios = {line.code: column.plain(line.figures["sex_ratio"]) for line in said.lines if line.code}
    for _line, place, _but in places(ask, code)[:-1]:
        boys, girls, every = (len(counted(births, place, MONTHS[0], sex)) for sex in ("male", "female", "births"))
        assert ratios[place] == (f"{int(boys * 1000 / girls + 0.5) / 10:.1f}" if every >= 100 else "—"), place


@pytest.mark.full
@pytest.mark.parametrize("code", PLACES)
def test_every_figure_opens_exactly_its_rows(office, ask, births, code):
    month, opened = MONTHS[0], 0
    with office.app_context(), looking_as(EVERYWHERE):
        session = db.session()
        question = asked(session, code, month)
        keys = {"total": "total", "itself": "itself"} | {part.name: part.key for part in question.parts}
        for line, place, but in places(ask, code):
            for column in (*COUNTS, "last_year"):
                expected = counted(births, place, month, column, but)
                total = behind.number(session, REPORT, question, keys[line], column)
                pages = [behind.page(session, REPORT, question, keys[line], column, n) for n in range(0, total, behind.PAGE)]
                found = [row.uid.hex for page in pages for row in page if row.uid]
                assert (len(found), set(found)) == (total, expected), (line, column)
                opened += total
    print(f"{code}: {opened} rows opened")
