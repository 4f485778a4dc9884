"""Where the pages of entry forms send what is being typed, and where unfinished forms are thrown away."""

from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_appbuilder import BaseView
from flask_babel import gettext as _
from flask_login import current_user

from app.core import drafting, drafts, scope
from app.core.drafting import RIGHTS
from app.core.errors import RuleViolation
from app.core.screen import LedgerView, expose
from app.core.unit_of_work import Busy, unit_of_work
from app.extensions import db


class DraftView(BaseView):
    """Keeps and discards unfinished forms. The right is that of the form itself; a foreign row is 404."""

    route_base = "/drafts"
    default_view = "keep"

    @expose("/keep", methods=["POST"])
    def keep(self) -> Any:
        """What stands in a form now. Answers when it was kept, or why it was not."""
        screen, form = self._form()
        try:
            kept = drafting.keep(screen, form, request.form.get("draft_pk", ""), current_user.id, scope.current().paths)
        except RuleViolation as refusal:
            return jsonify(error=str(refusal)), 409
        except Busy as busy:
            return jsonify(error=str(busy)), 503
        if kept is None:
            return jsonify(text=_("This form is saved."), saved=True)
        return jsonify(text=drafting.kept_at(kept), uid=str(kept.uid))

    @expose("/discard", methods=["POST"])
    def discard(self) -> Any:
        """Throw away what was typed into one form."""
        found = drafts.find(db.session(), current_user.id, request.form.get("uid")) or abort(404)
        screen, form, owner_uid = found.screen, found.form, found.owner_uid
        try:
            with unit_of_work() as session:
                drafts.discard(session, current_user.id, found.uid)
            flash(_("The unfinished form was discarded."), "success")
        except Busy as busy:
            flash(str(busy), "warning")
        if request.form.get("then") == "form":
            return redirect(url_for(f"{screen}.{form}", pk=str(owner_uid) if owner_uid else None))
        return redirect(url_for("HomeView.index"))

    def _form(self) -> tuple[LedgerView, str]:
        """Which form of which screen, with the right to it; 404 for what there is not."""
        name, form = request.form.get("draft_screen", ""), request.form.get("draft_form", "")
        screens = [view for view in self.appbuilder.baseviews if isinstance(view, LedgerView) and view.endpoint == name]
        if not screens or form not in RIGHTS:
            abort(404)
        if not screens[0]._may(RIGHTS[form]):
            abort(403)
        if not drafting.is_writer(current_user.id):
            abort(404)
        return screens[0], form
