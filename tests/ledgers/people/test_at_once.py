"""Two who enter the same person at the same moment: one file, one sentence."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core import regions
from app.ledgers.people.models import Person, PersonOffice, PersonSearch
from tests.cast import A1, B1
from tests.factories.people import id_number_for

NUMBER = id_number_for(date(1990, 1, 2), "2", 850)
ELSEWHERE = "A file for this ID number may exist at another office."
OWN = "is already on file in your office"


@pytest.mark.parametrize(("other", "village", "told"), [("neighbour", B1, ELSEWHERE), ("colleague", A1, OWN)])
@pytest.mark.parametrize("_round", range(3))
def test_the_same_number_twice_at_once_is_one_file(sign_in, seeing, other, village, told, _round):
    places = [str(seeing(lambda s, code=code: regions.by_code(s, code).uid)) for code in (A1, village)]
    answers = at_once(*(adding(sign_in(user), place) for user, place in zip(("clerk", other), places, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    refused = next(answer.text for answer in answers if answer.status_code == 200)
    assert told in refused
    assert [seeing(lambda s, table=table: s.scalar(select(func.count(table.id)))) for table in (Person, PersonOffice)] == [1, 1]
    assert len(seeing(lambda s: s.execute(select(PersonSearch.scope_path).distinct()).all())) == 1


def adding(browser: Any, place: str) -> Callable[[], Any]:
    hidden = browser.hidden("/people/add")
    words = {**hidden, "id_type": "1", "id_no": NUMBER, "name": "张丽", "residence": place}
    return lambda: browser.http.post("/people/add", data=words)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Start all together and wait for all."""
    start = Barrier(len(acts))

    def run(what: Callable[[], Any]) -> Any:
        start.wait()
        return what()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
