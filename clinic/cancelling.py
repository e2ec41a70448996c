"""Cancelling an appointment: the time is free again, and the money goes back as was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from billing import charging, refunding
from billing.models import Order, Refund
from clinic import announcing, booking, reckoning
from clinic.models import Appointment
from config.base import IllegalMove, Refused
from messaging import chatting

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models import User

# For the books, which do not tell of anybody's health.
WHO_DID = {
    Appointment.Side.PATIENT: "The patient cancelled.",
    Appointment.Side.PRACTITIONER: "The practitioner cancelled.",
    Appointment.Side.PRACTICE: "The practice cancelled.",
}
FAILED = "The technology failed."


class TooLate(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This appointment has begun and cannot be cancelled any more. Please call the practice."
        )


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("Only the practice can say so. Please call us.")


class MoneyChanged(Refused):
    """``what`` becomes of the money is something else than whoever cancels saw."""

    def __init__(self, what: reckoning.Reckoning) -> None:
        back = f"A${what.back:,.2f} goes back" if what.back else "nothing goes back"
        kept = f", and A${what.kept:,.2f} is kept" if what.kept else ""
        super().__init__(
            f"What becomes of the money has changed since you looked: {back} now{kept}."
            " If that is right, please cancel once more."
        )


def cancel(
    appointment: Appointment,
    *,
    by: User,
    why: str,
    side: Appointment.Side | None = None,
    is_waived: bool = False,
    has_failed: bool = False,
    read: str = "",
) -> reckoning.Reckoning:
    """Give the time back, and of the money what ``reckoning.if_cancelled`` says; returned is what that was.

    Staff may cancel for the patient, by ``side``, and then waive the cancellation fee because of illness
    or an emergency, or say that the technology failed, which costs nobody a fee. ``why`` stays with the
    appointment: patients write of their health, which is no affair of the books. ``read`` is what
    ``reckoning.shown`` called what ``by`` saw that goes back and is kept, if they saw any.

    :raises MoneyChanged: it is something else by now
    :raises TooLate: it has begun, and the patient asks
    :raises NotYours: a patient speaks for somebody else, or lets themselves off the fee
    :raises IllegalMove: it is over
    :raises gateway.Unreachable: the payment page is open and cannot be closed now
    """
    own = reckoning.side_of(by, appointment=appointment)
    side = side or own
    if own == Appointment.Side.PATIENT and (side != own or is_waived or has_failed):
        raise NotYours
    if Appointment.Status.CANCELLED not in Appointment.MOVES[appointment.status]:
        raise IllegalMove(appointment, Appointment.Status.CANCELLED)
    if appointment.status == Appointment.Status.HELD:
        charging.expire_checkout(appointment.order)
    with transaction.atomic():
        order = appointment.order.lock()  # the money first: a payment locks in this order too
        now = timezone.now()
        _check_the_clock(appointment.lock(), own=own, now=now)
        what = reckoning.if_cancelled(appointment, side=side, now=now, is_waived=is_waived or has_failed)
        _check_what_was_read(read, what)
        cause = reckoning.cause_of(appointment, side=side, now=now, has_failed=has_failed)
        how = {"cancelled_as": side, "cancelled_at": now, "cancelled_by": by}
        appointment.move_to(Appointment.Status.CANCELLED, by=by, why=why, **how)
        _give_back(order, what, by=by, why=FAILED if has_failed else WHO_DID[side], cause=cause)
        booking.freed([appointment.slot_id])
        _tell(appointment)
        announcing.visit_changed(appointment)
    return what


def _check_what_was_read(read: str, what: reckoning.Reckoning) -> None:
    if read and read != reckoning.shown(what):
        raise MoneyChanged(what)


def _check_the_clock(appointment: Appointment, *, own: Appointment.Side, now: datetime) -> None:
    """A patient cannot cancel what has begun, unless they have waited long enough for the doctor."""
    if (
        own == Appointment.Side.PATIENT
        and appointment.starts_at <= now
        and not reckoning.is_doctor_late(appointment, now=now)
    ):
        raise TooLate


def _give_back(order: Order, what: reckoning.Reckoning, *, by: User, why: str, cause: Refund.Cause) -> None:
    if order.owing > 0:
        charging.void(order, by=by, why=why, cause=cause)
    elif what.back or what.kept:
        refunding.unwind(order, by=by, why=why, keep=what.kept, cause=cause)


def _tell(appointment: Appointment) -> None:
    appointment.order.refresh_from_db()
    booking.tell(appointment, "clinic/mail/appointment_cancelled")
    if appointment.room:  # the doctor has heard of it
        chatting.close_room(appointment.room, by=appointment.cancelled_by)
        doctor = appointment.slot.practitioner.user
        if doctor != appointment.cancelled_by:
            booking.tell(appointment, "clinic/mail/appointment_cancelled_doctor", whom=doctor)
