"""The account screens of everybody: signing in and out, one's own account; and which account screens there are."""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, flash, g, jsonify, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from app.accounts import passwords, roles, sessions, signin, users
from app.accounts.forms import Form
from app.accounts.history_screens import AccountHistoryView, HistoryView
from app.accounts.role_screens import RoleView
from app.accounts.user_screens import UserView
from app.core.errors import RuleViolation
from app.core.unit_of_work import unit_of_work
from app.core.web import asks_for_json
from app.extensions import db

LOOKS = ("light", "dark")  # otherwise as the system says
LETTERS_COOKIE, OFF = "taizhang_letters", "off"  # otherwise they are on
LOOK_COOKIE, LOOK_KEPT = "taizhang_look", 365 * 86_400  # seconds


class SignInForm(Form):
    """Name and password, nothing else."""

    username = StringField(_l("Account"), validators=[InputRequired()])
    password = PasswordField(_l("Password"), validators=[InputRequired()])


class SignInView(BaseView):
    """The way in and the way out."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """One message for everything that keeps somebody out."""
        if asks_for_json():
            return self._again()
        target = safe_target(request.args.get("next", ""))
        if current_user.is_authenticated:
            return redirect(target)
        form = SignInForm()
        if form.sent():
            told = signin.sign_in(form.username.data, form.password.data)
            if told:
                _tell(told)
                return redirect(target)
            flash(self.refusal(), "warning")
        return self.render_template("accounts/sign_in.html", title=_("Sign in"), form=form)

    def _again(self) -> Any:
        """The same door for a page whose session ended: who is signed in now, and the token its forms are sent with."""
        form = SignInForm()
        if not current_user.is_authenticated and form.sent():
            told = signin.sign_in(form.username.data, form.password.data)
            if told is None:
                return jsonify(error=self.refusal(), user="", csrf_token=generate_csrf()), 403
            _tell(told)
            g.pop("csrf_token", None)  # that of the session before
        return jsonify(user=current_user.username if current_user.is_authenticated else "", csrf_token=generate_csrf())

    def refusal(self) -> str:
        """What everybody is told who did not get in."""
        tries, minutes = current_app.config["LOCK_FAILURES"], current_app.config["LOCK_MINUTES"]
        return _(
            "The account or the password is wrong, or the account is closed for a while. "
            "After %(n)s failed tries it is closed for %(m)s minutes or longer. If you cannot get in, ask your admin.",
            n=tries,
            m=minutes,
        )

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Response:
        """By POST only, so that no link of another page signs anybody out."""
        if current_user.is_authenticated:
            signin.sign_out(current_user._get_current_object())
        return redirect(url_for("SignInView.login"))


class OwnPasswordForm(Form):
    """The present password, and the new one twice."""

    current = PasswordField(_l("Present password"), validators=[InputRequired()])
    password = PasswordField(_l("New password"), validators=[InputRequired()])
    again = PasswordField(_l("New password again"), validators=[InputRequired()])


class OwnView(BaseView):
    """One's own account: who I am here, where I am signed in, my password. Whoever is signed in may open it."""

    route_base = "/own"
    default_view = "userinfo"

    @expose("/", methods=["GET"])
    def userinfo(self) -> Any:
        """Roles, offices and the sessions that are open."""
        session = db.session()
        told = {"offices": users.regions_of(session, current_user), "roles": [roles.label(role.name) for role in current_user.roles]}
        open_ones = sessions.open_ones(session, current_user.id)
        return self.render_template("accounts/own.html", title=_("My account"), sessions=open_ones, this=g.user_session_id, **told)

    @expose("/end_others", methods=["POST"])
    def end_others(self) -> Response:
        """End every session of mine but this one."""
        with unit_of_work() as work:
            sessions.end_all(work, current_user.id, "ended by the user", keep=g.user_session_id)
            users.note_end(work, current_user)
        flash(_("Every other session of yours was ended."), "success")
        return redirect(url_for("OwnView.userinfo"))

    @expose("/look", methods=["POST"])
    def look(self) -> Response:
        """Dark on light, light on dark, or as the system says; kept by this browser, which shows it before anybody signs in."""
        wanted, answer = request.form.get("look", ""), redirect(safe_target(request.referrer or ""))
        if wanted in LOOKS:
            answer.set_cookie(
                LOOK_COOKIE, wanted, max_age=LOOK_KEPT, secure=current_app.config["SECURE_COOKIES"], httponly=True, samesite="Lax"
            )
        else:
            answer.delete_cookie(LOOK_COOKIE)
        return answer

    @expose("/letters", methods=["POST"])
    def letters(self) -> Response:
        """Switch single letters as commands off or on; kept by this browser. Who speaks to a computer needs them off (WCAG 2.1.4)."""
        answer = redirect(f"{url_for('OwnView.userinfo')}#letters")
        if request.form.get("letters") == OFF:
            answer.set_cookie(
                LETTERS_COOKIE, OFF, max_age=LOOK_KEPT, secure=current_app.config["SECURE_COOKIES"], httponly=True, samesite="Lax"
            )
        else:
            answer.delete_cookie(LETTERS_COOKIE)
        return answer

    @expose("/password", methods=["GET", "POST"])
    def password(self) -> Any:
        """Change the password; the present one is asked for, and every other session ends."""
        form = OwnPasswordForm()
        if form.sent() and _change(form):
            flash(_("The password was changed. Every other session of yours was ended."), "success")
            return redirect(url_for("OwnView.userinfo"))
        words = {"form": form, "due": g.password_is_due, "strict": passwords.is_strict()}
        return self.render_template("accounts/password.html", title=_("Change my password"), **words)


def register(security: Any) -> None:
    """Add the account screens to the app."""
    builder = security.appbuilder
    security.auth_view = builder.add_view_no_menu(SignInView())
    security.user_view = builder.add_view_no_menu(OwnView())
    entries = (
        (UserView, "Users", _l("Users"), "fa-user"),
        (RoleView, "Roles", _l("Roles"), "fa-key"),
        (AccountHistoryView, "Account history", _l("Account history"), "fa-clock"),
        (HistoryView, "History", _l("History"), "fa-history"),
    )
    for view, name, label, icon in entries:
        builder.add_view(
            view, name, label=label, icon=icon, category="Accounts", category_label=_l("Administration"), category_icon="fa-cog"
        )


def safe_target(wanted: str) -> str:
    """Where to go after signing in: a page of this office, whatever a link from elsewhere asks for."""
    parts = urlsplit(wanted)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    ours = (parts.scheme, parts.netloc) == ("", "") or (parts.scheme in ("http", "https") and parts.netloc == request.host)
    plain = (
        wanted.isprintable() and "\\" not in wanted and path.startswith("/") and not any(text.startswith("//") for text in (path, wanted))
    )
    return path if ours and plain else url_for("HomeView.index")


def _tell(told: signin.LastTime) -> None:
    """So that people notice when somebody else was here."""
    if told.at:
        at = told.at.strftime("%Y-%m-%d %H:%M")
        flash(_("Your last sign-in was on %(at)s from %(address)s.", at=at, address=told.address), "info")
    if told.failed:
        flash(
            _("Failed tries to sign in to your account since then: %(n)s. If these were not yours, tell your admin.", n=told.failed),
            "warning",
        )


def _change(form: Any) -> bool:
    """True when the new password is in force; else what is wrong stands beside its field."""
    user = current_user._get_current_object()
    if form.password.data != form.again.data:
        form.again.errors = [_("The two new passwords are not the same.")]
    elif not signin.is_right(user, form.current.data):
        form.current.errors = [_("This is not your present password, or there were too many tries.")]
    else:
        try:
            stored = user.password
            passwords.check(form.password.data, users.words_about(user), passwords.earlier(db.session(), user))
            new = passwords.hashed(form.password.data)
            with unit_of_work() as work:
                users.change_own_password(work, user, stored, new, keep=g.user_session_id)
        except RuleViolation as refusal:
            form.password.errors = [problem.message for problem in refusal.problems]
        else:
            return True
    return False
