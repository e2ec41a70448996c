"""Two at once: one page, one refund, one settlement."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing import charging, crediting, gateway, receipting, refunding, rendering
from billing.models import Order, Payment, Receipt, ReceiptPaper, Refund
from billing.tests.conftest import PAGES
from config.base import Refused
from messaging.models import Letter

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_many_checkouts_of_one_order_open_one_page(order, simulated_stripe):
    before = len(simulated_stripe.events("checkout.session.expired"))

    outcomes = at_once(
        *[lambda: charging.start_checkout(Order.objects.get(pk=order.pk), **PAGES) for _ in range(20)]
    )

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert len({payment.session_id for payment in outcomes}) == 1
    assert {payment.url for payment in outcomes} == {Payment.objects.get().url}
    assert len(simulated_stripe.events("checkout.session.expired")) == before


def test_many_refunds_of_one_order_send_it_once(paid, manager, work):
    outcomes = at_once(
        *[
            lambda: refunding.refund(Order.objects.get(pk=paid.pk), by=manager, why="Cancelled.")
            for _ in range(20)
        ]
    )
    work()

    assert sum(isinstance(outcome, Refund) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, refunding.NothingToRefund) for outcome in outcomes) == 19
    assert [there.amount for there in gateway.fetch_refunds(paid.payments.get().intent_id)] == [
        Decimal("89.00")
    ]


def test_many_refunds_of_parts_give_back_no_more_than_was_paid(paid, manager, work):
    outcomes = at_once(
        *[
            lambda: refunding.refund(
                Order.objects.get(pk=paid.pk), amount=Decimal("10.00"), by=manager, why="A courtesy."
            )
            for _ in range(20)
        ]
    )
    work()

    assert sum(isinstance(outcome, Refund) for outcome in outcomes) == 8
    assert sum(isinstance(outcome, refunding.TooMuch) for outcome in outcomes) == 12
    assert sum(there.amount for there in gateway.fetch_refunds(paid.payments.get().intent_id)) == 80
    paid.refresh_from_db()
    assert (paid.refunded, paid.kept) == (Decimal("80.00"), Decimal("9.00"))


def test_credit_that_many_use_at_once_pays_as_far_as_it_goes(make_order, payer, manager):
    crediting.deposit(payer, amount=Decimal("50.00"), method="cash", by=manager, why="For later.")
    orders = [make_order("20.00") for _ in range(8)]

    outcomes = at_once(
        *[lambda order=order: crediting.use(order, amount=Decimal("20.00"), by=manager) for order in orders]
    )

    assert sum(isinstance(outcome, Payment) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 6
    assert crediting.balance(payer) == Decimal("10.00")


def test_many_workers_send_one_refund_once(paid, manager):
    owed = refunding.refund(paid, amount=Decimal("10.00"), by=manager, why="A courtesy.")

    outcomes = at_once(*[lambda: refunding.send(Refund.objects.get(pk=owed.pk)) for _ in range(6)])

    assert outcomes == [None] * 6
    assert [there.amount for there in gateway.fetch_refunds(owed.payment.intent_id)] == [Decimal("10.00")]


def test_many_workers_settle_once(order, pay, heard):
    payment = pay(order)

    outcomes = at_once(*[lambda: charging.follow(payment.session_id) for _ in range(6)])

    assert outcomes == [None] * 6
    assert heard == [("order_paid", order)]


@pytest.mark.parametrize("attempt", range(3))
def test_paying_and_giving_up_agree(order, pay, attempt):
    payment = pay(order)

    outcomes = at_once(
        lambda: charging.follow(payment.session_id),
        lambda: charging.expire_checkout(Order.objects.get(pk=order.pk)),
    )

    order.refresh_from_db()
    assert (outcomes, order.status) == ([None, True], "paid")


def test_many_workers_print_one_paper(paid, files):
    [receipt] = receipting.catch_up(paid)

    outcomes = at_once(*[lambda: rendering.print_receipt(Receipt.objects.get(pk=receipt.pk))] * 4)

    assert outcomes == [None] * 4
    assert Letter.objects.count() == 1
    kept = [str(path.relative_to(files)) for path in files.rglob("*.pdf")]
    assert kept == [ReceiptPaper.objects.get().file.name]
