"""What is typed into an entry form is kept for whoever typed it, and for nobody else, until it is saved or discarded."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts import users
from app.accounts.models import UserSession
from app.core import clock, drafts, merge, regions
from app.core.crypto import uuid7
from app.core.drafts import FormDraft
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person
from tests.cast import A1, B1, PASSWORD, A, B
from tests.conftest import Client
from tests.factories.births import make_birth, user
from tests.factories.maternity import make_pregnancy
from tests.factories.people import id_number_for, make_person
from tests.reader import filled

NUMBER = id_number_for(clock.today() - timedelta(days=12000), "2", 555)
PHONE = "13812345678"
NEW = {"name": "张先发", "id_type": "1", "id_no": NUMBER, "phone": PHONE}
JSON = {"Accept": "application/json"}


def sent(client: Client, form: str, words: dict[str, str], *, screen: str = "PersonView", pk: str = "") -> Any:
    """Keep the words of a form as its page does."""
    told = {"draft_screen": screen, "draft_form": form, "draft_pk": pk}
    return client.http.post("/drafts/keep", data={**client.hidden("/own/"), **words, **told}, headers=JSON)


def begun(client: Client, **more: str) -> str:
    """A new person who was typed and not saved; the identity of the draft."""
    words = filled(client.get("/people/add").text) | NEW | more
    return str(sent(client, "add", words).json["uid"])


def begun_to_change(client: Client, page: str, **more: str) -> str:
    """A person whose change was typed and not saved."""
    words = filled(client.get(page).text) | more
    answer = sent(client, "edit", words, pk=page.rpartition("/")[2])
    assert answer.status_code == 200, answer.text
    return str(answer.json["uid"])


@pytest.fixture
def page(working: Any) -> str:
    """The form of one person."""
    with working() as session:
        return f"/people/edit/{make_person(session, office=A1, name='李四', phone=PHONE, ethnicity='01').uid}"


@pytest.fixture
def kept(seeing: Any) -> Callable[[], int]:
    """How many drafts there are."""
    return lambda: len(seeing(lambda s: s.scalars(select(FormDraft.id)).all()))


# keeping and continuing


def test_what_was_typed_comes_back_word_for_word(sign_in):
    clerk = sign_in("clerk")
    uid = begun(clerk, birth_date="1990年1月2", sex="2")
    form = filled(clerk.get(f"/people/add?draft={uid}").text)
    assert {name: form[name] for name in NEW} == NEW
    assert (form["birth_date"], form["sex"]) == ("1990年1月2", "2")


def test_it_is_said_when_the_words_were_kept(sign_in):
    answer = sent(sign_in("clerk"), "add", {"act_token": str(uuid7()), "name": "张"}).json
    assert re.fullmatch(r"Kept at \d\d:\d\d", answer["text"])


def test_the_same_form_has_one_draft_and_another_one_its_own(sign_in, kept):
    clerk = sign_in("clerk")
    words = filled(clerk.get("/people/add").text)
    assert len({sent(clerk, "add", {**words, "name": name}).json["uid"] for name in ("张", "张先", "张先发")}) == 1
    begun(clerk)
    assert kept() == 2


def test_the_empty_form_offers_what_was_begun(sign_in):
    clerk = sign_in("clerk")
    uid, text = begun(clerk), clerk.get("/people/add").text
    assert f"/people/add?draft={uid}" in text
    assert filled(text)["name"] == ""
    assert NUMBER not in text


def test_a_row_is_opened_only_after_its_words_were_decided_about(sign_in, page):
    clerk = sign_in("clerk")
    uid, text = begun_to_change(clerk, page, name="李四光"), clerk.get(page).text
    assert filled(text) == {}
    assert f"{page}?draft={uid}" in text
    assert filled(clerk.get(f"{page}?draft={uid}").text)["name"] == "李四光"


def test_a_secret_that_was_typed_comes_back_and_one_that_was_not_stays_masked(sign_in, page):
    clerk = sign_in("clerk")
    uid = begun_to_change(clerk, page, id_no=NUMBER)
    form = filled(clerk.get(f"{page}?draft={uid}").text)
    assert form["id_no"] == NUMBER
    assert form["phone"] == "138****5678"


def test_saving_the_form_takes_its_draft_away(sign_in, kept, seeing):
    clerk = sign_in("clerk")
    place = seeing(lambda s: str(regions.by_code(s, A1).uid))
    uid = begun(clerk, residence=place)
    assert clerk.http.post("/people/add", data=filled(clerk.get(f"/people/add?draft={uid}").text)).status_code == 302
    assert kept() == 0
    assert seeing(lambda s: s.scalars(select(Person.name)).all()) == ["张先发"]


def test_words_that_come_after_the_saving_are_not_kept(sign_in, kept, seeing):
    clerk = sign_in("clerk")
    place = seeing(lambda s: str(regions.by_code(s, A1).uid))
    form = filled(clerk.get("/people/add").text) | NEW | {"residence": place}
    clerk.http.post("/people/add", data=form)
    assert sent(clerk, "add", form).json["saved"] is True
    assert kept() == 0


def test_a_form_that_is_refused_keeps_its_draft(sign_in, kept):
    clerk = sign_in("clerk")
    uid = begun(clerk, id_no="123")
    assert clerk.http.post("/people/add", data=filled(clerk.get(f"/people/add?draft={uid}").text)).status_code == 200
    assert kept() == 1


def test_a_draft_of_a_change_goes_with_the_change(sign_in, page, kept):
    clerk = sign_in("clerk")
    uid = begun_to_change(clerk, page, name="李四光")
    assert clerk.http.post(page, data=filled(clerk.get(f"{page}?draft={uid}").text)).status_code == 302
    assert kept() == 0


def test_a_proposal_is_kept_with_its_reason_and_its_paper(sign_in, working, kept):
    with working() as session:
        uid = str(make_birth(session, status=Status.approved).uid)
    clerk, page = sign_in("clerk"), f"/births/propose/{uid}"
    words = filled(clerk.get(page).text) | {"child_name": "新名", "change_reason": "写错了", "evidence": "出生证"}
    draft = sent(clerk, "propose", words, screen="BirthView", pk=uid).json["uid"]
    form = filled(clerk.get(f"{page}?draft={draft}").text)
    assert (form["child_name"], form["change_reason"], form["evidence"]) == ("新名", "写错了", "出生证")
    assert clerk.http.post(page, data=form).status_code == 302
    assert kept() == 0


def test_what_was_written_about_something_unusual_comes_back_too(sign_in):
    clerk = sign_in("clerk")
    words = filled(clerk.get("/births/add").text) | {"mother_name": "李梅", "reason_V19_weight": "22周"}
    uid = sent(clerk, "add", words, screen="BirthView").json["uid"]
    assert filled(clerk.get(f"/births/add?draft={uid}").text)["reason_V19_weight"] == "22周"


def test_a_draft_is_discarded(sign_in, kept):
    clerk = sign_in("clerk")
    answer = clerk.send("/drafts/discard", "/own/", uid=begun(clerk), then="form")
    assert answer.location == "/people/add"
    assert kept() == 0


def test_words_typed_elsewhere_are_not_written_over(sign_in, page):
    clerk = sign_in("clerk")
    first, second = (filled(clerk.get(page).text) for _window in range(2))
    pk = page.rpartition("/")[2]
    uid = sent(clerk, "edit", {**first, "name": "李一"}, pk=pk).json["uid"]
    answer = sent(clerk, "edit", {**second, "name": "李二"}, pk=pk)
    assert answer.status_code == 409
    assert "you began to change this record elsewhere" in answer.json["error"]
    assert filled(clerk.get(f"{page}?draft={uid}").text)["name"] == "李一"


def test_there_is_a_limit_that_loses_nothing(sign_in, kept, monkeypatch):
    monkeypatch.setattr(drafts, "MOST", 2)
    clerk = sign_in("clerk")
    begun(clerk), begun(clerk)
    answer = sent(clerk, "add", {"act_token": str(uuid7()), "name": "张"})
    assert answer.status_code == 409
    assert "you have 2 unfinished forms" in answer.json["error"]
    assert kept() == 2


def test_a_form_of_endless_length_is_not_kept(sign_in, kept):
    assert sent(sign_in("clerk"), "add", {"act_token": str(uuid7()), "name": "张" * drafts.MOST_TYPED}).status_code == 409
    assert kept() == 0


@pytest.mark.parametrize("token", ["", "x", "1" * 500])
def test_a_form_without_a_proper_token_is_refused(sign_in, kept, token):
    assert sent(sign_in("clerk"), "add", {"act_token": token, "name": "张"}).status_code == 400
    assert kept() == 0


# older versions


def test_a_draft_of_an_older_version_is_compared_and_writes_over_nothing(sign_in, page, seeing):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    uid = begun_to_change(clerk, page, name="李四光")
    colleague.http.post(page, data={**filled(colleague.get(page).text), "name": "李三", "ethnicity": "05"})
    text = clerk.get(f"{page}?draft={uid}").text
    assert 'name="take_name"' in text
    form = filled(text)
    assert (form["name"], form["ethnicity"]) == ("李四光", "05")
    clerk.http.post(page, data=form)
    assert seeing(lambda s: s.scalars(select(Person.name)).all()) == ["李三"]
    assert clerk.http.post(page, data={**form, "take_name": "mine"}).status_code == 302
    assert seeing(lambda s: s.execute(select(Person.name, Person.ethnicity)).all()) == [("李四光", "05")]


def test_a_draft_of_other_fields_takes_the_newer_ones_over(sign_in, page):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    uid = begun_to_change(clerk, page, name="李四光")
    colleague.http.post(page, data={**filled(colleague.get(page).text), "ethnicity": "05"})
    text = clerk.get(f"{page}?draft={uid}").text
    assert 'id="comparison"' not in text
    assert (filled(text)["name"], filled(text)["ethnicity"]) == ("李四光", "05")
    assert clerk.http.post(page, data=filled(text)).status_code == 302


def test_a_question_that_was_not_answered_is_there_again(sign_in, page):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = filled(clerk.get(page).text) | {"name": "李四光"}
    colleague.http.post(page, data={**filled(colleague.get(page).text), "name": "李三"})
    asked = filled(clerk.http.post(page, data=mine).text)
    uid = sent(clerk, "edit", asked | {"take_name": "theirs"}, pk=page.rpartition("/")[2]).json["uid"]
    form = filled(clerk.get(f"{page}?draft={uid}").text)
    assert (form["name"], form["take_name"]) == ("李四光", "theirs")


# nobody else


@pytest.mark.parametrize("who", ["colleague", "neighbour", "supervisor", "admin", "stranger"])
def test_a_draft_is_nobody_elses(sign_in, who, kept):
    uid, other = begun(sign_in("clerk")), sign_in(who)
    assert other.get(f"/people/add?draft={uid}").status_code in {403, 404}
    assert other.send("/drafts/discard", "/own/", uid=uid).status_code == 404
    assert other.get("/").text.count(uid) == 0
    assert kept() == 1


def test_a_colleague_gets_404_for_a_draft_of_the_same_row(sign_in, page):
    uid, colleague = begun_to_change(sign_in("clerk"), page, name="李四光"), sign_in("colleague")
    assert colleague.get(f"{page}?draft={uid}").status_code == 404
    assert filled(colleague.get(page).text)["name"] == "李四"


def test_the_draft_of_one_row_opens_no_other_form(sign_in, page, working):
    with working() as session:
        other = f"/people/edit/{make_person(session, office=A1, name='王五').uid}"
    clerk = sign_in("clerk")
    uid = begun_to_change(clerk, page, name="李四光")
    assert [clerk.get(f"{url}?draft={uid}").status_code for url in (other, "/people/add", "/births/add")] == [404] * 3


def test_a_foreign_row_is_not_there(sign_in, page, kept):
    answer = sent(sign_in("neighbour"), "edit", {"act_token": str(uuid7()), "name": "张"}, pk=page.rpartition("/")[2])
    assert answer.status_code == 404
    assert kept() == 0


@pytest.mark.parametrize(("who", "status"), [("supervisor", 403), ("stranger", 403)])
def test_who_may_not_fill_a_form_in_keeps_nothing_in_it(sign_in, kept, who, status):
    assert sent(sign_in(who), "add", {"act_token": str(uuid7()), "name": "张"}).status_code == status
    assert kept() == 0


@pytest.mark.parametrize(("screen", "form"), [("NoView", "add"), ("PersonView", "list"), ("OwnView", "password"), ("", "")])
def test_there_are_no_other_forms(sign_in, screen, form):
    assert sent(sign_in("clerk"), form, {"act_token": str(uuid7())}, screen=screen).status_code == 404


def test_a_request_without_the_token_keeps_nothing(sign_in, kept):
    words = {"draft_screen": "PersonView", "draft_form": "add", "act_token": str(uuid7()), "name": "张"}
    assert sign_in("clerk").http.post("/drafts/keep", data=words, headers=JSON).status_code == 400
    assert kept() == 0


def test_losing_the_office_closes_the_draft(app: Flask, sign_in, working):
    uid = begun(sign_in("clerk"))
    with working() as session:
        users.set_regions(session, user(session, "clerk"), [regions.by_code(session, "420506108")])
    clerk = sign_in("clerk")
    assert clerk.get(f"/people/add?draft={uid}").status_code == 404
    assert uid not in clerk.get("/").text + clerk.get("/people/add").text


def test_a_draft_follows_its_office_into_a_merged_one(sign_in, working):
    uid = begun(sign_in("clerk"))
    with working() as session:
        old = [regions.by_code(session, code) for code in (A, B)]
        users.set_regions(session, user(session, "clerk"), [merge.merge(session, old, "龙鸦镇", A, clock.today())])
    assert filled(sign_in("clerk").get(f"/people/add?draft={uid}").text)["name"] == "张先发"


def test_losing_the_right_closes_the_draft(app: Flask, sign_in, working):
    uid = begun(sign_in("clerk"))
    with working() as session:
        user(session, "clerk").roles = [app.appbuilder.sm.find_role("supervisor")]
    clerk = sign_in("clerk")
    assert clerk.get(f"/people/add?draft={uid}").status_code == 403
    assert uid not in clerk.get("/").text


def test_signing_out_keeps_the_draft(sign_in):
    clerk = sign_in("clerk")
    uid = begun(clerk)
    clerk.send("/logout/", "/own/")
    assert filled(sign_in("clerk").get(f"/people/add?draft={uid}").text)["name"] == "张先发"


# what is on the disk


def test_nothing_typed_can_be_read_in_the_database(sign_in, seeing):
    begun(sign_in("clerk"))
    row = seeing(lambda s: dict(s.execute(select(FormDraft.__table__)).mappings().one()))
    told = repr(row)
    assert not [word for word in ("张先发", NUMBER, PHONE, repr("张先发".encode())[2:-1]) if word in told]


def test_the_words_of_one_draft_open_in_no_other(sign_in, working):
    clerk = sign_in("clerk")
    begun(clerk), begun(clerk, name="李四")
    with working() as session:
        one, other = session.scalars(select(FormDraft)).all()
        one.content_enc = other.content_enc
        with pytest.raises(Exception, match="cannot open"):
            _ = one.words


# what goes with the row


def test_discarding_a_row_takes_the_drafts_about_it_away(sign_in, working, kept):
    with working() as session:
        uid = str(make_birth(session).uid)
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    words = filled(colleague.get(f"/births/edit/{uid}").text) | {"remark": "我写的"}
    assert sent(colleague, "edit", words, screen="BirthView", pk=uid).status_code == 200
    assert clerk.send(f"/births/action/discard/{uid}", f"/births/show/{uid}", reason="twice").status_code == 302
    assert kept() == 0


def test_withdrawing_the_consent_erases_what_anybody_was_typing(sign_in, working, kept):
    with working() as session:
        uid = str(make_pregnancy(session).uid)
    worker, screen = sign_in("service_worker"), "PregnancyServiceView"
    words = filled(worker.get(f"/pregnancy-services/edit/{uid}").text) | {"remark": "她说的"}
    assert sent(worker, "edit", words, screen=screen, pk=uid).status_code == 200
    assert worker.send(f"/pregnancy-services/action/withdraw_consent/{uid}", f"/pregnancy-services/show/{uid}").status_code == 302
    assert kept() == 0
    late = sent(worker, "edit", words, screen=screen, pk=uid)
    assert late.status_code == 409
    assert kept() == 0


# the workbench


def test_the_workbench_lists_what_was_begun_without_names(sign_in, page):
    clerk = sign_in("clerk")
    new, change = begun(clerk), begun_to_change(clerk, page, phone="13900000002")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", clerk.get("/").text))
    assert re.search(r"People change · 李\*\* \d+ \w+ ago", text)
    assert re.search(r"People new · 张\*\* \d+ \w+ ago", text)
    assert f"/people/add?draft={new}" in clerk.get("/").text
    assert f"{page}?draft={change}" in clerk.get("/").text
    assert not [word for word in ("张先发", "李四", NUMBER, PHONE, "13900000002") if word in clerk.get("/").text]


def test_of_a_confidential_record_not_even_the_first_character_is_told(sign_in, working):
    worker = sign_in("service_worker")
    words = filled(worker.get("/pregnancy-services/add").text) | {"woman_name": "孕妇"}
    assert sent(worker, "add", words, screen="PregnancyServiceView").status_code == 200
    text = worker.get("/").text
    assert "Pregnancy services" in text
    assert "孕*" not in text


def test_a_row_that_is_gone_is_not_offered(sign_in, page, working):
    clerk = sign_in("clerk")
    uid = begun_to_change(clerk, page, name="李四光")
    with working() as session:
        row = session.scalars(select(Person)).one()
        for link in row.offices:
            link.valid_to = clock.today()
    assert uid not in clerk.get("/").text
    assert clerk.get(f"{page}?draft={uid}").status_code == 404


# a session that has ended


def end_sessions(app: Flask, working: Any) -> None:
    with working() as session:
        session.execute(update(UserSession).values(ended_at=clock.now(), end_reason="test"))


def test_a_draft_request_of_an_ended_session_is_told_so(app, sign_in, working, kept):
    clerk = sign_in("clerk")
    words = filled(clerk.get("/people/add").text) | NEW | {"draft_screen": "PersonView", "draft_form": "add"}
    end_sessions(app, working)
    answer = clerk.http.post("/drafts/keep", data=words, headers=JSON)
    assert answer.status_code == 401
    assert "session has ended" in answer.json["error"]
    assert kept() == 0


def test_the_same_person_signs_in_in_place_and_the_form_is_saved_once(app, sign_in, working, seeing):
    clerk = sign_in("clerk")
    place = seeing(lambda s: str(regions.by_code(s, A1).uid))
    form = filled(clerk.get("/people/add").text) | NEW | {"residence": place}
    end_sessions(app, working)
    door = clerk.get("/login/", headers=JSON).json
    assert door["user"] == ""
    said = clerk.http.post("/login/", data={"csrf_token": door["csrf_token"], "username": "clerk", "password": PASSWORD}, headers=JSON)
    assert said.json["user"] == "clerk"
    words = form | {"csrf_token": said.json["csrf_token"]}
    assert [clerk.http.post("/people/add", data=words).status_code for _time in range(2)] == [302, 302]
    assert seeing(lambda s: s.scalars(select(Person.name)).all()) == ["张先发"]


def test_a_wrong_password_in_place_says_what_the_sign_in_page_says_and_counts(app, sign_in, working):
    clerk = sign_in("clerk")
    end_sessions(app, working)
    words = {"username": "clerk", "password": "wrong"}
    answers = [clerk.http.post("/login/", data={"csrf_token": clerk.get("/login/", headers=JSON).json["csrf_token"], **words}, headers=JSON)
               for _try in range(5)]  # fmt: skip
    assert {answer.status_code for answer in answers} == {403}
    token = clerk.get("/login/", headers=JSON).json["csrf_token"]
    locked = clerk.http.post("/login/", data={"csrf_token": token, "username": "clerk", "password": PASSWORD}, headers=JSON)
    assert locked.status_code == 403
    assert "closed for a while" in locked.json["error"]


def test_signing_in_in_place_needs_the_token(app, sign_in, working):
    clerk = sign_in("clerk")
    end_sessions(app, working)
    assert clerk.http.post("/login/", data={"username": "clerk", "password": PASSWORD}, headers=JSON).status_code == 400


def test_another_person_who_signs_in_never_saves_the_first_ones_words(app, sign_in, working, seeing, kept):
    clerk = sign_in("clerk")
    place = seeing(lambda s: str(regions.by_code(s, A1).uid))
    form = filled(clerk.get("/people/add").text) | NEW | {"residence": place}
    end_sessions(app, working)
    token = clerk.get("/login/", headers=JSON).json["csrf_token"]
    said = clerk.http.post("/login/", data={"csrf_token": token, "username": "colleague", "password": PASSWORD}, headers=JSON).json
    answer = clerk.http.post("/people/add", data=form | {"csrf_token": said["csrf_token"]})
    assert answer.location == "/people/add"
    assert "somebody else who was signed in here" in clerk.get("/people/add").text
    assert seeing(lambda s: s.scalars(select(Person.name)).all()) == []
    assert sent(clerk, "add", form | {"csrf_token": said["csrf_token"]}).status_code == 404
    assert kept() == 0


def test_without_a_script_the_words_wait_behind_the_door(app, sign_in, working):
    clerk = sign_in("clerk")
    form = filled(clerk.get("/people/add").text) | NEW
    end_sessions(app, working)
    answer = clerk.http.post("/people/add", data=form)
    assert answer.location.startswith("/login/?next=/people/add?draft%3D")
    assert "What you typed is kept" in clerk.get(answer.location).text
    back = clerk.send(answer.location, username="clerk", password=PASSWORD)
    assert {name: filled(clerk.get(back.location).text)[name] for name in NEW} == NEW


def test_behind_the_door_the_words_are_for_their_writer_alone(app, sign_in, working):
    clerk = sign_in("clerk")
    form = filled(clerk.get("/people/add").text) | NEW
    end_sessions(app, working)
    back = clerk.send(clerk.http.post("/people/add", data=form).location, username="colleague", password=PASSWORD)
    answer = clerk.get(back.location)
    assert answer.status_code == 404
    assert NUMBER not in answer.text


@pytest.mark.parametrize("change", [{"writer": "x"}, {"csrf_token": "x"}, {"act_token": str(uuid7())}])
def test_nothing_is_kept_at_the_door_without_proof_of_who_typed_it(app, sign_in, working, kept, change):
    clerk = sign_in("clerk")
    form = filled(clerk.get("/people/add").text) | NEW | change
    end_sessions(app, working)
    assert clerk.http.post("/people/add", data=form).location == "/login/"
    assert kept() == 0


def test_of_an_old_session_nothing_is_kept_at_the_door(app, sign_in, working, kept):
    clerk = sign_in("clerk")
    form = filled(clerk.get("/people/add").text) | NEW
    end_sessions(app, working)
    with working() as session:
        session.execute(update(UserSession).values(started_at=clock.now() - timedelta(days=3)))
    assert clerk.http.post("/people/add", data=form).location == "/login/"
    assert kept() == 0


def test_a_form_with_a_token_of_an_earlier_session_comes_back_filled_and_unsaved(sign_in, seeing):
    clerk, place = sign_in("clerk"), seeing(lambda s: str(regions.by_code(s, A1).uid))
    form = filled(clerk.get("/people/add").text) | NEW | {"residence": place, "csrf_token": "of-yesterday"}
    answer = clerk.http.post("/people/add", data=form)
    assert "what you typed is here" in answer.text
    again = filled(answer.text)
    assert {name: again[name] for name in NEW} == NEW
    assert seeing(lambda s: s.scalars(select(Person.name)).all()) == []
    assert clerk.http.post("/people/add", data=again).status_code == 302
    assert seeing(lambda s: s.scalars(select(Person.name)).all()) == ["张先发"]


def test_a_forged_form_of_another_site_does_not_come_back(sign_in):
    clerk = sign_in("clerk")
    answer = clerk.http.post("/people/add", data=NEW | {"act_token": str(uuid7()), "csrf_token": "x", "writer": "x"})
    assert answer.status_code == 400
    assert NUMBER not in answer.text


# many at once


def at_once(app: Flask, client: Client, posts: list[tuple[str, dict[str, str]]]) -> list[int]:
    """These requests of one browser at the same moment."""
    cookie, start, codes = client.http.get_cookie("taizhang"), threading.Barrier(len(posts)), []
    assert cookie is not None

    def send(address: str, words: dict[str, str]) -> None:
        browser = app.test_client()
        browser.set_cookie("taizhang", cookie.value)
        start.wait()
        codes.append(browser.post(address, data=words).status_code)
        with app.app_context():
            db.session.remove()

    threads = [threading.Thread(target=send, args=post) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_drafts_sent_at_the_moment_of_saving_do_not_outlive_it(app, sign_in, kept, seeing):
    clerk, place = sign_in("clerk"), seeing(lambda s: str(regions.by_code(s, A1).uid))
    form = filled(clerk.get("/people/add").text) | NEW | {"residence": place}
    typed = form | {"draft_screen": "PersonView", "draft_form": "add", "draft_pk": ""}
    codes = at_once(app, clerk, [("/people/add", form), *[("/drafts/keep", typed)] * 4])
    assert sorted(codes) == [200, 200, 200, 200, 302]
    assert kept() == 0
    assert seeing(lambda s: s.scalars(select(Person.name)).all()) == ["张先发"]


def test_the_first_words_of_one_form_sent_at_once_are_one_draft(app, sign_in, kept):
    clerk = sign_in("clerk")
    typed = filled(clerk.get("/people/add").text) | NEW | {"draft_screen": "PersonView", "draft_form": "add", "draft_pk": ""}
    assert at_once(app, clerk, [("/drafts/keep", typed)] * 4) == [200] * 4
    assert kept() == 1


def test_a_form_and_its_draft_sent_at_once_leave_no_draft(app, sign_in, kept, seeing):
    clerk, place = sign_in("clerk"), seeing(lambda s: str(regions.by_code(s, A1).uid))
    form = filled(clerk.get("/people/add").text) | NEW | {"residence": place}
    assert sent(clerk, "add", form).status_code == 200
    assert clerk.http.post("/people/add", data=form).status_code == 302
    with app.app_context(), unit_of_work() as session:
        assert drafts.keep(session, user(session, "clerk").id, form["act_token"], "PersonView", "add", None, [("name", "张")]) is None
    assert kept() == 0


def test_a_birth_that_was_submitted_meanwhile_keeps_the_draft_until_it_is_returned(sign_in, working, seeing):
    with working() as session:
        uid = str(make_birth(session).uid)
    clerk = sign_in("clerk")
    words = filled(clerk.get(f"/births/edit/{uid}").text) | {"remark": "我写的"}
    draft = sent(clerk, "edit", words, screen="BirthView", pk=uid).json["uid"]
    clerk.send(f"/births/action/submit/{uid}", f"/births/show/{uid}")
    assert clerk.get(f"/births/edit/{uid}?draft={draft}").location.endswith(f"/births/show/{uid}")
    clerk.send(f"/births/action/withdraw/{uid}", f"/births/show/{uid}")
    form = filled(clerk.get(f"/births/edit/{uid}?draft={draft}").text)
    assert form["remark"] == "我写的"
    assert clerk.http.post(f"/births/edit/{uid}", data=form).status_code == 302
    assert seeing(lambda s: s.scalars(select(Birth.remark)).all()) == ["我写的"]


def test_a_form_of_a_lost_row_that_was_open_too_long_is_not_found(sign_in, working):
    with working() as session:
        own, foreign = make_birth(session).uid, make_birth(session, town=B1, maker="neighbour", mother_name="王远").uid
        approved = make_birth(session, mother_name="王芳", status=Status.approved).uid
    clerk = sign_in("clerk")
    words = clerk.hidden(f"/births/edit/{own}") | {"csrf_token": "too old"}
    assert clerk.http.post(f"/births/edit/{own}", data=words).status_code == 200
    assert clerk.http.post(f"/births/edit/{foreign}", data=words).status_code == 404
    assert clerk.http.post(f"/newlywed-services/edit/{own}", data=words).status_code in (302, 403)
    assert clerk.http.post(f"/births/edit/{approved}", data=words).status_code < 500
