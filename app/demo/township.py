"""Fills a new database with one town of a real district and invented people, entered and decided by the ledgers' own rules."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import users
from app.core import clock, id_number, regions, scope, workflow
from app.core.audit import acting
from app.core.crypto import uuid7
from app.core.regions import Region
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.demo import REGIONS, households, moves, scans, services
from app.extensions import db
from app.ledgers.births import registration_rules, rules
from app.ledgers.births.models import Birth, BirthRegistration
from app.ledgers.families import death_rules
from app.ledgers.families import rules as marriage_rules
from app.ledgers.families.models import AGAIN, DIVORCE, FIRST, WEDDING, Death, MarriageEvent
from app.ledgers.households import rules as household_rules
from app.ledgers.moves import rules as move_rules
from app.ledgers.moves.models import MoveEvent
from app.ledgers.people import duplicates, merging, naming
from app.ledgers.people.models import DuplicatePair
from app.ledgers.people.naming import Named

COUNTY, TOWN, NEIGHBOUR = "420506", "420506107", "420506108"  # 夷陵区, 龙泉镇, 鸦鹊岭镇
VILLAGE = "420506107209"
PASSWORD = "Longquan-demo-7319"  # noqa: S105  (printed at every start; these accounts exist in demo data only)
NO_AREA = "429999"  # belongs to no place: no demo number is anybody's
SEED = 20261122
BIRTHS, REGISTRATIONS, MARRIAGES, DEATHS = 24, 8, 8, 7
SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴徐孙查欧", "丽娜芳敏静秀娟燕霞婷雪倩玲颖洁晶慧莉蕾琳"
MEN, CHILDREN = "伟强磊军勇涛明超刚平辉鹏", "梓涵浩宇欣怡子轩雨桐一诺"
STAGES: tuple[tuple[str, ...], ...] = (  # how far the births have come, in turn
    ("submit", "approve"),
    ("submit", "approve"),
    ("submit",),
    ("submit",),
    (),
    ("submit", "return"),
    ("submit", "approve", "void"),
)
REASONS = {"return": "请补充出生医学证明", "void": "重复录入"}


@dataclass(frozen=True)
class Account:
    """One demo account: its role, its office, and who that is meant to be."""

    role: str
    region: str
    title: str


ACCOUNTS = {
    "clerk": Account("clerk", TOWN, "经办员 · 龙泉镇"),
    "supervisor": Account("supervisor", TOWN, "审核员 · 龙泉镇"),
    "neighbour": Account("clerk", NEIGHBOUR, "经办员 · 鸦鹊岭镇"),
    "approver": Account("approver", COUNTY, "审批员 · 夷陵区"),
    "worker": Account("service_worker", VILLAGE, "服务人员 · 龙泉村"),
    "clinician": Account("clinician", TOWN, "技术负责人 · 龙泉镇"),
    "auditor": Account("auditor", TOWN, "审计员 · 龙泉镇"),
    "admin": Account("admin", "", "管理员"),
}


def fill() -> list[str]:
    """Fill the database if it has no region and no account yet. Answers the lines to show: the demo accounts, where they exist."""
    if db.session.scalar(select(Region.id).limit(1)) is None and db.session.scalar(select(User.id).limit(1)) is None:
        with looking_as(Scope.of([])), acting("demo"), unit_of_work() as session:
            regions.load(session, REGIONS)
            _accounts(session)
        with looking_as(_town_scope()), acting("demo"), unit_of_work() as session:
            _township(session)
    known = set(db.session.execute(select(User.username, User.first_name)).tuples())
    if not {(name, account.title) for name, account in ACCOUNTS.items()} <= known:
        return []
    return [f"Demo accounts, all with the password {PASSWORD}:", *(f"  {name:11} {a.title}" for name, a in ACCOUNTS.items())]


def _accounts(session: Session) -> None:
    for name, account in ACCOUNTS.items():
        places = [regions.by_code(session, account.region)] if account.region else []
        held = [place for place in places if place is not None]
        users.add(session, None, name, roles=[account.role], regions=held, password=PASSWORD, must_change=False, full_name=account.title)
    assert session.scalar(select(Role.id).limit(1)) is not None  # noqa: S101  (setup runs before)


def _town_scope() -> Scope:
    town = regions.by_code(db.session(), TOWN)
    return Scope.of([town.path] if town else [])


def _township(session: Session) -> None:
    """Births, registrations, marriages, deaths, moves and households of the last months, in every state a clerk meets."""
    chance, today = random.Random(SEED), clock.today()  # noqa: S311  (the same township at every first start)
    town = regions.by_code(session, TOWN)
    villages = session.scalars(select(Region).where(Region.parent_id == (town and town.id)).order_by(Region.path)).all()
    clerk, supervisor = (session.scalars(select(User).where(User.username == name)).one() for name in ("clerk", "supervisor"))
    for number in range(REGISTRATIONS):
        told = _registration(chance, number, villages[number % len(villages)], today)
        _enter(session, BirthRegistration(**told), registration_rules, clerk, supervisor, STAGES[number % len(STAGES)])
    for number in range(BIRTHS):
        told = _birth(chance, number, villages[chance.randrange(len(villages))], today)
        _enter(session, Birth(**told), rules, clerk, supervisor, STAGES[number % len(STAGES)])
    filed = []
    for number in range(3):
        who = Named(_name(chance, MEN), "1", _number(date(1950 + number, 5, 1), "1", 900 + number), None, None, "")
        filed.append(naming.file(session, naming.completed(who, today), villages[number], today))
    _doubles(session, villages, clerk, today)
    for number in range(MARRIAGES - 1):
        told = _marriage(chance, number, villages[number % len(villages)], today)
        _enter(session, MarriageEvent(**told), marriage_rules, clerk, supervisor, STAGES[number % len(STAGES)])
        if number == 0:
            told |= {"kind": DIVORCE, "happened_on": today - timedelta(days=2), "certificate_no": "L420506-0000-000000"}
            _enter(session, MarriageEvent(**told), marriage_rules, clerk, supervisor, STAGES[0])
    for number in range(DEATHS):
        told = _death(chance, number, villages[number % len(villages)], today)
        _enter(session, Death(**told), death_rules, clerk, supervisor, STAGES[number % len(STAGES)])
    _services(session, chance, today)
    _households(session, clerk, supervisor, today)
    for number in range(moves.MOVES):
        name, id_no = _name(chance, MEN), _number(date(1980 + number, 7, 4 + number), "1", 800 + number)
        move = MoveEvent(**moves.move(number, name, id_no, villages[number % len(villages)], today))
        _enter(session, move, move_rules, clerk, supervisor, STAGES[number % len(STAGES)])
    neighbour = regions.by_code(session, NEIGHBOUR)
    if neighbour:
        moves.transfers(session, filed[:2], neighbour, clerk, today)


def _services(session: Session, chance: random.Random, today: date) -> None:
    """What newlyweds and pregnant women of one village wanted, as its service worker and the clinician of the town keep it."""
    worker, clinician = (session.scalars(select(User).where(User.username == name)).one() for name in ("worker", "clinician"))
    numbers = count(800, 2)

    def woman(born: date) -> tuple[str, str]:
        return _name(chance, GIVEN), _number(born, "2", next(numbers))

    for row, ledger, acts in services.rows(STAGES, regions.by_code(session, VILLAGE), woman, today):
        _enter(session, row, ledger, worker, clinician, acts)


def _households(session: Session, clerk: User, supervisor: User, today: date) -> None:
    """The households of the first families."""
    families = session.scalars(select(Birth).where(Birth.status == workflow.Status.approved).order_by(Birth.id)).all()
    for event, acts in households.events(families, today):
        _enter(session, event, household_rules, clerk, supervisor, acts)


def _doubles(session: Session, villages: Sequence[Region], clerk: User, today: date) -> None:
    """Files that may be one person's: found by the rules, one pair decided, a merge proposed."""
    born = date(1962, 3, 4)
    for number, name in enumerate(("周玉兰", "吴桂珍", "孙秀芳")):
        for village, told in ((0, _number(born, "2", 940 + 2 * number)), (1, None)):
            who = Named(name, "1", told, born, "2", "")
            naming.file(session, naming.completed(who, today), villages[village], today)
    session.flush()
    duplicates.keep(session, duplicates.candidates(session, today))
    session.flush()
    pairs = session.scalars(scope.query(DuplicatePair).order_by(DuplicatePair.id)).all()
    duplicates.different(pairs[0], clerk, session=session, token=str(uuid7()), reason="同名姐妹，已核对户口簿")
    stays, goes = duplicates.both_of(session, pairs[1])
    plan = merging.Plan(str(stays.uid), str(goes.uid), stays.version, goes.version, ())
    words = {"reason": "同一人，后建档案时未带身份证", "evidence": "户口簿"}
    merging.propose(session, pairs[1], plan, clerk, **words, token=str(uuid7()))


def _registration(chance: random.Random, number: int, village: Region, today: date) -> dict[str, Any]:
    born = date(1992 + number, 4, 2 + number)
    return {
        "registration_type": "1", "registered_on": today - timedelta(days=20 + number), "region": village, "channel": "1",
        "woman_name": _name(chance, GIVEN), "woman_id_no": _number(born, "2", 500 + number), "child_order": 1 + number % 3,
        "due_on": today + timedelta(days=30 + 10 * number),
    }  # fmt: skip


def _marriage(chance: random.Random, number: int, village: Region, today: date) -> dict[str, Any]:
    return {
        "kind": WEDDING, "happened_on": today - timedelta(days=9 + 6 * number), "certificate_no": f"J420506-0000-{number:06d}",
        "wife_name": _name(chance, GIVEN), "wife_id_no": _number(date(1994, 4, 2 + number), "2", 600 + number), "wife_region": village,
        "wife_marital": FIRST, "husband_name": _name(chance, MEN), "husband_id_no": _number(date(1991, 9, 5 + number), "1", 620 + number),
        "husband_marital": AGAIN if number == 1 else FIRST,
    }  # fmt: skip


def _death(chance: random.Random, number: int, village: Region, today: date) -> dict[str, Any]:
    return {
        "person_name": _name(chance, MEN), "person_id_no": _number(date(1938 + number, 6, 3 + number), "1", 700 + number),
        "person_region": village, "died_on": today - timedelta(days=4 + 5 * number), "place": "家中" if number % 2 else "夷陵医院",
    }  # fmt: skip


def _birth(chance: random.Random, number: int, village: Region, today: date) -> dict[str, Any]:
    born, father_born = date(1990 + number % 12, 3, 1 + number), date(1988 + number % 12, 8, 1 + number)
    return {
        "mother_name": _name(chance, GIVEN), "mother_id_no": _number(born, "2", 100 + number), "mother_region": village,
        "father_name": _name(chance, MEN), "father_id_type": "1", "father_id_no": _number(father_born, "1", 200 + number),
        "child_name": _name(chance, CHILDREN), "sex": str(1 + number % 2), "born_on": today - timedelta(days=3 + 7 * number),
        "child_order": 1, "plurality": 1, "plural_seq": 1, "weight_g": 2900 + 37 * number, "gest_weeks": 38 + number % 4,
        "delivery_mode": str(1 + number % 3), "birth_place": "1", "facility": "夷陵医院", "birth_cert_no": f"Z{number + 420506000:09d}",
    }  # fmt: skip


def _name(chance: random.Random, given: str) -> str:
    return chance.choice(SURNAMES) + "".join(chance.sample(given, 2))


def _number(born: date, sex: str, sequence: int) -> str:
    """A number with a right check digit and an area that does not exist."""
    first17 = f"{NO_AREA}{born:%Y%m%d}{sequence // 2 * 2 + (sex == '1'):03d}"
    return first17 + id_number.checksum(first17)


def _enter(session: Session, row: Any, ledger: Any, clerk: User, supervisor: User, acts: tuple[str, ...]) -> None:
    """As a clerk enters it and a supervisor decides."""
    today = clock.today()
    with session.no_autoflush:
        cautions = ledger.save(row, clerk, today)
        row.warnings = workflow.warned(cautions, {c.code: "已与本人核对" for c in cautions})
        session.add(row)
        workflow.edited(row, clerk)
    session.flush()
    if isinstance(row, Birth) and row.id % 3 == 1:
        scans.attach(session, row, "2", row.id, clerk)
    for act in acts:
        actor, own = clerk if act == "submit" else supervisor, ledger.ACTS.get(act)
        words = {"token": str(uuid7()), "reason": REASONS.get(act, "")}
        if own:
            own(row, actor, today, **words)
        else:
            workflow.advance(row, act, actor, **words)
