"""One act, one transaction: all or nothing, from a clean start, with fresh rows."""

import sqlite3
import threading
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import unit_of_work as unit
from app.core.scope import looking_as
from app.core.unit_of_work import Busy, engine_options, safe_journal_mode, unit_of_work, wal_is_safe
from app.extensions import db
from app.models import Attachment
from tests.conftest import EVERYWHERE
from tests.core.rows import make_attachment


@pytest.fixture
def session(app: Flask) -> Any:
    with app.app_context(), looking_as(EVERYWHERE):
        yield db.session()


def count(session: Session) -> int:
    return len(session.scalars(select(Attachment.id)).all())


def broken(session: Session) -> None:
    with unit_of_work():
        make_attachment(session)
        raise ZeroDivisionError


def test_an_act_is_stored_at_its_end(session: Session) -> None:
    with unit_of_work() as same:
        assert same is session
        make_attachment(session)
    session.rollback()
    assert count(session) == 1


def test_an_error_takes_everything_back(session: Session) -> None:
    with pytest.raises(ZeroDivisionError):
        broken(session)
    assert count(session) == 0
    with unit_of_work():
        make_attachment(session)
    assert count(session) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_being_stopped_takes_everything_back_too(session: Session, error: type[BaseException]) -> None:
    def stopped() -> None:
        with unit_of_work():
            make_attachment(session)
            raise error

    with pytest.raises(error):
        stopped()
    assert count(session) == 0


def test_it_starts_on_a_clean_session(session: Session) -> None:
    session.add(Attachment())
    with pytest.raises(RuntimeError, match="clean session"), unit_of_work():
        pass


def test_it_does_not_nest(session: Session) -> None:
    with unit_of_work():
        with pytest.raises(RuntimeError, match="nest"), unit_of_work():
            pass
        make_attachment(session)
    assert count(session) == 1


def test_rows_read_before_are_read_again_inside(app: Flask, session: Session) -> None:
    with unit_of_work():
        make_attachment(session)
    row = session.scalars(select(Attachment)).one()
    assert row.kind == "9"

    def other() -> None:
        with app.app_context(), looking_as(EVERYWHERE), unit_of_work() as theirs:
            theirs.scalars(select(Attachment)).one().kind = "1"

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    with unit_of_work():
        assert row.kind == "1"


def test_a_write_that_starts_with_with_is_taken_back_as_well(session: Session) -> None:
    """SQLite's driver looks at the first word only and would commit such a statement at once; our own BEGIN stands before it."""

    def write() -> None:
        with unit_of_work():
            insert = "WITH x AS (SELECT 1) INSERT INTO document_counter (kind, region_id, year, last) SELECT 'x', 1, 2026, 1"
            session.connection().exec_driver_sql(insert)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert session.scalar(text("SELECT count(*) FROM document_counter")) == 0


def test_there_are_no_savepoints(session: Session) -> None:
    with unit_of_work(), pytest.raises(RuntimeError, match="no savepoints"):
        session.begin_nested()


def test_the_write_lock_is_taken_before_the_first_read(app: Flask, session: Session) -> None:
    """Two acts that read, think and write follow each other: nobody works on what was read before the other wrote."""
    with unit_of_work():
        make_attachment(session)
    order: list[str] = []

    def raise_bytes(name: str) -> None:
        with app.app_context(), looking_as(EVERYWHERE), unit_of_work() as mine:
            order.append(f"{name} in")
            row = mine.scalars(select(Attachment).with_for_update()).one()
            time.sleep(0.1)
            row.bytes += 1
            mine.flush()
            order.append(f"{name} out")

    threads = [threading.Thread(target=raise_bytes, args=(str(n),)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.rollback()
    assert session.scalars(select(Attachment.bytes)).one() == 4
    if db.engine.dialect.name == "sqlite":
        assert [(a[:1], a[2:]) for a in order] == [(n[:1], way) for n in order[::2] for way in ("in", "out")]


def test_a_database_that_stays_locked_is_busy_in_a_sentence(session: Session, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not url.startswith("sqlite"):
        assert engine_options(url) == {}
        return
    monkeypatch.setattr(unit, "ATTEMPTS", 2)
    session.connection().exec_driver_sql("PRAGMA busy_timeout=100")
    lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(Busy, match="busy"), unit_of_work():
        raise AssertionError("inside a unit without its lock")
    assert 0.2 <= time.monotonic() - started < 3
    assert session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar() == 100
    lock.rollback()
    lock.close()
    with unit_of_work():
        make_attachment(session)
    assert count(session) == 1


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 7, 0), False), ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False),
        ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 52, 0), True), ((4, 0, 0), True),
    ],
)  # fmt: skip
def test_wal_only_where_the_library_is_repaired(version: tuple[int, ...], safe: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wal_is_safe(version) == safe
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert safe_journal_mode() == ("WAL" if safe else "DELETE")


def test_every_connection_keeps_foreign_keys_triggers_and_full_sync(session: Session, url: str) -> None:
    if url.startswith("sqlite"):
        asked = {
            p: session.connection().exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("foreign_keys", "recursive_triggers", "synchronous")
        }
        assert asked == {"foreign_keys": 1, "recursive_triggers": 1, "synchronous": 2}
    else:
        assert session.scalar(text("SHOW synchronous_commit")) == "on"
