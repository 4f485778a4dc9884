"""Deep pages: every row once, in one order, whichever way one goes, with empty values in between, on both databases."""

import pytest
from flask import Flask
from sqlalchemy import Engine, event, update

from app.core.audit import acting
from app.core.paging import NUMBERED, Term, order_by
from app.core.scope import Scope, elevated, looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.ledgers.births.models import Birth
from tests.cast import A1
from tests.conftest import EVERYWHERE, Client
from tests.factories.births import bulk_births
from tests.factories.moves import answer, make_transfer
from tests.factories.people import make_person
from tests.test_costs import counted

ROWS, SIZE = 60, 7
DEEP = NUMBERED + 2


@pytest.fixture(scope="module")
def office(shared_app: Flask) -> Flask:
    """Sixty births; of a third of them nobody knows the weight."""
    with shared_app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        bulk_births(session, ROWS, town=A1, mothers=5)
        with elevated("test"):
            session.connection().execute(update(Birth.__table__).where(Birth.__table__.c.id % 3 > 0).values(weight_g=Birth.id % 4 * 100))
    return shared_app


def skips(statement, parameters) -> bool:
    """Whether rows are read only to be passed over. SQLite is always told an offset, of nothing."""
    return "OFFSET" in statement.upper() and not (isinstance(parameters, tuple) and parameters[-1] == 0)


def screen(app: Flask):
    return next(view for view in app.extensions["appbuilder"].baseviews if type(view).__name__ == "BirthView")


@pytest.mark.parametrize("backwards", [False, True], ids=["on", "back"])
@pytest.mark.parametrize("is_descending", [False, True], ids=["asc", "desc"])
def test_every_row_comes_once_in_the_order_of_the_whole_list(office, is_descending, backwards):
    data = screen(office).datamodel
    with office.app_context(), looking_as(EVERYWHERE):
        order = (Term(Birth.weight_g, is_descending), *data.order("", ""))
        whole = [row.id for row in db.session.scalars(data.base().order_by(*order_by(order)))]
        seen = [whole[-1]] if backwards else [whole[0]]
        while True:
            key = data.key_of(db.session.get_one(Birth, seen[0] if backwards else seen[-1]).uid, order)
            page = [row.id for row in data.page_from(data.base(), order, key, SIZE, backwards=backwards)]
            if not page:
                break
            seen = page + seen if backwards else seen + page
        assert seen == whole


def test_empty_values_are_among_them(office):
    with office.app_context(), looking_as(EVERYWHERE):
        known = [row.weight_g for row in db.session.scalars(screen(office).datamodel.base())]
    assert None in known
    assert len(set(known)) > 3


def test_a_page_far_down_is_asked_for_by_a_key_and_not_by_counting(office):
    clerk, sent = Client(office, "clerk"), []
    with office.app_context(), looking_as(EVERYWHERE):
        first = screen(office).datamodel.page(screen(office).datamodel.base(), "", "", 0, 1)[0].uid
    listener = lambda _c, _k, statement, parameters, _x, _m: sent.append((statement, parameters))  # noqa: E731
    event.listen(Engine, "before_cursor_execute", listener)
    try:
        page = clerk.get(f"/births/list/?page_BirthView={DEEP}&after={first}").text
    finally:
        event.remove(Engine, "before_cursor_execute", listener)
    assert [words for words in sent if skips(*words)] == []
    assert any("birth.id < " in statement for statement, _parameters in sent)
    assert page.count('class="open"') == 25
    assert f"page_BirthView={DEEP + 1}&amp;after=" in page
    assert f"page_BirthView={DEEP - 1}&amp;before=" in page


def test_the_hundredth_page_leads_on_by_key_and_the_next_one_back_by_number(office):
    clerk = Client(office, "clerk")
    pages = screen(office)
    with office.test_request_context(), looking_as(EVERYWHERE):
        address = pages._address()
        rows = pages.datamodel.page(pages.datamodel.base(), "", "", 0, 2)
        told = pages._pages(address, rows, NUMBERED - 1, has_more=True)
        beyond = pages._pages(address, rows, NUMBERED, has_more=True)
    assert told["next"] == f"/births/list/?page_BirthView={NUMBERED}&after={rows[-1].uid}"
    assert beyond["previous"] == f"/births/list/?page_BirthView={NUMBERED - 1}"
    assert clerk.get(told["next"]).status_code == 200


@pytest.mark.parametrize("key", ["nonsense", "0190a0b0-0000-7000-8000-000000000009"])
def test_a_row_that_is_gone_leads_to_a_page_that_is_there(office, key):
    assert Client(office, "clerk").get(f"/births/list/?page_BirthView={DEEP}&after={key}").status_code == 200


def test_a_deep_page_costs_no_more_than_twelve_statements(office):
    clerk = Client(office, "clerk")
    clerk.get("/births/list/")
    with office.app_context(), looking_as(EVERYWHERE):
        first = screen(office).datamodel.page(screen(office).datamodel.base(), "", "", 0, 1)[0].uid
    with counted() as sent:
        clerk.get(f"/births/list/?page_BirthView={DEEP}&after={first}&_flt_0_status=submitted")
    assert len(sent) <= 12, sent


def test_a_list_with_an_order_of_its_own_is_walked_by_key_too(app, working):
    """Transfers that wait come first, the longest due on top, then the others: three expressions, one of them often empty."""
    with working() as session:
        sent = [make_transfer(session, make_person(session)) for _number in range(4)]
        sent[2].due_on = sent[2].due_on.replace(year=2020)
        answer(session, sent[1], "recall_transfer", "clerk")
    data = next(v for v in app.extensions["appbuilder"].baseviews if type(v).__name__ == "TransferView").datamodel
    with app.app_context(), looking_as(EVERYWHERE):
        order, whole = data.order("", ""), data.page(data.base(), "", "", 0, 9)
        keys = [data.key_of(row.uid, order) for row in whole[:-1]]
        assert [data.page_from(data.base(), order, key, 1)[0].id for key in keys] == [row.id for row in whole[1:]]
        assert [row.state.value for row in whole].index("withdrawn") == 3


def test_a_row_of_another_office_tells_no_place_in_a_list(office):
    pages = screen(office).datamodel
    with office.app_context(), looking_as(EVERYWHERE):
        uid, order = pages.page(pages.base(), "", "", 0, 1)[0].uid, pages.order("", "")
        assert pages.key_of(uid, order) is not None
    with office.app_context(), looking_as(Scope.of(["9999"])):
        assert pages.key_of(uid, order) is None
