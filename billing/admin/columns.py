"""How money and links look in the lists and pages of billing."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

NUMERALS = "font-variant-numeric: tabular-nums; white-space: nowrap"
COLUMN = f"display: block; text-align: right; {NUMERALS}"
LINK = "text-primary-600 dark:text-primary-500 underline"


def in_words(amount: Decimal) -> str:
    """``A$89.00``, or ``−A$89.00``."""
    return f"{'−' if amount < 0 else ''}A${abs(amount):,.2f}"


def dollars(amount: Decimal) -> SafeString:
    """An amount inside a page."""
    return format_html('<span style="{}">{}</span>', NUMERALS, in_words(amount))


def column(amount: Decimal) -> SafeString:
    """An amount that lines up with the others of its column."""
    return format_html('<span style="{}">{}</span>', COLUMN, in_words(amount))


def link(record: models.Model) -> SafeString:
    """The way to a record's own page."""
    page = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
    return format_html('<a href="{}" class="{}">{}</a>', page, LINK, record)
