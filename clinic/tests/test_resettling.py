"""Nobody's appointment is forgotten when a doctor goes on leave: it is kept, moved or cancelled."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic import booking, cancelling, moving, resettling, rostering
from clinic.models import Appointment, RosterException

pytestmark = pytest.mark.django_db

GONE = "lies within the doctor’s hours again, or somebody has dealt with it"


@pytest.fixture
def go_away(doctor, manager):
    """The doctor takes leave on the day of an appointment."""

    def go(appointment: Appointment, name: str = "", **fields) -> Appointment:
        day = timezone.localtime(appointment.starts_at).date()
        whose = {"kind": "leave", "practitioner": doctor, "time_zone": doctor.time_zone}
        leave = RosterException(from_on=day, until_on=day, name=name, **whose | fields)
        rostering.set_exceptions([leave], by=manager)
        return Appointment.objects.select_related("slot").get(pk=appointment.pk)

    return go


@pytest.fixture
def stranded(confirmed, go_away) -> Appointment:
    return go_away(confirmed, name="Conference")


class TestOpenCases:
    def test_are_those_outside_the_hours_that_nobody_decided_about(self, stranded, manager):
        assert list(resettling.open_cases(manager)) == [stranded]

    def test_are_not_those_within_the_hours(self, confirmed, manager):
        assert not resettling.open_cases(manager).exists()

    def test_are_not_those_that_are_over(self, stranded, manager):
        cancelling.cancel(stranded, by=manager, why="Leave.")

        assert not resettling.open_cases(manager).exists()

    def test_are_of_one_doctor_where_asked(self, stranded, manager, doctor, make_doctor):
        assert resettling.open_cases(manager, practitioner=doctor).exists()
        assert not resettling.open_cases(manager, practitioner=make_doctor("other")).exists()

    def test_are_of_a_doctor_their_own(self, stranded, doctor, make_doctor):
        assert resettling.open_cases(doctor.user).exists()
        assert not resettling.open_cases(make_doctor("other").user).exists()


class TestExplain:
    def test_names_the_leave(self, stranded):
        assert resettling.explain([stranded]) == [(stranded, "Leave: Conference")]

    def test_names_a_holiday_without_a_name_of_its_own(self, confirmed, go_away):
        # Extra times stand on a holiday: this one comes of hours.
        confirmed.slot.change(outside_at=timezone.now(), by=None)
        found = go_away(confirmed, kind="holiday", practitioner=None, time_zone="")

        assert resettling.explain([found]) == [(found, "Public holiday")]

    def test_says_so_where_the_hours_themselves_have_changed(self, confirmed):
        assert resettling.explain([confirmed]) == [(confirmed, "The hours have changed")]

    def test_is_not_misled_by_leave_at_another_time_of_that_day(self, confirmed, go_away):
        local = timezone.localtime(confirmed.starts_at)
        early = {
            "starts": local.replace(hour=0, minute=0).time(),
            "ends": local.replace(hour=0, minute=1).time(),
        }

        found = go_away(confirmed, **early)

        assert resettling.explain([found]) == [(found, "The hours have changed")]

    def test_asks_once_for_many_and_not_at_all_for_none(self, stranded, manager):
        found = list(resettling.open_cases(manager))

        with CaptureQueriesContext(connection) as asked:
            assert resettling.explain([]) == []
            resettling.explain([*found, *found])

        assert len(asked) == 1


class TestKeep:
    def test_settles_the_matter_and_says_who_and_why(self, stranded, manager):
        resettling.keep(stranded, by=manager, why="The doctor comes in for it.")

        version = stranded.slot.history.first()
        assert not resettling.open_cases(manager).exists()
        assert (stranded.slot.kept_by, version.history_change_reason) == (
            manager,
            "The doctor comes in for it.",
        )
        assert Appointment.objects.get().status == Appointment.Status.CONFIRMED

    def test_leaves_the_time_closed_to_others_for_good(self, stranded, manager, make_patient):
        resettling.keep(stranded, by=manager, why="The doctor comes in for it.")
        cancelling.cancel(stranded, by=manager, why="The patient is well.")
        other = make_patient("other")

        with pytest.raises(booking.SlotWithdrawn):
            booking.hold(stranded.slot, patient=other, by=other.user)

    def test_refuses_the_second_time(self, stranded, manager):
        resettling.keep(stranded, by=manager, why="The doctor comes in for it.")

        with pytest.raises(resettling.NotOutside, match=GONE):
            resettling.keep(stranded, by=manager, why="The doctor comes in for it.")

    def test_refuses_what_lies_within_the_hours(self, confirmed, manager):
        with pytest.raises(resettling.NotOutside, match=GONE):
            resettling.keep(confirmed, by=manager, why="Why not.")

    def test_is_forgotten_when_the_hours_hold_it_again_and_then_do_not(self, stranded, manager):
        resettling.keep(stranded, by=manager, why="The doctor comes in for it.")
        rostering.withdraw_exception(RosterException.objects.get(), by=manager, why="Not going.")

        stranded.slot.refresh_from_db()
        assert (stranded.slot.outside_at, stranded.slot.kept_at) == (None, None)


class TestMove:
    def test_gives_the_patient_another_time(self, stranded, manager, make_slot):
        there = make_slot(72)

        moved = resettling.move(stranded, to=there, by=manager, why="Leave.")

        assert (moved.slot, moved.status) == (there, Appointment.Status.CONFIRMED)
        assert not resettling.open_cases(manager).exists()

    def test_refuses_what_somebody_has_dealt_with(self, stranded, manager, make_slot):
        resettling.keep(stranded, by=manager, why="The doctor comes in for it.")

        with pytest.raises(resettling.NotOutside):
            resettling.move(stranded, to=make_slot(72), by=manager, why="Leave.")

    def test_passes_on_why_a_time_cannot_be_had(self, stranded, manager):
        with pytest.raises(moving.SameTime):
            resettling.move(stranded, to=stranded.slot, by=manager, why="Leave.")


class TestCancelAll:
    def test_gives_the_money_back_and_frees_nothing(self, stranded, manager):
        outcome = resettling.cancel_all([stranded], by=manager, why="The doctor is away.")

        found = Appointment.objects.select_related("order").get()
        assert outcome == (1, [])
        assert (found.status, found.order.status) == ("cancelled", "refunding")
        assert not type(found.slot).objects.free(timezone.now()).filter(pk=found.slot_id).exists()

    def test_goes_on_after_one_that_cannot_be_cancelled(self, stranded, manager, confirmed):
        resettling.cancel_all([stranded], by=manager, why="The doctor is away.")
        again = Appointment.objects.select_related("slot", "patient__user").get()

        done, refused = resettling.cancel_all([again, again], by=manager, why="The doctor is away.")

        assert (done, len(refused)) == (0, 2)
        assert refused[0].startswith("Patient Example: This appointment lies within")


class TestKeepAll:
    def test_keeps_each(self, stranded, manager):
        assert resettling.keep_all([stranded], by=manager, why="Comes in.") == (1, [])


class TestOtherTimes:
    def test_are_shown_from_the_day_nearest_to_the_old_one(self, stranded, make_slot, make_doctor):
        soon, near = (make_slot(24 * days, of=make_doctor(f"doctor-{days}")) for days in (4, 9))
        stranded.starts_at = near.starts_at + timedelta(days=1)

        choice = resettling.other_times(stranded, practitioner=None, day=None, zone="Australia/Sydney")

        assert [slot for times in choice.doctors for slot in times.slots] == [near]
        assert [day.times for day in choice.days] == [1, 1]
        assert soon.starts_at < near.starts_at

    def test_are_of_the_day_that_is_named(self, stranded, make_slot, make_doctor):
        later = make_slot(24 * 9, of=make_doctor("other"))
        day = timezone.localtime(later.starts_at).date()

        choice = resettling.other_times(stranded, practitioner=None, day=day, zone="Australia/Sydney")

        assert choice.day == day
