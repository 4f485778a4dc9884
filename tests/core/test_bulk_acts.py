"""Bulk acts: what the preview says, what is confirmed, what was changed meanwhile, and what is left for the next turn."""

import re
from html import unescape
from uuid import UUID

import pytest

from app.core import deciding
from app.core.crypto import uuid7
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from tests.cast import A1, B1
from tests.factories.births import make_birth
from tests.test_costs import counted

LIST = "/births/list/"
PREVIEW, CONFIRM = "/births/preview", "/births/action_post"


@pytest.fixture
def entered(working):
    """`entered("王一", status=…)` keeps a birth and gives its identity."""

    def make(name, **fields):
        with working() as session:
            return str(make_birth(session, mother_name=name, **fields).uid)

    return make


@pytest.fixture
def status_of(seeing):
    return lambda uid: seeing(lambda s: s.query(Birth).filter_by(uid=UUID(uid)).one().status)


def chosen(text):
    """The rows that the confirmation would name."""
    return re.findall(r'name="chosen" value="([^"]+)"', text)


def look(client, act, *uids, **words):
    return client.send(PREVIEW, LIST, action=act, rowid=[*uids], query="", **words)


def confirm(client, preview, act, **words):
    """Press the button of the preview."""
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', preview)[1] for name in ("csrf_token", "act_token")}
    query = unescape(re.search(r'name="query" value="([^"]*)"', preview)[1])
    return client.http.post(CONFIRM, data={**fields, "action": act, "chosen": chosen(preview), "query": query, **words})


def test_the_preview_says_how_many_can_take_part_and_why_the_others_cannot(entered, sign_in, status_of):
    draft, sent = entered("王一"), entered("王二", status=Status.submitted)
    text = look(sign_in("clerk"), "submit", draft, sent).text
    assert "Can take part: 1. Cannot: 1." in text
    assert "submitted" in text.partition("These cannot take part")[2]
    assert [told.partition(".")[0] for told in chosen(text)] == [draft]
    assert status_of(draft) is Status.draft


def test_what_is_confirmed_is_done_and_leads_back_to_the_same_list(entered, sign_in, status_of):
    uid, clerk = entered("王一"), sign_in("clerk")
    preview = clerk.send(PREVIEW, LIST, action="submit", rowid=uid, query="?_flt_0_status=draft").text
    answer = confirm(clerk, preview, "submit").text
    assert "Done: 1. Refused: 0." in answer
    assert f'href="{LIST}?_flt_0_status=draft"' in answer
    assert status_of(uid) is Status.submitted


def test_nobody_decides_about_what_was_changed_after_the_preview(entered, sign_in, status_of):
    uid, clerk, supervisor = entered("王一", status=Status.submitted), sign_in("clerk"), sign_in("supervisor")
    preview = look(supervisor, "approve", uid).text
    confirm(clerk, look(clerk, "withdraw", uid).text, "withdraw")
    confirm(clerk, look(clerk, "submit", uid).text, "submit")
    answer = confirm(supervisor, preview, "approve").text
    assert "This record was changed after you opened the page." in answer
    assert status_of(uid) is Status.submitted


def test_a_confirmation_that_is_sent_twice_is_one(entered, sign_in):
    uid, clerk = entered("王一"), sign_in("clerk")
    preview = look(clerk, "submit", uid).text
    assert [("Refused: 0." in confirm(clerk, preview, "submit").text) for _twice in range(2)] == [True, True]


def test_what_is_marked_or_unusual_comes_first_and_can_be_left_out(entered, sign_in, working):
    plain, odd = entered("王一", status=Status.submitted), entered("王二", status=Status.submitted)
    with working() as session:
        row = session.query(Birth).filter_by(uid=UUID(odd)).one()
        row.late = True
        row.warnings = [{"code": "x", "field": "", "message": "母亲年龄", "message_en": "Her age", "reason": "as on the card"}]
    text = look(sign_in("supervisor"), "approve", plain, odd).text
    first, _confirm, _rest = text.partition('id="confirm"')
    assert "Her age — as on the card" in first
    assert "reported late" in first
    assert f'type="checkbox" form="confirm" name="chosen" value="{odd}.' in first
    assert "Without marks or warnings: 1" in text


@pytest.mark.parametrize(("act", "asked"), [("approve", False), ("return", True)])
def test_a_reason_is_asked_for_where_the_act_needs_one_and_only_there(entered, sign_in, act, asked):
    uid = entered("王一", status=Status.submitted)
    supervisor = sign_in("supervisor")
    assert ('name="reason"' in look(supervisor, act, uid).text) is asked
    assert 'name="reason"' not in supervisor.get(LIST).text


def test_a_maker_learns_in_the_preview_that_another_one_decides(entered, two_hats, sign_in):
    uid = entered("王一", status=Status.submitted, maker=two_hats)
    text = look(sign_in(two_hats), "approve", uid).text
    assert "another person must decide about it" in text
    assert chosen(text) == []


def test_all_that_match_are_those_of_the_filters_and_of_ones_own_office(entered, sign_in):
    mine = {entered("王一"), entered("王二")}
    entered("王三", status=Status.submitted)
    entered("王四", town=B1, maker="neighbour")
    text = sign_in("clerk").send(PREVIEW, LIST, action="submit", all="1", query="?_flt_0_status=draft").text
    assert {told.partition(".")[0] for told in chosen(text)} == mine


def test_all_that_match_are_those_that_were_found(entered, sign_in):
    wanted = entered("王一明")
    entered("李二")
    clerk = sign_in("clerk")
    address = unescape(re.search(r'data-address="([^"]*)"', clerk.send("/births/find", LIST, text="王一").text)[1])
    text = clerk.send(PREVIEW, LIST, action="submit", all="1", query=address.removeprefix(LIST)).text
    assert [told.partition(".")[0] for told in chosen(text)] == [wanted]


def test_all_that_match_of_a_forgotten_search_are_none(entered, sign_in):
    entered("王一明")
    entered("李二")
    clerk, nobody = sign_in("clerk"), uuid7()
    text = clerk.send(PREVIEW, LIST, action="submit", all="1", query=f"?found={nobody}", follow_redirects=True).text
    assert chosen(text) == []
    assert "What was looked for is not kept any more." in clerk.get(LIST).text
    text = clerk.get(f"{LIST}?found={nobody}").text
    assert "What was looked for is not kept any more." in text
    assert str(nobody) not in text


def test_too_many_at_once_are_refused_in_a_sentence(entered, sign_in, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_AT_ONCE", 1)
    entered("王一")
    entered("王二")
    clerk = sign_in("clerk")
    answer = clerk.send(PREVIEW, LIST, action="submit", all="1", query="")
    assert "More than 1 rows match." in clerk.get(answer.location).text


def test_a_long_row_is_worked_off_in_turns(entered, sign_in, status_of, monkeypatch):
    monkeypatch.setattr(deciding, "MAX_PAGE", 2)
    uids = [entered(f"王{number}") for number in "一二三"]
    clerk = sign_in("clerk")
    first = confirm(clerk, clerk.send(PREVIEW, LIST, action="submit", all="1", query="").text, "submit").text
    assert "Done: 2. Refused: 0." in first
    assert "Go on with the next 1 of 1" in first
    assert sorted(status_of(uid) for uid in uids) == [Status.draft, Status.submitted, Status.submitted]
    last = confirm(clerk, first, "submit", done="2", refused="0").text
    assert "Done: 3. Refused: 0." in last
    assert {status_of(uid) for uid in uids} == {Status.submitted}


def test_the_list_approves_no_rows_of_which_too_few_were_opened(entered, sign_in, status_of):
    uids, supervisor = [entered(f"王{number}", status=Status.submitted) for number in "一二三"], sign_in("supervisor")
    text, told = (
        look(supervisor, "approve", *uids).text,
        "Of 3 rows at least 1 must be opened before they are approved at once; you opened 0.",
    )
    assert told in text
    assert "Approve: 3 records" not in text
    answer = confirm(supervisor, text, "approve")
    assert told in supervisor.get(answer.location).text
    assert {status_of(uid) for uid in uids} == {Status.submitted}
    supervisor.get(f"/births/queue/{uids[0]}")
    text = look(supervisor, "approve", *uids).text
    assert "must be opened" not in text
    assert "Done: 3. Refused: 0." in confirm(supervisor, text, "approve").text


def test_an_opened_row_that_is_not_decided_about_opens_nothing_else(entered, sign_in, status_of):
    uids, supervisor = [entered(f"王{number}", status=Status.submitted) for number in "一二三"], sign_in("supervisor")
    supervisor.get(f"/births/queue/{uids[0]}")
    page = supervisor.hidden(LIST)
    sent = {"action": "approve", "chosen": [f"{uids[0]}.0", *(f"{uid}.{page[f'seen_{uid}']}" for uid in uids[1:])]}
    assert supervisor.http.post(CONFIRM, data={**page, **sent}).status_code == 302
    assert {status_of(uid) for uid in uids} == {Status.submitted}


def test_what_was_opened_is_shared_out_among_the_turns(entered, sign_in, status_of, monkeypatch):
    monkeypatch.setattr(deciding, "MAX_PAGE", 2)
    uids, supervisor = [entered(f"王{number}", status=Status.submitted) for number in "一二三四"], sign_in("supervisor")
    for uid in uids[:2]:
        supervisor.get(f"/births/queue/{uid}")
    first = confirm(supervisor, look(supervisor, "approve", *uids).text, "approve").text
    assert "Done: 2. Refused: 0." in first
    last = confirm(supervisor, first, "approve", done="2", refused="0").text
    assert "Done: 4. Refused: 0." in last
    assert {status_of(uid) for uid in uids} == {Status.approved}


def test_nothing_ticked_is_said(sign_in):
    clerk = sign_in("clerk")
    answer = clerk.send(PREVIEW, LIST, action="submit", query="")
    assert "Tick the rows first." in clerk.get(answer.location).text


def test_a_foreign_row_is_not_there(entered, sign_in):
    uid = entered("王一")
    assert look(sign_in("neighbour"), "submit", uid).status_code == 404
    assert look(sign_in("clerk"), "submit", uid, "nonsense").status_code == 404


@pytest.mark.parametrize(("act", "status"), [("burn", 404), ("approve", 403)])
def test_an_act_nobody_knows_or_one_has_no_right_to_shows_nothing(entered, sign_in, act, status):
    uid = entered("王一")
    assert look(sign_in("clerk"), act, uid).status_code == status


def test_what_cannot_be_undone_is_no_bulk_act(sign_in):
    worker = sign_in("service_worker")
    sent = {"action": "withdraw_consent", "rowid": "0190a0b0-0000-7000-8000-000000000009"}
    assert worker.send("/newlywed-services/preview", "/newlywed-services/list/", **sent).status_code == 404


def test_a_preview_of_many_costs_as_many_statements_as_one_of_few(entered, sign_in):
    clerk, costs = sign_in("clerk"), []
    for number in "一二三四五六":
        entered(f"王{number}", town=A1)
        with counted() as sent:
            assert clerk.send(PREVIEW, LIST, action="submit", all="1", query="").status_code == 200
        costs.append(len(sent))
    assert costs[-1] == costs[1]
