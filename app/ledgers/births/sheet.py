"""The births ledger as a workbook: its columns, and how a row of it becomes a birth."""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.core import crypto, id_number, names, scope, sheets
from app.core.errors import Problem
from app.core.sheets import Column
from app.core.workflow import Status
from app.ledgers.births import checks, family, rules
from app.ledgers.births.intake import Intake
from app.ledgers.births.models import MAX_PLURALITY, Birth
from app.ledgers.people import naming, snapshots

MODEL, SCREEN = Birth, "BirthView"
TWIN_DAYS = 1  # children of one delivery are born on one day or the next
Key = tuple[Any, ...]
__all__ = ["COLUMNS", "MODEL", "SCREEN", "Intake", "check", "key", "make", "on_file", "rules", "saved", "settle"]


CARD, SEXES = {"身份证": "1"}, {"男性": "1", "女性": "2"}
COLUMNS = (
    sheets.line_numbers(),
    sheets.identity(),
    sheets.words_in(_l("Mother's name"), "mother_name", "母亲姓名", "产妇姓名", "女方姓名", required=True, example="李梅"),
    sheets.codes_in(_l("Mother's document"), "mother_id_type", "母亲证件类型", "女方证件类型", code_set="id_type", also=CARD),
    sheets.secrets_in(
        _l("Mother's ID number"), "mother_id_no", "母亲身份证号", "母亲身份证号码", "母亲证件号码", "女方身份证号", required=True
    ),
    sheets.days_in(_l("Mother's birth date"), "mother_birth_date", "母亲出生日期"),
    sheets.words_in(_l("Father's name"), "father_name", "父亲姓名", "男方姓名", example="王强"),
    sheets.codes_in(_l("Father's document"), "father_id_type", "父亲证件类型", "男方证件类型", code_set="id_type", also=CARD),
    sheets.secrets_in(_l("Father's ID number"), "father_id_no", "父亲身份证号", "父亲身份证号码", "父亲证件号码", "男方身份证号"),
    sheets.days_in(_l("Father's birth date"), "father_birth_date", "父亲出生日期"),
    sheets.words_in(_l("Child's name"), "child_name", "婴儿姓名", "子女姓名", "孩子姓名", "新生儿姓名"),
    sheets.codes_in(
        _l("Sex"), "sex", "婴儿性别", "子女性别", "新生儿性别", "性别", code_set="sex", also=SEXES, required=True, example="女"
    ),
    sheets.days_in(_l("Born on"), "born_on", "出生日期", "婴儿出生日期", "出生年月日", required=True, example="2025-03-05"),
    sheets.words_in(_l("Time of birth"), "born_at", "出生时间", "出生时刻"),
    sheets.counts_in(_l("Child number of the mother"), "child_order", "孩次", "出生孩次", required=True, example="1"),
    sheets.counts_in(_l("Children of this delivery"), "plurality", "胎数", "胎儿数"),
    sheets.counts_in(_l("Place among them"), "plural_seq", "第几胎", "胎内序号"),
    sheets.counts_in(_l("Born alive among them"), "live_count", "活产数", "其中活产数"),
    sheets.secrets_in(_l("Child's ID number"), "child_id_no", "婴儿身份证号", "子女身份证号", "子女证件号码"),
    sheets.numbers_in(
        _l("Certificate number"), "birth_cert_no", "出生医学证明编号", "出生证编号", "出生医学证明号", example="A123456789"
    ),
    sheets.ticks_in(_l("Birth registration shown"), "registration_shown", "是否办理生育登记", "是否登记", "是否已办生育登记"),
    sheets.counts_in(_l("Weight in grams"), "weight_g", "出生体重", "体重", "出生体重g"),
    sheets.counts_in(_l("Weeks of pregnancy"), "gest_weeks", "孕周"),
    sheets.codes_in(_l("Mode of delivery"), "delivery_mode", "分娩方式", code_set="delivery_mode"),
    sheets.codes_in(_l("Place of birth"), "birth_place", "出生地点", "分娩地点", code_set="birth_place"),
    sheets.words_in(_l("Hospital"), "facility", "接生机构", "出生医院", "分娩机构", width=24),
    sheets.places_in(
        _l("Where the mother lives"), "mother_region", "现居住地", "居住地", "母亲现居住地", "母亲居住地", required=True,
        write=lambda row, writing: writing.code_of.get(row.mother_region_id or row.region_id), example="龙泉镇龙泉村村民委员会",
    ),
    Column(_l("Phone"), "phone", ("联系电话", "电话", "手机号码", "母亲电话"), read=sheets.long_number, is_text=True),
    sheets.days_in(_l("Died on"), "child_died_on", "死亡日期", "子女死亡日期"),
    sheets.days_in(_l("Household registration on"), "hukou_on", "落户日期"),
    sheets.days_in(_l("Reported on"), "reported_on", "报告日期", "上报日期"),
    sheets.words_in(_l("Remark"), "remark", "备注", width=24),
)  # fmt: skip


def make(values: dict[str, Any], kind: Callable[..., Birth] = Birth) -> Birth:
    """A birth as the row tells it. Mother and father who are on file nowhere become people where she lives."""
    told = {name: value for name, value in values.items() if name not in ("uid", "phone") and value is not None}
    birth = kind(**{"plurality": 1, "plural_seq": 1, "registration_shown": False} | told)
    birth.father_region = birth.mother_region if birth.father_name else None
    return birth


def key(values: dict[str, Any]) -> Key | None:
    """What tells whether a row tells of the same birth again: the mother, the day, the sex, the order and the name of the child."""
    if not (values.get("mother_id_no") and values.get("born_on")):
        return None
    child = names.clean_name(values.get("child_name") or "") or None
    return _mothers_blind(values), values["born_on"], values.get("sex"), values.get("child_order"), child


def on_file(session: Session, wanted: Collection[Key]) -> dict[Key, str]:
    """Which of these births are on file at one's own offices, and how they are called."""
    told = (Birth.mother_id_no_bidx, Birth.born_on, Birth.sex, Birth.child_order, Birth.child_name)
    rows = scope.query(Birth).where(Birth.mother_id_no_bidx.in_({key[0] for key in wanted}), Birth.status != Status.voided)
    found = session.execute(rows.with_only_columns(*told, Birth.mother_name)).all()
    return {tuple(row[:5]): f"{row.mother_name} {row.born_on}" for row in found}


def settle(session: Session, birth: Birth, values: dict[str, Any]) -> list[Problem]:
    """What the row says beside the birth: which of the twins this is, and the mother's phone."""
    if birth.plurality > 1 and birth.born_on and not values.get("plural_seq"):
        birth.plural_seq = _next_place(session, birth, _mothers_blind(values))
    phone = values.get("phone")
    if phone and not id_number.is_phone(phone):
        message = _("A phone number is a mobile number of 11 digits, or a landline with its area code. Correct it or leave it empty.")
        return [Problem("phone", message, "phone")]
    return []


def saved(session: Session, birth: Birth, values: dict[str, Any]) -> None:
    """The phone goes to the mother's file where none is known."""
    mother = snapshots.on_file(session, birth.mother_id) if values.get("phone") else None
    if mother is not None and mother.phone is None:
        mother.phone = values["phone"]


def check(birth: Birth, today: date) -> list[Problem]:
    """What can be seen from the row alone, for a row that is refused anyway."""
    rules.complete(birth, today)
    found = checks.of_form(birth, today)
    return checks.of_people(birth, today) if any(problem.code == "missing" for problem in found) else found


def _mothers_blind(values: dict[str, Any]) -> str:
    """By what her number is found."""
    return crypto.keys().blind(naming.number_told(values, "mother"), "id_no")


def _next_place(session: Session, birth: Birth, mother: str) -> int:
    """Twins stand one after the other in a workbook: the first place that no child of this delivery has yet."""
    near = Birth.born_on.between(*family.days_around(birth.born_on, TWIN_DAYS))
    rows = scope.query(Birth).where(Birth.mother_id_no_bidx == mother, near, Birth.status != Status.voided)
    taken = set(session.scalars(rows.with_only_columns(Birth.plural_seq)))
    return next(n for n in range(1, MAX_PLURALITY + 2) if n not in taken)
