"""Make the sample workbooks of the demo clinic: the layouts of the suppliers, with invented products."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from stdnum import ean

from catalog.sheets import LAYOUTS

SHEETS = settings.BASE_DIR / "fixtures" / "sheets"
MADE = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC)
DOLLARS, CENTS, PERCENT, FINE_PERCENT = '"$"#,##0', '"$"#,##0.00', "0%", "0.0%"
BRANDS = ("Phytoca", "Pouch", "White Label")
SCHEME = "Special Access/Authorised Prescriber Scheme"
STORAGE = "Store below 25 degrees Celsius. Protect from light.  "


def barcode(number: int) -> str:
    """A valid barcode of the range that shops use among themselves (GS1 prefix 20)."""
    stem = f"20{number:010}"
    return stem + ean.calc_check_digit(stem)


def botanitech(rows: list[list[Any]]) -> Workbook:
    """One sheet; barcodes are numbers, and one heading ends in a blank."""
    book = Workbook()
    sheet = _first(book, "Sheet1")
    sheet.append([f"{heading} " if heading == "ARTG No" else heading for heading in _headings("botanitech")])
    for number, (*described, form, size, category, schedule) in enumerate(rows, start=101):
        legal = ["N/A", int(barcode(number)), category, "SAS or AP", schedule, STORAGE]
        sheet.append([*described, form, size, "Amber Bottle" if form == "Oil" else "Tub", *legal])
    _format(sheet, {"H": "0"})
    return book


def medreleaf(sheets: dict[str, list[list[Any]]]) -> Workbook:
    """A sheet per dose form; strengths of flower are percent cells."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        legal = ["TGA Cat", "Wholesale", "Retail", "Size", "THC", "CBD"]
        inhaled = ["Strain Type", "Cultivar"] if len(rows[0]) > len(legal) + 2 else []
        sheet.append(["Brand", "Product", *inhaled, *legal])
        for row in rows:
            sheet.append(row)
        prices = dict.fromkeys("FG" if inhaled else "DE", CENTS if name == "Pastels" else DOLLARS)
        _format(sheet, prices | ({"I": PERCENT, "J": FINE_PERCENT} if inhaled else {}))
    return book


def alma(sheets: dict[str, list[list[Any]]]) -> Workbook:
    """Sections under headings that name the brand, and a second list with availability."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        headings = next(of.columns for of in LAYOUTS["alma"].sheets if of.name == name)
        for row in rows:
            sheet.append([row[0], *headings] if len(row) == 1 else row)
        _format(sheet, {"G": FINE_PERCENT, "L": DOLLARS, "M": DOLLARS})
    book.create_sheet("Sheet2").append(["Notes for the sales team, not part of the list"])
    return book


def phytoca(products: list[list[Any]]) -> Workbook:
    """One column per product; barcodes are typed with a blank inside."""
    book = Workbook()
    sheet = _first(book, "Sheet1")
    for row, heading in enumerate(
        (of for of in _headings("phytoca") if not of.startswith("Price Per")), start=2
    ):
        sheet.cell(row, 1, heading)
    for column, (
        name,
        form,
        *legal,
        size,
        strain,
        indica,
        sativa,
        what,
        thc,
        thc_all,
        cbd,
        cbd_all,
        retail,
        whole,
    ) in enumerate(products, start=2):
        brand = next(brand for brand in BRANDS if name.startswith(brand))
        code = barcode(300 + column)
        cells = [name, name, name, brand, *legal, form, size, strain, "N/A", indica, sativa, "N/A", what]
        cells += [thc, thc_all, cbd, cbd_all, f"{code[:6]} {code[6:]}" if retail else None, retail, whole]
        for row, value in enumerate([*cells, "orders@example.com"], start=1):
            cell = sheet.cell(row, column, value)
            is_share = isinstance(value, float) or (value == 1 and row in {11, 12})
            cell.number_format = PERCENT if is_share else "General"
    return book


def tasmanian_botanics(rows: list[list[Any]]) -> Workbook:
    """A cover sheet, the list with a status per product, and pictures."""
    book = Workbook()
    _first(book, "Sheet Information").append(["Invented products of the demo clinic"])
    sheet = book.create_sheet("Tasmanian Botanics Product List")
    sheet.append([heading.replace("Type (", "Type\n(") for heading in _headings("tasmanian_botanics")])
    for number, (status, code, name, strength, form, size, schedule, category, *prices, since) in enumerate(
        rows, 501
    ):
        day = since if since == "Now" else datetime.datetime.fromisoformat(since)
        described = [status, "Tasmanian Botanics", code, name, barcode(number), strength, form, size]
        legal = [f"Schedule {schedule}", f"Category {category}", *prices, "Jar", day, SCHEME, "n/a"]
        sheet.append([*described, *legal, "Example Wholesale", "n/a", "N", "N", "N", "n/a", "Y", "Y"])
    book.create_sheet("Images")
    return book


MAKERS: dict[str, Callable[[Any], Workbook]] = {
    "botanitech": botanitech,
    "medreleaf": medreleaf,
    "alma": alma,
    "phytoca": phytoca,
    "tasmanian_botanics": tasmanian_botanics,
}


def _first(book: Workbook, title: str) -> Worksheet:
    sheet = book.worksheets[0]
    sheet.title = title
    return sheet


def _headings(key: str) -> list[str]:
    return [*LAYOUTS[key].sheets[0].columns]


def _format(sheet: Worksheet, formats: dict[str, str]) -> None:
    for column, number_format in formats.items():
        for cell in sheet[column][1:]:
            if isinstance(cell.value, int | float):
                cell.number_format = number_format


def as_bytes(book: Workbook) -> bytes:
    """Write ``book`` so that the same content gives the same file, whenever it is made."""
    written, fixed = io.BytesIO(), io.BytesIO()
    book.properties.created = MADE.replace(tzinfo=None)
    book.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(fixed, "w") as target:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "docProps/core.xml":
                content = _stamped(content)
            target.writestr(
                zipfile.ZipInfo(part.filename, MADE.timetuple()[:6]), content, zipfile.ZIP_DEFLATED
            )
    return fixed.getvalue()


def _stamped(core: bytes) -> bytes:
    before, opening, rest = core.partition(b"<dcterms:modified")
    attributes, _, after = rest.partition(b">")
    stamp = MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return before + opening + attributes + b">" + stamp + after[after.index(b"</dcterms") :]


class Command(BaseCommand):
    """Writes one workbook per supplier; the same every time."""

    help = "Make the sample workbooks under fixtures/sheets from samples.json, after either has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--into", type=Path, default=SHEETS, help="the folder to write to")

    def handle(self, *, into: Path, **options: Any) -> None:
        samples = json.loads((SHEETS / "samples.json").read_text(encoding="utf-8"))
        for key, make in MAKERS.items():
            (into / f"{key}.xlsx").write_bytes(as_bytes(make(samples[key])))
            self.stdout.write(f"{key}.xlsx")
