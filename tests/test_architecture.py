"""What the layout promises: which part may know which, that the maps are complete, that no back door stands open."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder import ModelView
from flask_appbuilder.baseviews import BaseView

from app import models
from app.core import ddl
from app.core.base import Model
from app.core.permissions import SHIPPED
from app.core.scope import Scoped
from app.core.screen import LedgerView
from app.core.workflow import Record
from app.sheets import LEDGERS as WORKBOOKS
from config import SETTINGS

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
FILES = sorted(APP.rglob("*.py"))
OWN = sorted([*FILES, ROOT / "config.py", ROOT / "run.py", *(ROOT / "migrations").rglob("*.py")])


def name_of(path: Path) -> str:
    """`app/core/scope.py` → `app.core.scope`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str) -> set[str]:
    """Every module a source text imports, inside functions too. `from a import b` counts as `a.b`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


IMPORTS = {path: imports(path.read_text(encoding="utf-8")) for path in FILES}


def strangers(found: set[str], *known: str) -> set[str]:
    """What is imported of ours beyond these packages."""
    return {m for m in found if within(m, "app") and not within(m, *known)}


def within(module: str, *packages: str) -> bool:
    return any(module == p or module.startswith(p + ".") for p in packages)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def of_ledgers(name: str) -> list[Path]:
    return sorted(APP.glob(f"ledgers/*/{name}.py"))


# who may know whom


def test_an_engine_knows_nothing_of_ours() -> None:
    """Plain values in, plain values out."""
    ours = ("app", "flask", "flask_appbuilder", "sqlalchemy", "flask_login", "config")
    assert len(of_ledgers("engine")) > 2
    assert {m for path in of_ledgers("engine") for m in IMPORTS[path] if within(m, *ours)} == set()


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parent.parent.name == "ledgers" and not p.stem.endswith(("views", "__init__"))], ids=name_of
)
def test_below_the_screens_nothing_knows_the_web(path: Path) -> None:
    web = (
        "flask",
        "flask_appbuilder",
        "flask_login",
        "flask_wtf",
        "werkzeug",
        "wtforms",
        "app.core.screen",
        "app.core.fields",
        "app.core.web",
    )
    assert {m for m in IMPORTS[path] if within(m, *web) and not within(m, "flask_appbuilder.security.sqla.models")} == set()


OF_A_LEDGER = ("app.core", "app.ledgers", "app.extensions")


@pytest.mark.parametrize("path", sorted((APP / "ledgers").rglob("*.py")), ids=name_of)
def test_a_ledger_knows_the_core_and_other_ledgers_only(path: Path) -> None:
    assert strangers(IMPORTS[path], *OF_A_LEDGER) == set()


@pytest.mark.parametrize(
    "line",
    [
        "from app.accounts import users",
        "import app.accounts.users as people",
        "from app import accounts",
        "import app",
        "from app import setup, cli",
        "from app.corelike import scope",
        "from app.reports.models import ReportRun",
        "def check():\n    from app.workbench.views import HomeView",
        "if TYPE_CHECKING:\n    from app.models import Birth",
    ],
)
def test_a_wrong_import_of_a_ledger_would_be_seen(line: str) -> None:
    allowed = (
        "from datetime import date\nfrom app.core import scope\nfrom app.extensions import db\nfrom app.ledgers.people import naming\n"
    )
    assert strangers(imports(allowed), *OF_A_LEDGER) == set()
    assert strangers(imports(allowed + line), *OF_A_LEDGER) != set()


def test_no_module_is_found_by_its_name() -> None:
    """What is imported by a text passes every test here."""
    assert {name_of(p) for p, found in IMPORTS.items() if any(within(m, "importlib", "runpy", "pkgutil") for m in found)} == set()


@pytest.mark.parametrize("path", of_ledgers("models"), ids=name_of)
def test_models_know_models_and_the_core_only(path: Path) -> None:
    ours = {m for m in IMPORTS[path] if within(m, "app")}
    assert {m for m in ours if not within(m, "app.core") and not re.match(r"app\.ledgers\.\w+\.models\b", m)} == set()


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.parent.name == "ledgers" and not p.stem.endswith("views")], ids=name_of)
def test_nothing_below_imports_a_screen(path: Path) -> None:
    assert {m for m in IMPORTS[path] if re.search(r"views\b", m)} == set()


@pytest.mark.parametrize("path", sorted((APP / "core").rglob("*.py")), ids=name_of)
def test_the_core_knows_no_ledger(path: Path) -> None:
    known = {"app.core", "app.extensions"}
    assert {m for m in IMPORTS[path] if within(m, "app") and not within(m, *known)} == set()


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.name == "accounts"], ids=name_of)
def test_accounts_know_no_ledger(path: Path) -> None:
    assert {m for m in IMPORTS[path] if within(m, "app.ledgers", "app.reports", "app.models")} == set()


def test_reports_are_imported_by_screens_only() -> None:
    importers = {
        name_of(p) for p, found in IMPORTS.items() for m in found if within(m, "app.reports") and not within(name_of(p), "app.reports")
    }
    assert {m for m in importers if not m.endswith("views")} <= {"app.models", "app.reports_cli"}


@pytest.mark.parametrize("path", sorted((APP / "reports").rglob("*.py")), ids=name_of)
def test_a_report_reads_models(path: Path) -> None:
    others = strangers(IMPORTS[path], "app.core", "app.extensions", "app.reports")
    assert {m for m in others if not re.match(r"app\.ledgers\.\w+\.models\b", m)} == set()


def test_the_tables_of_reports_know_the_core_only() -> None:
    assert strangers(IMPORTS[APP / "reports" / "models.py"], "app.core") == set()


def test_assistance_never_learns_of_contraception() -> None:
    """Contraception feeds nothing else; the folders come with later ledgers and this stands ready."""
    sources = [p for p in FILES if "assistance" in p.parts]
    assert {m for p in sources for m in IMPORTS[p] if "contraception" in m} == set()


def test_the_map_of_tables_is_imported_at_the_start_only() -> None:
    importers = {
        name_of(p) for p, found in IMPORTS.items() if {"app.models"} & {m if m == "app.models" else m.rpartition(".")[0] for m in found}
    }
    assert importers <= {"app"}


def test_imports_know_no_stars() -> None:
    assert {name_of(p) for p, found in IMPORTS.items() if any(m.endswith(".*") for m in found)} == set()


KEPT = ("app", "bench", "docs", "migrations", "tests", "tools", ".ci")  # the folders of the repository
WRITTEN = {".py", ".md", ".html", ".css", ".js", ".svg", ".csv", ".po", ".toml", ".txt", ".ini", ".cfg", ".mako", ".log", ""}
ELSEWHERE = re.compile(r"\.\./sha" + r"red|\bshared/(?:data|prototype)|(?<![\w.-])/(?:work|home|root|Users)/\w|\b[A-Z]:\\\\?(?:Users|work)")


def written() -> list[Path]:
    """Every text file of the repository."""
    found = [p for p in ROOT.iterdir() if p.is_file()] + [p for folder in KEPT for p in (ROOT / folder).rglob("*") if p.is_file()]
    return [p for p in found if p.suffix in WRITTEN and "__pycache__" not in p.parts]


def test_nothing_reads_outside_the_project_or_knows_a_machine() -> None:
    assert len(written()) > 150
    assert [p for p in written() if ELSEWHERE.search(text(p))] == []


@pytest.mark.parametrize(
    "path", ["../sha" + "red/data/x.csv", "open('/wo" + "rk/main/x')", "# /ho" + "me/clerk/app", "C:\\Us" + "ers\\clerk"]
)
def test_a_path_of_one_machine_would_be_seen(path: str) -> None:
    assert ELSEWHERE.search(path)


CONFIDENTIAL = "app.ledgers.maternity"
KNOW_IT = {"app.models", "app.views", "app.sheets", "app.demo.services"}  # the three maps, and the demo township


def test_nothing_reads_the_voluntary_services() -> None:
    """No report, no count, no other ledger: whether somebody takes part has no effect because nothing can know it."""
    inside = {name_of(path) for path in FILES if within(name_of(path), CONFIDENTIAL)}
    assert len(inside) > 5
    assert {name_of(path) for path in FILES if any(within(m, CONFIDENTIAL) for m in IMPORTS[path])} - inside == KNOW_IT
    named = {name_of(path) for path in FILES if re.search(r"(newlywed|pregnancy)_service|(Newlywed|Pregnancy)Service", text(path))}
    assert named - inside == {*KNOW_IT - {"app.sheets"}, "app.core.permissions"}


def test_the_voluntary_services_write_and_read_nobody_elses_rows() -> None:
    """They ask whether a number of the own offices has the name that was typed, and nothing else."""
    known = {m for path in FILES if within(name_of(path), CONFIDENTIAL) for m in IMPORTS[path] if within(m, "app.ledgers")}
    others = {m for m in known if not within(m, CONFIDENTIAL)}
    people = ("app.ledgers.people.identity", "app.ledgers.people.naming", "app.ledgers.people.snapshots", "app.ledgers.people.sound")
    screens = "app.ledgers.people.number_views.ReadsNumbers"  # what a number says of itself fills in the form
    assert others == {*people, screens, "app.ledgers.people.search.NUMBER"}


# the maps


def test_the_map_of_tables_names_every_table() -> None:
    mapped = {m.class_ for m in Model.registry.mappers if m.class_.__module__.startswith("app.")}
    assert len(mapped) > 20
    assert mapped - {value for value in vars(models).values() if isinstance(value, type)} == set()


def test_every_name_in_the_map_has_its_meaning_beside_it() -> None:
    lines = [line for line in text(APP / "models.py").splitlines() if re.match(r"    \w+,|from .* import \w+$|from .* import \w+  #", line)]
    assert len(lines) > 15
    assert [line for line in lines if not re.search(r"#|import \($", line)] == []


def test_every_table_says_what_one_row_is() -> None:
    for mapper in Model.registry.mappers:
        if mapper.class_.__module__.startswith("app."):
            assert (mapper.class_.__doc__ or "").strip(), mapper.class_


def views(app: Flask) -> list[Any]:
    return list(app.appbuilder.baseviews)  # type: ignore[attr-defined]


def subclasses(cls: type) -> Iterator[type]:
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def own_views() -> set[type]:
    """Every screen somebody wrote, FAB's and the abstract ones left out."""
    return {cls for cls in subclasses(BaseView) if cls.__module__.startswith("app.")} - {LedgerView}


def test_every_screen_is_registered(app: Flask) -> None:
    registered = {type(view) for view in views(app)}
    forgotten = {cls for cls in own_views() - registered if not any(issubclass(other, cls) and other is not cls for other in registered)}
    assert forgotten == set()


FABS_OWN = {
    "UtilView": "tells where 'back' leads; holds no data",
    "LocaleView": "changes the language of the session",
}


def test_every_registered_screen_is_ours(app: Flask) -> None:
    assert {type(view).__name__ for view in views(app) if not type(view).__module__.startswith("app.")} == set(FABS_OWN)


def test_every_screen_of_a_table_is_a_ledger_view(app: Flask) -> None:
    screens = {type(view) for view in views(app) if isinstance(view, ModelView)}
    assert len(screens) > 3
    assert {cls for cls in screens if not issubclass(cls, LedgerView)} == set()
    assert {cls for cls in subclasses(ModelView) if cls.__module__.startswith("app.") and not issubclass(cls, LedgerView)} == set()


@pytest.mark.parametrize("kind", ["list_columns", "show_columns", "add_columns", "edit_columns", "search_columns"])
def test_every_screen_names_its_columns(app: Flask, kind: str) -> None:
    """FAB's default is every column: new personal data would be shown, sorted and searched by itself."""
    route = {"add_columns": "add", "edit_columns": "edit", "show_columns": "show", "list_columns": "list", "search_columns": "list"}[kind]
    for view in views(app):
        if isinstance(view, ModelView) and _has_route(view, route):
            own = [cls for cls in type(view).__mro__ if kind in vars(cls) and cls.__module__.startswith("app.")]
            assert own, f"{type(view).__name__} leaves {kind} to its default"


def test_every_screen_names_what_it_sorts_by(app: Flask) -> None:
    for view in views(app):
        if isinstance(view, LedgerView):
            assert "order_columns" in vars(type(view)), type(view).__name__
            assert view.base_order, type(view).__name__


def _has_route(view: Any, route: str) -> bool:
    return (view.include_route_methods is None or route in view.include_route_methods) and route not in (view.exclude_route_methods or ())


FORBIDDEN = (
    "_enc",
    "_bidx",
    "_last4",
    "scope_path",
    "version",
    "made_by_id",
    "approved_by_id",
    "row_hash",
    "status",
    "region_id",
    "password",
)


def test_no_form_offers_what_a_user_may_not_set(app: Flask) -> None:
    for view in views(app):
        if isinstance(view, LedgerView):
            for column in {*view.add_columns, *view.edit_columns}:
                assert not column.endswith(FORBIDDEN) or column == "row_version", f"{type(view).__name__}.{column}"


def test_no_search_runs_over_a_secret_or_a_relation_but_to_a_place(app: Flask) -> None:
    for view in views(app):
        if isinstance(view, LedgerView):
            columns = view.datamodel.obj.__mapper__.columns
            for column in (c for c in view.search_columns if not view.datamodel.is_place(c)):
                assert column in columns, f"{type(view).__name__}.{column}"
                assert not columns[column].info.get("secret"), column
                assert not columns[column].info.get("blind"), column


def test_every_table_of_an_office_is_scoped() -> None:
    """A table with an office's rows in it and no scope would be open to everybody."""
    for mapper in Model.registry.mappers:
        if "region_id" in mapper.columns and mapper.class_.__module__.startswith("app."):
            assert issubclass(mapper.class_, Scoped) or mapper.class_.__name__ in {"RegionCode", "UserRegion", "DocumentCounter"}, (
                mapper.class_
            )


CHECKS = ("approver_iff_approved", "hash_iff_approved", "approver_is_not_maker", "approver_is_not_editor")


def test_every_record_keeps_the_checks_of_approval() -> None:
    """A ledger that sets `__table_args__` without those of Record would lose them silently."""
    records = [m.class_ for m in Model.registry.mappers if issubclass(m.class_, Record)]
    assert records
    kept = {r.__tablename__: {c.name for c in r.__table__.constraints} for r in records}
    lost = {(table, check) for table, names in kept.items() for check in CHECKS if f"ck_{table}_{check}" not in names}
    assert lost == set()


def test_every_record_has_its_triggers() -> None:
    records = {m.class_.__tablename__ for m in Model.registry.mappers if issubclass(m.class_, Record)}
    named = {trigger.name for trigger in ddl.declared("sqlite")}
    assert {f"{table}_{rule}" for table in records for rule in ("second_person", "kept")} <= named


# back doors


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """(dotted name as written, line) of every call."""
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


COMMITS: dict[str, int] = {
    "app/core/unit_of_work.py": 1,  # the one place
    "migrations/env.py": 1,  # a migration runs without a session
}


def test_only_the_unit_of_work_commits() -> None:
    found: dict[str, int] = {}
    for path in OWN:
        n = sum(name.rpartition(".")[2] in {"commit", "begin_nested"} for name, _ in calls(path))
        if n:
            found[path.relative_to(ROOT).as_posix()] = n
    assert found == COMMITS


BEGINS = {
    "app/core/audit.py": "a refusal is written after the rollback of what was refused",
    "app/ledgers/people/identity.py": "the request to another office is kept although the form is refused",
    "app/operations/database_file.py": "rows go into a copy, which is nobody's office yet",
    "app/operations/postgresql.py": "rows go into an empty database, which is nobody's office yet",
}


def test_other_transactions_are_on_the_list() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for name, _ in calls(path)
        if name.endswith(("session.begin", "engine.begin", "target.begin"))
    }
    assert found <= set(BEGINS)


def test_the_time_comes_from_the_clock() -> None:
    asked = re.compile(r"(^|\.)(now|today|utcnow|fromtimestamp)$")
    for path in FILES:
        if path.name != "clock.py":
            for name, line in calls(path):
                assert not (asked.search(name) and name.split(".")[0] in {"datetime", "date"}), f"{path}:{line} {name}"
                assert name != "time.time", f"{path}:{line}"


def test_nothing_speaks_to_the_driver_behind_sqlalchemy() -> None:
    """driver_connection, psycopg's copy and a connection of one's own pass every guard."""
    for path in FILES:
        found = re.findall(
            r"driver_connection|dbapi_connection|raw_connection|\.copy_expert|\.copy\((?:f?[\"'])COPY|\bimport psycopg\b", text(path)
        )
        assert found == [], path


SQLITE3 = {"app/core/unit_of_work.py", "app/health.py"}  # its version


def test_only_the_named_files_import_the_sqlite_driver() -> None:
    found = {p.relative_to(ROOT).as_posix() for p in FILES if "sqlite3" in IMPORTS[p]}
    assert {p for p in found if re.search(r"sqlite3\.connect\(", text(ROOT / p))} <= {"app/operations/database_file.py", "app/setup.py"}
    assert found - SQLITE3 <= {"app/operations/database_file.py", "app/setup.py"}


def test_no_view_loads_a_row_by_its_key() -> None:
    for path in [*APP.rglob("*views.py"), APP / "core" / "screen.py"]:
        for name, line in calls(path):
            assert not re.search(r"session(\(\))?\.(get|get_one|query)$", name), f"{path}:{line} {name}"


def test_status_is_set_by_the_workflow_only() -> None:
    for path in FILES:
        if path.relative_to(APP).as_posix() == "core/workflow.py":
            continue
        for node in ast.walk(ast.parse(text(path))):
            targets = (
                node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []
            )
            flat = [e for t in targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
            assert not any(isinstance(t, ast.Attribute) and t.attr == "status" for t in flat), f"{path}:{node.lineno}"  # type: ignore[attr-defined]


def test_no_code_is_built_from_text() -> None:
    for path in OWN:
        for name, line in calls(path):
            assert name not in {"eval", "exec", "compile", "__import__", "pickle.loads", "os.system", "yaml.load"}, f"{path}:{line}"


TEXT_SQL = {
    "app/core/ddl.py",  # triggers and the catalogue of the database
    "app/core/insertion.py",  # a statement that SQLAlchemy made
    "app/core/unit_of_work.py",  # BEGIN IMMEDIATE and pragmas
    "app/health.py",  # SELECT 1 and pragmas
    "app/operations/database_file.py",  # pragmas
    "app/setup.py",  # the journal mode
    "migrations/env.py",
}


def test_sql_as_text_stands_in_the_named_files_only() -> None:
    found = set()
    for path in OWN:
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name == "exec_driver_sql" or (name == "text" and node.args and isinstance(node.args[0], ast.JoinedStr)):
                    found.add(path.relative_to(ROOT).as_posix())
    assert found <= TEXT_SQL


# templates

TEMPLATES = sorted((APP / "templates").rglob("*.html"))
WIDGETS = {"ledger/list.html", "ledger/show.html", "ledger/form.html"}  # FAB's widgets come as HTML, made by templates that escape


def test_templates_trust_no_text() -> None:
    """`|safe` shows what it gets as HTML: only a widget, and only on the pages of a ledger."""
    assert len(TEMPLATES) > 5
    for path in TEMPLATES:
        trusted = [line for line in text(path).splitlines() if re.search(r"\|\s*safe\b|Markup\(|autoescape\s+false", line)]
        assert not trusted or path.relative_to(APP / "templates").as_posix() in WIDGETS, (path, trusted)
        assert [line for line in trusted if "widgets.get(" not in line or line.count("|safe") > 1] == [], path


def test_pages_carry_no_inline_style_and_no_inline_handler() -> None:
    for path in TEMPLATES:
        assert not re.search(r"<[^>]*\sstyle\s*=", text(path)), path
        assert not re.search(r"<[^>]*\son(click|change|submit|load|input|keyup)\s*=", text(path), re.IGNORECASE), path


def test_pages_load_nothing_from_another_host() -> None:
    for path in [*TEMPLATES, *(APP / "static").rglob("*.css"), *(APP / "static").rglob("*.js")]:
        assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?(https?:)?//", text(path)), path


def test_scripts_stand_in_files_or_carry_a_nonce() -> None:
    for path in TEMPLATES:
        for tag in re.findall(r"<script[^>]*>", text(path)):
            assert "nonce=" in tag, (path, tag)


def test_every_form_that_posts_has_its_token() -> None:
    for path in TEMPLATES:
        for form in re.findall(r"<form[^>]*method=[\"']?post.*?</form>", text(path), re.IGNORECASE | re.DOTALL):
            assert "csrf_token" in form or "hidden_tag" in form or "sent(" in form, (path, form[:200])


# words


@pytest.mark.parametrize("setting", [s.name for s in SETTINGS])
def test_every_setting_is_explained_in_the_readme(setting: str) -> None:
    assert f"`{setting}`" in text(ROOT / "README.md")


def test_the_readme_names_the_workbook_of_every_ledger() -> None:
    assert f"({', '.join(f'`{ledger}`' for ledger in WORKBOOKS)})" in text(ROOT / "README.md")


def test_every_file_says_what_it_holds() -> None:
    for path in FILES:
        if path.stat().st_size:
            assert ast.get_docstring(ast.parse(text(path))), path


def test_no_file_is_left_half_done() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
    for path in [*OWN, *TEMPLATES, *(ROOT / "tests").rglob("*.py")]:
        assert not re.search(rf"\b({words})\b", text(path)), path


def test_tests_are_never_skipped() -> None:
    marks = re.compile(r"pytest\.(skip|xfail|importorskip)\b|mark\.(skip|xfail|skipif)\b|^\s*assert True$", re.MULTILINE)
    browser = (
        ROOT / "tests" / "browser" / "conftest.py"
    )  # where no browser is installed, those tests say so; REQUIRE_BROWSER makes it a failure
    for path in (ROOT / "tests").rglob("*.py"):
        if path.name != "test_architecture.py":
            assert len(marks.findall(text(path))) == (path == browser), path


# rights of the screens


def test_every_record_screen_is_in_the_shipped_roles(app: Flask) -> None:
    """A ledger nobody may open would be found by no other test."""
    granted = {(permission, view) for role in SHIPPED for permission, view in role.grants}
    records = [view for view in views(app) if isinstance(view, LedgerView) and issubclass(view.datamodel.obj, Record)]
    needed = {(right, type(view).__name__) for view in records for right in ("can_list", "can_add", "submit", "approve")}
    assert records
    assert needed <= granted
