"""Giving money back, against the simulator."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone

from billing import charging, gateway, refunding
from billing.models import MoneySettings, Order, Payment, Refund

pytestmark = pytest.mark.django_db


def at_stripe(order: Order) -> list[Decimal]:
    """What has gone back by Stripe's own account."""
    return [there.amount for there in gateway.fetch_refunds(order.payments.get().intent_id)]


class TestRefund:
    def test_sends_everything_back_unless_told_otherwise(self, paid, manager, work, heard):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        assert paid.status == Order.Status.REFUNDING

        work()

        owed.refresh_from_db()
        paid.refresh_from_db()
        assert (owed.status, owed.amount, paid.status) == ("succeeded", Decimal("89.00"), "refunded")
        assert at_stripe(paid) == [Decimal("89.00")]
        assert heard == [("order_paid", paid), ("order_refunded", paid)]
        assert owed.history.last().history_user == manager

    def test_keeps_the_rest_of_a_part(self, paid, manager, work):
        refunding.refund(paid, amount=Decimal("44.50"), by=manager, why="Late cancellation.")
        work()

        paid.refresh_from_db()
        assert paid.status == Order.Status.PAID
        assert Order.objects.get().kept == Decimal("44.50")

    @pytest.mark.parametrize("amount", ["89.01", "0.00", "-1.00"])
    def test_refuses_more_than_came_in_and_less_than_a_cent(self, paid, manager, amount):
        with pytest.raises(refunding.TooMuch, match=r"At most A\$89.00"):
            refunding.refund(paid, amount=Decimal(amount), by=manager, why="A slip of the key.")

    def test_counts_what_is_promised_but_not_yet_sent(self, paid, manager):
        refunding.refund(paid, amount=Decimal("80.00"), by=manager, why="Most of it.")

        with pytest.raises(refunding.TooMuch, match=r"At most A\$9.00"):
            refunding.refund(paid, amount=Decimal("9.01"), by=manager, why="Too much.")

    def test_refuses_what_has_gone_back_already(self, paid, manager):
        refunding.refund(paid, by=manager, why="The clinic cancelled.")

        with pytest.raises(refunding.NothingToRefund):
            refunding.refund(paid, by=manager, why="The clinic cancelled.")

    def test_refuses_an_order_that_nobody_paid(self, order, manager):
        with pytest.raises(refunding.NothingToRefund):
            refunding.refund(order, by=manager, why="A mistake.")

    def test_waits_for_a_person_where_money_was_taken_by_hand(self, order, manager, queued_tasks):
        charging.take_payment(order, by=manager, method=Payment.Method.CASH)

        owed = refunding.refund(order, by=manager, why="The clinic cancelled.")

        assert (owed.status, order.status) == ("requested", "refunding")
        assert "billing.tasks.send_refund" not in queued_tasks()
        assert list(Refund.objects.to_hand_over()) == [owed]

    def test_of_money_taken_by_hand_is_never_chased_at_stripe(self, order, manager, queued_tasks):
        charging.take_payment(order, by=manager, method=Payment.Method.TERMINAL)
        owed = refunding.refund(order, by=manager, why="The clinic cancelled.")

        refunding.chase(now=timezone.now() + timedelta(days=2))
        refunding.send(owed)

        assert owed.status == Refund.Status.REQUESTED
        assert "billing.tasks.send_refund" not in queued_tasks()


class TestHandOver:
    def test_ends_it(self, order, manager, heard):
        charging.take_payment(order, by=manager, method=Payment.Method.CASH)
        owed = refunding.refund(order, by=None, why="The time was gone.")

        refunding.hand_over(owed, by=manager)

        order.refresh_from_db()
        assert (owed.status, order.status) == ("succeeded", "refunded")
        assert owed.history.first().history_user == manager
        assert [name for name, _ in heard] == ["order_paid", "order_refunded"]

    def test_is_noted_once(self, order, manager):
        charging.take_payment(order, by=manager, method=Payment.Method.CASH)
        owed = refunding.refund(order, by=manager, why="The clinic cancelled.")
        refunding.hand_over(owed, by=manager)

        with pytest.raises(refunding.NotByHand):
            refunding.hand_over(owed, by=manager)

    def test_is_not_for_what_stripe_sends(self, paid, manager):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")

        with pytest.raises(refunding.NotByHand):
            refunding.hand_over(owed, by=manager)


class TestDecide:
    def test_gives_back_over_several_payments(self, order, manager):
        for amount in ("30.00", "59.00"):
            charging.take_payment(order, by=manager, method="cash", amount=Decimal(amount))

        owed = refunding.decide(order, by=manager, why="A courtesy.")

        assert [refund.amount for refund in owed] == [Decimal("59.00"), Decimal("30.00")]
        assert {refund.cause for refund in owed} == {Refund.Cause.DECISION}

    @pytest.mark.parametrize("again", [None, Decimal("8.90")])
    def test_wants_a_large_amount_confirmed(self, paid, manager, again):
        MoneySettings.objects.add(refund_limit="50.00", by=manager)

        with pytest.raises(
            refunding.Unconfirmed, match=r"A\$89.00 would go back, which is more than A\$50.00"
        ):
            refunding.decide(paid, again=again, by=manager, why="A courtesy.")

        assert Refund.objects.count() == 0

    def test_wants_parts_confirmed_that_are_large_together(self, paid, manager, work):
        MoneySettings.objects.add(refund_limit="50.00", by=manager)
        refunding.decide(paid, amount=Decimal("20.00"), by=manager, why="A courtesy.")
        work()
        refunding.decide(paid, amount=Decimal("20.00"), by=manager, why="A courtesy.")

        with pytest.raises(refunding.Unconfirmed, match=r"A\$10.01 would go back, A\$50.01 with what"):
            refunding.decide(paid, amount=Decimal("10.01"), by=manager, why="A courtesy.")
        refunding.decide(paid, amount=Decimal("10.00"), by=manager, why="A courtesy.")

        assert Refund.objects.count() == 3

    def test_takes_a_confirmed_one(self, paid, manager):
        MoneySettings.objects.add(refund_limit="50.00", by=manager)

        owed = refunding.decide(paid, again=Decimal("89.00"), by=manager, why="A courtesy.")

        assert [refund.amount for refund in owed] == [Decimal("89.00")]

    def test_asks_nothing_up_to_the_limit(self, paid, manager):
        MoneySettings.objects.add(refund_limit="50.00", by=manager)

        assert refunding.decide(paid, amount=Decimal("50.00"), by=manager, why="A courtesy.")

    def test_refuses_more_than_there_is(self, paid, manager):
        with pytest.raises(refunding.TooMuch, match=r"At most A\$89.00"):
            refunding.decide(paid, amount=Decimal("89.01"), by=manager, why="A slip of the key.")

    def test_refuses_what_nobody_paid(self, order, manager):
        with pytest.raises(refunding.NothingToRefund):
            refunding.decide(order, by=manager, why="A mistake.")


class TestSend:
    def test_sends_once_when_done_twice(self, paid, manager):
        owed = refunding.refund(paid, amount=Decimal("10.00"), by=manager, why="A courtesy.")
        other = Refund.objects.get()

        refunding.send(owed)
        refunding.send(other)

        assert at_stripe(paid) == [Decimal("10.00")]

    @pytest.mark.parametrize("age", [timedelta(0), timedelta(days=3)])
    def test_sends_once_when_the_worker_died_before_noting_the_answer(
        self, paid, manager, simulated_stripe, age
    ):
        owed = refunding.refund(paid, amount=Decimal("10.00"), by=manager, why="A courtesy.")
        gateway.create_refund(refund_id=str(owed.pk), intent_id=owed.payment.intent_id, amount=owed.amount)
        simulated_stripe.control("clock", age.days * 24 * 60 * 60)
        owed.created_at -= age

        refunding.send(owed)

        assert at_stripe(paid) == [Decimal("10.00")]
        assert owed.status == Refund.Status.SUCCEEDED

    def test_keeps_owing_when_stripe_does_not_answer(self, paid, manager, settings):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        settings.STRIPE_API_BASE = "http://127.0.0.1:1"

        with pytest.raises(gateway.Unreachable):
            refunding.send(owed)

        owed.refresh_from_db()
        assert owed.status == Refund.Status.REQUESTED

    def test_follows_a_slow_bank_to_the_end(self, paid, manager, work, simulated_stripe, heard):
        simulated_stripe.control("refunds", "pending")
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        work()
        owed.refresh_from_db()
        assert (owed.status, heard) == ("sent", [("order_paid", paid)])
        simulated_stripe.control("refunds", "succeeded")

        refunding.follow(owed.stripe_id)

        owed.refresh_from_db()
        assert owed.status == Refund.Status.SUCCEEDED
        assert heard[1:] == [("order_refunded", paid)]

    def test_lets_the_order_keep_the_money_when_the_bank_refuses(
        self, paid, manager, work, simulated_stripe, heard
    ):
        simulated_stripe.control("refunds", "failed")
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")

        work()

        owed.refresh_from_db()
        paid.refresh_from_db()
        assert (owed.status, owed.failure, paid.status) == ("failed", "lost_or_stolen_card", "paid")
        assert refunding.remaining(owed.payment) == Decimal("89.00")
        assert heard == [("order_paid", paid)]

    def test_says_why_when_stripe_will_not(self, paid, manager, work):
        intent_id = paid.payments.get().intent_id
        gateway.create_refund(refund_id="in-the-dashboard", intent_id=intent_id, amount=paid.amount)
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")

        work()

        owed.refresh_from_db()
        assert owed.status == Refund.Status.FAILED
        assert owed.failure.endswith("has already been refunded.")

    def test_takes_a_refund_back_that_the_bank_returned_later(self, paid, manager, work):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        work()
        owed.refresh_from_db()
        there = gateway.fetch_refund(owed.stripe_id)

        refunding.accept(owed, there=gateway.Return(**{**vars(there), "status": "failed"}))

        paid.refresh_from_db()
        assert (owed.status, paid.status) == ("failed", "paid")


class TestFollow:
    def test_refuses_a_refund_made_elsewhere(self, paid):
        there = gateway.create_refund(
            refund_id="elsewhere", intent_id=paid.payments.get().intent_id, amount=Decimal("5.00")
        )

        with pytest.raises(
            refunding.StrangeRefund, match=r"A\$5.00 was given back in Stripe’s own dashboard"
        ):
            refunding.follow(there.id)

    @pytest.mark.parametrize("change", [{"amount": Decimal("1.00")}, {"currency": "USD"}])
    def test_refuses_another_amount(self, paid, manager, change):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        there = gateway.create_refund(
            refund_id=str(owed.pk), intent_id=owed.payment.intent_id, amount=owed.amount
        )

        with pytest.raises(refunding.StrangeRefund, match="Check it"):
            refunding.accept(owed, there=gateway.Return(**{**vars(there), **change}))

        owed.refresh_from_db()
        assert owed.status == Refund.Status.REQUESTED


class TestChase:
    def test_asks_again_for_what_should_have_been_sent(self, paid, manager, work, queued_tasks):
        refunding.refund(paid, by=manager, why="The clinic cancelled.")
        now = timezone.now()

        refunding.chase(now=now)
        assert queued_tasks().count("billing.tasks.send_refund") == 1

        refunding.chase(now=now + timedelta(minutes=3))
        assert queued_tasks().count("billing.tasks.send_refund") == 2


@pytest.mark.parametrize("amounts", [["50.00", "39.01"], ["89.01"]])
def test_the_database_lets_no_more_go_back_than_came_in(paid, amounts):
    fields = {"payment": paid.payments.get(), "reason": "By hand.", "by": None}
    *fitting, last = amounts
    for amount in fitting:
        Refund.objects.add(amount=Decimal(amount), **fields)

    with pytest.raises(IntegrityError, match="more would go back"):
        Refund.objects.add(amount=Decimal(last), **fields)
