"""More time to pay: once, and only for what is still held."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic import booking, extending
from clinic.models import Practice

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(held):
    """Ten minutes into the hold."""
    with time_machine.travel(held.created_at + timedelta(minutes=10), tick=False) as clock:
        yield clock


def test_the_hold_starts_anew_and_says_why(held, patient, later):
    before = held.held_until

    extending.give_more_time(held, by=patient.user)

    whole = timedelta(minutes=Practice.objects.current().hold_minutes)
    assert held.held_until == held.extended_at + whole > before
    assert held.history.first().history_change_reason == "The patient asked for more time."


def test_it_is_given_once(held, patient, later):
    extending.give_more_time(held, by=patient.user)
    until = held.held_until

    with pytest.raises(extending.ExtendedAlready):
        extending.give_more_time(held, by=patient.user)
    booking.extend(held, by=patient.user, why="The payment page was opened.")

    assert held.held_until == until


def test_what_has_run_out_stays_so(held, patient, later):
    later.move_to(held.held_until)

    with pytest.raises(booking.HoldOver):
        extending.give_more_time(held, by=patient.user)


def test_what_is_paid_needs_none(confirmed, patient):
    with pytest.raises(booking.NotHeld):
        extending.give_more_time(confirmed, by=patient.user)


class TestButton:
    def press(self, client, held):
        here = reverse("appointment", args=[held.pk])
        address = reverse("appointment-more-time", args=[held.pk])
        return client.post(address, headers={"Referer": f"http://testserver{here}"}, follow=True)

    def test_is_on_the_page_as_long_as_it_gives_some(self, client, held, patient):
        client.force_login(patient.user)
        before = client.get(reverse("appointment", args=[held.pk])).content.decode()

        after = self.press(client, held).content.decode()
        again = self.press(client, held).content.decode()

        assert (before.count(">More time<"), after.count(">More time<")) == (1, 0)
        assert "You have more time: this appointment is held for you until" in after
        assert "has started anew once already" in again

    def test_is_nobody_else_s(self, client, held, make_patient):
        client.force_login(make_patient("kim").user)

        assert self.press(client, held).status_code == 404
        held.refresh_from_db()
        assert held.extended_at is None
