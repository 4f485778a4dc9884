"""The commands of the people ledger: look for duplicates under one account, switch a rule on or off."""

import click
from flask import Flask
from flask.cli import AppGroup
from flask_babel import gettext as _

from app.accounts.commands import acting_user
from app.answers import work
from app.core import audit, clock
from app.core.errors import RuleViolation
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.ledgers.people import duplicates
from app.ledgers.people.models import DuplicateRule

RIGHT = ("can_look", "DuplicatePairView")

people = AppGroup("people", help="People.")


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(people)


@people.command("duplicates")
@click.option("--as", "username", required=True, help="The account under whose offices and rights is looked.")
def find_duplicates(username: str) -> None:
    """Look for files that may be one person's, as the button of the screen does. For every night, say."""
    with acting_user(username, RIGHT):
        found = duplicates.candidates(db.session(), clock.today())
        with unit_of_work() as session:
            new = duplicates.keep(session, found)
    click.echo(f"{new} new pairs.")


@people.command("rule")
@click.argument("key")
@click.option("--on/--off", "is_on", required=True, help="Whether pairs are looked for by this rule.")
def switch_rule(key: str, is_on: bool) -> None:
    """Switch a rule that finds duplicates on or off. Pairs that it has found stay."""
    with work("people rule") as session:
        rule = session.get(DuplicateRule, key)
        if rule is None:
            raise RuleViolation.one(_("There is no such rule. Look at the file duplicate_rules.csv of the people ledger."))
        rule.is_on = is_on
        audit.note_about(session, "change", f"duplicate_rule/{key}", is_on=is_on)
    click.echo(f"{key} is {'on' if is_on else 'off'}.")
