"""What can have happened to a supplier's own workbook: each time one sentence, or a line put aside."""

import io
import zipfile

import openpyxl
import pytest
from django.conf import settings

from catalog import importing, undoing
from catalog.models import Import, ImportRow, Price, Product
from catalog.sheets.workbook import WorkbookRefused

FOLDER = settings.BASE_DIR.parent / "shared" / "suppliers"
COUNTS = {"botanitech": 18, "medreleaf": 38, "alma": 12, "phytoca": 36, "tasmanian_botanics": 23}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason=f"the suppliers' workbooks are not in {FOLDER.parent.name}/{FOLDER.name}"
    ),
]


def own(key: str) -> bytes:
    return (FOLDER / f"{key}.xlsx").read_bytes()


def edited(key, edit) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(own(key)))
    edit(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def bring_in(key, data, *, apply_now=True):
    return importing.bring_in(key, data=data, file_name=f"{key}.xlsx", by=None, apply_now=apply_now)


def everything():
    models = (Product, Product.history.model, Price, Import, ImportRow)
    return [model.objects.count() for model in models]


@pytest.mark.parametrize("key", COUNTS)
class TestTwice:
    def test_the_second_time_changes_nothing_and_says_so(self, key):
        first = bring_in(key, own(key))
        before = everything()

        second = bring_in(key, own(key))

        assert (first.totals["new"], first.totals["errors"], Product.objects.count()) == (
            COUNTS[key],
            0,
            COUNTS[key],
        )
        assert (everything(), second.seen_before) == (before, first.run)
        assert (second.totals["unchanged"], second.totals["changed"]) == (COUNTS[key], 0)

    def test_undone_it_can_come_again(self, key, manager):
        undoing.undo(bring_in(key, own(key)).run, by=manager, why="The wrong year.")
        assert set(Product.objects.values_list("supply", flat=True)) == {"discontinued"}

        again = bring_in(key, own(key))

        assert Product.objects.count() == COUNTS[key]
        assert again.totals["new"] == 0
        assert bring_in(key, own(key)).totals["changed"] == 0


def blank_row(book):
    book["Sheet1"].insert_rows(5)


def blank_column(book):
    book.worksheets[0].insert_cols(5)


def hidden_copy(book):
    book["Sheet2"].sheet_state = "hidden"


@pytest.mark.parametrize(
    ("key", "edit"),
    [("botanitech", blank_row), ("alma", blank_row), ("phytoca", blank_column), ("alma", hidden_copy)],
)
def test_loses_nothing_to_a_blank_or_hidden_place(key, edit):
    result = bring_in(key, edited(key, edit))

    assert (result.totals["new"], result.totals["errors"]) == (COUNTS[key], 0)
    assert bring_in(key, own(key)).totals["new"] == 0


def rename_sheet(book):
    book["Sheet1"].title = "Price list"


def rename_heading(book):
    for row in book["Sheet1"].iter_rows():
        for cell in row:
            if str(cell.value).strip() == "Wholesale":
                cell.value = "Wholesale Price"


def as_docx() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return written.getvalue()


def bomb() -> bytes:
    written = io.BytesIO(own("alma"))
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"0" * (250 * 1024 * 1024))
    return written.getvalue()


REFUSED = {
    "sheet renamed": (lambda: edited("alma", rename_sheet), "This does not look like the Alma list"),
    "heading renamed": (lambda: edited("alma", rename_heading), "lacks the heading “Wholesale”"),
    "another supplier's": (lambda: own("phytoca"), "This does not look like the Alma list"),
    "empty": (lambda: b"", "The file is empty."),
    "a document": (as_docx, "This is not an Excel workbook, although it is named like one."),
    "a bomb": (bomb, "unpacks to more than 200 MB"),
    "cut off": (lambda: own("alma")[:9000], "This is not an Excel workbook"),
    "50 MB": (lambda: own("alma") + b"\0" * (50 * 1024 * 1024), "The file is larger than 30 MB."),
}


@pytest.mark.parametrize("damage", REFUSED)
def test_refuses_with_one_sentence_and_writes_nothing(damage):
    make, sentence = REFUSED[damage]

    with pytest.raises(WorkbookRefused) as no:
        bring_in("alma", make())

    assert sentence in str(no.value)
    assert (str(no.value).count("\n"), Import.objects.get().refusal) == (0, str(no.value))
    assert (Product.objects.count(), Price.objects.count(), ImportRow.objects.count()) == (0, 0, 0)


def wholesale(typed):
    def edit(book):
        sheet = book["Sheet1"]
        at = next(cell.column for cell in sheet[1] if str(cell.value).strip() == "Wholesale")
        sheet.cell(2, at).value = typed

    return edit


@pytest.mark.parametrize(
    ("typed", "price"), [("$73.00", "73.00"), ("1,049.00", "1049.00"), ("$1,049.00", "1049.00")]
)
def test_a_price_may_be_typed_as_people_do(typed, price):
    result = bring_in("alma", edited("alma", wholesale(typed)))

    line = result.comparison.lines[0]
    assert (str(line.offer.wholesale), line.outcome, result.totals["errors"]) == (price, "new", 0)


def test_a_strength_of_120_characters_is_raised(manager):
    def edit(book):
        sheet = book.worksheets[0]
        at = next(cell.column for cell in sheet[1] if str(cell.value).strip() == "Strength")
        sheet.cell(2, at).value = "THC " + "9" * 116

    result = bring_in("botanitech", edited("botanitech", edit))

    assert (result.totals["read"], result.totals["new"] + result.totals["errors"]) == (18, 18)
    assert result.comparison.lines[0].offer.findings != []


def test_merged_cells_stop_their_line_alone():
    result = bring_in(
        "botanitech", edited("botanitech", lambda book: book.worksheets[0].merge_cells("B3:B4"))
    )

    assert (result.totals["errors"], result.totals["new"]) == (1, 17)
    assert "merged_cells" in [one["code"] for one in ImportRow.objects.get(outcome="error").findings]


def test_two_header_rows_make_no_product():
    def repeat(book):
        sheet = book.worksheets[0]
        headings = [cell.value for cell in sheet[1]]
        sheet.insert_rows(2)
        for at, heading in enumerate(headings, start=1):
            sheet.cell(2, at).value = heading

    result = bring_in("botanitech", edited("botanitech", repeat))

    assert (result.totals["new"], result.totals["errors"]) == (18, 0)
    assert "heading_skipped" in [note.code for note in result.notes]


def test_last_months_list_after_this_months_is_raised():
    bring_in("alma", own("alma"))
    bring_in("alma", edited("alma", wholesale(99)))

    again = bring_in("alma", own("alma"), apply_now=False)

    assert "older_list" in [note.code for note in again.notes]
    assert again.totals["changed"] == 1
