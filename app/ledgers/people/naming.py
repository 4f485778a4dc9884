"""People as ledger rows name them: judge what was typed, complete it from the ID number, find the file or make one.

Nobody is entered twice, and nobody learns from a form whether another office holds a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import id_number, names
from app.core.errors import Problem, RuleViolation
from app.core.id_number import Fault, IdNumber
from app.core.regions import Region
from app.core.remember import remembered
from app.core.workflow import Actor
from app.ledgers.people import identity, search
from app.ledgers.people.models import OfficeKind, Person, PersonOffice

CITIZEN_TYPES = frozenset({"1", "3", "4"})  # identity card and the two residence permits: GB 11643 numbers
OTHER_LENGTHS = range(4, 31)  # passports, birth certificates and the like
UNKNOWN_SEX = "0"  # GB/T 2261.1
KEY_LENGTH = 64  # of the column


class Named(NamedTuple):
    """A person as a ledger row names them. `role` is the prefix of the row's fields ("mother" for mother_id_no), or nothing."""

    name: str
    id_type: str | None
    id_no: str | None
    birth_date: date | None
    sex: str | None
    role: str

    def __repr__(self) -> str:
        return f"<{self.role or 'person'}>"

    def at(self, column: str) -> str:
        """The form field a problem belongs to."""
        return f"{self.role}_{column}" if self.role else column


@dataclass(frozen=True)
class Found:
    """A person's file: the one on record, one that was made just now, or none."""

    person_id: int | None
    is_new: bool = False


def check(who: Named, today: date) -> list[Problem]:
    """Everything wrong with the name, the ID number (V01, V02) and the birth date (V04). Never says the number itself."""
    return [*_name_problems(who), *number_problems(who, today), *_date_problems(who, today)]


def completed(who: Named, today: date) -> Named:
    """Name and number as they are stored (18 digits instead of 15); the number fills birth date and sex where they are empty."""
    name, told = names.clean_name(who.name or ""), read(who, today)
    if not isinstance(told, IdNumber):
        return who._replace(name=name, id_no=(id_number.clean(who.id_no) if who.id_no else None) or None)
    return Named(name, who.id_type, told.number, who.birth_date or told.birth_date, who.sex or told.sex, who.role)


def number_told(values: Mapping[str, Any], role: str = "") -> str:
    """The number in a row of a workbook as the register keeps it: of an old card its long form, of another document as it is."""
    at = f"{role}_" if role else ""
    number, is_card = values.get(f"{at}id_no") or "", (values.get(f"{at}id_type") or "1") in CITIZEN_TYPES
    return id_number.long_form(number) if is_card else id_number.clean(number)


def find_or_file(
    session: Session, who: Named, *, region: Region | None, outside: Literal["link", "refuse"], actor: Actor, today: date
) -> Found:
    """This person's file: the one on record, or a new one at the region; none without both.

    A file of another office is linked silently if the name is the same and `outside` allows it; otherwise nothing is saved,
    a request is sent, and RuleViolation says the sentence that is always said. A protected person of another office is
    answered like somebody who is on file nowhere, and never linked: what is found by the link would tell of the protection.
    Without an ID number nobody is taken for somebody else, so a new file is made. The person itself is not loaded; the caller
    has run check() before.
    """
    who = completed(who, today)
    holder = identity.holder_of(session, who.id_no) if who.id_no else None
    if holder is not None and holder.is_mine:
        must_be_named(who, holder)
        return Found(holder.person_id)
    if holder is not None and region is not None and holder.was_closed_here:
        must_be_named(who, holder)
        return Found(reopen(session, holder.person_id, region, today), is_new=True)
    if who.id_no:
        identity.must_not_search(session, actor)
    if holder is not None and who.id_no:
        if holder.is_protected and outside == "link":
            return Found(None)
        if outside == "refuse" or not holder.is_named(who.name):
            identity.refuse(actor, who.id_no, holder, who.name, who.at("id_no"))
        return Found(holder.person_id)
    return Found(file(session, who, region, today).id, is_new=True) if region else Found(None)


def file(session: Session, who: Named, region: Region, today: date, kind: OfficeKind = OfficeKind.resident) -> Person:
    """Make the file of a person who has none, seen by this office from today on."""
    person = new_file(who, region)
    session.add(PersonOffice(person=person, region=region, scope_path=region.path, kind=kind, valid_from=today))
    search.rewrite(session, person)
    return person


def new_file(who: Named, region: Region, kind: Callable[..., Person] = Person) -> Person:
    """The file of a person as this office opens it, not saved yet."""
    told = {"id_type": who.id_type or "1", "sex": who.sex or UNKNOWN_SEX, "birth_date": who.birth_date}
    return kind(name=who.name, name_key=name_key(who.name), id_no=who.id_no, audit_path=region.path, **told)


def reopen(session: Session, person_id: int, region: Region, today: date) -> int:
    """Open a file again that was closed with the row that had made it."""
    link = PersonOffice(person_id=person_id, region=region, scope_path=region.path, kind=OfficeKind.resident, valid_from=today)
    session.add(link)
    session.flush()
    person = session.get_one(Person, person_id)  # seen by the new link
    person.closed_on = None
    search.rewrite(session, person)
    return person_id


@remembered
def name_key(name: str) -> str:
    """What lists by name are sorted by."""
    return names.sort_key(name)[:KEY_LENGTH]


def must_be_named(who: Named, holder: identity.Holder) -> None:
    """Raises RuleViolation where the register knows another name for the ID number."""
    if not holder.is_named(who.name):
        message = _("The register knows another name for this ID number. Compare the name and the number with the card.")
        raise RuleViolation.one(message, who.at("name"), code="other_name")


def read(who: Named, today: date) -> IdNumber | Fault | None:
    """What a citizen's number says; None where there is no number, or one of another kind."""
    return id_number.parse(who.id_no, today) if who.id_no and (who.id_type or "1") in CITIZEN_TYPES else None


def _name_problems(who: Named) -> list[Problem]:
    name = names.clean_name(who.name or "")
    if not name:
        return [Problem(who.at("name"), _("Write the name."), "name_missing")]
    if not names.is_name(name):
        message = _("A name has 2 to 50 Chinese characters or letters, with · between the parts. Write it as on the card.")
        return [Problem(who.at("name"), message, "name")]
    return []


def number_problems(who: Named, today: date) -> list[Problem]:
    """What is wrong with the ID number, and where it contradicts what stands beside it."""
    told = read(who, today)
    if isinstance(told, Fault):
        return [Problem(who.at("id_no"), fault_text(told), f"V01_{told}")]
    if isinstance(told, IdNumber):
        return _disagreements(who, told)
    return _other_number_problems(who)


def _disagreements(who: Named, read: IdNumber) -> list[Problem]:
    found = []
    if who.birth_date and who.birth_date != read.birth_date:
        message = _("The ID number contains another birth date. Correct the number or the birth date.")
        found.append(Problem(who.at("id_no"), message, "V02_birth_date"))
    if who.sex and who.sex != read.sex:
        man = _("By its 17th digit this is the ID number of a man. Correct the number, the sex or the person.")
        woman = _("By its 17th digit this is the ID number of a woman. Correct the number, the sex or the person.")
        found.append(Problem(who.at("id_no"), man if read.sex == id_number.MALE else woman, "V02_sex"))
    return found


def _other_number_problems(who: Named) -> list[Problem]:
    number = id_number.clean(who.id_no or "")
    if not number or (len(number) in OTHER_LENGTHS and number.isascii() and number.isalnum()):
        return []
    message = _("A document number has 4 to 30 letters and digits. Write it as on the document.")
    return [Problem(who.at("id_no"), message, "id_no")]


def _date_problems(who: Named, today: date) -> list[Problem]:
    if who.birth_date and who.birth_date > today:
        return [Problem(who.at("birth_date"), _("The birth date lies in the future. Correct it."), "V04_future")]
    return []


def fault_text(fault: Fault) -> str:
    """What is wrong with an ID number and what to do, without the number."""
    return {
        Fault.length: _("An ID number has 18 characters, an old one 15. Count the digits and compare with the card."),
        Fault.characters: _("An ID number consists of digits; only the last character may be X. Compare with the card."),
        Fault.date: _("Digits 7 to 14 of the ID number are not a date. Compare with the card."),
        Fault.future: _("The birth date in the ID number lies in the future. Compare with the card."),
        Fault.too_old: _("By the ID number this person would be older than 120 years. Compare with the card."),
        Fault.checksum: _(
            "The last character of the ID number does not fit: a digit is wrong, or two were swapped. Compare with the card."
        ),
    }[fault]
