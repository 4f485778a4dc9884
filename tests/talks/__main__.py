"""An office with this one ledger more, in a process of its own: `python -m tests.talks DATABASE FOLDER` walks through all a ledger has.

Nothing here was declared for it: drafts, views, acts on many, queue and printed form come with the screen.
"""

import re
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import click
import xlsxwriter
from flask import Flask
from sqlalchemy import func, select

from app import sheets, views
from app.accounts import roles
from app.core import audit, ddl, regions, scope
from app.core.filters import OTHERS
from app.core.scope import elevated, looking_as
from app.core.workflow import Status
from app.extensions import db
from app.setup import setup
from tests.cast import A1
from tests.conftest import EVERYWHERE, Client, hidden_fields, make_app
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


def judged(app: Flask, clerk: Client) -> None:
    """While somebody types, the same words are said as by saving, and nothing is kept."""
    told = clerk.send("/talks/check", "/talks/add", **{**TOLD, "held_on": "2999-01-01", "region": place(app)}).json
    assert told["problems"]["held_on"] == ["The talk lies in the future. Correct the date."]
    unusual = clerk.send("/talks/check", "/talks/add", **{**TOLD, "listeners": "900", "region": place(app)}).json
    assert [(c["code"], c["field"]) for c in unusual["cautions"]] == [("many", "listeners")]
    assert asked(app, lambda s: s.scalar(select(func.count()).select_from(Talk))) == 0


def continued(app: Flask, clerk: Client) -> str:
    """A second talk: what was typed and not saved is offered again, goes on, and is no draft any more once it is saved. Answers its uid."""
    form = {"draft_screen": "TalkView", "draft_form": "add", "draft_pk": ""}
    kept = clerk.send("/drafts/keep", "/talks/add", **form, topic="妇女健康", held_on="2026-03-07").json["uid"]
    begun = f"/talks/add?draft={kept}"
    assert begun in unescape(clerk.get("/").text)
    assert 'value="妇女健康"' in clerk.get(begun).text
    saved = clerk.send("/talks/add", begun, **{**TOLD, "topic": "妇女健康", "held_on": "2026-03-07", "region": place(app)})
    assert kept not in clerk.get("/").text
    return saved.headers["Location"].rpartition("/")[2]


def listed(clerk: Client, neighbour: Client, uid: str) -> None:
    """List and filters: the row is there, a filter narrows it away, the neighbour learns nothing."""
    link = f"/talks/show/{uid}"
    assert link in clerk.get("/talks/list/").text
    assert link in clerk.get("/talks/list/?_flt_0_channel=1&_flt_1_held_on=2026-03-01").text
    assert link not in clerk.get("/talks/list/?_flt_0_channel=2").text
    assert link not in neighbour.get("/talks/list/").text
    assert neighbour.get(link).status_code == 404


def viewed(clerk: Client, neighbour: Client) -> None:
    """A view keeps the filters under a name, for its maker alone."""
    saved = clerk.send("/talks/views", "/talks/list/", name="In person", query="?_flt_0_channel=1").headers["Location"]
    assert "_flt_0_channel=1" in clerk.get(saved).headers["Location"]
    assert neighbour.get(saved).status_code == 404


def handed_in(app: Flask, clerk: Client, uids: list[str]) -> None:
    """Both are submitted at once, after a look at what that would do."""
    look = clerk.send("/talks/preview", "/talks/list/", action="submit", all="1", query="?_flt_0_status=draft").text
    assert "Can take part: 2. Cannot: 0." in look
    chosen = re.findall(r'name="chosen" value="([^"]+)"', look)
    done = clerk.http.post("/talks/action_post", data={**hidden_fields(look), "action": "submit", "query": "", "chosen": chosen}).text
    assert "Done: 2. Refused: 0." in done
    assert {asked(app, lambda _s, uid=uid: scope.get(Talk, uid).status) for uid in uids} == {Status.submitted}


def decided(app: Flask, clerk: Client, supervisor: Client, neighbour: Client, uid: str) -> None:
    """Counted on the workbench of the supervisor, read and approved in the queue, told in the history. The maker has no queue."""
    item = f"/talks/queue/{uid}"
    assert f"/talks/list/?_flt_{OTHERS}_status=submitted" in supervisor.get("/").text
    assert "/talks/queue" in supervisor.get("/queue/").text
    assert TOLD["topic"] in supervisor.get("/talks/queue").text
    assert [told for told in (TOLD["topic"], "2026-03-05", "In person", "Who came") if told not in supervisor.get(item).text] == []
    assert (clerk.get(item).status_code, neighbour.get(item).status_code) == (403, 403)
    answer = supervisor.send(f"{item}/approve", item)
    assert "Still waiting: 1." in supervisor.get(answer.headers["Location"]).text
    assert asked(app, lambda _s: scope.get(Talk, uid).status) is Status.approved
    assert "Approve" in clerk.get(f"/talks/show/{uid}").text


def printed(clerk: Client, uid: str) -> None:
    """The record as an official form, and the history says that it was printed."""
    looks = f"/talks/show/{uid}?entries=looked"
    told_of = [clerk.get(looks).text.partition('class="table history"')[2].count("<td")]
    paper = clerk.send(f"/talks/print/{uid}", f"/talks/show/{uid}").text
    assert [told for told in ("Talk form", TOLD["topic"], "In person", "Who came") if told not in paper] == []
    told_of.append(clerk.get(looks).text.partition('class="table history"')[2].count("<td"))
    assert told_of[0] < told_of[1]


def brought(app: Flask, folder: Path) -> None:
    """Template, export and import: what is exported changes nothing, a new row goes in."""
    run, book = app.test_cli_runner().invoke, folder / "talks.xlsx"
    assert run(args=["sheet", "template", "talks", str(folder / "empty.xlsx"), "--as", "clerk"]).exit_code == 0
    assert "2 rows are in" in run(args=["sheet", "export", "talks", str(book), "--as", "clerk"]).output
    again = run(args=["sheet", "import", "talks", str(book), "--as", "clerk"]).output
    assert "2 rows read: 0 in" in again, again
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
    judged(app, clerk)
    uid = entered(app, clerk)
    other = continued(app, clerk)
    listed(clerk, neighbour, uid)
    viewed(clerk, neighbour)
    handed_in(app, clerk, [uid, other])
    decided(app, clerk, supervisor, neighbour, uid)
    printed(clerk, uid)
    brought(app, folder)
    with elevated("test"):
        assert asked(app, lambda s: list(audit.verify(s))) == []
    print("a ledger without a template has all that a ledger has")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
