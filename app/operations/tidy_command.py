"""`flask tidy`: remove what had its time."""

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _

from app.answers import command
from app.operations import retention


@click.command("tidy")
@with_appcontext
def tidy() -> None:
    """Remove what had its time: forms sent, uses counted, old sessions. Nothing of the ledgers and no entry of the history."""
    with command("tidy"):
        for table, rows in retention.tidy():
            click.echo(_("%(table)s: %(n)s rows removed", table=table, n=rows))
        if files := retention.tidy_files():
            click.echo(_("%(n)s files that belong to no row removed", n=files))
