"""Two towns become one: the new office sees every row, and no approved row says anything else than before."""

from datetime import date

import pytest
from sqlalchemy import select

from app.accounts import history_screens
from app.core import audit, merge, params, regions
from app.core.audit import acting
from app.core.content import content_hash
from app.core.errors import RuleViolation
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person
from tests.cast import A1, B1, A, B, C
from tests.conftest import EVERYWHERE
from tests.factories.births import approve_all, bulk_births
from tests.factories.people import also_seen_by, make_person
from tests.figures import figure

NEW = "420506190"
BIRTHS = figure(500)  # in each of the two towns


@pytest.fixture
def district(app):
    """Two towns with approved births each, and a person of both."""
    with app.app_context(), looking_as(EVERYWHERE), acting("test"):
        with unit_of_work() as session:
            bulk_births(session, BIRTHS, town=A1)
            bulk_births(session, BIRTHS, town=B1)
            also_seen_by(session, make_person(session, office=A, name="两镇人"), B)
        approve_all()
    return app


def merged(app):
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        old = [regions.by_code(session, code) for code in (A, B)]
        return merge.merge(session, old, "新镇", NEW, date(2026, 11, 1)).path


def told(app, scope):
    with app.app_context(), looking_as(scope):
        return {b.uid: (b.row_hash, content_hash(b)) for b in db.session.scalars(select(Birth))}


@pytest.mark.full
def test_new_office_sees_every_row_and_no_hash_changes(district):
    before = told(district, EVERYWHERE)
    print(f"merging two towns with {len(before)} approved births")
    path = merged(district)
    after = told(district, Scope.of([path]))
    assert len(before) == 2 * BIRTHS
    assert after == before
    assert all(kept == now for kept, now in after.values())


def test_people_follow_and_are_found_once(district):
    path = merged(district)
    with district.app_context(), looking_as(Scope.of([path])):
        assert [p.name for p in db.session.scalars(select(Person).where(Person.name == "两镇人"))] == ["两镇人"]


def test_old_paths_hold_nothing_and_old_offices_are_closed(district):
    with district.app_context(), looking_as(EVERYWHERE):
        old = [regions.by_code(db.session(), code).path for code in (A, B)]
    merged(district)
    assert told(district, Scope.of(old)) == {}
    with district.app_context(), looking_as(EVERYWHERE):
        closed = [regions.by_code(db.session(), code, on=date(2026, 10, 31)) for code in (A, B)]
        assert [office.valid_to for office in closed] == [date(2026, 11, 1)] * 2
        assert [regions.by_code(db.session(), code) for code in (A, B)] == [None, None]
        assert regions.by_code(db.session(), A1).path.startswith(regions.by_code(db.session(), NEW).path)


def test_merge_is_in_the_history_of_all_three_and_the_chains_hold(district):
    merged(district)
    with district.app_context(), looking_as(EVERYWHERE):
        chains = db.session.scalars(select(audit.AuditEntry.chain).where(audit.AuditEntry.act == "merge")).all()
        assert len(set(chains)) == 3
        assert list(audit.verify(db.session())) == []


def test_the_new_office_may_keep_the_code_of_an_old_one(district):
    with district.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        old = [regions.by_code(session, code) for code in (A, B)]
        new, first = merge.merge(session, old, "新镇", A, date(2026, 11, 1)).id, old[0].id
    with district.app_context(), looking_as(EVERYWHERE):
        assert regions.by_code(db.session(), A).id == regions.by_code(db.session(), A, on=date(2026, 11, 1)).id == new
        assert regions.by_code(db.session(), A, on=date(2026, 10, 31)).id == first


def test_the_limits_of_a_town_go_with_it(app):
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        day, more = date(2026, 1, 1), {"scheme": "births", "key": "weight_min", "valid_from": date(2025, 1, 1), "doc_no": "test"}
        session.add(params.PolicyParam(region_path=regions.by_code(session, A).path, value="700", **more))
    path = merged(app)
    with app.app_context(), looking_as(EVERYWHERE):
        assert params.number(db.session(), "births", "weight_min", path, day) == 700


def test_a_file_made_before_is_told_of_in_the_new_chain_and_the_old_one_can_still_be_read(district):
    path = merged(district)
    with district.app_context(), looking_as(Scope.of([path])), acting("test"), unit_of_work() as session:
        person = session.scalars(select(Person).where(Person.name == "两镇人")).one()
        person.ethnicity, target = "01", audit.target_of(person)
    with district.app_context(), looking_as(Scope.of([path])):
        chains = db.session.scalars(select(audit.AuditEntry.chain).where(audit.AuditEntry.target == target).order_by(audit.AuditEntry.at))
        assert list(chains)[-1] == path
        names = {office.name for office in history_screens._offices()}
        assert {"龙泉镇", "鸦鹊岭镇", "新镇"} <= names


def test_offices_are_not_merged_ahead_of_the_day(app):
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), pytest.raises(RuleViolation, match="not come yet"), unit_of_work() as s:
        merge.merge(s, [regions.by_code(s, code) for code in (A, B)], "新镇", NEW, date(2099, 1, 1))


@pytest.mark.parametrize(
    ("codes", "name", "code", "message"),
    [
        ((A,), "新镇", NEW, "at least two"),
        ((A, B1), "新镇", NEW, "same level"),
        ((A, B), " ", NEW, "needs a name"),
        ((A, B), "新镇", "42050x", "code of up to twelve digits"),
        ((A, B), "新镇", C, "belongs to another"),
    ],
)
def test_merge_that_makes_no_sense_is_refused(app, codes, name, code, message):
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), pytest.raises(RuleViolation, match=message), unit_of_work() as session:
        merge.merge(session, [regions.by_code(session, c) for c in codes], name, code, date(2026, 11, 1))
