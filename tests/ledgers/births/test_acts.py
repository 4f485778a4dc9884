"""What happens to a birth after it was entered: approved by a second person, late or in time, voided."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core import audit, clock, periods, regions, scope, workflow
from app.core.content import content_hash
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.workflow import RowAuthor, Status, WorkflowStep
from app.ledgers.births import registration_rules
from app.ledgers.births.models import Birth, BirthRegistration, Delivery
from app.ledgers.people import snapshots
from app.ledgers.people.models import Person, PersonOffice
from tests.cast import A1, B1, A, B
from tests.factories.births import BORN_ON, MOTHER_BORN, correct, do, make_birth, make_registration, user
from tests.factories.people import id_number_for, make_person

CHILD = {"child_name": "王小梅", "child_id_no": id_number_for(BORN_ON, "2", 920)}
NUMBER = id_number_for(MOTHER_BORN, "2", 921)
BIRTH_MONTH = periods.month_of(BORN_ON)


def child_of(session, birth):
    """The child's file, where it can be seen."""
    return session.scalars(scope.query(Person).where(Person.id == birth.child_id)).one_or_none()


def offices_of(session, birth):
    """The open offices of the child."""
    return session.scalars(scope.query(PersonOffice).where(PersonOffice.person_id == birth.child_id, PersonOffice.valid_to.is_(None))).all()


# approving


def test_an_approved_birth_counts_in_the_month_of_birth(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.approved)
        assert (birth.statistical_month, birth.late) == (BIRTH_MONTH, False)


def test_a_birth_of_a_closed_month_is_late_and_counts_in_the_open_one(working):
    with working() as session:
        periods.close(session, regions.by_code(session, A), BIRTH_MONTH, user(session, "supervisor"))
    with working(A) as session:
        birth = make_birth(session, town=A1, status=Status.approved)
        assert (birth.statistical_month, birth.late) == (periods.month_of(clock.today()), True)


def test_the_closed_month_of_another_town_does_not_matter(working):
    with working() as session:
        periods.close(session, regions.by_code(session, B), BIRTH_MONTH, user(session, "supervisor"))
        assert not make_birth(session, town=A1, status=Status.approved).late


def test_the_child_gets_a_file_at_the_office_of_the_birth(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.approved, **CHILD)
        child = child_of(session, birth)
        assert (child.name, child.sex, child.birth_date, child.id_no.reveal()) == ("王小梅", "2", BORN_ON, CHILD["child_id_no"])
        assert [(link.region_id, link.valid_from) for link in offices_of(session, birth)] == [(birth.region_id, BORN_ON)]


@pytest.mark.parametrize(("sex", "name"), [("1", "李梅之子"), ("2", "李梅之女"), ("9", "李梅之婴")])
def test_a_child_without_a_name_is_called_after_the_mother(working, sex, name):
    with working(A) as session:
        assert child_of(session, make_birth(session, sex=sex, status=Status.approved)).name == name


def test_a_child_who_died_has_a_file_that_says_so(working):
    with working(A) as session:
        birth = make_birth(session, child_died_on=BORN_ON, status=Status.approved)
        assert child_of(session, birth).died_on == BORN_ON


def test_a_child_on_file_elsewhere_is_linked(working):
    with working() as session:
        child = make_person(session, office=B1, name="王小梅", id_no=CHILD["child_id_no"], birth_date=BORN_ON).id
    with working(A) as session:
        assert make_birth(session, status=Status.approved, **CHILD).child_id == child


def test_the_approved_row_carries_the_hash_of_its_content(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.approved, **CHILD)
        session.flush()
        assert birth.row_hash == content_hash(birth)


def test_nobody_approves_what_they_entered(working, two_hats):
    with working(A) as session:
        birth = make_birth(session, maker=two_hats, status=Status.submitted)
        with pytest.raises(RuleViolation) as refused:
            do(birth, "approve", user(session, two_hats))
        assert refused.value.problems[0].code == "cannot_approve"
        assert birth.child_id is None


def test_nobody_approves_what_they_edited(working, two_hats):
    with working(A) as session:
        birth = make_birth(session, status=Status.returned)
        workflow.edited(birth, user(session, two_hats))
        do(birth, "submit", user(session, "clerk"))
        workflow.edited(birth, user(session, "clerk"))
        with pytest.raises(RuleViolation) as refused:
            do(birth, "approve", user(session, two_hats))
        assert refused.value.problems[0].code == "cannot_approve"


def test_the_database_refuses_an_approval_by_an_author(working, two_hats):
    with working(A) as session:
        birth = make_birth(session, status=Status.submitted)
        workflow.edited(birth, user(session, two_hats))
        workflow.edited(birth, user(session, "clerk"))
        uid, author = birth.uid, user(session, two_hats).id
    approve = "UPDATE birth SET status = 'approved', approved_by_id = :by, row_hash = 'x', statistical_month = '2026-03'"
    with pytest.raises(DBAPIError, match="nobody approves"), working() as session, scope.elevated("test"):
        session.connection().execute(text(approve), {"by": author})
    with working() as session:
        assert scope.get(Birth, uid).status == Status.submitted


def test_the_database_refuses_to_delete_an_approved_birth(working):
    with working() as session:
        make_birth(session, status=Status.approved)
    with pytest.raises(DBAPIError, match="never deleted"), working() as session, scope.elevated("test"):
        session.connection().execute(text("DELETE FROM birth"))


def test_a_repeated_click_is_one_step(working):
    with working(A) as session:
        birth, token = make_birth(session, status=Status.submitted), str(uuid7())
        do(birth, "approve", user(session, "supervisor"), token=token)
        session.flush()
        assert workflow.already_done(session, birth.uid, token)
        assert [step.act for step in workflow.steps_of(birth)] == ["submit", "approve"]


# flags that stop an approval


def test_a_possible_duplicate_waits_for_a_decision(working):
    with working(A) as session:
        make_birth(session, mother_id_no=NUMBER)
        birth = make_birth(session, mother_id_no=NUMBER, status=Status.submitted)
        supervisor = user(session, "supervisor")
        with pytest.raises(RuleViolation, match="possible duplicate"):
            do(birth, "approve", supervisor)
        with pytest.raises(RuleViolation, match="reason"):
            do(birth, "not_duplicate", supervisor, reason=" ")
        do(birth, "not_duplicate", supervisor, reason="two children, one of them adopted out")
        do(birth, "approve", supervisor)
        assert (birth.status, birth.possible_duplicate) == (Status.approved, False)


def test_who_entered_it_does_not_decide_that_it_is_no_duplicate(working, two_hats):
    with working(A) as session:
        make_birth(session, mother_id_no=NUMBER)
        birth = make_birth(session, mother_id_no=NUMBER, maker=two_hats, status=Status.submitted)
        with pytest.raises(RuleViolation, match="another person"):
            do(birth, "not_duplicate", user(session, two_hats))


def test_where_nothing_is_flagged_there_is_nothing_to_decide(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.submitted)
        with pytest.raises(RuleViolation, match="nothing to decide"):
            do(birth, "not_duplicate", user(session, "supervisor"))
        assert "not_duplicate" not in workflow.allowed(birth, user(session, "supervisor"))


def test_a_birth_on_hold_is_not_approved_until_the_hold_ends(working):
    with working(A) as session:
        birth, supervisor = make_birth(session, status=Status.submitted), user(session, "supervisor")
        do(birth, "hold", supervisor)
        assert "release" in workflow.allowed(birth, supervisor)
        with pytest.raises(RuleViolation, match="on hold"):
            do(birth, "approve", supervisor)
        do(birth, "release", supervisor)
        do(birth, "approve", supervisor)
        assert birth.status == Status.approved


@pytest.mark.parametrize("act", ["hold", "release"])
def test_nobody_decides_about_a_hold_of_what_they_entered(working, two_hats, act):
    with working(A) as session:
        birth, author = make_birth(session, maker=two_hats, status=Status.submitted), user(session, two_hats)
        if act == "release":
            do(birth, "hold", user(session, "supervisor"))
        assert act not in workflow.allowed(birth, author)
        with pytest.raises(RuleViolation, match="another person"):
            do(birth, act, author)


# voiding


def test_voiding_closes_the_file_it_made(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.approved, **CHILD)
        child = child_of(session, birth)
        do(birth, "void", user(session, "supervisor"))
        session.flush()
        assert child.closed_on == clock.today()
        assert offices_of(session, birth) == []


def test_voiding_keeps_a_child_another_birth_names(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.approved, **CHILD)
        twice = make_birth(session, status=Status.submitted, mother_name="赵兰", **CHILD)
        do(twice, "not_duplicate", user(session, "supervisor"))
        do(twice, "approve", user(session, "supervisor"))
        do(twice, "void", user(session, "supervisor"))
        session.flush()
        assert twice.child_id == birth.child_id
        assert child_of(session, birth).closed_on is None


def test_a_birth_entered_again_opens_the_file_again(working):
    with working() as session:
        voided = make_birth(session, status=Status.voided, mother_id_no=NUMBER, **CHILD)
        before = voided.child_id
        session.flush()
        assert offices_of(session, voided) == []
    with working(A) as session:
        again = make_birth(session, status=Status.approved, mother_id_no=NUMBER, **CHILD)
        child = child_of(session, again)
        assert (child.id, child.closed_on) == (before, None)


def test_voiding_needs_a_reason(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.approved)
        with pytest.raises(RuleViolation, match="reason"):
            do(birth, "void", user(session, "supervisor"), reason="")


# the registration of a birth


def linked(session, **fields):
    """Whether a birth is linked with a registration of its mother that has these fields."""
    registration = make_registration(session, **{"woman_id_no": NUMBER, "status": Status.submitted} | fields)
    birth = make_birth(session, mother_id_no=NUMBER)
    return birth.registration_id == registration.id


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"status": Status.approved}, True),
        ({"status": Status.draft}, False),
        ({"status": Status.returned}, False),
        ({"status": Status.voided}, False),
        ({"town": B1}, True),
        ({"registered_on": BORN_ON.replace(year=2025)}, False),
        ({"registration_type": "2", "registered_on": BORN_ON.replace(month=9)}, True),
        ({"registration_type": "2", "registered_on": BORN_ON.replace(month=9), "child_order": 2}, False),
        ({"woman_id_no": id_number_for(MOTHER_BORN, "2", 922)}, False),
    ],
)
def test_the_registration_of_the_mother_is_found(working, fields, expected):
    with working() as session:
        assert linked(session, **fields) is expected


def test_a_registration_serves_one_delivery(working):
    with working() as session:
        assert linked(session)
        later = make_birth(session, mother_id_no=NUMBER, mother_region=None, child_order=2, born_on=BORN_ON.replace(month=10))
        assert later.registration_id is None
        assert not later.is_registered


def test_twins_share_their_registration(working):
    with working() as session:
        make_registration(session, woman_id_no=NUMBER, status=Status.approved)
        first = make_birth(session, mother_id_no=NUMBER, plurality=2)
        second = make_birth(session, mother_id_no=NUMBER, plurality=2, plural_seq=2, child_order=2)
        assert first.registration_id == second.registration_id is not None


def test_a_registration_made_between_entry_and_approval_is_found(working):
    with working() as session:
        birth = make_birth(session, mother_id_no=NUMBER, status=Status.submitted)
        make_registration(session, woman_id_no=NUMBER, status=Status.submitted)
        do(birth, "approve", user(session, "supervisor"))
        assert birth.is_registered


def test_every_step_is_kept(working):
    with working(A) as session:
        make_birth(session, status=Status.voided)
        session.flush()
        assert list(session.scalars(select(WorkflowStep.act).order_by(WorkflowStep.id))) == ["submit", "approve", "void"]


# a draft that should not have been entered


@pytest.mark.parametrize("status", [Status.draft, Status.returned])
def test_a_draft_goes_and_its_history_stays(working, status):
    with working(A) as session:
        birth = make_birth(session, status=status, birth_cert_no="A123456789")
        uid, target, delivery = birth.uid, audit.target_of(birth), birth.delivery_id
        do(birth, "discard", user(session, "clerk"), reason="entered twice")
    with working(A) as session:
        assert scope.get(Birth, uid) is None
        assert session.get(Delivery, delivery) is None
        assert session.scalars(select(RowAuthor).where(RowAuthor.owner_uid == uid)).all() == []
        last = session.scalars(select(WorkflowStep).where(WorkflowStep.owner_uid == uid).order_by(WorkflowStep.id.desc())).first()
        assert (last.act, last.comment) == ("discard", "entered twice")
        assert "delete" in session.scalars(select(audit.AuditEntry.act).where(audit.AuditEntry.target == target)).all()
        make_birth(session, birth_cert_no="A123456789")


def test_a_draft_that_goes_leaves_its_twin_incomplete(working):
    with working(A) as session:
        twins = [make_birth(session, mother_id_no=NUMBER, plurality=2, plural_seq=n, child_order=n) for n in (1, 2)]
        assert [twin.incomplete for twin in twins] == [False, False]
        do(twins[1], "discard", user(session, "clerk"))
        session.flush()
        assert twins[0].incomplete
        assert twins[0].delivery.plurality == 2


def test_files_that_only_the_draft_made_are_closed_and_others_stay(working):
    with working(A) as session:
        known = make_person(session, office=A1, name="李梅", id_no=NUMBER, birth_date=MOTHER_BORN)
        father = {
            "father_name": "王强",
            "father_id_no": id_number_for(date(1993, 2, 3), "1", 74),
            "father_region": regions.by_code(session, A1),
        }
        births = [make_birth(session, mother_id_no=NUMBER, **father), make_birth(session, born_on=date(2025, 3, 5))]
        made = [snapshots.on_file(session, number) for number in (births[0].father_id, births[1].mother_id)]
        for birth in births:
            do(birth, "discard", user(session, "clerk"))
        session.flush()
        assert [person.closed_on is not None for person in made] == [True, True]
        assert known.closed_on is None


def test_a_file_that_was_closed_with_a_draft_opens_with_the_next_row_that_names_the_person(working):
    with working(A) as session:
        first = make_birth(session, mother_id_no=NUMBER)
        mother = first.mother_id
        do(first, "discard", user(session, "clerk"))
    with working(A) as session:
        assert make_birth(session, mother_id_no=NUMBER).mother_id == mother
        assert snapshots.on_file(session, mother).closed_on is None


def test_a_file_that_was_there_before_outlives_the_birth(working):
    with working(A) as session:
        child = make_person(session, office=A1, name="王小梅", id_no=CHILD["child_id_no"], birth_date=BORN_ON)
        birth = make_birth(session, status=Status.approved, **CHILD)
        assert birth.child_id == child.id
        do(birth, "void", user(session, "supervisor"))
        session.flush()
        assert child.closed_on is None


def test_a_mother_whose_number_was_corrected_leaves_no_second_file(working):
    right = id_number_for(MOTHER_BORN, "2", 75)
    with working(A) as session:
        birth = make_birth(session, mother_id_no=NUMBER)
        mother = birth.mother_id
        correct(session, birth, mother_id_no=right)
        assert birth.mother_id == mother
        assert snapshots.on_file(session, mother).id_no.reveal() == right


# twins of whom one is approved


@pytest.fixture
def half_approved(working):
    """The second of two twins, of whom the first is approved."""
    with working(A) as session:
        twins = [make_birth(session, mother_id_no=NUMBER, plurality=2, plural_seq=n, child_order=n) for n in (1, 2)]
        do(twins[0], "submit", user(session, "clerk"))
        do(twins[0], "approve", user(session, "supervisor"))
        return twins[1].uid


@pytest.mark.parametrize("change", [{"plurality": 1, "plural_seq": 1}, {"plurality": 3}, {"live_count": 1}])
def test_a_twin_of_an_approved_child_counts_no_other_way(working, half_approved, change):
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        correct(session, scope.get(Birth, half_approved), **change)
    assert refused.value.problems[0].code == "V16_approved"


def test_a_twin_of_an_approved_child_is_not_deleted(working, half_approved):
    with pytest.raises(RuleViolation, match="twin of this child is approved"), working(A) as session:
        do(scope.get(Birth, half_approved), "discard", user(session, "clerk"))


@pytest.mark.parametrize("status", [Status.submitted, Status.approved, Status.voided])
def test_what_somebody_decides_or_decided_about_does_not_go(working, status):
    with working(A) as session:
        birth = make_birth(session, status=status)
        with pytest.raises(RuleViolation, match="cannot be done now"):
            do(birth, "discard", user(session, "clerk"))


def test_another_clerk_does_not_take_a_draft_away(working):
    with working(A) as session:
        birth = make_birth(session)
        with pytest.raises(RuleViolation, match="Only the person who made"):
            do(birth, "discard", user(session, "colleague"))


def test_a_registration_that_a_birth_tells_of_does_not_go(working):
    with working(A) as session:
        registration = make_registration(session, woman_id_no=NUMBER, status=Status.submitted)
        birth = make_birth(session, mother_id_no=NUMBER)
        assert birth.registration_id == registration.id
        do(registration, "return", user(session, "supervisor"), registration_rules)
        with pytest.raises(RuleViolation, match="A birth belongs to this registration"):
            do(registration, "discard", user(session, "clerk"), registration_rules)
        do(birth, "discard", user(session, "clerk"))
        session.flush()
        do(registration, "discard", user(session, "clerk"), registration_rules)
    with working(A) as session:
        assert session.scalars(scope.query(BirthRegistration)).all() == []


# a mother who was a child herself


def test_a_date_that_was_corrected_does_not_protect_her_any_more(working):
    young, grown = id_number_for(date(2013, 1, 1), "2", 71), id_number_for(date(1993, 1, 1), "2", 72)
    with working(A) as session:
        birth = make_birth(session, mother_id_no=young)
        mother = snapshots.on_file(session, birth.mother_id)
        assert mother.is_protected
        correct(session, birth, mother_id_no=grown, mother_birth_date=date(1993, 1, 1))
        assert not snapshots.on_file(session, birth.mother_id).is_protected


def test_a_birth_date_that_was_corrected_does_not_protect_her_any_more_unless_another_birth_does(working):
    born = date(2010, 1, 1)
    with working(A) as session:
        young = {"mother_id_no": id_number_for(born, "2", 73), "born_on": date(2023, 6, 1)}
        first, second = make_birth(session, **young), make_birth(session, **young | {"born_on": date(2023, 12, 1)}, child_order=2)
        mother = snapshots.on_file(session, first.mother_id)
        correct(session, first, born_on=date(2025, 6, 1))
        assert mother.is_protected
        correct(session, second, born_on=date(2026, 1, 1))
        assert not mother.is_protected
