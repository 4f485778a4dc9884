"""The monthly births report: what each column counts, where a birth counts, and what stands on which line."""

from datetime import date

import pytest
from sqlalchemy import text

from app.core import periods, regions
from app.core.regions import Level
from app.core.scope import OutOfScope, elevated
from app.core.workflow import Status
from app.reports.base import NOTHING, read_month
from app.reports.births_monthly import _sex_ratio
from tests.cast import A1, A2, B1, COUNTY, A, B
from tests.factories.births import do, make_registration, user
from tests.reports.conftest import REPORT, asked, born, born_counting_at, figures, told
from tests.statements import heard


def test_the_total_comes_first_then_every_part_in_the_order_of_the_tree(working):
    with working(COUNTY) as session:
        said = told(session, COUNTY)
        towns = session.query(regions.Region).filter_by(level=Level.town).order_by(regions.Region.path).all()
        assert [line.name for line in said.lines] == ["夷陵区", *(town.name for town in towns)]
        assert {line.figures["births"] for line in said.lines} == {0}


def test_only_approved_births_of_the_month_are_counted(working):
    with working() as session:
        for status in Status:
            born(session, status=status)
        born(session, born_on=date(2026, 2, 28))
        assert figures(told(session, A), "births") == {"龙泉镇": 1, "龙镇社区居民委员会": 1}


def test_a_village_has_one_line(working):
    with working() as session:
        born(session)
        assert [(line.code, line.figures["births"]) for line in told(session, A1).lines] == [(A1, 1)]


def test_orders_and_sexes_stand_in_their_columns(working):
    with working() as session:
        for order, sex in ((1, "1"), (1, "2"), (2, "2"), (3, "1"), (4, "2"), (7, "0"), (1, "9")):
            born(session, child_order=order, sex=sex)
        total = told(session, A).lines[0].figures
    assert {column: total[column] for column in ("births", "parity_1", "parity_2", "parity_3", "parity_4_up", "male", "female")} == {
        "births": 7, "parity_1": 3, "parity_2": 1, "parity_3": 1, "parity_4_up": 2, "male": 2, "female": 3,
    }  # fmt: skip


def test_a_birth_with_a_registration_counts_as_registered(working):
    with working() as session:
        birth = born(session, status=Status.submitted)
        registration = make_registration(
            session, status=Status.approved, woman_name=birth.mother_name, woman_id_no=birth.mother_id_no.reveal()
        )
        do(birth, "approve", user(session, "supervisor"))
        born(session)
        assert birth.registration_id == registration.id
        assert told(session, A).lines[0].figures["registered"] == 1


def test_a_late_birth_counts_in_the_open_month_and_in_its_own_column(working):
    with working() as session:
        place = regions.by_code(session, A)
        periods.close(session, place, "2026-02", user(session, "supervisor"))
        session.flush()
        late = born(session, born_on=date(2026, 2, 10))
        february = told(session, A, "2026-02").lines[0].figures
        counted = told(session, A, late.statistical_month).lines[0].figures
    assert (february["births"], february["late"]) == (0, 0)
    assert (counted["births"], counted["late"]) == (1, 1)


def test_last_year_stands_beside_this_year_with_the_difference(working):
    with working() as session:
        for day in (date(2025, 3, 1), date(2025, 3, 31), date(2026, 3, 15)):
            born(session, born_on=day)
        total = told(session, A).lines[0].figures
    assert (total["births"], total["last_year"], total["difference"]) == (1, 2, -1)


def test_a_birth_counts_where_the_mother_lived_not_where_it_is_filed(working):
    with working() as session:
        born_counting_at(session, B1)
        session.flush()
        assert told(session, A).lines[0].figures["births"] == 0
        assert told(session, B).lines[0].figures["births"] == 1
        assert figures(told(session, COUNTY), "births") == {"夷陵区": 1, elsewhere_town(session): 1}


def elsewhere_town(session) -> str:
    return regions.by_code(session, B).name


def test_what_counts_at_the_town_itself_has_a_line_of_its_own(working):
    with working() as session:
        born(session, town=A)
        born(session, town=A1)
        said = told(session, A)
    assert figures(said, "births") == {"龙泉镇": 2, "龙镇社区居民委员会": 1, "龙泉镇 itself": 1}
    assert said.lines[-1].code == ""


def test_the_parts_add_up_to_the_total_in_every_counting_column(working):
    with working() as session:
        for place in (A, A1, A2, A2):
            born(session, town=place)
        said = told(session, A)
    for column in (c.key for c in REPORT.columns if c.decimals == 0):
        assert said.lines[0].figures[column] == sum(line.figures[column] for line in said.lines[1:]), column


def test_a_void_birth_is_counted_no_more(working):
    with working() as session:
        birth = born(session)
        assert told(session, A).lines[0].figures["births"] == 1
        do(birth, "void", user(session, "approver"))
        session.flush()
        assert told(session, A).lines[0].figures["births"] == 0


@pytest.mark.parametrize(
    ("births", "males", "females", "ratio"),
    [
        (99, 50, 49, NOTHING),
        (100, 51, 49, "104.1"),  # 104.08
        (100, 100, 0, NOTHING),
        (100, 0, 100, "0.0"),
        (312, 164, 148, "110.8"),  # 110.81
        (2003, 1001, 1000, "100.1"),
        (200, 80, 80, "100.0"),
        (4000, 2001, 2000, "100.1"),  # 100.05, rounded half up
    ],
)
def test_the_sex_ratio_comes_from_whole_numbers_and_needs_a_hundred_births(births, males, females, ratio):
    assert REPORT.column("sex_ratio").written(_sex_ratio(births, males, females)) == ratio


@pytest.mark.parametrize(("figure", "written"), [(3, "+3"), (-2, "−2"), (0, "0")])
def test_a_difference_is_written_with_its_sign(figure, written):
    assert REPORT.column("difference").written(figure) == written


def test_a_report_on_another_office_is_refused(working):
    with working(A) as session, pytest.raises(OutOfScope):
        asked(session, B)


def test_a_question_asked_with_a_wider_scope_is_not_counted_with_a_narrower_one(working):
    with working() as session:
        question = asked(session, B)
    with working(A) as session, pytest.raises(OutOfScope):
        REPORT.rows(session, question)


@pytest.mark.parametrize("text", ["2026-03", "2026-3", "2026.3", "2026.03", "202603", "2026/03", "2026年3月", " 2026-03 "])
def test_a_month_is_read_as_people_write_it(text):
    assert read_month(text) == "2026-03"


@pytest.mark.parametrize("text", ["", "2026", "2026-00", "2026-13", "26-03", "March", "2026-03-01", "0000-01", "２０２６-０３"])
def test_what_is_no_month_is_not_read(text):
    assert read_month(text) is None


def test_the_count_uses_the_index_of_place_and_month(working, url):
    explain, wanted = (
        ("EXPLAIN QUERY PLAN", "ix_birth_count (count_path=? AND statistical_month=?)")
        if "sqlite" in url
        else ("EXPLAIN", "ix_birth_count")
    )
    with working() as session:
        question, sent = asked(session, A), []
        with heard(sent):
            REPORT.rows(session, question)
        connection = session.connection()
        with elevated("test"):
            connection.execute(text("ANALYZE"))
            session.execute(text("SET enable_seqscan = off") if "postgresql" in url else text("SELECT 1"))
            plan = " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {sent[0][0]}", sent[0][1]))
    assert len(sent) == 2
    assert wanted in plan
