"""What the tests of the voluntary services share: rows of both ledgers, and a look into every corner of the database."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect, text

from app.core.crypto import KeyLost, keys, place
from app.core.scope import elevated
from app.extensions import db
from app.ledgers.maternity.models import ACCEPTED, PROXY, NewlywedService, PregnancyService
from tests.factories.maternity import DUE_ON, TOLD_ON, make_newlywed, make_pregnancy

MAKERS = {NewlywedService: make_newlywed, PregnancyService: make_pregnancy}
BOTH = pytest.mark.parametrize("model", [NewlywedService, PregnancyService])
ROUTES = {NewlywedService: "newlywed-services", PregnancyService: "pregnancy-services"}
WORDS = ("金丝雀", "雀先生", "雀代办", "雀备注", "雀咨询", "雀理由")  # stand in no other row


@pytest.fixture
def entered(working: Callable[..., Any]) -> Callable[..., UUID]:
    """`entered(PregnancyService, status=…)` keeps a service and gives its uid."""

    def make(model: type = PregnancyService, **fields: Any) -> UUID:
        with working() as session:
            return MAKERS[model](session, **fields).uid  # type: ignore[operator, no-any-return]

    return make


def whole(model: type) -> dict[str, Any]:
    """A value for everything that can be said."""
    shared = {"check_answer": ACCEPTED, "check_on": TOLD_ON, "folic_answer": ACCEPTED, "folic_on": TOLD_ON, "folic_boxes": 3}
    shared["remark"] = WORDS[3]
    if model is NewlywedService:
        names = {"wife_name": WORDS[0], "husband_name": WORDS[1], "topics": WORDS[4]}
        return {**shared, **names, "married_on": TOLD_ON, "counselling_answer": ACCEPTED}
    told = {"woman_name": WORDS[0], "told_by": PROXY, "proxy_name": WORDS[2], "handbook_on": TOLD_ON, "wants_visits": True}
    return {**shared, **told, "ended_on": DUE_ON, "ending": "1"}


def cells(session: Any) -> Iterator[tuple[str, Any]]:
    """(table, cell) of the whole database, as it lies there."""
    with elevated("test"):
        connection = session.connection()
        for table in inspect(db.engine).get_table_names():
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                yield from ((table, cell) for cell in row if cell is not None)


def readable(session: Any, model: Any, uid: UUID, fields: set[str]) -> list[tuple[str, str]]:
    """(table, plain value) of everything in the database that can be read with the keys as a value of this row."""
    found, places = [], [place(model.__tablename__, field, uid) for field in sorted({*fields, "reason"})]
    for table, cell in cells(session):
        for where in places if isinstance(cell, bytes | memoryview) else ():
            try:
                found.append((table, keys().open(bytes(cell), where)))
            except KeyLost:
                continue
    return found


def words_of(session: Any, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """(table, word) of every one of these words that stands readable somewhere."""
    return [(table, word) for table, cell in cells(session) for word in words if word in str(cell)]
