"""MAP OF SHEETS: the ledgers that can be filled from and written to workbooks."""

from collections.abc import Mapping
from typing import Any

from app.ledgers.births import sheet as births
from app.ledgers.families import death_sheet as deaths
from app.ledgers.families import sheet as marriages
from app.ledgers.households import sheet as households
from app.ledgers.maternity import newlywed_sheet as newlyweds
from app.ledgers.maternity import pregnancy_sheet as pregnancies
from app.ledgers.moves import sheet as moves
from app.ledgers.people import sheet as people

LEDGERS: Mapping[str, Any] = {
    "births": births,
    "deaths": deaths,
    "household-events": households,
    "marriages": marriages,
    "moves": moves,
    "newlyweds": newlyweds,
    "people": people,
    "pregnancies": pregnancies,
}
