"""The list of a person's unfinished forms, as the workbench offers them."""

from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import format_timedelta
from flask_babel import lazy_gettext as _l

from app.core import clock, drafting, drafts, scope
from app.core.crypto import KeyLost
from app.core.drafting import RIGHTS
from app.core.drafts import FormDraft
from app.core.screen import LedgerView
from app.extensions import db

FORMS = {"add": _l("new"), "edit": _l("change"), "propose": _l("proposed change")}


@dataclass(frozen=True)
class Unfinished:
    """One unfinished form as the workbench lists it: no name but a masked one."""

    uid: str
    ledger: str
    form: str
    who: str
    ago: str
    url: str


def unfinished(user: Any) -> list[Unfinished]:
    """What this person, who is looking, may continue: the right, the offices and the row are asked anew."""
    screens = {view.endpoint: view for view in current_app.extensions["appbuilder"].baseviews if isinstance(view, LedgerView)}
    found = [(draft, screens.get(draft.screen)) for draft in drafts.of(db.session(), user.id)]
    return [_told(draft, screen) for draft, screen in found if screen is not None and _may_continue(draft, screen)]


def _may_continue(draft: FormDraft, screen: LedgerView) -> bool:
    """Whether its form would open: a foreign row and one that is gone are none of this person's."""
    if not screen._may(RIGHTS[draft.form]):
        return False
    return draft.owner_uid is None or scope.get(screen.datamodel.obj, draft.owner_uid) is not None


def _told(draft: FormDraft, screen: LedgerView) -> Unfinished:
    ago = format_timedelta(draft.saved_at - clock.now(), add_direction=True)
    told = drafting.offered(draft)
    return Unfinished(told["uid"], str(screen.list_title), str(FORMS[draft.form]), _who(draft, screen), ago, told["url"])


def _who(draft: FormDraft, screen: LedgerView) -> str:
    """The first name that was typed, masked. On a confidential record the name itself is the information."""
    if getattr(screen.datamodel.obj, "is_confidential", False):
        return ""
    try:
        typed = {name: value.strip() for name, value in draft.words if value.strip()}
    except KeyLost:
        return ""
    names = [typed[column] for column in screen.add_columns if column in typed and (column == "name" or column.endswith("_name"))]
    return f"{names[0][0]}**" if names else ""
