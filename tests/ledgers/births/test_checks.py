"""What a birth's form is refused for, seen from the row alone."""

from datetime import date, timedelta

import pytest

from app.core import crypto, keys
from app.core.regions import Level, Region
from app.ledgers.births import checks
from app.ledgers.births.models import Birth
from tests.conftest import KEYS
from tests.factories.people import id_number_for

TODAY = date(2026, 6, 1)
BORN_ON = date(2026, 3, 5)
SOUND = {"mother_name": "李梅", "sex": "2", "born_on": BORN_ON, "child_order": 1, "plurality": 1, "plural_seq": 1}
A_WOMAN, A_MAN = id_number_for(date(1995, 6, 1), "2", 11), id_number_for(date(1994, 6, 1), "1", 12)
COUNTY, TOWN = Region(level=Level.county), Region(level=Level.town)
A_GIRL = id_number_for(BORN_ON, "2", 13)


@pytest.fixture(autouse=True)
def _keys():
    """ID numbers cannot be held without keys."""
    before = crypto.keys() if crypto.is_ready() else None
    crypto.use(keys.Keyring(keys._parsed(KEYS)))
    yield
    crypto.use(before)


def codes(**fields):
    """The codes of the problems of a birth with these fields."""
    return {problem.code for problem in checks.of_form(Birth(**SOUND | fields), TODAY)}


def test_a_sound_birth_has_no_problem():
    assert codes(mother_id_no=A_WOMAN, father_name="王强", father_id_no=A_MAN, child_name="王小梅", child_id_no=A_GIRL) == set()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sex": None}, "missing"),
        ({"born_on": None}, "missing"),
        ({"mother_name": ""}, "missing"),
        ({"mother_name": "1"}, "name"),
        ({"mother_id_no": A_WOMAN[:-1] + ("1" if A_WOMAN[-1] != "1" else "2")}, "V01_checksum"),
        ({"mother_id_no": A_MAN}, "V02_sex"),
        ({"mother_id_no": A_WOMAN, "mother_birth_date": date(1995, 6, 2)}, "V02_birth_date"),
        ({"father_name": "王强", "father_id_no": A_WOMAN}, "V02_sex"),
        ({"father_id_no": A_MAN}, "name_missing"),
        ({"child_name": "王小梅", "child_id_no": A_WOMAN}, "V02_birth_date"),
        ({"child_name": "王小强", "child_id_no": A_GIRL, "sex": "1"}, "V02_sex"),
        ({"child_id_no": A_GIRL}, "name_missing"),
        ({"born_on": TODAY + timedelta(days=1)}, "V09"),
        ({"mother_birth_date": BORN_ON}, "mother_birth_date"),
        ({"reported_on": BORN_ON - timedelta(days=1)}, "reported_on"),
        ({"reported_on": TODAY + timedelta(days=1)}, "reported_on"),
        ({"child_died_on": BORN_ON - timedelta(days=1)}, "child_died_on"),
        ({"child_died_on": TODAY + timedelta(days=1)}, "child_died_on"),
        ({"hukou_on": BORN_ON - timedelta(days=1)}, "hukou_on"),
        ({"child_order": 0}, "child_order"),
        ({"child_order": 16}, "child_order"),
        ({"plurality": 10}, "plurality"),
        ({"plurality": 2, "plural_seq": 3}, "plural_seq"),
        ({"plural_seq": 0}, "plural_seq"),
        ({"born_at": "7:65"}, "born_at"),
        ({"born_on": date(1, 1, 1)}, "date_old"),
        ({"mother_birth_date": date(1906, 5, 31)}, "date_old"),
        ({"father_name": "王强", "father_birth_date": date(1, 1, 1)}, "date_old"),
        ({"reported_on": date(1, 1, 1)}, "date_old"),
        ({"child_died_on": date(1, 1, 1)}, "date_old"),
        ({"hukou_on": date(1, 1, 1)}, "date_old"),
        ({"mother_region": COUNTY}, "place_large"),
        ({"father_region": COUNTY}, "place_large"),
        ({"birth_cert_no": "12345678901"}, "V18_format"),
        ({"birth_cert_no": "a12345678"}, "V18_format"),
    ],
)
def test_each_slip_is_found(fields, code):
    assert codes(**fields) == {code}


def test_all_slips_are_told_at_once():
    assert codes(child_order=99, born_at="25:00", birth_cert_no="X", plural_seq=9) == {"child_order", "born_at", "V18_format", "plural_seq"}


def test_a_date_of_120_years_ago_is_not_too_old():
    assert codes(mother_birth_date=date(1906, 6, 1), mother_region=TOWN) == set()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("07:35", "07:35"),
        ("7:35", "07:35"),
        (" 7：35", "07:35"),
        ("０７：３５", "07:35"),
        ("0:00", "00:00"),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_a_time_is_kept_with_five_characters(typed, kept):
    assert checks.clock_of(typed) == kept
    assert codes(born_at=kept) == set()


@pytest.mark.parametrize("typed", ["：07", ":07", "7", "7:5", "7:65", "24:00", "07:", "7.35", "٧:35", "x"])
def test_what_is_no_time_is_refused(typed):
    assert codes(born_at=checks.clock_of(typed)) == {"born_at"}


def test_no_message_contains_the_number():
    problems = checks.of_form(Birth(**SOUND, mother_id_no=A_MAN), TODAY)
    assert not [problem for problem in problems if A_MAN[6:14] in str(problem.message)]


def test_a_child_who_lived_a_moment_is_a_birth():
    assert codes(child_died_on=BORN_ON) == set()
