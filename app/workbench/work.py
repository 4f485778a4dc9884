"""What waits for the person who is signed in: numbers, each of exactly the rows its list shows, and the rows that are most urgent.

Confidential records are counted nowhere but in their own list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for
from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, String, func, literal, select, union_all

from app.core import changes, clock, workflow
from app.core.filters import BY_OTHERS, OTHERS, OWN, YES
from app.core.interface import COUNT_CAP
from app.core.screen import LedgerView
from app.core.tasks import Task
from app.core.workflow import Record, Status, WorkflowStep
from app.extensions import db

MOST_TASKS = 20  # lines of the to-do table
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Kind(NamedTuple):
    """One kind of work: the right that makes it somebody's, which rows it is, the filter of the list that shows exactly these."""

    key: str
    label: Any  # heading of its numbers
    what: Any  # what the to-do table says is to be done
    right: str
    rows: Callable[[type[Record], int], ColumnElement[bool]]
    narrowed: Mapping[str, str]
    left_by: str  # the act that left the row there


def _at(status: Status, *, own: bool) -> Callable[[type[Record], int], ColumnElement[bool]]:
    def rows(ledger: type[Record], user: int) -> ColumnElement[bool]:
        mine = workflow.entered_by(ledger, user)
        return (ledger.status == status) & (mine if own else ~mine)

    return rows


DRAFTS, OTHER = "drafts", "other"  # what is one's own to finish, and the numbers a screen tells by itself
KINDS = (
    Kind(
        "decide",
        _l("Waiting for my decision"),
        _l("Decide"),
        "approve",
        _at(Status.submitted, own=False),
        {f"_flt_{OTHERS}_status": Status.submitted},
        "submit",
    ),
    Kind(
        "changes",
        _l("Changes proposed"),
        _l("Decide about the change"),
        "can_decide_change",
        changes.proposed_by_others,
        {f"_flt_{BY_OTHERS}_change_open": YES},
        "propose",
    ),
    Kind(
        "returned",
        _l("Returned to me"),
        _l("Correct and submit again"),
        "can_edit",
        _at(Status.returned, own=True),
        {f"_flt_{OWN}_status": Status.returned},
        "return",
    ),
    Kind(DRAFTS, _l("My drafts"), "", "can_edit", _at(Status.draft, own=True), {f"_flt_{OWN}_status": Status.draft}, ""),
)


@dataclass(frozen=True)
class Count:
    """One number, and the list that shows exactly these rows."""

    label: str
    number: int
    url: str
    screen: str


@dataclass(frozen=True)
class Tile:
    """One kind of work with its number in each ledger that has some."""

    key: str
    label: Any
    counts: tuple[Count, ...]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(count.number for count in self.counts)


@dataclass(frozen=True)
class Line:
    """One line of the to-do table."""

    task: Task
    title: str
    ledger: str
    url: str
    days: int
    is_overdue: bool


def tiles(appbuilder: Any, user: int) -> list[Tile]:
    """The numbers of this person, of the ledgers their roles let them work in."""
    screens = _screens(appbuilder)
    numbers = _numbers(screens, user)
    found = []
    for kind in KINDS:
        mine = [view for view in screens if view._may(kind.right)]
        counts = (_count(view, view.list_title, numbers.get((view.endpoint, kind.key), 0), kind.narrowed) for view in mine)
        if mine:
            found.append(Tile(kind.key, kind.label, tuple(count for count in counts if count.number)))
    told = tuple(_told_by_screens(appbuilder))
    return [*found, Tile(OTHER, _l("Other work"), tuple(count for count in told if count.number))] if told else found


def lines(appbuilder: Any, user: int) -> list[Line]:
    """The rows that wait, at most twenty: first what is due, by its day, then the newest."""
    screens = _screens(appbuilder)
    found = [*_tasks(screens, user)]
    for view in _others(appbuilder):
        found += [(view, task) for task in view.tasks(MOST_TASKS)]
    found.sort(key=lambda pair: pair[1].since or LONG_AGO, reverse=True)
    found.sort(key=lambda pair: pair[1].due or date.max)
    return [_line(view, task) for view, task in found[:MOST_TASKS]]


def number(told: Sequence[Tile]) -> int:
    """How much waits for an answer; one's own drafts do not, and what is overdue waits anyway."""
    waiting = sum(tile.total for tile in told if tile.key not in (DRAFTS, OTHER))
    largest: dict[str, int] = {}
    for count in (count for tile in told if tile.key == OTHER for count in tile.counts):
        largest[count.screen] = max(largest.get(count.screen, 0), count.number)
    return waiting + sum(largest.values())


def _screens(appbuilder: Any) -> list[LedgerView]:
    """The ledgers of records this person may list."""
    return [view for view in _listed(appbuilder) if _is_counted(view.datamodel.obj)]


def _others(appbuilder: Any) -> list[LedgerView]:
    """The other screens, which know by themselves what waits there."""
    return [view for view in _listed(appbuilder) if not issubclass(view.datamodel.obj, Record)]


def _listed(appbuilder: Any) -> list[LedgerView]:
    return [view for view in appbuilder.baseviews if isinstance(view, LedgerView) and view._may("can_list")]


def _is_counted(ledger: type) -> bool:
    return issubclass(ledger, Record) and not ledger.is_confidential


def _told_by_screens(appbuilder: Any) -> Iterator[Count]:
    for view in _others(appbuilder):
        for label, told, narrowed in view.waits():
            yield _count(view, f"{label} · {view.list_title}", told, narrowed)


def _count(view: LedgerView, label: Any, number: int, narrowed: Mapping[str, Any]) -> Count:
    return Count(str(label), number, url_for(f"{view.endpoint}.list", **narrowed), view.endpoint)


def _numbers(screens: Sequence[LedgerView], user: int) -> dict[tuple[str, str], int]:
    """(screen, kind) → how many rows, counted no further than lists count: one statement for all of them."""
    parts = []
    for view, kind in _work(screens):
        ledger = view.datamodel.obj
        capped = view.datamodel.base().where(kind.rows(ledger, user)).with_only_columns(ledger.id).limit(COUNT_CAP + 1).subquery()
        parts.append(select(_text(view.endpoint), _text(kind.key), func.count()).select_from(capped))
    rows = db.session.execute(union_all(*parts)).tuples() if parts else ()
    return {(screen, kind): told for screen, kind, told in rows}


def _tasks(screens: Sequence[LedgerView], user: int) -> Iterator[tuple[LedgerView, Task]]:
    """The newest rows of every ledger: one statement for which they are, one for each ledger that has some, two for who left them."""
    parts = []
    for view, kind in _work(screens):
        if kind.left_by:
            ledger = view.datamodel.obj
            newest = view.datamodel.base().where(kind.rows(ledger, user)).order_by(ledger.changed_at.desc()).limit(MOST_TASKS)
            keys = newest.with_only_columns(ledger.uid.label("uid"), ledger.changed_at.label("at")).subquery()
            parts.append(select(_text(view.endpoint).label("screen"), _text(kind.key).label("kind"), keys.c.uid, keys.c.at))
    if not parts:
        return
    wanted = union_all(*parts).subquery()
    found = db.session.execute(select(wanted).order_by(wanted.c.at.desc()).limit(MOST_TASKS)).tuples().all()
    rows = {view.endpoint: _rows(view, [uid for screen, _kind, uid, _moment in found if screen == view.endpoint]) for view in screens}
    left = _left_by([uid for _screen, _kind, uid, _moment in found])
    views, kinds = {view.endpoint: view for view in screens}, {kind.key: kind for kind in KINDS}
    for screen, key, uid, at in found:
        if uid in rows[screen]:
            since, by = left.get((uid, kinds[key].left_by), (at, ""))
            yield views[screen], Task(kinds[key].what, rows[screen][uid], since, by)


def _work(screens: Sequence[LedgerView]) -> Iterator[tuple[LedgerView, Kind]]:
    return ((view, kind) for view in screens for kind in KINDS if view._may(kind.right))


def _rows(view: LedgerView, uids: Sequence[UUID]) -> dict[UUID, Any]:
    ledger = view.datamodel.obj
    return {row.uid: row for row in db.session.scalars(view.datamodel.base().where(ledger.uid.in_(uids)))} if uids else {}


def _left_by(uids: Sequence[UUID]) -> dict[tuple[UUID, str], tuple[datetime, str]]:
    """(row, act) → when it was last done, and by whom."""
    acts = [kind.left_by for kind in KINDS if kind.left_by]
    step = select(WorkflowStep.owner_uid, WorkflowStep.act, WorkflowStep.at, User.first_name, User.username)
    step = step.join(User, User.id == WorkflowStep.actor_id).where(WorkflowStep.owner_uid.in_(uids), WorkflowStep.act.in_(acts))
    found = db.session.execute(step.order_by(WorkflowStep.id)).tuples() if uids else ()
    return {(uid, act): (at, name or account) for uid, act, at, name, account in found}


def _line(view: LedgerView, task: Task) -> Line:
    today = clock.today()
    days = (today - clock.local(task.since).date()).days if task.since else 0
    url = url_for(f"{view.endpoint}.show", pk=str(task.row.uid))
    return Line(task, str(task.row), str(view.list_title), url, days, bool(task.due and task.due < today))


def _text(word: str) -> ColumnElement[str]:
    return literal(word, String(64))
