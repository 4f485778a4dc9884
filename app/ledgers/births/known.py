"""What the register knows about a birth that is judged, as plain values: the rules ask nothing else, so they judge one row or many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.core import params
from app.core.unit_of_work import take_turn
from app.ledgers.births import deliveries, elsewhere, family
from app.ledgers.births.elsewhere import Namesake, Other, Sought
from app.ledgers.births.family import Mother
from app.ledgers.births.models import Birth
from app.ledgers.people import naming

SCHEME = "births"  # of the dated parameters


@dataclass(frozen=True)
class Limits:
    """The dated parameters of the ledger at the place and on the day of a birth."""

    table: params.Table
    path: str
    day: date

    def __getitem__(self, key: str) -> int:
        return self.table.number(key, self.path, self.day)


@dataclass(frozen=True)
class Known:
    """What is on file beside one birth. `delivery_id` is its own delivery, where that is on file already."""

    limits: Limits
    mother: Mother | None
    others: Sequence[Other]
    twins: Sequence[Birth]
    delivery_id: int | None
    certificate_is_used: bool
    namesakes: Sequence[Namesake]


def about(session: Session, birth: Birth) -> Known:
    """What is known about a birth that has its mother, its place and its delivery. Others who enter her or a namesake wait from here on."""
    sound = naming.name_key(birth.mother_name)
    take_turn(session, f"birth|{birth.region.id}|{sound}")
    limits = Limits(params.Table(session, SCHEME), birth.scope_path, birth.born_on)
    first, last = family.days_around(birth.born_on, limits["duplicate_days"])
    alike = elsewhere.namesakes(session, [Sought(birth.region.id, sound, first, last)])
    used = elsewhere.certificates(session, [birth.birth_cert_no]) if birth.birth_cert_no else set()
    return Known(
        limits=limits,
        mother=family.mothers_on_file(session, [birth.mother_id]).get(birth.mother_id),
        others=[o for o in elsewhere.births_of(session, [birth.mother_id], [birth.child_id_no_bidx]) if o.uid != birth.uid],
        twins=deliveries.siblings(birth),
        delivery_id=birth.delivery.id,
        certificate_is_used=any(uid != birth.uid for _number, uid in used),
        namesakes=[n for n in alike if n.uid != birth.uid],
    )
