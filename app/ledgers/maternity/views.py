"""The screens of the services for newlyweds and during pregnancy: for the serving village and the clinician of the town alone."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from app.core import id_number, names
from app.core.boxes import ON_ADD, ON_EDIT, fieldsets
from app.core.interface import OfficeInterface
from app.core.labels import RECORD_LABELS
from app.ledgers.maternity import newlywed_rules, pregnancy_rules
from app.ledgers.maternity.models import NewlywedService, PregnancyService
from app.ledgers.people.number_views import ReadsNumbers
from app.ledgers.people.search import NUMBER

NUMBER_HINT = _l("On the card; the birth date is taken from it. May stay empty.")
REGION_HINT = _l("Only if you answer for several: the village or town that gives the service.")
CONSENT_HINT = _l(
    "The day on which this record was agreed to. The consent may be withdrawn at any time; then the content is gone for good."
)
ANSWER_HINT = _l("Whatever was answered, nothing follows from it.")
BOXES_HINT = _l("Only what was given.")
SHARED_LABELS = {
    **RECORD_LABELS,
    "region": _l("Serving office"),
    "who": _l("Name"),
    "consent_on": _l("Agreed to this record on"),
    "check_answer": _l("Free check-up offered"),
    "check_on": _l("Day of the check-up or of the answer"),
    "folic_answer": _l("Folic acid offered"),
    "folic_on": _l("Folic acid given on"),
    "folic_boxes": _l("Boxes of folic acid"),
    "closed_on": _l("Closed on"),
}
SHARED_HINTS = {
    "region": REGION_HINT,
    "consent_on": CONSENT_HINT,
    "check_answer": ANSWER_HINT,
    "folic_answer": ANSWER_HINT,
    "folic_boxes": BOXES_HINT,
}
STATE = (_l("State"), {"fields": ["region", "on_hold", "made_at", "approved_at", "closed_on"]})


class VoluntaryView(ReadsNumbers):
    """The screen of a service that may be declined or given up at any time."""

    add_template = edit_template = "maternity/form.html"
    show_template = "maternity/show.html"
    places = ("region",)
    never_pinned = ("consent_on", "told_by", "proxy_name", "check_answer", "folic_answer", "counselling_answer", "wants_visits")  # her own
    search_columns = ["status", "region", "on_hold", "change_open"]
    order_columns = ["status"]
    find_hint = _l("Whole ID number or whole name")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.actions["withdraw_consent"].multiple = False  # one by one, on the page of the record: it cannot be undone


class NewlywedServiceView(VoluntaryView):
    """What was offered to newlyweds."""

    route_base = "/newlywed-services"
    datamodel = OfficeInterface(NewlywedService)
    rules = newlywed_rules
    list_title, show_title = _l("Newlywed services"), _l("Newlywed service")
    add_title, edit_title = _l("New newlywed service"), _l("Change newlywed service")
    list_columns = ["who", "check_answer", "folic_answer", "status", "raised", "closed_on", "region"]
    search_columns = VoluntaryView.search_columns
    order_columns = VoluntaryView.order_columns
    groups = (
        (_l("Wife"), ["wife_id_no", "wife_id_type", "wife_name", "wife_birth_date"]),
        (_l("Husband"), ["husband_id_no", "husband_id_type", "husband_name", "husband_birth_date"]),
        (_l("Consent"), ["consent_on", "married_on", "region"]),
        (_l("Free check-up before a pregnancy"), ["check_answer", "check_on"]),
        (_l("Folic acid"), ["folic_answer", "folic_on", "folic_boxes"]),
        (_l("Counselling"), ["counselling_answer", "topics", "remark"]),
    )
    add_columns = [column for _name, columns in groups for column in columns]
    edit_columns = [column for column in add_columns if column != "region"]
    add_fieldsets, edit_fieldsets = fieldsets(groups, *ON_ADD), fieldsets(groups, *ON_EDIT, without="region")
    show_fieldsets = [*fieldsets(groups[:2]), *((name, {"fields": [c for c in told if c != "region"]}) for name, told in groups[2:]), STATE]
    show_columns = [column for _name, group in show_fieldsets for column in group["fields"]]
    label_columns = {
        **SHARED_LABELS,
        "wife_name": _l("Wife's name"),
        "wife_id_type": _l("Wife's document"),
        "wife_id_no": _l("Wife's ID number"),
        "wife_birth_date": _l("Wife's birth date"),
        "husband_name": _l("Husband's name"),
        "husband_id_type": _l("Husband's document"),
        "husband_id_no": _l("Husband's ID number"),
        "husband_birth_date": _l("Husband's birth date"),
        "married_on": _l("Married on"),
        "counselling_answer": _l("Counselling offered"),
        "topics": _l("Topics of the counselling"),
    }
    description_columns = {
        **SHARED_HINTS,
        "wife_name": _l("Whoever does not want the service is not named."),
        "husband_name": _l("Whoever does not want the service is not named."),
        "wife_id_no": NUMBER_HINT,
        "husband_id_no": NUMBER_HINT,
        "married_on": _l("May stay empty."),
        "counselling_answer": ANSWER_HINT,
    }

    def find_condition(self, text: str) -> ColumnElement[bool]:
        number, table = id_number.clean(text), NewlywedService
        if NUMBER.fullmatch(number):
            return or_(table.wife_id_no == id_number.long_form(number), table.husband_id_no == id_number.long_form(number))
        return or_(table.wife_name.equals(names.clean_name(text)), table.husband_name.equals(names.clean_name(text)))


class PregnancyServiceView(VoluntaryView):
    """What a woman who told of her pregnancy wanted."""

    route_base = "/pregnancy-services"
    datamodel = OfficeInterface(PregnancyService)
    rules = pregnancy_rules
    list_title, show_title = _l("Pregnancy services"), _l("Pregnancy service")
    add_title, edit_title = _l("New pregnancy service"), _l("Change pregnancy service")
    list_columns = ["who", "told_on", "due_on", "wants_visits", "ended_on", "status", "raised", "closed_on", "region"]
    search_columns = VoluntaryView.search_columns
    order_columns = VoluntaryView.order_columns
    groups = (
        (_l("Woman"), ["woman_id_no", "woman_id_type", "woman_name", "woman_birth_date"]),
        (_l("Told and agreed to by her"), ["told_by", "proxy_name", "told_on", "consent_on", "due_on", "region"]),
        (_l("Folic acid"), ["folic_answer", "folic_on", "folic_boxes"]),
        (_l("Free check-up"), ["check_answer", "check_on"]),
        (_l("What else she wants"), ["handbook_on", "wants_visits", "remark"]),
        (_l("End of the service"), ["ended_on", "ending"]),
    )
    add_columns = [column for _name, columns in groups for column in columns]
    edit_columns = [column for column in add_columns if column != "region"]
    add_fieldsets, edit_fieldsets = fieldsets(groups, *ON_ADD), fieldsets(groups, *ON_EDIT, without="region")
    show_fieldsets = [*fieldsets(groups[:1]), *((name, {"fields": [c for c in told if c != "region"]}) for name, told in groups[1:]), STATE]
    show_columns = [column for _name, group in show_fieldsets for column in group["fields"]]
    label_columns = {
        **SHARED_LABELS,
        "woman_name": _l("Her name"),
        "woman_id_type": _l("Her document"),
        "woman_id_no": _l("Her ID number"),
        "woman_birth_date": _l("Her birth date"),
        "told_by": _l("Told by"),
        "proxy_name": _l("Name of the proxy"),
        "told_on": _l("Told on"),
        "due_on": _l("Due date"),
        "handbook_on": _l("Maternal handbook given on"),
        "wants_visits": _l("She wishes follow-up visits"),
        "ended_on": _l("Ended on"),
        "ending": _l("How it ended"),
    }
    description_columns = {
        **SHARED_HINTS,
        "woman_id_no": NUMBER_HINT,
        "told_by": _l("Only she tells of a pregnancy, or somebody she asked to. What others say is not entered."),
        "due_on": _l("If she wants to tell it."),
        "wants_visits": _l("Without a tick there are no visits."),
        "ending": _l("No reason is asked for, and nothing is said about the child."),
    }

    def find_condition(self, text: str) -> ColumnElement[bool]:
        number = id_number.clean(text)
        if NUMBER.fullmatch(number):
            return PregnancyService.woman_id_no == id_number.long_form(number)
        return PregnancyService.woman_name.equals(names.clean_name(text))
