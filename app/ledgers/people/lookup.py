"""The ID lookup: a question after one person of any office. Its answer never says whether there is a file, nor where."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import audit, crypto, limits, scope, tokens
from app.core.errors import Problem, RuleViolation
from app.core.workflow import Actor
from app.ledgers.people import identity, naming, search
from app.ledgers.people.models import Person
from app.ledgers.people.naming import Named

MAX_REASON = 200  # characters


def look_up(
    session: Session, *, token: str, number: str, name: str, reason: str, actor: Actor, per_hour: int, today: date
) -> Person | None:
    """The person, if one's own office has them in its list; otherwise nothing, and one request was written. A form sent twice asks once.

    A person who is absent, filed elsewhere, protected, a child or named otherwise costs the same statements and gets the same answer.
    """
    asked = Named(name, "1", number, None, None, "")
    _check(asked, reason, today)
    asked = naming.completed(asked, today)
    is_first = tokens.first_sending(session, token, actor.id)
    if is_first:
        limits.spend(session, actor.id, "lookup", per_hour)
    holder = identity.holder_of(session, asked.id_no or "")
    borne = Person.id == (holder.person_id if holder else search.NOBODY)
    own = session.scalars(scope.query(Person).where(borne, search.findable(today))).one_or_none()
    if own is not None and holder is not None and holder.is_named(asked.name):
        if is_first:
            audit.note(session, "identity_lookup", own, number=crypto.digest(asked.id_no), reason=reason)
        return own
    if is_first:
        identity.send(session, actor.id, asked.id_no or "", holder, asked.name, reason)
    return None


def _check(asked: Named, reason: str, today: date) -> None:
    problems = naming.check(asked, today)
    if not asked.id_no:
        problems.append(Problem("id_no", _("Write the whole ID number."), "id_no_missing"))
    if not reason:
        problems.append(Problem("reason", _("Write why you need to know; the office that holds the file reads it."), "reason_missing"))
    if len(reason) > MAX_REASON:
        problems.append(Problem("reason", _("Write the reason in at most %(most)s characters.", most=MAX_REASON), "reason_long"))
    if problems:
        raise RuleViolation(problems)
