"""What another office knows of a person, or wants of a file, is nobody's business here."""

import pytest

from app.core import changes, clock, regions, scope
from app.core.changes import ChangeRequest
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.ledgers.people import offices, rules, search
from app.ledgers.people.models import Person
from tests.cast import A1, B1, A, B
from tests.conftest import Client
from tests.factories.births import user
from tests.factories.people import also_seen_by, make_person

BORN = "1990-01-02"


@pytest.fixture
def place(seeing):
    """`place(A1)` is the identity of the region, as the picker sends it."""
    return lambda code: str(seeing(lambda session: regions.by_code(session, code).uid))


def test_a_namesake_of_another_office_is_not_asked_about(sign_in, act, place):
    act(lambda session: make_person(session, office=B1, name="张同名", id_no=None))
    told = {"id_type": "1", "id_no": "", "name": "张同名", "sex": "2", "birth_date": BORN, "residence": place(A1)}
    clerk: Client = sign_in("clerk")
    assert clerk.send("/people/add", **told).status_code == 302


@pytest.fixture
def asked(working):
    """(uid of a person whom towns A and B see, uid of a proposal of town A about the file)."""
    with working() as session:
        person = make_person(session, office=A1, name="李梅")
        also_seen_by(session, person, B1)
        told = {"reason": "slip", "evidence": "paper", "explained": {}, "token": str(uuid7())}
        return person.uid, changes.propose(session, person, {"name": "李玫"}, user(session, "clerk"), **told).uid


def test_what_another_office_proposes_is_not_told(working, asked):
    with working(A) as session:
        assert changes.open_request(session, scope.get(Person, asked[0])).uid == asked[1]
    with working(B) as session:
        person = scope.get(Person, asked[0])
        assert (changes.open_request(session, person), changes.requests_of(session, person)) == (None, [])


def test_nobody_decides_about_a_file_that_left_their_offices(working, asked):
    with working() as session:
        person, path = scope.get(Person, asked[0]), regions.by_code(session, A1).path
        offices.close_office(session, next(link for link in person.offices if link.scope_path == path), clock.today())
    with working(A) as session:
        request, supervisor = scope.get(ChangeRequest, asked[1]), user(session, "supervisor")
        with pytest.raises(RuleViolation, match="none of your offices any more"):
            changes.apply(session, request, rules.change, supervisor, clock.today(), token=str(uuid7()), reason="")
        with pytest.raises(RuleViolation, match="none of your offices any more"):
            changes.refuse(session, request, supervisor, token=str(uuid7()), reason="no")


def test_a_phone_finds_the_people_of_ones_own_offices(working):
    """By it a list of births finds rows, and the phone of a file of another office is not theirs to try."""
    with working() as session:
        mine, _foreign = (make_person(session, office=town, phone="13812345678").id for town in (A1, B1))
    with working(A) as session:
        assert session.scalars(search._reached("13812345678")).all() == [mine]
