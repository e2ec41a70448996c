"""Reading a workbook by its layout: every line becomes an offer, or is kept with the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from catalog.sheets import confirming, filling, layout
from catalog.sheets.findings import Finding
from catalog.sheets.layout import Layout, Located
from catalog.sheets.offers import Offer
from catalog.sheets.tables import Cell, Table
from catalog.sheets.workbook import open_workbook

Heard = Callable[[int, int], None]
EVERY = 500  # lines until somebody who waits is told again
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FEWEST = 3  # a product says more than two things


@dataclass
class Reading:
    """All that was read from one workbook."""

    offers: list[Offer] = field(default_factory=list)  # quarantined lines included
    notes: list[Finding] = field(default_factory=list)  # about the workbook as a whole


def read(of: Layout, data: bytes, *, heard: Heard | None = None) -> Reading:
    """Read the workbook ``data`` as a list laid out like ``of``.

    Now and then ``heard`` is told how many lines are read, and how many rows there are, 0 if unknown.

    :raises WorkbookRefused: it is no workbook, or not one of this supplier
    """
    notes: list[Finding] = []
    return Reading(list(lines(of, data, notes, heard=heard)), notes)


def lines(of: Layout, data: bytes, notes: list[Finding], *, heard: Heard | None = None) -> Iterator[Offer]:
    """Read as ``read`` does, but line by line, so that a long list takes no more memory than a short one.

    What there is to say about the workbook as a whole is added to ``notes``, up to the last line.

    :raises WorkbookRefused: before the first line
    """
    tables = open_workbook(data)
    located = layout.locate(of, tables)
    expected = sum(0 if place.sheet.per_column else place.table.height for place in located)
    for number, offer in enumerate(_lines(of, tables, located, notes), start=1):
        if heard and not number % EVERY:
            heard(number, max(number, expected) if expected else 0)
        yield offer


def _lines(of: Layout, tables: list[Table], located: list[Located], notes: list[Finding]) -> Iterator[Offer]:
    confirmed = {place.sheet.confirms for place in located}
    kept: dict[str, list[Offer]] = {}
    for place in located:
        offers = _read_sheet(of, place, notes)
        if place.sheet.confirms:
            kept[place.sheet.name] = confirming.confirm(kept[place.sheet.confirms], list(offers))
        elif place.sheet.name in confirmed:
            kept[place.sheet.name] = list(offers)
        else:
            yield from offers
    for offers_kept in kept.values():
        yield from offers_kept
    yield from _unknown_sheets(of, tables)


def _unknown_sheets(of: Layout, tables: list[Table]) -> Iterator[Offer]:
    known = {layout.words(name) for name in (*(sheet.name for sheet in of.sheets), *of.skipped)}
    for table in tables:
        if not table.is_alone and layout.words(table.name) not in known and not table.is_empty:
            offer = Offer(table.name, "A1", "the whole sheet", supplier=of.supplier, name=table.name)
            offer.find("sheet_unknown")
            yield offer


def _read_sheet(of: Layout, place: Located, notes: list[Finding]) -> Iterator[Offer]:
    section = place.header[place.title_at].text if place.title_at is not None else ""
    lone: list[Cell] | None = None  # a line with a title alone: what follows tells whether it heads anything
    for row in _filled_rows(place, notes):
        if lone and place.title_at is not None and row[place.title_at].text:
            if _heads(place, lone, row):
                section = _skip(place, lone, notes) or section
            else:
                yield _read_line(of, place, lone, section)
            lone = None
        if place.repeats_headings(row):
            section = _skip(place, row, notes) or section
        elif place.is_lone_title(row):
            lone = row
        else:
            yield _read_line(of, place, row, section)
    if lone:
        yield _read_line(of, place, lone, section)


def _filled_rows(place: Located, notes: list[Finding]) -> Iterator[list[Cell]]:
    """The rows below the headings that say anything; what is nowhere imported is noted at their end."""
    if place.table.is_hidden:
        notes.append(Finding("sheet_hidden", place.table.name))
    told = {at for at, cell in place.unknown.items() if cell.text}
    blank = place.unknown.keys() - told
    for row in islice(place.table.rows(), place.header_row + 1, None):
        if any(cell.text for cell in row):
            told |= {at for at in blank if row[at].text}
            yield row
    notes += [
        Finding("column_unknown", f"{place.table.name}!{cell.address}", cell.text or "It has no heading.")
        for at, cell in place.unknown.items()
        if at in told
    ]


def _heads(place: Located, lone: list[Cell], following: list[Cell]) -> bool:
    """Whether the next product's name begins with the title that stands alone on its line."""
    at = place.title_at or 0
    return layout.words(following[at].text).startswith(layout.words(lone[at].text) + " ")


def _skip(place: Located, row: list[Cell], notes: list[Finding]) -> str:
    """Note that ``row`` is a heading, and tell the section that it heads."""
    title = row[place.title_at].text if place.title_at is not None else ""
    first = next(cell for cell in row if cell.text)
    notes.append(Finding("heading_skipped", f"{first.sheet}!{first.address}", title))
    return title


def _read_line(of: Layout, place: Located, row: list[Cell], section: str) -> Offer:
    named = {into: row[at] for at, into in place.fields.items()}
    name = named.get("name", row[0])
    axis, digits = "column" if place.sheet.per_column else "row", name.address.lstrip(LETTERS)
    number = name.address.removesuffix(digits) if place.sheet.per_column else digits
    offer = Offer(name.sheet, name.address, f"{axis} {number}", supplier=of.supplier)
    sheet = f"{name.sheet}!"
    offer.raw = {sheet + cell.address: cell.raw for cell in row if cell.text}
    offer.cells = {into: sheet + cell.address for into, cell in named.items()}
    if place.table.merged and any(cell.address in place.table.merged for cell in row):
        offer.find("merged_cells")
    filling.fill(offer, named, of, place.sheet)
    if section and not offer.brand:
        filling.brand_from(offer, (section,), of.noise)
    elif of.brands:
        filling.brand_from(offer, of.brands, of.noise, keep=True)
    if not offer.name:
        offer.find("name_missing", "name")
    elif sum(bool(cell.text) for cell in named.values()) < min(FEWEST, len(named)):
        offer.find("line_incomplete")
    return offer
