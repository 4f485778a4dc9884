"""The search of the top bar: pages by their names, people of one's own offices. What is typed is posted and stands in no address."""

from dataclasses import asdict, dataclass
from typing import Any

from flask import jsonify, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from app.core.listing import LONGEST_SEARCH
from app.core.screen import LedgerView
from app.extensions import db
from app.workbench import palette
from app.workbench.palette import Place

MOST_ROWS = 10  # of one ledger; whoever needs more uses its list
SHORTEST = 2  # letters or digits before the database is asked; one Chinese character says enough
NEEDED = ("can_list", "can_find", "can_show")


@dataclass(frozen=True)
class Found:
    """One row that was found: what it is called, what else is told of it (numbers masked), where it opens."""

    label: str
    detail: str
    url: str


class SearchView(BaseView):
    """Whoever is signed in may search; rows come only from screens whose list and search the person's roles open."""

    route_base = "/search"
    default_view = "page"

    @expose("/", methods=["GET"])
    def page(self) -> Any:
        """The search as a page, for browsers without the dialog."""
        return self._page("", [], [])

    @expose("/", methods=["POST"])
    def find(self) -> Any:
        """Rows for the dialog, or the whole page."""
        text = request.form.get("text", "").strip()[:LONGEST_SEARCH]
        rows = self._rows(text)
        if request.accept_mimetypes.best == "application/json":
            return jsonify(rows=[asdict(row) for row in rows])
        return self._page(text, palette.named(palette.places(self.appbuilder), text), rows)

    def _page(self, text: str, places: list[Place], rows: list[Found]) -> Any:
        return self.render_template("workbench/search.html", title=_("Search"), text=text, places=places, rows=rows)

    def _rows(self, text: str) -> list[Found]:
        if not text or (len(text) < SHORTEST and text.isascii()):
            return []
        screens = [view for view in self.appbuilder.baseviews if isinstance(view, LedgerView) and view.bar_columns]
        return [row for view in screens if all(map(view._may, NEEDED)) for row in _found(view, text)]


def _found(view: LedgerView, text: str) -> list[Found]:
    """The rows the list's own search finds, the first ten."""
    condition = view.find_condition(text)
    if condition is None:
        return []
    wanted = view.datamodel.base().where(condition).order_by(view.datamodel.obj.id.desc()).limit(MOST_ROWS)
    rows = db.session.scalars(wanted.options(*view.datamodel.eager))
    return [Found(str(row), _detail(view, row), url_for(f"{view.endpoint}.show", pk=str(row.uid))) for row in rows]


def _detail(view: LedgerView, row: Any) -> str:
    told = (getattr(row, name) for name in view.bar_columns)
    return " · ".join(str(value) for value in told if value)
