"""A clerk and a supervisor of the county, and workbooks written for one test."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask

from app.accounts import users
from app.accounts.visitor import paths_of
from app.core import regions
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.sheets import LEDGERS, importer
from app.sheets.importer import Outcome
from tests.cast import COUNTY, PASSWORD
from tests.conftest import EVERYWHERE

HEADER = ("序号", "母亲姓名*", "母亲身份证号*", "婴儿性别*", "出生日期*", "孩次*", "现居住地*")


def add_county_people(app: Flask) -> None:
    """`county_clerk` and `county_supervisor`, who answer for the whole county."""
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        place = [regions.by_code(session, COUNTY)]
        for name, role in (("county_clerk", "clerk"), ("county_supervisor", "supervisor")):
            users.add(session, app.appbuilder.sm, name, roles=[role], regions=place, password=PASSWORD, must_change=False)


def bring_in(app: Flask, file: Path, ledger: str = "births", name: str = "county_clerk") -> Outcome:
    """Import a workbook as this person."""
    with app.app_context(), acting(name):
        user = users.by_name(db.session(), name)
        with looking_as(Scope.of(paths_of(user.id))):
            return importer.run(LEDGERS[ledger], file, user)


@pytest.fixture
def county(app: Flask) -> Flask:
    """The application with a clerk and a supervisor of the county."""
    add_county_people(app)
    return app


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """`workbook(rows, …)` writes one sheet under a title line and a line with the office, as offices do."""

    def write(
        rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER, above: Sequence[Sequence[Any]] = (("出生台账",), ()), **more: Any
    ) -> Path:
        file = tmp_path / more.get("name", "book.xlsx")
        with xlsxwriter.Workbook(file, {"strings_to_formulas": False}) as book:
            dates = book.add_format({"num_format": "yyyy-mm-dd"})
            for title in more.get("sheets", ("Sheet1",)):
                sheet = book.add_worksheet(title)
                for number, row in enumerate([*above, header, *rows]):
                    for place, cell in enumerate(row):
                        _write(sheet, number, place, cell, dates)
        return file

    return write


def _write(sheet: Any, number: int, place: int, cell: Any, dates: Any) -> None:
    if isinstance(cell, date):
        sheet.write_datetime(number, place, cell, dates)
    elif cell is not None:
        sheet.write(number, place, cell)


@pytest.fixture
def importing(county: Flask, workbook: Callable[..., Path]) -> Callable[..., Outcome]:
    """`importing(rows, …)` writes a workbook and imports it."""

    def run(rows: Sequence[Sequence[Any]], **more: Any) -> Outcome:
        ledger, name = more.pop("ledger", "births"), more.pop("by", "county_clerk")
        return bring_in(county, workbook(rows, **more), ledger, name)

    return run


@pytest.fixture(scope="module")
def office(shared_app: Flask) -> Flask:
    """One application for all tests of a file, with the people of the county."""
    add_county_people(shared_app)
    return shared_app
