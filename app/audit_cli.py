"""The commands of the history: check the chains, keep their heads outside the database."""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from app import setup
from app.answers import told
from app.core import audit, clock
from app.extensions import db

FILE = click.Path(dir_okay=False, path_type=Path)
group = AppGroup("audit", help="The history.")


def register(app: Flask) -> None:
    """Add the group."""
    app.cli.add_command(group)


@group.command("verify")
@click.option("--heads", "file", type=FILE, help="Heads kept by `flask audit heads`: they show a tail that was cut off.")
def verify(file: Path | None) -> None:
    """Check every chain. Names the first wrong entry of each and ends with status 1 if there is one."""
    kept = _kept(file) if file else None
    with told():
        setup.must_be_current()
        problems = list(audit.verify(db.session(), kept))
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo("The history is complete and unchanged.")


@group.command("heads")
@click.argument("file", type=FILE)
def heads(file: Path) -> None:
    """Append the last number and hash of every chain to a file. Keep it where nobody who can change the database can."""
    with told():
        setup.must_be_current()
        found = audit.heads(db.session())
    at = clock.now().isoformat(timespec="seconds")
    lines = [json.dumps({"at": at, "chain": chain, "number": number, "hash": last}) for chain, (number, last) in found.items()]
    try:
        _append(file, lines)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written ({error.strerror}).") from error
    click.echo(f"{len(found)} heads kept.")


def _append(file: Path, lines: list[str]) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)
        out.flush()
        os.fsync(out.fileno())


def _kept(file: Path) -> Mapping[str, set[tuple[int, str]]]:
    """Every head the file tells of, the old ones too: a chain that was cut may have grown again since."""
    found: dict[str, set[tuple[int, str]]] = defaultdict(set)
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            chain, number, last = _head(json.loads(line))
            found[chain].add((number, last))
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(f"{file} cannot be read as kept heads.") from error
    if not found:
        raise click.ClickException(f"{file} holds no heads.")
    return found


def _head(line: Any) -> tuple[str, int, str]:
    match line:
        case {"chain": str(chain), "number": int(number), "hash": str(last)} if number > 0:
            return chain, number, last
    raise ValueError
