"""What a page shows, read as a person and an assistive program would: words, boxes and their names, links, forms."""

import re
from html.parser import HTMLParser
from typing import NamedTuple

SILENT = frozenset({"script", "style", "template"})
SPOKEN = frozenset({"placeholder", "aria-label", "title", "alt"})
VOID = frozenset({"input", "meta", "link", "br", "hr", "img"})
BOXES = frozenset({"input", "select", "textarea"})

Attributes = dict[str, str]


class Form(NamedTuple):
    """One form of a page: how it is sent, where to, and the names of its hidden fields."""

    method: str
    action: str
    hidden: set[str]


class Page(HTMLParser):
    """One page, taken apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, Attributes]] = []
        self.boxes: list[Attributes] = []
        self.labelled: set[str] = set()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.append((tag, told))
        self.words += [value for name, value in told.items() if name in SPOKEN and value]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "label":
            self.labelled.add(told.get("for", ""))
        elif tag == "a":
            self.links.append(told.get("href", ""))
        elif tag == "form":
            self.forms.append(Form(told.get("method", "get"), told.get("action", ""), set()))
        elif tag in BOXES:
            self._box(told)

    def _box(self, told: Attributes) -> None:
        if told.get("type") == "hidden":
            if "form" in self._open:
                self.forms[-1].hidden.add(told.get("name", ""))
        else:
            self.boxes.append(told | ({"aria-label": "its label is around it"} if "label" in self._open else {}))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not SILENT & set(self._open):
            self.words.append(data.strip())

    def nameless(self) -> list[Attributes]:
        """The boxes that nobody who cannot see the page could name."""
        return [box for box in self.boxes if not box.get("aria-label") and box.get("id") not in self.labelled]

    def attributes(self, name: str) -> list[str]:
        """Every value of one attribute."""
        return [told[name] for _tag, told in self.tags if name in told]


def beside(page: str, name: str) -> str:
    """What a form says at one of its boxes."""
    found = re.search(rf'id="{name}-error">(.*?)</div></div>', page)
    return found[1] if found else ""


class _Filled(HTMLParser):
    """What the entry form of a page sends as it stands, box by box."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: dict[str, str] = {}
        self._within, self._select, self._text = False, "", ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._within = "entry" in told.get("class", "").split()
        if not self._within or (tag in BOXES and "name" not in told):
            return
        if tag == "input" and (told.get("type") not in {"checkbox", "radio"} or "checked" in told):
            self.words[told["name"]] = told.get("value", "")
        elif tag == "select":
            self._select = told["name"]
            self.words.setdefault(self._select, "")
        elif tag == "option" and self._select and "selected" in told:
            self.words[self._select] = told.get("value", "")
        elif tag == "textarea":
            self._text = told["name"]
            self.words[self._text] = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.words[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._within = False
        self._select, self._text = ("" if tag == "select" else self._select), ("" if tag == "textarea" else self._text)


def filled(page: str) -> dict[str, str]:
    """What the entry form of a page sends when nobody touches it."""
    return {name: value.lstrip("\r\n") for name, value in _Filled(page).words.items()}
