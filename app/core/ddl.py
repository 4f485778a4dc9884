"""What the database itself refuses, declared once and re-created after any rebuild of a table."""

from dataclasses import dataclass
from typing import Any

from alembic.operations import batch
from sqlalchemy import Connection, inspect, text

from app.core import scope
from app.core.workflow import Record, content_columns

APPEND_ONLY = ("audit_entry", "workflow_step")


@dataclass(frozen=True)
class Trigger:
    """One rule of one table: what it is called, when it fires, when it refuses and what it says."""

    name: str
    table: str
    event: str  # "UPDATE", "DELETE", "INSERT", "UPDATE OF column"
    condition: str  # in terms of NEW and OLD; empty means always
    message: str
    columns: tuple[str, ...] = ()  # that it reads: an older schema without them goes without it

    def create(self, dialect: str) -> list[str]:
        """The statements that create it."""
        if dialect == "sqlite":
            when = f"WHEN {self.condition} " if self.condition else ""
            return [
                f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} {when}BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
            ]
        each = "STATEMENT" if self.event == "TRUNCATE" else "ROW"
        refuse = f"RAISE EXCEPTION '{self.message}';"
        check = f"IF {self.condition} THEN {refuse} END IF; RETURN COALESCE(NEW, OLD);" if self.condition else refuse
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {check} END $$",
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} FOR EACH {each} EXECUTE FUNCTION {self.name}()",
        ]


def declared(dialect: str) -> list[Trigger]:
    """Every trigger of ours."""
    found = []
    for table in APPEND_ONLY:
        message = f"{table} is append-only"
        found += [Trigger(f"{table}_no_{event.lower()}", table, event, "", message) for event in ("UPDATE", "DELETE")]
        if dialect == "postgresql":
            found.append(Trigger(f"{table}_no_truncate", table, "TRUNCATE", "", message))
    if dialect == "sqlite":  # INSERT OR REPLACE deletes without firing the delete trigger unless a pragma is on
        taken = "EXISTS (SELECT 1 FROM audit_entry WHERE chain = NEW.chain AND number = NEW.number)"
        found.append(Trigger("audit_entry_no_replace", "audit_entry", "INSERT", taken, "audit_entry is append-only"))
    record_of = {table: cls for table, cls in scope.scoped_classes().items() if issubclass(cls, Record)}
    for table in sorted(record_of):
        own = "EXISTS (SELECT 1 FROM row_author a WHERE a.owner_uid = NEW.uid AND a.user_id = NEW.approved_by_id)"
        condition = f"NEW.status = 'approved' AND OLD.status <> 'approved' AND {own}"
        found.append(Trigger(f"{table}_second_person", table, "UPDATE", condition, "nobody approves what they made or edited"))
        found.append(_content_kept(record_of[table], dialect))
        if record_of[table].is_confidential:
            found.append(_closed_stays(record_of[table], dialect))
        kept = "OLD.status IN ('approved', 'voided')"
        found.append(Trigger(f"{table}_kept", table, "DELETE", kept, "an approved row is never deleted"))
    return found


def _content_kept(record: Any, dialect: str) -> Trigger:
    """What an approved row says changes only with a change request that was applied to this version of it.

    The content of a confidential row may also go, when consent is withdrawn: that its content is empty then is a check of the table.
    """
    table, (hidden, plain) = record.__tablename__, _told(record)
    applied = (
        "EXISTS (SELECT 1 FROM change_request c WHERE c.owner_uid = NEW.uid AND c.state = 'applied' AND c.owner_version = OLD.version)"
    )
    wrong = _differs(hidden + plain, dialect)
    if record.is_confidential:
        rest = _differs([name for name in plain if name != "closed_on"], dialect)
        wrong = f"({rest} OR ((OLD.closed_on IS NOT NULL OR NEW.closed_on IS NULL) AND {wrong}))"
    condition = f"OLD.status IN ('approved', 'voided') AND NOT {applied} AND {wrong}"
    message = "an approved row changes only by an applied change request"
    return Trigger(f"{table}_content_kept", table, "UPDATE", condition, message, (*hidden, *plain))


def _closed_stays(record: Any, dialect: str) -> Trigger:
    """Nothing is ever written into a record again whose consent was withdrawn."""
    table, (hidden, plain) = record.__tablename__, _told(record)
    condition = f"OLD.closed_on IS NOT NULL AND {_differs([*hidden, *plain, 'status'], dialect)}"
    return Trigger(f"{table}_closed_stays", table, "UPDATE", condition, "a closed record stays as it is", (*hidden, *plain))


def _told(record: Any) -> tuple[list[str], list[str]]:
    """The columns by which one sees that a row says something else: those of its secrets, and all others."""
    told = content_columns(record)
    beside = [name for name in ("row_hash", "statistical_month") if name in record.__table__.columns]
    return [f"{secret}_bidx" for _name, secret in told if secret], [name for name, secret in told if not secret] + beside


def _differs(names: list[str], dialect: str) -> str:
    """The condition that one of these columns is not what it was."""
    differs = "NEW.{0}::text IS DISTINCT FROM OLD.{0}::text" if dialect == "postgresql" else "NEW.{0} IS NOT OLD.{0}"
    return f"({' OR '.join(differs.format(name) for name in names)})"


def drop(connection: Connection) -> None:
    """Drop our triggers, at the beginning of every migration; refresh() follows at its end."""
    for trigger in _of_known_tables(connection):
        on = f" ON {trigger.table}" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger.name}{on}"))


def refresh(connection: Connection) -> None:
    """Create our triggers on every table that exists."""
    drop(connection)
    for trigger in _of_known_tables(connection):
        for statement in trigger.create(connection.dialect.name):
            connection.exec_driver_sql(statement)


def _of_known_tables(connection: Connection) -> list[Trigger]:
    look = inspect(connection)
    known = {table: {column["name"] for column in look.get_columns(table)} for table in look.get_table_names()}
    return [t for t in declared(connection.dialect.name) if t.table in known and known[t.table].issuperset(t.columns)]


def present(connection: Connection) -> set[str]:
    """The names of the triggers the database has."""
    if connection.dialect.name == "sqlite":
        return set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())
    return set(connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).scalars())


class Rebuild(batch.ApplyBatchImpl):
    """How Alembic rebuilds a table on SQLite: it would copy generated columns too, which SQLite refuses."""

    def _transfer_elements_to_new_table(self) -> None:
        for column in self.table.columns:
            if column.computed is not None:
                self.column_transfers[column.name].pop("expr", None)
        super()._transfer_elements_to_new_table()


batch.ApplyBatchImpl = Rebuild  # type: ignore[misc]
