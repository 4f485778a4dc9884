"""The part of a ledger's screen that judges a form while it is being filled in: what saving would say, and nothing of it is kept."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import abort, jsonify, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from app.core import changes, clock, workflow
from app.core.boxes import HIDDEN
from app.core.errors import Caution, RuleViolation
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record

Told = dict[str, list[str]]  # box → what is wrong with it; what belongs to no box stands under ""


class _Enough(Exception):
    """The trial has said everything; its unit of work is given up."""


class Checking:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    rules: Any
    endpoint: str
    add_form: Any
    edit_form: Any
    _found: Callable[[Any], Any]
    _may: Callable[[str], bool]
    _populate: Callable[[Any, Any], None]
    _changer: Callable[[], Any]

    @expose("/check", methods=["POST"])
    @has_access
    @permission_name("add")
    def check(self) -> Any:
        """What is wrong and what is unusual with a new record as it is typed so far."""
        return self._judged(self.add_form(request.form), None)

    @expose("/check/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def check_one(self, pk: str) -> Any:
        """The same of a record that is being changed, or of a change that is being proposed."""
        item = self._found(pk)
        return self._judged(self.edit_form(request.form, obj=item), pk)

    def _judged(self, form: Any, pk: str | None) -> Any:
        is_whole = form.validate()
        told: Told = {name: [str(e) for e in errors] for name, errors in form.errors.items() if name not in HIDDEN}
        numbers = self._read_numbers(form, pk)
        answer: dict[str, Any] = {"cautions": None, "alike": None}  # nothing is known of them before the rules have judged
        if is_whole:
            self._judge_rules(form, pk, told, answer)
        for box, found in numbers.items():
            if found["problem"] and not told.get(box):
                told[box] = [found["problem"]]
        return jsonify(whole=is_whole, problems=told, numbers={box: found["person"] for box, found in numbers.items()}, **answer)

    def _judge_rules(self, form: Any, pk: str | None, told: Told, answer: dict[str, Any]) -> None:
        """Run the ledger's rules as saving does. Whatever they wrote is rolled back: no history, no number, no request, no limit spent."""
        with suppress(_Enough, IntegrityError, Busy), unit_of_work() as session:  # what only the database can tell, saving says
            try:
                self._judge_within(session, form, pk, answer)
            except RuleViolation as refusal:
                for problem in refusal.problems:
                    told.setdefault(problem.field if problem.field in form else "", []).append(str(problem.message))
            raise _Enough

    def _judge_within(self, session: Any, form: Any, pk: str | None, answer: dict[str, Any]) -> None:
        item = self._item_of(session, pk)
        written = {w["code"]: w["reason"] for w in getattr(item, "warnings", None) or ()}  # nobody explains the same twice
        with session.no_autoflush:
            self._anonymise(session, form, item)
            self._populate(form, item)
            save = self._changer() if _is_proposal() else getattr(self.rules, "save", None)
            found = [*(save(item, current_user, clock.today()) if save else ()), *self._doubts(item)]
            answer["cautions"] = [
                {"code": c.code, "field": c.field, "message": str(c.message), "reason": written.get(c.code, "")} for c in found
            ]
            answer["alike"] = [
                {"url": url_for(f"{self.endpoint}.show", pk=row.uid), "text": str(row), "fields": same} for row, same in self._alike(item)
            ]

    def _item_of(self, session: Any, pk: str | None) -> Any:
        if not pk:
            return self.datamodel.obj()
        item = self._found(pk)
        if _is_proposal() and not self._may("can_propose"):
            abort(403)
        if _is_proposal():
            changes.must_be_changeable(session, item)
        elif isinstance(item, Record):
            workflow.must_be_open(item)
        return item

    def _read_numbers(self, form: Any, pk: str | None) -> dict[str, dict[str, Any]]:
        """Box → what its ID number says; a screen whose rows name people answers."""
        return {}

    def _anonymise(self, session: Any, form: Any, item: Any) -> None:
        """Let the trial meet nobody of another office; a screen whose rows name people does it."""

    def _alike(self, item: Any) -> list[tuple[Any, list[str]]]:
        """Records of the own offices that may be about the same, with the fields that say so, of a ledger whose rules know any."""
        find: Callable[[Any], list[tuple[Any, list[str]]]] | None = getattr(self.rules, "alike", None)
        return find(item) if find else []

    def _doubts(self, item: Any) -> list[Caution]:
        """A record that may be on file already asks why it is another one; the reason stays with it, for whoever decides."""
        found = self._alike(item) if isinstance(item, Record) and not _is_proposal() else []
        if not found:
            return []
        message = _l("Records of your offices that say much the same: %(n)s. Compare them, or write why this is another one.", n=len(found))
        return [Caution("alike", next(iter(found[0][1]), ""), message)]


def _is_proposal() -> bool:
    """Whether the form proposes a change of an approved record: only that one asks why."""
    return "change_reason" in request.form
