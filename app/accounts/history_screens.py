"""The history as an auditor and an admin read it: who, when, what, on what, and which fields; never what stood in them.

Only the entries about accounts and roles tell values: there they are names of roles, rights and offices.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, current_app, request
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import roles
from app.core import clock, scope
from app.core.audit import SYSTEM, AuditEntry, ChainHead
from app.core.labels import act_label
from app.core.regions import Region
from app.extensions import db

PAGE = 50
LAST = 2**31 - 1  # the number of an entry is an integer column
OPEN_FIELDS = {  # of accounts and roles; every other field is named without its values
    "username": _l("Account"),
    "first_name": _l("Name"),
    "active": _l("Enabled"),
    "roles": _l("Roles"),
    "offices": _l("Offices"),
    "permissions": _l("Rights"),
    "must_change_password": _l("Must change the password"),
    "name": _l("Name of the role"),
}
ACT_LABELS: dict[str, Any] = {
    "sign_out": _l("Sign out"),
    "unlock": _l("Unlock"),
    "end_session": _l("End a session"),
    "merge": _l("Merge offices"),
    "export": _l("Export"),
}


@dataclass(frozen=True)
class Told:
    """One entry, ready to read."""

    number: int
    at: datetime
    actor: str
    address: str
    act: str
    target: str
    fields: tuple[str, ...]


class HistoryView(BaseView):
    """What was done in the ledgers of the reader's offices, one office at a time."""

    route_base = "/history"
    default_view = "list"

    @expose("/", methods=["GET"])
    @has_access
    def list(self) -> Any:
        """The newest entries first, a page at a time; the office is chosen by its identity."""
        offices = _offices()
        wanted = scope.as_uuid(request.args.get("office")) if "office" in request.args else next((r.uid for r in offices), None)
        office = next((r for r in offices if r.uid == wanted), None)
        if offices and office is None:
            abort(404)
        found, following = _page(office.path if office else None)
        words = {"offices": offices, "office": office, "entries": [_without_values(e) for e in found], "following": following}
        return self.render_template("accounts/history.html", title=_("History"), endpoint="HistoryView.list", **words)


class AccountHistoryView(BaseView):
    """What was done with accounts and roles, and who signed in."""

    route_base = "/history/accounts"
    default_view = "list"

    @expose("/", methods=["GET"])
    @has_access
    def list(self) -> Any:
        """The newest entries first, a page at a time."""
        found, following = _page(SYSTEM)
        words = {"offices": [], "office": None, "entries": _with_values(db.session(), found), "following": following}
        return self.render_template("accounts/history.html", title=_("Account history"), endpoint="AccountHistoryView.list", **words)


def about(session: Session, target: str) -> list[Told]:
    """The last entries about one account or role, newest first."""
    statement = select(AuditEntry).where(AuditEntry.target == target, AuditEntry.chain == SYSTEM)
    return _with_values(session, session.scalars(statement.order_by(AuditEntry.number.desc()).limit(PAGE)).all())


def _offices() -> list[Region]:
    """The offices of the reader's scope whose history has begun, and those that were merged into one of them.

    A village's reader has none: the chain is the town's.
    """
    begun = select(Region).where(Region.path.in_(select(ChainHead.chain))).order_by(Region.path)
    return [office for office in db.session.scalars(begun) if scope.current().holds(_taken_over(office).path)]


def _taken_over(office: Region) -> Region:
    """The office that answers today for what a closed one did."""
    while office.successor_id is not None:
        office = db.session.get_one(Region, office.successor_id)
    return office


def _page(chain: str | None) -> tuple[Sequence[AuditEntry], int | None]:
    """A page of one chain, and the number the next page begins before. Read by key: the last page costs what the first does."""
    before = request.args.get("before", type=int)
    statement = select(AuditEntry).where(AuditEntry.chain == chain)
    if before is not None:
        statement = statement.where(AuditEntry.number < min(max(before, 0), LAST))
    for name, column in (("actor", AuditEntry.actor), ("act", AuditEntry.act)):
        if request.args.get(name):
            statement = statement.where(column == request.args[name])
    found = db.session.scalars(statement.order_by(AuditEntry.number.desc()).limit(PAGE + 1)).all()
    return found[:PAGE], found[PAGE - 1].number if len(found) > PAGE else None


def _without_values(entry: AuditEntry) -> Told:
    """Which fields, never what stood in them; a reason somebody wrote may name a person, so it stays with the record."""
    detail = json.loads(entry.detail)
    fields = sorted(name for name, value in detail.items() if isinstance(value, list) and len(value) == 2)
    return _told(entry, entry.target, (*fields, *([detail["field"]] if "field" in detail else [])))


def _with_values(session: Session, entries: Sequence[AuditEntry]) -> list[Told]:
    names, rights = _names(session, entries), roles.written(roles.screens(current_app.extensions["appbuilder"]))
    return [_told(e, names.get(e.target, e.target), tuple(_values(json.loads(e.detail), rights))) for e in entries]


def _values(detail: Mapping[str, Any], rights: Mapping[str, str]) -> list[str]:
    """What changed, in words; a password is named and nothing else."""
    pairs = {name: value for name, value in detail.items() if isinstance(value, list) and len(value) == 2}
    found = [_difference(OPEN_FIELDS[name], pairs[name], rights) for name in OPEN_FIELDS if name in pairs]
    return [*found, *([_("Password")] if "password" in pairs else [])]


def _difference(label: Any, pair: Sequence[Any], rights: Mapping[str, str]) -> str:
    """`Name: old → new`; of what comes and goes one by one, `Rights: − one, + other`."""
    old, new = pair
    if not (isinstance(old, list) and isinstance(new, list)):
        return f"{label}: {_text(old)} → {_text(new)}"
    gone, come = [f"− {one}" for one in _words(old, new, rights)], [f"+ {one}" for one in _words(new, old, rights)]
    return f"{label}: {', '.join([*gone, *come])}"


def _words(values: Sequence[str], others: Sequence[str], words: Mapping[str, str]) -> list[str]:
    """Each value that is not among the others. A menu's heading goes with its items and is not told."""
    named = [words.get(one, "" if one.startswith("menu access on ") else roles.label(one)) for one in values if one not in others]
    return [one for one in named if one]


def _text(value: Any) -> str:
    return {None: "–", True: _("Yes"), False: _("No")}.get(value, str(value))


def _names(session: Session, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """Accounts and roles by their names: two statements for a page."""
    ids: dict[str, list[int]] = {"ab_user": [], "ab_role": []}
    for table, _slash, number in (entry.target.partition("/") for entry in entries):
        if table in ids and number.isdigit():
            ids[table].append(int(number))
    known = {
        f"ab_user/{i}": name for i, name in session.execute(select(User.id, User.username).where(User.id.in_(ids["ab_user"]))).tuples()
    }
    found = session.execute(select(Role.id, Role.name).where(Role.id.in_(ids["ab_role"]))).tuples()
    return known | {f"ab_role/{i}": roles.label(name) for i, name in found}


def _told(entry: AuditEntry, target: str, fields: tuple[str, ...]) -> Told:
    at = clock.local(datetime.fromisoformat(entry.at))
    act = str(ACT_LABELS[entry.act]) if entry.act in ACT_LABELS else act_label(entry.act)
    return Told(entry.number, at, entry.actor, entry.address, act, target, fields)
