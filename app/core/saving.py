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
from werkzeug.datastructures import MultiDict

from app.core import audit, clock, drafts, tokens, workflow
from app.core.boxes import say_beside
from app.core.comparing import Line, Opened, Told, compared, told, unseal
from app.core.crypto import keys
from app.core.drafting import form_of
from app.core.drafts import FormDraft
from app.core.errors import Caution, RuleViolation
from app.core.fields import SecretField
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record
from app.extensions import db

HIDDEN = ("csrf_token", "act_token", "row_version")
MINE, THEIRS = "mine", "theirs"  # whose words stay
ATTEMPTS = 3  # to save beside others who save the same row at the same moment


class Saving:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    rules: Any
    endpoint: str
    add_form: Any
    edit_form: Any
    add_row_message: Any
    edit_row_message: Any
    formatters_columns: Any
    label_columns: Any
    _must_be_writer: Callable[[], None]
    _draft: Callable[..., FormDraft | None]
    _kept: Callable[..., None]
    get_default_url: Callable[[], str]
    _get_add_widget: Any
    _get_edit_widget: Any

    def _add(self) -> Any:
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
            draft = self._draft("edit", item)
            form, opened = self._form_of(item, draft)
        else:
            self._must_be_writer()
            form, opened = self._as_sent(item)
            if form.validate() and self._decided(form, opened):
                form, opened, is_saved = self._save_beside_others(form, opened, pk)
                if is_saved:
                    return None
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
            self._note_cautions(form, item, cautions)
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

    # beside others

    def _form_of(self, item: Any, draft: FormDraft | None) -> tuple[Any, Opened | None]:
        """The form of a row, with what stands in a draft of it; a draft of an older version is compared with what the row says now."""
        shown = self._opened(item)
        if draft is None:
            form = self.edit_form(formdata=None, obj=item)
            form.row_version.data = item.version
            return form, shown
        words = form_of(draft)
        form, before = self.edit_form(words, obj=item), unseal(words.get("opened", ""), item, current_user.id)
        if form.row_version.data == shown.version:
            return form, before or shown
        form, shown, taken = self._compared(form, words, before, item)
        self._tell_taken(taken)
        return form, shown

    def _as_sent(self, item: Any) -> tuple[Any, Opened | None]:
        """The form as it was sent, with what it had shown; where somebody chose what the register says, that stands in it."""
        words, opened = MultiDict(request.form), unseal(request.form.get("opened", ""), item, current_user.id)
        for name in opened.asked if opened else ():
            if opened and words.get(f"take_{name}") == THEIRS:
                words[name] = opened.fields[name].sent
        return self.edit_form(words, obj=item), opened

    def _decided(self, form: Any, opened: Opened | None) -> bool:
        """Whether every question about two values was answered; without an answer the form comes back with it."""
        choices = {name: request.form.get(f"take_{name}", "") for name in (opened.asked if opened else ())}
        if not opened or all(choice in (MINE, THEIRS) for choice in choices.values()):
            return True
        flash(_("Choose for each field of the table whose words stay, then save again. Nothing was saved yet."), "warning")
        form.comparison = [self._line(form, name, opened, choices[name]) for name in opened.asked]
        return False

    def _save_beside_others(self, form: Any, opened: Opened | None, pk: Any) -> tuple[Any, Opened | None, bool]:
        """Save; where somebody else saved first, both stay if they changed different fields, and the rest is asked about."""
        taken: list[str] = []
        for _once in range(ATTEMPTS):
            try:
                is_saved = self._save(form, pk)
            except StaleDataError:
                item = self._found(pk)
                form, opened, more = self._compared(form, MultiDict(request.form), opened, item)
                taken = [*dict.fromkeys([*taken, *more])]
                if form.comparison or not form.validate():
                    break
            else:
                self._tell_taken(taken)
                return form, opened, is_saved
        self._tell_taken(taken)
        return form, opened, False

    def _compared(self, form: Any, words: MultiDict[str, str], before: Opened | None, item: Any) -> tuple[Any, Opened, list[str]]:
        """The form against the row as it is now: the values only others changed are theirs, and what both changed is a question.

        The next sending is against this version. Answers the form, what it shows, and which fields were taken over.
        """
        now = self._opened(item)
        taken, asked = compared(self._told(form, item, before), now.fields, before)
        for name in taken:
            words[name] = now.fields[name].sent
        words["row_version"] = now.version
        said = {name: before.fields[name].shown if before and name in before.fields else "" for name in asked}
        shown = Opened(now.version, now.fields, said)
        form = self.edit_form(words, obj=item)
        form.comparison = [self._line(form, name, shown) for name in asked]
        if asked:
            flash(_("Somebody else changed this record. What you typed is kept; compare and save again."), "warning")
        return form, shown, taken

    def _line(self, form: Any, name: str, opened: Opened, choice: str = "") -> Line:
        mine = form[name].raw_data[0] if form[name].process_errors and form[name].raw_data else self._shown(name, form[name].data)
        return Line(name, form[name].label.text, opened.asked[name], mine, opened.fields[name].shown, choice)

    def _tell_taken(self, names: list[str]) -> None:
        if names:
            labels = _(", ").join(str(self.label_columns.get(name, name)) for name in names)
            flash(_("Somebody else had changed other fields meanwhile: %(fields)s. Theirs and yours both stand.", fields=labels), "info")

    def _opened(self, item: Any) -> Opened:
        """What an untouched form of this row shows and sends."""
        return Opened(str(item.version), self._told(self.edit_form(formdata=None, obj=item), item, None))

    def _told(self, form: Any, item: Any, opened: Opened | None) -> dict[str, Told]:
        boxes = [box for box in form if box.name not in HIDDEN]
        return {box.name: told(box, item, self._shown(box.name, box.data), opened) for box in boxes}

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

    def post_add_redirect(self) -> Any:
        saved = g.get("saved_uid")
        return redirect(url_for(f"{self.endpoint}.show", pk=str(saved)) if saved else self.get_default_url())

    post_edit_redirect = post_delete_redirect = post_add_redirect


def _sending(act_token: str) -> str:
    """One sending of one form: the same words again are the same sending, other words under an old token are a new one."""
    words = sorted((name, value) for name, values in request.form.lists() if name != "csrf_token" for value in values)
    return keys().blind(json.dumps(words, ensure_ascii=False), f"form|{act_token}")
