"""Opening and closing what lets an office see a person."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, regions
from app.core.audit import acting
from app.core.errors import RuleViolation
from app.core.scope import OutOfScope, Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.ledgers.people import offices
from app.ledgers.people.models import OfficeKind, Person, PersonOffice
from tests.cast import A2, B1, A

LATER = clock.today() + timedelta(days=1)


@pytest.fixture
def in_town_a(app):
    """Act as somebody of town A: `in_town_a(lambda session: …)`."""

    def perform(what):
        with app.app_context(), acting("test"):
            scope = Scope.of([regions.by_code(db.session(), A).path])
            with looking_as(scope), unit_of_work() as session:
                return what(session)

    return perform


def open_at(session, code):
    person = session.scalars(select(Person)).one()
    return offices.open_office(session, person, regions.by_code(session, code), OfficeKind.serving, LATER)


def close(session, on):
    offices.close_office(session, session.scalars(select(PersonOffice)).first(), on)


def test_a_second_place_of_the_own_town(filed, in_town_a, seeing):
    filed()
    in_town_a(lambda session: open_at(session, A2))
    assert "," in seeing(lambda s: s.scalars(select(Person)).one().place)


@pytest.mark.guard
def test_nobody_opens_another_office(filed, in_town_a):
    filed()
    with pytest.raises(OutOfScope):
        in_town_a(lambda session: open_at(session, B1))


def test_what_has_ended_cannot_end_again(filed, in_town_a):
    filed()
    in_town_a(lambda session: close(session, LATER))
    with pytest.raises(RuleViolation, match="ended already"):
        in_town_a(lambda session: close(session, LATER))


def test_nothing_ends_before_it_began(filed, in_town_a):
    filed()
    with pytest.raises(RuleViolation, match="before it began"):
        in_town_a(lambda session: close(session, date(2000, 1, 1)))


def test_every_reason_has_a_label(app):
    with app.test_request_context():
        assert len({offices.kind_label(kind) for kind in OfficeKind}) == len(OfficeKind)
