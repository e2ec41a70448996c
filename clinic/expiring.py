"""Ending holds that nobody paid for, and warning before they end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from billing import charging
from billing.models import Order, Refund
from clinic import booking
from clinic.models import Appointment, Practice, WaitlistOffer
from config import sets
from config.base import Refused, enqueue
from messaging import mailing
from messaging.models import Letter

AT_ONCE = 1000
"""Holds that end in one transaction: it is short, and a worker that is killed loses no more than that."""
SWEEP = 60
"""Seconds that are spent on closing payment pages, one after the other; the next run goes on."""
NOT_PAID = "Not paid in time."
WARNING = "clinic/mail/appointment_held"
EXPIRED = "clinic/mail/appointment_expired"

log = logging.getLogger(__name__)


def expire_holds(*, now: datetime) -> int:
    """Free every slot whose patient did not pay in time, and tell how many that were.

    Where a payment page may be open it is closed first: nobody may pay for a time that is offered to
    others again. All others end in sets. It may run twice at once, be killed, or not have run for days.
    """
    expired = 0
    while ended := _expire_some(now=now):
        expired += ended
    return expired + _expire_the_rest(now=now)


@transaction.atomic
def _expire_some(*, now: datetime) -> int:
    """End some of the holds that nobody began to pay, unless somebody else is at them."""
    overdue = Appointment.objects.overdue(now)
    untouched = overdue.filter(order__status=Order.Status.OPEN, order__paid=0)
    unpaid = untouched.exclude(order__payments__status="pending").order_by("held_until", "pk")
    # The money first, then the appointments as they are by then: somebody may have just begun to pay.
    orders = charging.hold_untouched(list(unpaid.values_list("order", flat=True)[:AT_ONCE]))
    paying = Order.objects.filter(pk__in=orders, payments__status="pending").values("pk")
    ours = overdue.filter(order__in=orders).exclude(order__in=paying)
    mine = list(ours.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "order", "slot"))
    if not mine:
        return 0
    keys, orders_given_up, slots = zip(*mine, strict=True)
    charging.void_all(orders_given_up, by=None, why=NOT_PAID)
    sets.move_all(Appointment, keys, Appointment.Status.EXPIRED, by=None, why=NOT_PAID)
    booking.freed(slots)
    enqueue("clinic.tasks.tell_expired", *keys)  # the times are free before the letters are written
    return len(keys)


@transaction.atomic
def tell_expired(keys: Iterable[UUID], *, now: datetime) -> None:
    """Write to the patients of these holds that they have ended; asked again, only to those not told yet."""
    keys = {*keys}
    # One at a time, so that of two workers with the same task the later sees what the first has written.
    ours = Appointment.objects.filter(pk__in=keys, status=Appointment.Status.EXPIRED).order_by("pk")
    mine = ours.select_for_update(of=("self",)).values_list("pk", "patient__user")
    people = dict(mine)
    told = Letter.objects.filter(template=EXPIRED, recipient__in=people.values())
    known = {UUID(key) for key in told.values_list("context__appointment", flat=True)}
    _tell_all(people.keys() - known, EXPIRED, now=now)


def _expire_the_rest(*, now: datetime) -> int:
    """End the holds whose payment page may be open, or of which a part was paid, one by one."""
    expired, ends = 0, time.monotonic() + SWEEP
    for overdue in Appointment.objects.overdue(now).select_related("order").iterator():
        if time.monotonic() > ends:
            break
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
    if order is None or mine is None or order.owing <= 0:
        return False
    charging.void(order, by=None, why=NOT_PAID, cause=Refund.Cause.LATE_PAYMENT)
    mine.move_to(Appointment.Status.EXPIRED, by=None, why=NOT_PAID)
    booking.freed([mine.slot_id])
    booking.tell(mine, EXPIRED)
    return True


@transaction.atomic
def warn_holds(*, now: datetime) -> int:
    """Write once to everybody whose hold ends soon, and tell how many these were."""
    due = _ending(now).select_for_update(skip_locked=True, of=("self",))
    keys = list(due.values_list("pk", flat=True)[:AT_ONCE])
    sets.change_all(Appointment, keys, by=None, why="Reminded to pay.", warned_at=now)
    _tell_all(keys, WARNING, now=now)
    return len(keys)


def _ending(now: datetime) -> QuerySet[Appointment]:
    """The holds that end within the practice's minutes; one that never lasted longer needs no word.

    Nor does a time that is kept for one who waits: they were told until when.
    """
    ahead = timedelta(minutes=Practice.objects.current().warn_minutes)
    return (
        Appointment.objects.filter(
            status=Appointment.Status.HELD,
            warned_at=None,
            held_until__gt=now,
            held_until__lte=now + ahead,
            created_at__lt=F("held_until") - ahead,
        )
        .exclude(pk__in=WaitlistOffer.objects.values("appointment"))
        .order_by("held_until", "pk")
    )


def _tell_all(keys: Iterable[UUID], template: str, *, now: datetime) -> None:
    # Of doctors, kinds and policies there are few: each is read once, not once for each letter.
    shared = ["patient__user", "slot__practitioner__user", "slot__appointment_type", "policy"]
    appointments = Appointment.objects.filter(pk__in=list(keys)).select_related("slot", "order")
    mailing.queue_all(
        [
            Letter(
                template=template,
                recipient=appointment.patient.user,
                to=appointment.patient.user.email,
                next_attempt_at=now,
                context=booking.about(appointment, person=appointment.patient.user),
            )
            for appointment in appointments.prefetch_related(*shared)
        ]
    )


def is_wanted(letter: Letter) -> bool:
    """Whether a warning that waited still makes sense: by now the fee may be paid, or the time gone."""
    return Appointment.objects.filter(
        pk=letter.context["appointment"], status=Appointment.Status.HELD
    ).exists()


STILL_WANTED = {WARNING: is_wanted}
