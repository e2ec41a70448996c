"""Older Excel workbooks (.xls), which only xlrd reads together with how their cells look."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import xlrd

from catalog.sheets import tables
from catalog.sheets.tables import Cell, Table, WorkbookRefused

NOT_OPENED = (
    "This is not an Excel workbook that can be opened, or it is protected by a password. "
    "Please save the list as .xlsx without a password."
)


def open_tables(data: bytes) -> list[Table]:
    """Read all sheets of an .xls workbook.

    :raises WorkbookRefused: it is damaged, protected, or another Office document
    """
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # xlrd complains on standard output
            book = xlrd.open_workbook(
                file_contents=data, formatting_info=True, ragged_rows=True, logfile=nowhere
            )
    except Exception as problem:  # a damaged file makes it stumble over whatever it meets
        raise WorkbookRefused(NOT_OPENED) from problem
    return [_table(book, sheet) for sheet in book.sheets()]


def _table(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> Table:
    tables.refuse_vast(sheet.name, sheet.nrows, sheet.ncols)
    letters = tables.column_letters(sheet.ncols)

    def rows() -> Iterator[list[Cell]]:
        for row in range(sheet.nrows):
            filled = [_cell(book, sheet, row, column, letters) for column in range(sheet.row_len(row))]
            rest = range(sheet.row_len(row), sheet.ncols)
            yield filled + [Cell(sheet.name, f"{letters[column]}{row + 1}") for column in rest]

    ranges = ((top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells)
    return Table(sheet.name, rows, tables.hidden_by_merging(ranges), sheet.visibility != 0)


def _cell(book: xlrd.Book, sheet: xlrd.sheet.Sheet, row: int, column: int, letters: tuple[str, ...]) -> Cell:
    address = f"{letters[column]}{row + 1}"
    value, kind = sheet.cell_value(row, column), sheet.cell_type(row, column)
    match kind:
        case xlrd.XL_CELL_NUMBER:
            look = book.format_map[book.xf_list[sheet.cell_xf_index(row, column)].format_key].format_str
            return Cell(sheet.name, address, value, "" if look == "General" else look)
        case xlrd.XL_CELL_DATE:
            return Cell(sheet.name, address, _moment(value, book.datemode))
        case xlrd.XL_CELL_BOOLEAN:
            return Cell(sheet.name, address, bool(value))
        case xlrd.XL_CELL_ERROR:
            return Cell(sheet.name, address, xlrd.error_text_from_code.get(value, "#ERROR"))
    return Cell(sheet.name, address, value or None)


def _moment(value: float, datemode: int) -> datetime.datetime | str:
    try:
        return xlrd.xldate_as_datetime(value, datemode)
    except (ValueError, OverflowError):
        return str(value)
