"""The part of a ledger's screen by which somebody arranges it for themselves: columns, their width, density, page size, views, the tree."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_login import current_user

from app.core import list_views, region_tree
from app.core.errors import RuleViolation
from app.core.fields import own_region
from app.core.list_address import Address
from app.core.list_views import SIZES, Layout, SavedView, Shelf
from app.core.listing import NO_VIEW
from app.core.permissions import SHARE
from app.core.unit_of_work import Busy, unit_of_work
from app.extensions import db

LIST_ROUTES = {"layout", "keep_width", "keep_view", "open_view", "change_view", "places_below"}  # every screen with a list has them
WIDTH = re.compile("[0-9]{0,6}")  # pixels; nothing is automatic
VIEW_ACTS = ("delete", "share", "unshare", "open_with", "open_plain")


class Arranging:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: str
    order_columns: Any
    _filters: Any
    _may: Callable[[str], bool]
    _url: Callable[[Address], str]
    _shelf: Callable[[], Shelf]
    _offered_columns: Callable[[], Sequence[str]]
    render_template: Any

    @expose("/layout", methods=["POST"])
    @has_access
    @permission_name("list")
    def layout(self) -> Any:
        """Keep how this list looks to this person. Pressing up or down moves one column and comes back to the chooser."""
        told, address = request.form, self._sent_address()
        now = self._shelf().layout
        if "tree_closed" in told:
            wanted = replace(now, is_tree_closed=told["tree_closed"] == "1")
        elif "reset" in told:
            wanted = Layout(is_tree_closed=now.is_tree_closed)
        else:
            widths = self._chosen_widths(self._shelf().layout_in(self._shelf().view(address.get("view"))).widths)
            is_compact, size = told.get("density") == "compact", self._chosen_size()
            wanted = replace(now, columns=self._chosen_columns(), is_compact=is_compact, size=size, widths=widths)
        with unit_of_work() as session:
            list_views.keep_layout(session, self.endpoint, current_user.id, wanted)
        if "tree_closed" in told:
            return "", 204
        return redirect(self._url(address.but(view="", size="")) + ("#columns" if {"up", "down"} & set(told) else ""))

    @expose("/width", methods=["POST"])
    @has_access
    @permission_name("list")
    def keep_width(self) -> Any:
        """Keep how wide a column is, in pixels; 0 leaves it to the browser."""
        column, width = request.form.get("column", ""), request.form.get("width", "")
        if column not in self._offered_columns() or not width or not WIDTH.fullmatch(width):
            abort(400)
        view = self._shelf().view(self._sent_address().get("view"))
        with unit_of_work() as session:
            if view and view.is_mine:
                list_views.keep_width_in(session, session.get_one(list_views.ListView, view.row.id), column, int(width))
            else:
                list_views.keep_width(session, self.endpoint, current_user.id, column, int(width))
        return "", 204

    @expose("/views", methods=["POST"])
    @has_access
    @permission_name("list")
    def keep_view(self) -> Any:
        """Save filters, columns, order and page size under a name."""
        address, shelf = self._sent_address(), self._shelf()
        view = shelf.view(address.get("view"))
        pairs, layout = address.of_view(), shelf.layout_in(view)
        name, has_words = request.form.get("name", ""), self._has_words(address)
        try:
            with unit_of_work() as session:
                uid = list_views.keep_view(session, self.endpoint, current_user.id, name, pairs, layout, has_words=has_words).uid
        except (RuleViolation, Busy) as refusal:
            flash(str(refusal), "warning")
            return redirect(self._url(address))
        flash(_("The view is saved."), "success")
        return redirect(url_for(f"{self.endpoint}.open_view", uid=uid))

    @expose("/views/<uid>")
    @has_access
    @permission_name("list")
    def open_view(self, uid: str) -> Any:
        """The list as the view keeps it. A filter or a column that no longer exists is left out."""
        view = self._view(uid)
        address = Address(self.endpoint, view.pairs)
        known = self._filters.get_search_filters()
        for column, index, value in address.filters:
            if column not in known or index >= len(known[column]):
                address = address.without(column, index, value)
        if address.get("column") not in ("", *self.order_columns):
            address = address.but(column="", direction="")
        return redirect(self._url(address.but(view=uid)))

    @expose("/views/<uid>/<act>", methods=["POST"])
    @has_access
    @permission_name("list")
    def change_view(self, uid: str, act: str) -> Any:
        """Delete a view, share it or take that back (whoever made it), or let one's own list open with it (whoever sees it)."""
        view = self._view(uid)
        if act not in VIEW_ACTS:
            abort(404)
        if (act in ("delete", "share", "unshare") and not view.is_mine) or (act == "share" and not self._may(SHARE)):
            abort(403)
        try:
            with unit_of_work() as session:
                self._change(session, session.get_one(list_views.ListView, view.row.id), act)
        except (RuleViolation, Busy) as refusal:
            flash(str(refusal), "warning")
        else:
            flash(_("Done."), "success")
        return redirect(self._url(Address(self.endpoint, [("view", NO_VIEW if act == "delete" else uid)])))

    @expose("/places/<uid>")
    @has_access
    @permission_name("list")
    def places_below(self, uid: str) -> Any:
        """What lies directly below a place of one's own, as the tree shows it."""
        place = own_region(uid) or abort(404)
        address = Address(self.endpoint, request.args.items(multi=True))
        told = {"branches": region_tree.parts(db.session(), place), "address": address, "url": self._url, "endpoint": self.endpoint}
        return self.render_template("ledger/branches.html", **told)

    def _change(self, session: Any, row: list_views.ListView, act: str) -> None:
        if act == "delete":
            list_views.drop(session, row)
        elif act == "share":
            list_views.share(session, row)
        elif act == "unshare":
            list_views.unshare(session, row)
        else:
            list_views.open_with(session, self.endpoint, current_user.id, row.uid if act == "open_with" else None)

    def _view(self, uid: str) -> SavedView:
        """The view, or 404: one that is not shared here and one that is not there look the same."""
        return self._shelf().view(uid) or abort(404)

    def _sent_address(self) -> Address:
        """The address of the list a form was sent from."""
        told = parse_qsl(request.form.get("query", "").removeprefix("?"))
        if any("\0" in value for _name, value in told):  # written as %00, where nobody has looked for it yet
            abort(400)
        return Address(self.endpoint, told)

    def _chosen_columns(self) -> tuple[str, ...]:
        """The ticked columns in the order of the form, one of them moved where that was asked for."""
        chosen = [name for name in dict.fromkeys(request.form.getlist("column")) if name in self._offered_columns()]
        for way, step in (("up", -1), ("down", 1)):
            moved = request.form.get(way)
            if moved in chosen:
                place = chosen.index(moved)
                chosen.insert(max(place + step, 0), chosen.pop(place))
        return tuple(chosen)

    def _chosen_widths(self, now: Mapping[str, int]) -> dict[str, int]:
        """The widths of the form; what it does not tell, or not as a number, stays."""
        told = {name: request.form.get(f"width_{name}", "?") for name in self._offered_columns()}
        return {**now, **{name: list_views.width_of(int(text or 0)) for name, text in told.items() if WIDTH.fullmatch(text)}}

    def _chosen_size(self) -> int:
        return {str(size): size for size in SIZES}.get(request.form.get("size", ""), 0)

    def _has_words(self, address: Address) -> bool:
        """Whether a filter holds words that somebody typed: a text, which may name people."""
        model = self.datamodel
        return any(
            model.is_string(column) and not model.is_choice(column) and column in self._filters.get_search_filters()
            for column, _index, _value in address.filters
        )
