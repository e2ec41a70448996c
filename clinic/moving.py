"""Moving an appointment to another time: the new one is taken and the old one freed, or neither."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import charging, receipting
from clinic import announcing, answering, booking, reckoning
from clinic.models import Appointment, Slot
from config.base import IllegalMove, Refused
from messaging import chatting, clocks

if TYPE_CHECKING:
    from decimal import Decimal

    from clinic.models import User


class TooLateToMove(Refused):
    def __init__(self) -> None:
        super().__init__("It is too late to move this appointment. Cancel it, or call the practice.")


class SameTime(Refused):
    def __init__(self) -> None:
        super().__init__("The appointment is at this time already. Please choose another.")


class OtherPrice(Refused):
    def __init__(self, *, there: Decimal, here: Decimal) -> None:
        super().__init__(
            f"An appointment of that kind costs A${there:,.2f}, this one costs A${here:,.2f}."
            " Choose a time of the same kind, or cancel this one and book the other."
        )


def move(appointment: Appointment, *, to: Slot, by: User | None, why: str) -> Appointment:
    """Take ``to`` for the patient and free the time they have, in one; what was paid stays paid.

    The appointment that was moved points to the one that is returned, which has its order and its room.

    :raises TooLateToMove: it has begun, or the patient asks and it is no longer free to cancel
    :raises IllegalMove: it is not paid for, or is over
    :raises SameTime: ``to`` is the time they have
    :raises OtherPrice: ``to`` is of a kind that costs more, or less
    :raises booking.SlotPast, booking.SlotWithdrawn, booking.SlotTaken: ``to`` cannot be had
    :raises booking.InTwoPlaces: the patient has another appointment then
    """
    try:
        with transaction.atomic():
            return _move(appointment, to=to, by=by, why=why)
    except IntegrityError as clash:
        raise booking.refusal(clash) from clash


def _move(appointment: Appointment, *, to: Slot, by: User | None, why: str) -> Appointment:
    now = timezone.now()
    _hold_still(appointment, to)
    _allow(appointment, to=to, by=by, now=now)
    appointment.move_to(Appointment.Status.MOVED, by=by, why=why)
    booking.ask_for(to.pk, patient=appointment.patient, now=now)
    moved = Appointment.objects.add(
        slot=to,
        patient=appointment.patient,
        starts_at=to.starts_at,
        ends_at=to.ends_at,
        order=appointment.order,
        room=appointment.room,
        moved_from=appointment,
        status=Appointment.Status.CONFIRMED,
        policy=appointment.policy,
        held_until=appointment.held_until,
        confirmed_at=now,
        by=by,
        why=why,
    )
    booking.freed([appointment.slot_id])
    announcing.taken(to.pk)
    charging.hand_over(moved.order, earner=to.practitioner.user, by=by, why="Moved to another time.")
    _bring_room(moved, before=appointment, by=by)
    answering.bring(moved, before=appointment)
    _tell(moved, before=appointment, by=by)
    receipting.owe(moved.order)  # it tells when the visit is
    return moved


def _hold_still(appointment: Appointment, to: Slot) -> None:
    """Lock all that takes part, in the order of every booking: money, appointment, patient, times by key."""
    appointment.order.lock()
    appointment.lock()
    appointment.patient.lock()
    # Both times: two appointments that change places would each wait for the other's.
    for slot in sorted([appointment.slot, to], key=lambda slot: slot.pk):
        slot.lock()


def ask_to_leave(appointment: Appointment, *, by: User | None, now: datetime) -> None:
    """Refuse to move what ``by`` may not move, wherever to.

    :raises TooLateToMove: it has begun, or the patient asks and it is no longer free to cancel
    :raises IllegalMove: it is not paid for, or is over
    """
    if Appointment.Status.MOVED not in Appointment.MOVES[appointment.status]:
        raise IllegalMove(appointment, Appointment.Status.MOVED)
    until = reckoning.free_until(appointment) if by == appointment.patient.user else appointment.starts_at
    if until <= now:
        raise TooLateToMove


def _allow(appointment: Appointment, *, to: Slot, by: User | None, now: datetime) -> None:
    ask_to_leave(appointment, by=by, now=now)
    if to.pk == appointment.slot_id:
        raise SameTime
    price = appointment.order.amount
    if to.appointment_type_id != appointment.slot.appointment_type_id:
        fee = booking.fee_for(appointment.patient, to.appointment_type).amount
        if fee != price:
            raise OtherPrice(there=fee, here=price)


def _bring_room(moved: Appointment, *, before: Appointment, by: User | None) -> None:
    """Let the conversation go on, with the doctor of the new time."""
    room, doctor = moved.room, moved.slot.practitioner
    if room is None:
        return
    if doctor != before.slot.practitioner:
        leaves, title = before.slot.practitioner.user, booking.room_title(doctor)
        chatting.replace(room, leaves=leaves, joins=doctor.user, title=title, by=by)
    at = clocks.in_words(moved.starts_at, zone=moved.patient.user.time_zone)
    chatting.post_system(room, text=f"The appointment was moved to {at}.")


def _tell(moved: Appointment, *, before: Appointment, by: User | None) -> None:
    """Write to the patient, to the doctor of the new time, and to one who has nothing to do with it now."""
    booking.tell(moved, "clinic/mail/appointment_moved")
    doctor, former = moved.slot.practitioner.user, before.slot.practitioner.user
    if doctor != by:
        booking.tell(moved, "clinic/mail/appointment_moved_doctor", whom=doctor)
    if former not in {doctor, by}:
        booking.tell(before, "clinic/mail/appointment_cancelled_doctor", whom=former)
