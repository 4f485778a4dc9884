"""The screens of households, as a browser sees them: entering, deciding, finding, one household on one page."""

import re
from datetime import date

import pytest

from app.core import clock, scope
from app.core.audit import acting
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.ledgers.households.models import CLOSED, HEAD_CHANGED, JOINED, LEFT, SET_UP, HouseholdEvent
from app.ledgers.people.models import Person
from tests.cast import A1, A2, B1
from tests.conftest import EVERYWHERE, Client
from tests.factories.births import make_birth
from tests.factories.families import make_death, make_marriage
from tests.factories.households import HEAD_BORN, JOINED_ON, LEFT_ON, MEMBER_BORN, SET_UP_ON, make_event, make_household, number_of
from tests.factories.people import also_seen_by
from tests.reader import beside

TODAY = clock.today()
HIS, HERS = number_of(HEAD_BORN, "1"), number_of()
FORM = {"kind": SET_UP, "happened_on": "2020-03-01", "person_id_type": "1", "person_id_no": HIS, "person_name": "王强"}


@pytest.fixture
def family(working):
    """Identities: a household of two, the events of both, their files."""
    with working() as session:
        home = make_household(session, person_id_no=HIS, address="龙泉路1号", former_no="0318")
        hers = make_event(session, home, person_id_no=HERS)
        told = {"home": home.household, "set_up": home, "joined": hers}
        people = {"he": session.get(Person, home.person_id), "she": session.get(Person, hers.person_id)}
        return {name: str(row.uid) for name, row in (told | people).items()} | {"number": home.household.number}


@pytest.fixture(scope="module")
def office(shared_app):
    """A household of two, and another one, in an application that the tests of this file share: they change nothing in it."""
    with shared_app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        home = make_household(session, person_id_no=HIS, address="龙泉路1号", former_no="0318", mgmt_class="1")
        joined = make_event(session, home, person_id_no=HERS)
        other = make_household(session, town=A2, person_name="赵刚", mgmt_class="2", happened_on=date(2021, 1, 1))
        make_event(session, other, kind=CLOSED)
        told = {"number": home.household.number, "other": other.household.number, "home": str(home.household.uid)}
        told["she"] = str(session.get(Person, joined.person_id).uid)
    return {**told, "clerk": Client(shared_app, "clerk")}


def act(client, uid, name, **words):
    """Press a button of the record page."""
    return client.send(f"/household-events/action/{name}/{uid}", page=f"/household-events/show/{uid}", **words)


def prefilled(page):
    """Which household and whom the form names already."""
    return {n: re.search(rf'name="{n}"[^>]* value="([^"]*)"', page)[1] for n in ("household_no", "person_name")}


def test_a_clerk_sets_up_a_household_and_a_supervisor_lets_it_count(sign_in, seeing, place):
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    answer = clerk.send("/household-events/add", **FORM, person_region=place, address="龙泉路1号")
    uid = answer.headers["Location"].rpartition("/")[2]
    page = clerk.get(answer.headers["Location"]).text
    home = re.search(r"/households/show/[0-9a-f-]+", page)[0]
    assert HIS not in page
    assert "not approved yet" in clerk.get(home).text
    assert home not in clerk.get("/households/list/").text
    act(clerk, uid, "submit")
    assert act(clerk, uid, "approve").status_code == 403
    act(supervisor, uid, "approve")
    assert home in clerk.get("/households/list/").text
    act(supervisor, uid, "void", reason="entered twice")
    assert seeing(lambda _session: scope.get(HouseholdEvent, uid).status) == Status.voided
    assert home not in clerk.get("/households/list/").text


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        *((name, "9x", "Choose a value from the list.") for name in ("kind", "person_id_type", "person_sex", "relation")),
        ("person_region", "x", "Choose a value from the list."),
        ("happened_on", "0000-01-01", "This is not a date."),
        ("happened_on", "2099-01-01", "cannot happen after today"),
        ("household_no", "99", "No household of your offices"),
        ("household_no", "9" * 31, ""),
        ("household_no", "", "Fill in this field."),
        ("person_name", "", "Fill in this field."),
        ("relation", "", "Fill in this field."),
        ("relation", "11", "does not fit the sex"),
    ],
)
def test_what_no_box_takes_is_said_beside_it(office, name, typed, said):
    told = {"kind": JOINED, "household_no": office["number"], "person_name": "赵兰", "person_id_no": number_of(), "relation": "97"}
    page = office["clerk"].send("/household-events/add", **FORM | told | {"remark": "补录", name: typed})
    assert page.status_code == 200
    assert said in beside(page.text, name)
    assert "补录" in page.text


def test_a_form_sent_twice_is_one_record(sign_in, seeing, family):
    clerk = sign_in("clerk")
    told = FORM | {"kind": JOINED, "household_no": "0318", "person_name": "赵兰", "person_id_no": number_of(), "relation": "97"}
    sent = {**clerk.hidden("/household-events/add"), **told}
    answers = [clerk.http.post("/household-events/add", data=sent).headers["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(seeing(lambda session: session.scalars(scope.query(HouseholdEvent)).all())) == 3


def test_the_buttons_of_a_household_open_the_form_filled_in(sign_in, family):
    clerk = sign_in("clerk")
    page = clerk.get(f"/households/show/{family['home']}").text
    links = [url.replace("&amp;", "&") for url in re.findall(r'href="(/household-events/add\?[^"]*)"', page)]
    kinds = [re.search(r"kind=(\d)", url)[1] for url in links]
    assert sorted(kinds) == sorted([JOINED, CLOSED, LEFT, LEFT, HEAD_CHANGED, "6"])
    hers = [url for url in links if f"kind={LEFT}" in url and family["she"] in url]
    assert prefilled(clerk.get(hers[0]).text) == {"household_no": family["number"], "person_name": "李梅"}
    told = FORM | {"kind": LEFT, "household_no": family["number"], "person_name": "李梅", "person_id_no": "", "happened_on": "2024-08-01"}
    assert clerk.send(hers[0], **told).status_code == 302
    assert "kind=" not in sign_in("supervisor").get(f"/households/show/{family['home']}").text


def test_the_form_is_filled_in_with_nobody_of_another_office(office, shared_app):
    page = Client(shared_app, "neighbour").get(f"/household-events/add?household={office['home']}&person={office['she']}&kind=x").text
    assert set(prefilled(page).values()) == {""}


def test_what_is_ticked_together_is_decided_in_the_order_of_entry(sign_in, seeing, working):
    with working() as session:
        home = make_household(session, status=Status.submitted)
        uids = [home.uid, make_event(session, home, status=Status.submitted).uid]
    supervisor = sign_in("supervisor")
    supervisor.get(f"/household-events/queue/{uids[1]}")
    page = supervisor.get("/household-events/list/").text
    assert page.index(str(uids[1])) < page.index(str(uids[0]))
    words = {**supervisor.hidden("/household-events/list/"), "action": "approve", "rowid": [str(uid) for uid in reversed(uids)]}
    assert "Done: 2. Refused: 0." in supervisor.http.post("/household-events/action_post", data=words).text
    assert seeing(lambda _session: {scope.get(HouseholdEvent, uid).status for uid in uids}) == {Status.approved}


def test_the_list_tells_head_and_members(office):
    page = office["clerk"].get("/households/list/").text
    row = next(row for row in page.split("</tr>") if office["number"] in row)
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row)[:3] == ["王强", "龙泉路1号", "2"]


@pytest.mark.parametrize("text", ["{number}", "{short}", "0318", "０３ 18", "王强", "wq", "李", HERS, f"{HERS[:6]} {HERS[6:]}", "李梅"])
@pytest.mark.parametrize("ledger", ["households", "household-events"])
def test_a_household_is_found_by_its_number_and_its_members(office, ledger, text):
    typed = text.format(number=office["number"], short=office["number"][6:])
    page = office["clerk"].send(f"/{ledger}/find", f"/{ledger}/list/", text=typed).text
    assert (office["number"] in page, office["other"] in page) == (True, False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("_flt_0_mgmt_class=1", "number"),
        ("_flt_0_set_up_on=2020-03-01", "number"),
        ("_flt_0_closed_on=2024-08-01", "other"),
        ("_flt_0_mgmt_class=2", "other"),
    ],
)
def test_the_list_is_narrowed(office, query, found):
    page = office["clerk"].get(f"/households/list/?{query}").text
    assert [name for name in ("number", "other") if office[name] in page] == [found]


def test_one_page_tells_members_former_members_and_what_the_ledgers_hold(sign_in, family, working):
    with working() as session:
        home = {"household_no": family["number"]}
        told = {
            "mother_id_no": HERS,
            "mother_name": "李梅",
            "child_name": "王小明",
            "sex": "1",
            "child_id_no": number_of(date(2026, 3, 5), "1"),
        }
        birth = make_birth(session, **told, status=Status.approved)
        number = birth.child_id_no.reveal()
        session.flush()
        make_event(session, **home, person_name="王小明", person_id_no=number, relation="21", happened_on=date(2026, 3, 5))
        old = make_event(session, **home, person_name="赵兰", relation="97")
        make_event(session, **home, kind=LEFT, person_name="赵兰", happened_on=LEFT_ON)
        session.flush()
        wedding = make_marriage(session, wife_name="李梅", wife_id_no=HERS, husband_name="王强", husband_id_no=HIS, status=Status.approved)
        session.flush()
        told = [str(row.uid) for row in (birth, wedding)], str(session.get(Person, birth.child_id).uid), str(old.uid)
    (records, child, left) = told
    page = sign_in("clerk").get(f"/households/show/{family['home']}").text
    members, former = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)[:2]
    assert re.findall(r"<tr><td>([^<]*)</td>", members) == ["Head of household", "Wife", "Only son"]
    assert "First marriage" in members
    assert str(MEMBER_BORN) in members
    assert child in members
    assert ("赵兰" in former, str(LEFT_ON) in former, "赵兰" in members) == (True, True, False)
    assert all(uid in page for uid in (*records, left))
    for number in (HIS, HERS):
        assert number not in page


def test_the_sheet_has_a_head_and_room_for_signatures(office):
    page = office["clerk"].get(f"/households/show/{office['home']}").text
    assert "Household sheet" in page
    assert f"Printed on: {TODAY}" in page
    assert "(signature)" in page


def test_the_page_says_when_there_is_no_head(sign_in, family, working):
    assert "has no head" not in sign_in("clerk").get(f"/households/show/{family['home']}").text
    with working() as session:
        make_death(session, person_id_no=HIS, status=Status.approved)
    assert "has no head" in sign_in("clerk").get(f"/households/show/{family['home']}").text


def test_a_protected_person_is_named_to_whoever_may_open_the_file_and_to_nobody_else(sign_in, family, working):
    with working() as session:
        she = session.scalars(scope.query(Person).where(Person.id_no == HERS)).one()
        she.is_protected = True
    clerk = sign_in("clerk")
    page = clerk.get(f"/households/show/{family['home']}").text
    assert family["she"] in page
    with working() as session:
        she = session.scalars(scope.query(Person).where(Person.id_no == HERS)).one()
        also_seen_by(session, she, B1)
        for link in she.offices:
            link.valid_to = TODAY if link.kind == "resident" else None
    page = clerk.get(f"/households/show/{family['home']}").text
    assert "Protected person" in page
    assert [word for word in ("李梅", family["she"], str(MEMBER_BORN), family["joined"]) if word in page] == []
    assert "李梅" not in clerk.send("/households/find", "/households/list/", text="李梅").text.replace('value="李梅"', "")


def test_a_protected_head_is_not_named_in_the_list(sign_in, family, working):
    with working() as session:
        session.scalars(scope.query(Person).where(Person.id_no == HIS)).one().is_protected = True
    page = sign_in("clerk").get("/households/list/").text
    assert ("王强" in page, "Protected person" in page) == (False, True)


def test_the_page_of_a_person_leads_to_the_household(office):
    page = office["clerk"].get(f"/people/show/{office['she']}").text
    assert f"/households/show/{office['home']}" in page
    assert f"Wife since {JOINED_ON}" in page


def test_the_page_of_a_person_names_no_household_of_another_office(sign_in, family, working):
    with working() as session:
        also_seen_by(session, session.scalars(scope.query(Person).where(Person.id_no == HERS)).one(), B1)
    page = sign_in("neighbour").get(f"/people/show/{family['she']}").text
    assert f"household of another office since {JOINED_ON}" in page
    assert not any(word in page for word in (family["number"], family["home"], A1))


def test_a_correction_is_proposed_and_applied(sign_in, seeing, family):
    clerk, supervisor, uid = sign_in("clerk"), sign_in("supervisor"), family["joined"]
    told = {
        "kind": JOINED,
        "household_no": family["number"],
        "person_id_type": "1",
        "person_name": "李梅",
        "person_sex": "2",
        "relation": "97",
    }
    told |= {"happened_on": str(LEFT_ON), "reported_on": str(TODAY), "change_reason": "slip", "evidence": "household book"}
    page = clerk.get(f"/household-events/propose/{uid}").text
    told |= {"person_id_no": re.search(r'name="person_id_no"[^>]* value="([^"]*)"', page)[1], "person_birth_date": str(MEMBER_BORN)}
    assert clerk.send(f"/household-events/propose/{uid}", **told).status_code == 302
    asked = re.search(r"/household-events/change/([0-9a-f-]+)", clerk.get(f"/household-events/show/{uid}").text)[1]
    supervisor.send(f"/household-events/change/{asked}/apply", f"/household-events/change/{asked}")
    event = seeing(lambda _session: scope.get(HouseholdEvent, uid))
    assert (event.happened_on, event.relation) == (LEFT_ON, "97")
    assert f"<td>{LEFT_ON}</td>" in clerk.get(f"/households/show/{family['home']}").text
    assert SET_UP_ON < LEFT_ON
