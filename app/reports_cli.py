"""The command of the reports: one report as CSV, under the scope and the rights of the user it is made for."""

import click
from flask import Flask
from flask.cli import with_appcontext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.commands import acting_user
from app.core import audit, regions, scope
from app.core.errors import RuleViolation
from app.core.regions import TOWN_LENGTH
from app.core.unit_of_work import unit_of_work
from app.reports import REPORTS
from app.reports.base import Report, answer, ask, read_month
from app.reports.render import to_csv

RIGHT = ("can_export", "ReportView")


def register(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(report)


@click.command("report")
@click.argument("key")
@click.option("--region", "code", required=True, help="The statistical code of the office.")
@click.option("--period", required=True, help="The month, like 2026-03.")
@click.option("--csv", is_flag=True, expose_value=False, help="As CSV, which is what is printed today in any case.")
@click.option("--as", "username", required=True, help="The account under whose offices and rights the report is made.")
@with_appcontext
def report(key: str, code: str, period: str, username: str) -> None:
    """Print a report for one office and one period."""
    with acting_user(username, RIGHT), unit_of_work() as session:
        text = _text(session, _report(key), code, period)
    click.echo(text, nl=False)


def _text(session: Session, wanted: Report, code: str, period: str) -> str:
    """The report, and a line in the history that it was taken."""
    region = regions.by_code(session, code)
    if region is None:
        raise RuleViolation.one(_("There is no region with the code %(code)s.", code=code))
    if not scope.current().holds(region.path):
        raise RuleViolation.one(_("%(name)s lies outside the offices of this account.", name=region.name))
    month = read_month(period)
    if month is None:
        raise RuleViolation.one(_("This is not a month. Write it like 2026-03."))
    said = answer(session, wanted, ask(session, region, month))
    detail = {"report": wanted.key, "region": said.code, "period": month, "kind": "csv", "revision": 0}
    audit.note_about(session, "export", f"report/{wanted.key}", region.path[:TOWN_LENGTH], **detail)
    return to_csv(said)


def _report(key: str) -> Report:
    if key not in REPORTS:
        raise RuleViolation.one(_("There is no report %(key)s. There are: %(known)s.", key=key, known=", ".join(REPORTS)))
    return REPORTS[key]
