"""The part of a ledger's screen that decides: one act on one record or on many, each judged by itself."""

from collections.abc import Callable
from typing import Any
from uuid import uuid5

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core import scope, workflow
from app.core.errors import RuleViolation
from app.core.interface import MAX_PAGE
from app.core.labels import ACT_LABELS
from app.core.unit_of_work import Busy, unit_of_work
from app.extensions import db


class Deciding:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: Any
    actions: Any
    list_title: Any
    render_template: Any
    get_default_url: Any
    get_action_permission_name: Any
    _found: Callable[[Any], Any]
    _may: Callable[[str], bool]

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
