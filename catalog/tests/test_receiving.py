"""Workbooks that come in."""

import io
import struct
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog import receiving
from catalog.models import Import
from catalog.sheets import UnknownSupplier
from catalog.tests import imports

pytestmark = pytest.mark.django_db


class TestReceive:
    def test_keeps_the_file_under_its_fingerprint(self, sample, manager):
        run, is_new = receiving.receive("alma", data=sample("alma"), file_name="May list.xlsx", by=manager)

        assert is_new
        assert (run.status, run.sender, run.file_name) == ("received", manager, "May list.xlsx")
        assert default_storage.listdir("imports/alma")[1] == [f"{run.file_sha256}.xlsx"]
        assert receiving.content(run) == sample("alma")

    def test_knows_the_very_file_that_is_under_way(self, sample, manager):
        first = receiving.receive("alma", data=sample("alma"), file_name="a.xlsx", by=manager)
        second = receiving.receive("alma", data=sample("alma"), file_name="copy of a.xlsx", by=None)

        assert second == (first.run, False)
        assert Import.objects.count() == 1

    def test_takes_a_file_again_that_was_refused(self, sample):
        first = imports.received("alma", sample("alma"))
        first.move_to("refused", by=None, why="Wrong month.")

        second = receiving.receive("alma", data=sample("alma"), file_name="a.xlsx", by=None)

        assert second.is_new
        assert second.run.file.name == first.file.name

    def test_remembers_when_the_workbook_was_saved(self, sample):
        assert imports.received("alma", sample("alma")).saved_at == datetime(2026, 1, 5, tzinfo=UTC)

    @pytest.mark.parametrize("data", [b"", b"no workbook", b"PK\x03\x04"])
    def test_keeps_what_is_no_workbook_too(self, data):
        assert imports.received("alma", data).saved_at is None

    def test_refuses_unknown_suppliers(self):
        with pytest.raises(UnknownSupplier):
            receiving.receive("acme", data=b"", file_name="a.xlsx", by=None)

        assert not default_storage.exists("imports")


class TestSendIn:
    def test_asks_a_worker_once(self, sample, queued_tasks):
        for _ in range(2):
            receiving.send_in("alma", data=sample("alma"), file_name="a.xlsx", by=None)

        assert queued_tasks() == ["catalog.tasks.read_import"]

    def test_reads_a_kept_file_once_more(self, sample, manager, queued_tasks):
        run = imports.received("alma", sample("alma"))
        run.move_to("refused", by=None, why="The catalogue has changed.")

        again = receiving.send_in_again(run, by=manager)

        assert again.is_new
        assert again.run.file_sha256 == run.file_sha256
        assert queued_tasks() == ["catalog.tasks.read_import"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("2026-03-01T09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00", datetime(2026, 2, 28, 22, 30, tzinfo=UTC)),  # without a zone: the clinic's
        ("yesterday", None),
        ("2026-13-01T09:30:00Z", None),
    ],
)
def test_the_time_of_saving_is_read_as_it_is_written(said, found, sample):
    data = _saved(sample("alma"), said)

    assert imports.received("alma", data).saved_at == found


def test_a_workbook_with_a_damaged_date_of_saving_is_taken_in(sample, staff_client, manager):
    """The 20 bytes that are overwritten make it unpack to nothing; what else is wrong, the reading tells."""
    file = SimpleUploadedFile("a.xlsx", _overwritten(sample("alma")))

    page = staff_client(manager).post("/admin/catalog/import/add/", {"supplier": "alma", "file": file})

    assert page.status_code == 302
    assert Import.objects.get().saved_at is None


def _overwritten(data: bytes) -> bytes:
    part = zipfile.ZipFile(io.BytesIO(data)).getinfo(receiving.PROPERTIES)
    name, extra = struct.unpack_from("<HH", data, part.header_offset + 26)
    start = part.header_offset + 30 + name + extra
    return data[:start] + b"\xff" * 20 + data[start + 20 :]


def _saved(data: bytes, when: str) -> bytes:
    """The workbook as if it had been saved at another time."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(written, "w") as target:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == receiving.PROPERTIES:
                content = content.replace(b"2026-01-05T00:00:00Z", when.encode())
            target.writestr(part, content)
    return written.getvalue()
