"""Finding people of one's own offices: by any part of the name, by pinyin initials, by the end of the ID number."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, false, insert, or_, select
from sqlalchemy.orm import Session

from app.core import clock, id_number, names, scope
from app.core.scope import elevated
from app.extensions import db
from app.ledgers.people.models import Person, PersonOffice, PersonSearch

Columns = Sequence[Any]

NOBODY = 0  # the key of no file
OF_AGE = 14  # PIPL art. 31: data of children under fourteen
LAST = chr(0x10FFFF)  # sorts after every character that may follow
NUMBER = re.compile(r"[0-9]{15}|[0-9]{17}[0-9X]")  # an ID number, the old ones too
LAST_FOUR = re.compile(r"[0-9]{3}[0-9X]")  # its end


def findable(today: date) -> ColumnElement[bool]:
    """Who is listed and found. A child is found from the mother's or the birth's row, a protected person never, a closed file neither."""
    try:
        fourteen_years_ago = today.replace(year=today.year - OF_AGE)
    except ValueError:  # 29 February
        fourteen_years_ago = date(today.year - OF_AGE, 2, 28)
    grown = or_(Person.birth_date.is_(None), Person.birth_date <= fourteen_years_ago)
    return and_(grown, Person.is_protected.is_(False), Person.closed_on.is_(None))


def condition(text: str) -> ColumnElement[bool]:
    """What the search box means: the end of an ID number, a phone, a whole number, else a part of the name or its initials."""
    number = id_number.clean(text)
    if LAST_FOUR.fullmatch(number):
        return Person.id_no.ends(number)
    if id_number.is_phone(number):
        return Person.phone == number
    if re.fullmatch(r"[0-9]{15}", number):
        return _bears(id_number.to_18(number))
    if re.search(r"[0-9]", number):
        return _bears(number)
    return _named(names.search_key(text))


def on_rows(text: str, *, written: Columns, numbers: Columns = (), found: Columns = (), people: Columns = ()) -> ColumnElement[bool]:
    """Rows of a ledger that name a person: by a whole ID number, by its last four characters or the phone on file, else by any part of the
    name on file or how a written name begins.

    `numbers` and `written` are the row's own words, `found` the links that are looked up by name, `people` every link of the row.
    A ledger that names nobody's file gives `written` alone; then a number finds nothing.
    Rows that name a protected person stand in the list, but no name and no number leads to them.
    """
    number = id_number.clean(text)
    if NUMBER.fullmatch(number):
        named = [column == id_number.long_form(number) for column in numbers]
    elif LAST_FOUR.fullmatch(number) or id_number.is_phone(number):
        named = [column.in_(_reached(number)) for column in found]
    else:
        begins = [column.startswith(names.clean_name(text), autoescape=True) for column in written]
        named = [*(column.in_(_people(names.search_key(text))) for column in found), *begins]
    protected = _protected(people) if people else []
    return and_(or_(false(), *named), *(or_(column.is_(None), column.not_in(protected)) for column in people))


def of_file(text: str, found: Columns, people: Columns) -> ColumnElement[bool]:
    """Rows that name a person whose file bears this end of an ID number, or this phone; none for any other text."""
    number = id_number.clean(text)
    is_known = LAST_FOUR.fullmatch(number) or id_number.is_phone(number)
    nothing: ColumnElement[bool] = found[0].class_.id.is_(None)  # a plain false would swallow the scope beside it
    return on_rows(text, written=(), found=found, people=people) if is_known else nothing


def _reached(number: str) -> Select[tuple[int]]:
    """People of one's own offices who are listed, by the end of the ID number or by the phone."""
    wanted = Person.id_no.ends(number) if LAST_FOUR.fullmatch(number) else Person.phone == number
    return scope.query(Person).where(findable(clock.today()), wanted).with_only_columns(Person.id)


def _bears(number: str) -> ColumnElement[bool]:
    """The file with this number, or the one that stays in its place."""
    with elevated("where the file with this number was merged"):
        stays = db.session.scalar(select(Person.merged_into_id).where(Person.id_no == number))
    return or_(Person.id_no == number, Person.id == (stays or NOBODY))


def _protected(people: Sequence[Any]) -> list[int]:
    """Protected people whom rows of one's own offices name, even where their files have gone to another office."""
    own = [select(column).where(scope.current().criterion(column.class_.scope_path)) for column in people]
    with elevated("protected people whom own rows name"):
        return list(db.session.scalars(select(Person.id).where(Person.is_protected, or_(*(Person.id.in_(named) for named in own)))))


def _named(key: str) -> ColumnElement[bool]:
    return Person.id.in_(_people(key))


def _people(key: str) -> Select[tuple[int]]:
    """People of one's own offices by a part of the name: a range of tokens, so that both databases use the key."""
    held = scope.current().criterion(PersonSearch.scope_path)
    return select(PersonSearch.person_id).where(held, PersonSearch.token >= key, PersonSearch.token < key + LAST)


def rewrite(session: Session, person: Person) -> None:
    """Make the parts of the name anew for every office that sees the person, foreign ones included."""
    session.flush()
    tokens, table = names.search_tokens(person.name), PersonSearch.__table__
    with elevated("name search of every office of a person"):
        connection = session.connection()
        links = select(PersonOffice.scope_path).where(PersonOffice.person_id == person.id, PersonOffice.valid_to.is_(None))
        rows = [
            {"token": token, "scope_path": path, "person_id": person.id}
            for path in sorted(set(connection.scalars(links)))
            for token in sorted(tokens)
        ]
        connection.execute(delete(table).where(table.c.person_id == person.id))
        if rows:
            connection.execute(insert(table), rows)
