"""The people screens in a browser: entering, changing, finding, and what the neighbour gets."""

import logging
import re
from datetime import date

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import event, func, select

from app.accounts.models import UserRegion
from app.core import clock, regions
from app.core.audit import AuditEntry
from app.core.errors import RuleViolation
from app.core.regions import Region
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.people import offices, rules
from app.ledgers.people.identity import COLLISIONS_PER_HOUR
from app.ledgers.people.models import IdentityRequest, OfficeKind, Person, PersonOffice, PersonSearch
from tests.cast import A1, A2, B1, COUNTY
from tests.factories.births import do, make_birth
from tests.factories.people import also_seen_by, id_number_for, make_person

BORN = date(1990, 1, 2)
NUMBER = id_number_for(BORN, "2", 700)
ELSEWHERE = "A file for this ID number may exist at another office."
MOST_STATEMENTS = 12  # of a list page


@pytest.fixture
def place(seeing):
    """`place(A1)` is the uid of the region, as the picker sends it."""
    return lambda code: str(seeing(lambda s: regions.by_code(s, code).uid))


def rows(answer):
    """The uids the list shows."""
    return set(re.findall(r"/people/show/([0-9a-f-]{36})", answer.text))


def people(seeing):
    return seeing(lambda s: s.scalar(select(func.count(Person.id))))


# entering


def test_the_number_fills_birth_date_and_sex(sign_in, seeing, place):
    clerk = sign_in("clerk")
    answer = clerk.send("/people/add", id_type="1", id_no=NUMBER, name="张 丽", phone="13812345678", residence=place(A1))
    assert answer.status_code == 302, answer.text
    found = seeing(lambda s: s.scalars(select(Person)).one())
    assert (found.name, found.name_key, found.birth_date, found.sex) == ("张丽", "zhang li", BORN, "2")
    page = clerk.get(answer.location).text
    assert "138****5678" in page
    assert NUMBER not in page
    assert "lives there" in page


def test_living_and_registered_places_may_differ(sign_in, seeing, place):
    sign_in("clerk").send("/people/add", id_type="1", id_no=NUMBER, name="张丽", residence=place(A1), registration=place(A2))
    links = seeing(lambda s: s.execute(select(PersonOffice.kind, Region.name).join(Region, Region.id == PersonOffice.region_id)).all())
    assert {kind for kind, _name in links} == {OfficeKind.resident, OfficeKind.registered}
    assert len({name for _kind, name in links}) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"id_no": NUMBER[:-1]}, "An ID number has 18 characters"),
        ({"sex": "1"}, "the ID number of a woman"),
        ({"birth_date": "1991-01-02"}, "contains another birth date"),
        ({"name": "张"}, "A name has 2 to 50"),
        ({"phone": "12345"}, "A phone number is a mobile number"),
        ({"residence": ""}, "Choose where the person lives"),
        ({"id_no": "", "sex": "2"}, "Write the birth date"),
        ({"id_no": "", "birth_date": "1900-01-02", "sex": "2"}, "older than 120 years"),
        ({"id_no": "", "birth_date": "1990-01-02"}, "Choose the sex"),
    ],
)
def test_bad_input_gets_a_sentence_and_nothing_is_stored(sign_in, seeing, place, words, told):
    answer = sign_in("clerk").send("/people/add", **{"id_type": "1", "id_no": NUMBER, "name": "张丽丽", "residence": place(A1), **words})
    assert answer.status_code == 200
    assert told in answer.text
    assert people(seeing) == 0


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("id_type", "9x", "Choose a value from the list."),
        ("sex", "x", "Choose a value from the list."),
        ("ethnicity", "9x", "Choose a value from the list."),
        ("birth_date", "0000-01-01", "This is not a date."),
        ("birth_date", "0001-01-01", "older than 120 years"),
        ("residence", "x", "Choose a value from the list."),
        ("registration", "x", "Choose a value from the list."),
    ],
)
def test_what_no_box_takes_is_said_beside_it_and_the_words_stay(sign_in, seeing, place, name, typed, told):
    words = {"id_type": "1", "name": "张丽丽", "sex": "2", "birth_date": "1990-01-02", "residence": place(A1), name: typed}
    answer = sign_in("clerk").send("/people/add", **words)
    assert answer.status_code == 200
    assert told in re.search(rf'id="{name}-error">(.*?)</div></div>', answer.text)[1]
    assert "张丽丽" in answer.text
    assert people(seeing) == 0


def test_a_code_off_the_list_is_refused_at_a_change_too(sign_in, filed):
    uid, _ = filed(id_no=None, birth_date=BORN, sex="2", name="张丽")
    words = {"id_type": "9x", "id_no": "", "name": "张丽丽", "sex": "2", "birth_date": "1990-01-02"}
    answer = sign_in("clerk").send(f"/people/edit/{uid}", **words)
    assert answer.status_code == 200
    assert "Choose a value from the list." in answer.text
    assert "张丽丽" in answer.text


@pytest.mark.parametrize("name", ["residence", "registration"])
def test_nobody_is_filed_at_a_county(act, place, name):
    def file_there(session):
        person = Person(name="张丽", id_type="1", sex="2", birth_date=BORN)
        setattr(person, name, regions.by_code(session, COUNTY))
        rules.save(person, None, clock.today())

    with pytest.raises(RuleViolation) as refused:
        act(file_there)
    assert [(p.field, p.code) for p in refused.value.problems] == [(name, "place_large")]


def test_all_problems_are_told_at_once(sign_in, place):
    text = sign_in("clerk").send("/people/add", id_type="1", id_no=NUMBER, name="张", phone="1", sex="1", residence=place(A1)).text
    assert "A name has 2 to 50" in text
    assert "A phone number is" in text
    assert "ID number of a woman" in text


def test_a_place_of_another_town_cannot_be_chosen(sign_in, seeing, place):
    answer = sign_in("clerk").send("/people/add", id_type="1", id_no=NUMBER, name="张丽", residence=place(B1))
    assert "Choose a value from the list." in answer.text
    assert people(seeing) == 0


def test_a_number_of_the_own_office_is_told_in_words(sign_in, filed, seeing, place):
    filed(name="张丽", id_no=NUMBER)
    answer = sign_in("clerk").send("/people/add", id_type="1", id_no=NUMBER, name="张丽", residence=place(A1))
    assert "belongs to 张丽, who is already on file in your office" in answer.text
    assert people(seeing) == 1


def test_a_childs_number_does_not_tell_the_name(sign_in, filed, place):
    born = date(2025, 5, 6)
    number = id_number_for(born, "2", 3)
    filed(name="小宝宝", id_no=number, birth_date=born)
    answer = sign_in("clerk").send("/people/add", id_type="1", id_no=number, name="王五", residence=place(A1))
    assert "already on file in your office. A child" in answer.text
    assert "小宝宝" not in answer.text


def test_a_number_of_another_office_reveals_nothing_and_asks(sign_in, filed, seeing, place):
    filed(name="张丽", id_no=NUMBER, office=B1)
    answer = sign_in("clerk").send("/people/add", id_type="1", id_no=NUMBER, name="李四四", residence=place(A1))
    assert ELSEWHERE in answer.text
    assert "张丽" not in answer.text
    assert people(seeing) == 1
    paths = seeing(lambda s: s.scalars(select(IdentityRequest.scope_path)).all())
    assert paths == [seeing(lambda s: regions.by_code(s, B1).path)]


def test_a_protected_person_of_the_own_office_is_answered_like_one_of_another(sign_in, filed, seeing, place):
    filed(name="张丽", id_no=NUMBER, is_protected=True)
    answer = sign_in("clerk").send("/people/add", id_type="1", id_no=NUMBER, name="张丽", residence=place(A1))
    assert ELSEWHERE in answer.text
    assert "already on file in your office" not in answer.text


def test_the_form_is_no_way_to_try_out_numbers(sign_in, filed, seeing, place):
    numbers = [id_number_for(BORN, "2", 710 + n) for n in range(COLLISIONS_PER_HOUR)]
    for number in numbers:
        filed(name="张丽", id_no=number, office=B1)
    clerk = sign_in("clerk")
    told = [clerk.send("/people/add", id_type="1", id_no=n, name="李四四", residence=place(A1)).text for n in [*numbers, NUMBER]]
    assert [ELSEWHERE in text for text in told] == [True] * COLLISIONS_PER_HOUR + [False]
    assert "which is the limit" in told[-1]


def test_a_closed_file_opens_for_nobody_of_another_name(sign_in, seeing, act, place):
    def close_one(session):
        birth = make_birth(session, mother_id_no=NUMBER, mother_birth_date=BORN)
        do(birth, "discard", session.get_one(User, birth.made_by_id))

    act(close_one)
    told = [sign_in("clerk").send("/people/add", id_type="1", id_no=NUMBER, name=n, residence=place(A1)).text for n in ("李梅", "王五五")]
    assert ["was closed when a record was taken back" in text for text in told] == [True, False]
    assert ELSEWHERE in told[1]


def test_the_history_of_a_file_stands_in_the_chain_of_its_town(sign_in, seeing, place):
    clerk = sign_in("clerk")
    clerk.send("/people/add", id_type="1", id_no=NUMBER, name="张丽", residence=place(A1))
    town = seeing(lambda s: regions.by_code(s, A1).path[:16])
    person = seeing(lambda s: s.scalars(select(Person)).one())
    assert seeing(lambda s: s.scalars(select(AuditEntry.chain).where(AuditEntry.target == f"person/{person.uid}")).all()) == [town]


def test_a_namesake_who_is_protected_is_not_asked_about(sign_in, filed, seeing, place):
    filed(name="张丽", birth_date=BORN, is_protected=True)
    words = {"id_type": "1", "name": "张丽", "birth_date": "1990-01-02", "sex": "2", "residence": place(A1)}
    assert sign_in("clerk").send("/people/add", **words).status_code == 302
    assert people(seeing) == 2


def test_a_namesake_without_number_needs_a_reason(sign_in, filed, seeing, place):
    filed(name="张丽", birth_date=BORN)
    clerk, words = sign_in("clerk"), {"id_type": "1", "name": "张丽", "birth_date": "1990-01-02", "sex": "2", "residence": place(A1)}
    answer = clerk.send("/people/add", **words)
    assert "already has a person of this name and birth date" in answer.text
    assert people(seeing) == 1
    saved = clerk.send("/people/add", **words, reason_same_person="another family")
    assert people(seeing) == 2
    assert "another family" in clerk.get(saved.location).text


def test_a_namesake_of_another_office_is_not_mentioned(sign_in, filed, place):
    filed(name="张丽", birth_date=BORN, office=B1)
    words = {"id_type": "1", "name": "张丽", "birth_date": "1990-01-02", "sex": "2", "residence": place(A1)}
    assert sign_in("clerk").send("/people/add", **words).status_code == 302


def test_the_only_village_is_chosen_already(app, sign_in, act, place):
    def answer_for_one_village(session):
        user_id = session.scalars(select(User.id).where(User.username == "clerk")).one()
        session.scalars(select(UserRegion).where(UserRegion.user_id == user_id)).one().region_id = regions.by_code(session, A1).id

    assert f'value="{place(A1)}" selected' not in sign_in("clerk").get("/people/add").text
    act(answer_for_one_village)
    assert f'value="{place(A1)}" selected' in sign_in("clerk").get("/people/add").text


# changing


def test_renaming_rewrites_the_search(sign_in, filed, seeing):
    uid, _ = filed(name="张丽", id_no=NUMBER)
    clerk = sign_in("clerk")
    answer = clerk.send(f"/people/edit/{uid}", id_type="1", id_no="unchanged", name="王芳", sex="2", birth_date="1990-01-02")
    assert "An ID number has 18 characters" in answer.text
    mask = NUMBER[:6] + "********" + NUMBER[-4:]
    answer = clerk.send(f"/people/edit/{uid}", id_type="1", id_no=mask, name="王芳", sex="2", birth_date="1990-01-02")
    assert answer.status_code == 302, answer.text
    assert set(seeing(lambda s: s.scalars(select(PersonSearch.token)).all())) == {"王芳", "芳", "wf", "f"}
    assert seeing(lambda s: s.scalars(select(Person)).one().id_no.reveal()) == NUMBER


def test_renaming_rewrites_the_search_of_every_office(sign_in, act, seeing):
    def two_offices(session):
        person = make_person(session, name="张丽", office=A1)
        also_seen_by(session, person, B1)
        return str(person.uid)

    uid = act(two_offices)
    page = sign_in("clerk")
    mask = seeing(lambda s: str(s.scalars(select(Person)).one().id_no))
    page.send(f"/people/edit/{uid}", id_type="1", id_no=mask, name="王芳", sex="2", birth_date="1990-01-02")
    assert rows(sign_in("neighbour").send("/people/find", "/people/list/", text="王芳")) == {uid}
    assert rows(page.send("/people/find", "/people/list/", text="张丽")) == set()


@pytest.mark.parametrize(
    "words",
    [{"name": "王芳"}, {"sex": "9"}, {"birth_date": "1990-01-03"}, {"id_no": NUMBER}, {"id_no": ""}],
)
def test_whom_an_approved_record_names_stays_who_they_are(sign_in, act, seeing, words):
    uid = act(lambda s: make_birth(s, status=Status.approved, mother_birth_date=BORN) and str(s.scalars(select(Person)).first().uid))
    mask = seeing(lambda s: str(s.scalars(select(Person)).first().id_no or ""))
    told = {"id_type": "1", "id_no": mask, "name": "李梅", "sex": "2", "birth_date": "1990-01-02"}
    clerk = sign_in("clerk")
    assert "An approved record names this person." in clerk.send(f"/people/edit/{uid}", **{**told, **words}).text
    assert clerk.send(f"/people/edit/{uid}", **told, phone="13812345678").status_code == 302


def test_whom_only_a_draft_names_can_be_put_right(sign_in, act):
    uid = act(lambda s: make_birth(s, mother_birth_date=BORN) and str(s.scalars(select(Person)).first().uid))
    words = {"id_type": "1", "id_no": "", "name": "王芳", "sex": "2", "birth_date": "1990-01-02"}
    assert sign_in("clerk").send(f"/people/edit/{uid}", **words).status_code == 302


def test_nothing_is_deleted(sign_in, filed):
    uid, _ = filed()
    assert sign_in("clerk").send(f"/people/delete/{uid}", "/people/list/").status_code == 404


# finding


SPACED, SHORT = NUMBER[:6] + " " + NUMBER[6:], NUMBER[:6] + NUMBER[8:17]


@pytest.mark.parametrize("text", ["查良", "良镛", "zly", "ZL", "ly", NUMBER, SPACED, SHORT, NUMBER[-4:], "13812345678"])
def test_a_person_is_found_by(sign_in, filed, text):
    uid, _ = filed(name="查良镛", id_no=NUMBER, phone="13812345678")
    filed(name="王秀英")
    assert rows(sign_in("clerk").send("/people/find", "/people/list/", text=text)) == {uid}


@pytest.mark.parametrize("text", ["E12345678", "e 1234-5678", "5678"])
def test_a_foreigner_is_found_by_the_passport(sign_in, filed, text):
    uid, _ = filed(name="John Smith", id_type="2", id_no="E12345678")
    filed(name="王秀英")
    assert rows(sign_in("clerk").send("/people/find", "/people/list/", text=text)) == {uid}


@pytest.mark.parametrize("text", ["查镛", "cly", "1381234", NUMBER[:10], "%", "_"])
def test_a_person_is_not_found_by(sign_in, filed, text):
    filed(name="查良镛", id_no=NUMBER, phone="13812345678")
    assert rows(sign_in("clerk").send("/people/find", "/people/list/", text=text)) == set()


@pytest.mark.parametrize("words", [{"birth_date": date(2020, 1, 1)}, {"is_protected": True}, {"closed_on": date(2024, 1, 1)}])
@pytest.mark.parametrize("text", ["张丽", "zl", ""])
def test_children_and_protected_people_stand_in_no_list(sign_in, filed, words, text):
    uid, _ = filed(name="张丽", **words)
    clerk = sign_in("clerk")
    assert rows(clerk.send("/people/find", "/people/list/", text=text)) == set()
    assert rows(clerk.get("/people/list/")) == set()
    assert clerk.get(f"/people/show/{uid}").status_code == 200


def test_the_list_sorts_by_pinyin(sign_in, filed):
    second, third, first = (filed(name=name)[0] for name in ("王秀英", "查良镛", "李娜"))
    text = sign_in("clerk").get("/people/list/?_oc_PersonView=name&_od_PersonView=asc").text
    assert text.index(first) < text.index(second) < text.index(third)


def test_a_list_page_costs_few_statements(app, sign_in, filed):
    filed()
    filed()
    clerk = sign_in("clerk")
    clerk.get("/people/list/")
    statements = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
    assert clerk.get("/people/list/").status_code == 200
    assert len(statements) <= MOST_STATEMENTS, statements


# who sees whom


@pytest.mark.parametrize("path", ["show", "edit"])
def test_the_neighbour_opens_nothing(sign_in, filed, path):
    uid, _ = filed()
    assert sign_in("neighbour").get(f"/people/{path}/{uid}").status_code == 404


@pytest.mark.parametrize(("path", "words"), [("edit", {"name": "王五五"}), ("reveal", {"column": "id_no", "reason": "because"})])
def test_the_neighbour_changes_and_reveals_nothing(sign_in, filed, path, words):
    uid, _ = filed()
    neighbour = sign_in("neighbour")
    assert neighbour.send(f"/people/{path}/{uid}", "/people/list/", **words).status_code == 404


@pytest.mark.parametrize("text", ["张丽", "zl", NUMBER, NUMBER[-4:], "13812345678"])
def test_the_neighbour_finds_nothing(sign_in, filed, text):
    filed(name="张丽", id_no=NUMBER, phone="13812345678")
    neighbour = sign_in("neighbour")
    assert rows(neighbour.get("/people/list/")) == set()
    assert rows(neighbour.send("/people/find", "/people/list/", text=text)) == set()


@pytest.mark.parametrize("user", ["stranger", "admin", "finance"])
@pytest.mark.parametrize("path", ["/people/list/", "/people/lookup", "/people/requests/list/", "/people/add"])
def test_who_has_no_right_is_refused(sign_in, path, user):
    assert sign_in(user).get(path).status_code in (302, 403)


@pytest.mark.guard
def test_two_offices_see_one_person_and_nobody_else_does(app, sign_in, act, seeing):
    def two_offices(session):
        person = make_person(session, office=A1)
        link = also_seen_by(session, person, B1)
        session.flush()
        return str(person.uid), link.uid

    uid, link_uid = act(two_offices)
    clerk, neighbour = sign_in("clerk"), sign_in("neighbour")
    assert rows(clerk.get("/people/list/")) == rows(neighbour.get("/people/list/")) == {uid}
    assert clerk.get(f"/people/show/{uid}").status_code == neighbour.get(f"/people/show/{uid}").status_code == 200
    b_name = seeing(lambda s: regions.by_code(s, B1).name)
    assert b_name not in clerk.get(f"/people/show/{uid}").text

    act(lambda s: offices.close_office(s, s.scalars(select(PersonOffice).where(PersonOffice.uid == link_uid)).one(), clock.today()))
    assert rows(neighbour.get("/people/list/")) == set()
    assert neighbour.get(f"/people/show/{uid}").status_code == 404
    assert rows(clerk.get("/people/list/")) == {uid}
    assert (
        seeing(lambda s: s.scalar(select(func.count()).select_from(PersonSearch).where(PersonSearch.scope_path.startswith(path_of(s, B1)))))
        == 0
    )


def path_of(session, code):
    return regions.by_code(session, code).path


# secrets


def test_the_whole_number_is_shown_once_with_a_reason(sign_in, filed, caplog):
    uid, _ = filed(id_no=NUMBER)
    clerk = sign_in("clerk")
    assert NUMBER in clerk.send(f"/people/reveal/{uid}", f"/people/show/{uid}", column="id_no", reason="compare with the card").text
    assert NUMBER not in clerk.get(f"/people/show/{uid}").text


def test_the_number_stands_in_no_page_address_or_log(sign_in, place, caplog, seeing):
    caplog.set_level(logging.DEBUG)
    clerk = sign_in("clerk")
    saved = clerk.send("/people/add", id_type="1", id_no=NUMBER, name="张丽", residence=place(A1))
    pages = [saved.location, clerk.get(saved.location).text, clerk.get("/people/list/").text]
    pages.append(clerk.get(saved.location.replace("show", "edit")).text)
    pages.append(clerk.send("/people/find", "/people/list/", text=NUMBER).text.replace(f'value="{NUMBER}"', ""))
    pages += [clerk.send("/people/lookup", id_no=NUMBER, name=name, reason="moved here").text for name in ("张丽", "王五")]
    pages.append(caplog.text)
    assert [NUMBER in page for page in pages] == [False] * len(pages)
