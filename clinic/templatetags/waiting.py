"""What somebody waits for, in words: ``{{ entry|days }}``."""

from collections.abc import Mapping
from uuid import UUID

from django import template

from clinic.models import Practitioner, Roster, WaitlistEntry

register = template.Library()


@register.filter
def days(entry: WaitlistEntry) -> str:
    return ", ".join(Roster.Weekday(day).label for day in entry.weekdays) or "Any day"


@register.filter
def parts(entry: WaitlistEntry) -> str:
    return ", ".join(WaitlistEntry.Part(part).label for part in entry.parts) or "Any time of the day"


@register.filter
def whom(entry: WaitlistEntry, doctors: Mapping[UUID, Practitioner]) -> str:
    """Name those of ``doctors`` that suit."""
    if not entry.practitioners:
        return "Any doctor"
    named = [str(doctors[pk]) for pk in entry.practitioners if pk in doctors]
    return ", ".join(named) or "A doctor who takes no bookings now"
