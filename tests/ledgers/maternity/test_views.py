"""The screens of the voluntary services, as the worker and the clinician see them."""

import re

import pytest

from app.core import scope
from app.core.crypto import uuid7
from app.core.workflow import Status
from app.ledgers.maternity.models import NewlywedService, PregnancyService
from tests.conftest import hidden_fields
from tests.factories.maternity import WOMAN_BORN, her_number
from tests.ledgers.maternity.conftest import BOTH, ROUTES, WORDS, whole
from tests.reader import beside
from tests.test_costs import MOST_STATEMENTS, counted

HERS = her_number()
HER_FORM = {
    "woman_id_type": "1", "woman_id_no": HERS, "woman_name": "金丝雀", "told_by": "1", "told_on": "2026-03-09", "consent_on": "2026-03-09",
    "due_on": "2026.9.21", "check_answer": "3",
}  # fmt: skip
COUPLE = {
    "wife_id_type": "1",
    "wife_id_no": HERS,
    "wife_name": "金丝雀",
    "consent_on": "2026-03-09",
    "check_answer": "3",
    "folic_answer": "3",
}
FORMS = {PregnancyService: HER_FORM, NewlywedService: COUPLE}
NAME = {PregnancyService: "woman_name", NewlywedService: "wife_name"}


def act(client, base, uid, name, **words):
    """Press a button of the record page."""
    return client.send(f"/{base}/action/{name}/{uid}", page=f"/{base}/show/{uid}", **words)


def one(seeing, model):
    """The only row."""
    return seeing(lambda session: session.scalars(scope.query(model)).one())


def buttons(page):
    """The acts a page offers."""
    return set(re.findall(r'name="act" value="(\w+)"', page))


@BOTH
def test_a_decline_is_a_normal_ending(sign_in, seeing, model):
    worker, clinician, base = sign_in("service_worker"), sign_in("clinician"), ROUTES[model]
    form = worker.get(f"/{base}/add").text
    assert "It may be declined, in whole or in part, and given up at any time, without a reason." in form
    assert "has no effect on anything" in form
    answer = worker.send(f"/{base}/add", **FORMS[model])
    assert answer.status_code == 302
    row = one(seeing, model)
    assert (row.check_answer, row.warnings, row.raised) == ("3", [], [])
    page = worker.get(answer.location).text
    assert "Declined" in page
    assert HERS not in page
    assert act(worker, base, row.uid, "submit").status_code == 302
    assert act(clinician, base, row.uid, "approve").status_code == 302
    assert one(seeing, model).status is Status.approved
    assert "Declined" in clinician.get(answer.location).text


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("check_answer", "9x", "Choose a value from the list."),
        ("region", "x", "Choose a value from the list."),
        ("consent_on", "0000-01-01", "This is not a date."),
        ("consent_on", "", "Fill in this field."),
        ("folic_boxes", "zwei", "This is not a whole number."),
        ("consent_on", "2099-01-01", "This day has not come yet."),
    ],
)
def test_what_no_box_takes_is_said_beside_it(sign_in, name, typed, said):
    page = sign_in("service_worker").send("/pregnancy-services/add", **HER_FORM | {name: typed})
    assert page.status_code == 200
    assert said in beside(page.text, name)
    assert "金丝雀" in page.text


def test_an_edit_changes_what_was_typed_and_nothing_else(sign_in, seeing, entered):
    uid, worker = entered(**whole(PregnancyService)), sign_in("service_worker")
    page = worker.get(f"/pregnancy-services/edit/{uid}").text
    assert 'name="region"' not in page
    boxes = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', page))
    chosen = dict(re.findall(r'<select[^>]*name="(\w+)".*?<option[^>]* selected value="([^"]*)"', page, re.DOTALL))
    before = one(seeing, PregnancyService)
    words = {**boxes, **chosen, **hidden_fields(page), "wants_visits": "y", "remark": WORDS[3], "folic_boxes": "4"}
    assert worker.http.post(f"/pregnancy-services/edit/{uid}", data=words).status_code == 302
    row = one(seeing, PregnancyService)
    assert (row.folic_boxes, row.due_on, row.wants_visits, row.proxy_name) == (4, before.due_on, True, before.proxy_name)
    assert row.woman_id_no.reveal() == before.woman_id_no.reveal()


def test_the_number_is_a_mask_and_shown_with_a_reason(sign_in, entered):
    uid, worker = entered(woman_id_no=HERS), sign_in("service_worker")
    seen = worker.send(f"/pregnancy-services/reveal/{uid}", f"/pregnancy-services/show/{uid}", column="woman_id_no", reason="雀理由")
    assert HERS in seen.text
    assert HERS not in worker.get(f"/pregnancy-services/show/{uid}").text


def test_the_history_of_the_record_masks_every_value(sign_in, entered):
    uid = entered(**whole(PregnancyService))
    page = sign_in("service_worker").get(f"/pregnancy-services/show/{uid}").text
    told = page.partition('<table class="table history">')[2]
    assert "Due date: " in told
    assert "••••" in told
    assert not any(word in told for word in (*WORDS, "2026-09-21", "2026-03-09", WOMAN_BORN.isoformat(), "Accepted"))


def test_why_a_record_came_back_is_read_by_its_maker(sign_in, entered):
    uid, worker = entered(status=Status.submitted), sign_in("service_worker")
    act(sign_in("clinician"), "pregnancy-services", uid, "return", reason="雀理由")
    assert "雀理由" in worker.get(f"/pregnancy-services/show/{uid}").text


@BOTH
def test_one_button_withdraws_the_consent_and_the_screens_are_empty(sign_in, seeing, entered, model):
    uid, base = entered(model, status=Status.approved, **{NAME[model]: "金丝雀", "remark": WORDS[3]}), ROUTES[model]
    worker, clinician = sign_in("service_worker"), sign_in("clinician")
    page = worker.get(f"/{base}/show/{uid}").text
    assert "withdraw_consent" in buttons(page)
    assert 'id="reason-withdraw_consent"' not in page
    assert 'value="withdraw_consent"' not in worker.get(f"/{base}/list/").text
    words = {**hidden_fields(page), "reason": WORDS[5]}
    answers = [worker.http.post(f"/{base}/action/withdraw_consent/{uid}", data=words) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    for client in (worker, clinician):
        page = client.get(f"/{base}/show/{uid}").text
        assert f"Record closed on {one(seeing, model).closed_on}." in page
        assert buttons(page) == set()
        assert f'<a class="open" href="/{base}/show/{uid}">—</a>' in client.get(f"/{base}/list/").text
        asked = client.send(
            f"/{base}/reveal/{uid}", "/own/", column=NAME[model].replace("name", "id_no"), reason="x", act_token=str(uuid7())
        )
        assert asked.status_code == 404
        assert f"/{base}/propose/{uid}" not in page
        lists = client.get(f"/{base}/list/").text + client.send(f"/{base}/find", f"/{base}/list/", text="金丝雀").text
        assert not any(word in page + lists.replace("金丝雀", "", 1) for word in WORDS)


@pytest.mark.parametrize("text", [HERS, " 金丝雀 "])
@BOTH
def test_a_service_is_found_by_a_whole_number_or_name(sign_in, entered, model, text):
    prefix = NAME[model].partition("_")[0]
    uid = entered(model, **{f"{prefix}_name": "金丝雀", f"{prefix}_id_no": HERS})
    other = entered(model, **{f"{prefix}_name": "金丝", f"{prefix}_id_no": her_number()})
    page = sign_in("service_worker").send(f"/{ROUTES[model]}/find", f"/{ROUTES[model]}/list/", text=text).text
    assert str(uid) in page
    assert str(other) not in page


@pytest.mark.parametrize("text", ["金丝", HERS[-4:], "2026-09-21"])
def test_nothing_is_found_by_a_part_or_an_answer(sign_in, entered, text):
    uid = entered(woman_name="金丝雀", woman_id_no=HERS)
    assert str(uid) not in sign_in("service_worker").send("/pregnancy-services/find", "/pregnancy-services/list/", text=text).text


@BOTH
def test_the_list_is_narrowed_by_state_and_place_and_by_nothing_of_the_person(sign_in, model):
    page = sign_in("service_worker").get(f"/{ROUTES[model]}/list/").text
    assert set(re.findall(r'data-column="(\w+)"', page)) == {"status", "region", "on_hold", "change_open"}
    view = {"pregnancy-services": "PregnancyServiceView", "newlywed-services": "NewlywedServiceView"}[ROUTES[model]]
    assert sign_in("service_worker").get(f"/{ROUTES[model]}/list/?_oc_{view}={NAME[model]}&_od_{view}=asc").status_code == 400


@pytest.mark.parametrize(("who", "model"), [("service_worker", PregnancyService), ("clinician", NewlywedService)])
def test_a_list_page_costs_no_more_than_others(sign_in, entered, model, who):
    entered(model), entered(model, status=Status.submitted)
    client, page = sign_in(who), f"/{ROUTES[model]}/list/"
    client.get(page)
    with counted() as sent:
        assert client.get(page).status_code == 200
    assert len(sent) <= MOST_STATEMENTS, sent


def test_a_change_is_proposed_and_applied_on_the_screens(sign_in, seeing, entered):
    uid, worker, clinician = entered(status=Status.approved), sign_in("service_worker"), sign_in("clinician")
    address = f"/pregnancy-services/propose/{uid}"
    words = HER_FORM | {"woman_name": "李梅", "woman_id_no": str(one(seeing, PregnancyService).woman_id_no), "due_on": "2026-10-01"}
    answer = worker.send(address, **words, change_reason="雀理由", evidence="handbook")
    assert answer.status_code == 302, answer.text
    asked = re.search(r"/pregnancy-services/change/([0-9a-f-]+)", worker.get(answer.location).text)[1]
    page = clinician.get(f"/pregnancy-services/change/{asked}").text
    assert "2026-10-01" in page
    assert clinician.send(f"/pregnancy-services/change/{asked}/apply", page=f"/pregnancy-services/change/{asked}").status_code == 302
    assert one(seeing, PregnancyService).due_on.isoformat() == "2026-10-01"
