"""Moving an appointment: the new time taken and the old one freed, or neither."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction

from billing import charging
from billing.models import Fee
from clinic import attending, booking, cancelling, moving, rostering
from clinic.models import Appointment, Slot
from config.base import IllegalMove
from messaging.models import Letter, Member, Message

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def later(make_slot) -> Slot:
    return make_slot(hours=72)


def letters() -> list[tuple[str, str]]:
    rows = Letter.objects.order_by("created_at", "pk").select_related("recipient")
    return [(row.template.removeprefix("clinic/mail/"), row.recipient.given_name) for row in rows]


def untouched(appointment: Appointment) -> bool:
    """Whether the appointment is where it was, and nothing else was written."""
    appointment.refresh_from_db()
    return appointment.status == "confirmed" and Appointment.objects.count() == 1


class TestMove:
    def test_takes_the_new_time_and_frees_the_old(self, confirmed, later, patient, make_patient):
        moved = moving.move(confirmed, to=later, by=patient.user, why="I work on Tuesday.")

        assert (moved.status, moved.slot, moved.starts_at, moved.ends_at) == (
            "confirmed",
            later,
            later.starts_at,
            later.ends_at,
        )
        assert (confirmed.status, confirmed.moved_to) == ("moved", moved)
        next_one = make_patient("next")
        assert booking.hold(confirmed.slot, patient=next_one, by=next_one.user).status == "held"

    def test_takes_order_and_room_along(self, confirmed, later, patient):
        moved = moving.move(confirmed, to=later, by=patient.user, why="I work on Tuesday.")

        assert (moved.order, moved.room, moved.patient) == (confirmed.order, confirmed.room, patient)
        assert moved.order.status == "paid"
        assert moved.room.closed_at is None
        assert Message.objects.get().text == (
            "The appointment was moved to Thursday 5 March 2026, 12:00 pm AEDT (UTC+11:00)."
        )

    def test_is_remembered_with_who_and_why(self, confirmed, later, manager):
        moved = moving.move(confirmed, to=later, by=manager, why="The doctor trains.")

        for appointment in (confirmed, moved):
            last = appointment.history.first()
            assert (last.history_user, last.history_change_reason) == (manager, "The doctor trains.")

    def test_tells_both(self, confirmed, later, patient):
        moving.move(confirmed, to=later, by=patient.user, why="")

        assert letters()[1:] == [("appointment_moved", "Patient"), ("appointment_moved_doctor", "Doctor")]

    def test_does_not_tell_a_doctor_what_they_did(self, confirmed, later, doctor):
        moving.move(confirmed, to=later, by=doctor.user, why="Training.")

        assert letters()[1:] == [("appointment_moved", "Patient")]

    def test_can_lead_to_another_doctor_who_gets_the_conversation(
        self, confirmed, make_slot, make_doctor, patient, doctor
    ):
        other = make_doctor("other")

        moved = moving.move(confirmed, to=make_slot(48, of=other), by=patient.user, why="")

        assert set(Member.objects.present().values_list("user", flat=True)) == {
            patient.user.pk,
            other.user.pk,
        }
        assert moved.room.title == f"Consultation with {other}"
        assert letters()[1:] == [
            ("appointment_moved", "Patient"),
            ("appointment_moved_doctor", "Other"),
            ("appointment_cancelled_doctor", "Doctor"),
        ]

    def test_can_come_back_to_the_first_doctor(self, confirmed, make_slot, make_doctor, patient, doctor):
        other = make_doctor("other")
        moved = moving.move(confirmed, to=make_slot(48, of=other), by=patient.user, why="")

        back = moving.move(moved, to=confirmed.slot, by=patient.user, why="")

        assert set(Member.objects.present().values_list("user", flat=True)) == {
            patient.user.pk,
            doctor.user.pk,
        }
        assert Member.objects.count() == 3
        assert back.slot == confirmed.slot

    def test_may_overlap_the_time_it_leaves(self, confirmed, make_slot, make_doctor, patient):
        close = make_slot(hours=24 + 5 / 60, of=make_doctor("other"))

        assert moving.move(confirmed, to=close, by=patient.user, why="").slot == close

    def test_can_be_done_again_and_undone(self, confirmed, later, patient):
        moved = moving.move(confirmed, to=later, by=patient.user, why="")
        again = moving.move(moved, to=confirmed.slot, by=patient.user, why="")

        cancelling.cancel(again, by=patient.user, why="I am well.")

        assert [one.status for one in Appointment.objects.order_by("created_at", "pk")] == [
            "moved",
            "moved",
            "cancelled",
        ]
        again.order.refresh_from_db()
        assert again.order.status == "refunding"

    def test_lets_staff_move_one_who_waits(self, confirmed, later, manager, patient):
        with time_machine.travel(confirmed.starts_at - timedelta(minutes=10), tick=False):
            attending.arrive(confirmed, by=patient.user)

            assert (
                moving.move(confirmed, to=later, by=manager, why="The doctor is ill.").status == "confirmed"
            )


class TestWhatFollowsThePrice:
    def test_a_fee_that_rose_since_changes_nothing(self, confirmed, later, patient):
        Fee.objects.update(amount="999.00")

        assert moving.move(confirmed, to=later, by=patient.user, why="").order.amount == Decimal("80.00")

    def test_another_kind_at_the_same_price_is_fine(self, confirmed, make_slot, long_visit, patient):
        long = make_slot(72, appointment_type=long_visit)

        assert moving.move(confirmed, to=long, by=patient.user, why="").slot == long

    def test_another_price_is_refused_with_what_to_do(self, confirmed, make_slot, long_visit, manager):
        Fee.objects.add(
            code="long.new", description="Long", amount="120.00", effective_from="2026-01-01", by=None
        )
        long_visit.change(new_fee="long.new", by=None)
        long = make_slot(72, appointment_type=long_visit)

        with pytest.raises(moving.OtherPrice) as refused:
            moving.move(confirmed, to=long, by=manager, why="")

        assert str(refused.value) == (
            "An appointment of that kind costs A$120.00, this one costs A$80.00."
            " Choose a time of the same kind, or cancel this one and book the other."
        )
        assert untouched(confirmed)


class TestRefusals:
    def test_leave_the_old_time_when_the_new_one_is_taken(self, confirmed, later, patient, make_patient):
        faster = make_patient("faster")
        booking.hold(later, patient=faster, by=faster.user)

        with pytest.raises(booking.SlotTaken):
            moving.move(confirmed, to=later, by=patient.user, why="")

        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.slot.appointments.count()) == ("confirmed", 1)
        assert letters() == [("appointment_confirmed", "Patient")]

    def test_a_time_that_is_past(self, confirmed, make_slot, manager):
        with pytest.raises(booking.SlotPast):
            moving.move(confirmed, to=make_slot(-2), by=manager, why="")

        assert untouched(confirmed)

    def test_a_time_of_a_doctor_who_takes_no_patients_now(self, confirmed, make_slot, make_doctor):
        full = make_slot(48, of=make_doctor("full", accepts_patients=False))

        with pytest.raises(booking.SlotWithdrawn):
            moving.move(confirmed, to=full, by=confirmed.patient.user, why="It suits me better.")

        confirmed.refresh_from_db()
        assert (confirmed.status, full.appointments.count()) == ("confirmed", 0)

    def test_a_time_that_was_withdrawn(self, confirmed, later, manager):
        rostering.withdraw(later, by=manager, why="Training.")

        with pytest.raises(booking.SlotWithdrawn):
            moving.move(confirmed, to=later, by=manager, why="")

        assert untouched(confirmed)

    def test_the_time_it_has(self, confirmed, slot, patient):
        with pytest.raises(moving.SameTime, match="is at this time already"):
            moving.move(confirmed, to=slot, by=patient.user, why="")

        assert untouched(confirmed)

    def test_a_patient_in_two_places(self, confirmed, make_slot, make_doctor, patient, settle):
        settle(booking.hold(make_slot(72, of=make_doctor("other")), patient=patient, by=patient.user))

        with pytest.raises(booking.InTwoPlaces):
            moving.move(confirmed, to=make_slot(72), by=patient.user, why="")

        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    def test_a_hold(self, held, later, patient):
        with pytest.raises(IllegalMove):
            moving.move(held, to=later, by=patient.user, why="")

    def test_what_was_moved_already(self, confirmed, later, make_slot, patient):
        moving.move(confirmed, to=later, by=patient.user, why="")

        with pytest.raises(IllegalMove):
            moving.move(confirmed, to=make_slot(96), by=patient.user, why="")

    def test_what_has_begun(self, confirmed, later, manager):
        with time_machine.travel(confirmed.starts_at, tick=False), pytest.raises(moving.TooLateToMove):
            moving.move(confirmed, to=later, by=manager, why="")

        assert untouched(confirmed)


class TestDatabase:
    def test_lets_an_order_have_one_appointment_that_was_not_moved(self, confirmed, later, patient):
        with pytest.raises(IntegrityError, match="has_its_order_alone"), transaction.atomic():
            Appointment.objects.add(
                slot=later,
                patient=patient,
                starts_at=later.starts_at,
                ends_at=later.ends_at,
                order=confirmed.order,
                held_until=confirmed.held_until,
                by=None,
            )

    def test_lets_a_room_have_one_appointment_that_was_not_moved(self, confirmed, held, make_slot, patient):
        second = booking.hold(make_slot(72), patient=patient, by=patient.user)

        with pytest.raises(IntegrityError, match="has_its_room_alone"), transaction.atomic():
            second.change(room=confirmed.room, by=None)


def test_a_waived_order_confirms_only_where_it_went(held, later, manager, patient):
    """What a receiver hears of an order is about the time it is for now."""
    charging.waive(held.order, by=manager, why="Hardship.")
    held.refresh_from_db()
    moved = moving.move(held, to=later, by=patient.user, why="")

    booking.confirm(moved)

    held.refresh_from_db()
    assert (held.status, moved.status, moved.history.count()) == ("moved", "confirmed", 1)
