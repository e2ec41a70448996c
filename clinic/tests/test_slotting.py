"""Times in step with the hours: offered once, in sets, with their history."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from clinic import booking, rostering, slotting
from clinic.models import AuditEvent, Roster, RosterException, Slot

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, noon in Sydney

pytestmark = pytest.mark.django_db


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def add_hours(doctor, short_visit):
    """Note hours without offering their times: Mondays nine to ten in Sydney unless said."""

    def add(**fields) -> Roster:
        mondays = {
            "practitioner": doctor, "appointment_type": short_visit, "weekday": 0, "starts": time(9),
            "ends": time(10), "time_zone": "Australia/Sydney", "from_on": date(2026, 1, 1),
        }  # fmt: skip
        return Roster.objects.add(by=None, **mondays | fields)

    return add


@pytest.fixture
def roster(add_hours) -> Roster:
    """Mondays nine to ten in Sydney: four times a week, 32 in eight weeks."""
    return add_hours()


class TestOffer:
    def test_reaches_to_the_horizon(self, roster):
        assert rostering.offer(now=NOON) == 32

        slots = Slot.objects.order_by("starts_at")
        assert slots.first().starts_at == utc("2026-03-08T22:00")
        assert slots.last().ends_at == utc("2026-04-27T00:00")

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
            ("+", manager, "Offered by the hours.")
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

    def test_writes_a_month_of_a_doctor_in_ten_statements_at_most(self, add_hours, practice):
        practice.change(horizon_weeks=4, by=None)
        for weekday in range(5):
            add_hours(weekday=weekday, ends=time(17))

        with CaptureQueriesContext(connection) as asked:
            offered = rostering.offer(now=NOON)

        assert offered == Slot.history.count() == 4 * 5 * 32
        assert len(asked) <= 10

    def test_keeps_the_buffers_of_a_kind(self, roster, short_visit):
        short_visit.change(buffer_before=5, buffer_after=10, by=None)

        rostering.offer(now=NOON)

        first = Slot.objects.order_by("starts_at")[:3]
        assert [(slot.starts_at, slot.buffer_before, slot.buffer_after) for slot in first] == [
            (utc("2026-03-08T22:00"), 5, 10),
            (utc("2026-03-08T22:30"), 5, 10),
            (utc("2026-03-15T22:00"), 5, 10),
        ]

    def test_keeps_the_buffers_between_two_kinds(self, roster, add_hours, short_visit, long_visit):
        short_visit.change(buffer_after=10, by=None)
        add_hours(appointment_type=long_visit, starts=time(10), ends=time(11))

        rostering.offer(now=NOON)

        # 9:00, 9:25, and for ten minutes after 9:40 nobody.
        ninth = Slot.objects.filter(starts_at__lt=utc("2026-03-09T12:00")).order_by("starts_at")
        assert [f"{slot.starts_at:%H:%M}" for slot in ninth] == ["22:00", "22:25", "23:00", "23:30"]

    def test_leaves_out_what_the_buffer_of_another_time_touches(self, roster, long_visit, make_slot):
        Slot.objects.add(
            practitioner=roster.practitioner, appointment_type=long_visit, by=None, buffer_after=5,
            starts_at=utc("2026-03-08T21:30"), ends_at=utc("2026-03-08T22:00"),
        )  # fmt: skip

        assert rostering.offer(now=NOON) == 31

    def test_leaves_out_leave_and_holidays(self, roster, doctor):
        for kind, first in [("leave", date(2026, 3, 9)), ("holiday", date(2026, 4, 6))]:
            RosterException.objects.add(
                kind=kind, practitioner=doctor, time_zone=doctor.time_zone, from_on=first, until_on=first,
                by=None,
            )  # fmt: skip

        assert rostering.offer(now=NOON) == 24

    def test_a_claimed_time_that_nobody_looked_after_is_noted_at_night(
        self, roster, doctor, patient, make_patient, fees
    ):
        """Rows may change without a rule: by hand in the database, or with the rules of the time zones."""
        rostering.offer(now=NOON)
        claimed, nobodys = Slot.objects.order_by("starts_at")[:2]
        with time_machine.travel(NOON, tick=False):
            booking.hold(claimed, patient=patient, by=patient.user)
        Roster.objects.filter(pk=roster.pk).update(from_on=date(2026, 3, 15))

        found = slotting.bring_in_step(None, now=NOON, by=None)

        assert found == (0, 0, 1)
        noted = Slot.objects.filter(outside_at=NOON)
        assert {claimed, nobodys} <= set(noted)
        assert noted.count() == 4
        assert not Slot.objects.free(NOON).filter(pk__in=noted).exists()


class TestExclusion:
    """The database keeps the times of one practitioner apart, buffers included."""

    @pytest.fixture
    def nine(self, doctor, short_visit) -> Slot:
        """A quarter of an hour from nine, with five minutes before and ten after."""
        return Slot.objects.add(
            practitioner=doctor, appointment_type=short_visit, by=None, buffer_before=5, buffer_after=10,
            starts_at=utc("2026-03-09T09:00"), ends_at=utc("2026-03-09T09:15"),
        )  # fmt: skip

    @pytest.fixture
    def put_beside(self, nine):
        def put(starts: str, ends: str, before: int = 0, after: int = 0) -> Slot:
            return Slot.objects.add(
                practitioner=nine.practitioner, appointment_type=nine.appointment_type, by=None,
                starts_at=utc(f"2026-03-09T{starts}"), ends_at=utc(f"2026-03-09T{ends}"),
                buffer_before=before, buffer_after=after,
            )  # fmt: skip

        return put

    @pytest.mark.parametrize(
        ("starts", "ends", "before", "after"),
        [
            ("09:05", "09:10", 0, 0),
            ("09:24", "09:39", 0, 0),
            ("09:25", "09:40", 1, 0),
            ("08:41", "08:56", 0, 0),
            ("08:40", "08:55", 0, 1),
        ],
    )
    def test_refuses_what_touches_the_buffer(self, put_beside, starts, ends, before, after):
        with pytest.raises(IntegrityError, match="clinic_slot_one_at_a_time"):
            put_beside(starts, ends, before, after)

    def test_allows_what_keeps_its_distance(self, put_beside):
        put_beside("09:25", "09:40")
        put_beside("08:40", "08:55")

        assert Slot.objects.count() == 3

    @pytest.mark.parametrize("change", ["UTC", "Australia/Lord_Howe"])
    def test_does_not_depend_on_the_clock_of_the_session(self, put_beside, change):
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL TIME ZONE '{change}'")

        with pytest.raises(IntegrityError, match="clinic_slot_one_at_a_time"):
            put_beside("09:24", "09:39")
