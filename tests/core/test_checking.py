"""A form is judged while it is filled in: the words of saving, and nothing of it is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select

from app.core import clock, regions
from app.core.base import Model
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from tests.cast import A1, B1
from tests.conftest import hidden_fields
from tests.factories.births import BORN_ON, MOTHER_BORN, make_birth
from tests.factories.people import id_number_for, make_person

NUMBER = id_number_for(MOTHER_BORN, "2", 1940)
FORM = {
    "mother_name": "李梅", "mother_id_type": "1", "mother_id_no": NUMBER, "born_on": "2026-03-05", "sex": "2",
    "child_order": "1", "plurality": "1", "plural_seq": "1",
}  # fmt: skip
FORGETFUL = {"user_session", "ab_user"}  # a session notes when it was seen


@pytest.fixture
def place(working):
    """A village of town A, as its picker sends it."""
    with working() as session:
        return str(regions.by_code(session, A1).uid)


def judged(client, url="/births/check", page="/births/add", **words):
    """What the office says about a form that is not sent."""
    answer = client.http.post(url, data={**hidden_fields(client.get(page).text), **words})
    assert answer.status_code == 200, answer.text
    return answer.json


def rows(seeing):
    """How many rows each table has."""

    def count(session):
        tables = [t for t in Model.metadata.tables.values() if isinstance(t, Table) and t.name not in FORGETFUL]
        with elevated("test"):
            return {t.name: session.connection().scalar(select(func.count()).select_from(t)) for t in tables}

    return seeing(count)


def test_a_form_is_judged_by_the_rules_of_saving(sign_in, place):
    told = judged(sign_in("clerk"), **FORM, mother_region=place, birth_cert_no="12", weight_g="90000")
    assert told["problems"]["birth_cert_no"] == ["A certificate number is a capital letter and nine digits, like A123456789."]
    assert "weight_g" in told["problems"]


def test_an_empty_form_says_what_is_needed_and_asks_no_rule(sign_in):
    told = judged(sign_in("clerk"))
    assert told["problems"]["mother_name"] == ["Fill in this field."]
    assert told["cautions"] is None


def test_what_is_unusual_is_told_with_its_box(sign_in, place):
    told = judged(sign_in("clerk"), **FORM, mother_region=place, weight_g="400")
    assert [(c["code"], c["field"]) for c in told["cautions"]] == [("V19_weight", "weight_g")]
    assert told["problems"] == {}


def test_a_trial_leaves_nothing(sign_in, place, seeing):
    client = sign_in("clerk")
    before = rows(seeing)
    judged(client, **FORM, mother_region=place, birth_cert_no="A123456789", father_name="张伟", father_region=place)
    assert rows(seeing) == before


def test_a_household_number_is_not_counted_by_a_trial(sign_in, place, seeing):
    client = sign_in("clerk")
    before = rows(seeing)
    words = {
        "kind": "1",
        "happened_on": "2020-03-01",
        "person_name": "王芳",
        "person_id_type": "1",
        "person_id_no": NUMBER,
        "person_region": place,
    }
    told = judged(client, "/household-events/check", "/household-events/add", **words, address="一组")
    assert told["problems"] == {}
    assert rows(seeing) == before


def test_a_number_of_another_office_is_judged_as_one_that_nobody_bears(sign_in, place, working, seeing):
    with working() as session:
        foreign = make_person(session, office=B1, name="李梅").id_no.reveal()
    client = sign_in("clerk")
    before = rows(seeing)
    absent = id_number_for(MOTHER_BORN.replace(year=1990, month=1, day=2), "2", 1941)
    answers = [judged(client, **{**FORM, "mother_id_no": number}, mother_region=place) for number in (foreign, absent)]
    assert answers[0] == answers[1]
    assert answers[0]["problems"] == {}
    assert rows(seeing) == before


def test_a_number_of_another_office_under_another_name_is_judged_alike(sign_in, working, seeing):
    with working() as session:
        foreign = make_person(session, office=B1, name="王远").id_no.reveal()
    client = sign_in("clerk")
    before = rows(seeing)
    told = judged(client, **{**FORM, "mother_id_no": foreign})
    assert list(told["problems"]) == ["mother_region"]
    assert rows(seeing) == before


def test_a_certificate_of_another_office_is_judged_as_one_that_nobody_has(sign_in, place, working):
    with working() as session:
        make_birth(session, town=B1, maker="neighbour", birth_cert_no="C111111111")
        make_birth(session, mother_name="王芳", birth_cert_no="C222222222")
    client = sign_in("clerk")
    foreign, absent, own = (
        judged(client, **FORM, mother_region=place, birth_cert_no=number) for number in ("C111111111", "C333333333", "C222222222")
    )
    assert foreign == absent
    assert list(own["problems"]) == ["birth_cert_no"]


def test_a_file_of_another_office_is_not_met_by_the_form_of_a_person(sign_in, place, working, seeing):
    with working() as session:
        foreign = make_person(session, office=B1, name="王远").id_no.reveal()
    client = sign_in("clerk")
    before = rows(seeing)
    words = {"id_type": "1", "id_no": foreign, "name": "王远", "sex": "2", "birth_date": "1990-01-02", "residence": place}
    told = judged(client, "/people/check", "/people/add", **words)
    assert (told["problems"], told["cautions"], told["alike"]) == ({}, [], [])
    assert rows(seeing) == before


def test_a_number_of_ones_own_office_is_held_to_its_name(sign_in, working):
    with working() as session:
        own = make_person(session, office=A1, name="王芳").id_no.reveal()
    told = judged(sign_in("clerk"), **{**FORM, "mother_id_no": own})
    assert "The register knows another name" in told["problems"]["mother_name"][0]


def test_an_open_record_is_judged_as_it_would_be_saved(sign_in, working, seeing):
    with working() as session:
        uid = make_birth(session, mother_name="李梅").uid
    client = sign_in("clerk")
    before = rows(seeing)
    told = judged(client, f"/births/check/{uid}", f"/births/edit/{uid}", **FORM | {"mother_id_no": ""}, weight_g="400")
    assert [c["code"] for c in told["cautions"]] == ["V19_weight"]
    assert seeing(lambda session: session.scalars(select(Birth)).one().weight_g) is None
    assert rows(seeing) == before


def test_what_was_explained_before_is_not_explained_twice(sign_in, working):
    with working() as session:
        birth = make_birth(session, mother_name="李梅", weight_g=400)
        birth.warnings, uid = (
            [{"code": "V19_weight", "field": "weight_g", "message": "x", "message_en": "x", "reason": "Too early"}],
            birth.uid,
        )
    words = {**FORM, "mother_id_no": "", "weight_g": "400"}
    told = judged(sign_in("clerk"), f"/births/check/{uid}", f"/births/edit/{uid}", **words)
    assert [(c["code"], c["reason"]) for c in told["cautions"]] == [("V19_weight", "Too early")]


def test_a_proposed_change_is_judged(sign_in, working):
    with working() as session:
        uid = make_birth(session, mother_name="李梅", status=Status.approved).uid
    words = {**FORM, "mother_id_no": "", "weight_g": "400", "change_reason": ""}
    told = judged(sign_in("clerk"), f"/births/check/{uid}", f"/births/propose/{uid}", **words)
    assert [c["code"] for c in told["cautions"]] == ["V19_weight"]


def test_a_record_that_waits_for_a_decision_says_so(sign_in, working):
    with working() as session:
        uid = make_birth(session, mother_name="李梅", status=Status.submitted).uid
    told = judged(sign_in("clerk"), f"/births/check/{uid}", "/births/add", **FORM | {"mother_id_no": ""}, row_version="1")
    assert "waiting for a decision" in told["problems"][""][0]


def test_a_birth_of_the_same_mother_stands_beside_the_form(sign_in, place, working):
    with working() as session:
        known = make_birth(session, mother_name="李梅", mother_id_no=NUMBER)
        uid = str(known.uid)
    told = judged(sign_in("clerk"), **FORM)
    assert [(row["url"], "mother_name" in row["fields"]) for row in told["alike"]] == [(f"/births/show/{uid}", True)]


def test_who_enters_what_may_be_on_file_says_why_it_is_another_and_the_reason_stays(sign_in, working, seeing):
    with working() as session:
        make_birth(session, mother_name="李梅", mother_id_no=NUMBER)
    clerk = sign_in("clerk")
    told = judged(clerk, **FORM)
    asked = clerk.send("/births/add", **FORM)
    assert [(c["code"], c["field"]) for c in told["cautions"]] == [("alike", "mother_name")]
    assert asked.status_code == 200
    assert "write why this is another one" in asked.text
    assert clerk.send("/births/add", **FORM, reason_alike="The twin was forgotten").status_code == 302
    warnings = seeing(lambda session: session.scalars(select(Birth.warnings).order_by(Birth.id)).all())
    assert [(w["code"], w["reason"]) for w in warnings[1]] == [("alike", "The twin was forgotten")]


def test_a_birth_of_another_office_never_stands_beside_the_form(sign_in, place, working):
    with working() as session:
        make_birth(session, town=B1, maker="neighbour", decider="neighbour_supervisor", mother_name="李梅", mother_id_no=NUMBER)
    assert judged(sign_in("clerk"), **FORM, mother_region=place)["alike"] == []


def test_a_namesake_of_the_same_day_stands_beside_the_form_of_a_person(sign_in, place, working):
    with working() as session:
        uid = make_person(session, office=A1, name="王芳", id_no=None).uid
    words = {"id_type": "1", "name": "王芳", "sex": "2", "birth_date": "1990-01-02", "residence": place}
    told = judged(sign_in("clerk"), "/people/check", "/people/add", **words)
    assert [row["url"] for row in told["alike"]] == [f"/people/show/{uid}"]
    assert [c["code"] for c in told["cautions"]] == ["same_person"]


@pytest.mark.parametrize(("who", "status"), [("supervisor", 403), ("stranger", 403)])
def test_who_may_not_enter_is_judged_nothing(sign_in, who, status):
    client = sign_in(who)
    answer = client.http.post("/births/check", data={**client.hidden("/own/"), **FORM})
    assert answer.status_code == status


def test_a_form_is_judged_with_its_token_only(sign_in):
    assert sign_in("clerk").http.post("/births/check", data=FORM).status_code == 400


def test_a_date_in_the_future_is_told_before_saving(sign_in, place):
    tomorrow = clock.today() + timedelta(days=1)
    told = judged(sign_in("clerk"), **FORM | {"born_on": tomorrow.isoformat()}, mother_region=place)
    assert told["problems"]["born_on"] == ["The child cannot be born after today. Correct the date."]
    assert tomorrow > BORN_ON
