"""What the rules compare a move with lies in the writer's own offices; what lies elsewhere is neither told nor written."""

from sqlalchemy import update

from app.core import clock, regions, scope
from app.core.scope import elevated
from app.ledgers.moves import rules, sheet, transfer_rules
from app.ledgers.moves.models import BOTH, MOVED_IN, REGISTRATION, RESIDENCE, MoveEvent
from app.ledgers.people.models import Person
from tests.cast import B1, C1, A, C
from tests.factories.births import user
from tests.factories.moves import MOVED_ON, make_move, make_transfer, seen_at
from tests.factories.people import also_seen_by, make_person


def test_a_workbook_knows_the_moves_of_ones_own_offices_only(working, his):
    key = sheet.key({"person_id_no": his, "person_name": "王强", "kind": MOVED_IN, "what": BOTH, "happened_on": MOVED_ON})
    with working(A) as session:
        make_move(session, person_id_no=his)
        session.flush()
        assert set(sheet.on_file(session, {key})) == {key}
    with working() as session:
        path, table = regions.by_code(session, B1).path, MoveEvent.__table__
        with elevated("test"):
            session.connection().execute(update(table).where(table.c.person_name == "王强").values(scope_path=path))
    with working(A) as session:
        assert sheet.on_file(session, {key}) == {}


def test_an_office_that_has_nothing_to_do_with_a_transfer_is_not_told_of_it(working, his):
    with working() as session:
        person = make_person(session, id_no=his)
        also_seen_by(session, person, C1)
        uid = person.uid
    with working(A) as session:
        make_transfer(session, scope.get(Person, uid), what=RESIDENCE)
    with working(A) as session:
        assert transfer_rules.open_of(session, scope.get(Person, uid)) is not None
    with working(C) as session:
        assert transfer_rules.open_of(session, scope.get(Person, uid)) is None


def test_the_link_of_another_office_keeps_its_reason_when_a_draft_is_saved_again(working, his):
    with working(A) as session:
        uid = make_move(session, person_id_no=his).uid
    with working() as session:
        also_seen_by(session, session.get_one(Person, scope.get(MoveEvent, uid).person_id), B1, "serving")
    with working(A) as session:
        move = scope.get(MoveEvent, uid)
        move.what = REGISTRATION
        rules.save(move, user(session, "clerk"), clock.today())
    with working() as session:
        move = scope.get(MoveEvent, uid)
        assert {why for why, _place in seen_at(session, move.person_id)} == {"registered", "serving"}
