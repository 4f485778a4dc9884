"""The screen of the moves."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from wtforms.validators import Optional

from app.core.boxes import ON_ADD, ON_EDIT, fieldsets
from app.core.interface import OfficeInterface
from app.core.labels import RECORD_LABELS
from app.ledgers.moves import one_file, rules
from app.ledgers.moves.models import MoveEvent
from app.ledgers.people import merging, search
from app.ledgers.people.views import NamesPeople

merging.ALSO["moves"] = one_file.ALSO


class MoveView(NamesPeople):
    """Moves into this register, out of it, away from where somebody is registered, and back."""

    route_base = "/moves"
    datamodel = OfficeInterface(MoveEvent)
    rules = rules
    list_title, show_title, add_title, edit_title = _l("Moves"), _l("Move"), _l("New move"), _l("Change move")
    places = ("person_region",)
    people_labels = {"person": _l("Person")}
    find_hint = _l("Name or its pinyin initials, whole ID number or its last four, phone")
    list_columns = ["person_name", "kind", "what", "happened_on", "other_place", "status", "raised", "statistical_month", "region"]
    groups = (
        (_l("Move"), ["kind", "what", "happened_on", "other_place"]),
        (
            _l("Person"),
            ["person_id_no", "person_id_type", "person_name", "person_sex", "person_birth_date", "person_region"],
        ),
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
        "status", "region", "kind", "happened_on", "what", "person_sex", "statistical_month", "reported_on", "late", "on_hold",
        "change_open",
    ]  # fmt: skip
    order_columns = ["statistical_month"]
    validators_columns = {"reported_on": [Optional()], "person_sex": [Optional()], "what": [Optional()]}
    label_columns = {
        **RECORD_LABELS,
        "kind": _l("Move"),
        "what": _l("What moved"),
        "happened_on": _l("Moved on"),
        "other_place": _l("Where from or where to"),
        "person_name": _l("Name"),
        "person_id_type": _l("ID type"),
        "person_id_no": _l("ID number"),
        "person_sex": _l("Sex"),
        "person_birth_date": _l("Birth date"),
        "person_region": _l("Place in your offices"),
        "reported_on": _l("Reported on"),
        "statistical_month": _l("Statistical month"),
    }
    description_columns = {
        "kind": _l("Between two offices of this register nobody moves in or out: send the file from the person's page."),
        "what": _l("Who lives elsewhere stays registered here: there it is always the residence."),
        "other_place": _l("The place outside this register: where they came from, went to, or live now."),
        "person_id_no": _l("As on the card; it fills in the birth date and the sex. Without one, name and birth date find the file."),
        "person_sex": _l("Filled in from the ID number of a resident identity card."),
        "person_birth_date": _l("Filled in from the ID number of a resident identity card."),
        "person_region": _l("Where they come to; for a person who is not on file yet, where they live or lived."),
        "reported_on": _l("Leave it empty for today."),
    }

    def find_condition(self, text: str) -> ColumnElement[bool]:
        people = (MoveEvent.person_id,)
        return search.on_rows(text, numbers=(MoveEvent.person_id_no,), written=(MoveEvent.person_name,), found=people, people=people)
