"""A ledger of five fields, added as a slice without a template, has all that a ledger has."""

import subprocess
import sys
from pathlib import Path


def test_a_slice_without_a_template_has_all_that_a_ledger_has(url: str, tmp_path: Path) -> None:
    """In a process of its own: the table would stand in the metadata of every other test."""
    done = subprocess.run((sys.executable, "-m", "tests.talks", url, str(tmp_path)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_slice_has_no_template() -> None:
    assert sorted(path.name for path in Path("tests/talks").iterdir() if path.suffix) == [
        "__init__.py", "__main__.py", "models.py", "rules.py", "sheet.py", "views.py",
    ]  # fmt: skip
