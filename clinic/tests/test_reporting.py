"""Adverse events: the 15-day clock, who sees and reports them, and what stays as it is."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from clinic import reporting
from clinic.models import AdverseEvent
from config.base import IllegalMove

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(encounter, doctor) -> AdverseEvent:
    return AdverseEvent.objects.add(
        by=doctor.user, patient=encounter.patient, medicine="Night Oil, batch 7", is_serious=True,
        description="Taken to hospital with palpitations.", happened_on=date(2026, 3, 2),
        known_on=date(2026, 3, 4),
    )  # fmt: skip


class TestClock:
    def test_runs_for_15_days_from_the_day_we_knew(self, event):
        assert event.due_on == date(2026, 3, 19)

    def test_does_not_run_for_what_is_not_serious(self, event):
        event.change(by=None, is_serious=False)

        assert event.due_on is None
        assert not AdverseEvent.objects.waiting().exists()

    def test_stops_with_the_report(self, event, doctor):
        assert [*AdverseEvent.objects.waiting()] == [event]
        reporting.report(event, reference=" AE-2026-7 ", by=doctor.user)

        assert (event.status, event.tga_reference, event.due_on) == ("reported", "AE-2026-7", None)
        assert not AdverseEvent.objects.waiting().exists()

    def test_nobody_knew_before_it_happened(self, event):
        with pytest.raises(IntegrityError), transaction.atomic():
            event.change(by=None, known_on=date(2026, 3, 1))


class TestReport:
    def test_needs_the_reference_and_happens_once(self, event, doctor):
        with pytest.raises(reporting.NoReference):
            reporting.report(event, reference=" ", by=doctor.user)
        reporting.report(event, reference="AE-1", by=doctor.user)
        with pytest.raises(IllegalMove):
            reporting.report(event, reference="AE-2", by=doctor.user)
        with pytest.raises(IllegalMove):
            reporting.dismiss(event, why="No effect of it.", by=doctor.user)

    def test_locks_the_record(self, event, doctor):
        reporting.report(event, reference="AE-1", by=doctor.user)

        for sql in (
            "UPDATE clinic_adverseevent SET description = 'Nothing.'",
            "UPDATE clinic_adverseevent SET status = 'open'",
            "DELETE FROM clinic_adverseevent",
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                connection.cursor().execute(sql)

    def test_or_a_reason_why_not(self, event, doctor):
        with pytest.raises(reporting.NoReason):
            reporting.dismiss(event, why="", by=doctor.user)
        reporting.dismiss(event, why="No effect of the medicine.", by=doctor.user)

        assert event.history.first().history_change_reason == "No effect of the medicine."

    def test_is_of_a_doctor_who_cares(self, event, make_doctor, manager, auditor):
        for who in (make_doctor("stranger").user, manager, auditor):
            with pytest.raises(reporting.NotACarer):
                reporting.report(event, reference="AE-1", by=who)


class TestPages:
    def page(self, name: str, *args) -> str:
        return reverse(f"admin:clinic_adverseevent_{name}", args=args)

    def test_is_recorded_and_reported_by_a_doctor(self, staff_client, encounter, doctor):
        client, today = staff_client(doctor.user), timezone.localdate()
        told = {
            "patient": encounter.patient_id, "prescription": "", "medicine": "Night Oil",
            "description": "Fell.", "happened_on": f"{today:%Y-%m-%d}", "known_on": f"{today:%Y-%m-%d}",
            "is_serious": "on", "outcome": "unknown",
        }  # fmt: skip

        earlier = told | {"known_on": f"{today - timedelta(days=1):%Y-%m-%d}"}
        assert client.post(self.page("add"), earlier).status_code == 400
        assert client.post(self.page("add"), told).status_code == 302
        event = AdverseEvent.objects.get()
        assert event.history.get().history_user == doctor.user
        assert "15 days left" in client.get(self.page("changelist")).content.decode()
        board = client.get("/admin/").context["numbers"]
        assert [(f.value, f.is_urgent) for f in board if f.label.startswith("Adverse")] == [(1, True)]

        sent = {"_form_submitted": "on", "reference": "AE-1", "sponsor_told_on": ""}
        client.post(self.page("report", event.pk), sent)
        event.refresh_from_db()
        assert event.status == "reported"
        assert client.post(self.page("change", event.pk), told).status_code == 403

    def test_is_not_of_somebody_elses_patient(self, staff_client, encounter, doctor, make_patient):
        client, today = staff_client(doctor.user), timezone.localdate()
        answer = client.post(
            self.page("add"),
            {
                "patient": make_patient("neighbour").pk, "medicine": "Night Oil", "description": "Fell.",
                "happened_on": f"{today:%Y-%m-%d}", "known_on": f"{today:%Y-%m-%d}", "outcome": "unknown",
            },
        )  # fmt: skip

        assert answer.status_code == 400
        assert not AdverseEvent.objects.exists()

    def test_is_hidden_from_strangers_and_the_desk(
        self, staff_client, event, make_doctor, manager, reception, auditor
    ):
        stranger = staff_client(make_doctor("stranger").user)

        assert stranger.get(self.page("changelist")).context["cl"].result_count == 0
        assert stranger.get(self.page("history", event.pk)).status_code == 404
        for who in (manager, reception):
            assert staff_client(who).get(self.page("changelist")).status_code == 403
        assert "Night Oil" in staff_client(auditor).get(self.page("changelist")).content.decode()

    def test_asks_no_more_for_three_than_for_one(
        self, staff_client, event, doctor, django_assert_max_num_queries
    ):
        client = staff_client(doctor.user)
        client.get(self.page("changelist"))
        with django_assert_max_num_queries(25) as one:
            client.get(self.page("changelist"))
        for day in (5, 6):
            AdverseEvent.objects.add(
                by=None, patient=event.patient, medicine="Day Oil", description="Dizzy.",
                happened_on=date(2026, 3, day), known_on=date(2026, 3, day),
            )  # fmt: skip

        with django_assert_max_num_queries(25) as three:
            assert client.get(self.page("changelist")).context["cl"].result_count == 3

        assert len(three) == len(one)
