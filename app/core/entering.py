"""The part of a ledger's screen for whoever enters many records: what stays from one to the next, and what comes after saving."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, g, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_login import current_user

from app.core import pins, workflow
from app.core.boxes import HIDDEN
from app.core.fields import RemoteSelectField
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Record
from app.extensions import db

ADD, SUBMIT = "add", "submit"  # what a button of the form wants after saving


@dataclass(frozen=True)
class Entry:
    """What the page of a form offers beside its boxes. An address is empty where this person may not use it."""

    is_new: bool
    check: str
    pin: str = ""
    previous: str = ""
    new: str = ""
    pinnable: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    may_submit: bool = False
    entered: Any = None
    numbers: Mapping[str, str] = field(default_factory=dict)


class Entering:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: str
    add_columns: Any
    add_form: Any
    get_default_url: Any
    never_pinned: tuple[str, ...] = ()  # what nobody takes over from another record
    _found: Callable[[Any], Any]
    _may: Callable[[str], bool]
    _token: Callable[[str], str]
    _decide: Callable[..., str]
    _must_know: Callable[[str], None]

    # after saving

    def post_add_redirect(self) -> Any:
        """Where the button led that was pressed: to the record, to a new form, or through handing it in."""
        saved, then = g.get("saved_uid"), request.form.get("then", "")
        if saved is None:
            return redirect(self.get_default_url())
        if then == ADD and self._may("can_add"):
            return redirect(url_for(f"{self.endpoint}.add", entered=str(saved)))
        if then == SUBMIT:
            self._hand_in(str(saved))
        return redirect(url_for(f"{self.endpoint}.show", pk=str(saved)))

    post_edit_redirect = post_delete_redirect = post_add_redirect

    def _hand_in(self, pk: str) -> None:
        """Submit what was saved just now. Where that is refused it stays a draft, with every word."""
        self._must_know(SUBMIT)
        problem = self._decide(SUBMIT, pk, str(self._found(pk).version), self._token(SUBMIT))
        flash(problem or _("Submitted."), "danger" if problem else "success")

    # what stays

    @expose("/pin", methods=["POST"])
    @has_access
    @permission_name("add")
    def pin(self) -> Any:
        """Keep a field for the next new record, or not any more."""
        field, on = request.form.get("field", ""), request.form.get("on", "")
        if field not in self._pinnable() or on not in ("0", "1"):
            abort(404)
        with unit_of_work() as session:
            pins.pin(session, current_user.id, self.datamodel.obj, field, on=on == "1")
        return "", 204

    @expose("/previous")
    @has_access
    @permission_name("add")
    def previous(self) -> Any:
        """What this person's previous record says in the fields that may be taken over: box → value and what a reader sees."""
        return jsonify(values=self._previous_values(self._pinnable()))

    def _pinnable(self) -> list[str]:
        return pins.pinnable(self.datamodel.obj, [c for c in self.add_columns if c not in HIDDEN], self.never_pinned)

    def _previous_values(self, columns: list[str]) -> dict[str, tuple[str, str]]:
        last = pins.previous(db.session(), current_user.id, self.datamodel.obj)
        if last is None:
            return {}
        form = self.add_form(formdata=None, obj=last)
        values = {column: _posted(form[column]) for column in columns if column in form and hasattr(last, column)}
        return {column: pair for column, pair in values.items() if pair[0]}

    def _take_over(self, form: Any, pinned: set[str]) -> frozenset[str]:
        """Put the pinned values of the previous record into the boxes of a new form that nobody filled in."""
        last = pins.previous(db.session(), current_user.id, self.datamodel.obj) if pinned else None
        wanted = [name for name in self._pinnable() if name in pinned and last is not None and hasattr(last, name)]
        kept = {name: _taken(form[name], getattr(last, name)) for name in wanted if form[name].data in (None, "", form[name].default)}
        for name, value in kept.items():
            form[name].data = value
        return frozenset(name for name, value in kept.items() if value not in (None, ""))

    # the page

    def _get_add_widget(self, form: Any, exclude_cols: Any = None, widgets: Any = None) -> Any:
        pinned = pins.pinned(db.session(), current_user.id, self.datamodel.obj)
        kept = self._take_over(form, pinned) if request.method == "GET" and "draft" not in request.args else frozenset()
        found = super()._get_add_widget(form, exclude_cols, widgets)  # type: ignore[misc]
        found["add"].template_args["entry"] = Entry(
            is_new=True,
            check=url_for(f"{self.endpoint}.check"),
            pin=url_for(f"{self.endpoint}.pin"),
            previous=url_for(f"{self.endpoint}.previous"),
            new=url_for(f"{self.endpoint}.add"),
            pinnable=frozenset(self._pinnable()),
            pinned=frozenset(pinned),
            kept=kept,
            may_submit=self._may_hand_in(None),
            entered=self._entered(),
            numbers=self._numbers_of(form),
        )
        return found

    def _get_edit_widget(self, form: Any, exclude_cols: Any = None, widgets: Any = None) -> Any:
        found = super()._get_edit_widget(form, exclude_cols, widgets)  # type: ignore[misc]
        pk = (request.view_args or {}).get("pk")
        item = self.datamodel.get(pk) if pk else None
        found["edit"].template_args["entry"] = Entry(
            is_new=False,
            check=url_for(f"{self.endpoint}.check_one", pk=pk) if item is not None and self._may("can_edit") else "",
            new=url_for(f"{self.endpoint}.add") if self._may("can_add") else "",
            may_submit=self._may_hand_in(item),
            numbers=self._numbers_of(form),
        )
        return found

    def _numbers_of(self, form: Any) -> dict[str, str]:
        """Box → whose ID number is typed there; a screen whose rows name people says it."""
        return {}

    def _may_hand_in(self, item: Any) -> bool:
        """Whether saving and submitting is one click: a record, the right, and a row that is still open."""
        if not issubclass(self.datamodel.obj, Record) or not self._may(SUBMIT):
            return False
        return item is None or item.status in workflow.OPEN

    def _entered(self) -> Any:
        """The record that was saved before this form was opened, for the sentence that leads to it."""
        return self.datamodel.get(request.args.get("entered")) if request.args.get("entered") else None


def _posted(field: Any) -> tuple[str, str]:
    """What a box would send of its value, and what a reader sees there."""
    if isinstance(field, RemoteSelectField):
        row = field.data and field.lookup(str(field.data.uid))
        return (str(row.uid), str(row)) if row else ("", "")
    if isinstance(field.data, bool):
        return ("y" if field.data else "", "")
    text = field._value() if hasattr(field, "_value") else str(field.data or "")
    return text, text


def _taken(field: Any, value: Any) -> Any:
    """A value of another record as this box may hold it: a place only where this person still may choose it."""
    return field.lookup(str(value.uid)) if isinstance(field, RemoteSelectField) and value is not None else value
