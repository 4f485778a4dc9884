"""What speaks against one person of two files is said, and records of other offices are not named."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import scope
from app.core.workflow import Status
from app.ledgers.births import one_file as births
from app.ledgers.families import one_file as families
from app.ledgers.moves import one_file as moves
from app.ledgers.people.models import Person
from tests.cast import B1, B
from tests.factories.births import BORN_ON, MOTHER_BORN, make_birth
from tests.factories.families import make_death
from tests.factories.moves import BORN, make_move
from tests.factories.people import also_seen_by, id_number_for

HERS, HIS = [id_number_for(MOTHER_BORN, "2", n) for n in (881, 882)], [id_number_for(BORN, "1", n) for n in (883, 884)]


def two_births(session):
    make_birth(session, mother_id_no=HERS[0])
    make_birth(session, mother_id_no=HERS[1], born_on=BORN_ON - timedelta(days=100))


def two_deaths(session):
    for number in HERS:
        told = {"person_name": "李梅", "person_birth_date": MOTHER_BORN, "person_sex": "2"}
        make_death(session, **told, person_id_no=number, status=Status.approved)


def one_move_twice(session):
    for number in HIS:
        make_move(session, person_id_no=number, status=Status.approved)


@pytest.mark.parametrize(
    ("make", "check", "name"),
    [(two_births, births.check, "李梅"), (two_deaths, families.check, "李梅"), (one_move_twice, moves.check, "王强")],
    ids=["births", "deaths", "moves"],
)
def test_records_of_another_office_are_not_named(working, make, check, name):
    with working() as session:
        make(session)
        people = session.scalars(select(Person).order_by(Person.id)).all()
        for person in people:
            also_seen_by(session, person, B1, "serving")
        said = " ".join(str(problem.message) for problem in check(session, *people))
        assert name in said
    with working(B) as session:
        there = session.scalars(scope.query(Person).order_by(Person.id)).all()
        said = " ".join(str(problem.message) for problem in check(session, *there))
        assert said
        assert name not in said
