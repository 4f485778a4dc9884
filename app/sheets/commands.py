"""`flask sheet`: templates, imports and exports on the command line, under one user's scope and rights."""

import gc
from pathlib import Path

import click
from flask.cli import AppGroup

from app.accounts.commands import acting_user
from app.core import clock
from app.extensions import db
from app.sheets import LEDGERS, importer, writing
from app.sheets.importer import Outcome

group = AppGroup("sheet", help="Ledgers as workbooks.")
LEDGER = click.argument("ledger", type=click.Choice([*LEDGERS]))
USER = click.option("--as", "username", required=True, help="The user whose offices and rights hold.")
NEW = click.Path(dir_okay=False, writable=True, path_type=Path)
MANY = 20_000  # objects before the collector looks for cycles among them
OLD = click.Path(exists=True, dir_okay=False, path_type=Path)


@group.command("template")
@LEDGER
@click.argument("file", type=NEW)
@USER
def template(ledger: str, file: Path, username: str) -> None:
    """Write an empty workbook with the columns of the ledger."""
    found = LEDGERS[ledger]
    with acting_user(username, ("can_list", found.SCREEN)):
        writing.template(db.session(), found, file, clock.today())
    click.echo(f"{file} is written.")


@group.command("import")
@LEDGER
@click.argument("file", type=OLD)
@USER
@click.option("--errors", "errors", type=NEW, help="Where to write the rows that were refused, with their reasons.")
def load(ledger: str, file: Path, username: str, errors: Path | None) -> None:
    """Read a workbook into the ledger. Good rows go in; each wrong one comes back with its number and every reason."""
    found = LEDGERS[ledger]
    with acting_user(username, ("can_add", found.SCREEN)) as user:
        gc.freeze()  # what the application is made of stays, and is not looked through
        gc.set_threshold(MANY)  # each chunk makes some hundred thousand objects that go with it
        outcome = importer.run(found, file, user)
        _tell(outcome)
        if errors and outcome.refused:
            writing.errors(outcome, errors)
            click.echo(f"The refused rows are in {errors}.")
        if outcome.stopped:
            raise click.ClickException(f"{outcome.stopped} The rows told of here are dealt with; start again, and the others follow.")


@group.command("export")
@LEDGER
@click.argument("file", type=NEW)
@USER
def save(ledger: str, file: Path, username: str) -> None:
    """Write every row of the user's offices; hidden values are masked."""
    found = LEDGERS[ledger]
    with acting_user(username, ("can_list", found.SCREEN)):
        count = writing.export(db.session(), found, file)
    click.echo(f"{count} rows are in {file}.")


def _tell(outcome: Outcome) -> None:
    for name in outcome.book.unknown:
        click.echo(f"Column not known and not read: {name}")
    for refusal in outcome.refused:
        click.echo(f"Row {refusal.number}: {' '.join(refusal.reasons)}")
    for number, why in outcome.known:
        click.echo(f"Row {number}: {why}")
    if outcome.book.unread:
        click.echo(f"{outcome.book.unread} rows below the total line look like data and were not read.")
    click.echo(
        f"{outcome.read} rows read: {outcome.taken} in ({outcome.unusual} with something unusual), "
        f"{len(outcome.known)} on file already, {len(outcome.refused)} refused."
    )
