"""Approved births are put right by a request: proposed by one, applied by another, and by nothing else."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import audit, changes, clock, periods, regions, scope, workflow
from app.core.changes import ChangeRequest, ChangeState
from app.core.content import content_hash
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.births import rules
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person
from app.reports import REPORTS, freeze
from app.reports.base import ask
from tests.cast import A2, A, B
from tests.factories.births import BORN_ON, MOTHER_BORN, make_birth, user
from tests.factories.people import id_number_for

CHILD_NO = id_number_for(BORN_ON, "2", 310)


@pytest.fixture
def approved(working):
    """`approved(sex="2")` keeps an approved birth of town A and gives its uid."""

    def make(**fields):
        with working() as session:
            return make_birth(session, status=Status.approved, **fields).uid

    return make


@pytest.fixture
def asking(working):
    """`asking(uid, weight_g=3000)` proposes these values as the clerk and gives the uid of the request."""

    def propose(uid, by="clerk", reason="slip of the pen", evidence="certificate", **values):
        with working(A) as session:
            row = scope.get(Birth, uid)
            values = {name: regions.by_code(session, value) if name.endswith("_region") else value for name, value in values.items()}
            told = {"explained": {}, "token": str(uuid7()), "reason": reason, "evidence": evidence}
            return changes.propose(session, row, values, user(session, by), **told).uid

    return propose


@pytest.fixture
def deciding(working):
    """`deciding("apply", request)` decides as the supervisor of town A."""

    def decide(act, uid, by="supervisor", reason="", places=(A,)):
        with working(*places) as session:
            asked, words = scope.get(ChangeRequest, uid), {"token": str(uuid7()), "reason": reason}
            if act == "apply":
                changes.apply(session, asked, rules.change, user(session, by), clock.today(), **words)
            else:
                getattr(changes, act)(session, asked, user(session, by), **words)

    return decide


def told(seeing, uid, *names):
    return seeing(lambda _s: tuple(getattr(scope.get(Birth, uid), name) for name in names))


# proposing


def test_a_proposal_leaves_the_record_as_it_is(approved, asking, seeing):
    uid = approved()
    asking(uid, weight_g=3000)
    assert told(seeing, uid, "weight_g", "status", "change_open") == (None, Status.approved, True)


def test_the_proposed_values_lie_encrypted(approved, asking, seeing):
    number = id_number_for(MOTHER_BORN, "2", 311)
    request = asking(approved(), mother_id_no=number)
    content = seeing(lambda _s: scope.get(ChangeRequest, request).content_enc)
    assert number.encode() not in content
    shown = seeing(lambda s: changes.differences(s, asked := scope.get(ChangeRequest, request), scope.get(Birth, asked.owner_uid)))
    assert [(d.field, number in str(d.new)) for d in shown] == [("mother_id_no", False)]


@pytest.mark.parametrize(
    ("words", "code"),
    [({"reason": " "}, "missing"), ({"evidence": ""}, "missing"), ({"reason": "x" * 501}, "long"), ({"evidence": "x" * 201}, "long")],
)
def test_a_proposal_has_a_reason_and_a_paper(approved, asking, words, code):
    with pytest.raises(RuleViolation) as refusal:
        asking(approved(), weight_g=3000, **words)
    assert [problem.code for problem in refusal.value.problems] == [code]


def test_a_proposal_changes_something(approved, asking):
    with pytest.raises(RuleViolation, match="Nothing differs"):
        asking(approved(), sex="2")


def test_only_an_approved_record_is_changed_by_a_request(working, asking):
    with working() as session:
        uid = make_birth(session, status=Status.submitted).uid
    with pytest.raises(RuleViolation, match="Only an approved record"):
        asking(uid, weight_g=3000)


def test_one_request_of_a_record_is_open_at_a_time(approved, asking, deciding):
    uid = approved()
    first = asking(uid, weight_g=3000)
    with pytest.raises(RuleViolation, match="proposed already"):
        asking(uid, weight_g=3100)
    deciding("refuse", first, reason="wrong")
    asking(uid, weight_g=3100)


def test_the_database_takes_one_open_request_of_a_record(approved, asking, working):
    uid = approved()
    request = asking(uid, weight_g=3000)
    with working() as session:
        found = scope.get(ChangeRequest, request)
        columns = {c.key: getattr(found, c.key) for c in ChangeRequest.__table__.columns if c.key not in ("id", "uid", "version")}
        session.add(ChangeRequest(**columns))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_nothing_else_is_decided_while_a_change_is_open(approved, asking, working):
    uid = approved()
    asking(uid, weight_g=3000)
    with pytest.raises(RuleViolation, match="A change of this record is proposed"), working(A) as session:
        rules.void(scope.get(Birth, uid), user(session, "supervisor"), clock.today(), token=str(uuid7()), reason="wrong")


# applying


def test_an_applied_change_says_so_everywhere(approved, asking, deciding, seeing):
    uid = approved()
    before = told(seeing, uid, "row_hash")
    deciding("apply", asking(uid, weight_g=3000, child_name="李小花"), reason="compared")
    row = told(seeing, uid, "weight_g", "child_name", "status", "change_open")
    assert row == (3000, "李小花", Status.approved, False)
    assert told(seeing, uid, "row_hash") != before
    assert seeing(lambda _s: content_hash(scope.get(Birth, uid))) == told(seeing, uid, "row_hash")[0]
    acts = seeing(lambda _s: [step.act for step in workflow.steps_of(scope.get(Birth, uid))])
    assert acts == ["submit", "approve", "propose", "apply"]
    entries = seeing(lambda s: [(e.act, "3000" in e.detail) for e in audit.history_of(s, scope.get(Birth, uid))])
    assert ("change", True) in entries
    assert seeing(lambda s: list(audit.verify(s))) == []


def test_who_applied_it_approved_the_new_version_and_who_proposed_it_changed_it(approved, asking, deciding, seeing, working):
    uid = approved()
    deciding("apply", asking(uid, weight_g=3000), by="approver", places=())
    with working() as session:
        row = scope.get(Birth, uid)
        assert (row.approved_by_id, row.changed_by_id) == (user(session, "approver").id, user(session, "clerk").id)


@pytest.mark.parametrize("act", ["apply", "refuse"])
def test_nobody_decides_about_their_own_proposal(approved, asking, deciding, seeing, act):
    uid = approved()
    request = asking(uid, by="supervisor", weight_g=3000)
    with pytest.raises(RuleViolation, match="another person must decide"):
        deciding(act, request, by="supervisor", reason="mine")
    assert told(seeing, uid, "weight_g", "change_open") == (None, True)


@pytest.mark.parametrize("act", ["apply", "refuse"])
def test_who_made_the_record_does_not_decide_about_its_change(approved, asking, deciding, act):
    request = asking(approved(), by="supervisor", weight_g=3000)
    with pytest.raises(RuleViolation, match="another person must decide"):
        deciding(act, request, by="clerk", reason="mine")


def test_a_request_is_decided_once(approved, asking, deciding):
    request = asking(approved(), weight_g=3000)
    deciding("apply", request)
    for act in ("apply", "refuse"):
        with pytest.raises(RuleViolation, match="decided already"):
            deciding(act, request, reason="again")


def test_a_refusal_has_a_reason_and_leaves_the_record(approved, asking, deciding, seeing):
    uid = approved()
    request = asking(uid, weight_g=3000)
    with pytest.raises(RuleViolation, match="Write the reason"):
        deciding("refuse", request)
    deciding("refuse", request, reason="the certificate says otherwise")
    assert told(seeing, uid, "weight_g", "change_open") == (None, False)
    assert seeing(lambda _s: scope.get(ChangeRequest, request).comment) == "the certificate says otherwise"


def test_only_the_proposer_withdraws(approved, asking, deciding, seeing):
    uid = approved()
    request = asking(uid, weight_g=3000)
    with pytest.raises(RuleViolation, match="Only the person who proposed"):
        deciding("withdraw", request, by="supervisor")
    deciding("withdraw", request, by="clerk")
    assert seeing(lambda _s: scope.get(ChangeRequest, request).state) == ChangeState.withdrawn
    assert told(seeing, uid, "change_open") == (False,)


def test_a_change_the_rules_refuse_is_not_applied(approved, asking, deciding, seeing):
    approved(birth_cert_no="A000000001", mother_name="王芳")
    uid = approved()
    request = asking(uid, birth_cert_no="A000000001")
    with pytest.raises(RuleViolation, match="certificate number is on file"):
        deciding("apply", request)
    assert told(seeing, uid, "birth_cert_no", "change_open") == (None, True)
    assert seeing(lambda _s: scope.get(ChangeRequest, request).state) == ChangeState.open


def test_a_request_against_an_older_version_is_not_applied(approved, asking, deciding, working):
    uid = approved()
    request = asking(uid, weight_g=3000)
    with working() as session:
        scope.get(Birth, uid).on_hold = True
        session.flush()
    with pytest.raises(RuleViolation, match="was changed since"):
        deciding("apply", request)


# what follows from it


def test_the_childs_file_says_what_the_birth_says(approved, asking, deciding, seeing):
    uid = approved()
    deciding("apply", asking(uid, child_name="李小花", child_id_no=CHILD_NO, child_died_on=date(2026, 3, 9)))
    child = seeing(lambda s: s.get_one(Person, scope.get(Birth, uid).child_id))
    assert (child.name, child.id_no.reveal(), child.died_on) == ("李小花", CHILD_NO, date(2026, 3, 9))


def test_a_childs_number_that_another_file_bears_is_refused(approved, asking, deciding):
    approved(child_name="李小花", child_id_no=CHILD_NO, mother_name="王芳")
    request = asking(approved(), child_name="李小花", child_id_no=CHILD_NO)
    with pytest.raises(RuleViolation, match="another file of your offices"):
        deciding("apply", request)


def test_decided_marks_stay(approved, asking, deciding, seeing, working):
    with working() as session:
        make_birth(session, mother_name="李梅")
        row = make_birth(session, mother_name="李梅", status=Status.submitted)
        assert row.possible_duplicate
        workflow.advance(row, "not_duplicate", user(session, "supervisor"), token=str(uuid7()), reason="two women")
        rules.approve(row, user(session, "supervisor"), clock.today(), token=str(uuid7()))
        uid = row.uid
    deciding("apply", asking(uid, weight_g=3000))
    assert told(seeing, uid, "possible_duplicate", "weight_g") == (False, 3000)


def test_a_birth_in_another_month_counts_there(approved, asking, deciding, seeing):
    uid = approved()
    assert told(seeing, uid, "statistical_month") == ("2026-03",)
    deciding("apply", asking(uid, born_on=date(2026, 2, 27)))
    assert told(seeing, uid, "statistical_month", "late") == ("2026-02", False)


def test_a_birth_corrected_into_a_closed_month_counts_in_the_open_one(approved, asking, deciding, seeing, working):
    uid = approved()
    with working() as session:
        periods.close(session, regions.by_code(session, A), "2026-02", user(session, "approver"))
    deciding("apply", asking(uid, born_on=date(2026, 2, 27)))
    assert told(seeing, uid, "statistical_month", "late") == (periods.month_of(clock.today()), True)


def test_a_submitted_report_stays_and_the_next_revision_tells_the_difference(approved, asking, deciding, working, seeing):
    uid, report = approved(), REPORTS["births-monthly"]

    def submit(session):
        return freeze.submit(session, report, ask(session, regions.by_code(session, A), "2026-03"), user(session, "approver"))

    with working() as session:
        first = freeze.content_of(report, submit(session))
    deciding("apply", asking(uid, sex="1"))
    with working() as session:
        second = submit(session)
        assert second.revision == 2
        found = freeze.differences(first, freeze.content_of(report, second))
        assert {(str(cell.column), cell.old, cell.new) for cell in found.cells} >= {("Male", "0", "1"), ("Female", "1", "0")}


# nothing else changes an approved row


@pytest.mark.parametrize(
    "change",
    ["weight_g = 1", "mother_name = '王芳'", "mother_id_no_bidx = 'x'", "statistical_month = '2020-01'", "row_hash = 'x'", "sex = '1'"],
)
def test_the_database_refuses_every_other_change_of_an_approved_row(approved, working, seeing, change):
    uid = approved()
    with working() as session:
        with elevated("a test"), pytest.raises(DBAPIError, match="applied change request"):
            session.connection().execute(text(f"UPDATE birth SET {change}"))
        session.rollback()
    assert told(seeing, uid, "weight_g", "sex") == (None, "2")


def test_an_applied_request_opens_one_version_only(approved, asking, deciding, working):
    uid = approved()
    deciding("apply", asking(uid, weight_g=3000))
    with working() as session:
        scope.get(Birth, uid).weight_g = 3100
        with pytest.raises(DBAPIError, match="applied change request"):
            session.flush()
        session.rollback()


def test_the_neighbour_sees_no_request(approved, asking, working):
    request = asking(approved(), weight_g=3000)
    with working(B) as session:
        assert scope.get(ChangeRequest, request) is None
        assert session.scalars(scope.query(ChangeRequest)).all() == []


def test_a_place_of_the_form_is_proposed_by_its_identity(approved, asking, deciding, seeing):
    uid = approved()
    deciding("apply", asking(uid, father_name="王强", father_region=A2))
    assert seeing(lambda _s: scope.get(Birth, uid).father_region.path) == seeing(lambda s: regions.by_code(s, A2).path)
