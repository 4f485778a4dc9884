"""How somebody's list looks, the views they saved of it, and what they looked for last: kept on the server, sealed.

A view is its maker's alone until it is shared; then it is offered in the offices of the maker and below, to whoever may open the ledger.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, LargeBinary, String, Uuid, delete, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, crypto, scope
from app.core.base import BigId, Model, Row
from app.core.columns import Moment
from app.core.errors import RuleViolation
from app.core.regions import WIDTH
from app.core.scope import PATH
from app.core.unit_of_work import take_turn

MOST_VIEWS = 20  # of one person and ledger: more than a menu holds
LONGEST_NAME = 40  # characters
LONGEST_ADDRESS = 2000  # characters of what a view asks for; a server takes some thousands in one line
SEARCHES = 10  # of one person and ledger that the browser's way back still leads to
SIZES = (25, 50, 100, 200)  # rows of a page
NARROWEST, WIDEST = 48, 800  # pixels of a column: room for two characters; more than half a screen hides the others
AUTOMATIC = 0  # as wide as the browser makes it


class Kind(StrEnum):
    """What is kept."""

    layout = "layout"  # how the list looks to one person
    view = "view"  # a view with a name
    search = "search"  # what was looked for, so that its pages have an address


class ListView(Row):
    """What one person keeps of one list: how it looks, a view to open again, or what they looked for."""

    __tablename__ = "list_view"
    __table_args__ = (
        CheckConstraint("NOT is_shared OR kind = 'view'", name="only_views_are_shared"),
        Index(
            "uq_list_view_layout", "owner_id", "ledger", unique=True,
            sqlite_where=text("kind = 'layout'"), postgresql_where=text("kind = 'layout'"),
        ),
        Index("ix_list_view_ledger_owner_id", "ledger", "owner_id"),
    )  # fmt: skip

    ledger: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    kind: Mapped[Kind] = mapped_column(Enum(Kind, native_enum=False, create_constraint=True, length=16, name="kind_known"))
    is_shared: Mapped[bool] = mapped_column(default=False)
    opens_with: Mapped[UUID | None] = mapped_column(Uuid, comment="Of a layout: the view the list opens with")
    content_enc: Mapped[bytes] = mapped_column(LargeBinary, info={"sealed": True})
    made_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    @property
    def content(self) -> dict[str, Any]:
        """What is kept, opened."""
        return json.loads(crypto.keys().open(self.content_enc, _place(self)))  # type: ignore[no-any-return]

    @content.setter
    def content(self, told: dict[str, Any]) -> None:
        self.content_enc = crypto.keys().seal(json.dumps(told, ensure_ascii=False), _place(self))


class ListViewOffice(Model):
    """One office in which, and below which, a shared view is offered."""

    __tablename__ = "list_view_office"

    view_id: Mapped[int] = mapped_column(BigId, ForeignKey("list_view.id"), primary_key=True)
    path: Mapped[str] = mapped_column(PATH, primary_key=True, info={"follows_regions": True}, index=True)


@dataclass(frozen=True)
class Layout:
    """How a list looks. Nothing chosen is what the ledger declares."""

    columns: tuple[str, ...] = ()
    is_compact: bool = False
    size: int = 0
    is_tree_closed: bool = False
    widths: Mapping[str, int] = field(default_factory=dict)  # of a column, in pixels

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Layout":
        """Read what was kept; what is no longer known is passed over."""
        size = told.get("size", 0)
        columns = tuple(str(name) for name in told.get("columns", ()))
        widths = {str(name): width_of(int(width)) for name, width in told.get("widths", {}).items()}
        return cls(columns, bool(told.get("compact")), size if size in SIZES else 0, bool(told.get("tree_closed")), widths)

    def told(self) -> dict[str, Any]:
        """As it is kept."""
        kept = {"columns": [*self.columns], "compact": self.is_compact, "size": self.size, "tree_closed": self.is_tree_closed}
        return {**kept, "widths": {**self.widths}}

    def shown(self, declared: Sequence[str], offered: Sequence[str]) -> list[str]:
        """The columns of the table: those chosen that still exist, else those the ledger declares."""
        return [name for name in self.columns if name in offered] or [*declared]


@dataclass(frozen=True)
class SavedView:
    """One view as the list offers it."""

    row: ListView
    name: str
    pairs: tuple[tuple[str, str], ...]
    layout: Layout
    is_mine: bool


@dataclass(frozen=True)
class Shelf:
    """All that one person finds kept for one list."""

    layout: Layout
    opens_with: UUID | None
    views: tuple[SavedView, ...]
    searches: dict[str, ListView]

    def view(self, uid: str) -> SavedView | None:
        """The view with this identity, where it is one's own or shared with one's office."""
        return next((view for view in self.views if str(view.row.uid) == uid), None)

    def opening(self) -> SavedView | None:
        """The view this person's list opens with."""
        return self.view(str(self.opens_with)) if self.opens_with else None

    def layout_in(self, view: SavedView | None) -> Layout:
        """How the list looks to this person in a view, or in none: in a view of somebody else the widths they chose themselves hold."""
        if view is None:
            return self.layout
        return view.layout if view.is_mine else replace(view.layout, widths={**view.layout.widths, **self.layout.widths})

    def looked_for(self, uid: str) -> str:
        """What was looked for under this identity; nothing where it is forgotten or somebody else's."""
        row = self.searches.get(uid)
        return str(row.content["text"]) if row else ""


def shelf(session: Session, ledger: str, user_id: int) -> Shelf:
    """What this person finds kept for a list, read with one statement."""
    kept = select(ListView).where(ListView.ledger == ledger, or_(ListView.owner_id == user_id, ListView.id.in_(_shared_here())))
    rows = session.scalars(kept.order_by(ListView.id)).all()
    own = next((row for row in rows if row.kind is Kind.layout and row.owner_id == user_id), None)
    views = sorted((_opened(row, user_id) for row in rows if row.kind is Kind.view), key=lambda view: (not view.is_mine, view.name))
    return Shelf(
        Layout.of(own.content) if own else Layout(),
        own.opens_with if own else None,
        tuple(views),
        {str(row.uid): row for row in rows if row.kind is Kind.search},
    )


def keep_layout(session: Session, ledger: str, user_id: int, layout: Layout) -> None:
    """This is how the list looks to this person from now on."""
    row = _own_layout(session, ledger, user_id)
    row.content = layout.told()


def keep_width(session: Session, ledger: str, user_id: int, column: str, width: int) -> None:
    """A column is so wide from now on, wherever this person sees the list but in their own views."""
    row = _own_layout(session, ledger, user_id)
    row.content = _widened(row.content, column, width)


def keep_width_in(session: Session, row: ListView, column: str, width: int) -> None:
    """A column is so wide from now on in this view."""
    _take_turn(session, row.ledger, row.owner_id)
    session.refresh(row)  # two columns made wider at once are both kept
    row.content = {**row.content, "layout": _widened(row.content["layout"], column, width)}


def keep_search(session: Session, ledger: str, user_id: int, words: str) -> UUID:
    """Keep what was looked for, so that the pages of the answer have an address without it. Only the last ones are kept."""
    _take_turn(session, ledger, user_id)
    mine = select(ListView.id).where(ListView.ledger == ledger, ListView.owner_id == user_id, ListView.kind == Kind.search)
    old = session.scalars(mine.order_by(ListView.id.desc()).offset(SEARCHES - 1)).all()
    session.execute(delete(ListView).where(ListView.id.in_(old)))
    row = ListView(ledger=ledger, owner_id=user_id, kind=Kind.search)
    row.content = {"text": words}
    session.add(row)
    return row.uid


def keep_view(
    session: Session, ledger: str, user_id: int, name: str, pairs: Iterable[tuple[str, str]], layout: Layout, *, has_words: bool
) -> ListView:
    """Save a view under a name; one's own view of this name becomes it. Raises RuleViolation for a name that is none, and for too many."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise RuleViolation.one(_("Give the view a name of at most %(most)s characters.", most=LONGEST_NAME), "name")
    told = [*pairs]
    if len(urlencode(told)) > LONGEST_ADDRESS:
        raise RuleViolation.one(_("This list has too many filters for a view. Take some out, then save it."))
    _take_turn(session, ledger, user_id)
    mine = [view for view in shelf(session, ledger, user_id).views if view.is_mine]
    row = next((view.row for view in mine if view.name == name), None)
    if row is None and len(mine) >= MOST_VIEWS:
        raise RuleViolation.one(_("You have %(most)s views of this list already. Delete one first.", most=MOST_VIEWS))
    if row is not None and row.is_shared and has_words:
        raise RuleViolation.one(_words_stay_private())
    row = row or ListView(ledger=ledger, owner_id=user_id, kind=Kind.view)
    row.content = {"name": name, "pairs": told, "layout": layout.told(), "words": has_words}
    session.add(row)
    session.flush()
    return row


def share(session: Session, row: ListView) -> None:
    """Offer a view in the maker's offices and below. Raises RuleViolation where a filter holds words somebody typed."""
    if row.content["words"]:
        raise RuleViolation.one(_words_stay_private())
    row.is_shared = True
    session.flush()
    _take_back(session, row)
    session.add_all(ListViewOffice(view_id=row.id, path=path) for path in scope.current().paths)


def unshare(session: Session, row: ListView) -> None:
    """The view is its maker's alone again."""
    row.is_shared = False
    _take_back(session, row)


def drop(session: Session, row: ListView) -> None:
    """The view goes. Whose list opened with it finds the plain list."""
    _take_back(session, row)
    session.delete(row)


def open_with(session: Session, ledger: str, user_id: int, uid: UUID | None) -> None:
    """The list opens with this view for this person; with none again."""
    _own_layout(session, ledger, user_id).opens_with = uid


def width_of(pixels: int) -> int:
    """A width that a column may have, the nearest to what was asked for."""
    return min(max(pixels, NARROWEST), WIDEST) if pixels else AUTOMATIC


def _widened(told: dict[str, Any], column: str, width: int) -> dict[str, Any]:
    now = Layout.of(told)
    return replace(now, widths={**now.widths, column: width_of(width)}).told()


def _own_layout(session: Session, ledger: str, user_id: int) -> ListView:
    _take_turn(session, ledger, user_id)
    mine = select(ListView).where(ListView.ledger == ledger, ListView.owner_id == user_id, ListView.kind == Kind.layout)
    row = session.scalars(mine).one_or_none()
    if row is None:
        row = ListView(ledger=ledger, owner_id=user_id, kind=Kind.layout)
        row.content = Layout().told()
        session.add(row)
    return row


def _take_turn(session: Session, ledger: str, user_id: int) -> None:
    """Two windows of one person that arrange one list do so one after the other."""
    take_turn(session, f"list {ledger} {user_id}")


def _take_back(session: Session, row: ListView) -> None:
    session.execute(delete(ListViewOffice).where(ListViewOffice.view_id == row.id))


def _shared_here() -> Any:
    """Views offered in one of this person's offices or in what it lies in."""
    above = {path[:length] for path in scope.current().paths for length in range(WIDTH, len(path) + 1, WIDTH)}
    return select(ListViewOffice.view_id).where(ListViewOffice.path.in_(above))


def _opened(row: ListView, user_id: int) -> SavedView:
    told = row.content
    pairs = tuple((str(name), str(value)) for name, value in told["pairs"])
    return SavedView(row, str(told["name"]), pairs, Layout.of(told["layout"]), row.owner_id == user_id)


def _words_stay_private() -> str:
    return _("A view that filters by words somebody typed stays your own: it may name people. Take that filter out, then share it.")


def _place(row: ListView) -> str:
    return crypto.place(ListView.__tablename__, "content", row.uid)
