"""The screens of births and registrations, as a browser sees them."""

import re
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.accounts import users
from app.core import clock, regions, scope, workflow
from app.core.crypto import uuid7
from app.core.limits import LimitedUse
from app.core.workflow import Status, WorkflowStep
from app.ledgers.births.models import Birth, BirthRegistration
from app.ledgers.people import offices
from app.ledgers.people.models import Person
from tests.cast import A1, A2, B1, C1, COUNTY, PASSWORD
from tests.factories.births import BORN_ON, MOTHER_BORN, make_birth, make_registration
from tests.factories.people import also_seen_by, id_number_for, make_person
from tests.reader import beside, filled

NUMBER = id_number_for(MOTHER_BORN, "2", 940)
OFF_LIST = "Choose a value from the list."
TOO_OLD = "This date is too long ago. Correct the year."
A_CHILD_HERSELF = id_number_for(date(2013, 1, 1), "2", 943)
FORM = {
    "mother_name": "李梅", "mother_id_type": "1", "mother_id_no": NUMBER, "born_on": "2026-03-05", "sex": "2",
    "child_order": "1", "plurality": "1", "plural_seq": "1",
}  # fmt: skip
REGISTRATION = {
    "registration_type": "1",
    "woman_name": "李梅",
    "woman_id_type": "1",
    "woman_id_no": NUMBER,
    "child_order": "1",
    "channel": "1",
}


@pytest.fixture
def entered(working):
    """`entered(status=…)` keeps a birth and gives its uid."""

    def make(**fields):
        with working() as session:
            return make_birth(session, **fields).uid

    return make


def told(client, answer):
    """What the page after a redirect says."""
    return client.get(answer.headers["Location"]).text


def act(client, uid, name, **words):
    """Press a button of the record page."""
    return client.send(f"/births/action/{name}/{uid}", page=f"/births/show/{uid}", **words)


def status_of(seeing, uid):
    """The status on file."""
    return seeing(lambda _session: scope.get(Birth, uid).status)


def steps(seeing, uid):
    """The acts on file, oldest first."""
    return seeing(lambda _session: [step.act for step in workflow.steps_of(scope.get(Birth, uid))])


# entering


def test_a_clerk_enters_a_birth_and_sees_it(sign_in, place):
    clerk = sign_in("clerk")
    answer = clerk.send("/births/add", **FORM, mother_region=place)
    page = told(clerk, answer)
    assert "李梅" in page
    assert NUMBER not in page
    assert re.fullmatch(r"/births/show/[0-9a-f-]{36}", answer.headers["Location"])


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_kept(sign_in, seeing):
    page = sign_in("clerk").send("/births/add", **FORM | {"birth_cert_no": "X1", "child_order": "99", "facility": "县医院"}).text
    assert "A certificate number is a capital letter and nine digits" in page
    assert "The order of the child is a number from 1 to 15." in page
    assert "县医院" in page
    assert seeing(lambda session: session.scalar(scope.query(Birth).with_only_columns(func.count()))) == 0


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        *((name, "9x", OFF_LIST) for name in ("mother_id_type", "father_id_type", "sex", "delivery_mode", "birth_place")),
        *((name, "x", OFF_LIST) for name in ("mother_region", "father_region")),
        *((name, "x", "not a whole number") for name in ("child_order", "plurality", "plural_seq", "weight_g", "gest_weeks")),
        *((name, "0000-01-01", "This is not a date.") for name in ("born_on", "mother_birth_date", "child_died_on", "hukou_on")),
        *((name, "0001-01-01", TOO_OLD) for name in ("born_on", "mother_birth_date", "child_died_on", "hukou_on", "reported_on")),
        *((name, "1899-12-31", TOO_OLD) for name in ("born_on", "child_died_on", "hukou_on", "reported_on")),
        ("born_at", "：07", "Write the time with hour and minute, like 07:35."),
    ],
)
def test_what_no_box_takes_is_said_beside_it_and_the_words_stay(sign_in, place, name, typed, said):
    page = sign_in("clerk").send("/births/add", **FORM | {"mother_region": place, "facility": "县医院", name: typed})
    assert page.status_code == 200
    assert said in beside(page.text, name)
    assert "县医院" in page.text


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        *((name, "9x", OFF_LIST) for name in ("registration_type", "woman_id_type", "partner_id_type", "channel")),
        *((name, "0001-01-01", TOO_OLD) for name in ("registered_on", "due_on", "woman_birth_date")),
        ("registered_on", "1899-12-31", TOO_OLD),
    ],
)
def test_a_registration_says_it_too(sign_in, place, name, typed, said):
    page = sign_in("clerk").send("/registrations/add", **REGISTRATION | {"region": place, "remark": "她打过电话", name: typed})
    assert page.status_code == 200
    assert said in beside(page.text, name)
    assert "她打过电话" in page.text


@pytest.mark.parametrize(("path", "words", "name"), [("births", FORM, "mother_region"), ("registrations", REGISTRATION, "region")])
def test_nothing_is_kept_at_a_county(sign_in, app, working, path, words, name):
    with working() as session:
        county = regions.by_code(session, COUNTY)
        users.add(session, app.appbuilder.sm, "countywide", roles=["clerk"], regions=[county], password=PASSWORD, must_change=False)
        uid = str(county.uid)
    page = sign_in("countywide").send(f"/{path}/add", **words, **{name: uid})
    assert page.status_code == 200
    assert "Choose a village or a town, nothing larger." in beside(page.text, name)


def test_the_unusual_is_asked_about_and_the_reason_is_kept(sign_in, place):
    clerk = sign_in("clerk")
    asked = clerk.send("/births/add", **FORM, mother_region=place, weight_g="400")
    assert asked.status_code == 200
    assert 'name="reason_V19_weight"' in asked.text
    kept = clerk.send("/births/add", **FORM, mother_region=place, weight_g="400", reason_V19_weight="born in week 22")
    assert "born in week 22" in told(clerk, kept)


def test_a_warning_is_read_in_the_language_of_its_reader(sign_in, place):
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    clerk.get("/lang/zh")
    page = clerk.send("/births/add", **FORM, mother_region=place, weight_g="400", reason_V19_weight="22周").location
    assert "体重" in clerk.get(page).text
    assert "A weight outside 500 to 6000 g is unusual." in supervisor.get(page).text


def test_a_form_sent_twice_is_one_birth(sign_in, seeing, place):
    clerk = sign_in("clerk")
    words = {**clerk.hidden("/births/add"), **FORM, "mother_region": place}
    assert [clerk.http.post("/births/add", data=words).status_code for _time in range(2)] == [302, 302]
    assert seeing(lambda session: session.scalar(scope.query(Birth).with_only_columns(func.count()))) == 1


def test_the_second_sending_of_a_form_leads_to_what_the_first_one_saved(sign_in, place):
    clerk = sign_in("clerk")
    words = {**clerk.hidden("/births/add"), **FORM, "mother_region": place}
    first, second = (clerk.http.post("/births/add", data=words) for _time in range(2))
    assert second.location == first.location
    assert "Saved." in told(clerk, second)


def test_a_value_shown_twice_by_one_click_counts_once(sign_in, seeing, entered):
    uid, clerk = entered(mother_id_no=NUMBER), sign_in("clerk")
    words = {**clerk.hidden(f"/births/show/{uid}"), "column": "mother_id_no", "reason": "compare"}
    pages = [clerk.http.post(f"/births/reveal/{uid}", data=words).text for _time in range(2)]
    assert all(NUMBER in page for page in pages)
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(LimitedUse))) == 1


def test_in_a_conflict_only_what_both_changed_is_asked_about_in_words(sign_in, entered):
    uid, clerk, colleague = entered(mother_id_no=NUMBER, facility="镇医院"), sign_in("clerk"), sign_in("colleague")
    mine = filled(clerk.get(f"/births/edit/{uid}").text)
    theirs = filled(colleague.get(f"/births/edit/{uid}").text)
    assert colleague.http.post(f"/births/edit/{uid}", data={**theirs, "sex": "1", "facility": "县医院"}).status_code == 302
    answer = clerk.http.post(f"/births/edit/{uid}", data={**mine, "facility": "", "remark": "我写的"}).text
    line = re.sub(r"<[^>]+>|\s+", " ", answer[answer.index('id="comparison"') : answer.index("</tbody>")]).split()
    assert [word for word in line if word in {"镇医院", "县医院", "(empty)"}] == ["镇医院", "(empty)", "县医院"]
    assert set(re.findall(r'name="take_(\w+)"', answer)) == {"facility"}


@pytest.mark.parametrize(("name", "typed"), [("weight_g", "99999"), ("gest_weeks", "400"), ("weight_g", "0")])
def test_what_cannot_be_is_refused_and_not_asked_about(sign_in, place, name, typed):
    page = sign_in("clerk").send("/births/add", **FORM, mother_region=place, **{name: typed}).text
    assert "a number from 1 to" in beside(page, name)


def test_a_reason_has_an_end(sign_in, seeing, entered):
    uid, supervisor = entered(status=Status.submitted), sign_in("supervisor")
    assert "at most 500 characters" in told(supervisor, act(supervisor, uid, "return", reason="长" * 501))
    assert status_of(seeing, uid) == Status.submitted


def test_what_a_user_may_not_set_is_not_read(sign_in, seeing, place, working):
    with working() as session:
        foreign = regions.by_code(session, B1).id
    more = {
        "status": "approved",
        "approved_by_id": "1",
        "region_id": foreign,
        "scope_path": "0001",
        "late": "y",
        "statistical_month": "2020-01",
        "mother_id": "9",
    }
    assert sign_in("clerk").send("/births/add", **FORM, mother_region=place, **more).status_code == 302
    birth = seeing(lambda session: session.scalars(scope.query(Birth)).one())
    assert (birth.status, birth.approved_by_id, birth.late, birth.statistical_month) == (Status.draft, None, False, None)
    assert birth.region_id != foreign


def test_a_place_of_another_office_cannot_be_chosen(sign_in, seeing, working):
    with working() as session:
        foreign = str(regions.by_code(session, B1).uid)
    page = sign_in("clerk").send("/births/add", **FORM, mother_region=foreign)
    assert "Choose a value from the list." in page.text


def test_an_edit_keeps_the_hidden_number(sign_in, seeing, entered):
    uid, clerk = entered(mother_id_no=NUMBER), sign_in("clerk")
    masked = re.search(r'name="mother_id_no"[^>]*value="([^"]*)"', clerk.get(f"/births/edit/{uid}").text)[1]
    assert masked != NUMBER
    assert clerk.send(f"/births/edit/{uid}", **FORM | {"mother_id_no": masked, "child_name": "王小梅"}).status_code == 302
    assert seeing(lambda _session: scope.get(Birth, uid).mother_id_no.reveal()) == NUMBER
    assert seeing(lambda _session: scope.get(Birth, uid).child_name) == "王小梅"


def test_an_edit_keeps_a_place_outside_the_offices_of_the_editor(sign_in, seeing, app, working):
    with working() as session:
        own, other = regions.by_code(session, A1), regions.by_code(session, A2)
        users.add(session, app.appbuilder.sm, "villager", roles=["clerk"], regions=[own], password=PASSWORD, must_change=False)
        uid = make_birth(session, mother_id_no=NUMBER, father_name="王强", father_region=other).uid
        places = {"mother_region": str(own.uid), "father_region": str(other.uid)}
    assert sign_in("villager").send(f"/births/edit/{uid}", **FORM, **places, father_name="王强", born_at="7：35").status_code == 302
    birth = seeing(lambda _session: scope.get(Birth, uid))
    assert (birth.born_at, str(seeing(lambda _session: scope.get(Birth, uid).father_region))) == ("07:35", "龙泉村村民委员会")


def test_a_registration_is_entered_and_gets_its_number(sign_in, seeing, place):
    clerk = sign_in("clerk")
    answer = clerk.send("/registrations/add", **REGISTRATION, region=place)
    assert f"{A1}" in told(clerk, answer)
    assert seeing(lambda session: session.scalars(scope.query(BirthRegistration)).one().pledge) is False


# deciding


def test_from_draft_to_approved(sign_in, seeing, entered):
    uid = entered()
    act(sign_in("clerk"), uid, "submit")
    act(sign_in("supervisor"), uid, "return", reason="the certificate is missing")
    clerk = sign_in("clerk")
    assert "the certificate is missing" in clerk.get(f"/births/show/{uid}").text
    act(clerk, uid, "submit")
    act(clerk, uid, "withdraw")
    act(clerk, uid, "submit")
    act(sign_in("approver"), uid, "approve")
    assert status_of(seeing, uid) == Status.approved
    assert steps(seeing, uid) == ["submit", "return", "submit", "withdraw", "submit", "approve"]


def test_a_clerk_has_no_right_to_approve(sign_in, seeing, entered):
    uid, colleague = entered(status=Status.submitted), sign_in("colleague")
    assert "/births/action/approve" not in colleague.get(f"/births/show/{uid}").text
    assert act(colleague, uid, "approve").status_code == 403
    assert status_of(seeing, uid) == Status.submitted


def test_the_author_cannot_approve_by_the_button(sign_in, seeing, entered, two_hats):
    uid, client = entered(maker=two_hats, status=Status.submitted), sign_in(two_hats)
    assert f"/births/action/approve/{uid}" not in client.get(f"/births/show/{uid}").text
    assert "another person must decide" in told(client, act(client, uid, "approve"))
    assert status_of(seeing, uid) == Status.submitted


def test_the_author_cannot_approve_with_a_made_up_token(sign_in, seeing, entered, two_hats):
    uid, client = entered(maker=two_hats, status=Status.submitted), sign_in(two_hats)
    seen = client.hidden("/births/list/")
    words = {"csrf_token": seen["csrf_token"], "act_token": str(uuid7()), "row_version": seen[f"seen_{uid}"]}
    assert "another person must decide" in told(client, client.http.post(f"/births/action/approve/{uid}", data=words))
    assert client.http.post(f"/births/action/approve/{uid}", data={**words, "act_token": "x"}).status_code == 400
    assert steps(seeing, uid) == ["submit"]


def test_the_author_cannot_approve_in_bulk(sign_in, seeing, entered, two_hats):
    uid, client = entered(maker=two_hats, status=Status.submitted), sign_in(two_hats)
    page = client.send("/births/action_post", page="/births/list/", action="approve", rowid=[str(uid)])
    assert "another person must decide" in page.text
    assert status_of(seeing, uid) == Status.submitted


def test_a_second_clerk_who_edited_it_cannot_approve(sign_in, seeing, entered, two_hats):
    uid, client = entered(status=Status.returned, mother_id_no=NUMBER), sign_in(two_hats)
    assert client.send(f"/births/edit/{uid}", **FORM, remark="corrected").status_code == 302
    act(sign_in("clerk"), uid, "submit")
    assert "another person must decide" in told(client, act(client, uid, "approve"))
    assert status_of(seeing, uid) == Status.submitted


def test_nobody_approves_words_they_have_not_read(sign_in, seeing, entered):
    uid, clerk, supervisor = entered(mother_id_no=NUMBER, status=Status.submitted), sign_in("clerk"), sign_in("supervisor")
    page, listed = supervisor.hidden(f"/births/show/{uid}"), supervisor.hidden("/births/list/")
    act(clerk, uid, "withdraw")
    assert clerk.send(f"/births/edit/{uid}", **FORM, weight_g="3500").status_code == 302
    act(clerk, uid, "submit")
    assert "changed after you opened" in told(supervisor, supervisor.http.post(f"/births/action/approve/{uid}", data=page))
    bulk = supervisor.http.post("/births/action_post", data={**listed, "action": "approve", "rowid": [str(uid)]}).text
    assert "changed after you opened" in bulk
    assert "Done: 0. Refused: 1." in bulk
    assert status_of(seeing, uid) == Status.submitted
    act(supervisor, uid, "approve")
    assert status_of(seeing, uid) == Status.approved


def test_two_acts_from_one_page_are_two(sign_in, seeing, entered):
    entered()
    uid, supervisor = entered(status=Status.submitted), sign_in("supervisor")
    page = supervisor.hidden(f"/births/show/{uid}")
    supervisor.http.post(f"/births/action/not_duplicate/{uid}", data={**page, "reason": "two women"})
    fresh = supervisor.hidden(f"/births/show/{uid}")
    supervisor.http.post(f"/births/action/approve/{uid}", data={**fresh, "act_token": page["act_token"]})
    assert steps(seeing, uid) == ["submit", "not_duplicate", "approve"]
    assert status_of(seeing, uid) == Status.approved


def test_two_bulk_acts_from_one_list_are_two(sign_in, seeing, entered):
    entered()
    uid, supervisor = entered(status=Status.submitted), sign_in("supervisor")
    page = supervisor.hidden("/births/list/")
    words = {"rowid": [str(uid)], "reason": "two women"}
    supervisor.http.post("/births/action_post", data={**page, **words, "action": "not_duplicate"})
    fresh = {**supervisor.hidden("/births/list/"), "act_token": page["act_token"]}
    assert "Done: 1." in supervisor.http.post("/births/action_post", data={**fresh, **words, "action": "approve"}).text
    assert status_of(seeing, uid) == Status.approved


def test_a_repeated_click_is_one_act(sign_in, seeing, entered):
    uid, supervisor = entered(status=Status.submitted), sign_in("supervisor")
    words = supervisor.hidden(f"/births/show/{uid}")
    assert [supervisor.http.post(f"/births/action/approve/{uid}", data=words).status_code for _time in range(3)] == [302, 302, 302]
    assert steps(seeing, uid) == ["submit", "approve"]


def test_bulk_approval_answers_row_by_row(sign_in, seeing, entered):
    sound, draft = entered(mother_name="赵兰", status=Status.submitted), entered(mother_name="张丽")
    flagged = entered(mother_name="赵兰", status=Status.submitted)
    rows = [str(sound), str(draft), str(flagged)]
    supervisor = sign_in("supervisor")
    supervisor.get(f"/births/queue/{sound}")
    page = supervisor.send("/births/action_post", page="/births/list/", action="approve", rowid=rows).text
    assert "Done: 1. Refused: 2." in page
    assert "the record is draft" in page
    assert "Decide first about: possible duplicate." in page
    assert [status_of(seeing, uid) for uid in (sound, draft, flagged)] == [Status.approved, Status.draft, Status.submitted]


def test_a_bulk_act_sent_twice_is_done_once(sign_in, seeing, entered):
    uid, supervisor = entered(status=Status.submitted), sign_in("supervisor")
    words = {**supervisor.hidden("/births/list/"), "action": "approve", "rowid": [str(uid)]}
    pages = [supervisor.http.post("/births/action_post", data=words).text for _time in range(2)]
    assert all("Done: 1. Refused: 0." in page for page in pages)
    assert steps(seeing, uid) == ["submit", "approve"]


def test_a_foreign_row_in_a_bulk_act_is_not_found_and_nothing_is_done(sign_in, seeing, entered):
    own, foreign = entered(status=Status.submitted), entered(town=B1, mother_name="赵兰", status=Status.submitted)
    rows = [str(own), str(foreign)]
    assert sign_in("supervisor").send("/births/action_post", page="/births/list/", action="approve", rowid=rows).status_code == 404
    assert status_of(seeing, own) == Status.submitted
    assert seeing(lambda session: session.scalars(select(WorkflowStep.act)).all()) == ["submit", "submit"]


def test_voiding_asks_for_a_reason(sign_in, seeing, entered):
    uid, supervisor = entered(status=Status.approved), sign_in("supervisor")
    assert "Write the reason." in told(supervisor, act(supervisor, uid, "void"))
    act(supervisor, uid, "void", reason="entered twice")
    assert status_of(seeing, uid) == Status.voided


def test_a_supervisor_decides_that_it_is_no_duplicate(sign_in, seeing, entered):
    entered()
    uid, supervisor = entered(status=Status.submitted), sign_in("supervisor")
    assert "Not a duplicate" in supervisor.get(f"/births/show/{uid}").text
    act(supervisor, uid, "not_duplicate", reason="two women of the same name")
    act(supervisor, uid, "approve")
    assert status_of(seeing, uid) == Status.approved
    assert "two women of the same name" in supervisor.get(f"/births/show/{uid}").text


@pytest.mark.parametrize("status", [Status.submitted, Status.approved, Status.voided])
def test_a_birth_that_is_not_open_is_not_edited(sign_in, seeing, entered, status):
    uid, clerk = entered(status=status, mother_id_no=NUMBER), sign_in("clerk")
    assert clerk.get(f"/births/edit/{uid}").headers["Location"].endswith(f"/births/show/{uid}")
    version = str(seeing(lambda _session: scope.get(Birth, uid).version))
    words = {"row_version": version, "child_name": "王小梅"}
    assert clerk.send(f"/births/edit/{uid}", page="/births/add", **FORM | words).status_code == 200
    assert seeing(lambda _session: scope.get(Birth, uid).child_name) is None


def test_there_is_no_way_to_delete(sign_in, entered):
    uid, clerk = entered(), sign_in("clerk")
    assert clerk.send(f"/births/delete/{uid}", page="/births/list/").status_code == 404
    assert clerk.send("/births/action/delete/" + str(uid), page="/births/list/").status_code == 404


# finding


def test_lists_are_filtered_and_ordered(sign_in, entered):
    clerk = sign_in("clerk")
    entered(mother_name="赵兰", status=Status.approved)
    entered(mother_name="张丽", sex="1")
    assert "赵兰" in clerk.get("/births/list/?_flt_0_status=approved").text
    assert "张丽" not in clerk.get("/births/list/?_flt_0_status=approved").text
    assert "赵兰" not in clerk.get("/births/list/?_flt_0_sex=1").text
    assert clerk.get("/births/list/?_oc_BirthView=statistical_month&_od_BirthView=desc").status_code == 200
    assert clerk.get("/births/list/?_oc_BirthView=mother_id&_od_BirthView=desc").status_code == 400


@pytest.mark.parametrize("text", [NUMBER, NUMBER.lower(), "A123456789", "a123456789", "李", "梅", "lm", "王小"])
def test_a_birth_is_found(sign_in, entered, text):
    entered(mother_id_no=NUMBER, birth_cert_no="A123456789", child_name="王小花")
    entered(mother_name="赵兰", town=A2)
    page = sign_in("clerk").send("/births/find", page="/births/list/", text=text).text
    assert "王小花" in page
    assert "赵兰" not in page


@pytest.mark.parametrize("text", ["father", "child"])
def test_a_birth_is_found_by_the_number_of_father_or_child(sign_in, entered, text):
    numbers = {"father": id_number_for(MOTHER_BORN, "1", 941), "child": id_number_for(BORN_ON, "2", 942)}
    entered(father_name="王强", father_id_no=numbers["father"], child_name="王小花", child_id_no=numbers["child"])
    assert "王小花" in sign_in("clerk").send("/births/find", page="/births/list/", text=numbers[text]).text


@pytest.mark.parametrize(("text", "found"), [("李", False), ("lm", False), ("王小", False), (A_CHILD_HERSELF, False), ("A123456789", True)])
def test_no_name_and_no_number_leads_to_a_protected_mother(sign_in, entered, text, found):
    entered(mother_id_no=A_CHILD_HERSELF, birth_cert_no="A123456789", child_name="王小花")
    clerk = sign_in("clerk")
    page = clerk.send("/births/find", page="/births/list/", text=text).text
    assert ("王小花" in page) is found
    assert "王小花" in clerk.get("/births/list/").text


@pytest.mark.parametrize("text", ["李", A_CHILD_HERSELF])
def test_a_protected_mother_who_moved_away_is_not_found_on_the_old_row(sign_in, entered, working, text):
    entered(mother_id_no=A_CHILD_HERSELF, child_name="王小花")
    with working() as session:
        person = session.scalars(select(Person).where(Person.is_protected)).one()
        offices.close_office(session, person.offices[0], clock.today())
        also_seen_by(session, person, B1, "resident")
    assert "王小花" not in sign_in("clerk").send("/births/find", page="/births/list/", text=text).text


@pytest.mark.parametrize("text", ["李", "lm", A_CHILD_HERSELF])
def test_no_name_and_no_number_leads_to_a_protected_woman(sign_in, entered, working, text):
    entered(mother_id_no=A_CHILD_HERSELF)
    with working() as session:
        number = make_registration(session, woman_id_no=A_CHILD_HERSELF).reg_no
    clerk = sign_in("clerk")
    assert number not in clerk.send("/registrations/find", page="/registrations/list/", text=text).text
    assert number in clerk.get("/registrations/list/").text


def test_a_registration_is_found_by_number_and_name(sign_in, working):
    with working() as session:
        number = make_registration(session, partner_name="王强").reg_no
    clerk = sign_in("clerk")
    pages = [clerk.send("/registrations/find", page="/registrations/list/", text=text).text for text in (number, "李", "赵")]
    assert [number in page for page in pages] == [True, True, False]


def test_the_record_page_says_whether_a_registration_is_on_file(sign_in, working):
    with working() as session:
        make_registration(session, woman_id_no=NUMBER, status=Status.approved)
        uid = make_birth(session, mother_id_no=NUMBER).uid
    page = sign_in("clerk").get(f"/births/show/{uid}").text
    assert re.search(r"Birth registration on file</(?:th|dt)>\s*<(?:td|dd)[^>]*>\s*Yes", page)


def test_the_page_leads_to_the_files_of_mother_and_child_but_not_of_a_protected_person(sign_in, seeing, entered):
    uid = entered(mother_id_no=NUMBER, status=Status.approved, child_name="王小梅")
    young = entered(mother_id_no=A_CHILD_HERSELF, mother_name="赵兰")
    clerk = sign_in("clerk")
    mother, child = seeing(lambda s: [str(s.get(Person, getattr(scope.get(Birth, uid), f"{role}_id")).uid) for role in ("mother", "child")])
    page = clerk.get(f"/births/show/{uid}").text
    assert f"/people/show/{mother}" in page
    assert f"/people/show/{child}" in page
    assert "王小梅" in clerk.get(f"/people/show/{child}").text
    assert "/people/show/" not in clerk.get(f"/births/show/{young}").text


def test_the_page_does_not_lead_to_the_file_of_another_office(sign_in, seeing, working, entered):
    number = id_number_for(date(1993, 2, 3), "1", 945)
    with working() as session:
        father = str(make_person(session, office=B1, name="王强", id_no=number, sex="1", birth_date=date(1993, 2, 3)).uid)
    uid = entered(mother_id_no=NUMBER, father_name="王强", father_id_no=number)
    page = sign_in("clerk").get(f"/births/show/{uid}").text
    assert seeing(lambda _session: scope.get(Birth, uid).father_id) is not None
    assert father not in page
    assert page.count("/people/show/") == 1


def test_a_draft_is_deleted_by_its_maker_with_a_reason_and_a_second_click_does_no_harm(sign_in, seeing, entered):
    uid, clerk = entered(), sign_in("clerk")
    words = clerk.hidden(f"/births/show/{uid}")
    assert "Write the reason." in told(clerk, clerk.http.post(f"/births/action/discard/{uid}", data=words))
    answers = [clerk.http.post(f"/births/action/discard/{uid}", data={**words, "reason": "entered twice"}) for _time in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(302, "/births/list/")] * 2
    assert clerk.get(f"/births/show/{uid}").status_code == 404
    assert seeing(lambda s: s.scalars(select(WorkflowStep.act)).all()) == ["discard"]


def test_drafts_are_deleted_in_bulk_and_a_second_click_does_no_harm(sign_in, seeing, entered):
    uids, clerk = [str(entered()), str(entered(mother_name="赵兰", status=Status.submitted))], sign_in("clerk")
    words = {**clerk.hidden("/births/list/"), "action": "discard", "rowid": uids, "reason": "entered twice"}
    pages = [clerk.http.post("/births/action_post", data=words) for _time in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert all("Done: 1. Refused: 1." in page.text for page in pages)
    assert seeing(lambda s: s.scalars(select(WorkflowStep.act)).all()) == ["submit", "discard"]


# the neighbour


@pytest.mark.parametrize("way", ["show", "edit"])
def test_the_neighbour_finds_no_page(sign_in, entered, way):
    assert sign_in("neighbour").get(f"/births/{way}/{entered()}").status_code == 404


def test_the_neighbour_changes_nothing(sign_in, seeing, entered):
    uid, neighbour = entered(status=Status.submitted), sign_in("neighbour_supervisor")
    clerk = sign_in("neighbour")
    csrf = neighbour.hidden("/births/list/")["csrf_token"]
    words = {"csrf_token": csrf, "act_token": str(uuid7()), "reason": "x"}
    answers = [neighbour.http.post(f"/births/action/{name}/{uid}", data=words).status_code for name in ("approve", "return", "hold")]
    assert answers == [404, 404, 404]
    assert clerk.send(f"/births/edit/{uid}", page="/births/add", row_version="1", **FORM).status_code == 404
    assert neighbour.http.post(f"/births/reveal/{uid}", data={**words, "column": "mother_id_no"}).status_code == 404
    assert status_of(seeing, uid) == Status.submitted


def test_the_neighbour_finds_nothing(sign_in, entered):
    entered(mother_id_no=NUMBER, birth_cert_no="A123456789")
    neighbour = sign_in("neighbour")
    pages = [neighbour.send("/births/find", page="/births/list/", text=text).text for text in (NUMBER, "A123456789", "李", "lm")]
    assert not [page for page in (*pages, neighbour.get("/births/list/").text) if "李梅" in page]


def test_the_neighbour_is_told_nothing_by_a_used_certificate_number(sign_in, entered, working):
    entered(birth_cert_no="A123456789")
    with working() as session:
        place = str(regions.by_code(session, B1).uid)
    page = sign_in("neighbour").send("/births/add", **FORM, mother_region=place, birth_cert_no="A123456789").text
    assert "This certificate number is on file already." in page
    assert "龙泉" not in page


def test_no_page_and_no_log_holds_a_number(sign_in, entered, caplog):
    uid, clerk = entered(mother_id_no=NUMBER), sign_in("clerk")
    pages = [clerk.get(address).text for address in ("/births/list/", f"/births/show/{uid}", f"/births/edit/{uid}")]
    wrong = clerk.send("/births/add", **FORM | {"mother_name": "王芳", "born_on": "2999-01-01"}).text
    assert not [page for page in pages if NUMBER in page]
    assert wrong.count(NUMBER) == 1  # in the box where it was typed
    assert NUMBER not in caplog.text
    assert UUID(str(uid)).version == 7


def test_a_birth_of_three_towns_is_listed_edited_and_counted_once(sign_in, seeing, working):
    """In the browser: the mother's clerk changes the remark; father and child, whose files cannot be opened here, stay who they are."""
    number = id_number_for(date(1993, 2, 3), "1", 944)
    with working() as session:
        father = make_person(session, office=B1, name="王强", id_no=number, sex="1", birth_date=date(1993, 2, 3))
        child = make_person(session, office=C1, name="王小梅", birth_date=BORN_ON)
        session.flush()
        birth = make_birth(session, town=A1, father_name="王强", father_id_no=number, child_name="王小梅", child_id=child.id)
        uid, known = birth.uid, (birth.mother_id, father.id, child.id)
    clerk = sign_in("clerk")
    page = f"/births/edit/{uid}"
    words = {"mother_name": "李梅", "sex": "2", "born_on": BORN_ON.isoformat(), "child_order": "1", "plurality": "1", "plural_seq": "1"}
    words |= {"mother_id_type": "1", "father_id_type": "1"}
    told = {"father_name": "王强", "child_name": "王小梅", "reported_on": clock.today().isoformat(), "remark": "改过"}
    assert clerk.send(page, **words, **told).status_code == 302
    assert seeing(lambda s: [(b.mother_id, b.father_id, b.child_id) for b in s.scalars(select(Birth))]) == [known]
    assert "改过" in clerk.get(f"/births/show/{uid}").text
    lists = {
        user: sign_in(user).get("/births/list/").text.count(f'name="rowid" value="{uid}"') for user in ("clerk", "neighbour", "approver")
    }
    assert lists == {"clerk": 1, "neighbour": 0, "approver": 1}
