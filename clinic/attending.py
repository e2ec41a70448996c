"""Coming to an appointment, or not coming."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from billing import refunding
from billing.models import Refund
from clinic import announcing, reckoning
from clinic.models import Appointment, Practice
from config.base import Refused
from messaging import chatting, clocks

if TYPE_CHECKING:
    from clinic.models import User

# How long before the start a patient can come in, and be shown to the doctor as waiting.
DOORS_OPEN = timedelta(minutes=30)


class TooEarly(Refused):
    """The clock has not come that far."""


def doors_open_at(appointment: Appointment) -> datetime:
    """From when on the patient can come in."""
    return appointment.starts_at - DOORS_OPEN


def is_before_doors(appointment: Appointment) -> bool:
    return timezone.now() < doors_open_at(appointment)


@transaction.atomic
def arrive(appointment: Appointment, *, by: User) -> None:
    """Note that the patient is here and waits for the doctor.

    :raises TooEarly: the doors are not open yet
    :raises IllegalMove: it is not confirmed
    """
    opens_at = doors_open_at(appointment)
    if is_before_doors(appointment):
        raise TooEarly(_too_early(appointment, opens_at, by=by))
    appointment.move_to(Appointment.Status.ARRIVED, by=by, why="The patient is here.")
    announcing.visit_changed(appointment)


def _too_early(appointment: Appointment, opens_at: datetime, *, by: User) -> str:
    if by == appointment.patient.user:
        return f"Please come back at {clocks.in_words(opens_at, zone=by.time_zone)}, half an hour before."
    ours = Practice.objects.current().time_zone
    return f"The patient can come in from {clocks.in_words(opens_at, zone=ours)}."


def no_show(appointment: Appointment, *, by: User, why: str) -> reckoning.Reckoning:
    """Note that the patient did not come. Of the fee is kept what they agreed to at booking.

    :raises TooEarly: they may still come
    :raises IllegalMove: it is not confirmed, or has taken place
    """
    practice = Practice.objects.current()
    waited = appointment.starts_at + timedelta(minutes=practice.patient_late_minutes)
    if timezone.now() < waited:
        until = clocks.in_words(waited, zone=practice.time_zone)
        raise TooEarly(f"The patient may still come. Wait for them until {until}.")
    with transaction.atomic():
        order = appointment.order.lock()  # the money first: a payment locks in this order too
        appointment.move_to(Appointment.Status.NO_SHOW, by=by, why=why)
        what = reckoning.if_missed(appointment)
        if what.back or what.kept:
            why_back, cause = "The patient did not attend.", Refund.Cause.MISSED
            refunding.unwind(order, by=by, why=why_back, keep=what.kept, cause=cause)
        leave_room_open(appointment, by=by)
        announcing.visit_changed(appointment)
    return what


def leave_room_open(appointment: Appointment, *, by: User) -> None:
    """Let a visit's patient and doctor write for as many days as the practice says, from now on."""
    days = timedelta(days=Practice.objects.current().room_days)
    if appointment.room:
        chatting.leave_open_until(appointment.room, timezone.now() + days, by=by)
