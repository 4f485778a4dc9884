"""What an ID number fills in while somebody types, and what it never tells."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.core.limits import LimitedUse
from app.ledgers.people.models import IdentityRequest
from tests.cast import A1, B1
from tests.conftest import hidden_fields
from tests.factories.births import make_birth
from tests.factories.maternity import make_pregnancy
from tests.factories.people import id_number_for, make_person

CHILD = "2024-05-01"


def read(client, box="mother_id_no", url="/births/check", page="/births/add", **words):
    """What is said about the number in this box."""
    answer = client.http.post(url, data={**hidden_fields(client.get(page).text), **words})
    return answer.json["numbers"].get(box), answer.json["problems"].get(box)


def number(birth="1990-03-05", sex="2", n=1960):
    """A sound number that nobody bears."""
    return id_number_for(date.fromisoformat(birth), sex, n)


def test_a_sound_number_gives_the_birth_date(sign_in):
    told, problems = read(sign_in("clerk"), mother_id_no=number())
    assert told["fields"] == {"mother_birth_date": {"value": "1990-03-05", "text": "1990-03-05", "state": "empty"}}
    assert told["file"] is None
    assert problems is None


def test_a_number_tells_the_sex_where_the_form_asks_for_it(sign_in):
    told, _problems = read(sign_in("clerk"), "id_no", "/people/check", "/people/add", id_type="1", id_no=number(sex="1"))
    assert told["fields"]["sex"] == {"value": "1", "text": "Male", "state": "empty"}


def test_another_date_that_was_typed_is_called_another(sign_in):
    told, problems = read(sign_in("clerk"), mother_id_no=number(), mother_birth_date="1990/3/6")
    assert told["fields"]["mother_birth_date"]["state"] == "other"
    assert problems is None


def test_the_same_date_however_written_is_the_same(sign_in):
    told, _problems = read(sign_in("clerk"), mother_id_no=number(), mother_birth_date="1990.3.5")
    assert told["fields"]["mother_birth_date"]["state"] == "same"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("42050619900305122", "An ID number has 18 characters"),
        ("420506199003051229", "The last character of the ID number does not fit"),
        ("420506199013051229", "Digits 7 to 14"),
    ],
)
def test_a_faulty_number_is_told_before_anything_else_is_filled_in(sign_in, typed, said):
    told, problems = read(sign_in("clerk"), mother_id_no=typed)
    assert said in problems[0]
    assert (told["fields"], told["file"]) == ({}, None)


def test_the_number_of_a_man_is_no_mothers(sign_in):
    _told, problems = read(sign_in("clerk"), mother_id_no=number(sex="1"))
    assert "ID number of a man" in problems[0]


def test_a_file_of_ones_own_office_is_offered(sign_in, working):
    with working() as session:
        person = make_person(session, office=A1, name="李梅")
        own, uid = person.id_no.reveal(), person.uid
    told, _problems = read(sign_in("clerk"), mother_id_no=own, mother_id_type="1")
    assert told["file"]["text"] == "李梅, 1990-01-02"
    assert told["file"]["url"] == f"/people/show/{uid}"
    assert {name: field["value"] for name, field in told["file"]["fields"].items()} == {
        "mother_name": "李梅", "mother_id_type": "1", "mother_birth_date": "1990-01-02",
    }  # fmt: skip


def test_foreign_protected_and_absent_people_are_answered_alike(sign_in, working, seeing):
    with working() as session:
        foreign = make_person(session, office=B1, name="李远").id_no.reveal()
        protected = make_person(session, office=A1, name="李护", is_protected=True).id_no.reveal()
    client = sign_in("clerk")
    answers = [read(client, mother_id_no=typed) for typed in (foreign, protected, number("1990-01-02"))]
    assert answers[0] == answers[1] == answers[2]
    counts = [seeing(lambda s, table=table: s.scalar(select(func.count()).select_from(table))) for table in (IdentityRequest, LimitedUse)]
    assert counts == [0, 0]


def test_a_child_is_never_offered(sign_in, working):
    with working() as session:
        child = make_person(session, office=A1, name="李小", birth_date=date.fromisoformat(CHILD)).id_no.reveal()
    told, _problems = read(sign_in("clerk"), "person_id_no", "/deaths/check", "/deaths/add", person_id_no=child, person_id_type="1")
    assert told["file"] is None
    assert told["fields"]["person_birth_date"]["value"] == CHILD


def test_a_childs_number_speaks_of_the_day_of_birth(sign_in):
    told, _problems = read(sign_in("clerk"), "child_id_no", child_id_no=number("2026-03-05", "1"), sex="2")
    assert {name: field["state"] for name, field in told["fields"].items()} == {"born_on": "empty", "sex": "other"}


def test_the_mask_of_a_record_is_no_number(sign_in, working):
    with working() as session:
        birth = make_birth(session)
        uid, mask = birth.uid, str(birth.mother_id_no)
    told, problems = read(sign_in("clerk"), url=f"/births/check/{uid}", page=f"/births/edit/{uid}", mother_id_no=mask)
    assert (told, problems) == (None, None)


def test_a_passport_says_nothing_of_its_holder(sign_in):
    told, problems = read(sign_in("clerk"), mother_id_no="E12345678", mother_id_type="2")
    assert (told["fields"], told["file"], problems) == ({}, None, None)


def test_a_service_worker_is_told_what_the_number_says_and_of_no_file(sign_in, working):
    with working() as session:
        own = make_person(session, office=A1, name="李梅").id_no.reveal()
        make_pregnancy(session)
    client = sign_in("service_worker")
    told, _problems = read(client, "woman_id_no", "/pregnancy-services/check", "/pregnancy-services/add", woman_id_no=own)
    assert told["fields"]["woman_birth_date"]["value"] == "1990-01-02"
    assert told["file"] is None
