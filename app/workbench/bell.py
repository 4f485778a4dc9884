"""The bell of the top bar: how much waits for somebody. Counted once a minute at most, so that no list page pays for it.

The number stands in a cookie of a minute's life, which every act of that browser ends; then the page asks for it again by itself.
"""

from typing import Any

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

COOKIE = "taizhang_waiting"
FRESH = 60  # seconds


def register(app: Flask) -> None:
    """Templates know the number; what somebody sends makes it old."""
    app.jinja_env.globals["bell_number"] = known
    app.after_request(_forget_after_acts)


def known() -> int | None:
    """The number as it was counted within the last minute; None where it must be asked for."""
    if "bell_number" in g:
        return int(g.bell_number)
    text = request.cookies.get(COOKIE, "")
    return int(text) if text.isdecimal() and len(text) < 7 else None


def tell(number: int) -> None:
    """This page has counted by itself."""
    g.bell_number = number


def keep(response: Any, number: int) -> None:
    """Let this browser remember the number for a minute."""
    response.set_cookie(COOKIE, str(number), max_age=FRESH, secure=current_app.config["SECURE_COOKIES"], httponly=True, samesite="Lax")


def _forget_after_acts(response: Response) -> Response:
    if request.method == "POST" and COOKIE in request.cookies and request.endpoint != "SearchView.find":
        response.delete_cookie(COOKIE)
    return response
