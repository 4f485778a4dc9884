"""Judging, completing and finding the people a ledger row names."""

from datetime import date

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from app.core import clock, regions
from app.core.audit import acting
from app.core.errors import RuleViolation
from app.core.limits import LimitedUse
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.ledgers.people import naming
from app.ledgers.people.identity import COLLISIONS_PER_HOUR
from app.ledgers.people.models import IdentityRequest, Person, PersonOffice
from app.ledgers.people.naming import Named
from tests.cast import A1, B1, A, B
from tests.factories.people import id_number_for

TODAY = date(2026, 11, 22)
BORN = date(1990, 1, 2)
NUMBER = id_number_for(BORN, "2", 1)
LI = Named("张丽", "1", NUMBER, None, None, "mother")


@pytest.fixture(autouse=True)
def _context(app):
    with app.app_context(), acting("test"):
        yield


@pytest.fixture
def find(app):
    """`find(LI, "clerk", A)` runs find_or_file as this person of this office."""

    def run(who, user="clerk", office=A, *, at=A1, outside="link"):
        scope = Scope.of([regions.by_code(db.session(), office).path])
        with looking_as(scope), unit_of_work() as session:
            actor = session.scalars(select(User).where(User.username == user)).one()
            region = regions.by_code(session, at) if at else None
            return naming.find_or_file(session, who, region=region, outside=outside, actor=actor, today=TODAY).person_id

    return run


def codes(who):
    return [problem.code for problem in naming.check(who, TODAY)]


def test_a_sound_person_has_no_problems():
    assert codes(LI) == []
    assert codes(LI._replace(birth_date=BORN, sex="2")) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (NUMBER[:-1], "V01_length"),
        (NUMBER[:3] + "A" + NUMBER[4:], "V01_characters"),
        (NUMBER[:10] + "1332" + NUMBER[14:], "V01_date"),
        (id_number_for(date(2027, 1, 1)), "V01_future"),
        (id_number_for(date(1890, 1, 1)), "V01_too_old"),
        (NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2"), "V01_checksum"),
    ],
)
def test_each_fault_of_a_number_has_a_sentence_without_the_number(number, code):
    (problem,) = naming.check(LI._replace(id_no=number), TODAY)
    assert problem.code == code
    assert problem.field == "mother_id_no"
    assert number[6:14] not in problem.message
    assert number[-4:] not in problem.message


def test_the_number_disagrees_with_sex_and_birth_date():
    assert codes(LI._replace(birth_date=date(1990, 1, 3), sex="1")) == ["V02_birth_date", "V02_sex"]


def test_name_and_birth_date_are_judged():
    assert codes(Named("", None, None, date(2026, 11, 23), None, "")) == ["name_missing", "V04_future"]
    assert codes(LI._replace(name="张3")) == ["name"]


def test_other_documents_are_letters_and_digits():
    assert codes(LI._replace(id_type="2", id_no="E1234-5678")) == []
    assert codes(LI._replace(id_type="2", id_no="E12?")) == ["id_no"]


def test_a_named_person_never_shows_the_number():
    assert NUMBER not in repr(LI)


def test_the_number_fills_what_is_empty():
    who = naming.completed(LI._replace(name=" 张 丽 ", id_no=f" {NUMBER[:6]} {NUMBER[6:14]}-{NUMBER[14:]}"), TODAY)
    assert (who.name, who.id_no, who.birth_date, who.sex) == ("张丽", NUMBER, BORN, "2")


def test_an_old_number_becomes_the_new_one():
    short = NUMBER[:6] + NUMBER[8:17]
    assert naming.completed(LI._replace(id_no=short), TODAY).id_no == NUMBER


def test_what_was_typed_is_not_overwritten():
    assert naming.completed(LI._replace(sex="9"), TODAY).sex == "9"


def test_nobody_is_filed_twice(find, seeing):
    made = find(LI)
    assert find(LI, outside="refuse") == made
    assert find(LI._replace(name="张 丽"), at=None) == made
    assert seeing(lambda s: s.scalar(select(func.count(Person.id)))) == 1


def test_without_a_region_nothing_is_filed(find, seeing):
    assert find(LI, at=None) is None
    assert seeing(lambda s: s.scalars(select(Person)).all()) == []


def test_without_a_number_namesakes_are_two_people(find):
    unnumbered = LI._replace(id_no=None, birth_date=BORN, sex="2")
    assert find(unnumbered) != find(unnumbered)


def test_a_file_of_another_office_is_linked_silently(find, seeing):
    made = find(LI)
    assert find(LI, "neighbour", B, at=B1) == made
    assert find(LI, "neighbour", B, at=None) == made
    assert seeing(lambda s: s.scalar(select(func.count(PersonOffice.id)))) == 1
    assert seeing(lambda s: s.scalars(select(IdentityRequest)).all()) == []


def test_a_file_of_another_office_may_be_refused(find, seeing):
    find(LI)
    with pytest.raises(RuleViolation) as refusal:
        find(LI, "neighbour", B, at=B1, outside="refuse")
    assert [p.field for p in refusal.value.problems] == ["mother_id_no"]
    assert [p.code for p in refusal.value.problems] == ["elsewhere"]
    assert seeing(lambda s: s.scalars(select(IdentityRequest.asked_region_id)).one()) is not None


@pytest.mark.parametrize(("name", "outside"), [("张丽", "refuse"), ("王五", "refuse"), ("王五", "link")])
def test_a_file_elsewhere_always_gets_the_same_sentence(find, seeing, name, outside):
    find(LI)
    with pytest.raises(RuleViolation, match="A file for this ID number may exist at another office"):
        find(LI._replace(name=name), "neighbour", B, at=B1, outside=outside)
    assert seeing(lambda s: s.scalar(select(func.count(IdentityRequest.id)))) == 1


def test_another_name_in_the_own_office_is_a_problem_of_the_name(find, seeing):
    find(LI)
    with pytest.raises(RuleViolation) as refusal:
        find(LI._replace(name="王五"))
    assert [(p.field, p.code) for p in refusal.value.problems] == [("mother_name", "other_name")]
    assert "张丽" not in str(refusal.value)


@pytest.mark.parametrize("words", [{"died_on": TODAY}, {}])
def test_dead_people_are_handled_like_everybody(find, filed, words):
    _, key = filed(name="张丽", id_no=NUMBER, birth_date=BORN, **words)
    assert find(LI, "neighbour", B, at=B1) == key
    with pytest.raises(RuleViolation):
        find(LI, "neighbour", B, at=B1, outside="refuse")


@pytest.mark.parametrize("at", [B1, None])
def test_a_protected_person_is_never_linked(find, filed, at):
    filed(name="张丽", id_no=NUMBER, birth_date=BORN, is_protected=True)
    assert find(LI, "neighbour", B, at=at) is None
    with pytest.raises(RuleViolation):
        find(LI, "neighbour", B, at=at, outside="refuse")


@pytest.mark.parametrize("n", [1, 9])
def test_forms_are_no_way_to_try_out_numbers(find, app, n):
    """After too many foreign files the form says the same of a number on file (1) and of one that is not (9)."""
    find(LI)
    spend_all(app, "neighbour")
    with pytest.raises(RuleViolation) as refusal:
        find(LI._replace(id_no=id_number_for(BORN, "2", n)), "neighbour", B, at=B1, outside="refuse")
    assert [p.code for p in refusal.value.problems] == ["limit"]


def spend_all(app, user):
    with unit_of_work() as session:
        user_id = session.scalars(select(User.id).where(User.username == user)).one()
        session.add_all(LimitedUse(user_id=user_id, kind="collision", at=clock.now()) for _ in range(COLLISIONS_PER_HOUR))
