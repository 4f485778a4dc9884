"""The approval queue: who finds what in it, deciding one after the other, what a return asks to mend, and approving at once."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.accounts import users
from app.core import changes, clock, crypto, regions, return_marks, sampling, scope, workflow
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.return_marks import ReturnMark
from app.core.sampling import QueueLook
from app.core.workflow import Status, WorkflowStep
from app.ledgers.births.models import Birth
from tests.cast import PASSWORD, A
from tests.conftest import hidden_fields
from tests.factories.births import correct, do, make_birth, user
from tests.factories.maternity import make_newlywed

NOTE = "身份证号第18位应为X"
NUMBER_WRONG = "1"  # code list return_reason


@pytest.fixture
def waiting(working):
    """The uids of three submitted births of town A, the oldest first."""
    with working() as session:
        return [str(make_birth(session, status=Status.submitted, mother_name=name).uid) for name in ("李一", "李二", "李三")]


def queue(client, uid=""):
    return client.get(f"/births/queue/{uid}" if uid else "/births/queue")


def decide(client, uid, act, **words):
    """Open the row in the queue and press the button."""
    page = queue(client, uid).text
    return client.http.post(f"/births/queue/{uid}/{act}", data={**hidden_fields(page), **words})


def opened(page):
    """The address of what is open beside the list."""
    found = re.search(r'<a href="([^"]+)" aria-current="true">', page)
    return found and found[1]


def status_of(seeing, uid):
    return seeing(lambda _s: scope.get(Birth, uid).status)


# who finds what


def test_the_queue_opens_its_oldest_row(sign_in, waiting):
    assert opened(queue(sign_in("supervisor")).text) == f"/births/queue/{waiting[0]}"


def test_the_list_stands_beside_the_record(sign_in, waiting):
    page = queue(sign_in("supervisor"), waiting[1]).text
    names = re.findall(r'<span class="queue-name">([^<]+)', page)
    assert [name.split()[0] for name in names] == ["李一", "李二", "李三"]
    assert re.search(rf'rel="prev" href="/births/queue/{waiting[0]}"', page)
    assert re.search(rf'rel="next" href="/births/queue/{waiting[2]}"', page)


def test_a_clerk_has_no_queue(sign_in, waiting):
    clerk = sign_in("clerk")
    assert [queue(clerk).status_code, queue(clerk, waiting[0]).status_code, clerk.get("/births/queue/clean").status_code] == [403] * 3
    assert clerk.get("/queue/").status_code == 403
    assert "审批" not in clerk.get("/births/list/").text


def test_nobody_finds_their_own_entry_in_the_queue(sign_in, working, two_hats):
    with working() as session:
        own = make_birth(session, status=Status.submitted, maker=two_hats).uid
        edited = make_birth(session, maker="clerk")
        workflow.edited(edited, user(session, two_hats))
        do(edited, "submit", user(session, "clerk"))
        edited_uid = edited.uid
    page = sign_in(two_hats).http.get("/births/queue", follow_redirects=True).text
    assert "Nothing waits for your decision" in page
    assert [str(uid) in page for uid in (own, edited_uid)] == [False, False]
    page = queue(sign_in(two_hats), own).text
    assert "act-approve" not in page
    assert "does not wait for you" in page


def test_an_entry_of_ones_own_is_not_decided_through_the_queue(sign_in, working, seeing, two_hats):
    with working() as session:
        own = make_birth(session, status=Status.submitted, maker=two_hats).uid
    client = sign_in(two_hats)
    words = {**client.hidden("/own/"), "act_token": str(uuid7()), "row_version": str(seeing(lambda _s: scope.get(Birth, own).version))}
    answer = client.http.post(f"/births/queue/{own}/approve", data=words, follow_redirects=True)
    assert "You made or edited this record" in answer.text
    assert status_of(seeing, own) is Status.submitted


def test_rows_of_another_town_are_no_rows(sign_in, waiting):
    other = sign_in("neighbour_supervisor")
    assert queue(other, waiting[0]).status_code == 404
    assert "李一" not in other.http.get("/births/queue", follow_redirects=True).text


def test_the_approver_of_the_county_decides_too(sign_in, waiting, seeing):
    assert decide(sign_in("approver"), waiting[0], "approve").status_code == 302
    assert status_of(seeing, waiting[0]) is Status.approved


@pytest.mark.parametrize("act", ["submit", "withdraw", "discard", "void", "nonsense"])
def test_the_queue_knows_only_acts_of_another_person_on_what_was_submitted(sign_in, waiting, act):
    assert decide(sign_in("supervisor"), waiting[0], act).status_code == 404


# one after the other


def test_after_an_act_the_next_row_is_shown_and_what_was_done_is_said(sign_in, waiting, seeing):
    supervisor = sign_in("supervisor")
    answer = decide(supervisor, waiting[0], "approve")
    assert answer.location == f"/births/queue/{waiting[1]}"
    assert "Done: Approve. Still waiting: 2." in supervisor.get(answer.location).text
    assert status_of(seeing, waiting[0]) is Status.approved


def test_after_the_last_row_come_those_that_were_left_out(sign_in, waiting):
    supervisor = sign_in("supervisor")
    assert decide(supervisor, waiting[2], "approve").location == f"/births/queue/{waiting[0]}"
    assert decide(supervisor, waiting[0], "approve").location == f"/births/queue/{waiting[1]}"
    assert decide(supervisor, waiting[1], "approve").location == "/births/queue"
    assert "Nothing waits for your decision" in queue(supervisor).text


def test_a_row_that_is_put_on_hold_stays_open(sign_in, waiting, seeing):
    answer = decide(sign_in("supervisor"), waiting[0], "hold", reason="paper is awaited")
    assert answer.location == f"/births/queue/{waiting[0]}"
    assert seeing(lambda _s: scope.get(Birth, waiting[0]).on_hold)
    page = queue(sign_in("supervisor"), waiting[0]).text
    assert "Decide first about: on hold." in page
    assert "act-approve" not in page


def test_a_row_somebody_decided_about_meanwhile_says_who_and_what(sign_in, waiting, seeing):
    supervisor = sign_in("supervisor")
    seen = hidden_fields(queue(supervisor, waiting[0]).text)
    decide(sign_in("approver"), waiting[0], "return", reason="the date")
    answer = supervisor.http.post(f"/births/queue/{waiting[0]}/approve", data=seen)
    assert answer.location == f"/births/queue/{waiting[0]}"
    page = supervisor.get(answer.location).text
    assert re.search(r"does not wait for you any more: approver, Return, 20\d\d-", page)
    assert "act-approve" not in page
    assert status_of(seeing, waiting[0]) is Status.returned


def test_words_that_were_changed_after_the_page_was_opened_are_not_approved(sign_in, waiting, seeing, working):
    supervisor = sign_in("supervisor")
    seen = hidden_fields(queue(supervisor, waiting[0]).text)
    with working() as session:
        birth, clerk = scope.get(Birth, waiting[0]), user(session, "clerk")
        do(birth, "withdraw", clerk)
        birth.weight_g = 3333
        do(birth, "submit", clerk)
    page = supervisor.http.post(f"/births/queue/{waiting[0]}/approve", data=seen, follow_redirects=True).text
    assert "changed after you opened the page" in page
    assert "3333" in page
    assert status_of(seeing, waiting[0]) is Status.submitted


def test_what_waits_too_long_is_marked(sign_in, waiting, working, monkeypatch):
    earlier = clock.now() - timedelta(days=8)
    with monkeypatch.context() as patched, working() as session:
        patched.setattr(clock, "now", lambda: earlier)
        late = make_birth(session, status=Status.submitted, mother_name="周迟").uid
    page = queue(sign_in("supervisor"), waiting[0]).text
    assert page.count('class="overdue"') == 1
    assert page.index('class="overdue"') > page.index(str(late))


def test_warnings_stand_on_top_with_their_reasons(sign_in, working):
    with working() as session:
        uid = make_birth(session, status=Status.submitted, weight_g=400).uid
    page = queue(sign_in("supervisor"), uid).text
    assert page.index("Unusual, with reasons") < page.index("Weight in grams</dt>")
    assert " — seen</li>" in page


# what a return asks to mend


def test_a_return_keeps_its_reason_and_its_marks_and_the_clerk_sees_them_beside_the_fields(sign_in, waiting, seeing):
    words = {"reason_code": NUMBER_WRONG, "reason": "see the card", "mark": ["mother_id_no", "weight_g"], "note_mother_id_no": NOTE}
    assert decide(sign_in("supervisor"), waiting[0], "return", **words).status_code == 302
    step = seeing(lambda _s: workflow.steps_of(scope.get(Birth, waiting[0]))[-1])
    assert (step.act, step.comment) == ("return", "A number is wrong — see the card")
    clerk = sign_in("clerk")
    page = clerk.get(f"/births/show/{waiting[0]}").text
    assert "Returned by supervisor" in page
    assert f"<strong>Mother&#39;s ID number</strong>: {NOTE}" in page
    form = clerk.get(f"/births/edit/{waiting[0]}").text
    assert re.search(rf'id="mother_id_no-mark">To mend: {NOTE}<', form)
    assert re.search(r'id="weight_g-mark">To mend<', form)
    assert form.count('class="to-mend"') == 2


def test_the_marks_are_gone_from_the_form_once_the_record_is_sent_again(sign_in, waiting, working):
    decide(sign_in("supervisor"), waiting[0], "return", reason="x", mark=["weight_g"])
    with working() as session:
        do(scope.get(Birth, waiting[0]), "submit", user(session, "clerk"))
        do(scope.get(Birth, waiting[0]), "return", user(session, "supervisor"))
    assert 'class="to-mend"' not in sign_in("clerk").get(f"/births/edit/{waiting[0]}").text


def test_a_reason_that_says_nothing_needs_words(sign_in, waiting, seeing):
    supervisor = sign_in("supervisor")
    for words in ({}, {"reason_code": "9"}, {"reason_code": "77"}):
        answer = decide(supervisor, waiting[0], "return", **words)
        assert "Write the reason." in supervisor.get(answer.location).text
    assert status_of(seeing, waiting[0]) is Status.submitted
    assert decide(supervisor, waiting[0], "return", reason_code="9", reason="unreadable").status_code == 302
    assert status_of(seeing, waiting[0]) is Status.returned


def test_a_note_that_is_too_long_returns_nothing(sign_in, waiting, seeing):
    supervisor = sign_in("supervisor")
    answer = decide(supervisor, waiting[0], "return", reason="x", note_weight_g="长" * 201)
    assert "at most 200 characters" in supervisor.get(answer.location).text
    assert status_of(seeing, waiting[0]) is Status.submitted
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(ReturnMark))) == 0


def test_only_fields_of_the_form_are_marked(sign_in, waiting, seeing):
    decide(sign_in("supervisor"), waiting[0], "return", reason="x", mark=["status", "weight_g", "nothing"], note_row_hash="x")
    assert seeing(lambda s: s.scalars(select(ReturnMark.field)).all()) == ["weight_g"]


def test_a_note_is_not_readable_in_the_database(sign_in, waiting, seeing):
    decide(sign_in("supervisor"), waiting[0], "return", reason="x", note_weight_g=NOTE)
    mark = seeing(lambda s: s.scalars(select(ReturnMark)).one())
    assert NOTE.encode() not in mark.note_enc
    assert crypto.keys().open(mark.note_enc, f"return_mark|note|{mark.uid}") == NOTE


@pytest.mark.parametrize(
    "statement", ["UPDATE return_mark SET field = 'sex'", "UPDATE return_mark SET token = 'x'", "DELETE FROM return_mark"]
)
def test_the_database_keeps_what_was_marked(sign_in, waiting, working, statement):
    decide(sign_in("supervisor"), waiting[0], "return", reason="x", mark=["weight_g"])
    with pytest.raises(DBAPIError, match="return_mark is append-only"), working() as session:
        session.execute(text(statement))


def test_why_a_confidential_record_is_returned_is_told_to_its_maker_and_stands_in_no_step(working, sign_in, seeing):
    with working() as session:
        uid = make_newlywed(session, status=Status.submitted).uid
    clinician = sign_in("clinician")
    words = {**hidden_fields(clinician.get(f"/newlywed-services/queue/{uid}").text), "reason_code": NUMBER_WRONG, "reason": "see the card"}
    clinician.http.post(f"/newlywed-services/queue/{uid}/return", data=words)
    page = sign_in("service_worker").get(f"/newlywed-services/show/{uid}").text
    assert (
        "A number is wrong — see the card" in re.search(r'<section class="alert alert-warning returned">.*?</section>', page, re.DOTALL)[0]
    )
    assert seeing(lambda s: s.scalars(select(WorkflowStep.comment).where(WorkflowStep.act == "return")).all()) == [None]


def test_notes_about_a_confidential_record_go_with_its_consent(working, sign_in, seeing):
    with working() as session:
        row = make_newlywed(session, status=Status.submitted)
        uid = row.uid
    clinician = sign_in("clinician")
    page = clinician.get(f"/newlywed-services/queue/{uid}").text
    words = {**hidden_fields(page), "reason": "x", "note_wife_name": NOTE}
    assert clinician.http.post(f"/newlywed-services/queue/{uid}/return", data=words).status_code == 302
    assert seeing(lambda s: s.scalars(select(ReturnMark)).one().note) == NOTE
    page = f"/newlywed-services/show/{uid}"
    clinician.send(f"/newlywed-services/action/withdraw_consent/{uid}", page)
    assert seeing(lambda s: [(m.field, m.note_enc) for m in s.scalars(select(ReturnMark))]) == [("wife_name", None)]


def test_what_differs_from_what_was_returned_is_marked(sign_in, waiting, working):
    decide(sign_in("supervisor"), waiting[0], "return", reason_code="4", mark=["weight_g"])
    with working() as session:
        birth = scope.get(Birth, waiting[0])
        correct(session, birth, weight_g=3456, child_name="小明")
        do(birth, "submit", user(session, "clerk"))
    page = queue(sign_in("supervisor"), waiting[0]).text
    assert page.count('<div class="differs">') == 2
    assert "<del>(empty)</del> → <mark>3456</mark>" in page
    assert "Fields that differ since: 2" in page
    assert "A date is unlikely" in page
    assert '<div class="differs">' not in queue(sign_in("supervisor"), waiting[1]).text


def test_the_maker_takes_back_what_nobody_decided_about(sign_in, waiting, seeing):
    clerk = sign_in("clerk")
    page = f"/births/show/{waiting[0]}"
    assert clerk.send(f"/births/action/withdraw/{waiting[0]}", page).status_code == 302
    assert status_of(seeing, waiting[0]) is Status.draft
    assert "does not wait for you any more: clerk, Withdraw" in queue(sign_in("supervisor"), waiting[0]).text


# approving at once


def at_once(client, *rows, **words):
    return client.http.post(
        "/births/queue/clean", data={**hidden_fields(client.get("/births/queue/clean").text), "rowid": [*rows], **words}
    )


def test_nothing_is_approved_at_once_before_a_part_was_opened(sign_in, waiting, seeing):
    supervisor = sign_in("supervisor")
    answer = at_once(supervisor, *waiting)
    assert answer.status_code == 302
    assert "Of 3 rows at least 1 must be opened before" in supervisor.get(answer.location).text
    assert {status_of(seeing, uid) for uid in waiting} == {Status.submitted}
    queue(sign_in("approver"), waiting[1])  # what somebody else opened does not count
    assert at_once(supervisor, *waiting).status_code == 302
    queue(supervisor, waiting[1])
    page = at_once(supervisor, *waiting).text
    assert "Done: 3. Refused: 0." in page
    assert {status_of(seeing, uid) for uid in waiting} == {Status.approved}


def test_the_sample_is_counted_in_the_version_that_was_opened(sign_in, waiting, working, seeing):
    supervisor = sign_in("supervisor")
    queue(supervisor, waiting[0])
    with working() as session:
        do(scope.get(Birth, waiting[0]), "withdraw", user(session, "clerk"))
        do(scope.get(Birth, waiting[0]), "submit", user(session, "clerk"))
    assert at_once(supervisor, *waiting).status_code == 302
    assert status_of(seeing, waiting[1]) is Status.submitted


@pytest.mark.parametrize(("rows", "least"), [(1, 1), (10, 1), (11, 2), (100, 10), (0, 0)])
def test_one_in_ten_is_opened(seeing, rows, least):
    assert seeing(lambda s: sampling.needed(s, rows, "", clock.today())) == least


def test_too_few_opened_rows_are_refused_in_a_sentence(working):
    with working() as session:
        supervisor = user(session, "supervisor").id
        versions = {uuid7(): 1 for _row in range(11)}
        first, second = [*versions][:2]
        sampling.open_row(session, supervisor, first, 1)
        sampling.open_row(session, supervisor, second, 2)
        with pytest.raises(RuleViolation, match="Of 11 rows at least 2"):
            sampling.must_be_enough(session, supervisor, versions, "", clock.today())
        sampling.open_row(session, supervisor, second, 1)
        sampling.must_be_enough(session, supervisor, versions, "", clock.today())


def test_what_needs_a_look_of_its_own_is_not_offered(sign_in, working, waiting):
    with working() as session:
        unusual = make_birth(session, status=Status.submitted, weight_g=400, mother_name="周异").uid
        held = make_birth(session, status=Status.submitted, mother_name="周缓")
        do(held, "hold", user(session, "supervisor"))
        again = make_birth(session, status=Status.returned, mother_name="周退")
        do(again, "submit", user(session, "clerk"))
        odd = [str(unusual), str(held.uid), str(again.uid)]
    supervisor = sign_in("supervisor")
    page = supervisor.get("/births/queue/clean").text
    assert [uid in page for uid in (*waiting, *odd)] == [True] * 3 + [False] * 3
    assert "周异" not in page


def test_an_opened_row_that_is_not_approved_opens_nothing_else(sign_in, seeing, waiting):
    supervisor = sign_in("supervisor")
    queue(supervisor, waiting[0])
    assert at_once(supervisor, *waiting, **{f"seen_{waiting[0]}": "0"}).status_code == 302
    assert {status_of(seeing, uid) for uid in waiting} == {Status.submitted}


def test_a_row_that_is_not_clean_is_refused_beside_the_others(sign_in, working, seeing, waiting):
    with working() as session:
        unusual = str(make_birth(session, status=Status.submitted, weight_g=400).uid)
    supervisor = sign_in("supervisor")
    queue(supervisor, waiting[0])
    page = at_once(supervisor, *waiting, unusual, **{f"seen_{unusual}": "2"}).text
    assert "Done: 3. Refused: 1." in page
    assert "not clean any more" in page
    assert status_of(seeing, unusual) is Status.submitted


def test_a_row_that_changed_after_the_preview_is_left_out(sign_in, working, seeing, waiting):
    supervisor = sign_in("supervisor")
    queue(supervisor, waiting[0])
    seen = hidden_fields(supervisor.get("/births/queue/clean").text)
    with working() as session:
        do(scope.get(Birth, waiting[2]), "withdraw", user(session, "clerk"))
        do(scope.get(Birth, waiting[2]), "submit", user(session, "clerk"))
    page = supervisor.http.post("/births/queue/clean", data={**seen, "rowid": waiting}).text
    assert "Done: 2. Refused: 1." in page
    assert status_of(seeing, waiting[2]) is Status.submitted


def test_ones_own_rows_are_not_approved_at_once(sign_in, working, seeing, two_hats, waiting):
    with working() as session:
        own = str(make_birth(session, status=Status.submitted, maker=two_hats).uid)
    client = sign_in(two_hats)
    queue(client, waiting[0])
    page = at_once(client, *waiting, own, **{f"seen_{own}": "2"}).text
    assert "Done: 3. Refused: 1." in page
    assert status_of(seeing, own) is Status.submitted


def test_a_foreign_row_among_the_ticked_ones_is_not_there(sign_in, working, waiting, seeing):
    other = sign_in("neighbour_supervisor")
    words = {**other.hidden("/own/"), "act_token": str(uuid7()), "rowid": waiting}
    assert other.http.post("/births/queue/clean", data=words).status_code == 404
    assert {status_of(seeing, uid) for uid in waiting} == {Status.submitted}


def test_two_clicks_approve_once(sign_in, waiting, seeing):
    supervisor = sign_in("supervisor")
    queue(supervisor, waiting[0])
    seen = {**hidden_fields(supervisor.get("/births/queue/clean").text), "rowid": waiting[:1]}
    assert "Done: 1." in supervisor.http.post("/births/queue/clean", data=seen).text
    supervisor.http.post("/births/queue/clean", data=seen)
    approved = select(func.count(WorkflowStep.id)).where(WorkflowStep.act == "approve")
    assert seeing(lambda s: s.scalar(approved)) == 1


def test_an_opened_row_is_noted_once_and_again_when_it_changed(sign_in, waiting, working, seeing):
    supervisor = sign_in("supervisor")
    queue(supervisor, waiting[0])
    first = seeing(lambda s: s.scalars(select(QueueLook)).one())
    queue(supervisor, waiting[0])
    assert seeing(lambda s: s.scalars(select(QueueLook)).one().at) == first.at
    with working() as session:
        do(scope.get(Birth, waiting[0]), "hold", user(session, "approver"))
    queue(supervisor, waiting[0])
    assert seeing(lambda s: s.scalars(select(QueueLook)).one().version) > first.version


def test_a_row_that_was_shown_to_nobody_is_not_noted(sign_in, waiting, seeing):
    supervisor = sign_in("supervisor")
    address = f"/births/queue/{waiting[0]}"
    assert supervisor.get(address, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 200
    assert supervisor.http.head(address).status_code == 200
    assert seeing(lambda s: s.scalars(select(QueueLook)).all()) == []


# proposed changes, and all ledgers together


@pytest.fixture
def proposed(working):
    """(the uid of an approved birth, the uid of a proposed change of its weight)."""
    with working() as session:
        birth = make_birth(session, status=Status.approved)
        words = {"reason": "slip", "evidence": "certificate", "explained": {}, "token": str(uuid7())}
        asked = changes.propose(session, birth, {"weight_g": 3210}, user(session, "clerk"), **words)
        return birth.uid, asked.uid


def test_a_proposed_change_is_decided_in_the_queue(sign_in, proposed, seeing):
    supervisor = sign_in("supervisor")
    page = queue(supervisor).text
    assert opened(page) == f"/births/queue/change/{proposed[1]}"
    assert re.search(r"Weight in grams</th><td><del>\(empty\)</del></td><td><mark>3210</mark>", page)
    decided = supervisor.http.post(f"/births/queue/change/{proposed[1]}/apply", data=hidden_fields(page))
    assert decided.location == "/births/queue"
    assert seeing(lambda _s: scope.get(Birth, proposed[0]).weight_g) == 3210


def test_who_proposed_a_change_does_not_find_it_in_the_queue(sign_in, working, proposed, two_hats):
    with working() as session:
        changes.withdraw(session, changes.open_request(session, scope.get(Birth, proposed[0])), user(session, "clerk"), token=str(uuid7()))
        words = {"reason": "slip", "evidence": "certificate", "explained": {}, "token": str(uuid7())}
        changes.propose(session, scope.get(Birth, proposed[0]), {"weight_g": 3333}, user(session, two_hats), **words)
    assert "Nothing waits for your decision" in queue(sign_in(two_hats)).text
    assert "/births/queue/change/" in opened(queue(sign_in("supervisor")).text)


def test_the_page_of_all_queues_counts_what_each_queue_holds(sign_in, waiting, proposed):
    page = sign_in("supervisor").get("/queue/").text
    assert re.search(r'href="/births/queue"><strong>3</strong>', page)
    assert re.search(rf'href="/births/queue/change/{proposed[1]}"><strong>1</strong>', page)


def test_confidential_rows_are_counted_and_named_in_their_own_queue_only(app, sign_in, working):
    with working() as session:
        both = ["supervisor", "clinician"]
        users.add(
            session, app.appbuilder.sm, "both", roles=both, regions=[regions.by_code(session, A)], password=PASSWORD, must_change=False
        )
        row = make_newlywed(session, status=Status.submitted, wife_name="孙秘")
        uid = row.uid
    clinician = sign_in("both")
    page = clinician.get("/queue/").text
    assert 'href="/newlywed-services/queue"' in page
    assert "孙秘" not in page
    assert str(uid) not in page
    assert opened(clinician.get("/newlywed-services/queue").text) == f"/newlywed-services/queue/{uid}"


def test_marks_are_read_by_the_step_that_made_them(working):
    with working(A) as session:
        birth = make_birth(session, status=Status.returned)
        steps = workflow.steps_of(birth)
        return_marks.keep(session, birth, {"weight_g": "low"}, token=steps[-1].token)
        assert return_marks.by_step(session, birth) == {steps[-1].token: {"weight_g": "low"}}


def test_the_list_leads_whoever_decides_to_the_queue(sign_in):
    link = '<a class="btn btn-primary" href="/births/queue">'
    assert [link in sign_in(name).get("/births/list/").text for name in ("supervisor", "clerk")] == [True, False]
    assert 'href="/newlywed-services/queue"' in sign_in("clinician").get("/newlywed-services/list/").text
