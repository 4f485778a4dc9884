"""`make bench`: what a page costs beside hand-written SQL on the same rows, in one run, in turns, by CPU time.

    python -m bench [BIRTHS] [MOTHERS]       the default is 20000 births of 5000 mothers; SQLite, one signed-in clerk of one town

The floor reads the rows of one page with the driver and joins their cells into a string: no login, rights, forms or history.
"""

import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

import config
from app import create_app
from app.accounts import users
from app.core import regions
from app.core.audit import acting
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.demo import REGIONS
from app.setup import setup
from bench import district

TOWN, PASSWORD = "420506107", "Bench-only-4471-horse"
ROUNDS, WARM = 30, 3
PAGE = "SELECT mother_name, born_on, sex, child_order, birth_cert_no, status FROM birth WHERE scope_path >= ? AND scope_path < ?"
BY_NAME = (
    "SELECT name, birth_date FROM person WHERE id IN (SELECT person_id FROM person_search WHERE token >= ? AND token < ? "
    "AND scope_path >= ? AND scope_path < ?) LIMIT 200"
)


def main(births: int, mothers: int) -> None:
    """Build, measure, print, keep."""
    with tempfile.TemporaryDirectory() as folder:
        app, path = _office(Path(folder), births, mothers)
        size = f"{births} births, {mothers} mothers, seed {district.SEED}, SQLite {sqlite3.sqlite_version}"
        lines = [f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {size}"]
        lines += [_line(name, *_in_turns(page, floor)) for name, page, floor in _workloads(app, Path(folder), path)]
    print("\n".join(lines))
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / f"bench-{datetime.now(UTC):%Y%m%d-%H%M%S}.log").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _office(folder: Path, births: int, mothers: int) -> tuple[Flask, str]:
    settings = config.load({"DATA_DIR": str(folder), "DEFAULT_LOCALE": "zh"})
    app = create_app(settings, TESTING=True)
    with app.app_context():
        setup()
        with looking_as(Scope.of(["0001"])), acting("bench"), unit_of_work() as session:
            regions.load(session, REGIONS)
            town = regions.by_code(session, TOWN)
            assert town is not None
            users.add(session, None, "clerk", roles=["clerk"], regions=[town], password=PASSWORD, must_change=False)
            district.fill(session, births, mothers)
            return app, town.path


def _workloads(app: Flask, folder: Path, path: str) -> list[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    client, raw = app.test_client(), sqlite3.connect(folder / "taizhang.db")
    token = _sign_in(client)
    held = (path, path + "~")

    def sql(statement: str, *values: Any) -> Callable[[], str]:
        return lambda: "".join(f"<td>{cell}</td>" for row in raw.execute(statement, values) for cell in row)

    def find(ledger: str, text: str) -> Callable[[], Any]:
        return lambda: client.post(f"/{ledger}/find", data={"csrf_token": token, "text": text})

    return [
        ("births list, first page", lambda: client.get("/births/list/"), sql(PAGE + " ORDER BY id DESC LIMIT 25", *held)),
        (
            "births list, page 40",
            lambda: client.get("/births/list/?page_BirthView=39"),
            sql(PAGE + " ORDER BY id DESC LIMIT 25 OFFSET 975", *held),
        ),
        ("births by status", lambda: client.get("/births/list/?_flt_0_status=draft"), sql(PAGE + " AND status = 'draft' LIMIT 25", *held)),
        ("people by part of the name", find("people", "秀"), sql(BY_NAME, "秀", "秀~", *held)),
        ("birth by certificate", find("births", "Z000000007"), sql(PAGE + " AND birth_cert_no = 'Z000000007'", *held)),
        ("empty entry form", lambda: client.get("/births/add"), sql("SELECT label_zh FROM code_item")),
    ]


def _sign_in(client: FlaskClient) -> str:
    token = _token(client.get("/login/").text)
    answer = client.post("/login/", data={"csrf_token": token, "username": "clerk", "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return _token(client.get("/births/list/").text)


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def _in_turns(page: Callable[[], Any], floor: Callable[[], Any]) -> tuple[float, float]:
    """Median CPU milliseconds of both, measured one after the other so that the machine's moods strike both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM + ROUNDS):
        for times, work in zip(taken, (page, floor), strict=True):
            began = time.process_time()
            answer = work()
            if number >= WARM:
                times.append((time.process_time() - began) * 1000)
            assert getattr(answer, "status_code", 200) == 200
    return statistics.median(taken[0]), statistics.median(taken[1])


def _line(name: str, page: float, floor: float) -> str:
    return f"{name:30} {page:8.2f} ms   floor {floor:7.3f} ms   ratio {page / max(floor, 0.001):8.1f}"


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["20000", "5000"][len(sys.argv) - 1 :])))
