"""An office with this one ledger more, in a process of its own: `python -m tests.talks DATABASE FOLDER` walks through all a ledger has."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import xlsxwriter
from flask import Flask

from app import sheets, views
from app.accounts import roles
from app.core import audit, ddl, regions, scope
from app.core.scope import elevated, looking_as
from app.core.workflow import Status
from app.extensions import db
from app.setup import setup
from tests.cast import A1
from tests.conftest import EVERYWHERE, Client, make_app
from tests.talks import sheet
from tests.talks.models import Talk
from tests.talks.views import TalkView

LIKE, MENU_LIKE = "DeathView", "Deaths"  # the new screen stands beside this one in permissions.py
TOLD = {"topic": "优生优育", "held_on": "2026-03-05", "channel": "1", "listeners": "12", "leaflets": "y"}


def open_office(url: str, folder: Path) -> Flask:
    """The application with one line more in each map, and the new table as its migration would make it."""
    views.SCREENS = (*views.SCREENS, ("events", TalkView, "Talks", "Talks", "fa-bullhorn"))
    sheets.LEDGERS["talks"] = sheet  # type: ignore[index]
    new = {LIKE: "TalkView", MENU_LIKE: "Talks"}
    roles.SHIPPED = tuple(replace(r, grants=(*r.grants, *((p, new[v]) for p, v in r.grants if v in new))) for r in roles.SHIPPED)
    app = make_app(url, folder)
    for command in app.cli.commands["sheet"].commands.values():  # type: ignore[attr-defined]
        command.params[0].type = click.Choice([*sheets.LEDGERS])  # made when the maps were read
    with app.app_context():
        with elevated("a new table"), db.engine.begin() as connection:
            Talk.__table__.create(connection)
            ddl.drop(connection)
            ddl.refresh(connection)
        setup()
        db.session.remove()
    return app


def asked(app: Flask, question: Any) -> Any:
    """What the database says, with every row in view."""
    with app.app_context(), looking_as(EVERYWHERE), audit.acting("test"):
        return question(db.session())


def entered(app: Flask, clerk: Client) -> str:
    """Form and record page: what is wrong is said beside its field; saved, the record shows it. Answers its uid."""
    form = clerk.get("/talks/add").text
    assert ("<legend>Who came</legend>" in form, "In person" in form) == (True, True)
    wrong = clerk.send("/talks/add", **{**TOLD, "held_on": "2999-01-01", "region": place(app)}).text
    assert ("Correct the date." in wrong, TOLD["topic"] in wrong) == (True, True)
    unusual = clerk.send("/talks/add", **{**TOLD, "listeners": "900", "region": place(app)}).text
    assert "Is the number right?" in unusual
    saved = clerk.send("/talks/add", **TOLD, region=place(app))
    uid = re.search(r"/talks/show/([0-9a-f-]{36})", saved.headers["Location"])[1]  # type: ignore[index]
    page = clerk.get(f"/talks/show/{uid}").text
    assert [told for told in (TOLD["topic"], "2026-03-05", "In person", "12", "tag-draft") if told not in page] == []
    return uid


def place(app: Flask) -> str:
    """The village of the town that the clerk chooses."""
    return str(asked(app, lambda s: regions.by_code(s, A1).uid))


def listed(clerk: Client, neighbour: Client, uid: str) -> None:
    """List and filters: the row is there, a filter narrows it away, the neighbour learns nothing."""
    link = f"/talks/show/{uid}"
    assert link in clerk.get("/talks/list/").text
    assert link in clerk.get("/talks/list/?_flt_0_channel=1&_flt_1_held_on=2026-03-01").text
    assert link not in clerk.get("/talks/list/?_flt_0_channel=2").text
    assert link not in neighbour.get("/talks/list/").text
    assert neighbour.get(link).status_code == 404


def decided(app: Flask, clerk: Client, supervisor: Client, uid: str) -> None:
    """Submitted by the clerk, counted on the workbench of the supervisor, approved, told in the history."""
    page = f"/talks/show/{uid}"
    clerk.send(f"/talks/action/submit/{uid}", page)
    assert "/talks/list/?_flt_0_status=submitted" in supervisor.get("/").text
    supervisor.send(f"/talks/action/approve/{uid}", page)
    assert asked(app, lambda _s: scope.get(Talk, uid).status) is Status.approved
    assert "Approve" in clerk.get(page).text


def brought(app: Flask, folder: Path) -> None:
    """Template, export and import: what is exported changes nothing, a new row goes in."""
    run, book = app.test_cli_runner().invoke, folder / "talks.xlsx"
    assert run(args=["sheet", "template", "talks", str(folder / "empty.xlsx"), "--as", "clerk"]).exit_code == 0
    assert "1 rows are in" in run(args=["sheet", "export", "talks", str(book), "--as", "clerk"]).output
    again = run(args=["sheet", "import", "talks", str(book), "--as", "clerk"]).output
    assert "1 rows read: 0 in" in again, again
    with xlsxwriter.Workbook(folder / "more.xlsx") as more:
        rows = more.add_worksheet()
        for number, row in enumerate(
            [("主题", "日期", "地点", "人数", "发放宣传册", "单位"), ("科学育儿", "2026.3.9", "网上", 30, "否", A1), ("", "x")]
        ):
            rows.write_row(number, 0, row)
    told = run(args=["sheet", "import", "talks", str(folder / "more.xlsx"), "--as", "clerk"]).output
    assert ("2 rows read: 1 in" in told, "1 refused" in told) == (True, True), told


def main(url: str, folder: Path) -> None:
    """All of it, and the history holds."""
    app = open_office(url, folder)
    clerk, supervisor, neighbour = (Client(app, name) for name in ("clerk", "supervisor", "neighbour"))
    uid = entered(app, clerk)
    listed(clerk, neighbour, uid)
    decided(app, clerk, supervisor, uid)
    brought(app, folder)
    with elevated("test"):
        assert asked(app, lambda s: list(audit.verify(s))) == []
    print("list, filters, form, record page, acts, import and export of a ledger without a template")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
