"""Who may be found, and how the search box reads what is typed."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.ledgers.people import search
from app.ledgers.people.models import Person, PersonSearch

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("born", "found"), [(date(2012, 11, 22), 1), (date(2012, 11, 23), 0), (date(2026, 11, 1), 0), (date(1950, 1, 1), 1), (None, 1)]
)
def test_children_under_fourteen_are_not_found(filed, seeing, born, found):
    filed(birth_date=born, id_no=None)
    assert seeing(lambda s: s.scalar(select(func.count(Person.id)).where(search.findable(TODAY)))) == found


def test_the_fourteenth_birthday_of_a_leap_year(filed, seeing):
    filed(birth_date=date(2014, 2, 28), id_no=None)
    filed(birth_date=date(2014, 3, 1), id_no=None)
    assert seeing(lambda s: s.scalar(select(func.count(Person.id)).where(search.findable(date(2028, 2, 29))))) == 1


def test_every_part_of_name_and_initials_is_kept(filed, seeing):
    filed(name="欧阳静")
    assert set(seeing(lambda s: s.scalars(select(PersonSearch.token)).all())) == {"欧阳静", "阳静", "静", "oyj", "yj", "j"}


@pytest.mark.parametrize(("text", "found"), [("欧阳", 1), ("静", 0), ("420506199001020025", 0)])
def test_rows_that_name_nobodys_file_are_found_by_how_a_name_begins(filed, seeing, text, found):
    filed(name="欧阳静", id_no="420506199001020025")
    assert seeing(lambda s: s.scalar(select(func.count(Person.id)).where(search.on_rows(text, written=(Person.name,))))) == found
