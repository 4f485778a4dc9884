"""What the search of the top bar finds without asking the database: screens, empty forms, the pages everybody has."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, url_for
from flask_babel import gettext as _

from app.core import menu, names
from app.workbench import quick
from app.workbench.keys import KEYS


@dataclass(frozen=True)
class Place:
    """One page somebody may open, and the pinyin initials it is found by."""

    label: str
    icon: str
    url: str

    @property
    def letters(self) -> str:
        """The initials of its words."""
        return names.letters(self.label)


def register(app: Flask, appbuilder: Any) -> None:
    """The dialogs of every page know the places and the keys."""
    app.jinja_env.globals.update(palette_places=lambda: places(appbuilder), known_keys=KEYS)


def places(appbuilder: Any) -> list[Place]:
    """Every page this person opens by its name: the menu first, then the forms, then what everybody has."""
    screens = [Place(entry.label, entry.icon, entry.url) for group in menu.shown() for entry in group.entries]
    forms = [Place(form.label, "fa-plus", form.url) for form in quick.forms(appbuilder)]
    own = [
        Place(_("Workbench"), "fa-desktop", url_for("HomeView.index")),
        Place(_("My account"), "fa-user", url_for("OwnView.userinfo")),
        Place(_("Change my password"), "fa-lock", url_for("OwnView.password")),
        Place(_("Help"), "fa-question", url_for("HelpView.list")),
    ]
    return [*screens, *forms, *own]


def named(found: list[Place], text: str) -> list[Place]:
    """Those whose name or initials hold what was typed."""
    key = names.search_key(text)
    return [place for place in found if key and (key in names.search_key(place.label) or key in place.letters)]
