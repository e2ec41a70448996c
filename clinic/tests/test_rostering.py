"""Doctors' hours: what setting, changing and withdrawing them does to the times ahead."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import booking, expiring, rostering
from clinic.models import Roster, RosterException, Slot

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, noon in Sydney

pytestmark = pytest.mark.django_db


@pytest.fixture
def monday_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def mondays(doctor, short_visit) -> Roster:
    """Mondays nine to ten in Sydney, not yet kept: four times a week, 32 in eight weeks."""
    return Roster(
        practitioner=doctor,
        appointment_type=short_visit,
        weekday=Roster.Weekday.MONDAY,
        starts=time(9),
        ends=time(10),
        time_zone="Australia/Sydney",
        from_on=date(2026, 1, 1),
    )


@pytest.fixture
def make_exception(doctor):
    """Something different on one Monday, the 9th of March, of the doctor unless said; not yet kept."""

    def make(kind: str, first: date = date(2026, 3, 9), last: date | None = None, **fields):
        whose = {"practitioner": doctor, "time_zone": "Australia/Sydney"}
        return RosterException(kind=kind, from_on=first, until_on=last or first, **whose | fields)

    return make


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
class TestSetExceptions:
    @pytest.fixture(autouse=True)
    def hours(self, monday_noon, mondays, manager):
        rostering.set_hours(mondays, by=manager)

    def test_leave_withdraws_its_times_at_once(self, make_exception, manager):
        leave = make_exception("leave", last=date(2026, 3, 16))

        assert rostering.set_exceptions([leave], by=manager) == (0, 8, 0)

        assert leave.history.get().history_user == manager
        assert free() == 24

    def test_leave_takes_extra_times_as_well(self, make_exception, make_slot, manager):
        make_slot(24 * 7 + 4)  # on the 9th, after hours

        assert rostering.set_exceptions([make_exception("leave")], by=manager) == (0, 5, 0)

    def test_a_holiday_leaves_extra_times_alone(self, make_exception, make_slot, manager):
        extra = make_slot(24 * 7 + 4)

        assert rostering.set_exceptions([make_exception("holiday")], by=manager) == (0, 4, 0)

        extra.refresh_from_db()
        assert extra.withdrawn_at is None

    def test_a_claimed_time_in_leave_is_kept_and_told(self, make_exception, manager, patient, fees):
        first = Slot.objects.order_by("starts_at").first()
        booking.hold(first, patient=patient, by=patient.user)

        assert rostering.set_exceptions([make_exception("leave")], by=manager) == (0, 3, 1)

    def test_a_claimed_extra_time_in_leave_is_told_too(
        self, make_exception, make_slot, manager, patient, fees
    ):
        booking.hold(make_slot(24 * 7 + 4), patient=patient, by=patient.user)

        assert rostering.set_exceptions([make_exception("leave")], by=manager) == (0, 4, 1)

    def test_a_holiday_of_a_state_is_for_those_who_work_there(
        self, make_exception, make_doctor, mondays, short_visit, manager
    ):
        for name, state in [("nina", "NSW"), ("quinn", "QLD")]:
            theirs = Roster(
                practitioner=make_doctor(name, state=state), appointment_type=short_visit, weekday=0,
                starts=time(9), ends=time(10), time_zone="Australia/Sydney", from_on=date(2026, 1, 1),
            )  # fmt: skip
            rostering.set_hours(theirs, by=manager)
        day_off = make_exception("holiday", state="NSW", practitioner=None, time_zone="")

        assert rostering.set_exceptions([day_off], by=manager) == (0, 4, 0)
        assert (
            Slot.objects.get(
                withdrawn_at__isnull=False, starts_at=datetime(2026, 3, 8, 22, tzinfo=UTC)
            ).practitioner.state
            == "NSW"
        )

    def test_several_dates_at_once(self, make_exception, manager, long_visit):
        evenings = [
            make_exception(
                "extra", date(2026, 3, day), starts=time(18), ends=time(19), appointment_type=long_visit
            )
            for day in (3, 12, 25)
        ]

        assert rostering.set_exceptions(evenings, by=manager) == (6, 0, 0)

        assert {slot.exception for slot in Slot.objects.filter(roster=None)} == set(evenings)

    def test_other_hours_take_the_place_of_the_weekly_ones(self, make_exception, manager, short_visit):
        later = make_exception("changed", starts=time(9, 30), ends=time(11), appointment_type=short_visit)

        assert rostering.set_exceptions([later], by=manager) == (4, 2, 0)

    def test_a_change_brings_the_times_in_step(self, make_exception, manager):
        leave = make_exception("leave")
        rostering.set_exceptions([leave], by=manager)
        leave.from_on = leave.until_on = date(2026, 3, 16)

        assert rostering.set_exceptions([leave], by=manager) == (4, 4, 0)

    def test_a_holiday_that_moves_to_another_state_is_given_back_to_the_first(
        self, make_exception, manager, doctor
    ):
        doctor.change(state="NSW", by=None)
        day_off = make_exception("holiday", state="NSW", practitioner=None, time_zone="")
        rostering.set_exceptions([day_off], by=manager)
        day_off.state = "QLD"

        assert rostering.set_exceptions([day_off], by=manager) == (4, 0, 0)

    def test_refuses_dates_that_are_over(self, make_exception, manager):
        last_week = make_exception("leave", date(2026, 2, 23), date(2026, 3, 1))

        with pytest.raises(rostering.DatesPassed, match="These dates have passed"):
            rostering.set_exceptions([last_week], by=manager)

        assert not RosterException.objects.exists()

    def test_today_is_not_over(self, make_exception, manager):
        assert rostering.set_exceptions([make_exception("leave", date(2026, 3, 2))], by=manager) == (0, 0, 0)

    def test_refuses_one_that_somebody_withdrew_meanwhile(self, make_exception, manager):
        leave = make_exception("leave")
        rostering.set_exceptions([leave], by=manager)
        rostering.withdraw_exception(RosterException.objects.get(), by=manager, why="Stays here.")

        with pytest.raises(rostering.AlreadyWithdrawn):
            rostering.set_exceptions([leave], by=manager)

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"until_on": date(2026, 3, 8)}, "dates_in_order"),
            ({"starts": time(10), "ends": time(9)}, "ends_after_it_starts"),
            ({"starts": time(10)}, "ends_after_it_starts"),
            ({"practitioner": None, "time_zone": ""}, "leave_is_somebodys"),
            ({"state": "NSW"}, "state_or_person"),
            ({"time_zone": ""}, "by_somebodys_clock"),
            ({"kind": "extra"}, "says_its_hours"),
            ({"kind": "changed", "starts": time(9), "ends": time(10)}, "says_its_hours"),
        ],
    )
    def test_the_database_refuses_what_makes_no_sense(self, make_exception, wrong, constraint):
        exception = make_exception("leave")
        for name, value in wrong.items():
            setattr(exception, name, value)

        with pytest.raises(IntegrityError, match=f"clinic_rosterexception_{constraint}"):
            exception.save()

    def test_the_database_refuses_two_sessions_at_once(self, make_exception, short_visit, manager):
        session = {"starts": time(18), "ends": time(19), "appointment_type": short_visit}
        rostering.set_exceptions([make_exception("extra", **session)], by=manager)
        over = session | {"starts": time(18, 30), "ends": time(20)}

        with pytest.raises(IntegrityError, match="clinic_rosterexception_one_at_a_time"):
            rostering.set_exceptions([make_exception("changed", **over)], by=manager)


@pytest.mark.usefixtures("monday_noon")
class TestWithdrawException:
    def test_lets_the_weekly_hours_hold_again(self, mondays, make_exception, manager):
        rostering.set_hours(mondays, by=manager)
        leave = make_exception("leave")
        rostering.set_exceptions([leave], by=manager)

        assert rostering.withdraw_exception(leave, by=manager, why="Stays here.") == (4, 0, 0)

        assert (leave.withdrawn_by, leave.history.first().history_change_reason) == (manager, "Stays here.")

    def test_refuses_the_second_time(self, make_exception, manager):
        leave = make_exception("leave")
        rostering.set_exceptions([leave], by=manager)
        rostering.withdraw_exception(leave, by=manager, why="Stays here.")

        with pytest.raises(rostering.AlreadyWithdrawn):
            rostering.withdraw_exception(leave, by=manager, why="Stays here.")


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
