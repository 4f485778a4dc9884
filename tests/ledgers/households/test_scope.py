"""What the rules and pages of households look at lies in the viewer's own offices; a row somewhere else is not told of."""

import pytest
from sqlalchemy import update

from app.core import clock, regions, scope
from app.core.errors import RuleViolation
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.households import page, sheet
from app.ledgers.households.models import LEFT, Household, HouseholdEvent, HouseholdMember
from tests.cast import B1, A
from tests.factories.households import JOINED_ON, make_event, make_household, number_of

HERS, TODAY = number_of(), clock.today()


def answered_for_by(working, table, code, **which):
    """Give rows of a table to another office, though their household stays."""
    with working() as session, elevated("test"):
        path = regions.by_code(session, code).path
        session.connection().execute(update(table.__table__).filter_by(**which).values(scope_path=path))


@pytest.fixture
def home(working):
    """The number of a household of two."""
    with working(A) as session:
        event = make_household(session)
        make_event(session, event, person_id_no=HERS)
        return event.household.number


def test_members_of_another_office_stand_on_no_page(working, home):
    answered_for_by(working, HouseholdMember, B1, name="李梅")
    with working(A) as session:
        household = session.scalars(scope.query(Household)).one()
        members, _former = page.lines(session, household, TODAY, may_open=True)
        assert [line.member.name for line in members] == ["王强"]
        assert page.heads(session, [household], TODAY)[household.id].members == 1


def test_records_of_another_office_stand_on_no_page_and_name_nobody(working, home):
    answered_for_by(working, HouseholdEvent, B1, person_name="李梅")
    with working(A) as session:
        household = session.scalars(scope.query(Household)).one()
        assert [event.person_name for event in page.events(session, household)] == ["王强"]
        with pytest.raises(RuleViolation, match="Nobody of this name"):
            make_event(session, household_no=home, kind=LEFT, person_name="李梅", happened_on=TODAY)
        session.rollback()


def test_what_is_entered_at_another_office_is_not_told_of(working, home):
    answered_for_by(working, HouseholdEvent, B1, person_name="李梅")
    with working(A) as session:
        assert make_event(session, make_household(session), person_id_no=HERS, status=Status.draft).status is Status.draft


def test_a_workbook_knows_the_events_of_ones_own_offices_only(working, home):
    key = sheet.key({"person_id_no": HERS, "person_name": "李梅", "happened_on": JOINED_ON, "relation": "12"})
    with working(A) as session:
        assert set(sheet.on_file(session, {key})) == {key}
    answered_for_by(working, HouseholdEvent, B1, person_name="李梅")
    with working(A) as session:
        assert sheet.on_file(session, {key}) == {}
