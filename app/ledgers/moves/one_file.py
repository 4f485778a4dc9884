"""What follows for moves and transfers when two files of one person become one."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import scope
from app.core.errors import Problem, RuleViolation
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.moves import standing
from app.ledgers.moves.engine import Contradiction
from app.ledgers.moves.models import MoveEvent, Transfer, TransferState
from app.ledgers.people import merging, snapshots
from app.ledgers.people.models import Person


def check(session: Session, stays: Person, goes: Person) -> Iterator[Problem]:
    """A transfer that waits for an answer, and one move that was entered for both files."""
    waiting = select(Transfer.id).where(Transfer.person_id.in_((stays.id, goes.id)), Transfer.state == TransferState.open)
    told = (MoveEvent.uid, MoveEvent.kind, MoveEvent.what, MoveEvent.happened_on)
    moves = select(*told).where(MoveEvent.status == Status.approved).order_by(MoveEvent.id)
    with session.no_autoflush, elevated("moves of two files that become one"):
        is_waiting = session.scalar(waiting.limit(1)) is not None
        first, second = (session.execute(moves.where(MoveEvent.person_id == person.id)).all() for person in (stays, goes))
    if is_waiting:
        message = _("One of the two files is on the way to another office. The transfer is answered or withdrawn first.")
        yield Problem("", message, "transfer_open")
    repeated = [row for row in (*first, *second) if row[1:] in {r[1:] for r in first} & {r[1:] for r in second}]
    own = [row for found in repeated if (row := scope.get(MoveEvent, found.uid))]
    sentence = _("The same move was entered for both files: %(records)s. Have the repeated one voided, then merge.")
    yield from merging.problem_of([str(row) for row in own], len(own) < len(repeated), sentence)


def settle(session: Session, stays: Person, goes: Person) -> None:
    """Where the person is, by the moves of both. Raises RuleViolation where one person cannot have moved like this."""
    try:
        standing.settle(session, snapshots.file_of(session, stays.id), reaching="both")
    except Contradiction as found:
        message = _(
            "By approved moves the two were at different places, so that one person cannot be both. Have the wrong record put right first."
        )
        raise RuleViolation.one(message, code="contradiction") from found


ALSO = merging.Also(check, settle)
