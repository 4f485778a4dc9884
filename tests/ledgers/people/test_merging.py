"""One file of two: every row follows, nothing is lost, nothing is revealed, and what records say against it is said."""

from contextlib import contextmanager, nullcontext, suppress
from datetime import date, timedelta

import pytest
from sqlalchemy import UniqueConstraint, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import audit, changes, clock, ddl, regions, scope
from app.core.audit import acting
from app.core.base import Model
from app.core.content import content_hash
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.scope import OutOfScope, Scope, elevated, looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.ledgers.births import rules as births
from app.ledgers.births.models import Birth, BirthRegistration, Delivery
from app.ledgers.families.models import DIVORCE, Death, Marriage, MarriageEvent
from app.ledgers.people import identity, merging, rules, sheet
from app.ledgers.people.models import DuplicatePair, IdentityRequest, PairState, Person, PersonOffice, PersonSearch
from tests.cast import A1, A2, B1, A
from tests.conftest import EVERYWHERE
from tests.factories.attachments import attach
from tests.factories.births import BORN_ON, MOTHER_BORN, make_birth, make_registration, user
from tests.factories.families import make_death, make_marriage
from tests.factories.pairs import applied, merged, pair_of, proposed
from tests.factories.people import also_seen_by, id_number_for, make_person

HER = id_number_for(MOTHER_BORN, "2", 870)
PASSPORT = "E12345678"


def files(session, **second):
    """Two files of one woman: one with a number, one without."""
    stays = make_person(session, office=A1, name="李梅", id_no=HER, birth_date=MOTHER_BORN)
    goes = make_person(session, **{"office": A1, "name": "李梅", "id_no": None, "birth_date": MOTHER_BORN, **second})
    session.flush()
    return stays, goes


def person_of(session, uid):
    return session.scalars(select(Person).where(Person.uid == uid)).one()


@pytest.fixture
def trying(shared_app):
    """`with trying() as session:` is a unit of work of which nothing is kept, so that the tests share one database."""

    @contextmanager
    def work():
        with shared_app.app_context(), acting("test"), looking_as(EVERYWHERE), suppress(Enough), unit_of_work() as session:
            yield session
            raise Enough

    return work


@pytest.fixture
def refused(trying):
    """`refused(make)` tells why a merge of the two files that make(session) gives is refused; `codes` are the offices of who tries."""

    def why(make, *taken, codes=()):
        with trying() as session:
            two, places = make(session), [regions.by_code(session, code).path for code in codes]
            with looking_as(Scope.of(places)) if places else nullcontext(), pytest.raises(RuleViolation) as refusal:
                merged(session, *two, *taken)
        return str(refusal.value)

    return why


class Enough(Exception):
    """Ends a unit of work of which nothing is kept."""


def keys_of(session):
    """(table.column → the people it names) of every foreign key to a person."""
    with elevated("test"):
        connection = session.connection()
        return {str(key): set(connection.scalars(select(key).where(key.is_not(None)))) for key in merging.all_keys_to_people()}


def test_the_file_that_stays_has_the_chosen_values(trying):
    with trying() as session:
        stays, goes = files(session, name="李玫", phone="13812345678", ethnicity="01")
        key = goes.id
        merged(session, stays, goes, "name")
        assert (stays.name, stays.name_key, stays.ethnicity, stays.phone.reveal()) == ("李玫", "li mei", "01", "13812345678")
        assert stays.id_no.reveal() == HER
        assert session.scalars(scope.query(Person).where(Person.id == key)).all() == []
        with elevated("test"):
            gone = session.execute(select(Person.closed_on, Person.merged_into_id, Person.name).where(Person.id == key)).one()
        assert gone == (clock.today(), stays.id, "李玫")


def test_a_name_is_found_by_the_file_that_stays_alone(trying):
    with trying() as session:
        stays, goes = files(session, office=A2)
        merged(session, stays, goes)
        found = session.execute(select(PersonSearch.person_id, PersonSearch.scope_path).distinct()).all()
        assert {row.person_id for row in found} == {stays.id}
        assert len(found) == 2


def test_rows_of_every_ledger_name_the_file_that_stays(working, seeing):
    """Mother, woman, wife; father, partner, husband; child; the dead; links; questions; and rows of an office that nobody here sees."""
    with working() as session:
        stays, goes = files(session, id_no=PASSPORT, id_type="2")
        also_seen_by(session, goes, B1)
        hers = {"mother_id_type": "2", "mother_id_no": PASSPORT, "mother_birth_date": MOTHER_BORN, "mother_region": None}
        make_birth(session, **hers, status=Status.approved)
        woman = {"woman_id_type": "2", "woman_id_no": PASSPORT, "woman_birth_date": MOTHER_BORN}
        make_registration(session, **woman, registered_on=date(2025, 12, 1), status=Status.approved)
        make_registration(session, town=B1, maker="neighbour", decider="neighbour_supervisor", **woman, status=Status.approved)
        wife = {"wife_id_type": "2", "wife_id_no": PASSPORT, "wife_birth_date": MOTHER_BORN, "wife_region": None}
        make_marriage(session, **wife, status=Status.approved)
        dead = {"person_id_type": "2", "person_id_no": PASSPORT, "person_birth_date": MOTHER_BORN, "person_sex": "2"}
        make_death(session, person_name="李梅", **dead, person_region=None, died_on=date(2026, 5, 1), status=Status.approved)
        asked = {"asked_by_id": user(session, "neighbour").id, "asked_at": clock.now(), "reason": "asks"}
        session.add(IdentityRequest(scope_path=goes.offices[0].scope_path, person=goes, **asked))
        session.flush()
        key, gone, uid = stays.id, goes.id, stays.uid
    named = seeing(keys_of)
    holding = {name for name, people in named.items() if gone in people}
    assert len(holding) == 9, holding
    with working(A) as session:
        merged(session, person_of(session, uid), session.get(Person, gone))
    after = seeing(keys_of)
    assert {name for name, people in after.items() if gone in people} == {"duplicate_pair.other_id"}
    assert {name for name, people in after.items() if key in people} >= {name for name in holding if name != "person_search.person_id"}
    assert seeing(lambda s: s.scalars(select(BirthRegistration.woman_id)).all()) == [key, key]
    assert seeing(lambda s: person_of(s, uid).died_on) == date(2026, 5, 1)
    assert seeing(lambda s: list(audit.verify(s))) == []
    for ledger in (Birth, BirthRegistration, MarriageEvent, Death):
        for row in seeing(lambda s, ledger=ledger: s.scalars(select(ledger)).all()):
            assert seeing(lambda s, row=row: merging.is_as_approved(s, scope.get(type(row), row.uid))), row
            assert seeing(lambda _s, row=row: content_hash(scope.get(type(row), row.uid))) != row.row_hash
            assert seeing(lambda s, row=row: [e.act for e in audit.history_of(s, scope.get(type(row), row.uid))])[-1] == "merge"


def test_a_father_and_a_child_follow_too(trying):
    his = id_number_for(date(1990, 1, 1), "1", 871)
    with trying() as session:
        first = make_person(session, office=A1, name="王强", sex="1", id_no=his, birth_date=date(1990, 1, 1))
        told = {"father_name": "王强", "father_birth_date": date(1990, 1, 1), "father_region": regions.by_code(session, A1)}
        birth = make_birth(session, **told, born_on=date(2010, 3, 5), mother_birth_date=date(1985, 1, 1), status=Status.approved)
        child = session.get(Person, birth.child_id)
        twin = make_person(session, office=A1, name=child.name, sex="2", birth_date=child.birth_date)
        merged(session, first, session.get(Person, birth.father_id))
        merged(session, twin, session.get(Person, birth.child_id))
        assert (birth.father_id, birth.child_id) == (first.id, twin.id)
        assert merging.is_as_approved(session, birth)


def test_a_hash_that_was_changed_does_not_pass_for_a_merged_link(trying):
    with trying() as session:
        birth = make_birth(session, status=Status.approved)
        assert merging.is_as_approved(session, birth)
        with session.no_autoflush:
            birth.child_order = 7
            assert not merging.is_as_approved(session, birth)
        session.expire_all()


def test_a_number_of_the_closed_file_finds_the_one_that_stays(working, seeing, sign_in):
    with working() as session:
        stays, goes = files(session, id_no=PASSPORT, id_type="2")
        uid, gone = stays.uid, goes.uid
        merged(session, stays, goes)
    holder = seeing(lambda s: identity.holder_of(s, PASSPORT))
    assert holder.person_id == seeing(lambda s: person_of(s, uid).id)
    assert holder.paths
    browser = sign_in("clerk")
    assert str(uid) in browser.send("/people/find", "/people/list/", text=PASSPORT).text
    assert browser.get(f"/people/show/{gone}").headers["Location"].endswith(f"/people/show/{uid}")
    assert sign_in("neighbour").get(f"/people/show/{gone}").status_code == 404
    with working(A) as session:
        again = Person(name="李梅", id_type="2", id_no=PASSPORT, sex="2", birth_date=MOTHER_BORN)
        again.residence = regions.by_code(session, A1)
        with pytest.raises(RuleViolation, match="already on file"):
            rules.save(again, user(session, "clerk"), clock.today())
    with working(A) as session:
        assert list(sheet.on_file(session, [sheet.key({"id_no": PASSPORT, "name": "李梅"})]).values()) == ["李梅"]


def test_the_number_may_come_from_the_file_that_goes(trying):
    with trying() as session:
        goes, stays = files(session, id_no=PASSPORT, id_type="2")
        gone = goes.id
        merged(session, stays, goes, "id_no")
        assert (stays.id_type, stays.id_no.reveal()) == ("1", HER)
        assert {identity.holder_of(session, number).person_id for number in (HER, PASSPORT)} == {stays.id}
        with elevated("test"):
            assert session.scalar(select(Person.id_type).where(Person.id == gone)) == "2"


def test_both_histories_stand_on_one_page(working, sign_in):
    with working() as session:
        stays, goes = files(session, name="李玫")
        uid = stays.uid
        goes.phone = "13812345678"
        merged(session, stays, goes)
    page = sign_in("clerk").get(f"/people/show/{uid}").text
    assert "李玫" in page
    assert "138****5678" in page
    assert "Merge" in page


def test_an_office_that_held_the_closed_file_keeps_seeing_the_person(trying):
    with trying() as session:
        stays, goes = files(session, office=A2)
        also_seen_by(session, stays, A1, "registered")
        also_seen_by(session, goes, B1, "registered")
        merged(session, stays, goes)
        links = session.scalars(select(PersonOffice).where(PersonOffice.person_id == stays.id)).all()
        still = {(link.region.name, link.kind.value) for link in links if link.valid_to is None}
        first, second, other = (regions.by_code(session, code).name for code in (A1, A2, B1))
        assert still == {(first, "resident"), (first, "registered"), (second, "serving"), (other, "serving")}
        assert len(links) == 6


def test_a_draft_that_made_the_closed_file_does_not_close_the_one_that_stays(trying):
    with trying() as session:
        stays = make_person(session, office=A1, name="李梅", id_no=HER, birth_date=MOTHER_BORN)
        birth = make_birth(session, mother_name="李梅", mother_id_no=None, mother_birth_date=MOTHER_BORN)
        merged(session, stays, session.get(Person, birth.mother_id))
        births.discard(birth, user(session, "clerk"), clock.today(), token=str(uuid7()), reason="wrong")
        assert stays.closed_on is None


def test_marriages_of_both_are_one_persons(trying):
    """A marriage that ended by the one file and a marriage of the other are one person's, once it is known that they are one."""
    with trying() as session:
        stays, goes = files(session, id_no=PASSPORT, id_type="2")
        told = {"wife_id_type": "2", "wife_id_no": PASSPORT, "wife_birth_date": MOTHER_BORN, "wife_region": None, "status": Status.approved}
        wedding = make_marriage(session, **told, happened_on=date(2015, 6, 2))
        his = {"husband_name": wedding.husband_name, "husband_id_no": wedding.husband_id_no.reveal()}
        make_marriage(session, **told, **his, kind=DIVORCE, happened_on=date(2017, 1, 2))
        make_marriage(session, wife_id_no=HER, wife_region=None, **his, status=Status.approved)
        merged(session, stays, goes)
        rows = session.scalars(select(Marriage).order_by(Marriage.began_on)).all()
        assert [(row.wife_id, row.ending) for row in rows] == [(stays.id, "40"), (stays.id, None)]


def test_an_event_that_knew_the_number_of_the_closed_file_only_counts_too(trying):
    """The husband's passport stood on the wedding before he had a file."""
    with trying() as session:
        number, born = id_number_for(date(1990, 1, 1), "1", 873), date(1990, 1, 1)
        his = {"husband_name": "王强", "husband_id_type": "2", "husband_id_no": PASSPORT, "husband_birth_date": born}
        make_marriage(session, **his, husband_region=None, status=Status.approved)
        stays, goes = (
            make_person(session, office=A1, name="王强", sex="1", birth_date=born, id_type=kind, id_no=known)
            for kind, known in (("1", number), ("2", PASSPORT))
        )
        session.flush()
        merged(session, stays, goes)
        assert session.scalars(select(Marriage.husband_id)).all() == [stays.id]


# what speaks against it


def test_two_valid_card_numbers_are_two_people(refused):
    assert "two people" in refused(lambda s: files(s, id_no=id_number_for(MOTHER_BORN, "2", 872)))


def test_a_man_and_a_woman_are_two_people(refused):
    assert "one file says man" in refused(lambda s: files(s, sex="1")).lower()


def test_two_deaths_on_different_days_are_two_people(refused):
    def make(session):
        stays, goes = files(session)
        stays.died_on, goes.died_on = date(2025, 1, 2), date(2025, 1, 3)
        session.flush()
        return stays, goes

    assert "2025-01-02" in refused(make)


@pytest.mark.parametrize("town", [A1, B1])
def test_who_stand_in_one_record_as_two_are_two(refused, town):
    """Wife and husband. A record of another office is not told of."""

    def make(session):
        stays, goes = files(session, sex="0", id_no=PASSPORT, id_type="2", birth_date=None)
        event = make_marriage(
            session, wife_name="李梅", wife_id_no=HER, wife_region=None, husband_id_type="2", husband_id_no=PASSPORT, husband_name="李梅"
        )
        event.region, event.scope_path = (place := regions.by_code(session, town)), place.path
        session.flush()
        return stays, goes

    said = refused(make, codes=[A])
    assert ("names both of them" in said) == (town == A1)
    assert ("these two files cannot be one person" in said) == (town == B1)


def test_two_births_too_near_to_each_other_refuse(refused):
    def make(session):
        stays, goes = files(session, id_no=PASSPORT, id_type="2")
        hers = {"mother_id_type": "2", "mother_id_no": PASSPORT, "mother_birth_date": MOTHER_BORN, "mother_region": None}
        make_birth(session, mother_id_no=HER, mother_region=None)
        make_birth(session, **hers, born_on=BORN_ON - timedelta(days=100))
        return stays, goes

    assert "One mother cannot have had both" in refused(make)


def test_a_birth_after_the_death_of_the_other_file_refuses(refused):
    def make(session):
        stays, goes = files(session)
        make_birth(session, mother_id_no=HER, mother_region=None, status=Status.approved)
        goes.died_on = BORN_ON - timedelta(days=1)
        session.flush()
        return stays, goes

    assert "no child of this person" in refused(make)


def test_marriages_at_the_same_time_refuse(refused):
    def make(session):
        stays, goes = files(session, id_no=PASSPORT, id_type="2")
        told = {"wife_id_type": "2", "wife_id_no": PASSPORT, "wife_birth_date": MOTHER_BORN, "wife_region": None}
        make_marriage(session, wife_id_no=HER, wife_region=None, status=Status.approved)
        make_marriage(session, **told, happened_on=date(2021, 1, 2), status=Status.approved)
        return stays, goes

    assert "married to others at the same time" in refused(make)


def test_a_death_that_was_entered_for_both_refuses(refused):
    def make(session):
        stays, goes = files(session, id_no=PASSPORT, id_type="2")
        dead = {
            "person_name": "李梅",
            "person_birth_date": MOTHER_BORN,
            "person_sex": "2",
            "person_region": None,
            "status": Status.approved,
        }
        make_death(session, **dead, person_id_no=HER)
        make_death(session, **dead, person_id_type="2", person_id_no=PASSPORT)
        return stays, goes

    assert "approved record of a death" in refused(make)


def test_a_value_that_the_number_contradicts_is_refused(refused):
    assert "another birth date" in refused(lambda s: files(s, birth_date=date(1995, 6, 2)), "birth_date")


def test_a_file_that_was_changed_since_is_compared_anew(trying):
    with trying() as session:
        stays, goes = files(session)
        asked = proposed(session, stays, goes)
        stays.phone = "13812345678"
        session.flush()
        with pytest.raises(RuleViolation, match="changed since"):
            applied(session, asked, "supervisor")


def test_who_proposed_it_does_not_apply_it(trying):
    with trying() as session:
        asked = proposed(session, *files(session), maker="supervisor")
        with pytest.raises(RuleViolation, match="another person"):
            applied(session, asked, "supervisor")


def test_a_proposed_change_of_a_file_is_decided_first(refused):
    def make(session):
        stays, goes = files(session)
        third = make_person(session, office=A1, name="李梅", id_no=None, birth_date=MOTHER_BORN)
        proposed(session, stays, third)
        return stays, goes

    assert "It is decided first" in refused(make)


def test_a_refused_merge_leaves_the_pair_open(trying):
    with trying() as session:
        asked = proposed(session, *files(session))
        changes.refuse(session, asked, user(session, "supervisor"), token=str(uuid7()), reason="two people")
        assert [(p.state, p.change_open) for p in session.scalars(select(DuplicatePair))] == [(PairState.open, False)]


# what holds it


def test_a_link_of_an_approved_row_goes_only_where_its_file_went(trying):
    with trying() as session:
        birth, other = make_birth(session, status=Status.approved), make_person(session, office=A1)
        session.flush()
        change = update(Birth.__table__).where(Birth.__table__.c.id == birth.id).values(mother_id=other.id)
        with elevated("test"), pytest.raises(DBAPIError, match="applied change request"):
            session.connection().execute(change)


@pytest.mark.parametrize("what", ["insert", "update"])
def test_nobody_is_named_by_the_closed_file_any_more(trying, what):
    with trying() as session:
        stays, goes = files(session)
        gone, table, place = goes.id, PersonOffice.__table__, regions.by_code(session, A1)
        merged(session, stays, goes)
        told = {"person_id": gone, "region_id": place.id, "scope_path": place.path, "kind": "serving", "valid_from": clock.today()}
        statements = {"insert": table.insert().values(**told, uid=uuid7(), version=1), "update": update(table).values(person_id=gone)}
        with elevated("test"), pytest.raises(DBAPIError, match="merged into another"):
            session.connection().execute(statements[what])


def test_a_file_that_was_merged_is_not_opened_again(trying):
    with trying() as session:
        stays, goes = files(session)
        gone, table = goes.id, Person.__table__
        merged(session, stays, goes)
        with elevated("test"), pytest.raises(IntegrityError, match="merged_is_closed"):
            session.connection().execute(update(table).where(table.c.id == gone).values(closed_on=None))


def test_rows_are_repointed_only_to_where_the_database_knows_the_file_went(trying):
    with trying() as session:
        stays, goes = files(session)
        with pytest.raises(OutOfScope):
            scope.repoint(session, Delivery.__table__.c.mother_id, goes.id, stays.id)


def test_proposals_about_the_file_that_goes_keep_their_page_and_their_papers(working, sign_in):
    with working(A) as session:
        stays, goes = files(session)
        told = {"explained": {}, "token": str(uuid7()), "reason": "slip", "evidence": "card"}
        asked = changes.propose(session, goes, {"ethnicity": "02"}, user(session, "clerk"), **told)
        session.flush()
        paper = attach(session, asked).uid
        changes.withdraw(session, asked, user(session, "clerk"), token=str(uuid7()))
        asked, stays, goes = asked.uid, stays.uid, goes.uid
    with working(A) as session:
        merged(session, person_of(session, stays), person_of(session, goes))
    clerk, neighbour = sign_in("clerk"), sign_in("neighbour")
    page = clerk.get(f"/people/show/{stays}").text
    assert str(asked) in page
    assert str(paper) in page
    for address in (f"/people/change/{asked}", f"/attachments/{paper}"):
        assert [who.get(address).status_code for who in (clerk, neighbour)] == [200, 404]


UNIQUE = {  # what two files cannot both have; merging.py or the ledger settles it before the rows follow
    "person_office.uq_person_office_open",
    "person_search.pk_person_search",
    "death.uq_death_person_id_approved",
    "duplicate_pair.uq_duplicate_pair_one_id_other_id",
    "move_event.uq_move_event_approved",
    "transfer.uq_transfer_open",
    "household_member.uq_household_member_stands",
    "household_parting.uq_household_parting_by",
    *(f"marriage.uq_marriage_{role}_id_stands" for role in ("wife", "husband")),
}
AS_IT_WAS = {"duplicate_pair.one_id", "duplicate_pair.other_id"}  # tells what was decided about the two
SETTLED = {  # written anew
    "person_search.person_id",
    "household_member.person_id",
    "household_parting.person_id",
    *(f"marriage.{role}_id" for role in ("wife", "husband")),
}


def test_merging_knows_every_column_that_names_a_person(app):
    """A later ledger follows by itself; where it may name a person only once, it says here who settles that (docs/adding-a-ledger.md)."""
    every = {str(key) for key in merging.all_keys_to_people()}
    assert len(every) > 15
    assert every - {str(key) for key in merging.keys_to_people()} == AS_IT_WAS | SETTLED
    unique = set()
    for table in Model.metadata.sorted_tables:
        groups = [i for i in table.indexes if i.unique] + [c for c in table.constraints if isinstance(c, UniqueConstraint)]
        for group in [*groups, table.primary_key]:
            if any(ddl.merging_key(column) is Person.__table__ for column in group.columns):
                unique.add(f"{table.name}.{group.name}")
    assert {name.replace("_one_id_other_id", "_one_id_other_id") for name in unique} == UNIQUE


def test_every_table_that_names_a_person_has_an_identity_and_a_place(app):
    for key in merging.keys_to_people():
        assert {"uid"} <= set(key.table.c.keys()), key
        assert {"scope_path", "audit_path"} & set(key.table.c.keys()), key


def test_a_merge_of_merged_files_leads_to_the_last(trying):
    with trying() as session:
        stays, goes = files(session)
        last = make_person(session, office=A1, name="李梅", id_no=None, birth_date=MOTHER_BORN)
        session.flush()
        first = goes.uid
        merged(session, last, goes)
        merged(session, stays, last)
        assert merging.stayed_for(session, first) == stays.uid
        assert len(merging.merged_into(session, stays)) == 2


def test_open_questions_about_the_closed_file_are_forgotten(trying):
    with trying() as session:
        stays, goes = files(session)
        third = make_person(session, office=A1, name="李梅", id_no=None, birth_date=MOTHER_BORN)
        pair_of(session, goes, third)
        merged(session, stays, goes)
        assert session.scalar(select(func.count(DuplicatePair.id))) == 1


def test_the_words_of_the_rows_stay(trying):
    with trying() as session:
        stays = make_person(session, office=A1, name="李梅", id_no=HER, birth_date=MOTHER_BORN)
        birth = make_birth(session, mother_name="李玫", mother_id_no=None, mother_birth_date=MOTHER_BORN, status=Status.approved)
        merged(session, stays, session.get(Person, birth.mother_id))
        assert (birth.mother_name, birth.mother_id_no, birth.mother_id) == ("李玫", None, stays.id)


def test_a_pair_that_was_merged_is_opened_by_its_own_office_only(working, sign_in):
    with working() as session:
        stays, goes = files(session)
        uid = pair_of(session, stays, goes).uid
        merged(session, stays, goes)
    answers = [sign_in(name).get(f"/people/duplicates/show/{uid}").status_code for name in ("clerk", "neighbour")]
    assert answers == [302, 404]
