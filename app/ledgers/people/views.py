"""The screens of the people ledger: the people of one's offices, the ID lookup, the requests of other offices."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import abort, current_app, redirect, request, url_for
from flask_appbuilder.actions import ActionItem
from flask_appbuilder.forms import DynamicForm
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import selectinload
from wtforms import HiddenField, StringField
from wtforms.validators import Optional

from app.core import clock, codes, scope
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.interface import LedgerInterface
from app.core.paging import Term
from app.core.screen import LedgerView, expose, has_access
from app.core.unit_of_work import Busy, unit_of_work
from app.core.workflow import Record
from app.extensions import db
from app.ledgers.families import standing
from app.ledgers.households import standing as households
from app.ledgers.households.models import Household
from app.ledgers.moves import page as moves
from app.ledgers.people import lookup, merging, offices, rules, search, snapshots
from app.ledgers.people.identity import elsewhere
from app.ledgers.people.models import IdentityRequest, Person, PersonOffice
from app.ledgers.people.number_views import ReadsNumbers

NUMBER_HINT = _l("18 characters as on the card; it fills in the birth date and the sex. Leave it empty if there is no document.")
MOST_SIMILAR = 10  # records beside one that is decided about
MOST_RECORDS = 50  # of one ledger on a person's page
PERSON_HINT = _l("On the card; the birth date is taken from it.")


class PeopleInterface(LedgerInterface):
    """People with the places one's own offices know; children and protected persons stand in no list and are found by no search."""

    eager = (selectinload(Person.offices).joinedload(PersonOffice.region),)

    def base(self) -> Select[Any]:
        return super().base().where(search.findable(clock.today()))

    def term(self, column: str, *, is_descending: bool) -> Term:
        return super().term("name_key" if column == "name" else column, is_descending=is_descending)


class LookupForm(DynamicForm):
    """What one must know to ask after a person of another office."""

    id_no = StringField(_l("ID number"), description=_l("The whole number; a part of it is never looked up."))
    name = StringField(_l("Name"), description=_l("As on the card."))
    reason = StringField(_l("Reason"), description=_l("The office that holds the file reads it."))
    act_token = HiddenField(default=lambda: str(uuid7()))


class PersonView(ReadsNumbers):
    """People this office may see."""

    route_base = "/people"
    datamodel = PeopleInterface(Person)
    rules = rules
    takes_files = True
    list_title, show_title, add_title, edit_title = _l("People"), _l("Person"), _l("New person"), _l("Change person")
    list_template, show_template = "people/list.html", "people/show.html"
    list_columns = ["name", "sex", "birth_date", "id_no", "place"]
    show_columns = ["name", "id_type", "id_no", "sex", "birth_date", "ethnicity", "phone", "died_on", "moved_out_on"]
    search_columns = ["birth_date", "sex"]
    order_columns = ["name", "birth_date"]
    add_columns = ["id_no", "id_type", "name", "sex", "birth_date", "ethnicity", "phone", "residence", "registration"]
    edit_columns = ["id_no", "id_type", "name", "sex", "birth_date", "ethnicity", "phone"]
    places = tuple(rules.PLACES)
    validators_columns = {"sex": [Optional()]}
    bar_columns = ("id_no", "place")
    find_hint = _l("Part of the name, pinyin initials, ID number or its last four characters, phone")
    label_columns = {
        "name": _l("Name"),
        "id_type": _l("ID type"),
        "id_no": _l("ID number"),
        "sex": _l("Sex"),
        "birth_date": _l("Birth date"),
        "ethnicity": _l("Ethnicity"),
        "phone": _l("Phone"),
        "died_on": _l("Date of death"),
        "moved_out_on": _l("Moved out on"),
        "place": _l("Place"),
        "residence": _l("Lives at"),
        "registration": _l("Household registered at"),
    }
    description_columns = {
        "id_no": NUMBER_HINT,
        "name": _l("As on the card, with · between the parts of a name."),
        "sex": _l("Filled in from the ID number of a resident identity card."),
        "birth_date": _l("Filled in from the ID number of a resident identity card."),
        "phone": _l("Mobile number, or landline with area code."),
        "residence": _l("Village or community of your offices."),
        "registration": _l("Only if it lies in your offices."),
    }

    def __init__(self, **kwargs: Any) -> None:
        self.extra_args = {"kind_label": offices.kind_label, "marital_status": _marital_status}
        self.extra_args |= {"records_of": self._records_of, "household_of": _household_of, "moves_of": moves.of_person}
        super().__init__(**kwargs)

    def find_condition(self, text: str) -> ColumnElement[bool]:
        return search.condition(text)

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """The file; the address of one that was merged leads to the one that stays."""
        stays = None if self.datamodel.get(pk) else self.owner_of(pk)
        return redirect(url_for(f"{self.endpoint}.show", pk=stays.uid)) if stays else super().show(pk)

    def owner_of(self, uid: Any) -> Any:
        return self.datamodel.get(uid) or self.datamodel.get(merging.stayed_for(db.session(), uid))

    def _merged_into(self, item: Person) -> list[UUID]:
        return merging.merged_into(db.session(), item)

    def _records_of(self, person: Person) -> list[tuple[LedgerView, list[Record]]]:
        return records_of(self.appbuilder, [person.id])

    def _get_add_widget(self, form: Any, exclude_cols: Any = None, widgets: Any = None) -> Any:
        if request.method == "GET" and form.residence.data is None:
            form.residence.data = rules.only_village(db.session())
        return super()._get_add_widget(form, exclude_cols, widgets)

    @expose("/lookup", methods=["GET", "POST"])
    @has_access
    def lookup(self) -> Any:
        """Ask after a person of another office. Present, absent and protected persons get the same page."""
        form, told, own = LookupForm(request.form), "", None
        if request.method == "POST":
            try:
                own = self._look_up(form)
                form, told = LookupForm(formdata=None), elsewhere()
            except RuleViolation as refusal:
                told = _show_problems(form, refusal)
            except Busy as error:
                told = str(error)
        return self.render_template("people/lookup.html", title=_l("Look up an ID number"), form=form, told=told, own=own)

    def _look_up(self, form: LookupForm) -> Person | None:
        words = {name: (form[name].data or "").strip() for name in ("id_no", "name", "reason")}
        token = scope.as_uuid(form.act_token.data) or abort(400)
        with unit_of_work() as session:
            return lookup.look_up(
                session,
                token=str(token),
                number=words["id_no"],
                name=words["name"],
                reason=words["reason"],
                actor=current_user,
                per_hour=current_app.config["LOOKUPS_PER_HOUR"],
                today=clock.today(),
            )


class NamesPeople(ReadsNumbers):
    """A record page that leads to the files of the people the row names: a child is found from here and from no list."""

    show_template = "people/named.html"
    people_labels: Mapping[str, Any] = {}

    def __init__(self, **kwargs: Any) -> None:
        self.extra_args = {"files_of": self._files_of, "people_labels": self.people_labels, "similar_to": self.similar_to}
        super().__init__(**kwargs)

    def _files_of(self, item: Any) -> dict[str, Person]:
        may_open = self.appbuilder.sm.has_access("can_show", "PersonView")
        return snapshots.files_of(db.session(), item, self.people_labels) if may_open else {}

    def similar_to(self, item: Any) -> list[Any]:
        """Other records of the ledger, of one's own offices, that name one of the same people."""
        model = self.datamodel.obj
        if not issubclass(model, Record):
            return []
        people = [number for key in rules.keys_to_people(model) if (number := getattr(item, key)) is not None]
        found = rules.records_naming(db.session(), model, people, MOST_SIMILAR + 1) if people else []
        return [row for row in found if row.uid != item.uid][:MOST_SIMILAR]


class IdentityRequestInterface(LedgerInterface):
    """Requests with who asked and about whom."""

    eager = (selectinload(IdentityRequest.person), selectinload(IdentityRequest.asked_by), selectinload(IdentityRequest.asked_region))


class IdentityRequestView(LedgerView):
    """Questions of other offices after people whose files lie here."""

    route_base = "/people/requests"
    datamodel = IdentityRequestInterface(IdentityRequest)
    include_route_methods = {"list", "show", "action", "action_post"}
    acts_need_no_question = True
    list_title, show_title = _l("ID requests"), _l("ID request")
    list_columns = ["asked_at", "asked_by", "asked_region", "reason", "person", "answered_at"]
    show_columns = ["asked_at", "asked_by", "asked_region", "reason", "person", "answered_at"]
    add_columns = edit_columns = ["reason"]
    search_columns = ["reason"]
    order_columns = ["asked_at"]
    label_columns = {
        "asked_at": _l("Asked at"),
        "asked_by": _l("Asked by"),
        "asked_region": _l("Office that asked"),
        "reason": _l("Reason"),
        "person": _l("Person"),
        "answered_at": _l("Answered at"),
    }

    def __init__(self, **kwargs: Any) -> None:
        self.formatters_columns = {"asked_at": _moment, "answered_at": _moment, "person": _link_to_file}
        super().__init__(**kwargs)
        self.actions["answer"] = ActionItem("answer", _l("Mark as answered"), "", "", True, True, func=self._answer)
        self.base_permissions.append("answer")

    def _answer(self, row: IdentityRequest, *, token: str, reason: str) -> None:
        rules.answer(row, current_user)

    def _acts_of(self, item: IdentityRequest) -> list[tuple[str, Any, bool]]:
        return [("answer", _l("Mark as answered"), False)] if item.answered_at is None and self._may("answer") else []


def records_of(appbuilder: Any, people: Collection[int]) -> list[tuple[LedgerView, list[Record]]]:
    """What each ledger holds about people, the newest first: of this viewer's offices, on screens this viewer may open."""
    screens = [view for view in appbuilder.baseviews if isinstance(view, LedgerView) and issubclass(view.datamodel.obj, Record)]
    mine = [view for view in screens if appbuilder.sm.has_access("can_show", view.class_permission_name)]
    found = [(view, rules.records_naming(db.session(), view.datamodel.obj, people, MOST_RECORDS)) for view in mine]
    return [(view, rows) for view, rows in found if rows]


def _show_problems(form: Any, refusal: RuleViolation) -> str:
    """Put each problem beside its field; answer what belongs to none."""
    for problem in refusal.problems:
        if problem.field:
            form[problem.field].errors = [*form[problem.field].errors, problem.message]
    return " ".join(str(p.message) for p in refusal.problems if not p.field)


def _marital_status(person: Person) -> tuple[str, date] | None:
    """What approved records make of the person today, in the reader's language, and since when."""
    found = standing.marital_status(db.session(), person, clock.today())
    return (codes.label(db.session(), "marital", found.code, str(get_locale())), found.since) if found else None


def _household_of(person: Person) -> tuple[Household | None, str, date] | None:
    """The household the person belongs to today, where it is one of the viewer's offices; what they are to its head, and since when."""
    found = households.membership(db.session(), person.id, clock.today())
    if found is None:
        return None
    return found.household, codes.label(db.session(), "kinship", found.relation, str(get_locale())), found.joined_on


def _moment(value: datetime | None) -> str:
    return f"{clock.local(value):%Y-%m-%d %H:%M}" if value else ""


def _link_to_file(person: Person | None) -> str | Markup:
    """A protected person is not named in a list."""
    if person is None:
        return ""
    name = _l("Protected person") if person.is_protected else person.name
    return Markup('<a href="{}">{}</a>').format(url_for("PersonView.show", pk=person.uid), name)
