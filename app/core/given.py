"""Rows of the program as a table of a statement: one parameter, however many they are, and the same statement for all of them."""

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import JSON, Subquery, cast, column, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine


def given(session: Session, name: str, rows: Iterable[tuple[Any, ...]], **kinds: type[TypeEngine[Any]]) -> Subquery:
    """The rows as a table to join: numbers, texts and days, each in the column that stands at its place in `kinds`."""
    text = literal(orjson.dumps([[*row] for row in rows]).decode())
    columns = [(place, key, kind) for place, (key, kind) in enumerate(kinds.items())]
    if session.connection().dialect.name == "sqlite":
        each = func.json_each(text).table_valued(column("value", JSON))
        told = [type_coerce(func.json_extract(each.c.value, f"$[{place}]"), kind).label(key) for place, key, kind in columns]
    else:
        each = func.jsonb_array_elements(cast(text, JSONB)).table_valued(column("value", JSONB))
        told = [cast(each.c.value[place].astext, kind).label(key) for place, key, kind in columns]
    return select(*told).subquery(name)
