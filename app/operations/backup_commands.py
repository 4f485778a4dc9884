"""`flask backup` and `flask restore`: one file that holds the office, and the proof that it does."""

import os
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import gettext as _

from app.answers import command, told
from app.core.errors import RuleViolation
from app.extensions import db
from app.operations import backup as backups
from app.operations import postgresql
from app.operations import restore as restores
from app.operations.archive import DATABASE, KEYS, Manifest
from app.operations.restore import Trial

VARIABLE = "BACKUP_PASSPHRASE"
FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
PASSPHRASE = click.option(
    "--passphrase-file",
    "secret",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"A file whose first line is the passphrase. Without it {VARIABLE} gives it, else it is asked.",
)


@click.command("backup")
@FILE
@click.option("--encrypt", is_flag=True, help="Seal the file with a passphrase; the data keys are inside only then.")
@PASSPHRASE
@with_appcontext
def backup(file: Path, encrypt: bool, secret: Path | None) -> None:
    """Write the whole office into one new file, while it works: database, attachments, heads of the history."""
    with command("backup"):
        manifest = backups.make(file, _passphrase(secret, confirmed=True) if encrypt else None)
        size = file.stat().st_size // 1024
        click.echo(_("%(file)s holds the office: %(n)s rows, %(size)s KB.", file=file, n=manifest.rows, size=size))
        click.echo(_keys_told(manifest))
        click.echo(_("A backup is one when it was tried: flask --app run restore --check %(file)s", file=file))


@click.command("restore")
@FILE
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--check", is_flag=True, help="Try the backup in a folder that is removed afterwards.")
@click.option("--into-database", is_flag=True, help="Also move the rows into the empty PostgreSQL database that DATABASE_URL names.")
@PASSPHRASE
@with_appcontext
def restore(file: Path, folder: Path | None, check: bool, into_database: bool, secret: Path | None) -> None:
    """Bring a backup back into a new FOLDER, after trying it; the office starts there with DATA_DIR=FOLDER."""
    with told():
        if check or folder is None:
            _tell(_checked(file, check, secret))
            click.echo(_("The backup can be restored. Nothing was kept of this trial."))
            return
        if into_database:
            postgresql.must_be_empty(db.engine)
        folder = folder.absolute()  # DATA_DIR begins elsewhere when it is relative
        trial = restores.restore(file, folder, lambda: _passphrase(secret))
        _tell(trial)
        if into_database:
            _move(trial, folder)
        click.echo(_("The office lies in %(folder)s. Start it with DATA_DIR=%(folder)s, after flask --app run setup.", folder=folder))


def _checked(file: Path, check: bool, secret: Path | None) -> Trial:
    if not check:
        raise RuleViolation.one(_("Name the new folder, or try the backup with --check."))
    return restores.check(file, current_app.config["DATA_DIR"] / ".restore", lambda: _passphrase(secret))


def _move(trial: Trial, folder: Path) -> None:
    if not trial.is_current:
        message = _("The schema of the backup is older. Run setup with DATA_DIR=%(folder)s, then restore a backup of that.", folder=folder)
        raise RuleViolation.one(message)
    postgresql.fill(db.engine, folder / DATABASE)
    click.echo(_("Its rows are in the database of DATABASE_URL too."))


def _tell(trial: Trial) -> None:
    """What was tried, in sentences."""
    manifest = trial.manifest
    click.echo(_("The backup was made at %(at)s by version %(version)s.", at=manifest.made_at, version=manifest.version))
    click.echo(_("All %(n)s parts are there, each with the SHA-256 that was written down.", n=len(manifest.parts)))
    click.echo(_("The database is sound: no damage, and no row without what it refers to."))
    click.echo(_("Its %(tables)s tables hold the %(n)s rows that were counted.", tables=len(manifest.counts), n=manifest.rows))
    click.echo(_("The %(n)s chains of the history are unchanged and end where they ended.", n=len(manifest.heads)))
    if trial.files:
        click.echo(_files_told(trial))
    if not trial.is_current:
        click.echo(_("Its schema is older than this program: setup brings it up to date."))
    click.echo(_fitting_told(trial))


def _files_told(trial: Trial) -> str:
    if trial.fitting:
        return _("All %(n)s attached files are there, and each is what was attached.", n=trial.files)
    return _("All %(n)s attached files are there. Whether each is what was attached is seen with the keys.", n=trial.files)


def _fitting_told(trial: Trial) -> str:
    if trial.fitting:
        inside = trial.fitting == "archive"
        return _("The data keys inside open what it holds.") if inside else _("The data keys of this office open what it holds.")
    ids = ", ".join(map(str, trial.manifest.key_ids))
    return _("It can be read only with the data keys %(ids)s: put data.keys into the folder, or set DATA_KEYS.", ids=ids)


def _keys_told(manifest: Manifest) -> str:
    if KEYS in manifest.parts:
        return _("The data keys are inside: without the passphrase nobody reads it, and nobody can restore it.")
    return _("The data keys are not inside: without a copy of data.keys ID numbers and phones in it cannot be read.")


def _passphrase(secret: Path | None, confirmed: bool = False) -> str:
    """From a file, else from the environment, else from whoever sits here; never from the command line, which others can read."""
    if secret is not None:
        return _first_line(secret)
    given = os.environ.get(VARIABLE)
    return given or str(click.prompt(_("Passphrase"), hide_input=True, confirmation_prompt=confirmed))


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except UnicodeDecodeError:
        raise RuleViolation.one(_("The file of the passphrase is not UTF-8 text.")) from None
