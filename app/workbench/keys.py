"""Every key the screens know, as one table: the help shows it, and nothing else is bound."""

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l


class Key(NamedTuple):
    """One key and what it does. A single letter can be switched off."""

    keys: tuple[str, ...]  # each of them does it
    does: Any
    is_letter: bool = False


KEYS: tuple[tuple[Any, tuple[Key, ...]], ...] = (
    (
        _l("Everywhere"),
        (
            Key(("Ctrl+K",), _l("Search pages and people")),
            Key(("?",), _l("Show these keys"), is_letter=True),
            Key(("Alt+N",), _l("New record")),
            Key(("Alt+L",), _l("Lock screen")),
            Key(("Esc",), _l("Close what is open")),
        ),
    ),
    (
        _l("In a form"),
        (
            Key(("Enter",), _l("To the next field; in a text of several lines, a new line")),
            Key(("Shift+Enter",), _l("To the field before")),
            Key(("Ctrl+S",), _l("Save")),
            Key(("Ctrl+Enter",), _l("Save and enter another one")),
            Key(("Ctrl+'",), _l("Copy the field from the record before")),
            Key(("Alt+P",), _l("Keep the field for the next record")),
            Key(("Alt+Y",), _l("Take what is offered beside the field")),
        ),
    ),
    (
        _l("In a list"),
        (
            Key(("/",), _l("To the search box"), is_letter=True),
            Key(("j", "k"), _l("Next row, row before"), is_letter=True),
            Key(("x",), _l("Tick the row"), is_letter=True),
            Key(("Enter",), _l("Open the row")),
            Key(("←", "→"), _l("At the edge of a header: narrower, wider; Enter there: automatic width")),
        ),
    ),
    (
        _l("When deciding"),
        (
            Key(("a",), _l("Approve"), is_letter=True),
            Key(("r",), _l("Return"), is_letter=True),
            Key(("j", "k"), _l("Next record, record before"), is_letter=True),
        ),
    ),
)
