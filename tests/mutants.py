"""`make mutants`: two runs that must leave no survivor.

Run 1: the session guard is off and one call of scope.query or scope.get at a time is taken away: a test must fail.
Run 2: all these calls are taken away and the guard is on: the neighbour tests must still pass.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

NEIGHBOUR = "tests/test_neighbour.py"
TESTS = (  # the quick first
    "tests/core/test_pickers.py",
    "tests/core/test_attachments.py",
    "tests/ledgers/births/test_scope.py",
    "tests/ledgers/people/test_scope.py",
    NEIGHBOUR,
    "tests/test_pages.py",
    "tests/sheets",
    "tests/reports",
    "tests/ledgers",
)


class Site(NamedTuple):
    """One call that holds rows to the scope."""

    file: str
    first: int
    last: int
    text: str


def sites() -> list[Site]:
    """Every call of scope.query and scope.get in the application."""
    paths = sorted(Path("app").rglob("*.py"))
    calls = [(path, node) for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if _is_site(node)]
    return [Site(str(path), call.lineno, call.end_lineno, ast.unparse(call)) for path, call in calls]


def _is_site(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("scope.query", "scope.get")


def _nearest_first(site: Site, tests: tuple[str, ...]) -> tuple[str, ...]:
    """The tests that mirror the folder of the call come first: they are the likeliest to notice, and the first failure ends a run."""
    own = str(Path("tests", *Path(site.file).parts[1:-1]))
    return (own, *tests) if Path(own).is_dir() and own != "tests/core" else tests


def passes(sabotage: str, tests: tuple[str, ...]) -> bool:
    """Whether these tests pass under this sabotage; anything but passed or failed stops the whole run."""
    environment = {**os.environ, "SABOTAGE": sabotage, "TEST_DB": os.environ.get("TEST_DB", "sqlite")}
    command = (sys.executable, "-m", "pytest", "-q", "-x", "-m", "not guard", "-p", "no:cacheprovider", *tests)
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode not in (0, 1):
        raise SystemExit(result.stdout + result.stderr)
    return result.returncode == 0


def main() -> int:
    """Both runs; the exit status is the number of survivors."""
    existing = tuple(test for test in TESTS if Path(test).exists())
    if not passes("guard", existing):
        raise SystemExit("with the guard off and every call in place the tests must pass: the first run would say nothing")
    survivors = 0
    places = sites()
    print(f"run 1: guard off, {len(places)} calls taken away one by one", flush=True)
    for site in places:
        killed = not passes(f"{site.file}:{site.first}:{site.last}", _nearest_first(site, existing))
        survivors += not killed
        print(f"  {'killed' if killed else 'SURVIVED'}  {site.file}:{site.first}  {site.text}", flush=True)
    held = passes("filters", (NEIGHBOUR,))
    survivors += not held
    print(f"run 2: all {len(places)} calls taken away, guard on: the neighbour tests {'pass' if held else 'FAIL'}")
    print(f"{survivors} survived")
    return survivors


if __name__ == "__main__":
    sys.exit(main())
