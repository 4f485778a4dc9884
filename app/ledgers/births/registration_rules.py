"""What may happen to a birth registration: a service at either spouse's office, for any child, with no permission and no limit."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.core import id_number, numbers, params, regions, workflow
from app.core.errors import Caution, Problem, RuleViolation, refuse_if
from app.core.regions import Region
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.births import elsewhere
from app.ledgers.births.elsewhere import PREGNANCY
from app.ledgers.births.models import MAX_ORDER, BirthRegistration
from app.ledgers.people import naming, snapshots, sound

ROLES = ("woman", "partner")
REQUIRED = ("woman_name", "registration_type", "child_order")
DATES = ("registered_on", "due_on", "woman_birth_date", "partner_birth_date")
DUE_BEFORE = timedelta(days=30)  # a due date may have passed by so much when the registration is made


def save(registration: BirthRegistration, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed, check everything, answer what is unusual. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        for role in ROLES:
            snapshots.complete(registration, role, today)
        keeps = [r for r in ROLES if getattr(registration, f"{r}_id") is not None and snapshots.is_unchanged(registration, r)]
        registration.registered_on = registration.registered_on or today
        refuse_if(_problems(registration, today))
        for role in ROLES:
            if role not in keeps:
                setattr(registration, f"{role}_id", _found(session, registration, role, actor, today))
        _place(session, registration)
        return _cautions(session, registration)


def discard(registration: BirthRegistration, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """A draft that should not be there goes; one that a birth tells of is put right instead."""
    session = db.session()
    if elsewhere.is_registration_used(session, registration):
        raise RuleViolation.one(_("A birth belongs to this registration. Correct it instead of deleting it."), code="used")
    workflow.discard(registration, actor, token=token, reason=reason)


ACTS: Mapping[str, Callable[..., None]] = {"discard": discard}


def _problems(registration: BirthRegistration, today: date) -> list[Problem]:
    if missing := sound.missing(registration, REQUIRED):
        return missing
    found = [problem for role in ROLES for problem in snapshots.problems(registration, role, today)]
    found += sound.old_dates(registration, DATES, today)
    if not registration.reg_no:
        found += sound.large_places(registration, ("region",))
    if registration.woman_birth_date and registration.registered_on <= registration.woman_birth_date:
        message = _("The registration lies before the birth date of the mother. Correct one of the two dates.")
        found.append(Problem("registered_on", message, "registered_before_birth"))
    if registration.registered_on > today:
        found.append(Problem("registered_on", _("The registration cannot be dated after today. Correct the date."), "registered_on"))
    if not 1 <= registration.child_order <= MAX_ORDER:
        found.append(Problem("child_order", _("The order of the child is a number from 1 to %(most)s.", most=MAX_ORDER), "child_order"))
    if registration.due_on and registration.registration_type != PREGNANCY:
        found.append(
            Problem("due_on", _("Only a registration during pregnancy has a due date. Leave it empty, or change the type."), "due_on")
        )
    return found


def _found(session: Session, registration: BirthRegistration, role: str, actor: Actor, today: date) -> int | None:
    """The file of a spouse, wherever it lies. Nobody is entered by a registration."""
    if not snapshots.is_named(registration, role):
        return None
    who = snapshots.named(registration, role)
    return naming.find_or_file(session, who, region=None, outside="link", actor=actor, today=today).person_id


def _place(session: Session, registration: BirthRegistration) -> None:
    """The office that accepted it keeps it; the number is its, for the year of the registration."""
    if registration.reg_no:
        return
    office = registration.region or _office(session, registration)
    if office is None:
        message = _("Neither of the two is on file at your offices. Choose the place that accepts the registration.")
        raise RuleViolation.one(message, "region", code="place")
    registration.region, registration.scope_path = office, office.path
    registration.reg_no = _number(session, office, registration.registered_on.year)


def _office(session: Session, registration: BirthRegistration) -> Region | None:
    """Hers, else her partner's, else the writer's own where there is only one."""
    hers, his = (snapshots.office_of(session, getattr(registration, f"{role}_id")) for role in ROLES)
    return hers or his or snapshots.own_place(session)


def _number(session: Session, office: Region, year: int) -> str:
    """Code of the office, year, four digits counted up."""
    number = numbers.next_number(session, "birth_registration", office.id, year)
    return f"{regions.whole(regions.code_of(session, office))}{year}{number:04d}"


def _cautions(session: Session, registration: BirthRegistration) -> list[Caution]:
    found, day = [], registration.registered_on
    unusual = params.number(session, "births", "order_unusual", registration.scope_path, day)
    if registration.child_order >= unusual:
        message = _l(
            "Is it child number %(n)s? Every child is registered; this question only finds slips of the pen.", n=registration.child_order
        )
        found.append(Caution("child_order", "child_order", message))
    found += _age_cautions(session, registration)
    ahead = params.number(session, "births", "due_days_ahead", registration.scope_path, day)
    if registration.due_on and registration.due_on > day + timedelta(days=ahead):
        message = _l("The due date lies more than %(days)s days ahead. Compare it with the papers.", days=ahead)
        found.append(Caution("V09_due", "due_on", message))
    if registration.due_on and registration.due_on < day - DUE_BEFORE:
        message = _l("The due date lies more than %(days)s days before the registration. Compare it with the papers.", days=DUE_BEFORE.days)
        found.append(Caution("V09_due_past", "due_on", message))
    return found


def _age_cautions(session: Session, registration: BirthRegistration) -> list[Caution]:
    """V08: a woman outside the usual years is asked about, never refused."""
    born, day = registration.woman_birth_date, registration.registered_on
    low, high = (params.number(session, "births", f"mother_age_{end}", registration.scope_path, day) for end in ("min", "max"))
    years = id_number.age(born, day) if born else low
    if low <= years <= high:
        return []
    message = _l("By the dates the mother was %(years)s years old. Compare her birth date with the papers.", years=years)
    return [Caution("V08", "woman_birth_date", message)]
