"""Files that must not be lost or seen: for this account alone, on the disk before their name, never half written."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def replace(path: Path, content: bytes) -> None:
    """Write a file anew: whoever reads it sees the old one or the new one. One process at a time: what a killed one left behind goes."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        left.unlink()
    with _draft_of(path) as (draft, out):
        out.write(content)
        _settle(out)
        draft.replace(path)
    sync(path.absolute().parent)


@contextmanager
def new(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when everything is in it. Raises FileExistsError where another one has it by then."""
    with _draft_of(path) as (draft, out):
        yield out
        _settle(out)
        _name(draft, path)
    sync(path.absolute().parent)


def sync(path: Path) -> None:
    """See to it that a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_held(folder: Path) -> bool:
    """Whether a process works in this folder alone, by the lock on it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _name(draft: Path, path: Path) -> None:
    """Linking fails where a file exists; disks without links (a memory stick's) are asked before."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        draft.rename(path)


@contextmanager
def _draft_of(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file beside this one under a name of its own; what is left of it at the end goes."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield draft, out
    finally:
        draft.unlink(missing_ok=True)


def _settle(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())
