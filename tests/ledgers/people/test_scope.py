"""A namesake of another office is nobody's business: the form does not ask about them."""

import pytest

from app.core import regions
from tests.cast import A1, B1
from tests.conftest import Client
from tests.factories.people import make_person

BORN = "1990-01-02"


@pytest.fixture
def place(seeing):
    """`place(A1)` is the identity of the region, as the picker sends it."""
    return lambda code: str(seeing(lambda session: regions.by_code(session, code).uid))


def test_a_namesake_of_another_office_is_not_asked_about(sign_in, act, place):
    act(lambda session: make_person(session, office=B1, name="张同名", id_no=None))
    told = {"id_type": "1", "id_no": "", "name": "张同名", "sex": "2", "birth_date": BORN, "residence": place(A1)}
    clerk: Client = sign_in("clerk")
    assert clerk.send("/people/add", **told).status_code == 302
