"""How amounts, links and findings look in the lists and pages of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

NUMERALS = "font-variant-numeric: tabular-nums; white-space: nowrap"
LINK = "text-primary-600 dark:text-primary-500 underline"
CELL = "padding: 0.25rem 1rem 0.25rem 0; vertical-align: top; text-align: left"


def dollars(amount: Decimal | None) -> str | SafeString:
    """An amount that lines up with the others of its column."""
    if amount is None:
        return "–"
    return format_html('<span style="{}">A${}</span>', NUMERALS, f"{amount:,.2f}")


def link(record: models.Model | None) -> str | SafeString:
    """The way to a record's own page."""
    if record is None:
        return "–"
    page = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
    return format_html('<a href="{}" class="{}">{}</a>', page, LINK, record)


def link_to(page: str, text: str) -> SafeString:
    """The way to a page that is no record's own."""
    return format_html('<a href="{}" class="{}">{}</a>', page, LINK, text)


def counted(count: int, page: str) -> SafeString:
    """A number that leads to the list it was counted from."""
    return format_html('<a href="{}" class="{}">{}</a>', page, LINK, count)


def table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> str | SafeString:
    """A small table inside a page."""
    head = format_html_join("", '<th style="{}" scope="col">{}</th>', ((CELL, text) for text in headings))
    body = format_html_join("", "<tr>{}</tr>", ((_cells(row),) for row in rows))
    if not body:
        return "–"
    return format_html(
        '<div style="overflow-x: auto"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        head,
        body,
    )


def _cells(row: Iterable[Any]) -> SafeString:
    return format_html_join("", '<td style="{}">{}</td>', ((CELL, value) for value in row))


def findings(found: Iterable[Mapping[str, str]]) -> str | SafeString:
    """What is to be said about a line, each with how much it weighs."""
    return format_html_join(
        "",
        "<div><strong>{}</strong> {}</div>",
        ((one["severity"].capitalize(), one["text"]) for one in found),
    )
