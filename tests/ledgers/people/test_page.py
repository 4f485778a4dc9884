"""One person, one page: what every ledger holds about them, as far as the viewer may see it."""

import pytest
from sqlalchemy import select

from app.core import scope
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person
from tests.cast import B1
from tests.factories.births import MOTHER_BORN, make_birth, make_registration
from tests.factories.people import also_seen_by, id_number_for

NUMBER = id_number_for(MOTHER_BORN, "2", 655)


@pytest.fixture
def mother(working):
    """Somebody of town A with a birth and a registration there; town B knows her too."""
    with working() as session:
        birth = make_birth(session, mother_id_no=NUMBER, status=Status.approved)
        make_registration(session, woman_name="李梅", woman_id_no=NUMBER)
        person = session.scalars(select(Person).where(Person.id == birth.mother_id)).one()
        also_seen_by(session, person, B1)
        return person.uid, birth.uid


def test_the_page_of_a_person_leads_to_every_record_that_names_them(sign_in, mother):
    person, birth = mother
    page = sign_in("clerk").get(f"/people/show/{person}").text
    assert f"/births/show/{birth}" in page
    assert "Birth registrations</h2>" in page
    assert "Marriages</h2>" not in page


def test_another_office_that_knows_the_person_sees_none_of_these_records(sign_in, mother):
    person, birth = mother
    page = sign_in("neighbour").get(f"/people/show/{person}").text
    assert "李梅" in page
    assert str(birth) not in page
    assert "Births</h2>" not in page


def test_who_may_not_open_a_ledger_does_not_see_its_records_here(sign_in, mother, working, app):
    person, birth = mother
    with working():
        manager = app.appbuilder.sm
        role = manager.find_role("clerk")
        role.permissions = [p for p in role.permissions if str(p) != "can show on BirthView"]
    page = sign_in("clerk").get(f"/people/show/{person}").text
    assert str(birth) not in page
    assert "Birth registrations</h2>" in page


def test_a_child_is_reached_from_the_birth_and_leads_back(sign_in, mother, seeing):
    child = seeing(lambda s: s.scalar(select(Person.uid).where(Person.id == scope.get(Birth, mother[1]).child_id)))
    assert f"/births/show/{mother[1]}" in sign_in("clerk").get(f"/people/show/{child}").text
