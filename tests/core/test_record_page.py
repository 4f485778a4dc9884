"""The page of one record: what may be done now and why not, its parts, its history and how it was, the printed form, one value shown."""

import re

import pytest
from sqlalchemy import select, text

from app.core import audit, scope
from app.core.crypto import uuid7
from app.core.limits import LimitedUse
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from tests.conftest import hidden_fields
from tests.factories.births import correct, do, make_birth, user
from tests.factories.maternity import make_newlywed
from tests.factories.people import make_person


@pytest.fixture
def returned(working):
    """The uid of a birth that was returned and mended once: the weight was 3000 and is 3456."""
    with working() as session:
        birth = make_birth(session, status=Status.returned, weight_g=3000)
        uid = birth.uid
    with working() as session:
        correct(session, scope.get(Birth, uid), weight_g=3456)
    return uid


@pytest.fixture
def submitted(working):
    """The uid of a submitted birth of town A."""
    with working() as session:
        return make_birth(session, status=Status.submitted).uid


def acts_of(seeing, uid):
    return seeing(lambda s: [entry.act for entry in audit.history_of(s, scope.get(Birth, uid))])


# head and parts


def test_the_head_tells_mask_and_office(sign_in, submitted, seeing):
    birth = seeing(lambda _s: scope.get(Birth, submitted))
    head = re.search(r'<header class="record-head">.*?</header>', sign_in("clerk").get(f"/births/show/{submitted}").text, re.DOTALL)[0]
    assert str(birth.mother_id_no) in head
    assert birth.mother_id_no.reveal() not in head
    assert "Office: " in head


def test_every_part_has_a_link_that_works_without_a_script(sign_in, submitted):
    page = sign_in("clerk").get(f"/births/show/{submitted}").text
    parts = re.findall(r'<a href="#(\w+)" id="tab-', page)
    assert parts == ["details", "related", "files", "approval", "timeline"]
    assert [f'id="{name}"' in page for name in parts] == [True] * 5


def test_a_page_without_a_workflow_has_fewer_parts(sign_in, working):
    with working() as session:
        uid = make_person(session).uid
    page = sign_in("clerk").get(f"/people/show/{uid}").text
    assert re.findall(r'<a href="#(\w+)" id="tab-', page) == ["details", "related", "files", "timeline"]
    assert "Print the form" not in page


def test_the_trail_leads_back_to_the_list(sign_in, submitted):
    page = sign_in("clerk").get(f"/births/show/{submitted}").text
    trail = re.search(r'<nav class="crumbs".*?</nav>', page, re.DOTALL)[0]
    assert '<a href="/births/list/">Births</a>' in trail
    assert 'aria-current="location"' in trail


def test_an_act_that_is_refused_now_says_why(sign_in, working, two_hats):
    with working() as session:
        uid = make_birth(session, status=Status.submitted, maker=two_hats).uid
    page = sign_in(two_hats).get(f"/births/show/{uid}").text
    refused = re.search(r'<p class="not-now">.*?</p>', page, re.DOTALL)[0]
    assert re.findall(r"disabled[^>]*>([^<]+)", refused) == ["Return", "Approve"]
    assert "You made or edited this record; another person must decide about it." in refused
    assert 'value="approve"' not in page


def test_an_act_without_the_right_to_it_is_not_even_named(sign_in, submitted):
    assert "not-now" not in sign_in("clerk").get(f"/births/show/{submitted}").text


def test_the_decisions_stand_in_a_part_of_their_own(sign_in, returned):
    page = sign_in("clerk").get(f"/births/show/{returned}").text
    steps = re.search(r'<table class="table steps">.*?</table>', page, re.DOTALL)[0]
    assert [word in steps for word in ("Submit", "Return", "supervisor", "a reason")] == [True] * 4


def test_other_records_of_the_same_people_are_related(sign_in, working):
    with working() as session:
        first = make_birth(session, status=Status.approved)
        number = first.mother_id_no.reveal()
        other = make_birth(session, mother_id_no=number, born_on=first.born_on.replace(year=2023), child_order=2)
        uids = first.uid, other.uid
    page = sign_in("clerk").get(f"/births/show/{uids[0]}").text
    related = re.search(r'id="related".*?id="files"', page, re.DOTALL)[0]
    assert f"/births/show/{uids[1]}" in related


# history


def test_the_history_is_narrowed_to_one_kind_of_entry(sign_in, returned):
    clerk = sign_in("clerk")
    whole = clerk.get(f"/births/show/{returned}").text
    decided = clerk.get(f"/births/show/{returned}?entries=decided").text
    table = r'<table class="table history">.*?</table>'
    assert "Create" in re.search(table, whole, re.DOTALL)[0]
    narrowed = re.search(table, decided, re.DOTALL)[0]
    assert [word in narrowed for word in ("Create", "Submit", "Return")] == [False, True, True]


def test_a_kind_that_does_not_exist_narrows_nothing(sign_in, returned):
    assert "Entered by hand" in sign_in("clerk").get(f"/births/show/{returned}?entries=x&as_of=9999").text


def test_the_record_as_it_was_tells_what_differs_now(sign_in, returned):
    page = sign_in("clerk").get(f"/births/show/{returned}?as_of=1").text
    then = re.search(r'<section class="group as-it-was".*?</section>', page, re.DOTALL)[0]
    assert re.search(r"Weight in grams</th>\s*<td><mark>3000</mark></td><td>3456", then)
    changed = re.findall(r'<tr class="differs"><th scope="row">([^<]+)', then)
    assert changed == ["Weight in grams"]
    assert re.search(r"Mother&#39;s name</th>\s*<td>李梅</td><td>李梅", then)


def test_a_number_of_then_stays_a_mask(sign_in, working, seeing):
    with working() as session:
        birth = make_birth(session)
        uid, first = birth.uid, birth.mother_id_no.reveal()
    with working() as session:
        scope.get(Birth, uid).mother_id_no = first[:-4] + "9998"
    page = sign_in("clerk").get(f"/births/show/{uid}?as_of=1").text
    then = re.search(r'<section class="group as-it-was".*?</section>', page, re.DOTALL)[0]
    assert first not in page
    assert f"<mark>{first[:6]}" in then


def test_an_unbroken_chain_has_its_tick(sign_in, returned):
    assert "The chain of these entries is unbroken." in sign_in("clerk").get(f"/births/show/{returned}").text


def test_an_entry_that_was_changed_past_the_program_is_seen_on_the_page(app, sign_in, returned, working, template):
    with working() as session:
        off = "DROP TRIGGER audit_entry_no_update" + (" ON audit_entry" if template[0] == "pg" else "")
        session.execute(text(off))
        session.execute(
            text("UPDATE audit_entry SET actor = 'nobody' WHERE target = :row AND act = 'submit'"), {"row": f"birth/{returned}"}
        )
    page = sign_in("clerk").get(f"/births/show/{returned}").text
    assert "An entry was changed past the program." in page
    assert "unbroken" not in page


def test_an_imported_row_says_where_it_came_from(sign_in, working):
    with working() as session:
        uid = make_birth(session, record_source="2").uid
    assert "Imported" in sign_in("clerk").get(f"/births/show/{uid}").text


# the printed form


def print_form(client, uid, ledger="births"):
    return client.send(f"/{ledger}/print/{uid}", f"/{ledger}/show/{uid}")


def test_the_form_tells_office_number_and_who_printed_it(sign_in, submitted, seeing):
    birth = seeing(lambda _s: scope.get(Birth, submitted))
    page = print_form(sign_in("clerk"), submitted).text
    form = re.search(r'<article class="official">.*</article>', page, re.DOTALL)[0]
    assert "Birth form" in form
    assert str(submitted)[-12:].upper() in form
    assert [word in form for word in ("Signature:", "Office (seal):", "Printed by: ", "Printed at: 20")] == [True] * 4
    assert str(birth.mother_id_no) in form
    assert birth.mother_id_no.reveal() not in form
    assert "Possible duplicate" not in form


def test_each_printing_is_one_entry_of_the_history(sign_in, submitted, seeing):
    clerk = sign_in("clerk")
    words = hidden_fields(clerk.get(f"/births/show/{submitted}").text)
    for _click in range(2):
        assert clerk.http.post(f"/births/print/{submitted}", data=words).status_code == 200
    assert acts_of(seeing, submitted).count("print") == 1
    print_form(clerk, submitted)
    assert acts_of(seeing, submitted).count("print") == 2
    assert "Print the form" in clerk.get(f"/births/show/{submitted}?entries=looked").text.partition("table history")[2]


def test_a_record_is_printed_by_post_alone_and_with_its_token(sign_in, submitted, seeing):
    clerk = sign_in("clerk")
    assert clerk.get(f"/births/print/{submitted}").status_code == 405
    assert clerk.http.post(f"/births/print/{submitted}", data={"act_token": str(uuid7())}).status_code == 400
    assert "print" not in acts_of(seeing, submitted)


def test_a_confidential_record_is_not_printed(sign_in, working):
    with working() as session:
        uid = make_newlywed(session).uid
    worker = sign_in("service_worker")
    page = worker.get(f"/newlywed-services/show/{uid}").text
    assert "Print the form" not in page
    assert worker.http.post(f"/newlywed-services/print/{uid}", data=hidden_fields(page)).status_code == 404


# one value shown


def test_a_value_is_shown_beside_its_label_and_knows_its_mask(sign_in, submitted, seeing):
    sealed = seeing(lambda _s: scope.get(Birth, submitted).mother_id_no)
    words = {"column": "mother_id_no", "reason": "compare"}
    page = sign_in("supervisor").send(f"/births/reveal/{submitted}", f"/births/show/{submitted}", **words).text
    assert re.search(rf'data-mask="{re.escape(str(sealed))}" data-seconds="30" tabindex="-1">{sealed.reveal()}<', page)
    assert page.count(sealed.reveal()) == 1


def test_the_token_of_one_page_reveals_and_prints_no_second_record_unwritten(sign_in, submitted, seeing, working):
    with working() as session:
        other = make_birth(session, status=Status.submitted).uid
    supervisor = sign_in("supervisor")
    words = hidden_fields(supervisor.get(f"/births/show/{submitted}").text) | {"column": "mother_id_no", "reason": "compare"}
    for uid in (submitted, other, submitted):
        assert supervisor.http.post(f"/births/reveal/{uid}", data=words).status_code == 200
        assert supervisor.http.post(f"/births/print/{uid}", data=words).status_code == 200
    for uid in (submitted, other):
        assert [acts_of(seeing, uid).count(act) for act in ("reveal", "print")] == [1, 1]
    assert seeing(lambda s: len(s.scalars(select(LimitedUse).where(LimitedUse.kind == "reveal")).all())) == 2


def test_an_old_token_does_not_reveal_what_stands_there_since(sign_in, returned, seeing, working):
    supervisor = sign_in("supervisor")
    words = hidden_fields(supervisor.get(f"/births/show/{returned}").text) | {"column": "mother_id_no", "reason": "compare"}
    assert supervisor.http.post(f"/births/reveal/{returned}", data=words).status_code == 200
    with working() as session:
        correct(session, scope.get(Birth, returned), weight_g=3500)
    assert supervisor.http.post(f"/births/reveal/{returned}", data=words).status_code == 200
    assert acts_of(seeing, returned).count("reveal") == 2


def test_whoever_may_not_reveal_finds_no_button(sign_in, submitted):
    assert 'class="reveal"' in sign_in("supervisor").get(f"/births/show/{submitted}").text
    assert 'class="reveal"' not in sign_in("approver").get(f"/births/show/{submitted}").text


def test_the_page_offers_the_queue_to_whoever_decides(sign_in, submitted, working):
    assert "Open in the approval queue" in sign_in("supervisor").get(f"/births/show/{submitted}").text
    assert "Open in the approval queue" not in sign_in("clerk").get(f"/births/show/{submitted}").text
    with working() as session:
        do(session.scalars(select(Birth)).one(), "approve", user(session, "supervisor"))
    assert "Open in the approval queue" not in sign_in("supervisor").get(f"/births/show/{submitted}").text
