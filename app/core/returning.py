"""The part of a ledger's screen that returns a record with what is to be mended, and says it beside the fields of the form."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_babel import get_locale

from app.core import clock, codes, return_marks, workflow
from app.core.boxes import HIDDEN
from app.core.workflow import Record, Status
from app.extensions import db

OTHER = "9"  # the reason that says nothing without words


class Returning:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    edit_columns: Any

    @staticmethod
    def return_reasons() -> list[tuple[str, str]]:
        """(code, label) of the reasons that may be chosen."""
        return codes.choices(db.session(), return_marks.REASONS, clock.today(), str(get_locale()))

    def _marking(self, act: str, perform: Callable[..., None]) -> Callable[..., None]:
        """A return says its reason by code and words, and keeps which fields were marked; other acts are done as they are."""
        if act != "return":
            return perform

        def returning(row: Any, **words: Any) -> None:
            perform(row, **{**words, "reason": _whole_reason(words.get("reason", ""))})
            return_marks.keep(db.session(), row, self._marked(), token=words["token"])

        returning.__name__ = act
        return returning

    def _markable(self) -> set[str]:
        return {name for name in self.edit_columns if name not in HIDDEN}

    def _marked(self) -> dict[str, str]:
        """The fields somebody ticked or wrote a note beside."""
        ticked, notes = request.form.getlist("mark"), {name: request.form.get(f"note_{name}", "").strip() for name in self._markable()}
        return {name: notes[name] for name in self.edit_columns if name in notes and (name in ticked or notes[name])}

    def _get_edit_widget(self, form: Any, exclude_cols: Any = None, widgets: Any = None) -> Any:
        """The form of a returned record says beside its fields what the return asked to mend."""
        item = self.datamodel.get((request.view_args or {}).get("pk"))
        form.marks = self._to_mend(item) if isinstance(item, Record) and item.status is Status.returned else {}
        return super()._get_edit_widget(form=form, exclude_cols=exclude_cols, widgets=widgets)  # type: ignore[misc]

    def _to_mend(self, item: Any) -> dict[str, str]:
        returned = [step.token for step in workflow.steps_of(item) if step.act == "return"]
        return return_marks.by_step(db.session(), item).get(returned[-1], {}) if returned else {}


def _whole_reason(text: str) -> str:
    """The reason that was chosen, and what was written beside it; "other" says nothing by itself."""
    code = request.form.get("reason_code", "")
    if not code or code == OTHER or not codes.is_valid(db.session(), return_marks.REASONS, code, clock.today()):
        return text.strip()
    label = codes.label(db.session(), return_marks.REASONS, code, str(get_locale()))
    return f"{label} — {text.strip()}" if text.strip() else label
