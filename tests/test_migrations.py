"""The schema: what the models declare is what the database has, there and back, with rows in place; setup may run at any time."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command as alembic
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import CheckConstraint, Connection, UniqueConstraint, func, insert, inspect, select, text
from sqlalchemy.orm import Session

from app import revisions
from app.core import codes, crypto, ddl, drafts, keys, list_views, names, params
from app.core.base import Model
from app.core.crypto import KeyLost, Keyring
from app.core.scope import elevated
from app.core.unit_of_work import unit_of_work
from app.core.workflow import Status
from app.extensions import db
from app.models import AuditEntry, CodeItem, KeyCheck, Person, PersonSearch, PolicyParam, ShippedGrant
from app.setup import NotReady, must_be_ready, setup
from tests.conftest import KEYS, seed
from tests.core.rows import PATH_A, make_attachment, make_birth, make_person, make_registration, user
from tests.factories.families import make_death, make_marriage
from tests.factories.households import make_event, make_household
from tests.factories.maternity import make_newlywed, make_pregnancy
from tests.factories.moves import make_move, make_transfer
from tests.factories.pairs import merged
from tools import migration

ROOT = Path(__file__).parents[1]
ID = "11010519491231002X"


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def schema(connection: Connection) -> dict[str, dict[str, Any]]:
    """What the database has, by table; FAB's own tables have constraints without names."""
    found, look = {}, inspect(connection)
    for table in sorted(t for t in tables(connection) if not t.startswith("ab_")):
        found[table] = {
            "columns": {c["name"] for c in look.get_columns(table)},
            "primary key": set(look.get_pk_constraint(table)["constrained_columns"]),
            "checks": {c["name"] for c in look.get_check_constraints(table)},
            "uniques": {c["name"] for c in look.get_unique_constraints(table)},
            "foreign keys": {(tuple(k["constrained_columns"]), k["referred_table"]) for k in look.get_foreign_keys(table)},
            "indexes": {i["name"] for i in look.get_indexes(table) if "duplicates_constraint" not in i},
        }
    return found


def declared() -> dict[str, dict[str, Any]]:
    """What the models say, in the same words."""
    found = {}
    for table in Model.metadata.sorted_tables:
        if not table.name.startswith("ab_"):
            found[table.name] = {
                "columns": {c.name for c in table.columns},
                "primary key": {c.name for c in table.primary_key},
                "checks": {_name(c) for c in table.constraints if isinstance(c, CheckConstraint)},
                "uniques": {_name(c) for c in table.constraints if isinstance(c, UniqueConstraint)},
                "foreign keys": {(tuple(k.column_keys), k.referred_table.name) for k in table.foreign_key_constraints},
                "indexes": {i.name for i in table.indexes},
            }
    return found


def _name(constraint: Any) -> str:
    return str(db.engine.dialect.identifier_preparer.format_constraint(constraint))


def upgrade(revision: str = "head") -> None:
    with elevated("migration"):
        revisions.upgrade(revision)


def downgrade(revision: str) -> None:
    with elevated("migration"):
        revisions.downgrade(revision)


def triggers() -> set[str]:
    with db.engine.connect() as connection:
        return ddl.present(connection)


def wanted_triggers() -> set[str]:
    return {t.name for t in ddl.declared(db.engine.dialect.name)}


def test_up_down_and_up_again_gives_what_the_models_say(bare: Flask) -> None:
    with bare.app_context():
        upgrade()
        with db.engine.connect() as connection:
            first = schema(connection)
        assert first == declared()
        assert triggers() == wanted_triggers()
        downgrade("base")
        with db.engine.connect() as connection:
            assert tables(connection) == set()
        assert triggers() == set()
        upgrade()
        with db.engine.connect() as connection:
            assert schema(connection) == first
        assert triggers() == wanted_triggers()


def test_autogenerate_finds_nothing_left_to_say(bare: Flask) -> None:
    with bare.app_context():
        upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
            assert compare_metadata(context, Model.metadata) == []


def test_a_migration_that_fails_leaves_nothing_behind(bare: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: Connection) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ddl, "refresh", broken)
    with bare.app_context():
        with pytest.raises(ZeroDivisionError):
            upgrade()
        db.engine.dispose()
        with db.engine.connect() as connection:
            assert tables(connection) == set()
        monkeypatch.undo()
        upgrade()
        with db.engine.connect() as connection:
            assert schema(connection) == declared()


def test_names_that_were_read_otherwise_are_read_anew(app: Flask, working: Any, seeing: Any) -> None:
    with working() as session:
        people = [make_person(session, name=name, name_key=key) for name, key in (("张长生", "zhang zhang sheng"), ("王芳", "wang fang"))]
        other, same = (person.id for person in people)
        session.execute(insert(PersonSearch), [{"token": "zzs", "scope_path": PATH_A, "person_id": n} for n in (other, same)])
    with app.app_context():
        downgrade("20261122_first")
        upgrade()
    keys = seeing(lambda s: [*s.scalars(select(Person.name_key).order_by(Person.id))])
    found = seeing(lambda s: s.execute(select(PersonSearch.person_id, PersonSearch.token).order_by(PersonSearch.token)).all())
    assert keys == ["zhang chang sheng", "wang fang"]
    assert {token for number, token in found if number == other} == names.search_tokens("张长生")
    assert [token for number, token in found if number == same] == ["zzs"]


def test_foreign_keys_are_on_again_after_a_migration(bare: Flask) -> None:
    with bare.app_context():
        upgrade()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        else:
            with db.engine.connect() as connection:
                assert connection.scalar(text("SHOW session_replication_role")) == "origin"


COUNTED = (
    "person",
    "person_office",
    "delivery",
    "birth",
    "birth_registration",
    "marriage_event",
    "marriage",
    "death",
    "newlywed_service",
    "pregnancy_service",
    "household",
    "household_event",
    "household_member",
    "duplicate_rule",
    "duplicate_pair",
    "move_event",
    "transfer",
    "transfer_office",
    "attachment",
    "form_draft",
    "list_view",
    "list_view_office",
    "audit_entry",
    "audit_secret",
    "region",
    "ab_user",
    "code_item",
)


def contents(app: Flask) -> dict[str, list[Any]]:
    """Every row of every table, as the database holds it."""
    with app.app_context(), elevated("test"), db.engine.connect() as connection:
        return {t: sorted(map(repr, connection.execute(text(f"SELECT * FROM {t}")))) for t in sorted(tables(connection))}


def fill(session: Session) -> None:
    with unit_of_work():
        make_person(session, id_no=ID, phone="13812345678")
        make_birth(session, mother_id_no=ID)
        make_registration(session)
        make_attachment(session)
        make_marriage(session, status=Status.approved)
        make_death(session, status=Status.approved)
        make_newlywed(session, status=Status.approved)
        make_pregnancy(session)
        make_event(session, make_household(session))
        merged(session, *(make_person(session, name="李梅", id_no=None) for _twice in range(2)))
        move = make_move(session, status=Status.approved)
        make_transfer(session, session.get_one(Person, move.person_id))
        drafts.keep(session, move.made_by_id, str(crypto.uuid7()), "MoveView", "add", None, [("person_name", "李梅")])
        maker = user(session, "supervisor").id
        list_views.share(session, list_views.keep_view(session, "BirthView", maker, "Drafts", [], list_views.Layout(), has_words=False))


def test_setup_again_with_rows_in_place_changes_nothing(app: Flask, seeing: Any) -> None:
    seeing(fill)
    before = contents(app)
    assert all(before[t] for t in COUNTED)
    with app.app_context():
        setup()
        setup()
    assert contents(app) == before
    assert seeing(lambda s: s.scalars(select(Person).where(Person.id_no == ID)).one().phone.reveal()) == "13812345678"


def test_triggers_that_were_lost_come_back_with_the_next_setup(app: Flask) -> None:
    with app.app_context():
        with elevated("test"), db.engine.begin() as connection:
            for trigger in ddl.declared(db.engine.dialect.name):
                on = f" ON {trigger.table}" if db.engine.dialect.name == "postgresql" else ""
                connection.execute(text(f"DROP TRIGGER {trigger.name}{on}"))
        assert triggers() == set()
        setup()
        assert triggers() == wanted_triggers()


LATER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "later", "{head}"


def upgrade():
    with op.batch_alter_table("person", recreate="auto" if op.get_bind().dialect.name == "postgresql" else "always") as table:
        table.add_column(sa.Column("extra", sa.Integer))


def downgrade():
    with op.batch_alter_table("person") as table:
        table.drop_column("extra")
"""


def test_rows_survive_the_rebuild_of_their_table(app: Flask, seeing: Any, tmp_path: Path) -> None:
    """What batch mode does on SQLite: copy, drop, rename. Rows, children and triggers stand afterwards."""
    seeing(fill)
    before = contents(app)
    folder = tmp_path / "versions"
    folder.mkdir()
    head = revisions.head()
    (folder / "later.py").write_text(LATER.replace("{head}", str(head)), encoding="utf-8")
    with app.app_context():
        config = revisions.config()
        config.set_main_option("version_locations", f"{revisions.MIGRATIONS}/versions {folder}")
        config.set_main_option("path_separator", "space")
        with elevated("migration"):
            alembic.upgrade(config, "later")
            with db.engine.connect() as connection:
                assert "extra" in {c["name"] for c in inspect(connection).get_columns("person")}
            alembic.downgrade(config, str(head))
        assert triggers() == wanted_triggers()
    assert contents(app) == before


def test_setup_of_a_new_database_serves_at_once(bare: Flask) -> None:
    with bare.app_context():
        with pytest.raises(NotReady, match="flask --app run setup"):
            must_be_ready()
        setup()
        must_be_ready()
        counts = [db.session.scalar(select(func.count()).select_from(t)) for t in (CodeItem, PolicyParam, ShippedGrant, KeyCheck)]
        assert all(counts)
    seed(bare)
    assert bare.test_client().get("/health").status_code == 200


def test_a_database_of_a_newer_program_is_refused(app: Flask) -> None:
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
        with pytest.raises(NotReady, match="newer version"):
            must_be_ready()


# what setup gives once


def role(session: Session, name: str) -> Role:
    return session.scalars(select(Role).where(Role.name == name)).one()


def test_a_right_an_admin_took_away_stays_away(app: Flask, seeing: Any) -> None:
    def take_away(session: Session) -> int:
        with unit_of_work():
            supervisor = role(session, "supervisor")
            supervisor.permissions = [p for p in supervisor.permissions if p.permission.name != "approve"]
            return len(supervisor.permissions)

    left = seeing(take_away)
    with app.app_context():
        setup()
    names = seeing(lambda s: [p.permission.name for p in role(s, "supervisor").permissions])
    assert "approve" not in names
    assert "return" in names
    assert len(names) == left


def test_a_right_an_admin_added_stays(app: Flask, seeing: Any) -> None:
    def add(session: Session) -> None:
        with unit_of_work():
            role(session, "finance").permissions += [p for p in role(session, "supervisor").permissions if p.permission.name == "can_list"]

    seeing(add)
    with app.app_context():
        setup()
    assert "can_list" in seeing(lambda s: [p.permission.name for p in role(s, "finance").permissions])


def test_a_right_shipped_later_is_given_once(app: Flask, seeing: Any) -> None:
    """A new version ships a right: the role gets it at the next setup although the role is old."""

    def forget(session: Session) -> None:
        with unit_of_work():
            for grant in session.scalars(select(ShippedGrant).where(ShippedGrant.role == "supervisor", ShippedGrant.permission == "void")):
                session.delete(grant)
            supervisor = role(session, "supervisor")
            supervisor.permissions = [p for p in supervisor.permissions if p.permission.name != "void"]

    seeing(forget)
    with app.app_context():
        setup()
    assert "void" in seeing(lambda s: [p.permission.name for p in role(s, "supervisor").permissions])


def test_codes_and_parameters_of_an_office_stay(app: Flask, seeing: Any) -> None:
    def own(session: Session) -> None:
        with unit_of_work():
            session.add(CodeItem(set="sex", code="99", label_zh="本地", label_en="Local"))

    seeing(own)
    before = seeing(lambda s: s.scalar(select(func.count()).select_from(PolicyParam)))
    with app.app_context():
        setup()
    assert seeing(lambda s: s.get(CodeItem, ("sex", "99")).label_zh) == "本地"
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(PolicyParam))) == before


def loaded_again(load: Callable[[Session], int]) -> Callable[[Session], int]:
    def run(session: Session) -> int:
        with unit_of_work():
            return load(session)

    return run


@pytest.mark.parametrize("load", [codes.load, params.load])
def test_loading_reference_data_again_writes_nothing(seeing: Any, load: Any) -> None:
    before = seeing(lambda s: s.scalar(select(func.count()).select_from(AuditEntry)))
    assert seeing(loaded_again(load)) == 0
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(AuditEntry))) == before


def test_a_code_whose_label_was_changed_is_put_right(app: Flask, seeing: Any) -> None:
    def change(session: Session) -> None:
        with unit_of_work():
            session.get(CodeItem, ("sex", "1")).label_zh = "?"

    seeing(change)
    assert seeing(loaded_again(codes.load)) == 1
    assert seeing(lambda s: s.get(CodeItem, ("sex", "1")).label_zh) == "男"


# keys


@pytest.fixture
def _own_keys() -> Iterator[None]:
    """Whatever keys the test takes into use, the next one finds those of the tests."""
    kept = keys.load(KEYS, Path("none"))
    yield
    crypto.use(kept)


@pytest.mark.usefixtures("_own_keys")
def test_setup_with_other_keys_refuses_and_writes_nothing(app: Flask) -> None:
    before = contents(app)
    crypto.use(Keyring({1: b"another key, another key, another key"}))
    with app.app_context():
        for refusing in (setup, must_be_ready):
            with pytest.raises(KeyLost) as refused:
                refusing()
            assert "\n" not in str(refused.value)
    assert contents(app) == before


@pytest.mark.usefixtures("_own_keys")
def test_setup_without_keys_refuses_and_makes_none(app: Flask, tmp_path: Path) -> None:
    crypto.use(None)
    with app.app_context():
        for refusing in (setup, must_be_ready):
            with pytest.raises(KeyLost, match=r"data\.keys"):
                refusing()
    assert list(tmp_path.glob("*.keys")) == []


def command(url: str, data: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(data), "SECRET_KEY": "s" * 40, "PYTHONPATH": str(ROOT), **more}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_command_refuses_lost_and_wrong_keys_in_one_line(url: str, tmp_path: Path) -> None:
    """The keys file is gone, or another one lies there: status not 0, one line that says what to do, no trace, no new key."""
    data = tmp_path / "data"
    lost = command(url, data, "setup", DATA_KEYS="")
    assert lost.returncode != 0
    assert lost.stderr.strip().count("\n") == 0
    assert "data.keys" in lost.stderr
    assert list(data.glob("data.keys*")) == []
    wrong = command(url, data, "setup", DATA_KEYS="1:" + "QUFB" * 11)
    assert wrong.returncode != 0
    assert wrong.stderr.strip().count("\n") == 0
    assert "Traceback" not in wrong.stderr
    assert "QUFB" not in wrong.stderr + wrong.stdout
    right = command(url, data, "setup", DATA_KEYS=KEYS)
    assert (right.returncode, right.stderr) == (0, "")


def test_first_setup_makes_the_key_and_nothing_twice(empty: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = command(empty, data, "setup", DATA_KEYS="")
    assert first.returncode == 0, first.stderr
    made = (data / "data.keys").read_bytes()
    second = command(empty, data, "setup", DATA_KEYS="")
    assert (second.returncode, second.stderr) == (0, "")
    assert (data / "data.keys").read_bytes() == made
    verified = command(empty, data, "audit", "verify", DATA_KEYS="")
    assert (verified.returncode, verified.stdout.strip()) == (0, "The history is complete and unchanged.")


def test_the_revisions_are_those_that_alembic_finds() -> None:
    """The program reads them by itself, without loading Alembic."""
    script = ScriptDirectory(revisions.MIGRATIONS)
    assert revisions.head() == script.get_current_head()
    assert revisions.known() == {found.revision for found in script.walk_revisions()}


def test_two_newest_revisions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "versions").mkdir()
    for name in ("one", "two"):
        (tmp_path / "versions" / f"{name}.py").write_text(f'revision = "{name}"\ndown_revision = None\n', encoding="utf-8")
    monkeypatch.setattr(revisions, "MIGRATIONS", str(tmp_path))
    with pytest.raises(ValueError, match="not 2: one, two"):
        revisions.head()


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where new revisions go, instead of the program's own."""
    folder = shutil.copytree(revisions.MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(revisions, "MIGRATIONS", str(folder))
    return Path(folder) / "versions"


def test_where_nothing_differs_no_revision_is_written_and_no_trigger_touched(app: Flask, written: Path) -> None:
    before = {*written.glob("*.py")}
    with app.app_context(), db.engine.begin() as connection:
        trigger = next(t for t in ddl.declared(connection.dialect.name) if t.table == "audit_entry")
        on = f" ON {trigger.table}" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER {trigger.name}{on}"))
    with app.app_context():
        migration.write("nothing")
        assert triggers() == wanted_triggers() - {trigger.name}
    assert {*written.glob("*.py")} == before


def test_what_differs_is_written_under_its_revision(app: Flask, written: Path) -> None:
    before = {*written.glob("*.py")}
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("DROP INDEX ix_birth_region_day"))
        migration.write("an_index")
    (file,) = {*written.glob("*.py")} - before
    words = file.read_text(encoding="utf-8")
    assert file.stem.endswith("_an_index")
    assert f'revision = "{file.stem}"' in words.replace("'", '"')
    assert "ix_birth_region_day" in words
