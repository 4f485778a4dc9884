"""Every sentence of the screens in Chinese: names each one that is missing, empty, fuzzy, obsolete or has other placeholders.

`--update` writes the missing ones into the catalogue, with an empty translation, and drops the obsolete ones.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import flask_appbuilder
from babel.messages import pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "app" / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
FRAMEWORK = Path(flask_appbuilder.__file__).parent
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]")

Said = dict[str | tuple[str, ...], str]  # sentence → where it is said


def main(arguments: list[str]) -> int:
    """0 when the catalogue is complete; 1 after a list of what is wrong with it."""
    ours, theirs = said_in(ROOT / "app", ROOT), said_in(FRAMEWORK, FRAMEWORK)
    catalogue = read(CATALOGUE)
    known = {m.id for m in read(FRAMEWORK / "translations" / "zh" / "LC_MESSAGES" / "messages.po") if m.id and m.string and not m.fuzzy}
    needed = ours | {sentence: place for sentence, place in theirs.items() if sentence not in known}
    if "--update" in arguments:
        update(catalogue, needed, allowed=ours | theirs)
    problems = list(wrong(catalogue, needed, allowed=ours | theirs))
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} to mend in {CATALOGUE.relative_to(ROOT)}; --update adds the missing and drops the obsolete ones.")
    return 1 if problems else 0


def said_in(folder: Path, root: Path) -> Said:
    """Every sentence marked for translation in the code and templates of a folder."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: Said = {}
    for name, line, sentence, _comments, _context in extract_from_dir(str(folder), methods, options, KEYWORDS):
        found.setdefault(sentence, f"{os.path.relpath(folder / name, root)}:{line}")
    return found


def read(path: Path) -> Catalog:
    """A catalogue; an empty one where there is no file yet."""
    if not path.exists():
        return Catalog(locale="zh")
    with path.open("rb") as file:
        return pofile.read_po(file, locale="zh", abort_invalid=True)


def wrong(catalogue: Catalog, needed: Said, allowed: Said) -> Iterator[str]:
    """One line for each fault: what it is, where the sentence stands, the sentence."""
    for sentence, place in sorted(needed.items(), key=lambda item: item[1]):
        message = catalogue.get(sentence[0] if isinstance(sentence, tuple) else sentence)
        fault = "missing" if message is None else fault_of(message)
        if fault:
            yield f"{fault:12} {place}  {sentence!r}"
    for message in catalogue:
        if message.id and message.id not in allowed:
            yield f"{'obsolete':12} {message.id!r}"
        elif message.id and message.id not in needed and (fault := fault_of(message)):
            yield f"{fault:12} {message.id!r}"
    yield from (f"{'obsolete':12} {sentence!r}" for sentence in catalogue.obsolete)


def fault_of(message: Message) -> str:
    """What is wrong with one translation, or nothing."""
    translations = message.string if isinstance(message.string, tuple) else (message.string,)
    if not all(translations):
        return "empty"
    if message.fuzzy:
        return "fuzzy"
    sentences = message.id if isinstance(message.id, tuple) else (message.id,)
    wanted = set().union(*(placeholders(s) for s in sentences))
    return "placeholders" if any(placeholders(t) != wanted for t in translations) else ""


def placeholders(text: str) -> set[str]:
    """The parts of a sentence that are filled in."""
    return {found[0] for found in PLACEHOLDER.finditer(text)}


def update(catalogue: Catalog, needed: Said, allowed: Said) -> None:
    """Bring the catalogue to the sentences of today, sorted, without line numbers that change with every edit."""
    for message in [m for m in catalogue if m.id and m.id not in allowed]:
        catalogue.delete(message.id)
    catalogue.obsolete.clear()
    for sentence in needed:
        if sentence not in catalogue:
            catalogue.add(sentence)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.project, catalogue.version, catalogue.fuzzy = "Taizhang", "0", False
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = "Taizhang"
    catalogue.revision_date = catalogue.creation_date
    catalogue.header_comment = "# The Chinese words of the screens."
    with CATALOGUE.open("wb") as file:
        pofile.write_po(file, catalogue, width=120, sort_output=True, no_location=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
