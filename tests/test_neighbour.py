"""The neighbour, a clerk of another town, tries every route of the application: 404, a refusal, or an answer without a word of ours.

A route without an entry here fails. Answers are judged by canaries: words, numbers and identities that stand only in rows of the
first town. Afterwards nothing of that town has changed. The stranger, who is nobody's clerk, tries the same roads.
"""

from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import changes, clock, drafts, list_views, regions
from app.core.attachments import Attachment
from app.core.audit import acting
from app.core.changes import ChangeRequest
from app.core.crypto import secrets_of, uuid7
from app.core.drafts import FormDraft
from app.core.fields import RemoteSelectField
from app.core.list_views import Layout, ListView
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.births.models import Birth, BirthRegistration, Delivery
from app.ledgers.families.models import Death, MarriageEvent
from app.ledgers.households.models import Household, HouseholdEvent
from app.ledgers.maternity.models import NewlywedService, PregnancyService
from app.ledgers.moves.models import MoveEvent, Transfer
from app.ledgers.people.models import DuplicatePair, IdentityRequest, Person, PersonOffice
from app.reports import REPORTS, freeze
from app.reports.base import ask
from app.reports.models import ReportRun
from tests.cast import A1, A2, B1, A
from tests.conftest import EVERYWHERE, Client
from tests.factories.attachments import attach
from tests.factories.births import make_birth, make_registration, user
from tests.factories.families import make_death, make_marriage
from tests.factories.households import make_event, make_household
from tests.factories.maternity import make_newlywed, make_pregnancy
from tests.factories.moves import make_move, make_transfer
from tests.factories.pairs import pair_of, proposed
from tests.factories.people import make_person

CANARY = "金丝雀"
CERTIFICATE, PHONE = "C987654321", "13912345678"
OPEN = frozenset({"static", "appbuilder.static", "HealthView.health", "SignInView.login", "SignInView.logout", "LocaleView.index"})
GONE, DENIED, NOT_HERE = (404,), (403,), (403, 404)
TABLES = (
    Person,
    PersonOffice,
    Delivery,
    Birth,
    BirthRegistration,
    MarriageEvent,
    Death,
    NewlywedService,
    PregnancyService,
    Household,
    HouseholdEvent,
    MoveEvent,
    Transfer,
    ReportRun,
    ChangeRequest,
    DuplicatePair,
    Attachment,
    FormDraft,
)
RECORDS = {  # ledger → kind of row
    "births": "birth",
    "registrations": "registration",
    "marriages": "marriage",
    "deaths": "death",
    "household-events": "set_up",
    "moves": "move",
}
REPORT = "births-monthly"


class Road(NamedTuple):
    """What the neighbour sends, and the statuses that are right. `{birth}` in a word is the identity of a foreign birth."""

    statuses: tuple[int, ...]
    row: str = ""
    words: dict[str, str] = {}
    values: dict[str, str] = {}


def listed(view: str) -> dict[tuple[str, str], Road]:
    """The roads of a list, and of what somebody keeps of it."""
    return {
        (f"{view}.list", "GET"): Road((200,)),
        (f"{view}.layout", "POST"): Road((302,), words={"column": "uid"}),
        (f"{view}.keep_width", "POST"): Road((400,), words={"column": "uid", "width": "99", "query": "?view={view}"}),
        (f"{view}.keep_view", "POST"): Road((302,), words={"name": "mine", "query": "?place={region}&view={view}&found={search}"}),
        (f"{view}.open_view", "GET"): Road(GONE, "view"),
        (f"{view}.change_view", "POST"): Road(GONE, "view", values={"act": "open_with"}),
        (f"{view}.places_below", "GET"): Road(GONE, "region"),
    }


def ledger(view: str, row: str, secret: str, picker: str, words: dict[str, str]) -> dict[tuple[str, str], Road]:
    """The roads of a ledger's screen."""
    return {
        **listed(view),
        (f"{view}.preview", "POST"): Road(NOT_HERE, words={"action": "submit", "rowid": "{" + row + "}"}),
        (f"{view}.show", "GET"): Road(GONE, row),
        (f"{view}.add", "GET"): Road((200,)),
        (f"{view}.add", "POST"): Road((200,), words=words | {picker: "{region}"}),
        (f"{view}.edit", "GET"): Road(GONE, row),
        (f"{view}.edit", "POST"): Road(GONE, row, words),
        (f"{view}.find", "POST"): Road((200, 302), words={"text": CANARY}),
        (f"{view}.reveal", "POST"): Road(GONE, row, {"column": secret, "reason": "asks"}),
        (f"{view}.options", "GET"): Road((200,), values={"column": picker}),
        (f"{view}.action", "POST"): Road(NOT_HERE, row, values={"name": "submit"}),
        (f"{view}.action_post", "POST"): Road(NOT_HERE, words={"action": "submit", "rowid": "{" + row + "}"}),
        (f"{view}.attach", "POST"): Road(GONE, row, {"kind": "1"}),
        (f"{view}.check", "POST"): Road((200,), words=words | {secret: "{number}", picker: "{region}"}),
        (f"{view}.check_one", "POST"): Road(GONE, row, words),
        (f"{view}.pin", "POST"): Road((204,), words={"field": picker, "on": "1"}),
        (f"{view}.previous", "GET"): Road((200,)),
        **(deciding(view, row) if view != "PersonView" else {}),
    }


def deciding(view: str, row: str) -> dict[tuple[str, str], Road]:
    """The roads of a record's printed form and of the queue, where a clerk decides about nothing."""
    return {
        (f"{view}.print_form", "POST"): Road(GONE, row),
        (f"{view}.queue", "GET"): Road(DENIED),
        (f"{view}.queue_item", "GET"): Road(DENIED, row),
        (f"{view}.queue_act", "POST"): Road(DENIED, row, values={"act": "approve"}),
        (f"{view}.queue_clean", "GET"): Road(DENIED),
        (f"{view}.queue_clean", "POST"): Road(DENIED, words={"rowid": "{" + row + "}"}),
    }


def changing(view: str, row: str, asked: str) -> dict[tuple[str, str], Road]:
    """The roads to a change of an approved row."""
    why = {"change_reason": "asks", "evidence": "none"}
    return {
        (f"{view}.propose", "GET"): Road(GONE, row),
        (f"{view}.propose", "POST"): Road(GONE, row, why),
        (f"{view}.change", "GET"): Road(GONE, asked),
        (f"{view}.decide_change", "POST"): Road(GONE, asked, values={"act": "withdraw"}),
        (f"{view}.attach_evidence", "POST"): Road(GONE, asked, {"kind": "7"}),
        (f"{view}.queue_change", "GET"): Road(DENIED, asked),
        (f"{view}.queue_decide_change", "POST"): Road(DENIED, asked, values={"act": "refuse"}),
        **({(f"{view}.queue", "GET"): Road(DENIED)} if view == "PersonView" else {}),
    }


def denied(view: str, *roads: str, **values: str) -> dict[tuple[str, str], Road]:
    """Roads of a screen that a clerk has no right to."""
    return {(f"{view}.{road.split()[0]}", road.split()[1]): Road(DENIED, values=values) for road in roads}


def confidential(view: str, row: str) -> dict[tuple[str, str], Road]:
    """The roads of a screen that only service workers and clinicians have a right to."""
    pages = ("list", "add"), ("show", "edit", "propose")
    found = {(f"{view}.{name}", "GET"): Road(DENIED, row if name in pages[1] else "") for names in pages for name in names}
    found |= {(f"{view}.{name}", "POST"): Road(DENIED, row) for name in ("edit", "propose")}
    return found | {
        (f"{view}.add", "POST"): Road(DENIED, words={"region": "{region}"}),
        (f"{view}.find", "POST"): Road(DENIED, words={"text": CANARY}),
        (f"{view}.reveal", "POST"): Road(DENIED, row, {"column": "woman_id_no", "reason": "asks"}),
        (f"{view}.options", "GET"): Road(DENIED, values={"column": "region"}),
        (f"{view}.action", "POST"): Road(DENIED, row, values={"name": "withdraw_consent"}),
        (f"{view}.action_post", "POST"): Road(DENIED, words={"action": "withdraw_consent", "rowid": "{" + row + "}"}),
        (f"{view}.preview", "POST"): Road(DENIED, words={"action": "submit", "rowid": "{" + row + "}"}),
        (f"{view}.layout", "POST"): Road(DENIED),
        (f"{view}.keep_width", "POST"): Road(DENIED, words={"column": "uid", "width": "99"}),
        (f"{view}.keep_view", "POST"): Road(DENIED, words={"name": "mine"}),
        (f"{view}.open_view", "GET"): Road(DENIED, "view"),
        (f"{view}.change_view", "POST"): Road(DENIED, "view", values={"act": "open_with"}),
        (f"{view}.places_below", "GET"): Road(DENIED, "region"),
        (f"{view}.check", "POST"): Road(DENIED),
        (f"{view}.check_one", "POST"): Road(DENIED, row),
        (f"{view}.pin", "POST"): Road(DENIED, words={"field": "region", "on": "1"}),
        (f"{view}.previous", "GET"): Road(DENIED),
        (f"{view}.change", "GET"): Road(DENIED, "asked"),
        (f"{view}.decide_change", "POST"): Road(DENIED, "asked", values={"act": "withdraw"}),
        (f"{view}.queue_change", "GET"): Road(DENIED, "asked"),
        (f"{view}.queue_decide_change", "POST"): Road(DENIED, "asked", values={"act": "refuse"}),
        **{road: where for road, where in deciding(view, row).items() if "print_form" not in road[0]},
    }


def report(*roads: str, **values: str) -> dict[tuple[str, str], Road]:
    """Roads of a report that name a foreign office: in the address, or in what is sent."""
    asked = {"region": "{region}", "period": "2026-03", "kind": "csv"}
    named = {(road.split()[0], road.split()[1]): asked for road in roads}
    return {key: Road(GONE, words=words, values=values | ({} if key[1] == "POST" else words)) for key, words in named.items()}


ROADS: dict[tuple[str, str], Road] = {
    ("HomeView.index", "GET"): Road((200,)),
    ("HomeView.waiting", "GET"): Road((200,)),
    ("SearchView.page", "GET"): Road((200,)),
    ("SearchView.find", "POST"): Road((200,), words={"text": CANARY}),
    ("HelpView.list", "GET"): Road((200,)),
    ("HelpView.guide", "GET"): Road((200,), values={"role": "clerk"}),
    ("UtilView.back", "GET"): Road((302,)),
    ("OwnView.userinfo", "GET"): Road((200,)),
    ("OwnView.password", "GET"): Road((200,)),
    ("OwnView.password", "POST"): Road((200,)),
    ("OwnView.end_others", "POST"): Road((302,)),
    ("OwnView.look", "POST"): Road((302,), words={"look": "dark"}),
    ("OwnView.letters", "POST"): Road((302,), words={"letters": "off"}),
    ("DraftView.keep", "POST"): Road(GONE, words={"draft_screen": "BirthView", "draft_form": "edit", "draft_pk": "{birth}"}),
    ("DraftView.discard", "POST"): Road(GONE, words={"uid": "{draft}"}),
    **ledger("PersonView", "person", "id_no", "residence", {"name": "王邻居", "id_type": "1", "sex": "2", "birth_date": "1990-01-02"}),
    **ledger(
        "BirthRegistrationView",
        "registration",
        "woman_id_no",
        "region",
        {"woman_name": "王邻居", "woman_id_type": "1", "registration_type": "1", "child_order": "1", "channel": "1"},
    ),
    **ledger(
        "BirthView",
        "birth",
        "mother_id_no",
        "mother_region",
        {
            "mother_name": "王邻居",
            "mother_id_type": "1",
            "sex": "2",
            "born_on": "2026-03-05",
            "child_order": "1",
            "plurality": "1",
            "plural_seq": "1",
        },
    ),
    **ledger(
        "MarriageEventView",
        "marriage",
        "wife_id_no",
        "wife_region",
        {
            "kind": "1",
            "happened_on": "2020-05-20",
            "wife_name": "王邻居",
            "wife_id_type": "1",
            "wife_marital": "21",
            "husband_name": "张邻居",
            "husband_id_type": "1",
            "husband_marital": "21",
        },
    ),
    **ledger(
        "DeathView",
        "death",
        "person_id_no",
        "person_region",
        {"person_name": "王邻居", "person_id_type": "1", "person_sex": "1", "died_on": "2025-02-10"},
    ),
    **ledger(
        "HouseholdEventView",
        "set_up",
        "person_id_no",
        "person_region",
        {"kind": "2", "happened_on": "2020-03-01", "household_no": "{number_of_home}", "person_name": "王邻居", "relation": "97"},
    ),
    **listed("HouseholdView"),
    ("HouseholdView.show", "GET"): Road(GONE, "home"),
    ("HouseholdView.find", "POST"): Road((200, 302), words={"text": CANARY}),
    ("HouseholdView.options", "GET"): Road((200,), values={"column": "region"}),
    **changing("BirthView", "approved", "asked"),
    **changing("BirthRegistrationView", "registration", "asked"),
    **changing("PersonView", "person", "asked"),
    **changing("MarriageEventView", "wedded", "asked"),
    **changing("DeathView", "dead", "asked"),
    **ledger(
        "MoveView",
        "move",
        "person_id_no",
        "person_region",
        {
            "kind": "1",
            "what": "3",
            "happened_on": "2025-02-10",
            "other_place": "武汉市",
            "person_name": "王邻居",
            "person_id_type": "1",
            "person_sex": "1",
        },
    ),
    **changing("MoveView", "moved", "asked"),
    **listed("TransferView"),
    ("TransferView.show", "GET"): Road(GONE, "transfer"),
    ("TransferView.options", "GET"): Road((200,), values={"column": "to_region", "q": "黄花"}),
    ("TransferView.send", "GET"): Road(GONE, "person"),
    ("TransferView.send", "POST"): Road(GONE, "person", {"what": "1", "to_region": "{region}", "moved_on": "2025-02-10", "reason": "asks"}),
    ("TransferView.action", "POST"): Road(GONE, "transfer", values={"name": "accept_transfer"}),
    ("TransferView.action_post", "POST"): Road(GONE, words={"action": "recall_transfer", "rowid": "{transfer}"}),
    ("TransferView.preview", "POST"): Road(GONE, words={"action": "recall_transfer", "rowid": "{transfer}"}),
    **confidential("NewlywedServiceView", "couple"),
    **confidential("PregnancyServiceView", "woman"),
    **changing("HouseholdEventView", "joined", "asked"),
    ("AttachmentView.open", "GET"): Road(GONE, "scan"),
    ("AttachmentView.remove", "POST"): Road(GONE, "proof", {"reason": "asks"}),
    ("PersonView.lookup", "GET"): Road((200,)),
    ("PersonView.lookup", "POST"): Road((200,), words={"id_no": "{number}", "name": CANARY + "民", "reason": "asks"}),
    **listed("DuplicatePairView"),
    ("DuplicatePairView.look", "POST"): Road((302,)),
    ("DuplicatePairView.show", "GET"): Road(GONE, "pair"),
    ("DuplicatePairView.action", "POST"): Road(GONE, "pair", {"reason": "asks"}, {"name": "different"}),
    ("DuplicatePairView.propose", "GET"): Road(GONE, "pair"),
    ("DuplicatePairView.propose", "POST"): Road(GONE, "pair", {"change_reason": "asks", "evidence": "none", "stays": "one"}),
    ("DuplicatePairView.change", "GET"): Road(GONE, "merge"),
    ("DuplicatePairView.decide_change", "POST"): Road(GONE, "merge", values={"act": "withdraw"}),
    **listed("IdentityRequestView"),
    ("IdentityRequestView.show", "GET"): Road(GONE, "request"),
    ("IdentityRequestView.action", "POST"): Road(GONE, "request", values={"name": "answer"}),
    ("IdentityRequestView.action_post", "POST"): Road(GONE, words={"action": "answer", "rowid": "{request}"}),
    ("IdentityRequestView.preview", "POST"): Road(GONE, words={"action": "answer", "rowid": "{request}"}),
    **report("ReportView.show GET", "ReportView.chart GET", "ReportView.rows GET", "ReportView.export POST", key=REPORT),
    ("ReportView.list", "GET"): Road((200,)),
    ("ReportView.options", "GET"): Road((200,), values={"q": "龙"}),
    ("ReportView.run", "GET"): Road(GONE, "run"),
    ("ReportView.export_run", "POST"): Road(GONE, "run", {"kind": "csv"}),
    **denied("ReportView", "submit POST", key=REPORT),
    **denied("HistoryView", "list GET"),
    **denied("QueueView", "list GET"),
    **denied("AccountHistoryView", "list GET"),
    **denied("RoleView", "list GET", "add GET", "add POST"),
    **denied("RoleView", "show GET", "edit GET", "edit POST", name="clerk"),
    **denied("UserView", "list GET", "add GET", "add POST", "regions GET"),
    **denied("UserView", "show GET", "edit GET", "edit POST", name="clerk"),
    **denied("UserView", "act POST", name="clerk", act="disable"),
}
ROADS_IN_ORDER = sorted(ROADS)


class Town(NamedTuple):
    """The rows of the first town, by kind, and every word that may not reach the neighbour."""

    rows: dict[str, str]
    canaries: tuple[str, ...]
    fingerprint: dict[str, tuple[Any, ...]]


def fingerprint(app: Flask) -> dict[str, tuple[Any, ...]]:
    """Version and status of every row of the first town."""
    with app.app_context(), looking_as(EVERYWHERE):
        path = regions.by_code(db.session(), A1).path
        rows = [
            row for table in TABLES for row in db.session.scalars(select(table)) if str(getattr(row, "scope_path", path)).startswith(path)
        ]
        return {f"{row.__tablename__} {row.uid}": (row.version, getattr(row, "status", None)) for row in rows}


def kept(session: Session) -> dict[str, ListView]:
    """A view that the supervisor of the first town shares with everybody there, and what the clerk looked for."""
    mine, place = user(session, "supervisor").id, regions.by_code(session, A)
    view = list_views.keep_view(session, "BirthView", mine, CANARY, [("_flt_0_status", "draft")], Layout(), has_words=False)
    with looking_as(Scope.of([place.path])):
        list_views.share(session, view)
    uid = list_views.keep_search(session, "BirthView", user(session, "clerk").id, CANARY)
    session.flush()
    return {"view": view, "search": session.scalars(select(ListView).where(ListView.uid == uid)).one()}


@pytest.fixture(scope="module")
def town(shared_app: Flask) -> Town:
    """A town full of canaries; the neighbour has rows of their own."""
    with shared_app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        make_person(session, office=B1, name="王邻居")
        person = make_person(session, office=A1, name=CANARY + "民", phone=PHONE)
        names = {"mother_name": CANARY + "母", "father_name": CANARY + "父", "child_name": CANARY + "子"}
        birth = make_birth(session, **names, birth_cert_no=CERTIFICATE)
        stages = {"待": Status.submitted, "退": Status.returned, "准": Status.approved}
        others = [make_birth(session, mother_name=CANARY + name, status=status) for name, status in stages.items()]
        registration = make_registration(session, woman_name=CANARY + "女")
        marriage = make_marriage(session, wife_name=CANARY + "妻", husband_name=CANARY + "夫", certificate_no=CERTIFICATE)
        wedded = make_marriage(session, wife_name=CANARY + "嫁", husband_name=CANARY + "娶", status=Status.approved)
        death = make_death(session, person_name=CANARY + "亡", place=CANARY + "处")
        dead = make_death(session, person_name=CANARY + "故", status=Status.approved)
        couple = make_newlywed(session, wife_name=CANARY + "新", remark=CANARY + "记")
        woman = make_pregnancy(session, woman_name=CANARY + "孕", remark=CANARY + "记")
        set_up = make_household(session, person_name=CANARY + "户", address=CANARY + "址", status=Status.draft)
        at_home = make_household(session, person_name=CANARY + "主", former_no=CERTIFICATE)
        joined = make_event(session, at_home, person_name=CANARY + "入")
        move = make_move(session, person_name=CANARY + "迁", other_place=CANARY + "外")
        moved = make_move(session, person_name=CANARY + "走", status=Status.approved)
        away = make_person(session, office=A1, name=CANARY + "转")
        transfer = make_transfer(session, away, to=A2, reason=CANARY + "因")
        double = make_person(session, office=A1, name=CANARY + "民", id_no=None)
        merge = proposed(session, person, double)
        one_here = pair_of(session, double, make_person(session, office=B1, name="王邻居", id_no=None))
        where = person.offices[0].region
        question = {"asked_by_id": user(session, "clerk").id, "asked_at": clock.now(), "reason": CANARY + "问"}
        request = IdentityRequest(scope_path=where.path, person=person, **question)
        session.add(request)
        session.flush()
        told = {"reason": CANARY + "改", "evidence": CANARY + "据", "explained": {}, "token": "0190a0b0-0000-7000-8000-000000000003"}
        asked = changes.propose(session, others[-1], {"child_name": CANARY + "新"}, user(session, "clerk"), **told)
        files = {"scan": attach(session, birth), "proof": attach(session, asked)}
        typed = {"form": "edit", "owner_uid": birth.uid, "words": [("child_name", CANARY + "写")]}
        draft = drafts.keep(session, user(session, "clerk").id, str(uuid7()), "BirthView", **typed)
        assert draft is not None
        run = freeze.submit(session, REPORTS[REPORT], ask(session, where, "2026-03"), user(session, "supervisor"))
        rows = {"person": person, "birth": birth, "registration": registration, "marriage": marriage, "request": request}
        rows |= {"region": where, "run": run, "couple": couple, "woman": woman}
        rows |= {"pair": one_here, "merge": merge, "double": double}
        rows |= {"approved": others[-1], "asked": asked, "wedded": wedded, "death": death, "dead": dead}
        rows |= {"set_up": set_up, "home": at_home.household, "joined": joined}
        rows["draft"] = draft
        rows |= {"move": move, "moved": moved, "transfer": transfer}
        rows |= files | kept(session)
        uids = [str(row.uid) for row in (*rows.values(), *others)]
        secrets = [
            sealed
            for row in (person, birth, registration, marriage, death, couple, woman, set_up, move, transfer)
            for name in secrets_of(type(row))
            if (sealed := getattr(row, name))
        ]
        known = [text for sealed in secrets for text in (sealed.reveal(), str(sealed))]
        found = {kind: str(row.uid) for kind, row in rows.items()} | {"number": person.id_no.reveal()}
        found["number_of_home"] = at_home.household.number
        canaries = (CANARY, CERTIFICATE, PHONE, where.name, at_home.household.number, *known, *uids)
    return Town(found, canaries, fingerprint(shared_app))


@pytest.fixture(scope="module")
def neighbour(shared_app: Flask, town: Town) -> Client:
    """The neighbour's browser."""
    return Client(shared_app, "neighbour")


@pytest.fixture(scope="module")
def stranger(shared_app: Flask, town: Town) -> Client:
    """Somebody with an account, no role and no office."""
    return Client(shared_app, "stranger")


def travel(app: Flask, client: Client, town: Town, endpoint: str, method: str) -> tuple[Any, list[str]]:
    """The answer, and the canaries in it that the traveller did not bring along."""
    road = ROADS[endpoint, method]
    told_of = {name: text.format(**town.rows) for name, text in road.values.items()}
    values = {**told_of, **({_pk(app, endpoint): town.rows[road.row]} if road.row else {})}
    with app.test_request_context():
        address = app.url_for(endpoint, **values)
    words = {name: text.format(**town.rows) for name, text in road.words.items()}
    token = client.hidden("/own/")
    sent = {**token, "act_token": "0190a0b0-0000-7000-8000-000000000001", "row_version": "1", **words}
    answer = client.get(address) if method == "GET" else client.http.post(address, data=sent)
    brought = "|".join(words.values())
    told = answer.text + "|".join(f"{k}: {v}" for k, v in answer.headers.items() if k != "Set-Cookie")
    for word in sorted(words.values(), key=len, reverse=True):
        told = told.replace(word, "") if word else told
    return answer, [c for c in town.canaries if c in told and c not in brought]


def _pk(app: Flask, endpoint: str) -> str:
    rule = next(r for r in app.url_map.iter_rules() if r.endpoint == endpoint)
    return next(name for name in ("pk", "uid", *rule.arguments) if name in rule.arguments)


def test_every_route_has_an_entry(shared_app):
    on_map = {(r.endpoint, m) for r in shared_app.url_map.iter_rules() for m in r.methods - {"HEAD", "OPTIONS"}}
    assert {road for road in on_map if road[0] not in OPEN} == set(ROADS)


def test_open_routes_are_on_the_map(shared_app):
    assert {r.endpoint for r in shared_app.url_map.iter_rules()} >= OPEN


@pytest.mark.parametrize(("endpoint", "method"), ROADS_IN_ORDER)
def test_neighbour_learns_nothing(shared_app, neighbour, town, endpoint, method):
    answer, leaked = travel(shared_app, neighbour, town, endpoint, method)
    assert leaked == []
    assert answer.status_code in ROADS[endpoint, method].statuses


@pytest.mark.parametrize("act", ["submit", "withdraw", "return", "approve", "void", "hold", "release", "not_duplicate"])
@pytest.mark.parametrize("view", RECORDS)
def test_neighbours_supervisor_decides_about_nothing(shared_app, town, view, act):
    row = town.rows[RECORDS[view]]
    supervisor = Client(shared_app, "neighbour_supervisor")
    words = {**supervisor.hidden("/own/"), "act_token": "0190a0b0-0000-7000-8000-000000000002", "reason": "x", "action": act, "rowid": row}
    assert supervisor.http.post(f"/{view}/action/{act}/{row}", data=words).status_code in NOT_HERE
    assert supervisor.http.post(f"/{view}/action_post", data=words).status_code in NOT_HERE


@pytest.mark.parametrize("road", ["queue/{row}", "print/{row}", "queue/{row}/approve", "queue/{row}/return"])
@pytest.mark.parametrize("view", RECORDS)
def test_neighbours_supervisor_opens_nothing_of_the_queue(shared_app, town, view, road):
    supervisor, row = Client(shared_app, "neighbour_supervisor"), town.rows[RECORDS[view]]
    words = {**supervisor.hidden("/own/"), "act_token": "0190a0b0-0000-7000-8000-000000000004", "row_version": "1", "reason": "x"}
    address = f"/{view}/{road.format(row=row)}"
    answer = supervisor.get(address) if road == "queue/{row}" else supervisor.http.post(address, data=words)
    assert answer.status_code == 404


def test_neighbours_supervisor_finds_no_word_of_ours_in_a_queue(shared_app, town):
    supervisor = Client(shared_app, "neighbour_supervisor")
    pages = [
        f"/{view}/{page}" for view in (*RECORDS, "people") for page in ("queue", "queue/clean") if (view, page) != ("people", "queue/clean")
    ]
    told = {page: supervisor.http.get(page, follow_redirects=True).text for page in (*pages, "/queue/")}
    assert [(page, word) for page, text in told.items() for word in town.canaries if word in text] == []
    asked = {**supervisor.hidden("/own/"), "act_token": "0190a0b0-0000-7000-8000-000000000005", "row_version": "1.1", "reason": "x"}
    assert supervisor.get(f"/births/queue/change/{town.rows['asked']}").status_code == 404
    assert supervisor.http.post(f"/births/queue/change/{town.rows['asked']}/apply", data=asked).status_code == 404


@pytest.mark.parametrize(("endpoint", "method"), ROADS_IN_ORDER)
def test_stranger_learns_nothing(shared_app, stranger, town, endpoint, method):
    answer, leaked = travel(shared_app, stranger, town, endpoint, method)
    assert leaked == []
    assert answer.status_code in (302, 400, 403, 404) or endpoint.startswith(("OwnView", "HomeView", "SearchView", "HelpView"))


@pytest.mark.parametrize("text", [CANARY, "jsq", CERTIFICATE, PHONE, "{number}", "{last4}"])
@pytest.mark.parametrize("view", ["people", "households", *RECORDS])
def test_neighbour_finds_nobody_by_any_word(neighbour, town, view, text):
    sought = text.format(number=town.rows["number"], last4=town.rows["number"][-4:])
    told = neighbour.send(f"/{view}/find", f"/{view}/list/", text=sought).text.replace(sought, "")
    assert [c for c in town.canaries if c in told and c not in sought] == []


FILTERS = (
    "_flt_0_status=draft",
    "_flt_0_born_on=2026-03-05",
    "_flt_0_birth_date=1990-01-02",
    "_flt_0_sex=2",
    "_flt_0_happened_on=2020-05-20",
    "_flt_0_died_on=2025-02-10",
    "_flt_0_other_place=" + CANARY,
    "_flt_0_mother_name=" + CANARY,
)


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("view", ["people", "households", *RECORDS])
def test_neighbour_filters_nothing_out(neighbour, town, view, query):
    told = neighbour.get(f"/{view}/list/?{query}").text.replace(CANARY, "", told_times(query))
    assert [c for c in town.canaries if c in told] == []


@pytest.mark.parametrize("query", ["place={region}", "found={search}", "view={view}", "after={birth}", "before={person}"])
@pytest.mark.parametrize("view", ["people", *RECORDS])
def test_a_foreign_identity_in_the_address_of_a_list_tells_nothing(neighbour, town, view, query):
    brought = query.format(**town.rows)
    answer = neighbour.get(f"/{view}/list/?{brought}")
    assert answer.status_code == 200
    assert [c for c in town.canaries if c in answer.text and c not in brought] == []


def told_times(query: str) -> int:
    """How often a filter's own value may stand on the page."""
    return 2 if CANARY in query else 0


def test_pickers_of_every_form_offer_no_foreign_place(shared_app, neighbour, town):
    pickers = [
        (view.route_base, name)
        for view in shared_app.extensions["appbuilder"].baseviews
        for name, field in (getattr(view, "add_form_extra_fields", None) or {}).items()
        if issubclass(field.field_class, RemoteSelectField)
    ]
    assert pickers
    with shared_app.app_context(), looking_as(EVERYWHERE):
        foreign = regions.by_code(db.session(), A1).name
    offered = [neighbour.get(f"{base}/options/{name}?q={foreign[:2]}").text for base, name in pickers]
    assert not any(foreign in text for text in offered)


def test_nothing_of_the_town_has_changed(shared_app, town):
    """The last test of the file: what all the others tried left no trace in the first town."""
    mine = {name for name, _ in town.fingerprint.items() if name.startswith("person ")}
    now = fingerprint(shared_app)
    assert {name: now[name] for name in town.fingerprint} == town.fingerprint
    assert {name for name in now if not name.startswith("person ")} == set(town.fingerprint) - mine
