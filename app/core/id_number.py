"""Citizen ID numbers (GB 11643) and telephone numbers: read them, judge them, mask them.

Holds no wording: callers turn a Fault into a sentence for the clerk.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from operator import mul

from app.core.remember import remembered

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643, digits 1 to 17
CHECK_CHARACTERS = "10X98765432"  # by weighted sum modulo 11
CENTURY_OF_15_DIGITS = "19"  # 15-digit numbers were issued until 1999 and write the year with two digits
MAX_AGE_YEARS = 120  # validation rule V04
MALE, FEMALE = "1", "2"  # GB/T 2261.1

_DROPPED_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"})  # blanks, controls, invisible marks, hyphens
_MINUS_SIGN = "\u2212"  # a mathematical symbol to Unicode, a hyphen to whoever pasted it
_SHAPE = re.compile(r"[0-9]{15}|[0-9]{17}[0-9X]")
_SEVENTEEN = re.compile(r"[0-9]{17}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}")


class Fault(StrEnum):
    """Why a text is not an ID number; the first that applies, in this order."""

    length = "length"
    characters = "characters"
    date = "date"
    future = "future"
    too_old = "too_old"
    checksum = "checksum"


@dataclass(frozen=True)
class IdNumber:
    """A sound ID number and what it says about its holder."""

    number: str = field(repr=False)
    birth_date: date
    sex: str
    area: str


def clean(text: str) -> str:
    """The number as it is stored: half-width capitals, without blanks, hyphens and invisible marks."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return "".join(mark for mark in unicodedata.normalize("NFKC", text) if not _is_dropped(mark)).upper()


@remembered
def parse(text: str, today: date) -> IdNumber | Fault:
    """The ID number in a text, or the first fault found.

    Areas are not looked up: abolished codes, residence permits (81, 82, 83) and the foreigners'
    permanent residence number (9…) keep the same birth date, sex and check digit places.
    """
    number = clean(text)
    if fault := _shape_fault(number):
        return fault
    full = long_form(number)
    born = _birth_date(full)
    if born is None:
        return Fault.date
    if fault := _age_fault(born, today) or _checksum_fault(full):
        return fault
    return IdNumber(number=full, birth_date=born, sex=_sex(full), area=full[:6])


def to_18(text15: str) -> str:
    """The 18-digit form of a 15-digit number. Raises ValueError for anything but 15 digits."""
    number = clean(text15)
    if len(number) != 15 or not _SHAPE.fullmatch(number):
        raise ValueError("expected 15 digits")
    first17 = number[:6] + CENTURY_OF_15_DIGITS + number[6:]
    return first17 + checksum(first17)


def long_form(text: str) -> str:
    """A document number as it is stored: clean, an old ID number of 15 digits with its 18 characters."""
    number = clean(text)
    return to_18(number) if _is_old(number) else number


def _is_old(number: str) -> bool:
    return len(number) == 15 and number.isascii() and number.isdecimal()


def checksum(first17: str) -> str:
    """The 18th character that belongs to 17 digits. Raises ValueError for anything but 17 digits."""
    if not _SEVENTEEN.fullmatch(first17):
        raise ValueError("expected 17 digits")
    total = sum(map(mul, WEIGHTS, map(int, first17)))
    return CHECK_CHARACTERS[total % 11]


def expected_check(number: str) -> str:
    """What the 18th character should be, for the message to the clerk. Raises ValueError without 17 leading digits."""
    return checksum(clean(number)[:17])


def mask(number: str) -> str:
    """First six and last four of an ID number; first and last of a shorter one; nothing of four or fewer."""
    text = clean(number)
    if len(text) < 15:
        return _starred(text, 1, 1)
    return _starred(text, 6, 4)


def mask_phone(phone: str) -> str:
    """First three and last four of a full telephone number; first and last of a shorter one."""
    text = clean(phone)
    if len(text) < 11:
        return _starred(text, 1, 1)
    return _starred(text, 3, 4)


def is_phone(text: str) -> bool:
    """Whether a text is a mobile number, or a landline number with its area code."""
    number = clean(text)
    return bool(_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number))


def age(born: date, on: date) -> int:
    """Whole years of life on a day; who was born on 29 February has their birthday on 1 March of other years."""
    had_birthday = (on.month, on.day) >= (born.month, born.day)
    return on.year - born.year - (not had_birthday)


def _is_dropped(mark: str) -> bool:
    return mark == _MINUS_SIGN or unicodedata.category(mark) in _DROPPED_CATEGORIES


def _shape_fault(number: str) -> Fault | None:
    if len(number) not in (15, 18):
        return Fault.length
    return None if _SHAPE.fullmatch(number) else Fault.characters


def _birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _age_fault(born: date, today: date) -> Fault | None:
    if born > today:
        return Fault.future
    return Fault.too_old if age(born, today) > MAX_AGE_YEARS else None


def _checksum_fault(number: str) -> Fault | None:
    return None if number[17] == checksum(number[:17]) else Fault.checksum


def _sex(number: str) -> str:
    return MALE if int(number[16]) % 2 else FEMALE


def _starred(text: str, head: int, tail: int) -> str:
    if len(text) <= 4:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]
