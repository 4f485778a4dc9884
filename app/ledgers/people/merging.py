"""Two files of one person become one: a proposal that another person applies. Every row follows, nothing is lost.

The file that goes stays in the register, closed, with its number and its history; its address leads to the one that stays.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Column, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from app.core import audit, changes, clock, crypto, ddl, id_number, scope
from app.core.attachments import Attachment
from app.core.changes import ChangeRequest, ChangeState
from app.core.content import content_hash
from app.core.errors import Caution, Problem, RuleViolation
from app.core.id_number import IdNumber
from app.core.regions import TOWN_LENGTH
from app.core.scope import elevated
from app.core.unit_of_work import take_every_turn
from app.core.workflow import Actor, Record
from app.extensions import db
from app.ledgers.people import duplicates, naming, search
from app.ledgers.people.models import DuplicatePair, OfficeKind, PairState, Person, PersonOffice
from app.ledgers.people.naming import CITIZEN_TYPES, UNKNOWN_SEX, Named

FIELDS = ("name", "id_no", "sex", "birth_date", "ethnicity", "phone")  # of which the proposer chooses whose value stays
NUMBER = "id_no"  # with it comes the type of the document
LINKS: Any = PersonOffice.__table__


class Also(NamedTuple):
    """What a ledger does beside when two files become one: say what contradicts it, and settle what follows from it.

    `check` runs before anything is re-pointed, when the file that stays has its values; `settle` after the rows of every table but
    the ledger's `own` ones name the file that stays. Both may raise RuleViolation, and both read foreign rows as columns only.
    """

    check: Callable[[Session, Person, Person], Iterable[Problem]]
    settle: Callable[[Session, Person, Person], None]
    own: frozenset[str] = frozenset()  # tables that settle() writes anew


ALSO: dict[str, Also] = {}  # ledger → what it does beside; each ledger's screen enters its own


@dataclass(frozen=True)
class Plan:
    """What a proposal says: which file stays, which goes, the versions that were compared, whose value stays in which field."""

    stays: str
    goes: str
    stays_version: int
    goes_version: int
    taken: tuple[str, ...]  # fields whose value comes from the file that goes

    def told(self) -> dict[str, Any]:
        """The plan as a change request keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Plan":
        """The plan that a change request kept."""
        return cls(**{**told, "taken": tuple(told["taken"])})


def propose(session: Session, pair: DuplicatePair, plan: Plan, actor: Actor, *, reason: str, evidence: str, token: str) -> ChangeRequest:
    """Keep a proposal to merge the two. Raises RuleViolation where something is decided or proposed already, or a word is missing."""
    duplicates.must_be_open(pair)
    new = {"plan": plan.told()}
    return changes.propose(session, pair, new, actor, reason=reason, evidence=evidence, explained={}, token=token)


def plan_of(session: Session, asked: ChangeRequest, pair: DuplicatePair) -> Plan:
    """What a proposal says."""
    return Plan.of(changes.differences(session, asked, pair)[0].new)


def change(pair: DuplicatePair, actor: Actor, today: date) -> list[Caution]:
    """The applied proposal: the two files are one from now on."""
    session = db.session()
    duplicates.must_be_open(pair)
    merge(session, pair, Plan.of(pair.plan), today)
    pair.state, pair.decided_by_id, pair.decided_at = PairState.merged, actor.id, clock.now()
    return []


def preferred(one: Person, other: Person) -> Person:
    """The file that stays unless the proposer chooses otherwise: the one with a number, else the older one."""
    return other if other.id_no_bidx and not one.id_no_bidx else one


def better(field: str, stays: Person, one: Person, other: Person) -> Person:
    """Whose value of a field stays unless the proposer chooses otherwise: the staying file's, unless it says nothing, or no card number."""
    goes = other if stays is one else one
    if field == NUMBER and goes.id_type in CITIZEN_TYPES and stays.id_type not in CITIZEN_TYPES and goes.id_no:
        return goes
    return goes if _is_empty(stays, field) and not _is_empty(goes, field) else stays


def merge(session: Session, pair: DuplicatePair, plan: Plan, today: date) -> None:
    """Make one file of two, in this unit of work. Raises RuleViolation with everything that speaks against it."""
    take_every_turn(session)
    stays, goes = _both(session, pair, plan)
    with session.no_autoflush:
        problems = [*_problems_of_two(session, pair, stays, goes)]
        numbers = _take_values(stays, goes, plan)
        sex = None if stays.sex == UNKNOWN_SEX else stays.sex
        problems += naming.check(Named(stays.name, *numbers[stays], stays.birth_date, sex, ""), today)
        problems += [problem for also in ALSO.values() for problem in also.check(session, stays, goes)]
    if problems:
        raise RuleViolation(_once(problems))
    _give_numbers(session, numbers)
    goes.merged_into_id, goes.closed_on = stays.id, today
    session.flush()
    audit.note(session, "merge", stays, file=str(goes.uid))
    _join_offices(session, stays, goes, today)
    for key in keys_to_people():
        _repoint(session, key, goes.id, stays.id)
    _move_files(session, stays, goes)
    search.rewrite(session, goes)
    _forget_open_pairs(session, pair, goes.id)
    session.flush()
    session.expunge(goes)  # none of one's own offices holds it any more: it could not be read again
    session.expire_all()
    for also in ALSO.values():
        also.settle(session, stays, goes)
    search.rewrite(session, stays)


def keys_to_people() -> list[Column[Any]]:
    """Every column of every table that names a person and follows a merge by itself, those of later ledgers included."""
    settled = {"person_search"}.union(*(also.own for also in ALSO.values()))
    tables = [table for table in Person.metadata.sorted_tables if table.name not in settled]
    return [c for table in tables for c in table.columns if ddl.merging_key(c) is Person.__table__ and ddl.is_repointed(c)]


def contradiction() -> str:
    """The one sentence for whatever records of other offices may tell against a merge: not what, nor where."""
    return _(
        "By approved or entered records these two files cannot be one person. Compare the papers again; if they are one person, a record "
        "is wrong and has to be put right first."
    )


def problem_of(own: Iterable[str], others: bool, sentence: str) -> Iterator[Problem]:
    """A problem that records tell of: those of one's own offices by their names (in `sentence`, as %(records)s), the rest without."""
    if names := ", ".join(own):
        yield Problem("", sentence % {"records": names}, "contradiction")
    elif others:
        yield Problem("", contradiction(), "contradiction")


def stayed_for(session: Session, uid: UUID | str | None) -> UUID | None:
    """The file that stays in the place of one that was merged. Whether it may be opened, the scope decides."""
    known, gone = Person.__table__, Person.__table__.alias()
    found = scope.as_uuid(uid)
    with session.no_autoflush, elevated("where a merged file leads"):
        connection = session.connection()
        return connection.scalar(select(known.c.uid).join(gone, gone.c.merged_into_id == known.c.id).where(gone.c.uid == found))


def merged_into(session: Session, person: Person) -> list[UUID]:
    """The files that became one with this one."""
    with session.no_autoflush, elevated("files that were merged into one's own"):
        return list(session.scalars(select(Person.uid).where(Person.merged_into_id == person.id).order_by(Person.id)))


def is_as_approved(session: Session, row: Record) -> bool:
    """Whether a row says what was approved: a link to a file that another was merged into counts as the link to that one, too."""
    links = [key.name for key in keys_to_people() if key.table is row.__table__ and getattr(row, key.name) is not None]
    with session.no_autoflush, elevated("what a link said when it was approved"):
        known = [
            [getattr(row, name), *session.scalars(select(Person.id).where(Person.merged_into_id == getattr(row, name)).order_by(Person.id))]
            for name in links
        ]
    return any(content_hash(row, dict(zip(links, was, strict=True))) == row.row_hash for was in product(*known))


def is_change_open(session: Session, files: Mapping[int, UUID], but: DuplicatePair | None = None) -> bool:
    """Whether a change of one of these files is proposed, or a merge of one of them with another; `files` tells number and identity.

    A merge does not count that nobody can decide about any more, because one of the two was closed or is protected now.
    """
    naming_one = or_(DuplicatePair.one_id.in_(files), DuplicatePair.other_id.in_(files))
    hidden = exists().where(
        Person.id.in_((DuplicatePair.one_id, DuplicatePair.other_id)), or_(Person.closed_on.is_not(None), Person.is_protected)
    )
    pairs = select(DuplicatePair.uid).where(naming_one, ~hidden, DuplicatePair.id != (but.id if but else None))
    owned = or_(ChangeRequest.owner_uid.in_(files.values()), ChangeRequest.owner_uid.in_(pairs))
    with session.no_autoflush, elevated("proposals about files and about merges of them"):
        return session.scalar(select(ChangeRequest.id).where(owned, ChangeRequest.state == ChangeState.open).limit(1)) is not None


def _both(session: Session, pair: DuplicatePair, plan: Plan) -> tuple[Person, Person]:
    """The file that stays and the one that goes, locked, as they were compared."""
    own = scope.query(Person).where(Person.id.in_((pair.one_id, pair.other_id)))
    session.scalars(own.order_by(Person.id).with_for_update().execution_options(populate_existing=True)).all()
    found = {str(person.uid): person for person in duplicates.both_of(session, pair)}
    stays, goes = found.get(plan.stays), found.get(plan.goes)
    if stays is None or goes is None or stays is goes:
        raise RuleViolation.one(_("One of the two files belongs to none of your offices any more."), code="not_mine")
    if (stays.version, goes.version) != (plan.stays_version, plan.goes_version):
        raise RuleViolation.one(_("One of the two files was changed since they were compared. Compare them anew."), code="stale")
    return stays, goes


def _problems_of_two(session: Session, pair: DuplicatePair, stays: Person, goes: Person) -> Iterator[Problem]:
    """What the two files say against being one person."""
    cards = {number for person in (stays, goes) if (number := _card(person))}
    if len(cards) > 1:
        message = _("Both files have a valid number of a resident card, and the numbers differ: these are two people. If one number is "
                    "wrong, correct it first by a change request.")  # fmt: skip
        yield Problem(NUMBER, message, "two_numbers")
    sexes = {person.sex for person in (stays, goes)} & {id_number.MALE, id_number.FEMALE}
    if len(sexes) > 1:
        message = _("One file says man, the other woman: these are two people. If one is wrong, correct it first.")
        yield Problem("sex", message, "two_sexes")
    if stays.died_on and goes.died_on and stays.died_on != goes.died_on:
        told = {"one": stays.died_on, "other": goes.died_on}
        message = _("By the files one died on %(one)s, the other on %(other)s. Have the wrong record put right first.", **told)
        yield Problem("", message, "two_deaths")
    if is_change_open(session, {stays.id: stays.uid, goes.id: goes.uid}, but=pair):
        message = _("A change of one of the two files is proposed. It is decided first.")
        yield Problem("", message, "change_open")
    yield from _named_together(session, stays, goes)


def _card(person: Person) -> str | None:
    """The blind index of a valid resident card number."""
    number = person.id_no.reveal() if person.id_no and person.id_type in CITIZEN_TYPES else ""
    return person.id_no_bidx if number and isinstance(id_number.parse(number, clock.today()), IdNumber) else None


def _named_together(session: Session, stays: Person, goes: Person) -> Iterator[Problem]:
    """Records that name the two as two people: mother and father, husband and wife, a mother and her own child."""
    tables: dict[Any, list[Any]] = {}
    for key in all_keys_to_people():
        if "status" in key.table.c:
            tables.setdefault(key.table, []).append(key)
    own, others = [], False
    for table, keys in tables.items():
        both = [or_(*(key == person.id for key in keys)) for person in (stays, goes)]
        with session.no_autoflush, elevated("records that name two people"):
            rows = session.connection().execute(select(table.c.uid).where(and_(*both)).order_by(table.c.id)).all()
        seen = [row for found in rows if (row := scope.get(scope.scoped_classes()[table.name], found.uid))]
        own += [str(row) for row in seen]
        others = others or len(seen) < len(rows)
    sentence = _("A record names both of them as two people: %(records)s. If they are one person, have that record put right first.")
    yield from problem_of(own, others, sentence)


def all_keys_to_people() -> list[Column[Any]]:
    """Every foreign key to a person, of whatever table."""
    return [c for table in Person.metadata.sorted_tables for c in table.columns if ddl.merging_key(c) is Person.__table__]


def _take_values(stays: Person, goes: Person, plan: Plan) -> dict[Person, tuple[str, str | None]]:
    """Write the chosen values into the file that stays; answers the document each of the two will bear."""
    taken = {field for field in FIELDS if field in plan.taken or _is_empty(stays, field)}
    for field in taken - {NUMBER}:
        if not _is_empty(goes, field):
            value = getattr(goes, field)
            setattr(stays, field, value.reveal() if isinstance(value, crypto.Sealed) else value)
    stays.name_key = naming.name_key(stays.name)
    stays.died_on = stays.died_on or goes.died_on
    told = [(person.id_type, person.id_no.reveal() if person.id_no else None) for person in (stays, goes)]
    if NUMBER in taken and told[1][1]:
        told.reverse()
    return dict(zip((stays, goes), told, strict=True))


def _is_empty(person: Person, field: str) -> bool:
    return getattr(person, field) is None or (field == "sex" and person.sex == UNKNOWN_SEX)


def _give_numbers(session: Session, numbers: Mapping[Person, tuple[str, str | None]]) -> None:
    """Each file bears its document. No number is at two files at once, and none is forgotten."""
    if all((person.id_no.reveal() if person.id_no else None) == number for person, (_kind, number) in numbers.items()):
        return
    for person in numbers:
        person.id_no = None
    session.flush()
    for person, (kind, number) in numbers.items():
        person.id_type, person.id_no = kind, number


def _join_offices(session: Session, stays: Person, goes: Person, today: date) -> None:
    """Where both live or are registered somewhere, that of the file that stays counts; who loses the other keeps seeing the file."""
    with session.no_autoflush, elevated("offices of two files that become one"):
        connection = session.connection()
        open_links = select(LINKS).where(LINKS.c.person_id.in_((stays.id, goes.id)), LINKS.c.valid_to.is_(None)).order_by(LINKS.c.id)
        links = connection.execute(open_links).all()
        kept = [link for link in links if link.person_id == stays.id]
        kinds, serving = {link.kind for link in kept} - {OfficeKind.serving}, {link.region_id for link in kept}
        for link in links:
            if link.person_id != goes.id or (link.kind not in kinds and not _is_served(link, kept)):
                continue
            until = max(today, link.valid_from)
            connection.execute(update(LINKS).where(LINKS.c.id == link.id).values(valid_to=until, version=LINKS.c.version + 1))
            _tell(session, "change", "person_office", link.uid, link.scope_path, valid_to=[None, str(until)])
            if link.region_id not in serving:
                serving.add(link.region_id)
                _serve(session, link, stays.id, today)


def _is_served(link: Any, kept: Iterable[Any]) -> bool:
    return link.kind is OfficeKind.serving and any(other.kind is OfficeKind.serving and other.region_id == link.region_id for other in kept)


def _serve(session: Session, link: Any, stays: int, today: date) -> None:
    """The office of a link that ended goes on seeing the file."""
    told = {"region_id": link.region_id, "scope_path": link.scope_path, "kind": OfficeKind.serving, "valid_from": today}
    row = {**told, "uid": crypto.uuid7(), "version": 1, "person_id": stays}
    session.connection().execute(insert(LINKS), row)
    new = {name: [None, str(row[name])] for name in ("person_id", "region_id", "kind", "valid_from")}
    _tell(session, "create", "person_office", row["uid"], link.scope_path, **new)


def _repoint(session: Session, key: Column[Any], goes: int, stays: int) -> None:
    """Rows of every office name the file that stays; each of them says so in its history."""
    table: Any = key.table
    for row in scope.repoint(session, key, goes, stays):
        if _is_audited(table):
            _tell(session, "merge", table.name, row.uid, row.path, **{key.name: [goes, stays]})


def _move_files(session: Session, stays: Person, goes: Person) -> None:
    """What was attached to the file that goes is attached to the one that stays, unless the same is there already."""
    files: Any = Attachment.__table__
    kept = files.alias()
    same = select(kept.c.id).where(kept.c.owner_uid == stays.uid, kept.c.kind == files.c.kind, kept.c.sha256 == files.c.sha256).exists()
    with session.no_autoflush, elevated("attached files of a file that was merged"):
        connection = session.connection()
        wanted = select(files.c.uid, files.c.scope_path).where(files.c.owner_uid == goes.uid, ~same).order_by(files.c.id)
        moved = connection.execute(wanted).all()
        connection.execute(update(files).where(files.c.uid.in_([row.uid for row in moved])).values(owner_uid=stays.uid))
    for row in moved:
        _tell(session, "merge", "attachment", row.uid, row.scope_path, owner_uid=[str(goes.uid), str(stays.uid)])


def _is_audited(table: Any) -> bool:
    return issubclass(scope.scoped_classes()[table.name], audit.Audited)


def _tell(session: Session, act: str, table: str, uid: UUID, path: str, **detail: Any) -> None:
    audit.note_about(session, act, f"{table}/{uid}", path[:TOWN_LENGTH] or audit.SYSTEM, **detail)


def _forget_open_pairs(session: Session, decided: DuplicatePair, goes: int) -> None:
    """Nobody is asked any more about the file that went; what it shares with others is found anew with the one that stays."""
    pairs: Any = DuplicatePair.__table__
    same = (or_(pairs.c.one_id == goes, pairs.c.other_id == goes), pairs.c.state == PairState.open, pairs.c.id != decided.id)
    with session.no_autoflush, elevated("open questions about a file that was merged"):
        connection = session.connection()
        waiting = connection.execute(select(pairs.c.uid, pairs.c.scope_path).where(*same).order_by(pairs.c.id)).all()
        connection.execute(delete(pairs).where(*same))
    for row in waiting:
        _tell(session, "delete", "duplicate_pair", row.uid, row.scope_path)


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Each sentence once."""
    return list({str(problem.message): problem for problem in problems}.values())
