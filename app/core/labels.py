"""How values and acts are told on a page: codes and flags by their label, moments by the office's wall clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from jinja2 import pass_context
from sqlalchemy import inspect, select

from app.core import clock, codes, regions, workflow
from app.core.columns import Moment
from app.core.hidden import hidden_of
from app.core.regions import Region
from app.extensions import db

ACT_LABELS: dict[str, Any] = {
    "submit": _l("Submit"),
    "withdraw": _l("Withdraw"),
    "return": _l("Return"),
    "approve": _l("Approve"),
    "void": _l("Void"),
    "discard": _l("Delete the draft"),
    "hold": _l("Put on hold"),
    "release": _l("End the hold"),
    "not_duplicate": _l("Not a duplicate"),
    "propose": _l("Propose a change"),
    "apply": _l("Apply the change"),
    "refuse": _l("Refuse the change"),
    "withdraw_change": _l("Withdraw the proposal"),
    "withdraw_consent": _l("Withdraw the consent"),
    "send": _l("Send to another office"),
    "accept_transfer": _l("Accept the transfer"),
    "refuse_transfer": _l("Refuse the transfer"),
    "recall_transfer": _l("Withdraw the transfer"),
}
RECORD_LABELS: dict[str, Any] = {  # of the columns every record has
    "region": _l("Office"),
    "status": _l("Status"),
    "raised": _l("Marks"),
    "possible_duplicate": _l("Possible duplicate"),
    "incomplete": _l("Incomplete"),
    "on_hold": _l("On hold"),
    "change_open": _l("Change requested"),
    "late": _l("Late"),
    "made_at": _l("Entered at"),
    "approved_at": _l("Approved at"),
    "remark": _l("Remark"),
}


FILE_LABELS: dict[str, Any] = {"attachment_kind": _l("Attachment")}  # what the history of a row tells of its files


def formatters_of(model: Any) -> dict[str, Callable[[Any], str]]:
    """Column → how its values are told in the reader's language; columns that say themselves are left out."""
    found: dict[str, Any] = {"raised": _flags_told}
    coded = {name: hidden.column.info.get("code_set") for name, hidden in hidden_of(model).items()}
    found |= {name: _labelled(code_set) for name, code_set in coded.items() if code_set}
    for name, column in inspect(model).columns.items():
        if "code_set" in column.info:
            found[name] = _labelled(column.info["code_set"])
        elif name == "status":
            found[name] = workflow.status_label
        elif isinstance(column.type, Moment):
            found[name] = on_the_clock
        elif any(key.references(Region.__table__) for key in column.foreign_keys):
            found[name] = _place_name
        elif any(key.references(User.__table__) for key in column.foreign_keys):
            found[name] = _account_name
    return found


def _flags_told(flags: list[str]) -> str:
    return ", ".join(workflow.flag_label(flag) for flag in flags)


def _labelled(code_set: str) -> Callable[[Any], str]:
    return lambda code: codes.label(db.session(), code_set, code, str(get_locale()))


FILE_FORMATTERS = {"attachment_kind": _labelled("attachment_kind")}


def _account_name(user_id: int | None) -> str:
    return db.session().scalar(select(User.username).where(User.id == user_id)) or ""


def _place_name(region_id: int | None) -> str:
    return regions.name_of(db.session(), region_id) if region_id else ""


def on_the_clock(moment: datetime | str | None) -> str:
    """A moment, as the row holds it or as the history tells it."""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{clock.local(known):%Y-%m-%d %H:%M}" if known else ""


def asked_anew(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is asked each time a page is shown.

    Jinja works out a filter of constants when it compiles the template: what the first reader may do would hold for all others.
    """

    @pass_context
    def ask(_context: Any, *words: Any) -> Any:
        return rule(*words)

    return ask


def act_label(act: str) -> str:
    """An act of the history in the reader's language."""
    known = {
        **ACT_LABELS, "create": _l("Create"), "change": _l("Change"), "delete": _l("Delete"), "reveal": _l("Show the whole value"),
        "identity_lookup": _l("Look up an ID number"), "answer": _l("Mark as answered"),
        "explain": _l("Explain what is unusual"), "merge": _l("Merge"), "different": _l("Different people"),
        "attach": _l("Attach a file"), "detach": _l("Remove a file"), "open": _l("Open a file"), "print": _l("Print the form"),
        "backup": _l("Make a backup"), "add_key": _l("Add a data key"), "rotate_keys": _l("Re-encrypt with the new key"),
        "retire_key": _l("Retire a data key"), "tidy": _l("Remove what had its time"),
        "sign_in": _l("Sign in"), "sign_in_failed": _l("Sign-in failed"), "refused": _l("Refused"),
    }  # fmt: skip
    return str(known.get(act, act))
