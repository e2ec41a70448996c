"""The same list, saved as another kind of workbook, says the same."""

import io
from pathlib import Path

import openpyxl
import pytest

from catalog.sheets import LAYOUTS, reading, workbook
from catalog.sheets.tables import WorkbookRefused
from catalog.tests.sheets.saving import as_csv, as_ods, ods_of

SAVED = Path(__file__).parent / "saved"
STATED = [
    "name",
    "brand",
    "size",
    "potencies",
    "wholesale",
    "retail",
    "gtin13",
    "supply",
    "available_on",
    "cells",
]


def told(key, data):
    found = reading.read(LAYOUTS[key], data)
    facts = [{name: getattr(offer, name) for name in STATED} for offer in found.offers]
    return facts, [offer.findings for offer in found.offers], found.notes


class TestOpenDocument:
    @pytest.mark.parametrize("key", LAYOUTS)
    def test_says_the_same_as_excel(self, key, sample):
        assert told(key, as_ods(sample(key))) == told(key, sample(key))

    def test_tells_hidden_sheets(self, damaged):
        def hide(book):
            book["Oil"].sheet_state = "hidden"

        data = damaged("medreleaf", hide)

        assert [note.code for note in told("medreleaf", as_ods(data))[2]] == ["sheet_hidden"]
        assert [note.code for note in told("medreleaf", data)[2]] == ["sheet_hidden"]

    def test_counts_repeated_rows_and_cells_and_leaves_out_remarks(self):
        row = (
            '<table:table-row table:number-rows-repeated="2">'
            '<table:table-cell table:number-columns-repeated="2"/>'
            '<table:table-cell table:number-columns-repeated="2" office:value-type="string">'
            "<office:annotation><text:p>a remark</text:p></office:annotation>"
            "<text:p>two<text:s/>words</text:p></table:table-cell></table:table-row>"
        )
        gap = '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        data = ods_of(f'<table:table table:name="List">{gap}{row}{gap}</table:table>')

        (table,) = workbook.open_workbook(data)

        assert [[cell.address for cell in line if cell.text == "two words"] for line in table.rows()] == [
            [], [], [], ["C4", "D4"], ["C5", "D5"],
        ]  # fmt: skip

    def test_knows_the_cells_hidden_by_merging(self):
        said = 'table:number-columns-spanned="2" table:number-rows-spanned="2" office:value-type="string"'
        cell = f"<table:table-cell {said}><text:p>x</text:p></table:table-cell>"
        row = f"<table:table-row>{cell}</table:table-row>"

        (table,) = workbook.open_workbook(ods_of(f'<table:table table:name="List">{row}</table:table>'))

        assert table.merged == {"B1", "A2", "B2"}

    def test_reads_yes_and_no_and_moments(self):
        cells = (
            '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
            '<table:table-cell office:value-type="date" office:date-value="2026-03-01T09:30:00"/>'
        )

        (table,) = workbook.open_workbook(
            ods_of(f'<table:table table:name="List"><table:table-row>{cells}</table:table-row></table:table>')
        )

        assert [cell.text for cell in next(table.rows())] == ["True", "2026-03-01T09:30:00"]

    @pytest.mark.parametrize(
        "content", ["<table:table", '<table:table table:name="x"/></b>', "<table:table/>"]
    )
    def test_refuses_what_is_damaged(self, content):
        with pytest.raises(WorkbookRefused, match="damaged"):
            workbook.open_workbook(ods_of(content))

    def test_refuses_a_cell_repeated_for_ever(self):
        said = 'table:number-columns-repeated="16384" office:value-type="string"'
        cell = f"<table:table-cell {said}><text:p>x</text:p></table:table-cell>"
        row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'

        with pytest.raises(WorkbookRefused, match="reaches over 1,048,576 rows and 16,384 columns"):
            workbook.open_workbook(ods_of(f'<table:table table:name="List">{row}</table:table>'))


class TestOlderExcel:
    """The two workbooks in ``saved`` were written by another program out of the samples."""

    @pytest.mark.parametrize("key", ["medreleaf", "tasmanian_botanics"])
    def test_says_the_same_as_excel(self, key, sample):
        assert told(key, (SAVED / f"{key}.xls").read_bytes()) == told(key, sample(key))

    @pytest.mark.parametrize("length", [100, 600, 4000, 12000])
    def test_refuses_what_is_damaged(self, length):
        with pytest.raises(WorkbookRefused, match="can be opened"):
            workbook.open_workbook((SAVED / "medreleaf.xls").read_bytes()[:length])


class TestText:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
    def test_says_the_same_as_excel(self, delimiter, encoding, damaged):
        # The older encoding has no "≤" and no "Δ".
        data = damaged("botanitech", _without_rare_signs)
        saved = as_csv(data, sheet="Sheet1", delimiter=delimiter, encoding=encoding)

        facts, findings, _ = told("botanitech", saved)

        assert [fact | {"cells": None} for fact in facts] == [
            fact | {"cells": None} for fact in told("botanitech", data)[0]
        ]
        assert [[one.code for one in of] for of in findings] == [
            [one.code for one in of] for of in told("botanitech", data)[1]
        ]

    def test_lets_cells_have_several_lines(self, damaged):
        def break_line(book):
            book["Sheet1"]["B1"] = "Generic\nname, or none"

        with pytest.raises(WorkbookRefused, match="“Generic name, or none”"):
            told("botanitech", as_csv(damaged("botanitech", break_line), sheet="Sheet1"))

    def test_is_no_list_of_several_sheets(self, sample):
        with pytest.raises(WorkbookRefused, match="expected “Dried Flower”"):
            told("medreleaf", as_csv(sample("medreleaf"), sheet="Oil"))


def _without_rare_signs(book: openpyxl.Workbook) -> None:
    for row in book["Sheet1"].iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.value = cell.value.replace("≤", "<").replace("Δ-9-", "")


def test_a_workbook_tells_what_it_is_by_its_content(sample):
    """However it is named: the name is not even asked for."""
    kinds = [
        sample("alma"),
        as_ods(sample("alma")),
        (SAVED / "medreleaf.xls").read_bytes(),
        b"Brand,Name\nA,B\n",
    ]

    assert [workbook.open_workbook(data)[0].name for data in kinds] == [
        "Sheet1", "Sheet1", "Dried Flower", "List",
    ]  # fmt: skip


def test_a_workbook_without_formats_is_read():
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a", 0.5])
    written = io.BytesIO()
    book.save(written)

    (table,) = workbook.open_workbook(written.getvalue())

    assert [cell.shown for cell in next(table.rows())] == ["a", "0.5"]
