"""Commands under one account: its offices hold, its rights hold, and the history says whose work it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _

from app import setup
from app.accounts import users
from app.accounts.duties import Right, rights_of
from app.accounts.visitor import paths_of
from app.answers import told
from app.core.audit import acting
from app.core.errors import RuleViolation
from app.core.scope import Scope, looking_as
from app.extensions import db


@contextmanager
def acting_user(username: str, right: Right) -> Iterator[User]:
    """Work as this account. What stands against it is said in a sentence, with exit status 1."""
    with told():
        setup.must_be_ready()
        user = _in_use(username, right)
        with looking_as(Scope.of(paths_of(user.id))), acting(user.username):
            yield user


def _in_use(username: str, right: Right) -> User:
    user = users.by_name(db.session(), username)
    if user is None or not user.active:
        raise RuleViolation.one(_("There is no account %(name)s in use.", name=username))
    if right not in frozenset().union(*map(rights_of, user.roles)):
        raise RuleViolation.one(_("The roles of %(name)s do not include this.", name=username))
    return user
