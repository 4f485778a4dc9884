"""The screens of moves and transfers, as browsers of two offices see them."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from app.accounts import users
from app.core import clock, regions, scope
from app.core.crypto import uuid7
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.moves.models import BACK, BOTH, MOVED_OUT, RESIDENCE, MoveEvent, Transfer
from app.ledgers.people.models import Person
from tests.cast import A1, A2, B1, PASSWORD, B
from tests.conftest import Client
from tests.factories.moves import BORN, MOVED_ON, make_move, make_transfer
from tests.factories.people import make_person
from tests.ledgers.births.test_parallel import at_once
from tests.reader import beside

TODAY = clock.today()


@pytest.fixture
def place(working):
    """The public identity of a village of town A, as its picker sends it."""
    with working() as session:
        return str(regions.by_code(session, A1).uid)


@pytest.fixture
def form(his):
    """What a clerk types of a move."""
    return {
        "kind": "1", "what": "3", "happened_on": "2025-02-10", "other_place": "武汉市", "person_id_type": "1", "person_id_no": his,
        "person_name": "王强",
    }  # fmt: skip


@pytest.fixture
def entered(working):
    """`entered(status=…)` keeps a move and gives its uid."""

    def make(**fields):
        with working() as session:
            return make_move(session, **fields).uid

    return make


@pytest.fixture
def file(working, his):
    """The identity of somebody on file at A1."""
    with working() as session:
        return make_person(session, name="王强", id_no=his, sex="1", birth_date=BORN).uid


@pytest.fixture
def sent(working, file):
    """The identity of a transfer of this file to B1 that waits."""
    with working() as session:
        return make_transfer(session, scope.get(Person, file)).uid


def act(client, uid, name, ledger="moves", **words):
    """Press a button of the record page."""
    return client.send(f"/{ledger}/action/{name}/{uid}", page=f"/{ledger}/show/{uid}", **words)


def state_of(working, uid):
    with working():
        return scope.get(Transfer, uid).state


# moves


def test_a_move_goes_from_the_form_to_the_file_and_back(sign_in, working, form, place, his):
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    page = clerk.send("/moves/add", **form, person_region=place).headers["Location"]
    assert his not in clerk.get(page).text
    uid = page.rpartition("/")[2]
    act(clerk, uid, "submit")
    assert act(clerk, uid, "approve").status_code == 403
    act(supervisor, uid, "approve")
    file = re.search(r'href="(/people/show/[0-9a-f-]+)"', clerk.get(page).text)[1]
    assert "Lives in this register since 2025-02-10." in clerk.get(file).text
    act(supervisor, uid, "void", reason="somebody else")
    with working():
        assert scope.get(MoveEvent, uid).status is Status.voided
    assert "since 2025-02-10" not in clerk.get(file).text


def test_the_page_of_a_person_tells_that_they_left(sign_in, entered, file, his):
    entered(kind=MOVED_OUT, person_id_no=his, status=Status.approved)
    page = sign_in("clerk").get(f"/people/show/{file}").text
    assert "Residence outside this register since 2025-02-10." in page
    assert re.search(r"Moved out on</dt>\s*<dd>2025-02-10", page)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        *((name, "9x", "Choose a value from the list.") for name in ("kind", "what", "person_id_type", "person_sex", "person_region")),
        *((name, "0000-01-01", "This is not a date.") for name in ("happened_on", "person_birth_date", "reported_on")),
        *((name, "", "Fill in this field.") for name in ("kind", "what", "person_name", "happened_on")),
        ("other_place", "", "Write where the person came from"),
        ("happened_on", "2099-01-01", "lies in the future"),
    ],
)
def test_what_no_box_takes_is_said_beside_it(clerk, form, place, name, typed, said):
    page = clerk.send("/moves/add", **form | {"person_region": place, name: typed})
    assert page.status_code == 200
    assert said in beside(page.text, name)


@pytest.fixture(scope="module")
def clerk(shared_app):
    """One browser for what is refused."""
    return Client(shared_app, "clerk")


@pytest.mark.parametrize("text", ["王小强", "wxq", "{his}"])
def test_a_move_is_found(clerk, entered, his, text):
    uid, other = entered(person_name="王小强", person_id_no=his), entered(person_name="赵刚")
    page = clerk.send("/moves/find", "/moves/list/", text=text.format(his=his)).text
    assert str(uid) in page
    assert str(other) not in page


@pytest.mark.parametrize("query", ["_flt_0_happened_on=2024-12-24", "_flt_0_kind=2", "_flt_0_what=2"])
def test_the_list_is_narrowed(clerk, entered, query):
    wanted = entered(kind=MOVED_OUT, what="2", happened_on=date(2024, 12, 24))
    other = entered(person_name="赵刚")
    page = clerk.get(f"/moves/list/?{query}&psize_MoveView=200").text
    assert str(wanted) in page
    assert str(other) not in page


# transfers


def test_from_the_page_of_a_person_to_the_other_office(sign_in, working, file, his):
    clerk, neighbour = sign_in("clerk"), sign_in("neighbour")
    assert f"/transfers/send/{file}" in clerk.get(f"/people/show/{file}").text
    with working() as session:
        to = regions.by_code(session, B1)
        words = {"what": BOTH, "to_region": str(to.uid), "moved_on": "2025-02-10", "reason": "嫁往该村"}
    shown = clerk.hidden(f"/transfers/send/{file}")
    first, again = (clerk.http.post(f"/transfers/send/{file}", data=shown | words).headers["Location"] for _ in range(2))
    assert first == again
    uid = first.rpartition("/")[2]
    assert "waiting for the answer" in clerk.get(f"/people/show/{file}").text
    page = neighbour.get(first).text
    assert all(word in page for word in ("王强", his[:6] + "*" * 8 + his[-4:], str(BORN), "嫁往该村", "waiting for an answer"))
    assert his not in page
    assert f"/people/show/{file}" not in page
    assert neighbour.get(f"/people/show/{file}").status_code == 404
    assert act(neighbour, uid, "accept_transfer", "transfers").status_code == 302
    assert f"/people/show/{file}" in neighbour.get(first).text
    assert neighbour.get(f"/people/show/{file}").status_code == 200
    assert clerk.get(f"/people/show/{file}").status_code == 404
    page = clerk.get(first).text
    assert "accepted" in page
    assert f"/people/show/{file}" not in page


def test_what_the_form_of_a_transfer_refuses_is_said_beside_it(clerk, file):
    page = clerk.send(f"/transfers/send/{file}", what="9", to_region="x", moved_on="yesterday", reason="")
    assert "Choose a value from the list." in beside(page.text, "what")
    assert "Choose a value from the list." in beside(page.text, "to_region")
    assert "This is not a date." in beside(page.text, "moved_on")
    page = clerk.send(f"/transfers/send/{file}", what="", to_region="", moved_on="", reason="")
    assert all("Fill in this field." in beside(page.text, name) for name in ("what", "to_region", "moved_on", "reason"))


def test_the_picker_offers_places_of_other_offices_with_what_they_lie_in(clerk):
    found = clerk.get("/transfers/options/to_region?q=鸦鹊岭").json["results"]
    assert any(one["text"].startswith("夷陵区鸦鹊岭镇") for one in found)
    assert clerk.get("/transfers/options/to_region?q=夷陵区").json["results"] == []
    assert clerk.get("/transfers/options/reason?q=x").status_code == 404


def test_a_refusal_needs_its_reason_on_the_screen_too(sign_in, working, sent):
    neighbour = sign_in("neighbour")
    assert "Write the reason." in act_page(neighbour, sent, "refuse_transfer", reason="")
    act(neighbour, sent, "refuse_transfer", "transfers", reason="不是本村")
    assert state_of(working, sent) == "refused"
    assert "不是本村" in sign_in("clerk").get(f"/transfers/show/{sent}").text


def act_page(client, uid, name, **words):
    """The page after a button that did not work."""
    return client.get(act(client, uid, name, "transfers", **words).headers["Location"]).text


def test_only_its_own_buttons_stand_on_each_side(sign_in, sent):
    pattern = r'class="btn [a-z-]+" name="act" value="(\w+)"'
    offered = {"clerk": {"recall_transfer"}, "colleague": {"recall_transfer"}, "neighbour": {"accept_transfer", "refuse_transfer"}}
    for who, wanted in {**offered, "supervisor": set()}.items():
        assert set(re.findall(pattern, sign_in(who).get(f"/transfers/show/{sent}").text)) == wanted
    assert act(sign_in("supervisor"), sent, "recall_transfer", "transfers").status_code == 403


def test_one_click_sent_twice_is_one_answer(sign_in, working, sent):
    neighbour = sign_in("neighbour")
    seen = neighbour.hidden(f"/transfers/show/{sent}")
    for _ in range(2):
        page = neighbour.http.post(f"/transfers/action/accept_transfer/{sent}", data=seen).headers["Location"]
        assert "alert-danger" not in neighbour.get(page).text
    assert state_of(working, sent) == "accepted"


def test_two_clerks_who_accept_at_once_are_one(sign_in, working, two_hats_of_b, sent, file):
    clicks = []
    for who in ("neighbour", two_hats_of_b):
        client = sign_in(who)
        seen = client.hidden(f"/transfers/show/{sent}")
        clicks.append((client, f"/transfers/action/accept_transfer/{sent}", seen | {"act_token": str(uuid7())}))
    assert at_once(clicks) == [302, 302]
    assert state_of(working, sent) == "accepted"
    with working(B):
        kinds = sorted(link.kind for link in scope.get(Person, file).offices if link.valid_to is None)
    assert kinds == ["registered", "resident"]


@pytest.fixture
def two_hats_of_b(shared_app, working):
    """Another clerk of town B."""
    with working() as session:
        held = {"roles": ["clerk"], "regions": [regions.by_code(session, B)], "password": PASSWORD, "must_change": False}
        users.add(session, shared_app.appbuilder.sm, "second_neighbour", **held)
    return "second_neighbour"


def test_the_list_shows_what_waits_first_and_the_workbench_opens_exactly_that(sign_in, working, file):
    with working() as session:
        people = [make_person(session, name=name, sex="1", birth_date=BORN) for name in ("赵一一", "赵二二", "赵三三")]
        late, soon, gone = (make_transfer(session, person, to=B1, what=RESIDENCE) for person in people)
        back = make_person(session, office=B1, name="赵四四", sex="1", birth_date=BORN)
        session.flush()
        uids, overdue = [str(row.uid) for row in (late, soon, gone)], late.uid
        outgoing = str(make_transfer(session, back, to=A2, what=RESIDENCE, maker="neighbour").uid)
    with working() as session, elevated("test"):
        table = Transfer.__table__
        session.connection().execute(update(table).where(table.c.uid == overdue).values(due_on=TODAY - timedelta(days=1)))
    clerk, neighbour = sign_in("clerk"), sign_in("neighbour")
    act(clerk, uids[2], "recall_transfer", "transfers")
    page = neighbour.get("/transfers/list/?psize_TransferView=200").text
    assert page.index(uids[0]) < page.index(uids[1]) < page.index(uids[2])
    assert "waiting for an answer, overdue" in page
    home = neighbour.get("/").text
    for label, wanted in (("waiting for your answer", uids[:2]), ("overdue", uids[:1])):
        link, number = re.search(rf'href="([^"]*)"><strong>(\d+)</strong> {label}', home).groups()
        shown = set(re.findall(r"/transfers/show/([0-9a-f-]+)", neighbour.get(link.replace("&amp;", "&") + "&psize_TransferView=200").text))
        assert len(shown) == int(number)
        assert shown.issuperset(wanted)
        assert not shown & {outgoing, uids[2]}
    mine = neighbour.get("/transfers/list/?_flt_3_state=open&psize_TransferView=200").text
    assert outgoing in mine
    assert not any(uid in mine for uid in uids)


@pytest.mark.parametrize("query", ["_flt_0_state=xx", "_flt_2_state=xx", "_flt_2_due_on=xx"])
def test_a_filter_that_says_nothing_finds_nothing(sign_in, sent, query):
    page = sign_in("neighbour").get(f"/transfers/list/?{query}")
    assert page.status_code == 200
    assert str(sent) not in page.text


def test_the_auditor_and_the_statistician_see_no_transfer(sign_in, sent):
    assert [sign_in(who).get(f"/transfers/show/{sent}").status_code for who in ("auditor", "statistician")] == [403, 403]


def test_nobody_sends_a_file_that_is_not_theirs(sign_in, working, file):
    neighbour = sign_in("neighbour")
    with working() as session:
        words = {"what": BOTH, "to_region": str(regions.by_code(session, B1).uid), "moved_on": "2025-02-10", "reason": "x"}
    sending = neighbour.hidden("/own/") | {"act_token": str(uuid7())} | words
    assert neighbour.http.post(f"/transfers/send/{file}", data=sending).status_code == 404
    assert neighbour.get(f"/transfers/send/{file}").status_code == 404
    assert sign_in("supervisor").get(f"/transfers/send/{file}").status_code == 403


def test_who_came_back_is_told_on_the_page(clerk, entered, file, his):
    entered(kind=MOVED_OUT, person_id_no=his, status=Status.approved)
    entered(kind=BACK, person_id_no=his, happened_on=MOVED_ON + timedelta(days=9), status=Status.approved)
    page = clerk.get(f"/people/show/{file}").text
    assert "Lives in this register since 2025-02-19." in page
    assert not re.search(r"Moved out on</dt>\s*<dd>2", page)
