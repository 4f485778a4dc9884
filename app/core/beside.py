"""Writing beside the work that makes the next rows: SQLite leaves the interpreter to others while it writes.

A connection has one such work at a time. Whatever else is asked of it waits for the work first: a statement, a commit, a rollback.
"""

import sys
from collections.abc import Callable
from contextvars import copy_context
from threading import Thread, current_thread

from sqlalchemy import Connection, Engine, event

WORK = "beside"  # its name in what is known of a connection
USUAL, QUICK = sys.getswitchinterval(), 0.00005  # seconds: the work needs the interpreter often, and for some microseconds only


class _Work(Thread):
    """What is done beside, with the actor and the scope of who asked for it."""

    def __init__(self, do: Callable[[], None]) -> None:
        super().__init__(name=WORK)
        self._do, self._context = do, copy_context()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._context.run(self._do)
        except BaseException as error:  # noqa: BLE001  (raised where it is waited for)
            self.error = error


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
    _wait_for(connection, work)
    if work.error:
        raise work.error


@event.listens_for(Engine, "before_cursor_execute")
def _before_statement(connection: Connection, *_others: object) -> None:
    settle(connection)


@event.listens_for(Engine, "commit")
def _before_commit(connection: Connection) -> None:
    settle(connection)


@event.listens_for(Engine, "rollback")
def _before_rollback(connection: Connection) -> None:
    """What is taken back may have met anything."""
    work = connection.info.get(WORK)
    if work is not None:
        _wait_for(connection, work)


def _wait_for(connection: Connection, work: _Work) -> None:
    work.join()
    del connection.info[WORK]
    sys.setswitchinterval(USUAL)
