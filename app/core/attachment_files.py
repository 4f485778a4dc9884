"""Where attached files lie: each encrypted by itself under `attachments/<last two of its identity>/<identity>` in the data folder.

The first two are the same for years: an identity begins with the time.

A file is on the disk before its row is committed, and goes after the row has gone. What a killed process left without a row, `tidy`
removes. While a backup is made nothing goes, so that the rows it copied find their files.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.core import crypto, files
from app.core.attachments import Attachment
from app.core.crypto import KeyLost, Keyring
from app.core.scope import GuardedSession

FOLDER = "attachments"
BACKUP = ".backup"  # the folder a backup works in


def path_of(data: Path, uid: UUID) -> Path:
    """Where a file lies under a data folder."""
    return data / FOLDER / str(uid)[-2:] / str(uid)


def place(uid: UUID) -> str:
    """What the content is bound to: it opens as no other file."""
    return crypto.place(Attachment.__tablename__, "content", uid)


def keep(data: Path, uid: UUID, content: bytes) -> None:
    """Write a new file, encrypted; it has its name when it is on the disk."""
    path = path_of(data, uid)
    for folder in (path.parent.parent, path.parent):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            files.sync(folder.parent)
    with files.new(path) as out:
        out.write(crypto.keys().seal_bytes(content, place(uid)))


def content(data: Path, uid: UUID, digest: str = "", ring: Keyring | None = None) -> bytes:
    """What is in a file. Raises KeyLost where it is not what was kept or its key is not here, FileNotFoundError where it is gone."""
    found = (ring or crypto.keys()).open_bytes(path_of(data, uid).read_bytes(), place(uid))
    if digest and hashlib.sha256(found).hexdigest() != digest:
        raise KeyLost(f"another content than was kept: {place(uid)}")
    return found


def seal_anew(data: Path, uid: UUID) -> None:
    """Encrypt a file with the newest key; whoever reads it meanwhile reads the old one or the new one."""
    files.replace(path_of(data, uid), crypto.keys().seal_bytes(content(data, uid), place(uid)))


def keep_up(data: Path, uid: UUID) -> None:
    """A file that was written just before a new key came moves to it; inside the unit of work, for which a rotation waits."""
    if key_of(data, uid) != crypto.keys().newest:
        seal_anew(data, uid)


def key_of(data: Path, uid: UUID) -> int | None:
    """The number of the key that sealed a file; None where it is gone."""
    try:
        with path_of(data, uid).open("rb") as file:
            return int.from_bytes(file.read(1))
    except FileNotFoundError:
        return None


def present(data: Path) -> Iterator[UUID]:
    """The identity of each file that lies there, in order; what has another name is none of ours."""
    for path in sorted((data / FOLDER).glob("??/*")):
        try:
            uid = UUID(path.name)
        except ValueError:
            continue
        if path == path_of(data, uid):
            yield uid


def remove(data: Path, uids: Iterable[UUID]) -> None:
    """Remove files that have no row any more. While a backup is made they stay: `tidy` removes them later."""
    if not (data / BACKUP).exists():
        for uid in uids:
            path_of(data, uid).unlink(missing_ok=True)


def is_copied(data: Path) -> bool:
    """Whether a backup is at work this moment: it has copied the rows and will ask for their files."""
    return files.is_held(data / BACKUP)


def left_over(data: Path, known: Container[UUID], older: float) -> list[Path]:
    """Files without a row, and halves of files, that were written before a moment: a younger one may get its row yet."""
    halves = (data / FOLDER).glob("??/.*.part")
    alone = [path_of(data, uid) for uid in present(data) if uid not in known]
    return [path for path in (*alone, *sorted(halves)) if path.is_file() and path.stat().st_mtime < older]


@event.listens_for(GuardedSession, "after_flush")
def _remember(session: Session, _context: object) -> None:
    gone = [row.uid for row in session.deleted if isinstance(row, Attachment)]
    if gone:
        session.info.setdefault("files_gone", []).extend(gone)


@event.listens_for(GuardedSession, "after_commit")
def _remove_after_commit(session: Session) -> None:
    """The files of deleted rows go once nobody can bring the rows back. The act is done: one that cannot be removed is left to `tidy`."""
    if gone := session.info.pop("files_gone", None):
        try:
            remove(current_app.config["DATA_DIR"], gone)
        except OSError:
            pass


@event.listens_for(GuardedSession, "after_soft_rollback")
def _forget(session: Session, _transaction: object) -> None:
    session.info.pop("files_gone", None)
