"""The part of a ledger's screen that shows one record: its page, the acts offered on it, its hidden values one at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import abort, current_app, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_appbuilder.security.sqla.models import User
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from app.core import audit, changes, clock, codes, history, limits, return_marks, scope, tokens, workflow
from app.core.crypto import secrets_of, uuid7
from app.core.errors import RuleViolation
from app.core.hidden import hidden_of
from app.core.labels import ACT_LABELS, FILE_FORMATTERS, FILE_LABELS
from app.core.proposals import STATES
from app.core.unit_of_work import Busy, take_turn, unit_of_work
from app.core.workflow import FLAGS, Record, Status
from app.extensions import db

BESIDE = frozenset({*FLAGS, "raised", "status", "made_at", "approved_at"})  # what a page tells of a record beside its content
HIDE_AFTER = 30  # seconds for which a value that was asked for stands on a page
KINDS: Mapping[str, Any] = {"written": _l("Entries and changes"), "decided": _l("Decisions"), "looked": _l("Prints and looks")}


@dataclass(frozen=True)
class Line:
    """One value of a record as text, and what it said before, where that is asked."""

    name: str
    label: str
    text: str
    was: str | None = None


@dataclass(frozen=True)
class Step:
    """One act of the workflow as a page tells it."""

    step: workflow.WorkflowStep
    actor: str
    name: str  # of the person, as papers tell it
    marks: Mapping[str, str]  # label of a field → what is to be mended there


Groups = list[tuple[Any, list[Line]]]


class RecordPage:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: str
    show_columns: Any
    show_template: str
    show_title: Any
    list_title: Any
    show_fieldsets: Any
    label_columns: Any
    told_columns: dict[str, Any]
    formatters_columns: Any
    render_template: Any
    update_redirect: Callable[[], None]
    _get_show_widget: Any
    _found: Callable[[Any], Any]
    _may: Callable[[str], bool]
    _offered_acts: Callable[..., Sequence[tuple[str, Any, bool]]]
    _may_propose: Callable[[Any], bool]
    _is_changed_by_request: Callable[[], bool]
    _files_shown: Callable[..., Any]
    _token: Callable[[str], str]
    _shown: Callable[[str, Any], str]

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        return self._page_of(self._found(pk))

    def _page_of(self, item: Any, revealed: Mapping[str, str] | None = None, refusal: RuleViolation | None = None) -> Any:
        self.update_redirect()
        widgets = self._get_show_widget(str(item.uid), item)
        extra = {
            "item": item,
            "acts": self._acts_of(item),
            "revealed": revealed or {},
            "secrets": [c for c in self._hidden_columns() if getattr(item, c)],
            "act_token": str(uuid7()),
        }
        extra |= {"labels": self.label_columns, "endpoint": self.endpoint, "may_propose": self._may_propose(item)}
        merged = self._merged_into(item)
        requests = changes.requests_of(db.session(), item, merged) if self._is_changed_by_request() else []
        extra |= {"change_requests": [(asked, STATES[asked.state]) for asked in requests]}
        extra |= {"files": self._files_shown(item, requests, refusal), "listed": self.list_title}
        extra |= self._head_of(item) | self._timeline_of(item, merged) | self._steps_shown(item)
        return self.render_template(
            self.show_template, pk=str(item.uid), title=self.show_title, widgets=widgets, related_views=[], hide_after=HIDE_AFTER, **extra
        )

    def _without_record(self) -> set[str]:
        """The routes that a screen of rows without a status does without. A paper would outlast the consent to a confidential one."""
        model = self.datamodel.obj
        return set() if issubclass(model, Record) and not model.is_confidential else {"print_form"}

    def _head_of(self, item: Any) -> dict[str, Any]:
        """What stands above the tabs: the number as a mask, what may not be done now and why, whether the record can be printed."""
        first = next((name for name in self.show_columns if name in secrets_of(self.datamodel.obj) and getattr(item, name)), None)
        return {
            "masked": (self.label_columns.get(first), str(getattr(item, first))) if first else None,
            "not_now": self._not_now(item),
            "in_queue": isinstance(item, Record)
            and item.status is Status.submitted
            and "return" in workflow.allowed(item, current_user)
            and self._may("approve"),
            "may_print": isinstance(item, Record) and not item.is_confidential,
        }

    def _not_now(self, item: Any) -> list[tuple[str, list[Any]]]:
        """(why, the acts) of what this person may do by right, and the record refuses now."""
        if not isinstance(item, Record):
            return []
        found: dict[str, list[Any]] = {}
        for act, why in workflow.refused(item, current_user).items():
            if self._may(act):
                found.setdefault(why, []).append(ACT_LABELS.get(act, act))
        return sorted(found.items())

    def _history_of(self, item: Any, merged: Sequence[UUID] = ()) -> list[history.Entry]:
        """The history of a row as this person may read it, the newest first."""
        labels, formatters = {**FILE_LABELS, **self.told_columns}, {**FILE_FORMATTERS, **self.formatters_columns}
        return history.of(db.session(), item, labels, formatters, merged)

    def _timeline_of(self, item: Any, merged: Sequence[UUID]) -> dict[str, Any]:
        """The history, narrowed to one kind of entry where that was asked; the record as it was after one of them."""
        told, kind = self._history_of(item, merged), request.args.get("entries", "")
        place = request.args.get("as_of", type=int) if not merged else None
        then = next((entry for entry in told if entry.place == place), None)
        whole = [entry for uid in (item.uid, *merged) for entry in audit.history_of(db.session(), item, uid)]
        return {
            "history": [entry for entry in told if kind not in KINDS or entry.kind == kind],
            "kinds": KINDS,
            "kind": kind if kind in KINDS else "",
            "is_intact": audit.fits(db.session(), whole),
            "then": then,
            "as_it_was": self._groups_of(item, history.before(told[: told.index(then)])) if then else [],
            "goes_back": not merged,
            "return_reason": history.last_reason(told, "return"),
            "source_label": lambda code: codes.label(db.session(), "record_source", code, str(get_locale())),
        }

    def _steps_shown(self, item: Any) -> dict[str, Any]:
        """What was decided about a record, with what each return asked to mend; the last return while it waits to be mended."""
        if not isinstance(item, Record):
            return {"steps": [], "returned": None}
        steps = workflow.steps_of(item)
        who = db.session.scalars(select(User).where(User.id.in_({step.actor_id for step in steps})))
        known = {user.id: (user.username, user.get_full_name()) for user in who}
        marks = return_marks.by_step(db.session(), item)
        told = [Step(step, *known.get(step.actor_id, ("", "")), self._with_labels(marks.get(step.token, {}))) for step in steps]
        returned = next((one for one in reversed(told) if one.step.act == "return"), None) if item.status is Status.returned else None
        return {"steps": told, "returned": returned}

    def _with_labels(self, marks: Mapping[str, str]) -> dict[str, str]:
        return {str(self.label_columns.get(name, name)): note for name, note in marks.items()}

    def _groups_of(self, item: Any, said: Mapping[str, str] = MappingProxyType({})) -> Groups:
        """What the record says, in the groups of its page. `said` holds what some columns said before (column → text)."""
        sets = self.show_fieldsets or [("", {"fields": self.show_columns})]
        return [(name, [self._line(item, column, said) for column in told["fields"] if column in self.show_columns]) for name, told in sets]

    def _content_of(self, item: Any, said: Mapping[str, str] = MappingProxyType({})) -> Groups:
        """The same without flags and stamps, which a page tells beside it."""
        told = [(name, [line for line in lines if line.name not in BESIDE]) for name, lines in self._groups_of(item, said)]
        return [(name, lines) for name, lines in told if lines]

    def _line(self, item: Any, name: str, said: Mapping[str, str]) -> Line:
        value = getattr(item, name)
        value = value() if callable(value) else value
        text = "" if value is None or value == "" else self._shown(name, value)
        was = said.get(name)
        if was == text and name not in self._hidden_names():
            was = None  # it was changed, and changed back
        return Line(name, str(self.label_columns.get(name, name)), text, was)

    def _hidden_names(self) -> set[str]:
        """The columns of which equal masks may hide different values."""
        return {*secrets_of(self.datamodel.obj), *hidden_of(self.datamodel.obj)}

    @expose("/print/<pk>", methods=["POST"])
    @has_access
    @permission_name("show")
    def print_form(self, pk: str) -> Any:
        """The record as an official form on one sheet of A4, numbers as masks; that it was printed is written down."""
        self._found(pk)
        try:
            with unit_of_work() as session:
                item = self._found(pk)
                if tokens.first_sending(session, self._token_for("print", item), current_user.id):
                    audit.note(session, "print", item)
        except Busy as busy:
            flash(str(busy), "warning")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        item = self._found(pk)
        told = {"groups": self._content_of(item), "item": item, "endpoint": self.endpoint}
        told |= self._steps_shown(item) | {"printed_at": clock.now()}
        return self.render_template("ledger/print.html", title=self.show_title, **told)

    def _token_for(self, click: str, item: Any) -> str:
        """A click on one row as it is now: the token of another row's page, or of an older version, never stands for it."""
        return self._token(f"{click} {item.uid} {item.version}")

    def _merged_into(self, item: Any) -> Sequence[UUID]:
        """The rows that became one with this one; their history stands in its own."""
        return ()

    def _acts_of(self, item: Any) -> Sequence[tuple[str, Any, bool]]:
        """(act, label, needs a reason) of what this person may do with this row now: by right and by the row's state."""
        return self._offered_acts(item, workflow.allowed(item, current_user)) if isinstance(item, Record) else ()

    def _hidden_columns(self) -> list[str]:
        return [c for c in self.show_columns if c in secrets_of(self.datamodel.obj)] if self._may("can_reveal") else []

    @expose("/reveal/<pk>", methods=["POST"])
    @has_access
    def reveal(self, pk: str) -> Any:
        """Show one hidden value once: with a reason, written down, limited per hour."""
        item, column, reason = self._found(pk), request.form.get("column", ""), request.form.get("reason", "").strip()
        if column not in self._hidden_columns() or getattr(item, "is_closed", False):
            abort(404)
        try:
            if not reason:
                raise RuleViolation.one(_("Write why you need to see this value."))
            with unit_of_work() as session:
                take_turn(session, str(scope.as_uuid(pk)))  # whoever withdraws the consent erases what is said here too
                item = self._found(pk)
                if getattr(item, "is_closed", False):
                    abort(404)
                if tokens.first_sending(session, self._token_for(f"reveal {column}", item), current_user.id):
                    limits.spend(session, current_user.id, "reveal", current_app.config["REVEALS_PER_HOUR"])
                    audit.note(session, "reveal", item, field=column, reason=reason)
        except (RuleViolation, Busy) as refusal:
            flash(str(refusal), "warning")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        sealed = getattr(self._found(pk), column)
        return self._page_of(self._found(pk), {column: sealed.reveal() if sealed else ""})
