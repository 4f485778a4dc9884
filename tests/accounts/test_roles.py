"""The roles' pages: what is ticked is shown before it is saved, in force at once, and never mixes what must stay apart."""

import json
import re

import pytest
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu
from sqlalchemy import func, select

from app.accounts import duties, roles, users
from app.core.audit import AuditEntry
from app.core.errors import RuleViolation
from app.core.screen import LedgerView
from app.core.unit_of_work import unit_of_work
from app.ledgers.births.models import Birth
from tests.accounts.conftest import role_named, user_named
from tests.conftest import hidden_fields
from tests.factories.births import make_birth


def ticks(text):
    """What is ticked in the matrix."""
    boxes = re.findall(r'<input type="checkbox" name="right" value="([^"]+)"([^>]*)>', text)
    return [value for value, more in boxes if "checked" in more]


def preview(client, name, add=(), remove=()):
    """Tick and untick, then ask what changes."""
    page = client.get(f"/roles/edit/{name}").text
    wanted = [right for right in [*ticks(page), *add] if right not in remove]
    return client.http.post(f"/roles/edit/{name}", data={**hidden_fields(page), "right": wanted, "step": "preview"})


def confirm(client, name, shown, step="save"):
    """Answer the difference."""
    wanted = re.findall(r'<input type="hidden" name="right" value="([^"]+)">', shown.text)
    return client.http.post(f"/roles/edit/{name}", data={**hidden_fields(shown.text), "right": wanted, "step": step})


def rights(seeing, name):
    return seeing(lambda s: duties.rights_of(role_named(s, name)))


@pytest.fixture
def submitted(app, seeing):
    """The identity of a birth that waits for a decision."""

    def make(session):
        with unit_of_work() as work:
            return str(make_birth(work, status="submitted").uid)

    return seeing(make)


def test_an_admin_removes_approve_and_the_next_click_is_refused(sign_in, seeing, submitted):
    admin, supervisor = sign_in("admin"), sign_in("supervisor")
    page = supervisor.get(f"/births/show/{submitted}").text
    assert f"/births/action/approve/{submitted}" in page
    open_form = hidden_fields(page)
    shown = preview(admin, "supervisor", remove=["approve:BirthView"])
    assert "Births: Approve" in shown.text
    assert confirm(admin, "supervisor", shown).status_code == 302
    assert supervisor.http.post(f"/births/action/approve/{submitted}", data=open_form).status_code == 403
    again = supervisor.get(f"/births/show/{submitted}").text
    assert f"/births/action/approve/{submitted}" not in again
    assert f"/births/action/return/{submitted}" in again
    assert "approve" not in re.findall(r'name="action" value="(\w+)"', supervisor.get("/births/list/").text)
    assert seeing(lambda s: s.scalar(select(Birth.status))) == "submitted"
    entry = seeing(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.actor == "admin", AuditEntry.act == "change")).one())
    assert json.loads(entry.detail) == {"permissions": [["approve on BirthView"], []]}
    assert "Rights: − Births: Approve" in admin.get("/roles/show/supervisor").text
    assert "Rights: − Births: Approve" in admin.get("/history/accounts/").text


def test_what_is_given_back_works_at_once(sign_in, submitted):
    admin, supervisor = sign_in("admin"), sign_in("supervisor")
    confirm(admin, "supervisor", preview(admin, "supervisor", remove=["approve:BirthView"]))
    confirm(admin, "supervisor", preview(admin, "supervisor", add=["approve:BirthView"]))
    assert supervisor.send(f"/births/action/approve/{submitted}", f"/births/show/{submitted}").status_code == 302


def test_the_difference_is_shown_and_nothing_is_saved_before(sign_in, seeing):
    admin, before = sign_in("admin"), rights(seeing, "clerk")
    shown = preview(admin, "clerk", add=["approve:BirthView"], remove=["can_add:PersonView", "menu_access:People"])
    added, removed = (re.search(rf'<ul class="{name}">(.*?)</ul>', shown.text)[1] for name in ("added", "removed"))
    assert re.findall(r"<ins>(.*?)</ins>", added) == ["Births: Approve"]
    assert re.findall(r"<del>(.*?)</del>", removed) == ["People: In the menu", "People: Add"]
    assert "People who have this role: 3" in shown.text
    assert rights(seeing, "clerk") == before
    back = confirm(admin, "clerk", shown, step="back")
    assert "approve:BirthView" in ticks(back.text)
    assert rights(seeing, "clerk") == before
    confirm(admin, "clerk", shown)
    assert rights(seeing, "clerk") == before - {("can_add", "PersonView"), ("menu_access", "People")} | {("approve", "BirthView")}


def test_a_heading_of_the_menu_goes_and_comes_with_its_items(sign_in, seeing):
    admin = sign_in("admin")
    confirm(admin, "finance", preview(admin, "finance", add=["menu_access:Births"]))
    assert rights(seeing, "finance") == {("menu_access", "Births"), ("menu_access", "Ledgers")}
    confirm(admin, "finance", preview(admin, "finance", remove=["menu_access:Births"]))
    assert rights(seeing, "finance") == frozenset()


def test_a_right_that_does_not_exist_is_not_given(sign_in, seeing):
    answer = preview(sign_in("admin"), "clerk", add=["can_everything:BirthView", "approve:NoView", "nonsense", "menu_access:Accounts"])
    assert "Nothing was changed" in answer.text


def test_two_admins_on_one_role_lose_nothing(sign_in, seeing):
    first, second = sign_in("admin"), sign_in("admin")
    stale = preview(second, "supervisor", add=["can_add:BirthView"])
    confirm(first, "supervisor", preview(first, "supervisor", remove=["void:BirthView"]))
    answer = confirm(second, "supervisor", stale)
    assert answer.status_code == 200
    assert "Somebody else changed this role" in answer.text
    assert "can_add:BirthView" in ticks(answer.text)
    held = rights(seeing, "supervisor")
    assert ("void", "BirthView") not in held
    assert ("can_add", "BirthView") not in held


def test_a_change_sent_twice_is_one_change(sign_in, seeing):
    admin = sign_in("admin")
    shown = preview(admin, "supervisor", remove=["void:BirthView"])
    assert [confirm(admin, "supervisor", shown).status_code for _sending in range(2)] == [302, 302]
    assert (
        seeing(
            lambda s: s.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.actor == "admin", AuditEntry.act == "change"))
        )
        == 1
    )


def test_a_change_sent_again_with_other_ticks_is_not_called_saved(sign_in, seeing):
    admin = sign_in("admin")
    shown = preview(admin, "supervisor", remove=["void:BirthView"])
    confirm(admin, "supervisor", shown)
    assert "Saved." in admin.get("/roles/show/supervisor").text
    confirm(admin, "supervisor", shown)
    assert not re.search(r"Saved\.|saved before", admin.get("/roles/show/supervisor").text)
    answer = admin.http.post("/roles/edit/supervisor", data={**hidden_fields(shown.text), "right": [], "step": "save"})
    assert answer.headers["Location"] == "/roles/show/supervisor"
    page = admin.get("/roles/show/supervisor").text
    assert "This form was saved before; what you sent now was not." in page
    assert "Saved." not in page
    assert ("approve", "BirthView") in rights(seeing, "supervisor")


def test_nobody_changes_a_role_they_have(sign_in, seeing):
    admin, before = sign_in("admin"), rights(seeing, "admin")
    shown = preview(admin, "admin", remove=["can_list:AccountHistoryView"])
    assert "Nobody changes their own rights" in shown.text
    page = admin.get("/roles/edit/clerk").text
    forced = {**hidden_fields(page), "right": [], "step": "save", "row_version": seeing(lambda s: roles.seal(role_named(s, "admin")))}
    forced["act_token"] = hidden_fields(admin.get("/users/show/clerk").text)["act_token"]
    assert "Nobody changes their own rights" in admin.http.post("/roles/edit/admin", data=forced).text
    assert rights(seeing, "admin") == before


def test_a_role_does_not_mix_accounts_and_ledgers(sign_in, seeing):
    admin, before = sign_in("admin"), rights(seeing, "supervisor")
    answer = preview(admin, "supervisor", add=["can_edit:UserView"])
    assert "Who manages accounts may not work in the ledgers" in answer.text
    assert "can_edit:UserView" in ticks(answer.text)
    assert rights(seeing, "supervisor") == before


def test_a_role_does_not_mix_with_the_other_roles_of_its_holders(sign_in, working, seeing):
    with working() as session:
        users.change(
            session,
            user_named(session, "admin"),
            user_named(session, "clerk"),
            "x",
            [role_named(session, "clerk"), role_named(session, "finance")],
            [],
        )
    answer = preview(sign_in("admin"), "finance", add=["can_edit:UserView"])
    assert "clerk has other roles" in answer.text
    assert rights(seeing, "finance") == frozenset()


def payment_right(session, name):
    found = PermissionView(
        permission=Permission(name=name), view_menu=session.scalars(select(ViewMenu).where(ViewMenu.name == "BirthView")).one()
    )
    session.add(found)
    session.flush()
    return found


def test_two_steps_of_a_payment_stay_apart(working):
    with working() as session:
        decide, pay = payment_right(session, "approve_payment"), payment_right(session, "pay")
        one, two = Role(name="one", permissions=[decide]), Role(name="two", permissions=[pay])
        session.add_all([one, two])
        session.flush()
        assert duties.problems_of_user(session, [one]) == []
        assert "two people" in str(duties.problems_of_user(session, [one, two])[0].message)
        both = {("approve_payment", "BirthView"), ("pay", "BirthView")}
        assert roles.problems_of_change(session, user_named(session, "admin"), one, frozenset(both)) != []


def test_the_right_of_the_last_admin_stays(working):
    with pytest.raises(RuleViolation, match="last admin"), working() as session:
        roles.change(session, user_named(session, "auditor"), role_named(session, "admin"), frozenset({("can_list", "UserView")}))


def test_view_as_shows_the_menu_and_the_acts_and_no_data(sign_in, submitted):
    admin = sign_in("admin")
    text = re.search(r'<table class="table view-as">.*?</table>', admin.get("/roles/show/supervisor").text, re.DOTALL)[0]
    lines = {
        re.search(r'<th scope="row">(.*?)</th>', row)[1]: re.findall(r'<span class="tag">(.*?)</span>', row)
        for row in re.findall(r"<tr><th scope=.row.*?</tr>", text, re.DOTALL)
    }
    assert {"People", "Births", "Birth registrations"} <= set(lines)
    assert {"Approve", "Return", "Void"} <= set(lines["Births"])
    assert "Users" not in lines
    assert "Add" not in lines["Births"]
    assert "Nothing but the own account" in admin.get("/roles/show/finance").text


def test_a_menu_a_role_does_not_have_is_not_in_its_holders_menu(sign_in):
    admin, clerk = sign_in("admin"), sign_in("clerk")
    assert 'href="/births/list/"' in clerk.get("/own/").text
    confirm(admin, "clerk", preview(admin, "clerk", remove=["menu_access:Births"]))
    assert 'href="/births/list/"' not in clerk.get("/own/").text


def test_a_new_role_begins_with_the_rights_of_another(sign_in, seeing):
    admin = sign_in("admin")
    answer = admin.send("/roles/add", name="值班 clerk", like="clerk")
    assert answer.status_code == 302
    assert rights(seeing, "值班 clerk") == rights(seeing, "clerk")
    assert admin.get(answer.headers["Location"]).status_code == 200
    assert "值班 clerk" in admin.get("/roles/list/").text


def test_a_form_sent_twice_makes_one_role(sign_in, seeing):
    admin = sign_in("admin")
    words = {**admin.hidden("/roles/add"), "name": "night", "like": ""}
    assert [admin.http.post("/roles/add", data=words).status_code for _sending in range(2)] == [302, 302]
    assert rights(seeing, "night") == frozenset()


@pytest.mark.parametrize(("other", "where"), [({"name": "day"}, "/roles/list/"), ({"like": "clerk"}, "/roles/edit/night")])
def test_a_new_roles_form_sent_again_with_other_words_is_not_called_saved(sign_in, seeing, other, where):
    admin = sign_in("admin")
    words = {**admin.hidden("/roles/add"), "name": "night", "like": ""}
    admin.http.post("/roles/add", data=words)
    assert "The role was made" in admin.get("/roles/edit/night").text
    assert admin.http.post("/roles/add", data={**words, **other}).headers["Location"] == where
    page = admin.get(where).text
    assert "This form was saved before; what you sent now was not." in page
    assert "The role was made" not in page
    assert rights(seeing, "night") == frozenset()


def test_a_name_that_reads_like_another_roles_is_taken(sign_in):
    admin = sign_in("admin")
    admin.send("/roles/add", name="Ｎight Shift", like="")
    assert "There is a role with this name already" in admin.send("/roles/add", name="night shift", like="").text


@pytest.mark.parametrize("name", ["clerk", "Clerk", "ＣＬＥＲＫ", "x", "a/b", "x" * 65, "(nobody)", "<b>", " "])
def test_a_bad_name_makes_no_role(sign_in, seeing, name):
    before = seeing(lambda s: s.scalar(select(func.count(Role.id))))
    assert sign_in("admin").send("/roles/add", name=name, like="").status_code == 200
    assert seeing(lambda s: s.scalar(select(func.count(Role.id)))) == before


def test_unknown_roles_are_not_found(sign_in):
    admin = sign_in("admin")
    assert admin.get("/roles/show/nothing").status_code == 404
    assert admin.get("/roles/edit/nothing").status_code == 404


def test_an_admin_gets_403_on_every_ledger_route(app, sign_in):
    admin = sign_in("admin")
    token = admin.hidden("/own/password")
    ledgers = {type(view).__name__: view for view in app.extensions["appbuilder"].baseviews if isinstance(view, LedgerView)}
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in ledgers]
    assert len(ledgers) >= 3
    assert len(rules) > 20
    for rule in rules:
        acts = list(ledgers[rule.endpoint.partition(".")[0]].actions)
        values = {"name": (acts or ["approve"])[0], "column": "mother", "pk": "01a20162-0000-7000-8000-000000000000"}
        values |= {"uid": values["pk"], "act": "apply"}
        with app.test_request_context():
            address = rule.build({name: values[name] for name in rule.arguments})[1]
        needs_act = rule.endpoint.rpartition(".")[2] in ("action", "action_post", "preview")
        refused = 403 if acts or not needs_act else 404  # a ledger without acts has no such page for anybody
        words = {**token, "action": values["name"], "rowid": values["pk"]}
        for method in sorted(rule.methods & {"GET", "POST"}):
            answer = admin.get(address) if method == "GET" else admin.http.post(address, data=words)
            assert answer.status_code == refused, (method, address)


def test_rights_of_screens_this_version_does_not_have_are_left_alone(sign_in, working, seeing):
    with working() as session:
        later = PermissionView(permission=Permission(name="can_count"), view_menu=ViewMenu(name="LaterView"))
        role = role_named(session, "supervisor")
        role.permissions.append(later)
    admin = sign_in("admin")
    confirm(admin, "supervisor", preview(admin, "supervisor", remove=["void:BirthView"]))
    assert ("can_count", "LaterView") in rights(seeing, "supervisor")


def test_shipped_roles_have_names_in_both_languages(app):
    with app.test_request_context():
        assert roles.label("clerk") == "Clerk"
        assert roles.label("值班") == "值班"
