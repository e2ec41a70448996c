"""Ending holds that nobody paid for."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from billing import charging
from billing.models import Order
from clinic import booking
from clinic.models import Appointment
from config.base import Refused

log = logging.getLogger(__name__)


def expire_holds(*, now: datetime) -> int:
    """Free every slot whose patient did not pay in time, and tell how many that were.

    The payment page is closed first: nobody may pay for a time that is offered to others again.
    """
    expired = 0
    for overdue in Appointment.objects.overdue(now).select_related("order").iterator():
        try:
            if not charging.expire_checkout(overdue.order):
                expired += _expire(overdue, now=now)
        except Refused as no:  # the next run tries again; the time stays held
            log.warning("A hold could not be ended: %s", no)
    return expired


@transaction.atomic
def _expire(appointment: Appointment, *, now: datetime) -> bool:
    """Expire one hold, unless somebody else is at it or has been."""
    orders = Order.objects.select_for_update(skip_locked=True).filter(pk=appointment.order_id)
    overdue = Appointment.objects.overdue(now).select_for_update(skip_locked=True, of=("self",))
    order, mine = orders.first(), overdue.filter(pk=appointment.pk).first()
    if order is None or mine is None or order.status != Order.Status.OPEN:
        return False
    charging.void(order, by=None, why="Not paid in time.")
    mine.move_to(Appointment.Status.EXPIRED, by=None, why="Not paid in time.")
    booking.freed([mine.slot_id])
    booking.tell(mine, "clinic/mail/appointment_expired")
    return True
