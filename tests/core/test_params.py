"""Dated parameters: the nearest place wins, then the newest; a file with a mistake stores nothing."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import RuleViolation
from app.core.params import SHIPPED, PolicyParam, Table, load, number
from app.core.unit_of_work import unit_of_work
from tests.core.rows import COUNTY, PATH_A, PATH_A1, PATH_B

HEAD = "scheme,region_code,key,value,valid_from,valid_to,doc_no\n"
DAY = date(2026, 3, 5)


def loaded(seeing: Any, folder: Path, *lines: str) -> int:
    path = folder / "params.csv"
    path.write_text(HEAD + "".join(line + "\n" for line in lines), encoding="utf-8")

    def run(session: Session) -> int:
        with unit_of_work():
            return load(session, path)

    return int(seeing(run))


def found(seeing: Any, path: str, on: date = DAY, key: str = "amount") -> Decimal | None:
    answer: Decimal | None = seeing(lambda s: Table(s, "test").value(key, path, on))
    return answer


def test_the_nearest_place_wins_over_a_newer_value_further_away(seeing: Any, tmp_path: Path) -> None:
    loaded(seeing, tmp_path, "test,,amount,1,2026-01-01,,d", "test,420506,amount,2,2025-01-01,,d", "test,420506107,amount,3,2020-01-01,,d")
    assert [found(seeing, p) for p in (PATH_A1, PATH_A, PATH_B, COUNTY, "0001", "")] == [3, 3, 2, 2, 1, 1]


def test_of_one_place_the_newest_value_in_force_wins(seeing: Any, tmp_path: Path) -> None:
    loaded(seeing, tmp_path, "test,,amount,1,2020-01-01,,d", "test,,amount,2,2025-01-01,2025-12-31,d", "test,,amount,3,2026-06-01,,d")
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 1)]
    assert [found(seeing, PATH_A, day) for day in days] == [None, 1, 2, 2, 1, 3]


def test_amounts_stay_exact(seeing: Any, tmp_path: Path) -> None:
    loaded(seeing, tmp_path, "test,,amount,0.10,2020-01-01,,d")
    assert str(found(seeing, PATH_A)) == "0.10"


def test_what_must_be_on_file_is_named_when_it_is_not(seeing: Any) -> None:
    with pytest.raises(RuleViolation, match=r"test\.amount"):
        seeing(lambda s: number(s, "test", "amount", PATH_A, DAY))


def test_loading_again_adds_nothing_and_changes_nothing(seeing: Any, tmp_path: Path) -> None:
    assert loaded(seeing, tmp_path, "test,,amount,1,2020-01-01,,d") == 1
    assert loaded(seeing, tmp_path, "test,,amount,2,2020-01-01,,d", "test,,amount,3,2021-01-01,,d") == 1
    assert found(seeing, PATH_A, date(2020, 6, 1)) == 1


BAD = [
    ("test,999999,amount,1,2020-01-01,,d", "no region with the code 999999"),
    ("test,,amount,many,2020-01-01,,d", "Line 3"),
    ("test,,amount,1,yesterday,,d", "Line 3"),
    ("test,,amount,1,2020-01-01,2020-13-01,d", "Line 3"),
    ("test,,amount,,2020-01-01,,d", "Line 3"),
]


@pytest.mark.parametrize(("line", "told"), BAD)
def test_a_bad_line_is_named_and_nothing_is_stored(seeing: Any, tmp_path: Path, line: str, told: str) -> None:
    before = seeing(lambda s: s.scalar(select(func.count(PolicyParam.id))))
    with pytest.raises(RuleViolation) as refused:
        loaded(seeing, tmp_path, "test,,other,1,2020-01-01,,d", line)
    assert [told in str(p.message) and "Line 3" in str(p.message) for p in refused.value.problems] == [True]
    assert seeing(lambda s: s.scalar(select(func.count(PolicyParam.id)))) == before


def test_every_shipped_parameter_can_be_asked_for(seeing: Any) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) > 5
    for line in lines:
        scheme, _, key, shipped, start, *_ = line.split(",")
        on = date.fromisoformat(start)
        assert seeing(lambda s, a=scheme, b=key, day=on: Table(s, a).value(b, PATH_A, day)) == Decimal(shipped), line
