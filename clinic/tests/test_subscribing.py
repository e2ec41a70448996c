"""Calendars by a secret address: their owner's times alone, until the address is turned off."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from icalendar import Calendar

from clinic import booking, subscribing
from clinic.models import CalendarFeed, Role

HERE = "203.0.113.7"


def read(token: str) -> list[str]:
    """The bookings that a calendar shows."""
    return [str(event["UID"]) for event in Calendar.from_ical(subscribing.read(token, address=HERE)).events]


@pytest.fixture
def patient_token(patient) -> str:
    return subscribing.open(patient.user)


@pytest.fixture
def doctor_token(doctor) -> str:
    return subscribing.open(doctor.user)


@pytest.mark.django_db
class TestOpen:
    def test_keeps_no_secret(self, patient, patient_token):
        [feed] = CalendarFeed.objects.all()

        assert len(patient_token) >= 43
        kept = [*CalendarFeed.objects.values_list(), *CalendarFeed.history.values_list()]
        assert patient_token not in str(kept)
        assert (feed.user, feed.history.get().history_user) == (patient.user, patient.user)

    def test_a_new_address_ends_the_old_one(self, patient, patient_token, confirmed):
        new = subscribing.open(patient.user)

        assert read(new) == [str(confirmed.order_id)]
        with pytest.raises(subscribing.NoCalendar):
            read(patient_token)

    @pytest.mark.parametrize("role", [Role.MANAGER, Role.RECEPTION, Role.AUDITOR])
    def test_refuses_those_without_appointments(self, make_user, role):
        with pytest.raises(subscribing.NoCalendar):
            subscribing.open(make_user(role, "other"))

    def test_a_second_one_is_refused_by_the_database(self, patient, patient_token):
        with pytest.raises(IntegrityError, match="clinic_calendarfeed_one_each"), transaction.atomic():
            CalendarFeed.objects.add(user=patient.user, token_sha256="0" * 64, by=None)


@pytest.mark.django_db
class TestClose:
    def test_the_address_stops_at_once(self, patient, patient_token):
        subscribing.close(patient.user)

        assert subscribing.of(patient.user) is None
        with pytest.raises(subscribing.NoCalendar):
            read(patient_token)

    def test_closing_what_is_closed_changes_nothing(self, patient, patient_token):
        subscribing.close(patient.user)
        subscribing.close(patient.user)

        assert CalendarFeed.history.count() == 2


@pytest.mark.django_db
class TestRead:
    def test_shows_each_their_own(self, confirmed, patient_token, doctor_token, make_doctor, make_patient):
        strangers = [subscribing.open(make_doctor("other").user), subscribing.open(make_patient("next").user)]

        assert read(patient_token) == read(doctor_token) == [str(confirmed.order_id)]
        assert [read(token) for token in strangers] == [[], []]

    def test_shows_nothing_that_is_only_held(self, held, patient_token, doctor_token):
        assert read(patient_token) == read(doctor_token) == []

    def test_what_is_a_month_past_goes(self, confirmed, patient_token):
        with time_machine.travel(confirmed.ends_at + timedelta(days=29)):
            recent = read(patient_token)
        with time_machine.travel(confirmed.ends_at + timedelta(days=31)):
            old = read(patient_token)

        assert (recent, old) == ([str(confirmed.order_id)], [])

    @pytest.mark.parametrize("who", ["patient", "doctor"])
    def test_a_closed_account_shows_nothing(self, request, who):
        person = request.getfixturevalue(who)
        token = subscribing.open(person.user)
        person.user.is_active = False
        person.user.save()

        with pytest.raises(subscribing.NoCalendar):
            read(token)

    def test_one_who_is_a_doctor_no_more_sees_nothing(self, doctor, doctor_token):
        doctor.user.role = Role.RECEPTION
        doctor.user.save()

        with pytest.raises(subscribing.NoCalendar):
            read(doctor_token)

    def test_notes_each_day_once(self, patient, patient_token):
        for _ in range(3):
            read(patient_token)
        with time_machine.travel(timezone.now() + timedelta(days=1)):
            read(patient_token)

        days = CalendarFeed.history.order_by("history_date").values_list("last_read_on", flat=True)
        today = timezone.localdate()
        assert [*days] == [None, today, today + timedelta(days=1)]

    @pytest.mark.parametrize("who", ["patient", "doctor"])
    @pytest.mark.parametrize("many", [1, 3])
    def test_takes_as_many_statements_for_many_as_for_one(
        self, request, make_slot, patient, fees, settle, django_assert_num_queries, who, many
    ):
        for each in range(many):
            settle(booking.hold(make_slot(24 + each), patient=patient, by=patient.user))
        token = subscribing.open(request.getfixturevalue(who).user)
        read(token)

        with django_assert_num_queries(3):
            assert len(read(token)) == many

    def test_a_greedy_calendar_waits(self, patient_token, monkeypatch):
        monkeypatch.setattr(subscribing, "MOST_READS", 2)

        read(patient_token)
        read(patient_token)
        with pytest.raises(subscribing.TooOften):
            read(patient_token)
        with time_machine.travel(timezone.now() + timedelta(hours=1)):
            assert read(patient_token) == []

    def test_one_who_guesses_waits(self, patient_token, monkeypatch):
        monkeypatch.setattr(subscribing, "MOST_MISSES", 2)
        for guess in ("one", "two"):
            with pytest.raises(subscribing.NoCalendar):
                subscribing.read(guess, address="198.51.100.1")

        with pytest.raises(subscribing.TooOften):
            subscribing.read("three", address="198.51.100.1")
        assert subscribing.read(patient_token, address="198.51.100.2").count("BEGIN:VCALENDAR") == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_of_the_button_leave_one_address(patient):
    together, tokens = threading.Barrier(3), []

    def work():
        together.wait()
        tokens.append(subscribing.open(type(patient.user).objects.get(pk=patient.user.pk)))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(tokens) == 3
    assert CalendarFeed.objects.live().count() == 1
