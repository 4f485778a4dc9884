"""The screen of deaths, as a browser sees it."""

import re

import pytest

from app.core import scope
from app.core.workflow import Status
from app.ledgers.families.models import Death
from tests.cast import A1
from tests.factories.families import DIED_ON, HUSBAND_BORN, his_number, make_death
from tests.factories.people import make_person
from tests.reader import beside

HIS = his_number()
FORM = {"person_id_type": "1", "person_id_no": HIS, "person_name": "王强", "died_on": "2025-02-10"}


@pytest.fixture
def entered(working):
    """`entered(status=…)` keeps a death and gives its uid."""

    def make(**fields):
        with working() as session:
            return make_death(session, **fields).uid

    return make


def act(client, uid, name, **words):
    """Press a button of the record page."""
    return client.send(f"/deaths/action/{name}/{uid}", page=f"/deaths/show/{uid}", **words)


def test_a_clerk_enters_a_death_and_sees_it(sign_in, seeing, place):
    clerk = sign_in("clerk")
    answer = clerk.send("/deaths/add", **FORM, person_region=place, place="夷陵医院")
    page = clerk.get(answer.headers["Location"]).text
    assert "夷陵医院" in page
    assert HIS not in page
    death = seeing(lambda session: session.scalars(scope.query(Death)).one())
    assert (death.person_birth_date, death.person_sex) == (HUSBAND_BORN, "1")


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        *((name, "9x", "Choose a value from the list.") for name in ("person_id_type", "person_sex")),
        ("person_region", "x", "Choose a value from the list."),
        *((name, "0000-01-01", "This is not a date.") for name in ("died_on", "person_birth_date", "reported_on")),
        *((name, "", "Fill in this field.") for name in ("person_name", "died_on")),
        ("died_on", "2099-01-01", "lies in the future"),
        ("person_sex", "2", ""),
    ],
)
def test_what_no_box_takes_is_said_beside_it(sign_in, place, name, typed, said):
    page = sign_in("clerk").send("/deaths/add", **FORM | {"person_region": place, "place": "夷陵医院", name: typed})
    assert page.status_code == 200
    assert said in beside(page.text, name)
    assert "夷陵医院" in page.text


def test_from_draft_to_approved_and_voided(sign_in, seeing, entered):
    uid, clerk, supervisor = entered(person_id_no=HIS), sign_in("clerk"), sign_in("supervisor")
    act(clerk, uid, "submit")
    assert act(clerk, uid, "approve").status_code == 403
    act(supervisor, uid, "approve")
    file = re.search(r'href="(/people/show/[0-9a-f-]+)"', clerk.get(f"/deaths/show/{uid}").text)[1]
    assert f"<dd>{DIED_ON}" in clerk.get(file).text
    act(supervisor, uid, "void", reason="somebody else")
    assert seeing(lambda _session: scope.get(Death, uid).status) == Status.voided
    assert f"<dd>{DIED_ON}" not in clerk.get(file).text


def test_the_day_of_death_is_not_written_by_the_form_of_a_person(sign_in, seeing, working):
    with working() as session:
        uid = make_person(session, office=A1, name="王强", id_no=None, sex="1", birth_date=HUSBAND_BORN).uid
    clerk = sign_in("clerk")
    assert 'name="died_on"' not in clerk.get(f"/people/edit/{uid}").text
    words = {"id_type": "1", "name": "王强", "sex": "1", "birth_date": HUSBAND_BORN.isoformat(), "died_on": "2025-02-10"}
    assert clerk.send(f"/people/edit/{uid}", **words).status_code == 302
    assert "2025-02-10" not in clerk.get(f"/people/show/{uid}").text


@pytest.mark.parametrize("text", ["王强", "wq", "王", HIS, "D420506-17"])
def test_a_death_is_found(sign_in, entered, text):
    uid, other = entered(person_id_no=HIS, certificate_no="D420506-17"), entered(person_name="赵刚")
    page = sign_in("clerk").send("/deaths/find", "/deaths/list/", text=text).text
    assert str(uid) in page
    assert str(other) not in page


@pytest.mark.parametrize("query", ["_flt_0_died_on=2025-02-10", "_flt_0_person_sex=1", "_flt_0_status=submitted"])
def test_the_list_is_narrowed(sign_in, entered, query):
    wanted = entered(status=Status.submitted)
    other = entered(person_name="赵兰", person_id_no=None, person_sex="2", died_on=DIED_ON.replace(month=3))
    page = sign_in("clerk").get(f"/deaths/list/?{query}").text
    assert str(wanted) in page
    assert str(other) not in page
