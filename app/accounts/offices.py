"""When offices are merged, their people answer for the new one."""

from collections.abc import Iterable

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import sessions, users
from app.accounts.models import UserRegion
from app.core.regions import Region


def hand_over(session: Session, old: Iterable[Region], new: Region) -> int:
    """Give the users of the old offices the new one; their sessions end, because they see other rows now. Answers how many."""
    closed = {office.id for office in old}
    links = select(UserRegion.user_id).where(UserRegion.region_id.in_(closed))
    found = session.scalars(select(User).where(User.id.in_(links)).order_by(User.id)).all()
    for user in found:
        kept = [office for office in users.regions_of(session, user) if office.id not in closed]
        users.set_regions(session, user, [*kept, new])
        sessions.end_all(session, user.id, "offices merged")
    return len(found)
