"""Which letters a patient gets, and whether letters reach them, on the patient's page."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from messaging import choosing, delivering
from messaging.models import Choice, Delivery

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
AGAIN = "Write to this address again"


@pytest.fixture
def desk(staff_client, reception):
    return staff_client(reception)


@pytest.fixture
def bounced(patient):
    return Delivery.objects.create(event_id="1", to=patient.user.email, outcome="bounced", at=AT)


def page(patient):
    return reverse("admin:clinic_patient_change", args=[patient.pk])


def press(browser, patient, step, **fields):
    address = reverse(f"admin:clinic_patient_{step}", args=[patient.pk])
    return browser.post(address, {"_form_submitted": "1", **fields})


class TestChoosing:
    def test_the_desk_notes_what_the_patient_wants(self, desk, patient, reception):
        press(desk, patient, "choose_letters", reminders="on", messages="on", notices="on")

        choice = Choice.objects.get()
        version = choice.history.get()
        assert choosing.wanted_by(patient.user) == {"reminders", "messages", "notices"}
        assert (version.history_user, version.history_change_reason) == (
            reception,
            "The patient asked for it.",
        )

    def test_the_dialog_shows_what_they_get_now(self, desk, patient):
        choosing.choose(patient.user, wanted={"papers"}, by=patient.user)

        dialog = desk.get(reverse("admin:clinic_patient_choose_letters", args=[patient.pk]))

        assert [box.name for box in dialog.context["form"] if box.initial is True and not box.is_hidden] == [
            "papers"
        ]

    def test_the_page_says_what_they_get(self, desk, patient):
        choosing.choose(patient.user, wanted={"messages"}, by=patient.user)

        assert (
            "What they must know; A message is waiting for you." in desk.get(page(patient)).content.decode()
        )

    @pytest.mark.parametrize("role", ["auditor", "doctor"])
    def test_others_do_not(self, staff_client, make_user, patient, bounced, role):
        browser = staff_client(make_user(role, "other"))

        statuses = [press(browser, patient, step).status_code for step in ("choose_letters", "clear_address")]

        assert statuses == [403, 403]
        assert not Choice.objects.exists()
        assert delivering.against(patient.user.email) == bounced


class TestReaching:
    def test_warns_and_says_what_to_do(self, desk, patient, bounced):
        html = desk.get(page(patient)).content.decode()

        assert html.count(f"Letters to {patient.user.email} come back, since Friday 20 November 2026.") == 1
        assert "Please ring them" in html
        assert AGAIN in html

    def test_is_silent_when_letters_arrive(self, desk, patient):
        html = desk.get(page(patient)).content.decode()

        assert [words for words in ("come back", f">{AGAIN}") if words in html] == []

    def test_the_desk_asked_the_patient(self, desk, patient, bounced, reception):
        press(desk, patient, "clear_address")

        assert delivering.against(patient.user.email) is None
        assert Delivery.objects.get(outcome="cleared").recorded_by == reception
        assert "come back" not in desk.get(page(patient)).content.decode()
