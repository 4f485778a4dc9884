"""Some families of the demo township: who set up a household, who joined, who left."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from app.ledgers.births.models import Birth
from app.ledgers.households.models import JOINED, LEFT, RELATION_CHANGED, SET_UP, HouseholdEvent

HOUSEHOLDS = 7
DONE = ("submit", "approve")
LATER: tuple[tuple[str, ...], ...] = (DONE, DONE, ("submit",), (), ("submit", "return"), (*DONE, "void"), DONE)  # of each child's row


def events(births: Sequence[Birth], today: date) -> Iterator[tuple[HouseholdEvent, tuple[str, ...]]]:
    """What is entered about the parents and children of these births, and how far each has come."""
    for number, birth in enumerate(births[:HOUSEHOLDS]):
        home = _set_up(number, birth)
        yield home, DONE
        her = {"person_name": birth.mother_name, "person_id_no": birth.mother_id_no and birth.mother_id_no.reveal()}
        yield _told(home, JOINED, home.happened_on, relation="12", reason="结婚", **her), DONE
        child = {"person_name": birth.child_name, "person_birth_date": birth.born_on, "person_sex": birth.sex}
        relation = "20" if birth.sex == "1" else "30"
        yield _told(home, JOINED, birth.born_on, relation=relation, reason="出生", **child), LATER[number % len(LATER)]
        if number == 0:
            eldest = "22" if birth.sex == "1" else "32"
            yield _told(home, RELATION_CHANGED, today - timedelta(days=1), relation=eldest, person_name=birth.child_name), DONE
        if number == 1:
            yield _told(home, LEFT, today - timedelta(days=2), person_name=birth.mother_name, reason="外出务工"), ("submit",)


def _set_up(number: int, birth: Birth) -> HouseholdEvent:
    """The father sets up a household where the mother lives."""
    return HouseholdEvent(
        kind=SET_UP, happened_on=date(2016 + number, 5, 1 + number), person_name=birth.father_name, person_region=birth.region,
        person_id_no=birth.father_id_no and birth.father_id_no.reveal(), address=f"{birth.region.name[:2]}{number + 1}组{10 + number}号",
        mgmt_class="3" if number == 3 else "1", former_no=f"{number + 1:03d}",
    )  # fmt: skip


def _told(home: HouseholdEvent, kind: str, on: date, **more: Any) -> HouseholdEvent:
    return HouseholdEvent(kind=kind, household_no=home.household_no, happened_on=on, **more)
