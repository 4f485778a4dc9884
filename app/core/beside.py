"""Writing beside the work that makes the next rows: SQLite leaves the interpreter to others while it writes.

A connection has one such work at a time. Whatever else is asked of it waits for the work first: a statement, a commit, a rollback, the
pool that gets it back or throws it away. Whoever is interrupted while waiting waits to the end: until then the connection is not theirs.
"""

import sys
from collections.abc import Callable
from contextvars import copy_context
from threading import Event, Lock, Thread, current_thread
from typing import Any

from sqlalchemy import Connection, Engine, Pool, event

WORK = "beside"  # the key of the work in the `info` of a connection
USUAL, QUICK = sys.getswitchinterval(), 0.00005  # seconds: the work needs the interpreter often, and for some microseconds only


class _Work(Thread):
    """What is done beside, with the actor and the scope of who asked for it."""

    def __init__(self, do: Callable[[], None]) -> None:
        super().__init__(name=WORK)
        self._do, self._context = do, copy_context()
        self.turn, self.is_done = Lock(), Event()  # whoever has the turn: the thread, or who took it so that nothing is done
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            if self.turn.acquire(blocking=False):
                self._context.run(self._do)
        except BaseException as error:  # noqa: BLE001  (raised where it is waited for)
            self.error = error
        finally:
            del self._do, self._context  # and what they remember
            self.is_done.set()


def beside(connection: Connection, do: Callable[[], None]) -> None:
    """Start a work that uses the connection, after the one before it. What it raises is raised where it is waited for."""
    settle(connection)
    work = connection.info[WORK] = _Work(do)
    sys.setswitchinterval(QUICK)
    work.start()


def settle(connection: Connection) -> None:
    """Wait for the work of a connection. Raises what it raised."""
    work = connection.info.get(WORK)
    if work is None or work is current_thread():
        return
    _wait_for(work)
    _forget(connection.info)
    error, work.error = work.error, None
    try:
        if error:
            raise error
    finally:
        del error  # which would hold its own frame


@event.listens_for(Engine, "before_cursor_execute")
def _before_statement(connection: Connection, *_others: object) -> None:
    settle(connection)


@event.listens_for(Engine, "commit")
def _before_commit(connection: Connection) -> None:
    if not connection.invalidated:
        settle(connection)


@event.listens_for(Engine, "rollback")
def _before_rollback(connection: Connection) -> None:
    if not connection.invalidated:
        _give_up(connection.info)


@event.listens_for(Pool, "reset")
@event.listens_for(Pool, "invalidate")
@event.listens_for(Pool, "soft_invalidate")
def _before_the_end(_driver: Any, record: Any, _why: object) -> None:
    if record is not None:
        _give_up(record.info)


def _give_up(info: dict[Any, Any]) -> None:
    """Nothing is left of the work: it is done and taken back, whatever it met, or never begins."""
    work = info.get(WORK)
    if work is None or work is current_thread():
        return
    if not work.turn.acquire(blocking=False):
        _wait_for(work)
    _forget(info)


def _wait_for(work: _Work) -> None:
    stopped: BaseException | None = None
    while not work.is_done.is_set():
        try:
            work.is_done.wait()
        except BaseException as stop:  # noqa: BLE001  (raised below)
            stopped = stop
    if stopped:
        raise stopped


def _forget(info: dict[Any, Any]) -> None:
    info.pop(WORK, None)
    sys.setswitchinterval(USUAL)
