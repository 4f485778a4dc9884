"""The numbers of households: how one is given, and which household a typed number means."""

import re
import unicodedata
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import numbers, regions, scope
from app.core.errors import RuleViolation
from app.core.regions import Region
from app.core.scope import elevated
from app.ledgers.households.models import Household

SHORT = re.compile(r"[0-9]{4}-[0-9]{4,}")  # year and running number, without the office
MOST = 4  # numbers told where several households fit


def give(session: Session, place: Region, on: date) -> str:
    """The next number of this office and year: code, year, running number."""
    office = regions.code_of(session, place) or place.path
    while True:
        running = numbers.next_number(session, "household", place.id, on.year)
        number = f"{office}-{on.year}-{running:04d}"
        if not _is_taken(session, number):  # an office that took over a code goes on where the old one stopped
            return number


def tidy(text: str | None) -> str:
    """A number as it is kept and compared: half-width, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def find(session: Session, text: str | None, place: Region | None = None) -> Household:
    """The household of one's own offices that is meant by its number, the number of the office's own book, or the end of the number.

    `place` tells the books of two villages apart. Raises RuleViolation where none is meant, or several are.
    """
    typed = tidy(text)
    found = _meant(session, typed)
    if len(found) > 1 and place is not None:
        found = [household for household in found if household.region_id == place.id] or found
    if not found:
        message = _("No household of your offices has this number. Compare it with the household's page, or enter its set-up first.")
        raise RuleViolation.one(message, "household_no", code="household")
    if len(found) > 1:
        several = ", ".join(household.number for household in found[:MOST])
        message = _("Several households have this number: %(numbers)s. Write the whole number.", numbers=several)
        raise RuleViolation.one(message, "household_no", code="households")
    return found[0]


def _meant(session: Session, typed: str) -> list[Household]:
    """The whole number first, then the office's own book, then the end of a number."""
    if not typed:
        return []
    whole, own = Household.number == typed, Household.former_no == typed
    short = [Household.number.endswith(f"-{typed}", autoescape=True)] if SHORT.fullmatch(typed) else []
    every = (list(session.scalars(scope.query(Household).where(meant).order_by(Household.id))) for meant in (whole, own, *short))
    return next((found for found in every if found), [])


def _is_taken(session: Session, number: str) -> bool:
    with session.no_autoflush, elevated("numbers of households are given once"):
        return session.scalar(select(Household.id).where(Household.number == number)) is not None
