"""Closing an account: what ends, what is kept, and how it opens again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic import enrolling, leaving, opting, subscribing, waitlisting
from clinic.models import Appointment, AuditEvent, CalendarFeed, Closure, Patient
from messaging import choosing
from messaging.models import Letter

pytestmark = pytest.mark.django_db
PASSWORD = "long-enough-to-keep"


@pytest.fixture
def known(patient, client):
    """The patient, signed in with a password of their own."""
    patient.user.set_password(PASSWORD)
    patient.user.save()
    client.force_login(patient.user)
    return patient


def close(client, **typed):
    return client.post(reverse("my-data-close"), {"understood": "on", "password": PASSWORD, **typed})


class TestClose:
    def test_waits_until_somebody_says_what_became_of_a_visit_that_has_begun(
        self, known, client, confirmed, timed
    ):
        timed(confirmed, timezone.now() - timedelta(minutes=5))

        answer = close(client, cancels="on")

        assert "Close your account when that is over." in answer.content.decode()
        assert not Closure.objects.exists()
        assert Appointment.objects.get().status == "confirmed"

    def test_ends_the_sign_in_and_keeps_the_record(self, known, client):
        answer = close(client)

        assert answer.url == reverse("account-closed")
        assert client.get(answer.url).status_code == 200
        assert client.get(reverse("portal")).status_code == 302
        known.user.refresh_from_db()
        assert not known.user.is_active
        assert Patient.objects.filter(pk=known.pk).exists()
        assert Closure.objects.get().patient == known

    def test_ends_other_sessions_too(self, known, client):
        other = type(client)()
        other.force_login(known.user)

        close(client)

        assert other.get(reverse("portal")).status_code == 302

    def test_ends_letters_offers_calendar_and_waiting(self, known, client, short_visit):
        opting.choose(known, wanted=True, by=known.user)
        subscribing.open(known.user)
        days = waitlisting.Wish(known.created_at.date(), known.created_at.date().replace(year=2090))
        entry = waitlisting.ask(known, wish=days, kind=short_visit, by=known.user)

        close(client)

        assert choosing.wanted_by(known.user) == set()
        assert not opting.is_wanted_by(known)
        assert not CalendarFeed.objects.live().exists()
        entry.refresh_from_db()
        assert entry.status == "left"

    def test_ends_held_times(self, known, client, held):
        close(client)

        held.refresh_from_db()
        assert held.status == Appointment.Status.CANCELLED

    def test_asks_for_visits_to_be_cancelled_first_or_with_it(self, known, client, confirmed):
        page = client.get(reverse("my-data-close")).content.decode()
        refused = close(client)
        still_open = client.get(reverse("portal")).status_code

        done = close(client, cancels="on")

        assert reverse("appointment-cancel", args=[confirmed.pk]) in page
        assert (refused.status_code, still_open, done.status_code) == (400, 200, 302)
        confirmed.refresh_from_db()
        assert confirmed.status == Appointment.Status.CANCELLED

    @pytest.mark.parametrize("typed", [{"password": "wrong"}, {"password": ""}, {"understood": ""}])
    def test_asks_for_the_password_and_a_yes(self, known, client, typed):
        answer = close(client, **typed)

        assert answer.status_code == 400
        assert not Closure.objects.exists()

    def test_waits_for_the_end_of_a_visit(self, known, client, confirmed):
        confirmed.move_to(Appointment.Status.ARRIVED, by=known.user)

        answer = close(client, cancels="on")

        assert answer.status_code == 400
        assert "A doctor is seeing you" in answer.content.decode()

    def test_tells_the_practice_and_the_patient(self, known, client, manager):
        close(client)

        told = {(one.template, one.recipient) for one in Letter.objects.all()}
        assert {(leaving.FOR_STAFF, manager), (leaving.FOR_PATIENT, known.user)} <= told

    def test_tells_how_long_the_record_is_kept(self, known, client):
        text = client.get(reverse("my-data-close")).content.decode()

        assert "We do not know your date of birth" in text

    def test_is_for_the_patient_alone(self, patient, manager):
        with pytest.raises(leaving.NotYours):
            leaving.close(patient, cancels=True, by=manager)


class TestReopen:
    @pytest.fixture
    def closure(self, patient) -> Closure:
        leaving.close(patient, cancels=False, by=patient.user)
        return Closure.objects.get()

    def test_needs_to_know_who_asks(self, closure, manager, patient):
        with pytest.raises(leaving.Unknown):
            leaving.reopen(closure, identity_how=" ", by=manager)

        leaving.reopen(closure, identity_how="Rang the number we had.", by=manager)

        patient.user.refresh_from_db()
        assert patient.user.is_active
        assert closure.identity_how == "Rang the number we had."
        with pytest.raises(leaving.IsOpen):
            leaving.reopen(closure, identity_how="Again.", by=manager)

    def test_is_the_one_way_back(self, closure, manager, patient):
        with pytest.raises(enrolling.ClosedByThem):
            enrolling.activate(patient.user, by=manager, why="Asked.")

    def test_is_for_managers(self, closure, reception):
        with pytest.raises(leaving.NotAllowed):
            leaving.reopen(closure, identity_how="Rang.", by=reception)

    def test_leaves_letters_off_and_can_be_closed_again(self, closure, manager, patient):
        leaving.reopen(closure, identity_how="Rang the number we had.", by=manager)

        assert choosing.wanted_by(patient.user) == set()
        leaving.close(Patient.objects.get(pk=patient.pk), cancels=False, by=patient.user)
        assert Closure.objects.count() == 2

    def test_by_the_button(self, closure, manager, staff_client, patient):
        desk = staff_client(manager)
        address = reverse("admin:clinic_closure_reopen", args=[closure.pk])
        desk.post(address, {"_form_submitted": "True", "how": "Rang the number we had."})

        patient.user.refresh_from_db()
        assert patient.user.is_active


def test_closing_is_in_the_trail(patient):
    leaving.close(patient, cancels=False, by=patient.user)

    assert AuditEvent.objects.filter(record_type="clinic.closure", patient_id=patient.pk).exists()
