"""What every ledger asks of a form first: fields filled in, dates within a long life, places that can be an office."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.core.errors import Problem
from app.core.id_number import MAX_AGE_YEARS
from app.core.regions import Level, Region

OFFICES = frozenset({Level.town, Level.village})


def missing(row: Any, columns: Iterable[str]) -> list[Problem]:
    """The columns that must be filled in and are not."""
    return [Problem(column, _("Fill in this field."), "missing") for column in columns if getattr(row, column) in (None, "")]


def old_dates(row: Any, columns: Iterable[str], today: date) -> list[Problem]:
    """The dates of these columns that lie further back than the longest life."""
    found = [column for column in columns if is_too_old(getattr(row, column), today)]
    return [Problem(column, _("This date is too long ago. Correct the year."), "date_old") for column in found]


def is_too_old(day: date | None, today: date) -> bool:
    """Whether a day lies more than 120 years back."""
    return day is not None and (day.year + MAX_AGE_YEARS, day.month, day.day) < (today.year, today.month, today.day)


def large_places(row: Any, fields: Iterable[str]) -> list[Problem]:
    """The places chosen in these fields that are larger than a town."""
    found = [field for field in fields if (place := getattr(row, field, None)) is not None and not is_office(place)]
    return [Problem(field, _("Choose a village or a town, nothing larger."), "place_large") for field in found]


def is_office(place: Region) -> bool:
    """Whether rows may lie at this place: it is a town or a village."""
    return place.level in OFFICES
