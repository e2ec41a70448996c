"""Opening a workbook: its sheets as cells that know their address and how they are shown."""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import openpyxl
import python_calamine
from openpyxl.utils import get_column_letter

from config.base import Refused

LARGEST_FILE = 30 * 1024 * 1024
# Unpacked text of all sheets: a list of 100,000 products stays below half of it.
LARGEST_CONTENT = 200 * 1024 * 1024

NOT_SHOWN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')  # literals and colours of a number format


class WorkbookRefused(Refused):
    """This file cannot be read as the list it should be."""


class Formats:
    """Which cells are shown as percentages; looked up only when somebody asks, because it is slow."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._percent: dict[str, set[str]] = {}

    @cached_property
    def _book(self) -> openpyxl.Workbook:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pictures and validations, which are not ours
            return openpyxl.load_workbook(io.BytesIO(self._data), read_only=True, data_only=True)

    def is_percent(self, sheet: str, address: str) -> bool:
        if sheet not in self._percent:
            rows = self._book[sheet].iter_rows()
            self._percent[sheet] = {
                cell.coordinate
                for row in rows
                for cell in row
                if isinstance(cell.value, int | float) and "%" in NOT_SHOWN.sub("", cell.number_format)
            }
        return address in self._percent[sheet]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: where it is and what it holds."""

    sheet: str
    address: str
    value: object = None
    formats: Formats | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The value with blanks trimmed and collapsed; numbers without a needless ``.0``."""
        match self.value:
            case None | "":
                return ""
            case bool():
                return str(self.value)
            case int() | float():
                return plain(Decimal(repr(self.value)))
            case datetime.datetime() if self.value.time() == datetime.time():
                return self.value.date().isoformat()
            case datetime.date():
                return self.value.isoformat()
        return " ".join(str(self.value).split())

    @property
    def raw(self) -> str:
        """The text untouched, blanks and line breaks included."""
        return self.value if isinstance(self.value, str) else self.text

    @property
    def shown(self) -> str:
        """The text as a person sees it: 0.17 in a percent cell is 17 %."""
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if is_number and self.formats and self.formats.is_percent(self.sheet, self.address):
            return plain(Decimal(repr(self.value)) * 100) + "%"
        return self.text


@dataclass(frozen=True)
class Table:
    """One sheet as rows of cells, empty ones included."""

    name: str
    rows: list[list[Cell]]
    merged: frozenset[str]  # cells whose content sits in another cell

    @property
    def is_empty(self) -> bool:
        return not any(cell.text for row in self.rows for cell in row)

    def turned(self) -> Table:
        """The same sheet with its columns as rows, for lists that have one product per column."""
        return Table(self.name, [list(column) for column in zip(*self.rows, strict=True)], self.merged)


def plain(number: Decimal) -> str:
    """Write a number without exponent or trailing zeros."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def open_workbook(data: bytes) -> list[Table]:
    """Read all sheets of the workbook ``data``.

    :raises WorkbookRefused: it is empty, too large, or no Excel workbook
    """
    _check_container(data)
    formats = Formats(data)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [_read(book.get_sheet_by_name(name), formats) for name in book.sheet_names]
    except python_calamine.CalamineError as problem:
        raise WorkbookRefused(
            "The workbook is damaged and cannot be opened. Please ask the supplier to send it again."
        ) from problem


def _check_container(data: bytes) -> None:
    if not data:
        raise WorkbookRefused("The file is empty. Please choose the supplier's workbook again.")
    if len(data) > LARGEST_FILE:
        raise WorkbookRefused("The file is larger than 30 MB. Please remove pictures from it and try again.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as problem:
        raise WorkbookRefused(
            "This is not an Excel workbook (.xlsx). Please save the list as .xlsx."
        ) from problem
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise WorkbookRefused("This is not an Excel workbook, although it is named like one.")
    if sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))) > LARGEST_CONTENT:
        raise WorkbookRefused("The workbook unpacks to more than 200 MB and was not opened.")


def _read(sheet: python_calamine.CalamineSheet, formats: Formats) -> Table:
    rows = [
        [
            Cell(sheet.name, f"{get_column_letter(column)}{row}", None if value == "" else value, formats)
            for column, value in enumerate(values, start=1)
        ]
        for row, values in enumerate(sheet.to_python(skip_empty_area=False), start=1)
    ]
    return Table(sheet.name, rows, _hidden_by_merging(sheet))


def _hidden_by_merging(sheet: python_calamine.CalamineSheet) -> frozenset[str]:
    return frozenset(
        f"{get_column_letter(column + 1)}{row + 1}"
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
        if (row, column) != (top, left)
    )
