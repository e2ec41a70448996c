"""Tables that leave for a spreadsheet program: no cell of them is a formula (CSV injection, OWASP)."""

from __future__ import annotations

from typing import Any

from import_export.formats import base_formats
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from tablib import Dataset

LONGEST = 30_000  # characters; a cell of a workbook takes few more
FORMULA = ("=", "+", "-", "@")


def harmless(value: Any) -> Any:
    """What is text stays text: what begins like a formula never becomes one here."""
    if not isinstance(value, str):
        return value
    told = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST]
    return f"'{told}" if told.lstrip().startswith(FORMULA) or told.startswith(("\t", "\r")) else told


class SafeXLSX(base_formats.XLSX):
    """The workbook of django-import-export, without formulas."""

    def export_data(self, dataset: Dataset, **options: Any) -> bytes:
        data: bytes = super().export_data(_harmless_of(dataset), **options)
        return data


class SafeCSV(base_formats.CSV):
    """The CSV of django-import-export, without formulas."""

    def export_data(self, dataset: Dataset, **options: Any) -> str:
        data: str = super().export_data(_harmless_of(dataset), **options)
        return data


def _harmless_of(dataset: Dataset) -> Dataset:
    rows = ([harmless(value) for value in row] for row in dataset)
    return Dataset(*rows, headers=dataset.headers, title=dataset.title)
