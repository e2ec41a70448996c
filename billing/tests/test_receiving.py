"""Webhooks: kept once, acted on by what Stripe says now, tried again."""

import json
from datetime import timedelta

import pytest
import stripe
from django.conf import settings as django_settings
from django.utils import timezone

from billing import charging, gateway, receiving, refunding
from billing.models import Order, StripeEvent
from billing.tests.conftest import PAGES

pytestmark = pytest.mark.django_db


def receive(event: dict) -> StripeEvent:
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, django_settings.STRIPE_WEBHOOK_SECRET)
    receiving.receive(body.encode(), signature=signature)
    return StripeEvent.objects.get(event_id=event["id"])


@pytest.fixture
def completed(order, pay, simulated_stripe) -> dict:
    """What Stripe sends when an order has been paid."""
    pay(order)
    return simulated_stripe.events("checkout.session.completed")[-1]


class TestReceive:
    def test_keeps_the_event_and_asks_a_worker(self, completed, queued_tasks):
        event = receive(completed)

        assert (event.kind, event.about) == ("checkout.session.completed", completed["data"]["object"]["id"])
        assert json.loads(event.payload) == completed
        assert queued_tasks() == ["billing.tasks.handle_events"]

    def test_ignores_the_second_copy(self, completed, queued_tasks):
        receive(completed)
        receive(completed)

        assert StripeEvent.objects.count() == 1
        assert queued_tasks() == ["billing.tasks.handle_events"]

    def test_keeps_the_payload_out_of_the_history(self, completed):
        event = receive(completed)

        assert {field.name for field in event.history.model._meta.fields} & {"payload"} == set()


class TestHandle:
    def test_settles_the_order(self, order, completed, work):
        event = receive(completed)

        work()

        event.refresh_from_db()
        order.refresh_from_db()
        assert (order.status, event.error, event.attempts, event.next_attempt_at) == ("paid", "", 1, None)
        assert event.processed_at is not None

    def test_goes_by_what_stripe_has_and_not_by_what_the_event_says(
        self, order, simulated_stripe, completed, work
    ):
        unpaid = charging.start_checkout(Order.objects.get(pk=order.pk), **PAGES)
        completed["data"]["object"] |= {"payment_status": "paid", "amount_total": 1}
        genuine = completed["data"]["object"]["id"]
        assert unpaid.session_id == genuine

        receive(completed)
        work()

        assert order.payments.get().amount == order.amount

    def test_believes_no_event_about_a_page_that_is_still_open(
        self, order, simulated_stripe, completed, make_order, work
    ):
        other = make_order()
        unpaid = charging.start_checkout(other, **PAGES)
        completed["data"]["object"]["id"] = unpaid.session_id

        receive(completed)
        work()

        other.refresh_from_db()
        assert other.status == Order.Status.OPEN

    def test_tells_nobody_twice(self, completed, work, heard):
        event = receive(completed)
        work()
        event.refresh_from_db()

        receiving.handle(event)

        assert len(heard) == 1
        event.refresh_from_db()
        assert event.attempts == 1

    def test_ends_the_attempt_when_the_page_ran_out(self, order, simulated_stripe, work):
        payment = charging.start_checkout(order, **PAGES)
        simulated_stripe.control("clock", 32 * 60)
        assert gateway.fetch_session(payment.session_id).status == "expired"

        receive(simulated_stripe.events("checkout.session.expired")[-1])
        work()

        payment.refresh_from_db()
        assert (payment.status, order.status) == ("expired", "open")

    @pytest.mark.parametrize("kind", ["charge.refunded", "refund.updated"])
    def test_follows_a_refund_whichever_event_tells(self, paid, manager, simulated_stripe, work, kind):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        gateway.create_refund(refund_id=str(owed.pk), intent_id=owed.payment.intent_id, amount=owed.amount)

        receiving.handle(receive(simulated_stripe.events(kind)[-1]))

        owed.refresh_from_db()
        assert owed.status == "succeeded"

    def test_has_nothing_to_do_for_other_events(self, completed, simulated_stripe, work):
        event = receive(simulated_stripe.events("payment_intent.succeeded")[-1])

        work()

        event.refresh_from_db()
        assert event.processed_at is not None

    def test_notes_an_event_of_the_other_mode(self, order, completed, work):
        event = receive({**completed, "livemode": True})

        work()

        event.refresh_from_db()
        order.refresh_from_db()
        assert (
            event.error == "This event is from Stripe’s other mode, test or live. Check the webhook’s keys."
        )
        assert (event.processed_at, order.status) == (None, "open")

    def test_notes_an_object_that_stripe_does_not_know(self, completed, work):
        completed["data"]["object"]["id"] = "cs_test_unheard_of"
        event = receive(completed)

        work()

        event.refresh_from_db()
        assert event.error == "The payment service refused: No such checkout.session: 'cs_test_unheard_of'"

    def test_tries_again_later_and_later_while_stripe_is_away(self, completed, settings, work):
        event = receive(completed)
        settings.STRIPE_API_BASE = "http://127.0.0.1:1"
        work()
        event.refresh_from_db()
        assert event.error.startswith("The payment service cannot be reached")
        first = event.next_attempt_at - timezone.now()

        receiving.handle(event)

        event.refresh_from_db()
        assert (
            first < receiving.FIRST_PAUSE < event.next_attempt_at - timezone.now() < 2 * receiving.FIRST_PAUSE
        )

    def test_leaves_it_to_a_person_after_many_attempts(self, completed, settings):
        event = receive(completed)
        event.change(attempts=receiving.MOST_ATTEMPTS - 1, by=None)
        settings.STRIPE_API_BASE = "http://127.0.0.1:1"

        receiving.handle(event)

        event.refresh_from_db()
        assert event.next_attempt_at is None
        assert list(StripeEvent.objects.due(timezone.now() + timedelta(days=9))) == []


class TestRetry:
    def test_asks_a_worker_for_what_is_due_and_nothing_else(self, completed, work, queued_tasks, settings):
        event = receive(completed)
        base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:1"
        work()
        settings.STRIPE_API_BASE = base
        event.refresh_from_db()

        receiving.retry(now=event.next_attempt_at - timedelta(seconds=1))
        assert queued_tasks() == []

        receiving.retry(now=event.next_attempt_at)
        work()
        event.refresh_from_db()
        assert (event.error, event.attempts) == ("", 2)


class TestTryAgain:
    def test_asks_a_worker_now(self, completed, manager, queued_tasks, work):
        event = receive({**completed, "livemode": True})
        work()

        receiving.try_again(event, by=manager)

        assert queued_tasks() == ["billing.tasks.handle_events"]
        assert event.history.first().history_user == manager

    def test_refuses_what_has_been_acted_on(self, completed, manager, work):
        event = receive(completed)
        work()

        with pytest.raises(receiving.AlreadyDone):
            receiving.try_again(event, by=manager)
