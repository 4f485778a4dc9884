"""Two at once: one act wins, the other is told; nobody gets past the second person by being quick."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import func

from app.core import regions, scope, workflow
from app.core.crypto import uuid7
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person
from tests.cast import A1
from tests.factories.births import MOTHER_BORN, make_birth
from tests.factories.people import id_number_for

FOR_A_WHILE = 60  # seconds; a thread that never answers fails the test instead of stopping it


@pytest.fixture
def submitted(working):
    """`submitted(maker=…)` keeps a submitted birth and gives its uid."""

    def make(**fields):
        with working() as session:
            return make_birth(session, status=Status.submitted, **fields).uid

    return make


def at_once(requests):
    """Send these requests at the same moment: (client, address, words) each. The answers in the same order."""
    start, answers = Barrier(len(requests)), [None] * len(requests)

    def send(place, client, address, words):
        start.wait(FOR_A_WHILE)
        answers[place] = client.http.post(address, data=words).status_code

    threads = [Thread(target=send, args=(place, *request)) for place, request in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(FOR_A_WHILE)
    return answers


def press(client, uid, act, **words):
    """One click, ready to be sent."""
    seen = client.hidden("/births/list/")
    told = {"csrf_token": seen["csrf_token"], "act_token": str(uuid7()), "row_version": seen[f"seen_{uid}"]}
    return client, f"/births/action/{act}/{uid}", told | words


def steps(seeing, uid):
    """The acts on file, oldest first."""
    return seeing(lambda _session: [step.act for step in workflow.steps_of(scope.get(Birth, uid))])


def test_two_approvals_at_once_are_one(sign_in, seeing, submitted):
    uid = submitted()
    answers = at_once([press(sign_in("supervisor"), uid, "approve"), press(sign_in("approver"), uid, "approve")])
    assert answers == [302, 302]
    assert steps(seeing, uid) == ["submit", "approve"]
    assert seeing(lambda session: session.scalar(scope.query(Person).with_only_columns(func.count()))) == 2  # the mother and one child


def test_the_author_is_not_quicker_than_the_rule(sign_in, seeing, submitted, two_hats):
    uid = submitted(maker=two_hats)
    clicks = [press(sign_in(two_hats), uid, "approve") for _browser in range(2)]
    bulk = sign_in(two_hats)
    words = {**bulk.hidden("/births/list/"), "action": "approve", "rowid": [str(uid)]}
    assert at_once([*clicks, (bulk, "/births/action_post", words)]) == [302, 302, 200]
    assert steps(seeing, uid) == ["submit"]


def test_the_same_click_sent_twice_at_once_is_one_step(sign_in, seeing, submitted):
    uid, supervisor = submitted(), sign_in("supervisor")
    click = press(supervisor, uid, "approve")
    other = sign_in("supervisor")
    again = (other, click[1], {**click[2], "csrf_token": other.hidden("/births/list/")["csrf_token"]})
    assert at_once([click, again]) == [302, 302]
    assert steps(seeing, uid) == ["submit", "approve"]


def test_withdrawing_and_approving_at_once_is_one_of_them(sign_in, seeing, submitted):
    uid = submitted()
    at_once([press(sign_in("clerk"), uid, "withdraw"), press(sign_in("supervisor"), uid, "approve")])
    assert steps(seeing, uid) in (["submit", "withdraw"], ["submit", "approve"])


def test_two_who_enter_the_same_certificate_at_once(sign_in, seeing, working):
    with working() as session:
        names = ("赵兰", "张丽")
        uids = [make_birth(session, mother_name=name, mother_id_no=None, mother_birth_date=MOTHER_BORN).uid for name in names]
    clients, requests = [sign_in("clerk"), sign_in("colleague")], []
    for client, uid, name in zip(clients, uids, names, strict=True):
        words = client.hidden(f"/births/edit/{uid}")
        form = {"mother_name": name, "mother_id_type": "1", "mother_birth_date": "1995-06-01", "born_on": "2026-03-05", "sex": "2"}
        requests.append(
            (
                client,
                f"/births/edit/{uid}",
                {**words, **form, "child_order": "1", "plurality": "1", "plural_seq": "1", "birth_cert_no": "A123456789"},
            )
        )
    assert sorted(at_once(requests)) == [200, 302]
    held = seeing(
        lambda session: session.scalar(scope.query(Birth).where(Birth.birth_cert_no == "A123456789").with_only_columns(func.count()))
    )
    assert held == 1


def test_two_who_enter_the_same_mother_without_a_number_at_once(sign_in, seeing, working):
    with working() as session:
        place = str(regions.by_code(session, A1).uid)
    form = {"mother_name": "李梅", "mother_id_type": "1", "mother_birth_date": "1995-06-01", "mother_region": place}
    form |= {"born_on": "2026-03-05", "sex": "2", "child_order": "1", "plurality": "1", "plural_seq": "1", "reason_alike": "Another child"}
    clients = [sign_in("clerk"), sign_in("colleague")]
    assert at_once([(client, "/births/add", {**client.hidden("/births/add"), **form}) for client in clients]) == [302, 302]
    flags = seeing(lambda session: session.scalars(scope.query(Birth).with_only_columns(Birth.possible_duplicate)).all())
    assert sorted(flags) == [False, True]


def test_two_who_enter_the_same_new_mother_at_once(sign_in, seeing, working):
    with working() as session:
        place = str(regions.by_code(session, A1).uid)
    form = {"mother_name": "李梅", "mother_id_type": "1", "mother_id_no": id_number_for(MOTHER_BORN, "2", 950), "mother_region": place}
    form |= {"born_on": "2026-03-05", "sex": "2", "child_order": "1", "plurality": "1", "plural_seq": "1", "reason_alike": "Another child"}
    clients = [sign_in("clerk"), sign_in("colleague")]
    assert at_once([(client, "/births/add", {**client.hidden("/births/add"), **form}) for client in clients]) == [302, 302]
    assert seeing(lambda session: session.scalar(scope.query(Person).with_only_columns(func.count()))) == 1
    flags = seeing(lambda session: session.scalars(scope.query(Birth).with_only_columns(Birth.possible_duplicate)).all())
    assert sorted(flags) == [False, True]
