from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Fee
from clinic import booking, offering
from clinic.models import Slot

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday in Sydney, and still Monday in Perth

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def choose(kind, **wish):
    return offering.choose(kind, **{"practitioner": None, "day": None, "zone": "Australia/Sydney"} | wish)


class TestChoose:
    def test_shows_the_first_day_that_has_something(self, make_slot, short_visit):
        early, late, later = make_slot(30), make_slot(31), make_slot(54)

        choice = choose(short_visit)

        assert choice.days == [(date(2026, 3, 3), 2), (date(2026, 3, 4), 1)]
        assert choice.day == date(2026, 3, 3)
        assert choice.doctors == [(early.practitioner, [early, late])]
        assert later not in choice.doctors[0].slots

    def test_counts_days_by_the_calendar_of_the_reader(self, make_slot, short_visit):
        make_slot(12.5)  # 00:30 on Tuesday in Sydney, 21:30 on Monday in Perth

        assert choose(short_visit).days == [(date(2026, 3, 3), 1)]
        assert choose(short_visit, zone="Australia/Perth").days == [(date(2026, 3, 2), 1)]

    def test_leaves_out_what_cannot_be_booked(
        self, make_slot, short_visit, long_visit, make_doctor, patient, fees
    ):
        make_slot(-1)
        make_slot(25, appointment_type=long_visit)
        make_slot(26, of=make_doctor("away", accepts_patients=False))
        booking.hold(make_slot(27), patient=patient, by=patient.user)
        free = make_slot(28)

        assert choose(short_visit).doctors == [(free.practitioner, [free])]

    def test_can_be_for_one_doctor(self, make_slot, make_doctor, short_visit):
        make_slot(25)
        other = make_doctor("other")
        theirs = make_slot(26, of=other)

        assert choose(short_visit, practitioner=other).doctors == [(other, [theirs])]

    def test_is_empty_on_a_day_without_times(self, make_slot, short_visit):
        make_slot(25)

        assert choose(short_visit, day=date(2026, 5, 1)).doctors == []

    def test_asks_equally_often_for_one_time_and_a_thousand(self, make_slot, make_doctor, short_visit):
        make_slot(25)
        with CaptureQueriesContext(connection) as one:
            choose(short_visit)
        for doctor in [make_doctor(f"doctor-{number}") for number in range(4)]:
            Slot.objects.bulk_create(
                Slot(
                    practitioner=doctor,
                    appointment_type=short_visit,
                    starts_at=NOON.replace(
                        day=3 + number // 90, hour=number % 90 // 4, minute=number % 4 * 15
                    ),
                    ends_at=NOON.replace(
                        day=3 + number // 90, hour=number % 90 // 4, minute=number % 4 * 15 + 14
                    ),
                )
                for number in range(270)
            )

        with CaptureQueriesContext(connection) as many:
            choice = choose(short_visit)

        assert sum(day.times for day in choice.days) == 4 * 270 + 1
        assert len(one) == len(many) == 3


class TestFees:
    def test_are_those_of_today(self, short_visit):
        for amount, first, until in [("70.00", "2025-01-01", "2026-03-02"), ("80.00", "2026-03-02", None)]:
            Fee.objects.add(
                code="consultation.new",
                description="Consultation",
                amount=amount,
                effective_from=first,
                effective_until=until,
                by=None,
            )

        assert offering.fees() == [(short_visit, Decimal("80.00"), None)]

    def test_for_a_patient_are_new_or_returning(self, short_visit, held, patient, forced):
        assert offering.fees_for(patient) == [(short_visit, Decimal("80.00"))]

        forced(held, "completed")

        assert offering.fees_for(patient) == [(short_visit, Decimal("50.00"))]


def test_is_free_until_somebody_holds_it(slot, patient, fees):
    before = offering.is_free(slot)
    booking.hold(slot, patient=patient, by=patient.user)

    assert (before, offering.is_free(slot)) == (True, False)
