"""What goes back to the patient when an appointment does not take place, and what is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from billing.models import Order, Refund
from billing.receipting import rounded
from clinic.models import Appointment, CancellationPolicy, Practice

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")


class Reckoning(NamedTuple):
    """What becomes of the money: ``back`` goes to the patient, ``kept`` stays."""

    back: Decimal
    kept: Decimal


def policy_now(practice: Practice | None = None) -> CancellationPolicy | None:
    """What somebody who books now agrees to; without one, the whole fee goes back until the start."""
    return CancellationPolicy.objects.on((practice or Practice.objects.current()).today())


def free_until(appointment: Appointment) -> datetime:
    """Until when the patient may cancel or move the appointment without losing anything."""
    hours = appointment.policy.free_hours if appointment.policy else 0
    return appointment.starts_at - timedelta(hours=hours)


def side_of(user: User, *, appointment: Appointment) -> Appointment.Side:
    """On whose behalf ``user`` acts, unless they say that it is somebody else’s."""
    if user == appointment.patient.user:
        return Appointment.Side.PATIENT
    if user == appointment.slot.practitioner.user:
        return Appointment.Side.PRACTITIONER
    return Appointment.Side.PRACTICE


def is_doctor_late(appointment: Appointment, *, now: datetime) -> bool:
    """Whether the patient has waited so long that the whole fee goes back if they leave."""
    patience = timedelta(minutes=Practice.objects.current().doctor_late_minutes)
    return appointment.status == Appointment.Status.ARRIVED and now >= appointment.starts_at + patience


def if_cancelled(
    appointment: Appointment, *, side: Appointment.Side, now: datetime, is_waived: bool = False
) -> Reckoning:
    """What goes back if ``side`` cancels now: all of it, unless the patient does so late.

    ``is_waived`` also where the technology failed: that is never at the patient's cost.
    """
    policy = appointment.policy
    is_free = (
        side != Appointment.Side.PATIENT
        or appointment.status == Appointment.Status.HELD  # of a part that was paid nothing is kept
        or is_waived
        or policy is None
        or now <= free_until(appointment)
        or is_doctor_late(appointment, now=now)
    )
    return _split(appointment.order, 0 if is_free or policy is None else policy.keep_percent)


def shown(what: Reckoning) -> str:
    """What a page that shows ``what`` sends back, so that nobody cancels for another sum than they saw."""
    return f"{what.back} {what.kept}"


def cause_of(
    appointment: Appointment, *, side: Appointment.Side, now: datetime, has_failed: bool = False
) -> Refund.Cause:
    """By which rule money goes back if ``side`` cancels now; ``has_failed`` is the technology."""
    if has_failed:
        return Refund.Cause.TECHNOLOGY
    if side != Appointment.Side.PATIENT:
        return Refund.Cause.CLINIC_CANCELLED
    if is_doctor_late(appointment, now=now):
        return Refund.Cause.PRACTITIONER_LATE
    return Refund.Cause.PATIENT_CANCELLED


def if_missed(appointment: Appointment) -> Reckoning:
    """What goes back if the patient does not come."""
    return _split(appointment.order, appointment.policy.missed_percent if appointment.policy else 100)


def _split(order: Order, keep_percent: int) -> Reckoning:
    """Split what is there of the order's money; what the bank holds in a dispute is not ours to give."""
    if order.status == Order.Status.DISPUTED:
        return Reckoning(NOTHING, NOTHING)
    there = order.kept - order.promised
    kept = min(rounded(order.amount * keep_percent / 100), there)
    return Reckoning(there - kept, kept)
