"""Where somebody is by all approved moves and accepted transfers: read across offices, and written to the file and its links anew."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.orm import Session

from app.core import audit, crypto, scope
from app.core.regions import TOWN_LENGTH, Region
from app.core.scope import elevated
from app.core.workflow import Status
from app.ledgers.moves import engine
from app.ledgers.moves.engine import BOTH, Contradiction, Event, Kind, Side, Standing, Stay, Where
from app.ledgers.moves.models import BACK, ELSEWHERE, MOVED_IN, MOVED_OUT, REGISTRATION, RESIDENCE, MoveEvent, Transfer, TransferState
from app.ledgers.people import search
from app.ledgers.people.models import OfficeKind, Person, PersonOffice

LINKS: Any = PersonOffice.__table__
KINDS = {MOVED_IN: Kind.moved_in, MOVED_OUT: Kind.moved_out, ELSEWHERE: Kind.elsewhere, BACK: Kind.back}
OFFICE_KINDS = {Side.residence: OfficeKind.resident, Side.registration: OfficeKind.registered}
SIDES = {RESIDENCE: frozenset({Side.residence}), REGISTRATION: frozenset({Side.registration})}


@dataclass(frozen=True)
class Whereabouts:
    """What approved moves say of one side of somebody, for their page."""

    side: Side
    where: Where
    since: date


def sides_of(what: str) -> frozenset[Side]:
    """What moves, by its code (move_what)."""
    return SIDES.get(what, frozenset(BOTH))


def of_person(session: Session, person: Person) -> list[Whereabouts]:
    """Where somebody is by approved moves, of whichever office, and since when."""
    try:
        found = _standing(session, person, _events(session, person.id), _links(session, person.id))
    except Contradiction:  # a birth date that was corrected since: the moves are looked at again when the next one is decided
        return []
    return [Whereabouts(side, *found.where[side]) for side in BOTH if side in found.where]


def settle(session: Session, person: Person, decided: MoveEvent | None = None, *, counts: bool = True, reaching: str = "own") -> None:
    """Write the day of leaving and the links of somebody anew, as every approved move tells them. Whoever calls has the person's turn.

    `decided` is a move about which this transaction decides, and `counts` says whether it counts from now on. Links of offices outside the
    scope stay as they are, unless a transfer is `reaching` "both" offices. Raises Contradiction where the events cannot all be true.
    """
    session.flush()
    told = _events(session, person.id, but=decided)
    if decided is not None and counts:
        told.append(_event(decided))
    links = _links(session, person.id)
    found = _standing(session, person, told, links)
    changes = [change for side in BOTH for change in _changes(session, links, side, found.stays[side])]
    if reaching == "own":
        _must_be_mine(changes)
    if decided is not None and counts and KINDS[decided.kind] is Kind.elsewhere:
        _must_be_registered_here(found)
    person.moved_out_on = found.left_on
    session.flush()
    write(session, person, changes)


def try_transfer(session: Session, person: Person, transfer: Transfer) -> None:
    """Raises Contradiction where somebody cannot have moved to another office on this day."""
    place = transfer.to_region.path
    event = Event(transfer.moved_on, transfer.id or 0, Kind.handed, sides_of(transfer.what), place)
    found = _standing(session, person, [event, *_events(session, person.id)], _links(session, person.id))
    if any(found.where[side][1] > transfer.moved_on for side in event.sides):
        raise Contradiction  # something happened to it later than the move that is being told


@dataclass(frozen=True)
class Link:
    """One link of a person, of any office, as columns."""

    id: int
    uid: Any
    region_id: int
    path: str
    kind: OfficeKind
    valid_from: date
    valid_to: date | None
    by_move: bool
    ended_by_move: bool


@dataclass(frozen=True)
class Change:
    """One change of the links: a new one without `old`, one that goes without `new`."""

    old: Link | None
    new: Link | None

    @property
    def path(self) -> str:
        """The office whose link it is."""
        link = self.old or self.new
        assert link is not None  # noqa: S101  (one of both is always there)
        return link.path


def hand_over(session: Session, person_id: int, sides: Iterable[Side], to: Region, on: date) -> list[Change]:
    """The links that end and the ones that open when these sides go to another office. What moves once did to them is settled for good."""
    kinds = {OFFICE_KINDS[side] for side in sides}
    found = []
    for link in _links(session, person_id):
        if link.kind in kinds:
            ended = link.valid_to or max(on, link.valid_from)
            if (after := replace(link, valid_to=ended, by_move=False, ended_by_move=False)) != link:
                found.append(Change(link, after))
    return found + [Change(None, _new(kind, to.id, to.path, on, by_move=False)) for kind in sorted(kinds)]


def write(session: Session, person: Person, changes: list[Change]) -> None:
    """Write links of any office, each with its entry in the history of its town, and the name search of all of them."""
    write_links(session, person.id, changes)
    if changes:
        session.expire(person, ["offices"])
        search.rewrite(session, person)


def write_links(session: Session, person_id: int, changes: list[Change]) -> None:
    """Write the links alone. What ends comes first: an office sees a person once for each reason."""
    session.flush()
    with elevated("links that moves and transfers open and end"):
        connection = session.connection()
        for change in sorted(changes, key=_opens):
            if change.new is None and change.old is not None:
                connection.execute(delete(LINKS).where(LINKS.c.id == change.old.id))
            elif change.old is None and change.new is not None:
                link = change.new
                told = {"uid": link.uid, "version": 1, "person_id": person_id, "region_id": link.region_id, "scope_path": link.path}
                connection.execute(insert(LINKS).values(**told, kind=link.kind, **_told(link)))
            elif change.old is not None and change.new is not None:
                anew = {**_told(change.new), "version": LINKS.c.version + 1}
                connection.execute(update(LINKS).where(LINKS.c.id == change.old.id).values(**anew))
            _note(session, change, person_id)
    for known in [row for row in session.identity_map.values() if isinstance(row, PersonOffice)]:
        session.expire(known)


def office_path(session: Session, person_id: int, side: Side) -> str | None:
    """The office that holds this side of somebody today, wherever it lies."""
    return next((link.path for link in _links(session, person_id) if link.kind is OFFICE_KINDS[side] and link.valid_to is None), None)


def _opens(change: Change) -> bool:
    return change.new is not None and change.new.valid_to is None


def _told(link: Link) -> dict[str, Any]:
    names = ("valid_from", "valid_to", "by_move", "ended_by_move")
    return {name: getattr(link, name) for name in names}


def _note(session: Session, change: Change, person_id: int) -> None:
    """What happened to a link, for the history of its office's town."""
    before, after = (_told(link) if link else {} for link in (change.old, change.new))
    told = {name: [_plain(before.get(name)), _plain(after.get(name))] for name in {**before, **after}}
    told = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    link = change.new or change.old
    act = "create" if change.old is None else "delete" if change.new is None else "change"
    if link is not None:
        who = {"person_id": person_id, "kind": str(link.kind)}
        audit.note_about(session, act, f"person_office/{link.uid}", link.path[:TOWN_LENGTH], **who, **told)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else str(value)


def _standing(session: Session, person: Person, events: Iterable[Event], links: list[Link]) -> Standing:
    base = {side: link.path for side in BOTH if (link := _base(links, side)) is not None}
    return engine.standing(events, base, person.birth_date, person.died_on)


def _base(links: list[Link], side: Side) -> Link | None:
    """The link that the file has without any move: it is open, or moves have ended it."""
    known = [n for n in links if n.kind is OFFICE_KINDS[side] and not n.by_move and (n.valid_to is None or n.ended_by_move)]
    return max(known, key=lambda link: link.id, default=None)


def _changes(session: Session, links: list[Link], side: Side, stays: list[Stay]) -> Iterable[Change]:
    """What must happen to the links of one side so that they say what the stays say."""
    base, kind = _base(links, side), OFFICE_KINDS[side]
    opened = [link for link in links if link.kind is kind and link.by_move]
    for stay in stays:
        if stay.began is None:
            old: Link | None = base
        else:
            old = next((link for link in opened if (link.path, link.valid_from) == (stay.place, stay.began)), None)
            opened = [link for link in opened if link is not old]
        wanted = old or _new(kind, _place(session, stay.place), stay.place, stay.began, by_move=True)
        ended = stay.ended and max(stay.ended, wanted.valid_from)
        wanted = replace(wanted, valid_to=ended, ended_by_move=ended is not None)
        if wanted != old:
            yield Change(old, wanted)
    yield from (Change(link, None) for link in opened)


def _new(kind: OfficeKind, region_id: int, path: str, on: date | None, *, by_move: bool) -> Link:
    assert on is not None  # noqa: S101  (only the link of the file itself has no day, and it is on file)
    return Link(0, crypto.uuid7(), region_id, path, kind, on, None, by_move, ended_by_move=False)


def _place(session: Session, path: str) -> int:
    return session.scalars(select(Region.id).where(Region.path == path)).one()


def _must_be_mine(changes: Iterable[Change]) -> None:
    if not all(scope.current().holds(change.path) for change in changes):
        raise Contradiction


def _must_be_registered_here(found: Standing) -> None:
    """Who is registered at another office does not live elsewhere from here."""
    if not scope.current().holds(found.open_at(Side.registration)):
        raise Contradiction


def _event(row: Any) -> Event:
    return Event(row.happened_on, row.id, KINDS[row.kind], sides_of(row.what), row.scope_path)


def _events(session: Session, person_id: int, but: MoveEvent | None = None) -> list[Event]:
    """Every approved move and every accepted transfer of somebody, at whichever office."""
    told = (MoveEvent.uid, MoveEvent.id, MoveEvent.kind, MoveEvent.what, MoveEvent.happened_on, MoveEvent.scope_path)
    moves = select(*told).where(MoveEvent.person_id == person_id, MoveEvent.status == Status.approved)
    handed = select(Transfer.id, Transfer.what, Transfer.moved_on, Region.path).join(Region, Region.id == Transfer.to_region_id)
    accepted = handed.where(and_(Transfer.person_id == person_id, Transfer.state == TransferState.accepted))
    with session.no_autoflush, elevated("approved moves of a person"):
        found = [_event(row) for row in session.execute(moves.order_by(MoveEvent.id)) if but is None or row.uid != but.uid]
        rows = session.execute(accepted.order_by(Transfer.id)).all()
    return found + [Event(row.moved_on, row.id, Kind.handed, sides_of(row.what), row.path) for row in rows]


def _links(session: Session, person_id: int) -> list[Link]:
    """Every link of a person by which they live or are registered somewhere, at whichever office."""
    told = (LINKS.c.id, LINKS.c.uid, LINKS.c.region_id, LINKS.c.scope_path, LINKS.c.kind, LINKS.c.valid_from, LINKS.c.valid_to)
    marks = (LINKS.c.by_move, LINKS.c.ended_by_move)
    mine = select(*told, *marks).where(LINKS.c.person_id == person_id, LINKS.c.kind != OfficeKind.serving)
    with session.no_autoflush, elevated("offices of a person"):
        return [Link(*row) for row in session.execute(mine.order_by(LINKS.c.id))]
