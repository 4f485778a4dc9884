"""Work beside: waited for by whatever follows, with the actor and the scope of who asked for it, taken back like anything else."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event, Thread, Timer
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit, beside, scope
from app.core.audit import AuditEntry, AuditSecret
from app.core.beside import WORK
from app.core.insertion import MANY, insert_rows, insertion
from app.models import ChainHead
from tests.cast import A

Working = Callable[..., Any]
USUAL = sys.getswitchinterval()


def add_head(connection: Connection) -> None:
    connection.execute(ChainHead.__table__.insert().values(chain="beside", number=0, hash=audit.START))  # type: ignore[attr-defined]


def add_when_told(session: Session) -> None:
    """Start a work that is slower than whoever goes on after it."""
    connection, go = session.connection(), Event()

    def add() -> None:
        go.wait()
        add_head(connection)

    beside.beside(connection, add)
    Timer(0.05, go.set).start()


def heads(session: Session) -> set[str]:
    return {name for name in session.scalars(select(ChainHead.chain)) if name.startswith("beside")}


def test_a_statement_waits_for_the_work_before_it(working: Working) -> None:
    with working() as session:
        add_when_told(session)
        assert heads(session) == {"beside"}


def test_one_work_waits_for_the_other(working: Working) -> None:
    with working() as session:
        go, done = Event(), []
        beside.beside(session.connection(), lambda: done.append(go.wait()))
        Timer(0.05, go.set).start()
        beside.beside(session.connection(), lambda: done.append("second"))
        assert heads(session) == set()
        assert done == [True, "second"]


def test_a_commit_waits(working: Working, seeing: Any) -> None:
    with working() as session:
        add_when_told(session)
    assert seeing(heads) == {"beside"}


def test_what_the_work_meets_is_raised_at_the_next_statement(working: Working, seeing: Any) -> None:
    def add_twice(connection: Connection) -> None:
        add_head(connection)
        add_head(connection)

    def go_on() -> None:
        with working() as session:
            beside.beside(session.connection(), partial(add_twice, session.connection()))
            heads(session)
            raise AssertionError("the statement went on")

    with pytest.raises(IntegrityError):
        go_on()
    assert seeing(heads) == set()


def test_what_the_work_meets_is_raised_at_the_commit(working: Working, seeing: Any) -> None:
    def broken(connection: Connection) -> None:
        add_head(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), working() as session:
        beside.beside(session.connection(), partial(broken, session.connection()))
    assert seeing(heads) == set()


def test_a_unit_that_is_stopped_waits_and_takes_it_back(working: Working, seeing: Any) -> None:
    def stopped() -> None:
        with working() as session:
            add_when_told(session)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert seeing(heads) == set()


@pytest.fixture
def interrupted() -> Iterator[Callable[[Session, int], None]]:
    """`interrupted(session, times)` starts a work that goes on only when Ctrl-C was pressed so often."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(session: Session, times: int) -> None:
        connection, go = session.connection(), Event()

        def press() -> None:
            for _time in range(times):
                time.sleep(0.1)
                os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            go.set()

        def add() -> None:
            go.wait()
            add_head(connection)

        beside.beside(connection, add)
        Thread(target=press).start()

    yield start
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("times", [1, 3])
def test_whoever_is_interrupted_while_waiting_waits_to_the_end(working: Working, seeing: Any, interrupted: Any, times: int) -> None:
    """What the thread writes after the rollback would stay, and nobody would know of it."""

    def go_on() -> None:
        with working() as session:
            interrupted(session, times)
            heads(session)

    with pytest.raises(KeyboardInterrupt):
        go_on()
    assert seeing(heads) == set()


def test_a_rollback_that_is_interrupted_waits_to_the_end(working: Working, seeing: Any, interrupted: Any) -> None:
    def go_on() -> None:
        with working() as session:
            interrupted(session, 2)
            raise ZeroDivisionError

    with pytest.raises(KeyboardInterrupt):
        go_on()
    assert seeing(heads) == set()


def test_a_work_that_cannot_be_started_leaves_nothing_behind(working: Working, seeing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    def go_on() -> None:
        with working() as session:
            beside.beside(session.connection(), partial(add_head, session.connection()))

    with monkeypatch.context() as patch:
        patch.setattr(beside._Work, "start", full)
        with pytest.raises(RuntimeError, match="new thread"):
            go_on()
    assert sys.getswitchinterval() == USUAL
    with working() as session:
        add_head(session.connection())
    assert seeing(heads) == {"beside"}


def test_a_connection_that_was_lost_is_given_back_quietly(seeing: Any) -> None:
    def lose(session: Session) -> None:
        session.connection().invalidate()
        session.rollback()

    seeing(lose)
    assert seeing(heads) == set()


def test_the_work_has_the_actor_and_the_scope_of_who_asked(working: Working) -> None:
    found: list[Any] = []
    with working(A) as session:
        beside.beside(session.connection(), lambda: found.append((audit._actor.get()().name, scope.current().paths)))
        wanted = scope.current().paths
    assert found == [("test", wanted)]


def test_the_interpreter_changes_hands_as_usual_afterwards(working: Working) -> None:
    with working() as session:
        beside.beside(session.connection(), lambda: None)
        beside.settle(session.connection())
        assert sys.getswitchinterval() == USUAL
        assert WORK not in session.connection().info


@pytest.mark.parametrize("count", [1, MANY - 1, MANY, MANY * 12 + 7])
def test_rows_of_every_number_go_in(working: Working, seeing: Any, url: str, count: int) -> None:
    entry = dict.fromkeys(("actor", "office", "address", "request_id", "act", "target", "detail", "hash"), "x") | {"at": "2026"}
    with working() as session:
        how = insertion(AuditEntry, session.connection().dialect)
        rows = [how.row({**entry, "chain": "beside", "number": number}) for number in range(count)]
        insert_rows(session.connection(), {AuditEntry: rows, AuditSecret: []})
        assert (WORK in session.connection().info) is (count >= MANY and url.startswith("sqlite"))
    told = seeing(
        lambda session: session.scalars(select(AuditEntry.number).where(AuditEntry.chain == "beside").order_by(AuditEntry.number)).all()
    )
    assert told == [*range(count)]
