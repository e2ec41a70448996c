"""Doctors' hours: what setting, changing and withdrawing them does to the times ahead."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import booking, expiring, rostering
from clinic.models import Roster, Slot

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, noon in Sydney

pytestmark = pytest.mark.django_db


@pytest.fixture
def monday_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def free() -> int:
    return Slot.objects.free(timezone.now()).count()


@pytest.mark.usefixtures("monday_noon")
class TestSetHours:
    def test_keeps_new_hours_and_offers_their_times(self, mondays, manager):
        done = rostering.set_hours(mondays, by=manager)

        assert done == (32, 0, 0)
        assert mondays.history.get().history_user == manager

    def test_changes_nothing_the_second_time(self, mondays, manager):
        rostering.set_hours(mondays, by=manager)

        assert rostering.set_hours(mondays, by=manager) == (0, 0, 0)

    def test_withdraws_what_the_hours_no_longer_hold(self, mondays, manager):
        rostering.set_hours(mondays, by=manager)
        mondays.ends = time(9, 30)

        assert rostering.set_hours(mondays, by=manager) == (0, 16, 0)

        assert free() == 16
        gone = Slot.history.filter(history_type="~").first()
        assert (gone.history_user, gone.history_change_reason) == (manager, "The hours changed.")

    def test_offers_again_when_the_hours_come_back(self, mondays, manager):
        rostering.set_hours(mondays, by=manager)
        mondays.ends = time(9, 30)
        rostering.set_hours(mondays, by=manager)
        mondays.ends = time(10)

        assert rostering.set_hours(mondays, by=manager) == (16, 0, 0)

    def test_follows_another_length(self, mondays, manager, long_visit):
        rostering.set_hours(mondays, by=manager)
        mondays.appointment_type = long_visit

        assert rostering.set_hours(mondays, by=manager) == (16, 32, 0)

    def test_keeps_times_that_the_hours_of_another_row_hold_as_well(self, mondays, manager, doctor):
        rostering.set_hours(mondays, by=manager)
        before = set(Slot.objects.values_list("pk", flat=True))
        rostering.withdraw_hours(mondays, by=manager, why="Typed anew.")
        again = Roster(
            practitioner=doctor, appointment_type=mondays.appointment_type, weekday=0, starts=time(9),
            ends=time(10), time_zone="Australia/Sydney", from_on=date(2026, 3, 9),
        )  # fmt: skip

        assert rostering.set_hours(again, by=manager) == (32, 0, 0)
        assert before & set(Slot.objects.filter(withdrawn_at=None).values_list("pk", flat=True)) == set()

    def test_refuses_hours_over_others(self, mondays, manager, doctor):
        rostering.set_hours(mondays, by=manager)
        mondays.pk, mondays.starts, mondays.ends = None, time(9, 45), time(12)
        mondays._state.adding = True

        with pytest.raises(IntegrityError, match="clinic_roster_one_at_a_time"), transaction.atomic():
            rostering.set_hours(mondays, by=manager)

    def test_refuses_hours_that_somebody_withdrew_meanwhile(self, mondays, manager):
        rostering.set_hours(mondays, by=manager)
        rostering.withdraw_hours(Roster.objects.get(), by=manager, why="Leaves us.")

        with pytest.raises(rostering.AlreadyWithdrawn):
            rostering.set_hours(mondays, by=manager)


@pytest.mark.usefixtures("monday_noon")
class TestClaimedTimes:
    """Nobody's appointment is taken by a change of the hours."""

    @pytest.fixture
    def claimed(self, mondays, manager, patient, fees) -> Slot:
        """The last of the times, held by somebody."""
        rostering.set_hours(mondays, by=manager)
        last = Slot.objects.order_by("starts_at").last()
        booking.hold(last, patient=patient, by=patient.user)
        return last

    @pytest.fixture
    def until_march(self, claimed, mondays, manager):
        """The hours end before the claimed time."""
        mondays.until_on = date(2026, 3, 31)
        return rostering.set_hours(mondays, by=manager)

    def test_are_never_withdrawn_but_noted_as_outside(self, claimed, until_march):
        claimed.refresh_from_db()
        assert until_march == (0, 15, 1)
        assert (claimed.withdrawn_at, claimed.outside_at) == (None, NOON)

    def test_are_noted_once(self, claimed, until_march, mondays, manager):
        with time_machine.travel(NOON + timedelta(hours=1), tick=False):
            assert rostering.set_hours(mondays, by=manager) == (0, 0, 1)

        claimed.refresh_from_db()
        assert claimed.outside_at == NOON
        assert claimed.history.count() == 2

    def test_are_inside_again_when_the_hours_come_back(self, claimed, until_march, mondays, manager):
        mondays.until_on = None

        assert rostering.set_hours(mondays, by=manager) == (15, 0, 0)

        claimed.refresh_from_db()
        assert claimed.outside_at is None
        assert claimed.history.first().history_change_reason == "The hours hold it again."

    def test_are_nobodys_once_they_are_free(self, claimed, until_march, patient, manager, make_patient):
        expiring.expire_holds(now=NOON + timedelta(hours=1))

        assert not Slot.objects.free(NOON).filter(pk=claimed.pk).exists()
        other = make_patient("other")
        claimed.refresh_from_db()
        with pytest.raises(booking.SlotWithdrawn):
            booking.hold(claimed, patient=other, by=other.user)

    def test_stay_inside_where_the_doctor_is_there_in_the_same_way(
        self, claimed, mondays, manager, long_visit
    ):
        mondays.appointment_type = long_visit

        assert rostering.set_hours(mondays, by=manager) == (15, 31, 0)

        claimed.refresh_from_db()
        assert claimed.outside_at is None

    def test_are_outside_where_the_doctor_is_there_in_another_way(
        self, claimed, mondays, manager, short_visit
    ):
        short_visit.modality = "in_person"
        mondays.appointment_type = type(short_visit).objects.add(
            name="At the practice", minutes=15, modality="in_person", by=None
        )

        assert rostering.set_hours(mondays, by=manager) == (31, 31, 1)


@pytest.mark.usefixtures("monday_noon")
class TestWithdrawHours:
    def test_takes_back_every_free_time(self, mondays, manager):
        rostering.set_hours(mondays, by=manager)

        assert rostering.withdraw_hours(mondays, by=manager, why="Leaves us.") == (0, 32, 0)

        assert mondays.withdrawn_by == manager
        assert mondays.history.first().history_change_reason == "Leaves us."

    def test_refuses_the_second_time(self, mondays, manager):
        rostering.set_hours(mondays, by=manager)
        rostering.withdraw_hours(mondays, by=manager, why="Leaves us.")

        with pytest.raises(rostering.AlreadyWithdrawn, match="withdrawn already"):
            rostering.withdraw_hours(mondays, by=manager, why="Leaves us.")

    def test_leaves_room_for_other_hours(self, mondays, manager):
        rostering.set_hours(mondays, by=manager)
        rostering.withdraw_hours(mondays, by=manager, why="Begins later.")
        later = Roster(
            practitioner=mondays.practitioner, appointment_type=mondays.appointment_type, weekday=0,
            starts=time(9, 30), ends=time(10, 30), time_zone="Australia/Sydney", from_on=date(2026, 1, 1),
        )  # fmt: skip

        assert rostering.set_hours(later, by=manager) == (32, 0, 0)


@pytest.mark.usefixtures("monday_noon")
class TestSetKind:
    def test_free_times_follow_its_length(self, mondays, short_visit, manager):
        rostering.set_hours(mondays, by=manager)
        short_visit.minutes = 20

        assert rostering.set_kind(short_visit, by=manager) == (24, 32, 0)

    def test_free_times_follow_its_buffers(self, mondays, short_visit, manager):
        rostering.set_hours(mondays, by=manager)
        short_visit.buffer_after = 5

        assert rostering.set_kind(short_visit, by=manager) == (24, 32, 0)

        gaps = list(Slot.objects.filter(withdrawn_at=None).order_by("starts_at")[:3])
        assert [f"{slot.starts_at:%H:%M}" for slot in gaps] == ["22:00", "22:20", "22:40"]

    def test_a_new_kind_offers_nothing_by_itself(self, short_visit, manager):
        short_visit.name, short_visit.pk, short_visit._state.adding = "Other", None, True

        assert rostering.set_kind(short_visit, by=manager) == (0, 0, 0)


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
