"""The archive of a backup: database, attachments, keys where they are sealed with it, and a manifest that tells of them all.

A gzipped tar, the manifest last. The hashes find accidents; only a sealed archive shows that nobody made another one.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from flask_babel import gettext as _

from app.core.errors import RuleViolation
from app.operations.sealed_file import Opening, Sealing

FORMAT = 1
DATABASE, KEYS, ATTACHMENTS, MANIFEST = "taizhang.db", "data.keys", "attachments", "manifest.json"
LEVEL = 3  # of gzip: half of its best for a sixth of the time
BLOCK = 256 * 1024  # bytes
MOST_MANIFEST = 64 * 1024 * 1024  # bytes of a manifest: some hundred thousand attachments
DAMAGE = (EOFError, OSError, zlib.error, tarfile.TarError, ValueError, TypeError, LookupError, RecursionError)


@dataclass(frozen=True)
class Part:
    """One file of the archive."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What was copied, when, and what whoever restores it must find again."""

    made_at: str
    version: str
    database: str  # where the rows came from: sqlite or postgresql
    revision: str  # of the schema
    counts: Mapping[str, int]  # table → rows
    heads: Mapping[str, tuple[int, str]]  # chain → last number and hash
    key_ids: tuple[int, ...]  # the data keys it was written with
    parts: Mapping[str, Part]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(self.counts.values())


def write(out: BinaryIO | Sealing, parts: Mapping[str, Path], **told: Any) -> Manifest:
    """Write the parts and what is told of them, and answer the manifest."""
    written: dict[str, Part] = {}
    with gzip.GzipFile("", "wb", LEVEL, out, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for name, path in parts.items():
            written[name] = _add(tar, name, path)
        manifest = Manifest(**told, parts=written)
        _add_text(tar, json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=False))
    return manifest


def read(file: BinaryIO | Opening, folder: Path) -> Manifest:
    """Lay the parts down in a folder and see that they are those of the manifest. Raises RuleViolation where they are not."""
    found: dict[str, Part] = {}
    try:
        with gzip.GzipFile(fileobj=file) as packed:  # type: ignore[arg-type]  # nobody rewinds it
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                manifest = _laid_down(tar, folder, found)
            while packed.read(BLOCK):  # to the end, where the checksum stands
                pass
    except DAMAGE as error:
        raise error if isinstance(error, OSError) and error.errno else damaged() from None
    if manifest is None or found != manifest.parts:
        raise damaged()
    return manifest


def damaged() -> RuleViolation:
    """What is said of an archive that is not what was written."""
    return RuleViolation.one(_("The archive is damaged or not complete. Nothing was restored."))


def _add(tar: tarfile.TarFile, name: str, path: Path) -> Part:
    with path.open("rb") as source:
        info = tarfile.TarInfo(name)
        info.size, info.mode = path.stat().st_size, 0o600
        hashing = _Hashing(source)
        tar.addfile(info, hashing)
        return Part(info.size, hashing.digest.hexdigest())


def _add_text(tar: tarfile.TarFile, text: str) -> None:
    content = text.encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


class _Hashing:
    """Reads a file and keeps the hash of what was read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found = self._source.read(size)
        self.digest.update(found)
        return found


def _laid_down(tar: tarfile.TarFile, folder: Path, found: dict[str, Part]) -> Manifest | None:
    manifest = None
    for member in tar:
        source = tar.extractfile(member) if member.isreg() else None
        if source is None or manifest or member.name in found:
            raise ValueError(member.name)
        if member.name == MANIFEST:
            manifest = _manifest(json.loads(source.read(MOST_MANIFEST)))
        else:
            found[member.name] = _laid(source, folder / _place(member.name))  # type: ignore[arg-type]
    return manifest


def _place(name: str) -> PurePosixPath:
    """Where a part may lie: nowhere outside the folder."""
    path = PurePosixPath(name)
    if name not in {DATABASE, KEYS} and (path.parts[:1] != (ATTACHMENTS,) or len(path.parts) < 2 or ".." in path.parts):
        raise ValueError(name)
    return path


def _laid(source: BinaryIO, path: Path) -> Part:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("xb") as out:
        path.chmod(0o600)
        hashing = _Hashing(source)
        for block in _blocks(hashing):
            out.write(block)
        return Part(out.tell(), hashing.digest.hexdigest())


def _blocks(source: _Hashing) -> Iterator[bytes]:
    while block := source.read(BLOCK):
        yield block


def _manifest(told: dict[str, Any]) -> Manifest:
    if told.pop("format") != FORMAT:
        raise RuleViolation.one(_("The archive was made by a newer version of the program. Restore it with that version."))
    parts = {name: Part(**part) for name, part in told.pop("parts").items()}
    heads = {chain: (int(number), str(last)) for chain, (number, last) in told.pop("heads").items()}
    return Manifest(**{**told, "parts": parts, "heads": heads, "key_ids": tuple(told["key_ids"])})
