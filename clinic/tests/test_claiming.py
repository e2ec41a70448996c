"""What the database refuses about appointments, asked past every rule."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing import charging
from clinic import booking, cancelling, expiring, moving
from clinic.models import Appointment, Slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(slot, patient):
    """Write an appointment past the rules: a fresh hold on ``slot``, but for what is said."""

    def do(**fields) -> Appointment:
        line = charging.Line("Consultation", "gst_free", Decimal(80))
        there = {"slot": slot, "starts_at": slot.starts_at, "ends_at": slot.ends_at} | fields
        there.setdefault("order", charging.open_order(payer=patient.user, lines=[line], by=None))
        return Appointment.objects.add(patient=patient, held_until=slot.starts_at, by=None, **there)

    return do


def refused(clash: str):
    return pytest.raises(IntegrityError, match=clash)


class TestInsert:
    def test_takes_an_honest_hold(self, write):
        assert write().status == "held"

    def test_refuses_the_past_by_the_rows_own_clock(self, write, slot):
        with refused("its time has passed"), transaction.atomic():
            write(created_at=slot.starts_at)

        assert write(created_at=slot.starts_at - timedelta(seconds=1)).status == "held"

    def test_refuses_a_time_that_was_withdrawn(self, write, slot, manager):
        slot.change(withdrawn_at=slot.created_at, withdrawn_by=manager, by=None)

        with refused("its time was withdrawn"):
            write()

    def test_refuses_other_instants_than_the_times_own(self, write, slot):
        with refused("begins and ends with its time"):
            write(ends_at=slot.ends_at + timedelta(minutes=1))

    @pytest.mark.parametrize("status", ["confirmed", "arrived", "in_consultation", "completed", "no_show"])
    def test_refuses_what_nobody_paid_for(self, write, slot, status):
        with refused("neither paid nor waived"):
            write(status=status, confirmed_at=slot.created_at)


class TestUpdate:
    @pytest.mark.parametrize("status", ["confirmed"])
    def test_refuses_to_confirm_what_nobody_paid_for(self, held, status):
        with refused("neither paid nor waived"):
            Appointment.objects.update(status=status, confirmed_at=held.created_at)

    def test_refuses_moves_that_there_are_not(self, held):
        with refused("held cannot become completed"):
            Appointment.objects.update(status="completed", confirmed_at=held.created_at)

    def test_refuses_another_time(self, confirmed, make_slot):
        with refused("stays with its time, patient and order"):
            Appointment.objects.update(slot=make_slot(48))

    def test_refuses_another_patient(self, confirmed, make_patient):
        with refused("stays with its time, patient and order"):
            Appointment.objects.update(patient=make_patient("other"))

    def test_refuses_to_be_cancelled_by_nobody(self, held):
        with refused("clinic_appointment_cancelled_as"):
            Appointment.objects.update(status="cancelled")

    def test_refuses_to_retake_a_time_that_has_passed(self, held, manager):
        expiring.expire_holds(now=held.held_until)

        with refused("its time has passed"):
            Appointment.objects.update(status="confirmed", confirmed_at=held.starts_at)


class TestSlot:
    @pytest.mark.parametrize(
        "change",
        ["withdrawn_at = now(), withdrawn_by_id = '{manager}'", "ends_at = ends_at + interval '1 minute'"],
    )
    def test_stays_as_it_is_while_somebody_has_it(self, held, manager, change):
        with refused("somebody has this time"), connection.cursor() as cursor:
            cursor.execute("UPDATE clinic_slot SET " + change.format(manager=manager.pk))  # noqa: S608

    def test_can_be_withdrawn_once_it_is_free(self, held, slot, patient, manager):
        cancelling.cancel(held, by=patient.user, why="")

        slot.change(withdrawn_at=slot.created_at, withdrawn_by=manager, by=manager)

        assert Slot.objects.get().withdrawn_at


def test_a_time_is_sold_again_and_again(slot, make_slot, make_patient, fees, settle, manager):
    """Cancelled, expired and moved in turn, each by somebody else, and it is free each time."""
    for number in range(2):
        leaves = make_patient(f"leaves{number}")
        cancelling.cancel(
            settle(booking.hold(slot, patient=leaves, by=leaves.user)), by=leaves.user, why="I am well."
        )
        forgets = make_patient(f"forgets{number}")
        held = booking.hold(slot, patient=forgets, by=forgets.user)
        expiring.expire_holds(now=held.held_until)
        moves = make_patient(f"moves{number}")
        booked = settle(booking.hold(slot, patient=moves, by=moves.user))
        moving.move(booked, to=make_slot(48 + number), by=manager, why="")

    last = make_patient("last")
    booking.hold(slot, patient=last, by=last.user)

    statuses = slot.appointments.order_by("created_at", "pk").values_list("status", flat=True)
    assert list(statuses) == [*["cancelled", "expired", "moved"] * 2, "held"]
