"""Random lives of a few people in two towns, decided about by the ledgers' own rules, beside a model that tells the same a second time.

`make full` runs 500 lives of 50 steps on each database, `make test` a twentieth. A failing life is printed step by step.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded_by
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from app.core import audit, changes, clock, regions, scope
from app.core.audit import acting
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.families import death_rules, standing
from app.ledgers.families import models as families
from app.ledgers.families import rules as marriage_rules
from app.ledgers.families.models import Death, MarriageEvent
from app.ledgers.households import models as households
from app.ledgers.households import rules as household_rules
from app.ledgers.households import standing as homes
from app.ledgers.households.models import HouseholdEvent
from app.ledgers.moves import models as moves
from app.ledgers.moves import rules as move_rules
from app.ledgers.moves import transfer_rules
from app.ledgers.moves.models import MoveEvent, Transfer
from app.ledgers.people.models import Person
from tests.cast import A1, B1, A, B
from tests.conftest import EVERYWHERE, copied, lend
from tests.factories import births
from tests.factories.births import user
from tests.factories.families import make_death, make_marriage
from tests.factories.households import make_event, make_household
from tests.factories.moves import make_move, make_transfer
from tests.factories.pairs import applied, proposed
from tests.factories.people import id_number_for, make_person
from tests.figures import figure, seeded
from tests.lives.model import (
    BACK,
    DEATH,
    DIVORCE,
    DIVORCED,
    HANDED,
    JOINED,
    LEFT,
    MARRIED,
    MOVED_OUT,
    MOVING,
    SET_UP,
    WEDDING,
    WIDOWED,
    Fact,
    World,
)  # fmt: skip

LIVES, STEPS = figure(500), 50
FIRST_DAY = date(2015, 1, 1)
BORN = {"2": date(1980, 6, 1), "1": date(1979, 2, 3)}
WOMEN, MEN = ("李梅", "赵兰", "周静"), ("王强", "张伟", "陈刚")
TOWNS = {A: ("clerk", "supervisor"), B: ("neighbour", "neighbour_supervisor")}
VILLAGES = {A: A1, B: B1}
OTHER = {A: B, B: A}
MARRIAGES = {WEDDING: families.WEDDING, DIVORCE: families.DIVORCE}
MARITAL = {families.FIRST: MARRIED, families.AGAIN: MARRIED, families.DIVORCED: DIVORCED, families.WIDOWED: WIDOWED}
MOVES = {MOVED_OUT: moves.MOVED_OUT, BACK: moves.BACK}
CHANGES = {JOINED: households.JOINED, LEFT: households.LEFT}
RULES: dict[type, ModuleType] = {
    MarriageEvent: marriage_rules,
    Death: death_rules,
    MoveEvent: move_rules,
    HouseholdEvent: household_rules,
}
ON_FILE_HERE = (Death, MoveEvent)  # who decides about these writes into the file, which must lie at the office

women, men, towns = st.sampled_from(WOMEN), st.sampled_from(MEN), st.sampled_from([A, B])
people = st.sampled_from([*WOMEN, *MEN])
days = st.integers(0, 3000)
picks = st.integers(0, 99)


class Kept(NamedTuple):
    """Where the record of a fact lies, and what it made."""

    model: type
    uid: Any
    town: str
    wife_id: int | None
    household_no: str


class Lives(RuleBasedStateMachine):
    """One office with two towns from its first day on. Whatever is refused leaves nothing behind; whatever is not refused is true."""

    open_office: Callable[[], Any]  # a context manager that gives an application on a fresh database
    tally: Counter[str]  # what was done and what was refused, of all lives
    asked = False  # whether the step asked the application for anything

    @initialize()
    def begin(self) -> None:
        self.world, self.rows, self.used = World(), {}, set()
        self.number_of_house: dict[int, str] = {}
        self.lent = self.open_office()
        self.app = self.lent.__enter__()
        with self.working() as session:
            self.paths = {code: place.path for code in TOWNS if (place := regions.by_code(session, code))}
            self.cards = {name: id_number_for(BORN[_sex(name)], _sex(name), 9000 + n) for n, name in enumerate((*WOMEN, *MEN))}
            self.files: dict[str, int] = {}
            for n, name in enumerate((*WOMEN, *MEN)):
                self.file(session, name, (A, B)[n % 2], self.cards[name])

    def teardown(self) -> None:
        if hasattr(self, "lent"):
            with self.working() as session:
                assert list(audit.verify(session)) == []
            self.lent.__exit__(None, None, None)

    # what may happen

    @rule(kind=st.sampled_from([WEDDING, DIVORCE]), wife=women, husband=men, town=towns, day=days)
    def tell_a_marriage(self, kind: str, wife: str, husband: str, town: str, day: int) -> None:
        if town not in self.world.seen_by[wife] | self.world.seen_by[husband]:
            return
        told = {"wife_name": wife, "wife_id_no": self.cards[wife], "wife_region": None, **self.husband(kind, husband)}
        self.tell(kind, (wife, husband), town, day, lambda on: (make_marriage, {**told, "happened_on": on}))

    @rule(wife=women, husband=men, day=days)
    def tell_a_wedding_without_her_number(self, wife: str, husband: str, day: int) -> None:
        """Nobody is taken for somebody else without a number: a second file is made, until the two are merged."""
        if len(self.world.seen_by[husband]) != 1:
            return
        town, alias = next(iter(self.world.seen_by[husband])), f"{wife}~{len(self.used)}"
        told = {"wife_name": wife, "wife_id_no": None, "wife_birth_date": BORN["2"], **self.husband(WEDDING, husband)}

        def enter(on: date) -> Any:
            return make_marriage, {**told, "happened_on": on, "wife_region": regions.by_code(db.session(), VILLAGES[town])}

        if row := self.tell(WEDDING, (alias, husband), town, day, enter):
            self.files[alias], self.world.seen_by[alias] = row.wife_id, {town}

    @rule(who=people, town=towns, day=days)
    def tell_a_death(self, who: str, town: str, day: int) -> None:
        if town in self.world.seen_by[who]:
            told = {"person_name": who, "person_id_no": self.cards[who], "person_region": None}
            alive = self.world.died_on(who) is None
            self.tell(DEATH, (who,), town, day, lambda on: (make_death, {**told, "died_on": on}), possible=alive)

    @rule(kind=st.sampled_from([MOVED_OUT, BACK]), who=people, day=days)
    def tell_a_move(self, kind: str, who: str, day: int) -> None:
        (town,), earlier = self.world.seen_by[who], self.world.moves_of(who)
        if kind == BACK and earlier:
            day = _day_number(earlier[-1].on) + 1 + day % 300
        if self.handed_later(who, day):
            return
        told = {"kind": MOVES[kind], "person_name": who, "person_id_no": self.cards[who], "person_region": None}
        self.tell(kind, (who,), town, day, lambda on: (make_move, {**told, "happened_on": on}))

    @rule(who=people, day=days)
    def hand_over(self, who: str, day: int) -> None:
        """One office sends a file, the other one accepts it."""
        (town,) = self.world.seen_by[who]
        on, key = self.fresh(day), len(self.used)
        after = self.world.and_(Fact(key, HANDED, on, (who,)))
        is_last = all(fact.on < on for fact in self.world.moves_of(who))

        def send(session: Session) -> Any:
            person = session.get_one(Person, self.files[who])
            return make_transfer(session, person, to=VILLAGES[OTHER[town]], maker=TOWNS[town][0], moved_on=on).uid

        def accept(session: Session) -> None:
            transfer, actor = scope.get(Transfer, sent), user(session, TOWNS[OTHER[town]][0])
            transfer_rules.accept(transfer, actor, clock.today(), token=str(uuid7()))

        fits = is_last and World({k: f for k, f in after.facts.items() if f.kind in (*MOVING, DEATH)}).is_sound()
        is_alive = self.world.died_on(who) is None
        if (sent := self.is_allowed(town, send, fits and is_alive)) and self.is_allowed(OTHER[town], accept, after.is_sound()):
            self.world.facts = after.facts
            self.world.seen_by[who] = {OTHER[town]}
        elif sent:
            with self.working(town) as session:
                transfer_rules.withdraw(scope.get(Transfer, sent), user(session, TOWNS[town][0]), clock.today(), token=str(uuid7()))

    @rule(who=people, day=days)
    def set_up_a_household(self, who: str, day: int) -> None:
        (town,) = self.world.seen_by[who]
        told, house = {"person_name": who, "person_id_no": self.cards[who], "person_region": None}, len(self.used) + 1
        if row := self.tell(SET_UP, (who,), town, day, lambda on: (make_household, {**told, "happened_on": on}), house=house):
            self.number_of_house[house] = row.household_no

    @rule(kind=st.sampled_from([JOINED, LEFT]), who=people, pick=picks, day=days)
    def change_a_household(self, kind: str, who: str, pick: int, day: int) -> None:
        (town,) = self.world.seen_by[who]
        known = [fact for fact in self.world.facts.values() if fact.kind == SET_UP and self.rows[fact.key].town == town]
        if not known:
            return
        set_up = known[pick % len(known)]
        day = _day_number(set_up.on) + 1 + day % 300
        told = {"kind": CHANGES[kind], "household_no": self.number_of_house[set_up.house or 0], "person_name": who}
        told |= {"person_id_no": self.cards[who], "relation": "97" if kind == JOINED else None}
        self.tell(kind, (who,), town, day, lambda on: (make_event, {**told, "happened_on": on}), house=set_up.house)

    @rule(pick=picks)
    def take_back(self, pick: int) -> None:
        """Void an approved record."""
        if (fact := self.any_fact(pick)) is None:
            return
        model, uid, town, *_made = self.rows[fact.key]
        left = self.world.but(fact.key)

        def void(session: Session) -> None:
            births.do(scope.get(model, uid), "void", user(session, TOWNS[town][1]), RULES[model])

        if self.is_allowed(town, void, left.is_sound() and self.is_decided_here(fact)):
            self.world.facts = left.facts

    @rule(pick=picks, day=days)
    def correct(self, pick: int, day: int) -> None:
        """Change the day of an approved record by a request of one and the decision of another."""
        fact = self.any_fact(pick)
        if fact is None or (fact.kind in MOVING and self.handed_later(fact.who[0], day)):
            return
        on, (model, uid, town, *_made) = self.fresh(day), self.rows[fact.key]
        moved = self.world.and_(Fact(fact.key, fact.kind, on, fact.who, fact.house))

        def change(session: Session) -> None:
            row, (clerk, supervisor) = scope.get(model, uid), TOWNS[town]
            told = {"reason": "slip", "evidence": "paper", "explained": {}, "token": str(uuid7())}
            asked = changes.propose(session, row, {_day_of(model): on}, user(session, clerk), **told)
            session.flush()
            changes.apply(session, asked, RULES[model].change, user(session, supervisor), clock.today(), token=str(uuid7()))

        if self.is_allowed(town, change, moved.is_sound() and self.is_decided_here(fact)):
            self.world.facts = moved.facts

    @rule(pick=picks)
    def merge(self, pick: int) -> None:
        """Two files of one person become one: the second one was made for want of a number."""
        doubles = [alias for alias in self.files if "~" in alias]
        if not doubles:
            return
        goes = doubles[pick % len(doubles)]
        stays, (town,) = goes.partition("~")[0], self.world.seen_by[goes]
        if self.world.seen_by[stays] != {town}:
            return
        after = self.world.with_one_name(stays, goes)

        def make_one(session: Session) -> None:
            both = (session.get_one(Person, self.files[name]) for name in (stays, goes))
            asked = proposed(session, *both, maker=TOWNS[town][0])
            session.flush()
            applied(session, asked, TOWNS[town][1])

        if self.is_allowed(town, make_one, after.is_sound()):
            self.world = after
            del self.files[goes]

    @rule(pick=picks, day=days)
    def tamper(self, pick: int, day: int) -> None:
        """Whatever writes past the rules is stopped by the database."""
        if (fact := self.any_fact(pick)) is None:
            return
        model, uid, *_rest = self.rows[fact.key]
        on = self.fresh(day).isoformat()
        with self.app.app_context(), db.engine.connect() as connection:
            own = uid.hex if db.engine.dialect.name == "sqlite" else str(uid)
            cursor = connection.connection.cursor()
            told = f"UPDATE {model.__tablename__} SET {_day_of(model)} = '{on}' WHERE uid = '{own}'"  # type: ignore[attr-defined]
            with pytest.raises(Exception, match="applied change request"):
                cursor.execute(told)

    # what must hold

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        if self.asked:
            self.asked = False
            self.everybody_is_what_the_model_says()
            self.everybody_is_seen_by_whom_the_model_says()

    def everybody_is_what_the_model_says(self) -> None:
        probes = sorted(random.Random(len(self.used)).sample(self.world.days(), min(3, len(self.world.days()))))
        with self.looking() as session:
            for name, number in self.files.items():
                person = session.get_one(Person, number)
                assert (person.died_on, person.moved_out_on) == (self.world.died_on(name), self.world.moved_out_on(name)), name
                for day in [*probes, clock.today()]:
                    found = standing.marital_status(session, person, day)
                    assert (MARITAL[found.code] if found else None) == self.world.marital(name, day), (name, day)
                    home, house = homes.membership(session, number, day), self.world.home(name, day)
                    assert (home.household and home.household.number if home else None) == self.number_of_house.get(house or 0), (
                        name,
                        day,
                    )

    def everybody_is_seen_by_whom_the_model_says(self) -> None:
        known = {number: name for name, number in self.files.items()}
        for town in TOWNS:
            with self.looking(town) as session:
                seen = {known[number] for number in session.scalars(scope.query(Person).with_only_columns(Person.id))}
                assert seen == {name for name, offices in self.world.seen_by.items() if town in offices}, town
                for model in RULES:
                    mine = scope.query(model).where(model.status == Status.approved).with_only_columns(model.uid)
                    told = [self.rows[key] for key in self.world.facts if key in self.rows]
                    assert set(session.scalars(mine)) == {row.uid for row in told if (row.model, row.town) == (model, town)}, (model, town)

    # how it is tried

    def tell(
        self, kind: str, who: tuple[str, ...], town: str, day: int, enter: Callable[[date], Any], *, possible: bool = True,
        house: int | None = None,
    ) -> Any:  # fmt: skip
        """Enter and approve a record, which is answered. Refused or not: the model must say the same."""
        on, key = self.fresh(day), len(self.used)
        fact = Fact(key, kind, on, who, house)
        after, (clerk, supervisor) = self.world.and_(fact), TOWNS[town]

        def act(session: Session) -> Any:
            make, told = enter(on)
            row = make(session, maker=clerk, decider=supervisor, status=Status.approved, **told)
            session.flush()
            return Kept(type(row), row.uid, town, getattr(row, "wife_id", None), getattr(row, "household_no", ""))

        kept = self.is_allowed(town, act, possible and after.is_sound(), kind)
        if kept:
            self.world.facts[key], self.rows[key] = fact, kept
        return kept

    def is_allowed(self, town: str, act: Callable[[Session], Any], expected: bool, kind: str = "") -> Any:
        """Do it in one unit of work of this town. What it answered, or whether it was done at all, which the model has foretold."""
        said, done, self.asked = "", None, True
        try:
            with self.working(town) as session:
                done = act(session)
        except RuleViolation as refusal:
            said = str(refusal)
        assert expected is not bool(said), said or "done, but it cannot be true"
        what = kind or act.__qualname__.split(".")[1]
        self.tally[f"{what} {'done' if expected else 'refused'}"] += 1
        if not expected:
            return None
        return True if done is None else done

    def is_decided_here(self, fact: Fact) -> bool:
        """Whether the office of a record may still decide about it: of what stands on a file, only while it holds the file."""
        model, _uid, town, *_made = self.rows[fact.key]
        return model not in ON_FILE_HERE or self.world.seen_by[fact.who[0]] == {town}

    def handed_later(self, who: str, day: int) -> bool:
        """Whether the file went to another office after this day: then nothing earlier is told any more."""
        return any(fact.kind == HANDED and fact.on >= FIRST_DAY + timedelta(days=day) for fact in self.world.moves_of(who))

    def husband(self, kind: str, name: str) -> dict[str, Any]:
        """The rest of a marriage event."""
        marital = {f"{role}_marital": families.AGAIN for role in ("wife", "husband")} if kind == WEDDING else {}
        return {"kind": MARRIAGES[kind], "husband_name": name, "husband_id_no": self.cards[name], **marital}

    def file(self, session: Session, name: str, town: str, card: str | None) -> None:
        """Make the file of somebody who lives in this town."""
        sex = _sex(name)
        person = make_person(session, office=VILLAGES[town], name=name, sex=sex, birth_date=BORN[sex], id_no=card)
        session.flush()
        self.files[name], self.world.seen_by[name] = person.id, {town}

    def any_fact(self, pick: int) -> Fact | None:
        """One of the approved records, if there are any; what was handed over is no record."""
        known = [fact for fact in self.world.facts.values() if fact.key in self.rows]
        return known[pick % len(known)] if known else None

    def fresh(self, day: int) -> date:
        """A day on which nothing else ever happened."""
        while day in self.used:
            day += 1
        self.used.add(day)
        return FIRST_DAY + timedelta(days=day)

    @contextmanager
    def looking(self, *codes: str) -> Iterator[Session]:
        """What these towns see, or everything, without writing."""
        with self.app.app_context(), acting("lives"), looking_as(self.view(*codes)):
            yield db.session()

    def view(self, *codes: str) -> Scope:
        """The scope of these towns, or of everything."""
        return Scope.of([self.paths[code] for code in codes]) if codes else EVERYWHERE

    @contextmanager
    def working(self, *codes: str) -> Iterator[Session]:
        """One unit of work that sees these towns, or everything."""
        with self.app.app_context(), acting("lives"), looking_as(self.view(*codes)), unit_of_work() as session:
            yield session


def _sex(name: str) -> str:
    return "2" if name in WOMEN else "1"


def _day_number(day: date) -> int:
    return (day - FIRST_DAY).days


def _day_of(model: type) -> str:
    return "died_on" if model is Death else "happened_on"


@pytest.mark.full
def test_random_lives(lent_app, template, tmp_path_factory, request):
    @contextmanager
    def open_office() -> Iterator[Any]:
        folder = tmp_path_factory.mktemp("life")
        with copied(template, folder, request) as url, lend(lent_app, url, folder) as app:
            yield app

    number = seeded(f"{LIVES} random lives of {STEPS} steps on {template[0]}").randrange(2**31)
    here = seeded_by(number)(type("LivesHere", (Lives,), {"open_office": staticmethod(open_office), "tally": (tally := Counter())}))
    run_state_machine_as_test(
        here,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    print(", ".join(f"{what}: {times}" for what, times in sorted(tally.items())))
    assert all(tally[f"{what} done"] for what in (WEDDING, DEATH, SET_UP, "take_back", "correct", "hand_over"))
