"""How a supplier lays out a list: declared as data, and found in a workbook by the words of its headings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from operator import eq

from catalog.sheets.tables import Cell, Table, WorkbookRefused

SEARCHED_ROWS = 20
REPEATS = 3  # so many headings repeated make a heading line


def words(text: str) -> str:
    """Text for comparing: case, blanks and line breaks do not count."""
    return " ".join(text.split()).casefold()


@dataclass(frozen=True)
class Sheet:
    """One sheet of a list.

    ``columns`` maps the text of a heading to our field; "" maps it to nothing on purpose, because it is
    not imported. ``title`` is the field of the column whose heading is the name of a section.
    ``per_column`` lists have one product per column. A sheet that ``confirms`` another lists the same
    products once more. The headings stand in the line that has most of them; ``header_row`` tells which of
    several was meant (from 1; 0 for the first).
    """

    name: str
    columns: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    title: str = ""
    per_column: bool = False
    fixed: Mapping[str, str] = field(default_factory=dict)
    confirms: str = ""
    header_row: int = 0

    @property
    def headings(self) -> dict[str, str]:
        return {words(heading): into for heading, into in self.columns.items()}


@dataclass(frozen=True)
class Layout:
    """Everything to know for reading the workbooks of one supplier."""

    key: str
    supplier: str
    sheets: tuple[Sheet, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)  # sheets that are not imported, and why
    brands: tuple[str, ...] = ()  # where the list has no brand column: the ranges that names begin with
    noise: tuple[str, ...] = ()  # words that names carry after the brand without being part of them
    gst: Mapping[str, str] = field(default_factory=dict)  # price -> "ex" or "inc", where the list says so


@dataclass(frozen=True)
class Located:
    """A sheet of the layout found in the workbook."""

    sheet: Sheet
    table: Table
    header: list[Cell]
    header_row: int  # from 0
    fields: Mapping[int, str]  # position -> our field
    unknown: Mapping[int, Cell]  # position -> heading, also an empty one, that the layout does not know

    @cached_property
    def title_at(self) -> int | None:
        return next((at for at, into in self.fields.items() if into == self.sheet.title), None)

    def is_lone_title(self, row: list[Cell]) -> bool:
        """Whether ``row`` says nothing but a title, or a name."""
        at = self.title_at
        return at is not None and [cell for cell in row if cell.text] == [row[at]]

    def repeats_headings(self, row: list[Cell]) -> bool:
        """Whether ``row`` is a heading again: several cells say what their column's heading says."""
        # This is asked of every line: its cells, whose text is collapsed already, are made equal at once.
        said = "\n".join([row[at].text for at in self._headed]).casefold().split("\n")
        return sum(map(eq, said, self._headings)) >= min(REPEATS, len(self.fields))

    @cached_property
    def _headed(self) -> list[int]:
        """Where there are headings; titles are headings of sections too, so not theirs."""
        own = [at for at, into in self.fields.items() if into != self.sheet.title]
        return [at for at in own if words(self.header[at].text)]

    @cached_property
    def _headings(self) -> list[str]:
        return [words(self.header[at].text) for at in self._headed]


def locate(layout: Layout, tables: list[Table]) -> list[Located]:
    """Find every sheet of ``layout`` with all its columns.

    :raises WorkbookRefused: a sheet or a column is missing; it tells what was expected and found
    """
    by_name = {words(table.name): table for table in tables}
    if tables[0].is_alone and len(layout.sheets) == 1:  # a text file is the one sheet there is
        by_name = {words(layout.sheets[0].name): tables[0]}
    missing = [sheet.name for sheet in layout.sheets if words(sheet.name) not in by_name]
    if missing:
        raise WorkbookRefused(
            f"This does not look like the {layout.supplier} list: expected {_names(missing)}, "
            f"found the sheets {_names([table.name for table in tables])}."
        )
    return [_locate(layout, sheet, by_name[words(sheet.name)]) for sheet in layout.sheets]


def _locate(layout: Layout, sheet: Sheet, table: Table) -> Located:
    table = table.turned() if sheet.per_column else table
    headings = sheet.headings
    top = list(islice(table.rows(), SEARCHED_ROWS))
    scores = [sum(words(cell.text) in headings for cell in row if cell.text) for row in top]
    best = max(scores, default=0)
    if best < min(REPEATS, len(headings)):
        raise WorkbookRefused(
            f"This does not look like the {layout.supplier} list: "
            f"sheet “{sheet.name}” has no line with the headings {_names(sheet.columns)}."
        )
    header_row = min(
        (at for at, score in enumerate(scores) if score == best),
        key=lambda at: abs(at - (sheet.header_row or 1) + 1),
    )
    header = top[header_row]
    fields = {
        at: headings[words(cell.text)] for at, cell in enumerate(header) if words(cell.text) in headings
    }
    _refuse_missing(layout, sheet, header)
    titled = next((at for at, cell in enumerate(header) if cell.text and at not in fields), None)
    if sheet.title and titled is not None:
        fields[titled] = sheet.title
    unknown = {at: cell for at, cell in enumerate(header) if at not in fields}
    return Located(
        sheet, table, header, header_row, {at: into for at, into in fields.items() if into}, unknown
    )


def _refuse_missing(layout: Layout, sheet: Sheet, header: list[Cell]) -> None:
    found = [words(cell.text) for cell in header if cell.text]
    missing = [name for name in sheet.columns if words(name) not in found and name not in sheet.optional]
    if missing:
        raise WorkbookRefused(
            f"Sheet “{sheet.name}” of the {layout.supplier} list lacks the heading {_names(missing)}; "
            f"found {_names([cell.text for cell in header if cell.text])}."
        )
    twice = sorted({name for name in found if name in sheet.headings and found.count(name) > 1})
    if twice:
        raise WorkbookRefused(f"Sheet “{sheet.name}” has the heading {_names(twice)} more than once.")


def _names(names: list[str] | Mapping[str, str]) -> str:
    return ", ".join(f"“{' '.join(name.split())}”" for name in names)
