"""Leave, holidays and other hours on single dates: what they do to the times ahead."""

from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from clinic import booking, rostering
from clinic.models import Roster, RosterException, Slot

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, noon in Sydney

pytestmark = pytest.mark.django_db


@pytest.fixture
def monday_noon():
    with time_machine.travel(NOON, tick=False):
        yield


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
