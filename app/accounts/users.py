"""What may happen to an account: made, given roles and offices, disabled, unlocked, told to change its password.

Every act runs inside a unit of work, takes the one who acts, and raises RuleViolation with all that speaks against it.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from flask import current_app
from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts import duties, passwords, sessions, throttle
from app.accounts.models import AccountState, UserRegion
from app.core import audit, clock
from app.core.errors import Problem, RuleViolation
from app.core.regions import Region

FIRST_ADMIN = "admin"
USERNAME = re.compile(r"\w[\w.-]{1,62}\w")  # letters of any script, digits, underscore; dots and hyphens inside
NAME_LENGTH = 64  # FAB's column


def normal(username: str) -> str:
    """One spelling of an account's name: capital letters and full-width signs make no difference."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def by_name(session: Session, username: str) -> User | None:
    """The account with this name."""
    return session.scalars(select(User).where(User.username == normal(username))).one_or_none()


def add(
    session: Session,
    security: Any,
    username: str,
    *,
    roles: Iterable[str],
    regions: Iterable[Region],
    password: str,
    must_change: bool = True,
    full_name: str = "",
) -> User:
    """Make an account. Its words are taken as they are: `check_new` looks at them."""
    name, stored = normal(username), passwords.hashed(password)
    rows = [duties.role_named(session, role) for role in roles]
    user = User(
        username=name, first_name=full_name or name, last_name="", email=f"{name}@localhost", active=True, password=stored, roles=rows
    )
    session.add(user)
    session.flush()
    session.add(AccountState(id=user.id, must_change_password=must_change, password_changed_at=clock.now()))
    passwords.remember(session, user.id, stored)
    set_regions(session, user, list(regions))
    return user


def add_by_command(session: Session, username: str, *, roles: Iterable[str], regions: Iterable[Region], password: str) -> User:
    """Make an account from the command line, held to every rule of the screen."""
    names = list(roles)
    found = list(session.scalars(select(Role).where(Role.name.in_(names))))
    problems = check_new(session, username, username, found)
    if missing := sorted(set(names) - {role.name for role in found}):
        problems.append(Problem("roles", _("There is no role %(name)s.", name=", ".join(missing))))
    if problems:
        raise RuleViolation(problems)
    passwords.check(password, [username, current_app.config["UNIT_NAME"]])
    return add(session, None, username, roles=names, regions=regions, password=password)


def first_admin(session: Session) -> tuple[str, str]:
    """Make the account `admin` with a one-time password. Answers both."""
    password = passwords.one_time()
    add(session, None, FIRST_ADMIN, roles=["admin"], regions=[], password=password)
    return FIRST_ADMIN, password


def check_new(session: Session, username: str, full_name: str, roles: Sequence[Role]) -> list[Problem]:
    """Everything that speaks against a new account."""
    problems = [*_name_problems(full_name), *duties.problems_of_user(session, roles)]
    if not USERNAME.fullmatch(normal(username)):
        told = _("An account's name has 3 to 64 letters or digits; dots and hyphens may stand inside.")
        problems.append(Problem("username", told))
    elif by_name(session, username):
        problems.append(Problem("username", _("There is an account with this name already.")))
    return problems


def change(session: Session, actor: User, user: User, full_name: str, roles: Sequence[Role], regions: Sequence[Region]) -> None:
    """Give an account another name, other roles, other offices. Its sessions end where its rights or offices change."""
    duties.take_turns(session)
    new_roles, new_regions = set(roles) != set(user.roles), {r.id for r in regions} != {r.id for r in regions_of(session, user)}
    problems = [*_name_problems(full_name), *duties.problems_of_user(session, roles)]
    if user.id == actor.id and (new_roles or new_regions):
        problems.append(Problem("roles", _("Nobody changes their own roles or offices. Ask another admin.")))
    if problems:
        raise RuleViolation(problems)
    user.first_name, user.last_name = full_name.strip(), ""
    if new_roles:
        user.roles = list(roles)
    if new_regions:
        set_regions(session, user, regions)
    session.flush()
    duties.keep_an_admin(session)
    if new_roles or new_regions:
        sessions.end_all(session, user.id, "roles or offices changed")


def set_regions(session: Session, user: User, regions: Sequence[Region]) -> None:
    """The offices a user answers for. The history tells of it in the user's own entry, by name."""
    old = regions_of(session, user)
    session.execute(delete(UserRegion).where(UserRegion.user_id == user.id))
    session.add_all(UserRegion(user_id=user.id, region_id=region.id) for region in regions)
    if {r.id for r in old} != {r.id for r in regions}:
        audit.tell(session, user, offices=([r.name for r in old], sorted(r.name for r in regions)))


def regions_of(session: Session, user: User) -> list[Region]:
    """The regions a user answers for, in the order of the tree."""
    statement = select(Region).join(UserRegion, UserRegion.region_id == Region.id).where(UserRegion.user_id == user.id)
    return list(session.scalars(statement.order_by(Region.path)))


def switch(session: Session, actor: User, user: User, active: bool) -> None:
    """Disable an account, which ends its sessions at once, or enable it again."""
    duties.take_turns(session)
    if user.id == actor.id:
        raise RuleViolation.one(_("Nobody disables their own account. Ask another admin."))
    user.active = active
    session.flush()
    duties.keep_an_admin(session)
    if not active:
        sessions.end_all(session, user.id, "disabled")


def unlock(session: Session, user: User) -> None:
    """Let an account try again that was locked after failed sign-ins."""
    throttle.unlock(session, user.username)
    audit.note(session, "unlock", user)


def reset_password(session: Session, actor: User, user: User) -> str:
    """Give an account a one-time password nobody chose (ASVS 6.4.6) and end its sessions. Answers the password, for one look."""
    if user.id == actor.id:
        raise RuleViolation.one(_("Change your own password on your own page."))
    password = passwords.one_time()
    _set_password(session, user, passwords.hashed(password), must_change=True)
    throttle.unlock(session, user.username)
    sessions.end_all(session, user.id, "password reset")
    return password


def must_change_password(session: Session, user: User) -> None:
    """Ask for a new password at the next click; the present one still opens the door to that page."""
    state = _state(session, user)
    audit.tell(session, user, must_change_password=(state.must_change_password, True))
    state.must_change_password, state.password_changed_at = True, clock.now()


def change_own_password(session: Session, user: User, stored: str, new: str, keep: int | None) -> None:
    """Take a new password that was checked and hashed outside; every other session of this person ends.

    `stored` is the hash it was compared with: if somebody changed it meanwhile, nothing is done.
    """
    if user.password != stored:
        raise RuleViolation.one(_("The password was changed by somebody else at the same moment. Sign in again."))
    _set_password(session, user, new, must_change=False)
    sessions.end_all(session, user.id, "password changed", keep=keep)


def note_end(session: Session, user: User) -> None:
    """Write down that sessions of this account were ended by hand."""
    audit.note(session, "end_session", user)


def words_about(user: User) -> list[str]:
    """What a password of this person must not contain."""
    return [user.username, user.first_name, current_app.config["UNIT_NAME"]]


def seal(session: Session, user: User) -> str:
    """A digest of what the form of an account shows: who saves it must have seen it as it is."""
    regions = [r.id for r in regions_of(session, user)]
    return digest([user.first_name, user.active, sorted(r.name for r in user.roles), regions])


def digest(seen: Any) -> str:
    """What a form carries along instead of a version."""
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:32]


def _name_problems(full_name: str) -> list[Problem]:
    if 0 < len(full_name.strip()) <= NAME_LENGTH and full_name.strip().isprintable():
        return []
    return [Problem("full_name", _("Write the person's name, with at most %(n)s characters.", n=NAME_LENGTH))]


def _set_password(session: Session, user: User, stored: str, must_change: bool) -> None:
    state = _state(session, user)
    user.password = stored
    if state.must_change_password != must_change:
        audit.tell(session, user, must_change_password=(state.must_change_password, must_change))
    state.must_change_password, state.password_changed_at = must_change, clock.now()
    passwords.remember(session, user.id, stored)


def _state(session: Session, user: User) -> AccountState:
    found = session.get(AccountState, user.id, populate_existing=True)
    if found is None:
        found = AccountState(id=user.id, must_change_password=False)
        session.add(found)
    return found
