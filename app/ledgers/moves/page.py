"""What the page of a person tells of their moves."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from app.extensions import db
from app.ledgers.moves import standing, transfer_rules
from app.ledgers.moves.engine import Side, Where
from app.ledgers.moves.models import Transfer
from app.ledgers.people.models import Person


@dataclass(frozen=True)
class Told:
    """What approved moves say, and the transfer that waits."""

    sentences: list[str]
    transfer: Transfer | None


def of_person(person: Person) -> Told:
    """Where somebody is by approved moves, and whether they are on the way to another office."""
    session = db.session()
    found = [_sentence(told.side, told.where, told.since) for told in standing.of_person(session, person)]
    return Told(found, transfer_rules.open_of(session, person))


def _sentence(side: Side, where: Where, since: date) -> str:
    told = {
        (Side.residence, Where.here): _("Lives in this register since %(day)s.", day=since),
        (Side.residence, Where.outside): _("Residence outside this register since %(day)s.", day=since),
        (Side.residence, Where.elsewhere): _("Registered here, living elsewhere since %(day)s.", day=since),
        (Side.registration, Where.here): _("Household registered in this register since %(day)s.", day=since),
        (Side.registration, Where.outside): _("Household registration outside this register since %(day)s.", day=since),
    }
    return told[side, where]
