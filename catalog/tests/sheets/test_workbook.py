import datetime
import io
import zipfile

import openpyxl
import pytest

from catalog.sheets import excel, workbook
from catalog.sheets.tables import Cell, WorkbookRefused


def book_of(*rows, formats=None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    for address, number_format in (formats or {}).items():
        book.worksheets[0][address].number_format = number_format
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def zip_of(**parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


class TestOpenWorkbook:
    @pytest.mark.parametrize(
        ("value", "number_format", "text", "shown"),
        [
            (0.17, "0%", "0.17", "17%"),
            (0.083, "0.00%", "0.083", "8.3%"),
            (0.1, "0%", "0.1", "10%"),
            (0.17, "General", "0.17", "0.17"),
            (0.17, '0.00"%"', "0.17", "0.17%"),
            (94, '"$"#,##0', "94", "$94"),
            (0.174, "0%", "0.174", "17%"),
            (25, '0" mg/mL"', "25", "25 mg/mL"),
            ("50 / 50", "[h]:mm:ss", "50 / 50", "50 / 50"),
            ("12.5:12.5", "General", "12.5:12.5", "12.5:12.5"),
            ("  two \n  words ", "General", "two words", "two words"),
            (9356073000050, "0", "9356073000050", "9356073000050"),
            (datetime.datetime(2025, 6, 9), "mm-dd-yy", "2025-06-09", "2025-06-09"),  # noqa: DTZ001
        ],
    )
    def test_reads_a_cell_as_it_is_shown(self, value, number_format, text, shown):
        data = book_of(["heading"], [value], formats={"A2": number_format})

        (table,) = workbook.open_workbook(data)

        cell = list(table.rows())[1][0]
        assert (cell.address, cell.text, cell.shown) == ("A2", text, shown)

    def test_knows_the_cells_hidden_by_merging(self):
        book = openpyxl.Workbook()
        book.worksheets[0]["A1"], book.worksheets[0]["C3"] = "x", "y"
        book.worksheets[0].merge_cells("A1:B2")
        written = io.BytesIO()
        book.save(written)

        (table,) = workbook.open_workbook(written.getvalue())

        assert table.merged == {"B1", "A2", "B2"}

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "The file is empty"),
            (b"PK not really", "not an Excel workbook"),
            (b"<html><table><tr><td>Brand", "a web page or a document"),
            (b"\xef\xbb\xbf <?xml version='1.0'?><Workbook/>", "a web page or a document"),
            (b"%PDF-1.7", "a web page or a document"),
            (b"\x89PNG\r\n\0\x81", "neither a workbook"),
            (b"Brand\nProduct\n", "The text has no columns"),
            (b'Brand,Product\n"Heron,1\n', "a quotation mark is missing"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 something", "protected by a password"),
            (zip_of(**{"word/document.xml": b"<w/>"}), "although it is named like one"),
            (zip_of(**{"xl/workbook.xml": b"<x", "xl/other.xml": b""}), "damaged"),
        ],
        ids=[
            "empty",
            "broken zip",
            "web page",
            "xml",
            "pdf",
            "picture",
            "list",
            "quotes",
            "old",
            "docx",
            "broken",
        ],
    )
    def test_refuses_what_is_no_workbook(self, data, sentence):
        with pytest.raises(WorkbookRefused, match=sentence):
            workbook.open_workbook(data)

    def test_refuses_a_zip_bomb_without_unpacking_it(self):
        bomb = zip_of(
            **{"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b"0" * (excel.LARGEST_CONTENT + 1)}
        )

        with pytest.raises(WorkbookRefused, match="unpacks to more than 200 MB"):
            workbook.open_workbook(bomb)

    def test_refuses_a_huge_file(self):
        with pytest.raises(WorkbookRefused, match="larger than 30 MB"):
            workbook.open_workbook(b"0" * (workbook.LARGEST_FILE + 1))


AS_WRITTEN = '<row r="1"><c r="A1" s="1"><v>0.17</v></c><c r="B1"><v>2</v></c></row>'
SPELLINGS = {
    "style last": AS_WRITTEN.replace('r="A1" s="1"', 'r="A1" t="n" s="1"'),
    "style first": AS_WRITTEN.replace('r="A1" s="1"', 's="1" r="A1"'),
    "no places": '<row><c s="1"><v>0.17</v></c><c><v>2</v></c></row>',
    "no place of the row": AS_WRITTEN.replace('<row r="1">', "<row>"),
    "a row that stands elsewhere": AS_WRITTEN.replace('<row r="1">', '<row r="7">'),
    "a type named like the style": AS_WRITTEN.replace('r="B1"', 'r="B1" t="str"').replace(
        'r="A1"', 'cm="s" r="A1"'
    ),
    "a blank among them": AS_WRITTEN.replace('<c r="B1">', '<c r="C1" s="1"/><c r="B1">'),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_formats_are_found_however_the_sheet_is_spelled(spelling):
    start = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    sheet = f"{start}{SPELLINGS[spelling]}</sheetData></worksheet>"
    percent = book_of([0.17, 2], formats={"A1": "0%"})
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(percent)) as source, zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            target.writestr(name, sheet if is_sheet else source.read(name))

    first, second = next(workbook.open_workbook(written.getvalue())[0].rows())[:2]

    assert (first.address, first.shown, second.shown) == ("A1", "17%", "2")


def test_a_cell_without_formats_is_shown_as_its_text():
    assert Cell("Sheet1", "A1", 0.5).shown == "0.5"


def test_yes_and_no_stay_words():
    assert Cell("Sheet1", "A1", value=True, number_format="0%").shown == "True"
