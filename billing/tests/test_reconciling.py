"""The ledger against Stripe: what was missed is caught up on, what differs is named, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
import stripe
from django.utils import timezone

from billing import banking, charging, explaining, gateway, reconciling, refunding
from billing.models import (
    Account,
    BalanceTransaction,
    Difference,
    Entry,
    Payout,
    PayoutLine,
    Posting,
    Refund,
    StripeEvent,
)
from billing.tests.conftest import FEE, balance_of, reconcile, standing

pytestmark = pytest.mark.django_db
Kind, Status = Difference.Kind, Difference.Status


@pytest.fixture(autouse=True)
def nothing_else_happened(empty_stripe):
    """Nobody else has moved this balance."""


@pytest.fixture
def client(simulated_stripe) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_dashboard",
        base_addresses={"api": simulated_stripe.address},
        stripe_version=gateway.VERSION,
        http_client=stripe.RequestsClient(),
    )


def everything() -> dict[str, int]:
    models = [Entry, Posting, BalanceTransaction, Payout, PayoutLine, Difference, StripeEvent]
    return {model.__name__: model.objects.count() for model in models}


class TestReconcile:
    def test_enters_what_only_stripe_knows(self, paid, simulated_stripe):
        simulated_stripe.control("payout", "make")

        done = reconcile()

        assert (done.error, done.movements, done.payouts, done.found) == ("", 2, 1, 0)
        assert (balance_of(Account.STRIPE_FEES), balance_of(Account.BANK)) == (FEE, paid.amount - FEE)
        assert (balance_of(Account.STRIPE), done.ours, done.theirs) == (0, 0, 0)
        fee = Entry.objects.get(kind=Entry.Kind.FEE)
        assert fee.payment == paid.payments.get()
        assert fee.happened_at == BalanceTransaction.objects.get(kind="charge").moved_at
        assert standing() == []

    def test_twice_changes_nothing(self, paid, manager, simulated_stripe, work):
        refunding.refund(paid, by=manager, why="The clinic cancelled.", amount=Decimal("10.00"))
        work()
        simulated_stripe.control("entry", "adjustment:-500")
        simulated_stripe.control("payout", "make")
        reconcile()
        before = everything()

        again = reconcile()

        assert everything() == before
        assert (again.movements, again.payouts, again.events, again.found, again.gone) == (0, 0, 0, 0, 0)

    def test_catches_up_on_what_it_never_heard(self, order, pay):
        pay(order)

        done = reconcile()

        order.refresh_from_db()
        assert (order.status, order.paid, done.events, standing()) == ("paid", order.amount, 1, [])
        event = StripeEvent.objects.get()
        assert (event.kind, event.error) == ("checkout.session.completed", "")
        assert event.processed_at is not None

    def test_follows_refunds_and_disputes_that_it_never_heard_of(self, paid, manager, simulated_stripe):
        intent = paid.payments.get().intent_id
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.", amount=Decimal("10.00"))
        gateway.create_refund(refund_id=str(owed.pk), intent_id=intent, amount=owed.amount)
        simulated_stripe.control("dispute", intent)
        simulated_stripe.control("disputes", "lost")

        done = reconcile()

        owed.refresh_from_db()
        assert (owed.status, standing()) == ("succeeded", [])
        assert done.ours == done.theirs == balance_of(Account.STRIPE)
        assert balance_of(Account.DISPUTE_LOSSES) == paid.amount
        assert balance_of(Account.STRIPE_FEES) == FEE + 25

    def test_says_that_stripe_is_away_and_writes_nothing(self, paid, manager, settings):
        before = everything()
        settings.STRIPE_API_BASE = "http://127.0.0.1:1"

        done = reconciling.reconcile(by=manager)

        assert done.error == "The payment service cannot be reached right now. Please try again in a minute."
        assert (done.recorded_by, everything()) == (manager, before)

    def test_looks_back_to_before_the_last_one_that_was_complete(self, paid, settings):
        first = reconcile()
        base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:1"
        reconcile()
        settings.STRIPE_API_BASE = base

        last = reconcile()

        assert (first.since, last.since) == (None, first.started_at - reconciling.OVERLAP)

    def test_reads_more_than_one_page(self, make_order, pay, monkeypatch):
        monkeypatch.setattr(banking, "PAGE", 2)
        orders = [make_order() for _ in range(5)]
        for order in orders:
            pay(order)

        done = reconcile()

        assert (done.events, done.movements, standing()) == (5, 5, [])
        assert done.ours == done.theirs == 5 * (orders[0].amount - FEE)

    def test_reads_more_than_a_hundred_movements(self, simulated_stripe):
        for _ in range(101):
            simulated_stripe.control("entry", "stripe_fee:-1")

        assert reconcile().movements == 101
        assert balance_of(Account.STRIPE_FEES) == Decimal("1.01")

    def test_asks_the_same_of_the_database_for_one_payment_and_for_three(
        self, make_order, pay, django_assert_num_queries
    ):
        def compare() -> list:
            return reconciling.comparing.differences(since=None, started_at=timezone.now())

        pay(make_order())
        reconcile()
        with django_assert_num_queries(6):
            compare()
        for _ in range(2):
            pay(make_order())
        reconcile()
        with django_assert_num_queries(6):
            compare()

    def test_leaves_the_balances_alone_while_money_moves(
        self, make_order, pay, simulated_stripe, monkeypatch
    ):
        ask = banking.fetch_payouts

        def meanwhile(**asked):
            simulated_stripe.control("entry", "stripe_fee:-100")
            return ask(**asked)

        monkeypatch.setattr(banking, "fetch_payouts", meanwhile)

        done = reconcile()

        assert (done.ours, done.theirs, standing()) == (None, None, [])


class TestPayouts:
    def test_are_followed_to_the_bank(self, paid, simulated_stripe):
        simulated_stripe.control("payout", "make")
        reconcile()
        payout = Payout.objects.get()
        assert (payout.status, payout.amount) == ("pending", paid.amount - FEE)
        assert [line.movement.kind for line in payout.lines.all()] == ["charge"]

        simulated_stripe.control("payout", "pay")
        reconcile()

        payout.refresh_from_db()
        assert payout.status == "paid"
        assert PayoutLine.objects.count() == 1

    def test_are_followed_however_long_ago_they_were_made(self, paid, simulated_stripe):
        simulated_stripe.control("clock", -int(timedelta(days=9).total_seconds()))
        simulated_stripe.control("entry", "adjustment:100")
        simulated_stripe.control("payout", "make")
        simulated_stripe.control("clock", 0)
        reconcile()

        simulated_stripe.control("payout", "pay")
        reconcile()

        assert Payout.objects.get().status == "paid"

    def test_that_come_back_are_named_and_paid_out_again(self, paid, simulated_stripe):
        simulated_stripe.control("payout", "make")
        simulated_stripe.control("payout", "fail")
        reconcile()
        assert (balance_of(Account.BANK), balance_of(Account.STRIPE)) == (0, paid.amount - FEE)
        assert standing() == [(Kind.PAYOUT_FAILED, 0, paid.amount - FEE, Status.OPEN)]
        assert Payout.objects.get().failure == "The bank account has been closed."

        simulated_stripe.control("payout", "make")
        reconcile()

        assert (balance_of(Account.BANK), balance_of(Account.STRIPE)) == (paid.amount - FEE, 0)
        assert [kind for kind, *_ in standing()] == [Kind.PAYOUT_FAILED]

    def test_that_come_back_days_after_they_arrived_are_named(self, simulated_stripe):
        simulated_stripe.control("clock", -int(timedelta(days=9).total_seconds()))
        simulated_stripe.control("entry", "adjustment:100")
        simulated_stripe.control("payout", "make")
        simulated_stripe.control("clock", 0)
        reconcile()
        payout = Payout.objects.get()
        payout.move_to(Payout.Status.PAID, by=None, why="Stripe says so.")
        simulated_stripe.control("payout", "fail")

        reconcile()

        failed = (Kind.PAYOUT_FAILED, 0, Decimal("1.00"), Status.OPEN)
        payout.refresh_from_db()
        assert (payout.status, failed in standing()) == ("failed", True)

    def test_that_are_not_what_they_were_made_of_are_named(self, paid, simulated_stripe, monkeypatch):
        simulated_stripe.control("payout", "make")
        monkeypatch.setattr(banking, "fetch_paid_out", lambda payout_id: [])

        reconcile()

        assert standing() == [(Kind.PAYOUT, 0, paid.amount - FEE, Status.OPEN)]
        assert Difference.objects.get().payout == Payout.objects.get()
        monkeypatch.undo()
        reconcile()
        assert (standing(), Difference.objects.get().status) == ([], Status.GONE)

    def test_that_no_movement_tells_of_are_named(self, paid, simulated_stripe, monkeypatch):
        simulated_stripe.control("payout", "make")
        ask = banking.fetch_movements
        monkeypatch.setattr(
            banking,
            "fetch_movements",
            lambda since: [one for one in ask(since=since) if one.kind != "payout"],
        )

        reconcile()

        assert (Kind.PAYOUT, 0, paid.amount - FEE, Status.OPEN) in standing()


class TestDifferences:
    def test_name_a_payment_that_is_not_ours(self, client, simulated_stripe, pay, order):
        price = {"currency": "aud", "unit_amount": 5000, "product_data": {"name": "From the dashboard"}}
        session = client.v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "success_url": "https://clinic.example/",
                "line_items": [{"quantity": 1, "price_data": price}],
            }
        )
        simulated_stripe.press(session.url, "pay")

        done = reconcile()

        assert standing() == [(Kind.MISSING_HERE, 0, 50, Status.OPEN)]
        found = Difference.objects.get()
        assert (found.order, found.payment, found.movement.kind) == (None, None, "charge")
        assert found.about == client.v1.checkout.sessions.retrieve(session.id).payment_intent
        assert (done.found, done.theirs - done.ours) == (1, 50)

    def test_name_a_payment_of_which_stripe_tells_no_more(self, order, pay, simulated_stripe):
        payment = pay(order)
        simulated_stripe.control("clock", int(timedelta(days=31).total_seconds()))
        payment.change(intent_id=gateway.fetch_session(payment.session_id).intent_id, by=None)

        reconcile()

        assert standing() == [(Kind.MISSING_HERE, 0, order.amount, Status.OPEN)]
        found = Difference.objects.get()
        assert (found.order, found.payment) == (order, payment)
        charging.follow(payment.session_id)
        assert (reconcile().gone, standing()) == (1, [])

    def test_name_a_refund_made_in_stripes_own_dashboard(self, client, paid):
        payment = paid.payments.get()
        client.v1.refunds.create(params={"payment_intent": payment.intent_id, "amount": 1000})

        reconcile()

        assert standing() == [(Kind.MISSING_HERE, 0, -10, Status.OPEN)]
        found = Difference.objects.get()
        assert (found.order, found.payment, found.refund) == (paid, payment, None)
        assert StripeEvent.objects.exclude(error="").count() > 0

    def test_name_money_that_stripe_did_not_move(self, paid, monkeypatch):
        monkeypatch.setattr(banking, "fetch_movements", lambda since: [])
        monkeypatch.setattr(banking, "fetch_balance", lambda: Decimal("0.00"))

        reconcile()

        assert standing() == [(Kind.MISSING_THERE, paid.amount, 0, Status.OPEN)]
        found = Difference.objects.get()
        assert (found.order, found.payment, found.movement) == (paid, paid.payments.get(), None)
        monkeypatch.undo()
        assert (reconcile().gone, standing()) == (1, [])

    def test_name_a_refund_that_stripe_did_not_make(self, paid, manager, work, monkeypatch):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        work()
        ask = banking.fetch_movements
        monkeypatch.setattr(
            banking,
            "fetch_movements",
            lambda since: [one for one in ask(since=since) if one.kind != "refund"],
        )
        monkeypatch.setattr(banking, "fetch_balance", lambda: paid.amount - FEE)

        reconcile()

        assert standing() == [(Kind.MISSING_THERE, -paid.amount, 0, Status.OPEN)]
        assert (Difference.objects.get().refund, Difference.objects.get().order) == (owed, paid)

    def test_name_another_amount(self, order, pay, simulated_stripe):
        simulated_stripe.control("slip", 100)
        pay(order)

        reconcile()

        assert (Kind.AMOUNT, order.amount, order.amount - 1, Status.OPEN) in standing()
        assert balance_of(Account.STRIPE) - 1 == banking.fetch_balance()

    @pytest.mark.parametrize(
        ("cards", "found"),
        [("domestic", []), ("international", []), ("odd", [(Kind.FEE, FEE, Decimal("2.07"), Status.OPEN)])],
    )
    def test_name_a_fee_that_was_not_agreed(self, order, pay, simulated_stripe, cards, found):
        simulated_stripe.control("fees", cards)
        pay(order)

        reconcile()

        assert standing() == found
        assert balance_of(Account.STRIPE) == banking.fetch_balance()

    def test_name_what_stripe_did_by_itself(self, paid, simulated_stripe):
        simulated_stripe.control("entry", "adjustment:-500")

        reconcile()

        assert standing() == [(Kind.UNEXPECTED, 0, -5, Status.OPEN)]

    def test_name_a_gap_that_nothing_explains(self, paid, monkeypatch):
        ask = banking.fetch_balance
        monkeypatch.setattr(banking, "fetch_balance", lambda: ask() + 7)

        reconcile()

        there = paid.amount - FEE
        assert standing() == [(Kind.BALANCE, there, there + 7, Status.OPEN)]
        monkeypatch.undo()
        reconcile()
        assert standing() == []

    def test_follow_a_refund_that_came_back(self, paid, manager, work, simulated_stripe):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        work()
        reconcile()
        simulated_stripe.control("returned", Refund.objects.get(pk=owed.pk).stripe_id)

        reconcile()

        owed.refresh_from_db()
        assert (owed.status, standing()) == ("failed", [])
        assert balance_of(Account.STRIPE) == banking.fetch_balance() == paid.amount - FEE


def test_the_history_says_what_became_of_a_difference(paid, client, manager):
    client.v1.refunds.create(params={"payment_intent": paid.payments.get().intent_id, "amount": 1000})
    reconcile()
    difference = Difference.objects.get()

    explaining.resolve(difference, by=manager, why="Given back by hand.")

    versions = difference.history.order_by("history_date")
    assert [version.history_change_reason for version in versions] == ["Found.", "Given back by hand."]
