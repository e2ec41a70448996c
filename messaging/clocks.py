"""Instants in words, with the zone named: the same everywhere a person reads them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.formats import date_format


def local(at: datetime, *, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def day(at: datetime, *, zone: str) -> str:
    """``Tuesday 24 November 2026``."""
    return _written(local(at, zone=zone).date())


@lru_cache(maxsize=1000)  # many letters and lists are about the same few days
def _written(on: date) -> str:
    return date_format(on, "l j F Y")


def short_day(at: datetime, *, zone: str) -> str:
    """``Tue 24 Nov 2026``."""
    return date_format(local(at, zone=zone), "D j M Y")


def clock(at: datetime, *, zone: str) -> str:
    """``9:30 am``."""
    return _clock(local(at, zone=zone))


def _clock(there: datetime) -> str:
    return f"{there.hour % 12 or 12}:{there.minute:02} {'am' if there.hour < 12 else 'pm'}"


def briefly(at: datetime, *, zone: str) -> str:
    """``Tue 24 Nov 2026, 9:30 am``: for lists that name the zone once."""
    return f"{short_day(at, zone=zone)}, {clock(at, zone=zone)}"


def zone_name(at: datetime, *, zone: str) -> str:
    """``AEDT (UTC+11:00)``; zones without an abbreviation say their offset alone."""
    there = local(at, zone=zone)
    return _named(there.utcoffset() or timedelta(), there.tzname() or "")


@lru_cache(maxsize=100)
def _named(ahead: timedelta, abbreviation: str) -> str:
    minutes = int(ahead.total_seconds() // 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return f"{abbreviation} ({offset})" if abbreviation.isalpha() else offset


def day_and_zone(at: datetime, *, zone: str) -> str:
    """``Tuesday 24 November 2026, AEDT (UTC+11:00)``: over a list of clock times."""
    return f"{day(at, zone=zone)}, {zone_name(at, zone=zone)}"


def stamp(at: datetime, *, zone: str) -> tuple[str, str, str]:
    """``day_and_zone``, the date as ISO has it, and ``clock``, of one of many."""
    there = at.astimezone(ZoneInfo(zone))
    name = _named(there.utcoffset() or timedelta(), there.tzname() or "")
    return f"{_written(there.date())}, {name}", there.date().isoformat(), _clock(there)


def in_words(at: datetime, *, zone: str) -> str:
    """``Tuesday 24 November 2026, 9:30 am AEDT (UTC+11:00)``."""
    return f"{day(at, zone=zone)}, {clock(at, zone=zone)} {zone_name(at, zone=zone)}"


def in_short(at: datetime, *, zone: str) -> str:
    """``Tue 24 Nov 2026, 9:30 am AEDT (UTC+11:00)``."""
    return f"{briefly(at, zone=zone)} {zone_name(at, zone=zone)}"


def same_clock(at: datetime, *, zone: str, other: str) -> bool:
    """Whether the clocks of both zones agree at that instant."""
    return local(at, zone=zone).utcoffset() == local(at, zone=other).utcoffset()


def place(zone: str) -> str:
    """``Broken Hill``: a zone as people call it."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")
