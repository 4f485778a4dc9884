"""Where the keys come from: the environment or a file made on first start. A lost or wrong key is a refusal to start."""

import base64
import hmac
import re
import secrets
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import Connection, LargeBinary, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import crypto, files
from app.core.base import Model
from app.core.crypto import KeyLost, Keyring, Secrets, keys
from app.core.errors import RuleViolation

SECRET_BYTES = 32
MOST_KEYS = 255  # the number of a key is one byte in front of each value
KNOWN = "taizhang"  # what is sealed to recognise a key
INDEX = 0  # stands in key_check for the index key, which encrypts nothing
NOT_KEYS = "the data keys cannot be read: each is written as NUMBER:BASE64, the numbers are 1 to 255"
INDEX_LINE = "index"  # how the index key is called where its secret is gone


class KeyCheck(Model):
    """A known word sealed with each key this database uses: a wrong key cannot open it. Number 0 is a digest by the index key."""

    __tablename__ = "key_check"
    key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


NEWEST = select(func.max(KeyCheck.__table__.c.key_id))


def load(text: str, file: Path) -> Keyring | None:
    """The keys of the environment, else of the file; None where neither exists. Raises KeyLost for keys nobody can read."""
    if text:
        return Keyring(_parsed(text))
    return Keyring(_read(file), again=lambda: _read(file)) if file.exists() else None


def make(file: Path) -> Keyring:
    """Make the first key, readable by this account alone. It belongs into the safe: without it the data are lost."""
    with files.new(file) as out:
        out.write(written(Secrets({1: secrets.token_bytes(SECRET_BYTES)})))
    return Keyring(_read(file), again=lambda: _read(file))


def add(file: Path) -> None:
    """Add a key to the file, and take it into use here; other processes read it when they meet it. Raises RuleViolation after the last."""
    if keys().newest >= MOST_KEYS:
        raise RuleViolation.one(_("There can be no more than %(n)s keys.", n=MOST_KEYS))
    files.replace(file, written(keys().secrets.added(secrets.token_bytes(SECRET_BYTES))))
    keys().learn()


def keep_without(file: Path, key_id: int) -> None:
    """Write the keys without this one. Where it was the first, the index key stays, by itself."""
    files.replace(file, written(keys().secrets.without(key_id)))
    keys().learn()


def _read(file: Path) -> Secrets:
    try:
        return _parsed(file.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise KeyLost("the data keys cannot be read") from error


def written(found: Secrets) -> bytes:
    """The keys as the file and DATA_KEYS hold them."""
    lines = [(INDEX_LINE, found.index)] if found.index else []
    lines += [(str(number), secret) for number, secret in sorted(found.by_id.items())]
    return b"".join(b"%b:%b\n" % (name.encode(), base64.b64encode(secret)) for name, secret in lines)


def _parsed(text: str) -> Secrets:
    """`1:base64,2:base64`, commas or lines; the ids are 1 to 255. `index:base64` is the index key of a first key that was retired."""
    found: dict[str, bytes] = {}
    for part in text.replace(",", "\n").split():
        name, _colon, encoded = part.partition(":")
        try:
            found[name] = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise KeyLost(NOT_KEYS) from error
    if any(len(secret) < SECRET_BYTES for secret in found.values()):
        raise KeyLost("the data keys cannot be read: each key has 32 bytes")
    index = found.pop(INDEX_LINE, None)
    if not found:
        raise KeyLost("the data keys are empty")
    return Secrets({_number(name): secret for name, secret in found.items()}, index)


def _number(name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", name) or not 0 < int(name) <= MOST_KEYS:
        raise KeyLost(NOT_KEYS)
    return int(name)


def fits(session: Session, ring: Keyring) -> bool:
    """Whether these keys read what the database holds and find it by their index."""
    try:
        return all(_is_known_to(ring, row.key_id, row.sealed) for row in session.scalars(select(KeyCheck)))
    except KeyLost:
        return False


def _is_known_to(ring: Keyring, key_id: int, sealed: bytes) -> bool:
    if key_id == INDEX:
        return hmac.compare_digest(sealed, _index_seal(ring))
    return ring.open(sealed, f"key_check|{key_id}") == KNOWN


def _index_seal(ring: Keyring) -> bytes:
    return ring.blind(KNOWN, "key_check").encode()


def must_fit(session: Session) -> set[int]:
    """The keys this database knows. Raises KeyLost when the keys in use cannot read what it holds."""
    if not fits(session, keys()):
        raise KeyLost("The data keys are not those this database was written with. Put the right data.keys (or DATA_KEYS) back.")
    return set(session.scalars(select(KeyCheck.key_id)))


def confirm(session: Session) -> None:
    """Raise KeyLost when the keys do not fit this database; write down what is used for the first time."""
    known, newest = must_fit(session), keys().newest
    if newest not in known:
        session.add(KeyCheck(key_id=newest, sealed=keys().seal(KNOWN, f"key_check|{newest}")))
    if INDEX not in known:
        session.add(KeyCheck(key_id=INDEX, sealed=_index_seal(keys())))


def keep_up(connection: Connection) -> None:
    """Learn of a key that was added since this process started. Raises KeyLost where it is not here: no older one writes any more."""
    newest = connection.scalar(NEWEST) if crypto.is_ready() else None
    if newest and newest > keys().newest:
        keys().learn()
        if newest > keys().newest:
            raise KeyLost(f"Data key {newest} is not here. Put it into data.keys (or DATA_KEYS) and start this process again.")
