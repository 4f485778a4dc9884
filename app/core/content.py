"""What of a record is content, and the hash by which two contents are told apart; what stands around them counts for nothing."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import object_session

from app.core import attachments, crypto
from app.core.hidden import digest_of

CONTENT = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
WRITTEN: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _nothing: "null",
}
MACHINERY = frozenset(
    """id uid version scope_path made_by_id made_at changed_by_id changed_at status approved_by_id approved_at row_hash
    statistical_month possible_duplicate incomplete on_hold change_open late""".split()  # noqa: SIM905  (a list of eighteen would fill the screen)
)  # what is not content


def content_hash(row: Any, was: Mapping[str, Any] = MappingProxyType({})) -> str:
    """SHA-256 of what the row says: values, secrets by keyed digest, kind and digest of its files. A merge of offices changes nothing.

    `was` holds values that stood in some columns before (column → value), for who asks whether a hash of then still fits.
    """
    told: dict[str, Any] = {}
    kind: Any = type(row)
    for name, secret in content_columns(getattr(kind, "model", kind)):
        value = was[name] if name in was else getattr(row, name)
        if secret:
            value = value and digest_of(row, _told(getattr(row, secret)))
        told[name] = value if value is None or isinstance(value, bool | int | list) else str(value)
    session = None if hasattr(kind, "model") else object_session(row)  # a draft of a batch has no file yet
    if session and (files := attachments.told(session, row.uid)):
        told["attachments"] = files
    return hashlib.sha256(_canonical(told).encode()).hexdigest()


def _canonical(told: Mapping[str, Any]) -> str:
    """What CONTENT would write of an object with plain names, in a third of the time: the bytes that every row hash was made of."""
    return "{" + ", ".join([f'"{name}": {WRITTEN.get(told[name].__class__, CONTENT.encode)(told[name])}' for name in sorted(told)]) + "}"


@lru_cache(maxsize=64)
def content_columns(model: Any) -> tuple[tuple[str, str], ...]:
    """Column → the name of the secret it holds, or nothing: what of a record is content."""
    mapper: Any = inspect(model)
    told = [(name, c.info) for name, c in mapper.columns.items() if name not in MACHINERY and name not in getattr(model, "not_hashed", ())]
    told = [(name, info) for name, info in told if not (info.get("blind") or info.get("follows_regions"))]
    return tuple((name, name.removesuffix("_enc") if info.get("secret") else "") for name, info in told)


def _told(value: Any) -> str:
    """A secret or hidden value as text."""
    return value.reveal() if isinstance(value, crypto.Sealed) else str(value)
