"""The webhook's address: what it takes, what it turns away, and the whole way from Stripe to a paid order."""

import json
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import stripe
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import reverse

from billing.models import StripeEvent

URL = "/webhook/stripe/"
FIXTURES = settings.BASE_DIR / "fixtures" / "stripe"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "livemode": False,
    "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
}


def post(client, body: str | bytes, **headers):
    return client.post(URL, body, content_type="application/json", headers=headers)


def signed(body: str, *, secret: str | None = None, timestamp: int | None = None) -> dict[str, str]:
    secret = secret or settings.STRIPE_WEBHOOK_SECRET
    header = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp)
    return {"Stripe-Signature": header}


@pytest.mark.django_db
class TestStripeWebhook:
    def test_takes_a_signed_event(self, client, queued_tasks):
        body = json.dumps(EVENT)

        answer = post(client, body, **signed(body))

        assert (answer.status_code, reverse("stripe-webhook")) == (200, URL)
        assert StripeEvent.objects.get().payload == body
        assert queued_tasks() == ["billing.tasks.handle_event"]

    @pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
    def test_takes_every_kind_as_stripe_writes_it(self, client, path):
        body = path.read_text()

        answer = post(client, body, **signed(body))

        event = StripeEvent.objects.get()
        assert answer.status_code == 200
        assert (event.kind, event.about) == (path.stem, json.loads(body)["data"]["object"]["id"])

    def test_takes_it_again_without_keeping_it_twice(self, client):
        body = json.dumps(EVENT)

        answers = [post(client, body, **signed(body)).status_code for _ in range(3)]

        assert (answers, StripeEvent.objects.count()) == ([200, 200, 200], 1)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Stripe-Signature": ""},
            {"Stripe-Signature": "nonsense"},
            {"Stripe-Signature": "t=1,v1="},
            signed(json.dumps(EVENT), secret="whsec_other"),
            signed(json.dumps(EVENT), timestamp=1_700_000_000),
            signed(json.dumps({**EVENT, "id": "evt_2"})),
        ],
        ids=["none", "empty", "nonsense", "no mac", "other secret", "too old", "other body"],
    )
    def test_turns_away_what_is_not_signed_with_our_secret(self, client, headers):
        answer = post(client, json.dumps(EVENT), **headers)

        assert answer.status_code == 400
        assert answer.content.decode() == (
            "The signature of this webhook does not match. Check the webhook secret."
        )
        assert StripeEvent.objects.count() == 0

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "not json",
            "[]",
            "null",
            "{}",
            json.dumps({**EVENT, "id": None}),
            json.dumps({**EVENT, "id": "evt_\x00"}),
            json.dumps({**EVENT, "id": "evt_\ud800"}),
            json.dumps({**EVENT, "id": "e" * 300}),
            json.dumps({**EVENT, "type": ["a"]}),
            json.dumps({**EVENT, "livemode": "false"}),
            json.dumps({**EVENT, "data": {"object": None}}),
            json.dumps({**EVENT, "data": []}),
            "[" * 100_000,
        ],
    )
    def test_turns_away_what_is_no_event(self, client, body):
        answer = post(client, body, **signed(body))

        assert answer.status_code == 400
        assert answer.content.decode() == (
            "This webhook is not a Stripe event. Send the event as Stripe writes it."
        )
        assert StripeEvent.objects.count() == 0

    def test_turns_away_a_body_that_is_no_text(self, client):
        assert post(client, b"\xff\xfe", **signed("{}")).status_code == 400

    def test_takes_posts_only(self, client):
        assert client.get(URL).status_code == 405


class Silent(WSGIRequestHandler):
    """Writes no access log."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def web(transactional_db):
    """Our site at an address that the simulator can reach."""
    with make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Silent) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["normal", "duplicate", "reorder"])
def test_a_payment_reaches_us_however_the_webhooks_travel(
    simulated_stripe, web, order, pay, work, heard, mode
):
    simulated_stripe.control("target", f"{web}{URL}")
    simulated_stripe.control("webhooks", mode)

    pay(order)
    simulated_stripe.wait_until_delivered()
    work()

    order.refresh_from_db()
    assert order.status == "paid"
    assert heard == [("order_paid", order)]
