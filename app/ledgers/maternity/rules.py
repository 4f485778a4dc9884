"""What both ledgers of services have in common: a place, days that have come, answers that fit, and the end when consent is withdrawn.

Everything here is voluntary. A refusal needs no reason, raises no question and leads to nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import confidential
from app.core.confidential import Confidential
from app.core.errors import Problem, RuleViolation
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.maternity.models import ACCEPTED
from app.ledgers.people import identity, naming, snapshots, sound

MOST_BOXES = 99  # a larger number is a slip of the pen; it is no allotment


def withdraw_consent(row: Confidential, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """Nothing is left of what the row said. No reason is asked for, and one that was sent is not kept."""
    confidential.close(db.session(), row, actor, on, token=token)


def discard(row: Confidential, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """A draft that should not be there goes."""
    confidential.discard(db.session(), row, actor, token=token, reason=reason)


ACTS: Mapping[str, Callable[..., None]] = {"withdraw_consent": withdraw_consent, "discard": discard}


def wrong_days(row: Confidential, fields: Iterable[str], today: date) -> Iterator[Problem]:
    """Days that lie too far back, or have not come."""
    told = [*fields]
    yield from sound.old_dates(row, told, today)
    for name in told:
        if (day := getattr(row, name)) is not None and day > today:
            yield Problem(name, _("This day has not come yet. Correct the date."), "future")


def after_birth(row: Confidential, roles: Iterable[str], day: date | None) -> Iterator[Problem]:
    """People who were not born on the day the row tells of."""
    for role in roles:
        born = getattr(row, f"{role}_birth_date")
        if born and day and born >= day:
            message = _("The birth date must lie before the day of the event. Correct one of them.")
            yield Problem(f"{role}_birth_date", message, "birth_date")


def answers(row: Confidential, items: Iterable[str]) -> Iterator[Problem]:
    """A day without an answer, and tablets for somebody who did not want any."""
    for item in items:
        if getattr(row, f"{item}_on", None) and not getattr(row, f"{item}_answer"):
            yield Problem(f"{item}_answer", _("Choose the answer this day belongs to."), "answer")
    boxes = row.folic_boxes  # type: ignore[attr-defined]
    if boxes is None:
        return
    if row.folic_answer != ACCEPTED or row.folic_on is None:  # type: ignore[attr-defined]
        message = _("Boxes were given on a day, to somebody who accepted them. Fill in both, or leave the boxes empty.")
        yield Problem("folic_boxes", message, "folic")
    if not 1 <= boxes <= MOST_BOXES:
        yield Problem("folic_boxes", _("Write a number of boxes from 1 to %(most)s.", most=MOST_BOXES), "boxes")


def must_fit_own_files(session: Session, row: Confidential, roles: Iterable[str]) -> None:
    """Raises RuleViolation where a file of one's own offices has the number under another name. Nobody else is asked."""
    for role in roles:
        who = snapshots.named(row, role)
        holder = identity.holder_of(session, who.id_no) if who.id_no else None
        if holder is not None and holder.is_mine and not holder.is_protected:
            naming.must_be_named(who, holder)


def place(session: Session, row: Confidential) -> None:
    """The office that serves keeps the row, for good."""
    if row.scope_path:
        return
    chosen = snapshots.within_reach(row.region)  # type: ignore[attr-defined]
    office = chosen or snapshots.own_place(session)
    if office is None:
        raise RuleViolation.one(_("Choose the village or town that gives the service."), "region", code="place")
    row.region, row.scope_path = office, office.path  # type: ignore[attr-defined]
