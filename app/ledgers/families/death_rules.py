"""What may happen to a death: it is entered, decided about, voided. Approved, it stands on the person's file and ends what must end."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import periods, scope, workflow
from app.core.errors import Caution, Problem, RuleViolation, refuse_if
from app.core.scope import elevated
from app.core.workflow import Actor, Status
from app.extensions import db
from app.ledgers.births.models import Birth
from app.ledgers.families import standing
from app.ledgers.families.engine import Contradiction
from app.ledgers.families.models import Death
from app.ledgers.households import standing as households
from app.ledgers.households.engine import Contradiction as NotTogether
from app.ledgers.moves.models import MoveEvent, Transfer, TransferState
from app.ledgers.people import filing, snapshots, sound
from app.ledgers.people.models import Person
from app.ledgers.people.turns import turn_of

ROLE = "person"
REQUIRED = ("person_name", "died_on")
DATES = ("died_on", "person_birth_date", "reported_on")


def save(death: Death, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed and check everything. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        _complete(death, today)
        keeps = death.person_id is not None and snapshots.is_unchanged(death, ROLE)
        refuse_if(check(death, today))
        if not keeps:
            with filing.apart(session, death):
                death.person_id = _found(session, death, actor, today)
        _place(session, death, keeps=keeps)
        refuse_if(_problems_of_file(session, death))
        return []


def approve(death: Death, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The day of death stands on the file, and the marriage has ended. The file stays with its offices, so that the dead are found."""
    session = db.session()
    workflow.must_allow(death, "approve", actor, reason)
    with session.no_autoflush:
        _tell(session, death)
        death.statistical_month, death.late = periods.count_in(session, death.scope_path, death.died_on, on)
        workflow.advance(death, "approve", actor, token=token, reason=reason)


def void(death: Death, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """What this row wrote is taken back: the day on the file, and the end of the marriage."""
    session = db.session()
    workflow.must_allow(death, "void", actor, reason)
    with session.no_autoflush:
        _take_back(session, death, death.person_id)
        workflow.advance(death, "void", actor, token=token, reason=reason)


def discard(death: Death, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """A draft that should not be there goes, with the file that it alone made."""
    filing.discard(db.session(), death, (ROLE,), actor, on, token=token, reason=reason)


def change(death: Death, actor: Actor, today: date) -> list[Caution]:
    """An approved death gets the values of an applied request: the file says the new day, or the file of another person does."""
    session, person_id, before = db.session(), death.person_id, workflow.said_before(death, "died_on")
    with session.no_autoflush:
        cautions = save(death, actor, today)
        if death.person_id != person_id:
            _take_back(session, death, person_id)
        _tell(session, death)
        if periods.month_of(before.died_on) != periods.month_of(death.died_on):
            death.statistical_month, death.late = periods.count_in(session, death.scope_path, death.died_on, today)
    return cautions


ACTS: Mapping[str, Callable[..., None]] = {"approve": approve, "void": void, "discard": discard}


def check(death: Death, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    if missing := sound.missing(death, REQUIRED):
        return missing
    dates = sound.old_dates(death, DATES, today) or [*_date_problems(death, today)]
    return [*people(death, today), *dates, *sound.large_places(death, ("person_region",))]


def people(death: Death, today: date) -> list[Problem]:
    """What is wrong with the person as the row names them."""
    return [*snapshots.problems(death, ROLE, today), *snapshots.sex_problems(death, ROLE, today)]


def _complete(death: Death, today: date) -> None:
    snapshots.complete(death, ROLE, today)
    death.reported_on = death.reported_on or today
    death.certificate_no = (death.certificate_no or "").strip() or None


def _date_problems(death: Death, today: date) -> Iterator[Problem]:
    if death.died_on > today:
        yield Problem("died_on", _("The date of death lies in the future. Correct it."), "death_future")
        return
    if death.person_birth_date and death.died_on < death.person_birth_date:
        yield Problem("died_on", _before_birth(), "death_before_birth")
    if death.reported_on and not death.died_on <= death.reported_on <= today:
        yield Problem("reported_on", _("The day of the report lies between the death and today. Correct it."), "reported_on")


def _before_birth() -> str:
    return _("The date of death lies before the birth date. Correct one of them.")


def _found(session: Session, death: Death, actor: Actor, today: date) -> int:
    """The file of the dead, at one's own offices; one is made where they lived there and had none."""
    place = snapshots.within_reach(death.person_region)
    person_id = filing.file_at_mine(session, death, ROLE, region=place, actor=actor, today=today)
    if person_id is None:
        message = _("The person is not on file at your offices. Choose the place where they lived, and they are entered with this death.")
        raise RuleViolation.one(message, "person_region", code="place")
    return person_id


def _place(session: Session, death: Death, *, keeps: bool) -> None:
    """The office where the person lived answers for the row."""
    office = death.region if keeps and death.region else snapshots.office_of(session, death.person_id)
    if office is None:
        raise RuleViolation.one(snapshots.gone(), "person_name", code="gone")
    death.region, death.scope_path = office, office.path


def _problems_of_file(session: Session, death: Death) -> Iterator[Problem]:
    """What the file at one's own offices says against it, and a death that was entered before."""
    file = snapshots.on_file(session, death.person_id)
    if file is not None and file.died_on not in (None, death.died_on) and not death.wrote_file:
        yield Problem("died_on", _("By the file this person died on another day. Compare both."), "file_died_on")
    if file is not None and file.birth_date and death.died_on < file.birth_date:
        yield Problem("died_on", _before_birth(), "death_before_birth")
    others = scope.query(Death).where(Death.person_id == death.person_id, Death.uid != death.uid, Death.status != Status.voided)
    if session.scalar(others.with_only_columns(Death.id).limit(1)) is not None:
        yield Problem("person_name", _("The death of this person is entered already. Open that record instead."), "twice")


def _tell(session: Session, death: Death) -> None:
    """Write the day on the file and end the marriage. Raises RuleViolation where approved records or the file say otherwise."""
    turn_of(session, death.person_id)
    person = snapshots.file_of(session, death.person_id)
    if person.died_on not in (None, death.died_on) and not death.wrote_file:
        raise RuleViolation.one(_("By the file this person died on another day. Compare both."), "died_on", code="file_died_on")
    if _is_contradicted(session, death):
        raise RuleViolation.one(_contradiction(), code="contradiction")
    death.wrote_file = death.wrote_file or person.died_on is None
    person.died_on = death.died_on
    _settle(session, person, _contradiction())


def _take_back(session: Session, death: Death, person_id: int) -> None:
    """The file says what it said before this row."""
    if not death.wrote_file:
        return
    person = snapshots.file_of(session, person_id)
    person.died_on, death.wrote_file = None, False
    _settle(session, person, workflow.rests_on_it())


def _is_contradicted(session: Session, death: Death) -> bool:
    """Whether another approved death names the person, or an approved birth or move of theirs is later; wherever it was entered."""
    another = select(Death.id).where(Death.person_id == death.person_id, Death.uid != death.uid, Death.status == Status.approved)
    later = select(Birth.id).where(Birth.mother_id == death.person_id, Birth.born_on > death.died_on, Birth.status == Status.approved)
    moved = select(MoveEvent.id).where(
        MoveEvent.person_id == death.person_id, MoveEvent.happened_on > death.died_on, MoveEvent.status == Status.approved
    )
    handed = select(Transfer.id).where(
        Transfer.person_id == death.person_id, Transfer.moved_on > death.died_on, Transfer.state == TransferState.accepted
    )
    with session.no_autoflush, elevated("what contradicts a death"):
        return any(session.scalar(found.limit(1)) is not None for found in (another, later, moved, handed))


def _contradiction() -> str:
    """The one sentence for whatever the register knows against a death: it does not tell what or where."""
    return _("Approved records say otherwise: this person cannot have died on this day. Compare the dates and the number again.")


def _settle(session: Session, person: Person, otherwise: str) -> None:
    """The marriages and the household of the dead end on the day of death, or stand again."""
    who = standing.spouse_of(session, person)
    try:
        for couple in standing.couples_of(session, who):
            standing.settle(session, couple)
        households.settle_person(session, person.id, person.died_on)
    except (Contradiction, NotTogether) as found:
        raise RuleViolation.one(otherwise, code="contradiction") from found
