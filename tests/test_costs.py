"""What a page costs in statements and in options: the same for a small office and for a large one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from app.core import clock
from app.core.audit import acting
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.ledgers.people import duplicates
from tests.cast import A1
from tests.conftest import EVERYWHERE, Client
from tests.factories.births import bulk_births, make_registration
from tests.factories.families import make_death, make_marriage
from tests.factories.households import make_event, make_household
from tests.factories.maternity import make_newlywed, make_pregnancy
from tests.factories.moves import make_move, make_transfer
from tests.factories.people import make_person
from tests.figures import figure

BIRTHS = figure(100_000)
MOST_STATEMENTS, MOST_OPTIONS = 12, 1000
LISTS = (
    "/births/list/",
    "/registrations/list/",
    "/marriages/list/",
    "/deaths/list/",
    "/moves/list/",
    "/transfers/list/",
    "/households/list/",
    "/household-events/list/",
    "/people/list/",
    "/people/requests/list/",
    "/people/duplicates/list/",
    "/reports/births-monthly",
    "/reports/births-monthly/rows",
)
SERVICES = ("/newlywed-services/list/", "/pregnancy-services/list/")
READERS = [
    (who, page)
    for pages, readers in ((LISTS, ("clerk", "supervisor")), (SERVICES, ("service_worker", "clinician")))
    for who in readers
    for page in pages
]
FORMS = (
    "/births/add",
    "/registrations/add",
    "/marriages/add",
    "/deaths/add",
    "/moves/add",
    "/household-events/add",
    "/people/add",
    "/people/lookup",
)


@pytest.fixture(scope="module")
def office(shared_app: Flask) -> Flask:
    """An office with many births, two thousand mothers among them."""
    with shared_app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        bulk_births(session, BIRTHS, town=A1, mothers=min(2000, BIRTHS))
        make_registration(session)
        make_marriage(session)
        make_death(session)
        make_event(session, make_household(session))
        make_move(session)
        make_transfer(session, make_person(session))
        make_newlywed(session)
        make_pregnancy(session)
        duplicates.keep(session, duplicates.candidates(session, clock.today()))
    return shared_app


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent inside."""
    sent: list[str] = []
    listener = lambda *args: sent.append(args[2])  # noqa: E731
    event.listen(Engine, "before_cursor_execute", listener)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", listener)


@pytest.mark.full
@pytest.mark.parametrize(("who", "page"), READERS)
def test_list_page_costs_at_most_twelve_statements(office, who, page):
    client = Client(office, who)
    client.get(page)
    with counted() as sent:
        answer = client.get(page)
    print(f"{page} of {BIRTHS} births as {who}: {len(sent)} statements")
    assert answer.status_code == 200
    assert len(sent) <= MOST_STATEMENTS, sent


@pytest.mark.parametrize(
    "query",
    ["?page_BirthView=100", "?_oc_BirthView=statistical_month&_od_BirthView=desc", "?psize_BirthView=200", "?_flt_0_status=submitted"],
)
def test_other_pages_of_the_list_cost_no_more(office, query):
    client = Client(office, "clerk")
    client.get("/births/list/")
    with counted() as sent:
        assert client.get("/births/list/" + query).status_code == 200
    assert len(sent) <= MOST_STATEMENTS, sent


def test_a_search_that_finds_more_than_a_page_goes_on(office):
    page = Client(office, "clerk").send("/births/find", "/births/list/", text="王").text
    assert f"Records: {BIRTHS}" in page
    assert 'rel="next"' in page


@pytest.mark.full
@pytest.mark.parametrize("page", [*LISTS, *FORMS, "/"])
def test_no_page_holds_more_than_a_thousand_options(office, page):
    text = Client(office, "clerk").get(page).text
    assert len(re.findall("<option", text)) <= MOST_OPTIONS


@pytest.mark.parametrize("page", ["/users/list/", "/users/add", "/roles/list/", "/roles/edit/clerk", "/history/accounts/"])
def test_no_page_of_the_admin_holds_more_than_a_thousand_options(office, page):
    answer = Client(office, "admin").get(page)
    assert answer.status_code == 200
    assert len(re.findall("<option|type=.checkbox", answer.text)) <= MOST_OPTIONS
