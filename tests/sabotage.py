"""Take a protection away, to see that the tests notice. Steered by the environment, used by `make mutants` and by nothing else.

SABOTAGE=guard        the session guard is off; SABOTAGE_LOG=FOLDER writes down which tests come by which call
SABOTAGE=filters      every call of scope.query and scope.get answers without its scope
SABOTAGE=FILE:LINE    the guard is off, and so is the one call at this place
"""

import atexit
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, select

from app.core import scope

ROOT = Path(__file__).resolve().parent.parent


def commit(what: str) -> None:
    """Do the sabotage of this name."""
    if what == "filters":
        _replace_calls(lambda _file, _line: True)
        return
    event.remove(scope.GuardedSession, "do_orm_execute", scope._hold_statement)
    event.remove(scope.GuardedSession, "before_flush", scope._check_rows)
    event.remove(Engine, "before_cursor_execute", scope._refuse_bare_sql)
    if what == "guard":
        _note_calls(os.environ.get("SABOTAGE_LOG"))
    else:
        file, first, last = what.split(":")
        _replace_calls(lambda f, line: f == file and int(first) <= line <= int(last))


def _note_calls(folder: str | None) -> None:
    """Write (file, line, test) of every call into a file of this process when it ends."""
    if folder is None:
        return
    seen: set[tuple[str, int, str]] = set()

    def note(file: str, line: int) -> bool:
        seen.add((file, line, os.environ.get("PYTEST_CURRENT_TEST", "").partition("[")[0].partition(" ")[0]))
        return False

    _replace_calls(note)
    atexit.register(lambda: Path(folder, f"{os.getpid()}.json").write_text(json.dumps(sorted(seen)), encoding="utf-8"))


def _replace_calls(is_meant: Callable[[str, int], bool]) -> None:
    query, get = scope.query, scope.get

    def open_query(model: Any) -> Any:
        return select(model) if _meant(is_meant) else query(model)

    def open_get(model: Any, uid: Any) -> Any:
        if not _meant(is_meant):
            return get(model, uid)
        found = scope.as_uuid(uid)
        return found and scope._session().scalars(select(model).where(model.uid == found)).one_or_none()

    scope.query, scope.get = open_query, open_get  # type: ignore[assignment]


def _meant(is_meant: Callable[[str, int], bool]) -> bool:
    """Whether the call that is being answered is one of those meant."""
    frame = sys._getframe(2)
    file = Path(frame.f_code.co_filename)
    return file.is_relative_to(ROOT) and is_meant(str(file.relative_to(ROOT)), frame.f_lineno)
