"""What may happen to a transfer: the office that holds a file sends it, the other one accepts or refuses, or it is withdrawn first."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.core import audit, clock, crypto, params, scope, workflow
from app.core.errors import Problem, RuleViolation, refuse_if
from app.core.regions import TOWN_LENGTH, Region
from app.core.scope import elevated
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.moves import endings, standing
from app.ledgers.moves.endings import Leaving
from app.ledgers.moves.engine import BOTH as BOTH_SIDES
from app.ledgers.moves.engine import Contradiction, Side
from app.ledgers.moves.models import BOTH, REGISTRATION, RESIDENCE, Transfer, TransferOffice, TransferSide, TransferState
from app.ledgers.people import merging, search, snapshots, sound
from app.ledgers.people.models import Person
from app.ledgers.people.turns import turn_of

WHATS = frozenset({RESIDENCE, REGISTRATION, BOTH})
MAX_REASON = 200  # characters
SNAPSHOT = ("name", "id_type", "sex", "birth_date")


@dataclass(frozen=True)
class Sending:
    """What the form of a transfer says."""

    what: str | None
    to: Region | None
    moved_on: date | None
    reason: str


def send(session: Session, person: Person, told: Sending, actor: Actor, today: date) -> Transfer:
    """Send somebody's file to another office of this register. Nothing changes before that office accepts. Raises RuleViolation."""
    turn_of(session, person.id)
    problems = [*_problems(person, told, today)]
    if problems or told.what is None or told.to is None or told.moved_on is None:
        raise RuleViolation(problems)
    refuse_if(_holding_problems(session, person, told.what, told.to))
    office = _office(session, person.id, told.what)
    if office.id == told.to.id:
        raise RuleViolation.one(_there_already(), "to_region", code="there")
    days = params.number(session, "moves", "transfer_answer_days", told.to.path, today)
    transfer = Transfer(
        person_id=person.id, what=told.what, from_region=office, to_region=told.to, moved_on=told.moved_on, cause=told.reason.strip(),
        was_out_on=person.moved_out_on, sent_by_id=actor.id, sent_at=clock.now(), due_on=today + timedelta(days=days),
        state=TransferState.open, audit_path=office.path, **{f"person_{name}": getattr(person, name) for name in SNAPSHOT},
    )  # fmt: skip
    transfer.person_id_no = person.id_no.reveal() if person.id_no else None
    _must_be_possible(session, person, transfer)
    session.add(transfer)
    session.add(TransferOffice(transfer=transfer, region_id=office.id, scope_path=office.path, side=TransferSide.sending))
    session.flush()
    _show_to(session, transfer, told.to)
    audit.note(session, "send", transfer)
    _note_there(session, "send", transfer)
    return transfer


def accept(transfer: Transfer, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """From now on the file lies with the office it was sent to, in one act. Raises RuleViolation where that is not possible any more."""
    session = db.session()
    path = _must_be_answerable(session, transfer, actor)
    to = session.scalars(select(Region).where(Region.path == path)).one()  # the office may have been merged since it was sent
    left = standing.office_path(session, transfer.person_id, Side.residence)
    told = _file(session, transfer.person_id)
    refuse_if(_changed_since(session, transfer, told))
    _close(session, transfer, TransferState.accepted, actor, "accept_transfer", token, reason)
    session.flush()
    sides = standing.sides_of(transfer.what)
    handed = standing.hand_over(session, transfer.person_id, sides, to, transfer.moved_on)
    standing.write_links(session, transfer.person_id, handed)
    person = snapshots.file_of(session, transfer.person_id)  # seen by the new link
    try:
        standing.settle(session, person, reaching="both")
    except Contradiction as found:
        raise RuleViolation.one(_not_any_more(), code="contradiction") from found
    search.rewrite(session, person)
    if Side.residence in sides and left is not None:
        endings.residence_left(session, Leaving(transfer.person_id, transfer.moved_on, transfer.uid, left))


def refuse(transfer: Transfer, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The file stays where it is. Raises RuleViolation without a reason."""
    session = db.session()
    _must_be_answerable(session, transfer, actor)
    if not reason.strip():
        raise RuleViolation.one(_("Write the reason."), "reason", code="reason_missing")
    _close(session, transfer, TransferState.refused, actor, "refuse_transfer", token, reason)


def withdraw(transfer: Transfer, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The sending office takes it back, before anybody answered."""
    session = db.session()
    turn_of(session, transfer.person_id)
    session.refresh(transfer)
    _must_be_open(transfer)
    if office_on(session, transfer, TransferSide.sending) is None:
        raise RuleViolation.one(_("Only the office that sent this can withdraw it."), code="not_sender")
    _close(session, transfer, TransferState.withdrawn, actor, "recall_transfer", token, reason)


ACTS: Mapping[str, Callable[..., None]] = {"accept_transfer": accept, "refuse_transfer": refuse, "recall_transfer": withdraw}


def allowed(session: Session, transfer: Transfer, actor: Actor) -> list[str]:
    """The acts this person may do with a transfer now, as far as the row decides."""
    if transfer.state is not TransferState.open:
        return []
    answers = office_on(session, transfer, TransferSide.receiving) and transfer.sent_by_id != actor.id
    found = ["accept_transfer", "refuse_transfer"] if answers else []
    return [*found, "recall_transfer"] if office_on(session, transfer, TransferSide.sending) else found


def office_on(session: Session, transfer: Transfer, side: TransferSide) -> str | None:
    """The path of the office on this side of a transfer, where it is one of one's own."""
    mine = scope.query(TransferOffice).where(TransferOffice.transfer_id == transfer.id, TransferOffice.side == side)
    return session.scalar(mine.with_only_columns(TransferOffice.scope_path))


def open_of(session: Session, person: Person) -> Transfer | None:
    """The transfer of a person that waits for an answer, as far as one's own offices see it."""
    mine = scope.query(Transfer).where(Transfer.person_id == person.id, Transfer.state == TransferState.open)
    return session.scalars(mine).one_or_none()


def _problems(person: Person, told: Sending, today: date) -> Iterator[Problem]:
    """What is wrong with the form."""
    for name, value in (("what", told.what), ("to_region", told.to), ("moved_on", told.moved_on), ("reason", told.reason.strip())):
        if not value:
            yield Problem(name, _("Fill in this field."), "missing")
    if told.what and told.what not in WHATS:
        yield Problem("what", _("Choose a value from the list."), "what")
    if told.to is not None and not sound.is_office(told.to):
        yield Problem("to_region", _("Choose a village or a town, nothing larger."), "place_large")
    if len(told.reason.strip()) > MAX_REASON:
        yield Problem("reason", _("Write at most %(most)s characters.", most=MAX_REASON), "long")
    if told.moved_on is not None and told.moved_on > today:
        yield Problem("moved_on", _("The day of the move lies in the future. Correct it."), "move_future")
    if told.moved_on is not None and sound.is_too_old(told.moved_on, today):
        yield Problem("moved_on", _("This date is too long ago. Correct the year."), "date_old")
    if told.moved_on is not None and person.birth_date is not None and told.moved_on < person.birth_date:
        yield Problem("moved_on", _("The day of the move lies before the birth date. Correct one of them."), "move_before_birth")


def _holding_problems(session: Session, person: Person, what: str, to: Region) -> Iterator[Problem]:
    """Only what lies with one's own offices is sent, and only to where it does not lie yet."""
    held = {side: path for side in standing.sides_of(what) if (path := standing.office_path(session, person.id, side)) is not None}
    if not held or not all(scope.current().holds(path) for path in held.values()):
        yield Problem("what", _("This does not lie with your offices. Send only what does."), "not_held")
    elif set(held.values()) == {to.path}:
        yield Problem("to_region", _there_already(), "there")
    if person.died_on is not None:
        yield Problem("", _("By the file this person has died. The file stays where it is."), "died")
    if person.closed_on is not None:
        yield Problem("", _("The file of this person is closed."), "closed")
    if merging.is_change_open(session, {person.id: person.uid}):
        yield Problem("", _("A change of this file is proposed. Decide about it first."), "change_open")
    waiting = select(Transfer.id).where(Transfer.person_id == person.id, Transfer.state == TransferState.open)
    with session.no_autoflush, elevated("open transfers of a person"):
        is_waiting = session.scalar(waiting.limit(1)) is not None
    if is_waiting and open_of(session, person) is not None:
        yield Problem("", _("This person is on the way to another office already. Withdraw that transfer first."), "open")
    elif is_waiting:
        message = _("Another office that holds the file has sent it on. Send it once that transfer is answered.")
        yield Problem("", message, "open_elsewhere")


def _office(session: Session, person_id: int, what: str) -> Region:
    """The office that sends: where they live or are registered, whichever moves."""
    paths = [standing.office_path(session, person_id, side) for side in BOTH_SIDES if side in standing.sides_of(what)]
    return session.scalars(select(Region).where(Region.path == next(path for path in paths if path))).one()


def _there_already() -> str:
    return _("The person is at this place already. Choose where they moved to.")


def _must_be_possible(session: Session, person: Person, transfer: Transfer) -> None:
    try:
        with session.no_autoflush:
            standing.try_transfer(session, person, transfer)
    except Contradiction as found:
        message = _("Approved moves of this person say otherwise. Compare the day with them.")
        raise RuleViolation.one(message, "moved_on", code="contradiction") from found


def _must_be_open(transfer: Transfer) -> None:
    if transfer.state is not TransferState.open:
        raise RuleViolation.one(_("This transfer has been answered or withdrawn already."), code="answered")


def _must_be_answerable(session: Session, transfer: Transfer, actor: Actor) -> str:
    """The office that answers, if this person may now. Whoever answers at the same moment waits, and reads what the first one wrote."""
    turn_of(session, transfer.person_id)
    session.refresh(transfer)
    _must_be_open(transfer)
    path = office_on(session, transfer, TransferSide.receiving)
    if path is None:
        raise RuleViolation.one(_("Only the office it was sent to can answer."), code="not_receiver")
    if transfer.sent_by_id == actor.id:
        raise RuleViolation.one(_("You sent this; another person must answer it."), code="own")
    return path


@dataclass(frozen=True)
class _File:
    """What an answer must know of a file that it does not see yet."""

    uid: Any
    died_on: date | None
    closed_on: date | None
    moved_out_on: date | None


def _file(session: Session, person_id: int) -> _File:
    told = (Person.uid, Person.died_on, Person.closed_on, Person.moved_out_on)
    with session.no_autoflush, elevated("the file of a transfer"):
        return _File(*session.execute(select(*told).where(Person.id == person_id)).one())


def _changed_since(session: Session, transfer: Transfer, file: _File) -> Iterator[Problem]:
    """What happened to the person since the transfer was sent, so that it cannot be accepted as it is."""
    if file.died_on is not None:
        yield Problem("", _("Meanwhile the death of this person was approved. Refuse the transfer."), "died")
    elif file.closed_on is not None:
        yield Problem("", _("Meanwhile the file of this person was closed. Refuse the transfer."), "closed")
    elif file.moved_out_on != transfer.was_out_on:
        yield Problem("", _("Meanwhile another move of this person was approved. Refuse the transfer; it is sent anew."), "moved")
    elif merging.is_change_open(session, {transfer.person_id: file.uid}):
        message = _("The office that sent it has a proposal about this file open. Ask them to decide about it, then accept.")
        yield Problem("", message, "change_open")
    elif all(standing.office_path(session, transfer.person_id, side) is None for side in standing.sides_of(transfer.what)):
        yield Problem("", _not_any_more(), "not_held")


def _not_any_more() -> str:
    return _("The office that sent it does not hold the file like this any more. Refuse the transfer; it is sent anew.")


def _close(session: Session, transfer: Transfer, state: TransferState, actor: Actor, act: str, token: str, reason: str) -> None:
    if len(reason.strip()) > MAX_REASON:
        raise RuleViolation.one(_("Write at most %(most)s characters.", most=MAX_REASON), "reason", code="long")
    transfer.state, transfer.answered_by_id, transfer.answered_at = state, actor.id, clock.now()
    transfer.answer = reason.strip() or None
    workflow.step(transfer, act, actor, token=token, reason=reason)
    _note_there(session, act, transfer, reason)


def _show_to(session: Session, transfer: Transfer, to: Region) -> None:
    """The receiving office sees the transfer from now on; its row lies outside the sender's scope."""
    row = {"uid": crypto.uuid7(), "version": 1, "transfer_id": transfer.id, "region_id": to.id, "scope_path": to.path}
    with elevated("the receiving office of a transfer"):
        session.connection().execute(insert(TransferOffice.__table__).values(**row, side=TransferSide.receiving))


def _note_there(session: Session, act: str, transfer: Transfer, reason: str = "") -> None:
    """The same act in the history of the other town, where it is another one."""
    chain = transfer.to_region.path[:TOWN_LENGTH]
    if chain != audit.chain_of(transfer):
        told = {"reason": reason.strip()} if reason.strip() else {}
        audit.note_about(session, act, f"transfer_office/{transfer.uid}", chain, **told)
