"""What a file can do to the machine that reads it: never more than a sentence to whoever sent it."""

import io
import os
import subprocess
import sys
import zipfile

import openpyxl
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from catalog.sheets import workbook
from catalog.sheets.tables import WorkbookRefused
from catalog.tests.sheets.saving import as_ods

MEGABYTE = 1024 * 1024
MOST_MEMORY = 150  # megabytes more than before
MOST_TIME = 20  # seconds of the processor
OPEN = """
import re, resource, sys, django
django.setup()
from catalog.sheets import workbook
def memory():  # the most there ever was; what getrusage() tells counts the parent too
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
before = memory()
try:
    print(sum(1 for table in workbook.open_workbook(open(sys.argv[1], "rb").read()) for _ in table.rows()))
except workbook.WorkbookRefused as no:
    print(no)
used = resource.getrusage(resource.RUSAGE_SELF)
print(memory() - before, int(used.ru_utime + used.ru_stime))
"""


@pytest.fixture
def opened(tmp_path):
    """What opening a file says in a process of its own, and what that took."""

    def run(data: bytes) -> tuple[str, int, int]:
        (tmp_path / "list.xlsx").write_bytes(data)
        answer = subprocess.run(
            [sys.executable, "-c", OPEN, tmp_path / "list.xlsx"],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            capture_output=True,
            text=True,
            check=True,
        )
        *said, used = answer.stdout.splitlines()
        memory, seconds = map(int, used.split())
        return " ".join(said), memory, seconds

    return run


def repacked(sheet: bytes | None = None, **others: bytes) -> bytes:
    """A workbook with another first sheet."""
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    written = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            is_sheet = part == "xl/worksheets/sheet1.xml" and sheet is not None
            target.writestr(part, sheet if is_sheet else source.read(part))
        for part, content in others.items():
            target.writestr(part, content)
    return written.getvalue()


def sheet_of(rows: bytes) -> bytes:
    start = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return start + rows + b"</sheetData></worksheet>"


EMPTY_ROW = b'<row r="%d" s="1" customFormat="1">' + b'<c r="A%d" s="1"/>' * 20 + b"</row>"


class TestOpening:
    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self, opened):
        said, memory, seconds = opened(repacked(b"0" * (300 * MEGABYTE)))

        assert said == "The workbook unpacks to more than 200 MB and was not opened."
        assert (memory < MOST_MEMORY, seconds < MOST_TIME) == (True, True)

    def test_a_bomb_that_lies_about_its_size_is_refused(self, opened):
        said, memory, seconds = opened(_told_smaller(repacked(sheet_of(b" " * (300 * MEGABYTE)))))

        assert (
            said == "The workbook is damaged and cannot be opened. Please ask the supplier to send it again."
        )
        assert (memory < MOST_MEMORY, seconds < MOST_TIME) == (True, True)

    def test_a_cell_at_the_far_end_of_a_sheet_is_refused(self, opened):
        far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        said, memory, seconds = opened(repacked(sheet_of(far)))

        assert said.startswith("Sheet “Sheet” reaches over 1,048,576 rows and 16,384 columns")
        assert (memory < MOST_MEMORY, seconds < MOST_TIME) == (True, True)

    def test_fifty_megabytes_of_empty_formatted_rows_are_no_rows(self, opened):
        rows = b"".join(EMPTY_ROW % ((number,) * 21) for number in range(1, 115_000))
        assert len(rows) > 50 * MEGABYTE
        said, memory, seconds = opened(repacked(sheet_of(rows)))

        assert said == "0"
        assert (memory < MOST_MEMORY, seconds < MOST_TIME) == (True, True)

    def test_a_file_of_fifty_megabytes_is_refused(self):
        data = repacked(picture=os.urandom(50 * MEGABYTE))

        with pytest.raises(WorkbookRefused, match="larger than 30 MB"):
            workbook.open_workbook(data)

    def test_names_that_stand_for_each_other_do_not_multiply(self, opened):
        """Entities of XML, each ten times the one before."""
        entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
        bomb = (
            b'<!DOCTYPE x [<!ENTITY e0 "lol">'
            + entities
            + b"]>"
            + sheet_of(b"<row><c><v>&e11;</v></c></row>")
        )
        said, memory, seconds = opened(repacked(bomb))

        assert (
            said == "The workbook is damaged and cannot be opened. Please ask the supplier to send it again."
        )
        assert (memory < MOST_MEMORY, seconds < MOST_TIME) == (True, True)


def _told_smaller(data: bytes) -> bytes:
    """The same archive, with a size of its largest part that is not true."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        largest = max(part.file_size for part in archive.infolist()).to_bytes(4, "little")
    assert data.count(largest) == 2  # before the part, and in the table at the end
    return data.replace(largest, (2000).to_bytes(4, "little"))


SAVED = {
    "xlsx": (settings.BASE_DIR / "fixtures/sheets/medreleaf.xlsx").read_bytes,
    "ods": lambda: as_ods((settings.BASE_DIR / "fixtures/sheets/medreleaf.xlsx").read_bytes()),
    "xls": (settings.BASE_DIR / "catalog/tests/sheets/saved/medreleaf.xls").read_bytes,
}


@pytest.mark.parametrize("kind", SAVED)
@examples(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_happened_to_a_file_it_is_read_or_refused(kind, data):
    """Never an error page, and never half a list."""
    whole = SAVED[kind]()
    start = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.binary(max_size=40))
    spoilt = whole[:start] + other + whole[start + data.draw(st.integers(0, 2000)) :]

    try:
        read = [len(list(table.rows())) for table in workbook.open_workbook(spoilt)]
    except WorkbookRefused as no:
        read = [len(str(no))]

    assert all(isinstance(count, int) for count in read)
