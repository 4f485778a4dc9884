"""Which offices may see a person: a link is opened and closed, never moved; the name search follows."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core.errors import RuleViolation
from app.core.regions import Region
from app.ledgers.people import search
from app.ledgers.people.models import OfficeKind, Person, PersonOffice


def open_office(session: Session, person: Person, region: Region, kind: OfficeKind, on: date) -> PersonOffice:
    """From this day on the office sees the person. The region must lie in the scope in force."""
    link = PersonOffice(person=person, region=region, scope_path=region.path, kind=kind, valid_from=on)
    session.add(link)
    search.rewrite(session, person)
    return link


def close_office(session: Session, link: PersonOffice, on: date) -> None:
    """The link ends on this day; from now on the office does not see the person any more, unless by another one."""
    if link.valid_to is not None:
        raise RuleViolation.one(_("This has ended already."), code="closed")
    if on < link.valid_from:
        raise RuleViolation.one(_("It cannot end before it began."), code="dates")
    person, link.valid_to = link.person, on
    search.rewrite(session, person)


def kind_label(kind: OfficeKind) -> str:
    """Why an office sees a person, in the reader's language."""
    return {
        OfficeKind.registered: _("registered there"),
        OfficeKind.resident: _("lives there"),
        OfficeKind.serving: _("receives a service there"),
    }[kind]
