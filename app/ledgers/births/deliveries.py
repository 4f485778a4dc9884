"""Twins are one delivery: the same mother, a day apart at most, entered at the same office."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import scope
from app.core.errors import RuleViolation
from app.core.workflow import OPEN, Status
from app.ledgers.births.family import days_around
from app.ledgers.births.models import Birth, Delivery

UNDECIDED = OPEN | {Status.submitted}


def join(session: Session, birth: Birth) -> None:
    """Put the birth to its delivery: the twins' one, else its own, else a new one. An emptied delivery goes."""
    before = birth.delivery
    after = _of_twins(session, birth) or (before if before and not siblings(birth) else None) or Delivery()
    birth.delivery = after
    _agree(after, birth)
    if before and before is not after:
        _leave(session, before, birth)


def siblings(birth: Birth) -> list[Birth]:
    """The other standing children of the same delivery."""
    return _standing(birth.delivery, birth) if birth.delivery else []


def is_contradicted(birth: Birth, twins: Sequence[Birth]) -> bool:
    """Whether an approved child of the delivery says another number of children."""
    approved = [other for other in twins if other.status == Status.approved]
    return any((other.plurality, _alive_of(other)) != (birth.plurality, _alive_of(birth)) for other in approved)


def mark(birth: Birth) -> None:
    """Flag every undecided child of the delivery while not all of them are on file (V16)."""
    _flag(siblings(birth) + [birth] * (birth.status != Status.voided))


def settle(delivery: Delivery) -> None:
    """Let the children that are left say again what the delivery was."""
    children = [child for child in delivery.births if child.status != Status.voided]
    if children:
        _tell(delivery, children)
    _flag(children)


def _of_twins(session: Session, birth: Birth) -> Delivery | None:
    if birth.plurality == 1:
        return None
    day = Delivery.delivered_on.between(*days_around(birth.born_on, 1))
    near = scope.query(Delivery).where(
        Delivery.mother_id == birth.mother_id, Delivery.region_id == birth.region.id, Delivery.plurality > 1, day
    )
    return next((d for d in session.scalars(near.order_by(Delivery.id)) if _standing(d, birth)), None)


def _standing(delivery: Delivery, but: Birth) -> list[Birth]:
    return [other for other in delivery.births if other.uid != but.uid and other.status != Status.voided]


def _agree(delivery: Delivery, birth: Birth) -> None:
    """The delivery says what its children say together."""
    children, region = [*_standing(delivery, birth), birth], birth.region
    delivery.mother_id, delivery.region_id, delivery.scope_path = birth.mother_id, region.id, region.path
    _tell(delivery, children)


def _tell(delivery: Delivery, children: list[Birth]) -> None:
    delivery.delivered_on = min(child.born_on for child in children)
    delivery.plurality = max(child.plurality for child in children)
    delivery.live_count = max(_alive_of(child) for child in children)


def _alive_of(child: Birth) -> int:
    """How many of the delivery were born alive, as this child's row says."""
    return child.live_count or child.plurality


def must_not_be_needed(delivery: Delivery, birth: Birth) -> None:
    """A child whose twin is approved does not leave the delivery: the twin was approved as one of several. Raises RuleViolation."""
    if any(other.status == Status.approved for other in _standing(delivery, birth)):
        message = _("A twin of this child is approved. Have the twin voided first, then correct both.")
        raise RuleViolation.one(message, "plurality", code="V16_approved")


def _leave(session: Session, delivery: Delivery, birth: Birth) -> None:
    must_not_be_needed(delivery, birth)
    _flag(_standing(delivery, birth))
    if not [other for other in delivery.births if other is not birth]:
        session.delete(delivery)


def _flag(children: list[Birth]) -> None:
    said, places = {(child.plurality, _alive_of(child)) for child in children}, {child.plural_seq for child in children}
    whole = len(said) == 1 and len(places) == _alive_of(children[0])
    for child in children:
        if (child.status or Status.draft) in UNDECIDED:
            child.incomplete = not whole
