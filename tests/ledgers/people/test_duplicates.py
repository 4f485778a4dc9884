"""Files that may be one person's: each rule, who is told, what was decided stays decided; the screens of both decisions."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import func, insert, select

from app.core import audit, clock, regions, scope
from app.core.audit import acting
from app.core.changes import ChangeRequest
from app.core.crypto import sealed_row, uuid7
from app.core.errors import RuleViolation
from app.core.scope import Scope, elevated, looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import WorkflowStep
from app.extensions import db
from app.ledgers.people import duplicates, naming
from app.ledgers.people.models import DuplicatePair, DuplicateRule, OfficeKind, PairState, Person, PersonOffice
from tests.cast import A1, A2, B1, COUNTY, A, B
from tests.conftest import EVERYWHERE
from tests.factories.births import user
from tests.factories.pairs import look, pair_of, proposed
from tests.factories.people import also_seen_by, id_number_for, make_person
from tests.figures import figure

BORN = date(1980, 5, 1)
CARD = id_number_for(BORN, "2", 901)
OLD_CARD = CARD[:6] + CARD[8:17]
PHONE = "13912340001"


class Enough(Exception):
    """Ends a unit of work of which nothing is kept."""


@pytest.fixture
def trying(shared_app):
    """`with trying(A) as session:` is a unit of work for this office of which nothing is kept; without an office, with all in view."""

    @contextmanager
    def work(*codes):
        with shared_app.app_context(), acting("test"), looking_as(EVERYWHERE), suppress(Enough), unit_of_work() as session:
            places = [regions.by_code(session, code).path for code in codes]
            with looking_as(Scope.of(places) if places else EVERYWHERE):
                yield session
                session.flush()
            raise Enough

    return work


def found(session):
    """(rule, names) of the pairs the rules find."""
    return [(pair.rule, pair.one.name, pair.other.name) for pair in duplicates.candidates(session, clock.today())]


ALIKE = [
    ("name_birth", {"name": "李梅"}, {"name": "李梅", "id_no": None}),
    ("pinyin_birth", {"name": "李梅"}, {"name": "李玫", "id_no": None}),
    ("pinyin_birth", {"name": "李梅"}, {"name": "李玫", "id_no": "E7654321", "id_type": "2"}),
    ("phone_name", {"name": "李梅", "phone": PHONE}, {"name": "李梅", "phone": PHONE, "id_no": None, "birth_date": date(1981, 5, 1)}),
    ("card_form", {"name": "李梅", "id_no": CARD}, {"name": "李美丽", "id_no": OLD_CARD, "id_type": "9", "birth_date": None}),
    ("one_sign", {"name": "李小梅"}, {"name": "李小红", "id_no": None}),
    ("one_sign", {"name": "李小梅"}, {"name": "王小梅", "id_no": None}),
]
UNLIKE = [
    ({"name": "李梅"}, {"name": "李梅"}),  # two valid card numbers
    ({"name": "李梅"}, {"name": "李梅", "id_no": None, "birth_date": date(1981, 5, 1)}),
    ({"name": "李梅"}, {"name": "李玫", "id_no": None, "sex": "1"}),
    ({"name": "李小梅"}, {"name": "李大美", "id_no": None}),
    ({"name": "李小梅"}, {"name": "李小梅花", "id_no": None}),
    ({"name": "李梅", "id_no": None}, {"name": "李梅", "id_no": None, "is_protected": True}),
    ({"name": "李梅", "id_no": None}, {"name": "李梅", "id_no": None, "closed_on": BORN}),
    ({"name": "李梅", "id_no": None, "birth_date": None}, {"name": "李梅", "id_no": None, "birth_date": None}),
]


@pytest.mark.parametrize(("rule", "one", "other"), ALIKE)
def test_a_rule_finds_its_pair(trying, rule, one, other):
    with trying() as session:
        for told in (one, other):
            make_person(session, **{"birth_date": BORN, **told})
        session.flush()
        assert found(session) == [(rule, one["name"], other["name"])]


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_no_rule_finds_these(trying, one, other):
    with trying() as session:
        for told in (one, other):
            make_person(session, **{"birth_date": BORN, **told})
        session.flush()
        assert found(session) == []


def test_children_are_never_compared(trying):
    with trying() as session:
        for _ in range(2):
            make_person(session, name="李梅", id_no=None, birth_date=clock.today().replace(day=1))
        session.flush()
        assert found(session) == []


def test_a_rule_that_is_off_finds_nothing(trying):
    with trying() as session:
        for _ in range(2):
            make_person(session, name="李梅", id_no=None, birth_date=BORN)
        session.flush()
        for rule in session.scalars(select(DuplicateRule).where(DuplicateRule.key.in_(("name_birth", "pinyin_birth")))):
            rule.is_on = False
        session.flush()
        assert found(session) == []
        assert duplicates.load(session) == 0


def test_a_rule_whose_words_were_changed_is_put_right(trying):
    with trying() as session:
        session.get(DuplicateRule, "name_birth").label_en = "?"
        session.flush()
        assert duplicates.load(session) == 1
        assert session.get(DuplicateRule, "name_birth").label_en.startswith("Same name")


def two(session, first=A1, second=A2):
    """Two files alike at two places."""
    one, other = (make_person(session, office=code, name="李梅", id_no=None, birth_date=BORN) for code in (first, second))
    session.flush()
    return one, other


@pytest.mark.parametrize(("codes", "pairs"), [([A], 1), ([COUNTY], 1), ([A1], 0), ([B1], 0), ([A1, A2], 0), ([A1, B1], 0)])
def test_only_who_answers_for_both_learns_of_a_pair(trying, codes, pairs):
    with trying() as session:
        two(session)
        with looking_as(Scope.of([regions.by_code(session, code).path for code in codes])):
            assert look(session) == pairs
            assert len(session.scalars(duplicates.listed(clock.today())).all()) == pairs


def test_a_pair_with_one_file_outside_is_not_shown_nor_told_of(trying):
    """The county found it; town A holds one of the two."""
    with trying() as session:
        two(session, A1, B1)
        assert look(session) == 1
        with looking_as(Scope.of([regions.by_code(session, A).path])):
            assert look(session) == 0
            assert session.scalars(duplicates.listed(clock.today())).all() == []


def test_a_pair_is_not_shown_any_more_when_one_file_has_left(trying):
    with trying() as session:
        one, other = two(session)
        look(session)
        also_seen_by(session, other, B1)
        other.offices[0].valid_to = clock.today()
        session.flush()
        with looking_as(Scope.of([regions.by_code(session, A).path])):
            pair = session.scalars(scope.query(DuplicatePair)).one()
            assert session.scalars(duplicates.listed(clock.today())).all() == []
            with pytest.raises(RuleViolation, match="none of your offices"):
                duplicates.both_of(session, pair)
        assert one.id


def test_a_second_look_finds_nothing_new(trying):
    with trying() as session:
        two(session)
        assert (look(session), look(session)) == (1, 0)


def test_a_pair_goes_along_with_its_files(trying):
    with trying() as session:
        people, place = two(session, A1, A1), regions.by_code(session, B1)
        town, next_town = (Scope.of([regions.by_code(session, code).path]) for code in (A, B))
        with looking_as(town):
            assert look(session) == 1
        for person in people:
            also_seen_by(session, person, B1)
        session.flush()
        with looking_as(next_town):
            assert look(session) == 0  # the office that was asked still holds both
        for link in [link for person in people for link in person.offices if link.region_id != place.id]:
            link.valid_to = clock.today()
        session.flush()
        with looking_as(next_town):
            assert [look(session), look(session)] == [1, 0]
            assert len(session.scalars(duplicates.listed(clock.today())).all()) == 1
        with looking_as(town):
            assert session.scalars(scope.query(DuplicatePair)).all() == []


def decided(session, one, other):
    pair = pair_of(session, one, other)
    duplicates.different(pair, user(session, "clerk"), session=session, token=str(uuid7()), reason="sisters")
    session.flush()
    return pair


def test_a_decided_pair_stays_decided_until_one_is_somebody_else(trying):
    with trying() as session:
        one, other = two(session)
        pair = decided(session, one, other)
        assert look(session) == 0
        one.ethnicity = "01"
        session.flush()
        assert look(session) == 0
        one.phone = PHONE
        session.flush()
        assert look(session) == 1
        assert (pair.state, pair.reason, pair.decided_by_id) == (PairState.open, None, None)


@pytest.mark.parametrize(("reason", "said"), [(" ", "Write why"), ("x" * 501, "at most 500")])
def test_different_people_needs_a_reason(trying, reason, said):
    with trying() as session:
        pair = pair_of(session, *two(session))
        with pytest.raises(RuleViolation, match=said):
            duplicates.different(pair, user(session, "clerk"), session=session, token=str(uuid7()), reason=reason)


def test_what_is_decided_or_proposed_is_not_decided_again(trying):
    with trying() as session:
        pair = decided(session, *two(session))
        with pytest.raises(RuleViolation, match="decided about these two"):
            duplicates.different(pair, user(session, "clerk"), session=session, token=str(uuid7()), reason="again")
        asked = proposed(session, *two(session, A2, A1))
        waiting = scope.get(DuplicatePair, asked.owner_uid)
        with pytest.raises(RuleViolation, match="merge of these two files is proposed"):
            duplicates.different(waiting, user(session, "clerk"), session=session, token=str(uuid7()), reason="no")


def test_the_decision_is_in_the_history(working, seeing):
    with working() as session:
        uid = decided(session, *two(session)).uid
    entries = seeing(lambda s: audit.history_of(s, scope.get(DuplicatePair, uid)))
    assert "different" in [entry.act for entry in entries]
    assert "sisters" in entries[-1].detail


# the screens


def uid_on(page):
    return re.search(r"/people/duplicates/show/([0-9a-f-]{36})", page)[1]


@pytest.fixture
def pair(working):
    """Two files of one woman, and the identities of both: the older one has no number."""
    with working() as session:
        other = make_person(session, office=A2, name="李梅", id_no=None, birth_date=BORN, phone=PHONE)
        one = make_person(session, office=A1, name="李梅", id_no=CARD, birth_date=BORN)
        session.flush()
        return str(one.uid), str(other.uid)


def propose(clerk, uid, **words):
    """Fill in the form of a merge."""
    page = f"/people/duplicates/propose/{uid}"
    text = clerk.get(page).text
    fields = dict(re.findall(r'name="(one_version|other_version)" value="(\d+)"', text))
    fields |= dict(re.findall(r'type="radio" name="(\w+)" value="(\w+)" checked', text))
    return clerk.send(page, **{**fields, "change_reason": "one person", "evidence": "household register", **words})


def test_from_the_list_to_one_file(sign_in, pair, seeing):
    stays, goes = pair
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    list_page = clerk.send("/people/duplicates/look", "/people/duplicates/list/")
    assert list_page.status_code == 302
    page = clerk.get("/people/duplicates/list/").text
    assert "1 new pair was found." in page
    assert "Same name and birth date" in page
    assert CARD not in page
    uid = uid_on(page)
    side = clerk.get(f"/people/duplicates/show/{uid}").text
    assert stays in side
    assert goes in side
    assert CARD not in side
    assert 'href="/people/duplicates/list/"' in clerk.get("/").text
    answer = propose(clerk, uid)
    assert answer.status_code == 302, answer.text
    asked = re.search(r"/people/duplicates/change/([0-9a-f-]{36})", clerk.get(f"/people/duplicates/show/{uid}").text)[1]
    assert "change_open" in supervisor.get("/").text
    proposal = supervisor.get(f"/people/duplicates/change/{asked}").text
    assert "cannot be taken back" in proposal
    assert "household register" in proposal
    assert clerk.send(f"/people/duplicates/change/{asked}/apply", f"/people/duplicates/change/{asked}").status_code == 403
    applied = supervisor.send(f"/people/duplicates/change/{asked}/apply", f"/people/duplicates/change/{asked}")
    assert applied.headers["Location"].endswith(f"/people/duplicates/show/{uid}")
    assert supervisor.get(applied.headers["Location"]).headers["Location"].endswith(f"/people/show/{stays}")
    assert "139****0001" in supervisor.get(f"/people/show/{stays}").text
    assert clerk.get(f"/people/show/{goes}").headers["Location"].endswith(f"/people/show/{stays}")
    assert clerk.get(f"/people/duplicates/change/{asked}").status_code == 302
    assert uid not in clerk.get("/people/duplicates/list/").text
    assert seeing(lambda s: list(audit.verify(s))) == []


def test_different_people_by_the_button(sign_in, pair, seeing):
    clerk = sign_in("clerk")
    clerk.send("/people/duplicates/look", "/people/duplicates/list/")
    uid = uid_on(clerk.get("/people/duplicates/list/").text)
    page, act = f"/people/duplicates/show/{uid}", f"/people/duplicates/action/different/{uid}"
    assert sign_in("supervisor").send(act, page, reason="x").status_code == 403
    words = {**clerk.hidden(page), "reason": "mother and daughter"}
    for _twice in range(2):
        clerk.http.post(act, data=words)
    page = clerk.get(page).text
    assert "mother and daughter" in page
    assert "Same person" not in page
    assert seeing(lambda s: s.scalars(select(WorkflowStep.act)).all()) == ["different"]
    assert uid not in clerk.get("/people/duplicates/list/").text


def test_a_form_that_cannot_be_a_merge_is_said_so_and_keeps_the_words(sign_in, working, pair):
    with working() as session:
        one = session.scalars(select(Person).where(Person.uid == scope.as_uuid(pair[0]))).one()
        other = session.scalars(select(Person).where(Person.uid == scope.as_uuid(pair[1]))).one()
        uid = pair_of(session, one, other).uid
        one.died_on, other.died_on = date(2020, 1, 1), date(2020, 1, 2)
    clerk = sign_in("clerk")
    answer = propose(clerk, uid)
    assert answer.status_code == 200
    assert "2020-01-02" in answer.text
    assert "household register" in answer.text
    assert propose(clerk, uid, stays="both").status_code == 400
    assert [propose(clerk, uid, one_version=version).status_code for version in ("x", "9" * 5000)] == [400, 400]
    assert "Waiting" not in answer.text


def test_a_proposal_sent_twice_is_one_and_needs_its_words(sign_in, working, seeing, pair):
    with working() as session:
        people = [session.scalars(select(Person).where(Person.uid == scope.as_uuid(uid))).one() for uid in pair]
        uid = pair_of(session, *people).uid
    clerk = sign_in("clerk")
    assert propose(clerk, uid, evidence=" ").status_code == 200
    page = f"/people/duplicates/propose/{uid}"
    text = clerk.get(page).text
    words = {**clerk.hidden(page), "stays": "one", "change_reason": "one person", "evidence": "paper"}
    words |= dict(re.findall(r'name="(one_version|other_version)" value="(\d+)"', text))
    assert [clerk.http.post(page, data=words).status_code for _twice in range(2)] == [302, 302]
    assert len(seeing(lambda s: s.scalars(select(ChangeRequest.id)).all())) == 1
    assert propose(clerk, uid).status_code in (200, 400)


def test_two_supervisors_at_once_merge_once(app, sign_in, working, seeing, pair):
    with working() as session:
        one, other = (session.scalars(select(Person).where(Person.uid == scope.as_uuid(uid))).one() for uid in pair)
        asked = proposed(session, one, other).uid
    page = f"/people/duplicates/change/{asked}"
    browsers = [sign_in("supervisor"), sign_in("approver")]
    words = [browser.hidden(page) for browser in browsers]
    start = Barrier(2)

    def send(number):
        start.wait(60)
        return browsers[number].http.post(f"{page}/apply", data=words[number]).status_code

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(send, range(2))) <= {302, 404}
    assert seeing(lambda s: s.scalars(select(DuplicatePair.state)).all()) == [PairState.merged]
    with app.app_context(), looking_as(EVERYWHERE), elevated("test"):
        assert db.session.scalars(select(Person.merged_into_id).where(Person.merged_into_id.is_not(None))).all() == [
            db.session.scalar(select(Person.id).where(Person.id_no == CARD))
        ]
    assert seeing(lambda s: list(audit.verify(s))) == []


# many people


FIRST = 1000  # the first key of people written past the rules


def many(session, count):
    """People of one village, by hundreds alike in part; written past the rules."""
    place = regions.by_code(session, A1)
    rows = []
    for number in range(count):
        name = f"王{chr(0x4E00 + number % 4000)}{chr(0x5500 + number % 9)}"
        born = date.fromordinal(date(1950, 1, 1).toordinal() + number % 18_000)
        told = {"name": name, "name_key": naming.name_key(name), "id_type": "1", "sex": str(1 + number % 2), "birth_date": born}
        told |= {"id_no": id_number_for(born, told["sex"], 1000 + number)} if number % 2 else {}
        told |= {"id": FIRST + number, "is_protected": False, "version": 1, "audit_path": place.path}
        rows.append(sealed_row(Person, **{"id_no": None, **told}))
    held = {"region_id": place.id, "scope_path": place.path, "kind": OfficeKind.resident, "valid_from": clock.today(), "version": 1}
    links = [sealed_row(PersonOffice, person_id=row["id"], **held) for row in rows]
    with elevated("test"):
        session.connection().execute(insert(Person.__table__), rows)
        session.connection().execute(insert(PersonOffice.__table__), links)
    one, other = two(session, A1, A1)
    return one, other


@pytest.mark.full
def test_one_look_at_many_people_keeps_each_pair_it_tells_of(trying):
    count = figure(20_000)
    with trying() as session:
        many(session, count)
        began = time.perf_counter()
        with looking_as(Scope.of([regions.by_code(session, A).path])):
            new = look(session)
        took = time.perf_counter() - began
        print(f"{count} people: {new} pairs in {took:.2f} s")
        assert new >= 1
        assert new == session.scalar(scope.query(DuplicatePair).with_only_columns(func.count()))


def test_the_commands_look_and_switch_a_rule(app, pair, seeing):
    run = app.test_cli_runner().invoke
    assert run(args=["people", "rule", "name_birth", "--off"]).output == "name_birth is off.\n"
    assert run(args=["people", "rule", "no_such", "--on"]).exit_code == 1
    assert run(args=["people", "duplicates", "--as", "clerk"]).output == "1 new pairs.\n"
    assert seeing(lambda s: s.scalars(select(DuplicatePair.rule_key)).all()) == ["pinyin_birth"]
    assert "do not include" in run(args=["people", "duplicates", "--as", "supervisor"]).output


def test_where_a_file_lies_elsewhere_is_not_asked(working):
    with working() as session:
        person = make_person(session, office=A1)
        also_seen_by(session, person, B1)
        number = person.id
        everywhere = duplicates._paths(session, [number])[number]
    with working(A) as session:
        assert duplicates._paths(session, [number]) == {number: everywhere[:1]}


def test_a_pair_that_another_office_was_asked_about_is_not_listed(working):
    with working() as session:
        one, other = (make_person(session, office=A1, name="李梅", id_no=None, birth_date=BORN) for _time in range(2))
        for person in (one, other):
            also_seen_by(session, person, B1)
        pair = pair_of(session, one, other)
        assert session.scalars(duplicates.listed(clock.today())).all() == [pair]
    with working(B) as session:
        assert session.scalars(duplicates.listed(clock.today())).all() == []
