"""What was done and seen is written down, and shown to those who may know."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic import auditing
from clinic.models import AuditEvent, Patient
from config.base import record_viewed


class TestNote:
    def test_keeps_who_what_whose_and_the_role_then(self, patient, doctor):
        event = auditing.note("download", by=doctor.user, record=patient, why="For the file.")

        doctor.user.change(by=None, role="auditor")
        event.refresh_from_db()
        assert (event.by, event.role, event.action) == (doctor.user, "doctor", "download")
        assert (event.record_type, event.record_id, event.patient_id) == (
            "clinic.patient",
            patient.pk,
            patient.pk,
        )
        assert (event.why, event.outcome) == ("For the file.", "done")

    def test_follows_the_path_to_the_patient(self, encounter):
        assert auditing.note("read", by=None, record=encounter).patient_id == encounter.patient_id

    def test_works_for_what_is_nobodys_record(self, manager):
        event = auditing.note("sign_out", by=manager)

        assert (event.record_type, event.record_id, event.patient_id) == ("", None, None)

    def test_cannot_be_changed_afterwards(self, manager):
        event = auditing.note("sign_out", by=manager)

        with pytest.raises(IntegrityError), transaction.atomic():
            AuditEvent.objects.filter(pk=event.pk).update(why="Never happened.")


class TestOpenedRecords:
    def test_are_noted_once_with_the_page(self, staff_client, manager, patient):
        staff_client(manager).get(f"/admin/clinic/patient/{patient.pk}/change/")

        event = AuditEvent.objects.get(action="read")
        assert (event.by, event.record_id, event.patient_id) == (manager, patient.pk, patient.pk)
        assert event.trace["page"] == "admin:clinic_patient_change"

    def test_a_refused_look_is_not_a_look(self, staff_client, make_user, patient):
        stranger = make_user("doctor", "stranger")

        answer = staff_client(stranger).get(f"/admin/clinic/patient/{patient.pk}/change/")

        assert answer.headers["Location"] == reverse("admin:index")
        assert AuditEvent.objects.filter(action="read").count() == 0

    def test_portal_pages_tell_by_the_signal(self, rf, patient):
        request = rf.get("/")
        request.user = patient.user

        record_viewed.send(Patient, record=patient, request=request, action="download")

        assert AuditEvent.objects.get(action="download").by == patient.user


class TestMarkOf:
    def test_is_the_same_for_the_same_address_and_tells_nothing(self):
        mark = auditing.mark_of("Mia@example.com ")

        assert mark == auditing.mark_of("mia@example.com") != auditing.mark_of("max@example.com")
        assert "mia" not in mark
