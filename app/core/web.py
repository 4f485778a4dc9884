"""What every answer carries: headers, a script nonce, a request that failed told in a sentence."""

import logging
import secrets
from io import BytesIO
from typing import IO, Any

from flask import Flask, Request, abort, current_app, g, jsonify, render_template, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from app.core import drafting, static
from app.core.scope import OutOfScope
from app.core.unit_of_work import Busy

VERSION = "0.1.0"
CHUNK, MOST_FORGOTTEN = 2**16, 64 * 2**20  # bytes
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class InMemory(Request):
    """A request whose files stay in memory, up to the limit of a request: what somebody sends lies readable on no disk."""

    def _get_file_stream(self, *_words: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


class PageSession(SecureCookieSessionInterface):
    """The session cookie comes with pages. A file or a small request of a page sends it only when it changed something.

    Such an answer may arrive after the next page, and would bring back the language, the messages, the session of before.
    """

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        if static.is_static(request.endpoint or "") or request.accept_mimetypes.best == "application/json":
            return session.modified
        return super().should_set_cookie(app, session)


def register(app: Flask, settings: Any) -> None:
    """Headers, error pages, limits and the health page."""
    app.request_class = InMemory
    app.session_interface = PageSession()
    for name in (
        "idle_minutes",
        "screen_lock_minutes",
        "session_hours",
        "lock_failures",
        "lock_minutes",
        "lookups_per_hour",
        "reveals_per_hour",
        "password_policy",
        "unit_name",
    ):
        app.config.setdefault(name.upper(), getattr(settings, name))
    app.config["SECURE_COOKIES"], app.config["DATA_DIR"] = settings.secure_cookies, settings.data_dir
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    logging.getLogger("flask_appbuilder").setLevel(logging.ERROR)
    logging.getLogger("taizhang").setLevel(settings.log_level)
    app.jinja_env.globals["csp_nonce"] = lambda: g.csp_nonce
    app.before_request(_make_nonce)
    app.before_request(_refuse_nul)
    app.after_request(_headers)
    static.register(app)
    app.register_error_handler(HTTPException, _told)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(OutOfScope, lambda _error: _page(404))
    app.register_error_handler(Busy, lambda _error: _page(503))
    app.register_error_handler(OperationalError, lambda _error: _page(503))
    app.register_error_handler(Exception, _failed)


def _make_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)


def _refuse_nul() -> None:
    """No text of ours has a zero byte, and PostgreSQL takes none: whoever sends one is told so here, not by the database."""
    if any("\0" in text for text in (request.path, *request.args.values(), *request.form.values())):
        abort(400)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=g.get("csp_nonce", "")))
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if not static.is_static(request.endpoint or ""):
        response.headers["Cache-Control"] = "no-store"
    return response


def _told(error: HTTPException) -> Any:
    if isinstance(error, SecurityError):  # a Host header that is not ours: no page of ours can be addressed
        return Response("This address is not served here.\n", 400, mimetype="text/plain")
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if error.code == 413:
        _read_on()
    return _page(error.code)


def _read_on() -> None:
    """A server that stops reading looks like a broken line: what is too large is read to its end and forgotten, within reason."""
    sent = request.environ["wsgi.input"]
    for _chunk in range(MOST_FORGOTTEN // CHUNK):
        if not sent.read(CHUNK):
            return


def asks_for_json() -> bool:
    """Whether a script of ours asks, to which a page would say nothing."""
    return request.accept_mimetypes.best == "application/json"


def _expired(_error: CSRFError) -> Any:
    """A form with words in it comes back to whoever typed them; anything else is told in a sentence."""
    try:
        return (None if asks_for_json() else drafting.show_again()) or _page(400)
    except HTTPException as error:  # the form is not theirs any more, or leads elsewhere
        return _told(error)


def _failed(error: Exception) -> Any:
    """An error nobody foresaw: its kind and place go to the log, never its values; the person gets a number to quote."""
    if isinstance(error, HTTPException):
        return _told(error)
    trace, places = error.__traceback__, []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    logging.getLogger("taizhang").error(
        "request %s failed: %s at %s", g.get("request_id", ""), type(error).__name__, " < ".join(reversed(places[-8:]))
    )
    return _page(500)


def _page(code: int) -> Any:
    texts = {
        400: _("The page was open too long, or its address is not complete. Go back, reload the page and send it again."),
        403: _("Your role does not include this. Ask your admin if you need it."),
        404: _("There is nothing here, or it does not belong to your office."),
        405: _("This address cannot be opened like that."),
        413: _("What you sent is too large: a form holds 1 MB of text, a file has up to 10 MB. Nothing was saved; go back and shorten it."),
        429: _("Too many tries. Wait a while and try again."),
        503: _("The database is busy. Nothing was saved; go back and send it again."),
    }
    text = texts.get(
        code, _("Something went wrong on our side. Nothing was saved. Tell your admin this number: %(n)s", n=g.get("request_id", ""))
    )
    if asks_for_json():
        return jsonify(error=text), code
    return render_template("error.html", code=code, text=text, appbuilder=current_app.extensions["appbuilder"]), code
