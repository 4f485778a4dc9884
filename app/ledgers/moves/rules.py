"""What may happen to a move: it is entered, decided about, voided. Approved, it stands on the person's file and on the links of offices."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import periods, scope, workflow
from app.core.errors import Caution, Problem, RuleViolation, refuse_if
from app.core.regions import Region
from app.core.workflow import Actor, Status
from app.extensions import db
from app.ledgers.moves import endings, standing
from app.ledgers.moves.endings import Leaving
from app.ledgers.moves.engine import Contradiction, Side
from app.ledgers.moves.models import BACK, ELSEWHERE, MOVED_IN, MOVED_OUT, REGISTRATION, RESIDENCE, MoveEvent
from app.ledgers.people import filing, snapshots, sound
from app.ledgers.people.models import OfficeKind, PersonOffice
from app.ledgers.people.turns import turn_of

ROLE = "person"
REQUIRED = ("kind", "what", "person_name", "happened_on")
DATES = ("happened_on", "person_birth_date", "reported_on")
ARRIVING = frozenset({MOVED_IN, BACK})  # whose place is where they come to
PLACED = frozenset({MOVED_IN, MOVED_OUT, ELSEWHERE})  # that name the other place
TOLD = ("kind", "what", "happened_on", "person_id")  # what follows from a move depends on these


def save(move: MoveEvent, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed and check everything. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        _complete(move, today)
        keeps = move.person_id is not None and snapshots.is_unchanged(move, ROLE)
        refuse_if(check(move, today))
        if not keeps:
            with filing.apart(session, move):
                move.person_id = _found(session, move, actor, today)
        _place(session, move, keeps=keeps)
        refuse_if(_problems_of_file(session, move))
        _shape(session, move)
        return []


def approve(move: MoveEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The file and its links say what happened. Raises RuleViolation where approved records say otherwise."""
    session = db.session()
    workflow.must_allow(move, "approve", actor, reason)
    with session.no_autoflush:
        _settle(session, move, move.person_id, contradiction(), counts=True)
        if _is_leaving(move):
            endings.residence_left(session, _leaving(move))
        move.statistical_month, move.late = periods.count_in(session, move.scope_path, move.happened_on, on)
        workflow.advance(move, "approve", actor, token=token, reason=reason)


def void(move: MoveEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """File and links are what they were without it. Raises RuleViolation where a later record rests on it."""
    session = db.session()
    workflow.must_allow(move, "void", actor, reason)
    with session.no_autoflush:
        _settle(session, move, move.person_id, workflow.rests_on_it(), counts=False)
        if _is_leaving(move):
            endings.residence_stays(session, move.person_id, move.uid)
        workflow.advance(move, "void", actor, token=token, reason=reason)


def discard(move: MoveEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """A draft that should not be there goes, with the file that it alone made."""
    filing.discard(db.session(), move, (ROLE,), actor, on, token=token, reason=reason)


def change(move: MoveEvent, actor: Actor, today: date) -> list[Caution]:
    """An approved move gets the values of an applied request: file and links of whom it named and of whom it names are written anew."""
    session, before = db.session(), workflow.said_before(move, *TOLD)
    with session.no_autoflush:
        cautions = save(move, actor, today)
        if move.person_id != before.person_id:
            _settle(session, move, before.person_id, workflow.rests_on_it(), counts=False)
        _settle(session, move, move.person_id, contradiction(), counts=True)
        if any(getattr(move, name) != getattr(before, name) for name in TOLD):
            _tell_endings(session, before, move)
        if periods.month_of(before.happened_on) != periods.month_of(move.happened_on):
            move.statistical_month, move.late = periods.count_in(session, move.scope_path, move.happened_on, today)
    return cautions


ACTS: Mapping[str, Callable[..., None]] = {"approve": approve, "void": void, "discard": discard}


def contradiction() -> str:
    """The one sentence for whatever the register knows against a move: it does not tell what or where."""
    return _("Approved records say otherwise: this person cannot have moved like this on this day. Compare the dates and earlier moves.")


def check(move: MoveEvent, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    if missing := sound.missing(move, REQUIRED):
        return missing
    dates = sound.old_dates(move, DATES, today) or [*_date_problems(move, today)]
    return [*people(move, today), *dates, *_place_problems(move)]


def people(move: MoveEvent, today: date) -> list[Problem]:
    """What is wrong with the person as the row names them."""
    return [*snapshots.problems(move, ROLE, today), *snapshots.sex_problems(move, ROLE, today)]


def _complete(move: MoveEvent, today: date) -> None:
    """Write what was typed as it is kept. Who lives elsewhere has moved with the residence alone."""
    snapshots.complete(move, ROLE, today)
    move.reported_on = move.reported_on or today
    move.other_place = (move.other_place or "").strip() or None
    if move.kind == ELSEWHERE:
        move.what = RESIDENCE


def _date_problems(move: MoveEvent, today: date) -> Iterator[Problem]:
    if move.happened_on > today:
        yield Problem("happened_on", _("The day of the move lies in the future. Correct it."), "move_future")
        return
    if move.person_birth_date and move.happened_on < move.person_birth_date:
        yield Problem("happened_on", _before_birth(), "move_before_birth")
    if move.reported_on and not move.happened_on <= move.reported_on <= today:
        yield Problem("reported_on", _("The day of the report lies between the move and today. Correct it."), "reported_on")


def _before_birth() -> str:
    return _("The day of the move lies before the birth date. Correct one of them.")


def _place_problems(move: MoveEvent) -> list[Problem]:
    found = sound.large_places(move, ("person_region",))
    if move.kind in PLACED and not move.other_place:
        found.append(Problem("other_place", _("Write where the person came from or went to; “unknown” if nobody knows."), "other_place"))
    return found


def _found(session: Session, move: MoveEvent, actor: Actor, today: date) -> int:
    """The file at one's own offices; one is made where they have none and the place is written."""
    place = snapshots.within_reach(move.person_region)
    person_id = filing.file_at_mine(session, move, ROLE, region=place, actor=actor, today=today)
    if person_id is None:
        message = _("The person is not on file at your offices. Choose the place in your offices, and they are entered with this move.")
        raise RuleViolation.one(message, "person_region", code="place")
    return person_id


def _shape(session: Session, move: MoveEvent) -> None:
    """A file that the arrival itself made is seen since that day, and for the reason it tells of."""
    if move.kind not in ARRIVING or move.approved_by_id is not None or not filing.own_file(session, move, ROLE):
        return
    mine = scope.query(PersonOffice).where(PersonOffice.person_id == move.person_id, PersonOffice.valid_to.is_(None))
    for link in session.scalars(mine):
        link.kind = OfficeKind.registered if move.what == REGISTRATION else OfficeKind.resident
        link.valid_from = move.happened_on


def _place(session: Session, move: MoveEvent, *, keeps: bool) -> None:
    """The office where the person lives or is registered answers for the row; of who arrives, the place where they come to."""
    told = snapshots.within_reach(move.person_region) if move.kind in ARRIVING else None
    office: Region | None = told or (move.region if keeps and move.region else snapshots.office_of(session, move.person_id))
    if office is None:
        raise RuleViolation.one(snapshots.gone(), "person_name", code="gone")
    move.region, move.scope_path = office, office.path


def _problems_of_file(session: Session, move: MoveEvent) -> Iterator[Problem]:
    """What the file at one's own offices says against it, and the same move entered before."""
    file = snapshots.on_file(session, move.person_id)
    if file is not None and file.died_on and move.happened_on > file.died_on:
        yield Problem("happened_on", _("By the file this person died before that day. Compare both."), "file_died_on")
    if file is not None and file.birth_date and move.happened_on < file.birth_date:
        yield Problem("happened_on", _before_birth(), "move_before_birth")
    same = (MoveEvent.person_id == move.person_id, MoveEvent.kind == move.kind, MoveEvent.happened_on == move.happened_on)
    others = scope.query(MoveEvent).where(*same, MoveEvent.what == move.what, MoveEvent.uid != move.uid, MoveEvent.status != Status.voided)
    if session.scalar(others.with_only_columns(MoveEvent.id).limit(1)) is not None:
        yield Problem("person_name", _("This move of the person is entered already. Open that record instead."), "twice")


def _settle(session: Session, move: MoveEvent, person_id: int, otherwise: str, *, counts: bool) -> None:
    """File and links of a person anew, with this move or without it. Raises RuleViolation, which says `otherwise`."""
    turn_of(session, person_id)
    with filing.apart(session, move):
        try:
            standing.settle(session, snapshots.file_of(session, person_id), move, counts=counts)
        except Contradiction as found:
            raise RuleViolation.one(otherwise, code="contradiction") from found


def _is_leaving(move: Any) -> bool:
    """Whether by this move somebody does not live here any more."""
    return move.kind == MOVED_OUT and Side.residence in standing.sides_of(move.what)


def _tell_endings(session: Session, before: Any, move: MoveEvent) -> None:
    """What follows from the corrected move in one step: between the two days nothing holds that never was."""
    was = before.person_id if _is_leaving(before) else None
    if _is_leaving(move):
        endings.residence_left(session, _leaving(move)._replace(was=was))
    elif was is not None:
        endings.residence_stays(session, was, move.uid)


def _leaving(move: MoveEvent) -> Leaving:
    return Leaving(move.person_id, move.happened_on, move.uid, move.scope_path)
