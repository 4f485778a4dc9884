"""History: in the same transaction, numbered without gaps, never changed."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import quoted_name

from app.core import audit, clock, crypto
from app.core.audit import AuditEntry, AuditSecret, ChainHead, note, note_about, note_apart, verify
from app.core.unit_of_work import unit_of_work
from app.models import Attachment, Birth, Delivery, Person
from tests.core.rows import NOON, PATH_A, PATH_A1, PATH_B, make_attachment, make_birth, make_delivery, make_person, make_registration, user

A, B = PATH_A, PATH_B
ID = "11010519491231002X"
FULL = os.environ.get("TAIZHANG_FULL") == "1"


def entries(session: Session, chain: str = A) -> list[AuditEntry]:
    """The chain as it stands in the database."""
    return list(session.scalars(select(AuditEntry).where(AuditEntry.chain == chain).order_by(AuditEntry.number)))


def detail(entry: AuditEntry) -> dict[str, Any]:
    return dict(json.loads(entry.detail))


def act(do: Callable[[Session], Any]) -> Callable[[Session], Any]:
    """Do something as one unit of work."""

    def run(session: Session) -> Any:
        with unit_of_work():
            return do(session)

    return run


# what is written


def test_a_new_row_tells_every_value_it_has(seeing: Any) -> None:
    uid = seeing(act(lambda s: str(make_attachment(s).uid)))

    def look(session: Session) -> tuple[AuditEntry, dict[str, Any]]:
        (entry,) = entries(session)
        return entry, detail(entry)

    entry, told = seeing(look)
    assert (entry.number, entry.actor, entry.act, entry.target) == (1, "test", "create", f"attachment/{uid}")
    assert told["media_type"] == [None, "image/png"]
    assert told["uid"] == [None, uid]
    assert "scope_path" not in told
    assert "version" not in told


def test_a_change_tells_old_and_new_and_nothing_else(seeing: Any) -> None:
    seeing(act(make_birth))
    seeing(act(lambda s: setattr(s.scalars(select(Birth)).one(), "remark", "x")))
    last = seeing(lambda s: entries(s)[-1])
    assert (last.act, detail(last)) == ("change", {"remark": [None, "x"]})
    assert list(seeing(lambda s: list(verify(s)))) == []


def test_a_deleted_row_tells_what_it_held(seeing: Any) -> None:
    seeing(act(make_attachment))
    seeing(act(lambda s: s.delete(s.scalars(select(Attachment)).one())))
    last = seeing(lambda s: entries(s)[-1])
    assert last.act == "delete"
    assert detail(last)["kind"] == ["9", None]


def test_old_value_is_known_even_after_a_commit(seeing: Any) -> None:
    def change_an_expired_row(session: Session) -> dict[str, Any]:
        row = make_attachment(session)
        session.commit()
        row.kind = "1"
        session.commit()
        return detail(entries(session)[-1])

    assert seeing(change_an_expired_row) == {"kind": ["9", "1"]}


def test_one_row_has_one_entry_per_act(seeing: Any) -> None:
    seeing(act(make_attachment))

    def flush_twice(session: Session) -> None:
        row = session.scalars(select(Attachment)).one()
        row.kind = "1"
        session.flush()
        row.kind, row.sha256 = "2", "1" * 64
        session.flush()

    seeing(act(flush_twice))
    assert [(e.number, e.act) for e in seeing(entries)] == [(1, "create"), (2, "change")]
    assert detail(seeing(entries)[-1]) == {"kind": ["9", "2"], "sha256": ["0" * 64, "1" * 64]}


def test_created_and_changed_in_one_act_is_one_entry_with_the_last_value(seeing: Any) -> None:
    def make_and_change(session: Session) -> None:
        make_attachment(session).kind = "1"

    seeing(act(make_and_change))
    (only,) = seeing(entries)
    assert (only.act, detail(only)["kind"]) == ("create", [None, "1"])


def test_a_change_there_and_back_within_one_act_is_no_change(seeing: Any) -> None:
    seeing(act(make_attachment))

    def there_and_back(session: Session) -> None:
        row = session.scalars(select(Attachment)).one()
        row.kind = "1"
        session.flush()
        row.kind = "9"

    seeing(act(there_and_back))
    assert [e.act for e in seeing(entries)] == ["create"]


def test_setting_the_same_value_writes_nothing(seeing: Any) -> None:
    seeing(act(lambda s: make_person(s, id_no=ID)))
    before = len(seeing(entries))

    def same(session: Session) -> None:
        person = session.scalars(select(Person)).one()
        person.name, person.id_no = person.name, ID

    seeing(act(same))
    assert len(seeing(entries)) == before


def test_rows_of_two_towns_stand_in_two_chains(seeing: Any) -> None:
    seeing(act(lambda s: (make_attachment(s, A), make_attachment(s, B))))
    heads = seeing(audit.heads)
    assert (heads[A][0], heads[B][0]) == (1, 1)
    assert heads[A][1] != heads[B][1]


def test_a_village_writes_into_the_chain_of_its_town(seeing: Any) -> None:
    seeing(act(lambda s: make_attachment(s, PATH_A1)))
    assert [e.chain for e in seeing(entries)] == [A]


def test_a_person_stands_in_the_chain_of_the_office_that_made_the_file(seeing: Any) -> None:
    seeing(act(lambda s: make_person(s, B, audit_path=A)))
    assert [e.target.split("/")[0] for e in seeing(entries)] == ["person"]
    assert [e.target.split("/")[0] for e in seeing(lambda s: entries(s, B))] == ["person_office"]


def test_notes_follow_in_the_order_they_were_made(seeing: Any) -> None:
    def several(session: Session) -> None:
        row = make_attachment(session)
        note(session, "export", row, count=3)
        note_about(session, "print", "list/births", A, pages=1)
        note_about(session, "sign_out", "ab_user/1")

    seeing(act(several))
    assert [(e.number, e.act) for e in seeing(entries)] == [(1, "create"), (2, "export"), (3, "print")]
    assert seeing(lambda s: entries(s, "system"))[-1].act == "sign_out"


def test_rolled_back_change_leaves_no_history(seeing: Any) -> None:
    seeing(act(make_attachment))

    def refused(session: Session) -> tuple[int, int]:
        session.scalars(select(Attachment)).one().kind = "1"
        session.flush()
        note(session, "export", session.scalars(select(Attachment)).one())
        session.rollback()
        make_attachment(session, B)
        session.commit()
        return len(entries(session)), len(entries(session, B))

    assert seeing(refused) == (1, 1)


def test_an_error_inside_an_act_leaves_no_history(seeing: Any) -> None:
    def broken(session: Session) -> None:
        make_attachment(session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        seeing(act(broken))
    assert seeing(entries) == []


def test_refusal_is_written_apart(seeing: Any) -> None:
    seeing(act(make_attachment))

    def refuse(session: Session) -> tuple[str, AuditEntry]:
        session.scalars(select(Attachment)).one().kind = "1"
        session.flush()
        note_apart("refused", "attachment/1", A, reason="closed period")
        return session.scalars(select(Attachment)).one().kind, entries(session)[-1]

    kind, last = seeing(refuse)
    assert (kind, last.act, last.number, detail(last)) == ("9", "refused", 2, {"reason": "closed period"})


def test_silent_bulk_statement_is_refused(seeing: Any) -> None:
    with pytest.raises(RuntimeError, match="without its own history"):
        seeing(lambda s: s.execute(update(Birth).values(remark="x")))


def test_roles_of_a_user_are_told_as_what_came_and_went(seeing: Any) -> None:
    def other_role(session: Session) -> None:
        user(session, "clerk").roles = [session.scalars(select(Role).where(Role.name == "finance")).one()]

    seeing(act(other_role))
    last = seeing(lambda s: entries(s, "system"))[-1]
    assert detail(last)["roles"] == [["clerk"], ["finance"]]


def test_roles_changed_in_two_steps_of_one_act_are_told_as_one_change(seeing: Any) -> None:
    def step_by_step(session: Session) -> None:
        clerk, roles = user(session, "clerk"), {r.name: r for r in session.scalars(select(Role))}
        for names in (["clerk", "finance"], ["clerk", "finance", "auditor"], ["auditor", "approver"]):
            clerk.roles = [roles[name] for name in names]
            session.flush()

    seeing(act(step_by_step))
    last = seeing(lambda s: entries(s, "system"))[-1]
    assert detail(last)["roles"] == [["clerk"], ["approver", "auditor"]]


def test_rights_of_a_role_are_told_as_what_came_and_went(seeing: Any) -> None:
    def take_away(session: Session) -> None:
        role = session.scalars(select(Role).where(Role.name == "supervisor")).one()
        role.permissions = [p for p in role.permissions if p.permission.name != "approve"]

    seeing(act(take_away))
    last = seeing(lambda s: entries(s, "system"))[-1]
    gone, came = detail(last)["permissions"]
    assert came == []
    assert gone
    assert all("approve" in right for right in gone)


def test_a_password_stands_as_a_digest(seeing: Any) -> None:
    seeing(act(lambda s: setattr(user(s, "clerk"), "password", "scrypt:secret-hash")))
    last = seeing(lambda s: entries(s, "system"))[-1]
    assert "secret-hash" not in last.detail
    assert all(value.startswith("hmac:") for value in detail(last)["password"])


# who, from where, in which request


def test_an_act_in_the_browser_names_actor_office_address_and_request(app: Flask, sign_in: Any, seeing: Any) -> None:
    uid = seeing(act(make_registration_uid))
    clerk = sign_in("clerk")
    token = clerk.hidden(f"/registrations/show/{uid}")
    answer = clerk.http.post(f"/registrations/action/submit/{uid}", data=token, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == 302
    last = [e for e in seeing(entries) if e.act == "submit"][-1]
    assert (last.actor, last.office, last.address) == ("clerk", A, "192.0.2.7")
    assert len(last.request_id) == 36
    same = [e for e in seeing(entries) if e.request_id == last.request_id]
    assert {e.act for e in same} == {"submit", "change"}


def make_registration_uid(session: Session) -> str:
    return str(make_registration(session).uid)


def test_two_requests_have_two_ids(sign_in: Any, seeing: Any) -> None:
    sign_in("clerk")
    sign_in("clerk")
    ids = [e.request_id for e in seeing(lambda s: entries(s, "system")) if e.act == "sign_in"]
    assert len(ids) == len(set(ids)) == 2


def test_outside_a_request_the_named_actor_stands_alone(seeing: Any) -> None:
    seeing(act(make_attachment))
    (only,) = seeing(entries)
    assert (only.actor, only.office, only.address, only.request_id) == ("test", "", "", "")


def test_moments_are_utc_with_microseconds(seeing: Any) -> None:
    with clock.stopped_at(NOON):
        seeing(act(make_attachment))
    assert seeing(entries)[0].at == "2026-03-06T04:00:00.000000+00:00"


# secrets


def test_secret_stands_as_digest_and_can_be_erased(seeing: Any) -> None:
    seeing(act(lambda s: make_person(s, id_no="110101199001011237")))
    seeing(act(lambda s: setattr(s.scalars(select(Person)).one(), "id_no", ID)))

    def look(session: Session) -> tuple[AuditEntry, AuditSecret]:
        last = entries(session)[-1]
        return last, session.scalars(select(AuditSecret).where(AuditSecret.chain == A, AuditSecret.number == last.number)).one()

    last, kept = seeing(look)
    old, new = detail(last)["id_no"]
    assert old.startswith("hmac:")
    assert new == crypto.digest(ID)
    assert old != new
    person = seeing(lambda s: s.scalars(select(Person)).one())
    assert crypto.keys().open(kept.new, f"person|id_no|{person.uid}") == ID

    def erase(session: Session) -> list[str]:
        session.delete(session.get(AuditSecret, (A, last.number, "id_no")))
        session.commit()
        return list(verify(session))

    assert seeing(erase) == []


def test_no_secret_is_readable_in_the_history(seeing: Any) -> None:
    seeing(act(lambda s: make_person(s, id_no=ID, phone="13812345678")))
    everything = seeing(
        lambda s: str(s.execute(text("SELECT * FROM audit_entry")).all()) + str(s.execute(text("SELECT * FROM audit_secret")).all())
    )
    assert ID not in everything
    assert "13812345678" not in everything


def test_a_secret_changed_twice_in_one_act_keeps_first_old_and_last_new(seeing: Any) -> None:
    seeing(act(lambda s: make_person(s, phone="13800000001")))

    def twice(session: Session) -> None:
        person = session.scalars(select(Person)).one()
        person.phone = "13800000002"
        session.flush()
        person.phone = "13800000003"

    seeing(act(twice))

    def look(session: Session) -> list[str]:
        uid = session.scalars(select(Person.uid)).one()
        last = entries(session)[-1]
        secret = session.get(AuditSecret, (A, last.number, "phone"))
        assert secret is not None
        return [crypto.keys().open(blob, f"person|phone|{uid}") for blob in (secret.old, secret.new) if blob]

    assert seeing(look) == ["13800000001", "13800000003"]


def test_history_of_one_row_is_found_in_whichever_chain(seeing: Any) -> None:
    uid = seeing(act(lambda s: make_attachment(s).uid))

    def move(session: Session) -> None:
        row = session.scalars(select(Attachment)).one()
        row.scope_path, row.kind = B, "1"

    seeing(act(move))
    told = seeing(
        lambda s: [(e.chain, e.act) for e in audit.history_of(s, s.scalars(select(Attachment).where(Attachment.uid == uid)).one())]
    )
    assert told == [(A, "create"), (B, "change")]


# attacks on the tables

FIELDS = "at, 'x', office, address, request_id, act, target, detail, hash"
ATTACKS = [
    "UPDATE audit_entry SET actor = 'x'",
    "UPDATE audit_entry SET hash = hash",
    "DELETE FROM audit_entry",
    f"INSERT OR REPLACE INTO audit_entry SELECT chain, number, {FIELDS} FROM audit_entry",
    f"REPLACE INTO audit_entry SELECT chain, number, {FIELDS} FROM audit_entry",
    "UPDATE OR REPLACE audit_entry SET number = 1",
    "INSERT INTO audit_entry SELECT * FROM audit_entry WHERE true ON CONFLICT (chain, number) DO UPDATE SET actor = 'x'",
    "TRUNCATE audit_entry",
    "TRUNCATE audit_entry CASCADE",
    "UPDATE workflow_step SET comment = 'x'",
    "DELETE FROM workflow_step",
    "TRUNCATE workflow_step CASCADE",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("pragma", ["ON", "OFF"])
def test_database_refuses(sign_in: Any, seeing: Any, attack: str, pragma: str) -> None:
    uid = seeing(act(make_registration_uid))
    clerk = sign_in("clerk")
    clerk.http.post(f"/registrations/action/submit/{uid}", data=clerk.hidden(f"/registrations/show/{uid}"))
    table = "workflow_step" if "workflow_step" in attack else "audit_entry"

    def try_it(session: Session) -> str:
        before = session.execute(text(f"SELECT * FROM {table}")).all()
        assert before
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql(f"PRAGMA recursive_triggers={pragma}")
        with pytest.raises(DatabaseError) as refused:
            session.execute(text(attack))
        session.rollback()
        assert session.execute(text(f"SELECT * FROM {table}")).all() == before
        return str(refused.value)

    message = seeing(try_it)
    assert "append-only" in message or "syntax error" in message


# the check

LENGTH = 60  # entries of the chain that is tampered with
SAMPLE = 12  # of the 240 manipulations, when the full figure is not asked for
COLUMNS = ("chain", "number", "at", "actor", "office", "address", "request_id", "act", "target", "detail", "hash")


def unlock(session: Session) -> None:
    """What somebody with the database's own password can do: take the triggers away."""
    if session.get_bind().dialect.name == "sqlite":
        for name in ("no_update", "no_delete", "no_replace"):
            session.execute(text(f"DROP TRIGGER audit_entry_{name}"))
    else:
        session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))


def change(session: Session, number: int) -> int:
    session.execute(text(f"UPDATE audit_entry SET actor = 'somebody else' WHERE chain = '{A}' AND number = {number}"))
    return number


def remove(session: Session, number: int) -> int:
    session.execute(text(f"DELETE FROM audit_entry WHERE chain = '{A}' AND number = {number}"))
    return number


def add(session: Session, number: int) -> int:
    """One more entry at this place; the later ones move up by one, from the last to the first."""
    for n in range(LENGTH, number - 1, -1):
        session.execute(text(f"UPDATE audit_entry SET number = {n + 1} WHERE chain = '{A}' AND number = {n}"))
    own = ", ".join(str(number) if c == "number" else c for c in COLUMNS)
    session.execute(
        text(f"INSERT INTO audit_entry ({', '.join(COLUMNS)}) SELECT {own} FROM audit_entry WHERE chain = '{A}' AND number = {number + 1}")
    )
    return number + 1  # the copy of an entry fits its own place: the first wrong number is the one after it


def swap(session: Session, number: int) -> int:
    """Two entries change places."""
    other = number % LENGTH + 1
    for old, new in ((number, 1000), (other, number), (1000, other)):
        session.execute(text(f"UPDATE audit_entry SET number = {new} WHERE chain = '{A}' AND number = {old}"))
    return min(number, other)


MANIPULATIONS = (change, remove, add, swap)


@pytest.fixture
def long_chain(seeing: Any) -> None:
    def write(session: Session) -> None:
        for i in range(LENGTH):
            note_about(session, "print", f"list/{i}", A, pages=i)

    seeing(act(write))


def tampered(seeing: Any, how: Callable[[Session, int], int], number: int) -> tuple[int, list[str]]:
    """Tamper, check, and take everything back."""

    def run(session: Session) -> tuple[int, list[str]]:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        unlock(session)
        expected = how(session, number)
        found = list(verify(session))
        session.rollback()
        return expected, found

    answer: tuple[int, list[str]] = seeing(run)
    return answer


@pytest.mark.full
def test_every_manipulation_of_every_entry_is_named(seeing: Any, long_chain: None) -> None:
    seed = random.randrange(10**6)
    cases = [(how, number) for how in MANIPULATIONS for number in range(1, LENGTH + 1)]
    if not FULL:
        cases = random.Random(seed).sample(cases, SAMPLE) + [(how, n) for how in MANIPULATIONS for n in (1, LENGTH)]
    print(f"seed {seed}, {len(cases)} manipulations of a chain of {LENGTH} entries")
    for how, number in cases:
        expected, found = tampered(seeing, how, number)
        assert len(found) == 1, (how.__name__, number, found)
        assert found[0].startswith(f"{A}: entry {expected} "), (how.__name__, number, found)
    assert seeing(lambda s: list(verify(s))) == []


@pytest.mark.parametrize("column", COLUMNS[2:])
def test_every_column_counts(seeing: Any, long_chain: None, column: str) -> None:
    def alter(session: Session, number: int) -> int:
        session.execute(text(f"UPDATE audit_entry SET {column} = 'x' || substr({column}, 2) WHERE chain = '{A}' AND number = {number}"))
        return number

    expected, found = tampered(seeing, alter, 30)
    assert found == [f"{A}: entry {expected} is missing or was changed"]


@pytest.mark.parametrize("number", [0, -3])
def test_an_entry_before_the_first_is_found(seeing: Any, long_chain: None, number: int) -> None:
    def before_all(session: Session, number: int) -> int:
        own = ", ".join(str(number) if c == "number" else c for c in COLUMNS)
        session.execute(
            text(f"INSERT INTO audit_entry ({', '.join(COLUMNS)}) SELECT {own} FROM audit_entry WHERE chain = '{A}' AND number = 5")
        )
        return 1

    assert tampered(seeing, before_all, number) == (1, [f"{A}: entry 1 is missing or was changed"])


def forged(session: Session, number: int) -> dict[str, Any]:
    """An entry that fits the chain: whoever can write to the database can also compute a hash without a key."""
    last = session.execute(text(f"SELECT * FROM audit_entry WHERE chain = '{A}' AND number = {number - 1}")).mappings().one()
    entry = {**last, "number": number, "actor": "nobody"}
    entry["hash"] = audit._hash(last["hash"], entry)
    return entry


def test_a_forged_entry_at_the_end_is_found_by_the_head(seeing: Any, long_chain: None) -> None:
    def at_the_end(session: Session, number: int) -> int:
        session.execute(
            text(f"INSERT INTO audit_entry ({', '.join(COLUMNS)}) VALUES ({', '.join(':' + c for c in COLUMNS)})"), forged(session, number)
        )
        return number

    assert tampered(seeing, at_the_end, LENGTH + 1) == (
        LENGTH + 1,
        [f"{A}: entry {LENGTH + 1} was added by hand, the head does not know it"],
    )


def test_a_changed_head_is_found(seeing: Any, long_chain: None) -> None:
    def other_hash(session: Session, number: int) -> int:
        session.execute(text(f"UPDATE audit_head SET hash = '{'f' * 64}' WHERE chain = '{A}'"))
        return number

    assert tampered(seeing, other_hash, LENGTH)[1] == [f"{A}: entry {LENGTH} is not the one the head tells of"]


def test_a_chain_without_its_head_is_found(seeing: Any, long_chain: None) -> None:
    def no_head(session: Session, number: int) -> int:
        session.execute(text(f"DELETE FROM audit_head WHERE chain = '{A}'"))
        return number

    assert len(tampered(seeing, no_head, 1)[1]) == 1


def test_a_cut_tail_is_found_by_the_head(seeing: Any, long_chain: None) -> None:
    def cut(session: Session, number: int) -> int:
        session.execute(text(f"DELETE FROM audit_entry WHERE chain = '{A}' AND number > {number}"))
        return number + 1

    assert tampered(seeing, cut, 50)[1] == [f"{A}: entry 51 is missing, the tail was cut"]
    assert tampered(seeing, cut, 0)[1] == [f"{A}: entry 1 is missing, the tail was cut"]


def test_chains_are_judged_one_by_one(seeing: Any, long_chain: None) -> None:
    seeing(act(lambda s: make_attachment(s, B)))

    def both(session: Session, number: int) -> int:
        session.execute(text(f"UPDATE audit_entry SET actor = 'x' WHERE number = {number} AND chain <> 'system'"))
        return number

    assert [line.split(":")[0] for line in tampered(seeing, both, 1)[1]] == [A, B]


def test_a_chain_longer_than_a_page_is_read_whole(seeing: Any, long_chain: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 7)
    assert seeing(lambda s: list(verify(s))) == []
    assert tampered(seeing, change, 50)[1] == [f"{A}: entry 50 is missing or was changed"]
    monkeypatch.setattr(audit, "PAGE", LENGTH)
    assert seeing(lambda s: list(verify(s))) == []


def test_entries_written_while_the_check_runs_are_no_alarm(
    app: Flask, seeing: Any, long_chain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain grows between the last entry that was read and the head."""
    real, once = audit._head, []

    def grow(session: Session, chain: str) -> tuple[int, str]:
        if chain == A and not once:
            once.append(chain)
            with app.app_context():
                seeing(act(lambda s: note_about(s, "print", "list/late", A)))
        return real(session, chain)

    monkeypatch.setattr(audit, "_head", grow)
    assert seeing(lambda s: list(verify(s))) == []
    assert once == [A]
    assert len(seeing(entries)) == LENGTH + 1


# the commands


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["audit", *words])


def for_good(how: Callable[[Session], Any]) -> Callable[[Session], None]:
    """Tamper, and leave it so."""

    def do(session: Session) -> None:
        unlock(session)
        how(session)
        session.commit()

    return do


def test_command_says_that_all_is_well(app: Flask, long_chain: None) -> None:
    answer = run(app, "verify")
    assert (answer.exit_code, answer.output) == (0, "The history is complete and unchanged.\n")


@pytest.mark.parametrize("how", MANIPULATIONS)
def test_command_ends_with_status_1_and_the_first_wrong_number(app: Flask, seeing: Any, long_chain: None, how: Any) -> None:
    expected: list[int] = []
    seeing(for_good(lambda s: expected.append(how(s, 23))))
    answer = run(app, "verify")
    assert answer.exit_code == 1
    assert f"{A}: entry {expected[0]} " in answer.output


def cut_with_head(session: Session, number: int) -> None:
    """The clean cut: the newest entries are gone, and the head tells of the one that is the last now."""
    session.execute(text(f"DELETE FROM audit_entry WHERE chain = '{A}' AND number > {number}"))
    last = session.execute(text(f"SELECT hash FROM audit_entry WHERE chain = '{A}' AND number = {number}")).scalar_one()
    session.execute(text("UPDATE audit_head SET number = :n, hash = :h WHERE chain = :c"), {"n": number, "h": last, "c": A})


def test_newest_entries_deleted_with_their_head_are_found_by_the_kept_heads(
    app: Flask, seeing: Any, long_chain: None, tmp_path: Path
) -> None:
    file = tmp_path / "heads.jsonl"
    kept = run(app, "heads", str(file))
    assert (kept.exit_code, kept.output) == (0, "2 heads kept.\n")
    assert run(app, "verify", "--heads", str(file)).exit_code == 0
    seeing(for_good(lambda s: cut_with_head(s, 50)))
    assert run(app, "verify").exit_code == 0
    answer = run(app, "verify", "--heads", str(file))
    assert answer.exit_code == 1
    assert answer.output == f"{A}: entry 51 is missing, the kept heads tell of 60 entries\n"


def test_a_chain_cut_and_grown_again_is_found_by_an_old_head(app: Flask, seeing: Any, long_chain: None, tmp_path: Path) -> None:
    file = tmp_path / "heads.jsonl"
    run(app, "heads", str(file))
    seeing(for_good(lambda s: cut_with_head(s, 50)))

    def grow(session: Session) -> None:
        for i in range(20):
            note_about(session, "print", f"other/{i}", A)

    seeing(act(grow))
    run(app, "heads", str(file))
    answer = run(app, "verify", "--heads", str(file))
    assert (answer.exit_code, answer.output) == (1, f"{A}: entry 60 is not the one the kept heads tell of\n")


def test_a_chain_that_vanished_is_found_by_the_kept_heads(app: Flask, seeing: Any, long_chain: None, tmp_path: Path) -> None:
    file = tmp_path / "heads.jsonl"
    run(app, "heads", str(file))

    def wipe(session: Session) -> None:
        session.execute(text(f"DELETE FROM audit_entry WHERE chain = '{A}'"))
        session.execute(text(f"DELETE FROM audit_head WHERE chain = '{A}'"))

    seeing(for_good(wipe))
    assert run(app, "verify").exit_code == 0
    assert run(app, "verify", "--heads", str(file)).output == f"{A}: entry 1 is missing, the kept heads tell of 60 entries\n"


def test_heads_are_appended_never_overwritten(app: Flask, seeing: Any, long_chain: None, tmp_path: Path) -> None:
    file = tmp_path / "heads.jsonl"
    run(app, "heads", str(file))
    seeing(act(make_attachment))
    run(app, "heads", str(file))
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["number"] for line in lines if line["chain"] == A] == [LENGTH, LENGTH + 1]
    assert set(lines[0]) == {"at", "chain", "number", "hash"}


@pytest.mark.parametrize("content", ["not json", '{"chain": "x"}', "[1, 2]", '{"chain": "x", "number": "many", "hash": ""}', None])
def test_heads_nobody_can_read_are_a_failure_not_a_silence(app: Flask, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "heads.jsonl"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    answer = run(app, "verify", "--heads", str(file))
    assert answer.exit_code == 1
    assert "cannot be read as kept heads" in answer.output


def test_head_row_has_the_last_number(seeing: Any, long_chain: None) -> None:
    assert seeing(lambda s: s.get(ChainHead, A).number) == LENGTH == len(seeing(entries))


def test_a_delivery_and_its_mother_are_told_apart(seeing: Any) -> None:
    seeing(act(make_delivery))
    told = [e.target.split("/")[0] for e in seeing(entries)]
    assert sorted(told) == ["delivery", "person", "person_office"]
    assert seeing(lambda s: s.scalars(select(Delivery)).one()) is not None


# what was hashed once is hashed the same for ever


def test_every_encoder_writes_the_bytes_that_the_chains_were_made_of() -> None:
    told = {
        "z": [None, 'a "quoted" \\ line\n\t\x00\x1f\x7f\u2028'],
        "é": [True, 2**53],
        "\uffff": ["张三", []],
        "\U00020bb7": {"b": 1, "a": None},
    }
    by_the_first_encoder = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert audit._canonical(told) == by_the_first_encoder


@pytest.mark.parametrize("told", [{quoted_name("birth", None): 1}, {7: 1, 10: 2}, {"n": 2**70}], ids=["name", "number", "large"])
def test_what_the_fast_encoder_refuses_is_written_too(told: Any) -> None:
    assert audit._canonical(told) == json.dumps(told, sort_keys=True, separators=(",", ":"))


def test_an_entry_has_the_hash_it_always_had() -> None:
    entry = {
        "chain": "0001",
        "number": 7,
        "at": "2026-03-05T01:02:03.000004+00:00",
        "actor": "王芳",
        "office": "0001",
        "address": "127.0.0.1",
    }
    entry |= {"request_id": "", "act": "create", "target": "person/019a", "detail": '{"name":[null,"张三"]}'}
    assert audit._hash(audit.START, entry) == "5a5ba0733405b83ae9823f1c763922d6695d1974de3ad52dd615384c82d52b19"
