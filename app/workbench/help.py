"""Help: the keys, and a guide of one page for each role, from the files in app/help."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import mistune
from flask import abort
from flask_appbuilder import BaseView, expose
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from app.accounts import roles
from app.workbench.keys import KEYS

FOLDER = Path(__file__).parent.parent / "help"
LANGUAGES = ("zh", "en")  # the first stands for every other


class HelpView(BaseView):
    """Whoever is signed in may read it."""

    route_base = "/help"
    default_view = "list"

    @expose("/", methods=["GET"])
    def list(self) -> Any:
        """The keys and the guides, those of one's own roles first."""
        own = {role.name for role in current_user.roles}
        found = [(name, roles.label(name), name in own) for name in guides()]
        return self.render_template("workbench/help.html", title=_("Help"), keys=KEYS, guides=sorted(found, key=lambda guide: not guide[2]))

    @expose("/<role>", methods=["GET"])
    def guide(self, role: str) -> Any:
        """The guide of one role."""
        if role not in guides():
            abort(404)
        return self.render_template(
            "workbench/guide.html", title=_("Guide: %(role)s", role=roles.label(role)), text=text_of(role, language())
        )


@lru_cache(maxsize=1)
def guides() -> tuple[str, ...]:
    """The roles that have a guide, in the order of the roles."""
    return tuple(name for name in roles.ROLE_LABELS if (FOLDER / f"{name}.{LANGUAGES[0]}.md").is_file())


@lru_cache(maxsize=32)
def text_of(role: str, in_language: str) -> Markup:
    """A guide as a page. HTML that stands in the file is shown as text."""
    source = (FOLDER / f"{role}.{in_language}.md").read_text(encoding="utf-8")
    return Markup(str(_to_html(source)))  # noqa: S704  (our own file, and the renderer escapes whatever is no Markdown)


def language() -> str:
    """The language of the guide for this reader."""
    wanted = str(get_locale() or "")[:2]
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


_to_html = mistune.create_markdown(escape=True, plugins=["table"])
