"""Which rights make an admin, and what an admin may not hold besides."""

import pytest
from flask import Flask

from app.accounts import duties

LEDGER = ("can_list", "BirthView")


@pytest.mark.parametrize("right", [(act, screen) for act in ("can_add", "can_edit") for screen in ("UserView", "RoleView")])
def test_whoever_manages_users_or_roles_works_in_no_ledger(app: Flask, right: tuple[str, str]) -> None:
    with app.test_request_context():
        assert duties.problems([right]) == []
        assert [problem.field for problem in duties.problems([right, LEDGER])] == ["roles"]


@pytest.mark.parametrize("right", [("can_list", "UserView"), ("can_show", "RoleView")])
def test_whoever_only_reads_accounts_may_work_in_a_ledger(app: Flask, right: tuple[str, str]) -> None:
    with app.test_request_context():
        assert duties.problems([right, LEDGER]) == []
