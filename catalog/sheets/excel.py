"""Excel workbooks (.xlsx): content by python-calamine, looks and limits by a first pass of our own."""

from __future__ import annotations

import io
import posixpath
import zipfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import IO
from xml.parsers import expat

import python_calamine

from catalog.sheets import tables
from catalog.sheets.numbers import BUILT_IN
from catalog.sheets.tables import Cell, Table, WorkbookRefused

# Unpacked text of all sheets: a list of 100,000 products stays below half of it.
LARGEST_CONTENT = 200 * 1024 * 1024
CHUNK = 1024 * 1024
MOST_COLUMNS = 16_384  # that Excel has
DIGITS = "0123456789"
USUAL = frozenset({"c", "v", "is", "t"})


class Looks:
    """The number formats of one sheet, column by column as stretches that have the same."""

    def __init__(self, formats: list[str]) -> None:
        self._formats = formats
        self._starts: dict[int, list[int]] = defaultdict(list)
        self._styles: dict[int, list[int]] = defaultdict(list)
        self._last: dict[int, str] = {}
        self.rows = self.columns = 0  # up to the last cell with content

    def note(self, row: int, column: int, style: str) -> None:
        """Remember the style of a cell; cells of a column come from top to bottom."""
        if row >= self.rows:
            self.rows = row + 1
        if self._last.get(column) != style:
            self.columns = max(self.columns, column + 1)
            self._last[column] = style
            self._styles[column].append(int(style))
            self._starts[column].append(row)

    def format_of(self, row: int, column: int) -> str:
        at = bisect_right(self._starts.get(column, ()), row) - 1
        style = self._styles[column][at] if at >= 0 else 0
        return self._formats[style] if style < len(self._formats) else ""


def open_tables(data: bytes) -> list[Table]:
    """Read all sheets of an .xlsx workbook.

    :raises WorkbookRefused: it is larger inside than any list
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        looks = _look_over(archive)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    found = []
    for sheet in book.sheets_metadata:
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
            is_hidden = sheet.visible != python_calamine.SheetVisibleEnum.Visible
            look = looks.get(sheet.name, Looks([]))
            found.append(_table(book.get_sheet_by_name(sheet.name), look, is_hidden=is_hidden))
    return found


def _table(sheet: python_calamine.CalamineSheet, looks: Looks, *, is_hidden: bool) -> Table:
    letters = tables.column_letters(sheet.end[1] + 1 if sheet.end else 0)

    name, format_of = sheet.name, looks.format_of

    def rows() -> Iterator[list[Cell]]:
        for row, values in enumerate(sheet.iter_rows()):
            number = str(row + 1)
            yield [
                Cell(name, letters[at] + number, value or None)
                if isinstance(value, str)
                else Cell(name, letters[at] + number, value, format_of(row, at))
                for at, value in enumerate(values)
            ]

    merged = tables.hidden_by_merging(
        (top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
    )
    return Table(sheet.name, rows, merged, is_hidden, height=sheet.height)


def _look_over(archive: zipfile.ZipFile) -> dict[str, Looks]:
    """Go once through all there is, so that what is too much is refused before anybody makes room for it."""
    parts = {part.filename: part for part in archive.infolist()}
    texts = [part for part in parts.values() if part.filename.endswith((".xml", ".rels"))]
    if sum(part.file_size for part in texts) > LARGEST_CONTENT:
        raise WorkbookRefused("The workbook unpacks to more than 200 MB and was not opened.")
    sheets = [(name, path) for name, path in _sheets(archive) if path in parts]
    for part in texts:
        if part.filename not in {path for _, path in sheets}:
            _read_to_the_end(archive.open(part))
    formats = _formats(archive) if "xl/styles.xml" in parts else []
    return {name: _looks(archive, path, name, formats) for name, path in sheets}


def _read_to_the_end(part: IO[bytes]) -> None:
    """Find out here, by its checksum, what unpacks to more than it says."""
    with part:
        while part.read(CHUNK):
            pass


def _parse(part: IO[bytes], start: Callable[[str, list[str]], None]) -> None:
    """Tell ``start`` of every element: its name, and its attributes as names and values in turn."""
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    with part:
        while chunk := part.read(CHUNK):
            parser.Parse(chunk)
    parser.Parse(b"", True)  # noqa: FBT003  the end


def _named(attributes: list[str]) -> dict[str, str]:
    return dict(zip(attributes[::2], attributes[1::2], strict=True))


@lru_cache(maxsize=256)
def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _sheets(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    """The names of the sheets and where in the archive they are."""
    targets: dict[str, str] = {}
    found: list[tuple[str, str]] = []

    def relation(name: str, told: list[str]) -> None:
        attributes = _named(told)
        if _local(name) == "Relationship":
            targets[attributes["Id"]] = posixpath.normpath(posixpath.join("/xl", attributes["Target"]))[1:]

    def sheet(name: str, told: list[str]) -> None:
        attributes = _named(told)
        if _local(name) == "sheet":
            key = next(value for attribute, value in attributes.items() if attribute.endswith(":id"))
            found.append((attributes["name"], targets.get(key, "")))

    _parse(archive.open("xl/_rels/workbook.xml.rels"), relation)
    _parse(archive.open("xl/workbook.xml"), sheet)
    return found


def _formats(archive: zipfile.ZipFile) -> list[str]:
    """The number format of every cell style, in the order of their numbers."""
    own: dict[int, str] = {}
    found: list[str] = []
    inside = ""

    def start(name: str, told: list[str]) -> None:
        nonlocal inside
        attributes = _named(told)
        match _local(name):
            case "cellXfs" | "cellStyleXfs" | "dxfs" as part:
                inside = part
            case "numFmt" if inside != "dxfs":
                own[int(attributes["numFmtId"])] = attributes["formatCode"]
            case "xf" if inside == "cellXfs":
                number = int(attributes.get("numFmtId", 0))
                found.append(own.get(number, BUILT_IN.get(number, "")))

    _parse(archive.open("xl/styles.xml"), start)
    return found


def _looks(archive: zipfile.ZipFile, path: str, name: str, formats: list[str]) -> Looks:
    looks = Looks(formats)
    columns = {letters: number for number, letters in enumerate(tables.column_letters(MOST_COLUMNS))}
    row, column, style, here, here_told = -1, -1, "0", -1, ""
    note = looks.note

    def start(name: str, told: list[str]) -> None:
        nonlocal row, column, style, here, here_told
        # Called for every cell, by these few names; a prefix before them is allowed, and rare.
        if name not in USUAL:
            name = _local(name)
        if name == "c":
            place = told[1] if told and told[0] == "r" else _named(told).get("r", "")
            known, row = columns.get(place.removesuffix(here_told)), here
            if known is None:  # it does not stand in the row that was told
                letters = place.rstrip(DIGITS)
                row = int(place[len(letters) :]) - 1 if letters and letters != place else row
                known = columns.get(letters, column + 1)
            column = known
            style = "0" if "s" not in told else told[3] if told[2:3] == ["s"] else _named(told).get("s", "0")
        elif name in ("v", "is"):  # only cells with content count
            note(row, column, style)
        elif name == "row":
            here_told = _named(told).get("r", "")
            here = row = int(here_told) - 1 if here_told else row + 1
            column = -1

    _parse(archive.open(path), start)
    tables.refuse_vast(name, looks.rows, looks.columns)
    return looks
