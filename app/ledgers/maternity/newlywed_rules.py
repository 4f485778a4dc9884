"""What may happen to a service for newlyweds. Whoever wants it is named: both of a couple, or one person."""

from datetime import date

from flask_babel import gettext as _

from app.core.errors import Caution, Problem, refuse_if
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.maternity.models import NewlywedService
from app.ledgers.maternity.rules import ACTS, after_birth, answers, must_fit_own_files, place, wrong_days
from app.ledgers.people import snapshots, sound

ROLES = ("wife", "husband")
REQUIRED = ("consent_on",)
DATES = ("married_on", "consent_on", "check_on", "folic_on")
BORN = ("wife_birth_date", "husband_birth_date")
ITEMS = ("check", "folic")
__all__ = ["ACTS", "check", "people", "save"]


def save(service: NewlywedService, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed and check everything. Asks about nothing. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        for role in ROLES:
            _complete(service, role, today)
        refuse_if(check(service, today))
        place(session, service)
        must_fit_own_files(session, service, named(service))
        return []


def check(service: NewlywedService, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    if found := sound.missing(service, REQUIRED):
        return found
    found = [*people(service, today), *wrong_days(service, DATES, today), *answers(service, ITEMS)]
    found += after_birth(service, named(service), service.married_on or service.consent_on)
    return [*found, *sound.old_dates(service, BORN, today), *sound.large_places(service, ("region",))]


def people(service: NewlywedService, today: date) -> list[Problem]:
    """What is wrong with the two, or the one, as the row names them."""
    if not named(service):
        return [Problem("wife_name", _("Name whoever wants the service: the wife, the husband, or both."), "nobody")]
    found = [problem for role in ROLES for problem in snapshots.problems(service, role, today)]
    if service.wife_id_no_bidx and service.wife_id_no_bidx == service.husband_id_no_bidx:
        found.append(Problem("husband_id_no", _("Both have the same number. Compare the numbers with the cards."), "V05_self"))
    return found


def named(service: NewlywedService) -> list[str]:
    """Who of the two is named."""
    return [role for role in ROLES if snapshots.is_named(service, role)]


def _complete(service: NewlywedService, role: str, today: date) -> None:
    """Of somebody who is not named nothing is kept."""
    snapshots.complete(service, role, today)
    if not snapshots.is_named(service, role):
        setattr(service, f"{role}_id_type", None)
