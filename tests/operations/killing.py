"""Work in processes that are killed at their n-th step: a statement, a commit, a file that is made safe or gets its name.

The parent opens no connection of its own, so that a child begins with none; what a child finds comes back through a pipe.
"""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from app.core import crypto, keys
from app.core.audit import acting
from app.core.scope import looking_as
from tests.conftest import EVERYWHERE


def in_child(app: Flask, work: Callable[[], Any], kill_at: int | None = None) -> Any:
    """What the work answers in a process of its own; None where it was killed. Whatever else happens there is an error here."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        _be_child(app, work, kill_at, tell)
    os.close(tell)
    with os.fdopen(told, encoding="utf-8") as answer:
        said = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGKILL and kill_at is not None:
        return None
    assert status == 0, said
    return json.loads(said)


def _be_child(app: Flask, work: Callable[[], Any], kill_at: int | None, tell: int) -> None:
    status = 1
    try:
        crypto.use(keys.load("", Path(app.config["DATA_KEYS_FILE"])))
        if kill_at is not None:
            _die_at(kill_at)
        with app.app_context(), looking_as(EVERYWHERE), acting("test"):
            answer = json.dumps(work())
        status = 0
    except BaseException as error:  # noqa: BLE001  (the parent tells it)
        answer = repr(error)
    os.write(tell, answer.encode()[:60_000])
    os._exit(status)


def _die_at(step: int) -> None:
    """Kill this process before its n-th step."""
    left = [step]

    def count(*_: Any, **__: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    for name in ("fsync", "replace", "link"):
        setattr(os, name, _counted(getattr(os, name), count))


def _counted(act: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def counted(*words: Any, **more: Any) -> Any:
        count()
        return act(*words, **more)

    return counted
