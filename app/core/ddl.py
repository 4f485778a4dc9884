"""What the database itself refuses, declared once and re-created after any rebuild of a table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, inspect, text

from app.core import scope
from app.core.content import content_columns
from app.core.workflow import Record

APPEND_ONLY = ("audit_entry", "workflow_step")
FIXED = {"return_mark": ("uid", "owner_uid", "token", "field")}  # columns that never change, of rows that never go
MERGED = "merged_into_id"  # the column of a table whose rows may turn out to be one


@dataclass(frozen=True)
class Trigger:
    """One rule of one table: what it is called, when it fires, when it refuses and what it says."""

    name: str
    table: str
    event: str  # "UPDATE", "DELETE", "INSERT", "UPDATE OF column"
    condition: str  # in terms of NEW and OLD; empty means always
    message: str
    columns: tuple[str, ...] = ()  # that it reads: an older schema without them goes without it
    others: tuple[str, ...] = ()  # of other tables, as "table.column"

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
    for table, columns in FIXED.items():
        found += [
            Trigger(f"{table}_no_{event.split()[0].lower()}", table, event, "", f"{table} is append-only")
            for event in (f"UPDATE OF {', '.join(columns)}", "DELETE")
        ]
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
    return [*found, *_links_to_what_stays(dialect), *_files_kept(sorted(record_of))]


def _links_to_what_stays(dialect: str) -> Iterator[Trigger]:
    """No row is written that names a row which was merged into another. PostgreSQL waits here for a merge that is under way."""
    for table in Record.metadata.sorted_tables:
        keys = [column for column in table.columns if merging_key(column) is not None and is_repointed(column)]
        if not keys or keys[0].primary_key:
            continue
        target = merging_key(keys[0])
        lock = " FOR KEY SHARE" if dialect == "postgresql" else ""
        named = ", ".join(f"NEW.{column.name}" for column in keys)
        rows = f"SELECT t.{MERGED} FROM {target} t WHERE t.id IN ({named}){lock}"  # noqa: S608  (names of our own tables)
        condition = f"(SELECT count(m.{MERGED}) FROM ({rows}) m) > 0"  # noqa: S608  (the same)
        message = "this row was merged into another one"
        read = {"columns": tuple(column.name for column in keys), "others": (f"{target}.{MERGED}",)}
        for event, name in (("INSERT", "insert"), (f"UPDATE OF {', '.join(read['columns'])}", "update")):
            yield Trigger(f"{table.name}_link_{name}", table.name, event, condition, message, **read)


def merging_key(column: Any) -> Any:
    """The table whose rows may be merged into one another, if this column is a foreign key to it."""
    targets = [key.column.table for key in column.foreign_keys if MERGED in key.column.table.c]
    return targets[0] if targets else None


def is_repointed(column: Any) -> bool:
    """Whether a foreign key follows a merge; one that tells of the two rows as they were does not."""
    return not column.info.get("as_it_was")


def _files_kept(records: list[str]) -> list[Trigger]:
    """The files of a record belong to its draft, those of a change request to the open one: afterwards none comes, changes or goes."""
    files = "attachment"
    told = ("owner_table", "owner_uid", "uid", "kind", "media_type", "bytes", "sha256")
    owners = [(table, "o.status NOT IN ('draft', 'returned')") for table in records] + [("change_request", "o.state <> 'open'")]

    def closed(row: str) -> str:
        of_owner = "({0}.owner_table = '{1}' AND EXISTS (SELECT 1 FROM {1} o WHERE o.uid = {0}.owner_uid AND {2}))"
        return " OR ".join(of_owner.format(row, table, is_closed) for table, is_closed in owners)

    conditions = {"INSERT": closed("NEW"), f"UPDATE OF {', '.join(told)}": f"{closed('OLD')} OR {closed('NEW')}", "DELETE": closed("OLD")}
    message = "the files of a record stay once it is submitted"
    return [
        Trigger(
            f"{files}_kept_{event.split()[0].lower()}",
            files,
            event,
            condition,
            message,
            others=tuple(f"{table}.uid" for table, _ in owners),
        )
        for event, condition in conditions.items()
    ]


def _content_kept(record: Any, dialect: str) -> Trigger:
    """What an approved row says changes only with a change request that was applied to this version of it.

    A link to a row that was merged into another may go to that one, and to none else. The content of a confidential row may also go, when
    consent is withdrawn: that its content is empty then is a check of the table.
    """
    table, (hidden, plain) = record.__tablename__, _told(record)
    applied = (
        "EXISTS (SELECT 1 FROM change_request c WHERE c.owner_uid = NEW.uid AND c.state = 'applied' AND c.owner_version = OLD.version)"
    )
    targets = {name: target for name in plain if (target := merging_key(record.__table__.c[name])) is not None}
    wrong = _differs(hidden + plain, dialect, targets)
    if record.is_confidential:
        rest = _differs([name for name in plain if name != "closed_on"], dialect, targets)
        wrong = f"({rest} OR ((OLD.closed_on IS NOT NULL OR NEW.closed_on IS NULL) AND {wrong}))"
    condition = f"OLD.status IN ('approved', 'voided') AND NOT {applied} AND {wrong}"
    message = "an approved row changes only by an applied change request"
    others = tuple(sorted({f"{target}.{MERGED}" for target in targets.values()}))
    return Trigger(f"{table}_content_kept", table, "UPDATE", condition, message, (*hidden, *plain), others)


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


def _differs(names: list[str], dialect: str, targets: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The condition that one of these columns is not what it was; of those with a target, not because what it names was merged."""
    is_other = "NEW.{0}::text IS DISTINCT FROM OLD.{0}::text" if dialect == "postgresql" else "NEW.{0} IS NOT OLD.{0}"
    found = [_elsewhere(is_other, name, targets[name]) if name in targets else is_other.format(name) for name in names]
    return f"({' OR '.join(found)})"


def _elsewhere(is_other: str, name: str, target: Any) -> str:
    """The condition that a link changes, and not because what it names was merged into another."""
    merged = f"SELECT 1 FROM {target} t WHERE t.id = OLD.{name} AND t.{MERGED} = NEW.{name}"  # noqa: S608  (names of our own tables)
    return f"({is_other.format(name)} AND NOT EXISTS ({merged}))"


def drop(connection: Connection) -> None:
    """Drop our triggers, at the beginning of every migration; refresh() follows at its end."""
    there = set(inspect(connection).get_table_names())
    for trigger in (t for t in declared(connection.dialect.name) if t.table in there):
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
    there = {f"{table}.{column}" for table, columns in known.items() for column in columns}
    wanted = [t for t in declared(connection.dialect.name) if t.table in known and known[t.table].issuperset(t.columns)]
    return [t for t in wanted if there.issuperset(t.others)]


def present(connection: Connection) -> set[str]:
    """The names of the triggers the database has."""
    if connection.dialect.name == "sqlite":
        return set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())
    return set(connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).scalars())
