"""The part of a ledger's screen for two who change one row: what only one changed stands, what both changed is asked about."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from app.core.boxes import HIDDEN
from app.core.comparing import Opened, Question, Told, compared, told, unseal
from app.core.drafting import form_of
from app.core.drafts import FormDraft

MINE, THEIRS = "mine", "theirs"  # whose words stay
ATTEMPTS = 3  # to save beside others who save the same row at the same moment

Typed = MultiDict[str, str]


class Conflicts:
    """Mixed into the screen of a ledger; the declarations below are the screen's. A form remembers what it showed: `Opened`."""

    edit_form: Any
    label_columns: Any
    _found: Callable[[Any], Any]
    _shown: Callable[[str, Any], str]

    def _form_of(self, item: Any, draft: FormDraft | None) -> tuple[Any, Opened | None]:
        """The form of a row, with what stands in a draft of it; a draft of an older version is compared with what the row says now."""
        shown = self._opened(item)
        if draft is None:
            form = self.edit_form(formdata=None, obj=item)
            form.row_version.data = item.version
            return form, shown
        typed = form_of(draft)
        before = unseal(typed.get("opened", ""), item, current_user.id)
        if typed.get("row_version") == shown.version:
            form = self.edit_form(typed, obj=item)
            self._ask(form, before, item, typed)
            return form, before or shown
        words = _with_choices(typed, before)
        form, shown, taken = self._compared(self.edit_form(words, obj=item), words, before, item)
        self._tell_taken(taken)
        return form, shown

    def _as_sent(self, item: Any) -> tuple[Any, Opened | None]:
        """The form as it was sent, with what it had shown; where somebody chose what the register says, that stands in it."""
        opened = unseal(request.form.get("opened", ""), item, current_user.id)
        return self.edit_form(_with_choices(request.form, opened), obj=item), opened

    def _decided(self, opened: Opened | None) -> bool:
        """Whether every question about two values was answered."""
        if all(request.form.get(f"take_{name}") in (MINE, THEIRS) for name in (opened.asked if opened else ())):
            return True
        flash(_("Choose for each field of the table whose words stay, then save again. Nothing was saved yet."), "warning")
        return False

    def _beside_others(self, save: Callable[[Any], bool], form: Any, opened: Opened | None, pk: Any) -> tuple[Any, Opened | None, bool]:
        """Save; where somebody else saved first, both stay if they changed different fields, and the rest is asked about.

        Answers the form, what it shows, and whether it is saved.
        """
        words, taken, is_saved = _with_choices(request.form, opened), [], False
        for _once in range(ATTEMPTS):
            try:
                is_saved = save(form)
                break
            except StaleDataError:
                form, opened, more = self._compared(form, words, opened, self._found(pk))
                taken += [name for name in more if name not in taken]
                if form.comparison or not form.validate():
                    break
        self._tell_taken(taken)
        return form, opened, is_saved

    def _compared(self, form: Any, words: Typed, before: Opened | None, item: Any) -> tuple[Any, Opened, list[str]]:
        """The form against the row as it is now: the values only others changed are theirs, and what both changed is a question.

        The next sending is against this version. Answers the form, what it shows, and which fields were taken over.
        """
        now = self._opened(item)
        taken, asked = compared(self._words_of(form, item, before), now.fields, before)
        for name in taken:
            words[name] = now.fields[name].sent
        words["row_version"] = now.version
        shown = Opened(now.version, now.fields, {name: _said(before, name) for name in asked})
        form = self.edit_form(words, obj=item)
        form.comparison = [self._question(form, name, shown) for name in asked]
        if asked:
            flash(_("Somebody else changed this record. What you typed is kept; compare and save again."), "warning")
        return form, shown, taken

    def _ask(self, form: Any, opened: Opened | None, item: Any, typed: Mapping[str, str]) -> None:
        """Show the questions of a page that comes back once more. Until it is saved, each box holds what was typed."""
        if opened is None or hasattr(form, "comparison"):
            return
        mine = self.edit_form(MultiDict(typed), obj=item)
        form.comparison = [self._question(mine, name, opened, typed.get(f"take_{name}", "")) for name in opened.asked]
        for name in opened.asked:
            form[name].data, form[name].raw_data = mine[name].data, mine[name].raw_data

    def _question(self, form: Any, name: str, opened: Opened, choice: str = "") -> Question:
        box = form[name]
        mine = box.raw_data[0] if box.process_errors and box.raw_data else self._shown(name, box.data)
        return Question(name, box.label.text, opened.asked[name], mine, opened.fields[name].shown, choice)

    def _tell_taken(self, names: list[str]) -> None:
        if names:
            labels = _(", ").join(str(self.label_columns.get(name, name)) for name in names)
            flash(_("Somebody else had changed other fields meanwhile: %(fields)s. Theirs and yours both stand.", fields=labels), "info")

    def _opened(self, item: Any) -> Opened:
        """What an untouched form of this row shows and sends."""
        return Opened(str(item.version), self._words_of(self.edit_form(formdata=None, obj=item), item, None))

    def _words_of(self, form: Any, item: Any, opened: Opened | None) -> dict[str, Told]:
        boxes = [box for box in form if box.name not in HIDDEN]
        return {box.name: told(box, item, self._shown(box.name, box.data), opened) for box in boxes}


def _with_choices(typed: Mapping[str, str], opened: Opened | None) -> Typed:
    """What was typed, and what the register said where somebody chose that."""
    words = MultiDict(typed)
    if opened:
        for name in opened.asked:
            if words.get(f"take_{name}") == THEIRS:
                words[name] = opened.fields[name].sent
    return words


def _said(before: Opened | None, name: str) -> str:
    return before.fields[name].shown if before and name in before.fields else ""
