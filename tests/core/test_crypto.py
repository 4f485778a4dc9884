"""Secrets are unreadable at rest, masked wherever they are printed, found exactly, and bound to their own row."""

import base64
import json
import logging
import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import crypto, keys
from app.core.crypto import KeyLost, Keyring, Sealed, sealed_row, uuid7
from app.core.scope import Scope, elevated, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import Birth, BirthRegistration, Person
from tests.core.rows import PATH_A, PATH_B, make_person

ID = "11010519491231002X"
OTHER = "110101199001011237"


@pytest.fixture
def loaded(app: Flask) -> None:
    """The keys of the tests are in use once an application was made."""


def fresh(**values: Any) -> Person:
    return Person(**{"name": "n", "name_key": "n", "sex": "1", "audit_path": PATH_A, **values})


def test_uid_is_made_at_construction_and_ordered_by_time() -> None:
    ids = [uuid7() for _ in range(50)]
    assert all(isinstance(i, UUID) and i.version == 7 and i.variant == "specified in RFC 4122" for i in ids)
    assert len(set(ids)) == 50
    assert [i.int >> 80 for i in ids] == sorted(i.int >> 80 for i in ids)
    assert fresh().uid.version == 7


def test_a_given_uid_is_kept_whatever_the_order_of_the_words(loaded: None) -> None:
    uid = uuid7()
    assert fresh(id_no=ID, uid=uid).uid == uid
    assert fresh(id_no=ID, uid=uid).id_no.reveal() == ID


def test_mask_is_what_anybody_prints(loaded: None, caplog: pytest.LogCaptureFixture) -> None:
    person = fresh(id_no=ID, phone="13812345678")
    with caplog.at_level(logging.INFO):
        logging.getLogger("x").info("%s %s %r %r", person.id_no, person.phone, person.id_no, vars(person))
    for shown in (
        str(person.id_no),
        f"{person.id_no}",
        f"{person.id_no!r}",
        repr(vars(person)),
        caplog.text,
        json.dumps(str(person.phone)),
    ):
        assert ID not in shown
        assert "13812345678" not in shown
    assert "*" in str(person.id_no)


def test_same_value_again_is_no_change(seeing: Any) -> None:
    def set_again(session: Session) -> tuple[bool, bool]:
        with unit_of_work():
            make_person(session, id_no=ID)
        person = session.scalars(select(Person)).one()
        person.id_no = " 11010519491231002x "
        same = session.is_modified(person)
        person.id_no = OTHER
        return same, session.is_modified(person)

    assert seeing(set_again) == (False, True)


def test_a_sealed_value_of_another_row_is_sealed_anew(loaded: None) -> None:
    one, two = fresh(id_no=ID), fresh()
    two.id_no = one.id_no
    assert two.id_no.reveal() == ID
    assert two.id_no_enc != one.id_no_enc
    assert two.id_no_bidx == one.id_no_bidx


def test_nothing_is_stored_for_nothing(loaded: None) -> None:
    for empty in (None, "", "   "):
        person = fresh(id_no=empty)
        assert (person.id_no, person.id_no_enc, person.id_no_bidx, person.id_no_last4) == (None, None, None, None)
    person = fresh(id_no=ID)
    person.id_no = None
    assert (person.id_no_enc, person.id_no_bidx, person.id_no_last4) == (None, None, None)


def test_ciphertext_of_another_row_column_table_or_key_is_refused(loaded: None) -> None:
    one, two = fresh(id_no=ID), fresh()
    two.id_no_enc = one.id_no_enc
    with pytest.raises(KeyLost):
        two.id_no.reveal()
    for context in (f"person|phone|{one.uid}", f"birth|id_no|{one.uid}", f"person|id_no|{two.uid}", ""):
        with pytest.raises(KeyLost):
            Sealed(one.id_no_enc, context).reveal()
    with pytest.raises(KeyLost):
        Keyring({1: b"other" * 8}).open(one.id_no_enc, f"person|id_no|{one.uid}")


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_a_flipped_bit_is_refused_wherever_it_is(loaded: None, position: int) -> None:
    ring = crypto.keys()
    blob = bytearray(ring.seal("value", "place"))
    blob[position] ^= 1
    with pytest.raises(KeyLost):
        ring.open(bytes(blob), "place")


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" * 12, b"\x01" * 20])
def test_a_cut_value_is_key_lost_and_nothing_else(loaded: None, blob: bytes) -> None:
    with pytest.raises(KeyLost):
        crypto.keys().open(blob, "place")


def test_the_error_names_the_place_and_never_the_value(loaded: None) -> None:
    with pytest.raises(KeyLost) as lost:
        Keyring({1: b"other" * 8}).open(crypto.keys().seal(ID, "person|id_no|1"), "person|id_no|1")
    assert str(lost.value) == "cannot open person|id_no|1"


def test_equal_values_have_equal_index_and_different_ciphertext(loaded: None) -> None:
    one, two = fresh(id_no=ID), fresh(id_no=ID.lower())
    assert one.id_no_enc != two.id_no_enc
    assert one.id_no_bidx == two.id_no_bidx
    assert fresh(phone=ID).phone_bidx != one.id_no_bidx


def test_new_key_reads_old_values_and_the_index_stays() -> None:
    old = Keyring({1: b"one" * 11})
    both = Keyring({1: b"one" * 11, 2: b"two" * 11})
    blob = old.seal("x", "c")
    assert both.open(blob, "c") == "x"
    assert both.seal("x", "c")[0] == 2
    assert both.blind("x", "k") == old.blind("x", "k")
    with pytest.raises(KeyLost):
        old.open(both.seal("x", "c"), "c")


def test_without_keys_nothing_is_sealed_or_opened(loaded: None) -> None:
    ring = crypto.keys()
    crypto.use(None)
    try:
        assert not crypto.is_ready()
        with pytest.raises(KeyLost, match="no keys are loaded"):
            fresh(id_no=ID)
        with pytest.raises(KeyLost):
            crypto.digest("x")
    finally:
        crypto.use(ring)


def test_digest_is_keyed_and_leaves_nothing_of_nothing(loaded: None) -> None:
    assert crypto.digest(None) is None
    assert crypto.digest("a") == crypto.digest("a") != crypto.digest("b")
    here = crypto.digest("a")
    ring = crypto.keys()
    crypto.use(Keyring({1: b"other" * 8}))
    try:
        assert crypto.digest("a") != here
    finally:
        crypto.use(ring)


def test_query_by_value_and_by_last_four(seeing: Any) -> None:
    def fill(session: Session) -> None:
        with unit_of_work():
            make_person(session, name="one", id_no=ID)
            make_person(session, name="two", id_no=OTHER)

    seeing(fill)
    assert seeing(lambda s: s.scalars(select(Person.name).where(Person.id_no == ID.lower())).all()) == ["one"]
    assert seeing(lambda s: s.scalars(select(Person.name).where(Person.id_no.ends("1237"))).all()) == ["two"]
    assert seeing(lambda s: s.scalars(select(Person.name).where(Person.id_no == ID[:-1])).all()) == []
    assert seeing(lambda s: s.scalars(select(Person.name).where(Person.id_no == "")).all()) == []


def test_query_by_value_is_held_to_the_scope(app: Flask, seeing: Any) -> None:
    def fill(session: Session) -> None:
        with unit_of_work():
            make_person(session, PATH_B, id_no=ID)

    seeing(fill)
    with app.app_context(), looking_as(Scope.of([PATH_A])):
        assert db.session.scalars(select(Person).where(Person.id_no == ID)).all() == []


def test_a_bulk_row_is_readable_afterwards(loaded: None) -> None:
    row = sealed_row(Person, name="n", id_no=ID, phone=None)
    assert set(row) == {"uid", "name", "id_no_enc", "id_no_bidx", "id_no_last4", "phone_enc", "phone_bidx"}
    assert Sealed(row["id_no_enc"], f"person|id_no|{row['uid']}").reveal() == ID
    assert row["phone_enc"] is None


def test_every_encrypted_value_has_its_columns() -> None:
    found = {(model.__tablename__, name) for model in (Person, Birth, BirthRegistration) for name in crypto.secrets_of(model)}
    assert ("person", "phone") in found
    for model in (Person, Birth, BirthRegistration):
        for name, field in crypto.secrets_of(model).items():
            columns = model.__table__.columns
            assert columns[f"{name}_enc"].info == {"secret": True}
            assert columns[f"{name}_bidx"].info == {"blind": True}
            assert (f"{name}_last4" in columns) == field.last4


def test_database_holds_no_plain_value(seeing: Any, url: str) -> None:
    def fill(session: Session) -> None:
        with unit_of_work():
            make_person(session, id_no=ID, phone="13812345678")

    seeing(fill)
    tables = ("person", "audit_entry", "audit_secret", "workflow_step")
    with elevated("test"):
        told = str([seeing(lambda s, t=t: s.execute(text(f"SELECT * FROM {t}")).all()) for t in tables])
    assert ID not in told
    assert "13812345678" not in told
    if url.startswith("sqlite:///"):
        content = b"".join(p.read_bytes() for p in Path(url.removeprefix("sqlite:///")).parent.glob("t.db*"))
        assert b"person" in content
        assert ID.encode() not in content
        assert b"13812345678" not in content


# where the keys come from


def line(number: int = 1, content: bytes = b"k" * 32) -> str:
    return f"{number}:{base64.b64encode(content).decode()}"


def test_a_made_key_is_for_this_account_alone_and_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "data.keys"
    made = keys.make(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = keys.load("", file)
    assert again is not None
    assert again.open(made.seal("x", "c"), "c") == "x"


def test_a_key_is_never_made_over_another(tmp_path: Path) -> None:
    file = tmp_path / "data.keys"
    keys.make(file)
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        keys.make(file)
    assert file.read_bytes() == before


def test_keys_of_the_environment_come_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "data.keys"
    keys.make(file)
    given = keys.load(line(7), file)
    assert given is not None
    assert given.newest == 7
    assert keys.load("", tmp_path / "none") is None


@pytest.mark.parametrize(
    "text_", ["x", "1:", "1:!!!!", "0:" + line()[2:], line(256), "one" + line()[1:], line(content=b"short"), f"{line()},2:"]
)
def test_keys_nobody_can_read_are_refused_without_showing_them(tmp_path: Path, text_: str) -> None:
    with pytest.raises(KeyLost) as refused:
        keys.load(text_, tmp_path / "none")
    assert "\n" not in str(refused.value)
    assert base64.b64encode(b"k" * 8).decode()[:8] not in str(refused.value)


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "data.keys"
    file.write_text("\n", encoding="ascii")
    with pytest.raises(KeyLost):
        keys.load("", file)


def test_several_keys_are_read_by_commas_and_by_lines(tmp_path: Path) -> None:
    for joined in (f"{line(1)},{line(2)}", f"{line(1)}\n{line(2)}\n"):
        found = keys.load(joined, tmp_path / "none")
        assert found is not None
        assert found.newest == 2


def test_confirm_knows_a_wrong_key(app: Flask, seeing: Any) -> None:
    ring = crypto.keys()
    seeing(keys.confirm)
    crypto.use(Keyring({1: b"other" * 8}))
    try:
        with pytest.raises(KeyLost):
            seeing(keys.confirm)
    finally:
        crypto.use(ring)
