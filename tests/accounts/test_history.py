"""The history pages: the auditor's own offices, an admin's accounts, and never what stood in a field."""

import re

from sqlalchemy import select

from app.accounts import users
from app.core.audit import AuditEntry
from app.core.regions import by_code
from app.core.unit_of_work import unit_of_work
from app.ledgers.people.models import Person
from tests.accounts.conftest import user_named
from tests.cast import A1, B1, COUNTY, PASSWORD, B
from tests.factories.people import make_person

NAME = "金丝雀"


def people(seeing, office, times=1, name=NAME):
    def make(session):
        for _n in range(times):
            with unit_of_work() as work:
                make_person(work, office=office, name=name)
        return session.scalar(select(Person.uid).order_by(Person.id.desc()).limit(1))

    return str(seeing(make))


def test_the_auditor_reads_who_when_and_which_field_but_no_value(sign_in, seeing):
    uid = people(seeing, A1)
    page = sign_in("auditor").get("/history/").text
    assert f"person/{uid}" in page
    assert "<div>name</div>" in page
    assert NAME not in page
    assert not re.search(r"\d{17}[\dX]", page)


def test_the_history_of_another_office_is_not_there(sign_in, seeing):
    people(seeing, A1)
    uid = people(seeing, B1)
    auditor = sign_in("auditor")
    foreign = seeing(lambda s: by_code(s, B).uid)
    assert uid not in auditor.get("/history/").text
    assert auditor.get(f"/history/?office={foreign}").status_code == 404
    assert auditor.get("/history/?office=x").status_code == 404


def test_an_auditor_of_the_county_chooses_the_office(sign_in, seeing, working):
    first, second = people(seeing, A1), people(seeing, B1)
    with working() as session:
        users.set_regions(session, user_named(session, "auditor"), [by_code(session, COUNTY)])
    auditor, office = sign_in("auditor"), seeing(lambda s: by_code(s, B).uid)
    page = auditor.get(f"/history/?office={office}").text
    assert second in page
    assert first not in page
    assert "龙泉镇" in page


def test_the_pages_of_the_history_follow_each_other_without_gap(sign_in, seeing):
    people(seeing, A1, times=60)
    auditor, seen, address = sign_in("auditor"), [], "/history/"
    while address:
        page = auditor.get(address).text
        seen += re.findall(r"<td>(\w+/[^<]+)</td>", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    path = seeing(lambda s: by_code(s, "420506107").path)
    stored = seeing(lambda s: s.scalars(select(AuditEntry.target).where(AuditEntry.chain == path).order_by(AuditEntry.number.desc())).all())
    assert len(stored) > 100
    assert seen == stored


def test_bad_parameters_are_no_errors(sign_in):
    auditor = sign_in("auditor")
    for words in ("before=x", "before=-1", "before=99999999999999999999999", "actor=%00", "office=", "office=x", "act=%25"):
        assert auditor.get(f"/history/?{words}").status_code in (200, 400, 404), words


def test_an_admin_reads_the_accounts_and_no_ledger(sign_in, seeing):
    uid, admin = people(seeing, A1), sign_in("admin")
    assert admin.get("/history/").status_code == 403
    page = admin.get("/history/accounts/").text
    assert "Sign in" in page
    assert "<td>admin</td>" in page
    assert uid not in page


def test_an_auditor_does_not_read_the_accounts(sign_in):
    assert sign_in("auditor").get("/history/accounts/").status_code == 403


def test_one_actor_can_be_looked_for(sign_in, stranger):
    admin = sign_in("admin")
    stranger("10.0.0.7").enter("clerk", PASSWORD)
    page = admin.get("/history/accounts/?actor=clerk").text
    assert "10.0.0.7" in page
    assert "seed" not in page


def test_a_password_is_named_and_its_digest_is_not_shown(sign_in):
    admin = sign_in("admin")
    page = admin.get("/users/show/clerk").text
    assert "<div>Password</div>" in page
    assert "hmac" not in page + admin.get("/history/accounts/").text


def test_everybody_else_reads_no_history(sign_in):
    for who in ("clerk", "supervisor", "finance", "stranger"):
        browser = sign_in(who)
        assert browser.get("/history/").status_code == 403
        assert browser.get("/history/accounts/").status_code == 403
