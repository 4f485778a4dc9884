"""Who may see the voluntary services: the worker of the village and the clinician of its town; nobody else learns that there are any."""

import json
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts import users
from app.core import changes, regions, scope
from app.core.audit import AuditEntry, acting
from app.core.crypto import uuid7
from app.core.permissions import SERVICE_SCREENS, SHIPPED
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.maternity.models import NewlywedService, PregnancyService
from tests.cast import A1, A2, PASSWORD
from tests.conftest import EVERYWHERE, Client
from tests.factories.births import user
from tests.factories.maternity import WOMAN_BORN, make_newlywed, make_pregnancy
from tests.factories.people import id_number_for, make_person
from tests.ledgers.maternity.conftest import ROUTES, WORDS

HERS = id_number_for(WOMAN_BORN, "2", 8800)
DUE = "2026-09-21"
OTHERS = ("clerk", "supervisor", "approver", "finance", "auditor", "statistician", "admin")
ELSEWHERE = ("neighbour_service_worker", "neighbour_clinician", "other_village")
READING = ("GET list", "GET show", "POST find", "GET options")
MAKING = ("GET add", "POST add", "GET edit", "POST edit", "POST submit", "POST withdraw", "POST discard", "GET propose", "POST propose")
DECIDING = ("POST approve", "POST return", "POST void", "POST hold", "POST release", "POST apply", "POST refuse")
SHARED = (*READING, "POST reveal", "POST withdraw_consent", "GET change")
ROADS = (*SHARED, *MAKING, *DECIDING, "POST bulk")
WHOLE = frozenset({"GET list", "POST find", "GET options", "GET add", "POST add"})  # about no row
ACTS = frozenset(["submit", "withdraw", "discard", "approve", "return", "void", "hold", "release", "withdraw_consent"])


class Village(NamedTuple):
    """The rows of the village by screen, and every word that may reach nobody else."""

    rows: dict[str, dict[str, str]]
    words: tuple[str, ...]


@pytest.fixture(scope="module")
def village(shared_app: Flask) -> Village:
    """A draft and an approved row, with a proposal, on each screen; and a worker of another village of the town."""
    with shared_app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        place = [regions.by_code(session, A2)]
        users.add(
            session,
            shared_app.appbuilder.sm,
            "other_village",
            roles=["service_worker"],
            regions=place,
            password=PASSWORD,
            must_change=False,
        )
        make_person(session, office=A1, name=WORDS[0], id_no=HERS, birth_date=WOMAN_BORN)
        told = {"woman_name": WORDS[0], "woman_id_no": HERS, "remark": WORDS[3]}
        pair = {"wife_name": WORDS[0], "wife_id_no": HERS, "husband_name": WORDS[1], "remark": WORDS[3]}
        rows = {"pregnancy-services": _rows(session, make_pregnancy, told), "newlywed-services": _rows(session, make_newlywed, pair)}
    uids = [uid for found in rows.values() for uid in found.values()]
    return Village(rows, (*WORDS, *uids))


def _rows(session: Any, make: Any, told: dict[str, Any]) -> dict[str, str]:
    draft, approved = make(session, **told), make(session, **told, status=Status.approved)
    words = {"reason": WORDS[5], "evidence": WORDS[5], "explained": {}, "token": str(uuid7())}
    asked = changes.propose(session, approved, {"remark": "x"}, user(session, "service_worker"), **words)
    return {"draft": str(draft.uid), "approved": str(approved.uid), "asked": str(asked.uid)}


def try_roads(client: Client, village: Village, roads: tuple[str, ...] = ROADS) -> dict[tuple[str, str], Any]:
    """(screen, road) → the answer."""
    token = client.hidden("/own/")
    return {(base, road): try_road(client, village, base, road, token) for base in village.rows for road in roads}


def try_road(client: Client, village: Village, base: str, road: str, token: dict[str, str]) -> Any:
    """The answer to one road of a screen, with a page's token and words that a form would take."""
    rows, (method, name) = village.rows[base], road.split()
    row = rows["asked"] if name in ("change", "apply", "refuse") else rows["draft"]
    address = {
        "list": "list/", "find": "find", "options": "options/region", "add": "add", "change": f"change/{row}", "bulk": "action_post",
    }.get(name, f"{name}/{row}")  # fmt: skip
    address = f"action/{address}" if name in ACTS else f"change/{row}/{name}" if name in ("apply", "refuse") else address
    column = "woman_id_no" if base.startswith("pregnancy") else "wife_id_no"
    words = {"text": HERS, "column": column, "reason": "asks", "action": "withdraw_consent", "rowid": row, "row_version": "1"}
    sent = {**token, "act_token": str(uuid7()), **words}
    return client.get(f"/{base}/{address}") if method == "GET" else client.http.post(f"/{base}/{address}", data=sent)


def told(answer: Any, village: Village) -> list[str]:
    """The words of the village in an answer."""
    return [word for word in (*village.words, DUE) if word in answer.text]


def fingerprint(app: Flask) -> list[Any]:
    with app.app_context(), looking_as(EVERYWHERE):
        return [
            (str(row.uid), row.version, row.status, row.closed_on)
            for model in (NewlywedService, PregnancyService)
            for row in db.session.scalars(scope.query(model).order_by(model.id))
        ]


@pytest.mark.parametrize("role", OTHERS)
def test_no_other_role_learns_anything_by_any_road(shared_app, village, role):
    client, before = Client(shared_app, role), fingerprint(shared_app)
    answers = try_roads(client, village)
    assert {key: answer.status_code for key, answer in answers.items() if answer.status_code != 403} == {}
    assert {key: found for key, answer in answers.items() if (found := told(answer, village))} == {}
    assert fingerprint(shared_app) == before


def test_a_stranger_learns_nothing_by_any_road(shared_app, village):
    client, before = Client(shared_app, "stranger"), fingerprint(shared_app)
    answers = try_roads(client, village)
    assert {key: answer.status_code for key, answer in answers.items() if answer.status_code not in (302, 403)} == {}
    assert {key: found for key, answer in answers.items() if (found := told(answer, village))} == {}
    assert fingerprint(shared_app) == before


@pytest.mark.parametrize("name", ELSEWHERE)
def test_workers_and_clinicians_elsewhere_find_no_row(shared_app, village, name):
    client, before = Client(shared_app, name), fingerprint(shared_app)
    answers = try_roads(client, village)
    assert {key: found for key, answer in answers.items() if (found := told(answer, village))} == {}
    wrong = {key: a.status_code for key, a in answers.items() if key[1] not in WHOLE and a.status_code not in (403, 404)}
    assert wrong == {}
    shown = {key: a.status_code for key, a in answers.items() if key[1] in ("GET list", "POST find", "GET options")}
    assert set(shown.values()) == {200}
    assert fingerprint(shared_app) == before


@pytest.mark.parametrize(("name", "not_theirs"), [("service_worker", DECIDING), ("clinician", MAKING)])
def test_the_worker_makes_and_the_clinician_decides(shared_app, village, name, not_theirs):
    client, before = Client(shared_app, name), fingerprint(shared_app)
    refused, shown = try_roads(client, village, not_theirs), try_roads(client, village, READING)
    assert {answer.status_code for answer in refused.values()} == {403}
    assert {answer.status_code for answer in shown.values()} == {200}
    assert all(WORDS[0] in shown[base, road].text for base in village.rows for road in ("GET show", "POST find"))
    assert fingerprint(shared_app) == before


def test_the_shipped_rights_lie_with_two_roles_alone():
    holders = {
        role.name
        for role in SHIPPED
        for _permission, view in role.grants
        if view in (*SERVICE_SCREENS, "Newlywed services", "Pregnancy services")
    }
    assert holders == {"service_worker", "clinician"}
    for role in SHIPPED:
        if role.name in holders:
            assert {view for _permission, view in role.grants} == {*SERVICE_SCREENS, "Ledgers", "Newlywed services", "Pregnancy services"}


@pytest.mark.parametrize("name", [*OTHERS, "stranger"])
def test_nobody_elses_menu_and_home_page_name_the_screens(shared_app, village, name):
    client = Client(shared_app, name)
    for page in ("/", "/own/"):
        assert not any(base in client.get(page).text for base in ROUTES.values())


@pytest.mark.parametrize("name", ["service_worker", "clinician"])
def test_the_home_page_counts_none_of_it(shared_app, village, name):
    page = Client(shared_app, name).get("/").text
    assert all(f'href="/{base}/list/"' in page for base in ROUTES.values())
    assert "Nothing waits for you here." in page


def test_the_page_of_the_person_knows_nothing_of_it(shared_app, village):
    clerk = Client(shared_app, "clerk")
    page = clerk.send("/people/find", "/people/list/", text=HERS).text
    uid = page.partition("/people/show/")[2][:36]
    shown = clerk.get(f"/people/show/{uid}").text
    assert WORDS[0] in shown
    assert not any(word in shown for word in (*ROUTES.values(), "Pregnancy", "Newlywed", WORDS[3]))
    assert clerk.get(f"/people/edit/{uid}").status_code == 200
    words = {"id_type": "1", "name": WORDS[0], "sex": "2", "birth_date": "1996-07-09", "id_no": ""}
    assert "An approved record names this person" not in clerk.send(f"/people/edit/{uid}", **words).text


def test_the_auditor_reads_who_when_and_which_field(shared_app, village):
    page = Client(shared_app, "auditor").get("/history/").text
    assert "pregnancy_service/" in page
    assert "woman_name" in page
    assert not any(word in page for word in (*WORDS, DUE, HERS, "2026-03-09"))


def test_the_chained_history_holds_digests_alone(shared_app, village):
    with shared_app.app_context(), looking_as(EVERYWHERE):
        details = [
            json.loads(detail)
            for detail in db.session.scalars(
                select(AuditEntry.detail).where(
                    AuditEntry.target.startswith("pregnancy_service/"), AuditEntry.act.in_(("create", "change"))
                )
            )
        ]
    open_ = {"status", "region_id", "record_source", "warnings", "change_open", "row_hash", "uid", "id", "salt", "closed_on"}
    open_ |= {"made_by_id", "made_at", "changed_by_id", "changed_at", "approved_by_id", "approved_at"}
    open_ |= {"possible_duplicate", "incomplete", "on_hold", "late"}
    said = [(name, pair) for detail in details for name, pair in detail.items() if name not in open_]
    assert said
    assert [told for told in said if not all(value is None or value.startswith("hmac:") for value in told[1])] == []
