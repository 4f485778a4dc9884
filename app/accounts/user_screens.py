"""The users' pages: who has an account, with which roles, for which offices; and what an admin may do about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget, html_params

from app.accounts import history_screens, passwords, roles, sessions, throttle, users
from app.accounts.forms import Form, ListField, SentBefore, first_sending, tell_not_saved
from app.accounts.models import AccountState, UserRegion, UserSession
from app.core import clock
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.fields import OPTIONS
from app.core.regions import Region, RegionCode
from app.core.scope import as_uuid
from app.extensions import db

PAGE = 50


class RegionsField(ListField):
    """Several offices. The admin has none and gives all, so the whole tree is offered; closed places are not."""

    def widget(self, field: "RegionsField", **more: Any) -> Markup:
        """A picker that asks the server; without a script, what is chosen stays."""
        chosen = Markup("").join(Markup('<option value="{}" selected>{}</option>').format(r.uid, r) for r in field.data or ())
        more = {name: value for name, value in more.items() if name not in ("class", "class_")}
        words = {**more, "class": "remote-select form-control", "data-url": url_for("UserView.regions")}
        attributes = Markup(html_params(id=field.id, name=field.name, **words))  # noqa: S704  (it escapes each value)
        return Markup("<select multiple {}>{}</select>").format(attributes, chosen)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Open places by their identity; anything else is refused."""
        wanted = {uid for uid in map(as_uuid, filter(None, valuelist)) if uid}
        statement = select(Region).where(Region.uid.in_(wanted), Region.valid_to.is_(None)).order_by(Region.path)
        self.data = list(db.session.scalars(statement))
        if len(self.data) != len(set(filter(None, valuelist))):
            raise ValueError(_("Choose offices from the list."))


class UserForm(Form):
    """What an admin says of an account. The password is none of it."""

    full_name = StringField(_l("Name"), validators=[InputRequired()])
    roles = SelectMultipleField(
        _l("Roles"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        invalid_choice_message=_l("Choose a value from the list."),
    )
    regions = RegionsField(_l("Offices"), description=_l("Everything below an office belongs to it."))
    act_token = HiddenField(default=lambda: str(uuid7()))
    row_version = HiddenField()

    def __init__(self) -> None:
        super().__init__()
        self.roles.choices = [(role.name, roles.label(role.name)) for role in roles.every(db.session())]


class NewUserForm(UserForm):
    """A new account has a name, too, which never changes."""

    username = StringField(_l("Account"), validators=[InputRequired()], description=_l("What this person types to sign in."))


@dataclass(frozen=True)
class Line:
    """One account as the list shows it."""

    user: User
    roles: str
    offices: str
    last: datetime | None
    locked_until: datetime | None


class UserView(BaseView):
    """Accounts. Addressed by their names, which never change."""

    route_base = "/users"
    default_view = "list"

    @expose("/list/", methods=["GET"])
    @has_access
    def list(self) -> Any:
        """Accounts in the order of their names, a page at a time."""
        text, after = request.args.get("q", "").strip(), request.args.get("after", "")
        found = _page(text, after)
        following = found[PAGE - 1].username if len(found) > PAGE else None
        lines = _lines(found[:PAGE])
        return self.render_template("accounts/users.html", title=_("Users"), lines=lines, text=text, after=after, following=following)

    @expose("/show/<name>", methods=["GET"])
    @has_access
    def show(self, name: str) -> Any:
        """One account: roles, offices, sessions, and what an admin may do with it."""
        user, session = _found(name), db.session()
        state = session.get(AccountState, user.id)
        told = {
            "line": _lines([user])[0],
            "due": bool(state) and passwords.must_be_changed(state.must_change_password, state.password_changed_at),
            "sessions": sessions.open_ones(session, user.id),
            "history": history_screens.about(session, f"ab_user/{user.id}"),
            "own": user.id == current_user.id,
        }
        return self.render_template("accounts/user.html", title=_("User"), user=user, act_token=str(uuid7()), **told)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """A new account; its one-time password is shown once, on the page that answers."""
        form = NewUserForm()
        if form.sent():
            try:
                made = self._saved(form, lambda session: self._make(session, form))
            except SentBefore:
                return _made_before(form)
            if made:
                return self._show_password(*made)
        return self.render_template(
            "accounts/user_form.html", title=_("New user"), form=form, fields=["username", "full_name", "roles", "regions"]
        )

    @expose("/edit/<name>", methods=["GET", "POST"])
    @has_access
    def edit(self, name: str) -> Any:
        """Another name, other roles, other offices."""
        user, session = _found(name), db.session()
        form = UserForm()
        if request.method == "GET":
            form.full_name.data, form.roles.data = user.first_name, [role.name for role in user.roles]
            form.regions.data, form.row_version.data = users.regions_of(session, user), users.seal(session, user)
        elif form.sent():
            try:
                self._saved(form, lambda work: self._change(work, form, name))
            except SentBefore:
                return _changed_before(form, user)
            if not form.errors:
                flash(_("Saved."), "success")
                return _back(name)
        return self.render_template(
            "accounts/user_form.html", title=_("Change user"), form=form, fields=["full_name", "roles", "regions"], name=name
        )

    @expose("/act/<act>/<name>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def act(self, act: str, name: str) -> Any:
        """Disable, enable, unlock, ask for a new password, give a one-time password, end a session."""
        user = _found(name)
        perform = ACTS.get(act) or abort(404)
        token = as_uuid(request.form.get("act_token")) or abort(400)
        try:
            with first_sending(str(uuid5(token, act))) as session:
                password = perform(session, session.get_one(User, user.id, populate_existing=True))
        except SentBefore:
            _tell_done()
            return _back(name)
        except RuleViolation as refusal:
            flash(str(refusal), "danger")
            return _back(name)
        if password:
            return self._show_password(name, password)
        flash(_("Done."), "success")
        return _back(name)

    @expose("/regions", methods=["GET"])
    @has_access
    @permission_name("edit")
    def regions(self) -> Any:
        """What the picker of offices offers: places by name or statistical code."""
        text = request.args.get("q", "").strip()
        coded = select(RegionCode.region_id).where(RegionCode.code.startswith(text or "-", autoescape=True), RegionCode.valid_to.is_(None))
        named = or_(Region.name.contains(text, autoescape=True), Region.id.in_(coded))
        found = db.session.scalars(select(Region).where(named, Region.valid_to.is_(None)).order_by(Region.path).limit(OPTIONS)).all()
        return jsonify(results=[{"id": str(r.uid), "text": r.name} for r in found])

    def _saved(self, form: Any, perform: Callable[[Session], Any]) -> Any:
        """What the act answers, or None: refused with the reasons beside the fields. Raises SentBefore."""
        try:
            with first_sending(form.act_token.data or "") as session:
                return perform(session)
        except RuleViolation as refusal:
            _mark(form, refusal)
        except IntegrityError:
            form.form_errors.append(_("Somebody else saved the same thing at the same moment. Look at it again."))
        return None

    def _make(self, session: Session, form: Any) -> tuple[str, str]:
        chosen, password = _roles(session, form), passwords.one_time()
        if problems := users.check_new(session, form.username.data, form.full_name.data, chosen):
            raise RuleViolation(problems)
        names = [role.name for role in chosen]
        sm, words = self.appbuilder.sm, {"full_name": form.full_name.data.strip(), "password": password}
        user = users.add(session, sm, form.username.data, roles=names, regions=_regions(session, form), **words)
        return user.username, password

    def _change(self, session: Session, form: Any, name: str) -> None:
        user = users.by_name(session, name) or abort(404)
        session.refresh(user)
        if users.seal(session, user) != form.row_version.data:
            form.row_version.data, form.row_version.raw_data = users.seal(session, user), None
            now = {
                "roles": ", ".join(roles.label(r.name) for r in user.roles),
                "offices": ", ".join(r.name for r in users.regions_of(session, user)),
            }
            raise RuleViolation.one(
                _("Somebody else changed this account. Your words are kept; it has now: %(roles)s; %(offices)s.", **now)
            )
        users.change(session, current_user, user, form.full_name.data, _roles(session, form), _regions(session, form))

    def _show_password(self, name: str, password: str) -> Any:
        """Shown in the answer itself: it passes through no cookie, no address and no log."""
        return self.render_template("accounts/one_time.html", title=_("One-time password"), name=name, password=password)


def _end_session(session: Session, user: User) -> None:
    number = request.form.get("session", "")
    row = session.get(UserSession, int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
    if row is None or row.user_id != user.id:
        abort(404)
    sessions.end(session, row.id, "ended by an admin")
    users.note_end(session, user)


ACTS: dict[str, Callable[[Session, User], str | None]] = {
    "disable": lambda session, user: users.switch(session, current_user, user, False),
    "enable": lambda session, user: users.switch(session, current_user, user, True),
    "unlock": users.unlock,
    "must_change": users.must_change_password,
    "reset": lambda session, user: users.reset_password(session, current_user, user),
    "end_session": _end_session,
}


def _found(name: str) -> User:
    return users.by_name(db.session(), name) or abort(404)


def _back(name: str) -> Response:
    return redirect(url_for("UserView.show", name=name))


def _made_before(form: Any) -> Response:
    """The one-time password went with the first answer; who clicked twice never saw it."""
    user = users.by_name(db.session(), form.username.data)
    if user and _says(user, form):
        _tell_done()
    else:
        tell_not_saved()
    return _back(user.username) if user else redirect(url_for("UserView.list"))


def _changed_before(form: Any, user: User) -> Response:
    if not _says(user, form):
        tell_not_saved()
    return _back(user.username)


def _says(user: User, form: Any) -> bool:
    """Whether the account is as the form has it."""
    session = db.session()
    sent = form.full_name.data.strip(), set(form.roles.data or []), _regions(session, form)
    return sent == (user.first_name, {role.name for role in user.roles}, users.regions_of(session, user))


def _tell_done() -> None:
    flash(_("This was done already. A one-time password is shown only once; give a new one if it was lost."), "info")


def _page(text: str, after: str) -> list[User]:
    """One more than a page, so that it is known whether another one follows."""
    statement = select(User).where(User.username > after).order_by(User.username).limit(PAGE + 1).options(selectinload(User.roles))
    if text:
        statement = statement.where(or_(User.username.contains(text, autoescape=True), User.first_name.contains(text, autoescape=True)))
    return list(db.session.scalars(statement))


def _lines(found: Iterable[User]) -> list[Line]:
    """The accounts with what stands in other tables, each asked once for the whole page."""
    shown, session = [*found], db.session()
    ids = [user.id for user in shown]
    last = select(UserSession.user_id, func.max(UserSession.started_at)).where(UserSession.user_id.in_(ids)).group_by(UserSession.user_id)
    seen: dict[int, datetime] = dict(session.execute(last).tuples().all())
    offices = select(UserRegion.user_id, Region.name).join(Region, Region.id == UserRegion.region_id).where(UserRegion.user_id.in_(ids))
    named: dict[int, list[str]] = {}
    for user_id, name in session.execute(offices.order_by(Region.path)):
        named.setdefault(user_id, []).append(name)
    locks = throttle.locks_of(session, [user.username for user in shown])
    return [
        Line(
            user,
            ", ".join(roles.label(role.name) for role in user.roles),
            ", ".join(named.get(user.id, [])),
            _local(seen.get(user.id)),
            _local(locks.get(user.username)),
        )
        for user in shown
    ]


def _local(moment: datetime | None) -> datetime | None:
    return clock.local(moment) if moment else None


def _roles(session: Session, form: Any) -> list[Role]:
    return list(session.scalars(select(Role).where(Role.name.in_(form.roles.data or [])).order_by(Role.name)))


def _regions(session: Session, form: Any) -> list[Region]:
    uids: list[UUID] = [region.uid for region in form.regions.data or []]
    return list(session.scalars(select(Region).where(Region.uid.in_(uids)).order_by(Region.path)))


def _mark(form: Any, refusal: RuleViolation) -> None:
    for problem in refusal.problems:
        if problem.field in form:
            form[problem.field].errors = [*form[problem.field].errors, problem.message]
        else:
            form.form_errors.append(problem.message)
