"""Amounts as people read them."""

from __future__ import annotations

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def figure(amount: Decimal) -> str:
    """Write at most two places, and none that say nothing: ``0.5``, ``28``."""
    return f"{amount:.2f}".rstrip("0").rstrip(".")
