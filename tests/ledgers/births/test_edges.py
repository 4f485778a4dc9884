"""Where a rule begins and ends: the last day inside, the first outside."""

from datetime import timedelta

import pytest

from app.core import clock, regions, scope, workflow
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.workflow import Status
from app.ledgers.births import rules
from app.ledgers.births.models import Birth
from app.ledgers.people import snapshots
from app.ledgers.people.models import OfficeKind, Person
from tests.cast import A1, A2, B1, A
from tests.factories.births import BORN_ON, MOTHER_BORN, make_birth, make_registration, user
from tests.factories.people import also_seen_by, id_number_for, make_person

NUMBER = id_number_for(MOTHER_BORN, "2", 640)


@pytest.mark.parametrize(("days", "is_duplicate"), [(3, True), (4, False)])
def test_the_same_mother_within_three_days_is_a_possible_duplicate(working, days, is_duplicate):
    with working() as session:
        make_birth(session, mother_id_no=NUMBER)
        again = make_birth(session, mother_id_no=NUMBER, born_on=BORN_ON - timedelta(days=days), child_order=2)
        assert again.possible_duplicate == is_duplicate


@pytest.mark.parametrize(("days", "is_duplicate"), [(3, True), (4, False)])
def test_a_name_that_sounds_alike_within_three_days_is_a_possible_duplicate(working, days, is_duplicate):
    with working() as session:
        make_birth(session, mother_name="李梅")
        assert make_birth(session, mother_name="李玫", born_on=BORN_ON - timedelta(days=days)).possible_duplicate == is_duplicate


@pytest.mark.parametrize(("days", "is_registered"), [(300, True), (301, False)])
def test_a_registration_within_three_hundred_days_before_belongs_to_the_birth(working, days, is_registered):
    with working() as session:
        told = {"registration_type": "1", "registered_on": BORN_ON - timedelta(days=days), "woman_id_no": NUMBER, "woman_name": "李梅"}
        make_registration(session, status=Status.submitted, **told)
        assert make_birth(session, mother_id_no=NUMBER).is_registered == is_registered


@pytest.mark.parametrize(("after", "is_registered"), [(0, True), (-1, False)])
def test_a_registration_after_the_birth_begins_on_its_day(working, after, is_registered):
    with working() as session:
        told = {"registration_type": "2", "registered_on": BORN_ON + timedelta(days=after), "woman_id_no": NUMBER, "woman_name": "李梅"}
        make_registration(session, status=Status.submitted, child_order=1, **told)
        assert make_birth(session, mother_id_no=NUMBER).is_registered == is_registered


def test_the_office_where_she_lives_answers_before_the_one_that_registered_her_and_that_before_one_that_serves_her(working):
    with working() as session:
        person = make_person(session, office=A1, name="李梅")
        home = person.offices[0]
        also_seen_by(session, person, A2, OfficeKind.registered)
        also_seen_by(session, person, A1, OfficeKind.serving)
        assert snapshots.office_of(session, person.id).path == home.scope_path
        home.valid_to = clock.today()
        session.flush()
        registered = snapshots.office_of(session, person.id)
        assert registered.path != home.scope_path
        next(link for link in session.get_one(Person, person.id).offices if link.kind is OfficeKind.registered).valid_to = clock.today()
        session.flush()
        assert snapshots.office_of(session, person.id).path == home.scope_path


def test_a_click_on_one_row_says_nothing_about_another(working):
    with working() as session:
        first, second = (make_birth(session, mother_name=name, status=Status.submitted) for name in ("李梅", "王芳"))
        token = str(uuid7())
        rules.approve(first, user(session, "supervisor"), clock.today(), token=token)
        session.flush()
        assert workflow.already_done(session, first.uid, token)
        assert not workflow.already_done(session, second.uid, token)


def test_another_father_is_looked_up_anew(working):
    with working() as session:
        number = id_number_for(MOTHER_BORN, "1", 641)
        birth = make_birth(session, father_name="王强", father_id_no=number, father_region=regions.by_code(session, A1))
        before, clerk = birth.father_id, user(session, "clerk")
        birth.father_name, birth.father_id_no = "张伟", id_number_for(MOTHER_BORN, "1", 642)
        rules.save(birth, clerk, clock.today())
        session.flush()
        assert birth.father_id != before
        uid = birth.uid
    with working() as session:
        assert scope.get(Birth, uid).father_name == "张伟"


def test_a_protected_father_of_another_office_stays_a_snapshot_wherever_he_is_said_to_live(working):
    number = id_number_for(MOTHER_BORN, "1", 643)
    with working() as session:
        make_person(session, office=B1, name="王强", id_no=number, birth_date=MOTHER_BORN, sex="1", is_protected=True)
    with working(A) as session:
        assert make_birth(session, father_name="王强", father_id_no=number, father_region=regions.by_code(session, A1)).father_id is None


def test_a_number_of_a_protected_person_of_another_office_is_no_childs(working):
    number = id_number_for(BORN_ON, "2", 644)
    with working() as session:
        make_person(session, office=B1, name="李小花", id_no=number, birth_date=BORN_ON, is_protected=True)
    with working(A) as session:
        birth = make_birth(session, child_name="李小花", child_id_no=number, status=Status.submitted)
        with pytest.raises(RuleViolation, match="may exist at another office"):
            rules.approve(birth, user(session, "supervisor"), clock.today(), token=str(uuid7()))
        session.rollback()
