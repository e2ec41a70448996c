"""Guessing which column of an unknown list is which of our fields; a person decides."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from itertools import islice

from catalog.sheets.layout import SEARCHED_ROWS, Layout, words
from catalog.sheets.tables import Cell, Table

# Our fields, in groups, in the words of a person who matches columns.
FIELDS: dict[str, dict[str, str]] = {
    "What it is": {
        "name": "Product name",
        "brand": "Brand",
        "trade_name": "Another name, to hold against the product name",
        "dose_form": "Dose form",
        "size": "Pack size",
        "packaging": "Packaging",
        "storage": "Storage",
    },
    "What is in it": {
        "thc": "THC",
        "cbd": "CBD",
        "cbn": "CBN",
        "cbg": "CBG",
        "cbc": "CBC",
        "thcv": "THCV",
        "cbdv": "CBDV",
        "strength": "Strengths of several cannabinoids in one cell",
        "generic_name": "Strengths once more, to hold against the others",
        "cannabinoids": "Names of cannabinoids",
        "thc_total": "THC in the whole pack, to hold against the strength",
        "cbd_total": "CBD in the whole pack, to hold against the strength",
    },
    "Law": {
        "tga_category": "TGA category",
        "schedule": "Schedule",
        "pathway": "Access pathway",
        "artg_id": "ARTG ID",
    },
    "Price and supply": {
        "wholesale": "Wholesale price",
        "retail": "Retail price",
        "supply": "Status",
        "availability": "Availability, or date",
    },
    "Codes": {"gtin13": "Barcode", "product_code": "Product code"},
    "Plant": {
        "strain_type": "Strain type",
        "cultivar": "Cultivar",
        "lineage": "Lineage",
        "terpenes": "Terpenes",
        "ratio": "Indica to Sativa, as 70:30",
        "indica": "Indica, in per cent",
        "sativa": "Sativa, in per cent",
    },
}
LABELS = {field: label for fields in FIELDS.values() for field, label in fields.items()}

# Other words for them; what the layouts of our own call them is known besides.
CALLED = {
    "product": "name",
    "product description": "name",
    "item": "name",
    "manufacturer": "brand",
    "form": "dose_form",
    "pack": "size",
    "unit size": "size",
    "volume": "size",
    "weight": "size",
    "thc content": "thc",
    "total thc": "thc",
    "cbd content": "cbd",
    "total cbd": "cbd",
    "potency": "strength",
    "category": "tga_category",
    "tga cat": "tga_category",
    "poison schedule": "schedule",
    "artg": "artg_id",
    "aust r": "artg_id",
    "cost": "wholesale",
    "cost price": "wholesale",
    "trade price": "wholesale",
    "rrp": "retail",
    "srp": "retail",
    "patient price": "retail",
    "status": "supply",
    "stock status": "availability",
    "available from": "availability",
    "ean": "gtin13",
    "gtin": "gtin13",
    "barcode": "gtin13",
    "apn": "gtin13",
    "sku": "product_code",
    "code": "product_code",
    "strain": "cultivar",
    "variety": "cultivar",
    "genetics": "lineage",
}
ALIKE = 0.84


def field_for(heading: str, known: Sequence[Layout] = ()) -> str:
    """The field that a heading most likely means; "" where nothing comes close."""
    called = CALLED | {words(label): field for field, label in LABELS.items()}
    for layout in known:
        for sheet in layout.sheets:
            called |= {name: into for name, into in sheet.headings.items() if into}
    asked = words(re.sub(r"\(.*?\)|[*:]", " ", heading))
    close = difflib.get_close_matches(asked, called, n=1, cutoff=ALIKE) if asked else []
    return called.get(words(heading)) or (called[close[0]] if close else "")


def headings_of(table: Table, known: Sequence[Layout] = ()) -> tuple[int, bool]:
    """The line (from 0) that looks most like headings, and whether it is a column."""
    top = list(islice(table.rows(), SEARCHED_ROWS))
    sides = list(zip(*top, strict=True))[:SEARCHED_ROWS]
    across, down = ([_fitting(line, known) for line in lines] for lines in (top, sides))
    is_column = max(down, default=0) > max(across, default=0)
    scores = down if is_column else across
    return (scores.index(max(scores)) if scores else 0), is_column


def _fitting(line: Sequence[Cell], known: Sequence[Layout]) -> int:
    return len({field_for(cell.text, known) for cell in line if cell.text and not cell.is_number} - {""})
