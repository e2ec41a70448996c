"""Layouts as plain data, so that one matched in the admin reads lists as one that came with the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.models import SheetLayout
from catalog.sheets.layout import Layout, Sheet


def layout_of(stored: SheetLayout) -> Layout:
    """Take a layout from its record."""
    said: Mapping[str, Any] = stored.declaration
    return Layout(
        key=stored.supplier.key,
        supplier=stored.supplier.name,
        sheets=tuple(_sheet(one) for one in said["sheets"]),
        skipped=said.get("skipped", {}),
        brands=tuple(said.get("brands", ())),
        noise=tuple(said.get("noise", ())),
        gst=said.get("gst", {}),
    )


def _sheet(said: Mapping[str, Any]) -> Sheet:
    return Sheet(
        name=said["name"],
        columns=said["columns"],
        optional=frozenset(said.get("optional", ())),
        title=said.get("title", ""),
        per_column=said.get("per_column", False),
        fixed=said.get("fixed", {}),
        confirms=said.get("confirms", ""),
        header_row=said.get("header_row", 0),
    )


def declaration(layout: Layout) -> dict[str, Any]:
    """Write a layout down as its record keeps it; ``layout_of`` reads it back."""
    return {
        "sheets": [_declared(sheet) for sheet in layout.sheets],
        "skipped": dict(layout.skipped),
        "brands": list(layout.brands),
        "noise": list(layout.noise),
        "gst": dict(layout.gst),
    }


def _declared(sheet: Sheet) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "columns": dict(sheet.columns),
        "optional": sorted(sheet.optional),
        "title": sheet.title,
        "per_column": sheet.per_column,
        "fixed": dict(sheet.fixed),
        "confirms": sheet.confirms,
        "header_row": sheet.header_row,
    }
