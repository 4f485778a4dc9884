"""Random lives of a few people in two towns, decided about by the ledgers' own rules, beside a model that tells the same a second time.

`make full` runs 500 lives of 50 steps on each database, `make test` a twentieth. A failing life is printed step by step.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

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
from app.ledgers.families import death_rules, rules, standing
from app.ledgers.families import models as families
from app.ledgers.families.models import Death
from app.ledgers.people.models import Person
from tests.cast import A1, B1, A, B
from tests.conftest import EVERYWHERE, copied, lend
from tests.factories.births import user
from tests.factories.families import do, make_death, make_marriage
from tests.factories.people import id_number_for, make_person
from tests.figures import figure, seeded
from tests.lives.model import DEATH, DIVORCE, DIVORCED, MARRIED, WEDDING, WIDOWED, Fact, World

LIVES, STEPS = figure(500), 50
FIRST_DAY = date(2015, 1, 1)
BORN = {"2": date(1980, 6, 1), "1": date(1979, 2, 3)}
WOMEN, MEN = ("李梅", "赵兰", "周静"), ("王强", "张伟", "陈刚")
TOWNS = {A: ("clerk", "supervisor"), B: ("neighbour", "neighbour_supervisor")}
VILLAGES = {A: A1, B: B1}
KINDS = {WEDDING: families.WEDDING, DIVORCE: families.DIVORCE}
MARITAL = {families.FIRST: MARRIED, families.AGAIN: MARRIED, families.DIVORCED: DIVORCED, families.WIDOWED: WIDOWED}

women, men, towns = st.sampled_from(WOMEN), st.sampled_from(MEN), st.sampled_from([A, B])
people = st.sampled_from([*WOMEN, *MEN])
days = st.integers(0, 3000)
picks = st.integers(0, 99)


class Lives(RuleBasedStateMachine):
    """One office with two towns from its first day on. Whatever is refused leaves nothing behind; whatever is not refused is true."""

    open_office: Callable[[], Any]  # a context manager that gives an application on a fresh database
    asked = False  # whether the step asked the application for anything

    @initialize()
    def begin(self) -> None:
        self.world, self.rows, self.used = World(), {}, set()
        self.lent = self.open_office()
        self.app = self.lent.__enter__()
        with self.working() as session:
            self.paths = {code: place.path for code in TOWNS if (place := regions.by_code(session, code))}
            for n, name in enumerate((*WOMEN, *MEN)):
                sex, town = ("2" if name in WOMEN else "1"), (A, B)[n % 2]
                make_person(
                    session, office=VILLAGES[town], name=name, sex=sex, birth_date=BORN[sex], id_no=id_number_for(BORN[sex], sex, 9000 + n)
                )
                self.world.seen_by[name] = {town}
            session.flush()
            self.numbers = {p.name: p.id for p in session.scalars(scope.query(Person))}
            self.cards = {p.name: p.id_no.reveal() for p in session.scalars(scope.query(Person)) if p.id_no}

    def teardown(self) -> None:
        if hasattr(self, "lent"):
            with self.working() as session:
                assert list(audit.verify(session)) == []
            self.lent.__exit__(None, None, None)

    @rule(kind=st.sampled_from([WEDDING, DIVORCE]), wife=women, husband=men, town=towns, day=days)
    def tell_a_marriage(self, kind: str, wife: str, husband: str, town: str, day: int) -> None:
        if not {town} & (self.world.seen_by[wife] | self.world.seen_by[husband]):
            return
        told = {"wife_name": wife, "wife_id_no": self.cards[wife], "husband_name": husband, "husband_id_no": self.cards[husband]}
        marital = {f"{role}_marital": families.AGAIN for role in ("wife", "husband")} if kind == WEDDING else {}

        def enter(session: Session, on: date) -> Any:
            more = {"kind": KINDS[kind], "happened_on": on, "wife_region": None, **marital}
            clerk, supervisor = TOWNS[town]
            return make_marriage(session, maker=clerk, decider=supervisor, status=Status.approved, **told, **more)

        self.tell(kind, (wife, husband), town, day, enter)

    @rule(who=people, town=towns, day=days)
    def tell_a_death(self, who: str, town: str, day: int) -> None:
        if town not in self.world.seen_by[who]:
            return

        def enter(session: Session, on: date) -> Any:
            told = {"person_name": who, "person_id_no": self.cards[who], "died_on": on, "person_region": None}
            clerk, supervisor = TOWNS[town]
            return make_death(session, maker=clerk, decider=supervisor, status=Status.approved, **told)

        self.tell(DEATH, (who,), town, day, enter, possible=self.world.died_on(who) is None)

    @rule(pick=picks)
    def take_back(self, pick: int) -> None:
        """Void an approved record."""
        fact = self.any_fact(pick)
        if fact is None:
            return
        model, uid, town = self.rows[fact.key]
        left = World({k: f for k, f in self.world.facts.items() if k != fact.key})

        def void(session: Session) -> None:
            do(scope.get(model, uid), "void", user(session, TOWNS[town][1]))

        if self.is_allowed(town, void, left.is_sound()):
            del self.world.facts[fact.key]

    @rule(pick=picks, day=days)
    def correct(self, pick: int, day: int) -> None:
        """Change the day of an approved record by a request of one and the decision of another."""
        fact = self.any_fact(pick)
        if fact is None:
            return
        on, (model, uid, town) = self.fresh(day), self.rows[fact.key]
        moved = World({**self.world.facts, fact.key: Fact(fact.key, fact.kind, on, fact.who)})

        def change(session: Session) -> None:
            row, (clerk, supervisor) = scope.get(model, uid), TOWNS[town]
            new = {"died_on" if model is Death else "happened_on": on}
            told = {"reason": "slip", "evidence": "paper", "explained": {}}
            asked = changes.propose(session, row, new, user(session, clerk), token=str(uuid7()), **told)
            session.flush()
            by = death_rules.change if model is Death else rules.change
            changes.apply(session, asked, by, user(session, supervisor), clock.today(), token=str(uuid7()))

        if self.is_allowed(town, change, moved.is_sound()):
            self.world.facts = moved.facts

    @rule(pick=picks, day=days)
    def tamper(self, pick: int, day: int) -> None:
        """Whatever writes past the rules is stopped by the database."""
        fact = self.any_fact(pick)
        if fact is None:
            return
        model, uid, _town = self.rows[fact.key]
        column = "died_on" if model is Death else "happened_on"
        on = self.fresh(day).isoformat()
        with self.app.app_context(), db.engine.connect() as connection:
            own = uid.hex if db.engine.dialect.name == "sqlite" else str(uid)
            cursor = connection.connection.cursor()
            with pytest.raises(Exception, match="applied change request"):
                cursor.execute(f"UPDATE {model.__tablename__} SET {column} = '{on}' WHERE uid = '{own}'")

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        if self.asked:
            self.asked = False
            self.everybody_is_what_the_model_says()
            self.everybody_is_seen_by_whom_the_model_says()

    def everybody_is_what_the_model_says(self) -> None:
        probes = sorted(random.Random(len(self.used)).sample(self.world.days(), min(4, len(self.world.days()))))
        with self.looking() as session:
            for name, number in self.numbers.items():
                person = session.get_one(Person, number)
                assert person.died_on == self.world.died_on(name), name
                for day in [*probes, clock.today()]:
                    found = standing.marital_status(session, person, day)
                    assert (MARITAL[found.code] if found else None) == self.world.marital(name, day), (name, day)

    def everybody_is_seen_by_whom_the_model_says(self) -> None:
        for town in TOWNS:
            with self.looking(town) as session:
                seen = set(session.scalars(scope.query(Person).with_only_columns(Person.name)))
            assert seen == {name for name, offices in self.world.seen_by.items() if town in offices}, town

    def tell(self, kind: str, who: tuple[str, ...], town: str, day: int, enter: Callable[..., Any], *, possible: bool = True) -> None:
        """Enter and approve a record. Refused or not: the model must say the same."""
        on, key = self.fresh(day), len(self.used)
        fact = Fact(key, kind, on, who)
        after = World({**self.world.facts, key: fact})

        def act(session: Session) -> None:
            row = enter(session, on)
            self.rows[key] = (type(row), row.uid, town)

        if self.is_allowed(town, act, possible and after.is_sound()):
            self.world.facts[key] = fact

    def is_allowed(self, town: str, act: Callable[[Session], None], expected: bool) -> bool:
        """Do it in one unit of work of this town. Whether it was done, which the model has foretold."""
        said, self.asked = "", True
        try:
            with self.working(town) as session:
                act(session)
        except RuleViolation as refusal:
            said = str(refusal)
        assert expected is not bool(said), said or "done, but it cannot be true"
        return expected

    def any_fact(self, pick: int) -> Fact | None:
        """One of the approved facts, if there are any."""
        known = list(self.world.facts.values())
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


@pytest.mark.full
def test_random_lives(lent_app, template, tmp_path_factory, request):
    @contextmanager
    def open_office() -> Iterator[Any]:
        folder = tmp_path_factory.mktemp("life")
        with copied(template, folder, request) as url, lend(lent_app, url, folder) as app:
            yield app

    number = seeded(f"{LIVES} random lives of {STEPS} steps on {template[0]}").randrange(2**31)
    here = seeded_by(number)(type("LivesHere", (Lives,), {"open_office": staticmethod(open_office)}))
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
