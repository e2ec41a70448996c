"""How the simulator's webhooks travel: signed, in order, or badly on request."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import stripe
from django.conf import settings

from billing import charging
from billing.tests.conftest import PAGES

pytestmark = pytest.mark.django_db


class Ear(HTTPServer):
    """Takes webhooks, after turning the first few away."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Listener)
        self.heard: list[dict] = []
        self.turn_away = 0


class Listener(BaseHTTPRequestHandler):
    server: Ear

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stripe.WebhookSignature.verify_header(
            body, self.headers["Stripe-Signature"], settings.STRIPE_WEBHOOK_SECRET, 300
        )
        self.server.turn_away -= 1
        self.send_response(503 if self.server.turn_away >= 0 else 200)
        self.end_headers()
        if self.server.turn_away < 0:
            self.server.heard.append(json.loads(body))

    def log_message(self, *_) -> None:
        """Say nothing."""


@pytest.fixture
def ear(simulated_stripe) -> Iterator[Ear]:
    with Ear() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        simulated_stripe.control("target", f"http://127.0.0.1:{server.server_port}/")
        yield server
        server.shutdown()


@pytest.fixture
def refunded(simulated_stripe, make_order):
    """Pay and refund an order: three webhooks are owed."""

    def run() -> None:
        payment = charging.start_checkout(make_order(), **PAGES)
        simulated_stripe.press(payment.url, "pay")
        intent = charging.gateway.fetch_session(payment.session_id).intent_id
        charging.gateway.create_refund(refund_id=payment.session_id, intent_id=intent, amount=payment.amount)

    return run


STORY = ["checkout.session.completed", "charge.refunded", "refund.updated"]


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        ("normal", STORY),
        ("duplicate", [kind for kind in STORY for _ in range(2)]),
        ("reorder", STORY[::-1]),
        ("drop", []),
    ],
)
def test_webhooks_travel_as_asked(simulated_stripe, ear, refunded, mode, kinds):
    simulated_stripe.control("webhooks", mode)

    refunded()
    simulated_stripe.wait_until_delivered()

    assert [event["type"] for event in ear.heard] == kinds


def test_delayed_webhooks_come_later(simulated_stripe, ear, refunded):
    simulated_stripe.control("webhooks", "delay")
    refunded()
    assert simulated_stripe.counts()["owed"] == 3
    assert ear.heard == []

    simulated_stripe.wait_until_delivered()

    assert [event["type"] for event in ear.heard] == STORY


def test_what_is_turned_away_is_sent_again(simulated_stripe, ear, refunded):
    ear.turn_away = 2
    simulated_stripe.control("webhooks", "normal")

    refunded()
    simulated_stripe.wait_until_delivered()

    assert sorted(event["type"] for event in ear.heard) == sorted(STORY)
