"""What the forms of a ledger consist of: every column asks for the box that fits its type."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Enum, String, inspect
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Optional

from app.core import workflow
from app.core.crypto import secrets_of
from app.core.errors import RuleViolation
from app.core.fields import CalendarField, ChoiceField, CodeField, RegionField, RemoteSelectField, SecretField, WholeNumberField, text_field
from app.core.filters import YES
from app.core.hidden import hidden_of

ON_ADD, ON_EDIT = ("act_token",), ("act_token", "row_version")  # hidden fields of the forms
HIDDEN = ("csrf_token", *ON_EDIT)  # all of them


class Boxes:
    """The part of a ledger's screen that makes its forms; the declarations below are the screen's."""

    route_base: Any
    datamodel: Any
    label_columns: Any
    description_columns: Any
    validators_columns: Any
    search_columns: Any
    remote: Mapping[str, Mapping[str, Any]]
    places: tuple[str, ...]

    def _own_fields(self, columns: list[str]) -> dict[str, Any]:
        """Every box of a form as its column asks for it."""
        made = {c: self._own_field(c) for c in columns}
        return {c: field for c, field in made.items() if field is not None}

    def _own_field(self, name: str) -> Any:
        model, url = self.datamodel.obj, f"{self.route_base}/options/{name}"
        told = {"label": self.label_columns.get(name, name), "description": (self.description_columns or {}).get(name, "")}
        if name in secrets_of(model):
            return SecretField(**told, validators=self._needed(name, optional=True))
        if name in self.places or self.datamodel.is_place(name):
            return RegionField(**told, url=url, validators=self._needed(name, optional=True))
        if name in self.remote:
            return RemoteSelectField(**told, url=url, validators=self._needed(name, optional=True), **self.remote[name])
        hidden = hidden_of(model).get(name)
        column = hidden.column if hidden else inspect(model).columns.get(name)
        if column is None:
            return None
        return self._typed(column, {**told, "validators": self._needed(name, optional=bool(column.nullable))})

    @staticmethod
    def _typed(column: Any, told: dict[str, Any]) -> Any:
        """The box that fits the type of a column: a code, a day, a tick (no tick is no), a whole number, a text."""
        default = column.default.arg if column.default is not None and column.default.is_scalar else None
        kind = column.type.python_type
        if "code_set" in column.info:
            return CodeField(**told, code_set=column.info["code_set"], default=default)
        if kind is date:
            return CalendarField(**told)
        if kind is bool:
            return BooleanField(told["label"], description=told["description"])
        if kind is int:
            return WholeNumberField(**told, default=default)
        if isinstance(column.type, String) and not isinstance(column.type, Enum):
            return text_field(column.type.length, **told)
        return None

    def _search_fields(self) -> dict[str, Any]:
        """Searched by list where a column has a list: the status, every code, yes and no; the rest by typing."""
        found: dict[str, Any] = {}
        mapped = inspect(self.datamodel.obj).columns
        for c in self.search_columns:
            if c == "status":
                found[c] = ChoiceField(
                    self.label_columns.get(c, c), pairs=lambda: [(s.value, workflow.status_label(s)) for s in workflow.Status]
                )
            elif self.datamodel.is_place(c):
                found[c] = RegionField(self.label_columns.get(c, c), url=f"{self.route_base}/options/{c}")
            elif c in mapped and "code_set" in mapped[c].info:
                found[c] = CodeField(self.label_columns.get(c, c), code_set=mapped[c].info["code_set"])
            elif c in mapped and mapped[c].type.python_type is bool:
                found[c] = ChoiceField(self.label_columns.get(c, c), pairs=lambda: [(YES, _("Yes")), ("n", _("No"))])
            elif c in mapped:
                found[c] = StringField(self.label_columns.get(c, c))
        return found

    def _needed(self, column: str, optional: bool) -> list[Any]:
        own = (self.validators_columns or {}).get(column, [])
        return [*own] if own else [Optional() if optional else InputRequired(_l("Fill in this field."))]


def say_beside(form: Any, refusal: RuleViolation) -> None:
    """Put each problem beside its field; what belongs to no field is said above the form."""
    for problem in refusal.problems:
        if problem.field and problem.field in form:
            form[problem.field].errors = [*form[problem.field].errors, problem.message]
        else:
            flash(str(problem.message), "danger")


def fieldsets(groups: Sequence[tuple[Any, list[str]]], *hidden: str, without: str = "") -> list[tuple[Any, dict[str, list[str]]]]:
    """The groups of a form as FAB takes them; the first one carries the hidden fields."""
    found = [(name, {"fields": [column for column in columns if column != without]}) for name, columns in groups]
    found[0][1]["fields"] += hidden
    return found
