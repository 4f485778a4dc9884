"""The screens of the births ledger."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session
from wtforms.validators import Optional

from app.core import id_number
from app.core.boxes import ON_ADD, ON_EDIT, fieldsets
from app.core.interface import OfficeInterface
from app.core.labels import RECORD_LABELS
from app.core.workflow import FLAGS
from app.ledgers.births import checks, elsewhere, one_file, registration_rules, rules
from app.ledgers.births.models import Birth, BirthRegistration
from app.ledgers.people import merging, search
from app.ledgers.people.views import PERSON_HINT, NamesPeople

merging.ALSO["births"] = one_file.ALSO
SHARED_LABELS = {**RECORD_LABELS, "child_order": _l("Child number of the mother")}


class BirthRegistrationView(NamesPeople):
    """Birth registrations."""

    route_base = "/registrations"
    datamodel = OfficeInterface(BirthRegistration)
    rules = registration_rules
    list_title, show_title = _l("Birth registrations"), _l("Birth registration")
    add_title, edit_title = _l("New birth registration"), _l("Change birth registration")
    places = ("region",)
    people_labels = {"woman": _l("Mother"), "partner": _l("Father")}
    find_hint = _l("Registration number, name or its pinyin initials, whole ID number or its last four, phone")
    list_columns = [
        "reg_no", "woman_name", "partner_name", "registration_type", "child_order", "registered_on", "status", "raised", "region",
    ]  # fmt: skip
    groups = (
        (_l("Registration"), ["registration_type", "registered_on", "child_order", "due_on", "channel", "pledge"]),
        (_l("Mother"), ["woman_id_no", "woman_id_type", "woman_name", "woman_birth_date"]),
        (_l("Father"), ["partner_id_no", "partner_id_type", "partner_name", "partner_birth_date"]),
        (_l("Office"), ["region", "remark"]),
    )
    add_columns = [column for _name, columns in groups for column in columns]
    edit_columns = [column for column in add_columns if column != "region"]
    add_fieldsets, edit_fieldsets = fieldsets(groups, *ON_ADD), fieldsets(groups, *ON_EDIT, without="region")
    show_fieldsets = [
        (_l("Registration"), {"fields": ["reg_no", "region", *groups[0][1]]}),
        *fieldsets(groups[1:3]),
        (_l("State"), {"fields": ["remark", "on_hold", "made_at", "approved_at"]}),
    ]
    show_columns = [column for _name, group in show_fieldsets for column in group["fields"]]
    search_columns = [
        "status",
        "region",
        "registered_on",
        "reg_no",
        "registration_type",
        "child_order",
        "channel",
        "due_on",
        "on_hold",
        "change_open",
    ]
    order_columns = ["reg_no"]
    validators_columns = {"registered_on": [Optional()]}
    label_columns = {
        **SHARED_LABELS,
        "reg_no": _l("Registration number"),
        "registration_type": _l("Type"),
        "registered_on": _l("Registered on"),
        "woman_name": _l("Mother's name"),
        "woman_id_type": _l("Mother's document"),
        "woman_id_no": _l("Mother's ID number"),
        "woman_birth_date": _l("Mother's birth date"),
        "partner_name": _l("Father's name"),
        "partner_id_type": _l("Father's document"),
        "partner_id_no": _l("Father's ID number"),
        "partner_birth_date": _l("Father's birth date"),
        "due_on": _l("Due date"),
        "channel": _l("Channel"),
        "pledge": _l("Signed statement instead of papers"),
    }
    description_columns = {
        "registration_type": _l("Before the birth, or at any time after it."),
        "registered_on": _l("Leave it empty for today."),
        "woman_id_no": PERSON_HINT,
        "partner_name": _l("Leave it empty if no father is named."),
        "partner_id_no": PERSON_HINT,
        "child_order": _l("Every child is registered, whatever its number."),
        "due_on": _l("Only during pregnancy, if known."),
        "region": _l("Leave it empty to take the place where she, or he, is on file."),
    }

    def find_condition(self, text: str) -> ColumnElement[bool] | None:
        number = id_number.clean(text)
        if number.isdigit() and len(number) == 20:
            return BirthRegistration.reg_no == number
        table = BirthRegistration
        numbers, written = (table.woman_id_no, table.partner_id_no), (table.woman_name,)
        return search.on_rows(text, numbers=numbers, written=written, found=(table.woman_id,), people=(table.woman_id, table.partner_id))


class BirthView(NamesPeople):
    """Births."""

    route_base = "/births"
    datamodel = OfficeInterface(Birth)
    rules = rules
    list_title, show_title, add_title, edit_title = _l("Births"), _l("Birth"), _l("New birth"), _l("Change birth")
    places = ("mother_region", "father_region")
    people_labels = {"mother": _l("Mother"), "father": _l("Father"), "child": _l("Child")}
    find_hint = _l("Certificate number, name or its pinyin initials, whole ID number or its last four, phone")
    list_columns = [
        "mother_name", "born_on", "sex", "child_order", "child_name", "birth_cert_no", "status", "raised", "statistical_month", "region",
    ]  # fmt: skip
    groups = (
        (_l("Mother"), ["mother_id_no", "mother_id_type", "mother_name", "mother_birth_date", "mother_region"]),
        (_l("Child"), ["child_name", "sex", "born_on", "born_at", "child_order", "plurality", "plural_seq", "live_count", "child_id_no"]),
        (_l("Delivery and certificate"), ["birth_cert_no", "weight_g", "gest_weeks", "delivery_mode", "birth_place", "facility"]),
        (_l("Father"), ["father_id_no", "father_id_type", "father_name", "father_birth_date", "father_region"]),
        (_l("Report"), ["child_died_on", "hukou_on", "registration_shown", "reported_on", "remark"]),
    )
    add_columns = edit_columns = [column for _name, columns in groups for column in columns]
    add_fieldsets, edit_fieldsets = fieldsets(groups, *ON_ADD), fieldsets(groups, *ON_EDIT)
    show_fieldsets = [
        *fieldsets(groups),
        (_l("State"), {"fields": ["region", "is_alive", "is_registered", "statistical_month", *FLAGS, "made_at", "approved_at"]}),
    ]
    show_columns = [column for _name, group in show_fieldsets for column in group["fields"]]
    search_columns = [
        "status", "region", "born_on", "sex", "child_order", "plurality", "statistical_month", "reported_on", "delivery_mode",
        "birth_place", "late", "possible_duplicate", "incomplete", "on_hold", "change_open",
    ]  # fmt: skip
    order_columns = ["statistical_month"]
    validators_columns = {"reported_on": [Optional()]}
    label_columns = {
        **SHARED_LABELS,
        "mother_name": _l("Mother's name"),
        "mother_id_type": _l("Mother's document"),
        "mother_id_no": _l("Mother's ID number"),
        "mother_birth_date": _l("Mother's birth date"),
        "mother_region": _l("Where the mother lives"),
        "father_name": _l("Father's name"),
        "father_id_type": _l("Father's document"),
        "father_id_no": _l("Father's ID number"),
        "father_birth_date": _l("Father's birth date"),
        "father_region": _l("Where the father lives"),
        "child_name": _l("Child's name"),
        "child_id_no": _l("Child's ID number"),
        "sex": _l("Sex"),
        "born_on": _l("Born on"),
        "born_at": _l("Time of birth"),
        "plurality": _l("Children of this delivery"),
        "plural_seq": _l("Place among them"),
        "live_count": _l("Born alive among them"),
        "weight_g": _l("Weight in grams"),
        "gest_weeks": _l("Weeks of pregnancy"),
        "delivery_mode": _l("Mode of delivery"),
        "birth_place": _l("Place of birth"),
        "facility": _l("Hospital"),
        "birth_cert_no": _l("Certificate number"),
        "is_alive": _l("Alive"),
        "is_registered": _l("Birth registration on file"),
        "registration_shown": _l("Birth registration shown"),
        "child_died_on": _l("Died on"),
        "hukou_on": _l("Household registration on"),
        "reported_on": _l("Reported on"),
        "statistical_month": _l("Statistical month"),
    }
    description_columns = {
        "mother_id_no": PERSON_HINT,
        "mother_region": _l("Only for a mother who is not on file yet: she is entered with this birth."),
        "father_name": _l("Leave it empty if no father is named."),
        "father_id_no": PERSON_HINT,
        "father_region": _l("Only if he lives in your offices and should be entered too."),
        "child_name": _l("May follow later."),
        "born_on": _l("As on the medical birth certificate."),
        "born_at": _l("Hour and minute, like 07:35."),
        "child_order": _l("Counting all children she has borne; each twin has its own number."),
        "plurality": _l("1, or 2 for twins, 3 for triplets."),
        "plural_seq": _l("1 for the first born of them."),
        "live_count": _l("Leave it empty if all were born alive. Only those are entered."),
        "birth_cert_no": _l("A capital letter and nine digits. May follow later."),
        "child_died_on": _l("Leave it empty for a living child. A child who lived for a moment is a birth and a death."),
        "registration_shown": _l("Tick it if a registration on paper or of an office elsewhere was shown."),
        "reported_on": _l("Leave it empty for today."),
    }

    def _anonymise(self, session: Session, form: Any, item: Any) -> None:
        super()._anonymise(session, form, item)
        if number := id_number.clean(form.birth_cert_no.data or ""):
            form.birth_cert_no.data = elsewhere.certificate_of_nobody(session, number)

    def find_condition(self, text: str) -> ColumnElement[bool] | None:
        number = id_number.clean(text)
        if checks.CERTIFICATE.fullmatch(number):
            return Birth.birth_cert_no == number
        numbers, written = (Birth.mother_id_no, Birth.father_id_no, Birth.child_id_no), (Birth.mother_name, Birth.child_name)
        people = (Birth.mother_id, Birth.father_id, Birth.child_id)
        return search.on_rows(text, numbers=numbers, written=written, found=(Birth.mother_id,), people=people)

    def integrity_message(self, told_by_database: str) -> str:
        if "birth_cert_no" in told_by_database:
            return str(checks.certificate_problem().message)
        return super().integrity_message(told_by_database)
