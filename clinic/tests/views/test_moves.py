"""Patients move their appointments: what they see, what is refused, and that nothing is half done."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import booking, rostering
from clinic.models import Appointment, CancellationPolicy, Slot

NOBODY = "01a20000-0000-7000-8000-000000000000"

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, patient):
    client.force_login(patient.user)
    return client


@pytest.fixture
def later(make_slot) -> Slot:
    return make_slot(hours=72)


def choosing(appointment: Appointment) -> str:
    return reverse("appointment-move", args=[appointment.pk])


def moving_to(appointment: Appointment, slot: Slot) -> str:
    return reverse("appointment-move-to", args=[appointment.pk, slot.pk])


def untouched(appointment: Appointment) -> bool:
    appointment.refresh_from_db()
    return appointment.status == "confirmed" and appointment.patient.appointments.count() == 1


@pytest.fixture
def too_late(held, make_policy, settle) -> Appointment:
    make_policy(free_hours=48)
    held.change(policy=CancellationPolicy.objects.get(), by=None, why="As read at booking.")
    return settle(held)


class TestMove:
    def test_offers_free_times_of_the_same_kind(self, browser, confirmed, later, make_slot, long_visit):
        other_kind = make_slot(72.5, appointment_type=long_visit)

        page = browser.get(choosing(confirmed)).content.decode()

        assert moving_to(confirmed, later) in page
        assert moving_to(confirmed, other_kind) not in page

    def test_says_when_nothing_else_is_free(self, browser, confirmed):
        assert "All other times of this kind are taken." in browser.get(choosing(confirmed)).content.decode()

    @pytest.mark.parametrize("wish", ["day=nonsense", "day=9999-12-31", f"doctor={NOBODY}"])
    def test_says_what_is_not_offered(self, browser, confirmed, wish):
        answer = browser.get(f"{choosing(confirmed)}?{wish}")

        assert answer.status_code == 400
        assert "notice bad" in answer.content.decode()

    def test_tells_those_who_are_too_late_to_call(self, browser, too_late, later):
        page = browser.get(reverse("appointment", args=[too_late.pk])).content.decode()
        answer = browser.get(choosing(too_late))

        assert "It is too late to move this appointment here. Please call" in page
        assert answer.status_code == 409
        assert "It is too late to move this appointment." in answer.content.decode()

    def test_is_offered_while_it_is_free(self, browser, confirmed):
        page = browser.get(reverse("appointment", args=[confirmed.pk])).content.decode()

        assert choosing(confirmed) in page

    @pytest.mark.parametrize("status", ["held", "completed", "cancelled", "no_show"])
    def test_is_refused_for_what_is_not_ahead(self, browser, confirmed, later, forced, status):
        forced(confirmed, status)

        answer = browser.post(moving_to(confirmed, later))

        assert (browser.get(choosing(confirmed)).status_code, answer.status_code) == (409, 409)
        assert Appointment.objects.count() == 1

    def test_asks_the_database_equally_often_for_one_and_three(
        self, browser, confirmed, make_slot, make_doctor
    ):
        make_slot(72)
        browser.get(choosing(confirmed))  # the session is awake: only once a minute it writes that
        with CaptureQueriesContext(connection) as one:
            browser.get(choosing(confirmed))
        for name in ("bob", "tom"):
            make_slot(72, of=make_doctor(name))

        with CaptureQueriesContext(connection) as three:
            browser.get(choosing(confirmed))

        assert len(one) == len(three)


class TestMoveTo:
    def test_shows_both_times_and_changes_nothing_by_looking(self, browser, confirmed, later):
        page = browser.get(moving_to(confirmed, later)).content.decode()

        assert page.index("From</h2>") < page.index("To</h2>")
        assert "what you have paid stays paid" in page
        assert untouched(confirmed)

    def test_takes_the_new_time(self, browser, confirmed, later):
        answer = browser.post(moving_to(confirmed, later), follow=True)

        moved = confirmed.patient.appointments.get(status="confirmed")
        assert (moved.slot, moved.moved_from, moved.order) == (later, confirmed, confirmed.order)
        assert answer.redirect_chain == [(reverse("appointment", args=[moved.pk]), 302)]
        assert "Your appointment was moved." in answer.content.decode()

    def test_is_done_once_however_often_it_is_pressed(self, browser, confirmed, later):
        browser.post(moving_to(confirmed, later))

        assert browser.post(moving_to(confirmed, later)).status_code == 409
        assert confirmed.patient.appointments.live().count() == 1

    def test_is_refused_when_it_is_too_late(self, browser, too_late, later):
        answer = browser.post(moving_to(too_late, later))

        assert answer.status_code == 409
        assert untouched(too_late)

    def test_is_refused_for_a_time_that_has_passed(self, browser, confirmed, make_slot):
        soon = make_slot(1)
        with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
            browser.force_login(confirmed.patient.user)
            looked, pressed = (ask(moving_to(confirmed, soon)) for ask in (browser.get, browser.post))

        assert (looked.status_code, pressed.status_code) == (409, 409)
        assert "This time has passed. Please choose another." in pressed.content.decode()
        assert untouched(confirmed)

    def test_is_refused_for_a_time_that_was_withdrawn(self, browser, confirmed, later, manager):
        rostering.withdraw(later, by=manager, why="Training.")

        looked, pressed = (ask(moving_to(confirmed, later)) for ask in (browser.get, browser.post))

        assert (looked.status_code, pressed.status_code) == (409, 409)
        assert "This time is no longer offered. Please choose another." in pressed.content.decode()
        assert untouched(confirmed)

    def test_is_refused_for_a_time_that_somebody_has(self, browser, confirmed, later, make_patient):
        booking.hold(later.pk, patient=make_patient("faster"), by=None)

        pressed = browser.post(moving_to(confirmed, later))

        assert pressed.status_code == 409
        assert "This time has just been taken. Please choose another." in pressed.content.decode()
        assert untouched(confirmed)

    def test_brings_back_with_the_reason_who_pressed_on_the_page(
        self, browser, confirmed, later, make_patient
    ):
        booking.hold(later.pk, patient=make_patient("faster"), by=None)
        here = moving_to(confirmed, later)

        answer = browser.post(here, headers={"Referer": f"http://testserver{here}"}, follow=True)

        assert "This time has just been taken. Please choose another." in answer.content.decode()
        assert answer.status_code == 409

    @pytest.mark.parametrize("key", ["nonsense", NOBODY])
    def test_finds_no_time_at_a_wrong_address(self, browser, confirmed, key):
        where = f"{choosing(confirmed)}{key}/"

        assert (browser.get(where).status_code, browser.post(where).status_code) == (404, 404)
        assert untouched(confirmed)

    def test_is_not_for_strangers(self, client, confirmed, later, make_patient):
        client.force_login(make_patient("stranger").user)
        where = moving_to(confirmed, later)

        assert (client.get(where).status_code, client.post(where).status_code) == (404, 404)
        assert untouched(confirmed)

    def test_is_for_those_who_are_signed_in(self, client, confirmed, later):
        assert client.post(moving_to(confirmed, later)).url.startswith("/accounts/login/")
        assert untouched(confirmed)
