"""The part of a ledger's screen that approves many records at once: those that need no second look, after a sample was opened."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Select, String, cast, select

from app.core import clock, sampling, scope, workflow
from app.core.errors import RuleViolation
from app.core.labels import ACT_LABELS
from app.core.workflow import FLAGS, WorkflowStep
from app.extensions import db

MOST_CLEAN = 100  # rows approved at once


class ApprovingAtOnce:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: str
    list_title: Any
    list_columns: Any
    label_columns: Any
    formatters_columns: Any
    render_template: Any
    waiting: Callable[[], Select[Any]]
    _token: Callable[[str], str]
    _decide: Callable[[str, str, str, str], str]
    _must_know: Callable[[str], None]
    _title_of: Callable[[str, str], str]
    _must_be_decider: Callable[[str], None]

    @expose("/queue/clean", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def queue_clean(self) -> Any:
        """Approve what needs no second look: first the list of it, then each row judged by itself."""
        self._must_be_decider("approve")
        rows = list(db.session.scalars(self._clean().limit(MOST_CLEAN).options(*self.datamodel.eager)))
        if request.method == "POST":
            try:
                return self._approve_at_once({str(row.uid): row for row in rows})
            except RuleViolation as refusal:
                flash(str(refusal), "warning")
                return redirect(url_for(f"{self.endpoint}.queue_clean"))
        opened = sampling.opened(db.session(), current_user.id, {row.uid: row.version for row in rows})
        unopened = [row for row in rows if row.uid not in opened]
        columns = [name for name in self.list_columns if name not in ("status", "raised")]
        return self.render_template(
            "ledger/queue_clean.html",
            title=_("Approve what is clean"),
            rows=list(zip(rows, self.datamodel.get_values(rows, columns), strict=True)),
            columns=columns,
            labels=self.label_columns,
            formatters=self.formatters_columns,
            opened=opened,
            needed=sampling.needed(db.session(), len(rows), "", clock.today()),
            draw=secrets.choice(unopened) if unopened else None,
            most=MOST_CLEAN,
            endpoint=self.endpoint,
            listed=self.list_title,
            act_token=workflow.new_token(),
        )

    def _approve_at_once(self, clean: Mapping[str, Any]) -> Any:
        """Raises RuleViolation where nothing is ticked, or too little was opened."""
        self._must_know("approve")
        ticked = [str(uid) for text in request.form.getlist("rowid") if (uid := scope.as_uuid(text))]
        pks = [*dict.fromkeys(ticked)][:MOST_CLEAN]
        if not pks:
            raise RuleViolation.one(_("Tick the rows first."), code="nothing")
        tokens_of = {pk: self._token(f"approve {pk}") for pk in pks}
        titles = {pk: self._title_of(pk, token) for pk, token in tokens_of.items()}
        seen = {pk: request.form.get(f"seen_{pk}", "") for pk in pks}
        versions = {row.uid: row.version for pk, row in clean.items() if seen.get(pk) == str(row.version)}  # others are refused below
        sampling.must_be_enough(db.session(), current_user.id, versions, "", clock.today())
        look = _("This row is not clean any more, or somebody decided about it. Look at it by itself.")
        results = [(titles[pk], pk, self._decide("approve", pk, seen[pk], tokens_of[pk]) if pk in clean else look) for pk in pks]
        told = {"act": ACT_LABELS["approve"], "results": results, "gone": False, "back": url_for(f"{self.endpoint}.queue")}
        return self.render_template("ledger/result.html", title=self.list_title, endpoint=self.endpoint, sent={}, **told)

    def _clean(self) -> Select[Any]:
        """What waits without a warning and without a mark, and was never returned."""
        model = self.datamodel.obj
        returned = select(WorkflowStep.id).where(WorkflowStep.owner_uid == model.uid, WorkflowStep.act == "return")
        flags = [getattr(model, flag).is_(False) for flag in FLAGS]
        return self.waiting().where(*flags, cast(model.warnings, String) == "[]", ~returned.exists())
