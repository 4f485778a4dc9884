"""The bell: how much waits, counted once a minute at most, and anew after an act."""

import re

from app.core.workflow import Status
from tests.factories.births import make_birth
from tests.test_costs import counted


def shown(page: str) -> str:
    """The number on the bell of a page; empty where the page asks for it by itself."""
    return re.search(r'class="bell-number"[^>]*>([^<]*)<', page)[1]


def submitted(working, number: int) -> None:
    with working() as session:
        for _row in range(number):
            make_birth(session, status=Status.submitted)


def test_the_bell_tells_what_the_home_page_counts(working, sign_in):
    submitted(working, 2)
    supervisor = sign_in("supervisor")
    assert shown(supervisor.get("/births/list/").text) == ""
    assert supervisor.get("/waiting").json == {"number": 2}
    assert shown(supervisor.get("/births/list/").text) == "2"
    assert shown(supervisor.get("/").text) == "2"


def test_a_number_that_is_known_costs_nothing(working, sign_in):
    submitted(working, 1)
    supervisor = sign_in("supervisor")
    supervisor.get("/births/list/")
    with counted() as without:
        supervisor.get("/births/list/")
    supervisor.get("/waiting")
    with counted() as with_number:
        supervisor.get("/births/list/")
    assert len(with_number) == len(without)


def test_an_act_makes_the_number_old(working, sign_in):
    submitted(working, 1)
    supervisor = sign_in("supervisor")
    supervisor.get("/")
    supervisor.send("/own/look", "/", look="dark")
    assert shown(supervisor.get("/births/list/").text) == ""


def test_the_number_of_one_person_is_not_the_next_ones(working, sign_in):
    submitted(working, 1)
    supervisor = sign_in("supervisor")
    supervisor.get("/")
    supervisor.send("/logout/", "/")
    supervisor.send("/login/", username="clerk", password="Correct-horse-7-battery")
    assert shown(supervisor.get("/births/list/").text) == ""


def test_ones_own_drafts_do_not_ring(working, sign_in):
    with working() as session:
        make_birth(session)
    assert sign_in("clerk").get("/waiting").json == {"number": 0}


def test_who_is_not_signed_in_is_told_no_number(app):
    assert app.test_client().get("/waiting").status_code == 302
