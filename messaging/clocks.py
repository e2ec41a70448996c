"""Instants by a person's own clock, with the zone named."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format


def day(at: datetime, zone: str) -> str:
    """``Tuesday 24 November 2026``."""
    return date_format(at.astimezone(ZoneInfo(zone)), "l j F Y")


def clock(at: datetime, zone: str) -> str:
    """``9:30 am``."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there.hour % 12 or 12}:{there:%M} {'am' if there.hour < 12 else 'pm'}"


def briefly(at: datetime, zone: str) -> str:
    """``Tue 24 Nov 2026, 9:30 am``: for lists that name the zone once."""
    return f"{date_format(at.astimezone(ZoneInfo(zone)), 'D j M Y')}, {clock(at, zone)}"


def zone_in_words(at: datetime, zone: str) -> str:
    """``Sydney time, AEDT``; zones without letters of their own say their offset."""
    short = at.astimezone(ZoneInfo(zone)).tzname() or ""
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"{place} time, {short if short.isalpha() else 'UTC' + short}"


def in_words(at: datetime, zone: str) -> str:
    """``Tuesday 24 November 2026, 9:30 am (Sydney time, AEDT)``."""
    return f"{day(at, zone)}, {clock(at, zone)} ({zone_in_words(at, zone)})"
