"""Citizen ID numbers and telephone numbers, tried against a checker written another way."""

import os
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from app.core.id_number import (
    Fault,
    IdNumber,
    checksum,
    clean,
    expected_check,
    is_phone,
    mask,
    mask_phone,
    parse,
    to_18,
)

TODAY = date(2026, 11, 20)
TODAY_AS_NUMBER = 2026_11_20
SAMPLES = 1_000_000 if os.environ.get("TAIZHANG_FULL") == "1" else 50_000


def number_for(born: str, area: str = "110101", order: str = "002") -> str:
    first17 = area + born + order
    return first17 + checksum(first17)


def verdict(text: str) -> tuple[str, ...]:
    """parse() in the words of the independent checker."""
    found = parse(text, TODAY)
    if isinstance(found, Fault):
        return (found.value,)
    return (found.number, found.birth_date.isoformat(), found.sex, found.area)


# The independent checker: ISO 7064 MOD 11-2 digit by digit, its own calendar, ages as differences of yyyymmdd.


def independent_check(digits: str) -> str:
    rest = 0
    for digit in digits:
        rest = (rest + int(digit)) * 2 % 11
    return "0123456789X"[(12 - rest) % 11]


def independent_birth(body: str) -> str:
    """The date of birth as ISO text, empty when the calendar has no such day."""
    year, month, day = int(body[6:10]), int(body[10:12]), int(body[12:14])
    leap = year % 400 == 0 or (year % 4 == 0 and year % 100 != 0)
    lengths = {1: 31, 2: 28 + leap, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
    exists = year >= 1 and 1 <= day <= lengths.get(month, 0)
    return f"{year:04d}-{month:02d}-{day:02d}" if exists else ""


def independent_verdict(text: str) -> tuple[str, ...]:
    number = "".join(text.split()).replace("-", "").replace("x", "X")
    if len(number) not in {15, 18}:
        return ("length",)
    body, last = (number[:17], number[17]) if len(number) == 18 else (number[:6] + "19" + number[6:], "")
    if set(body) - set("0123456789") or set(last) - set("0123456789X"):
        return ("characters",)
    born, years, check = independent_birth(body), TODAY_AS_NUMBER - int(body[6:14]), independent_check(body)
    wrong = {"date": not born, "future": years < 0, "too_old": years >= 121_0000, "checksum": last not in {"", check}}
    sound_number = (body + check, born, "1" if body[16] in "13579" else "2", body[:6])
    return next(((fault,) for fault, holds in wrong.items() if holds), sound_number)


# Numbers as clerks type them: sound ones, and every kind of slip.


def sound(rng: random.Random) -> str:
    born = TODAY - timedelta(days=rng.randrange(43_000))
    area = rng.choice(("110101", "420506", "441282", "810000", "820000", "830000", "9" + str(rng.randrange(10_000, 99_999))))
    first17 = f"{area}{born:%Y%m%d}{rng.randrange(1000):03d}"
    return first17 + independent_check(first17)


def one_character_changed(rng: random.Random) -> str:
    number, place = sound(rng), rng.randrange(18)
    return number[:place] + rng.choice("0123456789XxA") + number[place + 1 :]


def neighbours_swapped(rng: random.Random) -> str:
    number, place = sound(rng), rng.randrange(17)
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def any_date(rng: random.Random) -> str:
    first17 = f"110101{rng.randrange(1880, 2101):04d}{rng.randrange(14):02d}{rng.randrange(33):02d}{rng.randrange(1000):03d}"
    return first17 + independent_check(first17)


def close_to_a_limit(rng: random.Random) -> str:
    born = rng.choice((TODAY, date(1905, 11, 20))) + timedelta(days=rng.randrange(-3, 4))
    first17 = f"110101{born:%Y%m%d}{rng.randrange(1000):03d}"
    return first17 + independent_check(first17)


def of_15_digits(rng: random.Random) -> str:
    return f"110101{rng.randrange(100):02d}{rng.randrange(14):02d}{rng.randrange(33):02d}{rng.randrange(1000):03d}"


def cut_or_padded(rng: random.Random) -> str:
    return (sound(rng) + "12")[: rng.randrange(21)]


def spaced(rng: random.Random) -> str:
    number = sound(rng)
    return f" {number[:6]} {number[6:14]}-{number[14:].lower()}\t"


KINDS: tuple[Callable[[random.Random], str], ...] = (
    sound,
    one_character_changed,
    neighbours_swapped,
    any_date,
    close_to_a_limit,
    of_15_digits,
    cut_or_padded,
    spaced,
)


def numbers(seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    return (rng.choice(KINDS)(rng) for _ in range(SAMPLES))


@pytest.mark.full
def test_agrees_with_the_independent_checker_on_random_numbers() -> None:
    seed = int(os.environ.get("TAIZHANG_SEED") or random.SystemRandom().randrange(2**32))
    print(f"TAIZHANG_SEED={seed}, {SAMPLES} numbers")
    compared = ((text, verdict(text), independent_verdict(text)) for text in numbers(seed))
    assert [(text, ours, theirs) for text, ours, theirs in compared if ours != theirs][:5] == []


def test_random_numbers_reach_every_fault_and_sound_numbers() -> None:
    assert {verdict(text)[0] for text in numbers(seed=1)} >= {fault.value for fault in Fault}
    assert any(len(verdict(text)) == 4 for text in numbers(seed=1))


def test_reads_birth_date_sex_and_area() -> None:
    assert parse("11010519491231002X", TODAY) == IdNumber("11010519491231002X", date(1949, 12, 31), "2", "110105")


def test_odd_seventeenth_digit_is_male() -> None:
    found = parse(number_for("19900307", order="003"), TODAY)
    assert isinstance(found, IdNumber)
    assert found.sex == "1"


def test_lower_case_full_width_blanks_and_hyphens_are_forgiven() -> None:
    assert verdict(" １１０１０５ 19491231-002ｘ ") == verdict("11010519491231002X")


def test_15_digits_become_18() -> None:
    assert to_18("110105491231002") == "11010519491231002X"
    assert verdict("110105491231002") == verdict("11010519491231002X")


@pytest.mark.parametrize("text", ["", "11010549123100", "1101054912310021", "11010549123100A", "11010519491231002X"])
def test_only_15_digits_become_18(text: str) -> None:
    with pytest.raises(ValueError, match="15 digits"):
        to_18(text)


@pytest.mark.parametrize("area", ["441282", "810000", "820000", "830000", "900000", "911156", "000000"])
def test_abolished_areas_permits_and_foreigners_are_accepted(area: str) -> None:
    found = parse(number_for("19900307", area=area), TODAY)
    assert isinstance(found, IdNumber)
    assert found.area == area


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.length),
        ("11010519491231002", Fault.length),
        ("11010519491231002XX", Fault.length),
        ("11010519491231O02X", Fault.characters),
        ("X1010519491231002X", Fault.characters),
        ("11010519491231002\u0663", Fault.characters),
        ("11010549123100X", Fault.characters),
        ("11010519490231002X", Fault.date),
        ("110105190002290021", Fault.date),
        ("110105000012310021", Fault.date),
        ("110105491331002", Fault.date),
        ("110105194912310021", Fault.checksum),
    ],
)
def test_faults_are_told_apart(text: str, fault: Fault) -> None:
    assert parse(text, TODAY) is fault


def test_a_birth_today_is_accepted_and_a_birth_tomorrow_is_not() -> None:
    assert isinstance(parse(number_for("20261120"), TODAY), IdNumber)
    assert parse(number_for("20261121"), TODAY) is Fault.future


def test_120_years_are_accepted_until_the_121st_birthday() -> None:
    assert isinstance(parse(number_for("19051121"), TODAY), IdNumber)
    assert parse(number_for("19051120"), TODAY) is Fault.too_old


def test_born_on_29_february_grows_older_on_1_march() -> None:
    number = number_for("19040229")
    assert isinstance(parse(number, date(2025, 2, 28)), IdNumber)
    assert parse(number, date(2025, 3, 1)) is Fault.too_old


def test_expected_check_character_names_the_right_one() -> None:
    assert expected_check("110105 19491231 0021") == "X"


@pytest.mark.parametrize("text", ["", "1101051949123100", "1101051949123100A1"])
def test_check_character_needs_17_digits(text: str) -> None:
    with pytest.raises(ValueError, match="17 digits"):
        expected_check(text)


def test_repr_does_not_show_the_number() -> None:
    assert "11010519491231002X" not in repr(parse("11010519491231002X", TODAY))


def test_clean_drops_invisible_marks_and_every_hyphen() -> None:
    assert clean("\ufeff11\u00a001\u200b01－19–90\u2212x\n") == "1101011990X"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010119900307002X", "110101********002X"),
        (" 110101 19900307 002x", "110101********002X"),
        ("110101900307002", "110101*****7002"),
        ("E12345678", "E*******8"),
        ("12345", "1***5"),
        ("1234", "****"),
        ("1", "*"),
        ("", ""),
    ],
)
def test_mask(number: str, masked: str) -> None:
    assert mask(number) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812341234", "138****1234"),
        ("138 1234 1234", "138****1234"),
        ("010-62345678", "010****5678"),
        ("0717-7812345", "071****2345"),
        ("62345678", "6******8"),
        ("1234", "****"),
        ("", ""),
    ],
)
def test_mask_phone(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize("length", range(40))
def test_masks_keep_the_length_and_hide_something(length: int) -> None:
    masked = [mask("7" * length), mask_phone("7" * length)]
    assert {len(text) for text in masked} == {length}
    assert all(text.count("*") >= min(length, 3) for text in masked)


@pytest.mark.parametrize("text", ["13812341234", "199 1234 1234", "１３８１２３４１２３４", "010-62345678", "0717-7812345", "02788888888"])
def test_telephone_numbers_are_recognised(text: str) -> None:
    assert is_phone(text)


@pytest.mark.parametrize("text", ["", "12812341234", "1381234123", "138123412345", "62345678", "010-1234567", "0717-78123456789", "abc"])
def test_other_texts_are_no_telephone_numbers(text: str) -> None:
    assert not is_phone(text)
