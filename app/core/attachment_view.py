"""The one address of attached files: whoever may open a row's page may open its files, and each opening is written down."""

import logging
from typing import Any, NamedTuple

from flask import Response, abort, current_app, flash, g, redirect, request, url_for
from flask_appbuilder import BaseView
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core import attachment_files, attachment_rules, attachments, audit, clock, scope, tokens
from app.core.attachments import File
from app.core.changes import ChangeRequest
from app.core.crypto import KeyLost
from app.core.errors import RuleViolation
from app.core.screen import LedgerView, expose
from app.core.unit_of_work import Busy, unit_of_work
from app.extensions import db

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # a browser draws a picture with a style of its own
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


class Holder(NamedTuple):
    """A file, the screen and the row that decide who sees it, and the proposed change it belongs to, if it does."""

    file: File
    screen: LedgerView
    row: Any
    asked: ChangeRequest | None

    @property
    def owner(self) -> Any:
        """What the file belongs to."""
        return self.asked or self.row


class AttachmentView(BaseView):
    """Opens and takes away attached files. The right is that of the row's own screen."""

    route_base = "/attachments"
    default_view = "open"

    @expose("/<uid>")
    def open(self, uid: str) -> Any:
        """The file itself, as a browser shows it: it may run nothing, and nobody keeps it."""
        held = self._held(uid)
        try:
            content = attachment_files.content(current_app.config["DATA_DIR"], held.file.uid, held.file.sha256)
        except (OSError, KeyLost) as error:
            return self._unreadable(held, error)
        with unit_of_work() as session:
            audit.note(session, "open", self._held(uid).row, file=uid, attachment_kind=[None, held.file.kind])
        name = f"{held.file.owner_table}-{held.file.kind}-{clock.local(held.file.made_at):%Y%m%d}.{ENDINGS[held.file.media_type]}"
        answer = Response(content, mimetype=held.file.media_type)
        answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    @expose("/<uid>/remove", methods=["POST"])
    def remove(self, uid: str) -> Any:
        """Take away a file that should not have been added, with a reason."""
        held = self._held(uid)
        if not held.screen._may("can_attach"):
            abort(403)
        problem = self._remove(uid, held.screen._token(f"detach {uid}"))
        flash(problem or _("Done."), "danger" if problem else "success")
        return _back_to(held)

    def _unreadable(self, held: Holder, error: Exception) -> Any:
        """A file that is gone or damaged on the disk: the page of its row says so, the log names the file."""
        number = g.get("request_id", "")
        logging.getLogger("taizhang").error("request %s: attachment %s cannot be read: %s", number, held.file.uid, type(error).__name__)
        told = _(
            "The content of this file is missing or damaged on the server; the record itself is whole. Tell your admin this number: %(n)s",
            n=number,
        )
        flash(told, "danger")
        return _back_to(held)

    def _remove(self, uid: str, token: str) -> str:
        """Why the file was not taken away, or nothing."""
        try:
            with unit_of_work() as session:
                if tokens.first_sending(session, token, current_user.id):
                    held = self._held(uid)
                    attachment_rules.remove(session, held.owner, held.file.uid, current_user, reason=request.form.get("reason", ""))
            return ""
        except (RuleViolation, Busy) as refusal:
            return str(refusal)
        except (StaleDataError, IntegrityError):
            return _("Somebody else acted on this record at the same moment. Look at it again.")

    def _held(self, uid: str) -> Holder:
        """The file with its row, or 404: one of a foreign row, one of a row whose page this person may not open, and none look the same."""
        file = attachments.find(db.session(), scope.as_uuid(uid)) or abort(404)
        asked, table, owner_uid = None, file.owner_table, file.owner_uid
        if table == ChangeRequest.__tablename__:
            asked = scope.get(ChangeRequest, owner_uid) or abort(404)
            table, owner_uid = asked.owner_table, asked.owner_uid
        screens = [screen for screen in self.appbuilder.baseviews if isinstance(screen, LedgerView)]
        of_row = [screen for screen in screens if screen.datamodel.obj.__tablename__ == table and screen._may("can_show")]
        found = ((screen, screen.owner_of(owner_uid)) for screen in of_row)
        screen, row = next((pair for pair in found if pair[1] is not None), None) or abort(404)
        return Holder(file, screen, row, asked)


def _back_to(held: Holder) -> Any:
    if held.asked:
        return redirect(url_for(f"{held.screen.endpoint}.change", uid=held.asked.uid))
    return redirect(url_for(f"{held.screen.endpoint}.show", pk=held.row.uid))
