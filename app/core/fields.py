"""Form fields of ours: a secret, a code of a list, a row the server looks up, a place."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import or_, select
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import html_params

from app.core import clock, codes, names, scope
from app.core.dates import read_date
from app.core.regions import Region, RegionCode
from app.extensions import db

LONG_TEXT = 200  # characters from which a text gets several lines
MAX_DIGITS = 9  # of a whole number: it fits every integer column
OPTIONS = 20  # rows a picker offers at once


class SecretField(StringField):
    """Shows the mask; sending the mask back means 'unchanged'."""

    mask = ""

    def process_data(self, value: Any) -> None:
        self.mask = self.data = "" if value is None else str(value)

    def populate_obj(self, obj: Any, name: str) -> None:
        if self.data != str(getattr(obj, name) or ""):
            setattr(obj, name, self.data or None)


class ChoiceField(SelectField):
    """One of a few values with their labels; nothing chosen is None."""

    stored: Any = None

    def __init__(self, label: Any = None, validators: Any = None, *, pairs: Callable[[], list[tuple[str, Any]]], **kwargs: Any) -> None:
        self.pairs = pairs
        super().__init__(label, validators, choices=self._offered, validate_choice=False, **kwargs)

    def _offered(self) -> list[SelectChoice]:
        return [SelectChoice("", ""), *(SelectChoice(value, str(text)) for value, text in self.pairs())]

    def process_data(self, value: Any) -> None:
        self.stored = self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = (valuelist[0].strip() or None) if valuelist else None

    def pre_validate(self, form: Any) -> None:
        if self.data and self.data != self.stored and self.data not in {value for value, _text in self.pairs()}:
            raise ValidationError(_("Choose a value from the list."))

    def iter_choices(self) -> list[Choice]:
        chosen = self.data or ""
        return [Choice(value=c.value, label=c.label, selected=c.value == chosen, render_kw=_initials(c.label)) for c in self._known()]

    def _known(self) -> list[SelectChoice]:
        return list(self.choices or [])


def _initials(label: Any) -> dict[str, str]:
    """What a keyboard without an input method chooses an option by: the first letters of its pinyin."""
    letters = "".join(names.initials(str(label or "")))
    return {"data-initials": letters} if letters else {}


class CodeField(ChoiceField):
    """A code of one list: the codes valid today, and the stored one even if it is retired."""

    def __init__(self, label: Any = None, validators: Any = None, *, code_set: str, **kwargs: Any) -> None:
        self.code_set = code_set
        super().__init__(label, validators, pairs=self._valid, **kwargs)

    def _valid(self) -> list[tuple[str, Any]]:
        return list(codes.choices(db.session(), self.code_set, clock.today(), str(get_locale())))

    def _known(self) -> list[SelectChoice]:
        found = super()._known()
        if self.stored and self.stored not in {c.value for c in found}:
            found.append(SelectChoice(self.stored, codes.label(db.session(), self.code_set, self.stored, str(get_locale()))))
        return found


class RemoteSelectField(Field):
    """A picker that asks the server; what it finds is held to the scope like any other query. It sends the row's uid."""

    def __init__(self, label: Any = None, validators: Any = None, *, model: Any, search: str, url: str = "", **kwargs: Any) -> None:
        super().__init__(label, validators or [Optional()], **kwargs)
        self.model, self.search, self.url = model, search, url

    def widget(self, field: "RemoteSelectField", chosen: str = "", **more: Any) -> Markup:
        """What stands chosen is the field's own value, or the row with the identity that a filter names."""
        row = field.data or (self.lookup(chosen) if chosen else None)
        option = Markup('<option value="{}" selected>{}</option>').format(row.uid, row) if row else ""
        told = {"id": field.id, **more, "name": field.name, "class": "remote-select form-control", "data-url": field.url}
        attributes = Markup(html_params(**told))  # noqa: S704  (html_params escapes)
        return Markup('<select {}><option value=""></option>{}</select>').format(attributes, option)

    def process_formdata(self, values: list[str]) -> None:
        wanted, kept = values[0] if values else "", self.data
        unchanged = kept is not None and str(kept.uid) == wanted  # it may lie outside this person's offices
        self.data = kept if unchanged else self.lookup(wanted) if wanted else None
        if wanted and self.data is None:
            raise ValueError(_("Choose a value from the list."))

    def lookup(self, uid: str) -> Any:
        """The row with this identity, or None: missing and foreign are the same."""
        return scope.get(self.model, uid)

    def options(self, text: str) -> list[Any]:
        """At most twenty rows whose searched column begins with the text."""
        searched = getattr(self.model, self.search)
        statement = scope.query(self.model).where(searched.startswith(text, autoescape=True)).order_by(searched).limit(OPTIONS)
        return list(db.session.scalars(statement))


class RegionField(RemoteSelectField):
    """A place inside the user's own offices, by name or statistical code. Closed places are not offered."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, model=Region, search="name", **kwargs)

    def lookup(self, uid: str) -> Any:
        return own_region(uid)

    def options(self, text: str) -> list[Any]:
        with_code = select(RegionCode.region_id).where(
            RegionCode.code.startswith(text or "-", autoescape=True), RegionCode.valid_to.is_(None)
        )
        named = or_(Region.name.contains(text, autoescape=True), Region.id.in_(with_code))
        return list(db.session.scalars(_own_regions().where(named).order_by(Region.path).limit(OPTIONS)))


def own_region(uid: str) -> Region | None:
    """The open place with this identity, if it lies in the user's own offices."""
    found = scope.as_uuid(uid)
    return db.session.scalars(_own_regions().where(Region.uid == found)).one_or_none() if found else None


def _own_regions() -> Any:
    return select(Region).where(scope.current().criterion(Region.path), Region.valid_to.is_(None))


class WholeNumberField(StringField):
    """A whole number, typed: no arrows, so that a turn of the mouse wheel changes nothing."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None
        if text and self.data is None:
            raise ValueError(_("This is not a whole number. Write digits only."))


def text_field(length: int | None, **told: Any) -> StringField:
    """A box for a text of at most this many characters, with several lines where it may be long."""
    if length:
        told["validators"] = [*told["validators"], Length(max=length)]
    return TextAreaField(**told) if (length or LONG_TEXT) >= LONG_TEXT else StringField(**told)


class CalendarField(StringField):
    """A date as people write it: 2025-03-05, 2025/3/5, 2025.3.5, 20250305, 2025年3月5日."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if isinstance(self.data, date) else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if text:
            self.data = read_date(text)
            if self.data is None:
                raise ValueError(_("This is not a date. Write it like 2025-03-05."))
