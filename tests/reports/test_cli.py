"""`flask report`: the same figures as the screen, under the scope and the rights of the account it is made for."""

import csv
import io
import json
from datetime import date

import pytest
from sqlalchemy import select

from app.accounts import users
from app.core import regions
from app.core.audit import AuditEntry
from tests.cast import A1, B1, COUNTY, PASSWORD, A, B
from tests.reports.conftest import MONTH, born


@pytest.fixture
def district(working) -> None:
    """Two births in town A, one in town B, one of them a year before."""
    with working() as session:
        born(session)
        born(session, born_on=date(2025, 3, 9))
        born(session, town=B1, maker="neighbour", decider="neighbour_supervisor")


@pytest.fixture
def run(app):
    """`run(key=…, region=…, period=…, who=…)` gives what the command answers."""

    def command(region: str = A, who: str = "clerk", key: str = "births-monthly", period: str = MONTH):
        words = ["report", key, "--region", region, "--period", period, "--csv", "--as", who]
        return app.test_cli_runner().invoke(args=words)

    return command


def rows(answer) -> list[dict[str, str]]:
    """The lines of the table."""
    assert answer.exit_code == 0, answer.output
    return list(csv.DictReader(io.StringIO(answer.stdout)))


@pytest.mark.parametrize(
    ("who", "region", "births"), [("clerk", A, "1"), ("approver", COUNTY, "2"), ("statistician", B, "1"), ("clerk", A1, "1")]
)
def test_the_first_line_is_the_region_itself(district, run, who, region, births):
    first = rows(run(region, who))[0]
    assert (first["region_code"], first["births"]) == (region.ljust(12, "0"), births)


def test_the_parts_follow_in_the_order_of_the_tree(district, run):
    found = rows(run(COUNTY, "approver"))
    codes = [row["region_code"] for row in found[1:]]
    assert len(found) == 15
    assert {row["region_code"]: row["births"] for row in found if row["births"] != "0"} == {
        f"{COUNTY}000000": "2", f"{A}000": "1", f"{B}000": "1",
    }  # fmt: skip
    assert codes == sorted(codes)


def test_last_year_stands_beside_it(district, run):
    assert rows(run())[0] | {"last_year": "1", "difference": "0"} == rows(run())[0]


def test_the_command_is_written_down_as_an_export_of_that_account(district, run, seeing):
    run()
    entry = seeing(lambda session: session.scalars(select(AuditEntry).where(AuditEntry.act == "export")).one())
    assert entry.actor == "clerk"
    assert json.loads(entry.detail) == {"kind": "csv", "period": MONTH, "region": f"{A}000", "report": "births-monthly", "revision": 0}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"key": "nothing"}, "There is no report nothing. There are: births-monthly."),
        ({"region": "999999"}, "There is no region with the code 999999."),
        ({"region": B}, "鸦鹊岭镇 lies outside the offices of this account."),
        ({"region": COUNTY}, "夷陵区 lies outside the offices of this account."),
        ({"period": "2026-13"}, "This is not a month. Write it like 2026-03."),
        ({"who": "nobody"}, "There is no account nobody in use."),
        ({"who": "finance"}, "The roles of finance do not include this."),
        ({"who": "admin", "region": A}, "The roles of admin do not include this."),
        ({"who": "stranger"}, "The roles of stranger do not include this."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(district, run, seeing, words, told):
    answer = run(**words)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", told + "\n")
    assert seeing(lambda session: session.scalars(select(AuditEntry).where(AuditEntry.act == "export")).all()) == []


def test_a_disabled_account_makes_no_report(district, run, working):
    with working() as session:
        users.by_name(session, "clerk").active = False
    assert run().stderr == "There is no account clerk in use.\n"


def test_an_account_without_an_office_sees_no_region(app, run, working):
    with working() as session:
        users.add(session, app.appbuilder.sm, "homeless", roles=["clerk"], regions=[], password=PASSWORD, must_change=False)
        name = regions.by_code(session, A).name
    assert run(who="homeless").stderr == f"{name} lies outside the offices of this account.\n"
