"""The people ledger as a workbook: its columns, and how a row of it becomes a person's file."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.core import clock, crypto, scope, sheets
from app.core.errors import Problem
from app.ledgers.people import identity, naming, rules, search
from app.ledgers.people.models import OfficeKind, Person
from app.ledgers.people.naming import Named

MODEL, SCREEN = Person, "PersonView"
Key = tuple[Any, ...]
__all__ = ["COLUMNS", "MODEL", "SCREEN", "check", "key", "listed", "make", "on_file", "rules"]


def _place_of(kind: OfficeKind) -> Any:
    """The code of the place one's own offices know of this kind."""

    def write(row: Person, writing: sheets.Writing) -> str | None:
        return next((writing.code_of.get(link.region_id) for link in row.offices if link.kind is kind and link.valid_to is None), None)

    return write


COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.words_in(_l("Name"), "name", "姓名", required=True, example="李梅"),
    sheets.codes_in(_l("ID type"), "id_type", "证件类型", code_set="id_type", also={"身份证": "1"}),
    sheets.secrets_in(_l("ID number"), "id_no", "证件号码", "身份证号", "身份证号码", "公民身份号码"),
    sheets.codes_in(_l("Sex"), "sex", "性别", code_set="sex", also={"男性": "1", "女性": "2"}, example="女"),
    sheets.days_in(_l("Birth date"), "birth_date", "出生日期", "出生年月日", example="1995-06-01"),
    sheets.codes_in(_l("Ethnicity"), "ethnicity", "民族", code_set="ethnicity", example="汉族"),
    sheets.secrets_in(_l("Phone"), "phone", "电话", "联系电话", "手机号码"),
    sheets.places_in(
        _l("Lives at"), "residence", "现居住地", "居住地", write=_place_of(OfficeKind.resident), example="龙泉镇龙泉村村民委员会"
    ),
    sheets.places_in(
        _l("Household registered at"), "registration", "户籍地", "户口所在地", write=_place_of(OfficeKind.registered)
    ),
    sheets.days_in(_l("Date of death"), "died_on", "死亡日期"),
)  # fmt: skip


def make(values: dict[str, Any]) -> Person:
    """A person as the row tells it; where they live and are registered stand beside the row until it is filed."""
    told = {name: value for name, value in values.items() if name not in ("uid", *rules.PLACES) and value is not None}
    person: Any = Person(**{"id_type": "1"} | told)
    for field in rules.PLACES:
        setattr(person, field, values.get(field))
    return person  # type: ignore[no-any-return]


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same person again: the ID number and the name."""
    number = naming.number_told(values)
    return (crypto.keys().blind(number, "id_no"), naming.name_key(values.get("name") or "")) if number else None


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these people are on file at one's own offices, and what they are called; a file that no list shows is not told of."""
    holders = identity.holders(session, {key[0] for key in wanted})
    mine = scope.query(Person).where(Person.id.in_({holder.person_id for holder in holders.values()}), listed())
    rows = {row.id: row for row in session.execute(mine.with_only_columns(Person.id, Person.name_key, Person.name))}
    found = ((blind, rows[holder.person_id]) for blind, holder in holders.items() if holder.person_id in rows)
    return {(blind, row.name_key): row.name for blind, row in found}


def listed() -> Any:
    """Which people an export holds: those a list shows."""
    return search.findable(clock.today())


def check(person: Any, today: date) -> list[Problem]:
    """What can be seen from the row alone, for a row that is refused anyway."""
    return naming.check(Named(person.name or "", person.id_type, None, person.birth_date, person.sex, ""), today)
