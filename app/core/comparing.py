"""Two people changed one row: what each field said when the form was opened, what was typed, and what the register says now.

What the form showed goes along with it, sealed for this row, this person and this program: nobody can say of a value that it was
shown when it was not, and so write over it unasked. Of a secret only the mask and a digest go along.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from app.core.crypto import KeyLost, Sealed, keys, secrets_of
from app.core.fields import SecretField


@dataclass(frozen=True)
class Told:
    """One field: what its untouched box sends, by what it is told from another value, and how a person reads it."""

    sent: str
    known: str
    shown: str


@dataclass(frozen=True)
class Opened:
    """What a form showed of one version of a row, and about which fields a question was put, with what they had said before."""

    version: str
    fields: Mapping[str, Told]
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question: whose words stay."""

    name: str
    label: Any
    original: str
    mine: str
    theirs: str
    choice: str = ""


def seal(opened: Opened, row: Any, user_id: int) -> str:
    """The page's own memory, as the text of a hidden field."""
    content = json.dumps(asdict(opened), ensure_ascii=False)
    return base64.urlsafe_b64encode(keys().seal(content, _context(row, user_id))).decode()


def unseal(text: str, row: Any, user_id: int) -> Opened | None:
    """What a form showed; None where the text is not what was sealed for this person and row, or its key is gone."""
    try:
        told = json.loads(keys().open(base64.urlsafe_b64decode(text.encode()), _context(row, user_id)))
    except (KeyLost, ValueError):
        return None
    return Opened(told["version"], {name: Told(**value) for name, value in told["fields"].items()}, told["asked"])


def compared(mine: Mapping[str, Told], theirs: Mapping[str, Told], opened: Opened | None) -> tuple[list[str], list[str]]:
    """(fields that only others changed, fields that both changed). Without what was shown, every difference is a question."""
    taken: list[str] = []
    asked: list[str] = []
    for name, now in theirs.items():
        was = opened.fields.get(name) if opened else None
        if mine[name].known == now.known or (was and was.known == now.known):
            continue
        (taken if was and was.known == mine[name].known else asked).append(name)
    return taken, asked


def told(box: Any, row: Any, shown: str, opened: Opened | None = None) -> Told:
    """What a box of a form says. The mask of a secret stands for the value that it was the mask of."""
    sent = box.raw_data[0] if box.process_errors and box.raw_data else written(box.data)
    if not isinstance(box, SecretField) or not sent:
        return Told(sent, sent, shown)
    was = opened.fields.get(box.name) if opened else None
    if was and was.sent == sent:
        return Told(sent, was.known, shown)
    now: Sealed | None = getattr(row, box.name)
    model: Any = type(row)
    plain = now.reveal() if now is not None and sent == str(now) else secrets_of(model)[box.name].rule(sent)
    return Told(sent, keys().blind(plain, f"form|{box.name}"), shown)


def written(value: Any) -> str:
    """A value as its box sends it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "y"
    return value.isoformat() if isinstance(value, date) else str(getattr(value, "uid", value)).strip()


def _context(row: Any, user_id: int) -> str:
    return f"form|{row.__tablename__}|{row.uid}|{user_id}"
