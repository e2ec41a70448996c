"""What the templates of letters can say."""

from datetime import datetime

from django import template

from messaging import clocks

register = template.Library()


@register.filter
def in_zone(at: datetime | str, zone: str) -> str:
    """Write an instant by the reader's clock, zone named: ``{{ starts_at|in_zone:zone }}``."""
    return clocks.in_words(_instant(at), zone=zone)


@register.filter
def shortly_in_zone(at: datetime | str, zone: str) -> str:
    """Write it for a list: ``{{ room.last_at|shortly_in_zone:zone }}``."""
    return clocks.in_short(_instant(at), zone=zone)


def _instant(at: datetime | str) -> datetime:
    # A letter's context has been JSON in between.
    return datetime.fromisoformat(at) if isinstance(at, str) else at
