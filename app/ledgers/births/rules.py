"""What may happen to a birth: it is entered, decided about, voided. A birth asks for no permission and has no consequence."""

from collections.abc import Callable, Mapping
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session, attributes

from app.core import id_number, names, params, periods, scope, workflow
from app.core.errors import Caution, RuleViolation, refuse_if
from app.core.id_number import FEMALE, MALE
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.births import checks, deliveries, elsewhere, family
from app.ledgers.births.known import SCHEME, Known, Limits, about
from app.ledgers.births.models import Birth
from app.ledgers.households import standing as households
from app.ledgers.households.engine import Contradiction
from app.ledgers.people import filing, identity, naming, search, snapshots
from app.ledgers.people.models import Person
from app.ledgers.people.naming import Found, Named

MOST_ALIKE = 5  # more than that nobody compares while entering
COMPARED = ("mother_name", "mother_birth_date", "born_on", "sex", "child_name", "child_order")
ROLES = ("mother", "father", "child")
CHILD = ("child_name", "child_id_no_bidx", "sex", "born_on", "child_died_on")  # what the child's file says, too
UNNAMED = {MALE: "之子", FEMALE: "之女"}  # how a newborn without a name is called: 王芳之女


def save(birth: Birth, actor: Actor, today: date) -> list[Caution]:
    """Settle what follows from what was typed, check everything, answer what is unusual. Raises RuleViolation."""
    session = db.session()
    with session.no_autoflush:
        complete(birth, today)
        keeps_mother = birth.mother_id is not None and snapshots.is_unchanged(birth, "mother")
        keeps_father = birth.father_id is not None and snapshots.is_unchanged(birth, "father")
        refuse_if(checks.of_form(birth, today))
        with filing.apart(session, birth):
            if not keeps_mother:
                birth.mother_id = _mother(session, birth, actor, today)
            if not keeps_father:
                birth.father_id = _father(session, birth, actor, today)
        _place(session, birth, keeps_mother)
        deliveries.join(session, birth)
        known = about(session, birth)
        refuse_if(checks.of_register(birth, known))
        return _judge(session, birth, known)


def approve(birth: Birth, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The birth counts from now on, in a month settled here for ever; the child gets a file."""
    session = db.session()
    workflow.must_allow(birth, "approve", actor, reason)
    child_id = birth.child_id or _file_child(session, birth, actor)
    with session.no_autoflush:
        birth.child_id, birth.registration_id = child_id, _registration(session, birth)
        birth.statistical_month, birth.late = periods.count_in(session, birth.count_path or birth.scope_path, birth.born_on, on)
        workflow.advance(birth, "approve", actor, token=token, reason=reason)


def void(birth: Birth, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """The birth does not stand any more; the file it made is closed, unless another row names the child."""
    session = db.session()
    workflow.advance(birth, "void", actor, token=token, reason=reason)
    deliveries.mark(birth)
    if own := _own_file(session, birth, "child"):
        filing.close(session, own.id, on)


def discard(birth: Birth, actor: Actor, on: date, *, token: str, reason: str = "") -> None:
    """A draft that should not be there goes, with its delivery and the mother's file if it alone made them."""
    session, delivery = db.session(), birth.delivery
    own = [person for role in ("mother", "father") if (person := _own_file(session, birth, role))]
    marks = deliveries.siblings(birth)
    deliveries.must_not_be_needed(delivery, birth)
    _unprotect(session, birth)
    workflow.discard(birth, actor, token=token, reason=reason)
    session.flush()
    session.expire(delivery)
    if marks:
        deliveries.settle(delivery)
    else:
        session.delete(delivery)
    for person in own:
        filing.close(session, person.id, on)


def change(birth: Birth, actor: Actor, today: date) -> list[Caution]:
    """An approved birth gets the values of an applied request. What was decided about it stays; in another month it counts anew."""
    session, before = db.session(), workflow.said_before(birth, "born_on")
    decided = {flag: getattr(birth, flag) for flag in ("possible_duplicate", "incomplete")}
    cautions = save(birth, actor, today)
    for flag, raised in decided.items():
        setattr(birth, flag, raised)
    with session.no_autoflush:
        with filing.apart(session, birth):
            _put_child_right(session, birth, actor, today)
        if periods.month_of(before.born_on) != periods.month_of(birth.born_on):
            birth.statistical_month, birth.late = periods.count_in(session, birth.count_path, birth.born_on, today)
    return cautions


ACTS: Mapping[str, Callable[..., None]] = {"approve": approve, "void": void, "discard": discard}


def alike(birth: Birth) -> list[tuple[Birth, list[str]]]:
    """Births of one's own offices that may be this one, which was settled by save(), and the fields in which they say the same."""
    session = db.session()
    with session.no_autoflush:
        wanted = checks.duplicates(birth, about(session, birth))
        rows = session.scalars(scope.query(Birth).where(Birth.uid.in_(wanted)).order_by(Birth.id.desc()).limit(MOST_ALIKE)).all()
    return [(row, [name for name in COMPARED if getattr(birth, name) and getattr(row, name) == getattr(birth, name)]) for row in rows]


def complete(birth: Birth, today: date) -> None:
    """Write what was typed as it is kept, and what follows from it."""
    for role in ROLES:
        snapshots.complete(birth, role, today)
    birth.reported_on = birth.reported_on or today
    birth.is_alive = birth.child_died_on is None
    birth.birth_cert_no = id_number.clean(birth.birth_cert_no or "") or None
    birth.born_at = checks.clock_of(birth.born_at)


def _mother(session: Session, birth: Birth, actor: Actor, today: date) -> int:
    """Her file, found or made. A file that this row alone made is put right with the row, or closed when it was the wrong one."""
    who, own = snapshots.named(birth, "mother"), _own_file(session, birth, "mother")
    place = None if own else snapshots.within_reach(birth.mother_region)
    twin = None if who.id_no else family.mother_of_twin(session, birth)
    found = Found(twin) if twin else naming.find_or_file(session, who, region=place, outside="refuse", actor=actor, today=today)
    if own and found.person_id is None:
        return _put_right(session, own, who)
    mother_id = filing.note(birth, "mother", found)
    if mother_id is None:
        message = _("The mother is not on file at your offices. Choose the place where she lives, and she is entered with this birth.")
        raise RuleViolation.one(message, "mother_region", code="mother_place")
    if own:
        filing.close(session, own.id, today)
    return mother_id


def _own_file(session: Session, birth: Birth, role: str) -> Person | None:
    """The file of the person in this role, if this row made it, or a twin's, and no other row names the person."""
    person = filing.only_here(session, birth, role)
    of_a_twin = person is not None and role == "mother" and person.id_no is None
    return person if of_a_twin or filing.is_maker(birth, role) else None


def _put_right(session: Session, mother: Person, who: Named) -> int:
    mother.name, mother.name_key, mother.birth_date = who.name, naming.name_key(who.name), who.birth_date
    mother.id_type, mother.id_no = who.id_type or "1", who.id_no
    search.rewrite(session, mother)
    return mother.id


def _father(session: Session, birth: Birth, actor: Actor, today: date) -> int | None:
    """He may be filed anywhere, or nowhere; he is entered only where he lives in the offices of the writer."""
    own, found = _own_file(session, birth, "father"), Found(None)
    if snapshots.is_named(birth, "father"):
        who, place = snapshots.named(birth, "father"), snapshots.within_reach(birth.father_region)
        known = None if who.id_no else family.father_of_sibling(session, birth)
        found = Found(known) if known else naming.find_or_file(session, who, region=place, outside="link", actor=actor, today=today)
    father_id = filing.note(birth, "father", found)
    if own and own.id != father_id:
        filing.close(session, own.id, today)
    return father_id


def _place(session: Session, birth: Birth, keeps_mother: bool) -> None:
    """The mother's office answers for the row; it counts where she lived on the day."""
    office = birth.region if keeps_mother and birth.region else snapshots.office_of(session, birth.mother_id)
    if office is None:
        raise RuleViolation.one(_("The mother's file belongs to no place of your offices any more."), "mother_name", code="mother_place")
    birth.region, birth.scope_path = office, office.path
    lived = elsewhere.residence_on(elsewhere.residences(session, [birth.mother_id]), birth.born_on)
    birth.count_region_id, birth.count_path = (lived.region_id, lived.path) if lived else (office.id, office.path)


def _judge(session: Session, birth: Birth, known: Known) -> list[Caution]:
    deliveries.mark(birth)
    birth.possible_duplicate = checks.is_duplicate(birth, known)
    birth.registration_id = _registration(session, birth)
    if checks.is_protected(birth, known.limits):
        _protect(session, birth.mother_id)
    else:
        _unprotect(session, birth)
    return checks.cautions(birth, known)


def _registration(session: Session, birth: Birth) -> int | None:
    hers = elsewhere.registrations(session, [birth.mother_id], [birth.mother_id_no_bidx])
    return elsewhere.registration_for(birth, hers)


def _protect(session: Session, mother_id: int) -> None:
    mother = snapshots.on_file(session, mother_id)
    if mother is not None:
        mother.is_protected = True


def _unprotect(session: Session, birth: Birth) -> None:
    """This row alone made the mother a protected person, by a date that was corrected since or a draft that goes."""
    said_so = any(warning["code"] == checks.PROTECTED for warning in birth.warnings or ())
    mother = snapshots.on_file(session, birth.mother_id) if said_so else None
    if mother is None:
        return
    table, others = params.Table(session, SCHEME), elsewhere.births_of(session, [birth.mother_id], [])
    on_other_days = [Limits(table, birth.scope_path, other.born_on) for other in others if other.uid != birth.uid]
    if not any(checks.is_protected(birth, limits) for limits in on_other_days):
        mother.is_protected = False


def _child(birth: Birth) -> Named:
    who = snapshots.named(birth, "child")
    return who if who.name else who._replace(name=birth.mother_name[: names.MAX_LENGTH - 2] + UNNAMED.get(birth.sex, "之婴"))


def _file_child(session: Session, birth: Birth, actor: Actor) -> int:
    """The child's file at the birth's office, from the day of birth. A newborn without a name is called after the mother."""
    found = naming.find_or_file(session, _child(birth), region=birth.region, outside="link", actor=actor, today=birth.born_on)
    if found.person_id is None:  # a protected person of another office bears the number
        raise RuleViolation.one(identity.elsewhere(), "child_id_no", code="elsewhere")
    filing.note(birth, "child", found)
    child = snapshots.on_file(session, found.person_id)
    if child is not None and birth.child_died_on:
        child.died_on = child.died_on or birth.child_died_on
        _end_household(session, child)
    return found.person_id


def _end_household(session: Session, child: Person) -> None:
    """A child who joined a household before the birth was approved belongs to it until the day of death."""
    try:
        households.settle_person(session, child.id, child.died_on)
    except Contradiction as found:
        message = _("Approved records say otherwise: this person cannot have died on this day. Compare the dates and the number again.")
        raise RuleViolation.one(message, code="contradiction") from found


def _put_child_right(session: Session, birth: Birth, actor: Actor, today: date) -> None:
    """The file that this birth made says what the birth says. A file that other records name has a request of its own."""
    changed = any(attributes.get_history(birth, name).has_changes() for name in CHILD)
    if birth.child_id is None or not changed:
        return
    own, who = _own_file(session, birth, "child"), _child(birth)
    if own is None:
        message = _("Other records name the child, too. Change the child's own file, then this record says the same.")
        raise RuleViolation.one(message, "child_name", code="child_file")
    if who.id_no and attributes.get_history(birth, "child_id_no_bidx").has_changes():
        found = naming.find_or_file(session, who, region=None, outside="refuse", actor=actor, today=today)
        if found.person_id not in (None, own.id):
            raise RuleViolation.one(
                _("This ID number belongs to another file of your offices. Compare both."), "child_id_no", code="child_number"
            )
    own.sex, own.died_on = birth.sex, birth.child_died_on
    _put_right(session, own, who)
