"""What the database itself refuses, declared once and re-created after any rebuild of a table."""

from dataclasses import dataclass

from alembic.operations import batch
from sqlalchemy import Connection, inspect, text

from app.core.workflow import Record

APPEND_ONLY = ("audit_entry", "workflow_step")


@dataclass(frozen=True)
class Trigger:
    """One rule of one table: what it is called, when it fires, when it refuses and what it says."""

    name: str
    table: str
    event: str  # "UPDATE", "DELETE", "INSERT", "UPDATE OF column"
    condition: str  # in terms of NEW and OLD; empty means always
    message: str

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
    for table in sorted(record.__tablename__ for record in Record.__subclasses__()):
        own = "EXISTS (SELECT 1 FROM row_author a WHERE a.owner_uid = NEW.uid AND a.user_id = NEW.approved_by_id)"
        condition = f"NEW.status = 'approved' AND OLD.status <> 'approved' AND {own}"
        found.append(Trigger(f"{table}_second_person", table, "UPDATE", condition, "nobody approves what they made or edited"))
        kept = "OLD.status IN ('approved', 'voided')"
        found.append(Trigger(f"{table}_kept", table, "DELETE", kept, "an approved row is never deleted"))
    return found


def refresh(connection: Connection) -> None:
    """Drop our triggers and create those whose table exists. Runs at the end of every migration."""
    dialect = connection.dialect.name
    tables = set(inspect(connection).get_table_names())
    for trigger in declared(dialect):
        if trigger.table not in tables:
            continue
        on = f" ON {trigger.table}" if dialect == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger.name}{on}"))
        for statement in trigger.create(dialect):
            connection.exec_driver_sql(statement)


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
