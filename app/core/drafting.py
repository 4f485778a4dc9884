"""The part of a ledger's screen that keeps what is being typed: which forms have drafts, who may use them, how they come back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from flask import abort, current_app, flash, g, redirect, request, url_for
from flask_appbuilder.widgets import RenderTemplateWidget
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import validate_csrf
from werkzeug.datastructures import MultiDict
from wtforms import ValidationError

from app.core import clock, drafts, scope, workflow
from app.core.comparing import Opened, seal
from app.core.crypto import keys
from app.core.drafts import FormDraft, Words
from app.core.errors import RuleViolation
from app.core.unit_of_work import Busy, take_turn, unit_of_work
from app.core.workflow import Record
from app.extensions import db

RIGHTS = {"add": "can_add", "edit": "can_edit", "propose": "can_propose"}  # form → the right to fill it in
UNKEPT = ("csrf_token", "draft_screen", "draft_form", "draft_pk")  # what a request carries beside the typed words
SHOWN_WAITING = 5  # drafts above an empty form; the workbench shows all


@dataclass(frozen=True)
class Kept:
    """What the page of a form must know to keep what is typed there."""

    screen: str
    form: str
    pk: str
    writer: str
    opened: str = ""
    state: str = ""  # what is said of the draft that came back
    came_back: bool = False  # the words on the page were sent and are not in the register
    reasons: tuple[tuple[str, str], ...] = ()  # what was written about what was unusual, of a form that came back


class HasForms(Protocol):
    """What is asked of the screen whose form is kept."""

    endpoint: str
    class_permission_name: str
    datamodel: Any

    def _found(self, pk: Any) -> Any: ...


class Undecided(RenderTemplateWidget):  # type: ignore[misc]
    """In the place of a form: nothing, until it is decided what becomes of the words that were begun before."""

    template = "ledger/undecided.html"


class Drafting:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    endpoint: str

    def _draft(self, form: str, item: Any = None) -> FormDraft | None:
        """The draft that the address asks for, which must be one of this very form and person."""
        owner_uid, wanted = item.uid if item else None, request.args.get("draft")
        if wanted is None:
            return None
        found = drafts.find(db.session(), current_user.id, wanted)
        if found is None or (found.screen, found.form, found.owner_uid) != (self.endpoint, form, owner_uid):
            abort(404)
        return found

    def _offers_drafts(self, form: str, item: Any = None) -> bool:
        """Whether the page offers words that were begun before. A known row has one draft: those are decided about first."""
        if request.method != "GET" or "draft" in request.args:
            return False
        found = drafts.of(db.session(), current_user.id, self.endpoint, form, item.uid if item else None)
        g.waiting_drafts = [offered(draft) for draft in found[:SHOWN_WAITING]]
        return bool(found)

    def _kept(self, form: Any, name: str, item: Any = None, *, draft: FormDraft | None = None, opened: Opened | None = None) -> None:
        """Tell the page how to keep what is typed on it."""
        words = draft.words if draft else typed()
        reasons = () if getattr(form, "cautions", ()) else tuple((n, v) for n, v in words if n.startswith("reason_") and v)
        form.kept = Kept(
            self.endpoint, name, str(item.uid) if item else "", writer(current_user.id, str(form.act_token.data)),
            seal(opened, item, current_user.id) if opened else "", kept_at(draft) if draft else "", request.method == "POST", reasons,
        )  # fmt: skip

    def _must_be_writer(self) -> None:
        """What one person typed is never saved by another who signed in on the same browser: they get an empty form."""
        if not is_writer(current_user.id):
            flash(_("The form was filled in by somebody else who was signed in here. Nothing of it was saved."), "warning")
            abort(redirect(request.path))


def typed() -> Words:
    """The words of the form that was sent."""
    return [(name, value) for name, values in request.form.lists() if name not in UNKEPT for value in values]


def form_of(draft: FormDraft) -> MultiDict[str, str]:
    """The words of a draft, as a form takes them."""
    return MultiDict(draft.words)


def writer(user_id: int, act_token: str) -> str:
    """The mark of the person whose page a form stands on."""
    return keys().blind(f"{user_id}|{act_token}", "writer of a form")


def is_writer(user_id: int, unmarked: bool = True) -> bool:
    """Whether this person's page sent the form; one without a mark was made for the session that its token against forgery names."""
    given = request.form.get("writer")
    return unmarked if given is None else given == writer(user_id, request.form.get("act_token", ""))


def kept_at(draft: FormDraft) -> str:
    """What is said of words that lie on the server."""
    return _("Kept at %(time)s", time=f"{clock.local(draft.saved_at):%H:%M}")


def offered(draft: FormDraft) -> dict[str, Any]:
    """A draft as pages offer it: when it was kept, and the page where it goes on."""
    pk = str(draft.owner_uid) if draft.owner_uid else None
    url = url_for(f"{draft.screen}.{draft.form}", pk=pk, draft=str(draft.uid))
    return {"uid": str(draft.uid), "at": f"{clock.local(draft.saved_at):%m-%d %H:%M}", "url": url}


def keep(screen: HasForms, form: str, pk: str, user_id: int, offices: Iterable[str]) -> FormDraft | None:
    """Keep the words of this request; 404 for a row that is not this person's. Raises RuleViolation where they cannot be kept."""
    token = scope.as_uuid(request.form.get("act_token", "")) or abort(400)
    with unit_of_work() as session:
        owner_uid = None
        if form != "add":
            take_turn(session, str(scope.as_uuid(pk)))  # whoever withdraws the consent erases what is typed here, too
            item = screen._found(pk)
            if isinstance(item, Record) and item.is_closed:
                raise RuleViolation.one(workflow.closed())
            owner_uid = item.uid
        return drafts.keep(session, user_id, str(token), screen.endpoint, form, owner_uid, typed(), offices=offices)


def keep_at_the_door(user_id: int, rights: frozenset[tuple[str, str]]) -> str:
    """Keep the words of a form whose sender's session had ended. Answers the page where they come back, or nothing.

    They are that person's by the cookie of the session that was theirs, by the token against forgery, and by the mark on the page.
    """
    screen, form = sent_to()
    if screen is None or (RIGHTS[form], screen.class_permission_name) not in rights:
        return ""
    pk = str((request.view_args or {}).get("pk", ""))
    try:
        validate_csrf(request.form.get("csrf_token"))
        if not is_writer(user_id, unmarked=False):
            return ""
        kept = keep(screen, form, pk, user_id, scope.current().paths)
    except (ValidationError, RuleViolation, Busy):
        return ""
    return offered(kept)["url"] if kept else ""


def show_again() -> Any:
    """A form whose page was open too long comes back with everything typed, for the same person; None where it is no such form."""
    if not current_user.is_authenticated or sent_to()[0] is None:
        return None
    if not is_writer(current_user.id, unmarked=False):
        return None
    flash(_("The page was open too long. Nothing was saved; what you typed is here. Send it again."), "warning")
    return current_app.view_functions[str(request.endpoint)](**(request.view_args or {}))


def sent_to() -> tuple[Any, str]:
    """The screen and the form of this request, where it is one whose words are kept."""
    screen, form = (request.endpoint or "").rpartition(".")[::2]
    found = [view for view in current_app.extensions["appbuilder"].baseviews if isinstance(view, Drafting) and view.endpoint == screen]
    return (found[0], form) if found and form in RIGHTS else (None, "")
