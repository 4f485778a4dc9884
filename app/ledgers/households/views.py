"""The screens of the households ledger: the households with one page each, and what happened to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload
from wtforms import StringField
from wtforms.validators import Optional

from app.core import clock, codes, id_number, scope
from app.core.boxes import ON_ADD, ON_EDIT, fieldsets
from app.core.interface import LedgerInterface
from app.core.labels import RECORD_LABELS
from app.core.screen import LedgerView
from app.core.workflow import Status
from app.extensions import db
from app.ledgers.households import numbers, one_file, page, rules
from app.ledgers.households.models import CLOSED, HEAD_CHANGED, JOINED, LEFT, RELATION_CHANGED, Household, HouseholdEvent
from app.ledgers.people import merging, search
from app.ledgers.people.models import Person
from app.ledgers.people.views import PERSON_HINT, NamesPeople, records_of

merging.ALSO["households"] = one_file.ALSO

OFFERED = {  # what a household's page offers to enter, with or without a person
    JOINED: _l("Add a member"),
    LEFT: _l("Member leaves"),
    HEAD_CHANGED: _l("Change the head"),
    RELATION_CHANGED: _l("Change a relation"),
    CLOSED: _l("Close the household"),
}
OF_A_MEMBER = (LEFT, HEAD_CHANGED, RELATION_CHANGED)
LONGEST_NUMBER = 30


class HouseholdInterface(LedgerInterface):
    """Households whose set-up is approved, with their place, their head and how many they are."""

    eager = (joinedload(Household.region),)

    def base(self) -> Select[Any]:
        return super().base().where(Household.set_up_on.is_not(None))

    def get_values(self, lst: list[Any], list_columns: list[str]) -> Iterator[dict[str, Any]]:
        heads = page.heads(db.session(), lst, clock.today())
        own = [column for column in list_columns if column not in ("head", "members")]
        for item, values in zip(lst, super().get_values(lst, own), strict=True):
            head = heads.get(item.id, page.Head(None, False, 0))
            yield {**values, "head": _("Protected person") if head.is_protected else head.name, "members": head.members}


class HouseholdEventInterface(LedgerInterface):
    """Household events with their household and their office."""

    eager = (joinedload(HouseholdEvent.region), joinedload(HouseholdEvent.household))


@dataclass(frozen=True)
class OnePage:
    """What the page of one household tells this viewer."""

    members: list[page.Line]
    former: list[page.Line]
    events: list[Any]
    records: list[tuple[LedgerView, list[Any]]]


class HouseholdView(LedgerView):
    """The households of one's offices; each has one page, which prints on one sheet."""

    route_base = "/households"
    datamodel = HouseholdInterface(Household)
    include_route_methods = {"list", "show", "find", "options"}
    list_title, show_title = _l("Households"), _l("Household")
    show_template = "households/show.html"
    find_hint = _l("Number, or a member's name, pinyin initials, whole ID number or its last four, phone")
    list_columns = ["number", "head", "address", "members", "mgmt_class", "region", "closed_on"]
    show_columns = ["number", "former_no", "region", "address", "mgmt_class", "set_up_on", "closed_on"]
    add_columns = edit_columns = ["address"]
    search_columns = ["region", "mgmt_class", "set_up_on", "closed_on"]
    order_columns = ["number"]
    label_columns = {
        "number": _l("Household number"),
        "former_no": _l("Number in the office's own book"),
        "head": _l("Head of household"),
        "address": _l("Address"),
        "members": _l("Members"),
        "mgmt_class": _l("Who serves"),
        "region": _l("Office"),
        "set_up_on": _l("Set up on"),
        "closed_on": _l("Closed on"),
    }

    def __init__(self, **kwargs: Any) -> None:
        self.extra_args = {"one_page": self._one_page, "offered": self._offered, "of_a_member": OF_A_MEMBER, "code_label": _label}
        self.extra_args |= {"today": clock.today}
        super().__init__(**kwargs)

    def find_condition(self, text: str) -> ColumnElement[bool]:
        people, numbered = (HouseholdEvent.person_id,), _is_number(text)
        named = search.of_file(text, people, people) if numbered else _names(text)
        came = (HouseholdEvent.kind.in_(rules.COMING), HouseholdEvent.status == Status.approved, named)
        mine = select(HouseholdEvent.household_id).where(scope.current().criterion(HouseholdEvent.scope_path), *came)
        return or_(_numbered(text), Household.id.in_(mine)) if numbered else Household.id.in_(mine)

    def _one_page(self, household: Household) -> OnePage:
        session, may_open = db.session(), self.appbuilder.sm.has_access("can_show", "PersonView")
        members, former = page.lines(session, household, clock.today(), may_open=may_open)
        named = {line.member.person_id for line in (*members, *former) if line.is_named}
        held = records_of(self.appbuilder, {line.member.person_id for line in members} & named)
        told = [(view, page.tellable(session, rows, named)) for view, rows in held if not isinstance(view, HouseholdEventView)]
        may_see = self.appbuilder.sm.has_access("can_show", "HouseholdEventView")
        events = page.tellable(session, page.events(session, household), named) if may_see else []
        return OnePage(members, former, events, [(view, rows) for view, rows in told if rows])

    def _offered(self, household: Household) -> dict[str, Any]:
        """Kind of event → what the button says, for who may enter one."""
        may_add = self.appbuilder.sm.has_access("can_add", "HouseholdEventView")
        return OFFERED if may_add and household.closed_on is None else {}


class HouseholdEventView(NamesPeople):
    """What happened to households."""

    route_base = "/household-events"
    datamodel = HouseholdEventInterface(HouseholdEvent)
    rules = rules
    show_template = "households/event.html"
    list_title, show_title = _l("Household changes"), _l("Household change")
    add_title, edit_title = _l("New household change"), _l("Correct the household change")
    places = ("person_region",)
    people_labels = {"person": _l("Person")}
    find_hint = _l("Household number, name or its pinyin initials, whole ID number or its last four, phone")
    list_columns = ["kind", "household", "person_name", "relation", "happened_on", "status", "raised", "statistical_month", "region"]
    groups = (
        (_l("What changes"), ["kind", "household_no", "happened_on", "relation", "reason"]),
        (
            _l("Person"),
            ["person_id_no", "person_id_type", "person_name", "person_sex", "person_birth_date", "person_region"],
        ),
        (_l("Only of a set-up"), ["address", "mgmt_class", "former_no"]),
        (_l("Report"), ["reported_on", "remark"]),
    )
    add_columns = edit_columns = [column for _name, columns in groups for column in columns]
    add_fieldsets, edit_fieldsets = fieldsets(groups, *ON_ADD), fieldsets(groups, *ON_EDIT)
    show_fieldsets = [
        *fieldsets(groups),
        (_l("State"), {"fields": ["region", "statistical_month", "on_hold", "late", "made_at", "approved_at"]}),
    ]
    show_columns = [column for _name, group in show_fieldsets for column in group["fields"]]
    search_columns = [
        "status", "region", "kind", "happened_on", "relation", "statistical_month", "reported_on", "late", "on_hold", "change_open",
    ]  # fmt: skip
    order_columns = ["statistical_month"]
    validators_columns = {"reported_on": [Optional()], "person_sex": [Optional()], "person_name": [Optional()]}
    label_columns = {
        **RECORD_LABELS,
        "kind": _l("Kind of change"),
        "household": _l("Household"),
        "household_no": _l("Household number"),
        "happened_on": _l("Happened on"),
        "relation": _l("Relation to the head"),
        "address": _l("Address"),
        "mgmt_class": _l("Who serves"),
        "former_no": _l("Number in the office's own book"),
        "person_name": _l("Name"),
        "person_id_type": _l("ID type"),
        "person_id_no": _l("ID number"),
        "person_sex": _l("Sex"),
        "person_birth_date": _l("Birth date"),
        "person_region": _l("Lives at"),
        "reason": _l("Reason of the change"),
        "reported_on": _l("Reported on"),
        "statistical_month": _l("Statistical month"),
    }
    description_columns = {
        "household_no": _l("As on the household's page; its last part or the number of your own book is enough. Empty for a set-up."),
        "happened_on": _l("The first day on which it is so."),
        "relation": _l("Of who joins, to the head. Where the head changes: of the former head to the new one. Empty otherwise."),
        "person_id_no": PERSON_HINT,
        "person_name": _l(
            "Who becomes the head, joins, or leaves. Of a member the name alone is enough; empty where a household is closed."
        ),
        "person_sex": _l("Filled in from the ID number of a resident identity card."),
        "person_birth_date": _l("Filled in from the ID number of a resident identity card."),
        "person_region": _l("Where the household lives. Whoever is not on file yet is entered there with this record."),
        "reason": _l("For example: marriage, birth, work elsewhere."),
        "former_no": _l("If the household has one there; a workbook finds the household by it."),
        "mgmt_class": _l("Which office serves the household; it limits nothing."),
        "reported_on": _l("Leave it empty for today."),
    }

    def __init__(self, **kwargs: Any) -> None:
        told = {"label": self.label_columns["household_no"], "description": self.description_columns["household_no"]}
        for name in ("add", "edit"):
            box = StringField(**told, validators=[Optional()], render_kw={"maxlength": LONGEST_NUMBER})
            setattr(self, f"{name}_form_extra_fields", {"household_no": box})
        super().__init__(**kwargs)

    def find_condition(self, text: str) -> ColumnElement[bool]:
        if _is_number(text):
            mine = select(Household.id).where(scope.current().criterion(Household.scope_path), _numbered(text))
            people = (HouseholdEvent.person_id,)
            return or_(HouseholdEvent.household_id.in_(mine), search.of_file(text, people, people))
        return _names(text)

    def _get_add_widget(self, form: Any, exclude_cols: Any = None, widgets: Any = None) -> Any:
        if request.method == "GET":
            _fill_in(form)
        return super()._get_add_widget(form, exclude_cols, widgets)

    def _in_turn(self, pks: list[str]) -> list[str]:
        """What was entered first is decided about first: a household is set up before somebody joins it."""
        found = {pk: self.datamodel.get(pk) for pk in pks}
        return sorted(pks, key=lambda pk: found[pk].id if found[pk] else 0)


def _fill_in(form: Any) -> None:
    """The form as a household's page opens it: what happens, to which household, to whom; only of one's own offices."""
    if request.args.get("kind") in OFFERED:
        form.kind.data = request.args["kind"]
    household = scope.get(Household, request.args.get("household"))
    if household is not None:
        form.household_no.data = household.number
    person = scope.get(Person, request.args.get("person"))
    if person is not None:
        form.person_name.data, form.person_birth_date.data = person.name, person.birth_date
        form.person_sex.data = person.sex


def _names(text: str) -> ColumnElement[bool]:
    people = (HouseholdEvent.person_id,)
    told = {"numbers": (HouseholdEvent.person_id_no,), "written": (HouseholdEvent.person_name,)}
    return search.on_rows(text, **told, found=people, people=people)


def _is_number(text: str) -> bool:
    """Whether a text in the search box is meant as the number of a household: it has digits and is no ID number."""
    number = id_number.clean(text)
    return any(sign.isdecimal() for sign in number) and not search.NUMBER.fullmatch(number)


def _numbered(text: str) -> ColumnElement[bool]:
    """Households of this number or with this end of it, or of this number in the office's own book."""
    number = numbers.tidy(text)
    return or_(Household.number.endswith(number, autoescape=True), Household.former_no == number)


def _label(code_set: str, code: str | None) -> str:
    """What a code means in the reader's language."""
    return codes.label(db.session(), code_set, code, str(get_locale()))
