"""What waits for one person, whatever the ledger: one line of the to-do table of the home page."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Task:
    """One record that waits: what is to be done with it, since when, who left it there, and until when, where that is said."""

    what: Any
    row: Any
    since: datetime | None = None
    by: str = ""
    due: date | None = None
