"""`flask key`: add a data key and move everything to it, see which key holds what, forget one that holds nothing."""

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from app.answers import command
from app.core import crypto
from app.operations import rotation

group = AppGroup("key", help="Data keys.")


@group.command("rotate")
def rotate() -> None:
    """Add a data key and encrypt everything anew with it, while the office works. Killed or refused, it goes on where it was."""
    with command("key rotate"):
        newest, values = rotation.rotate()
        click.echo(_("Key %(id)s is in use; it holds all %(n)s values.", id=newest, n=values.total()))
        click.echo(_("Put a copy of data.keys into the safe now: without it these values cannot be read by anybody."))


@group.command("list")
def show() -> None:
    """Tell which key has sealed how many values."""
    with command("key list"):
        for key_id, values in sorted(rotation.listed().items()):
            here = key_id in crypto.keys().secrets.by_id
            click.echo(_("Key %(id)s: %(n)s values", id=key_id, n=values) + ("" if here else " " + _("(the key is not here)")))


@group.command("retire")
@click.argument("key_id", type=int, metavar="ID")
def retire(key_id: int) -> None:
    """Forget an old key, once nothing is sealed with it any more. Backups made before its rotation still need it."""
    with command("key retire"):
        remaining = rotation.retire(key_id)
        click.echo(_("Nothing is sealed with key %(id)s, and it is forgotten.", id=key_id))
        click.echo(_("Backups made before the rotation need it: keep the copy in the safe as long as one of them is kept."))
        if remaining:
            told = _("The keys that remain are in %(file)s: set DATA_KEYS to its lines, joined by commas, then delete it.", file=remaining)
            click.echo(told)
