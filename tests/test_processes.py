"""Several processes at once: each act happens once, nobody meets a locked database, the chain has no gap.

On SQLite with both journals and on PostgreSQL, whatever the other tests run on: the journals behave differently under load.
"""

import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry, ChainHead, acting, verify
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import Attachment, BirthRegistration, WorkflowStep
from tests.conftest import EVERYWHERE, KINDS, make_app
from tests.core.rows import PATH_A, PATH_B, make_attachment, make_registration, user
from tests.workers import act_on_each, add_rows, hold_a_read, raise_one_row

PROCESSES, ROWS = 4, 8
BOTH_JOURNALS = [*KINDS, "wal"] if "sqlite" in KINDS and "wal" not in KINDS else KINDS
pytestmark = pytest.mark.parametrize("template", BOTH_JOURNALS, indirect=True)
spawn = multiprocessing.get_context("spawn")
Ask = Callable[[Callable[[Session], Any]], Any]


@pytest.fixture
def ask(url: str, tmp_path: Path) -> Iterator[Ask]:
    """Ask or change the database in one unit of work with every row in view."""
    app: Flask = make_app(url, tmp_path)

    def run(question: Callable[[Session], Any]) -> Any:
        with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
            return question(session)

    yield run
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def processes() -> Iterator[Pool]:
    """Processes that have read the program, which takes longer than most jobs. Every job makes an application of its own."""
    with spawn.Pool(PROCESSES) as pool:
        yield pool


@pytest.fixture(scope="module")
def barriers() -> Iterator[Callable[[int], Any]]:
    """`barriers(3)` lets three jobs start at the same moment; none waits there for one of another test."""
    with spawn.Manager() as manager:
        yield manager.Barrier


@pytest.fixture
def together(url: str, tmp_path: Path, processes: Pool, barriers: Callable[[int], Any]) -> Callable[..., list[Any]]:
    """Run one worker in several processes at once, each with its own words."""

    def run(worker: Callable[[Any], Any], jobs: list[dict[str, Any]]) -> list[Any]:
        common = {"url": url, "folder": str(tmp_path), "start": barriers(len(jobs))}
        return processes.map(worker, [{**common, **job} for job in jobs], chunksize=1)

    return run


def test_the_journal_is_the_one_that_is_tried(url: str, template: tuple[str, str]) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == {"sqlite": "delete", "wal": "wal"}[template[0]]
    else:
        assert template[0] == "pg"


def whole(ask: Ask) -> None:
    """Every chain is numbered 1, 2, 3 … up to its head, and its hashes fit."""
    assert ask(lambda s: list(verify(s))) == []
    for chain, number in ask(lambda s: s.execute(select(ChainHead.chain, ChainHead.number)).all()):
        stored = ask(lambda s, c=chain: s.scalars(select(AuditEntry.number).where(AuditEntry.chain == c).order_by(AuditEntry.number)).all())
        assert list(stored) == list(range(1, number + 1))


def registrations(how_many: int, status: str = "draft") -> Callable[[Session], list[str]]:
    def make(session: Session) -> list[str]:
        return [str(make_registration(session, status=status, changed_by_id=user(session, "clerk").id).uid) for _ in range(how_many)]

    return make


def steps(session: Session) -> list[tuple[str, int]]:
    return [(act, n) for act, n in session.execute(select(WorkflowStep.act, func.count()).group_by(WorkflowStep.act))]


def test_each_row_is_submitted_once(ask: Ask, together: Any) -> None:
    """One clerk with the same page open in several windows."""
    rows = ask(registrations(ROWS))
    seen = together(act_on_each, [{"user": "clerk", "rows": rows, "act": "submit"}] * PROCESSES)
    assert {code for one in seen for what, code, _ in one if what == "submit"} == {302}
    assert {code for one in seen for what, code, _ in one if what == "list"} == {200}
    assert ask(steps) == [("submit", ROWS)]
    assert ask(lambda s: s.scalars(select(BirthRegistration.status).distinct()).all()) == ["submitted"]
    whole(ask)


def test_each_row_is_decided_once_and_by_one_person(ask: Ask, together: Any) -> None:
    """Supervisors and approvers approve and return the same rows at the same moment; the first wins, the rest are told."""
    rows = ask(registrations(ROWS, "submitted"))
    jobs = [{"user": u, "rows": rows, "act": a} for u, a in (("supervisor", "approve"), ("approver", "approve"), ("supervisor", "return"))]
    together(act_on_each, jobs)
    decided = ask(lambda s: s.execute(select(BirthRegistration.uid, BirthRegistration.status, BirthRegistration.approved_by_id)).all())
    told = ask(lambda s: s.execute(select(WorkflowStep.owner_uid, WorkflowStep.target, WorkflowStep.actor_id)).all())
    assert {r.status for r in decided} == {"approved"}  # a return needs a reason, and none was sent
    assert sorted(map(tuple, decided)) == sorted(map(tuple, told))
    whole(ask)


def test_rows_added_at_once_are_all_there_and_told_once(ask: Ask, together: Any) -> None:
    jobs = [{"user": f"p{n}", "path": (PATH_A, PATH_B)[n % 2], "count": 10} for n in range(PROCESSES)]
    assert sum(together(add_rows, jobs)) == 10 * PROCESSES
    assert ask(lambda s: s.scalar(select(func.count(Attachment.id)))) == 10 * PROCESSES
    told = ask(
        lambda s: s.scalars(select(AuditEntry.target).where(AuditEntry.act == "create", AuditEntry.target.startswith("attachment/"))).all()
    )
    assert len(told) == len(set(told)) == 10 * PROCESSES
    whole(ask)


def test_no_increase_is_lost(ask: Ask, together: Any) -> None:
    ask(lambda s: make_attachment(s) and None)
    together(raise_one_row, [{"user": f"p{n}", "count": 15} for n in range(PROCESSES)])
    assert ask(lambda s: s.scalars(select(Attachment.bytes)).one()) == 1 + 15 * PROCESSES
    whole(ask)


@pytest.mark.parametrize(("how", "waits"), [("page", False), ("begin", True), ("stream", True)])
def test_a_reader_and_a_commit(
    ask: Ask, url: str, tmp_path: Path, template: tuple[str, str], processes: Pool, how: str, waits: bool
) -> None:
    """A page that was read holds no lock; with the rollback journal an open transaction or a half-read stream does."""
    ask(registrations(ROWS))
    reading, written = tmp_path / "reading", tmp_path / "written"
    job = {"url": url, "folder": str(tmp_path), "how": how, "seconds": 4.0, "reading": str(reading), "written": str(written)}
    reader = processes.apply_async(hold_a_read, (job,))
    while not reading.exists():
        assert not reader.ready(), reader.get()
        time.sleep(0.02)
    began = time.perf_counter()
    ask(lambda s: setattr(s.scalars(select(BirthRegistration)).first(), "remark", "written"))
    took = time.perf_counter() - began
    written.touch()
    reader.get()
    assert (took > 2.2) == (waits and template[0] == "sqlite"), took
    whole(ask)
