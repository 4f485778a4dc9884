"""LedgerView: the hardened FAB base class every ledger's screen inherits.

FAB's defaults load rows without a scope in acts, share filters between threads, lose the form on an error and show SQL
(FAB issues 2366, 2376, 2395, 1456). Here each of these is closed once: a ledger declares columns and rules, nothing else.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol
from uuid import UUID, uuid5

from flask import abort, current_app, flash, g, has_request_context, jsonify, redirect, request, url_for
from flask_appbuilder import ModelView
from flask_appbuilder import expose as expose
from flask_appbuilder import has_access as has_access
from flask_appbuilder.actions import ActionItem
from flask_appbuilder.widgets import FormWidget, ListWidget, SearchWidget, ShowWidget
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from wtforms import HiddenField
from wtforms.validators import InputRequired

from app.core import audit, changes, clock, history, limits, scope, tokens, workflow
from app.core.attaching import Attaching
from app.core.boxes import Boxes
from app.core.conflicts import HIDDEN, Conflicts
from app.core.crypto import secrets_of, uuid7
from app.core.drafting import Drafting
from app.core.errors import Caution, RuleViolation
from app.core.fields import RemoteSelectField
from app.core.interface import COUNT_CAP, MAX_PAGE
from app.core.labels import ACT_LABELS, FILE_FORMATTERS, FILE_LABELS, formatters_of
from app.core.proposals import STATES, Proposing
from app.core.saving import Saving
from app.core.unit_of_work import Busy, take_turn, unit_of_work
from app.core.workflow import Record
from app.extensions import db

LONGEST_SEARCH = 60  # characters; a name has at most 50


class Rules(Protocol):
    """What a ledger's rules.py offers to its screen. Acts it does not name are the workflow's own."""

    ACTS: Mapping[str, Callable[..., None]]

    def save(self, row: Any, actor: Any, today: date) -> list[Caution]:
        """Settle what follows from what was typed, check everything, answer the cautions. Raises RuleViolation."""


class LedgerList(ListWidget):
    template = "ledger/list_widget.html"


class LedgerShow(ShowWidget):
    template = "ledger/show_widget.html"


class LedgerForm(FormWidget):
    template = "ledger/form_widget.html"


class LedgerSearch(SearchWidget):
    template = "ledger/search_widget.html"


class LedgerView(Boxes, Drafting, Conflicts, Saving, Proposing, Attaching, ModelView):
    """Columns are declared by the ledger; loading, saving, deciding and finding are done here, once."""

    rules: Any = None
    remote: Mapping[str, Mapping[str, Any]] = {}  # picker name → model and the column it searches
    places: tuple[str, ...] = ()  # pickers of regions
    find_hint: Any = ""
    list_template, show_template = "ledger/list.html", "ledger/show.html"
    add_template = edit_template = "ledger/form.html"
    list_widget, show_widget, search_widget = LedgerList, LedgerShow, LedgerSearch
    add_widget = edit_widget = LedgerForm
    search_form_extra_fields: Any = None
    formatters_columns: Any = None
    add_row_message = edit_row_message = _l("Saved.")
    page_size = 25
    base_order = ("id", "desc")
    exclude_route_methods = {"download", "delete"}

    def __init__(self, **kwargs: Any) -> None:
        self.told_columns: dict[str, Any] = dict(getattr(self, "label_columns", None) or {})
        self.label_columns = dict(self.told_columns)  # FAB adds a label for every other column to what it is given
        for name in ("add", "edit"):
            columns = [c for c in getattr(self, f"{name}_columns") if c not in HIDDEN]
            fields = {**self._own_fields(columns), **(getattr(self, f"{name}_form_extra_fields") or {})}
            fields["act_token"] = HiddenField(default=lambda: str(uuid7()), validators=[InputRequired()])
            columns.append("act_token")
            if name == "edit":
                fields["row_version"] = HiddenField(validators=[InputRequired()])
                columns.append("row_version")
            setattr(self, f"{name}_form_extra_fields", fields)
            setattr(self, f"{name}_columns", columns)
        self.search_form_extra_fields = {**self._search_fields(), **(self.search_form_extra_fields or {})}
        self.formatters_columns = {**formatters_of(self.datamodel.obj), **(self.formatters_columns or {})}
        if not self._is_changed_by_request():
            self.exclude_route_methods = self.exclude_route_methods | {"propose", "change", "decide_change", "attach_evidence"}
        if not self._is_with_files():
            self.exclude_route_methods = self.exclude_route_methods | {"attach", "attach_evidence"}
        super().__init__(**kwargs)
        if issubclass(self.datamodel.obj, Record):
            self._offer_acts()
        if self._is_changed_by_request():
            self.base_permissions.append("can_decide_change")

    def _offer_acts(self) -> None:
        """Each act of the workflow becomes a FAB action, so that roles name it and templates show it by right."""
        for t in self.datamodel.obj.transitions:
            self.actions[t.act] = ActionItem(t.act, ACT_LABELS.get(t.act, t.act), "", "", True, True, func=self._acting(t.act))
            self.base_permissions.append(t.act)

    def _acting(self, act: str) -> Callable[..., None]:
        def perform(row: Any, **words: Any) -> None:
            own = self.rules.ACTS.get(act) if self.rules else None
            if own:
                own(row, current_user, clock.today(), **words)
            elif act == "discard":
                workflow.discard(row, current_user, **words)
            else:
                workflow.advance(row, act, current_user, **words)

        perform.__name__ = act
        return perform

    # what is shared by all threads in FAB lives in the request here

    @property
    def _filters(self) -> Any:
        """FAB keeps one filter object per view for all threads (FAB issue 2366); ours lives in the request."""
        if not has_request_context():
            return self.__dict__["_filters_template"]
        found = g.setdefault("_ledger_filters", {})
        if id(self) not in found:
            found[id(self)] = copy.copy(self.__dict__["_filters_template"])
            found[id(self)].clear_filters()
        return found[id(self)]

    @_filters.setter
    def _filters(self, value: Any) -> None:
        self.__dict__["_filters_template"] = value

    # reading

    def _list(self, **kwargs: Any) -> Any:
        try:
            return super()._list(**kwargs)
        except (ValueError, IndexError, KeyError):
            abort(400)

    def _get_list_widget(self, filters: Any, order_column: str = "", page: Any = None, page_size: Any = None, **kwargs: Any) -> Any:
        if order_column and order_column not in self.order_columns:
            abort(400)
        size = max(1, min(page_size or self.page_size, MAX_PAGE))
        last = COUNT_CAP // size
        return super()._get_list_widget(
            filters,
            order_column=order_column,
            page=min(max(page or 0, 0), last),
            page_size=size,
            act_token=str(uuid7()),
            count_cap=COUNT_CAP,
            find_hint=self.find_hint,
            **kwargs,
        )

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

    def owner_of(self, uid: Any) -> Any:
        """The row a proposal or a file is about: the one with this identity, or the one it became one with; None where there is none."""
        return self.datamodel.get(uid)

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

    def waits(self) -> list[tuple[Any, int, dict[str, str]]]:
        """What waits for this person beside states of records: (label, number, filter of the list that shows exactly these rows)."""
        return []

    def _may(self, permission: str) -> bool:
        return bool(self.appbuilder.sm.has_access(permission, self.class_permission_name))

    def _hidden_columns(self) -> list[str]:
        return [c for c in self.show_columns if c in secrets_of(self.datamodel.obj)] if self._may("can_reveal") else []

    # deciding

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Any:
        """One act on one record. FAB would load the row without looking; here a foreign row is 404."""
        self._must_know(name)
        problem = self._decide(name, pk, request.form.get("row_version", ""), self._token(name))
        flash(problem or _("Done."), "danger" if problem else "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk) if self.datamodel.get(pk) else self.get_default_url())

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Any:
        """One act on many records: each is judged by itself, and the answer says so row by row."""
        name, ticked = request.form.get("action", ""), [scope.as_uuid(text) for text in request.form.getlist("rowid")]
        self._must_know(name)
        pks = self._in_turn([str(uid) for uid in dict.fromkeys(ticked)])  # a row is judged once, however its identity is written
        if not 0 < len(pks) <= MAX_PAGE:
            flash(_("Tick between 1 and %(most)s rows first.", most=MAX_PAGE), "warning")
            return redirect(self.get_default_url())
        tokens_of = {pk: self._token(f"{name} {pk}") for pk in pks}
        found = {pk: self._title_of(pk, token) for pk, token in tokens_of.items()}
        results = [(found[pk], pk, self._decide(name, pk, request.form.get(f"seen_{pk}", ""), tokens_of[pk])) for pk in pks]
        told = {"act": ACT_LABELS.get(name, name), "results": results, "gone": name == "discard", "back": self.get_default_url()}
        return self.render_template("ledger/result.html", title=self.list_title, **told)

    def _in_turn(self, pks: list[str]) -> list[str]:
        """In which order ticked rows are decided about; a ledger whose rows rest on one another says its own."""
        return pks

    def _title_of(self, pk: str, token: str) -> str:
        """How the answer names a ticked row; 404 for a row that is not there, unless this very click took it away."""
        item = self.datamodel.get(pk)
        if item is None and not workflow.already_done(db.session(), scope.as_uuid(pk), token):
            abort(404)
        return str(item) if item else _("deleted draft")

    def _must_know(self, name: str) -> None:
        """The right first: who may not do the act learns nothing about the row. 404 for an act that does not exist."""
        if name not in self.actions:
            abort(404)
        if not self._may(self.get_action_permission_name(name)):
            abort(403)

    def _token(self, click: str) -> str:
        """One page has one token; each of its buttons makes its own of it, so that two acts of one page are two."""
        found = scope.as_uuid(request.form.get("act_token", ""))
        return str(uuid5(found, click)) if found else abort(400)

    def _decide(self, name: str, pk: str, seen: str, token: str) -> str:
        """Why the act was refused, or nothing. A click that was carried out before counts as carried out.

        `seen` is the version of the row on the page: nobody decides about words they have not read.
        """
        try:
            with unit_of_work() as session:
                if workflow.already_done(session, scope.as_uuid(pk), token):
                    return ""
                item = self._found(pk)
                if seen != str(item.version):
                    return _("This record was changed after you opened the page. Read it again, then decide.")
                self.actions[name].func(item, token=token, reason=request.form.get("reason", ""))
            return ""
        except RuleViolation as refusal:
            return str(refusal)
        except (StaleDataError, IntegrityError):
            return _("Somebody else acted on this record at the same moment. Look at it again.")
        except Busy as error:
            return str(error)

    # finding

    def find_condition(self, text: str) -> ColumnElement[bool] | None:
        """What the one search box means for this ledger; None where it has none."""
        return None

    @expose("/find", methods=["POST"])
    @has_access
    def find(self) -> Any:
        """Search by POST, so that names and numbers stand in no address and no log; the answer is the list itself."""
        text = request.form.get("text", "").strip()[:LONGEST_SEARCH]
        condition = self.find_condition(text) if text else None
        if condition is None:
            return redirect(self.get_default_url())
        wanted = self.datamodel.base().where(condition)
        found = self.datamodel.page(wanted, "", "", 0, MAX_PAGE)
        shown = {
            "page": 0,
            "page_size": MAX_PAGE,
            "count": self.datamodel.count(wanted) if len(found) == MAX_PAGE else len(found),
            "count_cap": COUNT_CAP,
            "act_token": str(uuid7()),
            "order_columns": [],
            "find_hint": self.find_hint,
        }
        widget = self.list_widget(
            label_columns=self.label_columns,
            include_columns=self.list_columns,
            value_columns=self.datamodel.get_values(found, self.list_columns),
            formatters_columns=self.formatters_columns,
            pks=self.datamodel.get_keys(found),
            actions=self.actions,
            filters=self._filters,
            modelview_name=type(self).__name__,
            **shown,
        )
        widgets = self._get_search_widget(form=self.search_form.refresh(), widgets={"list": widget})
        return self.render_template(self.list_template, title=self.list_title, widgets=widgets, found=text)

    @expose("/options/<column>")
    @has_access
    def options(self, column: str) -> Any:
        """What a picker offers: at most twenty rows of this person's own scope."""
        field = self.add_form()._fields.get(column) or self.search_form()._fields.get(column)
        if not isinstance(field, RemoteSelectField):
            abort(404)
        rows = field.options(request.args.get("q", "").strip())
        return jsonify(results=[{"id": str(row.uid), "text": str(row)} for row in rows])

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
