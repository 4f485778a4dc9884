"""Data keys change while the office works: every value moves, nothing else does, and a kill at any statement loses nothing."""

import multiprocessing
import shutil
import stat
import threading
from collections import Counter
from datetime import timedelta
from itertools import chain, count, repeat
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app.core import attachment_files, audit, clock, crypto, keys
from app.core.audit import acting
from app.core.crypto import KeyLost, Keyring
from app.core.errors import RuleViolation
from app.core.scope import elevated, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import AuditEntry, KeyCheck, Person
from app.operations import rotation, sealed_values
from app.operations.backup import workplace
from tests.conftest import EVERYWHERE, KEYS, make_app, url_of
from tests.core.rows import make_person
from tests.figures import FULL, seeded
from tests.operations.conftest import NUMBERS, PHONE, working
from tests.operations.killing import in_child
from tests.operations.plain import opened, told, versions

spawn = multiprocessing.get_context("spawn")
BATCH = 5 if FULL else 50  # rows; a full run is killed between many batches of a table, the other between one and the next
STRIDE = 1 if FULL else 5  # a full run is killed at every step, the other at every fifth
SECOND = "2:" + "c2Vjb25k" * 6  # "second" many times


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches, without the pauses between them."""
    monkeypatch.setattr(rotation, "BATCH", BATCH)
    monkeypatch.setattr(rotation, "PAUSE", 0.0)


def rotate(app: Flask) -> tuple[int, Counter[int]]:
    with app.app_context(), looking_as(EVERYWHERE), acting("test"):
        return rotation.rotate()


def retire(app: Flask, key_id: int, hours: int = 2) -> Path | None:
    later = clock.now() + timedelta(hours=hours)
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), clock.stopped_at(later):
        return rotation.retire(key_id)


def look(app: Flask, question: Any) -> Any:
    return working(app, lambda session: question(session.connection()))


def used(app: Flask) -> Counter[int]:
    def ask(connection: Any) -> Counter[int]:
        with elevated("test"):
            return sealed_values.by_key(connection)

    return look(app, ask)


def file_of(app: Flask) -> Path:
    return Path(app.config["DATA_KEYS_FILE"])


def chain_problems(app: Flask) -> list[str]:
    return working(app, lambda session: list(audit.verify(session)))


def test_every_sealed_column_is_in_the_map() -> None:
    """A column of ciphertext that no rotation moves would be lost with its key."""
    mapped = {f"{place.table.name}.{column.name}" for place in sealed_values.places() for column in place.columns}
    binary = {f"{t.name}.{c.name}" for t in db.metadata.sorted_tables for c in t.columns if str(c.type) in {"BLOB", "BYTEA"}}
    assert {"person.phone_enc", "report_run.rows_enc", "change_request.content_enc", "form_draft.content_enc", "audit_secret.new"} <= mapped
    assert binary - mapped == {"key_check.sealed"}


def test_every_value_moves_and_says_the_same(filled: Flask) -> None:
    before, were = look(filled, opened), look(filled, versions)
    entries = working(filled, lambda s: s.execute(select(AuditEntry.chain, AuditEntry.number, AuditEntry.hash)).all())
    newest, values = rotate(filled)
    assert (newest, values.total()) == (2, len(before))
    assert used(filled) == Counter({2: len(before)})
    assert look(filled, opened) == before
    assert look(filled, versions) == were
    after = working(filled, lambda s: s.execute(select(AuditEntry.chain, AuditEntry.number, AuditEntry.hash)).all())
    assert set(entries) <= set(after)
    assert len(after) == len(entries) + 2
    assert chain_problems(filled) == []


def test_the_history_tells_of_a_rotation_once_with_its_counts(filled: Flask) -> None:
    rotate(filled)
    assert look(filled, told) == [("add_key", "data_key/2"), ("rotate_keys", "data_key/2")]
    detail = working(filled, lambda s: s.scalars(select(AuditEntry.detail).where(AuditEntry.act == "rotate_keys")).one())
    assert '"person":8' in detail
    assert '"began":' in detail
    assert '"ended":' in detail
    assert not any(number in detail for number in NUMBERS)


def test_what_was_found_by_its_value_is_found_still(filled: Flask) -> None:
    rotate(filled)
    retire(filled, 1)
    found = working(filled, lambda s: s.scalars(select(Person).where(Person.id_no == NUMBERS[0])).one().phone.reveal())
    assert found == PHONE


def test_the_file_of_keys_stays_for_this_account_alone(filled: Flask) -> None:
    rotate(filled)
    assert [line.partition(":")[0] for line in file_of(filled).read_text().split()] == ["1", "2"]
    assert stat.S_IMODE(file_of(filled).stat().st_mode) == 0o600
    assert list(file_of(filled).parent.glob(".data.keys*")) == []


def test_a_second_rotation_takes_a_third_key(filled: Flask) -> None:
    rotate(filled)
    assert rotate(filled)[0] == 3
    assert set(used(filled)) == {3}


def test_an_end_that_was_told_is_not_told_again(filled: Flask) -> None:
    """Two commands at once both come to the end."""
    rotate(filled)
    with filled.app_context(), looking_as(EVERYWHERE), acting("test"):
        rotation._end(2, "now")
    assert look(filled, told) == [("add_key", "data_key/2"), ("rotate_keys", "data_key/2")]


def test_there_are_no_more_than_255_keys(filled: Flask) -> None:
    """The number stands in one byte; the last key is kept, not replaced."""
    file_of(filled).write_text(f"{KEYS}\n255{SECOND[1:]}\n", encoding="ascii")
    crypto.use(keys.load("", file_of(filled)))
    rotate(filled)
    with pytest.raises(RuleViolation, match="no more than 255 keys"):
        rotate(filled)
    assert set(used(filled)) == {255}


# beside the clerks


def test_what_one_pass_leaves_the_next_takes(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that somebody was writing are passed by."""
    acts = chain(repeat(lambda *_: None, len([*sealed_values.places()])), repeat(rotation._reseal))

    def reseal(*words: Any) -> None:
        next(acts)(*words)

    monkeypatch.setattr(rotation, "_reseal", reseal)
    rotate(filled)
    assert set(used(filled)) == {2}


def test_values_that_stay_locked_are_told(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_reseal", lambda *_: None)
    with pytest.raises(RuleViolation, match="Somebody keeps some values locked"):
        rotate(filled)
    monkeypatch.undo()
    assert rotate(filled)[0] == 2


def test_a_process_that_knows_the_old_key_learns_the_new_one(filled: Flask) -> None:
    """Reading meets the key on a value; writing looks before it begins."""
    server = crypto.keys()
    crypto.use(keys.load("", file_of(filled)))
    rotate(filled)
    crypto.use(server)
    assert server.newest == 1
    with filled.app_context(), looking_as(EVERYWHERE):
        assert db.session.scalars(select(Person).where(Person.id_no == NUMBERS[0])).one().phone.reveal() == PHONE
    assert server.newest == 2


def test_whoever_writes_after_a_new_key_is_known_writes_with_it(filled: Flask) -> None:
    server = crypto.keys()
    crypto.use(keys.load("", file_of(filled)))
    rotate(filled)
    crypto.use(server)
    assert working(filled, lambda s: make_person(s, phone=PHONE).phone_enc[0]) == 2


def test_a_process_that_lacks_the_newest_key_writes_nothing(filled: Flask) -> None:
    """Another machine with another copy of the keys, or DATA_KEYS of yesterday."""
    rotate(filled)
    crypto.use(keys.load(KEYS, file_of(filled)))
    with pytest.raises(KeyLost, match="Data key 2 is not here"):
        working(filled, lambda s: make_person(s, phone=PHONE))


def test_a_value_that_a_clerk_changes_meanwhile_stays_the_clerks(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading and writing: what is not what was read is not written over."""
    move, other = rotation._move, "13900000000"

    def late(connection: Any, place: Any, sealed: Any, rows: Any, newest: int) -> None:
        if sealed.name == "phone_enc" and len(rows) > 0:
            new = crypto.keys().seal(other, place.bound_to(rows[0], sealed))
            connection.execute(update(place.table).where(place.table.c.id == rows[0].id).values(phone_enc=new))
        move(connection, place, sealed, rows, newest)

    monkeypatch.setattr(rotation, "_move", late)
    rotate(filled)
    phones = working(filled, lambda s: Counter(p.phone.reveal() for p in s.scalars(select(Person).where(Person.phone_enc.is_not(None)))))
    assert phones == Counter({other: 1, PHONE: 3})


def test_clerks_work_beside_a_rotation(filled: Flask) -> None:
    """Two of them add people and change phones until it is over; nothing of theirs is lost."""
    over, done = threading.Event(), Counter[str]()

    def work(name: str) -> None:
        while not over.is_set() or not done[name]:
            working(filled, lambda s: make_person(s, name=name, phone=PHONE))
            working(filled, lambda s: setattr(s.scalars(select(Person).where(Person.name == name)).first(), "phone", "13911112222"))
            done[name] += 1

    clerks = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for clerk in clerks:
        clerk.start()
    newest, _ = rotate(filled)
    over.set()
    for clerk in clerks:
        clerk.join()
    assert set(used(filled)) == {newest}
    people = working(filled, lambda s: Counter(s.scalars(select(Person.name))))
    assert {name: people[name] for name in done} == done
    assert chain_problems(filled) == []


def test_a_transaction_that_began_before_is_waited_for(filled: Flask, template: tuple[str, str]) -> None:
    """On PostgreSQL: it may still write with the old key. SQLite has one writer."""
    begun, written = threading.Event(), threading.Event()

    def slow() -> None:
        with filled.app_context(), looking_as(EVERYWHERE), acting("slow"), unit_of_work() as session:
            person = make_person(session, phone=PHONE)
            assert person.phone_enc[0] == 1
            begun.set()
            written.wait(1.0)

    clerk = threading.Thread(target=slow)
    clerk.start()
    begun.wait(10)
    rotate(filled)
    clerk.join()
    assert set(used(filled)) == {2}


def test_work_that_never_ends_is_told(filled: Flask, monkeypatch: pytest.MonkeyPatch, template: tuple[str, str]) -> None:
    monkeypatch.setattr(rotation, "PATIENCE", 0.2)
    monkeypatch.setattr(rotation, "_transactions", lambda: {"3/7"})
    if_waits = {"pg": pytest.raises(RuleViolation, match="Work that began earlier has not ended yet")}
    with if_waits.get(template[0], pytest.MonkeyPatch.context()):
        rotate(filled)


# retiring


def test_a_retired_key_is_gone_and_everything_opens(filled: Flask) -> None:
    before = look(filled, opened)
    rotate(filled)
    assert retire(filled, 1) is None
    lines = file_of(filled).read_text().split()
    assert [line.partition(":")[0] for line in lines] == ["index", "2"]
    assert KEYS.partition(":")[2] not in file_of(filled).read_text()
    crypto.use(keys.load("", file_of(filled)))
    assert look(filled, opened) == before
    assert working(filled, lambda s: sorted(s.scalars(select(KeyCheck.key_id)))) == [0, 2]
    assert look(filled, told)[-1] == ("retire_key", "data_key/1")


def test_the_key_that_is_left_cannot_open_what_was_sealed_before(filled: Flask) -> None:
    old = working(filled, lambda s: s.scalars(select(Person.phone_enc).where(Person.phone_enc.is_not(None))).first())
    rotate(filled)
    retire(filled, 1)
    ring = keys.load("", file_of(filled))
    assert ring is not None
    with pytest.raises(KeyLost):
        ring.open(old, "person|phone|x")
    assert set(ring._ciphers) == {2}


def test_digests_of_the_history_stay_what_they_were(filled: Flask) -> None:
    before = crypto.digest(PHONE)
    rotate(filled)
    retire(filled, 1)
    rotate(filled)
    retire(filled, 2)
    crypto.use(keys.load("", file_of(filled)))
    assert crypto.digest(PHONE) == before
    working(filled, keys.must_fit)


def test_a_database_without_its_index_key_is_not_opened(filled: Flask) -> None:
    """Whoever drops the line of the index key would find nobody any more and write other digests."""
    rotate(filled)
    retire(filled, 1)
    newest = file_of(filled).read_text().split()[1]
    crypto.use(keys.load(newest, file_of(filled)))
    with pytest.raises(KeyLost, match="not those this database was written with"):
        working(filled, keys.must_fit)


@pytest.mark.parametrize(
    ("key_id", "told_"),
    [(7, "There is no key 7 here. There are: 1, 2."), (2, "Key 2 is the newest"), (1, "1 values are sealed with key 1.")],
)
def test_a_key_that_is_needed_is_not_retired(filled: Flask, key_id: int, told_: str) -> None:
    rotate(filled)
    working(filled, lambda s: _seal_with_the_first(s.connection()))
    with pytest.raises(RuleViolation, match=told_):
        retire(filled, key_id)
    assert set(crypto.keys().secrets.by_id) == {1, 2}


def _seal_with_the_first(connection: Any) -> None:
    person = Person.__table__
    with elevated("test"):
        row = connection.execute(select(person.c.id, person.c.uid).limit(1)).one()
        value = Keyring({1: crypto.keys().secrets.by_id[1]}).seal(PHONE, crypto.place("person", "phone", row.uid))
        connection.execute(update(person).where(person.c.id == row.id).values(phone_enc=value))


def test_a_key_is_not_retired_at_once(filled: Flask) -> None:
    """An import that sealed its rows before the rotation began may not have stored them yet."""
    rotate(filled)
    with pytest.raises(RuleViolation, match="less than an hour ago"):
        retire(filled, 1, hours=0)


def test_a_key_is_not_retired_before_its_rotation_ended(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        rotate(filled)
    with pytest.raises(RuleViolation, match="The rotation to key 2 has not ended"):
        retire(filled, 1)


def test_a_retirement_that_was_cut_short_ends_the_next_time(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rotate(filled)
    monkeypatch.setattr(keys, "keep_without", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        retire(filled, 1)
    monkeypatch.undo()
    retire(filled, 1)
    assert [act for act, _ in look(filled, told)].count("retire_key") == 1
    assert set(crypto.keys().secrets.by_id) == {2}


# keys of the environment


def test_keys_of_the_environment_are_added_there(app: Flask) -> None:
    with pytest.raises(RuleViolation, match="The keys come from DATA_KEYS"):
        rotate(app)


def test_values_move_to_a_key_that_was_added_to_the_environment(filled: Flask, url: str, tmp_path: Path, opening: Any) -> None:
    before = look(filled, opened)
    app = opening(url, tmp_path, data_keys=f"{KEYS},{SECOND}")
    assert rotate(app)[0] == 2
    assert look(app, opened) == before
    remaining = retire(app, 1)
    assert remaining is not None
    assert stat.S_IMODE(remaining.stat().st_mode) == 0o600
    assert remaining.read_text().split()[1] == SECOND
    again = opening(url, tmp_path, data_keys=",".join(remaining.read_text().split()))
    assert look(again, opened) == before
    working(again, keys.must_fit)


# attached files


def test_attached_files_move_too(with_files: Flask) -> None:
    before = look(with_files, opened)
    newest, values = rotate(with_files)
    assert (values.total(), set(used(with_files))) == (len(before), {newest})
    retire(with_files, 1)
    assert look(with_files, opened) == before


def path_of_one(app: Flask) -> Path:
    data = Path(app.config["DATA_DIR"])
    return attachment_files.path_of(data, next(attachment_files.present(data)))


def test_a_key_that_seals_a_file_is_not_retired_and_another_rotation_moves_it(with_files: Flask) -> None:
    """Somebody put a file back from an older backup."""
    path = path_of_one(with_files)
    old = path.read_bytes()
    rotate(with_files)
    path.write_bytes(old)
    with pytest.raises(RuleViolation, match="1 values are sealed with key 1"):
        retire(with_files, 1)
    rotate(with_files)
    assert used(with_files)[1] == 0


def test_a_file_that_cannot_be_opened_is_named_and_stays(with_files: Flask) -> None:
    path = path_of_one(with_files)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RuleViolation, match=f"The file of the attachment {path.name} cannot be opened"):
        rotate(with_files)
    assert path.read_bytes()[0] == 1


def test_files_are_not_moved_beside_a_backup(with_files: Flask) -> None:
    """It may have copied the keys before the new one was added."""
    with workplace(Path(with_files.config["DATA_DIR"]) / ".backup"), pytest.raises(RuleViolation, match="A backup is at work"):
        rotate(with_files)
    assert rotate(with_files)[0] == 2


# damage


def test_a_value_that_cannot_be_opened_is_named_and_stays(filled: Flask) -> None:
    with filled.app_context(), elevated("test"), unit_of_work() as session:
        session.execute(text("UPDATE person SET phone_enc = substr(phone_enc, 1, 20)"))
    with pytest.raises(RuleViolation, match=r"The value person\|phone\|.* cannot be opened") as refused:
        rotate(filled)
    assert PHONE not in str(refused.value)


# killed


def prepared(app: Flask) -> dict[str, Any]:
    """What must be the same after any kill and the rotation that follows."""
    return {"values": look(app, opened), "versions": look(app, versions)}


def state() -> dict[str, Any]:
    """What the office holds, in a process of its own: opened values, versions, problems of the chain, keys used, acts told."""
    with unit_of_work() as session:
        connection = session.connection()
        with elevated("test"):
            counts = {str(k): n for k, n in sealed_values.by_key(connection).items()}
        found = {"values": opened(connection), "versions": versions(connection), "used": counts}
        return {**found, "problems": list(audit.verify(session)), "told": told(connection), "check": sorted(keys.must_fit(session))}


def kill_everywhere(job: dict[str, Any]) -> None:
    """Kill a rotation at each of its steps, look, let it go on, look again. Ends with the first that reaches its end."""
    folder, same = Path(job["folder"]), (job["values"], job["versions"], [])
    rotation.BATCH, rotation.PAUSE = job["batch"], 0.0
    app = make_app(job["url"], folder, data_keys="")
    for step in count(job["first"], STRIDE):
        renew(job)
        if in_child(app, lambda: rotation.rotate()[0], kill_at=step):
            break
        killed, newest, after = in_child(app, lambda: [state(), rotation.rotate()[0], state()])
        assert (killed["values"], killed["versions"], killed["problems"]) == same, step
        assert (after["values"], after["versions"], after["problems"]) == same, step
        assert after["used"] == {str(newest): len(job["values"])}, step
        assert after["told"] == [[act, f"data_key/{n}"] for n in range(2, newest + 1) for act in ("add_key", "rotate_keys")], step
        assert list(folder.glob(".data.keys*")) == [], step
    (folder / "kills").write_text(str(step // STRIDE))


def renew(job: dict[str, Any]) -> None:
    """The office as it was before the rotation."""
    folder = Path(job["folder"])
    shutil.copy(folder / "before.keys", folder / "data.keys")
    shutil.rmtree(folder / "attachments")
    shutil.copytree(folder / "before.files", folder / "attachments")
    for left in folder.glob(".data.keys*"):
        left.unlink()
    if job["url"].startswith("sqlite"):
        for left in folder.glob("killed.db*"):
            left.unlink()
        shutil.copy(job["source"], folder / "killed.db")
        return
    with psycopg.connect(job["server"], autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS killed WITH (FORCE)")
        connection.execute(f"CREATE DATABASE killed TEMPLATE {job['source']}")


@pytest.mark.full
def test_a_rotation_killed_at_any_step_loses_nothing_and_goes_on(
    with_files: Flask, url: str, template: tuple[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    job = {**prepared(with_files), "folder": str(tmp_path), "batch": BATCH, "first": seeded("kills of a rotation").randint(1, STRIDE)}
    with with_files.app_context():
        db.session.remove()
        db.engine.dispose()
    shutil.copy(tmp_path / "data.keys", tmp_path / "before.keys")
    shutil.copytree(tmp_path / "attachments", tmp_path / "before.files")
    if template[0] == "pg":
        server = request.getfixturevalue("postgres")
        job |= {"server": server, "source": db_name(url), "url": url_of("pg", server, "killed")}
    else:
        job |= {"source": url.removeprefix("sqlite:///"), "url": f"sqlite:///{tmp_path}/killed.db"}
    process = spawn.Process(target=kill_everywhere, args=(job,))
    process.start()
    process.join()
    assert process.exitcode == 0
    kills = int((tmp_path / "kills").read_text())
    print(f"{kills} kills, {template[0]}")
    assert kills > 60 / STRIDE


def db_name(url: str) -> str:
    return url.rpartition("/")[2] if "?" not in url else url.partition("?")[0].rpartition("/")[2]
