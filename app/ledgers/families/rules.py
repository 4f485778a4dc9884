"""What may happen to a marriage event: it is entered, decided about, voided. It registers a fact and refuses nobody for age or number."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_
from sqlalchemy.orm import Session

from app.core import id_number, params, periods, scope, workflow
from app.core.errors import Caution, Problem, RuleViolation, refuse_if
from app.core.workflow import Actor, Status
from app.extensions import db
from app.ledgers.families import standing
from app.ledgers.families.engine import Contradiction
from app.ledgers.families.models import AGAIN, DIVORCE, DIVORCED, FIRST, REUNION, WEDDING, WIDOWED, WIDOWHOOD, MarriageEvent
from app.ledgers.families.standing import ROLES, Couple
from app.ledgers.people import filing, naming, snapshots, sound
from app.ledgers.people.models import Person

SCHEME = "families"  # of the dated parameters
REQUIRED = ("kind", "happened_on", "wife_name", "husband_name")
DATES = ("happened_on", "wife_birth_date", "husband_birth_date", "reported_on")
PLACES = ("wife_region", "husband_region")
TOLD = ("happened_on", *(f"{role}_{column}" for role in ROLES for column in ("name", "id", "id_no_bidx")))  # on these marriages depend
ORDERS = (FIRST, AGAIN, REUNION)  # what a marriage may be to one of the two
LEGAL_AGE = {"wife": "marriage_age_women", "husband": "marriage_age_men"}  # keys of the dated parameters


def save(event: MarriageEvent, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed, check everything, answer what is unusual. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        _complete(event, today)
        keeps = [role for role in ROLES if getattr(event, f"{role}_id") is not None and snapshots.is_unchanged(event, role)]
        refuse_if(check(event, today))
        with filing.apart(session, event):
            for role in ROLES:
                if role not in keeps:
                    setattr(event, f"{role}_id", _found(session, event, role, actor, today))
        _place(session, event, keeps_both=len(keeps) == len(ROLES))
        refuse_if(_problems_of_files(session, event))
        return [*_age_cautions(session, event), *_order_cautions(session, event), *_repeated(session, event)]


def approve(event: MarriageEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The marriage stands, or has ended, from its day on. Raises RuleViolation where one of the two would be married twice."""
    session = db.session()
    workflow.must_allow(event, "approve", actor, reason)
    with session.no_autoflush:
        _settle(session, standing.couple_of(session, event), event, contradiction(), counts=True)
        event.statistical_month, event.late = periods.count_in(session, event.scope_path, event.happened_on, on)
        workflow.advance(event, "approve", actor, token=token, reason=reason)


def void(event: MarriageEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The marriages of the two are what they were without it. Raises RuleViolation where a later record rests on it."""
    session = db.session()
    workflow.must_allow(event, "void", actor, reason)
    with session.no_autoflush:
        _settle(session, standing.couple_of(session, event), event, workflow.rests_on_it(), counts=False)
        workflow.advance(event, "void", actor, token=token, reason=reason)


def discard(event: MarriageEvent, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """A draft that should not be there goes, with the files that it alone made."""
    filing.discard(db.session(), event, ROLES, actor, on, token=token, reason=reason)


def change(event: MarriageEvent, actor: Actor, today: date) -> list[Caution]:
    """An approved event gets the values of an applied request: the marriages of whom it named and of whom it names are written anew."""
    session = db.session()
    with session.no_autoflush:
        before = workflow.said_before(event, *TOLD)
        named = standing.couple_of(session, before)
        cautions = save(event, actor, today)
        if not standing.is_of(event, named):
            _settle(session, named, event, workflow.rests_on_it(), counts=False)
        _settle(session, standing.couple_of(session, event), event, contradiction(), counts=True)
        if periods.month_of(before.happened_on) != periods.month_of(event.happened_on):
            event.statistical_month, event.late = periods.count_in(session, event.scope_path, event.happened_on, today)
    return cautions


ACTS: Mapping[str, Callable[..., None]] = {"approve": approve, "void": void, "discard": discard}


def contradiction() -> str:
    """The one sentence for whatever the register knows against an event: it does not tell who or where."""
    return _("Approved records say otherwise: this cannot have happened to these two on this day. Compare names, numbers and date again.")


def check(event: MarriageEvent, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    if missing := sound.missing(event, REQUIRED):
        return missing
    dates = sound.old_dates(event, DATES, today) or [*_date_problems(event, today)]
    return [*people(event, today), *dates, *_marital_problems(event), *sound.large_places(event, PLACES)]


def people(event: MarriageEvent, today: date) -> list[Problem]:
    """What is wrong with the two as the row names them."""
    found = [problem for role in ROLES for problem in snapshots.problems(event, role, today)]
    if event.wife_id_no_bidx and event.wife_id_no_bidx == event.husband_id_no_bidx:
        found.append(Problem("husband_id_no", _("Both have the same number. Compare the numbers with the cards."), "V05_self"))
    return found


def _complete(event: MarriageEvent, today: date) -> None:
    """Write what was typed as it is kept, and what follows from it. A divorce makes both divorced."""
    for role in ROLES:
        snapshots.complete(event, role, today)
        if event.kind == DIVORCE:
            setattr(event, f"{role}_marital", DIVORCED)
    event.reported_on = event.reported_on or today
    event.certificate_no = (event.certificate_no or "").strip() or None


def _date_problems(event: MarriageEvent, today: date) -> Iterator[Problem]:
    if event.happened_on > today:
        yield Problem("happened_on", _("This cannot happen after today. Correct the date."), "happened_on")
        return
    for role in ROLES:
        born = getattr(event, f"{role}_birth_date")
        if born and born >= event.happened_on:
            message = _("The birth date must lie before the day of the event. Correct one of them.")
            yield Problem(f"{role}_birth_date", message, f"{role}_birth_date")
    if event.reported_on and not event.happened_on <= event.reported_on <= today:
        yield Problem("reported_on", _("The day of the report lies between the event and today. Correct it."), "reported_on")


def _marital_problems(event: MarriageEvent) -> Iterator[Problem]:
    """What the event makes of each: a marriage the first, a further one or a reunion; a death one of the two widowed."""
    told = {role: getattr(event, f"{role}_marital") for role in ROLES}
    if event.kind == WIDOWHOOD and sorted(told.values(), key=str) != [WIDOWED, None]:
        message = _("Choose “widowed” at the one who is left, and nothing at the one who died.")
        yield Problem("wife_marital", message, "widowed")
    if event.kind == WEDDING:
        for role in ROLES:
            if told[role] not in ORDERS:
                message = _("Choose whether it is the first marriage, a further one, or one with the former spouse.")
                yield Problem(f"{role}_marital", message, "order")
        if REUNION in told.values() and len(set(told.values())) > 1:
            yield Problem("wife_marital", _("A marriage with the former spouse is that for both. Correct one of them."), "reunion")


def _found(session: Session, event: MarriageEvent, role: str, actor: Actor, today: date) -> int | None:
    """The file of one of the two, wherever it lies; one is made only where they live in the offices of the writer."""
    own, who = filing.own_file(session, event, role), snapshots.named(event, role)
    place = snapshots.within_reach(getattr(event, f"{role}_region"))
    found = naming.find_or_file(session, who, region=place, outside="link", actor=actor, today=today)
    person_id = filing.note(event, role, found)
    if own and own.id != person_id:
        filing.close(session, own.id, today)
    return person_id


def _place(session: Session, event: MarriageEvent, *, keeps_both: bool) -> None:
    """Her office answers for the row, else his; one of the two is on file with the writer."""
    if keeps_both and event.region:
        return
    hers, his = (snapshots.office_of(session, getattr(event, f"{role}_id")) for role in ROLES)
    office = hers or his
    if office is None:
        message = _("Neither of the two is on file at your offices. Choose where one of them lives, who is entered with this record then.")
        raise RuleViolation.one(message, "wife_region", code="place")
    event.region, event.scope_path = office, office.path


def _problems_of_files(session: Session, event: MarriageEvent) -> Iterator[Problem]:
    """Two people, both alive on the day (V05), as far as one's own files say."""
    if event.wife_id is not None and event.wife_id == event.husband_id:
        yield Problem("husband_name", _("Both are the same person by the register. Compare the names and numbers."), "V05_self")
    ids = {getattr(event, f"{role}_id"): role for role in ROLES}
    told = scope.query(Person).where(Person.id.in_([n for n in ids if n]), Person.died_on < event.happened_on)
    for person_id in session.scalars(told.with_only_columns(Person.id)) if event.kind != WIDOWHOOD else ():
        message = _("By the file this person had died before this day. Correct the date or the file.")
        yield Problem(f"{ids[person_id]}_name", message, "V05_alive")


def _age_cautions(session: Session, event: MarriageEvent) -> Iterator[Caution]:
    """V06: younger than the law of the day asked for. The marriage is registered all the same."""
    for role in ROLES if event.kind == WEDDING else ():
        born = getattr(event, f"{role}_birth_date")
        least = params.number(session, SCHEME, LEGAL_AGE[role], event.scope_path, event.happened_on)
        if born and (years := id_number.age(born, event.happened_on)) < least:
            message = _l(
                "By the dates this person was %(years)s years old; the law of that day asks for %(least)s. Compare the dates.",
                years=years,
                least=least,
            )
            yield Caution(f"V06_{role}", f"{role}_birth_date", message)


def _order_cautions(session: Session, event: MarriageEvent) -> Iterator[Caution]:
    """A first marriage of somebody whom an earlier record of one's own offices names."""
    for role in ROLES if event.kind == WEDDING else ():
        person_id, blind = getattr(event, f"{role}_id"), getattr(event, f"{role}_id_no_bidx")
        links, numbers = getattr(MarriageEvent, f"{role}_id"), getattr(MarriageEvent, f"{role}_id_no_bidx")
        same = [column == known for column, known in ((links, person_id), (numbers, blind)) if known is not None]
        if getattr(event, f"{role}_marital") == FIRST and same:
            earlier = scope.query(MarriageEvent).where(or_(*same), MarriageEvent.happened_on < event.happened_on)
            before = earlier.where(MarriageEvent.status == Status.approved, MarriageEvent.uid != event.uid)
            if session.scalar(before.with_only_columns(MarriageEvent.id).limit(1)) is not None:
                message = _l("An earlier record of your offices names this person as married before. Is it the first marriage?")
                yield Caution(f"first_{role}", f"{role}_marital", message)


def _repeated(session: Session, event: MarriageEvent) -> Iterator[Caution]:
    """The same event of the same two, entered at one's own offices already."""
    links = [getattr(MarriageEvent, f"{role}_id") == known for role in ROLES if (known := getattr(event, f"{role}_id"))]
    same = (or_(*links), MarriageEvent.kind == event.kind, MarriageEvent.happened_on == event.happened_on)
    rows = scope.query(MarriageEvent).where(*same, MarriageEvent.uid != event.uid, MarriageEvent.status != Status.voided)
    if session.scalar(rows.with_only_columns(MarriageEvent.id).limit(1)) is not None:
        message = _l("The same event of these two is on file at your offices. Look there first.")
        yield Caution("same_event", "happened_on", message)


def _settle(session: Session, couple: Couple, event: MarriageEvent, otherwise: str, *, counts: bool) -> None:
    try:
        standing.settle(session, couple, event, counts=counts)
    except Contradiction as found:
        raise RuleViolation.one(otherwise, code="contradiction") from found
