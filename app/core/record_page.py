"""The part of a ledger's screen that shows one record: its page, the acts offered on it, its hidden values one at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import abort, current_app, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_login import current_user

from app.core import audit, changes, history, limits, scope, tokens, workflow
from app.core.crypto import secrets_of, uuid7
from app.core.errors import RuleViolation
from app.core.labels import ACT_LABELS, FILE_FORMATTERS, FILE_LABELS
from app.core.proposals import STATES
from app.core.unit_of_work import Busy, take_turn, unit_of_work
from app.core.workflow import Record
from app.extensions import db


class RecordPage:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: str
    show_columns: Any
    show_template: str
    show_title: Any
    label_columns: Any
    told_columns: dict[str, Any]
    formatters_columns: Any
    render_template: Any
    update_redirect: Callable[[], None]
    _get_show_widget: Any
    _found: Callable[[Any], Any]
    _may: Callable[[str], bool]
    _may_propose: Callable[[Any], bool]
    _is_changed_by_request: Callable[[], bool]
    _files_shown: Callable[..., Any]
    _token: Callable[[str], str]

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
        extra |= {"files": self._files_shown(item, requests, refusal)}
        told = history.of(
            db.session(),
            item,
            {**FILE_LABELS, **self.told_columns},
            {**FILE_FORMATTERS, **self.formatters_columns},
            merged,
        )
        return self.render_template(
            self.show_template,
            pk=str(item.uid),
            title=self.show_title,
            widgets=widgets,
            history=told,
            related_views=[],
            **extra,
        )

    def _merged_into(self, item: Any) -> Sequence[UUID]:
        """The rows that became one with this one; their history stands in its own."""
        return ()

    def _acts_of(self, item: Any) -> list[tuple[str, Any, bool]]:
        """(act, label, needs a reason) of what this person may do with this row now: by right and by the row's state."""
        if not isinstance(item, Record):
            return []
        possible = workflow.allowed(item, current_user)
        found = [t for t in item.transitions if t.act in possible and self._may(t.act)]
        return [(t.act, ACT_LABELS.get(t.act, t.act), t.needs_reason) for t in found]

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
                if tokens.first_sending(session, self._token(f"reveal {column}"), current_user.id):
                    limits.spend(session, current_user.id, "reveal", current_app.config["REVEALS_PER_HOUR"])
                    audit.note(session, "reveal", item, field=column, reason=reason)
        except (RuleViolation, Busy) as refusal:
            flash(str(refusal), "warning")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        sealed = getattr(self._found(pk), column)
        return self._page_of(self._found(pk), {column: sealed.reveal() if sealed else ""})
