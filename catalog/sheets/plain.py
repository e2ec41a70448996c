"""Plain tables that we sent out and get back: one heading a column, one record a row."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from import_export.formats.base_formats import Format
from tablib import Dataset

from catalog.sheets.layout import words
from catalog.sheets.tables import WorkbookRefused
from catalog.sheets.workbook import open_workbook
from config.spreadsheets import as_it_was

MOST_ROWS = 2000


class TableFormat(Format):
    """A workbook or text of whatever kind, of which the first sheet counts; what is no table is refused."""

    columns: tuple[str, ...] = ()
    needed: Collection[str] = ()

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def get_title(self) -> str:
        return "Table (.xlsx, .csv, .ods or .xls)"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> Dataset:
        """Read a table with a heading in its first row.

        :raises WorkbookRefused: it is no table, lacks a column, has one too many, or is too long
        """
        table = open_workbook(in_stream)[0]
        rows = table.rows()
        headings = [words(cell.text) for cell in next(rows, [])]
        while headings and not headings[-1]:
            headings.pop()
        self._check(headings)
        dataset = Dataset(headers=headings)
        for row in rows:
            values = [as_it_was(cell.raw) for cell in row[: len(headings)]]
            if any(values):
                dataset.append(values)
            if len(dataset) > MOST_ROWS:
                raise WorkbookRefused(
                    f"The table has more than {MOST_ROWS:,} rows. Please send it in parts; "
                    "a supplier's whole list comes in under Imports."
                )
        if not len(dataset):
            raise WorkbookRefused("The table has headings and no rows.")
        return dataset

    def _check(self, headings: list[str]) -> None:
        missing = [name for name in self.columns if name in self.needed and name not in headings]
        if missing:
            raise WorkbookRefused(f"The table lacks the column {_named(missing)}.")
        unknown = [name for name in headings if name not in self.columns]
        if unknown:
            raise WorkbookRefused(
                f"The table has a column {_named(unknown)}, which is not known here. "
                f"Known are {_named(self.columns)}."
            )
        twice = sorted({name for name in headings if headings.count(name) > 1})
        if twice:
            raise WorkbookRefused(f"The table has the column {_named(twice)} more than once.")


def _named(names: Collection[str]) -> str:
    return ", ".join(f"“{name}”" if name else "without a heading" for name in names)


def table_format(columns: Collection[str], needed: Collection[str]) -> type[TableFormat]:
    """The format of tables with these ``columns``, of which some are ``needed``."""
    named: dict[str, Any] = {"columns": tuple(columns), "needed": frozenset(needed)}
    return type("ColumnsFormat", (TableFormat,), named)
