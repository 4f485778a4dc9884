"""The screen of the transfers between offices: what came in, what was sent, and the form by which a file is sent."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_appbuilder.actions import ActionItem
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.models.sqla.filters import FilterEqual, FilterNotEqual
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from wtforms import HiddenField, StringField
from wtforms.validators import Optional

from app.core import clock, scope, tokens
from app.core.boxes import say_beside
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.fields import OPTIONS, CalendarField, ChoiceField, CodeField, RegionField
from app.core.filters import LedgerFilters, no_row
from app.core.interface import LedgerInterface
from app.core.labels import ACT_LABELS
from app.core.paging import Term
from app.core.regions import Region, RegionCode
from app.core.screen import expose, has_access
from app.core.tasks import Task
from app.core.unit_of_work import Busy, unit_of_work
from app.extensions import db
from app.ledgers.moves import transfer_rules
from app.ledgers.moves.models import Transfer, TransferOffice, TransferSide, TransferState
from app.ledgers.moves.transfer_rules import Sending
from app.ledgers.people.models import Person
from app.ledgers.people.sound import OFFICES
from app.ledgers.people.views import NamesPeople

STATES = {
    TransferState.open: _l("waiting for an answer"), TransferState.accepted: _l("accepted"),
    TransferState.refused: _l("refused"), TransferState.withdrawn: _l("withdrawn"),
}  # fmt: skip
NEEDS_REASON = "refuse_transfer"
TO_MINE = 2  # which comparison of the state narrows the list to what came in


class _OfSide(BaseFilter):
    """Transfers of one state in which one's own offices are on one side."""

    side: TransferSide

    def apply(self, query: Select[Any], value: str) -> Select[Any]:
        state = TransferState.__members__.get(value)
        return query.where(no_row(Transfer) if state is None else of_side(self.side, state))


class ToMine(_OfSide):
    name = _l("Sent to my offices, and")
    arg_name = "to_mine"
    side = TransferSide.receiving


class FromMine(_OfSide):
    name = _l("Sent by my offices, and")
    arg_name = "from_mine"
    side = TransferSide.sending


class TransferFilters(LedgerFilters):
    """A state is compared together with who sent and who receives."""

    conversion_table = (("is_state", [FilterEqual, FilterNotEqual, ToMine, FromMine]), *LedgerFilters.conversion_table)


class TransferInterface(LedgerInterface):
    """Transfers with their offices and people; those that wait come first, the longest due on top."""

    eager = (
        joinedload(Transfer.from_region), joinedload(Transfer.to_region), joinedload(Transfer.sent_by), joinedload(Transfer.answered_by),
    )  # fmt: skip
    filter_converter_class = TransferFilters

    def is_state(self, col_name: str) -> bool:
        """Whether the column says where a transfer stands."""
        return col_name == "state"

    def order(self, column: str, direction: str) -> tuple[Term, ...]:
        if column not in ("", "id"):
            return super().order(column, direction)
        waits = Transfer.state == TransferState.open
        first = (Term(case((waits, 0), else_=1), may_be_empty=False), Term(case((waits, Transfer.due_on))))
        return (*first, *super().order("", ""))


class AnyOfficeField(RegionField):
    """A village or a town of the whole register: names of places are public."""

    def lookup(self, uid: str) -> Any:
        found = scope.as_uuid(uid)
        return db.session.scalars(_offices().where(Region.uid == found)).one_or_none() if found else None

    def options(self, text: str) -> list[Any]:
        with_code = select(RegionCode.region_id).where(
            RegionCode.code.startswith(text or "-", autoescape=True), RegionCode.valid_to.is_(None)
        )
        named = or_(Region.name.contains(text, autoescape=True), Region.id.in_(with_code))
        return list(db.session.scalars(_offices().where(named).order_by(Region.path).limit(OPTIONS)))


class SendForm(DynamicForm):
    """What a transfer says."""

    what = CodeField(_l("What moved"), [Optional()], code_set="move_what")
    to_region = AnyOfficeField(
        _l("Office that receives"), url="/transfers/options/to_region", description=_l("The village or town where they moved to.")
    )
    moved_on = CalendarField(_l("Moved on"), [Optional()])  # type: ignore[no-untyped-call]
    reason = StringField(_l("Reason"), description=_l("The office that receives it reads it."))
    act_token = HiddenField(default=lambda: str(uuid7()))


class TransferView(NamesPeople):
    """Files on their way from one office of this register to another."""

    route_base = "/transfers"
    datamodel = TransferInterface(Transfer)
    include_route_methods = {"list", "show", "action", "action_post", "options", "send"}
    list_title, show_title = _l("Transfers"), _l("Transfer")
    people_labels = {"person": _l("Person")}
    list_columns = ["person_name", "person_birth_date", "what", "from_region", "to_region", "moved_on", "progress", "due_on"]
    show_columns = [
        "person_name", "person_id_type", "person_id_no", "person_birth_date", "what", "from_region", "to_region", "moved_on", "cause",
        "progress", "due_on", "sent_by", "sent_at", "answered_by", "answered_at", "answer",
    ]  # fmt: skip
    add_columns = edit_columns = ["cause"]
    search_columns = ["state", "due_on", "moved_on", "what"]
    order_columns = ["moved_on", "due_on"]
    label_columns = {
        "person_name": _l("Name"),
        "person_id_type": _l("ID type"),
        "person_id_no": _l("ID number"),
        "person_birth_date": _l("Birth date"),
        "what": _l("What moved"),
        "from_region": _l("Office that sends"),
        "to_region": _l("Office that receives"),
        "moved_on": _l("Moved on"),
        "cause": _l("Reason"),
        "state": _l("Status"),
        "progress": _l("Status"),
        "due_on": _l("Answer until"),
        "sent_by": _l("Sent by"),
        "sent_at": _l("Sent at"),
        "answered_by": _l("Answered by"),
        "answered_at": _l("Answered at"),
        "answer": _l("Words with the answer"),
    }

    def __init__(self, **kwargs: Any) -> None:
        states = lambda: [(state.value, label) for state, label in STATES.items()]  # noqa: E731  (asked anew on each page)
        self.search_form_extra_fields = {"state": ChoiceField(_l("Status"), pairs=states)}
        self.formatters_columns = {"progress": _progress, "state": lambda state: str(STATES[state]) if state else ""}
        super().__init__(**kwargs)
        for act in transfer_rules.ACTS:
            self.actions[act] = ActionItem(act, ACT_LABELS[act], "", "", True, True, func=self._answering(act))
            self.base_permissions.append(act)

    def waits(self) -> list[tuple[Any, int, dict[str, str]]]:
        """What was sent to this person's offices and waits, and what of it is overdue."""
        if not self._may("accept_transfer"):
            return []
        today, days = clock.today(), Transfer.due_on
        waiting = of_side(TransferSide.receiving, TransferState.open)
        number, late = db.session.execute(select(func.count(Transfer.id), func.count(case((days < today, 1)))).where(waiting)).one()
        narrowed = {f"_flt_{TO_MINE}_state": TransferState.open.value}
        until = {"_flt_2_due_on": (today - timedelta(days=1)).isoformat()}
        return [(_("waiting for your answer"), number, narrowed), (_("overdue"), late, narrowed | until)]

    def tasks(self, most: int) -> list[Task]:
        if not self._may("accept_transfer"):
            return []
        waiting = self.datamodel.page(self.datamodel.base().where(of_side(TransferSide.receiving, TransferState.open)), "", "", 0, most)
        return [Task(_("Answer"), row, row.sent_at, row.sent_by.first_name or row.sent_by.username, row.due_on) for row in waiting]

    def _answering(self, act: str) -> Any:
        return lambda row, **words: transfer_rules.ACTS[act](row, current_user, clock.today(), **words)

    def _acts_of(self, item: Transfer) -> list[tuple[str, Any, bool]]:
        possible = [act for act in transfer_rules.allowed(db.session(), item, current_user) if self._may(act)]
        return [(act, ACT_LABELS[act], act == NEEDS_REASON) for act in possible]

    @expose("/options/<column>")
    @has_access
    def options(self, column: str) -> Any:
        """At most twenty villages and towns of the whole register, each with what it lies in."""
        if column != "to_region":
            abort(404)
        found = SendForm().to_region.options(request.args.get("q", "").strip())
        titles = _titles(found)
        return jsonify(results=[{"id": str(place.uid), "text": titles[place.id]} for place in found])

    @expose("/send/<uid>", methods=["GET", "POST"])
    @has_access
    def send(self, uid: str) -> Any:
        """The form by which an office sends somebody's file to another one."""
        person = _person(uid)
        form = SendForm(request.form)
        if request.method == "POST" and form.validate():
            sent = self._sent(form, uid)
            if sent is not None:
                flash(_("Sent. The other office answers; until then the file stays with you."), "success")
                return redirect(url_for("TransferView.show", pk=sent))
            person = _person(uid)
        return self.render_template("moves/send.html", title=_("Send to another office"), form=form, person=person)

    def _sent(self, form: Any, uid: str) -> Any:
        """The transfer, be it of this sending of the form or of an earlier one; None where it was refused."""
        token = str(scope.as_uuid(form.act_token.data) or abort(400))
        told = Sending(form.what.data, form.to_region.data, form.moved_on.data, form.reason.data or "")
        try:
            with unit_of_work() as session:
                if not tokens.first_sending(session, token, current_user.id):
                    return tokens.result_of(session, token, current_user.id)
                sent = transfer_rules.send(session, _person(uid), told, current_user, clock.today()).uid
                tokens.keep_result(session, token, current_user.id, sent)
            return sent
        except RuleViolation as refusal:
            say_beside(form, refusal)
        except IntegrityError:
            flash(_("Somebody else acted on this record at the same moment. Look at it again."), "danger")
        except Busy as error:
            flash(str(error), "warning")
        return None


def of_side(side: TransferSide, state: TransferState) -> ColumnElement[bool]:
    """The condition that a transfer of this state has one of one's own offices on this side."""
    mine = scope.query(TransferOffice).where(TransferOffice.side == side).with_only_columns(TransferOffice.transfer_id)
    return Transfer.id.in_(mine) & (Transfer.state == state)


def _person(uid: str) -> Person:
    """The file, or 404: a foreign one and a missing one look the same."""
    return scope.get(Person, uid) or abort(404)


def _progress(told: tuple[TransferState, bool]) -> str:
    state, is_overdue = told
    return _("%(state)s, overdue", state=STATES[state]) if is_overdue else str(STATES[state])


def _offices() -> Select[Any]:
    return select(Region).where(Region.level.in_(OFFICES), Region.valid_to.is_(None))


def _titles(places: Iterable[Region]) -> dict[int, str]:
    """County, town and village of each place, so that two of one name are told apart."""
    paths = {place.path[:length] for place in places for length in (12, 16, 20)}
    names = dict(db.session.execute(select(Region.path, Region.name).where(Region.path.in_(paths))).tuples().all())
    return {place.id: "".join(names[place.path[:n]] for n in (12, 16, 20) if n <= len(place.path)) for place in places}
