"""Values of confidential records: encrypted like a secret, told on their own screen as what they are (a day, a code, a number).

No list can be narrowed by them and nothing finds them, but a whole value where the ledger says so.
"""

import secrets
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, overload

from sqlalchemy import Column, ColumnElement, String
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeEngine

from app.core import crypto

SALT_LENGTH = 32  # hexadecimal digits
READERS: dict[type, Callable[[str], Any]] = {date: date.fromisoformat, int: int, bool: lambda told: told == "1", str: str}


def new_salt() -> str:
    """What the digests of one record are made with; without it nobody can try out what they were made of."""
    return secrets.token_hex(SALT_LENGTH // 2)


def digest_of(row: Any, plain: str | None) -> str | None:
    """The keyed digest of a value of this row, as the history and the row hash tell it; of a confidential row under its own salt."""
    if not plain or not getattr(row, "is_confidential", False):
        return crypto.digest(plain)
    return crypto.digest(f"{row.salt}|{plain}")


def mark() -> Any:
    """The column that tells a value from another one of the same row, and from nothing else."""
    return mapped_column(String(32), info={"blind": True})


class Hidden:
    """One value in the columns `<name>_enc` and `<name>_bidx` of a confidential record; `kind` where a whole value finds its row."""

    def __init__(self, type_: TypeEngine[Any], *, kind: str = "", code_set: str = "", required: bool = False, default: Any = None) -> None:
        info = {"code_set": code_set} if code_set else {}
        self.column: Column[Any] = Column(type_, info=info, nullable=not required, default=default)  # what its box and its cells go by
        self.kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    @overload
    def __get__(self, row: None, owner: type) -> "Hidden": ...
    @overload
    def __get__(self, row: object, owner: type) -> Any: ...
    def __get__(self, row: Any, owner: Any) -> Any:
        if row is None:
            return self
        blob = getattr(row, f"{self.name}_enc")
        return None if blob is None else READERS[self.column.type.python_type](crypto.keys().open(blob, self.context(owner, row.uid)))

    def __set__(self, row: Any, value: Any) -> None:
        """Setting the same value again changes nothing, so that a saved form leaves no false history."""
        plain = _plain(value)
        known = plain and self._salted(row.salt, plain)
        if getattr(row, f"{self.name}_bidx") != known:
            setattr(row, f"{self.name}_enc", plain and crypto.keys().seal(plain, self.context(type(row), row.uid)))
            setattr(row, f"{self.name}_bidx", known)

    def _salted(self, salt: str, plain: str) -> str:
        return crypto.keys().blind(plain, self.kind) if self.kind else crypto.keys().blind(f"{salt}|{plain}", self.name)

    def context(self, owner: Any, uid: Any) -> str:
        """The place a value is bound to: it opens nowhere else."""
        return crypto.place(owner.__tablename__, self.name, uid)

    def equals(self, value: str) -> ColumnElement[bool]:
        """Rows with exactly this value; only of a value that finds its row."""
        if not self.kind:
            raise TypeError(f"nothing is found by {self.name}")
        return getattr(self.owner, f"{self.name}_bidx") == crypto.keys().blind(value, self.kind)  # type: ignore[no-any-return]


def _plain(value: Any) -> str | None:
    """A value as it is sealed."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.isoformat() if isinstance(value, date) else str(value)


@lru_cache(maxsize=256)
def hidden_of(model: Any) -> dict[str, Hidden]:
    """Name → descriptor of every hidden value of a table."""
    return {name: found for cls in reversed(model.__mro__) for name, found in vars(cls).items() if isinstance(found, Hidden)}
