"""What may happen to a household event: it is entered, decided about, voided. Approved, it says who belongs to which household."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session, attributes

from app.core import periods, scope, workflow
from app.core.errors import Caution, Problem, RuleViolation, refuse_if
from app.core.id_number import FEMALE, MALE
from app.core.regions import Region
from app.core.workflow import Actor, Status
from app.extensions import db
from app.ledgers.households import numbers, standing
from app.ledgers.households.engine import Contradiction, Fault, Told
from app.ledgers.households.models import (
    CLOSED,
    HEAD,
    HEAD_CHANGED,
    JOINED,
    RELATION_CHANGED,
    SELF,
    SET_UP,
    Household,
    HouseholdEvent,
)  # fmt: skip
from app.ledgers.people import filing, snapshots, sound

ROLE = "person"
COMING = (SET_UP, JOINED)  # events by which somebody comes; the others name somebody who is there
TOLD_RELATION = (JOINED, RELATION_CHANGED)
DATES = ("happened_on", "person_birth_date", "reported_on")
OF_SET_UP = ("address", "mgmt_class", "former_no")
OF_PERSON = ("name", "id_no", "sex", "birth_date", "region", "id")
SEX_OF = {"11": MALE, "12": FEMALE, "51": MALE, "52": FEMALE} | dict.fromkeys(("20", "21", "22", "23", "24", "27"), MALE)
SEX_OF |= dict.fromkeys(("30", "31", "32", "33", "34", "37"), FEMALE)  # relations of GB/T 4761 that tell the sex


def save(event: HouseholdEvent, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed, find the household and the person, check everything. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        _complete(event, today)
        keeps = event.person_id is not None and snapshots.is_unchanged(event, ROLE) and not _changed(event, "kind")
        refuse_if([*check(event, today), *_fixed_problems(event)])
        household = _household(session, event)
        if household is not None and event.kind not in COMING and event.kind != CLOSED and not keeps:
            _name_member(session, event, household)
        with filing.apart(session, event):
            if event.kind in COMING and not keeps:
                event.person_id = _found(session, event, household, actor, today)
            household = household or _set_up(session, event, today)
        event.household, event.household_no = household, None
        event.region, event.scope_path = household.region, household.scope_path
        if event.kind == SET_UP:
            _describe(event, household)
        refuse_if([*_problems_of_files(session, event), *_problems_of_household(session, event)])
        return []


def approve(event: HouseholdEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The household is what its events say. Raises RuleViolation where they cannot all be true, or somebody would be in two at once."""
    session = db.session()
    workflow.must_allow(event, "approve", actor, reason)
    with session.no_autoflush:
        _settle(session, event, counts=True)
        event.statistical_month, event.late = periods.count_in(session, event.scope_path, event.happened_on, on)
        workflow.advance(event, "approve", actor, token=token, reason=reason)


def void(event: HouseholdEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The household is what it is without this event. Raises RuleViolation where another record rests on it."""
    session = db.session()
    workflow.must_allow(event, "void", actor, reason)
    with session.no_autoflush:
        _settle(session, event, counts=False)
        workflow.advance(event, "void", actor, token=token, reason=reason)


def discard(event: HouseholdEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """A draft that should not be there goes, with the file and the household that it alone made."""
    session, household = db.session(), event.household
    if event.kind == SET_UP and len(standing.events_of(session, household.id)) > 1:
        raise RuleViolation.one(_("Other records name this household. Delete or void those first."), code="named")
    filing.discard(session, event, (ROLE,), actor, on, token=token, reason=reason)
    if event.kind == SET_UP:
        session.delete(household)


def change(event: HouseholdEvent, actor: Actor, today: date) -> list[Caution]:
    """An approved event gets the values of an applied request: the members of its household are written anew."""
    session, before = db.session(), workflow.said_before(event, "happened_on")
    with session.no_autoflush:
        cautions = save(event, actor, today)
        _settle(session, event, counts=True)
        if periods.month_of(before.happened_on) != periods.month_of(event.happened_on):
            event.statistical_month, event.late = periods.count_in(session, event.scope_path, event.happened_on, today)
    return cautions


ACTS: Mapping[str, Callable[..., None]] = {"approve": approve, "void": void, "discard": discard}


def elsewhere() -> str:
    """The one sentence for whatever other households know against an event: it does not tell whom they name or where they are."""
    return _(
        "Approved records say otherwise: somebody would belong to two households on one day. Have them leave first, or correct the day."
    )


def sentence(fault: Fault) -> str:
    """What stands against an event, and what to do."""
    return {
        Fault.not_set_up: _("On this day the household was not set up yet. Have its set-up approved first, or correct the day."),
        Fault.set_up_twice: _("This household was set up already."),
        Fault.closed: _("The household is closed. Void the closing first, or correct the day."),
        Fault.empty: _("On this day nobody belonged to the household any more. Close it and set up another one."),
        Fault.member: _("On this day this person belonged to the household already."),
        Fault.no_member: _("On this day this person did not belong to the household. Compare the day and the records of the household."),
        Fault.head_leaves: _("The head cannot leave while others stay. Enter who is head now first, with the same day or an earlier one."),
        Fault.head_already: _("On this day this person was the head already."),
        Fault.head_stays: _("On this day this person was the head. Enter a change of head instead."),
        Fault.former_head: _("Choose what the former head is to the new one."),
        Fault.unborn: _("By the file this person was not born yet. Correct the day or the file."),
        Fault.gone: _("By the register this person had died or moved away by then. Correct the day."),
        Fault.elsewhere: elsewhere(),
    }[fault]


def check(event: HouseholdEvent, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    if missing := sound.missing(event, _required(event)):
        return missing
    dates = sound.old_dates(event, DATES, today) or [*_date_problems(event, today)]
    return [*people(event, today), *dates, *_relation_problems(event), *sound.large_places(event, ("person_region",))]


def people(event: HouseholdEvent, today: date) -> list[Problem]:
    """What is wrong with the person as the row names them."""
    found = snapshots.problems(event, ROLE, today)
    return [*found, *snapshots.sex_problems(event, ROLE, today)] if event.kind in COMING else found


def _required(event: HouseholdEvent) -> tuple[str, ...]:
    """The fields without which an event says nothing."""
    if event.kind in (None, ""):
        return ("kind", "happened_on")
    named = () if event.kind == CLOSED else ("person_name",)
    number = () if event.kind == SET_UP else ("household_no",)
    return ("happened_on", *number, *named, *(("relation",) if event.kind in TOLD_RELATION else ()))


def _complete(event: HouseholdEvent, today: date) -> None:
    """Write what was typed as it is kept. What an event of this kind does not tell stays empty."""
    if event.kind == CLOSED:
        for column in OF_PERSON:
            setattr(event, f"{ROLE}_{column}", None)
    for column in OF_SET_UP:
        typed = (getattr(event, column) or "").strip() or None
        setattr(event, column, typed if event.kind == SET_UP else None)
    event.former_no = numbers.tidy(event.former_no) or None
    if event.kind == SET_UP:
        event.relation, event.household_no = HEAD, None
    elif event.kind not in (*TOLD_RELATION, HEAD_CHANGED):
        event.relation = None
    snapshots.complete(event, ROLE, today)
    event.reported_on = event.reported_on or today


def _date_problems(event: HouseholdEvent, today: date) -> Iterator[Problem]:
    if event.happened_on > today:
        yield Problem("happened_on", _("This cannot happen after today. Correct the date."), "happened_on")
        return
    if event.person_birth_date and event.happened_on < event.person_birth_date:
        yield Problem("happened_on", _("The day of the event lies before the birth date. Correct one of them."), "before_birth")
    if event.reported_on and not event.happened_on <= event.reported_on <= today:
        yield Problem("reported_on", _("The day of the report lies between the event and today. Correct it."), "reported_on")


def _relation_problems(event: HouseholdEvent) -> Iterator[Problem]:
    """What somebody is to the head: not the head, and of the sex that the word tells. Of a change of head it is told of the former one."""
    if event.kind == SET_UP or not event.relation:
        return
    if event.relation in (SELF, HEAD):
        message = _("Only a set-up and a change of head make somebody the head. Choose what the person is to the head.")
        yield Problem("relation", message, "relation_head")
    wanted = SEX_OF.get(event.relation)
    if event.kind in TOLD_RELATION and wanted and event.person_sex in (MALE, FEMALE) and event.person_sex != wanted:
        yield Problem("relation", _("This relation does not fit the sex. Correct one of them."), "relation_sex")


def _fixed_problems(event: HouseholdEvent) -> Iterator[Problem]:
    """A set-up stays one, because its household has its number from it; an approved event stays with its kind and its household."""
    kind, typed = workflow.said_before(event, "kind").kind, event.typed_no
    is_approved = event.status in (Status.approved, Status.voided)
    if kind and kind != event.kind and (is_approved or SET_UP in (kind, event.kind)):
        message = _("The kind of this record stays. Delete the draft or have the record voided, and enter another one.")
        yield Problem("kind", message, "kind_fixed")
    if is_approved and typed and typed != event.household.number:
        message = _("An approved record stays with its household. Have it voided, and enter another one.")
        yield Problem("household_no", message, "household_fixed")


def _household(session: Session, event: HouseholdEvent) -> Household | None:
    """The household that is meant; none where a set-up makes it only now. Nothing happens to one whose set-up was voided."""
    if event.kind == SET_UP:
        return event.household
    household = event.household if event.typed_no is None else numbers.find(session, event.typed_no, event.person_region)
    if not any(row.kind == SET_UP and row.status != Status.voided for row in standing.events_of(session, household.id)):
        raise RuleViolation.one(_("The set-up of this household was voided. Enter it anew."), "household_no", code="set_up_voided")
    return household


def _name_member(session: Session, event: HouseholdEvent, household: Household) -> None:
    """Who is meant among those who came to the household: by number, else by name and, where it was written, birth date."""
    came = [row for row in standing.events_of(session, household.id) if row.kind in COMING and row.status != Status.voided]
    found = {row.person_id: row for row in came if _is_meant(event, row)}
    if len(found) != 1:
        message = _("Nobody of this name belongs to this household. Compare the name with the household's page.")
        if found:
            message = _("Several people of this household have this name. Write the ID number or the birth date.")
        raise RuleViolation.one(message, "person_name", code="member")
    (row,) = found.values()
    event.person_id, event.person_name, event.person_id_type = row.person_id, row.person_name, row.person_id_type
    event.person_id_no = row.person_id_no.reveal() if row.person_id_no else None
    event.person_sex, event.person_birth_date = row.person_sex, row.person_birth_date
    refuse_if(_relation_problems(event))


def _is_meant(event: HouseholdEvent, row: HouseholdEvent) -> bool:
    if event.person_id_no_bidx and row.person_id_no_bidx and event.person_id_no_bidx != row.person_id_no_bidx:
        return False
    if event.person_birth_date and row.person_birth_date and event.person_birth_date != row.person_birth_date:
        return False
    return bool(event.person_name == row.person_name)


def _found(session: Session, event: HouseholdEvent, household: Household | None, actor: Actor, today: date) -> int:
    """The file of whoever comes, at one's own offices; one is made where they had none."""
    place = snapshots.within_reach(event.person_region or (household.region if household else snapshots.own_place(session)))
    person_id = filing.file_at_mine(session, event, ROLE, region=place, actor=actor, today=today)
    if person_id is None:
        message = _("The person is not on file at your offices. Choose the place where they live, and they are entered with this record.")
        raise RuleViolation.one(message, "person_region", code="place")
    return person_id


def _set_up(session: Session, event: HouseholdEvent, today: date) -> Household:
    """The household that this record makes: at the place that was chosen, else where the head lives."""
    place = _place(session, event)
    if place is None:
        raise RuleViolation.one(_("Choose the village where the household lives."), "person_region", code="place")
    household = Household(number=numbers.give(session, place, today), region=place, scope_path=place.path)
    session.add(household)
    return household


def _place(session: Session, event: HouseholdEvent) -> Region | None:
    chosen = snapshots.within_reach(event.person_region) or snapshots.own_place(session)
    return chosen or snapshots.office_of(session, event.person_id)


def _describe(event: HouseholdEvent, household: Household) -> None:
    """The household is what its set-up says: while it is a draft and after every change that was applied. Its place stays."""
    for column in OF_SET_UP:
        setattr(household, column, getattr(event, column))
    if event.person_region is None:
        event.person_region = snapshots.within_reach(household.region)


def _problems_of_files(session: Session, event: HouseholdEvent) -> Iterator[Problem]:
    """Born and alive on the day, as far as one's own files say."""
    file = snapshots.on_file(session, event.person_id) if event.kind in COMING else None
    if file is not None and file.birth_date and event.happened_on < file.birth_date:
        yield Problem("happened_on", sentence(Fault.unborn), "unborn")
    if file is not None and file.died_on and event.happened_on > file.died_on:
        yield Problem("happened_on", sentence(Fault.gone), "gone")


def _problems_of_household(session: Session, event: HouseholdEvent) -> Iterator[Problem]:
    """What the household at hand says against it, so that the clerk learns of it at once."""
    household = event.household
    if event.kind == SET_UP and event.person_region not in (None, household.region):
        message = _("The household has its number from its place, which stays. Delete the draft or have it voided, and enter it anew.")
        yield Problem("person_region", message, "place_fixed")
    if household.closed_on and event.happened_on > household.closed_on:
        yield Problem("happened_on", sentence(Fault.closed), "closed")
    if event.kind == HEAD_CHANGED and not event.relation and _another_head(session, household, event):
        yield Problem("relation", sentence(Fault.former_head), "former_head")
    if event.kind in COMING:
        same = scope.query(HouseholdEvent).where(HouseholdEvent.person_id == event.person_id, HouseholdEvent.uid != event.uid)
        same = same.where(HouseholdEvent.kind.in_(COMING), HouseholdEvent.happened_on == event.happened_on)
        if session.scalar(same.where(HouseholdEvent.status != Status.voided).with_only_columns(HouseholdEvent.id).limit(1)) is not None:
            yield Problem("person_name", _("This is entered already: the person joins a household on this day."), "twice")


def _another_head(session: Session, household: Household, event: HouseholdEvent) -> bool:
    """Whether somebody else is the head on this day, and stays."""
    members = standing.members_of(session, [household.id])
    heads = [member for member in members if member.relation == HEAD and member.ended_on is None]
    return any(head.began_on <= event.happened_on and head.person_id != event.person_id for head in heads)


def _settle(session: Session, event: HouseholdEvent, *, counts: bool) -> Told:
    household = event.household
    try:
        told = standing.settle(session, household.id, event, counts=counts)
    except Contradiction as found:
        message = sentence(found.fault) if counts or found.fault is Fault.elsewhere else workflow.rests_on_it()
        raise RuleViolation.one(message, code=f"contradiction_{found.fault}") from found
    household.set_up_on, household.closed_on = told.set_up_on, told.closed_on
    return told


def _changed(event: HouseholdEvent, column: str) -> bool:
    return bool(attributes.get_history(event, column).deleted)
