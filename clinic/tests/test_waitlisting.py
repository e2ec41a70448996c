"""The waiting list: who may ask for what, and who suits which time, in what order."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clinic import booking, cancelling, moving, waitlisting
from clinic.models import Patient, Practitioner, Slot, User, WaitlistEntry
from clinic.waitlisting import Wish
from messaging.models import Letter

TODAY = date(2026, 11, 23)
SOON = Wish(date(2026, 1, 1), date(2036, 1, 1))


@pytest.fixture
def wait(short_visit):
    """Put somebody on the list for a short visit at any time."""

    def do(patient, **wish) -> WaitlistEntry:
        return waitlisting.ask(patient, wish=SOON._replace(**wish), kind=short_visit, by=patient.user)

    return do


@pytest.mark.django_db
class TestAsk:
    def test_keeps_what_would_suit(self, patient, short_visit, doctor):
        wish = Wish(date(2026, 11, 1), date(2036, 1, 1), [doctor], {4, 0}, {"evening", "early"})

        entry = waitlisting.ask(patient, wish=wish, kind=short_visit, by=patient.user)

        assert (entry.status, entry.practitioners) == ("waiting", [doctor.pk])
        assert (entry.weekdays, entry.parts) == ([0, 4], ["early", "evening"])

    def test_once_for_a_kind(self, patient, wait):
        wait(patient)

        with pytest.raises(waitlisting.AlreadyWaiting):
            wait(patient)

        assert WaitlistEntry.objects.count() == 1

    def test_again_after_leaving(self, patient, wait):
        waitlisting.leave(wait(patient), by=patient.user)

        assert wait(patient).status == "waiting"

    @pytest.mark.parametrize(
        ("from_on", "until_on"),
        [(date(2020, 1, 1), date(2020, 1, 2)), (date(2035, 1, 2), date(2035, 1, 1))],
        ids=["over", "backwards"],
    )
    def test_refuses_dates_that_cannot_come(self, patient, wait, from_on, until_on):
        with pytest.raises(waitlisting.DatesPast):
            wait(patient, from_on=from_on, until_on=until_on)

    def test_an_earlier_time_is_wanted_until_the_one_they_have(self, confirmed):
        entry = waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)

        zone = ZoneInfo(confirmed.patient.user.time_zone)
        assert entry.until_on == confirmed.starts_at.astimezone(zone).date()
        assert (entry.booking, entry.appointment_type) == (confirmed.order, confirmed.slot.appointment_type)

    def test_refuses_an_earlier_time_than_what_is_only_held(self, held):
        with pytest.raises(waitlisting.NothingEarlier):
            waitlisting.ask(held.patient, wish=SOON, instead_of=held, by=None)

    def test_refuses_an_earlier_time_than_what_has_begun(self, confirmed):
        with time_machine.travel(confirmed.starts_at), pytest.raises(waitlisting.NothingEarlier):
            waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)

    def test_once_for_a_booking_however_often_it_moves(self, confirmed, make_slot):
        waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)
        moved = moving.move(confirmed, to=make_slot(48), by=None, why="The doctor is away.")

        with pytest.raises(waitlisting.AlreadyWaiting):
            waitlisting.ask(confirmed.patient, wish=SOON, instead_of=moved, by=None)

    def test_the_database_refuses_dates_backwards(self, patient, wait):
        with pytest.raises(IntegrityError, match="dates_in_order"), transaction.atomic():
            wait(patient).change(by=None, until_on=date(2025, 1, 1))


@pytest.mark.django_db
class TestWaitingFor:
    def test_the_longest_waiting_comes_first(self, make_patient, wait, slot):
        entries = [wait(make_patient(name)) for name in ("zoe", "ann", "max")]

        assert waitlisting.waiting_for(slot) == entries

    def test_goes_by_kind_and_doctor(self, make_patient, make_doctor, wait, doctor, slot, long_visit):
        fits = wait(make_patient("ann"), practitioners=[doctor, make_doctor("other")])
        wait(make_patient("bob"), practitioners=[make_doctor("third")])
        other = make_patient("max")
        waitlisting.ask(other, wish=SOON, kind=long_visit, by=other.user)

        assert waitlisting.waiting_for(slot) == [fits]

    def test_leaves_out_who_is_elsewhere_then(self, wait, make_patient, make_doctor, make_slot, fees, slot):
        busy = make_patient("busy")
        wait(busy)
        booking.hold(make_slot(24 + 1 / 6, of=make_doctor("other")), patient=busy, by=busy.user)

        assert waitlisting.waiting_for(slot) == []

    def test_leaves_out_closed_accounts(self, patient, wait, slot):
        wait(patient)
        patient.user.is_active = False
        patient.user.save()

        assert waitlisting.waiting_for(slot) == []

    def test_is_earlier_than_what_they_have(self, confirmed, make_slot):
        entry = waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)
        earlier, later = make_slot(20), make_slot(30)

        assert [waitlisting.waiting_for(each) for each in (earlier, later)] == [[entry], []]

    def test_follows_what_they_have_when_it_moves(self, confirmed, make_slot):
        entry = waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)
        moving.move(confirmed, to=make_slot(48), by=None, why="The doctor is away.")
        entry.change(by=None, until_on=date(2036, 1, 1))

        assert waitlisting.waiting_for(make_slot(30)) == [entry]

    def test_forgets_what_was_cancelled(self, confirmed, manager, make_slot):
        waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)
        cancelling.cancel(confirmed, by=manager, why="The doctor is ill.")

        assert waitlisting.waiting_for(make_slot(20)) == []

    def test_names_nobody_for_a_doctor_who_takes_no_patients_now(self, patient, wait, slot, doctor):
        wait(patient)
        doctor.change(by=None, accepts_patients=False)

        assert waitlisting.waiting_for(slot) == []

    @pytest.mark.parametrize("many", [1, 3])
    def test_asks_once_however_many_wait(self, make_patient, wait, slot, django_assert_num_queries, many):
        for each in range(many):
            wait(make_patient(f"patient-{each}"))

        with django_assert_num_queries(1):
            assert len(waitlisting.waiting_for(slot)) == many


class TestTimesFor:
    def times(self, entry: WaitlistEntry, most: int = 12) -> list[Slot]:
        return waitlisting.times_for(entry, now=timezone.now(), most=most)

    def test_the_soonest_comes_first(self, patient, wait, make_slot):
        entry, slots = wait(patient), [make_slot(hours) for hours in (30, 24, 26)]

        assert self.times(entry) == [slots[1], slots[2], slots[0]]
        assert self.times(entry, most=1) == [slots[1]]

    def test_are_free_and_of_the_kind_and_the_doctor(
        self, patient, wait, make_slot, make_doctor, confirmed, long_visit, doctor
    ):
        entry = wait(patient, practitioners=[doctor])
        make_slot(26, of=make_doctor("other"))
        Slot.objects.filter(pk=make_slot(28).pk).update(appointment_type=long_visit)
        fits = make_slot(30)

        assert self.times(entry) == [fits]

    def test_leave_out_where_they_are_elsewhere_then(self, confirmed, patient, wait, make_slot, make_doctor):
        entry = wait(patient)
        make_slot(24 + 1 / 6, of=make_doctor("other"))

        assert self.times(entry) == []

    def test_are_earlier_than_what_they_have(self, confirmed, make_slot):
        entry = waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)
        earlier, _ = make_slot(20), make_slot(30)

        assert self.times(entry) == [earlier]

    def test_are_none_where_what_they_had_is_cancelled(self, confirmed, manager, make_slot):
        entry = waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)
        make_slot(20)
        cancelling.cancel(confirmed, by=manager, why="The doctor is ill.")

        assert self.times(entry) == []

    def test_leave_out_doctors_who_take_no_patients_now(self, patient, wait, make_slot, make_doctor):
        entry, left = wait(patient), make_doctor("left")
        for away in (make_doctor("full", accepts_patients=False), left):
            make_slot(20, of=away)
        left.user.is_active = False
        left.user.save()
        fits = make_slot(30)

        assert self.times(entry) == [fits]

    def test_leave_out_kinds_that_are_not_offered_any_more(self, patient, wait, slot, short_visit):
        entry = wait(patient)
        short_visit.change(by=None, is_offered=False)

        assert self.times(entry) == []

    def test_are_none_for_who_has_left(self, patient, wait, slot):
        entry = wait(patient)
        waitlisting.leave(entry, by=patient.user)

        assert self.times(entry) == []

    @pytest.mark.parametrize("many", [1, 3])
    def test_take_as_many_statements_for_many_as_for_one(
        self, patient, wait, make_slot, django_assert_num_queries, many
    ):
        entry = wait(patient)
        for hour in range(many):
            make_slot(24 + hour)

        with django_assert_num_queries(2):
            assert len(self.times(entry)) == many


def wish_of(zone: str, **wish) -> WaitlistEntry:
    patient = Patient(user=User(time_zone=zone))
    days = {"from_on": date(2020, 1, 1), "until_on": date(2040, 1, 1)}
    return WaitlistEntry(patient=patient, **days | wish)


def slot_at(*wall: int, zone: str) -> Slot:
    return Slot(starts_at=datetime(*wall, tzinfo=ZoneInfo(zone)), practitioner=Practitioner())


class TestSuits:
    # Monday 23 November 2026, nine in the morning in Sydney: six in Perth.
    AT = (2026, 11, 23, 9, 0)

    @pytest.mark.parametrize(
        ("zone", "wish", "fits"),
        [
            ("Australia/Sydney", {"parts": ["morning"]}, True),
            ("Australia/Sydney", {"parts": ["early"]}, False),
            ("Australia/Perth", {"parts": ["early"]}, True),
            ("Australia/Perth", {"parts": ["morning", "evening"]}, False),
            ("Australia/Sydney", {"weekdays": [0]}, True),
            ("Australia/Sydney", {"weekdays": [1, 6]}, False),
            ("America/New_York", {"weekdays": [6]}, True),  # Sunday evening there
            ("America/New_York", {"until_on": date(2026, 11, 22)}, True),
            ("Australia/Sydney", {"until_on": date(2026, 11, 22)}, False),
            ("Australia/Sydney", {"from_on": TODAY, "until_on": TODAY}, True),
            ("Australia/Sydney", {"from_on": date(2026, 11, 24)}, False),
        ],
    )
    def test_by_the_patient_s_clock(self, zone, wish, fits):
        assert waitlisting.suits(wish_of(zone, **wish), slot_at(*self.AT, zone="Australia/Sydney")) is fits

    @given(
        minutes=st.integers(0, 2 * 365 * 24 * 60),
        zone=st.sampled_from(["Australia/Sydney", "Australia/Perth", "Australia/Lord_Howe", "Europe/London"]),
    )
    def test_every_time_is_in_one_part_of_one_day(self, minutes, zone):
        slot = slot_at(*self.AT, zone="Australia/Brisbane")
        slot.starts_at += timedelta(minutes=minutes)
        parts = [part for part in waitlisting.PARTS if waitlisting.suits(wish_of(zone, parts=[part]), slot)]
        days = [day for day in range(7) if waitlisting.suits(wish_of(zone, weekdays=[day]), slot)]

        assert (len(parts), days) == (1, [slot.starts_at.astimezone(ZoneInfo(zone)).weekday()])


@pytest.mark.django_db
class TestLeave:
    def test_takes_them_off_the_list(self, patient, wait, slot):
        entry = wait(patient)

        waitlisting.leave(entry, by=patient.user)

        assert (entry.status, waitlisting.waiting_for(slot)) == ("left", [])


@pytest.mark.django_db
class TestEndWhatIsOver:
    def test_ends_when_the_last_date_is_over_and_writes_so(self, patient, wait):
        today = waitlisting._today(patient)
        entry = wait(patient, until_on=today)
        kept = waitlisting.end_what_is_over(now=timezone.now())

        with time_machine.travel(timezone.now() + timedelta(days=1)):
            ended = waitlisting.end_what_is_over(now=timezone.now())

        entry.refresh_from_db()
        assert (kept, ended, entry.status) == (0, 1, "expired")
        assert (
            Letter.objects.filter(template="clinic/mail/waitlist_ended", to=patient.user.email).count() == 1
        )

    def test_ends_when_they_have_booked_without_it(self, patient, wait, slot, fees, settle):
        entry = wait(patient)
        settle(booking.hold(slot, patient=patient, by=patient.user))

        assert waitlisting.end_what_is_over(now=timezone.now()) == 1
        entry.refresh_from_db()
        assert entry.status == "expired"
        assert not Letter.objects.filter(template="clinic/mail/waitlist_ended").exists()

    def test_what_they_had_before_ends_nothing(self, patient, confirmed, wait):
        wait(patient)

        assert waitlisting.end_what_is_over(now=timezone.now()) == 0

    def test_ends_when_what_they_have_takes_place(self, confirmed):
        waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)

        ended = [waitlisting.end_what_is_over(now=at) for at in (timezone.now(), confirmed.starts_at)]

        assert ended == [0, 1]

    def test_ends_when_what_they_have_is_cancelled(self, confirmed, manager):
        waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=None)
        cancelling.cancel(confirmed, by=manager, why="The doctor is ill.")

        assert waitlisting.end_what_is_over(now=timezone.now()) == 1
