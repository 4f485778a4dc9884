"""Which duties may lie in one pair of hands, and that somebody is left to manage the accounts."""

from collections.abc import Iterable, Sequence

from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, User, ViewMenu
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Problem, RuleViolation
from app.core.permissions import ACCOUNT_SCREENS, ADMIN_MAY, MANAGE, PAYMENT_ACTS, PAYMENT_ROLES

Right = tuple[str, str]  # permission and screen or menu, as FAB names them


def role_named(session: Session, name: str) -> Role:
    """The role with this name, made where it does not exist yet."""
    found = session.scalars(select(Role).where(Role.name == name)).one_or_none()
    if found is None:
        found = Role(name=name)
        session.add(found)
    return found


def rights_of(role: Role) -> frozenset[Right]:
    """Everything a role grants."""
    return frozenset((p.permission.name, p.view_menu.name) for p in role.permissions)


def manages_accounts(rights: Iterable[Right]) -> bool:
    """Whether these rights make an admin."""
    return any(permission in MANAGE and screen in ACCOUNT_SCREENS for permission, screen in rights)


def problems(rights: Iterable[Right], role_names: Iterable[str] = ()) -> list[Problem]:
    """What must not come together: accounts with anything else, and two steps of one payment."""
    held, found = frozenset(rights), []
    if manages_accounts(held) and any(screen not in ADMIN_MAY for _permission, screen in held):
        found.append(Problem("roles", _("Who manages accounts may not work in the ledgers: give these rights to two people.")))
    steps = {permission for permission, _screen in held if permission in PAYMENT_ACTS}
    if len(steps) > 1 or len(PAYMENT_ROLES.intersection(role_names)) > 1:
        found.append(Problem("roles", _("Deciding a payment and making it are the work of two people.")))
    return found


def problems_of_user(session: Session, roles: Sequence[Role]) -> list[Problem]:
    """What speaks against one person having all these roles."""
    return problems(frozenset().union(*map(rights_of, roles)), [role.name for role in roles])


def take_turns(session: Session) -> None:
    """Two admins act one after the other: each rule below is about all accounts together. SQLite does so by itself."""
    session.execute(select(Role.id).order_by(Role.id).with_for_update())


def keep_an_admin(session: Session) -> None:
    """Raises RuleViolation when nobody would be left who may manage accounts."""
    left = (
        select(User.id)
        .join(User.roles)
        .join(Role.permissions)
        .join(Permission, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
        .where(User.active, Permission.name == "can_edit", ViewMenu.name == "UserView")
    )
    if session.scalar(left.limit(1)) is None:
        raise RuleViolation.one(_("This is the last admin: give somebody else the role first."))
