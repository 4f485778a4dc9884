"""`python -m bench.workbooks [ROWS]`: what an import and an export cost beside their floors, in one run.

Import: the command of the README from start to end, in a process of its own. Its floor: reading the workbook's cells alone, and inserting
alone, by the driver in one transaction, every row that the import stored into a copy of the database as it was before, with the same
indexes, triggers and foreign keys. Floor of the export: XlsxWriter alone writing the same cells.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from flask import Flask
from python_calamine import CalamineWorkbook

import config
from app import create_app
from app.accounts import users
from app.core import id_number, regions
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.demo import REGIONS
from app.extensions import db
from app.ledgers.births import sheet as births
from app.setup import setup
from app.sheets import reading, writing
from bench.district import GIVEN, NO_AREA, SEED, SURNAMES

COUNTY, PASSWORD = "420506", "Bench-only-4471-horse"
HEADER = (
    "序号",
    "母亲姓名",
    "母亲身份证号",
    "父亲姓名",
    "父亲身份证号",
    "婴儿姓名",
    "婴儿性别",
    "出生日期",
    "孩次",
    "出生医学证明编号",
    "现居住地",
)
ADDED = (  # the tables an import of births writes, those that others refer to first
    "person", "person_office", "person_search", "delivery", "birth", "row_author", "workflow_step", "audit_entry", "audit_secret",
)  # fmt: skip
GOAL_IMPORT, GOAL_EXPORT = 2.6, 1.1  # times the floor
Timed = tuple[float, Any]


def main(rows: int) -> None:
    """Build, measure, print, keep."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app, book, database = _office(folder / "data"), folder / "births.xlsx", folder / "data" / "taizhang.db"
        _write_book(book, rows)
        shutil.copy(database, folder / "floor.db")
        lines = [f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {rows} births, seed {SEED}, SQLite {sqlite3.sqlite_version}"]
        read, _count = _timed(lambda: sum(1 for _row in reading._rows(book, "Sheet1")))
        took, (said, peak) = _timed(lambda: _import(folder / "data", book))
        assert f"{rows} in (" in said.splitlines()[-1], said[-500:]
        lines.append(f"import: {rows / took:.0f} rows a second, peak memory {peak:.0f} MB, {said.splitlines()[-1]}")
        inserted, stored = _timed_inserts(database, folder / "floor.db")
        lines.append(
            _line("import", took, read + inserted, GOAL_IMPORT) + f" (reading {read:.2f} s, inserting {stored} rows {inserted:.2f} s)"
        )
        took, _count = _timed(lambda: _exported(app, folder / "out.xlsx"))
        cells = CalamineWorkbook.from_path(str(folder / "out.xlsx")).get_sheet_by_index(0).to_python()
        floor, _nothing = _timed(lambda: _write_cells(folder / "floor.xlsx", cells))
        lines.append(_line("export", took, floor, GOAL_EXPORT))
    print("\n".join(lines))
    kept = Path(__file__).parent / "results" / f"workbooks-{datetime.now(UTC):%Y%m%d-%H%M%S}.log"
    kept.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _office(folder: Path) -> Flask:
    app = create_app(config.load({"DATA_DIR": str(folder), "DEFAULT_LOCALE": "zh"}), TESTING=True)
    with app.app_context():
        setup()
        with looking_as(Scope.of(["0001"])), acting("bench"), unit_of_work() as session:
            regions.load(session, REGIONS)
            place = regions.by_code(session, COUNTY)
            assert place is not None
            users.add(session, None, "clerk", roles=["clerk"], regions=[place], password=PASSWORD, must_change=False)
    return app


def _write_book(file: Path, rows: int) -> None:
    chance = random.Random(SEED)
    villages = [line.split(",")[0] for line in REGIONS.read_text(encoding="utf-8").splitlines() if ",village," in line]
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_row(0, 0, HEADER)
        for n in range(rows):
            born = date(2024, 1, 1) + timedelta(days=n % 700)
            people = [_name(chance), _number(n, "2"), _name(chance), _number(n, "1"), _name(chance)]
            sheet.write_row(n + 1, 0, [n + 1, *people, "男女"[n % 2], born.isoformat(), 1, f"B{n:09d}", chance.choice(villages)])


def _name(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2))


def _number(n: int, sex: str) -> str:
    born = date(1985, 1, 1) + timedelta(days=n % 5000)
    first17 = f"{NO_AREA}{born:%Y%m%d}{n // 5000 * 2 + (sex == '1'):03d}"
    return first17 + id_number.checksum(first17)


def _import(data: Path, book: Path) -> tuple[str, float]:
    """What the command says, and the most memory it took, in megabytes.

    It tells that itself: the figure its parent can ask for begins with the memory of the parent, of which every child is a copy at first.
    """
    command = [sys.executable, "-c", TELLING, "--app", "run", "sheet", "import", "births", str(book), "--as", "clerk"]
    run = subprocess.run(command, env={**os.environ, "DATA_DIR": str(data)}, capture_output=True, text=True, check=True)
    said, _line, peak = run.stdout.strip().rpartition("\n")
    return said, int(peak) / 1024


TELLING = """
from flask.cli import main
try:
    main()
finally:
    status = open("/proc/self/status").read()
    print(status.split("VmHWM:")[1].split()[0])
"""


def _exported(app: Flask, file: Path) -> int:
    with app.app_context(), acting("clerk"), looking_as(Scope.of(["0001"])):
        return writing.export(db.session(), births, file)


def _timed_inserts(source: Path, target: Path) -> tuple[float, int]:
    """Seconds and number of rows: what the import added, put into the database as it was before."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        for pragma in ("foreign_keys=ON", "recursive_triggers=ON", "synchronous=FULL"):
            new.execute(f"PRAGMA {pragma}")
        seconds, count = 0.0, 0
        for name in ADDED:
            columns = [f'"{c[1]}"' for c in old.execute(f"PRAGMA table_xinfo({name})") if c[6] == 0]
            known = set(new.execute(f"SELECT chain, number FROM {name}")) if name.startswith("audit_") else set()
            key = [columns.index('"chain"'), columns.index('"number"')] if known else []
            every = old.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall()
            rows = [row for row in every if not known or tuple(row[place] for place in key) not in known]
            statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            took, _done = _timed(lambda s=statement, r=rows: new.executemany(s, r))
            seconds, count = seconds + took, count + len(rows)
            del every, rows
        took, _done = _timed(new.commit)
    return seconds + took, count


def _write_cells(file: Path, cells: list[list[Any]]) -> None:
    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet, dates = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(cells):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, dates)
                elif isinstance(cell, float):
                    sheet.write_number(number, place, cell)
                elif cell != "":
                    sheet.write_string(number, place, cell)


def _timed(work: Callable[[], Any]) -> Timed:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def _line(name: str, took: float, floor: float, goal: float) -> str:
    return f"{name:8} {took:8.2f} s   floor {floor:7.2f} s   ratio {took / max(floor, 0.001):6.1f}   goal {goal}"


if __name__ == "__main__":
    main(int([*sys.argv[1:], "2000"][0]))
