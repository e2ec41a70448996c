"""Comma-separated text (.csv), in whatever dialect a spreadsheet saved it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from catalog.sheets import tables
from catalog.sheets.tables import Cell, Table, WorkbookRefused

DELIMITERS = ",;\t|"
NAME = "List"
LOOKED_AT = 20  # lines


def open_tables(data: bytes) -> list[Table]:
    """Read a text as the one sheet that it is.

    :raises WorkbookRefused: it is no text, or no table
    """
    text = _decoded(data)
    delimiter = _delimiter(text)
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as problem:
        raise WorkbookRefused(
            "The text cannot be read as a table: a quotation mark is missing or a cell is far too long. "
            "Please save the list as .xlsx."
        ) from problem
    width = max(map(len, found), default=0)
    tables.refuse_vast(NAME, len(found), width)
    letters = tables.column_letters(width)

    def rows() -> Iterator[list[Cell]]:
        for number, row in enumerate(found, start=1):
            padded = row + [""] * (width - len(row))
            yield [Cell(NAME, f"{letters[at]}{number}", value or None) for at, value in enumerate(padded)]

    return [Table(NAME, rows, is_alone=True)]


def _decoded(data: bytes) -> str:
    """Text as UTF-8, which cannot be mistaken, else as Excel for Windows writes it."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise WorkbookRefused("This is neither a workbook (.xlsx, .xls, .ods) nor a text with a table (.csv).")


def _delimiter(text: str) -> str:
    """The sign that divides most lines into equally many cells."""
    lines = [line for line in text.splitlines()[:LOOKED_AT] if line.strip()]
    widths = {sign: Counter(map(len, csv.reader(lines, delimiter=sign))) for sign in DELIMITERS}
    score = {
        sign: max((times * width for width, times in found.items() if width > 1), default=0)
        for sign, found in widths.items()
    }
    best = max(DELIMITERS, key=lambda sign: score[sign])
    if not score[best]:
        raise WorkbookRefused("The text has no columns. Please save the list as .xlsx.")
    return best
