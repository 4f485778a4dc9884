"""LedgerView: the hardened FAB base class every ledger's screen inherits.

FAB's defaults load rows without a scope in acts, share filters between threads, lose the form on an error and show SQL
(FAB issues 2366, 2376, 2395, 1456). Here each of these is closed once: a ledger declares columns and rules, nothing else.
"""

import copy
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol

from flask import g, has_request_context
from flask_appbuilder import ModelView
from flask_appbuilder import expose as expose
from flask_appbuilder import has_access as has_access
from flask_appbuilder.actions import ActionItem
from flask_appbuilder.widgets import FormWidget, ListWidget, SearchWidget, ShowWidget
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import HiddenField
from wtforms.validators import InputRequired

from app.core import clock, workflow
from app.core.arranging import LIST_ROUTES, Arranging
from app.core.at_once import ApprovingAtOnce
from app.core.attaching import Attaching
from app.core.boxes import HIDDEN, Boxes
from app.core.checking import Checking
from app.core.conflicts import Conflicts
from app.core.crypto import uuid7
from app.core.deciding import Deciding
from app.core.drafting import Drafting
from app.core.entering import Entering
from app.core.errors import Caution
from app.core.labels import ACT_LABELS, formatters_of
from app.core.listing import Listing
from app.core.permissions import SHARE
from app.core.proposals import Proposing
from app.core.queueing import Queueing
from app.core.record_page import RecordPage
from app.core.returning import Returning
from app.core.saving import Saving
from app.core.tasks import Task
from app.core.workflow import Record


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


class LedgerView(
    Entering, Checking, Saving, Drafting, Conflicts, Boxes,
    Listing, Arranging, Deciding, Proposing, Attaching, RecordPage, Queueing, ApprovingAtOnce, Returning,
    ModelView,
):  # fmt: skip
    """Columns are declared by the ledger; loading, saving, deciding and finding are done here, once."""

    rules: Any = None
    remote: Mapping[str, Mapping[str, Any]] = {}  # picker name → model and the column it searches
    places: tuple[str, ...] = ()  # pickers of regions
    find_hint: Any = ""
    bar_columns: tuple[str, ...] = ()  # told of a row in the search of the top bar; a screen without them is not searched from there
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
        if self.include_route_methods is not None:
            decided = {"preview"} if "action_post" in self.include_route_methods else set()
            self.include_route_methods = {*self.include_route_methods, *LIST_ROUTES, *decided}
        self.exclude_route_methods = self.exclude_route_methods | self._without_record() | self._without_queue()
        super().__init__(**kwargs)
        self.base_permissions.append(SHARE)
        if issubclass(self.datamodel.obj, Record):
            self._offer_acts()
        if self._is_changed_by_request():
            self.base_permissions.append("can_decide_change")

    def _offer_acts(self) -> None:
        """Each act of the workflow becomes a FAB action, so that roles name it and templates show it by right."""
        for t in self.datamodel.obj.transitions:
            self.actions[t.act] = ActionItem(
                t.act, ACT_LABELS.get(t.act, t.act), "", "", True, True, func=self._marking(t.act, self._acting(t.act))
            )
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

    def owner_of(self, uid: Any) -> Any:
        """The row a proposal or a file is about: the one with this identity, or the one it became one with; None where there is none."""
        return self.datamodel.get(uid)

    def waits(self) -> list[tuple[Any, int, dict[str, str]]]:
        """What waits for this person beside states of records: (label, number, filter of the list that shows exactly these rows)."""
        return []

    def tasks(self, most: int) -> list[Task]:
        """The most urgent rows of what `waits` counts, for the to-do table; records with a status are known there by themselves."""
        return []

    def _may(self, permission: str) -> bool:
        return bool(self.appbuilder.sm.has_access(permission, self.class_permission_name))
