"""ID numbers across offices: who holds a file is never told; the office that holds it learns who asked, and decides."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn

from flask_babel import gettext as _
from sqlalchemy import and_, func, insert, select
from sqlalchemy.orm import Session, aliased

from app.core import audit, clock, crypto, id_number, limits, names, scope
from app.core.errors import RuleViolation
from app.core.regions import TOWN_LENGTH, Region
from app.core.scope import GuardedSession, elevated
from app.core.unit_of_work import take_turn
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.people import search
from app.ledgers.people.models import IdentityRequest, OfficeKind, Person, PersonOffice

COLLISIONS_PER_HOUR = 20  # forms of one user that met a file of another office: more than that is not entering, but searching
NOBODY = ""  # the path of a request that lies with no office
ANSWERING = (OfficeKind.resident, OfficeKind.registered, OfficeKind.serving)  # which office answers, if several hold the file


@dataclass(frozen=True)
class Holder:
    """What an elevated look tells of the file that bears an ID number. Nothing of it is shown."""

    person_id: int
    name: str = field(repr=False)
    birth_date: date | None
    is_protected: bool
    is_closed: bool
    paths: tuple[str, ...]
    made_at: str = ""  # the path of the office that made the file

    @property
    def was_closed_here(self) -> bool:
        """Whether one of the own offices made the file, and it was closed with a birth that was voided."""
        return self.is_closed and not self.paths and scope.current().holds(self.made_at)

    @property
    def is_mine(self) -> bool:
        """Whether an office of the scope in force holds the file."""
        return any(scope.current().holds(path) for path in self.paths)

    def is_findable(self, today: date) -> bool:
        """Whether a list of its own office shows the file: the same rule as search.findable()."""
        is_child = self.birth_date is not None and id_number.age(self.birth_date, today) < search.OF_AGE
        return not (is_child or self.is_protected or self.is_closed)

    def is_named(self, name: str) -> bool:
        """Whether this is the name on file, however it is written."""
        return names.search_key(name) == names.search_key(self.name)


def elsewhere() -> str:
    """The one answer about a file outside one's scope, whether it exists or not."""
    return _(
        "A file for this ID number may exist at another office. A request was sent to the office that holds it, with your name and reason."
    )


def holder_of(session: Session, number: str) -> Holder | None:
    """The file that bears this ID number, wherever it lies. Others who type the same number wait until this transaction ends."""
    blind = crypto.keys().blind(number, "id_no")
    take_turn(session, f"id_no|{blind}")
    return holders(session, [blind]).get(blind)


def holders(session: Session, blinds: Collection[str]) -> dict[str, Holder]:
    """The files that bear ID numbers, wherever they lie, by the blind index of the number; of a merged file, the one that stays."""
    bearer = aliased(Person)
    stays = Person.id == func.coalesce(bearer.merged_into_id, bearer.id)
    links = and_(PersonOffice.person_id == Person.id, PersonOffice.valid_to.is_(None))
    about = (Person.id, Person.name, Person.birth_date, Person.is_protected, Person.closed_on, Person.audit_path)
    told = select(bearer.id_no_bidx, *about, PersonOffice.kind, PersonOffice.scope_path).join(Person, stays).outerjoin(PersonOffice, links)
    with session.no_autoflush, elevated("who holds this ID number"):
        rows = session.execute(told.where(bearer.id_no_bidx.in_(blinds))).all()
    by_blind: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_blind[row.id_no_bidx].append(row)
    return {blind: _holder(found) for blind, found in by_blind.items()}


def _holder(rows: list[Any]) -> Holder:
    """A file, from one row for each of its links, or a single one without."""
    paths = [r.scope_path for r in sorted((r for r in rows if r.kind), key=lambda r: ANSWERING.index(r.kind))]
    person = rows[0]
    return Holder(
        person.id, person.name, person.birth_date, person.is_protected, person.closed_on is not None, tuple(paths), person.audit_path
    )


def may_search(session: Session, actor: Actor) -> bool:
    """Whether this person's forms may still meet files of other offices within the hour."""
    return limits.is_left(session, actor.id, "collision", COLLISIONS_PER_HOUR)


def must_not_search(session: Session, actor: Actor) -> None:
    """Forms are no way to try out numbers. Raises RuleViolation when too many met foreign files within an hour."""
    limits.must_be_left(session, actor.id, "collision", COLLISIONS_PER_HOUR)


def refuse(actor: Actor, number: str, holder: Holder, name: str, at: str) -> NoReturn:
    """Give up what was being saved, send a request to the office that holds the file, and say the standard sentence."""
    user_id = actor.id
    db.session.rollback()
    with GuardedSession(db) as session, session.begin():
        limits.spend(session, user_id, "collision", COLLISIONS_PER_HOUR)
        send(session, user_id, number, holder, name, _("The ID number was typed into a form."))
    raise RuleViolation.one(elsewhere(), at, code="elsewhere")


def send(session: Session, user_id: int, number: str, holder: Holder | None, name: str, reason: str) -> None:
    """Write one request, to the office that holds the file or to nobody, and one entry in the asker's history."""
    office = session.scalar(select(Region).where(Region.path.in_(scope.current().paths)).order_by(Region.path).limit(1))
    row = {
        "uid": crypto.uuid7(), "version": 1, "scope_path": holder.paths[0] if holder and holder.paths else NOBODY,
        "person_id": holder and holder.person_id, "asked_by_id": user_id, "asked_region_id": office and office.id, "asked_at": clock.now(),
        "reason": _about_name(reason, holder is None or holder.is_named(name)),
    }  # fmt: skip
    with session.no_autoflush, elevated("identity request to another office"):
        session.connection().execute(insert(IdentityRequest.__table__), row)
    chain = office.path[:TOWN_LENGTH] if office else audit.SYSTEM
    audit.note_about(session, "identity_lookup", f"identity_request/{row['uid']}", chain, number=crypto.digest(number), reason=reason)


def _about_name(reason: str, is_named: bool) -> str:
    return reason if is_named else _("%(reason)s (The name that was typed differs from the file.)", reason=reason)
