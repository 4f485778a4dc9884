"""The menu as people see it: screens grouped by business, as far as this person may open them, and where the open page stands in it.

Flask-AppBuilder's own two levels decide about rights and stay as they are; the groups are for the eye, so that another grouping
changes nobody's rights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from flask import Flask, current_app, g, request
from flask_babel import gettext as _

from app.core import names

COOKIE = "taizhang_menu"  # how this browser shows the menu: `narrow`, and the keys of the groups that are closed, with dots between
NARROW = "narrow"
MAP = "taizhang_menu"  # where the arranged menu lies in app.extensions


@dataclass(frozen=True)
class Entry:
    """One line of the menu: a screen and where it opens."""

    name: str
    label: str
    icon: str
    url: str
    is_here: bool = False

    @property
    def letters(self) -> str:
        """The pinyin initials it is found by."""
        return names.letters(self.label)


@dataclass(frozen=True)
class Group:
    """One heading of the menu with the screens below it."""

    key: str
    label: str
    entries: tuple[Entry, ...]
    is_open: bool = True


@dataclass(frozen=True)
class Crumb:
    """One step of the way to the open page; a heading of the menu leads nowhere."""

    label: str
    url: str = ""


def arrange(app: Flask, appbuilder: Any, groups: Mapping[str, Any], placed: Mapping[str, str]) -> None:
    """Keep the menu for `shown`: headings from top to bottom (key → label), and under which of them each item stands (name → key)."""
    items = [item for entry in appbuilder.menu.get_list() for item in entry.childs or [entry]]
    last = list(groups)[-1]
    arranged = [(key, label, [item for item in items if placed.get(item.name, last) == key]) for key, label in groups.items()]
    app.extensions[MAP] = appbuilder, arranged
    app.jinja_env.globals.update(menu_shown=shown, menu_is_narrow=is_narrow, trail=trail)


def shown() -> list[Group]:
    """What this person may open, group by group; made once per request."""
    if "menu" not in g:
        g.menu = _placed(_visible())
    return list(g.menu)


def is_narrow() -> bool:
    """Whether this browser shows the menu as icons only."""
    return NARROW in _kept()


def order() -> list[str]:
    """The names of the screens' classes, from the top of the menu to its end, whoever may open them."""
    _appbuilder, arranged = current_app.extensions[MAP]
    return [type(item.baseview).__name__ for _key, _label, items in arranged for item in items]


def icon_of(screen: Any) -> str:
    """The icon a screen has in the menu."""
    _appbuilder, arranged = current_app.extensions[MAP]
    return next((item.icon for _key, _label, items in arranged for item in items if item.baseview is screen), "")


def trail() -> list[Crumb]:
    """The way to the open page as far as the menu knows it: its group, then its screen."""
    for group in shown():
        for entry in group.entries:
            if entry.is_here:
                return [Crumb(group.label), Crumb(entry.label, entry.url)]
    return []


def _visible() -> list[Group]:
    """The groups with the items that this person's roles put into the menu."""
    appbuilder, arranged = current_app.extensions[MAP]
    found = []
    for key, label, items in arranged:
        mine = [item for item in items if appbuilder.sm.has_access("menu_access", item.name)]
        entries = tuple(Entry(item.name, _(str(item.label)), item.icon, item.get_url()) for item in mine)
        found.append(Group(key, str(label), entries))
    return [group for group in found if group.entries]


def _placed(groups: Sequence[Group]) -> list[Group]:
    """The screen of the open page is marked, and its group is open whatever was closed."""
    urls = [entry.url for group in groups for entry in group.entries if request.path.startswith(entry.url.removesuffix("list/"))]
    here, closed, found = max(urls, key=len, default=""), _kept(), []
    for group in groups:
        entries = tuple(replace(entry, is_here=entry.url == here) for entry in group.entries)
        is_open = group.key not in closed or any(entry.is_here for entry in entries)
        found.append(replace(group, entries=entries, is_open=is_open))
    return found


def _kept() -> frozenset[str]:
    return frozenset(unquote(request.cookies.get(COOKIE, "")).split("."))
