"""A backup: the whole office at one moment in one file, made while it works."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from flask import current_app
from flask_babel import gettext as _

from app.core import attachment_files, audit, clock, crypto, files, keys
from app.core.errors import RuleViolation
from app.core.unit_of_work import unit_of_work
from app.core.web import VERSION
from app.extensions import db
from app.operations import archive, database_file
from app.operations.archive import DATABASE, KEYS, Manifest
from app.operations.sealed_file import Sealing

SHORTEST_PASSPHRASE = 12  # characters; each guess costs half a second and 128 MB


def make(file: Path, passphrase: str | None = None) -> Manifest:
    """Write the archive, sealed where a passphrase is given; the data keys are inside only then. Raises RuleViolation over another file."""
    _must_be_new(file)
    if passphrase is not None and len(passphrase) < SHORTEST_PASSPHRASE:
        raise RuleViolation.one(_("A passphrase has at least %(n)s characters.", n=SHORTEST_PASSPHRASE))
    with workplace(current_app.config["DATA_DIR"] / ".backup") as folder, files.new(file) as out:
        database_file.take(db.engine, folder / DATABASE)
        kept = _keys(folder) if passphrase else {}
        parts = {DATABASE: folder / DATABASE, **_attachments(folder / DATABASE), **kept}
        held = database_file.contents(folder / DATABASE)
        told = {"made_at": clock.now().isoformat(timespec="seconds"), "version": VERSION, "database": db.engine.dialect.name}
        manifest = _written(out, passphrase, parts, {**told, **asdict(held)})
        _note(manifest, passphrase is not None)
    return manifest


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder for one process and this account alone. What a killed one left there goes, and so does everything at the end."""
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _empty(folder)
        try:
            yield folder
        finally:
            _empty(folder)
            folder.rmdir()
    except BlockingIOError:
        raise RuleViolation.one(_("Another command is at work here. Wait until it ends.")) from None
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _must_be_new(file: Path) -> None:
    if file.exists():
        raise RuleViolation.one(_("%(file)s is there already. A backup overwrites nothing: choose another name.", file=file))
    if not file.parent.is_dir():
        raise RuleViolation.one(_("There is no folder %(folder)s.", folder=file.parent))


def _written(out: BinaryIO, passphrase: str | None, parts: dict[str, Path], told: dict[str, Any]) -> Manifest:
    if passphrase is None:
        return archive.write(out, parts, **told)
    sealing = Sealing(out, passphrase)
    manifest = archive.write(sealing, parts, **told)
    sealing.close()
    return manifest


def _note(manifest: Manifest, is_sealed: bool) -> None:
    """Everything leaves the office: the history tells of it before the file gets its name."""
    told: dict[str, Any] = {"rows": manifest.rows, "sealed": is_sealed, "database": manifest.parts[DATABASE].sha256}
    with unit_of_work() as session:
        audit.note_about(session, "backup", "office", **told)


def _attachments(database: Path) -> dict[str, Path]:
    """The file of each attachment the copied database tells of; what lies there besides stays. Nothing goes while a backup is at work."""
    data: Path = current_app.config["DATA_DIR"]
    found = {uid: attachment_files.path_of(data, uid) for uid, _digest in database_file.attached(database)}
    if missing := [uid for uid, path in found.items() if not path.is_file()]:
        told = _("The file of the attachment %(uid)s is missing. Put it back from an older backup, then make this one.", uid=missing[0])
        raise RuleViolation.one(told)
    return {path.relative_to(data).as_posix(): path for path in found.values()}


def _keys(folder: Path) -> dict[str, Path]:
    """The data keys as a file, wherever they come from; read anew, because one may have been added while the database was copied."""
    crypto.keys().learn()
    (folder / KEYS).write_bytes(keys.written(crypto.keys().secrets))
    return {KEYS: folder / KEYS}
