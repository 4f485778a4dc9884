"""The Chinese catalogue is complete, and the tool that says so finds each kind of fault."""

import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools import check_translations

PLACE = "app/x.py:1"


def test_the_catalogue_is_complete():
    run = subprocess.run(
        (sys.executable, "tools/check_translations.py"), cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, "")


def faults(*messages: tuple[str, str], needed: tuple[str, ...], flags: tuple[str, ...] = ()) -> list[str]:
    """The faults of a catalogue with these translations, where these sentences are needed."""
    catalogue = Catalog(locale="zh")
    for sentence, translation in messages:
        catalogue.add(sentence, translation, flags=flags)
    said = dict.fromkeys(needed, PLACE)
    return [problem.split()[0] for problem in check_translations.wrong(catalogue, said, allowed=said)]


def test_a_complete_catalogue_has_no_fault():
    assert faults(("Save", "保存"), ("%(n)s rows", "%(n)s 行"), needed=("Save", "%(n)s rows")) == []


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ((), "missing"),
        ((("%(n)s rows", ""),), "empty"),
        ((("%(n)s rows", "行"),), "placeholders"),
        ((("%(n)s rows", "%(m)s 行"),), "placeholders"),
        ((("%(n)s rows", "%(n)s 行"), ("Gone", "没了")), "obsolete"),
    ],
)
def test_each_kind_of_fault_is_named(messages, fault):
    assert faults(*messages, needed=("%(n)s rows",)) == [fault]


def test_a_fuzzy_translation_is_a_fault():
    assert faults(("Save", "保存"), needed=("Save",), flags=("fuzzy",)) == ["fuzzy"]


def test_words_are_found_in_code_and_templates(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "x.html").write_text('<p>{{ _("In a page") }}</p>', encoding="utf-8")
    (tmp_path / "x.py").write_text('LABEL = _l("In code")', encoding="utf-8")
    assert set(check_translations.said_in(tmp_path, tmp_path)) == {"In a page", "In code"}
