"""The home page: what waits for this person, each number opening exactly the rows it counted; forms to begin with; the month's births."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import jsonify, make_response, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts import users
from app.core import clock
from app.core.chart import Pair, pairs
from app.core.interface import COUNT_CAP
from app.extensions import db
from app.reports.base import ask, month_name, year_before
from app.reports.births_monthly import BirthsMonthly, by_month
from app.workbench import bell, quick, work


@dataclass(frozen=True)
class Month:
    """One month of the chart: its number, its name, the births that counted in it last year and this year, and its report."""

    name: str
    title: str
    before: int
    now: int
    url: str


class HomeView(IndexView):
    """The first page after signing in."""

    index_template = "workbench/home.html"

    @expose("/")
    def index(self) -> Any:
        """Numbers, forms, the to-do table, the births of the year."""
        self.update_redirect()
        tiles = work.tiles(self.appbuilder, current_user.id)
        told = {
            "tiles": tiles,
            "lines": work.lines(self.appbuilder, current_user.id),
            "most": work.MOST_TASKS,
            "forms": quick.by_use(self.appbuilder, current_user.id),
            "births": self._births(),
            "count_cap": COUNT_CAP,
        }
        bell.tell(work.number(tiles))
        answer = make_response(self.render_template(self.index_template, **told))
        bell.keep(answer, work.number(tiles))
        return answer

    @expose("/waiting")
    def waiting(self) -> Response:
        """The number of the bell, for a page that has no fresh one."""
        number = work.number(work.tiles(self.appbuilder, current_user.id))
        answer = jsonify(number=number)
        bell.keep(answer, number)
        return answer

    def _births(self) -> dict[str, Any] | None:
        """The births of this year beside those of the last one, as the report counts them; for readers of that report."""
        offices = users.regions_of(db.session(), current_user)
        if not offices or not self.appbuilder.sm.has_access("can_show", "ReportView"):
            return None
        month = f"{clock.today():%Y-%m}"
        question = ask(db.session(), offices[0], month)
        year = [f"{month[:4]}-{number:02d}" for number in range(1, int(month[5:]) + 1)]
        counted = by_month(db.session(), question, [*year, *map(year_before, year)])
        months = [_month(name, counted, question.uid) for name in year]
        title = _("Births by month: %(office)s", office=question.name)
        drawn = pairs([Pair(m.name, m.before, m.now, m.url) for m in months], title, (_("Last year"), _("This year")))
        return {"title": title, "drawn": drawn, "months": months}


def _month(month: str, counted: Mapping[str, int], region: UUID) -> Month:
    url = url_for("ReportView.show", key=BirthsMonthly.key, region=region, period=month)
    return Month(month[5:].lstrip("0"), month_name(month), counted.get(year_before(month), 0), counted.get(month, 0), url)
