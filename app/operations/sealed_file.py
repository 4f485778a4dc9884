"""A file sealed with a passphrase, chunk by chunk: each is bound to its number and to whether it is the last one.

Cut, put together from two, changed or in another order: it does not open. The cipher is AES-256-GCM, the key comes from scrypt.
"""

import hmac
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"TAIZHANG SEALED 1\n"
CHUNK = 1024 * 1024  # bytes that are held in memory
COST = 17  # scrypt with n = 2^17 and r = 8: 128 MB and half a second for each guess at the passphrase
COSTS = range(10, 21)  # what a file may ask of whoever opens it
SALT_BYTES, MARK_BYTES, TAG_BYTES = 16, 16, 16


class WrongPassphrase(Exception):
    """The file was sealed with another passphrase."""


class Broken(ValueError):
    """The file is not whole, or was changed."""


class Sealing:
    """Takes bytes and writes them sealed. What was not closed is not whole."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._cipher, mark = _keys(passphrase, salt, COST)
        self._out, self._header, self._number, self._waiting = out, MAGIC + bytes([COST]) + salt + mark, 0, bytearray()
        out.write(self._header)

    def write(self, data: bytes) -> int:
        """Take some bytes. The last chunk is held back until close() says that it is the last."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(self._waiting[:CHUNK], is_last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def flush(self) -> None:
        """Nothing: a chunk is written when it is full."""

    def close(self) -> None:
        """Write what is left, as the last chunk."""
        self._put(self._waiting, is_last=True)

    def _put(self, chunk: bytes | bytearray, *, is_last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, is_last), bytes(chunk), self._header))
        self._number += 1


class Opening:
    """Gives the bytes of a sealed file. Raises WrongPassphrase, or Broken where the file is not what was sealed."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file, self._number, self._open = file, 0, bytearray()
        self._header = file.read(len(MAGIC) + 1 + SALT_BYTES + MARK_BYTES)
        cost, salt, mark = _told(self._header)
        self._cipher, own = _keys(passphrase, salt, cost)
        if not hmac.compare_digest(mark, own):
            raise WrongPassphrase
        self._next = file.read(CHUNK + TAG_BYTES)
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` of them while there are so many; all that is left without it."""
        while not self._is_over and (size < 0 or len(self._open) < size):
            self._open += self._chunk()
        end = len(self._open) if size < 0 else size
        found = bytes(self._open[:end])
        del self._open[:end]
        return found

    def _chunk(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK + TAG_BYTES)
        self._is_over = not self._next
        try:
            found = self._cipher.decrypt(_nonce(self._number, self._is_over), sealed, self._header)
        except InvalidTag as error:
            raise Broken(f"chunk {self._number}") from error
        self._number += 1
        return found


def is_sealed(file: BinaryIO) -> bool:
    """Whether a file is sealed; it is read from its beginning afterwards."""
    found = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    return found


def _told(header: bytes) -> tuple[int, bytes, bytes]:
    """Cost, salt and mark of a header."""
    cost, salt, mark = header[len(MAGIC) : len(MAGIC) + 1], header[len(MAGIC) + 1 : -MARK_BYTES], header[-MARK_BYTES:]
    if len(header) < len(MAGIC) + 1 + SALT_BYTES + MARK_BYTES or cost[0] not in COSTS:
        raise Broken("header")
    return cost[0], salt, mark


def _keys(passphrase: str, salt: bytes, cost: int) -> tuple[AESGCM, bytes]:
    """The cipher, and the mark by which a wrong passphrase is told from a damaged file."""
    secret = Scrypt(salt=salt, length=32, n=2**cost, r=8, p=1).derive(passphrase.encode())
    return AESGCM(HKDFExpand(SHA256(), 32, b"encrypt").derive(secret)), HKDFExpand(SHA256(), MARK_BYTES, b"mark").derive(secret)


def _nonce(number: int, is_last: bool) -> bytes:
    """The key serves one file, so that the number of the chunk is used once."""
    return number.to_bytes(11) + bytes([is_last])
