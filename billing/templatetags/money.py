"""Amounts in templates: ``{{ line.balance|dollars }}``."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.formats import date_format

from messaging import clocks

register = template.Library()


@register.filter
def dollars(amount: Decimal | None) -> str:
    """``A$89.00``, ``−A$89.00``, or nothing where there is no amount."""
    return "" if amount is None else f"{'−' if amount < 0 else ''}A${abs(amount):,.2f}"


@register.filter
def signed_dollars(change: Decimal) -> str:
    """``+A$89.00`` where more is owed, ``−A$89.00`` where less."""
    return f"+{dollars(change)}" if change > 0 else dollars(change)


@register.filter
def plain_dollars(amount: Decimal) -> str:
    """The amount alone, where words beside it say whose it is."""
    return dollars(abs(amount))


@register.filter
def standing(balance: Decimal) -> str:
    """What a balance means to the payer."""
    if balance > 0:
        return "To be paid"
    return "In credit" if balance < 0 else "Nothing to be paid"


@register.filter
def day_in(at: datetime, zone: str) -> str:
    """``3 Aug 2026``, by the clock of ``zone``."""
    return date_format(clocks.local(at, zone=zone), "j M Y")
