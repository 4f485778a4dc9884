"""What may happen to a service during pregnancy. It begins when she tells of it herself and agrees, and ends when she wants."""

from collections.abc import Iterator
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import names, params
from app.core.errors import Caution, Problem, refuse_if
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.maternity.models import PROXY, PregnancyService
from app.ledgers.maternity.rules import ACTS, after_birth, answers, must_fit_own_files, place, wrong_days
from app.ledgers.people import snapshots, sound

SCHEME = "maternity"  # of the dated parameters
ROLE = "woman"
REQUIRED = ("woman_name", "told_by", "told_on", "consent_on")
DATES = ("told_on", "consent_on", "folic_on", "check_on", "handbook_on", "ended_on")
ITEMS = ("check", "folic")
__all__ = ["ACTS", "check", "people", "save"]


def save(service: PregnancyService, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed and check everything. Asks about nothing. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        snapshots.complete(service, ROLE, today)
        service.proxy_name = names.clean_name(service.proxy_name or "") or None
        refuse_if(check(service, today))
        place(session, service)
        refuse_if(_due_problems(session, service))
        must_fit_own_files(session, service, (ROLE,))
        return []


def check(service: PregnancyService, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    if found := sound.missing(service, REQUIRED):
        return found
    found = [*people(service, today), *_proxy_problems(service), *wrong_days(service, DATES, today), *answers(service, ITEMS)]
    found += [*after_birth(service, (ROLE,), service.told_on), *_end_problems(service)]
    return [*found, *sound.old_dates(service, ("woman_birth_date", "due_on"), today), *sound.large_places(service, ("region",))]


def people(service: PregnancyService, today: date) -> list[Problem]:
    """What is wrong with her as the row names her."""
    return snapshots.problems(service, ROLE, today)


def _proxy_problems(service: PregnancyService) -> Iterator[Problem]:
    """Who told is known: she, or the one she asked to."""
    if service.told_by == PROXY and not names.is_name(service.proxy_name or ""):
        yield Problem("proxy_name", _("Write the name of the one whom she asked to tell it."), "proxy")
    if service.told_by != PROXY and service.proxy_name:
        yield Problem("proxy_name", _("She told it herself. Leave the name of a proxy empty, or choose the proxy above."), "no_proxy")


def _end_problems(service: PregnancyService) -> Iterator[Problem]:
    if bool(service.ended_on) != bool(service.ending):
        field = "ending" if service.ended_on else "ended_on"
        yield Problem(field, _("The day of the end and how it ended belong together. Fill in both, or leave both empty."), "ending")
    if service.ended_on and service.ended_on < service.told_on:
        yield Problem("ended_on", _("The service cannot end before it was told of. Correct one of the two dates."), "ended_on")


def _due_problems(session: Session, service: PregnancyService) -> Iterator[Problem]:
    """A due date that can only be a slip of the pen."""
    if service.due_on is None:
        return
    ahead, past = (
        timedelta(days=params.number(session, SCHEME, key, service.scope_path, service.told_on))
        for key in ("due_days_ahead", "due_days_past")
    )
    if not service.told_on - past <= service.due_on <= service.told_on + ahead:
        yield Problem("due_on", _("This due date does not fit the day on which she told of it. Correct it or leave it empty."), "due_on")
