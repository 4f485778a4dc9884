"""`make mutants`: two runs that must leave no survivor.

Run 1: the session guard is off and one call of scope.query or scope.get at a time is taken away: one of the tests that come by must fail.
Run 2: all these calls are taken away and the guard is on: the neighbour tests must still pass.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

NEIGHBOUR = "tests/test_neighbour.py"
TESTS = (
    "tests/core/test_attachments.py",
    "tests/core/test_checking.py",
    "tests/core/test_drafts.py",
    "tests/core/test_entering.py",
    "tests/core/test_paging.py",
    "tests/core/test_pickers.py",
    "tests/core/test_proposals.py",
    "tests/core/test_queueing.py",
    "tests/core/test_record_page.py",
    "tests/demo",
    "tests/workbench",
    "tests/ledgers/births/test_scope.py",
    "tests/ledgers/people/test_scope.py",
    NEIGHBOUR,
    "tests/test_pages.py",
    "tests/sheets",
    "tests/reports",
    "tests/ledgers",
)


HARMLESS = {  # (file, call) → why nothing can be seen where it is taken away
    ("app/core/proposals.py", "scope.get(type(item), item.uid)"): "only whether the row is still there to go back to",
    ("app/demo/township.py", "scope.query(DuplicatePair)"): "the demo office is made with every row in view",
    ("app/ledgers/people/duplicates.py", "scope.get(DuplicatePair, pair.uid)"): "the pair was given to this office in the line before",
    ("app/ledgers/people/merging.py", "scope.query(Person)"): "locks rows; what is read of them is read with the scope in the next line",
}


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


def passes(sabotage: str, tests: Iterable[str], **more: str) -> bool:
    """Whether these tests pass under this sabotage; anything but passed or failed stops the whole run."""
    environment = {**os.environ, "SABOTAGE": sabotage, "TEST_DB": os.environ.get("TEST_DB", "sqlite"), **more}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as named:
        named.write("\n".join(tests))
        named.flush()
        command = (sys.executable, "-m", "pytest", "-q", "-x", "-m", "not guard", "-p", "no:cacheprovider", f"@{named.name}")
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode not in (0, 1):
        raise SystemExit(result.stdout + result.stderr)
    return result.returncode == 0


def who_comes_by(tests: tuple[str, ...]) -> dict[tuple[str, int], list[str]]:
    """(file, line) → the tests that come by there. All of them must pass while the guard is off and every call in place."""
    with tempfile.TemporaryDirectory() as folder:
        if not passes("guard", tests, SABOTAGE_LOG=folder):
            raise SystemExit("with the guard off and every call in place the tests must pass: the first run would say nothing")
        found: dict[tuple[str, int], list[str]] = {}
        for path in Path(folder).iterdir():
            for file, line, test in json.loads(path.read_text(encoding="utf-8")):
                found.setdefault((file, line), []).append(test)
    return found


def _nearest_first(site: Site, seen: dict[tuple[str, int], list[str]]) -> list[str]:
    """The tests that come by a call, those of its own folder first: they are the likeliest to notice, and the first failure ends a run."""
    own = str(Path("tests", *Path(site.file).parts[1:-1])) + "/"
    tests = {test: None for line in range(site.first, site.last + 1) for test in seen.get((site.file, line), ())}
    return sorted(tests, key=lambda test: (not test.startswith(own), not test.startswith(NEIGHBOUR)))


def main() -> int:
    """Both runs; the exit status is the number of survivors."""
    seen, places = who_comes_by(tuple(test for test in TESTS if Path(test).exists())), sites()
    print(f"run 1: guard off, {len(places)} calls taken away one by one", flush=True)
    with ThreadPoolExecutor(int(os.environ.get("TEST_WORKERS", "2"))) as pool:
        survivors = sum(pool.map(lambda site: _survives(site, _nearest_first(site, seen)), places))
    held = passes("filters", (NEIGHBOUR,))
    survivors += not held
    print(f"run 2: all {len(places)} calls taken away, guard on: the neighbour tests {'pass' if held else 'FAIL'}")
    print(f"{survivors} survived")
    return survivors


def _survives(site: Site, tests: list[str]) -> bool:
    survived, why = not tests or passes(f"{site.file}:{site.first}:{site.last}", tests), HARMLESS.get((site.file, site.text))
    if survived and why:
        print(f"  harmless  {site.file}:{site.first}  {site.text}  ({why})", flush=True)
        return False
    print(f"  {'SURVIVED' if survived else 'killed'}  {site.file}:{site.first}  {site.text}  ({len(tests)} tests come by)", flush=True)
    return survived


if __name__ == "__main__":
    sys.exit(main())
