"""The desk's screens of appointments: who gets in, what the buttons do."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import booking
from clinic.models import Appointment

pytestmark = pytest.mark.django_db

LIST = "/admin/clinic/appointment/"


def page(appointment: Appointment, name: str = "change") -> str:
    return reverse(f"admin:clinic_appointment_{name}", args=[appointment.pk])


def press(client, appointment: Appointment, button: str, **answers):
    return client.post(page(appointment, button), {"_form_submitted": "True", **answers})


def told(client, appointment: Appointment) -> list[str]:
    return [str(message) for message in client.get(page(appointment)).context["messages"]]


class TestPages:
    @pytest.mark.parametrize("role", ["manager", "reception", "auditor"])
    def test_open_for_the_practice(self, confirmed, make_user, staff_client, role):
        client = staff_client(make_user(role, f"one-{role}"))

        assert [
            client.get(address).status_code for address in (LIST, page(confirmed), page(confirmed, "history"))
        ] == [
            200,
            200,
            200,
        ]

    def test_show_a_doctor_their_own(self, confirmed, doctor, staff_client):
        client = staff_client(doctor.user)

        assert list(client.get(LIST).context["cl"].queryset) == [confirmed]
        assert client.get(page(confirmed)).status_code == 200

    def test_hide_those_of_others(self, confirmed, make_doctor, staff_client):
        client = staff_client(make_doctor("stranger").user)

        assert list(client.get(LIST).context["cl"].queryset) == []
        assert client.get(page(confirmed)).status_code == 302
        assert client.get(page(confirmed, "history")).status_code == 404
        assert press(client, confirmed, "cancel", why="Mine now.").status_code == 404
        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    def test_show_times_by_the_clock_of_the_practice(
        self, make_slot, make_patient, fees, manager, staff_client
    ):
        with time_machine.travel("2026-07-05T23:00Z", tick=False):
            someone = make_patient("someone", zone="Australia/Perth")
            booking.hold(make_slot(24), patient=someone, by=None)

            page = staff_client(manager).get(LIST).content.decode()

        assert "Tue 7 Jul 2026, 9:00 am AEST" in page

    def test_ask_the_database_equally_often_for_one_and_three(
        self, make_patient, make_slot, fees, manager, staff_client
    ):
        client = staff_client(manager)
        booking.hold(make_slot(24), patient=make_patient("one"), by=None)
        client.get(LIST)
        with CaptureQueriesContext(connection) as one:
            client.get(LIST)
        for hours in (48, 72):
            booking.hold(make_slot(hours), patient=make_patient(f"in{hours}"), by=None)

        with CaptureQueriesContext(connection) as three:
            client.get(LIST)

        assert len(one) == len(three)


class TestCancel:
    def test_gives_the_money_back_and_says_so(self, confirmed, reception, staff_client):
        client = staff_client(reception)

        press(client, confirmed, "cancel", why="The doctor is ill.")

        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.order.status) == ("cancelled", "refunding")
        assert (confirmed.history.first().history_user, confirmed.history.first().history_change_reason) == (
            reception,
            "The doctor is ill.",
        )
        assert told(client, confirmed) == ["The appointment of Patient Example is cancelled."]

    def test_asks_for_a_reason(self, confirmed, manager, staff_client):
        press(staff_client(manager), confirmed, "cancel", why="")

        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    def test_says_why_it_cannot(self, confirmed, manager, staff_client, forced):
        forced(confirmed, "completed")
        client = staff_client(manager)

        press(client, confirmed, "cancel", why="The doctor is ill.")

        assert told(client, confirmed) == [
            "The appointment of Patient Example is completed and cannot become cancelled."
            " Please reload the page to see what changed."
        ]

    def test_is_not_for_auditors(self, confirmed, auditor, staff_client):
        answer = press(staff_client(auditor), confirmed, "cancel", why="Curious.")

        confirmed.refresh_from_db()
        assert (answer.status_code, confirmed.status) == (403, "confirmed")


class TestArrived:
    def test_shows_that_the_patient_waits(self, make_slot, patient, fees, settle, reception, staff_client):
        soon = settle(booking.hold(make_slot(0.4), patient=patient, by=None))

        press(staff_client(reception), soon, "arrived")

        soon.refresh_from_db()
        assert soon.status == "arrived"

    def test_says_when_it_is_too_early(self, confirmed, reception, staff_client):
        client = staff_client(reception)

        press(client, confirmed, "arrived")

        [sentence] = told(client, confirmed)
        assert sentence.startswith("The patient can come in from")


class TestDidNotAttend:
    def test_keeps_the_fee(self, confirmed, manager, staff_client, shifted):
        shifted(days=2)

        press(staff_client(manager), confirmed, "did_not_attend", why="Three calls, no answer.")

        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.order.status) == ("no_show", "paid")
