import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import booking, cancelling
from clinic.models import Appointment, AuditEvent, CancellationPolicy

pytestmark = pytest.mark.django_db

# By GET unless it only takes POST.
PAGES = {
    "appointment": "get",
    "appointment-status": "get",
    "appointment-cancel": "get",
    "appointment-move": "get",
    "appointment-paid": "get",
    "appointment-arrive": "post",
    "appointment-pay": "post",
}


@pytest.fixture
def browser(client, patient):
    client.force_login(patient.user)
    return client


def address(name: str, appointment: Appointment) -> str:
    return reverse(name, args=[appointment.pk])


def cancel(browser, appointment: Appointment, **answers):
    """Open the page, and send its form with the sum that it showed."""
    here = address("appointment-cancel", appointment)
    read = browser.get(here).context["form"]["read"].value()
    return browser.post(here, {"read": read, **answers}, headers={"Referer": f"http://testserver{here}"})


@pytest.mark.parametrize(("name", "method"), PAGES.items())
class TestStrangers:
    def test_find_nothing(self, client, confirmed, make_patient, name, method):
        client.force_login(make_patient("stranger").user)

        assert getattr(client, method)(address(name, confirmed)).status_code == 404

    def test_who_are_not_signed_in_are_asked_to(self, client, confirmed, name, method):
        assert getattr(client, method)(address(name, confirmed)).url.startswith("/accounts/login/")

    def test_among_the_staff_are_sent_to_their_desk(self, client, confirmed, doctor, name, method):
        client.force_login(doctor.user)

        assert getattr(client, method)(address(name, confirmed)).url == "/admin/"


class TestAppointment:
    def test_says_until_when_it_is_held(self, browser, held):
        page = browser.get(address("appointment", held)).content.decode()

        assert "Held for you until" in page
        # What countdown.js counts down to.
        until = re.search(r'role="timer".*data-until="([^"]+)"', page, re.DOTALL)[1]
        assert abs(datetime.fromisoformat(until) - held.held_until) < timedelta(seconds=1)
        assert "Pay A$80.00" in page

    def test_offers_no_payment_once_the_time_is_up(self, browser, held):
        with time_machine.travel(held.held_until, tick=False):
            page = browser.get(address("appointment", held)).content.decode()

        assert "The time to pay has run out" in page
        assert "Pay A$" not in page

    @pytest.mark.parametrize(("minutes", "shown"), [(31, False), (30, True), (-5, True)])
    def test_lets_the_patient_in_from_half_an_hour_before(self, browser, confirmed, minutes, shown):
        with time_machine.travel(confirmed.starts_at - timedelta(minutes=minutes), tick=False):
            browser.force_login(confirmed.patient.user)
            page = browser.get(address("appointment", confirmed)).content.decode()

        assert ("/arrive/" in page) is shown

    @pytest.mark.parametrize("status", Appointment.Status.values)
    def test_stands_in_every_status(self, browser, confirmed, status, forced):
        forced(confirmed, status)

        assert browser.get(address("appointment", confirmed)).status_code == 200

    def test_leads_from_a_visit_that_is_over_to_the_next_with_the_same_doctor(
        self, browser, confirmed, forced
    ):
        forced(confirmed, "completed")

        page = browser.get(address("appointment", confirmed)).content.decode()
        times = browser.get(
            f"/portal/book/?kind={confirmed.slot.appointment_type_id}&doctor={confirmed.slot.practitioner_id}"
        )

        assert f"&amp;doctor={confirmed.slot.practitioner_id}&amp;weeks=4" in page
        assert "Book the next visit" in page
        assert times.context["doctor"] == confirmed.slot.practitioner

    def test_looking_is_in_the_trail(self, browser, confirmed, patient):
        browser.get(address("appointment", confirmed))

        event = AuditEvent.objects.get(action="read")
        assert (event.by, event.record_id, event.patient_id) == (patient.user, confirmed.pk, patient.pk)


class TestCancel:
    def test_tells_what_comes_back(self, browser, confirmed):
        page = browser.get(address("appointment-cancel", confirmed)).content.decode()

        assert "You get the whole fee of A$80.00 back." in page

    def test_is_refused_for_another_sum_than_was_shown(self, browser, confirmed):
        other = browser.post(address("appointment-cancel", confirmed), {"read": "40.00 40.00"})

        assert other.status_code == 409
        assert "has changed since you looked: A$80.00 goes back now." in other.content.decode()
        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    @pytest.mark.parametrize("sent", [{}, {"read": ""}])
    def test_is_refused_where_nobody_can_tell_which_sum_was_seen(self, browser, confirmed, sent):
        answer = browser.post(address("appointment-cancel", confirmed), {"why": "I am well.", **sent})

        assert answer.status_code == 400
        assert "Please read on this page what you get back" in answer.content.decode()
        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    def test_tells_what_is_kept_of_a_late_cancellation(self, browser, make_policy, held, settle):
        make_policy(free_hours=48)
        held.change(policy=CancellationPolicy.objects.get(), by=None, why="As read at booking.")
        late = settle(held)

        page = browser.get(address("appointment-cancel", late)).content.decode()

        assert "You get A$40.00 back, and A$40.00 of the fee is kept" in page
        assert "If illness or an emergency stops you, please call us" in page

    def test_tells_afterwards_what_was_kept(self, browser, make_policy, held, settle):
        make_policy(free_hours=48)
        held.change(policy=CancellationPolicy.objects.get(), by=None, why="As read at booking.")
        late = settle(held)

        page = browser.get(cancel(browser, late, why="").url).content.decode()

        assert "A$40.00 is on its way back to you." in page
        assert "The rest of your payment was kept" in page

    def test_says_that_nothing_was_charged_for_a_time_that_is_held(self, browser, held):
        page = browser.get(address("appointment-cancel", held)).content.decode()

        assert "You have not been charged." in page

    def test_asks_for_nothing_about_the_patients_health(self, browser, confirmed):
        page = browser.get(address("appointment-cancel", confirmed)).content.decode()

        assert "Please write nothing about your health here." in page

    def test_gives_the_time_and_the_money_back(self, browser, confirmed):
        page = browser.get(cancel(browser, confirmed, why="I am well.").url).content.decode()

        assert "Your appointment was cancelled." in page
        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.order.status) == ("cancelled", "refunding")

    def test_changes_nothing_by_looking(self, browser, confirmed):
        browser.get(address("appointment-cancel", confirmed))

        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    def test_tells_why_it_cannot(self, browser, confirmed, forced):
        forced(confirmed, "completed")

        page = browser.get(cancel(browser, confirmed).url).content.decode()

        assert "is completed and cannot become cancelled" in page


class TestArrive:
    def test_shows_the_doctor_that_the_patient_waits(self, browser, confirmed):
        with time_machine.travel(confirmed.starts_at - timedelta(minutes=10), tick=False):
            browser.force_login(confirmed.patient.user)
            answer = browser.post(address("appointment-arrive", confirmed), follow=True)

        assert "The doctor can see that you are here." in answer.content.decode()
        confirmed.refresh_from_db()
        assert confirmed.status == "arrived"

    def test_takes_no_get(self, browser, confirmed):
        assert browser.get(address("appointment-arrive", confirmed)).status_code == 405


class TestVisits:
    def test_are_ahead_or_earlier(self, browser, patient, make_slot, fees):
        gone = booking.hold(make_slot(24), patient=patient, by=None)
        cancelling.cancel(gone, by=patient.user, why="Another time suits better.")
        ahead = booking.hold(make_slot(24.5), patient=patient, by=None)

        context = browser.get("/portal/visits/").context

        assert (list(context["ahead"]), list(context["earlier"])) == ([ahead], [gone])

    def test_ask_the_database_as_often_for_one_and_three(self, browser, patient, make_slot, fees, settle):
        settle(booking.hold(make_slot(24), patient=patient, by=None))
        browser.get("/portal/visits/")  # the session is awake: only once a minute it writes that
        with CaptureQueriesContext(connection) as one:
            browser.get("/portal/visits/")
        for hours in (48, 72):
            settle(booking.hold(make_slot(hours), patient=patient, by=None))

        with CaptureQueriesContext(connection) as three:
            browser.get("/portal/visits/")

        assert len(one) == len(three)
