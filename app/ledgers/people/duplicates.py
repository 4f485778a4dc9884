"""Files that may be one person's: found by rules that are rows, told only to whoever answers for both, decided about by a person."""

import csv
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock, crypto, id_number, names, scope, workflow
from app.core.errors import RuleViolation
from app.core.id_number import IdNumber
from app.core.regions import TOWN_LENGTH, WIDTH
from app.core.scope import Scope, elevated
from app.core.unit_of_work import take_turn
from app.core.workflow import Actor
from app.ledgers.people import search
from app.ledgers.people.models import DuplicatePair, DuplicateRule, PairState, Person, PersonOffice
from app.ledgers.people.naming import CITIZEN_TYPES

RULES = Path(__file__).parent / "duplicate_rules.csv"
MOST_NEW = 500  # pairs that one look brings; the next look brings the next ones
MOST_ALIKE = 30  # files of one group that are compared: a birth date that half an office bears says nothing
AT_ONCE = 500  # keys in one statement
PAIRS: Any = DuplicatePair.__table__


@dataclass(frozen=True)
class File:
    """What the rules compare of a person's file. `card` is the blind index of a resident card number, however it was typed."""

    id: int
    name: str
    name_key: str
    sex: str | None
    birth_date: date | None
    phone: str | None
    number: str | None
    is_card: bool
    card: str | None

    @property
    def words(self) -> list[Any]:
        """Who this is, as far as the file says."""
        return [self.name, self.sex, self.birth_date and self.birth_date.isoformat(), self.number, self.phone]


@dataclass(frozen=True)
class Candidate:
    """Two files that a rule takes for one person's, the older first, with the place of the smallest office that holds both."""

    rule: str
    one: File
    other: File
    path: str


def load(session: Session) -> int:
    """Bring the shipped rules into the database; whether one is on is the office's. Answers how many rows were written."""
    known = {rule.key: rule for rule in session.scalars(select(DuplicateRule))}
    written = 0
    with RULES.open(encoding="utf-8", newline="") as file:
        for position, row in enumerate(csv.DictReader(file)):
            told: dict[str, Any] = {**row, "position": position}
            rule = known.get(row["key"])
            if rule is None:
                session.add(DuplicateRule(**told))
            elif any(getattr(rule, name) != value for name, value in told.items()):
                for name, value in told.items():
                    setattr(rule, name, value)
            else:
                continue
            written += 1
    return written


def comparable(today: date) -> Select[Any]:
    """The people of one's own offices who are compared: those a list shows, no child and no protected person among them."""
    return scope.query(Person).where(search.findable(today))


def listed(today: date) -> Select[Any]:
    """The pairs of which one's own offices hold both files now, as far as a list would show them."""
    mine = comparable(today).with_only_columns(Person.id)
    return scope.query(DuplicatePair).where(DuplicatePair.one_id.in_(mine), DuplicatePair.other_id.in_(mine))


def candidates(session: Session, today: date) -> list[Candidate]:
    """The pairs of one's own offices that the rules in force find now, strongest rule first. Only reads."""
    rules = session.scalars(select(DuplicateRule).where(DuplicateRule.is_on).order_by(DuplicateRule.position)).all()
    files = _files(session, today)
    found: dict[tuple[int, int], tuple[str, File, File]] = {}
    for rule in rules:
        for one, other in _alike(rule, files):
            found.setdefault((one.id, other.id), (rule.key, one, other))
    paths = _paths(session, {number for pair in found for number in pair})
    placed = ((told, _office_of_both(paths[told[1].id], paths[told[2].id])) for told in found.values())
    return [Candidate(*told, path) for told, path in placed if path]


def keep(session: Session, found: Sequence[Candidate]) -> int:
    """Write the new pairs; one that was decided comes back only if one of the two is somebody else by now. Answers how many are new.

    A pair goes along with its files: where the office that was asked does not hold both any more, the one that does is asked.
    """
    take_turn(session, "duplicate pairs")
    known = _known(session, {candidate.one.id for candidate in found})
    new = 0
    for candidate in found:
        if new == MOST_NEW:
            break
        pair, identity = known.get((candidate.one.id, candidate.other.id)), identity_of(candidate.one, candidate.other)
        if pair is None:
            session.add(
                DuplicatePair(
                    one_id=candidate.one.id, other_id=candidate.other.id, rule_key=candidate.rule, found_at=clock.now(),
                    identity=identity, scope_path=candidate.path,
                )
            )  # fmt: skip
        elif _is_to_be_asked(session, pair, identity):
            _ask_here(session, pair, candidate.path)
            _ask_again(scope.get(DuplicatePair, pair.uid), candidate.rule, identity)
        else:
            continue
        new += 1
    return new


def different(pair: DuplicatePair, actor: Actor, *, session: Session, token: str, reason: str) -> None:
    """They are two people. Raises RuleViolation without a reason, or where a merge is proposed or the pair is decided."""
    must_be_open(pair)
    if pair.change_open:
        raise RuleViolation.one(_("A merge of these two files is proposed. It is decided first."), code="change_open")
    if not reason.strip():
        raise RuleViolation.one(_("Write why they are different people."), "reason", code="reason_missing")
    if len(reason) > workflow.MAX_REASON:
        raise RuleViolation.one(_("Write the reason in at most %(most)s characters.", most=workflow.MAX_REASON), "reason", code="long")
    one, other = both_of(session, pair)
    pair.state, pair.reason, pair.identity = PairState.different, reason.strip(), identity_of(_file(one), _file(other))
    pair.decided_by_id, pair.decided_at = actor.id, clock.now()
    workflow.step(pair, "different", actor, token=token, reason=reason)


def must_be_open(pair: DuplicatePair) -> None:
    """Raises RuleViolation where it was decided about the pair."""
    if pair.state is not PairState.open:
        raise RuleViolation.one(_("It was decided about these two files already."), code="decided")


def both_of(session: Session, pair: DuplicatePair) -> tuple[Person, Person]:
    """The two files. Raises RuleViolation where one of them is none of one's own offices' any more."""
    wanted = comparable(clock.today()).where(Person.id.in_((pair.one_id, pair.other_id))).order_by(Person.id)
    found = session.scalars(wanted).all()
    if len(found) < 2:
        raise RuleViolation.one(_("One of the two files belongs to none of your offices any more."), code="not_mine")
    return found[0], found[1]


def identity_of(one: File, other: File) -> str:
    """A keyed digest of who the two are: it tells whether one of them changed since, and reveals nothing."""
    return str(crypto.digest(json.dumps([one.words, other.words], ensure_ascii=False)))


def _is_to_be_asked(session: Session, pair: Any, identity: str) -> bool:
    """Whether a known pair is asked about anew: somebody else by now, or out of sight of the office that was asked."""
    is_outside = not scope.current().holds(pair.scope_path)
    if pair.state == PairState.merged or (is_outside and _holds_both(session, pair)):
        return False
    return is_outside if pair.state == PairState.open else bool(pair.identity != identity)


def _holds_both(session: Session, pair: Any) -> bool:
    """Whether the office that was asked about a pair still holds both files."""
    there = Scope.of([pair.scope_path]).criterion(PersonOffice.scope_path)
    links = select(PersonOffice.person_id).where(PersonOffice.person_id.in_((pair.one_id, pair.other_id)), there)
    with session.no_autoflush, elevated("pairs that are known already"):
        return len(set(session.scalars(links.where(PersonOffice.valid_to.is_(None))))) > 1


def _ask_here(session: Session, pair: Any, path: str) -> None:
    """Put a pair that lies outside one's own offices where both files lie now; the histories of both towns say so."""
    if scope.current().holds(pair.scope_path):
        return
    with elevated("a pair that goes along with its files"):
        session.connection().execute(update(PAIRS).where(PAIRS.c.id == pair.id).values(scope_path=path, version=PAIRS.c.version + 1))
    for town in dict.fromkeys(told[:TOWN_LENGTH] for told in (pair.scope_path, path)):
        audit.note_about(session, "change", f"duplicate_pair/{pair.uid}", town or audit.SYSTEM, scope_path=[pair.scope_path, path])


def _ask_again(pair: DuplicatePair | None, rule: str, identity: str) -> None:
    if pair is not None:
        pair.state, pair.reason, pair.decided_by_id, pair.decided_at = PairState.open, None, None, None
        pair.rule_key, pair.identity, pair.found_at = rule, identity, clock.now()


def _files(session: Session, today: date) -> list[File]:
    """Everybody who is compared, as columns, the oldest file first."""
    told = (Person.id, Person.name, Person.name_key, Person.sex, Person.birth_date, Person.phone_bidx, Person.id_no_bidx, Person.id_type)
    cards = _cards_among_other_documents(session, today)
    rows = session.execute(comparable(today).with_only_columns(*told).order_by(Person.id))
    return [_of_columns(row.id, tuple(row)[1:], cards.get(row.id)) for row in rows]


def _file(person: Person) -> File:
    told = (person.name, person.name_key, person.sex, person.birth_date, person.phone_bidx, person.id_no_bidx, person.id_type)
    return _of_columns(person.id, told, None)


def _of_columns(key: int, told: tuple[Any, ...], card: str | None) -> File:
    name, name_key, sex, born, phone, number, id_type = told
    is_card = number is not None and id_type in CITIZEN_TYPES
    known_sex = sex if sex in (id_number.MALE, id_number.FEMALE) else None
    return File(key, name, name_key, known_sex, born, phone, number, is_card, number if is_card else card)


def _cards_among_other_documents(session: Session, today: date) -> dict[int, str]:
    """Person → blind index of the card number that was typed as another document: whole, or in its old form of fifteen digits."""
    others = comparable(today).where(Person.id_type.not_in(CITIZEN_TYPES), Person.id_no_bidx.is_not(None))
    found = {}
    for row in session.execute(others.with_only_columns(Person.id, Person.uid, Person.id_no_enc)):
        number = crypto.keys().open(row.id_no_enc, crypto.place("person", "id_no", row.uid))
        if isinstance(read := id_number.parse(number, today), IdNumber):
            found[row.id] = crypto.keys().blind(read.number, "id_no")
    return found


def _alike(rule: DuplicateRule, files: Iterable[File]) -> Iterator[tuple[File, File]]:
    """The pairs that one rule finds, the older file first."""
    columns, allowed = rule.equal.split(), set(rule.may_differ.split())
    signs = _but_one_sign if "name:one_sign" in allowed else _whole
    groups: dict[tuple[Any, ...], list[File]] = defaultdict(list)
    for file in files:
        same = tuple(getattr(file, column) for column in columns)
        if None not in same:
            for sign in signs(file):
                groups[*same, sign].append(file)
    may_be_one = partial(_numbers_allow, allowed)
    for group in groups.values():
        for one, other in combinations(group[:MOST_ALIKE], 2):
            if may_be_one(one, other) and not (signs is _but_one_sign and one.name == other.name):
                yield one, other


def _whole(file: File) -> Iterator[str]:
    yield ""


def _but_one_sign(file: File) -> Iterator[str]:
    """The name with each of its signs left open in turn: two names that differ in one sign have one of these in common."""
    name = names.search_key(file.name)
    for place in range(len(name)):
        yield f"{name[:place]}?{name[place + 1 :]}"


def _numbers_allow(allowed: Collection[str], one: File, other: File) -> bool:
    """Whether the two numbers leave it open who is meant. Two numbers of resident cards are two people."""
    if "id_no:any" in allowed:
        return True
    if "id_no:missing" in allowed:
        return one.number is None or other.number is None
    return not (one.is_card and other.is_card)


def _paths(session: Session, people: Collection[int]) -> dict[int, list[str]]:
    """Person → the paths of one's own offices that hold the file."""
    found: dict[int, list[str]] = defaultdict(list)
    for some in _in_parts(sorted(people)):
        links = scope.query(PersonOffice).where(PersonOffice.person_id.in_(some), PersonOffice.valid_to.is_(None))
        told = links.with_only_columns(PersonOffice.person_id, PersonOffice.scope_path)
        for link in session.execute(told.order_by(PersonOffice.scope_path)):
            found[link.person_id].append(link.scope_path)
    return found


def _office_of_both(one: Iterable[str], other: Collection[str]) -> str:
    """The path of the smallest office that holds both; nothing where that lies outside one's own offices."""
    shared = [_shared(a, b) for a in one for b in other]
    return max((path for path in shared if scope.current().holds(path)), key=len, default="")


def _shared(one: str, other: str) -> str:
    """The path down to the last level that two places have in common."""
    lengths = range(0, min(len(one), len(other)) + 1, WIDTH)
    return max((one[:length] for length in lengths if one[:length] == other[:length]), key=len)


def _known(session: Session, older: Collection[int]) -> dict[tuple[int, int], Any]:
    """The pairs on file, by their two people, wherever they lie: as columns."""
    found = {}
    told = (PAIRS.c.id, PAIRS.c.uid, PAIRS.c.one_id, PAIRS.c.other_id, PAIRS.c.state, PAIRS.c.identity, PAIRS.c.scope_path)
    for some in _in_parts(sorted(older)):
        with session.no_autoflush, elevated("pairs that are known already"):
            for row in session.execute(select(*told).where(PAIRS.c.one_id.in_(some))):
                found[row.one_id, row.other_id] = row
    return found


def _in_parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    yield from (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
