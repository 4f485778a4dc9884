"""Before setup changes the schema of a SQLite database, it puts a copy aside; where nothing changes it makes none."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import revisions
from app.extensions import db
from app.setup import NotReady, setup
from tests.test_migrations import LATER, contents

HEAD = revisions.head()


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of one more revision: the program is newer than the database."""
    folder = shutil.copytree(revisions.MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "versions" / "later.py"
    file.write_text(LATER.replace("{head}", HEAD), encoding="utf-8")
    monkeypatch.setattr(revisions, "MIGRATIONS", str(folder))
    return file


def copies(folder: Path) -> list[Path]:
    return sorted((folder / "backups").glob("*"))


def ask(file: Path, question: str) -> Any:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question).fetchone()[0]


def revision(app: Flask) -> str:
    with app.app_context(), db.engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def test_a_database_is_copied_before_its_schema_changes(app: Flask, url: str, tmp_path: Path, newer: Path) -> None:
    entries = len(contents(app)["audit_entry"])
    with app.app_context():
        setup()
    assert revision(app) == "later"
    found = copies(tmp_path)
    wanted = [("before-later-", 0o600, HEAD, entries)] if url.startswith("sqlite") else []
    told = "SELECT version_num FROM alembic_version", "SELECT count(*) FROM audit_entry"
    assert [(f.name[:13], stat.S_IMODE(f.stat().st_mode), *(ask(f, question) for question in told)) for f in found] == wanted
    assert [stat.S_IMODE(f.parent.stat().st_mode) for f in found] == [0o700] * len(wanted)


def test_where_nothing_changes_there_is_no_copy(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        setup()
    assert copies(tmp_path) == []


def test_a_new_database_is_not_copied(bare: Flask, tmp_path: Path) -> None:
    with bare.app_context():
        setup()
    assert copies(tmp_path) == []


def test_the_copy_stands_when_the_change_fails(app: Flask, url: str, tmp_path: Path, newer: Path) -> None:
    newer.write_text(
        newer.read_text(encoding="utf-8").replace("sa.Integer))", "sa.Integer))\n    raise ZeroDivisionError"), encoding="utf-8"
    )
    before = contents(app)
    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            setup()
        db.session.remove()
    assert revision(app) == HEAD
    assert contents(app) == before
    assert len(copies(tmp_path)) == url.startswith("sqlite")


def test_a_database_of_a_newer_program_is_left_alone(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
        with pytest.raises(NotReady, match="newer version"):
            setup()
    assert revision(app) == "from_the_future"
    assert copies(tmp_path) == []
