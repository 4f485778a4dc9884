"""Two who decide at once: nobody is in two households by being quick."""

from app.core import scope
from app.core.workflow import Status
from app.ledgers.households.models import HEAD_CHANGED, HouseholdEvent, HouseholdMember
from tests.factories.families import make_death
from tests.factories.households import LEFT_ON, make_event, make_household, number_of
from tests.ledgers.births.test_parallel import at_once
from tests.ledgers.families.test_parallel import approving

HERS = number_of()
LEDGER, DAYS = "household-events", (LEFT_ON, LEFT_ON.replace(month=9))


def statuses(seeing, uids):
    return seeing(lambda _session: sorted(scope.get(HouseholdEvent, uid).status for uid in uids))


def members(seeing):
    return len(seeing(lambda session: session.scalars(scope.query(HouseholdMember)).all()))


def test_two_approvals_at_once_do_not_put_one_person_into_two_households(sign_in, seeing, working):
    with working() as session:
        homes = [make_household(session), make_household(session)]
        uids = [
            make_event(session, home, person_id_no=HERS, status=Status.submitted, happened_on=day).uid
            for home, day in zip(homes, DAYS, strict=True)
        ]
    clicks = [approving(sign_in(name), uid, LEDGER) for name, uid in zip(("supervisor", "approver"), uids, strict=True)]
    assert at_once(clicks) == [302, 302]
    assert statuses(seeing, uids) == [Status.approved, Status.submitted]
    assert members(seeing) == 3


def test_two_approvals_of_one_event_at_once_are_one_membership(sign_in, seeing, working):
    with working() as session:
        uid = make_event(session, make_household(session), status=Status.submitted).uid
    assert at_once([approving(sign_in(name), uid, LEDGER) for name in ("supervisor", "approver")]) == [302, 302]
    assert members(seeing) == 2


def test_a_death_and_a_later_change_of_head_approved_at_once_are_one_of_them(sign_in, seeing, working):
    with working() as session:
        home = make_household(session)
        make_event(session, home, person_id_no=HERS)
        head = make_event(
            session, home, kind=HEAD_CHANGED, person_name="李梅", relation="11", happened_on=LEFT_ON, status=Status.submitted
        ).uid
        died = LEFT_ON.replace(year=LEFT_ON.year - 1)
        death = make_death(session, person_name="李梅", person_id_no=HERS, died_on=died, status=Status.submitted).uid
    assert at_once([approving(sign_in("supervisor"), head, LEDGER), approving(sign_in("approver"), death, "deaths")]) == [302, 302]
    assert members(seeing) in (2, 4)
    approved = statuses(seeing, [head]) == [Status.approved]
    assert approved == (members(seeing) == 4)
