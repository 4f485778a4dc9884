"""Roles: what setup ships, what an admin makes of it, and the matrix of screens and acts they are shown in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_appbuilder import AppBuilder
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, User, ViewMenu
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import duties
from app.accounts.duties import Right, rights_of, role_named
from app.accounts.models import ShippedGrant
from app.accounts.users import digest, normal
from app.core.errors import Problem, RuleViolation
from app.core.labels import act_label
from app.core.permissions import SHIPPED

ROLE_NAME_LENGTH = 64  # FAB's column
MENU = "menu_access"

ROLE_LABELS: dict[str, Any] = {
    "clerk": _l("Clerk"),
    "supervisor": _l("Supervisor"),
    "approver": _l("Approver (county)"),
    "service_worker": _l("Service worker (village)"),
    "clinician": _l("Clinician (town)"),
    "finance": _l("Finance"),
    "statistician": _l("Statistician"),
    "auditor": _l("Auditor"),
    "admin": _l("Admin"),
}
RIGHT_LABELS: dict[str, Any] = {
    MENU: _l("In the menu"),
    "can_list": _l("List"),
    "can_show": _l("Open"),
    "can_find": _l("Find"),
    "can_options": _l("Use pickers"),
    "can_add": _l("Add"),
    "can_edit": _l("Edit"),
    "can_reveal": _l("Show hidden values"),
    "can_propose": _l("Propose changes of approved records"),
    "can_attach": _l("Attach files"),
    "can_share_view": _l("Share saved views"),
    "can_decide_change": _l("Decide about proposed changes"),
    "can_send": _l("Send to another office"),
    "can_lookup": _l("Look up an ID number"),
    "can_look": _l("Look for duplicates now"),
    "can_rows": _l("Open the rows of a figure"),
    "can_export": _l("Export"),
    "can_submit": _l("Submit a report"),
}


@dataclass(frozen=True)
class Screen:
    """One line of the matrix: a screen, the menu item that opens it, and the acts it knows."""

    name: str
    label: str
    menu: str
    category: str
    acts: tuple[str, ...]

    @property
    def rights(self) -> dict[str, Right]:
        """Act → the right a role needs for it; the menu comes first."""
        found = {act: (act, self.name) for act in self.acts}
        return {MENU: (MENU, self.menu), **found} if self.menu else found


def sync(appbuilder: AppBuilder, session: Session) -> None:
    """Add the missing permissions and the grants never shipped before; remove nothing, undo no admin's edit."""
    known = _permissions(appbuilder, session)
    shipped = {(s.role, s.permission, s.view) for s in session.scalars(select(ShippedGrant))}
    for role in SHIPPED:
        row = role_named(session, role.name)
        for permission, view in role.grants:
            if (role.name, permission, view) not in shipped:
                if known[permission, view] not in row.permissions:
                    row.permissions.append(known[permission, view])
                session.add(ShippedGrant(role=role.name, permission=permission, view=view))


def label(name: str) -> str:
    """A role as its readers call it; an office's own role has the name it was given."""
    return str(ROLE_LABELS.get(name, name))


def every(session: Session) -> list[Role]:
    """All roles: the shipped ones in their order, then those the office made."""
    order = [*ROLE_LABELS]
    found = session.scalars(select(Role).order_by(Role.name)).all()
    return sorted(found, key=lambda role: order.index(role.name) if role.name in order else len(order))


def by_name(session: Session, name: str) -> Role | None:
    """The role with this name."""
    return session.scalars(select(Role).where(Role.name == name)).one_or_none()


def screens(appbuilder: AppBuilder) -> list[Screen]:
    """Every screen that asks for a right, in the order of the menu; those without a menu item come last."""
    items = [(item, category) for category in appbuilder.menu.get_list() for item in category.childs or [category]]
    found = [_screen(i.baseview, str(i.label), i.name, c.name if c.childs else "") for i, c in items if i.baseview is not None]
    listed = {screen.name for screen in found}
    others = [view for view in appbuilder.baseviews if view.base_permissions and view.class_permission_name not in listed]
    return found + [_screen(view, view.class_permission_name, "", "") for view in others]


def acts_of(shown: Iterable[Screen]) -> list[str]:
    """The columns of the matrix: the menu and the common acts first."""
    return _in_order({act for screen in shown for act in screen.rights})


def menu_of(shown: Sequence[Screen], rights: Iterable[Right]) -> list[tuple[Screen, list[str]]]:
    """What somebody with these rights finds: each screen they may do anything on, with the acts."""
    held = frozenset(rights)
    found = [(screen, [act for act, right in screen.rights.items() if right in held]) for screen in shown]
    return [(screen, acts) for screen, acts in found if acts]


def whole(shown: Sequence[Screen], ticked: Iterable[Right]) -> frozenset[Right]:
    """The rights that were ticked, as far as they exist, and the headings of the menu items among them."""
    wanted = frozenset(ticked)
    held = {right for screen in shown for right in screen.rights.values() if right in wanted}
    return frozenset(held | {(MENU, s.category) for s in shown if s.category and (MENU, s.menu) in held})


def right_label(act: str) -> str:
    """An act as a column of the matrix is headed."""
    return str(RIGHT_LABELS[act]) if act in RIGHT_LABELS else act_label(act)


def written(shown: Sequence[Screen]) -> dict[str, str]:
    """A right as the history stores it (`can add on BirthView`) → as the matrix calls it (`Births: Add`)."""
    found = {right: f"{s.label}: {right_label(act)}" for s in shown for act, right in s.rights.items()}
    return {f"{permission.replace('_', ' ')} on {screen}": text for (permission, screen), text in found.items()}


def make(session: Session, name: str, like: Role | None) -> Role:
    """A new role, empty or with the rights of another one. Two names that differ in capitals or width are one."""
    cleaned = name.strip()
    good = 2 <= len(cleaned) <= ROLE_NAME_LENGTH and all(sign.isalnum() or sign in "_ -" for sign in cleaned)
    if not good:
        raise RuleViolation.one(_("A role's name has 2 to 64 letters, digits, spaces, hyphens."), "name")
    duties.take_turns(session)
    if normal(cleaned) in map(normal, session.scalars(select(Role.name))):
        raise RuleViolation.one(_("There is a role with this name already."), "name")
    role = Role(name=cleaned, permissions=list(like.permissions) if like else [])
    session.add(role)
    return role


def change(session: Session, actor: User, role: Role, rights: frozenset[Right]) -> None:
    """Give a role exactly these rights. In force from the next click of its holders on. Raises RuleViolation."""
    duties.take_turns(session)
    session.refresh(role)
    if problems := problems_of_change(session, actor, role, rights):
        raise RuleViolation(problems)
    rows = {(p.permission.name, p.view_menu.name): p for p in session.scalars(select(PermissionView))}
    before = rights_of(role)
    for right in before - rights:
        role.permissions.remove(rows[right])
    for right in rights - before:
        role.permissions.append(rows[right])
    session.flush()
    duties.keep_an_admin(session)


def problems_of_change(session: Session, actor: User, role: Role, rights: frozenset[Right]) -> list[Problem]:
    """What speaks against a role with these rights: the role itself, its holders' other roles, and who asks."""
    if any(holder.id == actor.id for holder in role.user):
        return [Problem("", _("You have this role yourself. Nobody changes their own rights; ask another admin."))]
    found = duties.problems(rights, [role.name])
    for holder in [] if found else role.user:
        others = [r for r in holder.roles if r.id != role.id]
        held = rights.union(*map(rights_of, others))
        for problem in duties.problems(held, [role.name, *(r.name for r in others)]):
            found.append(Problem("", _("%(user)s has other roles, too: %(problem)s", user=holder.username, problem=problem.message)))
    return found


def seal(role: Role) -> str:
    """A digest of the rights a form shows: who saves it must have seen them as they are."""
    return digest(sorted(rights_of(role)))


def kept_aside(shown: Sequence[Screen], role: Role) -> frozenset[Right]:
    """Rights on screens this version does not have; saving the matrix leaves them alone."""
    known = {right for screen in shown for right in screen.rights.values()} | {(MENU, s.category) for s in shown}
    return rights_of(role) - known


def _screen(view: Any, label: str, menu: str, category: str) -> Screen:
    return Screen(view.class_permission_name, label, menu, category, tuple(_in_order(view.base_permissions or ())))


def _in_order(acts: Iterable[str]) -> list[str]:
    named = [*RIGHT_LABELS]
    return sorted(acts, key=lambda act: (named.index(act), "") if act in named else (len(named), act))


def _permissions(appbuilder: AppBuilder, session: Session) -> Mapping[Right, PermissionView]:
    """Every (permission, screen) pair the registered screens and menus have, each with its row."""
    pairs = {(p, view.class_permission_name) for view in appbuilder.baseviews for p in view.base_permissions or ()}
    pairs |= {(MENU, item.name) for entry in appbuilder.menu.get_list() for item in (entry, *entry.childs)}
    permissions = {p.name: p for p in session.scalars(select(Permission))}
    menus = {m.name: m for m in session.scalars(select(ViewMenu))}
    known = {(v.permission.name, v.view_menu.name): v for v in session.scalars(select(PermissionView))}
    for permission, view in sorted(pairs - set(known)):
        permissions.setdefault(permission, Permission(name=permission))
        menus.setdefault(view, ViewMenu(name=view))
        known[permission, view] = PermissionView(permission=permissions[permission], view_menu=menus[view])
        session.add(known[permission, view])
    session.flush()
    return known
