"""Where the keys come from: the environment or a file made on first start. A lost or wrong key is a refusal to start."""

import base64
import os
import secrets
from pathlib import Path

from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.base import Model
from app.core.crypto import KeyLost, Keyring, keys

SECRET_BYTES = 32
KNOWN = "taizhang"  # what is sealed to recognise a key


class KeyCheck(Model):
    """A known word sealed with each key this database has ever used: a wrong key cannot open it."""

    __tablename__ = "key_check"
    key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


def load(text: str, file: Path) -> Keyring | None:
    """The keys of the environment, else of the file; None where neither exists. Raises KeyLost for keys nobody can read."""
    if not text and not file.exists():
        return None
    return Keyring(_parsed(text or file.read_text(encoding="ascii")))


def make(file: Path) -> Keyring:
    """Make the first key, readable by this account alone. It belongs into the backup: without it the data are lost."""
    line = f"1:{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}\n"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(line)
        out.flush()
        os.fsync(out.fileno())
    return Keyring(_parsed(line))


def _parsed(text: str) -> dict[int, bytes]:
    """`1:base64,2:base64`, commas or lines; the ids are 1 to 255."""
    found: dict[int, bytes] = {}
    for part in text.replace(",", "\n").split():
        number, _, encoded = part.partition(":")
        try:
            found[int(number)] = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise KeyLost("the data keys cannot be read: each is written as NUMBER:BASE64") from error
        if not 0 < int(number) < 256 or len(found[int(number)]) < SECRET_BYTES:
            raise KeyLost("the data keys cannot be read: numbers are 1 to 255, each key has 32 bytes")
    if not found:
        raise KeyLost("the data keys are empty")
    return found


def must_fit(session: Session) -> dict[int, bytes]:
    """The keys this database knows. Raises KeyLost when the keys in use cannot read what it holds."""
    known = {row.key_id: row.sealed for row in session.scalars(select(KeyCheck))}
    try:
        for key_id, sealed in known.items():
            keys().open(sealed, f"key_check|{key_id}")
    except KeyLost:
        raise KeyLost("The data keys are not those this database was written with. Put the right data.keys (or DATA_KEYS) back.") from None
    return known


def confirm(session: Session) -> None:
    """Raise KeyLost when the keys do not fit this database; write down a key used for the first time."""
    known, newest = must_fit(session), keys().newest
    if newest not in known:
        session.add(KeyCheck(key_id=newest, sealed=keys().seal(KNOWN, f"key_check|{newest}")))
