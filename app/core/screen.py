"""LedgerView: the hardened FAB base class every ledger's screen inherits.

FAB's defaults load rows without a scope in acts, share filters between threads, lose the form on an error and show SQL
(FAB issues 2366, 2376, 2395, 1456). Here each of these is closed once: a ledger declares columns and rules, nothing else.
"""

import copy
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from flask import abort, flash, g, has_request_context, redirect, request, url_for
from flask_appbuilder import ModelView
from flask_appbuilder import expose as expose
from flask_appbuilder import has_access as has_access
from flask_appbuilder.actions import ActionItem
from flask_appbuilder.widgets import FormWidget, ListWidget, SearchWidget, ShowWidget
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from wtforms import HiddenField
from wtforms.validators import InputRequired

from app.core import audit, clock, tokens, workflow
from app.core.arranging import LIST_ROUTES, Arranging
from app.core.at_once import ApprovingAtOnce
from app.core.attaching import Attaching
from app.core.boxes import Boxes, say_beside
from app.core.checking import Checking
from app.core.crypto import keys, uuid7
from app.core.deciding import Deciding
from app.core.entering import Entering
from app.core.errors import Caution, RuleViolation
from app.core.fields import SecretField
from app.core.labels import ACT_LABELS, formatters_of
from app.core.listing import SHARE, Listing
from app.core.proposals import Proposing
from app.core.queueing import Queueing
from app.core.record_page import RecordPage
from app.core.returning import Returning
from app.core.tasks import Task
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record
from app.extensions import db

HIDDEN = ("csrf_token", "act_token", "row_version")


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
    Entering,
    Checking,
    Boxes,
    Listing,
    Arranging,
    Deciding,
    Proposing,
    Attaching,
    RecordPage,
    Queueing,
    ApprovingAtOnce,
    Returning,
    ModelView,
):
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

    # saving

    def _add(self) -> Any:
        form = self.add_form(request.form or None)
        if request.method == "POST" and form.validate() and self._save(form, None):
            return None
        return self._get_add_widget(form=form)

    def _edit(self, pk: Any) -> Any:
        item = self._found(pk)
        if request.method == "GET":
            self._must_be_open(item)
            form = self.edit_form(formdata=None, obj=item)
            form.row_version.data = item.version
        else:
            form = self.edit_form(request.form, obj=item)
            if form.validate() and self._save(form, pk):
                return None
        return self._get_edit_widget(form=form)

    def _must_be_open(self, item: Any) -> None:
        if not isinstance(item, Record):
            return
        try:
            workflow.must_be_open(item)
        except RuleViolation as refusal:
            flash(str(refusal), "warning")
            abort(redirect(url_for(f"{self.endpoint}.show", pk=str(item.uid))))

    def _save(self, form: Any, pk: Any) -> bool:
        """True when the form's words are in the register, be it now or by an earlier sending of the same form."""
        token = _sending(form.act_token.data)
        try:
            with unit_of_work() as session:
                if not tokens.first_sending(session, token, current_user.id):
                    return self._saved_before(token)
                g.saved_uid = self._write(session, form, pk)
                tokens.keep_result(session, token, current_user.id, g.saved_uid)
            flash(str(self.edit_row_message if pk else self.add_row_message), "success")
            return True
        except StaleDataError:
            self._show_both(form, self._found(pk))
        except RuleViolation as refusal:
            say_beside(form, refusal)
        except IntegrityError as error:
            if "client_token" in str(error.orig):
                return self._saved_before(token)
            flash(self.integrity_message(str(error.orig)), "danger")
        except Busy as error:
            flash(str(error), "warning")
        return False

    def _saved_before(self, token: str) -> bool:
        """The second sending of a form leads to what the first one saved."""
        g.saved_uid = tokens.result_of(db.session(), token, current_user.id)
        flash(str(self.edit_row_message), "success")
        return True

    def _write(self, session: Any, form: Any, pk: Any) -> UUID:
        item = self._found(pk) if pk else self.datamodel.obj()
        if pk and str(item.version) != form.row_version.data:
            raise StaleDataError
        if pk and isinstance(item, Record):
            workflow.must_be_open(item)
        with session.no_autoflush:
            self._populate(form, item)
            cautions = self.rules.save(item, current_user, clock.today()) if self.rules else []
            self._note_cautions(form, item, [*cautions, *self._doubts(item)])
            session.add(item)
            if isinstance(item, Record):
                workflow.edited(item, current_user)
        return item.uid

    def _note_cautions(self, form: Any, item: Any, cautions: list[Caution]) -> None:
        """What is unusual needs a reason; without one the form comes back with the question and everything typed."""
        typed = {c.code: request.form.get(f"reason_{c.code}", "").strip() for c in cautions}
        form.cautions = [(c, typed[c.code]) for c in cautions]
        if not all(typed.values()):
            raise RuleViolation.one(_("Please look at what is marked as unusual: correct it, or write why it is right."), code="caution")
        if isinstance(item, Record):
            item.warnings = workflow.warned(cautions, typed)
        elif cautions:
            audit.note(db.session(), "explain", item, reason="; ".join(typed.values()))

    def integrity_message(self, _told_by_database: str) -> str:
        """What to say when the database refuses a row; a ledger may say it more exactly. Never the database's own words."""
        return _("This value is already in use, or a rule of the register refuses it. Nothing was saved; check the form and send it again.")

    def _populate(self, form: Any, item: Any) -> None:
        """An empty box is NULL, not the empty string: FAB would change NULL to '' in every saved row."""
        for field in form:
            if field.data == "" and not isinstance(field, SecretField):
                field.data = None
        for field in form:
            if field.name not in HIDDEN:
                field.populate_obj(item, field.name)

    def _show_both(self, form: Any, item: Any) -> None:
        """Keep what was typed; say beside each field what the register holds now; the next sending is a knowing one."""
        flash(_("Somebody else changed this record. What you typed is kept; compare and save again."), "warning")
        theirs = self.edit_form(formdata=None, obj=item)
        for field in form:
            now = theirs[field.name].data if field.name not in HIDDEN else field.data
            if (field.data or None) != (now or None) and not _is_hidden_same(field, item):
                field.errors = [*field.errors, _("Now in the register: %(value)s", value=self._shown(field.name, now))]
        form.row_version.data, form.row_version.raw_data = item.version, None

    def _shown(self, name: str, value: Any) -> str:
        """A value as the record page shows it; nothing is told as nothing."""
        formatter = self.formatters_columns.get(name)
        if value in (None, ""):
            return _("(empty)")
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return str(formatter(value) if formatter else value)

    def _found(self, pk: Any) -> Any:
        """The row, or 404: a foreign row and a missing row look the same."""
        return self.datamodel.get(pk) or abort(404)

    # deciding


def _is_hidden_same(field: Any, item: Any) -> bool:
    """Whether a hidden value was typed whole as the register holds it."""
    sealed = getattr(item, field.name) if isinstance(field, SecretField) else None
    return sealed is not None and field.data == sealed.reveal()


def _sending(act_token: str) -> str:
    """One sending of one form: the same words again are the same sending, other words under an old token are a new one."""
    words = sorted((name, value) for name, values in request.form.lists() if name != "csrf_token" for value in values)
    return keys().blind(json.dumps(words, ensure_ascii=False), f"form|{act_token}")
