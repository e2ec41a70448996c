"""Attempts to pay at Stripe: one at a time for each order, and what became of its page."""

from __future__ import annotations

import datetime
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from billing import gateway
from billing.models import Order, Payment
from config.base import Refused

SHORTEST_ASKED = timedelta(minutes=30, seconds=5)


class NothingToPay(Refused):
    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} is {order.get_status_display().lower()}. There is nothing to pay now.")


@transaction.atomic
def reserve(order: Order, *, success_url: str, cancel_url: str, expires_at: datetime.datetime) -> Payment:
    """The one attempt that is under way, begun now if there was none.

    :raises NothingToPay: the order is not open
    """
    if order.lock().status != Order.Status.OPEN:
        raise NothingToPay(order)
    pending = order.payments.pending().first()
    soon = timezone.now() + SHORTEST_ASKED
    if pending and pending.session_id is None and (pending.expires_at or soon) < soon:
        # We stopped before Stripe answered, and by now Stripe would refuse so short a time.
        pending.move_to(Payment.Status.EXPIRED, by=None, why="The payment page never opened.")
        pending = None
    return pending or Payment.objects.add(
        order=order,
        amount=order.owing,
        success_url=success_url,
        cancel_url=cancel_url,
        expires_at=expires_at,
        by=None,
        why="The payer chose to pay.",
    )


@transaction.atomic
def attach(payment: Payment, *, session: gateway.Session) -> bool:
    """Note which page was opened; false when the attempt was given up meanwhile."""
    payment.order.lock()
    still_wanted = payment.lock().status == Payment.Status.PENDING
    if payment.session_id is None:
        payment.change(
            session_id=session.id,
            url=session.url,
            expires_at=session.expires_at,
            by=None,
            why="Stripe opened the payment page.",
        )
    return still_wanted


@transaction.atomic
def fail(payment: Payment, *, why: str) -> None:
    """Stripe will not open a page for this attempt."""
    payment.order.lock()
    if payment.lock().status == Payment.Status.PENDING:
        payment.move_to(Payment.Status.FAILED, by=None, why=why)


@transaction.atomic
def give_up(payment: Payment) -> None:
    """Drop an attempt whose page never came; if it does come yet, ``attach`` tells to have it closed."""
    payment.order.lock()
    if payment.lock().status == Payment.Status.PENDING and payment.session_id is None:
        payment.move_to(Payment.Status.EXPIRED, by=None, why="The payment page never opened.")
