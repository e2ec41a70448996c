from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic import booking, rostering
from clinic.models import AppointmentType, AuditEvent, Roster, Slot

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, noon in Sydney


def hours(zone: str, weekday: int, starts: time, ends: time, minutes: int = 30) -> Roster:
    return Roster(
        appointment_type=AppointmentType(name="Any", minutes=minutes),
        weekday=weekday,
        starts=starts,
        ends=ends,
        time_zone=zone,
        from_on=date(2026, 1, 1),
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestInstant:
    @pytest.mark.parametrize(
        ("zone", "day", "wall", "expected"),
        [
            # Monday 09:00 in winter and in summer (zone rules of the IANA database).
            ("Australia/Sydney", "2026-07-06", "09:00", "2026-07-05T23:00"),
            ("Australia/Brisbane", "2026-07-06", "09:00", "2026-07-05T23:00"),
            ("Australia/Adelaide", "2026-07-06", "08:30", "2026-07-05T23:00"),
            ("Australia/Darwin", "2026-07-06", "08:30", "2026-07-05T23:00"),
            ("Australia/Perth", "2026-07-06", "07:00", "2026-07-05T23:00"),
            ("Australia/Sydney", "2026-12-07", "09:00", "2026-12-06T22:00"),
            ("Australia/Brisbane", "2026-12-07", "08:00", "2026-12-06T22:00"),
            ("Australia/Adelaide", "2026-12-07", "08:30", "2026-12-06T22:00"),
            ("Australia/Darwin", "2026-12-07", "07:30", "2026-12-06T22:00"),
            ("Australia/Perth", "2026-12-07", "06:00", "2026-12-06T22:00"),
            # Skipped by the clocks in spring.
            ("Australia/Sydney", "2026-10-04", "01:59", "2026-10-03T15:59"),
            ("Australia/Sydney", "2026-10-04", "02:30", None),
            ("Australia/Sydney", "2026-10-04", "03:00", "2026-10-03T16:00"),
            ("Australia/Adelaide", "2026-10-04", "02:30", None),
            ("Australia/Lord_Howe", "2026-10-04", "02:15", None),
            ("Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03T15:30"),
            ("Australia/Brisbane", "2026-10-04", "02:30", "2026-10-03T16:30"),
            # Shown twice in autumn: the first counts.
            ("Australia/Sydney", "2027-04-04", "02:30", "2027-04-03T15:30"),
            ("Australia/Sydney", "2027-04-04", "03:00", "2027-04-03T17:00"),
            ("Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03T14:45"),
        ],
    )
    def test_follows_the_wall_clock_of_its_zone(self, zone, day, wall, expected):
        at = rostering.instant(
            date.fromisoformat(day), datetime.fromisoformat(f"2000-01-01T{wall}"), zone=ZoneInfo(zone)
        )

        assert at == (utc(expected) if expected else None)


class TestExpand:
    def test_keeps_the_wall_time_over_the_change(self):
        mondays = hours("Australia/Sydney", 0, time(9), time(9, 30))

        found = [
            start for start, _ in rostering.expand(mondays, first=date(2026, 9, 28), last=date(2026, 10, 11))
        ]

        assert found == [utc("2026-09-27T23:00"), utc("2026-10-04T22:00")]

    def test_leaves_out_the_hour_that_spring_skips(self):
        sunday = hours("Australia/Sydney", 6, time(1), time(4))

        found = list(rostering.expand(sunday, first=date(2026, 10, 4), last=date(2026, 10, 4)))

        assert [start for start, _ in found] == [
            utc("2026-10-03T15:00"),
            utc("2026-10-03T15:30"),
            utc("2026-10-03T16:00"),
            utc("2026-10-03T16:30"),
        ]
        assert {end - start for start, end in found} == {timedelta(minutes=30)}

    def test_offers_the_hour_that_autumn_repeats_once(self):
        sunday = hours("Australia/Sydney", 6, time(1), time(4))

        found = list(rostering.expand(sunday, first=date(2027, 4, 4), last=date(2027, 4, 4)))

        assert [start for start, _ in found] == [
            utc("2027-04-03T14:00"),
            utc("2027-04-03T14:30"),
            utc("2027-04-03T15:00"),
            utc("2027-04-03T15:30"),
            utc("2027-04-03T17:00"),
            utc("2027-04-03T17:30"),
        ]

    @pytest.mark.parametrize("day", [date(2026, 10, 4), date(2027, 4, 4)])
    @pytest.mark.parametrize("minutes", [15, 20, 45, 50, 60, 90])
    @pytest.mark.parametrize("zone", ["Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe"])
    def test_never_overlaps_itself_nor_the_closing_time(self, zone, minutes, day):
        sunday = hours(zone, 6, time(0, 30), time(5), minutes)

        found = list(rostering.expand(sunday, first=day, last=day))

        closing = datetime.combine(day, time(5), ZoneInfo(zone))
        assert all(end <= start for (_, end), (start, _) in pairwise(found))
        assert max(end for _, end in found) <= closing

    def test_stays_within_its_dates(self):
        mondays = hours("Australia/Perth", 0, time(9), time(9, 30))
        mondays.from_on, mondays.until_on = date(2026, 3, 9), date(2026, 3, 16)

        found = [
            start for start, _ in rostering.expand(mondays, first=date(2026, 3, 2), last=date(2026, 3, 30))
        ]

        assert found == [utc("2026-03-09T01:00"), utc("2026-03-16T01:00")]


@pytest.fixture
def roster(doctor, short_visit):
    """Mondays nine to ten in Sydney: four times a week, 32 in eight weeks."""
    return Roster.objects.add(
        practitioner=doctor,
        appointment_type=short_visit,
        weekday=Roster.Weekday.MONDAY,
        starts=time(9),
        ends=time(10),
        time_zone="Australia/Sydney",
        from_on=date(2026, 1, 1),
        by=None,
    )


@pytest.mark.django_db
class TestOffer:
    def test_reaches_to_the_horizon(self, roster):
        assert rostering.offer(now=NOON) == 32

        slots = Slot.objects.order_by("starts_at")
        assert slots.first().starts_at == utc("2026-03-08T22:00")
        assert slots.last().ends_at == utc("2026-04-27T00:00") - timedelta(0)

    def test_adds_nothing_the_second_time(self, roster):
        rostering.offer(now=NOON)

        assert rostering.offer(now=NOON) == 0
        assert Slot.objects.count() == 32

    def test_rolls_on_with_the_days(self, roster):
        rostering.offer(now=NOON)

        assert rostering.offer(now=NOON + timedelta(days=7)) == 4

    def test_writes_history_and_trail_of_each(self, roster, manager):
        rostering.offer(now=NOON, by=manager)

        versions = Slot.history.all()
        assert {(v.history_type, v.history_user, v.history_change_reason) for v in versions} == {
            ("+", manager, "Offered by the roster.")
        }
        assert versions.count() == AuditEvent.objects.filter(record_type="clinic.slot").count() == 32

    def test_leaves_a_time_withdrawn_by_hand_withdrawn(self, roster, manager):
        rostering.offer(now=NOON)
        with time_machine.travel(NOON, tick=False):
            rostering.withdraw(Slot.objects.order_by("starts_at").first(), by=manager, why="Training.")

        assert rostering.offer(now=NOON) == 0

    def test_works_around_an_extra_time(self, roster, short_visit):
        Slot.objects.add(
            practitioner=roster.practitioner,
            appointment_type=short_visit,
            starts_at=utc("2026-03-08T22:10"),
            ends_at=utc("2026-03-08T22:25"),
            by=None,
        )

        assert rostering.offer(now=NOON) == 30

    def test_is_not_for_doctors_who_see_nobody(self, roster):
        roster.practitioner.change(accepts_patients=False, by=None)

        assert rostering.offer(now=NOON) == 0

    def test_is_not_for_kinds_that_are_no_longer_offered(self, roster, short_visit):
        short_visit.change(is_offered=False, by=None)

        assert rostering.offer(now=NOON) == 0

    def test_asks_the_database_equally_often_for_little_and_much(self, roster, make_doctor):
        with CaptureQueriesContext(connection) as little:
            rostering.offer(now=NOON)
        for weekday in range(5):
            Roster.objects.add(
                practitioner=make_doctor(f"busy-{weekday}"),
                appointment_type=roster.appointment_type,
                weekday=weekday,
                starts=time(8),
                ends=time(18),
                time_zone="Australia/Perth",
                from_on=date(2026, 1, 1),
                by=None,
            )

        with CaptureQueriesContext(connection) as much:
            assert rostering.offer(now=NOON) == 5 * 8 * 40

        assert len(little) == len(much) <= 10


@pytest.mark.django_db
class TestApply:
    @pytest.fixture(autouse=True)
    def monday_noon(self):
        with time_machine.travel(NOON, tick=False):
            yield

    def test_offers_at_once(self, roster, manager):
        assert rostering.apply(roster, by=manager) == (32, 0, 0)

    def test_withdraws_what_the_hours_no_longer_hold(self, roster, manager):
        rostering.apply(roster, by=manager)
        roster.change(ends=time(9, 30), by=manager)

        assert rostering.apply(roster, by=manager) == (0, 16, 0)

        assert Slot.objects.filter(withdrawn_at=None).count() == 16
        gone = Slot.history.filter(history_type="~").first()
        assert (gone.history_user, gone.history_change_reason) == (manager, "The roster's hours changed.")

    def test_offers_again_when_the_hours_come_back(self, roster, manager):
        rostering.apply(roster, by=manager)
        roster.change(ends=time(9, 30), by=manager)
        rostering.apply(roster, by=manager)
        roster.change(ends=time(10), by=manager)

        assert rostering.apply(roster, by=manager) == (16, 0, 0)

    def test_never_takes_a_time_that_somebody_has(self, roster, manager, patient, fees):
        rostering.apply(roster, by=manager)
        last = Slot.objects.order_by("starts_at").last()
        booking.hold(last, patient=patient, by=patient.user)
        roster.change(until_on=date(2026, 3, 31), by=manager)

        assert rostering.apply(roster, by=manager) == (0, 15, 1)

        last.refresh_from_db()
        assert last.withdrawn_at is None

    def test_follows_a_change_of_the_length(self, roster, manager, long_visit):
        rostering.apply(roster, by=manager)
        roster.change(appointment_type=long_visit, by=manager)

        assert rostering.apply(roster, by=manager) == (16, 32, 0)


@pytest.mark.django_db
class TestSetHours:
    @pytest.fixture(autouse=True)
    def monday_noon(self):
        with time_machine.travel(NOON, tick=False):
            yield

    def test_keeps_new_hours_and_offers_their_times(self, doctor, short_visit, manager):
        mondays = hours("Australia/Sydney", 0, time(9), time(10))
        mondays.practitioner, mondays.appointment_type = doctor, short_visit

        done = rostering.set_hours(mondays, by=manager)

        assert done == (32, 0, 0)
        assert mondays.history.get().history_user == manager

    def test_brings_the_times_in_step_with_other_hours(self, roster, manager):
        rostering.apply(roster, by=manager)
        roster.ends = time(9, 30)

        done = rostering.set_hours(roster, by=manager)

        roster.refresh_from_db()
        assert (done, roster.ends) == ((0, 16, 0), time(9, 30))


@pytest.mark.django_db
class TestAddTime:
    @pytest.fixture
    def extra(self, doctor, long_visit):
        return Slot(
            practitioner=doctor, appointment_type=long_visit, starts_at=timezone.now() + timedelta(hours=3)
        )

    def test_lasts_as_long_as_its_kind(self, extra, manager):
        rostering.add_time(extra, by=manager)

        kept = Slot.objects.get()
        assert kept.ends_at - kept.starts_at == timedelta(minutes=30)
        assert kept.history.get().history_user == manager

    def test_lies_ahead(self, extra, manager):
        extra.starts_at = timezone.now() - timedelta(minutes=1)

        with pytest.raises(rostering.TimePassed, match="This time has passed"):
            rostering.add_time(extra, by=manager)

        assert not Slot.objects.exists()

    def test_refuses_to_overlap_another(self, extra, manager, make_slot):
        there = make_slot(3.25)

        with pytest.raises(rostering.TimeOverlaps, match="already has a time here"):
            rostering.add_time(extra, by=manager)

        assert list(Slot.objects.all()) == [there]


@pytest.mark.django_db
class TestWithdraw:
    def test_says_who_and_why(self, slot, manager):
        rostering.withdraw(slot, by=manager, why="Training.")

        assert slot.withdrawn_by == manager
        assert slot.history.first().history_change_reason == "Training."

    def test_refuses_a_time_that_somebody_has(self, slot, manager, patient, fees):
        booking.hold(slot, patient=patient, by=patient.user)

        with pytest.raises(rostering.SlotClaimed, match="Someone has this time"):
            rostering.withdraw(slot, by=manager, why="Training.")

        slot.refresh_from_db()
        assert slot.withdrawn_at is None

    def test_refuses_the_second_time(self, slot, manager):
        rostering.withdraw(slot, by=manager, why="Training.")

        with pytest.raises(rostering.SlotGone):
            rostering.withdraw(slot, by=manager, why="Training.")
