"""The screens of a change: propose on the form, compare side by side, decide by button; nobody sees or does more than they may."""

import re

import pytest
from sqlalchemy import select

from app.core import changes, scope
from app.core.changes import ChangeRequest, ChangeState
from app.core.crypto import uuid7
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person, PersonSearch
from tests.cast import B1
from tests.conftest import hidden_fields
from tests.factories.births import MOTHER_BORN, answered_for_by, make_birth
from tests.factories.people import id_number_for, make_person

WHY = {"change_reason": "slip of the pen", "evidence": "certificate"}


@pytest.fixture
def approved(working):
    """The uid of an approved birth of town A."""
    with working() as session:
        return make_birth(session, status=Status.approved).uid


def words_of(page):
    """Every box of a form as the page shows it, ready to be sent back."""
    found = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', page))
    for name, body in re.findall(r'<select[^>]*name="([a-z_]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option[^>]*? selected value="([^"]*)"', body) or re.search(r'<option value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    return {name: value for name, value in found.items() if name not in ("text", "registration_shown")} | hidden_fields(page)


def propose(client, uid, **values):
    page = client.get(f"/births/propose/{uid}").text
    return client.http.post(f"/births/propose/{uid}", data=words_of(page) | WHY | values)


def request_of(seeing, uid):
    found = seeing(lambda s: changes.requests_of(s, scope.get(Birth, uid)))
    return found[0] if found else None


def decide(client, asked, act, **words):
    page = client.get(f"/births/change/{asked.uid}").text
    return client.http.post(f"/births/change/{asked.uid}/{act}", data=hidden_fields(page) | words, follow_redirects=True)


def test_the_form_of_a_change_says_what_it_rests_on_and_what_its_button_does(sign_in, approved):
    page = sign_in("clerk").get(f"/births/propose/{approved}").text
    rail = page.partition('class="rail"')[2].partition("</nav>")[0]
    group = page.partition('id="group-why">')[2].partition("</fieldset>")[0]
    assert '<a href="#group-why">What the change rests on</a>' in rail
    assert "<legend>What the change rests on</legend>" in group
    assert 'name="change_reason"' in group
    assert ">Propose the change</button>" in page
    assert ">Save</button>" not in page


def test_a_change_goes_from_the_form_to_the_register(sign_in, seeing, approved):
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    assert "Propose a change" in clerk.get(f"/births/show/{approved}").text
    answer = propose(clerk, approved, weight_g="3000")
    assert answer.status_code == 302
    page = clerk.get(f"/births/show/{approved}").text
    assert "slip of the pen" in page
    assert "Propose a change</a>" not in page
    asked = request_of(seeing, approved)
    compared = supervisor.get(f"/births/change/{asked.uid}").text
    assert re.search(r"Weight in grams</th><td><del>\(empty\)</del></td><td><mark>3000</mark>", compared)
    assert "Apply the change" in compared
    decide(supervisor, asked, "apply")
    assert seeing(lambda _s: scope.get(Birth, approved).weight_g) == 3000
    assert "applied" in supervisor.get(f"/births/show/{approved}").text


def test_what_is_unusual_asks_for_a_reason_and_nothing_typed_is_lost(sign_in, seeing, approved):
    clerk = sign_in("clerk")
    answer = propose(clerk, approved, weight_g="400", remark="seen")
    assert answer.status_code == 200
    assert "A weight outside" in answer.text
    assert 'value="400"' in answer.text
    assert 'value="slip of the pen"' in answer.text
    assert request_of(seeing, approved) is None
    sent = words_of(answer.text) | WHY | {"weight_g": "400", "reason_V19_weight": "born early"}
    assert clerk.http.post(f"/births/propose/{approved}", data=sent).status_code == 302
    decide(sign_in("supervisor"), request_of(seeing, approved), "apply")
    assert seeing(lambda _s: [(w["code"], w["reason"]) for w in scope.get(Birth, approved).warnings]) == [("V19_weight", "born early")]


def test_a_wrong_value_is_said_beside_its_field_and_nothing_is_kept(sign_in, seeing, approved):
    answer = propose(sign_in("clerk"), approved, weight_g="99999")
    assert "The weight in grams is a number from 1 to 15000." in answer.text
    assert request_of(seeing, approved) is None
    assert not seeing(lambda _s: scope.get(Birth, approved).change_open)


@pytest.mark.parametrize("missing", [*WHY])
def test_reason_and_paper_are_asked_for(sign_in, seeing, approved, missing):
    answer = propose(sign_in("clerk"), approved, weight_g="3000", **{missing: " "})
    assert "Fill in this field." in answer.text
    assert request_of(seeing, approved) is None


def test_a_form_sent_twice_is_one_proposal(sign_in, seeing, approved):
    clerk = sign_in("clerk")
    sent = words_of(clerk.get(f"/births/propose/{approved}").text) | WHY | {"weight_g": "3000"}
    answers = [clerk.http.post(f"/births/propose/{approved}", data=sent).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert len(seeing(lambda s: changes.requests_of(s, scope.get(Birth, approved)))) == 1


def test_a_click_sent_twice_is_one_decision(sign_in, seeing, approved):
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    propose(clerk, approved, weight_g="3000")
    asked = request_of(seeing, approved)
    sent = hidden_fields(supervisor.get(f"/births/change/{asked.uid}").text)
    told = [supervisor.http.post(f"/births/change/{asked.uid}/apply", data=sent, follow_redirects=True).text for _ in range(2)]
    assert ["Done." in text for text in told] == [True, True]
    assert seeing(lambda s: [r.state for r in changes.requests_of(s, scope.get(Birth, approved))]) == [ChangeState.applied]


def test_a_page_of_an_older_version_decides_nothing(sign_in, seeing, approved):
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    propose(clerk, approved, weight_g="3000")
    asked = request_of(seeing, approved)
    sent = hidden_fields(supervisor.get(f"/births/change/{asked.uid}").text) | {"row_version": "1"}
    answer = supervisor.http.post(f"/births/change/{asked.uid}/apply", data=sent, follow_redirects=True)
    assert "Read it again, then decide." in answer.text
    assert request_of(seeing, approved).state == ChangeState.open


def test_the_proposer_sees_a_way_back_and_no_way_to_decide(sign_in, seeing, approved):
    clerk = sign_in("clerk")
    propose(clerk, approved, weight_g="3000")
    asked = request_of(seeing, approved)
    page = clerk.get(f"/births/change/{asked.uid}").text
    assert ("Withdraw the proposal" in page, "Apply the change" in page) == (True, False)
    token = hidden_fields(page)
    assert clerk.http.post(f"/births/change/{asked.uid}/apply", data=token).status_code == 403
    decide(clerk, asked, "withdraw")
    assert request_of(seeing, approved).state == ChangeState.withdrawn


def test_a_hidden_number_stays_hidden_until_it_is_typed_anew(sign_in, seeing, approved):
    clerk, number = sign_in("clerk"), id_number_for(MOTHER_BORN, "2", 987)
    propose(clerk, approved, weight_g="3000")
    asked = request_of(seeing, approved)
    assert seeing(lambda s: [d.field for d in changes.differences(s, scope.get(ChangeRequest, asked.uid), scope.get(Birth, approved))]) == [
        "weight_g"
    ]
    decide(clerk, asked, "withdraw")
    propose(clerk, approved, mother_id_no=number)
    page = sign_in("supervisor").get(f"/births/change/{request_of(seeing, approved).uid}").text
    assert number not in page
    assert number[:6] in page


@pytest.mark.parametrize("name", ["neighbour", "stranger"])
def test_nobody_else_finds_a_request(sign_in, seeing, approved, name):
    propose(sign_in("clerk"), approved, weight_g="3000")
    asked, other = request_of(seeing, approved), sign_in(name)
    token = {"csrf_token": other.hidden("/own/")["csrf_token"], "act_token": str(uuid7()), "row_version": "1", **WHY}
    assert other.get(f"/births/change/{asked.uid}").status_code in (403, 404)
    assert other.get(f"/births/propose/{approved}").status_code in (403, 404)
    assert other.http.post(f"/births/propose/{approved}", data=token).status_code in (403, 404)
    for act in ("apply", "refuse", "withdraw"):
        assert other.http.post(f"/births/change/{asked.uid}/{act}", data=token | {"reason": "x"}).status_code in (403, 404)
    assert request_of(seeing, approved).state == ChangeState.open


def test_an_unknown_decision_is_not_there(sign_in, seeing, approved):
    clerk = sign_in("clerk")
    propose(clerk, approved, weight_g="3000")
    token = hidden_fields(clerk.get(f"/births/change/{request_of(seeing, approved).uid}").text)
    assert clerk.http.post(f"/births/change/{request_of(seeing, approved).uid}/delete", data=token).status_code == 404


def person_of(seeing, approved):
    return seeing(lambda s: s.get_one(Person, scope.get(Birth, approved).mother_id).uid)


def propose_name(client, uid, name):
    page = client.get(f"/people/propose/{uid}").text
    return client.http.post(f"/people/propose/{uid}", data=words_of(page) | WHY | {"name": name})


def test_a_file_that_an_approved_record_names_is_put_right_by_a_request(sign_in, seeing, approved):
    clerk, supervisor, uid = sign_in("clerk"), sign_in("supervisor"), person_of(seeing, approved)
    assert "Propose a change" in clerk.get(f"/people/show/{uid}").text
    assert propose_name(clerk, uid, "李枚").status_code == 302
    assert "Propose a change</a>" not in clerk.get(f"/people/show/{uid}").text
    asked = seeing(lambda s: changes.requests_of(s, scope.get(Person, uid)))[0]
    page = supervisor.get(f"/people/change/{asked.uid}").text
    assert re.search(r"Name</th><td><del>李梅</del></td><td><mark>李枚</mark>", page)
    assert supervisor.http.post(f"/people/change/{asked.uid}/apply", data=hidden_fields(page)).status_code == 302
    assert seeing(lambda _s: (scope.get(Person, uid).name, scope.get(Person, uid).name_key)) == ("李枚", "li mei")
    assert seeing(lambda _s: scope.get(Birth, approved).mother_name) == "李梅"
    parts = select(PersonSearch.token).join(Person, Person.id == PersonSearch.person_id).where(Person.uid == uid)
    assert "枚" in seeing(lambda s: s.scalars(parts).all())
    found = supervisor.send("/people/find", "/people/list/", text="李枚").text
    assert "李枚" in found


def test_nobody_applies_their_own_change_of_a_file(sign_in, seeing, approved, two_hats):
    uid = person_of(seeing, approved)
    both = sign_in(two_hats)
    propose_name(both, uid, "李枚")
    asked = seeing(lambda s: changes.requests_of(s, scope.get(Person, uid)))[0]
    page = both.get(f"/people/change/{asked.uid}").text
    assert "Apply the change" not in page
    both.http.post(f"/people/change/{asked.uid}/apply", data=hidden_fields(page))
    assert seeing(lambda _s: scope.get(Person, uid).name) == "李梅"


def test_a_file_that_no_approved_record_names_is_simply_edited(sign_in, working):
    with working() as session:
        uid = make_person(session, name="王芳").uid
    assert "Propose a change" not in sign_in("clerk").get(f"/people/show/{uid}").text


def test_a_file_changed_since_is_not_changed_again(sign_in, seeing, working, approved):
    clerk, supervisor, uid = sign_in("clerk"), sign_in("supervisor"), person_of(seeing, approved)
    propose_name(clerk, uid, "李枚")
    with working():
        scope.get(Person, uid).phone = "13812345678"
    asked = seeing(lambda s: changes.requests_of(s, scope.get(Person, uid)))[0]
    page = supervisor.get(f"/people/change/{asked.uid}").text
    answer = supervisor.http.post(f"/people/change/{asked.uid}/apply", data=hidden_fields(page), follow_redirects=True)
    assert "The record was changed since." in answer.text
    assert seeing(lambda _s: scope.get(Person, uid).name) == "李梅"


def test_the_workbench_counts_what_is_proposed_and_leads_there(sign_in, approved):
    propose(sign_in("clerk"), approved, weight_g="3000")
    supervisor = sign_in("supervisor")
    address = re.search(r'href="([^"]*change_open=y)"><strong>1</strong>', supervisor.get("/").text)[1]
    assert str(approved) in supervisor.get(address.replace("&amp;", "&")).text
    assert "changes proposed" not in sign_in("neighbour").get("/").text


def test_a_proposal_of_another_office_is_not_opened_by_a_row_that_came_here(sign_in, seeing, working, approved):
    propose(sign_in("clerk"), approved, weight_g="3000")
    asked = request_of(seeing, approved)
    with working() as session:
        answered_for_by(session, B1)
    neighbour = sign_in("neighbour")
    answers = [neighbour.get(f"/births/{page}").status_code for page in (f"show/{approved}", f"change/{asked.uid}")]
    assert answers == [200, 404]
