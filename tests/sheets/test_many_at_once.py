"""Rows that go in many at a time: the same verdicts, the same rows and the same history as one by one."""

import json
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from threading import Thread
from types import ModuleType

import pytest
from sqlalchemy import func, inspect, select

from app.core import audit
from app.core.audit import acting
from app.core.bulk import Batch
from app.core.scope import looking_as
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import RowAuthor, Status, WorkflowStep
from app.extensions import db
from app.ledgers.births import checks
from app.ledgers.births import sheet as births
from app.ledgers.births.models import Birth, Delivery
from app.ledgers.people.models import IdentityRequest, OfficeKind, Person, PersonOffice, PersonSearch
from app.sheets import LEDGERS, importer
from tests.cast import A1, A2, B1, C1
from tests.conftest import EVERYWHERE, copied, make_app
from tests.factories.births import MOTHER_BORN, make_birth, make_registration
from tests.factories.people import also_seen_by, id_number_for, make_person
from tests.figures import figure, seeded
from tests.sheets.conftest import HEADER, add_county_people, bring_in

ONE_BY_ONE = ModuleType("births_one_by_one")
vars(ONE_BY_ONE).update({name: value for name, value in vars(births).items() if name != "Intake"})
WOMEN = [id_number_for(MOTHER_BORN, "2", 700 + n) for n in range(14)]
GIRL = id_number_for(date(2013, 6, 1), "2", 700)
MEN = [id_number_for(MOTHER_BORN, "1", 700 + n) for n in range(8)]
CHILDREN = [id_number_for(date(2025, 3, 5), "2", 700 + n) for n in range(3)]
NAMES = ["李梅", "李玫", "王芳", "张丽", "赵敏"]
OWN = frozenset(
    """id uid version delivery_id mother_id father_id registration_id person_id owner_uid owner_version row_hash token at
    made_at changed_at asked_at""".split()  # noqa: SIM905  (as a list it would fill the screen)
)  # what is each row's own
HEAD = [*HEADER, "父亲姓名", "父亲身份证号", "出生证编号", "体重", "胎数", "电话", "子女姓名", "子女身份证号", "记录编号"]


def prepare(app):
    """An office with a past: mothers and fathers on file here and elsewhere, births, registrations, a certificate in use."""
    add_county_people(app)
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        for n, town in enumerate((A1, A1, A2, B1, B1)):
            make_person(session, office=town, name=NAMES[n], id_no=WOMEN[n], birth_date=MOTHER_BORN)
        also_seen_by(session, session.scalars(select(Person).where(Person.id_no == WOMEN[4])).one(), A1, OfficeKind.registered)
        for n, town in enumerate((A1, B1)):
            make_person(session, office=town, name="王强", id_no=MEN[n], birth_date=MOTHER_BORN, sex="1")
        make_birth(session, mother_id_no=WOMEN[5], mother_name=NAMES[0], born_on=date(2024, 6, 1), birth_cert_no="A000000001")
        make_birth(
            session, mother_id_no=WOMEN[6], mother_name=NAMES[1], born_on=date(2025, 3, 5), child_name="李小花", child_id_no=CHILDREN[0]
        )
        for n in (0, 7):
            make_registration(session, status=Status.submitted, woman_name=NAMES[0], woman_id_no=WOMEN[n], registered_on=date(2025, 1, 5))


FAULTS = {  # place in the row → what may stand there wrongly
    1: [*NAMES, "李"], 2: [GIRL, None, WOMEN[0][:-1] + "x", MEN[0], "E1234567", WOMEN[13]], 3: ["?", None, "1"],
    4: ["昨天", "2031-01-01", "1850-01-01", "0001-01-01", "9999-12-31", None], 6: [B1, C1, "火星村", None], 7: ["王"], 9: ["a1"],
    10: [99999], 12: ["1"], 13: ["李小花"], 14: CHILDREN, 15: ["x"],
}  # fmt: skip


def workbook_rows(chance, count):
    """Rows of every kind, good and wrong, about few people, so that they meet."""
    for line in range(count):
        n, born = chance.randrange(len(WOMEN)), date(2025, 3, 5) + timedelta(days=chance.choice((-400, -200, -2, 0, 0, 1, 3, 40, 200)))
        father = chance.choice([("王强", chance.choice(MEN)), ("王强", chance.choice(MEN)), ("王强", None), (None, None)])
        row = [
            line + 1, NAMES[n % 5], WOMEN[n], chance.choice("男女"), born.isoformat(), chance.choice((1, 1, 2, 3)),
            chance.choice((A1, A1, A2)), *father, chance.choice((None, None, f"A00000{chance.randrange(1000):04d}")),
            chance.choice((None, 3000, 400)), chance.choice((None,) * 12 + (2,)), chance.choice((None, None, "13812345678")),
            *chance.choice([(None, None)] * 9 + [("李小花", chance.choice(CHILDREN))]), None,
        ]  # fmt: skip
        if chance.random() < 0.2:
            place = chance.choice([*FAULTS])
            row[place] = chance.choice(FAULTS[place])
        yield row


def told(app):
    """Everything the import left behind, without numbers and moments, in words that two databases share."""
    with app.app_context(), looking_as(EVERYWHERE), acting("test"):
        session = db.session()
        people = {p.id: (p.name, p.id_no_bidx, p.audit_path) for p in session.scalars(select(Person))}
        found = {"people": sorted(map(repr, people.values()))}
        for model in (Person, PersonOffice, PersonSearch, Delivery, Birth, RowAuthor, WorkflowStep, IdentityRequest):
            rows = session.scalars(select(model)).all()
            found[model.__tablename__] = sorted(repr(_row(model, row, people)) for row in rows)
        entries = session.scalars(select(audit.AuditEntry)).all()
        found["history"] = sorted(_entry(e) for e in entries if e.actor != "test")
        found["secrets"] = session.scalar(select(func.count()).select_from(audit.AuditSecret))
        found["wrong"] = list(audit.verify(session))
        return found


def _row(model, row, people):
    names = [column.key for column in inspect(model).column_attrs if column.key not in OWN]
    linked = {name: people.get(getattr(row, name)) for name in ("mother_id", "father_id", "person_id") if hasattr(row, name)}
    return [(name, getattr(row, name)) for name in names if not name.endswith("_enc")] + sorted(linked.items())


def _entry(entry):
    detail = {name: value for name, value in json.loads(entry.detail).items() if name not in OWN and not name.endswith("_at")}
    return repr((entry.chain, entry.actor, entry.act, entry.target.partition("/")[0], sorted(detail.items())))


@contextmanager
def two_offices(template, folder, request):
    """Two applications on equal databases."""
    for name in ("many", "single"):
        (folder / name).mkdir()
    with copied(template, folder / "many", request) as first, copied(template, folder / "single", request) as second:
        apps = [make_app(first, folder / "many"), make_app(second, folder / "single")]
        for app in apps:
            prepare(app)
        yield apps
        for app in apps:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


@pytest.mark.full
@pytest.mark.parametrize("name", ["clerk", "county_clerk"])
def test_many_at_once_leave_what_one_by_one_leaves(template, tmp_path, request, workbook, monkeypatch, name):
    file = workbook([*workbook_rows(seeded("rows that meet"), figure(4000))], header=HEAD)
    monkeypatch.setattr(importer, "CHUNK", 50)
    monkeypatch.setitem(LEDGERS, "single", ONE_BY_ONE)
    with two_offices(template, tmp_path, request) as (many, single):
        outcomes = [bring_in(many, file, "births", name), bring_in(single, file, "single", name)]
        first, second = ((o.taken, o.unusual, o.known, [(r.number, r.codes, r.reasons) for r in o.refused]) for o in outcomes)
        assert first == second
        assert outcomes[0].taken > 20
        left = [told(app) for app in (many, single)]
        assert [what for what in left[0] if left[0][what] != left[1][what]] == []


def ordinary(n, **cells):
    """A good row about a mother of her own."""
    told = {"line": n, "name": "李梅", "id_no": id_number_for(MOTHER_BORN, "2", 100 + n), "sex": "女", "born_on": "2025-03-05", "order": 1}
    return list((told | {"place": A1} | cells).values())


@pytest.fixture
def alone(monkeypatch):
    """The numbers of the rows that go in one by one."""
    numbers, take = [], importer._take
    monkeypatch.setattr(importer, "_take", lambda ledger, told, *more: numbers.append(told.line.number) or take(ledger, told, *more))
    return numbers


def test_ordinary_rows_go_in_together_and_twins_alone(importing, alone):
    rows = [[*ordinary(n), 2 if n == 5 else None] for n in range(1, 9)]
    assert importing(rows, header=[*HEADER, "胎数"]).taken == 8
    assert alone == [8]


def test_rows_that_meet_what_no_rule_saw_go_in_one_by_one(importing, alone, monkeypatch):
    monkeypatch.setattr(checks, "of_register", lambda *_facts: [])
    outcome = importing([[*ordinary(n), "A000000001" if n in (2, 3) else None] for n in range(1, 5)], header=[*HEADER, "出生证编号"])
    assert (outcome.taken, [refusal.codes for refusal in outcome.refused]) == (3, [("integrity",)])
    assert alone == [4, 5, 6, 7]


def test_what_is_written_beside_and_refused_goes_in_one_by_one(importing, alone, monkeypatch, seeing):
    monkeypatch.setattr(checks, "of_register", lambda *_facts: [])
    rows = [[*ordinary(n), "A000000001" if n in (20, 50) else None] for n in range(1, 61)]
    outcome = importing(rows, header=[*HEADER, "出生证编号"])
    assert (outcome.taken, [refusal.codes for refusal in outcome.refused]) == (59, [("integrity",)])
    assert len(alone) == 60
    assert seeing(lambda session: list(audit.verify(session))) == []


def test_a_stopped_import_goes_on_where_it_was(importing, monkeypatch, seeing):
    monkeypatch.setattr(importer, "CHUNK", 3)
    rows, write, chunks = [ordinary(n) for n in range(1, 9)], Batch.write, iter(range(9))

    def stop_in_the_second(batch):
        write(batch)
        if next(chunks) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Batch, "write", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        importing(rows)
    assert seeing(lambda session: session.scalar(select(func.count()).select_from(Birth))) == 3
    outcome = importing(rows)
    assert (outcome.taken, len(outcome.known), outcome.refused) == (5, 3, [])
    assert seeing(lambda session: list(audit.verify(session))) == []


def test_the_same_workbook_twice_at_once_goes_in_once(county, workbook, monkeypatch, seeing):
    monkeypatch.setattr(importer, "CHUNK", 7)
    file, outcomes = workbook([ordinary(n) for n in range(1, 60)]), []

    def bring(name):
        """On a slow machine one of the two may be told that the database is busy; then it starts again."""
        for _ in range(5):
            with suppress(Busy):
                outcomes.append(bring_in(county, file, "births", name))
                if not outcomes[-1].stopped:
                    return

    threads = [Thread(target=bring, args=(name,)) for name in ("clerk", "county_clerk")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [o.taken + len(o.known) for o in outcomes if not o.stopped] == [59, 59]
    assert sum(o.taken for o in outcomes) == 59
    assert seeing(lambda session: session.scalar(select(func.count()).select_from(Person))) == 59
    assert seeing(lambda session: list(audit.verify(session))) == []


@pytest.fixture
def both_ways(template, tmp_path, request, workbook, monkeypatch):
    """`both_ways(rows, header, …)` brings a workbook in both ways: what is said of it, and what of that and of the rows left differs."""

    def run(rows, header, past=lambda _session: None):
        file = workbook(rows, header=header)
        monkeypatch.setitem(LEDGERS, "single", ONE_BY_ONE)
        with two_offices(template, tmp_path, request) as apps:
            for app in apps:
                with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
                    past(session)
            said = [_said(bring_in(app, file, ledger, "clerk")) for app, ledger in zip(apps, ("births", "single"), strict=True)]
            left = [told(app) for app in apps]
            return said[0], [what for what in left[0] if left[0][what] != left[1][what]] + ["said"] * (said[0] != said[1])

    return run


def _said(outcome):
    return outcome.taken, outcome.unusual, outcome.known, [(r.number, r.codes) for r in outcome.refused]


def test_a_wrong_phone_brings_no_false_reasons_with_it(both_ways):
    wrong = [*ordinary(1), "7:35", "a000000077", "123"]
    older = [*ordinary(2, born_on="1994-01-01"), None, None, "123"]
    (_taken, _unusual, _known, refused), differ = both_ways([wrong, older], [*HEADER, "出生时间", "出生证编号", "联系电话"])
    assert [codes for _number, codes in refused] == [("phone",), ("phone", "mother_birth_date")]
    assert differ == []


def test_a_namesake_is_known_by_the_name_on_her_file(both_ways):
    def past(session):
        make_person(session, office=A1, name="Anna Maria", id_no=WOMEN[13], birth_date=MOTHER_BORN)

    rows = [ordinary(1, name="annamaria", id_no=WOMEN[13]), ordinary(2, name="Annamaria"), ordinary(3, name="Anna Maria")]
    said, differ = both_ways(rows, HEADER, past)
    assert (said[0], differ) == (3, [])


def test_a_namesake_is_found_where_an_earlier_row_made_the_mothers_file(both_ways):
    """The later row tells another village, and her birth lies at the first."""

    def past(session):
        make_birth(session, mother_name="李玫", mother_id_no=WOMEN[10], born_on=date(2025, 9, 1))

    mother = {"id_no": WOMEN[9]}
    rows = [ordinary(1, born_on="2024-01-05", **mother), ordinary(2, born_on="2025-09-02", order=2, place=A2, **mother)]
    said, differ = both_ways(rows, HEADER, past)
    assert (said[0], differ) == (2, [])


def test_a_third_twin_learns_every_reason_at_once(both_ways):
    rows = [[*ordinary(1, sex=sex), 2, weight] for sex, weight in (("女", None), ("男", None), ("女", 99999))]
    rows[2][5] = 2
    (_taken, _unusual, _known, refused), differ = both_ways(rows, [*HEADER, "胎数", "体重"])
    assert [codes for _number, codes in refused] == [("plural_seq", "weight_g")]
    assert differ == []


def test_a_father_whose_name_cannot_be_seen_is_none(importing, alone, seeing):
    outcome = importing([[*ordinary(n), "\ufeff"] for n in range(1, 5)], header=[*HEADER, "父亲姓名"])
    assert (outcome.taken, alone) == (4, [])
    assert seeing(lambda session: session.scalar(select(func.count()).select_from(Person))) == 4


def test_little_is_read_ahead_where_many_rows_go_alone(importing, alone, monkeypatch):
    read, make = [], births.make
    monkeypatch.setattr(births, "make", lambda values, *kind: read.append(values) or make(values, *kind))
    rows = [[*ordinary(n), 2] for n in range(1, 41)]
    assert importing(rows, header=[*HEADER, "胎数"]).taken == len(alone) == 40
    assert len(read) < 40 * 4


def test_an_import_that_is_stopped_says_which_rows_are_in(importing, monkeypatch, seeing):
    monkeypatch.setattr(importer, "CHUNK", 3)
    write, chunks = Batch.write, iter(range(9))

    def busy_in_the_second(batch):
        write(batch)
        if next(chunks) == 1:
            raise Busy("The database is busy.")

    monkeypatch.setattr(Batch, "write", busy_in_the_second)
    outcome = importing([ordinary(n) for n in range(1, 9)])
    assert (outcome.taken, outcome.stopped) == (3, "The database is busy.")
    told = seeing(lambda session: session.scalars(select(audit.AuditEntry.detail).where(audit.AuditEntry.act == "import")).all())
    assert len(told) == 1
    assert '"taken":3' in told[0]
