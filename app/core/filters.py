"""How the columns of a ledger's list may be compared: a few ways that read well, instead of all FAB knows."""

from datetime import date
from typing import Any

from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.models.sqla.filters import FilterContains, FilterEqual, FilterNotEqual, FilterStartsWith, SQLAFilterConverter
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import ColumnElement, Select

from app.core import changes
from app.core.dates import read_date
from app.core.fields import own_region
from app.core.scope import Scope
from app.core.workflow import Status, entered_by

YES = "y"
OWN, OTHERS = 2, 3  # which comparison of the status narrows a list to one's own rows, or to those of others
BY_OTHERS = 1  # which comparison of a proposed change does


def no_row(model: Any) -> ColumnElement[bool]:
    """A condition no row meets. A plain `false` would swallow the scope beside it, and the guard refuses a statement without one."""
    return model.id.is_(None)  # type: ignore[no-any-return]


class DayFilter(BaseFilter):
    """A day as people write it, compared with a column. What is no day fits no row."""

    def apply(self, query: Select[Any], value: str) -> Select[Any]:
        day = read_date(value)
        return query.where(no_row(self.model) if day is None else self.compared(getattr(self.model, self.column_name), day))

    def compared(self, column: Any, day: date) -> Any:
        """The condition itself."""
        return column == day


class OnDay(DayFilter):
    name = _l("On the day")
    arg_name = "on"


class FromDay(DayFilter):
    name = _l("From the day")
    arg_name = "from"

    def compared(self, column: Any, day: date) -> Any:
        return column >= day


class UntilDay(DayFilter):
    name = _l("Until the day")
    arg_name = "until"

    def compared(self, column: Any, day: date) -> Any:
        return column <= day


class IsSo(BaseFilter):
    """Yes or no."""

    name = _l("Is")
    arg_name = "is"

    def apply(self, query: Select[Any], value: str) -> Select[Any]:
        return query.where(getattr(self.model, self.column_name).is_(value == YES))


class NumberFilter(BaseFilter):
    """A whole number compared with a column. What is no number fits no row."""

    def apply(self, query: Select[Any], value: str) -> Select[Any]:
        text = value.strip()
        number = int(text) if text.isdecimal() and len(text) < 10 else None
        return query.where(no_row(self.model) if number is None else self.compared(getattr(self.model, self.column_name), number))

    def compared(self, column: Any, number: int) -> Any:
        """The condition itself."""
        return column == number


class IsNumber(NumberFilter):
    name = _l("Is")
    arg_name = "number"


class AtLeast(NumberFilter):
    name = _l("At least")
    arg_name = "least"

    def compared(self, column: Any, number: int) -> Any:
        return column >= number


class AtMost(NumberFilter):
    name = _l("At most")
    arg_name = "most"

    def compared(self, column: Any, number: int) -> Any:
        return column <= number


class InPlace(BaseFilter):
    """Rows of one of the reader's offices and of everything below it. A place that is not theirs fits no row."""

    name = _l("In")
    arg_name = "place"

    def apply(self, query: Select[Any], value: str) -> Select[Any]:
        place = own_region(value)
        return query.where(Scope.of([place.path]).criterion(self.model.scope_path) if place else no_row(self.model))


class _OfStatus(BaseFilter):
    """Records of one status, as far as they are one's own work or somebody else's."""

    def apply(self, query: Select[Any], value: str) -> Select[Any]:
        status = Status.__members__.get(value)
        return query.where(no_row(self.model) if status is None else (self.model.status == status) & self.whose())

    def whose(self) -> ColumnElement[bool]:
        """The condition that the reader entered or edited the row."""
        return entered_by(self.model, current_user.id)


class OwnOfStatus(_OfStatus):
    name = _l("Is, and I entered it")
    arg_name = "own"


class OthersOfStatus(_OfStatus):
    name = _l("Is, and others entered it")
    arg_name = "others"

    def whose(self) -> ColumnElement[bool]:
        return ~super().whose()


class ProposedByOthers(BaseFilter):
    """Records of which a change is proposed, by somebody else than the reader."""

    name = _l("Is, and others proposed it")
    arg_name = "others_propose"

    def apply(self, query: Select[Any], value: str) -> Select[Any]:
        return query.where(changes.proposed_by_others(self.model, current_user.id) if value == YES else no_row(self.model))


class LedgerFilters(SQLAFilterConverter):
    """Which comparisons a column offers; the first one stands chosen."""

    conversion_table = (
        ("is_place", [InPlace]),
        ("is_status", [FilterEqual, FilterNotEqual, OwnOfStatus, OthersOfStatus]),
        ("is_proposed", [IsSo, ProposedByOthers]),
        ("is_choice", [FilterEqual, FilterNotEqual]),
        ("is_boolean", [IsSo]),
        ("is_date", [OnDay, FromDay, UntilDay]),
        ("is_integer", [IsNumber, AtLeast, AtMost]),
        ("is_string", [FilterStartsWith, FilterContains, FilterEqual]),
        *SQLAFilterConverter.conversion_table,
    )
