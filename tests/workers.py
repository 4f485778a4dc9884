"""What one process of the parallel tests does: a real application, a real sign-in, real screens."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.core.audit import acting
from app.core.crypto import uuid7
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import Attachment, BirthRegistration
from tests.conftest import EVERYWHERE, Client, make_app
from tests.core.rows import make_attachment

Job = dict[str, Any]
STARTING = 60.0  # seconds until every process stands ready, on a machine with much else to do


@contextmanager
def office(job: Job) -> Iterator[Flask]:
    """An application of this process on the database of the job; nothing of it is left for the next one."""
    app = make_app(job["url"], Path(job["folder"]))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def act_on_each(job: Job) -> list[tuple[str, int, float]]:
    """Sign in, wait for the start, then click the same act on every row; between two acts read a list."""
    with office(job) as app:
        client, seen = Client(app, job["user"]), []
        page = client.hidden("/registrations/list/")
        job["start"].wait(STARTING)
        for uid in job["rows"]:
            words = {"csrf_token": page["csrf_token"], "act_token": str(uuid7()), "row_version": page[f"seen_{uid}"]}
            seen.append(_timed(job["act"], lambda a=f"/registrations/action/{job['act']}/{uid}", w=words: client.http.post(a, data=w)))
            seen.append(_timed("list", lambda: client.get("/registrations/list/")))
        return seen


def _timed(what: str, send: Any) -> tuple[str, int, float]:
    began = time.perf_counter()
    return what, send().status_code, time.perf_counter() - began


def add_rows(job: Job) -> int:
    """Add rows of one town one by one, each as an act of its own."""
    with office(job) as app:
        job["start"].wait(STARTING)
        for _ in range(job["count"]):
            with app.app_context(), looking_as(EVERYWHERE), acting(job["user"]), unit_of_work() as session:
                make_attachment(session, job["path"])
    return int(job["count"])


def raise_one_row(job: Job) -> int:
    """Read, think, write, many times: no increase may be lost."""
    with office(job) as app:
        job["start"].wait(STARTING)
        for _ in range(job["count"]):
            with app.app_context(), looking_as(EVERYWHERE), acting(job["user"]), unit_of_work() as session:
                session.scalars(select(Attachment).with_for_update()).one().bytes += 1
    return int(job["count"])


def hold_a_read(job: Job) -> None:
    """Read rows and keep the session open, as a page does while it renders. One file says when the reading stands, another ends it."""
    with office(job) as app, app.app_context(), looking_as(EVERYWHERE), acting("reader"):
        if job["how"] == "begin":
            db.session.connection().exec_driver_sql("BEGIN")
        rows = db.session.scalars(select(BirthRegistration), execution_options={"yield_per": 2} if job["how"] == "stream" else {})
        next(iter(rows)) if job["how"] == "stream" else rows.all()
        Path(job["reading"]).touch()
        latest = time.monotonic() + job["seconds"]
        while not Path(job["written"]).exists() and time.monotonic() < latest:
            time.sleep(0.02)
