"""The code lists shipped with the program: every file is complete and consistent in itself."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.core import codes as lists

FOLDER = Path(__file__).resolve().parents[2] / "app" / "core" / "codes"
HEADER = ["code", "label_zh", "label_en", "parent", "valid_from", "valid_to", "source"]
SETS = [
    "attachment_kind",
    "birth_health",
    "birth_place",
    "contraceptive_method",
    "delivery_mode",
    "ethnicity",
    "facility_type",
    "household_event",
    "hukou_state",
    "hukou_type",
    "id_type",
    "kinship",
    "marital",
    "marriage_event",
    "mgmt_class",
    "move_event",
    "move_what",
    "record_source",
    "registration_channel",
    "registration_type",
    "return_reason",
    "service_answer",
    "service_end",
    "service_item",
    "sex",
    "told_by",
]
FILES = sorted(path.stem for path in FOLDER.glob("*.csv"))
Row = dict[str, str]

every_set = pytest.mark.parametrize("name", FILES)


def lines(name: str) -> list[list[str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def rows(name: str) -> list[Row]:
    return [dict(zip(HEADER, line, strict=True)) for line in lines(name)[1:]]


def codes(name: str) -> list[str]:
    return [row["code"] for row in rows(name)]


def chain(name: str, code: str) -> list[str]:
    """A code and the codes above it, at most as many as the set holds."""
    parents = {row["code"]: row["parent"] for row in rows(name)}
    found = [code]
    while parents[found[-1]] and len(found) <= len(parents):
        found.append(parents[found[-1]])
    return found


def test_every_set_of_the_field_lists_is_there() -> None:
    assert set(SETS) <= set(FILES)


@every_set
def test_header_and_width_are_right(name: str) -> None:
    assert lines(name)[0] == HEADER
    assert {len(line) for line in lines(name)} == {len(HEADER)}


@every_set
def test_there_are_rows(name: str) -> None:
    assert len(rows(name)) >= 2


@every_set
def test_no_cell_has_blanks_at_its_ends(name: str) -> None:
    assert [cell for line in lines(name) for cell in line if cell != cell.strip()] == []


@every_set
def test_codes_are_unique_and_of_one_width(name: str) -> None:
    assert len(set(codes(name))) == len(codes(name))
    assert len({len(code) for code in codes(name)}) == 1


@every_set
def test_codes_are_digits_in_order(name: str) -> None:
    assert all(code.isascii() and code.isdigit() for code in codes(name))
    assert codes(name) == sorted(codes(name))


@every_set
@pytest.mark.parametrize("column", ["label_zh", "label_en"])
def test_labels_are_present_and_tell_codes_apart(name: str, column: str) -> None:
    labels = [row[column] for row in rows(name)]
    assert all(labels)
    assert len(set(labels)) == len(labels)


@every_set
def test_english_labels_are_english(name: str) -> None:
    assert [row["label_en"] for row in rows(name) if not row["label_en"].isascii()] == []


@every_set
def test_parents_exist(name: str) -> None:
    assert {row["parent"] for row in rows(name)} - {""} <= set(codes(name))


@every_set
def test_no_code_is_above_itself(name: str) -> None:
    chains = [chain(name, code) for code in codes(name)]
    assert [found for found in chains if len(set(found)) < len(found)] == []


@every_set
def test_validity_dates_are_real_and_in_order(name: str) -> None:
    starts = [date.fromisoformat(row["valid_from"] or "0001-01-01") for row in rows(name)]
    ends = [date.fromisoformat(row["valid_to"] or "9999-12-31") for row in rows(name)]
    assert all(start <= end for start, end in zip(starts, ends, strict=True))


@every_set
def test_every_row_names_its_source(name: str) -> None:
    assert all(row["source"] for row in rows(name))


def test_sexes_match_the_id_number() -> None:
    assert {row["code"]: row["label_zh"] for row in rows("sex")} == {"0": "未知", "1": "男", "2": "女", "9": "未说明"}


def test_all_56_ethnic_groups_are_listed() -> None:
    assert codes("ethnicity") == [f"{number:02d}" for number in range(1, 57)] + ["97", "98"]


def test_lists_that_are_being_read_are_seen_by_nobody_yet(working: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with working() as session:
        lists.forget()
        halves, expunge = [], session.expunge

        def meanwhile(row: lists.CodeItem) -> None:
            halves.append(dict(lists._known))
            expunge(row)

        monkeypatch.setattr(session, "expunge", meanwhile)
        assert lists.items(session, "sex")
        assert halves
        assert not any(halves)
