"""MAP OF SCREENS: the menu from top to bottom."""

from typing import Any

from flask_babel import lazy_gettext as _l

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
from app.workbench.draft_views import DraftView

LEDGERS = (
    # screen, stable menu name, label, icon
    (PersonView, "People", _l("People"), "fa-users"),
    (IdentityRequestView, "ID requests", _l("ID requests"), "fa-question-circle"),
    (DuplicatePairView, "Duplicates", _l("Duplicates"), "fa-clone"),
    (BirthRegistrationView, "Birth registrations", _l("Birth registrations"), "fa-file-text-o"),
    (BirthView, "Births", _l("Births"), "fa-child"),
    (MarriageEventView, "Marriages", _l("Marriages"), "fa-heart"),
    (DeathView, "Deaths", _l("Deaths"), "fa-leaf"),
    (NewlywedServiceView, "Newlywed services", _l("Newlywed services"), "fa-handshake-o"),
    (PregnancyServiceView, "Pregnancy services", _l("Pregnancy services"), "fa-heartbeat"),
    (HouseholdView, "Households", _l("Households"), "fa-home"),
    (HouseholdEventView, "Household changes", _l("Household changes"), "fa-exchange"),
    (MoveView, "Moves", _l("Moves"), "fa-truck"),
    (TransferView, "Transfers", _l("Transfers"), "fa-exchange"),
)


def register(appbuilder: Any) -> None:
    """Add every screen; the account screens are added by the security manager."""
    for view, name, label, icon in LEDGERS:
        appbuilder.add_view(view, name, label=label, icon=icon, category="Ledgers", category_label=_l("Ledgers"), category_icon="fa-book")
    appbuilder.add_view(ReportView, "Reports", label=_l("Reports"), icon="fa-bar-chart")
    appbuilder.add_view_no_menu(AttachmentView)
    appbuilder.add_view_no_menu(DraftView)
    appbuilder.add_view_no_menu(HealthView)
