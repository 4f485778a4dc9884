"""Screens on whose forms ID numbers are typed: a number says whose birth date and sex it is, and which file of one's own offices bears it.

Whether another office holds a file is never told: absent and foreign people get the same answer, and nobody is asked while one types.
"""

import secrets
from typing import Any

from flask import url_for
from flask_babel import get_locale
from sqlalchemy.orm import Session

from app.core import clock, codes, id_number, scope
from app.core.fields import SecretField
from app.core.id_number import MALE, Fault, IdNumber
from app.core.screen import LedgerView
from app.extensions import db
from app.ledgers.people import identity, naming, search
from app.ledgers.people.models import Person
from app.ledgers.people.naming import Named
from app.ledgers.people.snapshots import SEXES

ENDING = "id_no"
OF_CHILD = {"birth_date": "born_on", "sex": "sex"}  # a child's day and sex are the row's own
NOWHERE = "000000"  # no area of China: a number that nobody bears
LONGEST_OTHER = 30  # characters of a document that is no identity card


class ReadsNumbers(LedgerView):
    """A form that is filled in by the ID numbers typed there. Whose they are follows from the names of the boxes."""

    def _numbers_of(self, form: Any) -> dict[str, str]:
        found = [box.name for box in form if isinstance(box, SecretField) and box.name.endswith(ENDING)]
        return {box: box.removesuffix(ENDING).removesuffix("_") for box in found if box.removesuffix(ENDING) + "name" in form}

    def _read_numbers(self, form: Any, pk: str | None) -> dict[str, dict[str, Any]]:
        known = self.datamodel.get(pk) if pk else None
        typed = {box: (role, _typed(form, box, role)) for box, role in self._numbers_of(form).items()}
        return {box: self._said_by(form, who) for box, (role, who) in typed.items() if who and not _is_known(known, box, who)}

    def _said_by(self, form: Any, who: Named) -> dict[str, Any]:
        wrong, read = naming.number_problems(who, clock.today()), naming.read(who, clock.today())
        fields = _fields(form, who.role, {"birth_date": read.birth_date, "sex": read.sex}) if isinstance(read, IdNumber) else {}
        file = None if wrong else self._file_of(form, who)
        return {"problem": str(wrong[0].message) if wrong else "", "person": {"fields": fields if not wrong else {}, "file": file}}

    def _file_of(self, form: Any, who: Named) -> dict[str, Any] | None:
        """The file of one's own offices that bears the number, as a list would show it; nothing else is ever looked for here."""
        if not self.appbuilder.sm.has_access("can_find", "PersonView"):
            return None
        bears = scope.query(Person).where(Person.id_no == _number(who), search.findable(clock.today()))
        person = db.session.scalars(bears).one_or_none()
        if person is None:
            return None
        told = {"name": person.name, "id_type": person.id_type, "birth_date": person.birth_date, "sex": person.sex}
        text = f"{person.name}, {person.birth_date}" if person.birth_date else person.name
        return {"text": text, "url": url_for("PersonView.show", pk=person.uid), "fields": _fields(form, who.role, told) if who.role else {}}

    def _anonymise(self, session: Session, form: Any, item: Any) -> None:
        """A number that no file of one's own offices bears is judged as a number that nobody bears, whoever bears it."""
        made: dict[str, str] = {}
        for box, role in self._numbers_of(form).items():
            who = _typed(form, box, role)
            if who is None or _is_known(item, box, who) or isinstance(naming.read(who, clock.today()), Fault):
                continue
            holder = identity.holder_of(session, _number(who))
            if holder is None or not holder.is_mine:
                form[box].data = made.setdefault(_number(who), _of_nobody(naming.read(who, clock.today()), len(made)))


def _typed(form: Any, box: str, role: str) -> Named | None:
    """The person whose number was typed into this box; none where it is empty or shows the mask."""
    number, at = form[box].data or "", f"{role}_" if role else ""
    if not number or "*" in number:
        return None
    id_type = form[f"{at}id_type"].data if f"{at}id_type" in form else "1"
    return Named("", id_type, number, None, SEXES.get(role), role)


def _is_known(item: Any, box: str, who: Named) -> bool:
    """Whether the row has this very number already."""
    sealed = getattr(item, box, None) if item is not None else None
    return sealed is not None and sealed.reveal() == _number(who)


def _number(who: Named) -> str:
    """The number as the register keeps it."""
    read = naming.read(who, clock.today())
    return read.number if isinstance(read, IdNumber) else id_number.clean(who.id_no or "")


def _fields(form: Any, role: str, told: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Box of the form → the value it takes and what a reader sees."""
    found = {}
    for column, value in told.items():
        box = OF_CHILD.get(column, f"child_{column}") if role == "child" else f"{role}_{column}" if role else column
        if value and box in form:
            found[box] = {"value": str(value), "text": _text(form[box], str(value)), "state": _state(form[box], str(value))}
    return found


def _state(field: Any, value: str) -> str:
    """Whether a box is empty, says the same, or something else; what cannot be read says something else."""
    if field.data in (None, ""):
        return "other" if any(field.raw_data or ()) else "empty"
    return "same" if str(field.data) == value else "other"


def _text(field: Any, value: str) -> str:
    code_set = getattr(field, "code_set", "")
    return codes.label(db.session(), code_set, value, str(get_locale())) if code_set else value


def _of_nobody(read: IdNumber | Fault | None, count: int) -> str:
    """A number with the same day and sex that nobody bears; of another document, one of thirty signs made up just now."""
    if not isinstance(read, IdNumber):
        return secrets.token_hex(LONGEST_OTHER // 2).upper()
    place = 2 * count + (1 if read.sex == MALE else 2)
    first17 = f"{NOWHERE}{read.birth_date:%Y%m%d}{place:03d}"
    return first17 + id_number.checksum(first17)
