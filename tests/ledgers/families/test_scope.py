"""What the rules compare an event with lies in the writer's own offices; a row somewhere else asks nothing here."""

from datetime import timedelta

from sqlalchemy import update

from app.core import clock, regions
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.families import death_sheet, sheet
from app.ledgers.families.models import AGAIN, Death, MarriageEvent
from tests.cast import A1, B1, A
from tests.factories.families import DIED_ON, HUSBAND_BORN, MARRIED_ON, her_number, his_number, make_death, make_marriage, the_same
from tests.factories.people import make_person

HERS, HIS = her_number(), his_number()


def answered_for_by(session, code):
    """Give every event and death to another office, though the people stay."""
    path = regions.by_code(session, code).path
    with elevated("test"):
        for table in (MarriageEvent.__table__, Death.__table__):
            session.connection().execute(update(table).values(scope_path=path))
    session.expire_all()


def warned(event):
    return {warning["code"] for warning in event.warnings}


def test_an_event_of_another_office_is_not_told_of_as_entered_already(working):
    with working(A) as session:
        told = the_same(make_marriage(session))
    with working() as session:
        answered_for_by(session, B1)
    with working(A) as session:
        told["wife_region"] = regions.by_code(session, A1)
        assert warned(make_marriage(session, **told)) == set()


def test_an_earlier_marriage_of_another_office_is_not_told_of(working):
    with working(A) as session:
        make_marriage(session, wife_id_no=HERS, status=Status.approved)
    with working() as session:
        answered_for_by(session, B1)
    with working(A) as session:
        assert warned(make_marriage(session, wife_id_no=HERS, husband_name="张伟", happened_on=clock.today())) == set()


def test_a_death_on_file_elsewhere_is_not_told_of(working):
    with working() as session:
        died = MARRIED_ON - timedelta(days=1)
        make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN, died_on=died)
    with working(A) as session:
        assert make_marriage(session, husband_id_no=HIS, husband_marital=AGAIN).status is Status.draft


def test_a_workbook_knows_the_events_of_ones_own_offices_only(working):
    with working(A) as session:
        event = make_marriage(session, wife_id_no=HERS, husband_id_no=HIS)
        key = sheet.key(the_same(event) | {"kind": event.kind, "happened_on": event.happened_on})
        assert set(sheet.on_file(session, {key})) == {key}
    with working() as session:
        answered_for_by(session, B1)
    with working(A) as session:
        assert sheet.on_file(session, {key}) == {}


def test_a_death_entered_at_another_office_is_not_told_of(working):
    with working(A) as session:
        make_death(session, person_id_no=HIS)
    with working() as session:
        answered_for_by(session, B1)
    with working(A) as session:
        assert make_death(session, person_id_no=HIS).status is Status.draft


def test_a_workbook_knows_the_deaths_of_ones_own_offices_only(working):
    key = death_sheet.key({"person_id_no": HIS, "person_name": "王强", "died_on": DIED_ON})
    with working(A) as session:
        make_death(session, person_id_no=HIS)
        assert set(death_sheet.on_file(session, {key})) == {key}
    with working() as session:
        answered_for_by(session, B1)
    with working(A) as session:
        assert death_sheet.on_file(session, {key}) == {}
