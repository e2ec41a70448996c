"""Tables that leave for a spreadsheet program: no cell of them is a formula (CSV injection, OWASP)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse
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
    return f"'{told}" if _begins_like_a_formula(told) else told


def as_it_was(value: str) -> str:
    """Take back what ``harmless`` put in front, of a text that comes in again."""
    return value[1:] if value.startswith("'") and _begins_like_a_formula(value[1:]) else value


def _begins_like_a_formula(text: str) -> bool:
    """Whether it does, behind whatever apostrophes: so that each can be told from one of ours."""
    bare = text.lstrip("'")
    return bare.lstrip().startswith(FORMULA) or bare.startswith(("\t", "\r"))


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


FORMATS: dict[str, type[base_formats.TablibFormat]] = {"xlsx": SafeXLSX, "csv": SafeCSV}
"""The formats that tables leave in, by the ending of the file's name."""


def download(kind: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], *, name: str) -> HttpResponse:
    """Hand a table to a browser as a file called ``name`` in one of ``FORMATS``; numbers stay numbers."""
    file_format = FORMATS[kind]()
    content = file_format.export_data(Dataset(*rows, headers=headings, title=name[:31]))
    return HttpResponse(
        content,
        content_type=file_format.get_content_type(),
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{kind}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
