"""The part of a ledger's screen that puts approved rows right: propose a change, compare, apply, refuse, withdraw."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core import changes, clock, drafts, scope, workflow
from app.core.boxes import HIDDEN, say_beside
from app.core.changes import ChangeRequest, ChangeState
from app.core.comparing import Opened
from app.core.drafting import Undecided, form_of
from app.core.drafts import FormDraft
from app.core.errors import Caution, RuleViolation
from app.core.labels import ACT_LABELS
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record, Status
from app.extensions import db

DECISIONS = {"apply": "can_decide_change", "refuse": "can_decide_change", "withdraw": "can_propose"}  # act → the right it needs
STATES = {
    ChangeState.open: _l("waiting for a decision"), ChangeState.applied: _l("applied"),
    ChangeState.refused: _l("refused"), ChangeState.withdrawn: _l("withdrawn"),
}  # fmt: skip


class _Tried(Exception):
    def __init__(self, values: dict[str, Any], cautions: list[Caution]) -> None:
        super().__init__()
        self.values, self.cautions = values, cautions


def seen_of(asked: ChangeRequest, item: Any) -> str:
    """The version of the record and of the proposal: another file of evidence makes it another one."""
    return f"{item.version}.{asked.version}"


class Proposing:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    rules: Any
    endpoint: str
    edit_columns: Any
    label_columns: Any
    render_template: Any
    _found: Callable[[Any], Any]
    owner_of: Callable[[Any], Any]
    _may: Callable[[str], bool]
    _token: Callable[[str], str]
    _shown: Callable[[str, Any], str]
    _populate: Callable[[Any, Any], None]
    _get_edit_widget: Any
    _evidence_shown: Callable[..., Any]
    _offers_drafts: Callable[..., bool]
    _draft: Callable[..., FormDraft | None]
    _must_be_writer: Callable[[], None]
    _form_of: Callable[..., tuple[Any, Opened | None]]
    _as_sent: Callable[..., tuple[Any, Opened | None]]
    _decided: Callable[..., bool]
    _beside_others: Callable[..., tuple[Any, Opened | None, bool]]
    _ask: Callable[..., None]
    _kept: Callable[..., None]

    @expose("/propose/<pk>", methods=["GET", "POST"])
    @has_access
    def propose(self, pk: str) -> Any:
        """The form of an approved record: what is written there is kept as a proposal, the record stays."""
        item, draft = self._found(pk), None
        if request.method == "GET":
            if refusal := self._why_not_changeable(item):
                flash(refusal, "warning")
                return redirect(url_for(f"{self.endpoint}.show", pk=pk))
            if self._offers_drafts("propose", item):
                widgets = {"edit": Undecided()}
                return self.render_template("ledger/propose.html", title=_("Propose a change"), item=item, widgets=widgets)
            draft = self._draft("propose", item)
            form, opened = self._form_of(item, draft)
        else:
            self._must_be_writer()
            form, opened = self._as_sent(item)
            if form.validate() and self._decided(opened):
                form, opened, is_kept = self._beside_others(lambda words: self._keep_proposal(words, pk), form, opened, pk)
                if is_kept:
                    return redirect(url_for(f"{self.endpoint}.show", pk=pk))
            self._ask(form, opened, item, request.form)
        words = form_of(draft) if draft else request.form
        typed = {name: words.get(name, "") for name in ("change_reason", "evidence")}
        self._kept(form, "propose", item, draft=draft, opened=opened)
        widgets = self._get_edit_widget(form=form)
        return self.render_template("ledger/propose.html", title=_("Propose a change"), item=item, widgets=widgets, typed=typed)

    @expose("/change/<uid>")
    @has_access
    @permission_name("show")
    def change(self, uid: str) -> Any:
        """One proposal beside what the register says."""
        return self._change_page(uid)

    def _change_page(self, uid: str, refusal: RuleViolation | None = None) -> Any:
        told = self._proposal_shown(*self._asked(uid), refusal)
        told |= {"title": _("Proposed change"), "endpoint": self.endpoint, "act_token": workflow.new_token()}
        return self.render_template("ledger/change.html", **told)

    def _proposal_shown(self, asked: ChangeRequest, item: Any, refusal: RuleViolation | None = None) -> dict[str, Any]:
        """A proposal beside what the register says, and what may be decided about it."""
        lines = [
            (self.label_columns.get(d.field, d.field), self._shown(d.field, d.old), self._shown(d.field, d.new))
            for d in changes.differences(db.session(), asked, item)
        ]
        told = {"asked": asked, "item": item, "state": STATES[asked.state], "lines": lines, "decisions": self._decisions(asked, item)}
        return told | {"seen": seen_of(asked, item), "files": self._evidence_shown(asked, refusal)}

    @expose("/change/<uid>/<act>", methods=["POST"])
    def decide_change(self, uid: str, act: str) -> Any:
        """Apply, refuse or withdraw a proposal."""
        if act not in DECISIONS:
            abort(404)
        if not self._may(DECISIONS[act]):
            abort(403)
        asked, item = self._asked(uid)
        problem = self._decide_change(uid, act, self._token(f"{act} {uid}"))
        flash(problem or _("Done."), "danger" if problem else "success")
        if problem:
            return redirect(url_for(f"{self.endpoint}.change", uid=uid))
        return redirect(url_for(f"{self.endpoint}.show", pk=str(asked.owner_uid)) if scope.get(type(item), item.uid) else "/")

    def _decide_change(self, uid: str, act: str, token: str) -> str:
        """Why the decision was not taken, or nothing. A click that was carried out before counts as carried out."""
        try:
            with unit_of_work() as session:
                asked, item = self._asked(uid)
                if workflow.already_done(session, item.uid, token):
                    return ""
                if request.form.get("row_version", "") != seen_of(asked, item):
                    return _("This record was changed after you opened the page. Read it again, then decide.")
                words: Mapping[str, str] = {"token": token, "reason": request.form.get("reason", "")}
                if act == "apply":
                    changes.apply(session, asked, self._changer(), current_user, clock.today(), **words)
                elif act == "refuse":
                    changes.refuse(session, asked, current_user, **words)
                else:
                    changes.withdraw(session, asked, current_user, **words)
            return ""
        except RuleViolation as refusal:
            return str(refusal)
        except (StaleDataError, IntegrityError):
            return _("The register refuses this change now: somebody acted on the record, or one of its numbers is in use already.")
        except Busy as error:
            return str(error)

    def _is_changed_by_request(self) -> bool:
        return issubclass(self.datamodel.obj, Record) or hasattr(self.rules, "change")

    def _changer(self) -> Any:
        return getattr(self.rules, "change", None) or self.rules.save

    def _asked(self, uid: str) -> tuple[ChangeRequest, Any]:
        """The request and its row, or 404: a foreign one and a missing one look the same."""
        asked = scope.get(ChangeRequest, uid)
        if asked is None or asked.owner_table != self.datamodel.obj.__tablename__:
            abort(404)
        return asked, self.owner_of(str(asked.owner_uid)) or abort(404)

    def _why_not_changeable(self, item: Any) -> str:
        try:
            changes.must_be_changeable(db.session(), item)
        except RuleViolation as refusal:
            return str(refusal)
        return ""

    def _may_propose(self, item: Any) -> bool:
        """Whether the page offers to propose: the right, an approved record or a file that records name, and nothing open."""
        if not self._may("can_propose"):
            return False
        if isinstance(item, Record):
            return item.status is Status.approved and not item.change_open and not item.is_closed
        return hasattr(self.rules, "is_fixed") and self.rules.is_fixed(item) and changes.open_request(db.session(), item) is None

    def _decisions(self, asked: ChangeRequest, item: Any) -> list[tuple[str, Any, bool]]:
        """(act, label, needs a reason) of what this person may do with this request now."""
        if asked.state is not ChangeState.open:
            return []
        strangers = current_user.id not in changes.people_of(asked, item)
        found = [("apply", ACT_LABELS["apply"], False), ("refuse", ACT_LABELS["refuse"], True)] if strangers else []
        found += [("withdraw", ACT_LABELS["withdraw_change"], False)] if asked.made_by_id == current_user.id else []
        return [told for told in found if self._may(DECISIONS[told[0]])]

    def _keep_proposal(self, form: Any, pk: str) -> bool:
        """True when the proposal is kept, be it now or by an earlier sending of the same form. Raises StaleDataError."""
        try:
            tried = self._try(form, pk)
            explained = {c.code: request.form.get(f"reason_{c.code}", "").strip() for c in tried.cautions}
            form.cautions = [(c, explained[c.code]) for c in tried.cautions]
            if not all(explained.values()):
                message = _("Please look at what is marked as unusual: correct it, or write why it is right.")
                raise RuleViolation.one(message, code="caution")
            for reason in explained.values():
                workflow.must_be_short(reason)
            self._store_proposal(form, pk, tried.values, explained)
        except RuleViolation as refusal:
            say_beside(form, refusal)
        except IntegrityError:
            flash(_("Somebody else acted on this record at the same moment. Look at it again."), "danger")
        except Busy as error:
            flash(str(error), "warning")
        else:
            flash(_("The change is proposed. Another person decides about it; until then the record stays as it is."), "success")
            return True
        return False

    def _try(self, form: Any, pk: str) -> _Tried:
        """What the ledger's rules make of the new values. Nothing is kept: the trial is rolled back. Raises RuleViolation."""
        try:
            with unit_of_work() as session:
                self._try_within(session, form, pk)
        except _Tried as tried:
            return tried
        raise AssertionError("a trial never ends well")

    def _try_within(self, session: Any, form: Any, pk: str) -> NoReturn:
        item = self._found(pk)
        if workflow.already_done(session, item.uid, self._token("propose")):
            raise _Tried({}, [])
        if form.row_version.data != str(item.version):
            raise StaleDataError
        changes.must_be_changeable(session, item)
        with session.no_autoflush:
            self._populate(form, item)
            cautions = self._changer()(item, current_user, clock.today())
            raise _Tried(changes.values_of(item, self._proposed()), cautions)

    def _store_proposal(self, form: Any, pk: str, values: dict[str, Any], explained: dict[str, str]) -> None:
        token = self._token("propose")
        words = {"reason": request.form.get("change_reason", ""), "evidence": request.form.get("evidence", "")}
        with unit_of_work() as session:
            item = self._found(pk)
            if not workflow.already_done(session, item.uid, token):
                if form.row_version.data != str(item.version):
                    raise StaleDataError
                changes.propose(session, item, values, current_user, explained=explained, token=token, **words)
            drafts.saved(session, current_user.id, form.act_token.data)

    def _proposed(self) -> list[str]:
        return [column for column in self.edit_columns if column not in HIDDEN]
