"""What comes after saving, and what stays from one record to the next."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from app.core import pins, regions
from app.core.pins import FormPin
from app.core.workflow import Status
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person
from tests.cast import A1, B
from tests.factories.births import make_birth, user
from tests.factories.people import id_number_for, make_person

FORM = {
    "mother_name": "李梅", "mother_id_type": "1", "born_on": "2026-03-05", "sex": "2", "child_order": "1", "plurality": "1",
    "plural_seq": "1", "mother_birth_date": "1995-06-01",
}  # fmt: skip
SAVED = r"/births/add\?entered=([0-9a-f-]{36})"


@pytest.fixture
def place(working):
    """A village of town A, as its picker sends it."""
    with working() as session:
        return str(regions.by_code(session, A1).uid)


def test_save_and_add_leads_to_an_empty_form_that_names_the_record(sign_in, place):
    clerk = sign_in("clerk")
    answer = clerk.send("/births/add", **FORM, mother_region=place, then="add")
    uid = re.fullmatch(SAVED, answer.headers["Location"])[1]
    page = clerk.get(answer.headers["Location"]).text
    assert f'href="/births/show/{uid}"' in page
    assert value_of(page, "mother_name") == ""


def test_the_form_after_saving_names_no_record_of_another_office(sign_in, working):
    with working() as session:
        uid = make_birth(session, mother_name="金丝雀").uid
    page = sign_in("neighbour").get(f"/births/add?entered={uid}").text
    assert "金丝雀" not in page
    assert str(uid) not in page


def test_save_and_submit_is_one_click(sign_in, place, seeing):
    clerk = sign_in("clerk")
    answer = clerk.send("/births/add", **FORM, mother_region=place, then="submit")
    assert "Submitted." in clerk.get(answer.headers["Location"]).text
    assert seeing(lambda session: session.scalars(select(Birth.status)).all()) == [Status.submitted]


def test_a_double_click_on_submit_is_one(sign_in, place, seeing):
    clerk = sign_in("clerk")
    words = {**clerk.hidden("/births/add"), **FORM, "mother_region": place, "then": "submit"}
    answers = [clerk.http.post("/births/add", data=words) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    page = clerk.get(answers[1].headers["Location"]).text
    assert "cannot be done now" not in page
    assert seeing(lambda session: session.scalars(select(Birth.status)).all()) == [Status.submitted]


def test_a_returned_record_is_corrected_and_submitted_in_one_click(sign_in, working, seeing):
    with working() as session:
        uid = make_birth(session, mother_name="李梅", mother_id_no=None, mother_birth_date=None, status=Status.returned).uid
    sign_in("clerk").send(f"/births/edit/{uid}", **FORM | {"mother_birth_date": ""}, facility="县医院", then="submit")
    told = seeing(lambda session: session.execute(select(Birth.status, Birth.facility)).one())
    assert tuple(told) == (Status.submitted, "县医院")


def test_who_may_not_submit_is_offered_no_button(sign_in, working):
    with working() as session:
        uid = make_birth(session, status=Status.approved).uid
    assert 'value="submit"' not in sign_in("clerk").get(f"/births/propose/{uid}").text
    assert 'value="submit"' not in sign_in("clerk").get("/people/add").text


# what stays


def pin(client, field, on="1", url="/births"):
    """Press the pin beside a box."""
    return client.http.post(f"{url}/pin", data={**client.hidden(f"{url}/add"), "field": field, "on": on})


def value_of(page, name):
    """What stands in a box."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    return re.search(r'value="([^"]*)"', tag[0])[1] if tag else ""


def test_a_pinned_box_keeps_the_value_of_the_last_record(sign_in, working):
    with working() as session:
        make_birth(session, facility="县医院", weight_g=3000)
    clerk = sign_in("clerk")
    assert pin(clerk, "facility").status_code == 204
    page = clerk.get("/births/add").text
    assert (value_of(page, "facility"), value_of(page, "weight_g")) == ("县医院", "")
    assert "Kept from your last record" in page


def test_a_pin_comes_off_again(sign_in, working, seeing):
    with working() as session:
        make_birth(session, facility="县医院")
    clerk = sign_in("clerk")
    assert [pin(clerk, "facility", on).status_code for on in ("1", "1", "0", "0")] == [204] * 4
    assert value_of(clerk.get("/births/add").text, "facility") == ""
    assert seeing(lambda session: session.scalars(select(FormPin)).all()) == []


def test_a_pinned_place_and_a_pinned_code_are_kept(sign_in, working, place):
    with working() as session:
        make_birth(session, delivery_mode="1")
    clerk = sign_in("clerk")
    pin(clerk, "mother_region")
    pin(clerk, "delivery_mode")
    page = clerk.get("/births/add").text
    assert f'value="{place}" selected' in page
    assert re.search(r'<select[^>]*name="delivery_mode".*?<option[^>]*selected[^>]*value="1"', page, re.DOTALL)


def test_the_pins_and_records_of_a_colleague_are_the_colleagues(sign_in, working):
    with working() as session:
        make_birth(session, maker="colleague", facility="县医院")
    pin(sign_in("colleague"), "facility")
    clerk = sign_in("clerk")
    assert value_of(clerk.get("/births/add").text, "facility") == ""
    pin(clerk, "facility")
    assert value_of(clerk.get("/births/add").text, "facility") == ""


@pytest.mark.parametrize("field", ["mother_id_no", "child_id_no", "birth_cert_no", "status", "act_token", "made_by_id", "nothing"])
def test_a_number_and_what_is_no_box_are_never_pinned(sign_in, seeing, field):
    assert pin(sign_in("clerk"), field).status_code == 404
    assert seeing(lambda session: session.scalars(select(FormPin)).all()) == []


@pytest.mark.parametrize(("field", "status"), [("consent_on", 404), ("folic_answer", 404), ("woman_id_no", 404), ("folic_boxes", 204)])
def test_what_a_woman_answers_is_never_taken_over_for_another(sign_in, field, status):
    assert pin(sign_in("service_worker"), field, url="/pregnancy-services").status_code == status


def test_the_last_record_is_copied_without_its_numbers(sign_in, working):
    with working() as session:
        make_birth(session, facility="县医院", birth_cert_no="A123456789", weight_g=3000)
    values = sign_in("clerk").get("/births/previous").json["values"]
    assert values["facility"] == ["县医院", "县医院"]
    assert values["weight_g"] == ["3000", "3000"]
    assert values["born_on"] == ["2026-03-05", "2026-03-05"]
    assert {"mother_id_no", "child_id_no", "birth_cert_no"} & set(values) == set()


def test_who_entered_nothing_has_nothing_to_copy(sign_in):
    assert sign_in("clerk").get("/births/previous").json == {"values": {}}


def test_a_record_of_an_office_one_has_left_is_not_copied(working):
    with working() as session:
        make_birth(session, facility="县医院")
        clerk = user(session, "clerk").id
        assert pins.previous(session, clerk, Birth) is not None
    with working(B) as session:
        assert pins.previous(session, clerk, Birth) is None


def test_the_last_person_that_was_saved_is_copied(sign_in, place, seeing):
    clerk = sign_in("clerk")
    number = id_number_for(date(1990, 3, 5), "2", 1970)
    clerk.send("/people/add", id_type="1", id_no=number, name="王芳", ethnicity="01", residence=place)
    assert seeing(lambda session: session.scalars(select(Person.name)).all()) == ["王芳"]
    values = clerk.get("/people/previous").json["values"]
    assert (values["name"][0], values["sex"][0], "id_no" in values, "phone" in values) == ("王芳", "2", False, False)


def test_a_value_from_the_address_stands_before_a_pin(sign_in, working):
    with working() as session:
        person = make_person(session, office=A1, name="王芳")
        uid = person.uid
    clerk = sign_in("clerk")
    pin(clerk, "person_name", url="/household-events")
    assert value_of(clerk.get(f"/household-events/add?person={uid}").text, "person_name") == "王芳"
