"""Stories of one order's money at Stripe: what payer, bank and clinic do, and which news comes when."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
import stripe
import time_machine
from django.conf import settings
from django.utils import timezone

from billing import charging, gateway, receiving, refunding
from billing.models import Order, Payment, StripeEvent
from billing.simulator.running import RunningSimulator
from billing.tests.conftest import PAGES
from config.base import Refused


class Story:
    """One order and its time; each step is a word with, after a colon, its measure."""

    def __init__(self, order: Order, *, simulator: RunningSimulator, by, work: Callable[[], None]) -> None:
        self.order, self.simulator, self.by, self.work = order, simulator, by, work
        self.heard = {event["id"] for event in simulator.events()}
        self.began: datetime = timezone.now()
        self.page = ""

    def tell(self, steps: list[tuple[float, str]]) -> None:
        """Live through the steps, each so many minutes after the beginning."""
        for minutes, step in steps:
            with time_machine.travel(self.began + timedelta(minutes=minutes)):
                self.do(step)

    def do(self, step: str) -> None:
        name, _, measure = step.partition(":")
        getattr(self, name)(*[measure] * bool(measure))
        self.order.refresh_from_db()

    # What people and banks do.

    def open(self) -> None:
        self.page = charging.start_checkout(self.order, **PAGES).url

    def press(self, button: str) -> None:
        """A button of the page that was opened last, whether we still know of it or not."""
        self.simulator.press(self.page, button)

    def pay(self) -> None:
        self.open()
        self.press("pay")

    def close(self) -> None:
        """The hold runs out: the page is closed, and what nobody paid for is given up."""
        if not charging.expire_checkout(self.order):
            charging.void(self.order, by=None, why="Not paid in time.")

    def waive(self) -> None:
        charging.waive(self.order, by=self.by, why="A hardship.")

    def cash(self, amount: str = "") -> None:
        asked = Decimal(amount) if amount else None
        charging.take_payment(self.order, amount=asked, method="cash", by=self.by)

    def refund(self, amount: str = "") -> None:
        """A manager gives money back; a worker sends it."""
        asked = Decimal(amount) if amount else None
        refunding.refund(self.order, amount=asked, by=self.by, why="Asked for.")
        self.work()

    def refuse(self, amount: str) -> None:
        """A manager asks for more than there is, and is told so."""
        with pytest.raises(refunding.TooMuch):
            refunding.refund(self.order, amount=Decimal(amount), by=self.by, why="Asked for.")

    def unwind(self, keep: str = "0") -> None:
        """It is cancelled, for a fee or for none."""
        refunding.unwind(self.order, keep=Decimal(keep), by=self.by, why="Cancelled.")
        self.work()

    def refunds(self, outcome: str) -> None:
        """How banks take refunds from now on, and those that wait."""
        self.simulator.control("refunds", outcome)

    def bounce(self) -> None:
        """The bank returns a refund that had gone through."""
        done = Payment.objects.get(order=self.order, status="succeeded", method="card")
        self.simulator.control("returned", done.refunds.latest("created_at").stripe_id)

    def dispute(self) -> None:
        self.simulator.control("dispute", self.intent())

    def decide(self, outcome: str) -> None:
        self.simulator.control("disputes", outcome)

    def intent(self) -> str:
        session = self.order.payments.exclude(session_id=None).latest("created_at").session_id
        return gateway.fetch_session(session).intent_id

    # How the news comes.

    def news(self) -> list[dict]:
        return [event for event in self.simulator.events() if event["id"] not in self.heard]

    def hear(self, order: str = "in turn") -> None:
        """All that is new: in turn, reversed or doubled; ``last`` loses all but the last of it."""
        events = {
            "in turn": self.news(),
            "reversed": self.news()[::-1],
            "doubled": [event for event in self.news() for _ in range(2)],
            "last": self.news()[-1:],
        }[order]
        self.heard |= {event["id"] for event in self.news()}
        self.deliver(events)

    def lose(self) -> None:
        """The news is lost on its way."""
        self.heard |= {event["id"] for event in self.news()}

    def again(self) -> None:
        """Stripe sends everything about this order once more."""
        self.deliver([json.loads(event.payload) for event in StripeEvent.objects.order_by("received_at")])

    def deliver(self, events: list[dict]) -> None:
        for event in events:
            body = json.dumps(event)
            signed = stripe.WebhookSignature.generate_signature_header(body, settings.STRIPE_WEBHOOK_SECRET)
            receiving.receive(body.encode(), signature=signed)
        self.work()

    def hear_one(self, event: StripeEvent) -> None:
        receiving.handle(event)
        self.work()

    def retry(self) -> None:
        """The schedule tries again what could not be acted on."""
        receiving.retry(now=timezone.now())
        self.work()

    def ask(self) -> None:
        """Somebody looks at Stripe, where the news was lost: the page that comes back, or the sweep."""
        for session_id in self.order.payments.exclude(session_id=None).values_list("session_id", flat=True):
            charging.follow(session_id)

    def chase(self) -> None:
        """The schedule asks after refunds of which nothing was heard."""
        refunding.chase(now=timezone.now())
        self.work()

    def try_to(self, step: str, *, minutes: float) -> None:
        """One more step, where it is possible."""
        with suppress(Refused, urllib.error.HTTPError):
            self.tell([(minutes, step)])

    def scramble(self, dice: Random, *, minutes: float) -> None:
        """Of the new events some are lost, some come twice, and none in its turn."""
        with time_machine.travel(self.began + timedelta(minutes=minutes)):  # no clock ever goes back
            self._scramble(dice)

    def _scramble(self, dice: Random) -> None:
        mine = self.intent()
        new = [event for event in self.news() if mine in json.dumps(event)]
        self.heard |= {event["id"] for event in new}
        new = [event for event in new for _ in range(dice.randint(0, 2))]
        dice.shuffle(new)
        self.deliver(new)

    def know_all(self) -> None:
        """In the end everything comes through: Stripe repeats its events for days, and we try again."""
        mine = self.intent()
        for event in self.simulator.events():
            if mine in json.dumps(event):
                self.deliver([event])
        StripeEvent.objects.waiting().update(next_attempt_at=self.began)
        self.retry()
        self.order.refresh_from_db()

    def at_stripe(self) -> dict[str, Decimal]:
        """What the ledger must say of this order, by what Stripe has: paid, gone back, held back, lost."""
        client = stripe.StripeClient("sk_test_reader", base_addresses={"api": self.simulator.address})
        intent = self.intent()
        found = client.v1.disputes.list(params={"payment_intent": intent})
        disputed = {dispute.status: Decimal(dispute.amount) / 100 for dispute in found.data}
        back = [there.amount for there in gateway.fetch_refunds(intent) if there.status == "succeeded"]
        held = disputed.get("needs_response", Decimal(0)) + disputed.get("under_review", Decimal(0))
        lost = disputed.get("lost", Decimal(0))
        paid = self.order.amount
        return {"stripe": paid - sum(back) - held - lost, "disputed": held, "dispute_losses": lost}

    def forge(self, change: str) -> None:
        """A page for this order that we never asked for: of another amount, currency or with no reference."""
        client = stripe.StripeClient("sk_test_forger", base_addresses={"api": self.simulator.address})
        payment = self.order.payments.latest("created_at")
        price = {"currency": "aud", "unit_amount": 8900, "product_data": {"name": "Consultation"}}
        params = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": str(payment.pk),
            "metadata": {"order": str(self.order.pk)},
            "success_url": "https://clinic.example/",
        }
        match change:
            case "amount":
                price["unit_amount"] = 100
            case "currency":
                price["currency"] = "usd"
            case "metadata":
                del params["metadata"], params["client_reference_id"]
        made = client.v1.checkout.sessions.create(params=params)
        self.simulator.press(made.url, "pay")
