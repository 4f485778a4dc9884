"""The commands: setup, demo, user, region, param; the history has its own file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app import audit_cli
from app import setup as setup_
from app.accounts import offices, users
from app.core import clock, merge, params, regions
from app.core.audit import acting
from app.core.crypto import KeyLost
from app.core.errors import RuleViolation
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import Busy, unit_of_work
from app.demo import township

user = AppGroup("user", help="Accounts.")
region = AppGroup("region", help="The region tree.")
param = AppGroup("param", help="Dated parameters.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(app: Flask) -> None:
    """Add every command."""
    for command in (setup, demonstrate, user, region, param):
        app.cli.add_command(command)
    audit_cli.register(app)


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done is said in sentences, with exit status 1; never with a trace of the program."""
    try:
        yield
    except RuleViolation as refusal:
        for problem in refusal.problems:
            click.echo(str(problem.message), err=True)
        sys.exit(1)
    except (KeyLost, Busy) as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    except DatabaseError as error:
        click.echo(setup_.unreachable(error), err=True)
        sys.exit(1)


@contextmanager
def _work(name: str) -> Iterator[Session]:
    """One act from the command line, in nobody's office: it may touch regions and accounts, but no ledger."""
    with _told(), looking_as(Scope.of([])), acting(f"command: {name}"), unit_of_work() as session:
        yield session


@click.command("setup")
@with_appcontext
def setup() -> None:
    """Bring the database, the roles and the reference data to this version."""
    with _told():
        setup_.setup()
    click.echo("The database is up to date.")


@click.command("demo")
@with_appcontext
def demonstrate() -> None:
    """Fill a new database with the demo township; a database with regions in it is left alone."""
    with _told():
        told = township.fill()
    for line in told:
        click.echo(line)


@user.command("first")
def first_user() -> None:
    """Make the first admin, where nobody has an account yet; the password is shown once and must be changed."""
    with _told():
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
    password = sys.stdin.readline().strip() if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with _work("user add") as session:
        places = [_office(session, code) for code in codes]
        users.add_by_command(session, name, roles=roles, regions=places, password=password)
    click.echo(f"{name} can sign in.")


@region.command("load")
@click.argument("file", type=FILE)
def load_regions(file: Path) -> None:
    """Read regions from a CSV file with the columns code, name, level, parent_code."""
    with _work("region load") as session:
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
    with _work("region merge") as session:
        old = [_office(session, c) for c in codes]
        new = merge.merge(session, old, name, code, on)
        count = offices.hand_over(session, old, new)
    click.echo(f"{name} holds everything now; {count} users answer for it.")


@param.command("load")
@click.argument("file", type=FILE)
def load_params(file: Path) -> None:
    """Read dated parameters from a CSV file (scheme, region_code, key, value, valid_from, valid_to, doc_no)."""
    with _work("param load") as session:
        count = params.load(session, file)
    click.echo(f"{count} new parameters.")


def _office(session: Session, code: str) -> regions.Region:
    found = regions.by_code(session, code)
    if found is None:
        raise RuleViolation.one(f"There is no region with the code {code}.")
    return found
