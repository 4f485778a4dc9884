"""States and acts: what the table allows, for whom, with which reason; nothing else, and nothing twice."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import clock, workflow
from app.core.audit import acting
from app.core.content import content_hash
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.scope import elevated, looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import BLOCKING, STANDARD, Status, advance, allowed, edited, must_be_open
from app.extensions import db
from app.models import BirthRegistration, RowAuthor, WorkflowStep
from tests.conftest import EVERYWHERE, make_app
from tests.core.rows import NOON, make_registration, user

S = Status
ROADS = {  # how a record comes to stand where it stands: (act, by whom)
    S.draft: (),
    S.submitted: (("submit", "clerk"),),
    S.returned: (("submit", "clerk"), ("return", "supervisor")),
    S.approved: (("submit", "clerk"), ("approve", "supervisor")),
    S.voided: (("submit", "clerk"), ("approve", "supervisor"), ("void", "supervisor")),
}
PERMITTED = {  # the table, written by hand: (state, act, is it the author) → the next state
    (S.draft, "submit", True): S.submitted,
    (S.returned, "submit", True): S.submitted,
    (S.submitted, "withdraw", True): S.draft,
    (S.submitted, "return", False): S.returned,
    (S.submitted, "approve", False): S.approved,
    (S.approved, "void", False): S.voided,
    (S.draft, "discard", True): S.draft,
    (S.returned, "discard", True): S.draft,
}
ACTS = [t.act for t in STANDARD]
TRIPLES = list(product(S, ACTS, (True, False)))


@pytest.fixture
def session(app: Flask) -> Any:
    """Everything inside one request, so that the sentences have a language."""
    with app.test_request_context(), looking_as(EVERYWHERE), acting("test"):
        yield db.session()


def row_in(session: Session, status: Status, **more: Any) -> BirthRegistration:
    """A registration that went its whole way to this state."""
    with unit_of_work():
        row = make_registration(session, **more)
        for number, (act, who) in enumerate(ROADS[status]):
            advance(row, act, user(session, who), token=str(number), reason="because")
    assert row.status == status
    return row


def do(row: BirthRegistration, act: str, who: str, reason: str = "because", token: str | None = None) -> None:
    with unit_of_work() as session:
        advance(row, act, user(session, who), token=token or str(uuid7()), reason=reason)


def test_the_table_is_the_one_that_is_tried() -> None:
    assert {(s, t.act) for t in STANDARD for s in t.sources} == {(s, act) for s, act, _ in PERMITTED}
    assert len(TRIPLES) == 60


@pytest.mark.parametrize(("status", "act", "author"), TRIPLES)
def test_an_act_happens_exactly_where_the_table_says(session: Session, status: Status, act: str, author: bool) -> None:
    row, who = row_in(session, status), "clerk" if author else "approver"
    steps = len(workflow.steps_of(row))
    target = PERMITTED.get((status, act, author))
    assert (act in allowed(row, user(session, who))) == (target is not None)
    if target is None:
        with pytest.raises(RuleViolation) as refused:
            do(row, act, who)
        assert refused.value.problems[0].code == f"cannot_{act}"
        session.refresh(row)
        assert (row.status, len(workflow.steps_of(row))) == (status, steps)
    else:
        do(row, act, who)
        assert (row.status, len(workflow.steps_of(row))) == (target, steps + 1)


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
@pytest.mark.parametrize(("status", "act"), [(S.submitted, "return"), (S.approved, "void")])
def test_refusing_acts_need_a_reason(session: Session, status: Status, act: str, reason: str) -> None:
    row = row_in(session, status)
    with pytest.raises(RuleViolation, match="reason"):
        do(row, act, "approver", reason)
    session.refresh(row)
    assert row.status == status


def test_a_reason_is_kept_with_the_step_and_not_asked_for_elsewhere(session: Session) -> None:
    row = row_in(session, S.submitted)
    do(row, "return", "supervisor", "  a page is missing ")
    do(row, "submit", "clerk", "")
    steps = workflow.steps_of(row)
    assert [(s.act, s.comment) for s in steps[1:]] == [("return", "a page is missing"), ("submit", None)]


@pytest.mark.parametrize("flag", BLOCKING)
def test_a_flag_blocks_approval_and_nothing_else(session: Session, flag: str) -> None:
    row = row_in(session, S.submitted, **{flag: True})
    assert "approve" not in allowed(row, user(session, "supervisor"))
    with pytest.raises(RuleViolation, match="Decide first"):
        do(row, "approve", "supervisor")
    do(row, "return", "supervisor")
    assert row.status == S.returned


@pytest.mark.parametrize("flag", ["change_open", "late"])
def test_other_flags_stand_beside_an_approval(session: Session, flag: str) -> None:
    row = row_in(session, S.submitted, **{flag: True})
    do(row, "approve", "supervisor")
    assert row.status == S.approved


def test_an_act_nobody_knows_is_refused(session: Session) -> None:
    with pytest.raises(RuleViolation, match="no such act"):
        do(row_in(session, S.draft), "publish", "clerk")


# nobody decides about their own work


def test_whoever_edited_cannot_approve_even_if_another_edited_later(session: Session) -> None:
    with unit_of_work():
        row = make_registration(session)
        edited(row, user(session, "supervisor"))
        session.flush()
        edited(row, user(session, "colleague"))
    do(row, "submit", "colleague")
    for who in ("supervisor", "colleague", "clerk"):
        with pytest.raises(RuleViolation, match="another person"):
            do(row, "approve", who)
    do(row, "approve", "approver")
    assert row.approved_by_id == user(session, "approver").id


def test_the_database_itself_refuses_an_approval_by_an_editor(session: Session) -> None:
    """Whatever the program does: the trigger reads who edited, the checks compare with maker and last editor."""
    with unit_of_work():
        row = make_registration(session)
        edited(row, user(session, "supervisor"))
        session.flush()
        edited(row, user(session, "clerk"))
    for who in ("clerk", "supervisor"):
        set_by_hand = "UPDATE birth_registration SET status = 'approved', row_hash = 'x', approved_by_id = :who"
        with elevated("test"), pytest.raises(DatabaseError):
            session.execute(text(set_by_hand), {"who": user(session, who).id})
        session.rollback()
    with elevated("test"):
        session.execute(text(set_by_hand), {"who": user(session, "approver").id})
    session.rollback()


HALVES = (
    "status = 'approved'",
    "row_hash = 'x'",
    "approved_by_id = made_by_id, status = 'approved', row_hash = 'x'",
    "status = 'unknown'",
    "status = 'voided'",
)


@pytest.mark.parametrize("change", HALVES)
def test_the_database_refuses_half_an_approval(session: Session, change: str) -> None:
    row_in(session, S.submitted)
    with elevated("test"), pytest.raises(DatabaseError):
        session.execute(text(f"UPDATE birth_registration SET {change}"))


@pytest.mark.parametrize("status", [S.approved, S.voided])
def test_an_approved_row_cannot_be_deleted(session: Session, status: Status) -> None:
    row = row_in(session, status)
    with pytest.raises(DatabaseError, match="never deleted"), unit_of_work():
        session.delete(row)


def test_a_draft_can_be_deleted(session: Session) -> None:
    row = row_in(session, S.draft)
    with unit_of_work():
        session.delete(row)
    assert session.scalars(select(BirthRegistration)).all() == []


# what is written down


def test_a_step_tells_who_when_what_on_which_content(session: Session) -> None:
    row = row_in(session, S.approved)
    submitted, approved = workflow.steps_of(row)
    assert (approved.act, approved.source, approved.target) == ("approve", "submitted", "approved")
    assert (approved.owner_table, approved.owner_uid, approved.office) == ("birth_registration", row.uid, row.scope_path)
    assert approved.actor_id == user(session, "supervisor").id
    assert approved.row_hash == row.row_hash == content_hash(row) == submitted.row_hash
    assert row.approved_at is not None


def test_the_content_hash_tells_contents_apart_and_nothing_else(session: Session) -> None:
    row = row_in(session, S.draft, woman_id_no="11010519491231002X")
    before = content_hash(row)
    row.late, row.changed_at, row.scope_path = True, NOON, row.scope_path + "0001"
    assert content_hash(row) == before
    for name, value in (
        ("remark", "x"),
        ("child_order", 2),
        ("woman_id_no", "110101199001011237"),
        ("pledge", True),
        ("warnings", [{"code": "x"}]),
    ):
        earlier = content_hash(row)
        setattr(row, name, value)
        assert content_hash(row) != earlier, name
    session.rollback()


def test_the_hash_of_an_approved_row_is_that_of_the_row_read_again(session: Session) -> None:
    row = row_in(session, S.approved, woman_id_no="11010519491231002X", woman_birth_date=NOON.date())
    kept = row.row_hash
    session.expire_all()
    assert content_hash(row) == kept


@pytest.mark.parametrize("status", [S.submitted, S.approved, S.voided])
def test_only_open_records_may_be_edited(session: Session, status: Status) -> None:
    with pytest.raises(RuleViolation) as refused:
        must_be_open(row_in(session, status))
    assert refused.value.problems[0].code == "not_open"


@pytest.mark.parametrize("status", [S.draft, S.returned])
def test_open_records_may_be_edited(session: Session, status: Status) -> None:
    must_be_open(row_in(session, status))


def test_an_editor_is_written_down_once(session: Session) -> None:
    row = row_in(session, S.draft)
    for _ in range(3):
        with unit_of_work():
            edited(row, user(session, "colleague"))
    assert session.scalars(select(RowAuthor.user_id).where(RowAuthor.owner_uid == row.uid)).all() == [user(session, "colleague").id]
    assert row.changed_by_id == user(session, "colleague").id
    assert row.made_by_id == user(session, "clerk").id


def test_an_edit_says_when(session: Session) -> None:
    row = row_in(session, S.draft)
    before = row.changed_at
    with unit_of_work(), clock.stopped_at(NOON + timedelta(days=1)):
        edited(row, user(session, "colleague"))
    assert before != row.changed_at == NOON + timedelta(days=1)


@pytest.mark.parametrize(("act", "flag"), [("hold", False), ("release", True)])
def test_a_hold_begins_and_ends_with_a_reason_and_once(session: Session, act: str, flag: bool) -> None:
    row = row_in(session, S.submitted, on_hold=flag)
    with pytest.raises(RuleViolation, match="Write the reason"):
        do(row, act, "supervisor", " ")
    do(row, act, "supervisor")
    assert row.on_hold is not flag
    with pytest.raises(RuleViolation, match="nothing to decide"):
        do(row, act, "supervisor")


# two at once


def test_the_second_of_two_acts_on_one_version_is_stale(app: Flask, session: Session, url: str, tmp_path: Any) -> None:
    """Both read the same version; who writes second writes nothing."""
    row = row_in(session, S.submitted)
    row_id = row.id
    assert row.status == S.submitted
    other = make_app(url, tmp_path)
    with other.app_context():
        theirs = db.session.get(BirthRegistration, row_id)
        with unit_of_work():
            advance(theirs, "return", user(db.session(), "approver"), token="theirs", reason="because")
        db.session.remove()
        db.engine.dispose()
    advance(row, "approve", user(session, "supervisor"), token="mine")
    with pytest.raises(StaleDataError):
        session.flush()
    session.rollback()
    assert row.status == S.returned
    assert session.scalars(select(WorkflowStep.token).order_by(WorkflowStep.id)).all() == ["0", "theirs"]


def test_one_token_is_one_step(session: Session) -> None:
    row = row_in(session, S.draft)
    do(row, "submit", "clerk", token="once")
    assert workflow.already_done(session, row.uid, "once")
    assert not workflow.already_done(session, row.uid, "other")
    with pytest.raises(DatabaseError):
        do(row, "withdraw", "clerk", token="once")
    session.refresh(row)
    assert row.status == S.submitted


def test_every_state_flag_and_act_has_a_name_in_the_readers_language(session: Session) -> None:
    assert all(workflow.status_label(s) for s in S)
    assert all(workflow.flag_label(f) for f in (*BLOCKING, "change_open", "late"))
