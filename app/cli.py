"""The commands: setup, demo, user, region, param, sheet; the history and the reports have their own files."""

import sys
from datetime import date, datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.orm import Session

from app import audit_cli, people_cli, reports_cli
from app import setup as setup_
from app.accounts import offices, users
from app.answers import told, work
from app.core import clock, merge, params, regions
from app.core.errors import RuleViolation
from app.operations.backup_commands import backup, restore
from app.operations.key_commands import group as key
from app.operations.tidy_command import tidy
from app.sheets.commands import group as sheet

user = AppGroup("user", help="Accounts.")
region = AppGroup("region", help="The region tree.")
param = AppGroup("param", help="Dated parameters.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(app: Flask) -> None:
    """Add every command."""
    for command in (setup, demonstrate, user, region, param, sheet, key, backup, restore, tidy):
        app.cli.add_command(command)
    audit_cli.register(app)
    people_cli.register(app)
    reports_cli.register(app)


@click.command("setup")
@with_appcontext
def setup() -> None:
    """Bring the database, the roles and the reference data to this version."""
    from app import screens  # noqa: PLC0415  (the rights follow from them)

    screens.register(current_app._get_current_object())  # type: ignore[attr-defined]
    with told():
        setup_.setup()
    click.echo("The database is up to date.")


@click.command("demo")
@with_appcontext
def demonstrate() -> None:
    """Fill a new database with the demo township; a database with regions in it is left alone."""
    from app.demo import township  # noqa: PLC0415  (no other command makes people up)

    with told():
        setup_.must_be_ready()
        lines = township.fill()
    for line in lines:
        click.echo(line)


@user.command("first")
def first_user() -> None:
    """Make the first admin, where nobody has an account yet; the password is shown once and must be changed."""
    with told():
        setup_.must_be_ready()
        made = setup_.first_admin()
    if made is None:
        click.echo("There are accounts already; nothing was made.")
    else:
        click.echo(f"The first admin is {made[0]} with the password {made[1]} (shown once; it must be changed at the first sign-in).")


@user.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="A role; may be given several times.")
@click.option("--region", "codes", multiple=True, help="A statistical code of an office the user answers for.")
@click.option("--password-stdin", is_flag=True, help="Read the first password from standard input.")
def add_user(name: str, roles: tuple[str, ...], codes: tuple[str, ...], password_stdin: bool) -> None:
    """Make an account with roles and offices. Its password must be changed at the first sign-in."""
    with told():
        password = _first_line() if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with work("user add") as session:
        places = dict.fromkeys(_office(session, code) for code in codes)
        users.add_by_command(session, name, roles=roles, regions=places, password=password)
    click.echo(f"{name} can sign in.")


@region.command("load")
@click.argument("file", type=FILE)
def load_regions(file: Path) -> None:
    """Read regions from a CSV file with the columns code, name, level, parent_code."""
    with work("region load") as session:
        count = regions.load(session, file)
    click.echo(f"{count} new regions.")


@region.command("merge")
@click.argument("codes", nargs=-1, required=True)
@click.option("--name", required=True, help="The name of the new office.")
@click.option("--code", required=True, help="The statistical code of the new office.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="From which day; today if left out.")
def merge_regions(codes: tuple[str, ...], name: str, code: str, day: datetime | None) -> None:
    """Close these offices and give everything they hold to a new one."""
    on: date = day.date() if day else clock.today()
    with work("region merge") as session:
        old = [_office(session, c) for c in codes]
        new = merge.merge(session, old, name, code, on)
        count = offices.hand_over(session, old, new)
    click.echo(f"{name} holds everything now; {count} users answer for it.")


@param.command("load")
@click.argument("file", type=FILE)
def load_params(file: Path) -> None:
    """Read dated parameters from a CSV file (scheme, region_code, key, value, valid_from, valid_to, doc_no)."""
    with work("param load") as session:
        count = params.load(session, file)
    click.echo(f"{count} new parameters.")


def _first_line() -> str:
    try:
        return sys.stdin.buffer.readline().decode("utf-8").strip()
    except UnicodeDecodeError:
        raise RuleViolation.one("The password on standard input is not UTF-8 text.") from None


def _office(session: Session, code: str) -> regions.Region:
    found = regions.by_code(session, code)
    if found is None:
        raise RuleViolation.one(f"There is no region with the code {code}.")
    return found
