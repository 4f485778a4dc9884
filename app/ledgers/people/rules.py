"""What may happen to a person's file: entering, changing, and what the form must not reveal."""

from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, Select, Table, or_, select
from sqlalchemy.orm import Session, attributes, object_session

from app.core import clock, id_number, params, scope
from app.core.audit import note
from app.core.errors import Caution, Problem, RuleViolation
from app.core.regions import Level, Region
from app.core.scope import elevated
from app.core.workflow import Actor, Record, Status
from app.extensions import db
from app.ledgers.people import identity, naming, search, sound
from app.ledgers.people.models import IdentityRequest, OfficeKind, Person, PersonOffice
from app.ledgers.people.naming import Named

ACTS: dict[str, Callable[..., None]] = {}
MOST_ALIKE = 5  # more than that nobody compares while entering
PLACES = {"residence": OfficeKind.resident, "registration": OfficeKind.registered}  # fields of the form for a new person
IDENTITY = {"name": "name", "id_type": "id_type", "id_no": "id_no_enc", "sex": "sex", "birth_date": "birth_date"}  # field → column


def save(row: Person, actor: Actor, today: date) -> list[Caution]:
    """Complete and check the form of a person, file it, and make the name findable.

    A file of another office is never mentioned: nothing is saved, a request goes there, the standard sentence comes back.
    """
    return _keep(row, actor, today, by_request=False)


def change(row: Person, actor: Actor, today: date) -> list[Caution]:
    """A file that approved records name gets the values of an applied request. The words of those records stay theirs."""
    return _keep(row, actor, today, by_request=True)


def is_fixed(row: Person) -> bool:
    """Whether who this is changes only by a request: an approved record names the person."""
    return _is_named_by_approved(db.session(), row.id)


def _keep(row: Person, actor: Actor, today: date, *, by_request: bool) -> list[Caution]:
    session, is_new, places = db.session(), object_session(row) is None, places_of(row)
    _complete(row, today)
    problems = check(session, row, places, today, is_new=is_new)
    if problems := [*problems, *([] if is_new or by_request else _locked_problems(session, row))]:
        raise RuleViolation(problems)
    if row.id_no and (is_new or _changed(row, "id_no_enc")):
        _must_be_nobody_else(session, row, actor, today)
    cautions = _cautions(session, row, today) if is_new else []
    _store(session, row, places, today, is_new=is_new)
    return cautions


def places_of(row: Person) -> dict[OfficeKind, Region]:
    """The places chosen on the form of a new person."""
    chosen = {kind: getattr(row, field, None) for field, kind in PLACES.items()}
    return {kind: region for kind, region in chosen.items() if region is not None}


def check(session: Session, row: Person, places: dict[OfficeKind, Region], today: date, *, is_new: bool) -> list[Problem]:
    """Everything that is wrong with what was typed, ID numbers of other files apart."""
    found = naming.check(_named(row), today)
    if not row.sex:
        found.append(Problem("sex", _("Choose the sex, or write the ID number, which contains it."), "sex_missing"))
    if is_new:
        found += _new_problems(row, places)
    if row.phone and not id_number.is_phone(row.phone.reveal()):
        message = _("A phone number is a mobile number of 11 digits, or a landline with its area code. Correct it or leave it empty.")
        found.append(Problem("phone", message, "phone"))
    return found + _age_problems(session, row, today)


def answer(request: IdentityRequest, actor: Actor) -> None:
    """The office that holds the file has decided about a request."""
    if request.answered_at is not None:
        raise RuleViolation.one(_("This request has been answered already."), code="answered")
    request.answered_at, request.answered_by_id = clock.now(), actor.id
    note(db.session(), "answer", request)


def only_village(session: Session) -> Region | None:
    """The place of somebody who answers for a single village."""
    paths = scope.current().paths
    if len(paths) != 1:
        return None
    return session.scalar(select(Region).where(Region.path == paths[0], Region.level == Level.village))


@lru_cache(maxsize=1)
def tables_naming_people() -> list[tuple[Table, list[Column[Any]]]]:
    """Every table with a status and a foreign key to person. Read after all models are imported."""
    person = Person.__table__
    found = []
    for table in Person.metadata.tables.values():
        keys = [key.parent for key in table.foreign_keys if key.column.table is person]
        if keys and "status" in table.c:
            found.append((table, keys))
    return found


def records_naming(session: Session, ledger: type[Record], people: Collection[int], most: int) -> list[Record]:
    """The newest records of one ledger of one's own offices that name one of these people, the voided ones included."""
    keys = [getattr(ledger, key) for key in keys_to_people(ledger)]
    named = scope.query(ledger).where(or_(*(key.in_(people) for key in keys))) if keys else None
    return [] if named is None else list(session.scalars(named.order_by(ledger.id.desc()).limit(most)))


def keys_to_people(ledger: type[Record]) -> list[str]:
    """The columns by which a ledger's rows name people."""
    return [key.name for table, keys in tables_naming_people() if table is ledger.__table__ for key in keys]


def _complete(row: Person, today: date) -> None:
    who = naming.completed(_named(row), today)
    row.name, row.name_key, row.id_no = who.name, naming.name_key(who.name), who.id_no
    row.birth_date, row.sex = who.birth_date, who.sex  # type: ignore[assignment]


def _named(row: Person) -> Named:
    number = row.id_no.reveal() if row.id_no else None
    return Named(row.name or "", row.id_type, number, row.birth_date, row.sex, "")


def _new_problems(row: Person, places: dict[OfficeKind, Region]) -> list[Problem]:
    found = []
    if row.birth_date is None:
        message = _("Write the birth date, or the number of the resident identity card, which contains it.")
        found.append(Problem("birth_date", message, "birth_date_missing"))
    if not places:
        message = _("Choose where the person lives or where the household is registered: one of both must lie in your offices.")
        found.append(Problem("residence", message, "place_missing"))
    return found + sound.large_places(row, PLACES)


def _age_problems(session: Session, row: Person, today: date) -> list[Problem]:
    """V04, and a death that is possible."""
    if found := sound.old_dates(row, ("died_on",), today):
        return found
    oldest = params.number(session, "people", "age_max", "", today)
    if row.birth_date and id_number.age(row.birth_date, min(row.died_on or today, today)) > oldest:
        message = _("By this birth date the person would be older than %(most)s years. Correct it.", most=oldest)
        found.append(Problem("birth_date", message, "V04_old"))
    if row.died_on and row.died_on > today:
        found.append(Problem("died_on", _("The date of death lies in the future. Correct it."), "death_future"))
    if row.died_on and row.birth_date and row.died_on < row.birth_date:
        found.append(Problem("died_on", _("The date of death lies before the birth date. Correct one of them."), "death_before_birth"))
    return found


def _locked_problems(session: Session, row: Person) -> list[Problem]:
    """Who an approved record names stays who they are."""
    fields = [field for field, column in IDENTITY.items() if _changed(row, column)]
    if not fields or not _is_named_by_approved(session, row.id):
        return []
    message = _("An approved record names this person. Name, ID number, sex and birth date change only through a change request.")
    return [Problem(field, message, "locked") for field in fields]


def _changed(row: Person, column: str) -> bool:
    return attributes.get_history(row, column).has_changes()


def _is_named_by_approved(session: Session, person_id: int) -> bool:
    """Whether any approved record of any office names the person; which one stays unknown."""
    with session.no_autoflush, elevated("approved records that name a person"):
        connection = session.connection()
        return any(
            connection.scalar(select(table.c.id).where(table.c.status == Status.approved, or_(*(k == person_id for k in keys))).limit(1))
            for table, keys in tables_naming_people()
        )


def _must_be_nobody_else(session: Session, row: Person, actor: Actor, today: date) -> None:
    """V03: nobody is entered twice, the dead and the moved included."""
    number = row.id_no.reveal() if row.id_no else ""
    holder = identity.holder_of(session, number)
    if holder is None or not holder.is_mine:
        identity.must_not_search(session, actor)
    if holder is None:
        return
    if holder.was_closed_here and holder.is_named(row.name):
        message = _("The file of this person was closed when a record was taken back. Enter that record again, and the file opens.")
        raise RuleViolation.one(message, "id_no", code="V03_closed")
    if not holder.is_mine or holder.is_protected:
        identity.refuse(actor, number, holder, row.name, "id_no")
    raise RuleViolation.one(_on_file(holder, today), "id_no", code="V03")


def _on_file(holder: identity.Holder, today: date) -> str:
    if holder.is_findable(today):
        return _("This ID number belongs to %(name)s, who is already on file in your office. Open that file instead.", name=holder.name)
    return _("This ID number is already on file in your office. A child's file is opened from the mother's or the birth's record.")


def alike(row: Person) -> list[tuple[Person, list[str]]]:
    """People of one's own offices who may be this new one, which was settled by save(), and the fields that say the same."""
    session, numberless = db.session(), [Person.id_no_bidx.is_(None)] if row.id_no else []  # two numbers are two people
    with session.no_autoflush:
        others = _namesakes(row, clock.today()).where(Person.uid != row.uid, *numberless)
        found = session.scalars(others.limit(MOST_ALIKE)).all()
    return [(person, ["name", "birth_date"]) for person in found]


def _namesakes(row: Person, today: date) -> Select[Any]:
    return scope.query(Person).where(Person.name == row.name, Person.birth_date == row.birth_date, search.findable(today))


def _cautions(session: Session, row: Person, today: date) -> list[Caution]:
    """A namesake of the same day without a number to tell them apart is unusual."""
    if row.id_no:
        return []
    if session.scalar(_namesakes(row, today).with_only_columns(Person.id).limit(1)) is None:
        return []
    message = _l("Your office already has a person of this name and birth date. Look there first.")
    return [Caution("same_person", "name", message)]


def _store(session: Session, row: Person, places: dict[OfficeKind, Region], today: date, *, is_new: bool) -> None:
    renamed = is_new or _changed(row, "name")
    if is_new:
        row.audit_path = next(iter(places.values())).path
        session.add(row)
    for kind, region in places.items() if is_new else ():
        session.add(PersonOffice(person=row, region=region, scope_path=region.path, kind=kind, valid_from=today))
    if renamed:
        search.rewrite(session, row)
