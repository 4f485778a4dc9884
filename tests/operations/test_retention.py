"""What had its time goes, what has not stays; of the ledgers and of the chained history nothing ever goes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from app.accounts import throttle
from app.accounts.models import SignInThrottle, UserSession
from app.core import attachment_files, audit, clock, crypto, drafts, list_views
from app.core.base import Model
from app.core.crypto import uuid7
from app.core.drafts import FormDraft
from app.core.list_views import Kind, Layout, ListView
from app.core.params import PolicyParam
from app.core.scope import elevated
from app.core.tokens import ClientToken
from app.models import AuditEntry, AuditSecret, LimitedUse, Person, QueueLook
from app.operations import retention
from app.operations.backup import workplace
from tests.conftest import Client
from tests.core.rows import make_person, user
from tests.operations.conftest import NUMBERS, PHONE, working

GOES = {
    "client_token",
    "form_draft",
    "limited_use",
    "list_view",
    "queue_look",
    "user_session",
    "sign_in_throttle",
    "audit_secret",
}  # the rest grows


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches, without the pauses between them."""
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "PAUSE", 0.0)


def ago(**time: float) -> datetime:
    return clock.now() - timedelta(**time)


def tidy(app: Flask) -> str:
    answer = app.test_cli_runner().invoke(args=["tidy"])
    assert answer.exit_code == 0, answer.output
    return str(answer.stdout)


def rows(app: Flask, statement: Select[Any]) -> list[Any]:
    return working(app, lambda s: [*s.scalars(statement)])


def counts(app: Flask) -> dict[str, int]:
    def ask(session: Session) -> dict[str, int]:
        with elevated("test"):
            return {t.name: session.connection().scalar(select(func.count()).select_from(t)) or 0 for t in Model.metadata.sorted_tables}

    return working(app, ask)


@pytest.fixture
def days(office: Flask, tmp_path: Path) -> Callable[[str, int], None]:
    """`days("client_token_days", 3)`: the office loads a parameter of its own."""

    def load(parameter: str, value: int) -> None:
        file = tmp_path / "params.csv"
        head = "scheme,region_code,key,value,valid_from,valid_to,doc_no"
        file.write_text(f"{head}\nretention,,{parameter},{value},2020-01-01,,文件\n", encoding="utf-8")
        answer = office.test_cli_runner().invoke(args=["param", "load", str(file)])
        assert answer.exit_code == 0, answer.output

    return load


def test_forms_that_were_sent_long_ago_are_forgotten(office: Flask) -> None:
    def fill(session: Session) -> None:
        clerk = user(session, "clerk").id
        session.add_all([ClientToken(token=f"old{n}", user_id=clerk, sent_at=ago(days=8)) for n in range(5)])
        session.add_all([ClientToken(token="new", user_id=clerk), ClientToken(token="six", user_id=clerk, sent_at=ago(days=6))])

    working(office, fill)
    assert "client_token: 5 rows removed" in tidy(office)
    assert set(rows(office, select(ClientToken.token))) == {"new", "six"}


def test_uses_that_no_longer_count_are_forgotten(office: Flask) -> None:
    def fill(session: Session) -> None:
        clerk = user(session, "clerk").id
        session.add_all([LimitedUse(user_id=clerk, kind="reveal", at=ago(days=n)) for n in (0, 29, 31, 99)])

    working(office, fill)
    assert "limited_use: 2 rows removed" in tidy(office)


def test_what_was_opened_in_a_queue_is_forgotten_after_a_month(office: Flask) -> None:
    def fill(session: Session) -> None:
        supervisor = user(session, "supervisor").id
        session.add_all([QueueLook(user_id=supervisor, owner_uid=uuid7(), version=1, at=ago(days=n)) for n in (0, 29, 31)])

    working(office, fill)
    assert "queue_look: 1 rows removed" in tidy(office)


def test_sessions_go_when_they_are_over_and_old_but_the_last_of_an_account_stays(office: Flask) -> None:
    def fill(session: Session) -> None:
        for name, ages in (("clerk", (300, 250, 100, 0)), ("admin", (400, 300))):
            for age in ages:
                at, who = ago(days=age), user(session, name).id
                session.add(UserSession(token_hash=f"{name}{age}", user_id=who, started_at=at, seen_at=at, address="", agent=""))
                session.flush()

    working(office, fill)
    assert "user_session: 3 rows removed" in tidy(office)
    assert set(rows(office, select(UserSession.token_hash))) == {"clerk100", "clerk0", "admin300"}


def test_a_session_at_work_is_never_removed(office: Flask, days: Callable[[str, int], None]) -> None:
    office.config["SESSION_HOURS"] = 168
    clerk = Client(office, "clerk")
    working(office, lambda s: s.execute(update(UserSession).values(started_at=ago(hours=100))) and None)
    newer = Client(office, "clerk")
    days("user_session_days", 0)
    tidy(office)
    assert (clerk.get("/own/").status_code, newer.get("/own/").status_code) == (200, 200)


def test_failed_sign_ins_go_when_they_no_longer_count(office: Flask, days: Callable[[str, int], None]) -> None:
    def fill(session: Session) -> None:
        same = {"failures": 3, "locks": 1, "locked_until": None}
        session.add_all(
            [SignInThrottle(key="old", failed_at=ago(days=2), **same), SignInThrottle(key="new", failed_at=ago(hours=23), **same)]
        )

    assert timedelta(days=1) == throttle.FORGET_LOCKS
    working(office, fill)
    days("sign_in_throttle_days", 0)
    tidy(office)
    assert rows(office, select(SignInThrottle.key)) == ["new"]


def test_what_was_looked_for_goes_after_a_day_and_views_stay(office: Flask) -> None:
    def fill(session: Session) -> None:
        clerk = user(session, "clerk").id
        list_views.keep_layout(session, "BirthView", clerk, Layout(("sex",)))
        list_views.keep_view(session, "BirthView", clerk, "Drafts", [], Layout(), has_words=False)
        for words in ("old", "new"):
            list_views.keep_search(session, "BirthView", clerk, words)
        session.execute(update(ListView).where(ListView.id != select(func.max(ListView.id)).scalar_subquery()).values(made_at=ago(days=2)))

    working(office, fill)
    assert "list_view: 1 rows removed" in tidy(office)
    assert rows(office, select(ListView.kind).order_by(ListView.id)) == [Kind.layout, Kind.view, Kind.search]


def test_what_was_typed_and_not_gone_on_with_is_forgotten(office: Flask) -> None:
    def fill(session: Session) -> None:
        for age in (0, 29, 31, 99):
            with clock.stopped_at(ago(days=age)):
                drafts.keep(session, user(session, "clerk").id, str(crypto.uuid7()), "PersonView", "add", None, [("name", f"张{age}")])

    working(office, fill)
    assert "form_draft: 2 rows removed" in tidy(office)
    assert working(office, lambda s: sorted(draft.words[0][1] for draft in s.scalars(select(FormDraft)))) == ["张0", "张29"]


# attached files


def test_files_without_a_row_go_after_a_day_and_those_with_one_stay(with_files: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "attachments"
    before = sorted(path for path in folder.rglob("*") if path.is_file())
    with with_files.app_context():
        attachment_files.keep(tmp_path, crypto.uuid7(), b"whose row never came")
    (before[0].parent / f".{before[0].name}.abcd.part").write_bytes(b"half")
    assert "belong to no row" not in tidy(with_files)
    with clock.stopped_at(ago(days=-2)):
        with workplace(tmp_path / ".backup"):
            assert "belong to no row" not in tidy(with_files)
        assert "2 files that belong to no row removed" in tidy(with_files)
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == before
    told = rows(with_files, select(AuditEntry.detail).where(AuditEntry.target == "attachment", AuditEntry.act == "tidy"))
    assert told == ['{"files":2}']


# values of the history


def change_a_phone(app: Flask) -> None:
    working(app, lambda s: make_person(s, id_no=NUMBERS[0], phone="13900000000"))
    working(app, lambda s: setattr(s.scalars(select(Person)).one(), "phone", PHONE))


def test_values_of_the_history_stay_while_no_document_says_otherwise(office: Flask) -> None:
    with clock.stopped_at(ago(days=9999)):
        change_a_phone(office)
    assert "audit_secret" not in tidy(office)
    assert len(rows(office, select(AuditSecret.field))) == 3


def test_values_of_the_history_go_where_a_document_says_so_and_the_chain_stays(office: Flask, days: Callable[[str, int], None]) -> None:
    with clock.stopped_at(ago(days=400)):
        change_a_phone(office)
    working(office, lambda s: setattr(s.scalars(select(Person)).one(), "phone", "13911111111"))
    days("history_value_days", 365)
    entries = rows(office, select(AuditEntry.hash))
    assert "audit_secret: 3 rows removed" in tidy(office)
    assert rows(office, select(AuditSecret.field)) == ["phone"]
    assert set(entries) <= set(rows(office, select(AuditEntry.hash)))
    assert working(office, lambda s: [*audit.verify(s)]) == []
    assert working(office, lambda s: s.scalars(select(Person)).one().phone.reveal()) == "13911111111"


# what holds for all of it


def test_nothing_of_the_ledgers_and_of_the_history_is_removed(filled: Flask, days: Callable[[str, int], None]) -> None:
    for rule in retention.RULES:
        days(rule.parameter, 1)
    before = counts(filled)
    with clock.stopped_at(clock.now() + timedelta(days=9999)):
        tidy(filled)
    after = counts(filled)
    less = {name for name in before if after[name] < before[name]}
    assert less == {"audit_secret", "form_draft"}
    assert {rule.model.__tablename__ for rule in retention.RULES} == GOES
    assert working(filled, lambda s: [*audit.verify(s)]) == []


def test_the_history_tells_what_was_removed(office: Flask) -> None:
    def fill(session: Session) -> None:
        clerk = user(session, "clerk").id
        session.add_all([ClientToken(token=str(n), user_id=clerk, sent_at=ago(days=8)) for n in range(3)])

    working(office, fill)
    tidy(office)
    entry = select(AuditEntry.actor, AuditEntry.target, AuditEntry.detail).where(AuditEntry.act == "tidy").order_by(AuditEntry.number)
    told = working(office, lambda s: s.execute(entry).all())
    assert [(actor, target, '"rows":2' in detail, '"rows":1' in detail) for actor, target, detail in told] == [
        ("command: tidy", "client_token", True, False),
        ("command: tidy", "client_token", False, True),
    ]


def test_where_nothing_had_its_time_nothing_is_told(office: Flask) -> None:
    before = counts(office)
    assert all(line.endswith(": 0 rows removed") for line in tidy(office).splitlines())
    assert counts(office) == before


def test_a_form_of_today_is_kept_whatever_a_parameter_says(office: Flask, days: Callable[[str, int], None]) -> None:
    """It could be sent again, and would be a second act."""
    working(office, lambda s: s.add(ClientToken(token="today", user_id=user(s, "clerk").id, sent_at=ago(hours=23))))
    days("client_token_days", 0)
    tidy(office)
    assert rows(office, select(ClientToken.token)) == ["today"]


def test_every_shipped_time_has_its_reason(office: Flask) -> None:
    shipped = working(
        office, lambda s: dict(s.execute(select(PolicyParam.key, PolicyParam.doc_no).where(PolicyParam.scheme == "retention")).all())
    )
    assert set(shipped) == {rule.parameter for rule in retention.RULES} - {"history_value_days"}
    assert all(shipped.values())


def test_no_value_is_in_what_is_told(office: Flask, days: Callable[[str, int], None]) -> None:
    with clock.stopped_at(ago(days=400)):
        change_a_phone(office)
    days("history_value_days", 365)
    told = tidy(office) + str(rows(office, select(AuditEntry.detail).where(AuditEntry.act == "tidy")))
    assert not any(value in told for value in (NUMBERS[0], PHONE, crypto.digest(PHONE) or ""))
