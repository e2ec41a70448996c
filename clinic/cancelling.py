"""Cancelling an appointment: the time is free again, and the money goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from billing import charging, refunding
from billing.models import Order
from clinic import booking
from clinic.models import Appointment
from config.base import Refused
from messaging import chatting

if TYPE_CHECKING:
    from clinic.models import User


class TooLate(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This appointment has begun and cannot be cancelled any more. Please call the practice."
        )


def cancel(appointment: Appointment, *, by: User, why: str) -> None:
    """Give the slot back, and the money if it was paid.

    ``why`` stays with the appointment: patients write of their health, which is no affair of the books.

    :raises TooLate: it has begun, and the patient asks
    :raises IllegalMove: it is over
    :raises gateway.Unreachable: the payment page is open and cannot be closed now
    """
    if appointment.starts_at <= timezone.now() and by == appointment.patient.user:
        raise TooLate
    who_did = "The patient cancelled." if by == appointment.patient.user else "The practice cancelled."
    if appointment.status == Appointment.Status.HELD:
        charging.expire_checkout(appointment.order)
    with transaction.atomic():
        order = appointment.order.lock()  # the money first: a payment locks in this order too
        appointment.move_to(
            Appointment.Status.CANCELLED, by=by, why=why, cancelled_at=timezone.now(), cancelled_by=by
        )
        if order.status == Order.Status.OPEN:
            charging.void(order, by=by, why=who_did)
        elif order.status == Order.Status.PAID:
            refunding.unwind(order, by=by, why=who_did)
        booking.freed([appointment.slot_id])
        _tell_of_cancelling(appointment)


def _tell_of_cancelling(appointment: Appointment) -> None:
    booking.tell(appointment, "clinic/mail/appointment_cancelled")
    if appointment.room:  # the doctor has heard of it
        chatting.close_room(appointment.room, by=appointment.cancelled_by)
        doctor = appointment.slot.practitioner.user
        if doctor != appointment.cancelled_by:
            booking.tell(appointment, "clinic/mail/appointment_cancelled_doctor", whom=doctor)
