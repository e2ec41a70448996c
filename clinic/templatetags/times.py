"""Instants in words, in templates: ``{{ slot.starts_at|clock:user.time_zone }}``."""

from datetime import datetime

from django import template

from clinic import timing

register = template.Library()


@register.filter
def clock(at: datetime, zone: str) -> str:
    return timing.clock(at, zone=zone).replace(" ", "\N{NO-BREAK SPACE}")


@register.filter
def day(at: datetime, zone: str) -> str:
    return timing.day(at, zone=zone)


@register.filter
def short_day(at: datetime, zone: str) -> str:
    return timing.short_day(at, zone=zone)


@register.filter
def zone_name(at: datetime, zone: str) -> str:
    return timing.zone_name(at, zone=zone)


@register.filter
def in_words(at: datetime, zone: str) -> str:
    return timing.in_words(at, zone=zone)


@register.filter
def place(zone: str) -> str:
    return timing.place(zone)


@register.simple_tag
def same_clock(at: datetime, zone: str, other: str) -> bool:
    return timing.same_clock(at, zone=zone, other=other)
