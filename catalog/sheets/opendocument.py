"""OpenDocument spreadsheets (.ods): one pass over the content, which also says how numbers are shown."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from catalog.sheets import tables
from catalog.sheets.excel import LARGEST_CONTENT
from catalog.sheets.tables import Cell, Table, WorkbookRefused

CHUNK = 1024 * 1024
NUMBERS = {"float", "percentage", "currency"}
CELLS = {"table:table-cell", "table:covered-table-cell"}


@dataclass
class _Sheet:
    """A sheet while it is read; rows and cells that repeat are written out only where they say something."""

    name: str
    is_hidden: bool
    rows: list[list[tuple[object, str]]] = field(default_factory=list)  # value and what is shown of it
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    waiting: int = 0  # empty rows that count only when something follows


def open_tables(data: bytes) -> list[Table]:
    """Read all sheets of an .ods spreadsheet.

    :raises WorkbookRefused: it is larger inside than any list
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.getinfo("content.xml").file_size > LARGEST_CONTENT:
            raise WorkbookRefused("The workbook unpacks to more than 200 MB and was not opened.")
        with archive.open("content.xml") as content:
            reader = _Reader()
            while chunk := content.read(CHUNK):
                reader.parser.Parse(chunk)
            reader.parser.Parse(b"", True)  # noqa: FBT003  the end
    return [_table(sheet) for sheet in reader.sheets]


def _table(sheet: _Sheet) -> Table:
    width = max(map(len, sheet.rows), default=0)
    letters = tables.column_letters(width)
    nothing = (None, "")

    def rows() -> Iterator[list[Cell]]:
        for number, row in enumerate(sheet.rows, start=1):
            padded = row + [nothing] * (width - len(row))
            yield [
                Cell(sheet.name, f"{letters[column]}{number}", value, display=display)
                for column, (value, display) in enumerate(padded)
            ]

    return Table(sheet.name, rows, tables.hidden_by_merging(sheet.merged), sheet.is_hidden)


class _Reader:
    """Listens to the parser and fills the sheets."""

    def __init__(self) -> None:
        self.sheets: list[_Sheet] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._row: list[tuple[object, str]] = []
        self._gap = 0  # empty cells that count only when something follows
        self._notes = 0  # how deep in a remark beside the cell
        self._cell: dict[str, str] | None = None
        self._lines: list[str] = []
        self._times = 1

    def _start(self, name: str, said: dict[str, str]) -> None:
        match name:
            case "style:style" | "style:table-properties" | "table:table":
                self._start_sheet(name, said)
            case "table:table-row":
                self._row, self._gap, self._times = [], 0, int(said.get("table:number-rows-repeated", 1))
            case "table:table-cell" | "table:covered-table-cell":
                self._cell, self._lines = said, []
            case "office:annotation":
                self._notes += 1
            case "text:p" if self._cell is not None and not self._notes:
                self._lines.append("")
            case "text:line-break" | "text:tab" | "text:s" if self._lines:
                self._lines[-1] += " "

    def _start_sheet(self, name: str, said: dict[str, str]) -> None:
        if name == "table:table":
            is_hidden = said.get("table:style-name", "") in self._hidden_styles
            self.sheets.append(_Sheet(said["table:name"], is_hidden))
        elif name == "style:style":
            self._style = said.get("style:name", "")
        elif said.get("table:display") == "false":
            self._hidden_styles.add(self._style)

    def _text(self, text: str) -> None:
        if self._lines and not self._notes:
            self._lines[-1] += text

    def _end(self, name: str) -> None:
        if name == "office:annotation":
            self._notes -= 1
        elif name in CELLS and self._cell is not None:
            self._end_cell(self._cell)
            self._cell, self._lines = None, []
        elif name == "table:table-row" and self.sheets:
            self._end_row(self.sheets[-1])

    def _end_cell(self, said: dict[str, str]) -> None:
        times = int(said.get("table:number-columns-repeated", 1))
        display = "\n".join(self._lines)
        value = _value(said, display)
        sheet = self.sheets[-1]
        down, across = (int(said.get(f"table:number-{way}-spanned", 1)) - 1 for way in ("rows", "columns"))
        if down or across:
            row, column = len(sheet.rows) + sheet.waiting, len(self._row) + self._gap
            sheet.merged.append((row, column, row + down, column + across))
        if value is None:
            self._gap += times
            return
        tables.refuse_vast(sheet.name, len(sheet.rows) + 1, len(self._row) + self._gap + times)
        self._row += [(None, "")] * self._gap + [(value, display)] * times
        self._gap = 0

    def _end_row(self, sheet: _Sheet) -> None:
        if not self._row:
            sheet.waiting += self._times
            return
        tables.refuse_vast(sheet.name, len(sheet.rows) + sheet.waiting + self._times, len(self._row))
        sheet.rows += [[] for _ in range(sheet.waiting)]
        sheet.rows += [self._row] * self._times
        sheet.waiting = 0


def _value(said: dict[str, str], display: str) -> object:
    kind = said.get("office:value-type", "")
    if kind in NUMBERS:
        return float(said["office:value"])
    if kind == "date":
        return datetime.datetime.fromisoformat(said["office:date-value"])
    if kind == "boolean":
        return said.get("office:boolean-value") == "true"
    return said.get("office:string-value", display) or None
