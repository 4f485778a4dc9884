"""Who is looking: the scope and the name of the signed-in user, set at the start of every request."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask, current_app, flash, g, jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import sessions
from app.accounts.models import UserRegion
from app.core import audit, clock, drafting, scope
from app.core.regions import Region
from app.core.web import asks_for_json
from app.extensions import db

TO_ANYBODY = ("SignInView.login", "SignInView.logout", "LocaleView.index", "HealthView.health")  # and the static files
WHILE_PASSWORD_IS_DUE = (*TO_ANYBODY, "OwnView.password")


def register(app: Flask) -> None:
    """Hold every request to the offices of its user."""
    app.before_request(_enter)
    app.teardown_request(_leave)
    app.jinja_env.filters["moment"] = _written


def _enter() -> Response | None:
    """Whoever is not signed in is led to the door. The scope is resolved at the first scoped statement, so a static file costs no query."""
    g.request_id = str(uuid.uuid4())
    g.entered = (scope._scope.set(_scope_of_user), audit._actor.set(_actor))
    if not request.endpoint or request.endpoint.endswith("static"):
        return None
    if not current_user.is_authenticated:
        return None if request.endpoint in TO_ANYBODY else _to_sign_in()
    sessions.touch()
    if g.password_is_due and request.endpoint not in WHILE_PASSWORD_IS_DUE:
        if asks_for_json():
            return make_response(jsonify(error=_("Your password must be changed first. Open “My account” in another window.")), 403)
        return redirect(url_for("OwnView.password"))
    return None


def _to_sign_in() -> Response:
    """The door, with the page that was asked for behind it; the words of an entry form wait there for their writer."""
    if asks_for_json():
        return make_response(jsonify(error=_("Your session has ended. Sign in again.")), 401)
    wanted = request.full_path.removesuffix("?") if request.method == "GET" else _kept_words()
    if request.method == "POST" and wanted:
        flash(_("Your session had ended. What you typed is kept: sign in, and it is there again."), "warning")
    elif request.path != "/":
        flash(_("Please sign in. If you were signed in, your session has ended."), "info")
    return redirect(url_for("SignInView.login", next=wanted if wanted not in ("", "/") else None))


def _kept_words() -> str:
    """Where the words that were sent come back, after the one whose session this was has signed in; nothing where none are kept."""
    user_id = sessions.user_of_ended()
    if user_id is None:
        return ""
    with scope.looking_as(scope.Scope.of(paths_of(user_id))):
        return drafting.keep_at_the_door(user_id, current_app.extensions["appbuilder"].sm.permissions_of(user_id))


def _leave(error: BaseException | None) -> None:
    if "entered" in g:
        scope._scope.reset(g.entered[0])
        audit._actor.reset(g.entered[1])


def _written(moment: datetime) -> str:
    """A moment as pages show it, on the office's wall clock."""
    return clock.local(moment).strftime("%Y-%m-%d %H:%M")


def _scope_of_user() -> scope.Scope:
    if not current_user.is_authenticated:
        raise scope.ScopeMissing("nobody is signed in")
    return scope.Scope.of(paths_of(current_user.id))


def paths_of(user_id: int) -> list[str]:
    """The paths of the regions a user answers for."""
    query = select(Region.path).join(UserRegion, UserRegion.region_id == Region.id).where(UserRegion.user_id == user_id)
    return list(db.session.scalars(query))


@contextmanager
def known_as(username: str) -> Iterator[None]:
    """Write this name into the history: who signs in is known before the session is."""
    token = audit._actor.set(lambda: audit.Actor(username, "", request.remote_addr or "", g.request_id))
    try:
        yield
    finally:
        audit._actor.reset(token)


def _actor() -> audit.Actor:
    if not (current_user and current_user.is_authenticated):
        return audit.Actor(address=request.remote_addr or "", request_id=g.request_id)
    known = scope._scope.get()
    office = known.paths[0] if isinstance(known, scope.Scope) and known.paths else ""
    return audit.Actor(current_user.username, office, request.remote_addr or "", g.request_id)
