"""Consent that is withdrawn: whatever state the record is in, what it said is gone from every corner, and the history stays whole."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from app.core import audit, changes, clock, scope, workflow
from app.core.audit import AuditEntry, AuditSecret
from app.core.changes import ChangeRequest
from app.core.content import content_columns, content_hash
from app.core.crypto import Encrypted, uuid7
from app.core.errors import RuleViolation
from app.core.hidden import hidden_of
from app.core.scope import elevated
from app.core.workflow import Status, WorkflowStep
from app.ledgers.maternity import pregnancy_rules
from app.ledgers.maternity.models import NewlywedService, PregnancyService
from tests.factories.births import user
from tests.factories.maternity import correct, do
from tests.ledgers.maternity.conftest import BOTH, WORDS, readable, whole, words_of

BROKEN = (IntegrityError, SQLAlchemyError)


def fields_of(model):
    """The names of everything a row can say."""
    return {*hidden_of(model), *(name for name, value in vars(model).items() if isinstance(value, Encrypted))}


def withdraw(working, model, uid, by="service_worker"):
    """As the button does it."""
    with working() as session:
        row = scope.get(model, uid)
        do(row, "withdraw_consent", user(session, by), reason=WORDS[5])


def found_in(seeing, uid):
    """The row as it is now."""
    return seeing(lambda _session: next(row for model in (NewlywedService, PregnancyService) if (row := scope.get(model, uid))))


@BOTH
def test_every_column_that_says_something_is_hidden(model):
    plain = {name for name, _secret in content_columns(model) if not _secret}
    assert plain == {"region_id", "record_source", "warnings", "closed_on"}


@pytest.mark.parametrize(
    ("model", "status", "by"),
    [*((PregnancyService, status, "service_worker") for status in Status), (NewlywedService, Status.approved, "clinician")],
)
def test_nothing_can_be_read_any_more(working, seeing, entered, model, status, by):
    uid, fields = entered(model, status=status, **whole(model)), fields_of(model)
    number = seeing(lambda _s: getattr(scope.get(model, uid), "wife_id_no" if model is NewlywedService else "woman_id_no").reveal())
    assert {table for table, _value in seeing(lambda s: readable(s, model, uid, fields))} == {model.__tablename__, "audit_secret"}
    steps = seeing(lambda s: s.scalar(select(func.count(WorkflowStep.id)).where(WorkflowStep.owner_uid == uid)))
    withdraw(working, model, uid, by)
    assert seeing(lambda s: readable(s, model, uid, fields)) == []
    assert seeing(lambda s: words_of(s, (*WORDS, number))) == []
    row = found_in(seeing, uid)
    assert (row.status, row.closed_on, row.salt) == (status, clock.today(), None)
    assert {name: getattr(row, name) for name in fields if getattr(row, name) is not None} == {}
    assert seeing(lambda s: s.scalar(select(func.count(WorkflowStep.id)).where(WorkflowStep.owner_uid == uid))) == steps + 1
    assert seeing(lambda s: list(audit.verify(s))) == []


def test_the_hash_of_the_approval_stays_as_the_digest_of_what_was(working, seeing, entered):
    uid = entered(status=Status.approved)
    before = found_in(seeing, uid).row_hash
    withdraw(working, PregnancyService, uid)
    assert found_in(seeing, uid).row_hash == before
    steps = select(WorkflowStep).where(WorkflowStep.owner_uid == uid, WorkflowStep.act == "withdraw_consent")
    step = seeing(lambda s: s.scalars(steps).one())
    assert (step.row_hash, step.comment, step.source, step.target) == (before, None, "approved", "approved")


def test_the_history_says_that_it_was_withdrawn_and_by_whom_and_no_value(working, seeing, entered):
    uid = entered(status=Status.approved, **whole(PregnancyService))
    withdraw(working, PregnancyService, uid)
    told = seeing(lambda s: [(e.act, e.detail) for e in audit.history_of(s, scope.get(PregnancyService, uid))])
    assert [act for act, _detail in told][-2:] in (["withdraw_consent", "change"], ["change", "withdraw_consent"])
    change = next(detail for act, detail in reversed(told) if act == "change")
    assert '"due_on":["hmac:gone",null]' in change or '"woman_name":["hmac:gone",null]' in change
    assert not any(word in detail for _act, detail in told for word in WORDS)


def test_equal_values_of_two_records_have_unequal_digests(seeing, entered):
    uids = [entered(remark="same"), entered(remark="same")]
    made = select(AuditEntry.detail).where(AuditEntry.target.in_([f"pregnancy_service/{uid}" for uid in uids]), AuditEntry.act == "create")
    marks = {json.loads(detail)["remark"][1] for detail in seeing(lambda s: s.scalars(made).all())}
    assert len(marks) == 2


def test_what_changes_told_of_goes_too(working, seeing, entered):
    uid = entered(remark="雀备注一")
    with working() as session:
        correct(session, scope.get(PregnancyService, uid), remark="雀备注二", woman_name="金丝雀")
    withdraw(working, PregnancyService, uid)
    assert seeing(lambda s: readable(s, PregnancyService, uid, fields_of(PregnancyService))) == []
    its_entry = (AuditEntry.chain == AuditSecret.chain) & (AuditEntry.number == AuditSecret.number)
    left = select(AuditSecret).join(AuditEntry, its_entry).where(AuditEntry.target == f"pregnancy_service/{uid}")
    assert seeing(lambda s: s.scalars(left).all()) == []


def propose(working, uid, **values):
    with working() as session:
        told = {"explained": {}, "token": str(uuid7()), "reason": WORDS[5], "evidence": WORDS[5]}
        return changes.propose(session, scope.get(PregnancyService, uid), values, user(session, "service_worker"), **told).uid


def apply(working, asked):
    words = {"token": str(uuid7()), "reason": WORDS[5]}
    with working() as session:
        changes.apply(session, scope.get(ChangeRequest, asked), pregnancy_rules.save, user(session, "clinician"), clock.today(), **words)


def test_proposals_open_and_applied_go_too(working, seeing, entered):
    uid = entered(status=Status.approved)
    apply(working, propose(working, uid, remark=WORDS[3]))
    propose(working, uid, woman_name=WORDS[0])
    assert found_in(seeing, uid).change_open
    withdraw(working, PregnancyService, uid)
    assert seeing(lambda s: s.scalar(select(func.count(ChangeRequest.id)))) == 0
    assert not found_in(seeing, uid).change_open
    assert seeing(lambda s: readable(s, PregnancyService, uid, fields_of(PregnancyService))) == []
    assert seeing(lambda s: words_of(s, WORDS)) == []
    assert seeing(lambda s: list(audit.verify(s))) == []


def test_an_approved_record_is_put_right_by_a_request(working, seeing, entered):
    uid = entered(status=Status.approved)
    asked = propose(working, uid, due_on=None, wants_visits=True, folic_answer="3")
    told = seeing(lambda s: changes.differences(s, scope.get(ChangeRequest, asked), scope.get(PregnancyService, uid)))
    shown = {d.field: (str(d.old), d.new) for d in told}
    assert shown == {"due_on": ("2026-09-21", None), "wants_visits": ("None", True), "folic_answer": ("None", "3")}
    before = found_in(seeing, uid).row_hash
    apply(working, asked)
    row = found_in(seeing, uid)
    assert (row.due_on, row.wants_visits, row.folic_answer) == (None, True, "3")
    assert row.row_hash == seeing(lambda _s: content_hash(scope.get(PregnancyService, uid))) != before


def test_a_draft_that_is_deleted_leaves_nothing_to_read(working, seeing, entered):
    uid = entered(**whole(PregnancyService))
    with working() as session:
        do(scope.get(PregnancyService, uid), "discard", user(session, "service_worker"), reason=WORDS[5])
    assert seeing(lambda s: readable(s, PregnancyService, uid, fields_of(PregnancyService))) == []
    assert seeing(lambda s: words_of(s, WORDS)) == []
    assert seeing(lambda s: list(audit.verify(s))) == []


@pytest.mark.parametrize("act", ["withdraw", "return", "approve", "hold", "withdraw_consent"])
def test_nothing_more_is_done_with_a_closed_record(working, entered, act):
    uid = entered(status=Status.submitted)
    withdraw(working, PregnancyService, uid)
    for name in ("service_worker", "clinician"):
        with pytest.raises(RuleViolation), working() as session:
            do(scope.get(PregnancyService, uid), act, user(session, name))


def test_a_closed_record_is_neither_edited_nor_proposed_about(working, seeing, entered):
    draft, approved = entered(), entered(status=Status.approved)
    withdraw(working, PregnancyService, draft)
    withdraw(working, PregnancyService, approved)
    with pytest.raises(RuleViolation, match="withdrawn"):
        seeing(lambda _s: workflow.must_be_open(scope.get(PregnancyService, draft)))
    with pytest.raises(RuleViolation, match="withdrawn"):
        propose(working, approved, remark="x")


# what the database itself refuses


def set_columns(working, uid, **values):
    """Past every rule and the history."""
    with working() as session, elevated("test"):
        table = PregnancyService.__table__
        session.connection().execute(update(table).where(table.c.uid == uid).values(**values))


def blank():
    """What a withdrawal writes."""
    return {name: None for name in PregnancyService.__table__.columns.keys() if name.endswith(("_enc", "_bidx"))} | {"salt": None}  # noqa: SIM118


def test_the_database_lets_an_approved_record_be_blanked_by_a_withdrawal_alone(working, entered):
    uid = entered(status=Status.approved)
    for values in (
        {"remark_bidx": "x"},
        {"due_on_enc": None, "due_on_bidx": None},
        blank(),
        {"closed_on": clock.today()},
        blank() | {"closed_on": clock.today(), "row_hash": "0" * 64},
        blank() | {"closed_on": clock.today(), "record_source": "2"},
        blank() | {"closed_on": clock.today(), "remark_bidx": "x"},
    ):
        with pytest.raises(BROKEN):
            set_columns(working, uid, **values)
    set_columns(working, uid, **blank(), closed_on=clock.today())


CLOSED_REFUSES = (
    {"closed_on": None},
    {"woman_name_enc": b"x", "woman_name_bidx": "x"},
    {"remark_enc": b"x"},
    {"salt": "x"},
    {"status": "submitted"},
)


@pytest.mark.parametrize("status", [Status.draft, Status.approved])
def test_the_database_writes_nothing_into_a_closed_record(working, entered, status):
    uid = entered(status=status)
    withdraw(working, PregnancyService, uid)
    for values in CLOSED_REFUSES:
        with pytest.raises(BROKEN):
            set_columns(working, uid, **values)


def test_a_closed_record_is_never_deleted_where_it_was_approved(working, entered):
    uid = entered(status=Status.approved)
    withdraw(working, PregnancyService, uid)
    with pytest.raises(BROKEN), working() as session, elevated("test"):
        session.connection().execute(delete(PregnancyService.__table__).where(PregnancyService.__table__.c.uid == uid))


def test_other_records_keep_their_history(working, seeing, entered):
    uid, other = entered(), entered(woman_name="赵兰")
    withdraw(working, PregnancyService, uid)
    assert found_in(seeing, other).woman_name == "赵兰"
    left = seeing(lambda s: readable(s, PregnancyService, other, {"woman_name"}))
    assert {table for table, _value in left} == {"pregnancy_service", "audit_secret"}


def test_two_who_withdraw_at_once_withdraw_once(working, entered):
    uid = entered()
    withdraw(working, PregnancyService, uid)
    with pytest.raises(RuleViolation, match="closed"):
        withdraw(working, PregnancyService, uid)


def test_what_is_gone_does_not_stay_in_the_free_space_of_the_file(app, working, seeing, entered):
    uid = entered(remark="x" * 190)
    blob = bytes(found_in(seeing, uid).remark_enc)
    assert blob in on_disk(app) or not on_disk(app)
    withdraw(working, PregnancyService, uid)
    assert blob not in on_disk(app)


def on_disk(app):
    """The bytes of the file of an SQLite database; a server keeps its own files."""
    address = app.config["SQLALCHEMY_DATABASE_URI"]
    return Path(address.removeprefix("sqlite:///")).read_bytes() if address.startswith("sqlite") else b""
