"""A backup comes back: laid down in a fresh folder and tried there. Only what stands its trial stays."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import revisions
from app.core import attachment_files, audit, crypto, files, keys
from app.core.crypto import KeyLost, Keyring
from app.core.errors import Problem, RuleViolation
from app.operations import archive, database_file, sealed_file
from app.operations.archive import DATABASE, KEYS, Manifest
from app.operations.backup import workplace

Passphrase = Callable[[], str]  # what opens a sealed archive; asked for only where one is sealed


@dataclass(frozen=True)
class Trial:
    """What was found in an archive that stood its trial."""

    manifest: Manifest
    is_current: bool  # the schema is that of this program
    fitting: str  # whose keys open what it holds: "archive", "office" or nobody's
    files: int  # attached files that are there, and, where keys fit, are what was attached


def restore(file: Path, folder: Path, passphrase: Passphrase) -> Trial:
    """Lay a backup down in a fresh folder. Raises RuleViolation, and leaves nothing behind, where it does not stand its trial."""
    must_be_fresh(folder)
    with workplace(folder.with_name(f".{folder.name}.part")) as place:
        found = place / "office"
        found.mkdir(mode=0o700)
        trial = _tried(file, found, passphrase)
        _settled(found)
        found.rename(folder)
    files.sync(folder.parent)
    return trial


def check(file: Path, place: Path, passphrase: Passphrase) -> Trial:
    """Try a backup in a folder that goes afterwards."""
    with workplace(place) as folder:
        return _tried(file, folder, passphrase)


def must_be_fresh(folder: Path) -> None:
    """Raises RuleViolation where something is there already."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise RuleViolation.one(_("%(folder)s is not empty. A backup is restored into a new folder.", folder=folder))
    if not folder.parent.is_dir():
        raise RuleViolation.one(_("There is no folder %(folder)s.", folder=folder.parent))


def _tried(file: Path, folder: Path, passphrase: Passphrase) -> Trial:
    with file.open("rb") as source:
        manifest = _read(source, folder, passphrase)
    database = folder / DATABASE
    if not database_file.is_sound(database):
        raise RuleViolation.one(_("The database of the archive is damaged. Nothing was restored."))
    if problems := [Problem("", text) for text in _differences(database, manifest)]:
        raise RuleViolation(problems)
    is_current = manifest.revision == revisions.head()
    fitting = _fitting(folder)
    return Trial(manifest, is_current, fitting, _files(folder, fitting))


def _read(source: BinaryIO, folder: Path, passphrase: Passphrase) -> Manifest:
    if not sealed_file.is_sealed(source):
        return archive.read(source, folder)
    try:
        return archive.read(sealed_file.Opening(source, passphrase()), folder)
    except sealed_file.WrongPassphrase:
        raise RuleViolation.one(_("The passphrase is not the one this backup was sealed with.")) from None
    except sealed_file.Broken:
        raise archive.damaged() from None


def _differences(database: Path, manifest: Manifest) -> Iterator[str]:
    """What the database holds otherwise than the manifest tells."""
    found = database_file.contents(database)
    if found.revision != manifest.revision:
        yield _("The schema is not the one that was written down.")
    if found.revision not in revisions.known():
        yield _("The backup was made by a newer version of the program. Restore it with that version.")
    for name in sorted({*found.counts, *manifest.counts}):
        was, now = manifest.counts.get(name, 0), found.counts.get(name, 0)
        if was != now:
            yield _("The table %(name)s has %(now)s rows; %(was)s were written down.", name=name, now=now, was=was)
    with database_file.opened(database) as engine, Session(engine) as session:
        for problem in audit.verify(session, {chain: [head] for chain, head in manifest.heads.items() if head[0]}):
            yield _("The history is not whole: %(problem)s.", problem=problem)


def _fitting(folder: Path) -> str:
    """Whose keys open what was restored: those of the archive, those of this office, or nobody's who is here."""
    inside = keys.load("", folder / KEYS)
    with database_file.opened(folder / DATABASE) as engine, Session(engine) as session:
        if inside and not keys.fits(session, inside):
            raise RuleViolation.one(_("The keys inside the archive do not open what it holds. Nothing was restored."))
        if inside:
            return "archive"
        return "office" if crypto.is_ready() and keys.fits(session, crypto.keys()) else ""


def _files(folder: Path, fitting: str) -> int:
    """How many attached files there are. Raises RuleViolation where one is missing or, if its key is here, not what was attached."""
    known, inside = database_file.attached(folder / DATABASE), keys.load("", folder / KEYS)
    ring = inside if fitting == "archive" else crypto.keys() if fitting else None
    if wrong := [uid for uid, digest in known if not _is_whole(folder, uid, digest, ring)]:
        told = _("The file of the attachment %(uid)s is missing or is not what was attached.")
        raise RuleViolation([Problem("", told % {"uid": uid}) for uid in wrong])
    return len(known)


def _is_whole(folder: Path, uid: UUID, digest: str, ring: Keyring | None) -> bool:
    try:
        return attachment_files.content(folder, uid, digest, ring) is not None if ring else attachment_files.path_of(folder, uid).is_file()
    except (KeyLost, FileNotFoundError):
        return False


def _settled(folder: Path) -> None:
    """See to it that everything is on the disk before the folder gets its name."""
    for path in (*folder.rglob("*"), folder):
        files.sync(path)
