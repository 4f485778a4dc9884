"""The part of a ledger's screen that decides: one act on one record, or on many after a look at what it would do; each judged by itself."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core import clock, sampling, scope, workflow
from app.core.errors import RuleViolation
from app.core.interface import MAX_PAGE
from app.core.labels import ACT_LABELS
from app.core.list_address import Address
from app.core.list_views import Shelf
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record, Status
from app.extensions import db

MOST_AT_ONCE = 1000  # rows of one bulk act; they are worked off MAX_PAGE at a time, so that each request stays short


@dataclass(frozen=True)
class Candidate:
    """One row of a preview: what stands against the act, and what somebody should look at first."""

    row: Any
    refusal: str
    remarks: tuple[str, ...]

    @property
    def chosen(self) -> str:
        """The row and the version that was seen, as the confirmation names them."""
        return f"{self.row.uid}.{self.row.version}"


class Deciding:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: Any
    actions: Any
    list_title: Any
    render_template: Any
    get_default_url: Any
    get_action_permission_name: Any
    _found: Callable[[Any], Any]
    _may: Callable[[str], bool]
    _acts_of: Callable[[Any], Sequence[tuple[str, Any, bool]]]
    _sent_address: Callable[[], Address]
    _url: Callable[[Address], str]
    _wanted: Any
    _sorted_by: Any
    _shelf: Callable[[], Shelf]
    acts_need_no_question = False  # whether _acts_of asks the database nothing, so that each row of a list may be asked

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Any:
        """One act on one record. FAB would load the row without looking; here a foreign row is 404."""
        self._must_know(name)
        problem = self._decide(name, pk, request.form.get("row_version", ""), self._token(name))
        flash(problem or _("Done."), "danger" if problem else "success")
        if "query" in request.form:  # from the list, which stays open
            return redirect(self._url(self._sent_address()))
        return redirect(url_for(f"{self.endpoint}.show", pk=pk) if self.datamodel.get(pk) else self.get_default_url())

    @expose("/preview", methods=["POST"])
    def preview(self) -> Any:
        """What an act would do with the ticked rows, or with all that the list asks for; nothing is done."""
        name = request.form.get("action", "")
        self._must_know(name)
        if not self.actions[name].multiple:
            abort(404)
        address = self._sent_address()
        rows, problem = self._candidates(address)
        if problem:
            flash(problem, "warning")
            return redirect(self._url(address))
        told = self._looked_at(rows, name)
        able = [candidate for candidate in told if not candidate.refusal]
        page = {
            "act": name, "label": ACT_LABELS.get(name, self.actions[name].text), "able": able,
            "remarked": [c for c in able if c.remarks], "clean": [c for c in able if not c.remarks],
            "unable": [c for c in told if c.refusal], "states": Counter(c.row.status for c in told if hasattr(c.row, "status")),
            "needs_reason": self._needs_reason(name, rows), "act_token": workflow.new_token(), "query": str(address),
            "back": self._url(address), "turn": MAX_PAGE, "endpoint": self.endpoint, "too_few": self._too_few(name, [c.row for c in able]),
        }  # fmt: skip
        return self.render_template("ledger/preview.html", title=self.list_title, **page)

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Any:
        """One act on many records: each is judged by itself, and the answer says so row by row.

        At most MAX_PAGE of them in one request; the answer offers to go on with the others.
        """
        name = request.form.get("action", "")
        self._must_know(name)
        seen = self._chosen()
        turn, too_few = self._turn_of(name, seen)
        pks = self._in_turn(turn)
        if too_few:
            flash(too_few, "warning")
            return redirect(self._back())
        if not pks or len(seen) > (MOST_AT_ONCE if "chosen" in request.form else MAX_PAGE):
            flash(_("Tick between 1 and %(most)s rows first.", most=MAX_PAGE), "warning")
            return redirect(self.get_default_url())
        tokens_of = {pk: self._token(f"{name} {pk}") for pk in pks}
        found = {pk: self._title_of(pk, token) for pk, token in tokens_of.items()}
        results = [(found[pk], pk, self._decide(name, pk, seen[pk], tokens_of[pk])) for pk in pks]
        told = {"act": ACT_LABELS.get(name, name), "results": results, "gone": name == "discard", "back": self._back()}
        told |= {"left": [f"{pk}.{version}" for pk, version in seen.items() if pk not in turn], "turn": MAX_PAGE, "sent": request.form}
        return self.render_template("ledger/result.html", title=self.list_title, endpoint=self.endpoint, **told)

    def _chosen(self) -> dict[str, str]:
        """Row → the version that was seen. A row is judged once, however its identity is written."""
        found: dict[str, str] = {}
        for text in request.form.getlist("chosen"):
            uid, _dot, version = text.rpartition(".")
            found.setdefault(str(scope.as_uuid(uid)), version)
        for text in request.form.getlist("rowid"):
            uid = str(scope.as_uuid(text))
            found.setdefault(uid, request.form.get(f"seen_{uid}", ""))
        return found

    def _turn_of(self, name: str, seen: Mapping[str, str]) -> tuple[list[str], str]:
        """The rows of this request, and why they cannot be decided about. Those that were opened are shared out among the turns."""
        if not self._needs_sample(name) or len(seen) < 2:
            return [*seen][:MAX_PAGE], ""
        waiting = self.datamodel.base().where(self.datamodel.obj.uid.in_([scope.as_uuid(pk) for pk in [*seen][:MOST_AT_ONCE]]))
        rows = {
            str(row.uid): row
            for row in db.session.scalars(waiting)
            if row.status is Status.submitted and seen[str(row.uid)] == str(row.version)
        }
        opened = {str(uid) for uid in sampling.opened(db.session(), current_user.id, {row.uid: row.version for row in rows.values()})}
        share = [pk for pk in seen if pk in opened][: sampling.needed(db.session(), min(len(seen), MAX_PAGE), "", clock.today())]
        others = [pk for pk in seen if pk not in share]
        turn = {*share, *others[: MAX_PAGE - len(share)]}
        return [pk for pk in seen if pk in turn], self._too_few(name, [row for pk, row in rows.items() if pk in turn])

    def _too_few(self, name: str, rows: Sequence[Any]) -> str:
        """Why several rows cannot be approved at once yet. One row is read by whoever decides about it."""
        if not self._needs_sample(name) or len(rows) < 2:
            return ""
        return sampling.too_few(db.session(), current_user.id, {row.uid: row.version for row in rows}, "", clock.today())

    def _needs_sample(self, name: str) -> bool:
        """Whether some of the rows must have been opened before all of them are decided about: where they become approved."""
        acts = getattr(self.datamodel.obj, "transitions", ())
        return any(t.act == name and t.target is Status.approved and Status.submitted in t.sources for t in acts)

    def _back(self) -> str:
        return self._url(self._sent_address()) if "query" in request.form else str(self.get_default_url())

    def _candidates(self, address: Address) -> tuple[Sequence[Any], str]:
        """The rows that were ticked, or all that the list asks for, and why there are none or too many."""
        if request.form.get("all"):
            text = self._shelf().looked_for(address.get("found"))
            if address.get("found") and not text:  # without it, all that match would be all there are
                return (), _("What was looked for is not kept any more. Search again, then choose all that match.")
            wanted = self._wanted(address, text)
        else:
            ticked = {scope.as_uuid(text) for text in request.form.getlist("rowid")}
            wanted = self.datamodel.base().where(self.datamodel.obj.uid.in_(ticked - {None}))
        rows = self.datamodel.page(wanted, *self._sorted_by(address), 0, MOST_AT_ONCE + 1)
        if len(rows) > MOST_AT_ONCE:
            return (), _("More than %(most)s rows match. Narrow the list, then choose all of them.", most=MOST_AT_ONCE)
        if not request.form.get("all") and len(rows) < len(ticked):
            abort(404)
        return rows, "" if rows else _("Tick the rows first.")

    def _looked_at(self, rows: Sequence[Any], name: str) -> Sequence[Candidate]:
        """Each row with what stands against the act, and with what somebody should look at first."""
        refused = self._refusals(rows, name)
        return [Candidate(row, refused[row.uid], _remarks(row)) for row in rows]

    def _refusals(self, rows: Sequence[Any], name: str) -> dict[UUID, str]:
        if issubclass(self.datamodel.obj, Record):
            return workflow.refusals(db.session(), rows, name, current_user)
        possible = {row.uid: any(act == name for act, _label, _reason in self._acts_of(row)) for row in rows}
        return {uid: "" if may else _("This cannot be done with this row now.") for uid, may in possible.items()}

    def _needs_reason(self, name: str, rows: Sequence[Any]) -> bool:
        if issubclass(self.datamodel.obj, Record):
            return any(t.needs_reason for t in self.datamodel.obj.transitions if t.act == name)
        return any(reason for row in rows for act, _label, reason in self._acts_of(row) if act == name)

    def _acts_of_rows(self, rows: Sequence[Any]) -> dict[str, Sequence[tuple[str, Any, bool]]]:
        """Identity → (act, label, needs a reason) of what this person may do with each row of a page now."""
        if issubclass(self.datamodel.obj, Record):
            possible = workflow.allowed_each(db.session(), rows, current_user)
            return {str(row.uid): self._offered_acts(row, possible[row.uid]) for row in rows}
        return {str(row.uid): self._acts_of(row) for row in rows} if self.acts_need_no_question else {}

    def _offered_acts(self, row: Record, possible: Collection[str]) -> Sequence[tuple[str, Any, bool]]:
        """Those of the possible acts that this person has the right to."""
        found = [t for t in row.transitions if t.act in possible and self._may(self.get_action_permission_name(t.act))]
        return [(t.act, ACT_LABELS.get(t.act, t.act), t.needs_reason) for t in found]

    def _in_turn(self, pks: list[str]) -> list[str]:
        """In which order ticked rows are decided about; a ledger whose rows rest on one another says its own."""
        return pks

    def _title_of(self, pk: str, token: str) -> str:
        """How the answer names a ticked row; 404 for a row that is not there, unless this very click took it away."""
        item = self.datamodel.get(pk)
        if item is None and not workflow.already_done(db.session(), scope.as_uuid(pk), token):
            abort(404)
        return str(item) if item else _("deleted draft")

    def _must_know(self, name: str) -> None:
        """The right first: who may not do the act learns nothing about the row. 404 for an act that does not exist."""
        if name not in self.actions:
            abort(404)
        if not self._may(self.get_action_permission_name(name)):
            abort(403)

    def _token(self, click: str) -> str:
        """One page has one token; each of its buttons makes its own of it, so that two acts of one page are two."""
        found = scope.as_uuid(request.form.get("act_token", ""))
        return str(uuid5(found, click)) if found else abort(400)

    def _decide(self, name: str, pk: str, seen: str, token: str) -> str:
        """Why the act was refused, or nothing. A click that was carried out before counts as carried out.

        `seen` is the version of the row on the page: nobody decides about words they have not read.
        """
        try:
            with unit_of_work() as session:
                if workflow.already_done(session, scope.as_uuid(pk), token):
                    return ""
                item = self._found(pk)
                if seen != str(item.version):
                    return _("This record was changed after you opened the page. Read it again, then decide.")
                self.actions[name].func(item, token=token, reason=request.form.get("reason", ""))
            return ""
        except RuleViolation as refusal:
            return str(refusal)
        except (StaleDataError, IntegrityError):
            return _("Somebody else acted on this record at the same moment. Look at it again.")
        except Busy as error:
            return str(error)


def _remarks(row: Any) -> tuple[str, ...]:
    """What somebody should look at before they decide: flags that stand, and what was unusual when it was entered."""
    flags = [workflow.flag_label(flag) for flag in getattr(row, "raised", ())]
    told = [f"{workflow.warning_text(warning)} — {warning['reason']}" for warning in getattr(row, "warnings", None) or ()]
    return (*flags, *told)
