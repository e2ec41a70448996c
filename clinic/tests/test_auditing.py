"""What was done and seen is written down, and shown to those who may know."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django_q.signals import post_execute_in_worker, pre_execute

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


class TestLists:
    def test_a_list_of_the_record_is_a_look_noted_once(self, staff_client, manager, patient):
        staff_client(manager).get("/admin/clinic/patient/", {"q": "Example"})

        event = AuditEvent.objects.get(action="read")
        assert (event.record_type, event.record_id, event.patient_id) == ("clinic.patient", None, None)
        assert (event.trace["rows"], event.trace["by_search"]) == ("1", "yes")
        assert "Example" not in str(event.trace)

    def test_an_empty_one_and_one_of_settings_show_nothing_of_it(self, staff_client, manager, practice):
        client = staff_client(manager)
        client.get("/admin/clinic/patient/")
        client.get("/admin/clinic/appointmenttype/")

        assert AuditEvent.objects.filter(action="read").count() == 0


class TestWork:
    def test_what_the_worker_writes_says_which_task_it_was(self, patient):
        pre_execute.send("django_q", func=None, task={"func": "clinic.tasks.expire_holds"})
        patient.change(by=None, suburb="Hobart")
        post_execute_in_worker.send("django_q", func=None, task={"group": None, "success": True})
        patient.change(by=None, suburb="Perth")

        works = AuditEvent.objects.filter(record_id=patient.pk, action="update").order_by("at")
        assert [event.trace.get("work") for event in works] == ["clinic.tasks.expire_holds", None]

    @pytest.mark.parametrize(("success", "outcome"), [(True, "done"), (False, "failed")])
    def test_what_is_planned_for_an_hour_or_a_day_is_noted(self, db, success, outcome):
        name = "Check what must always be true"
        pre_execute.send("django_q", func=None, task={"func": "clinic.tasks.check_invariants"})
        post_execute_in_worker.send("django_q", func=None, task={"group": name, "success": success})

        event = AuditEvent.objects.get(action="scheduled")
        assert (event.outcome, event.trace) == (outcome, {"work": "clinic.tasks.check_invariants"})

    def test_what_runs_each_minute_tells_by_what_it_writes(self, db):
        post_execute_in_worker.send(
            "django_q", func=None, task={"group": "Seal the audit trail", "success": True}
        )

        assert AuditEvent.objects.filter(action="scheduled").count() == 0


class TestMarkOf:
    def test_is_the_same_for_the_same_address_and_tells_nothing(self):
        mark = auditing.mark_of("Mia@example.com ")

        assert mark == auditing.mark_of("mia@example.com") != auditing.mark_of("max@example.com")
        assert "mia" not in mark
