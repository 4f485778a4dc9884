"""The screen of talks."""

from app.core.boxes import ON_ADD, ON_EDIT, fieldsets
from app.core.interface import OfficeInterface
from app.core.labels import RECORD_LABELS
from app.core.screen import LedgerView
from tests.talks import rules
from tests.talks.models import Talk


class TalkView(LedgerView):
    """Talks."""

    route_base = "/talks"
    datamodel = OfficeInterface(Talk)
    rules = rules
    list_title, show_title, add_title, edit_title = "Talks", "Talk", "New talk", "Change talk"
    places = ("region",)
    list_columns = ["topic", "held_on", "channel", "listeners", "status", "region"]
    groups = (("Talk", ["topic", "held_on", "channel"]), ("Who came", ["listeners", "leaflets", "region"]))
    add_columns = [column for _name, columns in groups for column in columns]
    edit_columns = [column for column in add_columns if column != "region"]
    add_fieldsets, edit_fieldsets = fieldsets(groups, *ON_ADD), fieldsets(groups, *ON_EDIT, without="region")
    show_fieldsets = [*fieldsets(groups), ("State", {"fields": ["made_at", "approved_at"]})]
    show_columns = [column for _name, group in show_fieldsets for column in group["fields"]]
    search_columns = ["status", "region", "held_on", "channel", "topic", "leaflets"]
    order_columns = ["held_on"]
    label_columns = {
        **RECORD_LABELS, "topic": "Topic", "held_on": "Held on", "channel": "Where", "listeners": "Listeners", "leaflets": "Leaflets",
    }  # fmt: skip
