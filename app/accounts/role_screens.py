"""The roles' pages: the matrix of screens and acts, the difference before it is saved, and what a role finds when it signs in."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.sqla.models import Role
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired

from app.accounts import history_screens, roles
from app.accounts.duties import Right, rights_of
from app.accounts.forms import Form, SentBefore, first_sending, tell_not_saved
from app.core.crypto import uuid7
from app.core.errors import Problem, RuleViolation
from app.extensions import db


class NewRoleForm(Form):
    """A role of the office's own."""

    name = StringField(_l("Name of the role"), validators=[InputRequired()])
    like = SelectField(_l("Begin with the rights of"), validate_choice=False)
    act_token = HiddenField(default=lambda: str(uuid7()))


class RoleView(BaseView):
    """Roles. Addressed by their names, which never change."""

    route_base = "/roles"
    default_view = "list"

    @expose("/list/", methods=["GET"])
    @has_access
    def list(self) -> Any:
        """Every role, and who has it."""
        found = [(role, roles.label(role.name), sorted(u.username for u in role.user)) for role in roles.every(db.session())]
        return self.render_template("accounts/roles.html", title=_("Roles"), found=found)

    @expose("/show/<name>", methods=["GET"])
    @has_access
    def show(self, name: str) -> Any:
        """View as this role: its menu, and on each screen what it may do. No data is shown."""
        role = _found(name)
        found = roles.menu_of(roles.screens(self.appbuilder), rights_of(role))
        told = history_screens.about(db.session(), f"ab_role/{role.id}")
        holders = sorted(u.username for u in role.user)
        return self._page("accounts/role.html", role, found=found, history=told, holders=holders)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """A new role, empty or with the rights of another."""
        form = NewRoleForm()
        form.like.choices = [("", ""), *((r.name, roles.label(r.name)) for r in roles.every(db.session()))]
        try:
            if form.sent() and self._make(form):
                flash(_("The role was made. Now say what it may do."), "success")
                return redirect(url_for("RoleView.edit", name=form.name.data.strip()))
        except SentBefore:
            return _made_before(form)
        return self.render_template("accounts/role_form.html", title=_("New role"), form=form)

    @expose("/edit/<name>", methods=["GET", "POST"])
    @has_access
    def edit(self, name: str) -> Any:
        """The matrix; then the difference; then it is saved."""
        role, shown = _found(name), roles.screens(self.appbuilder)
        held, step = rights_of(role), request.form.get("step", "")
        wanted = roles.whole(shown, _ticked()) | roles.kept_aside(shown, role) if request.method == "POST" else held
        if step == "save" and self._change(role, wanted):
            return redirect(url_for("RoleView.show", name=name))
        if step == "preview":
            problems = roles.problems_of_change(db.session(), current_user, role, wanted)
            if wanted != held and not problems:
                difference = {"added": _told(shown, wanted - held), "removed": _told(shown, held - wanted), "holders": len(role.user)}
                return self._page("accounts/role_difference.html", role, wanted=sorted(wanted), seal=roles.seal(role), **difference)
            _flash(problems or [Problem("", _("Nothing was changed."))])
        return self._page("accounts/role_matrix.html", role, shown=shown, acts=roles.acts_of(shown), wanted=wanted)

    def _page(self, template: str, role: Role, **words: Any) -> Any:
        title = roles.label(role.name)
        return self.render_template(template, title=title, role=role, right_label=roles.right_label, act_token=str(uuid7()), **words)

    def _make(self, form: Any) -> bool:
        try:
            with first_sending(form.act_token.data or "") as session:
                roles.make(session, form.name.data, roles.by_name(session, form.like.data or ""))
        except RuleViolation as refusal:
            form.name.errors = [problem.message for problem in refusal.problems]
        except IntegrityError:
            form.name.errors = [_("There is a role with this name already.")]
        return not form.name.errors

    def _change(self, role: Role, wanted: frozenset[Right]) -> bool:
        """True when this form was saved, by this sending or an earlier one."""
        name = role.name
        try:
            with first_sending(request.form.get("act_token", "")) as session:
                found = roles.by_name(session, name) or abort(404)
                if request.form.get("row_version") != roles.seal(found):
                    raise RuleViolation.one(_("Somebody else changed this role. Your ticks are kept; look at the difference again."))
                roles.change(session, current_user, found, wanted)
        except SentBefore:
            if rights_of(_found(name)) != wanted:
                tell_not_saved()
            return True
        except RuleViolation as refusal:
            _flash(refusal.problems)
            return False
        flash(_("Saved. It is in force from the next click of everybody who has this role."), "success")
        return True


def _found(name: str) -> Role:
    return roles.by_name(db.session(), name) or abort(404)


def _made_before(form: Any) -> Response:
    """To the role of this name; with a word where it is not what was sent."""
    session = db.session()
    role, like = roles.by_name(session, form.name.data.strip()), roles.by_name(session, form.like.data or "")
    if role is None or rights_of(role) != (rights_of(like) if like else frozenset()):
        tell_not_saved()
    return redirect(url_for("RoleView.edit", name=role.name) if role else url_for("RoleView.list"))


def _ticked() -> list[Right]:
    pairs = (text.partition(":") for text in request.form.getlist("right"))
    return [(permission, screen) for permission, _colon, screen in pairs]


def _told(shown: list[roles.Screen], rights: frozenset[Right]) -> list[str]:
    """Each right as `Births: Approve`, in the order of the matrix. Headings of the menu go with their items."""
    return [f"{s.label}: {roles.right_label(act)}" for s in shown for act, right in s.rights.items() if right in rights]


def _flash(problems: Any) -> None:
    for problem in problems:
        flash(str(problem.message), "danger")
