"""Births like one that is judged: found where they are sought, and without reading a whole village."""

from datetime import date, timedelta

import pytest

from app.core import regions
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.births import elsewhere
from app.ledgers.births.elsewhere import Sought
from app.ledgers.people import naming
from tests.cast import A1, A2
from tests.factories.births import BORN_ON, make_birth
from tests.statements import heard

MEI = naming.name_key("李梅")
DAY = timedelta(days=1)


def place(session, code):
    return regions.by_code(session, code).id


def test_namesakes_are_those_of_the_place_the_sound_and_the_days(working):
    with working() as session:
        make_birth(session, mother_name="李梅", status=Status.voided)
        wanted = [make_birth(session, mother_name=name, born_on=BORN_ON + n * DAY) for name, n in (("李梅", 0), ("李玫", -3), ("李梅", 3))]
        make_birth(session, mother_name="李梅", born_on=BORN_ON + 4 * DAY)
        make_birth(session, mother_name="王芳")
        make_birth(session, mother_name="李梅", town=A2)
        sought = Sought(place(session, A1), MEI, BORN_ON - 3 * DAY, BORN_ON + 3 * DAY)
        assert {n.uid for n in elsewhere.namesakes(session, [sought])} == {birth.uid for birth in wanted}
        assert elsewhere.namesakes(session, []) == []


def test_each_of_many_is_sought_by_what_is_its_own(working):
    """The days of one with the place of another are not sought."""
    with working() as session:
        here, there = make_birth(session, mother_name="李梅"), make_birth(session, mother_name="王芳", town=A2, born_on=date(2026, 1, 1))
        first = Sought(place(session, A1), naming.name_key("王芳"), BORN_ON, BORN_ON)
        second = Sought(place(session, A2), MEI, date(2026, 1, 1), date(2026, 1, 1))
        assert elsewhere.namesakes(session, [first, second]) == []
        both = [first._replace(sound=MEI), second._replace(sound=naming.name_key("王芳"))]
        assert {n.uid for n in elsewhere.namesakes(session, both)} == {here.uid, there.uid}


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)  # PostgreSQL goes by statistics, which the rows of a test do not make
def test_a_few_days_are_read_and_not_the_whole_village(working):
    with working() as session:
        sent = []
        with heard(sent):
            elsewhere.namesakes(session, [Sought(place(session, A1), MEI, BORN_ON, BORN_ON)])
        with elevated("test"):
            plan = " ".join(str(row) for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sent[-1][0]}", sent[-1][1]))
    assert "ix_birth_region_day (region_id=? AND born_on>? AND born_on<?)" in plan
