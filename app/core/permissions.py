"""The shipped roles as data. Setup gives each right once; what an admin took away stays away."""

from dataclasses import dataclass

READ = ("can_list", "can_show", "can_find", "can_options")
WRITE = (*READ, "can_add", "can_edit", "can_reveal")
MAKE = ("submit", "withdraw", "discard", "can_propose")
REQUESTS = (("can_lookup", "PersonView"), *((act, "IdentityRequestView") for act in ("can_list", "can_show", "answer")))
SEE_TRANSFERS = (("can_list", "TransferView"), ("can_show", "TransferView"))
ANSWERS = ("accept_transfer", "refuse_transfer", "recall_transfer")
TRANSFERS = (*SEE_TRANSFERS, *((act, "TransferView") for act in ("can_send", "can_options", *ANSWERS)))
SHARE = "can_share_view"  # offer a saved view to one's whole office
DECIDE = ("approve", "return", "void", "hold", "release", "can_decide_change")
PAIRS = (("can_list", "DuplicatePairView"), ("can_show", "DuplicatePairView"))  # files that may be one person's
QUEUES = (("can_list", "QueueView"), ("menu_access", "Approvals"))  # what waits in all ledgers this person decides in
RECORD_SCREENS = (
    "BirthView",
    "BirthRegistrationView",
    "MarriageEventView",
    "DeathView",
    "HouseholdEventView",
    "MoveView",
)  # screens with the standard workflow

SERVICE_SCREENS = ("NewlywedServiceView", "PregnancyServiceView")  # for the serving village and the town's clinician alone


@dataclass(frozen=True)
class ShippedRole:
    """One role as we ship it: a stable key, and what it may do on which screen."""

    name: str
    grants: tuple[tuple[str, str], ...]


def _on(views: tuple[str, ...], permissions: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((permission, view) for view in views for permission in permissions)


def _menus(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple(("menu_access", name) for name in names)


PAYMENT_ROLES = frozenset({"approver", "finance"})  # who decides a payment and who makes it
PAYMENT_ACTS = frozenset({"approve_payment", "pay"})  # the same two steps as rights, for roles an office makes itself
MANAGE = frozenset({"can_add", "can_edit"})
ACCOUNT_SCREENS = frozenset({"UserView", "RoleView"})
ADMIN_MENUS = ("Accounts", "Users", "Roles", "Account history")
ADMIN_MAY = ACCOUNT_SCREENS | {"AccountHistoryView", *ADMIN_MENUS}  # all an admin may hold: accounts, and nothing of the ledgers
LEDGER_MENUS = _menus(
    "Ledgers",
    "People",
    "ID requests",
    "Births",
    "Birth registrations",
    "Marriages",
    "Deaths",
    "Households",
    "Household changes",
    "Moves",
    "Transfers",
    "Duplicates",
)

SERVICE_MENUS = _menus("Ledgers", "Newlywed services", "Pregnancy services")


def _reports(*permissions: str) -> tuple[tuple[str, str], ...]:
    """Reports: the figures, the rows behind them (`can_rows`), files, submitting."""
    return (*_on(("ReportView",), ("can_list", "can_show", *permissions)), *_menus("Reports"))


SHIPPED = (
    ShippedRole(
        "clerk",
        (
            *_on(("PersonView",), (*WRITE, "can_propose", "can_attach")),
            *_on(("HouseholdView",), READ),
            *REQUESTS,
            *PAIRS,
            *_on(("DuplicatePairView",), ("can_look", "can_propose", "different")),
            *_on(RECORD_SCREENS, (*WRITE, *MAKE, "can_attach")),
            *TRANSFERS,
            *LEDGER_MENUS,
            *_reports("can_rows", "can_export"),
        ),
    ),
    ShippedRole(
        "supervisor",
        (
            *_on(("PersonView", *RECORD_SCREENS), (*READ, "can_reveal", SHARE)),
            *_on(("HouseholdView",), (*READ, SHARE)),
            *REQUESTS,
            *_on(RECORD_SCREENS, DECIDE),
            *SEE_TRANSFERS,
            ("can_decide_change", "PersonView"),
            *PAIRS,
            ("can_decide_change", "DuplicatePairView"),
            ("not_duplicate", "BirthView"),
            *QUEUES,
            *LEDGER_MENUS,
            *_reports("can_rows", "can_export", "can_submit"),
        ),
    ),
    ShippedRole(
        "approver",
        (
            *_on(("PersonView", "HouseholdView", *RECORD_SCREENS), (*READ, SHARE)),
            *REQUESTS,
            *_on(RECORD_SCREENS, DECIDE),
            *SEE_TRANSFERS,
            ("can_decide_change", "PersonView"),
            *PAIRS,
            ("can_decide_change", "DuplicatePairView"),
            ("not_duplicate", "BirthView"),
            *QUEUES,
            *LEDGER_MENUS,
            *_reports("can_rows", "can_export", "can_submit"),
        ),
    ),
    ShippedRole("service_worker", (*_on(SERVICE_SCREENS, (*WRITE, *MAKE, "withdraw_consent")), *SERVICE_MENUS)),
    ShippedRole("clinician", (*_on(SERVICE_SCREENS, (*READ, "can_reveal", SHARE, *DECIDE, "withdraw_consent")), *SERVICE_MENUS)),
    ShippedRole("finance", ()),
    ShippedRole("statistician", _reports("can_export")),
    ShippedRole("auditor", (("can_list", "HistoryView"), *_menus("Accounts", "History"))),
    ShippedRole(
        "admin",
        (
            *_on(("UserView", "RoleView"), ("can_list", "can_show", "can_add", "can_edit")),
            ("can_list", "AccountHistoryView"),
            *_menus(*ADMIN_MENUS),
        ),
    ),
)
