"""Which revision a database has, and which ones this program knows. Alembic is loaded where a schema changes, nowhere else."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

MIGRATIONS = str(Path(__file__).parent.parent / "migrations")
HEAD = "head"  # Alembic's word for the newest
_TOLD = re.compile(r"""^revision(?:, down_revision)? = ["'](\w+)["'](?:, ["'](\w+)["'])?""", re.MULTILINE)
_BEFORE = re.compile(r"""^down_revision = ["'](\w+)["']""", re.MULTILINE)


def known() -> frozenset[str]:
    """Every revision of the schema this program knows."""
    return frozenset(_chain(MIGRATIONS))


def head() -> str:
    """The revision of this program: the one that no other comes after. Raises ValueError where there are several."""
    chain = _chain(MIGRATIONS)
    newest = chain.keys() - set(chain.values())
    if len(newest) != 1:
        raise ValueError(f"one revision is the newest, not {len(newest)}: {', '.join(sorted(newest))}")
    return newest.pop()


def of(connection: Connection) -> str | None:
    """The revision of a database; None where it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(revision: str = HEAD) -> None:
    """Bring the schema of the application's database to a revision."""
    from alembic import command  # noqa: PLC0415  (see above)

    command.upgrade(config(), revision)


def downgrade(revision: str) -> None:
    """Take the schema back to a revision."""
    from alembic import command  # noqa: PLC0415

    command.downgrade(config(), revision)


def stamp(connection: Connection) -> None:
    """Say that a database was made with the schema of this program."""
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    MigrationContext.configure(connection).stamp(ScriptDirectory(MIGRATIONS), HEAD)


def config() -> Any:
    """How Alembic finds the revisions."""
    from alembic.config import Config  # noqa: PLC0415

    found = Config(str(Path(MIGRATIONS) / "alembic.ini"))
    found.set_main_option("script_location", MIGRATIONS)
    return found


@lru_cache(maxsize=4)
def _chain(folder: str) -> dict[str, str | None]:
    """Each revision → the one before it, as its file says at the beginning of its lines."""
    found: dict[str, str | None] = {}
    for file in Path(folder, "versions").glob("*.py"):
        words = file.read_text(encoding="utf-8")
        told = _TOLD.search(words)
        if not told:
            raise ValueError(f"{file.name} does not say which revision it is")
        before = told[2] or ((later := _BEFORE.search(words)) and later[1])
        found[told[1]] = before or None
    return found
