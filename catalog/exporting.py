"""The lines of an import as a table, for people who go on in a spreadsheet program."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, Subquery
from openpyxl import Workbook

from catalog.models import Decision, ImportRow
from catalog.models.imports import ImportRowQuerySet
from config.spreadsheets import harmless

BATCH = 1000
AMOUNT = ("op", "value", "unit")
HEADINGS = (
    *("Sheet", "Cell", "Kind", "Decision", "Reason", "Brand", "Product", "Barcode", "Code", "Dose form"),
    *(
        "Size",
        "THC",
        "CBD",
        "Schedule",
        "TGA category",
        "Wholesale",
        "Retail",
        "Changes",
        "To know",
        "As it stands",
    ),
)


def workbook(rows: ImportRowQuerySet) -> bytes:
    """Write ``rows`` as .xlsx, one line each, with its cell, what was decided and why."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Lines")
    sheet.freeze_panes = "A2"
    sheet.append(HEADINGS)
    last = Decision.objects.filter(row=OuterRef("pk")).order_by("-pk").values("reason")[:1]
    told = rows.with_verdict().annotate(reason=Subquery(last)).order_by("position")
    for row in told.iterator(chunk_size=BATCH):
        sheet.append([harmless(value) for value in _line(row)])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _line(row: Any) -> Iterator[Any]:
    stated = row.stated
    yield from (row.sheet, row.cell, row.get_outcome_display(), _verdict(row), row.reason)
    for name in ("brand", "product_name", "gtin13", "product_code", "dose_form"):
        yield stated.get(name)
    for name in ("size", "thc", "cbd"):
        yield _amount(stated.get(name))
    for name in ("schedule_stated", "tga_category_stated", "wholesale", "retail"):
        yield stated.get(name)
    yield "; ".join(f"{name}: {_told(now)} → {_told(then)}" for name, (now, then) in row.changes.items())
    yield " ".join(finding["text"] for finding in row.findings)
    yield "; ".join(f"{place}: {text}" for place, text in row.raw.items())


def _verdict(row: ImportRow) -> str:
    if row.verdict:
        return Decision.Verdict(row.verdict).label
    return "To decide" if row.needs_decision else ""


def _amount(amount: dict[str, Any] | None) -> str | None:
    return " ".join(str(amount[name]) for name in AMOUNT if amount.get(name)) if amount else None


def _told(value: Any) -> str:
    return "–" if value in (None, "", [], {}) else str(value)
