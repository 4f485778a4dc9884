"""What waits for a decision in all ledgers: each with its oldest entries, leading into the queue of that ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_appbuilder import BaseView
from flask_babel import gettext as _

from app.core.changes import ChangeRequest
from app.core.interface import COUNT_CAP
from app.core.screen import LedgerView, expose, has_access
from app.core.workflow import Record
from app.extensions import db

OLDEST = 5  # entries of one ledger


@dataclass(frozen=True)
class Queue:
    """What waits in one ledger. Of confidential records nothing is counted and nobody is named outside their own screens."""

    view: LedgerView
    rows: list[Any]
    count: int | None
    changes: list[ChangeRequest]


class QueueView(BaseView):
    """The queues of all ledgers this person decides in."""

    route_base = "/queue"
    default_view = "list"

    @expose("/")
    @has_access
    def list(self) -> Any:
        """Each queue with its number and its oldest entries."""
        self.update_redirect()
        queues = [queue for queue in self._queues() if queue.count is None or queue.count or queue.changes]
        return self.render_template("workbench/queues.html", title=_("Approvals"), queues=queues, count_cap=COUNT_CAP)

    def _queues(self) -> Iterator[Queue]:
        for view in self.appbuilder.baseviews:
            if not isinstance(view, LedgerView) or not view.has_queue():
                continue
            model = view.datamodel.obj
            if getattr(model, "is_confidential", False):
                yield Queue(view, [], None, [])
            elif issubclass(model, Record):
                oldest = list(db.session.scalars(view.waiting().limit(OLDEST)))
                yield Queue(view, oldest, view.count_waiting() if len(oldest) == OLDEST else len(oldest), view.open_changes())
            else:
                yield Queue(view, [], 0, view.open_changes())
