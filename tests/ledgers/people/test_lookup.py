"""The ID lookup: the same answer whatever lies behind it; only the holding office learns of the question."""

import re
from datetime import date

import pytest
from sqlalchemy import event, func, select

from app.core.audit import AuditEntry
from app.core.limits import LimitedUse
from app.core.scope import elevated
from app.extensions import db
from app.ledgers.people.models import IdentityRequest
from tests.cast import A1, B1
from tests.factories.people import id_number_for

BORN = date(1990, 1, 2)
PRESENT, ABSENT, PROTECTED, CHILD = (id_number_for(born, "2", 800 + n) for n, born in enumerate((BORN, BORN, BORN, date(2020, 1, 1))))
ASKED = {
    "present": (PRESENT, "张丽"),
    "absent": (ABSENT, "张丽"),
    "protected": (PROTECTED, "张丽"),
    "a child": (CHILD, "张丽"),
    "another name": (PRESENT, "王五"),
}


@pytest.fixture
def elsewhere(filed):
    """The files the neighbour's town holds."""
    filed(name="张丽", id_no=PRESENT, office=B1)
    filed(name="张丽", id_no=PROTECTED, office=B1, is_protected=True)
    filed(name="张丽", id_no=CHILD, office=B1, birth_date=date(2020, 1, 1))


def ask(browser, number, name, reason="she moved here"):
    return browser.send("/people/lookup", id_no=number, name=name, reason=reason)


def normal(text):
    """The page without what differs from one request to the next."""
    text = re.sub(r'nonce="[^"]*"', "", text)
    return re.sub(r'(name="(?:csrf|act)_token"[^>]*value|csrf[^>]*content)="[^"]*"', "", text)


@pytest.mark.parametrize("case", ASKED)
def test_every_question_gets_the_same_page(sign_in, elsewhere, seeing, case):
    clerk = sign_in("clerk")
    expected, answer = ask(clerk, *ASKED["absent"]), ask(clerk, *ASKED[case])
    assert answer.status_code == expected.status_code == 200
    assert "A request was sent" in answer.text
    assert normal(answer.text) == normal(expected.text)
    assert answer.headers["Content-Length"] == expected.headers["Content-Length"]
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.act == "identity_lookup"))) == 2


@pytest.mark.parametrize("case", ASKED)
def test_every_question_costs_the_same_statements(app, sign_in, elsewhere, case):
    clerk, statements = sign_in("clerk"), []
    ask(clerk, *ASKED["absent"])
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
    ask(clerk, *ASKED["absent"])
    expected = statements.copy()
    statements.clear()
    ask(clerk, *ASKED[case])
    assert statements == expected


@pytest.mark.parametrize("case", ["absent", "present"])
def test_one_request_is_written_whoever_holds_the_file(sign_in, elsewhere, app, case):
    ask(sign_in("clerk"), *ASKED[case])
    with app.app_context(), elevated("test"):
        paths = db.session.scalars(select(IdentityRequest.scope_path)).all()
    assert [path == "" for path in paths] == [case == "absent"]


def test_the_holding_office_learns_who_asked_and_why(sign_in, elsewhere):
    ask(sign_in("clerk"), PRESENT, "张丽", "she wants to register a birth")
    page = sign_in("neighbour").get("/people/requests/list/").text
    assert "she wants to register a birth" in page
    assert "张丽" in page
    assert "she wants" not in sign_in("clerk").get("/people/requests/list/").text


def test_the_office_learns_that_the_name_differs(sign_in, elsewhere):
    ask(sign_in("clerk"), PRESENT, "王五")
    page = sign_in("neighbour").get("/people/requests/list/").text
    assert "The name that was typed differs" in page
    assert "王五" not in page


def test_a_protected_person_is_not_named_in_the_list_of_requests(sign_in, elsewhere):
    ask(sign_in("clerk"), PROTECTED, "张丽")
    page = sign_in("neighbour").get("/people/requests/list/").text
    assert "Protected person" in page
    assert "张丽" not in page


def test_a_request_is_answered_once_by_the_holding_office_only(sign_in, elsewhere, seeing):
    clerk, neighbour = sign_in("clerk"), sign_in("neighbour")
    ask(clerk, PRESENT, "张丽")
    uid = seeing(lambda s: s.scalars(select(IdentityRequest.uid)).one())
    assert clerk.get(f"/people/requests/show/{uid}").status_code == 404
    page = f"/people/requests/show/{uid}"
    assert clerk.send(f"/people/requests/action/answer/{uid}", "/people/list/", act_token=str(uid)).status_code == 404
    assert neighbour.send(f"/people/requests/action/answer/{uid}", page).status_code == 302
    assert seeing(lambda s: s.scalars(select(IdentityRequest.answered_at)).one()) is not None
    neighbour.send(f"/people/requests/action/answer/{uid}", "/people/requests/list/", act_token=str(uid), row_version="2")
    assert "answered already" in neighbour.get(page).text


def test_many_requests_are_answered_in_one_go(sign_in, elsewhere, seeing):
    clerk, neighbour = sign_in("clerk"), sign_in("neighbour")
    ask(clerk, PRESENT, "张丽")
    ask(clerk, PROTECTED, "张丽")
    uids = seeing(lambda s: [str(uid) for uid in s.scalars(select(IdentityRequest.uid))])
    result = neighbour.send("/people/requests/action_post", "/people/requests/list/", action="answer", rowid=uids)
    assert result.text.count("Done.") == 2
    assert None not in seeing(lambda s: s.scalars(select(IdentityRequest.answered_by_id)).all())


def test_the_own_office_gets_a_link(sign_in, filed, seeing):
    uid, _ = filed(name="张丽", id_no=PRESENT, office=A1)
    assert f"/people/show/{uid}" in ask(sign_in("clerk"), PRESENT, "张丽").text
    assert seeing(lambda s: s.scalars(select(IdentityRequest)).all()) == []


@pytest.mark.parametrize(("words", "name"), [({}, "王五"), ({"is_protected": True}, "张丽"), ({"birth_date": date(2020, 1, 1)}, "张丽")])
def test_the_own_office_gets_no_link_to_whom_it_may_not_find(sign_in, filed, words, name):
    number = id_number_for(words.get("birth_date", BORN), "2", 900)
    filed(name="张丽", id_no=number, office=A1, **words)
    answer = ask(sign_in("clerk"), number, name)
    assert "A request was sent" in answer.text
    assert "/people/show/" not in answer.text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"number": PRESENT[-4:]}, "An ID number has 18 characters"),
        ({"number": ""}, "Write the whole ID number."),
        ({"number": PRESENT[:-1] + ("0" if PRESENT[-1] != "0" else "1")}, "The last character of the ID number does not fit"),
        ({"name": ""}, "Write the name."),
        ({"reason": " "}, "Write why you need to know"),
        ({"reason": "x" * 201}, "at most 200 characters"),
    ],
)
def test_only_a_whole_question_is_asked(sign_in, elsewhere, seeing, words, told):
    answer = ask(sign_in("clerk"), **{"number": PRESENT, "name": "张丽", **words})
    assert told in answer.text
    assert seeing(lambda s: s.scalars(select(IdentityRequest)).all()) == []
    assert seeing(lambda s: s.scalar(select(func.count(LimitedUse.id)))) == 0


def test_questions_are_limited_per_hour(app, sign_in, elsewhere):
    app.config["LOOKUPS_PER_HOUR"] = 2
    clerk = sign_in("clerk")
    told = [ask(clerk, *ASKED[case]).text for case in ("present", "absent", "present", "absent")]
    assert ["A request was sent" in text for text in told] == [True, True, False, False]
    assert normal(told[2]).replace(PRESENT, "") == normal(told[3]).replace(ABSENT, "")
    assert "which is the limit" in told[3]


def test_the_question_is_in_the_history_by_digest(sign_in, elsewhere, seeing):
    ask(sign_in("clerk"), PRESENT, "张丽")
    entry = seeing(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.act == "identity_lookup")).one())
    assert entry.actor == "clerk"
    assert "hmac:" in entry.detail
    assert "she moved here" in entry.detail
    assert PRESENT not in entry.detail
    assert "张丽" not in entry.detail


def test_the_page_needs_the_right(sign_in):
    assert sign_in("finance").get("/people/lookup").status_code in (302, 403)


def test_a_question_sent_twice_is_one(sign_in, elsewhere, seeing):
    clerk = sign_in("clerk")
    words = {**clerk.hidden("/people/lookup"), "id_no": PRESENT, "name": "张丽", "reason": "she moved here"}
    pages = [clerk.http.post("/people/lookup", data=words).text for _time in range(2)]
    assert all("A request was sent" in page for page in pages)
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(IdentityRequest))) == 1


def test_a_question_without_its_token_is_not_asked(sign_in, elsewhere, seeing):
    clerk = sign_in("clerk")
    words = {**clerk.hidden("/people/lookup"), "id_no": PRESENT, "name": "张丽", "reason": "she moved here", "act_token": "x"}
    assert clerk.http.post("/people/lookup", data=words).status_code == 400
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(IdentityRequest))) == 0
