"""A picker of rows offers and takes rows of one's own scope, and nothing else."""

import pytest
from wtforms import Form

from app.core import regions
from app.core.audit import acting
from app.core.fields import RegionField, RemoteSelectField
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.ledgers.people.models import Person
from tests.cast import A1, B1, B
from tests.conftest import EVERYWHERE
from tests.factories.people import make_person


class PickerForm(Form):
    """A form with both kinds of picker."""

    person = RemoteSelectField("", model=Person, search="name")
    place = RegionField("")


@pytest.fixture
def two_towns(app):
    """(identity of our person, identity of theirs, path of their town)."""
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        ours, theirs = make_person(session, office=A1, name="张同名"), make_person(session, office=B1, name="张同名")
        session.flush()
        return str(ours.uid), str(theirs.uid), regions.by_code(session, B).path


def test_picker_offers_only_own_rows(app, two_towns):
    ours, theirs, path = two_towns
    with app.app_context(), looking_as(Scope.of([path])):
        assert [str(p.uid) for p in PickerForm().person.options("张")] == [theirs]
    assert ours != theirs


def test_picker_takes_only_own_rows(app, two_towns):
    ours, theirs, path = two_towns
    with app.test_request_context(), looking_as(Scope.of([path])):
        field = PickerForm().person
        assert field.lookup(ours) is None
        assert str(field.lookup(theirs).uid) == theirs
        assert field.lookup("no identity") is None


def test_place_picker_takes_only_own_places(app, two_towns):
    with app.app_context(), looking_as(Scope.of([two_towns[2]])):
        field = PickerForm().place
        foreign, own = regions.by_code(db.session(), A1), regions.by_code(db.session(), B1)
        assert field.lookup(str(foreign.uid)) is None
        assert field.lookup(str(own.uid)) is own
        assert {r.path[:16] for r in field.options("村")} == {two_towns[2]}


def test_place_is_found_by_its_code(app, two_towns):
    with app.app_context(), looking_as(Scope.of([two_towns[2]])):
        assert [r.name for r in PickerForm().place.options(B1)] == [regions.by_code(db.session(), B1).name]
