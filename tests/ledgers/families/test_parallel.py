"""Two who decide at once: nobody is married twice by being quick."""

from datetime import timedelta

from app.core import clock, scope
from app.core.crypto import uuid7
from app.core.workflow import Status
from app.ledgers.families.models import Death, Marriage, MarriageEvent
from tests.cast import A1
from tests.factories.families import HUSBAND_BORN, MARRIED_ON, her_number, his_number, make_death, make_marriage
from tests.factories.people import make_person
from tests.ledgers.births.test_parallel import at_once

HERS, HIS = her_number(), his_number()


def approving(client, uid, ledger="marriages"):
    """One click on "approve", ready to be sent."""
    seen = client.hidden(f"/{ledger}/list/")
    told = {"csrf_token": seen["csrf_token"], "act_token": str(uuid7()), "row_version": seen[f"seen_{uid}"]}
    return client, f"/{ledger}/action/approve/{uid}", told


def test_two_approvals_at_once_do_not_marry_one_person_twice(sign_in, seeing, working):
    with working() as session:
        told = {"husband_id_no": HIS, "status": Status.submitted}
        uids = [make_marriage(session, wife_name=name, happened_on=clock.today(), **told).uid for name in ("李梅", "赵兰")]
    clicks = [approving(sign_in(name), uid) for name, uid in zip(("supervisor", "approver"), uids, strict=True)]
    assert at_once(clicks) == [302, 302]
    statuses = seeing(lambda _session: sorted(scope.get(MarriageEvent, uid).status for uid in uids))
    assert statuses == [Status.approved, Status.submitted]
    assert len(seeing(lambda session: session.scalars(scope.query(Marriage)).all())) == 1


def test_two_approvals_of_one_event_at_once_are_one_marriage(sign_in, seeing, working):
    with working() as session:
        uid = make_marriage(session, wife_id_no=HERS, status=Status.submitted).uid
    assert at_once([approving(sign_in("supervisor"), uid), approving(sign_in("approver"), uid)]) == [302, 302]
    assert len(seeing(lambda session: session.scalars(scope.query(Marriage)).all())) == 1


def test_a_death_and_a_later_marriage_approved_at_once_are_one_of_them(sign_in, seeing, working):
    with working() as session:
        make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
        wedding = make_marriage(session, husband_id_no=HIS, status=Status.submitted).uid
        died = MARRIED_ON - timedelta(days=1)
        death = make_death(session, person_id_no=HIS, died_on=died, reported_on=None, status=Status.submitted).uid
    clicks = [approving(sign_in("supervisor"), wedding), approving(sign_in("approver"), death, "deaths")]
    assert at_once(clicks) == [302, 302]
    statuses = seeing(lambda _session: sorted((scope.get(MarriageEvent, wedding).status, scope.get(Death, death).status)))
    assert statuses == [Status.approved, Status.submitted]
