"""The part of a ledger's screen that saves its forms: once however often they are sent, and never over the words of somebody else."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import abort, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core import audit, clock, drafts, tokens, workflow
from app.core.boxes import HIDDEN, say_beside
from app.core.comparing import Opened
from app.core.crypto import keys
from app.core.drafting import Undecided, form_of
from app.core.drafts import FormDraft
from app.core.errors import Caution, RuleViolation
from app.core.fields import SecretField
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record
from app.extensions import db


class Saving:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    rules: Any
    endpoint: str
    add_form: Any
    add_row_message: Any
    edit_row_message: Any
    formatters_columns: Any
    _must_be_writer: Callable[[], None]
    _offers_drafts: Callable[..., bool]
    _draft: Callable[..., FormDraft | None]
    _kept: Callable[..., None]
    _form_of: Callable[..., tuple[Any, Opened | None]]
    _as_sent: Callable[..., tuple[Any, Opened | None]]
    _decided: Callable[..., bool]
    _beside_others: Callable[..., tuple[Any, Opened | None, bool]]
    _ask: Callable[..., None]
    _doubts: Callable[[Any], list[Caution]]
    _get_add_widget: Any
    _get_edit_widget: Any

    def _add(self) -> Any:
        self._offers_drafts("add")
        form, draft = self.add_form(request.form or None), None
        if request.method == "POST":
            self._must_be_writer()
            if form.validate() and self._save(form, None):
                return None
        elif draft := self._draft("add"):
            form = self.add_form(form_of(draft))
        self._kept(form, "add", draft=draft)
        return self._get_add_widget(form=form)

    def _edit(self, pk: Any) -> Any:
        item, draft = self._found(pk), None
        if request.method == "GET":
            self._must_be_open(item)
            if self._offers_drafts("edit", item):
                return {"edit": Undecided()}
            draft = self._draft("edit", item)
            form, opened = self._form_of(item, draft)
        else:
            self._must_be_writer()
            form, opened = self._as_sent(item)
            if form.validate() and self._decided(opened):
                form, opened, is_saved = self._beside_others(lambda words: self._save(words, pk), form, opened, pk)
                if is_saved:
                    return None
            self._ask(form, opened, item, request.form)
        self._kept(form, "edit", item, draft=draft, opened=opened)
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
        """True when the form's words are in the register, be it now or by an earlier sending of the same form.

        Raises StaleDataError where somebody else saved the row meanwhile.
        """
        token = _sending(form.act_token.data)
        try:
            with unit_of_work() as session:
                if not tokens.first_sending(session, token, current_user.id):
                    return self._saved_before(token)
                g.saved_uid = self._write(session, form, pk)
                tokens.keep_result(session, token, current_user.id, g.saved_uid)
                drafts.saved(session, current_user.id, form.act_token.data)
            flash(str(self.edit_row_message if pk else self.add_row_message), "success")
            return True
        except StaleDataError:
            if pk:
                raise
            flash(_("Somebody else acted on the same people or records at this moment. Nothing was saved; send it again."), "warning")
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
        uid: UUID = item.uid
        return uid

    def _note_cautions(self, form: Any, item: Any, cautions: list[Caution]) -> None:
        """What is unusual needs a reason; without one the form comes back with the question and everything typed."""
        typed = {c.code: request.form.get(f"reason_{c.code}", "").strip() for c in cautions}
        form.cautions = [(c, typed[c.code]) for c in cautions]
        if not all(typed.values()):
            raise RuleViolation.one(_("Please look at what is marked as unusual: correct it, or write why it is right."), code="caution")
        for reason in typed.values():
            workflow.must_be_short(reason)
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


def _sending(act_token: str) -> str:
    """One sending of one form: the same words again are the same sending, other words under an old token are a new one."""
    words = sorted((name, value) for name, values in request.form.lists() if name != "csrf_token" for value in values)
    return keys().blind(json.dumps(words, ensure_ascii=False), f"form|{act_token}")
