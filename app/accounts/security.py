"""Who may do what: roles are rows, nobody is above them, and one query per request answers every question."""

from typing import Any

from flask import g
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import Permission, PermissionView, User, ViewMenu, assoc_permissionview_role, assoc_user_role
from flask_login import current_user
from sqlalchemy import select

from app.accounts import sessions, views


class AppSecurityManager(SecurityManager):
    """FAB's security manager without its screens, its start-up writes and its all-powerful role."""

    userstatschartview = None

    def create_db(self) -> None:
        """Start-up creates nothing: tables come from Alembic, roles and permissions from setup."""

    def register_views(self) -> None:
        """Only our own account screens; no security API, no permission, menu or group screens."""
        views.register(self)

    def permissions(self) -> frozenset[tuple[str, str]]:
        """(permission, view) pairs of the signed-in user; a stranger has none, there is no public role."""
        if not current_user.is_authenticated or not current_user.is_active:
            return frozenset()
        if "permissions" not in g:
            g.permissions = self.permissions_of(current_user.id)
        return g.permissions  # type: ignore[no-any-return]

    def permissions_of(self, user_id: int) -> frozenset[tuple[str, str]]:
        """Everything the roles of one user grant."""
        query = (
            select(Permission.name, ViewMenu.name)
            .join(PermissionView, PermissionView.permission_id == Permission.id)
            .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
            .join(assoc_permissionview_role, assoc_permissionview_role.c.permission_view_id == PermissionView.id)
            .join(assoc_user_role, assoc_user_role.c.role_id == assoc_permissionview_role.c.role_id)
            .where(assoc_user_role.c.user_id == user_id)
        )
        return frozenset((permission, view) for permission, view in self.session.execute(query))

    def has_access(self, permission_name: str, view_name: str) -> bool:
        return (permission_name, view_name) in self.permissions()

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        return {view for permission, view in self.permissions() if permission == "menu_access"}

    def load_user(self, pk: Any) -> User | None:
        """The user of a live session row; a session that was ended, idle or too old is nobody's."""
        return sessions.user_of_this_request(int(pk))
