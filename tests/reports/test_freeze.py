"""Submitting: what is kept, that it never changes, and how the next revision tells what is different."""

import json
from datetime import date, timedelta

import pytest

from app.core import clock, crypto, periods, regions
from app.core.errors import RuleViolation
from app.core.scope import OutOfScope
from app.core.workflow import Status
from app.reports import behind, freeze
from app.reports.models import ReportRun
from tests.cast import A1, A2, A, B
from tests.factories.births import do, user
from tests.reports.conftest import MONTH, REPORT, asked, born, told


def submit(session, code: str = A, month: str = MONTH) -> ReportRun:
    """The next revision, submitted by the supervisor."""
    run = freeze.submit(session, REPORT, asked(session, code, month), user(session, "supervisor"))
    session.flush()
    return run


def now(session) -> freeze.Content:
    """What the report of town A says now."""
    return freeze.content(session, REPORT, asked(session, A), told(session, A))


def cells(found: freeze.Differences) -> list[tuple[str, str, str, str]]:
    """The figures that differ, as text."""
    return [(cell.line, str(cell.column), cell.old, cell.new) for cell in found.cells]


def test_figures_rows_and_their_hash_are_kept(working):
    with working() as session:
        births = [born(session), born(session, town=A2), born(session, born_on=date(2025, 3, 3))]
        run = submit(session)
        kept = freeze.content_of(REPORT, run)
        assert (run.revision, run.definition, run.period) == (1, REPORT.definition, MONTH)
        assert kept.answer.lines == told(session, A).lines
        assert kept.uids == {birth.uid.hex for birth in births}
        assert kept.hash == run.content_hash
        assert freeze.is_intact(REPORT, run)


def test_the_rows_are_sealed_and_bound_to_their_place(working):
    with working() as session:
        birth = born(session)
        run = submit(session)
        assert birth.uid.hex.encode() not in run.rows_enc
        assert json.loads(crypto.keys().open(run.rows_enc, f"report_run|rows|{run.uid}")) == [birth.uid.hex]
        with pytest.raises(crypto.KeyLost):
            crypto.keys().open(run.rows_enc, f"report_run|rows|{birth.uid}")


def test_what_was_submitted_stays_when_the_rows_change(working):
    with working() as session:
        born(session)
        run = submit(session)
        born(session)
        session.flush()
        assert freeze.answer_of(REPORT, run).lines[0].figures["births"] == 1
        assert told(session, A).lines[0].figures["births"] == 2
        assert freeze.is_intact(REPORT, run)


def test_a_correction_makes_the_next_revision_with_the_differences(working):
    with working() as session:
        born(session, sex="1")
        first = submit(session)
        born(session, sex="2")
        second = submit(session)
        found = freeze.differences(freeze.content_of(REPORT, first), freeze.content_of(REPORT, second))
        place = regions.by_code(session, A1).name
        assert (second.revision, found.came, found.went) == (2, 1, 0)
        assert cells(found) == [
            (name, column, old, new)
            for name in ("龙泉镇", place)
            for column, old, new in (
                ("Children born", "1", "2"), ("First child", "1", "2"), ("Female", "0", "1"), ("More or fewer", "+1", "+2"),
            )
        ]  # fmt: skip
        assert freeze.earlier_than(session, second) is first
        assert freeze.newest(session, REPORT, asked(session, A)) is second


def test_rows_that_changed_behind_equal_figures_are_a_difference(working):
    with working() as session:
        gone = born(session)
        first = submit(session)
        do(gone, "void", user(session, "approver"))
        born(session)
        session.flush()
        found = freeze.differences(freeze.content_of(REPORT, first), now(session))
        assert (cells(found), found.came, found.went) == ([], 1, 1)
        assert submit(session).revision == 2


def test_a_row_of_last_year_that_goes_is_a_difference(working):
    with working() as session:
        before = born(session, born_on=date(2025, 3, 3))
        first = submit(session)
        do(before, "void", user(session, "approver"))
        session.flush()
        found = freeze.differences(freeze.content_of(REPORT, first), now(session))
        assert ("龙泉镇", "Same month last year", "1", "0") in cells(found)


def test_without_a_difference_nothing_is_submitted(working):
    with working() as session:
        born(session)
        submit(session)
        with pytest.raises(RuleViolation, match="Nothing has changed since revision 1"):
            submit(session)


def test_an_empty_report_may_be_submitted_once(working):
    with working() as session:
        assert submit(session).revision == 1
        with pytest.raises(RuleViolation):
            submit(session)


def test_a_birth_that_is_not_approved_changes_nothing(working):
    with working() as session:
        submit(session)
        born(session, status=Status.submitted)
        assert not freeze.differences(freeze.content_of(REPORT, freeze.newest(session, REPORT, asked(session, A))), now(session))


def test_a_new_village_without_births_is_no_difference(working):
    with working() as session:
        born(session)
        first = submit(session)
        town = regions.by_code(session, A)
        session.add(
            regions.Region(path=regions.child_path(session, town.path), level=regions.Level.village, name="新村", parent_id=town.id)
        )
        session.flush()
        assert not freeze.differences(freeze.content_of(REPORT, first), now(session))


@pytest.mark.parametrize("months", [0, 1, 500])
def test_a_month_that_is_not_over_is_not_submitted(working, months):
    month = periods.month_of(clock.today() + timedelta(days=31 * months))
    with working() as session, pytest.raises(RuleViolation, match="is not over yet"):
        submit(session, month=month)


def test_nobody_submits_for_an_office_of_somebody_else(working):
    with working() as session:
        question = asked(session, B)
        session.expunge_all()
    with working(A) as session, pytest.raises(OutOfScope):
        freeze.submit(session, REPORT, question, user(session, "supervisor"))


def test_each_place_and_month_has_revisions_of_its_own(working):
    with working() as session:
        revisions = [submit(session, code, month).revision for code, month in ((A, MONTH), (A1, MONTH), (A, "2026-02"))]
        assert revisions == [1, 1, 1]


def test_figures_and_rows_that_do_not_belong_together_are_not_kept(working):
    """Somebody approves a birth between the counting and the listing."""
    with working() as session:
        born(session)
        early = told(session, A)
        born(session)
        session.flush()
        later = behind.uids(session, REPORT, asked(session, A))
        with pytest.raises(RuleViolation, match="while the report was counted"):
            freeze.must_agree(early, later)


@pytest.mark.parametrize(
    "change", [{"figures": {"code": "x", "office": "y", "lines": []}}, {"rows_enc": b"x" * 40}, {"content_hash": "0" * 64}]
)
def test_a_revision_that_was_changed_is_not_intact(working, change):
    with working() as session:
        born(session)
        run = submit(session)
        for name, value in change.items():
            setattr(run, name, value)
        assert not freeze.is_intact(REPORT, run)


def test_a_mark_tells_different_figures_apart(working):
    with working() as session:
        before = freeze.mark(told(session, A))
        assert before == freeze.mark(told(session, A))
        born(session)
        session.flush()
        assert before != freeze.mark(told(session, A))
