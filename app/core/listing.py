"""The part of a ledger's screen that lists: one page of rows in the order that was asked for, the filters, the quick box, the pickers."""

from typing import Any

from flask import abort, jsonify, redirect, request
from flask_appbuilder import expose, has_access
from sqlalchemy import ColumnElement

from app.core.crypto import uuid7
from app.core.fields import RemoteSelectField
from app.core.interface import COUNT_CAP, MAX_PAGE

LONGEST_SEARCH = 60  # characters; a name has at most 50


class Listing:
    """Mixed into the screen of a ledger; the declarations below are the screen's."""

    datamodel: Any
    label_columns: Any
    list_columns: Any
    order_columns: Any
    formatters_columns: Any
    actions: Any
    find_hint: Any
    page_size: int
    list_title: Any
    list_template: Any
    list_widget: Any
    search_form: Any
    add_form: Any
    _filters: Any
    render_template: Any
    get_default_url: Any
    _get_search_widget: Any

    def _list(self, **kwargs: Any) -> Any:
        try:
            return super()._list(**kwargs)  # type: ignore[misc]
        except (ValueError, IndexError, KeyError):
            abort(400)

    def _get_list_widget(self, filters: Any, order_column: str = "", page: Any = None, page_size: Any = None, **kwargs: Any) -> Any:
        if order_column and order_column not in self.order_columns:
            abort(400)
        size = max(1, min(page_size or self.page_size, MAX_PAGE))
        last = COUNT_CAP // size
        return super()._get_list_widget(  # type: ignore[misc]
            filters,
            order_column=order_column,
            page=min(max(page or 0, 0), last),
            page_size=size,
            act_token=str(uuid7()),
            count_cap=COUNT_CAP,
            find_hint=self.find_hint,
            **kwargs,
        )

    def find_condition(self, text: str) -> ColumnElement[bool] | None:
        """What the one search box means for this ledger; None where it has none."""
        return None

    @expose("/find", methods=["POST"])
    @has_access
    def find(self) -> Any:
        """Search by POST, so that names and numbers stand in no address and no log; the answer is the list itself."""
        text = request.form.get("text", "").strip()[:LONGEST_SEARCH]
        condition = self.find_condition(text) if text else None
        if condition is None:
            return redirect(self.get_default_url())
        wanted = self.datamodel.base().where(condition)
        found = self.datamodel.page(wanted, "", "", 0, MAX_PAGE)
        shown = {
            "page": 0,
            "page_size": MAX_PAGE,
            "count": self.datamodel.count(wanted) if len(found) == MAX_PAGE else len(found),
            "count_cap": COUNT_CAP,
            "act_token": str(uuid7()),
            "order_columns": [],
            "find_hint": self.find_hint,
        }
        widget = self.list_widget(
            label_columns=self.label_columns,
            include_columns=self.list_columns,
            value_columns=self.datamodel.get_values(found, self.list_columns),
            formatters_columns=self.formatters_columns,
            pks=self.datamodel.get_keys(found),
            actions=self.actions,
            filters=self._filters,
            modelview_name=type(self).__name__,
            **shown,
        )
        widgets = self._get_search_widget(form=self.search_form.refresh(), widgets={"list": widget})
        return self.render_template(self.list_template, title=self.list_title, widgets=widgets, found=text)

    @expose("/options/<column>")
    @has_access
    def options(self, column: str) -> Any:
        """What a picker offers: at most twenty rows of this person's own scope."""
        field = self.add_form()._fields.get(column) or self.search_form()._fields.get(column)
        if not isinstance(field, RemoteSelectField):
            abort(404)
        rows = field.options(request.args.get("q", "").strip())
        return jsonify(results=[{"id": str(row.uid), "text": str(row)} for row in rows])
