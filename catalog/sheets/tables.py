"""What every kind of workbook is read into: rows of cells that know their address and their look."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from catalog.sheets import numbers
from catalog.sheets.numbers import plain
from config.base import Refused

# A list of 100,000 products with 40 columns; readers keep a place for every cell up to the last one.
MOST_CELLS = 4_000_000
MOST_EXACT = 1e15  # of numbers without a fraction, those that are what was typed


class WorkbookRefused(Refused):
    """This file cannot be read as the list it should be."""


class Cell:
    """One cell: where it is, what it holds, and how that is shown.

    ``number_format`` is as Excel writes it, "" for General; ``display`` is what the file itself says is shown
    (OpenDocument). ``text`` is the value with blanks trimmed and collapsed, numbers without a needless
    ``.0``. A long list has a million of them, so there is no more to one than this.
    """

    __slots__ = ("address", "display", "number_format", "sheet", "text", "value")

    def __init__(
        self, sheet: str, address: str, value: object = None, number_format: str = "", display: str = ""
    ) -> None:
        self.sheet, self.address, self.value = sheet, address, value
        self.number_format, self.display = number_format, display
        if isinstance(value, str):  # first, since nearly all are
            self.text = " ".join(value.split())
        else:
            self.text = "" if value is None else _text(value)

    @property
    def raw(self) -> str:
        """The text untouched, blanks and line breaks included."""
        return self.value if isinstance(self.value, str) else self.text

    @property
    def shown(self) -> str:
        """The text as a person sees it: 0.17 in a percent cell is 17 %, 94 in a dollar cell is $94."""
        value = self.value
        if isinstance(value, str) or not isinstance(value, int | float) or isinstance(value, bool):
            return self.text
        if self.display:
            return " ".join(self.display.split())
        return numbers.shown(value, self.number_format) or self.text

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)

    @property
    def hides_digits(self) -> bool:
        """Whether more was typed than is shown: 0.174 in a cell that shows 17 %."""
        value = self.value
        if isinstance(value, str) or not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return numbers.differs(value, self.shown)


def _text(value: object) -> str:
    match value:
        case float() if value.is_integer() and abs(value) < MOST_EXACT:
            return str(int(value))
        case bool() | int():
            return str(value)
        case float():
            return plain(numbers.exact(value))
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.date():
            return value.isoformat()
    return " ".join(str(value).split())


@dataclass(frozen=True)
class Table:
    """One sheet, whose rows can be gone through as often as needed, one at a time."""

    name: str
    rows_of: Callable[[], Iterable[list[Cell]]] = field(repr=False)
    merged: frozenset[str] = frozenset()  # cells whose content sits in another cell
    is_hidden: bool = False
    is_alone: bool = False  # the file has no sheets (CSV), and this name is ours
    height: int = 0  # rows; 0 where that is known only at their end

    def rows(self) -> Iterator[list[Cell]]:
        """All rows from the first on, empty ones included, and all of the same length."""
        return iter(self.rows_of())

    @property
    def is_empty(self) -> bool:
        return not any(cell.text for row in self.rows() for cell in row)

    def turned(self) -> Table:
        """The same sheet with its columns as rows, for lists that have one product per column."""
        rows = [list(column) for column in zip(*self.rows(), strict=True)]
        return replace(self, rows_of=lambda: rows)


@lru_cache(maxsize=32)
def column_letters(count: int) -> tuple[str, ...]:
    """The names of the first ``count`` columns: A, B, … Z, AA, …"""
    found = []
    for number in range(1, count + 1):
        left, letters = number, ""
        while left:
            left, rest = divmod(left - 1, 26)
            letters = chr(ord("A") + rest) + letters
        found.append(letters)
    return tuple(found)


def hidden_by_merging(ranges: Iterable[tuple[int, int, int, int]]) -> frozenset[str]:
    """The cells (but the first) of merged ranges, told as top, left, bottom, right from 0, all included."""
    ranges = list(ranges)
    letters = column_letters(max((right for _, _, _, right in ranges), default=0) + 1)
    return frozenset(
        f"{letters[column]}{row + 1}"
        for top, left, bottom, right in ranges
        # A blank page is often one merged range; what is hidden beyond the first thousand lines is no list.
        for row in range(top, min(bottom, top + 1000) + 1)
        for column in range(left, right + 1)
        if (row, column) != (top, left)
    )


def refuse_vast(name: str, rows: int, columns: int) -> None:
    """Stop before a reader makes room for a sheet that nobody typed.

    :raises WorkbookRefused: its last cell is too far out
    """
    if rows * columns > MOST_CELLS:
        raise WorkbookRefused(
            f"Sheet “{name}” reaches over {rows:,} rows and {columns:,} columns, which is no price list. "
            "Please delete what stands far outside the list and save it again."
        )
