"""Who gets which paper, and that every time is written down."""

import hashlib
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from clinic import documents as papers_of_scripts
from clinic import prescribing
from clinic.models import AuditEvent, Document

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
PDF = b"%PDF-1.7 a paper"


@pytest.fixture
def papers(ready, doctor, code_of) -> dict[str, Document]:
    """The two papers of an issued script; what is in them is another test's affair."""
    prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))
    return {
        kind: Document.objects.create(
            patient=ready.patient,
            prescription=ready,
            kind=kind,
            file=default_storage.save(f"documents/{kind}.pdf", ContentFile(PDF)),
            sha256=hashlib.sha256(PDF).hexdigest(),
        )
        for kind in [*papers_of_scripts.TEMPLATES]
    }


def address(document: Document) -> str:
    return reverse("file", args=[document.pk])


@pytest.fixture
def as_patient(client, patient):
    client.force_login(patient.user)
    return client


class TestFile:
    def test_is_handed_out_as_a_download_that_nothing_keeps(self, as_patient, papers):
        answer = as_patient.get(address(papers["patient_copy"]))

        number = papers["patient_copy"].prescription.number
        assert answer.content == PDF
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="patient-copy-{number}.pdf"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"

    def test_is_in_the_audit_trail_each_time(self, as_patient, papers, patient):
        as_patient.get(address(papers["patient_copy"]))
        as_patient.get(address(papers["patient_copy"]))

        events = AuditEvent.objects.filter(action="download", record_id=papers["patient_copy"].pk)
        assert [(event.by, event.patient_id) for event in events] == [(patient.user, patient.pk)] * 2

    def test_to_print_is_not_for_the_patient(self, as_patient, papers):
        assert as_patient.get(address(papers["print_and_sign"])).status_code == 404
        assert not AuditEvent.objects.filter(action="download").exists()

    @pytest.mark.parametrize("kind", [*papers_of_scripts.TEMPLATES])
    def test_is_for_the_doctor(self, staff_client, doctor, papers, kind):
        assert staff_client(doctor.user).get(address(papers[kind])).content == PDF

    @pytest.mark.parametrize(
        ("kind", "at_first", "when_void"),
        [("print_and_sign", [200, 404], [404, 404]), ("patient_copy", [200, 200], [200, 200])],
    )
    def test_to_print_is_for_the_prescriber_alone_until_it_is_void(
        self, staff_client, doctor, auditor, papers, ready, kind, at_first, when_void
    ):
        browsers = [staff_client(doctor.user), staff_client(auditor)]
        before = [browser.get(address(papers[kind])).status_code for browser in browsers]
        prescribing.cancel(ready, by=doctor.user, why="Wrong strength.")

        after = [browser.get(address(papers[kind])).status_code for browser in browsers]

        assert (before, after) == (at_first, when_void)

    @pytest.mark.parametrize("kind", [*papers_of_scripts.TEMPLATES])
    def test_is_not_for_a_doctor_elsewhere(self, staff_client, make_doctor, papers, kind):
        assert staff_client(make_doctor("stranger").user).get(address(papers[kind])).status_code == 404

    @pytest.mark.parametrize("role", ["manager", "reception"])
    def test_is_not_for_the_desk(self, staff_client, make_user, papers, role):
        client = staff_client(make_user(role, f"{role}-at-the-desk"))

        assert client.get(address(papers["patient_copy"])).status_code == 404

    def test_is_not_for_another_patient(self, client, make_patient, papers):
        client.force_login(make_patient("neighbour").user)

        assert client.get(address(papers["patient_copy"])).status_code == 404

    def test_is_not_for_staff_without_their_second_factor(self, client, doctor, papers):
        client.force_login(doctor.user)

        assert client.get(address(papers["print_and_sign"])).status_code == 403

    def test_asks_a_visitor_to_sign_in(self, client, papers):
        answer = client.get(address(papers["patient_copy"]))

        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("account_login"))

    def test_that_was_exchanged_is_not_handed_out(self, as_patient, papers, files):
        (files / "documents/patient_copy.pdf").write_bytes(b"%PDF-1.7 another")

        answer = as_patient.get(address(papers["patient_copy"]))

        assert answer.status_code == 409
        assert "not the one that was kept" in answer.content.decode()
        assert not AuditEvent.objects.filter(action="download").exists()


class TestDocuments:
    def test_lists_a_patients_copies_and_no_form_to_print(self, as_patient, papers):
        page = as_patient.get(reverse("documents")).content.decode()

        assert re.findall(r'href="(/files/[^"]+)"', page) == [address(papers["patient_copy"])]

    def test_says_when_a_script_is_void(self, as_patient, papers, ready, doctor):
        before = as_patient.get(reverse("documents")).content.decode()
        ready.refresh_from_db()
        prescribing.cancel(ready, by=doctor.user, why="Wrong strength.")

        assert "Void" not in before
        assert "Void" in as_patient.get(reverse("documents")).content.decode()

    def test_lists_nothing_of_others(self, client, make_patient, papers):
        client.force_login(make_patient("neighbour").user)

        assert "/files/" not in client.get(reverse("documents")).content.decode()
