"""The screens of files that may be one person's: the list, both files side by side, the two decisions, the merge that is proposed."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder.actions import ActionItem
from flask_appbuilder.security.decorators import permission_name
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import Select, func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.exc import StaleDataError

from app.core import changes, clock, scope, tokens, workflow
from app.core.errors import RuleViolation
from app.core.filters import YES
from app.core.interface import LedgerInterface
from app.core.labels import formatters_of
from app.core.proposals import STATES, seen_of
from app.core.screen import LedgerView, expose, has_access
from app.core.unit_of_work import Busy, unit_of_work
from app.extensions import db
from app.ledgers.people import duplicates, merging
from app.ledgers.people.merging import Plan
from app.ledgers.people.models import DuplicatePair, PairState, Person, PersonOffice
from app.ledgers.people.views import PersonView

SIDES = ("one", "other")
VERSION = re.compile(r"[0-9]{1,9}")  # of a file, as the form held it
COMPARED = (*PersonView.show_columns, "place")
PAIR_STATES = {
    PairState.open: _l("waiting for a decision"), PairState.different: _l("different people"), PairState.merged: _l("merged"),
}  # fmt: skip


class _Tried(Exception):
    """A trial of a merge went well and is rolled back."""


class PairInterface(LedgerInterface):
    """Pairs of which one's own offices hold both files; the list shows those that wait."""

    eager = tuple(
        selectinload(side).selectinload(Person.offices).joinedload(PersonOffice.region) for side in (DuplicatePair.one, DuplicatePair.other)
    )

    def base(self) -> Select[Any]:
        return duplicates.listed(clock.today()).where(DuplicatePair.state == PairState.open)

    def get(self, pk: Any, *_filters: Any, **_options: Any) -> Any:
        """A pair while both files are held; one that was merged leads to the file that stays."""
        pair = scope.get(DuplicatePair, pk)
        if pair is None or pair.state is PairState.merged:
            return pair
        return self.session.scalars(duplicates.listed(clock.today()).where(DuplicatePair.id == pair.id)).one_or_none()


class DuplicatePairView(LedgerView):
    """Files that may be one person's."""

    route_base = "/people/duplicates"
    datamodel = PairInterface(DuplicatePair)
    rules = merging
    include_route_methods = {"list", "show", "action", "look", "propose", "change", "decide_change"}
    list_title, show_title = _l("Duplicates"), _l("Possible duplicate")
    list_template, show_template = "people/duplicates.html", "people/duplicate.html"
    list_columns = ["rule", "one", "other", "change_open", "found_at"]
    show_columns = ["rule", "found_at", "state", "reason", "decided_at"]
    add_columns = edit_columns = ["reason"]
    search_columns = ["change_open"]
    order_columns = ["found_at"]
    label_columns = {
        "rule": _l("Why they may be one"),
        "one": _l("Older file"),
        "other": _l("Newer file"),
        "change_open": _l("Merge proposed"),
        "found_at": _l("Found at"),
        "state": _l("Status"),
        "reason": _l("Reason"),
        "decided_at": _l("Decided at"),
    }

    def __init__(self, **kwargs: Any) -> None:
        self.formatters_columns = {"rule": _rule, "one": _told, "other": _told, "state": lambda state: PAIR_STATES[PairState(state)]}
        self.extra_args = {"sides": self._sides, "records_of": self._records_of, "differ": _differ, "new_token": workflow.new_token}
        super().__init__(**kwargs)
        self.actions["different"] = ActionItem("different", _l("Different people, because"), "", "", False, True, func=self._different)
        self.base_permissions.append("different")

    def waits(self) -> list[tuple[Any, int, dict[str, str]]]:
        """Pairs for who decides about them, proposed merges for who applies them."""
        found: list[tuple[Any, int, dict[str, str]]] = []
        if self._may("different"):
            found.append((_("waiting for a decision"), self._count(), {}))
        if self._may("can_decide_change"):
            found.append((_("changes proposed"), self._count(DuplicatePair.change_open), {"_flt_0_change_open": YES}))
        return found

    @expose("/look", methods=["POST"])
    @has_access
    def look(self) -> Any:
        """Compare the people of one's own offices by the rules in force, and keep what is new."""
        try:
            found, new = duplicates.candidates(db.session(), clock.today()), 0
            with unit_of_work() as session:
                if tokens.first_sending(session, self._token("look"), current_user.id):
                    new = duplicates.keep(session, found)
            flash(ngettext("%(num)s new pair was found.", "%(num)s new pairs were found.", new), "info")
        except Busy as error:
            flash(str(error), "warning")
        return redirect(url_for(f"{self.endpoint}.list"))

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        pair = self._found(pk)
        return _to_file(pair) if pair.state is PairState.merged else self._page_of(pair)

    @expose("/propose/<pk>", methods=["GET", "POST"])
    @has_access
    def propose(self, pk: str) -> Any:
        """Which file stays, and whose value in each field: kept as a proposal, the files stay as they are."""
        pair = self._found(pk)
        if not self._may_propose(pair) and request.method == "GET":
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        if request.method == "POST" and self._keep_merge(pk):
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        one, other = self._files(pair)
        stays = merging.preferred(one, other)
        chosen = {"stays": _side(stays, one), **{f: _side(merging.better(f, stays, one, other), one) for f in merging.FIELDS}}
        told = {"chosen": {**chosen, **request.form}, "lines": [line for line in self._sides(pair) if line[0] in merging.FIELDS]}
        hidden = {"row_version": pair.version, "one_version": one.version, "other_version": other.version}
        hidden["act_token"] = request.form.get("act_token") or workflow.new_token()
        page = {"item": pair, "one": one, "other": other, "hidden": hidden, "differ": _differ, "endpoint": self.endpoint}
        return self.render_template("people/merge.html", title=_("Propose to merge two files"), **page, **told)

    @expose("/change/<uid>")
    @has_access
    @permission_name("show")
    def change(self, uid: str) -> Any:
        """One proposed merge: the file that stays, the file that goes, and whose values stay."""
        asked, pair = self._asked(uid)
        if pair.state is PairState.merged:
            return _to_file(pair)
        one, _other = self._files(pair)
        plan = merging.plan_of(db.session(), asked, pair)
        is_one = plan.stays == str(one.uid)
        taken = {*plan.taken, *(["id_type"] if merging.NUMBER in plan.taken else [])}
        lines = [(name, label, *(told if is_one else told[::-1]), name in taken) for name, label, *told in self._sides(pair)]
        page = {"asked": asked, "item": pair, "lines": lines, "decisions": self._decisions(asked, pair), "endpoint": self.endpoint}
        page |= {"state": STATES[asked.state], "act_token": workflow.new_token(), "differ": _differ, "seen": seen_of(asked, pair)}
        return self.render_template("people/merge_change.html", title=_("Proposed merge"), **page)

    def _different(self, pair: DuplicatePair, *, token: str, reason: str) -> None:
        duplicates.different(pair, current_user, session=db.session(), token=token, reason=reason)

    def _acts_of(self, item: DuplicatePair) -> list[tuple[str, Any, bool]]:
        waits = item.state is PairState.open and not item.change_open
        return [("different", self.actions["different"].text, True)] if waits and self._may("different") else []

    def _may_propose(self, item: DuplicatePair) -> bool:
        return self._may("can_propose") and item.state is PairState.open and not item.change_open

    def _keep_merge(self, pk: str) -> bool:
        """True when the proposal is kept, be it now or by an earlier sending. The merge was tried before, and rolled back."""
        try:
            self._try_merge(pk)
            with unit_of_work() as session:
                pair, token = self._found(pk), self._token("propose")
                if not workflow.already_done(session, pair.uid, token):
                    words = {"reason": request.form.get("change_reason", ""), "evidence": request.form.get("evidence", "")}
                    merging.propose(session, pair, self._plan(pair), current_user, **words, token=token)
        except RuleViolation as refusal:
            flash(str(refusal), "danger")
        except (StaleDataError, IntegrityError):
            flash(_("Somebody else acted on this record at the same moment. Look at it again."), "danger")
        except Busy as error:
            flash(str(error), "warning")
        else:
            flash(_("The merge is proposed. Another person decides about it; until then both files stay as they are."), "success")
            return True
        return False

    def _try_merge(self, pk: str) -> None:
        """What the rules make of the merge; nothing is kept. Raises RuleViolation, or StaleDataError where the page was too old."""
        try:
            with unit_of_work() as session:
                pair = self._found(pk)
                if workflow.already_done(session, pair.uid, self._token("propose")):
                    return
                if request.form.get("row_version", "") != str(pair.version):
                    raise StaleDataError
                duplicates.must_be_open(pair)
                changes.must_be_changeable(session, pair)
                _try(session, pair, self._plan(pair))
        except _Tried:
            return

    def _plan(self, pair: DuplicatePair) -> Plan:
        """What was chosen on the form; 400 for a form that is not ours."""
        words = {name: request.form.get(name, "") for name in ("stays", *(f for f in merging.FIELDS if f in request.form))}
        seen = {side: request.form.get(f"{side}_version", "") for side in SIDES}
        if any(word not in SIDES for word in words.values()) or not all(VERSION.fullmatch(v) for v in seen.values()):
            abort(400)
        stays = words.pop("stays")
        goes = next(side for side in SIDES if side != stays)
        files = dict(zip(SIDES, self._files(pair), strict=True))
        taken = tuple(name for name, side in words.items() if side == goes)
        return Plan(str(files[stays].uid), str(files[goes].uid), int(seen[stays]), int(seen[goes]), taken)

    def _files(self, pair: DuplicatePair) -> tuple[Person, Person]:
        """Both files, or 404."""
        try:
            return duplicates.both_of(db.session(), pair)
        except RuleViolation:
            abort(404)

    def _sides(self, pair: DuplicatePair) -> list[tuple[str, Any, str, str]]:
        """(field, label, older file, newer file) as a person reads them, numbers as masks."""
        one, other = self._files(pair)
        formatters: Mapping[str, Any] = formatters_of(Person)
        labels, marital = PersonView.label_columns, self._of_person("marital_status")
        lines = []
        for name in COMPARED:
            old, new = (_text(getattr(person, name), formatters.get(name)) for person in (one, other))
            lines.append((name, labels[name], old, new))
        return [*lines, ("marital", _("Marital status"), _status(marital(one)), _status(marital(other)))]

    def _records_of(self, pair: DuplicatePair) -> list[tuple[Person, Any]]:
        """Both files, each with what the ledgers of one's own offices hold about them."""
        return [(person, self._of_person("records_of")(person)) for person in self._files(pair)]

    def _of_person(self, question: str) -> Any:
        """What the screen of people answers about one of them."""
        screen = next(view for view in self.appbuilder.baseviews if isinstance(view, PersonView))
        return screen.extra_args[question]

    def _count(self, *narrowed: Any) -> int:
        return db.session.scalar(self.datamodel.base().where(*narrowed).with_only_columns(func.count(DuplicatePair.id))) or 0


def _try(session: Session, pair: DuplicatePair, plan: Plan) -> NoReturn:
    merging.merge(session, pair, plan, clock.today())
    raise _Tried


def _to_file(pair: DuplicatePair) -> Any:
    """The file that stays of a merged pair; 404 where it is none of one's own offices'."""
    found = [person for person in (pair.one, pair.other) if person is not None and person.merged_into_id is None]
    return redirect(url_for("PersonView.show", pk=found[0].uid)) if found else abort(404)


def _side(person: Person, one: Person) -> str:
    return "one" if person is one else "other"


def _differ(one: str, other: str) -> bool:
    """Whether a line of the comparison is marked: both say something, and not the same."""
    return bool(one and other) and one != other


def _text(value: Any, formatter: Any) -> str:
    if value is None:
        return ""
    return str(formatter(value) if formatter else value)


def _status(found: Any) -> str:
    return _("%(status)s since %(day)s, by approved records", status=found[0], day=found[1]) if found else ""


def _rule(rule: Any) -> str:
    return str(rule.label(str(get_locale()))) if rule else ""


def _told(person: Person | None) -> str | Markup:
    """A file in the list: name, masked number, place."""
    if person is None:
        return ""
    told = [person.birth_date, person.id_no, person.place]
    line = Markup('<a href="{}">{}</a><div>{}</div>')
    return line.format(url_for("PersonView.show", pk=person.uid), person.name, " · ".join(str(word) for word in told if word))
