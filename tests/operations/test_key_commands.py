"""`flask key`: what each command says, and that what it refuses is one sentence."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import crypto, keys
from app.models import AuditEntry
from app.operations import rotation
from tests.conftest import KEYS
from tests.operations.conftest import NUMBERS, PHONE, working


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between batches."""
    monkeypatch.setattr(rotation, "PAUSE", 0.0)


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["key", *words])


def test_a_rotation_says_what_to_keep(filled: Flask) -> None:
    answer = run(filled, "rotate")
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.startswith("Key 2 is in use; it holds all ")
    assert "Put a copy of data.keys into the safe now" in answer.stdout
    actors = working(filled, lambda s: set(s.scalars(select(AuditEntry.actor).where(AuditEntry.target == "data_key/2"))))
    assert actors == {"command: key rotate"}


def test_the_list_tells_which_key_holds_what(filled: Flask) -> None:
    held = run(filled, "list").stdout
    run(filled, "rotate")
    count = held.partition(": ")[2]
    assert run(filled, "list").stdout == f"Key 1: 0 values\nKey 2: {int(count.split()[0])} values\n"


def test_the_list_names_a_key_that_is_not_here(filled: Flask) -> None:
    """Its values are lost until somebody brings it back."""
    run(filled, "rotate")
    crypto.use(keys.load(f"{KEYS},3:{'dGhpcmQh' * 6}", Path("none")))
    with filled.app_context():
        told = rotation.listed()
    assert (set(told), told[3]) == ({1, 2, 3}, 0)


def test_a_key_that_was_used_yesterday_is_retired(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    run(filled, "rotate")
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    answer = run(filled, "retire", "1")
    assert (answer.exit_code, answer.stdout.splitlines()[0]) == (0, "Nothing is sealed with key 1, and it is forgotten.")
    assert "Backups made before the rotation need it" in answer.stdout


@pytest.mark.parametrize(("words", "sentence"), [(("retire", "1"), "It cannot be retired."), (("retire", "9"), "There are: 1.")])
def test_what_is_refused_is_one_sentence(filled: Flask, words: tuple[str, ...], sentence: str) -> None:
    answer = run(filled, *words)
    assert (answer.exit_code, type(answer.exception), answer.stdout) == (1, SystemExit, "")
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.strip().endswith(sentence)


def test_a_number_that_is_none_is_a_wrong_use(filled: Flask) -> None:
    assert run(filled, "retire", "first").exit_code == 2


def test_no_key_and_no_value_is_in_what_is_told(filled: Flask, caplog: pytest.LogCaptureFixture) -> None:
    told = "".join(run(filled, *words).output for words in (("list",), ("rotate",), ("retire", "1"), ("list",))) + caplog.text
    details = working(filled, lambda s: "".join(s.scalars(select(AuditEntry.detail).where(AuditEntry.target.startswith("data_key/")))))
    assert not any(secret in told + details for secret in (KEYS.partition(":")[2], PHONE, *NUMBERS))
