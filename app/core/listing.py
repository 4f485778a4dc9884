"""The part of a ledger's screen that lists: one page of rows in the order that was asked for, the filters, the quick box, the pickers."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import abort, flash, g, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import ColumnElement, Select, inspect

from app.core import list_views, region_tree
from app.core.crypto import secrets_of, uuid7
from app.core.deciding import MOST_AT_ONCE
from app.core.fields import ChoiceField, RemoteSelectField, own_region
from app.core.interface import COUNT_CAP, MAX_PAGE
from app.core.list_address import Address, typed
from app.core.list_views import NARROWEST, SIZES, WIDEST, Shelf
from app.core.paging import NUMBERED
from app.core.permissions import SHARE
from app.core.regions import Region
from app.core.scope import Held, Scope
from app.core.unit_of_work import Busy, unit_of_work
from app.extensions import db

LONGEST_SEARCH = 60  # characters; a name has at most 50
MOST_FILTERS = 60  # each box of a query bar has one; a database takes some hundred conditions
PINNED = 4  # filters that are always in view
NO_VIEW = "none"  # the list as the ledger declares it, whatever view it opens with
Chip = tuple[str, str]  # what it says, and the address without it


class Listing:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    endpoint: str
    route_base: str
    label_columns: Any
    list_columns: Any
    show_columns: Any
    search_columns: Any
    order_columns: Any
    base_order: Any
    formatters_columns: Any
    actions: Any
    find_hint: Any
    page_size: int
    list_title: Any
    list_template: Any
    list_widget: Any
    search_widget: Any
    search_form: Any
    add_form: Any
    _filters: Any
    render_template: Any
    update_redirect: Any
    _acts_of_rows: Any
    _may: Any
    has_queue: Any

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """The list as its address asks for it; the bare address opens with the view this person chose."""
        told = typed(request.args.items(multi=True))
        if told is not None:
            return redirect(self._url(Address(self.endpoint, told)))
        address = self._address()
        opening = self._shelf().opening() if address.is_bare else None
        if opening:
            return redirect(url_for(f"{self.endpoint}.open_view", uid=opening.row.uid))
        self.update_redirect()
        text = self._shelf().looked_for(address.get("found"))
        if address.get("found") and not text:
            flash(_("What was looked for is not kept any more. These rows are not narrowed by it; search again."), "warning")
            address = address.but(found="")
        return self._list_page(address, text)

    @expose("/find", methods=["POST"])
    @has_access
    def find(self) -> Any:
        """Search by POST, so that names and numbers stand in no address and no log; the answer is the list itself.

        What was looked for is kept for this person, sealed, and the address of the answer names that.
        """
        address, text = self._address(), request.form.get("text", "").strip()[:LONGEST_SEARCH]
        if not text or self.find_condition(text) is None:
            return redirect(self._url(address.but(found="")))
        return self._list_page(address.but(found=self._kept_search(text)), text)

    def _kept_search(self, text: str) -> UUID | None:
        """What was looked for, kept for this person; None where it is not, and the further pages of the answer have no address."""
        if getattr(self.datamodel.obj, "is_confidential", False):
            return None
        try:
            with unit_of_work() as session:
                return list_views.keep_search(session, self.endpoint, current_user.id, text)
        except Busy:
            return None

    def find_condition(self, text: str) -> ColumnElement[bool] | None:
        """What the one search box means for this ledger; None where it has none."""
        return None

    @expose("/options/<column>")
    @has_access
    def options(self, column: str) -> Any:
        """What a picker offers: at most twenty rows of this person's own scope."""
        field = self.add_form()._fields.get(column) or self.search_form()._fields.get(column)
        if not isinstance(field, RemoteSelectField):
            abort(404)
        rows = field.options(request.args.get("q", "").strip())
        return jsonify(results=[{"id": str(row.uid), "text": str(row)} for row in rows])

    # which rows

    def _address(self) -> Address:
        """What the address of this request asks for."""
        return Address(self.endpoint, request.args.items(multi=True))

    def _shelf(self) -> Shelf:
        """What this person keeps of this list; read once for a page."""
        if "list_shelf" not in g:
            g.list_shelf = list_views.shelf(db.session(), self.endpoint, current_user.id)
        return g.list_shelf  # type: ignore[no-any-return]

    def _wanted(self, address: Address, text: str) -> Select[Any]:
        """The rows of this person's offices that an address asks for. 400 for a comparison that does not exist, and for too many."""
        self._filters.clear_filters()
        if len(address.filters) > MOST_FILTERS:
            abort(400)
        try:
            for column, index, value in address.filters:
                if column in self._filters.get_search_filters():
                    self._filters.add_filter_index(column, index, [value])
        except IndexError:
            abort(400)
        wanted = self._filters.apply_all(self.datamodel.base())
        if address.get("place"):
            place, model = self._place(address), self.datamodel.obj
            ranges = Scope.of([place.path]).ranges if place else (("", ""),)
            wanted = wanted.where(model.held(model, ranges))
        condition = self.find_condition(text) if text else None
        if condition is not None:
            wanted = wanted.where(condition)
        return wanted  # type: ignore[no-any-return]

    def _place(self, address: Address) -> Region | None:
        """The place that was chosen in the tree; None for one that is not theirs."""
        chosen = address.get("place")
        known: dict[str, Region | None] = g.setdefault("list_places", {})
        if chosen and chosen not in known:
            known[chosen] = own_region(chosen)
        return known.get(chosen)

    def _sorted_by(self, address: Address) -> tuple[str, str]:
        column = address.get("column")
        if column and column not in self.order_columns:
            abort(400)
        return (column, "desc" if address.get("direction") == "desc" else "asc") if column else self.base_order

    def _page_of_rows(self, wanted: Select[Any], address: Address, size: int) -> tuple[Sequence[Any], dict[str, Any]]:
        """The rows of one page and how to go on: by the number of the page, far down by the first and the last row of this one."""
        column, direction = self._sorted_by(address)
        order, page = self.datamodel.order(column, direction), max(_number(address.get("page")), 0)
        back = address.get("before")
        key = self.datamodel.key_of(back or address.get("after"), order) if back or address.get("after") else None
        if key is None:
            page = min(page, NUMBERED - 1)
            rows = self.datamodel.page(wanted, column, direction, page, size + 1)
            has_more, rows = len(rows) > size, rows[:size]
        else:
            rows = self.datamodel.page_from(wanted, order, key, size + 1, backwards=bool(back))
            has_more = bool(back) or len(rows) > size
            rows = rows[-size:] if back else rows[:size]
        return rows, self._pages(address, rows, page, has_more=has_more)

    def _pages(self, address: Address, rows: Sequence[Any], page: int, *, has_more: bool) -> dict[str, Any]:
        """The addresses of the pages beside this one."""
        first, last = (str(rows[0].uid), str(rows[-1].uid)) if rows else ("", "")
        earlier = address.but(page=page - 1) if page <= NUMBERED else address.but(page=page - 1, before=first)
        later = address.but(page=page + 1) if page + 1 < NUMBERED else address.but(page=page + 1, after=last)
        told = {"page": page, "previous": self._url(earlier) if page else "", "next": self._url(later) if has_more else ""}
        return {**told, "to_page": lambda number: self._url(address.but(page=number))}

    # the page

    def _list_page(self, address: Address, text: str) -> Any:
        wanted, shelf = self._wanted(address, text), self._shelf()
        view = shelf.view(address.get("view"))
        layout = shelf.layout_in(view)
        has_address = not text or bool(address.get("found"))
        size = max(1, min(_number(address.get("size")) or layout.size or self.page_size, MAX_PAGE)) if has_address else MAX_PAGE
        rows, pages = self._page_of_rows(wanted, address, size)
        if not has_address:
            pages |= {"previous": "", "next": ""}
        on_first = not pages["page"] and not pages["next"]
        columns = layout.shown(self.list_columns, self._offered_columns())
        told = {
            "address": address, "found": text, "view": view, "shelf": shelf, "layout": layout, "columns": columns, "pages": pages,
            "page_size": size, "sizes": SIZES, "count": len(rows) if on_first else self.datamodel.count(wanted), "count_cap": COUNT_CAP,
            "chips": self._chips(address, text), "pinned": PINNED, "url": self._url, "sort_of": lambda column: self._sort(address, column),
            "may_share": self._may(SHARE), "no_view": NO_VIEW, "narrowest": NARROWEST, "widest": WIDEST,
            "echo": text if request.method == "POST" or not any(sign.isdecimal() for sign in text) else "",  # a number is shown once
        }  # fmt: skip
        widgets = {"list": self._rows_widget(rows, columns, told), "search": self._query_bar(told)}
        tree = self._tree(address)
        return self.render_template(self.list_template, title=self.list_title, widgets=widgets, endpoint=self.endpoint, tree=tree, **told)

    def _rows_widget(self, rows: Sequence[Any], columns: Sequence[str], told: Mapping[str, Any]) -> Any:
        return self.list_widget(
            label_columns={name: str(label) for name, label in self.label_columns.items()},  # said once, not once for each cell
            include_columns=columns,
            value_columns=self.datamodel.get_values(rows, columns),
            order_columns=self.order_columns,
            formatters_columns=self.formatters_columns,
            pks=self.datamodel.get_keys(rows),
            acts_of=self._acts_of_rows(rows),
            actions=self.actions,
            filters=self._filters,
            modelview_name=self.endpoint,
            act_token=str(uuid7()),
            find_hint=self.find_hint,
            offered=self._offered_columns(),
            numbered=NUMBERED,
            most_at_once=MOST_AT_ONCE,
            queue=url_for(f"{self.endpoint}.queue") if self.has_queue() else "",
            **told,
        )

    def _query_bar(self, told: Mapping[str, Any]) -> Any:
        form = self.search_form.refresh()
        for field in form:
            field.name = f"_v_{field.name}"  # beside its comparison, until a script or the server makes one word of the two
        bar = {"route_base": self.route_base, "include_cols": self.search_columns, "filters": self._filters}
        return self.search_widget(form=form, **bar, **told)

    def _tree(self, address: Address) -> Sequence[region_tree.Branch]:
        """The places beside the list; none where there is nothing to choose between."""
        if not issubclass(self.datamodel.obj, Held):
            return ()
        found = region_tree.tree(db.session(), self._place(address))
        return found if len(found) > 1 or any(branch.parts for branch in found) else ()

    def _offered_columns(self) -> tuple[str, ...]:
        """What the table may show: the ledger's own columns, then those of the record page that are plain. Nothing confidential."""
        model = self.datamodel.obj
        if getattr(model, "is_confidential", False):
            return (*self.list_columns,)
        mapped = inspect(model).columns
        plain = {name for name, column in mapped.items() if not column.foreign_keys or "code_set" in column.info} | set(secrets_of(model))
        return (*self.list_columns, *(c for c in self.show_columns if c in plain and c not in self.list_columns))

    def _url(self, address: Address) -> str:
        return url_for(f"{self.endpoint}.list") + str(address)

    def _sort(self, address: Address, column: str) -> tuple[str, str]:
        """(the order that stands, the address of the other one) of a column."""
        now = self._sorted_by(address)
        stands = {"asc": "ascending", "desc": "descending"}[now[1]] if address.get("column") == column else ""
        return stands, self._url(address.but(column=column, direction="desc" if stands == "ascending" else "asc"))

    # what narrows the list

    def _chips(self, address: Address, text: str) -> Sequence[Chip]:
        """Each condition in words, with the address of the list without it."""
        form, filters, found = self.search_form(formdata=None), self._filters.get_search_filters(), []
        for column, index, value in address.filters:
            if column in filters:
                field = form[column]
                is_choice = isinstance(field, RemoteSelectField | ChoiceField)
                how = "" if index == 0 and is_choice else str(filters[column][index].name)
                told = " ".join(f"{field.label.text}: {how} {self._told(field, value)}".split())
                found.append((told, self._url(address.without(column, index, value))))
        if address.get("place"):
            place = self._place(address)
            found.append((_("Place: %(place)s", place=place or _("not yours")), self._url(address.but(place=""))))
        if text:
            found.append((_("What you looked for"), self._url(address.but(found=""))))
        return found

    @staticmethod
    def _told(field: Any, value: str) -> str:
        """The value of a filter in the reader's language."""
        if isinstance(field, RemoteSelectField):
            return str(field.lookup(value) or _("not yours"))
        if isinstance(field, ChoiceField):
            return next((str(choice.label) for choice in field.iter_choices() if choice.value == value), value)
        return value


def _number(text: str) -> int:
    """A number of an address; 400 for what is none."""
    try:
        return int(text or 0)
    except ValueError:
        abort(400)
