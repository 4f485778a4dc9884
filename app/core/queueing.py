"""The part of a ledger's screen where records are decided about one after the other: the list on one side, the record on the other.

Who made or edited a record does not find it here: another person decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from app.core import attachments, clock, codes, history, params, sampling, scope, workflow
from app.core.attachments import KINDS
from app.core.changes import ChangeRequest, ChangeState
from app.core.interface import COUNT_CAP
from app.core.labels import ACT_LABELS
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record, RowAuthor, Status, WorkflowStep
from app.extensions import db

BEFORE, AFTER = 10, 40  # rows of the list before and after the one that is open
ROUTES = {"queue", "queue_item", "queue_act", "queue_clean", "queue_change", "queue_decide_change"}


@dataclass(frozen=True)
class Waiting:
    """One row of the list: since when it waits, and whether that is too long."""

    row: Any
    since: datetime | None
    is_overdue: bool


class Queueing:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: str
    list_title: Any
    _markable: Callable[[], set[str]]
    return_reasons: Callable[[], list[tuple[str, str]]]
    label_columns: Any
    render_template: Any
    _found: Callable[[Any], Any]
    _asked: Callable[[str], tuple[ChangeRequest, Any]]
    _may: Callable[[str], bool]
    _token: Callable[[str], str]
    _shown: Callable[[str, Any], str]
    _decide: Callable[[str, str, str, str], str]
    _decide_change: Callable[[str, str, str], str]
    _must_know: Callable[[str], None]
    _is_changed_by_request: Callable[[], bool]
    _history_of: Callable[..., list[history.Entry]]
    _content_of: Callable[..., Any]
    _steps_shown: Callable[[Any], dict[str, Any]]
    _proposal_shown: Callable[..., dict[str, Any]]
    _offered_acts: Callable[..., Sequence[tuple[str, Any, bool]]]

    # the list and what is open beside it

    @expose("/queue")
    @has_access
    @permission_name("show")
    def queue(self) -> Any:
        """The queue with its oldest row open."""
        self._must_be_decider()
        first = db.session.scalars(self.waiting().limit(1)).first() if self._decides_records() else None
        if first is not None:
            return self._row_page(str(first.uid))
        asked = next(iter(self.open_changes()), None)
        return self._proposal_page(str(asked.uid)) if asked else self._queue_page("ledger/queue.html", around=None)

    @expose("/queue/<pk>")
    @has_access
    @permission_name("show")
    def queue_item(self, pk: str) -> Any:
        """One row of the queue: what it says, what is unusual about it, what differs from what was returned."""
        self._must_be_decider("approve")
        return self._row_page(pk)

    def _row_page(self, pk: str) -> Any:
        item = self._found(pk)
        is_waiting = item.status is Status.submitted and current_user.id not in workflow.authors_of(item)
        if is_waiting:
            self._note_look(item)
            item = self._found(pk)
        told = self._history_of(item)
        said = history.before(history.since(told, "return")) if item.status is Status.submitted else {}
        steps, groups = self._steps_shown(item)["steps"], self._content_of(item, said)
        extra = {
            "item": item,
            "groups": groups,
            "differs": len([line for _name, lines in groups for line in lines if line.was is not None]),
            "last_return": next((step for step in reversed(steps) if step.step.act == "return"), None),
            "return_reason": history.last_reason(told, "return"),
            "last_step": steps[-1] if steps else None,
            "is_waiting": is_waiting,
            "acts": self._queue_acts(item) if is_waiting else [],
            "refused": workflow.refused(item, current_user).get("approve", ""),
            "files": attachments.of(db.session(), [item.uid]),
            "file_labels": {code: found.label(_language()) for code, found in codes.items(db.session(), KINDS).items()},
            "similar": self.similar_to(item),
            "markable": self._markable(),
            "reasons": self.return_reasons(),
        }
        return self._queue_page("ledger/queue.html", around=item, **extra)

    @expose("/queue/<pk>/<act>", methods=["POST"])
    def queue_act(self, pk: str, act: str) -> Any:
        """Decide about one row, then show the next one and say what was done."""
        self._must_be_decider("approve")
        if act not in self._deciding():
            abort(404)
        self._must_know(act)
        following = self._following(self._found(pk))
        problem = self._decide(act, pk, request.form.get("row_version", ""), self._token(act))
        if problem:
            flash(problem, "warning")
            return redirect(url_for(f"{self.endpoint}.queue_item", pk=pk))
        told = {"act": ACT_LABELS.get(act, act), "left": self.count_waiting()}
        flash(_("Done: %(act)s. Still waiting: %(left)s.", **told), "success")
        if workflow.transition(self.datamodel.obj, act).target is Status.submitted:
            return redirect(url_for(f"{self.endpoint}.queue_item", pk=pk))
        return redirect(url_for(f"{self.endpoint}.queue_item", pk=following) if following else url_for(f"{self.endpoint}.queue"))

    @expose("/queue/change/<uid>")
    @has_access
    @permission_name("show")
    def queue_change(self, uid: str) -> Any:
        """One proposed change of the queue beside what the register says."""
        self._must_be_decider("can_decide_change")
        return self._proposal_page(uid)

    def _proposal_page(self, uid: str) -> Any:
        asked, item = self._asked(uid)
        return self._queue_page("ledger/queue_change.html", around=None, open_change=asked, **self._proposal_shown(asked, item))

    @expose("/queue/change/<uid>/<act>", methods=["POST"])
    def queue_decide_change(self, uid: str, act: str) -> Any:
        """Apply or refuse a proposed change, then go on with the queue."""
        if act not in ("apply", "refuse"):
            abort(404)
        if not self._may("can_decide_change"):
            abort(403)
        self._asked(uid)
        problem = self._decide_change(uid, act, self._token(f"{act} {uid}"))
        flash(problem or _("Done."), "warning" if problem else "success")
        here = url_for(f"{self.endpoint}.queue_change", uid=uid) if problem else url_for(f"{self.endpoint}.queue")
        return redirect(here)

    # what waits, for this page and for those that count it

    def waiting(self) -> Select[Any]:
        """The rows that wait for this person's decision, the oldest first; their own are not among them."""
        model = self.datamodel.obj
        wanted: Select[Any] = self.datamodel.base().where(model.status == Status.submitted, ~workflow.entered_by(model, current_user.id))
        return wanted.order_by(model.id)

    def count_waiting(self) -> int:
        """How many rows wait for this person, counted no further than a person cares."""
        return int(self.datamodel.count(self.waiting().order_by(None)))

    def open_changes(self) -> list[ChangeRequest]:
        """The proposed changes of this ledger that this person may decide about, the oldest first."""
        if not (self._is_changed_by_request() and self._may("can_decide_change")):
            return []
        own = select(RowAuthor.user_id).where(RowAuthor.owner_uid == ChangeRequest.owner_uid, RowAuthor.user_id == current_user.id)
        of_ledger = (ChangeRequest.owner_table == self.datamodel.obj.__tablename__, ChangeRequest.state == ChangeState.open)
        wanted = scope.query(ChangeRequest).where(*of_ledger, ChangeRequest.made_by_id != current_user.id, ~own.exists())
        return list(db.session.scalars(wanted.order_by(ChangeRequest.id).limit(AFTER)))

    def has_queue(self) -> bool:
        """Whether this person decides about anything here."""
        routes = getattr(self, "include_route_methods", None)
        return (routes is None or "queue" in routes) and (self._decides_records() or self._decides_changes())

    def similar_to(self, item: Any) -> list[Any]:
        """Other rows of the ledger that may tell of the same thing; a ledger that knows says so."""
        return []

    def _without_queue(self) -> set[str]:
        """The routes that a screen does without where nothing is decided about."""
        of_records = ROUTES - {"queue", "queue_change", "queue_decide_change"}
        if issubclass(self.datamodel.obj, Record):
            return set()
        return of_records if self._is_changed_by_request() else ROUTES

    def _decides_records(self) -> bool:
        return issubclass(self.datamodel.obj, Record) and self._may("approve")

    def _decides_changes(self) -> bool:
        return self._is_changed_by_request() and self._may("can_decide_change")

    def _must_be_decider(self, right: str = "") -> None:
        """403 for whoever decides about nothing here, before anything of a row is told."""
        if not (self._may(right) if right else self._decides_records() or self._decides_changes()):
            abort(403)

    def _queue_page(self, template: str, *, around: Any, **extra: Any) -> Any:
        """The page with the list around one row, and the proposed changes under it."""
        rows = self._around(around) if self._decides_records() else []
        ids = [one.row.uid for one in rows]
        here = ids.index(around.uid) if around is not None and around.uid in ids else None
        after = next((one.row.uid for one in rows if around is not None and one.row.id > around.id), None)
        before = next((one.row.uid for one in reversed(rows) if around is not None and one.row.id < around.id), None)
        return self.render_template(
            template,
            **{"item": None, "open_change": None, "is_waiting": False, **extra},
            title=_("Approval queue"),
            listed=self.list_title,
            endpoint=self.endpoint,
            rows=rows,
            here=here,
            following=after,
            previous=before,
            count=self.count_waiting() if self._decides_records() else 0,
            count_cap=COUNT_CAP,
            changes=[(asked, self._owner_name(asked)) for asked in self.open_changes()],
            act_token=workflow.new_token(),
            labels=self.label_columns,
        )

    def _owner_name(self, asked: ChangeRequest) -> str:
        """How the list names the row that a proposed change is about."""
        return str(self._asked(str(asked.uid))[1])

    def _around(self, item: Any) -> list[Waiting]:
        """The rows before and after one, and this one where it still waits."""
        model, wanted = self.datamodel.obj, self.waiting()
        first = item.id if item is not None else 0
        before = db.session.scalars(wanted.where(model.id < first).order_by(None).order_by(model.id.desc()).limit(BEFORE)).all()
        after = db.session.scalars(wanted.where(model.id >= first).limit(AFTER)).all()
        return self._with_times([*reversed(before), *after])

    def _with_times(self, rows: list[Any]) -> list[Waiting]:
        handed_in = select(WorkflowStep.owner_uid, func.max(WorkflowStep.at)).where(
            WorkflowStep.owner_uid.in_([row.uid for row in rows]), WorkflowStep.act == "submit"
        )
        since: dict[UUID, datetime] = dict(db.session.execute(handed_in.group_by(WorkflowStep.owner_uid)).tuples().all())
        days = params.Table(db.session(), sampling.SCHEME).value("decide_days", "", clock.today()) if rows else None
        late = clock.now() - timedelta(days=int(days)) if days is not None else None
        return [Waiting(row, at := since.get(row.uid), bool(late and at and at < late)) for row in rows]

    def _following(self, item: Any) -> UUID | None:
        """The row that is shown once this one is decided about: the next one, or the first that was left out."""
        model = self.datamodel.obj
        others = self.waiting().where(model.id != item.id).with_only_columns(model.uid).limit(1)
        found: UUID | None = db.session.scalar(others.where(model.id > item.id)) or db.session.scalar(others)
        return found

    def _deciding(self) -> list[str]:
        """The acts that another person does on what was submitted."""
        return [t.act for t in getattr(self.datamodel.obj, "transitions", ()) if Status.submitted in t.sources and t.needs_second_person]

    def _queue_acts(self, item: Any) -> Sequence[tuple[str, Any, bool]]:
        return self._offered_acts(item, {*workflow.allowed(item, current_user)} & {*self._deciding()})

    def _note_look(self, item: Any) -> None:
        """Write down that this person opened the row; a browser that fetches ahead shows it to nobody.

        A database that is busy may miss one: then it is opened again.
        """
        is_ahead = "prefetch" in request.headers.get("Sec-Purpose", "")
        if is_ahead or request.method == "HEAD" or sampling.is_opened(db.session(), current_user.id, item.uid, item.version):
            return
        uid, version = item.uid, item.version
        try:
            with unit_of_work() as session:
                sampling.open_row(session, current_user.id, uid, version)
        except (Busy, IntegrityError):
            db.session.rollback()


def _language() -> str:
    return str(get_locale())
