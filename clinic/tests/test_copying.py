"""The copy of a patient's whole file: all that is theirs, and nothing of anybody else."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import caring, copying, documents, particularising, requesting
from clinic.models import AuditEvent, PrivacyRequest, RecordCopy
from messaging import chatting

pytestmark = pytest.mark.django_db


def unpack(content: bytes) -> tuple[dict, zipfile.ZipFile]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return json.loads(archive.read("record.json")), archive


@pytest.fixture
def asked(patient, manager) -> PrivacyRequest:
    request = requesting.ask(patient, kind="access", by=patient.user, identity_how="Signed in.")
    requesting.give(request, by=manager)
    return request


class TestWrite:
    def test_has_what_is_the_patients(self, files, encounter, patient, doctor):
        caring.add_allergy(patient, substance="Penicillin", by=doctor.user)
        room = encounter.appointment.room
        chatting.post(room, by=patient.user, text="Hello & thank you.", client_id=encounter.pk)

        content, archive = unpack(copying.write(patient))

        assert content["details"][0]["Given names"] == "Patient"
        assert content["allergies"][0]["Allergy to"] == "Penicillin"
        assert [message["Text"] for message in content["messages"]] == ["Hello & thank you."]
        assert content["appointments"][0]["Status"] == "In consultation"
        assert content["payments"][0]["A$"] == "80.00"
        page = archive.read("index.html").decode()
        assert "Penicillin" in page
        assert "Hello &amp; thank you." in page

    def test_has_signed_notes_and_no_drafts(self, files, encounter, patient):
        content, _ = unpack(copying.write(patient))

        assert content["notes"] == []

    def test_has_nothing_of_anybody_else(self, files, encounter, patient, make_patient):
        make_patient("stranger", phone="0400000000")

        text = str(unpack(copying.write(patient))[0])

        assert "Stranger" not in text
        assert "0400000000" not in text

    def test_tells_no_reason_of_the_trail_and_no_password(self, files, patient, auditor):
        AuditEvent.objects.create(
            action="break_glass",
            by=auditor,
            record_type="clinic.patient",
            patient_id=patient.pk,
            why="Secret!",
        )  # fmt: skip
        patient.user.set_password("long-enough-to-keep")
        patient.user.save()

        content, archive = unpack(copying.write(patient))

        text = str(content) + archive.read("index.html").decode()
        assert "Secret!" not in text
        assert patient.user.password not in text

    def test_has_the_papers(self, files, issued, patient):
        documents.render(issued)

        content, archive = unpack(copying.write(patient))

        assert content["files"] == ["papers/001-patient_copy.pdf"]
        assert archive.read("papers/001-patient_copy.pdf").startswith(b"%PDF")
        assert content["files_that_could_not_be_read"] == []
        assert content["prescriptions"][0]["Status"] == "Issued"

    def test_takes_as_many_statements_for_many_rows_as_for_one(self, files, encounter, patient, doctor):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                copying.write(patient)
            return len(asked)

        caring.add_allergy(patient, substance="Penicillin", by=doctor.user)
        few = count()
        for number in range(9):
            caring.add_allergy(patient, substance=f"Pollen {number}", by=doctor.user)

        assert count() == few

    def test_every_column_is_there(self):
        keys = [section.key for section in particularising.SECTIONS]

        assert len(keys) == len(set(keys))


class TestMake:
    def test_keeps_it_for_the_patient_for_some_days(self, files, asked, patient, manager):
        copying.make(asked)
        copying.make(PrivacyRequest.objects.get(pk=asked.pk))

        copy = RecordCopy.objects.get()
        assert (asked.status, asked.answered_by) == ("given", manager)
        assert copy.expires_at > timezone.now() + timedelta(days=6)
        assert unpack(copying.read(copy))[0]["details"][0]["E-mail address"] == patient.user.email
        assert copying.progress(asked) == 95

    def test_one_that_fails_can_be_begun_again(self, files, asked, monkeypatch):
        monkeypatch.setattr(copying, "_files", lambda patient: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            copying.make(asked)

        assert PrivacyRequest.objects.get().status == "open"

    def test_hands_it_out_to_the_patient_alone_and_writes_that_down(
        self, files, asked, patient, make_patient, client, manager, staff_client
    ):
        copying.make(asked)
        copy = RecordCopy.objects.get()
        address = reverse("my-data-file", args=[copy.pk])
        client.force_login(patient.user)
        own = client.get(address)
        client.force_login(make_patient("stranger").user)
        stranger = client.get(address)
        client.logout()
        nobody = client.get(address)
        boss = staff_client(manager).get(address)

        assert own.headers["Content-Disposition"] == 'attachment; filename="my-file.zip"'
        assert (own.status_code, stranger.status_code, nobody.status_code, boss.status_code) == (
            200, 404, 302, 302,
        )  # fmt: skip
        events = AuditEvent.objects.filter(record_type="clinic.recordcopy", action="download")
        assert [event.patient_id for event in events] == [patient.pk]

    def test_is_gone_after_its_days(self, files, asked, patient, client):
        copying.make(asked)
        copy = RecordCopy.objects.get()
        with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
            client.force_login(patient.user)
            answer = client.get(reverse("my-data-file", args=[copy.pk]), follow=True)
            removed = copying.sweep(now=timezone.now())

        assert "no longer there" in answer.content.decode()
        assert removed == 1
        assert [*files.rglob("*.zip")] == []
        with pytest.raises(copying.Expired), time_machine.travel(timezone.now() + timedelta(days=8)):
            copying.read(copy)


class TestCommand:
    def test_writes_a_file_for_its_owner_alone(self, files, patient, tmp_path, capsys):
        out = tmp_path / "file.zip"

        call_command("export_record", patient.user.email.upper(), out=out)

        assert unpack(out.read_bytes())[0]["details"][0]["Family name"] == "Example"
        assert out.stat().st_mode & 0o777 == 0o600
        assert AuditEvent.objects.filter(action="export", patient_id=patient.pk, by=None).count() == 1

    def test_takes_the_key_too(self, files, patient, tmp_path):
        call_command("export_record", str(patient.pk), out=tmp_path / "file.zip")

        assert (tmp_path / "file.zip").exists()

    @pytest.mark.parametrize("who", ["nobody@example.com", "0198c1a2-0000-7000-8000-000000000000", "x"])
    def test_says_when_there_is_no_such_patient(self, who, tmp_path):
        with pytest.raises(CommandError, match="There is no patient"):
            call_command("export_record", who, out=tmp_path / "file.zip")

    def test_does_not_write_over_a_file(self, files, patient, tmp_path):
        out = tmp_path / "file.zip"
        out.write_text("kept")

        with pytest.raises(CommandError, match="cannot be written"):
            call_command("export_record", patient.user.email, out=out)

        assert out.read_text() == "kept"
