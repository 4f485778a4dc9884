"""What may be said of a voluntary service: by whom, when, and that no answer is worse than another."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.errors import RuleViolation
from app.core.id_number import long_form
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.maternity.models import ACCEPTED, DECLINED, OFFERED, PROXY, NewlywedService, PregnancyService
from app.ledgers.people.models import IdentityRequest, Person
from tests.cast import A1, A2, B1, A
from tests.factories.maternity import (
    DUE_ON,
    MAN_BORN,
    TOLD_ON,
    WOMAN_BORN,
    correct,
    her_number,
    his_number,
    make_newlywed,
    make_pregnancy,
)
from tests.factories.people import make_person

TOMORROW = clock.today() + timedelta(days=1)
HERS = her_number()


@pytest.fixture
def app(shared_app):
    """What is refused leaves nothing behind, and the rows that go in do not meet."""
    return shared_app


def problems(working, make, **fields):
    """Field → code of what the rules say."""
    with pytest.raises(RuleViolation) as refused, working() as session:
        make(session, **fields)
    return {problem.field: problem.code for problem in refused.value.problems}


# a pregnancy is told of by her, and kept because she agrees


@pytest.mark.parametrize("field", ["woman_name", "told_by", "told_on", "consent_on"])
def test_without_her_word_and_her_consent_nothing_is_kept(working, field):
    assert problems(working, make_pregnancy, **{field: None}) == {field: "missing"}


def test_a_proxy_is_named_and_only_a_proxy(working):
    assert problems(working, make_pregnancy, told_by=PROXY) == {"proxy_name": "proxy"}
    assert problems(working, make_pregnancy, proxy_name="赵代办") == {"proxy_name": "no_proxy"}
    with working() as session:
        assert make_pregnancy(session, told_by=PROXY, proxy_name=" 赵 代办").proxy_name == "赵代办"


@pytest.mark.parametrize("field", ["told_on", "consent_on", "handbook_on", "ended_on"])
def test_a_day_of_a_pregnancy_service_has_come(working, field):
    more = {"ending": "1"} if field == "ended_on" else {}
    assert problems(working, make_pregnancy, **{field: TOMORROW}, **more)[field] == "future"


@pytest.mark.parametrize("field", ["told_on", "woman_birth_date"])
def test_a_day_of_a_pregnancy_service_is_not_too_long_ago(working, field):
    assert problems(working, make_pregnancy, **{field: date(1800, 1, 1)}, woman_id_no=None)[field] == "date_old"


def test_the_number_is_hers(working):
    assert problems(working, make_pregnancy, woman_id_no=his_number()) == {"woman_id_no": "V02_sex"}
    assert problems(working, make_pregnancy, woman_id_no=HERS[:-1] + ("1" if HERS[-1] != "1" else "2")) == {"woman_id_no": "V01_checksum"}


def test_the_number_fills_in_her_birth_date(working):
    with working() as session:
        assert make_pregnancy(session).woman_birth_date == WOMAN_BORN


def test_she_was_born_before_she_told(working):
    assert problems(working, make_pregnancy, woman_id_no=None, woman_birth_date=TOLD_ON) == {"woman_birth_date": "birth_date"}


@pytest.mark.parametrize("days", [-301, 301])
def test_a_due_date_far_from_the_day_she_told_is_a_slip_of_the_pen(working, days):
    assert problems(working, make_pregnancy, due_on=TOLD_ON + timedelta(days=days)) == {"due_on": "due_on"}


@pytest.mark.parametrize("due_on", [None, TOLD_ON - timedelta(days=300), TOLD_ON + timedelta(days=300)])
def test_she_need_not_tell_a_due_date(working, due_on):
    with working() as session:
        assert make_pregnancy(session, due_on=due_on).due_on == due_on


@pytest.mark.parametrize(("told", "field"), [({"ended_on": DUE_ON}, "ending"), ({"ending": "2"}, "ended_on")])
def test_an_end_has_a_day_and_a_way(working, told, field):
    assert problems(working, make_pregnancy, **told) == {field: "ending"}


def test_a_service_ends_after_it_was_told_of(working):
    assert problems(working, make_pregnancy, ended_on=TOLD_ON - timedelta(days=1), ending="3") == {"ended_on": "ended_on"}


def test_there_are_no_visits_unless_she_wishes_them(working):
    with working() as session:
        assert [make_pregnancy(session, **wish).wants_visits for wish in ({}, {"wants_visits": True}, {"wants_visits": False})] == [
            None,
            True,
            False,
        ]


# a couple, or one person


def test_one_person_is_enough_and_nobody_is_not(working):
    with working() as session:
        alone = make_newlywed(session, husband_name=None)
        assert (alone.wife_name, alone.husband_name, alone.husband_id_type) == ("李梅", None, None)
        his = make_newlywed(session, wife_name=None, wife_id_no=None, husband_id_no=his_number())
        assert his.husband_birth_date == MAN_BORN
    assert problems(working, make_newlywed, wife_name=None, wife_id_no=None, husband_name=None) == {"wife_name": "nobody"}


def test_a_newlywed_service_rests_on_consent(working):
    assert problems(working, make_newlywed, consent_on=None) == {"consent_on": "missing"}


@pytest.mark.parametrize("field", ["married_on", "consent_on"])
def test_a_day_of_a_newlywed_service_has_come(working, field):
    assert problems(working, make_newlywed, **{field: TOMORROW})[field] == "future"


def test_two_people_have_two_numbers(working):
    number = "E1234567"
    told = {"wife_id_type": "2", "wife_id_no": number, "wife_birth_date": WOMAN_BORN, "husband_id_type": "2", "husband_id_no": number}
    assert problems(working, make_newlywed, **told)["husband_id_no"] == "V05_self"


def test_nobody_marries_before_being_born(working):
    assert problems(working, make_newlywed, married_on=WOMAN_BORN) == {"wife_birth_date": "birth_date"}


# answers


@pytest.mark.parametrize("make", [make_newlywed, make_pregnancy])
@pytest.mark.parametrize("answer", [OFFERED, ACCEPTED, DECLINED, None])
def test_every_answer_is_as_good_as_another(working, make, answer):
    with working() as session:
        service = make(session, check_answer=answer, folic_answer=answer, status=Status.approved)
        assert (service.status, service.warnings, service.raised) == (Status.approved, [], [])


@pytest.mark.parametrize("make", [make_newlywed, make_pregnancy])
@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"check_answer": None, "check_on": TOLD_ON}, {"check_answer": "answer"}),
        ({"folic_answer": None, "folic_on": TOLD_ON}, {"folic_answer": "answer"}),
        ({"folic_answer": DECLINED, "folic_on": TOLD_ON, "folic_boxes": 2}, {"folic_boxes": "folic"}),
        ({"folic_answer": ACCEPTED, "folic_boxes": 2}, {"folic_boxes": "folic"}),
        ({"folic_answer": ACCEPTED, "folic_on": TOLD_ON, "folic_boxes": 0}, {"folic_boxes": "boxes"}),
        ({"folic_answer": ACCEPTED, "folic_on": TOLD_ON, "folic_boxes": 100}, {"folic_boxes": "boxes"}),
        ({"folic_answer": ACCEPTED, "folic_on": TOMORROW}, {"folic_on": "future"}),
        ({"check_answer": ACCEPTED, "check_on": TOMORROW}, {"check_on": "future"}),
    ],
)
def test_what_was_given_fits_what_was_answered(working, make, told, found):
    assert problems(working, make, **told) == found


# where, and who else learns of it


def test_the_only_village_of_a_worker_gives_the_service(working):
    with working(A1) as session:
        service = make_pregnancy(session, region=None)
        assert service.scope_path == service.region.path


def test_who_answers_for_several_villages_chooses_one(working):
    with working() as session:
        assert make_newlywed(session, town=A).region.name == "龙泉镇"
    assert problems(working, make_pregnancy, region=None) == {"region": "place"}
    with working(A) as session:
        assert make_pregnancy(session, region=None).region.name == "龙泉镇"


def test_a_place_outside_ones_offices_is_none(working):
    with pytest.raises(RuleViolation, match="Choose the village"), working(A1, A2) as session:
        make_pregnancy(session, town=B1)


def test_a_county_gives_no_service(working):
    assert problems(working, make_pregnancy, town="420506") == {"region": "place_large"}


def test_the_place_stays_when_the_words_change(working):
    with working(A1) as session:
        service = make_pregnancy(session)
        before = service.scope_path
        correct(session, service, remark="x")
        assert service.scope_path == before


def test_a_number_of_ones_own_files_has_their_name(working):
    with working() as session:
        make_person(session, office=A1, name="李梅", id_no=HERS)
        assert make_pregnancy(session, woman_id_no=HERS).woman_id_no.reveal() == long_form(HERS)
    with pytest.raises(RuleViolation, match="another name"), working(A1) as session:
        make_pregnancy(session, woman_id_no=HERS, woman_name="赵兰")


def test_other_offices_are_neither_asked_nor_told(working, seeing):
    number = her_number()
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=number)
    before = seeing(counts)
    with working(A1) as session:
        assert make_pregnancy(session, woman_id_no=number, woman_name="赵兰").status is Status.draft
    assert seeing(counts) == before


def test_nobody_is_entered_by_a_service(working, seeing):
    before = seeing(counts)
    with working(A1) as session:
        make_pregnancy(session)
        make_newlywed(session, husband_id_no=his_number())
    assert seeing(counts) == before


def counts(session):
    """How many people and questions after people there are."""
    with elevated("test"):
        return [session.scalar(select(func.count(table.id))) for table in (Person, IdentityRequest)]


# what the database itself says


@pytest.mark.parametrize(
    ("make", "field"),
    [(make_pregnancy, "consent_on"), (make_pregnancy, "woman_name"), (make_pregnancy, "told_by"), (make_newlywed, "consent_on")],
)
def test_the_database_keeps_nothing_without_consent(working, make, field):
    with pytest.raises(IntegrityError), working() as session:
        setattr(make(session), field, None)


def test_the_tables_have_no_word_for_a_child_a_number_of_children_or_a_refusal_of_the_office():
    words = ("child", "parity", "order", "quota", "permit", "allowed", "deadline", "overdue", "score", "outcome", "reason", "person_id")
    columns = [column.name for model in (NewlywedService, PregnancyService) for column in model.__table__.columns]
    assert [name for name in columns if any(word in name for word in words)] == []
    assert [
        key for model in (NewlywedService, PregnancyService) for key in model.__table__.foreign_keys if key.column.table.name == "person"
    ] == []
