"""A process that is killed while it attaches a file: a row is never without its file, and a file without a row goes with `tidy`."""

import os
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from app.core import attachment_files, audit, clock, scope
from app.core.scope import elevated
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import Attachment, Birth
from app.operations import retention
from tests.core.rows import make_birth
from tests.factories.attachments import attach
from tests.figures import FULL, seeded
from tests.operations.conftest import working
from tests.operations.killing import in_child

STRIDE = 1 if FULL else 4  # a full run is killed at every step, the other at every fourth


def attach_one(uid: Any) -> str:
    with unit_of_work() as session:
        return str(attach(session, scope.get(Birth, uid), content=os.urandom(20)).uid)


def state() -> dict[str, Any]:
    """Which files have a row, which lie there, and what is wrong with the history."""
    data = Path(current_app.config["DATA_DIR"])
    with unit_of_work() as session, elevated("test"):
        rows = sorted(str(uid) for uid in session.scalars(select(Attachment.uid)))
        problems = list(audit.verify(session))
    return {"rows": rows, "files": sorted(map(str, attachment_files.present(data))), "problems": problems}


def tidied() -> int:
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        return retention.tidy_files()


def kill_everywhere(app: Flask, uid: Any) -> int:
    """Kill before one step after the other until the act gets through. Answers how often a file was left without its row."""
    alone = 0
    for step in count(seeded("kills of an attachment").randint(1, STRIDE), STRIDE):
        kept = in_child(app, lambda: attach_one(uid), kill_at=step)
        found = in_child(app, state)
        assert (set(found["rows"]) <= set(found["files"]), found["problems"]) == (True, []), step
        alone += len(found["files"]) - len(found["rows"])
        in_child(app, tidied)
        assert in_child(app, state) == {**found, "files": found["rows"]}, step
        if kept:
            assert kept in found["rows"]
            print(f"every {STRIDE}. of {step} steps killed, {alone} files left without a row")
            return alone
    raise AssertionError("never ends")


@pytest.mark.full
def test_a_kill_anywhere_leaves_no_row_without_its_file(office: Flask) -> None:
    uid = working(office, lambda session: make_birth(session).uid)
    with office.app_context():
        db.session.remove()
        db.engine.dispose()
    assert kill_everywhere(office, uid) > 0
