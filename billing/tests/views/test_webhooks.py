"""The webhook's door: what it takes, what it turns away, and the whole way from Stripe to a paid order."""

import asyncio
import json
import time
from html import unescape
from threading import Thread

import pytest
import stripe
import uvicorn
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from billing import charging, reserving
from billing.models import StripeEvent
from billing.tests.conftest import PAGES
from billing.tests.stories import Story
from billing.views.webhooks import LARGEST, MOST_UNSIGNED, UNSIGNED_WITHIN, Strangers, StripeDoor
from config.asgi import application

URL = "/webhook/stripe/"
FIXTURES = settings.BASE_DIR / "fixtures" / "stripe"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "livemode": False,
    "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
}


async def ask(door, body: bytes, headers: dict[str, str], *, method: str = "POST", path: str = URL):
    """Ask once; the status and what is said."""
    wired = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    talk = ApplicationCommunicator(
        door, {"type": "http", "method": method, "path": path, "headers": wired, "query_string": b""}
    )
    half = len(body) // 2
    await talk.send_input({"type": "http.request", "body": body[:half], "more_body": True})
    await talk.send_input({"type": "http.request", "body": body[half:]})
    start = await talk.receive_output(10)
    return start["status"], (await talk.receive_output(10))["body"].decode()


async def no_site(scope, receive, send):
    raise AssertionError(f"{scope['path']} went past the door.")


def post(*bodies: str | bytes, headers: dict[str, str] | None = None, **asked) -> list[tuple[int, str]]:
    """Post webhooks at the same moment; each signed unless ``headers`` say otherwise."""
    door = StripeDoor(no_site)
    raw = [body if isinstance(body, bytes) else body.encode(errors="surrogatepass") for body in bodies]

    async def all_at_once():
        asks = [
            ask(door, body, signed(body.decode(errors="replace")) if headers is None else headers, **asked)
            for body in raw
        ]
        return await asyncio.gather(*asks)

    return asyncio.run(all_at_once())


def signed(body: str, *, secret: str | None = None, timestamp: int | None = None) -> dict[str, str]:
    secret = secret or settings.STRIPE_WEBHOOK_SECRET
    header = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp)
    return {"Stripe-Signature": header}


def count() -> int:
    return StripeEvent.objects.count()


@pytest.mark.django_db(transaction=True)
class TestStripeDoor:
    def test_takes_a_signed_event(self, queued_tasks):
        body = json.dumps(EVENT)

        assert post(body) == [(200, "Received.")]

        assert StripeEvent.objects.get().payload == body
        assert queued_tasks() == ["billing.tasks.handle_events"]

    @pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
    def test_takes_every_kind_as_stripe_writes_it(self, path):
        body = path.read_text()

        assert post(body) == [(200, "Received.")]

        event = StripeEvent.objects.get()
        assert (event.kind, event.about) == (path.stem, json.loads(body)["data"]["object"]["id"])

    def test_takes_it_again_without_keeping_it_twice(self):
        body = json.dumps(EVENT)

        answers = post(body, body) + post(body)

        assert (answers, count()) == ([(200, "Received.")] * 3, 1)

    def test_keeps_a_burst_in_a_few_goes(self, queued_tasks):
        burst = [json.dumps(EVENT | {"id": f"evt_{number}"}) for number in range(50)]

        answers = post(*burst)

        assert (answers, count()) == ([(200, "Received.")] * 50, 50)
        assert StripeEvent.history.count() == 50
        assert len(queued_tasks()) < 10

    def test_asks_stripe_to_send_again_what_could_not_be_kept(self, caplog):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE billing_stripeevent RENAME TO away")
            answers = post(json.dumps(EVENT))
            cursor.execute("ALTER TABLE away RENAME TO billing_stripeevent")

        assert answers == [(503, "This event could not be kept now. Please send it again.")]
        assert "evt_1" not in caplog.text
        assert post(json.dumps(EVENT)) == [(200, "Received.")]

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
    def test_turns_away_what_is_not_signed_with_our_secret(self, headers):
        told = "The signature of this webhook does not match. Check the webhook secret."

        assert post(json.dumps(EVENT), headers=headers) == [(400, told)]
        assert count() == 0

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
    def test_turns_away_what_is_no_event(self, body):
        told = "This webhook is not a Stripe event. Send the event as Stripe writes it."

        assert post(body) == [(400, told)]
        assert count() == 0

    def test_turns_away_a_body_that_is_no_text(self):
        ((status, _),) = post(b"\xff\xfe")

        assert (status, count()) == (400, 0)

    def test_turns_away_a_body_that_is_larger_than_any_event(self):
        ((status, _),) = post("x" * (LARGEST + 1))

        assert (status, count()) == (413, 0)

    def test_takes_posts_only(self):
        assert post("", method="GET") == [(405, "Webhooks are sent by POST.")]

    def test_hands_everything_else_on(self):
        with pytest.raises(AssertionError, match="/portal/ went past the door"):
            post("", path="/portal/")


@pytest.fixture
def forge(order, simulated_stripe, manager, work):
    """A page is paid that differs from the one that we ask for just now; what Stripe tells of it."""

    def do(change: str) -> dict:
        story = Story(order, simulator=simulated_stripe, by=manager, work=work)
        until = timezone.now() + charging.SHORTEST_PAGE
        reserving.reserve(order, **PAGES, expires_at=until)  # Stripe has not answered yet
        story.forge(change)
        return simulated_stripe.events("checkout.session.completed")[-1]

    return do


@pytest.mark.django_db(transaction=True)
class TestWhatIsNotRight:
    """Taken with 200, so that Stripe is content; then nothing moves, and a person is told why."""

    def tell(self, event: dict, *, work) -> StripeEvent:
        assert post(json.dumps(event)) == [(200, "Received.")]
        work()
        return StripeEvent.objects.get(event_id=event["id"])

    def told_on_screen(self, event: StripeEvent, client) -> str:
        page = client.get(reverse("admin:billing_stripeevent_change", args=[event.pk])).content.decode()
        assert "Checkout session completed" in page
        assert "Could not be acted on" in page
        assert "Try again" in page
        assert event.next_attempt_at is not None
        return unescape(page)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ("amount", "Stripe has AUD 1.00 (test), we asked for AUD 89.00 (test), or the order differs."),
            ("currency", "Stripe has USD 89.00 (test), we asked for AUD 89.00 (test), or the order differs."),
            ("metadata", "Stripe has a payment page that we never opened."),
        ],
        ids=["wrong amount", "wrong currency", "missing metadata"],
    )
    def test_a_page_that_is_not_what_we_asked_for(
        self, forge, order, work, manager, staff_client, change, sentence
    ):
        event = self.tell(forge(change), work=work)

        order.refresh_from_db()
        assert (event.processed_at, order.status, order.paid) == (None, "open", 0)
        assert sentence in event.error
        assert sentence in self.told_on_screen(event, staff_client(manager))

    def test_the_other_mode(self, order, pay, simulated_stripe, work, manager, staff_client):
        pay(order)
        genuine = simulated_stripe.events("checkout.session.completed")[-1]

        event = self.tell(genuine | {"livemode": True}, work=work)

        order.refresh_from_db()
        assert (event.processed_at, order.status) == (None, "open")
        told = "This event is from Stripe’s other mode, test or live."
        assert told in self.told_on_screen(event, staff_client(manager))

    @pytest.mark.parametrize("kind", ["galaxy.exploded", "payment_intent.succeeded"])
    def test_a_kind_that_we_do_not_know_asks_for_nothing(self, order, work, kind):
        event = self.tell(EVENT | {"type": kind}, work=work)

        assert (event.error, event.attempts, event.next_attempt_at) == ("", 1, None)
        assert event.processed_at is not None

    def test_an_object_that_stripe_does_not_know(self, simulated_stripe, work, manager, staff_client):
        event = self.tell(EVENT | {"data": {"object": {"id": "cs_test_unheard_of"}}}, work=work)

        assert event.processed_at is None
        assert "No such checkout.session" in self.told_on_screen(event, staff_client(manager))


@pytest.fixture
def web(transactional_db):
    """Our site at an address that the simulator can reach."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", lifespan="off"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


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


@pytest.mark.django_db(transaction=True)
class TestStrangers:
    def test_are_told_to_stop_and_never_shut_out_what_is_signed(self):
        """Everybody may stand behind one address, Stripe too."""
        door, body = StripeDoor(no_site), json.dumps(EVENT)

        async def all_of_them():
            unsigned = [(await ask(door, b"{}", {}))[0] for _ in range(MOST_UNSIGNED + 2)]
            return unsigned, (await ask(door, body.encode(), signed(body)))[0]

        assert asyncio.run(all_of_them()) == ([400] * MOST_UNSIGNED + [429] * 2, 200)

    def test_each_address_is_counted_by_itself(self):
        strangers = Strangers()
        waits = [strangers.wait("a") for _ in range(MOST_UNSIGNED + 1)]

        assert waits[:-1] == [0] * MOST_UNSIGNED
        assert 0 < waits[-1] <= UNSIGNED_WITHIN + 1
        assert strangers.wait("b") == 0
