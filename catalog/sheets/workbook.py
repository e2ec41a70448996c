"""Opening a workbook of whatever kind: told by what is in it, never by its name."""

from __future__ import annotations

import io
import re
import zipfile

from catalog.sheets import delimited, excel, older, opendocument
from catalog.sheets.tables import Cell, Table, WorkbookRefused

__all__ = ["Cell", "Table", "WorkbookRefused", "open_workbook"]

LARGEST_FILE = 30 * 1024 * 1024
OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK"
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[!?a-zA-Z]|%PDF|\{\\rtf)")
SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
DAMAGED = "The workbook is damaged and cannot be opened. Please ask the supplier to send it again."
NO_WORKBOOK = "This is not an Excel workbook, although it is named like one."


def open_workbook(data: bytes) -> list[Table]:
    """Read all sheets of the workbook ``data``: .xlsx, .xls, .ods or .csv.

    :raises WorkbookRefused: it is empty, too large, or nothing of this
    """
    try:
        return _open(data)
    except WorkbookRefused:
        raise
    except Exception as problem:  # in a damaged file, readers stumble over whatever they meet
        raise WorkbookRefused(DAMAGED) from problem


def _open(data: bytes) -> list[Table]:
    if not data:
        raise WorkbookRefused("The file is empty. Please choose the supplier's workbook again.")
    if len(data) > LARGEST_FILE:
        raise WorkbookRefused("The file is larger than 30 MB. Please remove pictures from it and try again.")
    if data.startswith(OLE):
        return older.open_tables(data)
    if data.startswith(ZIP):
        return _packed(data)
    if MARKUP.match(data):
        raise WorkbookRefused(
            "This is a web page or a document, although it may be named like a workbook. "
            "Please open it in a spreadsheet program and save the list as .xlsx."
        )
    return delimited.open_tables(data)


def _packed(data: bytes) -> list[Table]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {part.filename for part in archive.infolist()}
            is_ods = "mimetype" in names and archive.open("mimetype").read(200).startswith(SPREADSHEET)
    except zipfile.BadZipFile as problem:
        raise WorkbookRefused(
            "This is not an Excel workbook (.xlsx). Please save the list as .xlsx."
        ) from problem
    if is_ods:
        return opendocument.open_tables(data)
    if "xl/workbook.xml" not in names:
        raise WorkbookRefused(NO_WORKBOOK)
    return excel.open_tables(data)
