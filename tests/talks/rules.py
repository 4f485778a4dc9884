"""What may happen to a talk: nothing beside the workflow."""

from collections.abc import Callable, Mapping
from datetime import date

from app.core.errors import Caution, Problem, refuse_if
from app.core.workflow import Actor
from app.extensions import db
from app.ledgers.people import snapshots
from tests.talks.models import Talk

ACTS: Mapping[str, Callable[..., None]] = {}


def save(talk: Talk, actor: Actor, today: date) -> list[Caution]:
    """Give the talk its office and check it. Raises RuleViolation."""
    talk.region = snapshots.within_reach(talk.region) or snapshots.own_place(db.session())
    refuse_if(check(talk, today))
    talk.scope_path = talk.region.path
    return [Caution("many", "listeners", "Few rooms hold so many. Is the number right?")] if (talk.listeners or 0) > 500 else []


def check(talk: Talk, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    found = [] if talk.region else [Problem("region", "Choose the place.", "no_place")]
    if talk.held_on and talk.held_on > today:
        found.append(Problem("held_on", "The talk lies in the future. Correct the date.", "future"))
    return found
