"""The users' pages: who may be made what, by whom; and that nothing is lost, mixed or done twice."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from app.accounts import duties, users
from app.accounts.models import UserSession
from app.core import clock
from app.core.audit import AuditEntry
from app.core.errors import RuleViolation
from app.core.regions import by_code
from tests.accounts.conftest import act, role_named, user_named
from tests.cast import A1, CAST, PASSWORD, A, B
from tests.conftest import Client, hidden_fields

ROUTES = (
    ("GET", "/users/list/"),
    ("GET", "/users/show/clerk"),
    ("GET", "/users/add"),
    ("POST", "/users/add"),
    ("GET", "/users/edit/clerk"),
    ("POST", "/users/edit/clerk"),
    ("GET", "/users/regions"),
    *(("POST", f"/users/act/{act}/clerk") for act in ("disable", "enable", "unlock", "must_change", "reset", "end_session")),
    ("GET", "/roles/list/"),
    ("GET", "/roles/show/clerk"),
    ("GET", "/roles/add"),
    ("POST", "/roles/add"),
    ("GET", "/roles/edit/clerk"),
    ("POST", "/roles/edit/clerk"),
    ("GET", "/history/accounts/"),
)


NOT_SAVED = "This form was saved before; what you sent now was not. Look at the record."


def place(client, code):
    """What the picker of offices answers for a code."""
    return client.get(f"/users/regions?q={code}").json["results"][0]["id"]


def edit(client, name, *, roles=(), offices=(), full_name="Somebody", **more):
    """Save the form of an account."""
    places = [place(client, code) for code in offices]
    return client.send(f"/users/edit/{name}", full_name=full_name, roles=list(roles), regions=places, **more)


def make(client, name="lihua", *, roles=("clerk",), offices=(A,), full_name="李华", **more):
    """Save the form of a new account."""
    places = [place(client, code) for code in offices]
    return client.send("/users/add", username=name, full_name=full_name, roles=list(roles), regions=places, **more)


def given(answer):
    """The one-time password of a page."""
    return re.search(r"<code>(.*?)</code>", answer.text)[1]


def system_entries(seeing, *acts):
    statement = select(AuditEntry).where(AuditEntry.chain == "system", AuditEntry.act.in_(acts), AuditEntry.actor != "seed")
    return seeing(lambda s: s.scalars(statement.where(AuditEntry.actor != "setup").order_by(AuditEntry.number)).all())


@pytest.mark.parametrize("who", ["clerk", "supervisor", "approver", "finance", "auditor", "statistician", "stranger"])
def test_nobody_but_an_admin_opens_the_account_pages(shared_app, who):
    client = Client(shared_app, who)
    token = client.hidden("/own/password")
    for method, address in ROUTES:
        answer = client.get(address) if method == "GET" else client.http.post(address, data=token)
        assert answer.status_code == 403, (method, address)


def test_a_stranger_is_sent_to_the_door(app):
    browser = app.test_client()
    token = hidden_fields(browser.get("/login/").text)
    for method, address in (*ROUTES, ("GET", "/own/"), ("GET", "/own/password"), ("POST", "/own/end_others"), ("GET", "/history/")):
        answer = browser.get(address) if method == "GET" else browser.post(address, data=token)
        assert answer.status_code == 302, (method, address)
        assert "/login/" in answer.headers["Location"]


def test_every_form_needs_its_token(sign_in):
    admin = sign_in("admin")
    for method, address in (*ROUTES, ("POST", "/own/password"), ("POST", "/own/end_others")):
        if method == "POST":
            assert admin.http.post(address).status_code == 400, address


def test_a_new_user_gets_a_one_time_password_that_only_the_admin_sees(sign_in, stranger, seeing):
    admin = sign_in("admin")
    answer = make(admin)
    password, browser = given(answer), stranger()
    assert answer.headers["Cache-Control"] == "no-store"
    browser.enter("lihua", password)
    assert browser.get("/people/list/").headers["Location"] == "/own/password"
    new = "purple-anvil-sings-quietly"
    assert browser.send("/own/password", current=password, password=new, again=new).status_code == 302
    assert browser.get("/people/list/").status_code == 200
    assert password not in admin.get("/users/show/lihua").text
    entries = system_entries(seeing, "create", "change")
    assert not any(password in e.detail or new in e.detail or "pbkdf2" in e.detail or "scrypt" in e.detail for e in entries)


def test_a_form_sent_twice_makes_one_user(sign_in, seeing):
    admin = sign_in("admin")
    words = {**admin.hidden("/users/add"), "username": "lihua", "full_name": "李华", "roles": ["clerk"], "regions": [place(admin, A)]}
    first, second = (admin.http.post("/users/add", data=words) for _sending in range(2))
    assert (first.status_code, second.status_code) == (200, 302)
    assert second.headers["Location"] == "/users/show/lihua"
    page = admin.get("/users/show/lihua").text
    assert "A one-time password is shown only once; give a new one if it was lost." in page
    assert NOT_SAVED not in page
    assert seeing(lambda s: s.scalar(select(func.count(User.id)).where(User.username == "lihua"))) == 1


def test_a_double_click_makes_one_user_and_the_later_answer_says_so(sign_in, seeing):
    browsers = sign_in("admin"), sign_in("admin")
    pages = [browser.hidden("/users/add") for browser in browsers]
    words = {"username": "lihua", "full_name": "李华", "roles": ["clerk"], "regions": [place(browsers[0], A)]}

    def click(number):
        sent = {**pages[number], **words, "act_token": pages[0]["act_token"]}
        return browsers[number].http.post("/users/add", data=sent).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(click, range(2)))
    assert sorted(answers) == [200, 302]
    assert "shown only once" in browsers[answers.index(302)].get("/users/show/lihua").text
    assert seeing(lambda s: s.scalar(select(func.count(User.id)).where(User.username == "lihua"))) == 1


@pytest.mark.parametrize(
    ("other", "where"),
    [({"username": "wangming"}, "/users/list/"), ({"username": "clerk"}, "/users/show/clerk"), ({"roles": []}, "/users/show/lihua")],
)
def test_a_new_users_form_sent_again_with_other_words_is_not_called_saved(sign_in, seeing, other, where):
    admin = sign_in("admin")
    words = {**admin.hidden("/users/add"), "username": "lihua", "full_name": "李华", "roles": ["clerk"], "regions": [place(admin, A)]}
    admin.http.post("/users/add", data=words)
    answer = admin.http.post("/users/add", data={**words, **other})
    assert answer.headers["Location"] == where
    page = admin.get(where).text
    assert NOT_SAVED in page
    assert "shown only once" not in page
    assert seeing(lambda s: [role.name for role in user_named(s, "lihua").roles]) == ["clerk"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"name": "clerk"}, "an account with this name already"),
        ({"name": "CLERK"}, "an account with this name already"),
        ({"name": "a b"}, "3 to 64 letters"),
        ({"name": "x" * 65}, "3 to 64 letters"),
        ({"name": "a/../b"}, "3 to 64 letters"),
        ({"full_name": "x" * 65}, "at most 64"),
        ({"full_name": " "}, "at most 64"),
        ({"roles": ["clerk", "admin"]}, "two people"),
        ({"roles": ["finance", "approver"]}, "two people"),
        ({"roles": ["nothing"]}, "Choose a value from the list."),
    ],
)
def test_a_refused_user_is_told_why_and_what_was_typed_is_kept(sign_in, seeing, words, why):
    admin = sign_in("admin")
    before = seeing(lambda s: s.scalar(select(func.count(User.id))))
    answer = make(admin, **words)
    assert answer.status_code == 200
    assert why in answer.text
    assert f'value="{words.get("name", "lihua")}"' in answer.text
    assert "龙泉镇" in answer.text
    assert seeing(lambda s: s.scalar(select(func.count(User.id)))) == before


def test_chinese_account_names_are_fine(sign_in, stranger):
    admin, browser = sign_in("admin"), stranger()
    browser.enter("王小明", given(make(admin, "王小明")))
    assert browser.get("/own/password").status_code == 200
    assert admin.get("/users/show/王小明").status_code == 200


def test_an_office_is_a_place_that_is_open(sign_in, working, seeing):
    admin = sign_in("admin")
    closed, token = place(admin, B), admin.hidden("/users/edit/clerk")
    with working() as session:
        by_code(session, B).valid_to = clock.today()
    for wrong in (closed, "01a20162-0000-7000-8000-000000000000", "x"):
        answer = admin.http.post("/users/edit/clerk", data={**token, "full_name": "x", "roles": ["clerk"], "regions": [wrong]})
        assert "Choose offices from the list" in answer.text
    assert [r.name for r in seeing(lambda s: users.regions_of(s, user_named(s, "clerk")))] == ["龙泉镇"]
    assert not admin.get("/users/regions?q=鸦鹊岭镇").json["results"]


def test_the_admin_has_no_office_and_gives_all_of_them(sign_in):
    admin = sign_in("admin")
    assert len(admin.get("/users/regions?q=村").json["results"]) == 20
    assert {r["text"] for r in admin.get("/users/regions?q=镇").json["results"]} >= {"龙泉镇", "鸦鹊岭镇"}
    edit(admin, "clerk", roles=["clerk"], offices=[A, B, A1])
    page = admin.get("/users/show/clerk").text
    assert "龙泉镇" in page
    assert "鸦鹊岭镇" in page


def test_new_roles_and_offices_are_in_force_at_once_and_one_entry_of_the_history(sign_in, stranger, seeing):
    admin, browser = sign_in("admin"), stranger()
    edit(admin, "clerk", full_name="clerk", roles=["supervisor"], offices=[A, B])
    entries = system_entries(seeing, "change", "create", "delete")
    assert [(e.actor, e.act) for e in entries] == [("admin", "change")]
    detail = json.loads(entries[0].detail)
    assert detail == {"roles": [["clerk"], ["supervisor"]], "offices": [["龙泉镇"], ["鸦鹊岭镇", "龙泉镇"]]}
    page = admin.get("/users/show/clerk").text
    assert "Roles: − Clerk, + Supervisor" in page
    assert "Offices: + 鸦鹊岭镇" in page
    browser.enter("clerk", PASSWORD)
    assert browser.get("/people/list/").status_code == 200
    assert browser.get("/people/add").status_code == 403


def test_saving_without_a_change_tells_nothing(sign_in, seeing):
    edit(sign_in("admin"), "clerk", full_name="clerk", roles=["clerk"], offices=[A])
    assert system_entries(seeing, "change", "create", "delete") == []


@pytest.mark.parametrize(
    "words", [{"roles": ["clerk"]}, {"roles": []}, {"roles": ["admin"], "offices": [A]}, {"roles": ["admin", "auditor"]}]
)
def test_nobody_changes_their_own_roles_or_offices(sign_in, seeing, words):
    admin = sign_in("admin")
    assert "Nobody changes their own roles or offices" in edit(admin, "admin", **words).text
    assert seeing(lambda s: [r.name for r in user_named(s, "admin").roles]) == ["admin"]
    assert seeing(lambda s: users.regions_of(s, user_named(s, "admin"))) == []


def test_everybody_may_be_given_another_name_even_oneself(sign_in, seeing):
    assert edit(sign_in("admin"), "admin", full_name="Head", roles=["admin"]).status_code == 302
    assert seeing(lambda s: user_named(s, "admin").first_name) == "Head"


@pytest.mark.parametrize(("name", "why"), [("disable", "Nobody disables their own account"), ("reset", "on your own page")])
def test_some_acts_are_for_others_only(sign_in, name, why):
    admin = sign_in("admin")
    act(admin, "admin", name)
    page = admin.get("/users/show/admin")
    assert page.status_code == 200
    assert why in page.text or why in admin.get("/own/").text


def test_a_disabled_user_comes_back_when_enabled(sign_in, stranger):
    admin = sign_in("admin")
    act(admin, "clerk", "disable")
    shut, again = stranger(), stranger()
    shut.enter("clerk", PASSWORD)
    assert not shut.is_in()
    assert "Disabled" in admin.get("/users/list/?q=clerk").text
    act(admin, "clerk", "enable")
    again.enter("clerk", PASSWORD)
    assert again.is_in()


def test_the_last_admin_stays(working):
    for act_on in (
        lambda s: users.change(s, user_named(s, "auditor"), user_named(s, "admin"), "x", [role_named(s, "clerk")], []),
        lambda s: users.switch(s, user_named(s, "auditor"), user_named(s, "admin"), False),
    ):
        with pytest.raises(RuleViolation, match="last admin"), working() as session:
            act_on(session)


def test_two_admins_cannot_disable_each_other_at_the_same_moment(app, sign_in, working, seeing):
    with working() as session:
        users.add(session, None, "second", roles=["admin"], regions=[], password=PASSWORD, must_change=False)
    pairs = [(sign_in("admin"), "second"), (sign_in("second"), "admin")]
    pages = [client.hidden(f"/users/show/{other}") for client, other in pairs]

    def disable(number):
        client, other = pairs[number]
        return client.http.post(f"/users/act/disable/{other}", data=pages[number]).status_code

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(disable, range(2))) <= {302}
    assert seeing(lambda s: s.scalar(select(func.count(User.id)).where(User.username.in_(["admin", "second"]), User.active))) == 1


def test_an_act_sent_twice_is_one_act(sign_in, stranger):
    admin = sign_in("admin")
    words = admin.hidden("/users/show/clerk")
    first, second = (admin.http.post("/users/act/reset/clerk", data=words) for _sending in range(2))
    browser = stranger()
    browser.enter("clerk", given(first))
    assert second.status_code == 302
    assert browser.get("/own/password").status_code == 200
    assert "done already" in admin.get("/users/show/clerk").text


def test_a_double_click_gives_one_password(sign_in):
    browsers = sign_in("admin"), sign_in("admin")
    pages = [browser.hidden("/users/show/clerk") for browser in browsers]

    def click(number):
        return browsers[number].http.post("/users/act/reset/clerk", data={**pages[number], "act_token": pages[0]["act_token"]}).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(click, range(2)))
    assert sorted(answers) == [200, 302]
    assert "done already" in browsers[answers.index(302)].get("/users/show/clerk").text


def test_a_reset_password_is_shown_once_and_must_be_changed(sign_in, stranger):
    admin = sign_in("admin")
    answer = act(admin, "clerk", "reset")
    old, fresh = stranger(), stranger()
    old.enter("clerk", PASSWORD)
    fresh.enter("clerk", given(answer))
    assert not old.is_in()
    assert fresh.get("/people/list/").headers["Location"] == "/own/password"
    assert given(answer) not in admin.get("/users/show/clerk").text
    with admin.http.session_transaction() as cookie:
        assert given(answer) not in str(dict(cookie))


def test_unknown_users_and_acts_are_not_found(sign_in):
    admin = sign_in("admin")
    token = admin.hidden("/users/show/clerk")
    for address in ("/users/show/nobody", "/users/edit/nobody", "/users/show/1"):
        assert admin.get(address).status_code == 404
    for address in ("/users/act/delete/clerk", "/users/act/disable/nobody"):
        assert admin.http.post(address, data=token).status_code == 404
    assert admin.get("/users/act/disable/clerk").status_code == 405
    assert admin.http.post("/users/act/disable/clerk", data={"csrf_token": token["csrf_token"]}).status_code == 400


def test_a_form_sent_twice_changes_a_user_once_without_another_word(sign_in, seeing):
    admin = sign_in("admin")
    words = {**admin.hidden("/users/edit/clerk"), "full_name": "李华", "roles": ["supervisor"], "regions": [place(admin, B)]}
    assert admin.http.post("/users/edit/clerk", data=words).status_code == 302
    assert "Saved." in admin.get("/users/show/clerk").text
    assert admin.http.post("/users/edit/clerk", data=words).headers["Location"] == "/users/show/clerk"
    page = admin.get("/users/show/clerk").text
    assert "Saved." not in page
    assert NOT_SAVED not in page
    assert len(system_entries(seeing, "change")) == 1


@pytest.mark.parametrize("other", [{"full_name": "王明"}, {"roles": ["clerk"]}, {"regions": []}])
def test_a_form_sent_again_with_other_words_is_not_called_saved(sign_in, seeing, other):
    admin = sign_in("admin")
    words = {**admin.hidden("/users/edit/clerk"), "full_name": "李华", "roles": ["supervisor"], "regions": [place(admin, B)]}
    admin.http.post("/users/edit/clerk", data=words)
    assert "Saved." in admin.get("/users/show/clerk").text
    assert admin.http.post("/users/edit/clerk", data={**words, **other}).headers["Location"] == "/users/show/clerk"
    page = admin.get("/users/show/clerk").text
    assert NOT_SAVED in page
    assert "Saved." not in page
    assert len(system_entries(seeing, "change")) == 1


def test_two_admins_on_one_form_lose_nothing(sign_in, seeing, working):
    first, second = sign_in("admin"), sign_in("admin")
    stale = second.hidden("/users/edit/clerk")
    edit(first, "clerk", roles=["supervisor"], offices=[B])
    words = {"full_name": "Typed by the second", "roles": ["clerk"], "regions": [place(second, A)]}
    answer = second.http.post("/users/edit/clerk", data={**stale, **words})
    assert answer.status_code == 200
    assert "Somebody else changed this account" in answer.text
    assert "it has now: Supervisor; 鸦鹊岭镇" in answer.text
    assert 'value="Typed by the second"' in answer.text
    assert seeing(lambda s: [r.name for r in user_named(s, "clerk").roles]) == ["supervisor"]
    assert second.http.post("/users/edit/clerk", data={**hidden_fields(answer.text), **words}).status_code == 302
    assert seeing(lambda s: [r.name for r in user_named(s, "clerk").roles]) == ["clerk"]


def test_the_list_pages_by_name_and_asks_little(sign_in, working, app):
    with working() as session:
        for number in range(120):
            users.add(session, None, f"many-{number:03}", roles=["clerk"], regions=[], password="x", must_change=False)
    admin = sign_in("admin")
    seen, address = [], "/users/list/?q=many"
    while address:
        page = admin.get(address).text
        seen += re.findall(r'href="/users/show/(many-\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"many-{number:03}" for number in range(120)]


def test_a_page_of_users_costs_a_dozen_statements(sign_in, statements):
    admin = sign_in("admin")
    admin.get("/users/list/")
    with statements() as asked:
        assert admin.get("/users/list/").status_code == 200
    assert len(asked) <= 12, asked


def test_the_session_and_the_due_password_are_one_statement(sign_in, statements):
    clerk = sign_in("clerk")
    clerk.get("/own/password")
    with statements() as asked:
        clerk.get("/own/password")
    assert len([one for one in asked if "user_session" in one]) == 1
    assert not [one for one in asked if "account_state" in one and "user_session" not in one]


def test_no_address_holds_a_key_of_the_database(sign_in):
    admin = sign_in("admin")
    for page in ("/users/list/", "/users/show/clerk", "/roles/list/", "/roles/show/clerk", "/history/accounts/", "/own/"):
        assert not re.findall(r'(?:href|action)="/(?:users|roles|own)/[^"]*?/\d+', admin.get(page).text), page


def test_an_account_made_by_command_is_held_to_the_same_rules(working):
    with working() as session:
        good = users.add_by_command(session, "lihua", roles=["clerk"], regions=[by_code(session, A)], password="purple-anvil-sings")
        assert [r.name for r in users.regions_of(session, good)] == ["龙泉镇"]
    for words in (
        {"username": "clerk"},
        {"roles": ["clrek"]},
        {"roles": ["admin", "clerk"]},
        {"password": "short"},
        {"password": "wanghong-wanghong"},
    ):
        asked = {"username": "wanghong", "roles": ["clerk"], "password": "purple-anvil-sings", **words}
        with pytest.raises(RuleViolation), working() as session:
            users.add_by_command(session, asked.pop("username"), regions=[], **asked)


def test_the_first_admin_must_change_a_password_nobody_chose(working, stranger):
    with working() as session:
        user_named(session, "admin").username = "somebody"
        user_named(session, "somebody").email = "somebody@localhost"
        session.flush()
        name, password = users.first_admin(session)
    browser = stranger()
    browser.enter(name, password)
    assert browser.get("/users/list/").headers["Location"] == "/own/password"


def test_the_last_sign_in_and_the_sessions_are_shown(sign_in, seeing):
    admin = sign_in("admin")
    assert "This person is not signed in" in admin.get("/users/show/clerk").text
    sign_in("clerk")
    page = admin.get("/users/show/clerk").text
    at = seeing(lambda s: s.scalar(select(UserSession.started_at).order_by(UserSession.id.desc()).limit(1)))
    assert clock.local(at).strftime("%Y-%m-%d %H:%M") in page
    assert "127.0.0.1" in page


def test_the_cast_is_made_by_the_rules_of_the_screen(seeing):
    assert [name for name in CAST if seeing(lambda s, name=name: duties.problems_of_user(s, user_named(s, name).roles))] == []
