"""Following what cardholders' banks take back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from billing import bookkeeping, evidencing, gateway
from billing.models import Dispute, Evidence, Order, Payment
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User


class StrangeDispute(Refused):
    """Stripe has a dispute about nothing of ours, or another one than we knew; a person has to look."""


class NotToAnswer(Refused):
    def __init__(self, dispute: Dispute) -> None:
        super().__init__(
            f"This dispute is {dispute.get_status_display().lower()}: the bank takes no evidence for it now."
        )


def answer(dispute: Dispute, *, by: User) -> Dispute:
    """Send the bank what is known of the payment, once. Asked again after a failure, it sends the same.

    :raises NotToAnswer: the bank waits for nothing from us
    :raises gateway.Rejected: Stripe has evidence already, or the dispute is closed
    :raises gateway.Unreachable: Stripe does not answer
    """
    evidence = _write_down(dispute, by=by)
    try:
        there = gateway.submit_evidence(dispute.stripe_id, evidence=evidencing.parts(evidence.content))
    except gateway.Rejected:
        follow(dispute.stripe_id)  # it may have been answered elsewhere, or be over
        raise
    return accept(there)


@transaction.atomic
def _write_down(dispute: Dispute, *, by: User) -> Evidence:
    """What is sent is written before it leaves, so that a lost answer is followed by the same words."""
    if dispute.lock().status not in Dispute.TO_ANSWER:
        raise NotToAnswer(dispute)
    sent = Evidence.objects.filter(dispute=dispute).first()
    return sent or Evidence.objects.create(
        dispute=dispute, content=evidencing.compose(dispute), recorded_by=by
    )


def follow(stripe_id: str) -> None:
    """Ask Stripe how a dispute stands now, and act on the answer. Asking twice changes nothing.

    :raises StrangeDispute: it is about no payment of ours
    :raises gateway.Unreachable: Stripe does not answer
    """
    accept(gateway.fetch_dispute(stripe_id))


@transaction.atomic
def accept(there: gateway.Objection) -> Dispute:
    """Write down how a dispute stands, and which money it moved.

    :raises StrangeDispute: it is about no payment of ours, or not the one that we knew
    """
    payment = Payment.objects.select_related("order").filter(intent_id=there.intent_id or "-").first()
    if payment is None:
        raise StrangeDispute(
            f"A cardholder disputes A${there.amount:,.2f} of a payment that is not in the books."
            " Look it up in Stripe’s dashboard."
        )
    order = payment.order.lock()
    known = Dispute.objects.filter(stripe_id=there.id).first()
    _compare(known, payment, there)
    dispute = known or _open(payment, there)
    _bring_up_to_date(dispute, there)
    _book(dispute, order)
    return dispute


def _compare(known: Dispute | None, payment: Payment, there: gateway.Objection) -> None:
    here = (known.payment_id, known.amount) if known else (payment.pk, there.amount)
    if (*here, "AUD", gateway.is_live()) != (payment.pk, there.amount, there.currency, there.livemode):
        stripes = f"{there.currency} {there.amount:,.2f}"
        raise StrangeDispute(
            f"{payment.order}: Stripe has a dispute of {stripes}. Check it in its dashboard."
        )


def _open(payment: Payment, there: gateway.Objection) -> Dispute:
    return Dispute.objects.add(
        payment=payment,
        stripe_id=there.id,
        amount=there.amount,
        reason=there.reason,
        status=there.status,
        due_at=there.due_at,
        opened_at=there.opened_at,
        closed_at=_closed(there),
        by=None,
        why="A cardholder objected.",
    )


def _bring_up_to_date(dispute: Dispute, there: gateway.Objection) -> None:
    if dispute.status != there.status:
        why = "Stripe says so."
        dispute.move_to(there.status, due_at=there.due_at, closed_at=_closed(there), by=None, why=why)
    elif dispute.due_at != there.due_at:
        dispute.change(due_at=there.due_at, by=None, why="Stripe set another date.")


def _closed(there: gateway.Objection) -> datetime | None:
    return None if there.status in Dispute.UNDECIDED else timezone.now()


def _book(dispute: Dispute, order: Order) -> None:
    # One that is heard of late may be decided already: its money went first, all the same.
    if dispute.status in {*Dispute.HOLDS_MONEY, *Dispute.DECIDED}:
        bookkeeping.disputed(dispute, order)
    if dispute.status in Dispute.DECIDED:
        bookkeeping.decided(dispute, order)
