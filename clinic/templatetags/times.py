"""Instants in words, in templates: ``{{ slot.starts_at|clock:user.time_zone }}``."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from messaging import clocks

register = template.Library()


@register.filter
def clock(at: datetime, zone: str) -> str:
    return clocks.clock(at, zone=zone).replace(" ", "\N{NO-BREAK SPACE}")


@register.filter
def day(at: datetime, zone: str) -> str:
    return clocks.day(at, zone=zone)


@register.filter
def short_day(at: datetime, zone: str) -> str:
    return clocks.short_day(at, zone=zone)


@register.filter
def zone_name(at: datetime, zone: str) -> str:
    return clocks.zone_name(at, zone=zone)


@register.simple_tag
def when(at: datetime, zone: str) -> SafeString:
    """Write an instant on a page of the portal, with the zone in small: ``{% when at user.time_zone %}``."""
    words = f"{clocks.day(at, zone=zone)}, {clock(at, zone)}"
    return format_html('{} <span class="zone">{}</span>', words, clocks.zone_name(at, zone=zone))


@register.filter
def in_words(at: datetime, zone: str) -> str:
    return clocks.in_words(at, zone=zone)


@register.filter
def place(zone: str) -> str:
    return clocks.place(zone)


@register.simple_tag
def same_clock(at: datetime, zone: str, other: str) -> bool:
    return clocks.same_clock(at, zone=zone, other=other)
