"""The home page: what waits for this person, by ledger, each number opening exactly the rows it counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext as _
from sqlalchemy import func

from app.core import scope
from app.core.filters import YES
from app.core.interface import COUNT_CAP
from app.core.screen import LedgerView
from app.core.workflow import OPEN, Record, Status
from app.extensions import db

WORK = {  # status → the right that makes it this person's work
    Status.returned: "can_edit",
    Status.draft: "can_edit",
    Status.submitted: "approve",
}


@dataclass(frozen=True)
class Count:
    """One number and the list it opens."""

    label: str
    number: int
    url: str


@dataclass(frozen=True)
class Waiting:
    """What waits in one ledger."""

    title: str
    counts: list[Count]
    add_url: str


class HomeView(IndexView):
    """The first page after signing in."""

    index_template = "home.html"

    @expose("/")
    def index(self) -> str:
        self.update_redirect()
        return str(self.render_template(self.index_template, waiting=list(self._waiting()), count_cap=COUNT_CAP))

    def _waiting(self) -> Iterator[Waiting]:
        for view in self.appbuilder.baseviews:
            if not isinstance(view, LedgerView) or not self._may("can_list", view):
                continue
            if _is_counted(view.datamodel.obj):
                add_url = url_for(f"{view.endpoint}.add") if self._may("can_add", view) else ""
                yield Waiting(str(view.list_title), self._counts(view), add_url)
            elif counts := [_count(view, *told) for told in view.waits()]:
                yield Waiting(str(view.list_title), counts, "")

    def _counts(self, view: LedgerView) -> list[Count]:
        wanted = [status for status, right in WORK.items() if self._may(right, view)]
        numbers = _numbers(view.datamodel.obj, wanted) if wanted else {}
        found = [Count(_label(s), numbers.get(s, 0), url_for(f"{view.endpoint}.list", _flt_0_status=s.value)) for s in wanted]
        if self._may("can_decide_change", view):
            found.append(
                Count(_("changes proposed"), _changes(view.datamodel.obj), url_for(f"{view.endpoint}.list", _flt_0_change_open=YES))
            )
        return found

    def _may(self, right: str, view: LedgerView) -> bool:
        return bool(self.appbuilder.sm.has_access(right, view.class_permission_name))


def _is_counted(ledger: type) -> bool:
    """Confidential records are counted nowhere but in their own list."""
    return issubclass(ledger, Record) and not ledger.is_confidential


def _count(view: LedgerView, label: Any, number: int, narrowed: Mapping[str, Any]) -> Count:
    return Count(str(label), number, url_for(f"{view.endpoint}.list", **narrowed))


def _numbers(ledger: type[Record], wanted: list[Status]) -> dict[Status, int]:
    """How many rows of this person's offices stand at each status."""
    statement = scope.query(ledger).where(ledger.status.in_(wanted))
    counted = statement.with_only_columns(ledger.status, func.count()).group_by(ledger.status)
    return dict(db.session.execute(counted).tuples().all())


def _changes(ledger: type[Record]) -> int:
    """How many rows of this person's offices have a proposal that waits."""
    return db.session.scalar(scope.query(ledger).where(ledger.change_open).with_only_columns(func.count())) or 0


def _label(status: Status) -> str:
    if status in OPEN:
        return _("returned for correction") if status is Status.returned else _("drafts")
    return _("waiting for a decision")
