from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from billing import charging
from billing.models import Refund
from clinic import attending, booking
from clinic.models import Practice
from clinic.tests.test_booking import PAGES, letters, monday_noon  # noqa: F401  a fixture
from config.base import IllegalMove

pytestmark = pytest.mark.django_db


class TestArrive:
    def test_lets_the_patient_wait_from_half_an_hour_before(self, confirmed, patient):
        with time_machine.travel(confirmed.starts_at - timedelta(minutes=30), tick=False):
            attending.arrive(confirmed, by=patient.user)

        assert confirmed.status == "arrived"

    def test_tells_the_hour_to_those_who_are_early(self, confirmed, patient):
        early = confirmed.starts_at - timedelta(minutes=30, seconds=1)

        with (
            time_machine.travel(early, tick=False),
            pytest.raises(attending.TooEarly, match=r"Tuesday 3 March 2026, 11:30 am AEDT \(UTC\+11:00\)"),
        ):
            attending.arrive(confirmed, by=patient.user)

    def test_tells_the_desk_by_the_practices_clock(self, confirmed, reception, practice):
        practice.change(time_zone="Australia/Perth", by=None)

        with pytest.raises(attending.TooEarly) as refused:
            attending.arrive(confirmed, by=reception)

        assert str(refused.value) == (
            "The patient can come in from Tuesday 3 March 2026, 8:30 am AWST (UTC+08:00)."
        )

    def test_takes_one_who_comes_late_until_they_are_given_up(self, confirmed, patient, manager):
        with time_machine.travel(confirmed.starts_at + timedelta(minutes=14), tick=False):
            attending.arrive(confirmed, by=patient.user)

        assert confirmed.status == "arrived"

        with time_machine.travel(confirmed.starts_at + timedelta(minutes=30), tick=False):
            attending.no_show(confirmed, by=manager, why="They left before the doctor came.")
            with pytest.raises(IllegalMove):
                attending.arrive(confirmed, by=patient.user)

    def test_refuses_what_is_not_paid(self, held, patient):
        with time_machine.travel(held.starts_at, tick=False), pytest.raises(IllegalMove):
            attending.arrive(held, by=patient.user)


class TestNoShow:
    @pytest.mark.parametrize("status", ["confirmed", "arrived"])
    def test_keeps_the_fee(self, confirmed, manager, status, forced):
        forced(confirmed, status)

        with time_machine.travel(confirmed.starts_at + timedelta(minutes=10), tick=False):
            attending.no_show(confirmed, by=manager, why="Three calls, no answer.")

        assert (confirmed.status, confirmed.order.status) == ("no_show", "paid")
        assert confirmed.room.closes_at == confirmed.starts_at + timedelta(days=7, minutes=10)

    def test_keeps_what_the_policy_says(self, make_policy, slot, patient, fees, settle, manager):
        make_policy(missed_percent=75)
        appointment = settle(booking.hold(slot, patient=patient, by=patient.user))

        with time_machine.travel(slot.starts_at + timedelta(minutes=10), tick=False):
            what = attending.no_show(appointment, by=manager, why="Three calls, no answer.")

        assert what == (Decimal("20.00"), Decimal("60.00"))
        appointment.order.refresh_from_db()
        assert (appointment.order.promised, appointment.order.paid) == (Decimal("20.00"), Decimal("80.00"))
        assert Refund.objects.get().cause == "missed"

    def test_keeps_nothing_of_a_fee_that_was_waived(self, held, manager):
        charging.waive(held.order, by=manager, why="Hardship.")

        with time_machine.travel(held.starts_at + timedelta(minutes=10), tick=False):
            what = attending.no_show(held, by=manager, why="Three calls, no answer.")

        assert (what, held.status) == ((0, 0), "no_show")

    @pytest.mark.parametrize(("minutes", "told"), [(10, "12:10 pm AEDT"), (25, "12:25 pm AEDT")])
    def test_waits_as_long_as_the_practice_says(self, confirmed, manager, minutes, told):
        Practice.objects.add(patient_late_minutes=minutes, by=None)
        early = confirmed.starts_at + timedelta(minutes=minutes, seconds=-1)

        with time_machine.travel(early, tick=False), pytest.raises(attending.TooEarly, match=told):
            attending.no_show(confirmed, by=manager, why="Three calls, no answer.")
