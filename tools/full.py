"""`make full`: the tests marked `full` at their large figures, with date, commit and everything they print kept in bench/results."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

RESULTS = Path("bench/results")
PYTEST = (sys.executable, "-m", "pytest", "-m", "full", "-v", "-s", "--no-header", "--durations=20")


def main(arguments: list[str]) -> int:
    """Run, show and log; the exit status is pytest's own, which is not zero when no test ran."""
    started = datetime.now(UTC)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"full-{started:%Y%m%d-%H%M%S}.log"
    with path.open("w", encoding="utf-8") as log:
        for line in _header(started):
            _tell(line + "\n", log)
        with _pytest(arguments) as run:
            for line in run.stdout or ():
                _tell(line, log)
        _tell(f"exit status {run.returncode} after {datetime.now(UTC) - started}\n", log)
    print(f"kept in {path}")
    return run.returncode


def _pytest(arguments: list[str]) -> "subprocess.Popen[str]":
    environment = {**os.environ, "TAIZHANG_FULL": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen([*PYTEST, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _tell(text: str, log: TextIO) -> None:
    for file in (sys.stdout, log):
        file.write(text)
        file.flush()


def _header(started: datetime) -> Iterator[str]:
    yield f"date {started.isoformat(timespec='seconds')}"
    yield f"commit {_commit()}"
    yield f"python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores"


def _commit() -> str:
    try:
        return subprocess.run(("git", "describe", "--always", "--dirty"), capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
