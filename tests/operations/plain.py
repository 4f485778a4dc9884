"""What an office holds, opened: to see that nothing but ciphertext changes."""

from collections.abc import Iterator
from typing import Any

from flask import current_app
from sqlalchemy import Connection, func, select

from app.core import attachment_files, crypto
from app.core.base import Model, Row
from app.core.scope import elevated
from app.models import AuditEntry
from app.operations import sealed_values


def opened(connection: Connection) -> dict[str, str]:
    """Every sealed value by its place. Raises KeyLost where one cannot be opened."""
    with elevated("test"):
        return dict(_opened(connection))


def _opened(connection: Connection) -> Iterator[tuple[str, str]]:
    for place in sealed_values.places():
        for row in connection.execute(place.rows()):
            for column in place.columns:
                if (value := row._mapping[column]) is not None:
                    context = place.bound_to(row, column)
                    key = "/".join(str(part) for part in row[: len(place.key)])
                    yield f"{place.table.name}/{key}/{column.name}", crypto.keys().open(value, context)
    data = current_app.config["DATA_DIR"]
    for uid in attachment_files.present(data):
        yield f"attached/{uid}", attachment_files.content(data, uid).decode()


def versions(connection: Connection) -> dict[str, Any]:
    """The sum of the versions of each table."""
    tables = [m.local_table for m in Model.registry.mappers if issubclass(m.class_, Row)]
    with elevated("test"):
        return {t.name: connection.scalar(select(func.sum(t.c.version))) for t in tables}


def told(connection: Connection) -> list[tuple[str, str]]:
    """Each act on a key that the history tells of."""
    entries = select(AuditEntry.act, AuditEntry.target).where(AuditEntry.target.startswith("data_key/")).order_by(AuditEntry.number)
    return [tuple(row) for row in connection.execute(entries)]
