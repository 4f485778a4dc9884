"""An approved marriage event is put right by a request; the marriages it tells of are written anew."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import changes, clock, periods, scope
from app.core.changes import ChangeRequest
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.workflow import Status
from app.ledgers.families import rules
from app.ledgers.families.models import AGAIN, DIVORCE, DIVORCED, Marriage, MarriageEvent
from tests.cast import A
from tests.factories.families import DIVORCED_ON, MARRIED_ON, her_number, his_number, make_marriage, the_same, user

TODAY = clock.today()
HERS, HIS = her_number(), his_number()


@pytest.fixture
def corrected(working):
    """`corrected(uid, happened_on=…)` proposes these values as the clerk and applies them as the supervisor."""

    def correct(uid, **values):
        with working(A) as session:
            told = {"explained": {}, "token": str(uuid7()), "reason": "slip of the pen", "evidence": "certificate"}
            asked = changes.propose(session, scope.get(MarriageEvent, uid), values, user(session, "clerk"), **told).uid
        with working(A) as session:
            request = scope.get(ChangeRequest, asked)
            changes.apply(session, request, rules.change, user(session, "supervisor"), TODAY, token=str(uuid7()))

    return correct


@pytest.fixture
def approved(working):
    """`approved(**fields)` keeps an approved event and gives its uid."""

    def make(**fields):
        with working(A) as session:
            return make_marriage(session, status=Status.approved, **fields).uid

    return make


def marriages(seeing):
    """(wife, first day, last day) of every marriage on file."""
    told = select(Marriage.wife_name, Marriage.began_on, Marriage.ended_on)
    return sorted(seeing(lambda session: session.execute(told).tuples().all()), key=str)


def test_a_corrected_day_is_the_day_of_the_marriage(approved, corrected, seeing):
    uid, day = approved(wife_id_no=HERS, husband_id_no=HIS), MARRIED_ON + timedelta(days=40)
    corrected(uid, happened_on=day)
    assert marriages(seeing) == [("李梅", day, None)]
    assert seeing(lambda _s: scope.get(MarriageEvent, uid).statistical_month) == periods.month_of(day)


def test_a_day_of_the_same_month_leaves_the_month(approved, corrected, seeing, working):
    uid = approved(happened_on=date(2020, 5, 20))
    corrected(uid, happened_on=date(2020, 5, 21))
    assert seeing(lambda _s: scope.get(MarriageEvent, uid).statistical_month) == "2020-05"


def test_another_spouse_leaves_the_first_one_unmarried(approved, corrected, seeing):
    uid = approved(husband_id_no=HIS)
    corrected(uid, wife_name="赵兰", wife_id_no=HERS)
    assert marriages(seeing) == [("赵兰", MARRIED_ON, None)]


def test_a_middle_event_is_corrected_between_the_others(approved, corrected, seeing, working):
    uid = approved(wife_id_no=HERS, husband_id_no=HIS)
    same = seeing(lambda _s: the_same(scope.get(MarriageEvent, uid))) | {"wife_region": None}
    divorce = approved(**same, kind=DIVORCE)
    approved(**same, happened_on=TODAY, wife_marital="23", husband_marital="23")
    corrected(divorce, happened_on=DIVORCED_ON + timedelta(days=1))
    assert marriages(seeing) == [("李梅", MARRIED_ON, DIVORCED_ON + timedelta(days=1)), ("李梅", TODAY, None)]


def test_a_correction_that_marries_somebody_twice_is_refused(approved, corrected, seeing):
    approved(wife_id_no=HERS)
    uid = approved(wife_name="赵兰", husband_id_no=HIS)
    with pytest.raises(RuleViolation, match="Approved records say otherwise"):
        corrected(uid, wife_name="李梅", wife_id_no=HERS)
    assert [wife for wife, *_days in marriages(seeing)] == ["李梅", "赵兰"]


def test_a_correction_that_leaves_somebody_married_twice_is_refused(approved, corrected, seeing):
    first = approved(wife_id_no=HERS)
    same = seeing(lambda _s: the_same(scope.get(MarriageEvent, first))) | {"wife_region": None}
    divorce = approved(**same, kind=DIVORCE)
    approved(wife_id_no=HERS, husband_name="张伟", happened_on=TODAY, wife_marital=AGAIN)
    with pytest.raises(RuleViolation, match="voided first"):
        corrected(divorce, husband_name="王刚", husband_id_no=his_number())
    assert seeing(lambda _s: scope.get(MarriageEvent, divorce).wife_marital) == DIVORCED
