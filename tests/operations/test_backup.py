"""A backup made while the office works comes back whole into a new folder; whatever is wrong with one is told."""

import gzip
import hashlib
import io
import json
import stat
import tarfile
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.base import Model
from app.core.scope import elevated
from app.core.unit_of_work import safe_journal_mode
from app.core.workflow import Status
from app.extensions import db
from app.models import Attachment, AuditEntry, IdentityRequest, Person
from app.operations import database_file, sealed_file
from app.setup import setup
from app.views import SCREENS
from tests.conftest import KEYS, Client, make_app, new_database
from tests.core.rows import make_person
from tests.factories.births import user
from tests.factories.families import make_death, make_marriage
from tests.factories.households import make_event, make_household
from tests.factories.maternity import make_newlywed, make_pregnancy
from tests.factories.moves import make_move, make_transfer
from tests.factories.pairs import pair_of
from tests.factories.people import make_person as a_person
from tests.operations.conftest import NUMBERS, PHONE, working
from tests.operations.plain import opened

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase that costs little to try; one is set, and nobody is asked."""
    monkeypatch.setattr(sealed_file, "COST", 10)
    monkeypatch.setenv("BACKUP_PASSPHRASE", PASSPHRASE)


def done(app: Flask, *words: object) -> str:
    answer = app.test_cli_runner().invoke(args=[*map(str, words)])
    assert answer.exit_code == 0, answer.output
    return str(answer.stdout)


def refused(app: Flask, *words: object) -> str:
    """The sentences of a command that ends with status 1."""
    answer = app.test_cli_runner().invoke(args=[*map(str, words)])
    assert (answer.exit_code, type(answer.exception), answer.stdout) == (1, SystemExit, ""), answer.exception
    assert answer.stderr.strip().endswith(".")
    return str(answer.stderr)


def counts(engine: Engine) -> dict[str, int]:
    with elevated("test"), engine.connect() as connection:
        return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in Model.metadata.sorted_tables}


@pytest.fixture
def restored(filled: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The office as it came back from a sealed backup, at work in its new folder with the keys that were inside."""
    done(filled, "backup", tmp_path / "b", "--encrypt")
    done(filled, "restore", tmp_path / "b", tmp_path / "new")
    app = make_app(f"sqlite:///{tmp_path}/new/taizhang.db", tmp_path / "new", data_keys="")
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


# there and back


def test_an_office_comes_back_with_every_row_and_value(filled: Flask, tmp_path: Path, opening: Any) -> None:
    with filled.app_context():
        before = counts(db.engine)
    values = working(filled, lambda s: opened(s.connection()))
    done(filled, "backup", tmp_path / "b", "--encrypt")
    done(filled, "restore", tmp_path / "b", tmp_path / "new")
    again = opening(f"sqlite:///{tmp_path}/new/taizhang.db", tmp_path / "new", data_keys="")
    with again.app_context():
        assert counts(db.engine) == before
        setup()
    assert working(again, lambda s: opened(s.connection())) == values
    assert working(again, lambda s: list(audit.verify(s))) == []
    assert working(again, lambda s: s.scalars(select(Person).where(Person.id_no == NUMBERS[0])).one().phone.reveal()) == PHONE


def test_a_page_of_each_ledger_is_what_it_was(filled: Flask, tmp_path: Path, opening: Any) -> None:
    working(filled, a_row_of_each_ledger)
    done(filled, "backup", tmp_path / "b", "--encrypt")
    done(filled, "restore", tmp_path / "b", tmp_path / "new")
    again = opening(f"sqlite:///{tmp_path}/new/taizhang.db", tmp_path / "new", data_keys="")
    for view in (screen for _heading, screen, *_menu in SCREENS if hasattr(screen, "datamodel")):
        who = "service_worker" if getattr(view.datamodel.obj, "is_confidential", False) else "clerk"
        before, after = (rows_shown(app, who, f"{view.route_base}/list/") for app in (filled, again))
        assert len(before) > 5, view
        assert after == before, view


def a_row_of_each_ledger(session: Session) -> None:
    make_marriage(session, status=Status.approved)
    make_death(session, status=Status.approved)
    make_move(session, status=Status.approved)
    person = a_person(session)
    make_transfer(session, person)
    make_event(session, make_household(session))
    make_newlywed(session)
    make_pregnancy(session)
    pair_of(session, person, a_person(session))
    question = {"asked_by_id": user(session, "neighbour").id, "asked_at": clock.now(), "reason": "asks"}
    session.add(IdentityRequest(scope_path=person.offices[0].scope_path, person=person, **question))


def rows_shown(app: Flask, who: str, page: str) -> list[str]:
    rows = Client(app, who).get(page).text.partition("<tbody")[2].partition("</tbody>")[0]
    return [line.strip() for line in rows.splitlines() if line.strip() and "token" not in line]


def test_a_restored_office_goes_on_with_its_history(restored: Flask) -> None:
    working(restored, lambda s: make_person(s, phone=PHONE))
    assert working(restored, lambda s: list(audit.verify(s))) == []


def test_what_a_restore_says_it_has_seen(filled: Flask, tmp_path: Path) -> None:
    done(filled, "backup", tmp_path / "b", "--encrypt")
    told = done(filled, "restore", "--check", tmp_path / "b")
    for sentence in (
        "All 2 parts are there, each with the SHA-256 that was written down.",
        "The database is sound: no damage, and no row without what it refers to.",
        "rows that were counted.",
        "chains of the history are unchanged and end where they ended.",
        "The data keys inside open what it holds.",
        "Nothing was kept of this trial.",
    ):
        assert sentence in told


def test_a_trial_leaves_nothing(filled: Flask, tmp_path: Path) -> None:
    done(filled, "backup", tmp_path / "b")
    before = sorted(path.name for path in tmp_path.iterdir())
    done(filled, "restore", "--check", tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_everything_is_for_this_account_alone(filled: Flask, tmp_path: Path) -> None:
    done(filled, "backup", tmp_path / "b", "--encrypt")
    done(filled, "restore", tmp_path / "b", tmp_path / "new")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b", tmp_path / "new", *(tmp_path / "new").iterdir())}
    assert modes == {"b": 0o600, "new": 0o700, "taizhang.db": 0o600, "data.keys": 0o600}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_attached_files_come_back_and_what_lies_there_besides_does_not(with_files: Flask, tmp_path: Path, opening: Any) -> None:
    values = working(with_files, lambda s: opened(s.connection()))
    (tmp_path / "attachments" / "ab").mkdir(exist_ok=True)
    (tmp_path / "attachments" / "ab" / "other").write_bytes(b"x")
    done(with_files, "backup", tmp_path / "b", "--encrypt")
    told = done(with_files, "restore", tmp_path / "b", tmp_path / "new")
    assert "All 3 attached files are there, and each is what was attached." in told
    again = opening(f"sqlite:///{tmp_path}/new/taizhang.db", tmp_path / "new", data_keys="")
    assert working(again, lambda s: opened(s.connection())) == values
    assert not (tmp_path / "new" / "attachments" / "ab").exists()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new" / "attachments").rglob("*")} == {0o600, 0o700}


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "attachments").rglob("*") if path.is_file())


def test_a_row_without_its_file_is_told_and_nothing_is_written(with_files: Flask, tmp_path: Path) -> None:
    gone = files_under(tmp_path)[1]
    gone.unlink()
    assert f"The file of the attachment {gone.name} is missing." in refused(with_files, "backup", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_without_keys_the_files_are_counted(with_files: Flask, tmp_path: Path, opening: Any) -> None:
    done(with_files, "backup", tmp_path / "b")
    elsewhere = opening(f"sqlite:///{tmp_path}/x.db", tmp_path / "x", data_keys="")
    assert "is seen with the keys." in done(elsewhere, "restore", "--check", tmp_path / "b")


@pytest.mark.parametrize("case", ["less", "other"])
def test_a_file_that_is_not_what_was_attached_is_told(with_files: Flask, tmp_path: Path, case: str) -> None:
    done(with_files, "backup", tmp_path / "b")
    one, two = (f"attachments/{path.parent.name}/{path.name}" for path in files_under(tmp_path)[:2])

    def change(parts: dict[str, bytes], told: dict[str, Any]) -> None:
        if case == "less":
            del parts[one], told["parts"][one]
        else:
            parts[one], told["parts"][one] = parts[two], _part(parts[two])

    changed(tmp_path, change)
    sentence = f"The file of the attachment {one.rpartition('/')[2]} is missing or is not what was attached."
    assert sentence in refused(with_files, "restore", "--check", tmp_path / "b")


def test_a_file_that_is_taken_away_while_its_row_is_copied_is_inside(with_files: Flask, tmp_path: Path, monkeypatch: Any) -> None:
    """Nothing goes while a backup is at work; what was left, tidy removes afterwards."""
    take, name = database_file.take, files_under(tmp_path)[0].name

    def then_remove(engine: Engine, file: Path) -> None:
        take(engine, file)
        working(with_files, lambda s: s.delete(s.scalars(select(Attachment).where(Attachment.uid == UUID(name))).one()))

    monkeypatch.setattr(database_file, "take", then_remove)
    done(with_files, "backup", tmp_path / "b")
    assert "All 3 attached files" in done(with_files, "restore", tmp_path / "b", tmp_path / "new")
    assert len(files_under(tmp_path)) == 3
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        assert "1 files that belong to no row removed" in done(with_files, "tidy")
    assert len(files_under(tmp_path)) == 2


def test_the_history_tells_of_a_backup(filled: Flask, tmp_path: Path) -> None:
    done(filled, "backup", tmp_path / "b", "--encrypt")
    told = select(AuditEntry.actor, AuditEntry.target, AuditEntry.detail).where(AuditEntry.act == "backup")
    actor, target, detail = working(filled, lambda s: s.execute(told).one())
    assert (actor, target, '"sealed":true' in detail) == ("command: backup", "office", True)


def test_an_office_of_postgresql_comes_back_into_postgresql(
    filled: Flask, tmp_path: Path, request: pytest.FixtureRequest, opening: Any
) -> None:
    """Rows of either kind of database move, those that refer to later ones too; new rows get numbers after those that came."""
    later = "UPDATE ab_user SET changed_by_fk = (SELECT max(id) FROM ab_user) WHERE id = (SELECT min(id) FROM ab_user)"
    working(filled, lambda s: s.execute(text(later)) and None)
    with filled.app_context():
        before = counts(db.engine)
    values = working(filled, lambda s: opened(s.connection()))
    done(filled, "backup", tmp_path / "b", "--encrypt")
    with new_database("pg", tmp_path, request) as url:
        app = opening(url, tmp_path / "pg", data_keys="")
        assert "in the database of DATABASE_URL too" in done(app, "restore", tmp_path / "b", tmp_path / "new", "--into-database")
        again = opening(url, tmp_path / "new", data_keys="")
        with again.app_context():
            assert counts(db.engine) == before
            setup()
        assert working(again, lambda s: opened(s.connection())) == values
        assert working(again, lambda s: list(audit.verify(s))) == []
        working(again, lambda s: make_person(s, phone=PHONE))
        assert "is not empty" in refused(again, "restore", tmp_path / "b", tmp_path / "newer", "--into-database")


def test_sqlite_is_no_database_to_move_into(filled: Flask, tmp_path: Path, opening: Any) -> None:
    done(filled, "backup", tmp_path / "b")
    app = opening(f"sqlite:///{tmp_path}/x.db", tmp_path / "x")
    assert "does not name a PostgreSQL database" in refused(app, "restore", tmp_path / "b", tmp_path / "new", "--into-database")
    assert not (tmp_path / "new").exists()


# while others write


@pytest.fixture
def writers(filled: Flask) -> Iterator[Callable[[], int]]:
    """Two clerks who add people one after the other until the test ends; answers how many they have added."""
    over, added = threading.Event(), [0, 0]

    def work(who: int) -> None:
        while not over.is_set():
            working(filled, lambda s: make_person(s, name=f"w{who}", phone=PHONE))
            added[who] += 1

    threads = [threading.Thread(target=work, args=(who,)) for who in (0, 1)]
    for thread in threads:
        thread.start()
    yield lambda: sum(added)
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(("pages", "restarts"), [(1, 20), (1000, 20), (1, -1)], ids=["in small steps", "in large steps", "overtaken"])
def test_backups_while_clerks_write_are_each_of_one_moment(
    filled: Flask, writers: Callable[[], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: int, restarts: int
) -> None:
    monkeypatch.setattr(database_file, "PAGES", pages)
    monkeypatch.setattr(database_file, "RESTARTS", restarts)
    for number in range(2):
        before = writers()
        told = done(filled, "backup", tmp_path / f"b{number}")
        after = writers()
        assert "holds the office" in told
        done(filled, "restore", tmp_path / f"b{number}", tmp_path / f"new{number}")
        with database_file.opened(tmp_path / f"new{number}" / "taizhang.db") as engine:
            people = _people(engine)
        assert before <= people <= after + 2
    assert writers() > 0


def _people(engine: Engine) -> int:
    with elevated("test"), engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Person.__table__).where(Person.name.startswith("w"))) or 0


def test_a_copy_of_an_office_with_a_write_ahead_log_is_one_file(filled: Flask, url: str, tmp_path: Path) -> None:
    mode = "WAL" if url.startswith("sqlite") else safe_journal_mode()
    with filled.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA journal_mode={mode}") if url.startswith("sqlite") else None
    working(filled, lambda s: make_person(s, name="late"))
    done(filled, "backup", tmp_path / "b")
    done(filled, "restore", tmp_path / "b", tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["taizhang.db"]
    assert (tmp_path / "new" / "taizhang.db").read_bytes()[18:20] == b"\x01\x01"  # how SQLite marks the rollback journal


def test_a_key_that_is_added_while_the_database_is_copied_is_inside(filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take, first = database_file.take, "1:" + KEYS.partition(":")[2]

    def late(engine: Engine, file: Path) -> None:
        take(engine, file)
        (tmp_path / "data.keys").write_text(f"{first}\n2:{'c2Vjb25k' * 6}\n", encoding="ascii")

    monkeypatch.setattr(database_file, "take", late)
    done(filled, "backup", tmp_path / "b", "--encrypt")
    done(filled, "restore", tmp_path / "b", tmp_path / "new")
    assert (tmp_path / "new" / "data.keys").read_text().count(":") == 2


# what is not inside


@pytest.mark.parametrize("words", [(), ("--encrypt",)], ids=["open", "sealed"])
def test_no_number_is_readable_in_a_backup(filled: Flask, tmp_path: Path, words: tuple[str, ...]) -> None:
    told = done(filled, "backup", tmp_path / "b", *words)
    content = (tmp_path / "b").read_bytes()
    found = content if words else gzip.decompress(content)
    assert not any(secret.encode() in found or secret in told for secret in (*NUMBERS, PHONE))
    assert KEYS.partition(":")[2].encode() not in found
    assert b"data.keys" not in found


def test_an_open_backup_says_what_it_needs(filled: Flask, tmp_path: Path, opening: Any) -> None:
    assert "The data keys are not inside" in done(filled, "backup", tmp_path / "b")
    assert "The data keys of this office open what it holds." in done(filled, "restore", "--check", tmp_path / "b")
    elsewhere = opening(f"sqlite:///{tmp_path}/x.db", tmp_path / "x", data_keys="")
    assert "It can be read only with the data keys 1:" in done(elsewhere, "restore", "--check", tmp_path / "b")


# refused


def test_a_backup_overwrites_nothing(filled: Flask, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"mine")
    assert "is there already" in refused(filled, "backup", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"mine"


def test_a_name_that_was_taken_meanwhile_is_left(filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = database_file.take
    monkeypatch.setattr(database_file, "take", lambda *words: (take(*words), (tmp_path / "b").write_bytes(b"mine")))
    assert "File exists" in refused(filled, "backup", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_into_nowhere_is_told(filled: Flask, tmp_path: Path) -> None:
    assert "There is no folder" in refused(filled, "backup", tmp_path / "none" / "b")
    assert "There is no folder" in refused(filled, "restore", __file__, tmp_path / "none" / "new")


def test_a_short_passphrase_is_refused(filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_PASSPHRASE", "short")
    assert "at least 12 characters" in refused(filled, "backup", tmp_path / "b", "--encrypt")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("kind", ["file", "folder with a file"])
def test_a_backup_is_restored_into_a_new_folder_only(filled: Flask, tmp_path: Path, kind: str) -> None:
    done(filled, "backup", tmp_path / "b")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "mine").write_bytes(b"mine")
    target = tmp_path / "old" if kind == "folder with a file" else tmp_path / "old" / "mine"
    assert "is not empty" in refused(filled, "restore", tmp_path / "b", target)
    assert (tmp_path / "old" / "mine").read_bytes() == b"mine"


def test_an_empty_folder_is_new(filled: Flask, tmp_path: Path) -> None:
    done(filled, "backup", tmp_path / "b")
    (tmp_path / "new").mkdir()
    done(filled, "restore", tmp_path / "b", tmp_path / "new")
    assert (tmp_path / "new" / "taizhang.db").exists()


def test_a_restore_that_names_no_folder_is_told(filled: Flask) -> None:
    assert "Name the new folder" in refused(filled, "restore", __file__)


@pytest.mark.parametrize("words", [(), ("--encrypt",)], ids=["open", "sealed"])
def test_a_backup_that_is_cut_is_refused_wherever(filled: Flask, tmp_path: Path, words: tuple[str, ...]) -> None:
    done(filled, "backup", tmp_path / "b", *words)
    whole = (tmp_path / "b").read_bytes()
    for length in (0, 10, 40, 100, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        (tmp_path / "b").write_bytes(whole[:length])
        assert "The archive is damaged or not complete. Nothing was restored." in refused(
            filled, "restore", tmp_path / "b", tmp_path / "new"
        )
    assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("words", [(), ("--encrypt",)], ids=["open", "sealed"])
def test_a_changed_byte_is_found(filled: Flask, tmp_path: Path, words: tuple[str, ...]) -> None:
    done(filled, "backup", tmp_path / "b", *words)
    whole = (tmp_path / "b").read_bytes()
    for place in (120, len(whole) // 3, len(whole) // 2, len(whole) - 5):
        changed = next(found for at in range(place, len(whole)) if unpacked(found := flipped(whole, at)) != unpacked(whole))
        (tmp_path / "b").write_bytes(changed)
        assert "damaged" in refused(filled, "restore", "--check", tmp_path / "b")


def flipped(whole: bytes, place: int) -> bytes:
    return whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]


def unpacked(found: bytes) -> bytes | None:
    """What a gzip file says, None where it is damaged: some bits say the same either way. A sealed file stands for itself."""
    if not found.startswith(b"\x1f\x8b"):
        return found
    try:
        return gzip.decompress(found)
    except (OSError, EOFError, zlib.error):
        return None


def test_a_wrong_passphrase_is_told(filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done(filled, "backup", tmp_path / "b", "--encrypt")
    monkeypatch.setenv("BACKUP_PASSPHRASE", "another passphrase")
    assert "The passphrase is not the one this backup was sealed with." in refused(filled, "restore", tmp_path / "b", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_passphrase_comes_from_a_file_or_is_asked_twice(filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKUP_PASSPHRASE")
    (tmp_path / "secret").write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    runner = filled.test_cli_runner()
    asked = runner.invoke(args=["backup", str(tmp_path / "b"), "--encrypt"], input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert (asked.exit_code, PASSPHRASE in asked.output) == (0, False)
    assert "The data keys inside open" in done(filled, "restore", "--check", tmp_path / "b", "--passphrase-file", tmp_path / "secret")
    once = runner.invoke(args=["restore", "--check", str(tmp_path / "b")], input=f"{PASSPHRASE}\n")
    assert once.exit_code == 0


def test_a_passphrase_in_another_encoding_is_told(filled: Flask, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes("口令口令口令口令口令口令".encode("gbk"))
    words = ("backup", tmp_path / "b", "--encrypt", "--passphrase-file", tmp_path / "secret")
    assert "is not UTF-8 text" in refused(filled, *words)


def test_two_backups_at_once_are_not_made(filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take, said = database_file.take, []

    def meanwhile(engine: Engine, file: Path) -> None:
        monkeypatch.setattr(database_file, "take", take)
        said.append(refused(filled, "backup", tmp_path / "other"))
        take(engine, file)

    monkeypatch.setattr(database_file, "take", meanwhile)
    done(filled, "backup", tmp_path / "b")
    assert said == ["Another command is at work here. Wait until it ends.\n"]


def test_what_a_killed_backup_left_goes_with_the_next(filled: Flask, tmp_path: Path) -> None:
    (tmp_path / ".backup" / "x").mkdir(parents=True)
    (tmp_path / ".backup" / "taizhang.db").write_bytes(b"old")
    done(filled, "backup", tmp_path / "b")
    assert not (tmp_path / ".backup").exists()


# a backup that somebody changed


def changed(tmp_path: Path, change: Callable[[dict[str, bytes], dict[str, Any]], Any]) -> None:
    """Make the archive anew after a change to its parts or its manifest, with hashes that fit."""
    with tarfile.open(tmp_path / "b") as tar:
        parts = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    told = json.loads(parts.pop("manifest.json"))
    change(parts, told)
    with gzip.open(tmp_path / "b", "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for name, content in [*parts.items(), ("manifest.json", json.dumps(told).encode())]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def tampered(tmp_path: Path, *statements: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    """A change of the database by hand, of which the manifest's hash knows."""

    def change(parts: dict[str, bytes], told: dict[str, Any]) -> None:
        (tmp_path / "t.copy").write_bytes(parts["taizhang.db"])
        engine = create_engine(f"sqlite:///{tmp_path}/t.copy")
        with elevated("test"), engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()
        parts["taizhang.db"] = (tmp_path / "t.copy").read_bytes()
        told["parts"]["taizhang.db"] = _part(parts["taizhang.db"])

    return change


def _part(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


TAMPERED = {
    "a row less": (("DELETE FROM policy_param",), "The table policy_param has 0 rows; "),
    "a row without what it refers to": (("UPDATE person_office SET region_id = 99999",), "The database of the archive is damaged."),
    "another entry": (
        ("DROP TRIGGER audit_entry_no_update", "UPDATE audit_entry SET actor = 'nobody' WHERE chain = 'system' AND number = 2"),
        "The history is not whole: system: entry 2 is missing or was changed.",
    ),
    "a newer schema": (("UPDATE alembic_version SET version_num = 'from_the_future'",), "made by a newer version of the program"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_database_that_was_changed_by_hand_is_told(filled: Flask, tmp_path: Path, case: str) -> None:
    statements, told = TAMPERED[case]
    done(filled, "backup", tmp_path / "b")
    changed(tmp_path, tampered(tmp_path, *statements))
    assert told in refused(filled, "restore", "--check", tmp_path / "b")


def _longer(parts: dict[str, bytes], told: dict[str, Any]) -> None:
    told["heads"]["system"][0] += 1


def _outside(parts: dict[str, bytes], told: dict[str, Any]) -> None:
    parts["attachments/../../evil"] = b"x"
    told["parts"]["attachments/../../evil"] = _part(b"x")


def _more(parts: dict[str, bytes], told: dict[str, Any]) -> None:
    parts["attachments/more"] = b"x"


def _less(parts: dict[str, bytes], told: dict[str, Any]) -> None:
    told["parts"]["attachments/less"] = {"bytes": 1, "sha256": "0"}


def _future(parts: dict[str, bytes], told: dict[str, Any]) -> None:
    told["format"] = 2


def _empty(parts: dict[str, bytes], told: dict[str, Any]) -> None:
    parts.clear()
    told["parts"] = {}


def _keys(parts: dict[str, bytes], told: dict[str, Any]) -> None:
    parts["data.keys"] = b"1:" + b"QUFB" * 11
    told["parts"]["data.keys"] = _part(parts["data.keys"])


MANIFESTS: dict[str, tuple[Callable[..., None], str]] = {
    "a head that lies further on": (_longer, "The history is not whole: system:"),
    "a part outside the folder": (_outside, "The archive is damaged"),
    "a part nobody wrote down": (_more, "The archive is damaged"),
    "a part that is missing": (_less, "The archive is damaged"),
    "a format of tomorrow": (_future, "newer version of the program"),
    "keys of another office": (_keys, "The keys inside the archive do not open what it holds."),
    "no database": (_empty, "The database of the archive is damaged"),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_an_archive_that_was_put_together_by_hand_is_told(filled: Flask, tmp_path: Path, case: str) -> None:
    change, told = MANIFESTS[case]
    done(filled, "backup", tmp_path / "b")
    changed(tmp_path, change)
    assert told in refused(filled, "restore", "--check", tmp_path / "b")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("content", [b"", b"no backup", b"\x1f\x8b\x08", sealed_file.MAGIC], ids=["empty", "text", "gzip", "sealed"])
def test_what_is_no_backup_is_one_sentence(filled: Flask, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    assert refused(filled, "restore", "--check", tmp_path / "b") == "The archive is damaged or not complete. Nothing was restored.\n"
