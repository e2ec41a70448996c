"""The quiet hours: at night, by the reader's clock, only letters come that cannot wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from messaging import clocks


class Hours(NamedTuple):
    """From which hour of the clock until which; the same twice when there are none."""

    begin: int
    end: int

    def has(self, hour: int) -> bool:
        if self.begin <= self.end:
            return self.begin <= hour < self.end
        return hour >= self.begin or hour < self.end


HOURS: list[Callable[[], Hours]] = []
"""What tells the practice's hours. The app above fills it."""


def current() -> Hours:
    return HOURS[-1]() if HOURS else Hours(0, 0)


def over_at(hours: Hours, *, now: datetime, zone: str) -> datetime | None:
    """When the quiet hours that it is now by the clock of ``zone`` end; None when it is none of them.

    By wall clocks, so that seven is seven on the nights when the clocks change, too. Where the clock jumps
    over the end, they end with the jump.
    """
    there = clocks.local(now, zone=zone)
    if not hours.has(there.hour):
        return None
    day = there.date() + timedelta(days=there.hour >= hours.end)
    return datetime.combine(day, time(hours.end), ZoneInfo(zone)).astimezone(UTC)
