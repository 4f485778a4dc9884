"""MAP OF SCREENS: the menu from top to bottom."""

from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core import menu
from app.core.attachment_view import AttachmentView
from app.health import HealthView
from app.ledgers.births.views import BirthRegistrationView, BirthView
from app.ledgers.families.views import DeathView, MarriageEventView
from app.ledgers.households.views import HouseholdEventView, HouseholdView
from app.ledgers.maternity.views import NewlywedServiceView, PregnancyServiceView
from app.ledgers.moves.transfer_views import TransferView
from app.ledgers.moves.views import MoveView
from app.ledgers.people.duplicate_views import DuplicatePairView
from app.ledgers.people.views import IdentityRequestView, PersonView
from app.reports.views import ReportView
from app.workbench import palette
from app.workbench.draft_views import DraftView
from app.workbench.help import HelpView
from app.workbench.queue import QueueView
from app.workbench.search import SearchView

GROUPS = {  # headings of the menu, from top to bottom; whatever stands under none of them belongs to the last
    "work": _l("Daily work"),
    "people": _l("People and households"),
    "births": _l("Registrations and births"),
    "events": _l("Marriages, deaths, moves"),
    "services": _l("Voluntary services"),
    "statistics": _l("Statistics"),
    "administration": _l("Administration"),
}
ALONE = ("work", "statistics")  # headings whose screens stand beside the ledgers in the menu of rights
SCREENS = (
    # heading, screen, stable menu name, label, icon
    ("work", QueueView, "Approvals", _l("Approvals"), "fa-square-check"),
    ("people", PersonView, "People", _l("People"), "fa-users"),
    ("people", HouseholdView, "Households", _l("Households"), "fa-home"),
    ("people", HouseholdEventView, "Household changes", _l("Household changes"), "fa-right-left"),
    ("people", IdentityRequestView, "ID requests", _l("ID requests"), "fa-question-circle"),
    ("people", DuplicatePairView, "Duplicates", _l("Duplicates"), "fa-code-compare"),
    ("births", BirthRegistrationView, "Birth registrations", _l("Birth registrations"), "fa-file-lines"),
    ("births", BirthView, "Births", _l("Births"), "fa-child"),
    ("events", MarriageEventView, "Marriages", _l("Marriages"), "fa-heart"),
    ("events", DeathView, "Deaths", _l("Deaths"), "fa-leaf"),
    ("events", MoveView, "Moves", _l("Moves"), "fa-truck"),
    ("events", TransferView, "Transfers", _l("Transfers"), "fa-random"),
    ("services", NewlywedServiceView, "Newlywed services", _l("Newlywed services"), "fa-handshake"),
    ("services", PregnancyServiceView, "Pregnancy services", _l("Pregnancy services"), "fa-heartbeat"),
    ("statistics", ReportView, "Reports", _l("Reports"), "fa-chart-column"),
)


def register(app: Flask, appbuilder: Any) -> None:
    """Add every screen; the account screens are added by the security manager and stand under the last heading."""
    for heading, view, name, label, icon in SCREENS:
        inside = {} if heading in ALONE else {"category": "Ledgers", "category_label": _l("Ledgers"), "category_icon": "fa-book"}
        appbuilder.add_view(view, name, label=label, icon=icon, **inside)
    for without_menu in (SearchView, HelpView, AttachmentView, DraftView, HealthView):
        appbuilder.add_view_no_menu(without_menu)
    palette.register(app, appbuilder)
    menu.arrange(app, appbuilder, GROUPS, {name: heading for heading, _view, name, _label, _icon in SCREENS})
