"""The screen of marriages, as a browser sees it."""

import re

import pytest
from sqlalchemy import func

from app.core import clock, scope, workflow
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.families.models import DIVORCE, MarriageEvent
from app.ledgers.people.models import Person
from tests.cast import A1, B1
from tests.factories.families import DIVORCED_ON, HUSBAND_BORN, MARRIED_ON, WIFE_BORN, her_number, his_number, make_marriage, the_same
from tests.factories.people import make_person
from tests.reader import beside

HERS, HIS = her_number(), his_number()
OFF_LIST = "Choose a value from the list."
FORM = {
    "kind": "1", "happened_on": "2020-05-20", "wife_id_type": "1", "wife_id_no": HERS, "wife_name": "李梅", "wife_marital": "21",
    "husband_id_type": "1", "husband_id_no": HIS, "husband_name": "王强", "husband_marital": "22",
}  # fmt: skip


@pytest.fixture
def entered(working):
    """`entered(status=…)` keeps a marriage event and gives its uid."""

    def make(**fields):
        with working() as session:
            return make_marriage(session, **fields).uid

    return make


def told(client, answer):
    """What the page after a redirect says."""
    return client.get(answer.headers["Location"]).text


def act(client, uid, name, **words):
    """Press a button of the record page."""
    return client.send(f"/marriages/action/{name}/{uid}", page=f"/marriages/show/{uid}", **words)


def status_of(seeing, uid):
    """The status on file."""
    return seeing(lambda _session: scope.get(MarriageEvent, uid).status)


def counted(seeing):
    """How many marriage events are on file."""
    return seeing(lambda session: session.scalar(scope.query(MarriageEvent).with_only_columns(func.count())))


def test_a_clerk_enters_a_marriage_and_sees_it(sign_in, seeing, place):
    clerk = sign_in("clerk")
    page = told(clerk, clerk.send("/marriages/add", **FORM, wife_region=place))
    assert "李梅" in page
    assert "王强" in page
    assert HERS not in page
    assert HIS not in page
    event = seeing(lambda session: session.scalars(scope.query(MarriageEvent)).one())
    assert (event.wife_birth_date, event.husband_birth_date) == (WIFE_BORN, HUSBAND_BORN)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        *((name, "9x", OFF_LIST) for name in ("kind", "wife_id_type", "husband_id_type", "wife_marital", "husband_marital")),
        *((name, "10", OFF_LIST) for name in ("wife_marital", "husband_marital")),
        *((name, "x", OFF_LIST) for name in ("wife_region", "husband_region")),
        *((name, "0000-01-01", "This is not a date.") for name in ("happened_on", "wife_birth_date", "husband_birth_date", "reported_on")),
        *((name, "0001-01-01", "too long ago") for name in ("happened_on", "wife_birth_date", "husband_birth_date", "reported_on")),
        *((name, "", "Fill in this field.") for name in ("kind", "happened_on", "wife_name", "husband_name")),
    ],
)
def test_what_no_box_takes_is_said_beside_it_and_the_words_stay(sign_in, seeing, place, name, typed, said):
    page = sign_in("clerk").send("/marriages/add", **FORM | {"wife_region": place, "remark": "她打过电话", name: typed})
    assert page.status_code == 200
    assert said in beside(page.text, name)
    assert "她打过电话" in page.text
    assert counted(seeing) == 0


def test_a_young_couple_is_asked_about_and_registered(sign_in, place):
    clerk = sign_in("clerk")
    young = FORM | {"happened_on": "2014-05-20", "wife_region": place}
    asked = clerk.send("/marriages/add", **young).text
    assert 'name="reason_V06_wife"' in asked
    assert 'name="reason_V06_husband"' in asked
    reasons = {"reason_V06_wife": "as on the certificate", "reason_V06_husband": "as on the certificate"}
    assert "as on the certificate" in told(clerk, clerk.send("/marriages/add", **young, **reasons))


def test_an_edit_keeps_the_hidden_numbers(sign_in, seeing, entered):
    uid, clerk = entered(wife_id_no=HERS, husband_id_no=HIS), sign_in("clerk")
    page = clerk.get(f"/marriages/edit/{uid}").text
    masked = {role: re.search(rf'name="{role}_id_no"[^>]*value="([^"]*)"', page)[1] for role in ("wife", "husband")}
    assert HERS not in page
    words = FORM | {f"{role}_id_no": mask for role, mask in masked.items()}
    assert clerk.send(f"/marriages/edit/{uid}", **words, remark="corrected").status_code == 302
    event = seeing(lambda _session: scope.get(MarriageEvent, uid))
    assert (event.wife_id_no.reveal(), event.husband_id_no.reveal(), event.remark) == (HERS, HIS, "corrected")


def test_from_draft_to_approved_and_voided(sign_in, seeing, entered):
    uid, clerk, supervisor = entered(), sign_in("clerk"), sign_in("supervisor")
    act(clerk, uid, "submit")
    act(supervisor, uid, "return", reason="the certificate is missing")
    assert "the certificate is missing" in clerk.get(f"/marriages/show/{uid}").text
    act(clerk, uid, "submit")
    act(supervisor, uid, "hold", reason="asks the civil affairs office")
    act(supervisor, uid, "release", reason="answered")
    act(supervisor, uid, "approve")
    assert status_of(seeing, uid) == Status.approved
    act(supervisor, uid, "void", reason="entered twice")
    assert status_of(seeing, uid) == Status.voided
    steps = seeing(lambda _session: [step.act for step in workflow.steps_of(scope.get(MarriageEvent, uid))])
    assert steps == ["submit", "return", "submit", "hold", "release", "approve", "void"]


def test_a_clerk_has_no_right_to_approve(sign_in, seeing, entered):
    uid = entered(status=Status.submitted)
    assert act(sign_in("colleague"), uid, "approve").status_code == 403
    assert status_of(seeing, uid) == Status.submitted


def test_many_are_approved_at_once_and_the_contradiction_is_told_of_its_row(sign_in, seeing, entered):
    first = entered(wife_id_no=HERS, husband_id_no=HIS, status=Status.submitted)
    again = entered(wife_name="赵兰", husband_id_no=HIS, happened_on=clock.today(), status=Status.submitted)
    supervisor = sign_in("supervisor")
    supervisor.get(f"/marriages/queue/{first}")
    page = supervisor.send("/marriages/action_post", page="/marriages/list/", action="approve", rowid=[str(first), str(again)])
    assert "Approved records say otherwise" in page.text
    assert [status_of(seeing, uid) for uid in (first, again)] == [Status.approved, Status.submitted]


@pytest.mark.parametrize("text", ["李梅", "lm", "王强", "王", HERS, HIS, "J420506-2020-000123"])
def test_a_marriage_is_found_by_either_of_the_two(sign_in, working, entered, text):
    with working() as session:
        make_person(session, office=A1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN)
    uid = entered(wife_id_no=HERS, husband_id_no=HIS, certificate_no="J420506-2020-000123")
    other = entered(wife_name="赵兰", husband_name="张伟")
    page = sign_in("clerk").send("/marriages/find", "/marriages/list/", text=text).text
    assert str(uid) in page
    assert str(other) not in page


@pytest.mark.parametrize("query", ["_flt_0_kind=2", "_flt_0_happened_on=2024-08-01", "_flt_0_wife_marital=40", "_flt_0_status=submitted"])
def test_the_list_is_narrowed(sign_in, entered, query):
    wanted, other = entered(kind=DIVORCE, status=Status.submitted), entered(wife_name="赵兰", husband_name="张伟")
    page = sign_in("clerk").get(f"/marriages/list/?{query}").text
    assert str(wanted) in page
    assert str(other) not in page


def test_the_record_leads_to_the_files_of_ones_own_offices(sign_in, working, entered):
    with working() as session:
        theirs = str(make_person(session, office=B1, name="王强", id_no=HIS, sex="1", birth_date=HUSBAND_BORN).uid)
    uid = entered(wife_id_no=HERS, husband_id_no=HIS)
    page = sign_in("clerk").get(f"/marriages/show/{uid}").text
    assert page.count('href="/people/show/') == 1
    assert theirs not in page


def test_a_number_is_shown_with_a_reason(sign_in, entered):
    uid, clerk = entered(wife_id_no=HERS), sign_in("clerk")
    page = clerk.send(f"/marriages/reveal/{uid}", f"/marriages/show/{uid}", column="wife_id_no", reason="compare")
    assert HERS in page.text


def test_the_page_of_a_person_says_what_approved_records_make_of_them(sign_in, seeing, working):
    with working() as session:
        event = make_marriage(session, wife_id_no=HERS, status=Status.approved)
        uid = event.wife_id
    page = f"/people/show/{seeing(lambda _session: _uid_of(uid))}"
    clerk = sign_in("clerk")
    assert f"First marriage since {MARRIED_ON}" in clerk.get(page).text
    with working() as session:
        told_again = the_same(session.scalars(scope.query(MarriageEvent)).one())
        make_marriage(session, **told_again, kind=DIVORCE, status=Status.approved)
    assert f"Divorced since {DIVORCED_ON}" in clerk.get(page).text


def test_the_page_of_somebody_no_record_names_says_nothing(sign_in, working):
    with working() as session:
        uid = make_person(session, office=A1).uid
    assert "Marital status" not in sign_in("clerk").get(f"/people/show/{uid}").text


def _uid_of(person_id):
    from_file = scope.query(Person).where(Person.id == person_id)
    return db.session.scalars(from_file).one().uid
