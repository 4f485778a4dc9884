"""Rows written together: held to the scope like a flush, told in the history, with numbers that nobody else gets."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit, bulk, clock
from app.core.bulk import Batch, draft
from app.core.scope import OutOfScope
from app.core.workflow import Status
from app.models import Birth, Person, PersonOffice, PersonSearch
from tests.cast import A
from tests.core.rows import PATH_A, PATH_B, make_person, place

WORDS: dict[str, Any] = {"name": "张三", "name_key": "zhang san", "sex": "2", "birth_date": date(1995, 5, 1), "audit_path": PATH_A}
Working = Callable[..., Any]


def office(session: Session, person: Any, path: str = PATH_A, **more: Any) -> Any:
    where = {"region_id": place(session, PATH_A).id, "scope_path": path, "kind": "resident", "valid_from": date(2020, 1, 1)}
    return draft(PersonOffice)(person_id=person.id, **where | more)


def entries(session: Session) -> list[tuple[str, str, Any]]:
    told = select(audit.AuditEntry).where(audit.AuditEntry.target.startswith("person"))
    untold = ("id", "person_id", "uid")
    details = [(e.chain, e.act, {k: v for k, v in json.loads(e.detail).items() if k not in untold}) for e in session.scalars(told)]
    return sorted(details, key=repr)


def test_a_batch_says_in_the_history_what_a_flush_says(working: Working) -> None:
    with working() as session:
        make_person(session, id_no="11010519491231002X", **{k: v for k, v in WORDS.items() if k != "audit_path"})
    with working() as session:
        batch = Batch(session)
        person = draft(Person)(**WORDS, id_no="11010519491231002X"[:-1] + "3")
        batch.put(person)
        batch.put(office(session, person))
        batch.write()
    with working() as session:
        first, second = session.scalars(select(Person).order_by(Person.id)).all()
        told = entries(session)
        assert [(p.name, p.version, str(p.id_no)) for p in (first, second)] == [
            ("张三", 1, "110105********002X"),
            ("张三", 1, "110105********0023"),
        ]
        assert second.id_no is not None
        assert second.id_no.reveal().endswith("0023")
        for _chain, _act, detail in told:
            detail.pop("id_no", None)
        assert told[0] == told[1]
        assert told[2] == told[3]
        assert len(told) == 4
        assert list(audit.verify(session)) == []


def test_a_row_outside_the_scope_is_refused(working: Working) -> None:
    with working(A) as session:
        batch = Batch(session)
        person = draft(Person)(**WORDS)
        batch.put(person)
        with pytest.raises(OutOfScope):
            batch.put(office(session, person, PATH_B))
        with pytest.raises(OutOfScope):
            batch.add(PersonSearch, [{"token": "x", "scope_path": PATH_B, "person_id": person.id}])


@pytest.mark.parametrize("more", [None, {"valid_to": date(2024, 1, 1)}])
def test_a_person_without_an_open_link_is_refused(working: Working, more: dict[str, Any] | None) -> None:
    with working(A) as session:
        batch = Batch(session)
        person = draft(Person)(**WORDS)
        batch.put(person)
        if more:
            batch.put(office(session, person, **more))
        with pytest.raises(OutOfScope, match="without its link"):
            batch.write()


def test_a_row_with_a_history_is_not_added_without_one(working: Working) -> None:
    with working() as session, pytest.raises(TypeError, match="history"):
        Batch(session).add(PersonOffice, [])


def test_numbers_go_on_after_those_on_file_and_a_flush_goes_on_after_them(working: Working) -> None:
    with working() as session:
        before = make_person(session).id
        batch = Batch(session)
        people = [draft(Person)(**WORDS) for _ in range(3)]
        for person in people:
            batch.put(person)
            batch.put(office(session, person))
        batch.write()
        after = make_person(session).id
    assert before < people[0].id < people[1].id < people[2].id < after


def test_rows_go_in_as_the_batch_grows_and_all_go_with_a_unit_that_fails(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 4)

    def put_five(session: Session) -> Batch:
        batch = Batch(session)
        for _ in range(5):
            batch.put(person := draft(Person)(**WORDS))
            batch.put(office(session, person))
        return batch

    def count(session: Session) -> int:
        return session.scalar(select(func.count()).select_from(PersonOffice)) or 0

    with suppress(KeyError), working() as session:
        put_five(session)
        assert count(session) == 4
        raise KeyError
    with working() as session:
        assert count(session) == 0
        put_five(session).write()
        assert count(session) == 5


def test_what_changes_in_the_unit_that_wrote_it_is_one_entry(working: Working) -> None:
    with working() as session:
        batch = Batch(session)
        batch.put(person := draft(Person)(**WORDS))
        batch.put(office(session, person))
        batch.write()
        session.get_one(Person, person.id).name = "李四"
    with working() as session:
        told = select(audit.AuditEntry).where(audit.AuditEntry.target.startswith("person/"))
        (entry,) = session.scalars(told)
        assert (entry.act, json.loads(entry.detail)["name"]) == ("create", [None, "李四"])
        assert list(audit.verify(session)) == []


def test_a_draft_has_the_words_of_its_model_and_nothing_else() -> None:
    person = draft(Person)(**WORDS)
    assert (repr(person), person.phone, person.died_on, person.id) == ("张三", None, None, None)
    with pytest.raises(AttributeError):
        person.nickname  # noqa: B018


def test_the_history_of_a_draft_has_the_bytes_of_the_first_encoder(working: Working) -> None:
    """Whatever a column holds: days, moments, identities, words of a list."""
    with working() as session:
        where = {"region_id": place(session, PATH_A).id, "scope_path": PATH_A, "warnings": [{"code": "x"}], "on_hold": True}
        birth = draft(Birth)(
            mother_name='张"\n三', born_on=date(2026, 3, 5), made_at=clock.now(), status=Status.submitted, child_order=1, **where
        )
        audit.created(session, Birth, birth)
        (note,) = session.info.pop("notes")
        told = {name: birth.__dict__.get(name) for name, _column in audit.told_columns(Birth)}
        wanted = {name: [None, audit._plain(value)] for name, value in told.items() if value is not None}
    assert note.text.decode() == json.dumps(wanted, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert {type(value) for value in told.values() if value is not None} >= {str, int, bool, date, datetime, UUID, list, Status}


def test_a_secret_that_is_taken_from_a_draft_is_gone() -> None:
    person = draft(Person)(**WORDS, id_no="11010519491231002X")
    person.id_no = None
    assert (person.id_no, person.id_no_bidx, person.plain) == (None, None, {})
