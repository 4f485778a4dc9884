"""The handshake between two offices: who may send, answer and withdraw, what accepting does, what stops it."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.core import changes, clock, regions, scope
from app.core.audit import AuditEntry, verify
from app.core.crypto import sealed_row, uuid7
from app.core.errors import RuleViolation
from app.core.merge import merge
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.moves import endings
from app.ledgers.moves.endings import WhatEnds
from app.ledgers.moves.models import BACK, BOTH, ELSEWHERE, MOVED_IN, MOVED_OUT, REGISTRATION, RESIDENCE, MoveEvent, Transfer
from app.ledgers.people import filing, search
from app.ledgers.people.models import Person
from tests.cast import A1, A2, B1, C1, COUNTY, A, B, C
from tests.factories.births import user
from tests.factories.families import make_death
from tests.factories.moves import BORN, MOVED_ON, answer, do, links, make_move, make_transfer, seen_at
from tests.factories.pairs import proposed
from tests.factories.people import also_seen_by, make_person

TODAY = clock.today()
LATER = MOVED_ON + timedelta(days=100)
B_TELLS = {"maker": "neighbour", "decider": "neighbour_supervisor"}


@pytest.fixture
def sent(working, his):
    """`sent()` files somebody at A1, sends the file to B1 and gives the uids of both."""

    def send(*, more=None, first=None, **fields):
        with working(A) as session:
            person = make_person(session, **{"name": "王强", "id_no": his, "sex": "1", "birth_date": BORN} | (more or {}))
            if first:
                first(session, person)
            return make_transfer(session, person, **fields).uid, person.uid

    return send


def of(session, code):
    return regions.by_code(session, code).name


def answered(working, office, uid, act, who, reason="not ours"):
    """What an answer is told; nothing where it was taken."""
    try:
        with working(office) as session:
            answer(session, scope.get(Transfer, uid), act, who, reason)
    except RuleViolation as refusal:
        return {problem.code for problem in refusal.problems}
    return set()


def refused(working, his, *, more=None, **fields):
    """The codes of what is wrong with a sending that has these fields."""
    try:
        with working(A) as session:
            person = make_person(session, **{"name": "王强", "id_no": his, "sex": "1", "birth_date": BORN} | (more or {}))
            make_transfer(session, person, **fields)
    except RuleViolation as refusal:
        return {problem.code for problem in refusal.problems}
    return set()


def whole(working, person_uid):
    """(person, links) with every row in view."""
    with working() as session:
        person = session.scalars(scope.query(Person).where(Person.uid == person_uid)).one()
        return person.moved_out_on, seen_at(session, person.id)


# sending


def test_a_transfer_shows_the_other_office_the_snapshot_and_not_the_file(working, sent, his):
    uid, person = sent()
    with working(B):
        transfer = scope.get(Transfer, uid)
        assert (transfer.person_name, str(transfer.person_id_no), transfer.person_birth_date) == (
            "王强",
            his[:6] + "*" * 8 + his[-4:],
            BORN,
        )
        assert transfer.due_on == TODAY + timedelta(days=7)
        assert scope.get(Person, person) is None
    with working(C):
        assert scope.get(Transfer, uid) is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"what": None}, "missing"),
        ({"what": "9"}, "what"),
        ({"to": ""}, "missing"),
        ({"moved_on": None}, "missing"),
        ({"reason": " "}, "missing"),
        ({"reason": "x" * 201}, "long"),
        ({"moved_on": TODAY + timedelta(days=1)}, "move_future"),
        ({"moved_on": date(1, 1, 1), "more": {"birth_date": None, "id_no": None}}, "date_old"),
        ({"moved_on": BORN - timedelta(days=1)}, "move_before_birth"),
        ({"more": {"died_on": LATER}}, "died"),
        ({"more": {"closed_on": LATER}}, "closed"),
        ({"what": REGISTRATION}, "not_held"),
    ],
)
def test_what_cannot_be_sent_is_refused(working, his, fields, code):
    assert refused(working, his, **{"what": RESIDENCE} | fields) == {code}


def test_a_place_is_a_village_or_a_town_where_they_are_not_yet(working, his):
    assert refused(working, his, to=COUNTY) == {"place_large"}
    assert refused(working, his, to=A1, what=RESIDENCE) == {"there"}


def test_only_what_lies_with_ones_own_offices_is_sent(working, his):
    with working() as session:
        person = make_person(session, id_no=his, sex="1", birth_date=BORN)
        also_seen_by(session, person, B1)
        uid = person.uid
    for what in (REGISTRATION, BOTH):
        with pytest.raises(RuleViolation, match="does not lie with your offices"), working(A) as session:
            make_transfer(session, scope.get(Person, uid), what=what)
    with working(A) as session:
        assert make_transfer(session, scope.get(Person, uid), what=RESIDENCE).from_region.name == of(session, A1)


def test_a_person_is_on_one_way_at_a_time(working, sent):
    uid, person = sent()
    with pytest.raises(RuleViolation, match="on the way"), working(A) as session:
        make_transfer(session, scope.get(Person, person), to=A2)
    with working() as session:
        known = scope.get(Transfer, uid)
        told = {column.key: getattr(known, column.key) for column in Transfer.__mapper__.columns if column.key not in ("id", "uid")}
        row = sealed_row(Transfer, **told)
    with pytest.raises(IntegrityError), working() as session, elevated("test"):
        session.connection().execute(insert(Transfer.__table__).values(**row))


def test_approved_moves_say_whether_the_day_can_be(working, sent):
    def out(session, person):
        make_move(session, kind=MOVED_OUT, person_id_no=person.id_no.reveal(), happened_on=LATER, status=Status.approved)

    with pytest.raises(RuleViolation, match="say otherwise"):
        sent(first=out, moved_on=MOVED_ON)


def test_a_file_with_an_open_proposal_is_not_sent(working, his):
    with working(A) as session:
        person = make_person(session, id_no=his, sex="1", birth_date=BORN)
        make_move(session, kind=MOVED_OUT, person_name=person.name, person_id_no=his, status=Status.approved)
        session.flush()
        told = {"explained": {}, "token": str(uuid7()), "reason": "slip", "evidence": "card"}
        changes.propose(session, person, {"ethnicity": "02"}, user(session, "clerk"), **told)
        uid = person.uid
    with pytest.raises(RuleViolation, match="proposed"), working(A) as session:
        make_transfer(session, scope.get(Person, uid), moved_on=LATER)


def test_a_file_of_which_a_merge_is_proposed_stays_until_it_is_decided(working, sent):
    uid, person = sent()
    with working(A) as session:
        other = make_person(session, name="王强", id_no=None, sex="1", birth_date=BORN)
        proposed(session, scope.get(Person, person), other)
        twin = other.uid
    assert answered(working, B, uid, "accept_transfer", "neighbour") == {"change_open"}
    with working(A) as session:
        answer(session, scope.get(Transfer, uid), "recall_transfer", "colleague")
    with pytest.raises(RuleViolation, match="proposed"), working(A) as session:
        make_transfer(session, scope.get(Person, person))
    with working(A) as session:  # nobody can decide about the merge any more
        scope.get(Person, twin).is_protected = True
    with working(A) as session:
        make_transfer(session, scope.get(Person, person))


def test_what_another_office_sent_nobody_else_is_told_to_withdraw(working, his):
    with working() as session:
        person = make_person(session, id_no=his, sex="1", birth_date=BORN)
        also_seen_by(session, person, B1)
        uid = person.uid
    with working(B) as session:
        make_transfer(session, scope.get(Person, uid), what=REGISTRATION, to=C1, maker="neighbour")
    with pytest.raises(RuleViolation, match="once that transfer is answered"), working(A) as session:
        make_transfer(session, scope.get(Person, uid), what=RESIDENCE, to=A2)


# accepting


def test_accepting_moves_the_file_whole(working, sent, his):
    uid, person = sent()
    with working(A) as session:
        move = make_move(session, kind=MOVED_OUT, what=REGISTRATION, person_id_no=his).uid
    assert answered(working, B, uid, "accept_transfer", "neighbour", "") == set()
    with working(B) as session:
        file = scope.get(Person, person)
        assert seen_at(session, file.id) == {("resident", of(session, B1)), ("registered", of(session, B1))}
        assert {began for _why, _place, began, _ended in links(session, file.id)} == {MOVED_ON}
        assert file in session.scalars(scope.query(Person).where(search.condition("王强"))).all()
    with working(A) as session:
        assert scope.get(Person, person) is None
        assert scope.get(Transfer, uid).state == "accepted"
        assert scope.get(MoveEvent, move).person_name == "王强"
        assert session.scalars(scope.query(Person).where(search.condition("王强"), Person.uid == person)).one_or_none() is None
    with working() as session:
        number = session.scalar(select(Person.id).where(Person.uid == person))
        towns = [regions.by_code(session, code).path for code in (A, B)]
        ended = [link for link in links(session, number) if link[1] == of(session, A1)]
        assert [until is not None for *_link, until in ended] == [True]
        told = select(AuditEntry.act).where(AuditEntry.target.in_((f"transfer/{uid}", f"transfer_office/{uid}")))
        chains = {path: set(session.scalars(told.where(AuditEntry.chain == path))) for path in towns}
        assert chains == {towns[0]: {"accept_transfer", "change", "create", "send"}, towns[1]: {"accept_transfer", "send"}}
        for chain in chains:
            rows = session.scalars(
                select(AuditEntry).where(AuditEntry.chain == chain, AuditEntry.target.startswith("person_office/"))
            ).all()
            assert any(json.loads(row.detail).get("person_id") == number for row in rows)
        assert list(verify(session)) == []


def test_what_stays_keeps_the_file_with_the_old_office_too(working, sent):
    uid, person = sent(what=RESIDENCE, first=lambda session, person: also_seen_by(session, person, A1))
    answered(working, B, uid, "accept_transfer", "neighbour")
    with working() as session:
        file = session.scalars(scope.query(Person).where(Person.uid == person)).one()
        assert seen_at(session, file.id) == {("registered", of(session, A1)), ("resident", of(session, B1))}
    with working(A) as session:
        assert seen_at(session, scope.get(Person, person).id) == {("registered", of(session, A1))}


def test_who_moved_out_is_sent_after_them_and_is_here_again(working, sent):
    def out(session, person):
        also_seen_by(session, person, A1)
        make_move(session, kind=MOVED_OUT, person_id_no=person.id_no.reveal(), status=Status.approved)

    uid, person = sent(first=out, what=RESIDENCE, moved_on=LATER)
    assert answered(working, B, uid, "accept_transfer", "neighbour") == set()
    gone, seen = whole(working, person)
    assert gone is None
    assert {why for why, _place in seen} >= {"resident"}


def test_a_move_before_the_transfer_never_touches_the_new_office(working, sent, his):
    uid, person = sent(moved_on=LATER)
    answered(working, B, uid, "accept_transfer", "neighbour")
    before = whole(working, person)
    with working(B) as session:
        told = {"kind": MOVED_IN, "person_id_no": his, "person_region": regions.by_code(session, B1), **B_TELLS}
        move = make_move(session, **told, status=Status.approved)
        do(move, "void", user(session, "neighbour_supervisor"))
    assert whole(working, person) == before
    with working(B) as session:
        told = {"kind": ELSEWHERE, "person_id_no": his, "happened_on": TODAY, "person_region": None, **B_TELLS}
        move = make_move(session, **told, status=Status.approved)
        assert {why for why, _place in seen_at(session, move.person_id)} == {"registered"}
        do(move, "void", user(session, "neighbour_supervisor"))
    assert whole(working, person) == before


def test_the_old_office_cannot_take_back_what_it_wrote_before(working, sent):
    kept = {}

    def away(session, person):
        also_seen_by(session, person, A1)
        kept["uid"] = make_move(session, kind=ELSEWHERE, person_id_no=person.id_no.reveal(), status=Status.approved).uid

    uid, _person = sent(first=away, moved_on=LATER)
    assert answered(working, B, uid, "accept_transfer", "neighbour") == set()
    with pytest.raises(RuleViolation, match="no place of your offices"), working(A) as session:
        do(scope.get(MoveEvent, kept["uid"]), "void", user(session, "supervisor"))


def test_a_protected_person_is_sent_by_whoever_holds_the_file(working, sent):
    uid, person = sent(more={"is_protected": True})
    assert answered(working, B, uid, "accept_transfer", "neighbour") == set()
    with working(B):
        assert scope.get(Person, person).is_protected


# who may do what


def test_who_sent_it_never_answers_even_where_they_cover_both_offices(working, sent):
    uid, _person = sent(to=A2)
    for act in ("accept_transfer", "refuse_transfer"):
        assert answered(working, A, uid, act, "clerk") == {"own"}
    assert answered(working, A, uid, "accept_transfer", "colleague") == set()


def test_the_database_lets_nobody_answer_what_they_sent(working, sent):
    uid, _person = sent(to=A2)
    with working() as session:
        told = {"state": "accepted", "answered_by_id": user(session, "clerk").id, "answered_at": clock.now()}
    with pytest.raises(IntegrityError), working() as session, elevated("test"):
        session.connection().execute(update(Transfer.__table__).where(Transfer.uid == uid).values(**told))


@pytest.mark.parametrize(
    ("office", "who", "act", "code"),
    [(A, "colleague", "accept_transfer", "not_receiver"), (B, "neighbour", "recall_transfer", "not_sender")],
)
def test_each_side_does_what_is_its_own(working, sent, office, who, act, code):
    uid, _person = sent()
    assert answered(working, office, uid, act, who) == {code}


def test_a_refusal_needs_a_reason_and_leaves_the_file(working, sent):
    uid, person = sent()
    before = whole(working, person)
    assert answered(working, B, uid, "refuse_transfer", "neighbour", " ") == {"reason_missing"}
    assert answered(working, B, uid, "refuse_transfer", "neighbour", "x" * 201) == {"long"}
    assert answered(working, B, uid, "refuse_transfer", "neighbour", "不是本村") == set()
    assert answered(working, B, uid, "accept_transfer", "neighbour") == {"answered"}
    assert whole(working, person) == before
    with working(A) as session:
        assert scope.get(Transfer, uid).answer == "不是本村"
        make_transfer(session, scope.get(Person, person))


def test_the_sender_takes_it_back_before_an_answer(working, sent):
    uid, _person = sent()
    assert answered(working, A, uid, "recall_transfer", "colleague", "") == set()
    assert answered(working, B, uid, "accept_transfer", "neighbour") == {"answered"}
    assert answered(working, A, uid, "recall_transfer", "clerk") == {"answered"}


# what happened meanwhile


def died(session, person):
    make_death(session, person_name=person.name, person_id_no=person.id_no.reveal(), died_on=LATER, status=Status.approved)


def left(session, person):
    make_move(session, kind=MOVED_OUT, person_id_no=person.id_no.reveal(), happened_on=LATER, status=Status.approved)


def closed(session, person):
    filing.close(session, person.id, TODAY)


def lives_elsewhere(session, person):
    make_move(session, kind=ELSEWHERE, person_id_no=person.id_no.reveal(), happened_on=MOVED_ON, status=Status.approved)


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [(died, "died"), (left, "moved"), (closed, "closed"), (lives_elsewhere, "not_held")],
    ids=lambda told: str(told)[:12],
)
def test_what_happened_meanwhile_stops_the_acceptance(working, sent, meanwhile, code):
    uid, person = sent(what=RESIDENCE)
    with working(A) as session:
        meanwhile(session, scope.get(Person, person))
    assert answered(working, B, uid, "accept_transfer", "neighbour") == {code}
    assert answered(working, B, uid, "refuse_transfer", "neighbour") == set()


def test_a_proposal_about_the_file_is_decided_before_it_goes(working, sent, his):
    uid, person = sent(
        first=lambda session, _person: make_move(session, kind=MOVED_OUT, what=REGISTRATION, person_id_no=his, status=Status.approved)
    )
    with working(A) as session:
        told = {"explained": {}, "token": str(uuid7()), "reason": "slip", "evidence": "card"}
        changes.propose(session, scope.get(Person, person), {"ethnicity": "02"}, user(session, "clerk"), **told)
    assert answered(working, B, uid, "accept_transfer", "neighbour") == {"change_open"}


# what ends


def test_other_ledgers_learn_that_the_residence_left(working, sent, monkeypatch):
    told = []
    ending = WhatEnds(end=lambda _session, leaving: told.append(leaving.on), restore=lambda *_words: told.append("restored"))
    monkeypatch.setattr(endings, "WHAT_ENDS", [ending])
    uid, _person = sent(what=REGISTRATION, first=lambda session, person: also_seen_by(session, person, A1))
    answered(working, B, uid, "accept_transfer", "neighbour")
    assert told == []
    with working(A) as session:
        uid = make_transfer(session, scope.get(Person, _person), what=RESIDENCE).uid
    answered(working, B, uid, "accept_transfer", "neighbour")
    assert told == [MOVED_ON]


def test_a_move_of_the_new_office_is_corrected_there(working, sent, his):
    uid, person = sent()
    answered(working, B, uid, "accept_transfer", "neighbour")
    with working(B) as session:
        told = {"kind": MOVED_OUT, "person_id_no": his, "happened_on": LATER, "person_region": None, **B_TELLS}
        make_move(session, **told, status=Status.approved)
        make_move(session, **told | {"kind": BACK, "happened_on": TODAY}, status=Status.approved)
    assert whole(working, person)[0] is None


def test_an_office_that_was_merged_meanwhile_answers_for_the_old_one(working, sent):
    uid, person = sent(to=C1)
    with working() as session:
        merge(session, [regions.by_code(session, code) for code in (C1, "420506109202")], "合并村", C1, TODAY)
    assert answered(working, C, uid, "accept_transfer", "approver") == set()
    assert whole(working, person)[1] == {("resident", "合并村"), ("registered", "合并村")}
