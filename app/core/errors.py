"""What a rule says to the clerk: problems that block, cautions that need a reason. Nothing here knows the web."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: which field, and a sentence that says what is wrong and what to do."""

    field: str
    message: Any
    code: str = ""


@dataclass(frozen=True)
class Caution:
    """One thing that is unusual. The form asks for a reason; an import stores it and the approver sees it.

    The message is lazy: it is stored in both languages, for whoever reads it later.
    """

    code: str
    field: str
    message: Any


class RuleViolation(Exception):
    """Every problem of one record at once, so that the clerk mends all of them in one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(str(p.message) for p in self.problems))

    @classmethod
    def one(cls, message: Any, field: str = "", code: str = "") -> "RuleViolation":
        """A violation that is about a single thing."""
        return cls([Problem(field, message, code)])


def refuse_if(problems: Iterable[Problem]) -> None:
    """Raise everything that is wrong at once; nothing where nothing is. Raises RuleViolation."""
    if found := tuple(problems):
        raise RuleViolation(found)
