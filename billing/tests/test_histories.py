"""However Stripe's events come, shuffled and doubled, the money adds up."""

import json
from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest
import stripe
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from billing import gateway, receiving, refunding
from billing.models import Order, StripeEvent

AMOUNTS = st.lists(st.sampled_from(["1.00", "30.00", "44.50", "89.00"]), max_size=3)


def deliver(events: list[dict], dice: Random) -> None:
    """Hand the events over in any order, some of them again and again."""
    copies = [event for event in events for _ in range(dice.randint(1, 3))]
    dice.shuffle(copies)
    for event in copies:
        body = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(body, settings.STRIPE_WEBHOOK_SECRET)
        receiving.receive(body.encode(), signature=header)
        if dice.random() < 0.5:
            receiving.handle(StripeEvent.objects.get(event_id=event["id"]))


def ask(order: Order, amount: str, by) -> Decimal:
    """Refund as much of ``amount`` as there is."""
    left = refunding.remaining(order.payments.get())
    asked = min(Decimal(amount), left)
    return refunding.refund(order, amount=asked, by=by, why="Asked for.").amount if asked else Decimal(0)


@how(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=AMOUNTS, dice=st.randoms(use_true_random=False))
@pytest.mark.django_db
def test_what_was_paid_is_kept_or_went_back(
    amounts: list[str],
    dice: Random,
    make_order: Callable,
    pay: Callable,
    manager,
    simulated_stripe,
    work: Callable,
):
    order = make_order()
    seen = {event["id"] for event in simulated_stripe.events()}
    payment = pay(order)
    deliver([event for event in simulated_stripe.events() if event["id"] not in seen], dice)
    work()
    asked = sum((ask(order, amount, manager) for amount in amounts), Decimal(0))
    work()

    deliver([event for event in simulated_stripe.events() if event["id"] not in seen], dice)
    work()

    sums = Order.objects.get(pk=order.pk)
    payment.refresh_from_db()
    assert (sums.paid, sums.refunded, sums.kept) == (sums.amount, asked, sums.amount - asked)
    assert sums.status == ("refunded" if asked == sums.amount else "paid")
    assert sum(there.amount for there in gateway.fetch_refunds(payment.intent_id)) == asked
    assert list(StripeEvent.objects.waiting()) == []
