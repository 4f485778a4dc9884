"""Deaths: who is found or filed, what is refused, what a death ends, and what voiding and correcting take back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.core import changes, clock, periods, regions, scope
from app.core.changes import ChangeRequest
from app.core.crypto import sealed_row, uuid7
from app.core.errors import RuleViolation
from app.core.workflow import Status
from app.ledgers.families import death_rules, standing
from app.ledgers.families.models import AGAIN, DIVORCE, FIRST, WIDOWED, WIDOWHOOD, Death, Marriage
from app.ledgers.people.models import IdentityRequest, OfficeKind, Person, PersonOffice
from tests.cast import A1, A2, B1, A, B
from tests.factories.births import make_birth
from tests.factories.families import (
    DIED_ON,
    HUSBAND_BORN,
    MARRIED_ON,
    WIFE_BORN,
    correct,
    do,
    her_number,
    his_number,
    make_death,
    make_marriage,
    the_same,
    user,
)
from tests.factories.people import also_seen_by, make_person

TODAY = clock.today()
HERS, HIS = her_number(), his_number()
THEIRS = {"town": B1, "maker": "neighbour", "decider": "neighbour_supervisor"}
SENTENCE = "Approved records say otherwise"


def codes(refused):
    return {problem.code for problem in refused.value.problems}


def refused_by(working, **fields):
    """The codes of what is wrong with a death that has these fields."""
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        make_death(session, **fields)
    return codes(refused)


def husband(session, **more):
    """He, on file at A1."""
    told = {"office": A1, "name": "王强", "id_no": HIS, "sex": "1", "birth_date": HUSBAND_BORN}
    return make_person(session, **told | more)


def marriages(session):
    """(first day, last day, how it ended) of every marriage on file."""
    return sorted(session.execute(select(Marriage.began_on, Marriage.ended_on, Marriage.ending)).tuples(), key=str)


def died_on(session, person_id):
    """The day of death on a file."""
    return session.scalars(scope.query(Person).where(Person.id == person_id)).one().died_on


def approving(session, row):
    """What approving is answered with."""
    with pytest.raises(RuleViolation) as found:
        do(row, "approve", user(session, "supervisor"))
    return str(found.value)


# entering


def test_the_number_fills_birth_date_and_sex(working):
    with working(A) as session:
        death = make_death(session, person_id_no=HIS)
        assert (death.person_birth_date, death.person_sex, death.reported_on) == (HUSBAND_BORN, "1", TODAY)


def test_who_is_on_file_is_found_and_their_office_answers(working):
    with working(A) as session:
        person = husband(session, office=A2)
        death = make_death(session, person_id_no=HIS, person_region=None)
        assert (death.person_id, death.scope_path) == (person.id, regions.by_code(session, A2).path)


def test_who_is_not_on_file_is_filed_where_they_lived(working):
    with working(A) as session:
        death = make_death(session)
        assert session.get(Person, death.person_id).died_on is None
    assert refused_by(working, person_region=None) == {"place"}


def test_who_is_filed_elsewhere_is_refused_and_that_office_is_asked(working):
    with working() as session:
        husband(session, office=B1)
    assert refused_by(working, person_id_no=HIS) == {"elsewhere"}
    with working() as session:
        assert session.scalars(scope.query(IdentityRequest)).one().scope_path == regions.by_code(session, B1).path


def test_without_a_number_name_and_birth_date_find_the_one_file(working):
    told = {"person_id_no": None, "person_birth_date": date(1950, 1, 1), "person_sex": "1"}
    with working(A) as session:
        person = make_person(session, office=A2, name="王强", id_no=None, sex="1", birth_date=date(1950, 1, 1))
        assert make_death(session, **told).person_id == person.id
    with working(A) as session:
        make_person(session, office=A1, name="王刚", id_no=None, sex="1", birth_date=date(1950, 1, 1))
        make_person(session, office=A2, name="王刚", id_no=None, sex="1", birth_date=date(1950, 1, 1))
        known = {person.id for person in session.scalars(select(Person))}
        assert make_death(session, person_name="王刚", **told).person_id not in known


def test_nobody_is_found_by_name_at_another_office(working):
    with working() as session:
        theirs = make_person(session, office=B1, name="王强", id_no=None, sex="1", birth_date=date(1950, 1, 1)).id
    with working(A) as session:
        assert make_death(session, person_id_no=None, person_birth_date=date(1950, 1, 1), person_sex="1").person_id != theirs


@pytest.mark.parametrize("more", [{"is_protected": True}, {"closed_on": TODAY}])
def test_who_is_protected_or_closed_is_not_found_by_name(working, more):
    with working(A) as session:
        person = make_person(session, office=A1, name="王强", id_no=None, sex="1", birth_date=date(1950, 1, 1), **more)
        assert make_death(session, person_id_no=None, person_birth_date=date(1950, 1, 1), person_sex="1").person_id != person.id


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"person_name": ""}, "missing"),
        ({"died_on": None}, "missing"),
        ({"person_id_no": None}, "sex_missing"),
        ({"died_on": TODAY + timedelta(days=1)}, "death_future"),
        ({"died_on": date(1, 1, 1)}, "date_old"),
        ({"died_on": HUSBAND_BORN - timedelta(days=1)}, "death_before_birth"),
        ({"reported_on": DIED_ON - timedelta(days=1)}, "reported_on"),
        ({"reported_on": TODAY + timedelta(days=1)}, "reported_on"),
    ],
)
def test_what_cannot_be_is_refused(working, fields, code):
    assert code in refused_by(working, **fields)


def test_who_was_born_today_may_have_died_today(working):
    with working(A) as session:
        told = {"person_id_no": None, "person_birth_date": TODAY, "person_sex": "1", "died_on": TODAY}
        assert make_death(session, **told, status=Status.approved).status == Status.approved


def test_a_birth_date_on_the_file_counts_too(working):
    with working(A) as session:
        husband(session, id_no=None)
        make_person(session, office=A1, name="赵刚", id_no="E1234567", sex="1", birth_date=date(2025, 6, 1))
    assert refused_by(working, person_name="赵刚", person_id_type="2", person_id_no="E1234567", person_sex="1") == {"death_before_birth"}


def test_another_day_on_the_file_is_told(working):
    with working(A) as session:
        husband(session, died_on=DIED_ON - timedelta(days=1))
    assert refused_by(working, person_id_no=HIS) == {"file_died_on"}


def test_a_death_is_entered_once(working):
    with working(A) as session:
        make_death(session, person_id_no=HIS)
    assert refused_by(working, person_id_no=HIS) == {"twice"}
    with working(A) as session:
        do(session.scalars(scope.query(Death)).one(), "discard", user(session, "clerk"))
    with working(A) as session:
        make_death(session, person_id_no=HIS, status=Status.voided)
        make_death(session, person_id_no=HIS)


def test_a_draft_that_goes_closes_the_file_it_made(working):
    with working(A) as session:
        death = make_death(session)
        person = session.get(Person, death.person_id)
        do(death, "discard", user(session, "clerk"))
        assert person.closed_on == TODAY


def test_another_person_closes_the_file_the_draft_made(working):
    with working(A) as session:
        death = make_death(session)
        before = session.get(Person, death.person_id)
        correct(session, death, person_name="赵刚", person_id_no=HIS)
        assert (before.closed_on, session.get(Person, death.person_id).name) == (TODAY, "赵刚")


# approving


def test_an_approved_death_stands_on_the_file(working):
    with working(A) as session:
        death = make_death(session, status=Status.submitted)
        assert died_on(session, death.person_id) is None
        do(death, "approve", user(session, "supervisor"))
        session.flush()
        assert died_on(session, death.person_id) == DIED_ON
        assert (death.statistical_month, death.late) == (periods.month_of(DIED_ON), False)


def test_a_death_of_a_closed_month_is_late(working):
    with working() as session:
        periods.close(session, regions.by_code(session, A), periods.month_of(DIED_ON), user(session, "supervisor"))
    with working(A) as session:
        assert make_death(session, status=Status.approved).late


def test_the_dead_stay_on_file_at_their_offices(working):
    with working(A) as session:
        person = husband(session)
        also_seen_by(session, person, A2, "serving")
        death = make_death(session, person_id_no=HIS, status=Status.approved)
        session.flush()
        links = session.scalars(scope.query(PersonOffice).where(PersonOffice.person_id == death.person_id)).all()
        assert {link.kind for link in links if link.valid_to is None} == {OfficeKind.resident, OfficeKind.serving}


def test_a_death_ends_the_marriage(working):
    with working(A) as session:
        event = make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        death = make_death(session, person_id_no=HIS, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, DIED_ON, WIDOWED)]
        session.flush()
        told = [standing.marital_status(session, session.get(Person, n), TODAY).code for n in (event.wife_id, death.person_id)]
        assert told == [WIDOWED, FIRST]


def test_a_widow_may_marry_again(working):
    with working(A) as session:
        event = make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        make_death(session, person_id_no=HIS, status=Status.approved)
        session.flush()
        told = the_same(event) | {"husband_name": "张伟", "husband_id_no": None}
        assert make_marriage(session, **told, happened_on=TODAY, wife_marital=AGAIN, status=Status.approved).status == Status.approved


def test_a_death_ends_a_marriage_that_another_office_entered(working):
    with working() as session:
        husband(session, office=B1)
    with working(A) as session:
        make_marriage(session, husband_id_no=HIS, status=Status.approved)
    with working(B) as session:
        make_death(session, person_id_no=HIS, person_region=None, status=Status.approved, **THEIRS)
    with working() as session:
        assert marriages(session) == [(MARRIED_ON, DIED_ON, WIDOWED)]


def test_widowhood_entered_beside_the_death_is_no_contradiction(working):
    with working(A) as session:
        event = make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        make_death(session, person_id_no=HIS, status=Status.approved)
        session.flush()
        make_marriage(session, **the_same(event), kind=WIDOWHOOD, happened_on=DIED_ON, status=Status.approved)
        assert marriages(session) == [(MARRIED_ON, DIED_ON, WIDOWED)]


def test_nobody_dies_before_an_approved_divorce(working):
    with working(A) as session:
        event = make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        make_marriage(session, **the_same(event), kind=DIVORCE, happened_on=TODAY, status=Status.approved)
        death = make_death(session, person_id_no=HIS, status=Status.submitted)
        assert SENTENCE in approving(session, death)
    with working(A) as session:
        assert session.scalars(select(Death)).one().status == Status.submitted


@pytest.mark.parametrize(("born_on", "fine"), [(DIED_ON, True), (DIED_ON + timedelta(days=1), False)])
def test_no_mother_dies_before_an_approved_birth(working, born_on, fine):
    with working(A) as session:
        make_birth(session, mother_id_no=HERS, born_on=born_on, status=Status.approved)
        death = make_death(session, person_name="李梅", person_id_no=HERS, status=Status.submitted)
        if fine:
            do(death, "approve", user(session, "supervisor"))
        else:
            assert SENTENCE in approving(session, death)


def test_a_death_approved_at_another_office_is_not_approved_again(working):
    with working() as session:
        also_seen_by(session, husband(session), B1)
    with working(A) as session:
        make_death(session, person_id_no=HIS, person_region=None, status=Status.approved)
    with working(B) as session:
        death = make_death(session, person_id_no=HIS, person_region=None, status=Status.submitted, **THEIRS)
        with pytest.raises(RuleViolation, match=SENTENCE):
            do(death, "approve", user(session, "neighbour_supervisor"))


def test_the_day_on_a_file_that_moved_away_is_not_written(working):
    with working() as session:
        person = husband(session)
        death = make_death(session, person_id_no=HIS, status=Status.submitted)
        session.flush()
        for link in person.offices:
            link.valid_to = TODAY
        also_seen_by(session, person, B1, "resident")
        uid = death.uid
    with working(A) as session:
        assert "belongs to no place of your offices" in approving(session, scope.get(Death, uid))


def test_the_database_keeps_one_approved_death_of_a_person(working):
    with working(A) as session:
        death = make_death(session, status=Status.approved)
        session.flush()
        told = {column.key: getattr(death, column.key) for column in Death.__mapper__.columns if column.key not in ("id", "uid")}
    with pytest.raises(IntegrityError), working() as session:
        session.execute(insert(Death).execution_options(noted=True), [sealed_row(Death, **told)])


def test_nobody_approves_what_they_entered(working, two_hats):
    with working(A) as session:
        death = make_death(session, maker=two_hats, status=Status.submitted)
        with pytest.raises(RuleViolation, match="another person"):
            do(death, "approve", user(session, two_hats))
        assert died_on(session, death.person_id) is None


# voiding


def test_voiding_takes_the_day_and_the_end_of_the_marriage_back(working):
    with working(A) as session:
        make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        death = make_death(session, person_id_no=HIS, status=Status.voided)
        session.flush()
        assert died_on(session, death.person_id) is None
        assert marriages(session) == [(MARRIED_ON, None, None)]


def test_voiding_leaves_a_day_that_the_file_knew_before(working):
    with working(A) as session:
        husband(session, died_on=DIED_ON)
        death = make_death(session, person_id_no=HIS, status=Status.voided)
        session.flush()
        assert died_on(session, death.person_id) == DIED_ON


def test_a_death_on_which_a_marriage_rests_is_not_voided(working):
    with working(A) as session:
        event = make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        death = make_death(session, person_id_no=HIS, status=Status.approved)
        session.flush()
        told = the_same(event) | {"husband_name": "张伟", "husband_id_no": None}
        make_marriage(session, **told, happened_on=TODAY, wife_marital=AGAIN, status=Status.approved)
        uid = death.uid
    with pytest.raises(RuleViolation, match="voided first"), working(A) as session:
        do(scope.get(Death, uid), "void", user(session, "supervisor"))


# putting right


@pytest.fixture
def corrected(working):
    """`corrected(uid, died_on=…)` proposes these values as the clerk and applies them as the supervisor."""

    def put_right(uid, **values):
        with working(A) as session:
            told = {"explained": {}, "token": str(uuid7()), "reason": "slip of the pen", "evidence": "certificate"}
            asked = changes.propose(session, scope.get(Death, uid), values, user(session, "clerk"), **told).uid
        with working(A) as session:
            request = scope.get(ChangeRequest, asked)
            changes.apply(session, request, death_rules.change, user(session, "supervisor"), TODAY, token=str(uuid7()))

    return put_right


def test_a_corrected_day_stands_on_the_file_and_ends_the_marriage(working, corrected):
    day = DIED_ON + timedelta(days=40)
    with working(A) as session:
        make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        death = make_death(session, person_id_no=HIS, status=Status.approved)
        uid, person_id = death.uid, death.person_id
    corrected(uid, died_on=day)
    with working(A) as session:
        assert died_on(session, person_id) == day
        assert marriages(session) == [(MARRIED_ON, day, WIDOWED)]
        assert scope.get(Death, uid).statistical_month == periods.month_of(day)


def test_another_person_lets_the_first_one_live(working, corrected):
    with working(A) as session:
        make_marriage(session, husband_id_no=HIS, husband_region=regions.by_code(session, A1), status=Status.approved)
        other = make_person(session, office=A1, name="李梅", id_no=HERS, birth_date=WIFE_BORN).id
        death = make_death(session, person_id_no=HIS, status=Status.approved)
        uid, person_id = death.uid, death.person_id
    corrected(uid, person_name="李梅", person_id_no=HERS, person_sex="2", person_birth_date=WIFE_BORN)
    with working(A) as session:
        assert (died_on(session, person_id), died_on(session, other)) == (None, DIED_ON)
        assert marriages(session) == [(MARRIED_ON, None, None)]
