"""The screens of the families ledger."""

from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_
from wtforms.validators import Optional

from app.core import codes, id_number
from app.core.boxes import ON_ADD, ON_EDIT, fieldsets
from app.core.fields import ChoiceField
from app.core.interface import OfficeInterface
from app.core.labels import RECORD_LABELS
from app.extensions import db
from app.ledgers.families import death_rules, one_file, rules
from app.ledgers.families.models import WIDOWED, Death, MarriageEvent
from app.ledgers.people import merging, search
from app.ledgers.people.views import PERSON_HINT, NamesPeople

PLACE_HINT = _l("Only for somebody who is not on file yet and lives in your offices: they are entered with this record.")
merging.ALSO["families"] = one_file.ALSO
MARITAL_HINT = _l("Of a marriage: the first, a further one, or with the former spouse. Of a death: who is left. Empty for a divorce.")


def _choices() -> list[tuple[str, Any]]:
    """What an event can make of one of the two; a divorce makes both divorced by itself."""
    known = codes.items(db.session(), "marital")
    return [(code, known[code].label(str(get_locale()))) for code in (*rules.ORDERS, WIDOWED)]


def _marital_boxes() -> dict[str, Any]:
    labels = {"wife": _l("What it is for her"), "husband": _l("What it is for him")}
    told: dict[str, Any] = {"pairs": _choices, "validators": [Optional()], "description": MARITAL_HINT}
    return {f"{role}_marital": ChoiceField(label, **told) for role, label in labels.items()}


class MarriageEventView(NamesPeople):
    """Marriages, divorces and deaths of a spouse."""

    route_base = "/marriages"
    datamodel = OfficeInterface(MarriageEvent)
    rules = rules
    list_title, show_title = _l("Marriages"), _l("Marriage record")
    add_title, edit_title = _l("New marriage record"), _l("Change marriage record")
    places = ("wife_region", "husband_region")
    people_labels = {"wife": _l("Wife"), "husband": _l("Husband")}
    find_hint = _l("Certificate number, name or its pinyin initials, whole ID number or its last four, phone")
    list_columns = [
        "kind", "happened_on", "wife_name", "wife_marital", "husband_name", "husband_marital", "status", "raised", "statistical_month",
        "region",
    ]  # fmt: skip
    groups = (
        (_l("Event"), ["kind", "happened_on", "certificate_no"]),
        (_l("Wife"), ["wife_id_no", "wife_id_type", "wife_name", "wife_birth_date", "wife_marital", "wife_region"]),
        (_l("Husband"), ["husband_id_no", "husband_id_type", "husband_name", "husband_birth_date", "husband_marital", "husband_region"]),
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
        "status", "region", "kind", "happened_on", "wife_marital", "husband_marital", "statistical_month", "reported_on", "late", "on_hold",
        "change_open",
    ]  # fmt: skip
    order_columns = ["statistical_month"]
    validators_columns = {"reported_on": [Optional()]}
    label_columns = {
        **RECORD_LABELS,
        "kind": _l("Event"),
        "happened_on": _l("Happened on"),
        "certificate_no": _l("Number of the marriage certificate"),
        "wife_name": _l("Wife's name"),
        "wife_id_type": _l("Wife's document"),
        "wife_id_no": _l("Wife's ID number"),
        "wife_birth_date": _l("Wife's birth date"),
        "wife_marital": _l("What it is for her"),
        "wife_region": _l("Where the wife lives"),
        "husband_name": _l("Husband's name"),
        "husband_id_type": _l("Husband's document"),
        "husband_id_no": _l("Husband's ID number"),
        "husband_birth_date": _l("Husband's birth date"),
        "husband_marital": _l("What it is for him"),
        "husband_region": _l("Where the husband lives"),
        "reported_on": _l("Reported on"),
        "statistical_month": _l("Statistical month"),
    }
    description_columns = {
        "happened_on": _l("As on the certificate or the judgment; of a death, its day."),
        "certificate_no": _l("Of the marriage or divorce certificate, or of the judgment."),
        "wife_id_no": PERSON_HINT,
        "wife_region": PLACE_HINT,
        "husband_id_no": PERSON_HINT,
        "husband_region": PLACE_HINT,
        "reported_on": _l("Leave it empty for today."),
    }

    def __init__(self, **kwargs: Any) -> None:
        self.add_form_extra_fields, self.edit_form_extra_fields = _marital_boxes(), _marital_boxes()
        super().__init__(**kwargs)

    def find_condition(self, text: str) -> ColumnElement[bool]:
        table, people = MarriageEvent, (MarriageEvent.wife_id, MarriageEvent.husband_id)
        if _is_certificate(text):
            return or_(table.certificate_no == text, search.of_file(text, people, people))
        numbers, written = (table.wife_id_no, table.husband_id_no), (table.wife_name, table.husband_name)
        return search.on_rows(text, numbers=numbers, written=written, found=people, people=people)


class DeathView(NamesPeople):
    """Deaths."""

    route_base = "/deaths"
    datamodel = OfficeInterface(Death)
    rules = death_rules
    list_title, show_title, add_title, edit_title = _l("Deaths"), _l("Death"), _l("New death"), _l("Change death")
    places = ("person_region",)
    people_labels = {"person": _l("Person")}
    find_hint = _l("Certificate number, name or its pinyin initials, whole ID number or its last four, phone")
    list_columns = ["person_name", "person_sex", "person_birth_date", "died_on", "place", "status", "raised", "statistical_month", "region"]
    groups = (
        (
            _l("Person"),
            ["person_id_no", "person_id_type", "person_name", "person_sex", "person_birth_date", "person_region"],
        ),
        (_l("Death"), ["died_on", "place", "certificate_no"]),
        (_l("Report"), ["reported_on", "remark"]),
    )
    add_columns = edit_columns = [column for _name, columns in groups for column in columns]
    add_fieldsets, edit_fieldsets = fieldsets(groups, *ON_ADD), fieldsets(groups, *ON_EDIT)
    show_fieldsets = [
        *fieldsets(groups),
        (_l("State"), {"fields": ["region", "statistical_month", "on_hold", "late", "made_at", "approved_at"]}),
    ]
    show_columns = [column for _name, group in show_fieldsets for column in group["fields"]]
    search_columns = ["status", "region", "died_on", "person_sex", "statistical_month", "reported_on", "late", "on_hold", "change_open"]
    order_columns = ["statistical_month"]
    validators_columns = {"reported_on": [Optional()], "person_sex": [Optional()]}
    label_columns = {
        **RECORD_LABELS,
        "person_name": _l("Name"),
        "person_id_type": _l("ID type"),
        "person_id_no": _l("ID number"),
        "person_sex": _l("Sex"),
        "person_birth_date": _l("Birth date"),
        "person_region": _l("Lived at"),
        "died_on": _l("Date of death"),
        "place": _l("Place of death"),
        "certificate_no": _l("Number of the death certificate"),
        "reported_on": _l("Reported on"),
        "statistical_month": _l("Statistical month"),
    }
    description_columns = {
        "person_id_no": _l("As on the card; it fills in the birth date and the sex. Without one, name and birth date find the file."),
        "person_sex": _l("Filled in from the ID number of a resident identity card."),
        "person_birth_date": _l("Filled in from the ID number of a resident identity card."),
        "person_region": _l("Only for a person who is not on file yet: they are entered with this death."),
        "place": _l("The hospital, at home, or where else."),
        "reported_on": _l("Leave it empty for today."),
    }

    def find_condition(self, text: str) -> ColumnElement[bool]:
        people = (Death.person_id,)
        if _is_certificate(text):
            return or_(Death.certificate_no == text, search.of_file(text, people, people))
        return search.on_rows(text, numbers=(Death.person_id_no,), written=(Death.person_name,), found=people, people=people)


def _is_certificate(text: str) -> bool:
    """Whether a text in the search box is meant as the number of a certificate: it has digits and is no ID number."""
    number = id_number.clean(text)
    return any(sign.isdecimal() for sign in number) and not search.NUMBER.fullmatch(number)
