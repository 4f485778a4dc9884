"""The tiles that open an empty form, those one uses most first."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import func, select

from app.core import menu
from app.core.screen import LedgerView
from app.core.workflow import WorkflowStep
from app.extensions import db

LOOKED_AT = 200  # of one's own latest acts; enough to know a habit, and the same work for a new clerk and an old one


@dataclass(frozen=True)
class Form:
    """One form this person may open."""

    label: str
    icon: str
    url: str
    table: str


def forms(appbuilder: Any) -> list[Form]:
    """Every form this person may open, in the order of the menu."""
    screens = [view for view in appbuilder.baseviews if isinstance(view, LedgerView) and view._may("can_add")]
    order = menu.order()
    known = sorted((view for view in screens if type(view).__name__ in order), key=lambda view: order.index(type(view).__name__))
    return [
        Form(str(view.add_title), menu.icon_of(view), url_for(f"{view.endpoint}.add"), view.datamodel.obj.__tablename__) for view in known
    ]


def by_use(appbuilder: Any, user: int) -> list[Form]:
    """The same, those whose records this person submitted most often of late first."""
    found = forms(appbuilder)
    used = _used(user) if len(found) > 1 else {}
    return sorted(found, key=lambda form: -used.get(form.table, 0))


def _used(user: int) -> dict[str, int]:
    latest = select(WorkflowStep.owner_table).where(WorkflowStep.actor_id == user, WorkflowStep.act == "submit")
    capped = latest.order_by(WorkflowStep.id.desc()).limit(LOOKED_AT).subquery()
    return dict(db.session.execute(select(capped.c.owner_table, func.count()).group_by(capped.c.owner_table)).tuples().all())
