"""Values nobody should read by accident: encrypted at rest, found by a blind index, shown as a mask."""

import hmac
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import ColumnElement, LargeBinary, String, Uuid, event
from sqlalchemy.orm import Mapped, mapped_column

from app.core import id_number
from app.core.remember import remembered

NONCE_BYTES = 12  # the size GCM is defined for
LAST_62_BITS = (1 << 62) - 1


class KeyLost(RuntimeError):
    """A value was written with a key we do not hold, or was tampered with."""


def uuid7() -> UUID:
    """A time-ordered random identity (RFC 9562, version 7)."""
    milliseconds, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    return UUID(int=milliseconds << 80 | 7 << 76 | chance >> 68 << 64 | 2 << 62 | chance & LAST_62_BITS)


class HasUid:
    """A row with a public identity of its own, known before it is saved."""

    uid: Mapped[UUID] = mapped_column(Uuid, unique=True)


@event.listens_for(HasUid, "init", propagate=True)
def _make_uid(row: Any, args: Any, kwargs: dict[str, Any]) -> None:
    """Set first, whatever the order of the keywords: the ciphertext of the other columns is bound to it."""
    row.uid = kwargs.pop("uid", None) or uuid7()


@dataclass(frozen=True)
class Secrets:
    """What the keys are made of: one secret per key id, and the index key once the secret it came from is gone."""

    by_id: Mapping[int, bytes]
    index: bytes | None = None

    @property
    def index_key(self) -> bytes:
        """The key of the blind indexes and of the digests in the history: the same for ever, whatever key encrypts."""
        return self.index or _derive(self.by_id[min(self.by_id)], b"blind index")

    def added(self, secret: bytes) -> "Secrets":
        """One more secret, with a number that no key ever had: the newest is never taken away."""
        return Secrets({**self.by_id, max(self.by_id) + 1: secret}, self.index)

    def without(self, key_id: int) -> "Secrets":
        """One secret less. The index key stays, from which nothing can be decrypted."""
        return Secrets({i: secret for i, secret in self.by_id.items() if i != key_id}, self.index_key)


class Keyring:
    """One secret per key id; each purpose gets its own key from it. New values use the newest id.

    `again` reads the secrets anew, where another process may have added one.
    """

    def __init__(self, secrets_: Mapping[int, bytes] | Secrets, again: Callable[[], Secrets] | None = None) -> None:
        self._again = again
        self.take(secrets_ if isinstance(secrets_, Secrets) else Secrets(secrets_))

    def take(self, found: Secrets) -> None:
        """Work with these secrets from now on."""
        self.secrets, self._index_key = found, found.index_key
        self._ciphers = {i: AESGCM(_derive(secret, b"encrypt")) for i, secret in found.by_id.items()}
        self.newest = max(found.by_id)

    def learn(self) -> None:
        """Read the keys again, where they come from a file. Raises KeyLost when nobody can read it any more."""
        if self._again:
            self.take(self._again())

    def seal(self, plain: str, context: str) -> bytes:
        """Encrypt, bound to its place (table, column and row), the key id in front."""
        return self.seal_bytes(plain.encode(), context)

    def seal_bytes(self, plain: bytes, context: str) -> bytes:
        """The same for the content of a file."""
        nonce, newest = os.urandom(NONCE_BYTES), self.newest
        return bytes([newest]) + nonce + self._ciphers[newest].encrypt(nonce, plain, context.encode())

    def open(self, blob: bytes, context: str) -> str:
        """The plain value. Raises KeyLost when the key, the place or the content is not the one it was sealed with."""
        return self.open_bytes(blob, context).decode()

    def open_bytes(self, blob: bytes, context: str) -> bytes:
        """The same for the content of a file."""
        try:
            if blob[0] not in self._ciphers:
                self.learn()
            nonce, body = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
            return self._ciphers[blob[0]].decrypt(nonce, body, context.encode())
        except (LookupError, ValueError, InvalidTag) as error:  # an unknown key, a cut value, a value that was changed
            raise KeyLost(f"cannot open {context}") from error

    @remembered
    def blind(self, plain: str, kind: str) -> str:
        """A keyed digest that is equal for equal values, of 128 bits."""
        return hmac.digest(self._index_key, f"{kind}|{plain}".encode(), "sha256").hex()[:32]


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, purpose).derive(secret)


_keyring: list[Keyring] = []


def use(keyring: Keyring | None) -> None:
    """Take these keys into use for the whole process; None leaves it without any."""
    _keyring[:] = [keyring] if keyring else []


def keys() -> Keyring:
    """The keys in use. Raises KeyLost when none were loaded."""
    if not _keyring:
        raise KeyLost("no keys are loaded")
    return _keyring[0]


def is_ready() -> bool:
    """Whether keys are loaded."""
    return bool(_keyring)


def digest(plain: str | None) -> str | None:
    """A keyed digest for the history and the row hash: it tells equal from different and reveals nothing."""
    return plain and "hmac:" + keys().blind(plain, "audit")


@dataclass(slots=True, unsafe_hash=True)  # many are made, and a frozen one takes three times as long
class Sealed:
    """A secret as the rest of the program meets it: str() is the mask, so lists, logs and exports stay safe."""

    blob: bytes
    context: str
    mask: Callable[[str], str] = id_number.mask
    known: str | None = field(default=None, repr=False)  # where the row was not saved yet

    def reveal(self) -> str:
        """The plain value; every call site writes down who looked."""
        return self.known or keys().open(self.blob, self.context)

    def __str__(self) -> str:
        return self.mask(self.reveal())


def place(table: str, name: str, uid: object) -> str:
    """What every sealed value is bound to: its table, what it is (the column without `_enc`), and its row."""
    return f"{table}|{name}|{uid}"


def ciphertext() -> Any:
    """The column that holds an encrypted value."""
    return mapped_column(LargeBinary, info={"secret": True})


def blind_index(*, unique: bool = False) -> Any:
    """The column by which an encrypted value is found."""
    return mapped_column(String(32), unique=unique, index=not unique, info={"blind": True})


class Encrypted:
    """One value in the columns `<name>_enc`, `<name>_bidx` and, if wanted, `<name>_last4`."""

    def __init__(
        self,
        kind: str,
        last4: bool = False,
        rule: Callable[[str], str] = id_number.clean,
        mask: Callable[[str], str] = id_number.mask,
    ) -> None:
        self.kind, self.last4, self.rule, self.mask = kind, last4, rule, mask

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, row: None, owner: type) -> "_Bound": ...
    @overload
    def __get__(self, row: object, owner: type) -> Sealed | None: ...
    def __get__(self, row: object | None, owner: Any) -> "_Bound | Sealed | None":
        if row is None:
            return _Bound(self, owner)
        blob = getattr(row, f"{self.name}_enc")
        known = row.__dict__.get("plain")
        if blob and known and self.name in known:
            return Sealed(blob, "", self.mask, known[self.name])  # of a draft: nothing has to be opened
        return blob and Sealed(blob, self.context(owner, row.uid), self.mask)  # type: ignore[attr-defined]

    def __set__(self, row: Any, value: str | Sealed | None) -> None:
        """Setting the same value again changes nothing, so that a saved form leaves no false history."""
        if isinstance(value, Sealed):
            value = value.reveal()
        plain = (self.rule(value) if value else None) or None
        blind = plain and keys().blind(plain, self.kind)
        if getattr(row, f"{self.name}_bidx") != blind:
            for column, content in self._columns(type(row), row.uid, plain, blind).items():
                setattr(row, column, content)
            if "plain" in row.__dict__:
                row.plain.pop(self.name, None)
                row.plain |= {self.name: plain} if plain else {}

    def columns(self, owner: Any, uid: UUID, value: str | None) -> dict[str, Any]:
        """What the columns hold for this value, for rows of a bulk insert."""
        plain = (self.rule(value) if value else None) or None
        return self._columns(owner, uid, plain, plain and keys().blind(plain, self.kind))

    def _columns(self, owner: Any, uid: UUID, plain: str | None, blind: str | None) -> dict[str, Any]:
        found = {f"{self.name}_enc": plain and keys().seal(plain, self.context(owner, uid)), f"{self.name}_bidx": blind}
        if self.last4:
            found[f"{self.name}_last4"] = plain and keys().blind(plain[-4:], f"{self.kind}|last4")
        return found

    def context(self, owner: Any, uid: UUID) -> str:
        """The place a value is bound to: it opens nowhere else."""
        return place(owner.__tablename__, self.name, uid)


class _Bound(Encrypted):
    """`Person.id_no`: answers `== "1101…"` and `.ends("1234")` through the blind indexes."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, of: Encrypted, owner: Any) -> None:
        super().__init__(of.kind, of.last4, of.rule, of.mask)
        self.name, self.owner = of.name, owner

    def __eq__(self, value: object) -> ColumnElement[bool]:  # type: ignore[override]
        return getattr(self.owner, f"{self.name}_bidx") == keys().blind(self.rule(str(value)), self.kind)  # type: ignore[no-any-return]

    def ends(self, four: str) -> ColumnElement[bool]:
        """Rows whose value ends with these four characters."""
        return getattr(self.owner, f"{self.name}_last4") == keys().blind(self.rule(four), f"{self.kind}|last4")  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def secrets_of(model: Any) -> dict[str, Encrypted]:
    """Name → descriptor of every encrypted value of a table, inherited ones included."""
    return {name: field for cls in reversed(model.__mro__) for name, field in vars(cls).items() if isinstance(field, Encrypted)}


def sealed_row(owner: Any, **values: Any) -> dict[str, Any]:
    """A row for `insert(owner)` in bulk: makes the uid and replaces each secret by its columns."""
    row: dict[str, Any] = {"uid": uuid7(), **values}
    for name, secret in secrets_of(owner).items():
        if name in row:
            row |= secret.columns(owner, row["uid"], row.pop(name))
    return row
