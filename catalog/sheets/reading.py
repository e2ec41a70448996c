"""Reading a workbook by its layout: every line becomes an offer, or is kept with the reason why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.sheets import confirming, filling, layout
from catalog.sheets.findings import Finding
from catalog.sheets.layout import Layout, Located
from catalog.sheets.offers import Offer
from catalog.sheets.workbook import Cell, Table, open_workbook

FEWEST = 3  # a product says more than two things


@dataclass
class Reading:
    """All that was read from one workbook."""

    offers: list[Offer] = field(default_factory=list)  # quarantined lines included
    notes: list[Finding] = field(default_factory=list)  # about the workbook as a whole


def read(of: Layout, data: bytes) -> Reading:
    """Read the workbook ``data`` as a list laid out like ``of``.

    :raises WorkbookRefused: it is no workbook, or not one of this supplier
    """
    tables = open_workbook(data)
    located = layout.locate(of, tables)
    reading = Reading()
    by_sheet: dict[str, list[Offer]] = {}
    for place in located:
        reading.notes += [
            Finding("column_unknown", f"{cell.sheet}!{cell.address}", cell.text or "It has no heading.")
            for cell in place.unknown
        ]
        offers = list(_read_sheet(of, place, reading.notes))
        if place.sheet.confirms:
            offers = confirming.confirm(by_sheet[place.sheet.confirms], offers)
        by_sheet[place.sheet.name] = offers
    reading.offers = [offer for offers in by_sheet.values() for offer in offers]
    reading.offers += _unknown_sheets(of, tables)
    return reading


def _unknown_sheets(of: Layout, tables: list[Table]) -> Iterator[Offer]:
    known = {layout.words(name) for name in (*(sheet.name for sheet in of.sheets), *of.skipped)}
    for table in tables:
        if layout.words(table.name) not in known and not table.is_empty:
            offer = Offer(table.name, "A1", "the whole sheet", supplier=of.supplier, name=table.name)
            offer.find("sheet_unknown")
            yield offer


def _read_sheet(of: Layout, place: Located, notes: list[Finding]) -> Iterator[Offer]:
    section = place.table.rows[place.header_row][place.title_at].text if place.title_at is not None else ""
    rows = place.table.rows[place.header_row + 1 :]
    for position, row in enumerate(rows):
        filled = [cell for cell in row if cell.text]
        if not filled:
            continue
        if place.repeats_headings(row) or _is_lone_heading(place, row, rows[position + 1 :]):
            title = row[place.title_at].text if place.title_at is not None else ""
            section = title or section
            notes.append(Finding("heading_skipped", f"{filled[0].sheet}!{filled[0].address}", title))
            continue
        yield _read_line(of, place, row, section)


def _is_lone_heading(place: Located, row: list[Cell], following: list[list[Cell]]) -> bool:
    """Whether ``row`` has nothing but a title that the next product's name begins with."""
    at = place.title_at
    if at is None or [cell for cell in row if cell.text] != [row[at]]:
        return False
    names = (other[at].text for other in following if other[at].text)
    return layout.words(next(names, "")).startswith(layout.words(row[at].text) + " ")


def _read_line(of: Layout, place: Located, row: list[Cell], section: str) -> Offer:
    named = {into: row[at] for at, into in place.fields.items()}
    name = named.get("name", row[0])
    axis = "column" if place.sheet.per_column else "row"
    number = re.sub(r"\d" if place.sheet.per_column else r"\D", "", name.address)
    offer = Offer(name.sheet, name.address, f"{axis} {number}", supplier=of.supplier)
    offer.raw = {f"{cell.sheet}!{cell.address}": cell.raw for cell in row if cell.text}
    offer.cells = {into: f"{cell.sheet}!{cell.address}" for into, cell in named.items()}
    if any(cell.address in place.table.merged for cell in row):
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
