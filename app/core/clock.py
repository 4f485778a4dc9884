"""What time it is: moments in UTC, dates in the office's time zone. Rules and reports ask here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def use_zone(name: str) -> None:
    """Set the office's time zone (setting TIMEZONE)."""
    global _zone
    _zone = ZoneInfo(name)


def now() -> datetime:
    """This moment, in UTC with microseconds."""
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """The office's date: at 01:00 in Shanghai it is already the next day, whatever UTC says."""
    return now().astimezone(_zone).date()


def local(moment: datetime) -> datetime:
    """The same moment on the office's wall clock."""
    return moment.astimezone(_zone)


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Hold the clock, for tests and for work done on behalf of another day."""
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
