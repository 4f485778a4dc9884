"""Workbooks as offices keep them, and as they should not be: read, refused in sentences, never guessed."""

import zipfile
from datetime import date

import pytest
from sqlalchemy import func, select

from app.core import regions
from app.core.errors import RuleViolation
from app.ledgers.births.models import Birth
from app.ledgers.people.models import IdentityRequest, Person
from tests.cast import A1, A2, B1, C1
from tests.factories.births import MOTHER_BORN, make_birth
from tests.factories.people import also_seen_by, id_number_for, make_person
from tests.sheets.conftest import HEADER, bring_in

NUMBERS = [id_number_for(MOTHER_BORN, "2", 800 + n) for n in range(12)]
SERIAL = (date(2025, 3, 5) - date(1899, 12, 30)).days


def row(n=0, **cells):
    """A good row of the births workbook; `cells` say what is otherwise, by the key of the column."""
    told = {"line": n + 1, "name": "李梅", "id_no": NUMBERS[n], "sex": "女", "born_on": "2025-03-05", "order": 1, "place": A1} | cells
    return list(told.values())


def reasons(outcome):
    return [reason for refusal in outcome.refused for reason in refusal.reasons]


@pytest.fixture
def births(seeing):
    """`births("born_on")` gives this column of every birth on file, oldest first."""
    return lambda column: seeing(lambda session: session.scalars(select(getattr(Birth, column)).order_by(Birth.id)).all())


@pytest.mark.parametrize(
    "written",
    [
        "2025.3.5",
        "2025/03/05",
        "2025年3月5日",
        "20250305",
        " 2025-3-5 ",
        "２０２５-０３-０５",
        date(2025, 3, 5),
        SERIAL,
        str(SERIAL),
        20250305,
    ],
)
def test_a_date_is_read_however_it_is_written(importing, births, written):
    assert importing([row(born_on=written)]).taken == 1
    assert births("born_on") == [date(2025, 3, 5)]


@pytest.mark.parametrize("written", ["2025-3-" + "5" * 31, f"2025-{'9' * 25}-1", "9" * 5000])
def test_a_date_with_too_many_digits_is_refused_like_any_other(importing, written):
    outcome = importing([row(born_on=written), row(1)])
    assert (outcome.taken, reasons(outcome)) == (1, ["Born on: This is not a date. Write it like 2025-03-05."])


@pytest.mark.parametrize(
    ("written", "sex"), [("男", "1"), ("女", "2"), (1, "1"), ("2", "2"), ("女性", "2"), (" 男 ", "1"), ("Female", "2")]
)
def test_the_sex_is_a_word_or_a_code(importing, births, written, sex):
    assert importing([row(sex=written)]).taken == 1
    assert births("sex") == [sex]


@pytest.mark.parametrize(
    "written",
    [
        A1,
        int(A1),
        "龙泉镇龙镇社区居民委员会",
        "夷陵区龙泉镇龙镇社区居民委员会",
        "龙泉镇龙镇社区",
        "龙泉镇 龙镇社区",
        "龙镇社区居委会",
        "湖北省宜昌市夷陵区龙泉镇龙镇社区",
    ],
)
def test_a_place_is_a_code_or_a_name(importing, seeing, births, written):
    outcome = importing([row(place=written)])
    assert reasons(outcome) == []
    assert seeing(lambda s: s.scalars(select(Birth)).one().region.name) == "龙镇社区居民委员会"


def test_a_name_that_fits_two_places_is_refused_with_both(importing, working, tmp_path):
    (tmp_path / "more.csv").write_text("code,name,level,parent_code\n420506108990,龙泉村村民委员会,village,420506108\n", encoding="utf-8")
    with working() as session:
        regions.load(session, tmp_path / "more.csv")
    told = reasons(importing([row(0, place="龙泉村"), row(1, place="鸦鹊岭镇龙泉村")]))
    both = "夷陵区龙泉镇龙泉村村民委员会、夷陵区鸦鹊岭镇龙泉村村民委员会"
    assert len(told) == 1
    assert told[0].startswith(f"Where the mother lives: This name fits several places: {both}.")


@pytest.mark.parametrize("written", ["火星村", "420506999999", "龙", "42"])
def test_a_place_nobody_knows_is_never_guessed(importing, births, written):
    assert "There is no such place in your offices." in reasons(importing([row(place=written)]))[0]
    assert births("id") == []


def test_digits_may_be_wide_and_have_blanks(importing, seeing):
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    assert importing([row(id_no=f" {NUMBERS[0][:6]} {NUMBERS[0][6:]} ".translate(wide), name="李 梅")]).taken == 1
    assert seeing(lambda s: s.scalars(select(Birth)).one().mother_id_no.reveal()) == NUMBERS[0]
    assert seeing(lambda s: s.scalars(select(Birth)).one().mother_name) == "李梅"


def test_a_passport_of_fifteen_characters_is_no_old_card(importing, seeing):
    outcome = importing([[*row(id_no="E12345678901234"), "护照"]], header=[*HEADER, "母亲证件类型"])
    assert (outcome.taken, reasons(outcome)) == (1, [])


def test_an_old_number_is_known_again_by_its_long_form(importing):
    old = NUMBERS[0][:6] + NUMBERS[0][8:17]
    outcome = importing([row(0), row(0, id_no=old)])
    assert (outcome.taken, [number for number, _why in outcome.known]) == (1, [5])


def test_control_characters_in_a_cell_are_dropped(importing, births):
    assert importing([[*row(name="李\x00梅"), "县\x00医院\x1f"]], header=[*HEADER, "接生机构"]).taken == 1
    assert (births("mother_name"), births("facility")) == (["李梅"], ["县医院"])


def test_twins_of_a_mother_with_an_old_number_stand_one_after_the_other(importing, births):
    old = NUMBERS[0][:6] + NUMBERS[0][8:17]
    assert importing([[*row(id_no=old, sex=sex), 2] for sex in "女男"], header=[*HEADER, "胎数"]).taken == 2
    assert births("plural_seq") == [1, 2]
    assert len(reasons(importing([[*row(id_no=None), 2], [*row(id_no=float(10**17)), 2]], header=[*HEADER, "胎数"]))) == 2


def test_a_passport_of_fifteen_digits_is_known_again(importing):
    rows = [[*row(id_no="123456789012345"), "护照"]]
    assert importing(rows, header=[*HEADER, "母亲证件类型"]).taken == 1
    assert importing(rows, header=[*HEADER, "母亲证件类型"]).taken == 0


def test_a_person_with_a_passport_of_fifteen_digits_is_known_again(importing):
    told = {"header": ("姓名", "证件类型", "证件号码", "性别", "出生日期", "现居住地"), "ledger": "people"}
    rows = [["李梅", "护照", "123456789012345", "女", "1990-01-02", A1]]
    assert importing(rows, **told).taken == 1
    again = importing(rows, **told)
    assert (len(again.known), again.refused) == (1, [])


@pytest.mark.parametrize(("column", "most"), [("接生机构", 100), ("备注", 200), ("联系电话", 200), ("母亲姓名*", 50)])
def test_a_text_too_long_for_its_column_is_refused_and_not_cut(importing, births, column, most):
    cells = dict(zip(HEADER, row(), strict=True)) | {column: "长" * (most + 1)}
    told = reasons(importing([[*cells.values()]], header=[*cells]))
    assert any(f"at most {most} characters" in reason for reason in told)
    assert births("id") == []


def test_a_number_in_the_column_of_a_list_is_not_repeated(importing):
    told = reasons(importing([row(sex=NUMBERS[0]), row(1, sex=f"女 {NUMBERS[1]}"), row(2, sex="女的")]))
    assert [reason.split(" is not")[0] for reason in told] == ["Sex: “…”", "Sex: “女 …”", "Sex: “女的”"]


def test_a_number_kept_as_a_number_has_lost_its_end_and_is_not_taken(importing):
    assert "lost its last digits" in reasons(importing([row(id_no=float(NUMBERS[0][:17] + "0"))]))[0]


def test_every_reason_of_a_row_comes_at_once(importing):
    told = reasons(
        importing(
            [row(sex="？", born_on="昨天", order="一", place="火星村", id_no=NUMBERS[0][:-1] + ("1" if NUMBERS[0][-1] != "1" else "2"))]
        )
    )
    assert [reason.partition(":")[0] for reason in told] == [
        "Sex", "Born on", "Child number of the mother", "Where the mother lives", "Mother's ID number",
    ]  # fmt: skip


def test_titles_above_and_totals_below_are_no_rows(importing, births):
    tail = [[], ["合计", 2], ["填表人:      审核人:      单位负责人:"], []]
    outcome = importing(
        [row(0), [], list(HEADER), row(1), *tail], above=[["2025年出生台账"], ["填报单位:夷陵区"], [], ["制表日期", "2026-01-05"]]
    )
    assert (outcome.read, outcome.taken, outcome.book.header_row, outcome.book.unread) == (2, 2, 5, 0)


def test_rows_below_the_total_are_told_of(importing):
    outcome = importing([row(0), ["合计", 1], row(1), row(2)])
    assert (outcome.taken, outcome.book.unread) == (1, 2)


def test_a_row_is_told_by_its_number_in_the_workbook(importing):
    assert [refusal.number for refusal in importing([row(0), [], row(1, sex="x")]).refused] == [6]


def test_an_unknown_column_is_reported_and_not_guessed(importing):
    outcome = importing([[*row(), "汉族"]], header=[*HEADER, "母亲民族"])
    assert (outcome.taken, outcome.book.unknown) == (1, ["母亲民族"])


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER[:-1], "It needs the columns"),
        ([*HEADER, "居住地"], "These columns mean the same: 现居住地*、居住地"),
        (["孩子次序" if name == "孩次*" else name for name in HEADER], "It needs the columns"),
    ],
)
def test_a_header_that_leaves_doubt_is_refused(importing, births, header, said):
    with pytest.raises(RuleViolation, match=said.replace("*", r"\*")):
        importing([row()], header=header)
    assert births("id") == []


def test_two_sheets_with_a_header_leave_doubt(importing):
    with pytest.raises(RuleViolation, match="Several sheets have such a header: 一月、二月"):
        importing([row()], sheets=["一月", "二月"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a zip", "母亲姓名,性别\n".encode("gbk"), b"\xd0\xcf\x11\xe0 old xls"])
def test_what_is_no_workbook_is_refused_in_a_sentence(county, tmp_path, content):
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(RuleViolation, match="not an xlsx workbook"):
        bring_in(county, tmp_path / "x.xlsx")


def test_a_zip_that_only_looks_like_a_workbook_is_refused_in_a_sentence(county, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as packed:
        packed.writestr("xl/workbook.xml", "<workbook")
    with pytest.raises(RuleViolation, match="cannot be read"):
        bring_in(county, tmp_path / "x.xlsx")


def test_a_bomb_is_not_unpacked(county, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"\0" * (700 * 1024 * 1024))
    with pytest.raises(RuleViolation, match="too large when unpacked"):
        bring_in(county, tmp_path / "x.xlsx")


def test_what_is_unusual_goes_in_and_is_kept_for_the_approver(importing, births):
    header, cells = [*HEADER, "出生体重"], [*row(), 400]
    outcome = importing([cells], header=header)
    assert (outcome.taken, outcome.unusual) == (1, 1)
    assert [[w["code"] for w in warnings] for warnings in births("warnings")] == [["V19_weight"]]


def test_a_possible_duplicate_goes_in_with_its_mark(importing, births):
    assert importing([row(0), row(1)]).taken == 2
    assert births("possible_duplicate") == [False, True]


def test_a_mother_of_another_town_is_not_told_of(importing, working, seeing):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=NUMBERS[0], birth_date=MOTHER_BORN)
    outcome = importing([row(0, place=A1), row(1, place=C1), row(2)], by="clerk")
    assert [refusal.number for refusal in outcome.refused] == [4, 5]
    assert "A file for this ID number may exist at another office." in reasons(outcome)[0]
    assert "There is no such place in your offices." in reasons(outcome)[1]
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(IdentityRequest))) == 1
    assert outcome.taken == 1


def test_a_workbook_is_no_way_to_try_out_numbers(importing, working):
    with working() as session:
        for n in range(22):
            make_person(session, office=B1, name="李梅", id_no=id_number_for(MOTHER_BORN, "2", 900 + n), birth_date=MOTHER_BORN)
    rows = [row(0, id_no=id_number_for(MOTHER_BORN, "2", 900 + n), line=n) for n in range(22)]
    outcome = importing([*rows, row(5)], by="clerk")
    told = [" ".join(refusal.reasons) for refusal in outcome.refused]
    assert (outcome.taken, len(told)) == (0, 23)
    assert sum("may exist at another office" in text for text in told) == 20
    assert "which is the limit" in told[-1]


def test_a_row_of_an_export_that_says_something_else_changes_nothing(importing, working, births):
    with working() as session:
        birth = make_birth(session, town=A2, mother_id_no=NUMBERS[0])
        uid, mask = str(birth.uid), str(birth.mother_id_no)
    header = ["记录编号", *HEADER[1:]]
    outcome = importing(
        [[uid, "李梅", mask, "女", "2026-03-05", 2, A2], ["no such", "李梅", mask, "女", "2026-03-05", 1, A2]], header=header
    )
    assert "The register says something else in: Child number of the mother." in reasons(outcome)[0]
    assert "No record of your offices has this number." in reasons(outcome)[1]
    assert births("child_order") == [1]


def test_people_come_from_a_workbook_too(importing, seeing):
    header = ("姓名", "身份证号", "现居住地", "电话")
    good = ["李梅", NUMBERS[0], A1, "13812345678"]
    outcome = importing([good, ["王芳", "", A1, ""], ["张丽", NUMBERS[1], "", ""], good], header=header, ledger="people")
    assert (outcome.taken, [number for number, _why in outcome.known], [r.number for r in outcome.refused]) == (1, [7], [5, 6])
    person = seeing(lambda s: s.scalars(select(Person)).one())
    assert (person.name, person.sex, person.birth_date) == ("李梅", "2", MOTHER_BORN)


# rows of another town


def test_a_birth_of_another_town_is_not_told_to_be_on_file(importing, working):
    with working() as session:
        make_birth(session, town=B1, mother_id_no=NUMBERS[0], born_on=date(2025, 3, 5), sex="2")
    outcome = importing([row(0)], by="clerk")
    assert (outcome.known, outcome.taken) == ([], 0)
    assert "may exist at another office" in reasons(outcome)[0]


def test_a_person_of_another_town_is_not_told_to_be_on_file(importing, working):
    with working() as session:
        make_person(session, office=B1, name="李梅", id_no=NUMBERS[0], birth_date=MOTHER_BORN)
    outcome = importing([["李梅", NUMBERS[0], A1]], header=("姓名", "身份证号", "现居住地"), ledger="people", by="clerk")
    assert (outcome.known, outcome.taken) == ([], 0)
    assert "may exist at another office" in reasons(outcome)[0]


def test_a_twin_in_the_ledger_of_another_town_takes_no_place_here(importing, working, seeing):
    with working() as session:
        twin = make_birth(session, town=B1, mother_id_no=NUMBERS[0], plurality=2, plural_seq=1, born_on=date(2025, 3, 5))
        also_seen_by(session, session.get(Person, twin.mother_id), A1)
    outcome = importing([[*row(0, sex="男", order=2), 2]], header=[*HEADER, "胎数"], by="clerk")
    assert reasons(outcome) == []
    assert seeing(lambda s: s.scalars(select(Birth.plural_seq).order_by(Birth.id)).all()) == [1, 1]


def test_a_record_of_another_town_cannot_be_named(importing, working):
    with working() as session:
        uid = str(make_birth(session, town=B1, mother_id_no=NUMBERS[0]).uid)
    outcome = importing([[uid, *row(1)[1:]]], header=["记录编号", *HEADER[1:]], by="clerk")
    assert "No record of your offices has this number." in reasons(outcome)[0]
