"""The rules a birth is held to (V07 to V10, V16 to V19 of the field list): problems refuse it, cautions ask for a reason."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import Caution, Problem
from app.core.id_number import FEMALE, age
from app.ledgers.births import deliveries
from app.ledgers.births.elsewhere import Other
from app.ledgers.births.known import Known, Limits
from app.ledgers.births.models import MAX_ORDER, MAX_PLURALITY, Birth
from app.ledgers.people import snapshots, sound

HEAVIEST, LONGEST = 15_000, 50  # grams and weeks nobody has reached: a slip of the pen, not a question
CERTIFICATE = re.compile(r"[A-Z][0-9]{9}")  # medical birth certificate: one letter, nine digits
CLOCK, SHORT_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]"), re.compile(r"[0-9]:[0-9]{2}")
REQUIRED = ("mother_name", "sex", "born_on", "child_order", "plurality", "plural_seq")
DATES = ("born_on", "mother_birth_date", "father_birth_date", "reported_on", "child_died_on", "hukou_on")
PLACES = ("mother_region", "father_region")
PROTECTED = "V08_protected"  # the caution that makes the mother a protected person


def of_form(birth: Birth, today: date) -> list[Problem]:
    """What can be seen from the row alone."""
    if missing := sound.missing(birth, REQUIRED):
        return missing
    people = of_people(birth, today)
    dates = sound.old_dates(birth, DATES, today) or _date_problems(birth, today)
    return [*people, *dates, *_number_problems(birth), *sound.large_places(birth, PLACES)]


def of_people(birth: Birth, today: date) -> list[Problem]:
    """What is wrong with the names, numbers and birth dates of the people it names."""
    return [problem for role in ("mother", "father", "child") for problem in snapshots.problems(birth, role, today)]


def clock_of(text: str | None) -> str | None:
    """The time as it is kept, 7：35 as 07:35. What is no time stays as it is, to be refused."""
    tidy = unicodedata.normalize("NFKC", text or "").strip()
    return f"0{tidy}" if SHORT_CLOCK.fullmatch(tidy) else tidy or None


def of_register(birth: Birth, known: Known) -> list[Problem]:
    """What only the register knows: the mother's file (V07), the other twins (V16), the certificate number (V18)."""
    found, mother = [], known.mother
    if mother is not None and mother.sex != FEMALE:
        found.append(
            Problem(
                "mother_name",
                _("The file of this person does not say that she is a woman. Correct the file or choose the mother."),
                "V07_sex",
            )
        )
    if mother is not None and mother.died_on is not None and mother.died_on < birth.born_on:
        found.append(Problem("born_on", _("By her file the mother had died before this day. Correct the date or her file."), "V07_alive"))
    if known.certificate_is_used:
        found.append(certificate_problem())
    return [*found, *_seq_problems(birth, known)]


def certificate_problem() -> Problem:
    """The same sentence wherever the other birth lies."""
    message = _("This certificate number is on file already. Compare it with the certificate; if it is right, ask your supervisor.")
    return Problem("birth_cert_no", message, "V18_unique")


def cautions(birth: Birth, known: Known) -> list[Caution]:
    """What is unusual: the clerk corrects it or writes why it is right."""
    people = [*_age_cautions(birth, known.limits), *_place_cautions(birth)]
    return [*people, *_gap_cautions(birth, known), *_order_cautions(birth, known), *_size_cautions(birth, known.limits)]


def is_protected(birth: Birth, limits: Limits) -> bool:
    """Whether the mother was a child herself on the day of the limits."""
    born = birth.mother_birth_date
    return born is not None and age(born, limits.day) < limits["mother_age_protected"]


def is_duplicate(birth: Birth, known: Known) -> bool:
    """The same child's number, or the same mother within some days and not twins, or a name like hers in the same village (李梅, 李玫)."""
    return bool(duplicates(birth, known))


def duplicates(birth: Birth, known: Known) -> list[UUID]:
    """The births that may be this one, wherever they were entered."""
    days = known.limits["duplicate_days"]
    apart = [o for o in known.others if o.delivery_id != known.delivery_id]
    near = [o.uid for o in apart if o.mother_id != birth.mother_id or abs((o.born_on - birth.born_on).days) <= days]
    return [*dict.fromkeys([*near, *(n.uid for n in known.namesakes if n.delivery_id != known.delivery_id)])]


def _date_problems(birth: Birth, today: date) -> list[Problem]:
    found, born = [], birth.born_on
    if born > today:
        return [Problem("born_on", _("The child cannot be born after today. Correct the date."), "V09")]
    if birth.mother_birth_date and birth.mother_birth_date >= born:
        found.append(
            Problem(
                "mother_birth_date", _("The mother's birth date must lie before the child's. Correct one of them."), "mother_birth_date"
            )
        )
    if birth.reported_on and not born <= birth.reported_on <= today:
        found.append(Problem("reported_on", _("The day of the report lies between the birth and today. Correct it."), "reported_on"))
    if birth.child_died_on and not born <= birth.child_died_on <= today:
        found.append(Problem("child_died_on", _("The day of death lies between the birth and today. Correct it."), "child_died_on"))
    if birth.hukou_on and not born <= birth.hukou_on <= today:
        found.append(Problem("hukou_on", _("The household registration lies between the birth and today. Correct it."), "hukou_on"))
    return found


def _number_problems(birth: Birth) -> list[Problem]:
    found = []
    if not 1 <= birth.child_order <= MAX_ORDER:
        found.append(Problem("child_order", _("The order of the child is a number from 1 to %(most)s.", most=MAX_ORDER), "child_order"))
    if not 1 <= birth.plurality <= MAX_PLURALITY:
        found.append(Problem("plurality", _("The number of children of a delivery is 1 to %(most)s.", most=MAX_PLURALITY), "plurality"))
    elif not 1 <= birth.plural_seq <= birth.plurality:
        message = _("This child is the first to the last of %(n)s: write a number from 1 to %(n)s.", n=birth.plurality)
        found.append(Problem("plural_seq", message, "plural_seq"))
    if birth.weight_g is not None and not 1 <= birth.weight_g <= HEAVIEST:
        found.append(Problem("weight_g", _("The weight in grams is a number from 1 to %(most)s.", most=HEAVIEST), "weight_g"))
    if birth.gest_weeks is not None and not 1 <= birth.gest_weeks <= LONGEST:
        found.append(Problem("gest_weeks", _("The weeks of pregnancy are a number from 1 to %(most)s.", most=LONGEST), "gest_weeks"))
    if birth.live_count is not None and not 1 <= birth.live_count <= birth.plurality:
        message = _("Of this delivery 1 to %(n)s children were born alive. Correct it, or leave it empty if all were.", n=birth.plurality)
        found.append(Problem("live_count", message, "live_count"))
    if birth.born_at and not CLOCK.fullmatch(birth.born_at):
        found.append(Problem("born_at", _("Write the time with hour and minute, like 07:35."), "born_at"))
    if birth.birth_cert_no and not CERTIFICATE.fullmatch(birth.birth_cert_no):
        found.append(
            Problem("birth_cert_no", _("A certificate number is a capital letter and nine digits, like A123456789."), "V18_format")
        )
    return found


def _seq_problems(birth: Birth, known: Known) -> list[Problem]:
    """A place among twins that another child has taken, which the database would refuse; a number that an approved twin contradicts."""
    if deliveries.is_contradicted(birth, known.twins):
        message = _("A child of this delivery is approved with another number of children. Write the same, or have that one voided first.")
        return [Problem("plurality", message, "V16_approved")]
    if all(twin.plural_seq != birth.plural_seq for twin in known.twins):
        return []
    message = _("Another child of this delivery has this place already. Correct the place, or open the child that is on file.")
    return [Problem("plural_seq", message, "V16_seq")]


def _mothers_age(birth: Birth) -> int | None:
    """Her whole years at the birth."""
    return age(birth.mother_birth_date, birth.born_on) if birth.mother_birth_date else None


def _age_cautions(birth: Birth, limits: Limits) -> list[Caution]:
    years = _mothers_age(birth)
    if years is None or limits["mother_age_min"] <= years <= limits["mother_age_max"]:
        return []
    if years < limits["mother_age_protected"]:
        message = _l(
            "By the dates the mother was %(years)s years old. Staff are bound to report this for the protection of minors, and her file "
            "will not be found by name or number any more. Correct the dates, or write when and to whom it was reported.",
            years=years,
        )
        return [Caution(PROTECTED, "mother_birth_date", message)]
    message = _l("By the dates the mother was %(years)s years old. Compare her birth date and the child's with the papers.", years=years)
    return [Caution("V08", "mother_birth_date", message)]


def _place_cautions(birth: Birth) -> list[Caution]:
    """The place on the form enters a new mother; it does not move one who is on file."""
    if birth.mother_region is None or birth.mother_region.id == birth.region.id:
        return []
    message = _l(
        "Her file lies at %(place)s, so the birth belongs there. Compare the place; if she lives or lived elsewhere, write so.",
        place=birth.region.name,
    )
    return [Caution("mother_place", "mother_region", message)]


def _gap_cautions(birth: Birth, known: Known) -> list[Caution]:
    hers = [o for o in known.others if o.mother_id == birth.mother_id and o.delivery_id != known.delivery_id]
    gaps, limits = [abs((o.born_on - birth.born_on).days) for o in hers], known.limits
    unusual = [days for days in gaps if limits["gap_min_days"] <= days <= limits["gap_max_days"]]
    if not unusual:
        return []
    message = _l(
        "Another birth of this mother is on file %(days)s days from this one. Compare the dates; twins have the same delivery.",
        days=min(unusual),
    )
    return [Caution("V10", "born_on", message)]


def _order_cautions(birth: Birth, known: Known) -> list[Caution]:
    expected = _expected_order(birth, [o for o in known.others if o.mother_id == birth.mother_id], known.delivery_id)
    if expected is None or expected == birth.child_order:
        return []
    message = _l("By the births on file this would be number %(n)s of the mother. Compare the order with what she says.", n=expected)
    return [Caution("V17", "child_order", message)]


def _expected_order(birth: Birth, hers: Sequence[Other], delivery_id: int | None) -> int | None:
    """By the twin on file, else by the last child born before; None for a mother without a birth on file."""
    twin = next((o for o in hers if o.delivery_id == delivery_id), None)
    if twin:
        return twin.child_order + birth.plural_seq - twin.plural_seq
    earlier = [o.child_order for o in hers if o.born_on < birth.born_on]
    return max(earlier) + birth.plural_seq if earlier else None


def _size_cautions(birth: Birth, limits: Limits) -> list[Caution]:
    found = []
    if birth.weight_g is not None and not limits["weight_min"] <= birth.weight_g <= limits["weight_max"]:
        low, high = limits["weight_min"], limits["weight_max"]
        found.append(
            Caution(
                "V19_weight",
                "weight_g",
                _l("A weight outside %(low)s to %(high)s g is unusual. It is written in grams.", low=low, high=high),
            )
        )
    if birth.gest_weeks is not None and not limits["weeks_min"] <= birth.gest_weeks <= limits["weeks_max"]:
        low, high = limits["weeks_min"], limits["weeks_max"]
        found.append(
            Caution(
                "V19_weeks", "gest_weeks", _l("A birth outside the weeks %(low)s to %(high)s is unusual. Compare it.", low=low, high=high)
            )
        )
    return found
