"""The part of a ledger's screen that shows the files of a row and takes new ones, for the row itself or for a proposed change of it."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from app.core import attachment_files, attachment_rules, attachments, changes, clock, codes, tokens, uploads
from app.core.attachments import KINDS, MAX_BYTES, File
from app.core.changes import ChangeRequest
from app.core.crypto import uuid7
from app.core.errors import Problem, RuleViolation
from app.core.unit_of_work import Busy, unit_of_work
from app.core.uploads import Clean
from app.core.workflow import Record
from app.extensions import db


@dataclass(frozen=True)
class Shown:
    """What a page says about the files of a row: those there are, whether one may come or go, and what was wrong with the last one."""

    own: list[File]
    evidence: list[File]  # of changes that were proposed
    address: str  # where a new file is sent; empty where none is taken
    gives: bool  # whether one's own files may go again
    kinds: list[tuple[str, str]]
    labels: dict[str, str]
    most: int = MAX_BYTES
    chosen: str = ""
    wrong: dict[str, list[str]] = field(default_factory=dict)


class Attaching:
    """Mixed into the screen of a ledger. Every record takes files; a screen of other rows says so by `takes_files`."""

    takes_files = False
    datamodel: Any
    endpoint: str
    include_route_methods: Any
    exclude_route_methods: Any
    _found: Callable[[Any], Any]
    _asked: Callable[[str], tuple[ChangeRequest, Any]]
    _may: Callable[[str], bool]
    _token: Callable[[str], str]
    _page_of: Callable[..., Any]
    _change_page: Callable[..., Any]

    @expose("/attach/<pk>", methods=["POST"])
    @has_access
    def attach(self, pk: str) -> Any:
        """Add one file to a row. What is wrong comes back beside its field."""
        item = self._found(pk)
        if refusal := self._attach(lambda: self._found(pk)):
            return self._page_of(self._found(str(item.uid)), refusal=refusal)
        return redirect(url_for(f"{self.endpoint}.show", pk=pk, _anchor="attachments"))

    @expose("/change/<uid>/attach", methods=["POST"])
    @has_access
    @permission_name("attach")
    def attach_evidence(self, uid: str) -> Any:
        """Add one file to a proposed change, as its evidence."""
        self._asked(uid)
        if refusal := self._attach(lambda: self._asked(uid)[0]):
            return self._change_page(uid, refusal)
        return redirect(url_for(f"{self.endpoint}.change", uid=uid, _anchor="attachments"))

    def _is_with_files(self, route: str = "attach") -> bool:
        """Whether this screen takes files: its rows do, and it has the route."""
        has_route = self.include_route_methods is None or route in self.include_route_methods
        return has_route and route not in self.exclude_route_methods and (self.takes_files or self._is_open_record())

    def _is_open_record(self) -> bool:
        """Whether the rows are records that keep what they were given: a paper would outlast the consent to a confidential one."""
        return issubclass(self.datamodel.obj, Record) and not self.datamodel.obj.is_confidential

    def _files_shown(self, item: Any, requests: Iterable[ChangeRequest], refusal: RuleViolation | None) -> Shown | None:
        """The files of a row and the evidence of its changes."""
        if not self._is_with_files():
            return None
        address = url_for(f"{self.endpoint}.attach", pk=item.uid)
        return self._shown_files(item, [asked.uid for asked in requests], address, refusal)

    def _evidence_shown(self, asked: ChangeRequest, refusal: RuleViolation | None) -> Shown | None:
        """The files of a proposed change."""
        if not self._is_with_files("attach_evidence"):
            return None
        return self._shown_files(asked, [], url_for(f"{self.endpoint}.attach_evidence", uid=asked.uid), refusal)

    def _shown_files(self, owner: Any, requests: list[Any], address: str, refusal: RuleViolation | None) -> Shown:
        session, language = db.session(), str(get_locale())
        found = attachments.of(session, [owner.uid, *requests])
        may = self._may("can_attach")
        takes = may and attachment_rules.may(attachment_rules.must_take, owner, current_user)
        wrong: dict[str, list[str]] = {}
        for problem in refusal.problems if refusal else ():
            wrong.setdefault(problem.field, []).append(str(problem.message))
        return Shown(
            own=[file for file in found if file.owner_uid == owner.uid],
            evidence=[file for file in found if file.owner_uid != owner.uid],
            address=address if takes else "",
            gives=may and attachment_rules.may(attachment_rules.must_give, owner, current_user),
            kinds=codes.choices(session, KINDS, clock.today(), language),
            labels={code: item.label(language) for code, item in codes.items(session, KINDS).items()},
            chosen=request.form.get("kind", "") if refusal else "",
            wrong=wrong,
        )

    def _attach(self, load: Callable[[], Any]) -> RuleViolation | None:
        """Why the file was not taken, or nothing. A click that was carried out before counts as carried out."""
        try:
            attachment_rules.must_take(load(), current_user)
            kind = request.form.get("kind", "").strip()
            clean = self._cleaned(kind)
            self._keep(load, clean, kind, self._token(f"attach {kind} {hashlib.sha256(clean.content).hexdigest()}"))
        except RuleViolation as refusal:
            return refusal
        except IntegrityError as error:
            if "client_token" not in str(error.orig):
                return RuleViolation.one(_("Somebody else acted on this record at the same moment. Look at it again."))
        except StaleDataError:
            return RuleViolation.one(_("Somebody else acted on this record at the same moment. Look at it again."))
        except Busy as error:
            return RuleViolation.one(str(error))
        except OSError:
            return RuleViolation.one(
                _("The file could not be stored: the disk is full or closed. Tell your admin. Nothing was saved."), "file"
            )
        flash(_("The file is attached."), "success")
        return None

    def _cleaned(self, kind: str) -> Clean:
        """The sent file as it is kept; what is wrong with its kind is said at once."""
        sent, problems = request.files.get("file"), attachment_rules.kind_problems(db.session(), kind)
        db.session.rollback()  # no read stays open while the file is parsed
        try:
            clean = uploads.cleaned(sent.read(MAX_BYTES + 1) if sent else b"")
        except RuleViolation as refusal:
            raise RuleViolation([*problems, *refusal.problems]) from None
        if problems:
            again = Problem("file", _("Choose the file once more; browsers do not keep it."), "again")
            raise RuleViolation([*problems, again])
        return clean

    def _keep(self, load: Callable[[], Any], clean: Clean, kind: str, token: str) -> None:
        """The file first, then its row: a row is never without its file. A file whose row is refused goes again."""
        uid, data = uuid7(), current_app.config["DATA_DIR"]
        attachment_files.keep(data, uid, clean.content)
        try:
            with unit_of_work() as session:
                if not tokens.first_sending(session, token, current_user.id):
                    attachment_files.remove(data, [uid])
                    return
                owner = load()
                path = owner.scope_path if isinstance(owner, ChangeRequest) else changes.path_of(owner)
                attachment_rules.attach(session, owner, clean, kind, current_user, uid=uid, path=path)
                attachment_files.keep_up(data, uid)
        except (RuleViolation, StaleDataError, IntegrityError, Busy, HTTPException):
            attachment_files.remove(data, [uid])
            raise
