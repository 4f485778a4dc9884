"""The region tree: loaded once, found by code on any date, paths that are never used again."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import RuleViolation
from app.core.regions import Level, Region, RegionCode, by_code, child_path, code_of, full_name, load, prefix, whole
from app.core.unit_of_work import unit_of_work
from app.demo import REGIONS
from tests.cast import A1, A, B
from tests.core.rows import COUNTY, PATH_A, PATH_A1

HEAD = "code,name,level,parent_code\n"


def file(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "regions.csv"
    path.write_text(head + "".join(line + "\n" for line in lines), encoding="utf-8-sig")
    return path


def loaded(seeing: Any, path: Path) -> int:
    def run(session: Session) -> int:
        with unit_of_work():
            return load(session, path)

    return int(seeing(run))


def count(seeing: Any) -> int:
    return int(seeing(lambda s: s.scalar(select(func.count(Region.id)))))


def test_the_district_is_whole(seeing: Any) -> None:
    per_level = seeing(lambda s: dict(s.execute(select(Region.level, func.count()).group_by(Region.level)).tuples().all()))
    assert per_level[Level.county] == 1
    assert per_level[Level.town] == 14
    assert per_level[Level.village] == 210


def test_every_path_is_its_parents_path_and_four_digits(seeing: Any) -> None:
    rows = seeing(lambda s: s.execute(select(Region.id, Region.path, Region.parent_id, Region.level)).all())
    paths = {r.id: r.path for r in rows}
    order = list(Level)
    for row in rows:
        assert row.path[:-4] == paths.get(row.parent_id, "")
        assert row.path[-4:].isdigit()
        assert order[len(row.path) // 4 - 1] == row.level


def test_loading_the_same_file_again_adds_nothing(seeing: Any) -> None:
    before = count(seeing)
    assert loaded(seeing, REGIONS) == 0
    assert count(seeing) == before


def test_a_new_village_takes_the_next_path(seeing: Any, tmp_path: Path) -> None:
    last = seeing(lambda s: s.scalar(select(func.max(Region.path)).where(Region.path.startswith(PATH_A), Region.level == Level.village)))
    assert loaded(seeing, file(tmp_path, f"420506107998,新村,village,{A}000")) == 1
    found = seeing(lambda s: by_code(s, "420506107998"))
    assert (found.path, found.name, found.level) == (f"{PATH_A}{int(last[-4:]) + 1:04d}", "新村", Level.village)


def test_prefixes_of_codes_are_enough_in_a_file(seeing: Any, tmp_path: Path) -> None:
    assert loaded(seeing, file(tmp_path, f"420506999,新镇,town,{A[:6]}", "420506999001,新村,village,420506999")) == 2
    assert seeing(lambda s: by_code(s, "420506999001").path).startswith(seeing(lambda s: by_code(s, "420506999").path))


BAD = {
    "letters": ("42050610799X,新村,village,420506107", "Line 2", "twelve digits"),
    "too long": ("4205061079990,新村,village,420506107", "Line 2", "twelve digits"),
    "no code": (",新村,village,420506107", "Line 2", "twelve digits"),
    "level": ("420506107999,新村,hamlet,420506107", "Line 2", "level is one of"),
    "no level": ("420506107999,新村,,420506107", "Line 2", "level is one of"),
    "unknown parent": ("420506107999,新村,village,999999", "Line 2", "neither in the file nor on record"),
    "no parent": ("420506107999,新村,village,", "Line 2", "neither in the file nor on record"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_named_and_nothing_is_stored(seeing: Any, tmp_path: Path, case: str) -> None:
    line, where, what = BAD[case]
    before = count(seeing)
    with pytest.raises(RuleViolation) as refused:
        loaded(seeing, file(tmp_path, line, "420506107997,另村,village,420506107"))
    (problem,) = refused.value.problems
    assert where in str(problem.message)
    assert what in str(problem.message)
    assert count(seeing) == before


def test_every_bad_line_is_told_at_once(seeing: Any, tmp_path: Path) -> None:
    with pytest.raises(RuleViolation) as refused:
        loaded(seeing, file(tmp_path, "x,a,village,420506107", "420506107996,b,village,420506107", "420506107995,c,hamlet,420506107"))
    assert [str(p.message)[:6] for p in refused.value.problems] == ["Line 2", "Line 4"]


@pytest.mark.parametrize("head", ["code,name\n", "编码,名称\n", ""])
def test_a_file_without_its_columns_is_refused(seeing: Any, tmp_path: Path, head: str) -> None:
    with pytest.raises(RuleViolation, match="needs the columns code, level, name, parent_code"):
        loaded(seeing, file(tmp_path, *(["1,a"] if head else []), head=head))


def test_a_code_is_found_on_the_dates_it_was_in_force(seeing: Any) -> None:
    """One place is re-coded in 2024, and its old code is given to another one in 2025."""

    def recode(session: Session) -> tuple[int, int]:
        with unit_of_work():
            old, other = by_code(session, A1), by_code(session, B)
            assert old is not None
            assert other is not None
            row = session.get_one(RegionCode, (old.id, A1))
            row.valid_to = date(2023, 12, 31)
            session.add(RegionCode(region_id=old.id, code="420506107900", valid_from=date(2024, 1, 1)))
            session.add(RegionCode(region_id=other.id, code=A1, valid_from=date(2025, 1, 1)))
            return old.id, other.id

    old, other = seeing(recode)

    def on(code: str, day: date | None) -> int | None:
        found = seeing(lambda s: by_code(s, code, day))
        return found and found.id

    assert on(A1, date(2023, 12, 31)) == old
    assert on(A1, date(2024, 6, 1)) is None
    assert on(A1, date(2025, 1, 1)) == on(A1, None) == other
    assert on("420506107900", None) == on("420506107900", date(2024, 1, 1)) == old
    assert on("420506107900", date(2023, 12, 31)) is None
    assert seeing(lambda s: code_of(s, s.get(Region, old))) == "420506107900"


def test_a_path_is_never_used_again(seeing: Any) -> None:
    def close_the_last(session: Session) -> tuple[str, str]:
        with unit_of_work():
            first = child_path(session, PATH_A)
            region = Region(path=first, level=Level.village, name="x", valid_to=date(2020, 1, 1))
            session.add(region)
            session.flush()
            return first, child_path(session, PATH_A)

    first, second = seeing(close_the_last)
    assert int(second[-4:]) == int(first[-4:]) + 1


def test_a_place_with_9999_parts_is_full(seeing: Any) -> None:
    def fill(session: Session) -> None:
        with unit_of_work():
            session.add(Region(path=f"{PATH_A1}9999", level=Level.village, name="x"))
            session.flush()
            child_path(session, PATH_A1)

    with pytest.raises(RuleViolation, match="9999"):
        seeing(fill)


def test_a_full_name_begins_at_the_county(seeing: Any) -> None:
    assert seeing(lambda s: full_name(s, by_code(s, A1))) == "夷陵区龙泉镇龙镇社区居民委员会"
    assert seeing(lambda s: full_name(s, by_code(s, A), 1)) == "湖北省宜昌市夷陵区龙泉镇"
    assert seeing(lambda s: full_name(s, by_code(s, A), 4)) == "龙泉镇"
    assert seeing(lambda s: by_code(s, "420506").path) == COUNTY


@pytest.mark.parametrize(
    ("code", "short"),
    [
        ("420000000000", "42"),
        ("420500000000", "4205"),
        ("420506000000", "420506"),
        ("420506107000", "420506107"),
        ("420506107001", "420506107001"),
    ],
)
def test_a_code_without_its_empty_levels(code: str, short: str) -> None:
    assert prefix(code) == short
    assert whole(short) == code
