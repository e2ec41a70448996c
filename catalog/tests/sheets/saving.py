"""Sample workbooks saved in other ways, as spreadsheet programs save them."""

import csv
import datetime
import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

import openpyxl

from catalog.sheets import numbers

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
CONTENT = (
    f'<?xml version="1.0"?><office:document-content xmlns:office="{OFFICE}office:1.0" '
    f'xmlns:table="{OFFICE}table:1.0" xmlns:text="{OFFICE}text:1.0" xmlns:style="{OFFICE}style:1.0">'
    '<office:automatic-styles><style:style style:name="away" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    "<office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"
)


def as_csv(data: bytes, *, sheet: str, delimiter: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """One sheet as text, numbers as they are shown."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    for row in openpyxl.load_workbook(io.BytesIO(data))[sheet].iter_rows():
        writer.writerow([_shown(cell) for cell in row])
    return written.getvalue().encode(encoding)


def as_ods(data: bytes) -> bytes:
    """The whole workbook as OpenDocument; empty rows and cells are told as repeated, as is usual."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return ods_of("".join(map(_table, book)))


def ods_of(sheets: str) -> bytes:
    """A spreadsheet with ``sheets`` as its XML."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", CONTENT.format(sheets))
    return written.getvalue()


def _table(sheet) -> str:
    rows = "".join(
        f"<table:table-row>{''.join(map(_cell, row))}"
        '<table:table-cell table:number-columns-repeated="16370"/></table:table-row>'
        for row in sheet.iter_rows()
    )
    end = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    style = "" if sheet.sheet_state == "visible" else ' table:style-name="away"'
    return f"<table:table table:name={quoteattr(sheet.title)}{style}>{rows}{end}</table:table>"


def _cell(cell) -> str:
    match cell.value:
        case None:
            return "<table:table-cell/>"
        case bool():
            said = f'office:value-type="boolean" office:boolean-value="{str(cell.value).lower()}"'
        case int() | float():
            kind = "percentage" if "%" in cell.number_format else "float"
            said = f'office:value-type="{kind}" office:value="{cell.value}"'
        case datetime.datetime():
            said = f'office:value-type="date" office:date-value="{cell.value.isoformat()}"'
        case _:
            said = 'office:value-type="string"'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in _shown(cell).split("\n"))
    return f"<table:table-cell {said}>{lines}</table:table-cell>"


def _shown(cell) -> str:
    if isinstance(cell.value, int | float):
        look = "" if cell.number_format == "General" else cell.number_format
        return numbers.shown(cell.value, look) or numbers.plain(numbers.exact(cell.value))
    return "" if cell.value is None else str(cell.value)
