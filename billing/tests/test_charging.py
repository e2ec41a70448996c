"""Taking money, against the simulator."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import charging, gateway
from billing.models import Fee, Order, Payment
from billing.tests.conftest import PAGES

pytestmark = pytest.mark.django_db


class TestOpenOrder:
    def test_owes_the_sum_of_its_lines_and_remembers_them(self, payer):
        lines = [("Consultation", "gst_free", Decimal("89.00")), ("Letter", "gst_10", Decimal("22.00"))]

        order = charging.open_order(payer=payer, lines=lines, by=payer)

        assert (order.amount, order.currency, order.status) == (Decimal("111.00"), "AUD", "open")
        assert [tuple(row) for row in order.lines.values_list("description", "gst_code", "amount")] == lines
        assert order.history.get().history_user == payer

    def test_gives_each_order_its_own_short_number(self, make_order):
        earlier, later = make_order(), make_order()

        assert earlier.number >= 10001
        assert later.number > earlier.number


class TestLineFor:
    @pytest.fixture
    def fees(self, db):
        change = {"code": "consultation.new", "description": "First consultation", "gst_code": "gst_free"}
        Fee.objects.add(
            **change, amount="80", effective_from="2026-01-01", effective_until="2026-07-01", by=None
        )
        Fee.objects.add(**change, amount="95", effective_from="2026-07-01", by=None)

    @pytest.mark.parametrize(
        ("day", "amount"),
        [
            (date(2026, 1, 1), "80"),
            (date(2026, 6, 30), "80"),
            (date(2026, 7, 1), "95"),
            (date(2030, 1, 1), "95"),
        ],
    )
    def test_takes_the_fee_of_the_day(self, fees, day, amount):
        line = charging.line_for("consultation.new", on=day)

        assert line == ("First consultation", "gst_free", Decimal(amount), "consultation.new")

    def test_refuses_a_day_without_a_fee(self, fees):
        with pytest.raises(charging.NoFee, match="ask the clinic"):
            charging.line_for("consultation.new", on=date(2025, 12, 31))


class TestStartCheckout:
    def test_opens_a_page_that_says_nothing_about_health(self, order, simulated_stripe):
        payment = charging.start_checkout(order, **PAGES)

        session = gateway.fetch_session(payment.session_id)
        assert payment.url == f"{simulated_stripe.address}/c/pay/{payment.session_id}"
        assert (session.amount, session.currency) == (Decimal("89.00"), "AUD")
        assert (session.order_id, session.payment_id) == (str(order.pk), str(payment.pk))
        assert payment.expires_at == session.expires_at

    def test_gives_the_open_page_again(self, order, simulated_stripe):
        first = charging.start_checkout(order, **PAGES)

        again = charging.start_checkout(order, **PAGES)

        assert (again.pk, again.url) == (first.pk, first.url)

    def test_finds_the_page_that_was_opened_when_we_stopped_before_noting_it(self, order, simulated_stripe):
        lost = charging.start_checkout(order, **PAGES)
        Payment.objects.filter(pk=lost.pk).update(session_id=None, url="")

        found = charging.start_checkout(order, **PAGES)

        assert (found.pk, found.session_id) == (lost.pk, lost.session_id)

    def test_begins_anew_after_an_attempt_that_never_got_a_page(self, order, simulated_stripe):
        soon = timezone.now() + timedelta(minutes=20)
        stale = Payment.objects.add(order=order, amount=order.amount, expires_at=soon, by=None)

        payment = charging.start_checkout(order, **PAGES)

        stale.refresh_from_db()
        assert stale.status == Payment.Status.EXPIRED
        assert payment.pk != stale.pk
        assert payment.url.startswith(simulated_stripe.address)

    def test_opens_a_new_page_when_the_old_one_has_run_out(self, order, simulated_stripe):
        old = charging.start_checkout(order, **PAGES)
        Payment.objects.filter(pk=old.pk).update(expires_at=timezone.now())

        new = charging.start_checkout(order, **PAGES)

        old.refresh_from_db()
        assert (old.status, new.status) == (Payment.Status.EXPIRED, Payment.Status.PENDING)
        assert new.session_id != old.session_id

    def test_refuses_an_order_that_is_paid(self, paid):
        with pytest.raises(charging.NothingToPay):
            charging.start_checkout(paid, **PAGES)

    def test_closes_the_page_when_the_order_was_given_up_while_it_opened(
        self, order, simulated_stripe, monkeypatch
    ):
        create = gateway.create_session

        def slow_create(**asked):
            session = create(**asked)
            charging.expire_checkout(order)
            return session

        monkeypatch.setattr(gateway, "create_session", slow_create)

        with pytest.raises(charging.CheckoutClosed):
            charging.start_checkout(order, **PAGES)

        payment = order.payments.get()
        assert payment.status == Payment.Status.EXPIRED
        assert gateway.fetch_session(payment.session_id).status == "expired"

    def test_leaves_the_attempt_as_it_is_when_stripe_does_not_answer(self, order, simulated_stripe, settings):
        settings.STRIPE_API_BASE = "http://127.0.0.1:1"

        with pytest.raises(gateway.Unreachable, match="try again in a minute"):
            charging.start_checkout(order, **PAGES)

        assert order.payments.get().status == Payment.Status.PENDING

    def test_never_talks_to_stripe_inside_a_transaction(self, order, simulated_stripe):
        with transaction.atomic(), pytest.raises(RuntimeError, match="before or after"):
            charging.start_checkout(order, **PAGES)


class TestFollow:
    def test_settles_what_stripe_says_is_paid_and_tells_it_once(self, order, pay, heard):
        payment = pay(order)

        charging.follow(payment.session_id)
        charging.follow(payment.session_id)

        order.refresh_from_db()
        payment.refresh_from_db()
        assert (order.status, payment.status, payment.url) == ("paid", "succeeded", "")
        assert order.entries.get(kind="received").happened_at == payment.paid_at
        assert payment.intent_id.startswith("pi_")
        assert heard == [("order_paid", order)]

    def test_changes_nothing_while_the_page_is_open(self, order, simulated_stripe, heard):
        payment = charging.start_checkout(order, **PAGES)

        charging.follow(payment.session_id)

        payment.refresh_from_db()
        assert payment.status == Payment.Status.PENDING
        assert heard == []

    def test_takes_money_that_comes_after_the_order_was_given_up(self, order, pay, heard):
        payment = pay(order)
        payment.move_to(Payment.Status.EXPIRED, by=None)
        charging.void(order, by=None, why="Not paid in time.")

        charging.follow(payment.session_id)

        order.refresh_from_db()
        assert order.status == Order.Status.PAID
        assert heard == [("order_paid", order)]

    def test_gives_back_what_is_paid_twice(self, paid, work, simulated_stripe, heard):
        twin = Payment.objects.add(
            order=paid, amount=paid.amount, expires_at=timezone.now() + timedelta(minutes=31), by=None
        )
        session = gateway.create_session(
            payment_id=str(twin.pk),
            order_id=str(paid.pk),
            amount=twin.amount,
            expires_at=twin.expires_at,
            **PAGES,
        )
        simulated_stripe.press(session.url, "pay")

        charging.follow(session.id)
        work()

        paid.refresh_from_db()
        kept = Order.objects.get(pk=paid.pk)
        assert (kept.paid, kept.refunded, kept.kept) == (
            Decimal("178.00"),
            Decimal("89.00"),
            Decimal("89.00"),
        )
        assert paid.status == Order.Status.PAID
        assert [name for name, _ in heard] == ["order_paid", "order_refunded"]

    @pytest.mark.parametrize("key", ["sk_live_0", "rk_live_0"])
    def test_refuses_money_of_the_other_mode(self, order, pay, key, settings):
        payment = pay(order)
        session = gateway.fetch_session(payment.session_id)
        settings.STRIPE_SECRET_KEY = key

        with pytest.raises(charging.Mismatch, match="Nothing was changed"):
            charging.settle(payment, session=session)

        order.refresh_from_db()
        assert order.status == Order.Status.OPEN

    @pytest.mark.parametrize(
        "change",
        [{"amount": Decimal("8.90")}, {"amount": Decimal("8900.00")}, {"currency": "USD"}, {"order_id": ""}],
    )
    def test_refuses_another_amount_currency_or_order(self, order, pay, change):
        payment = pay(order)
        session = gateway.fetch_session(payment.session_id)

        with pytest.raises(charging.Mismatch):
            charging.settle(payment, session=gateway.Session(**{**vars(session), **change}))

        order.refresh_from_db()
        assert order.status == Order.Status.OPEN

    def test_refuses_a_page_that_is_not_ours(self, simulated_stripe):
        session = gateway.create_session(
            payment_id="somebody-else",
            order_id="theirs",
            amount=Decimal("5.00"),
            expires_at=timezone.now() + timedelta(minutes=31),
            **PAGES,
        )

        with pytest.raises(charging.Mismatch, match="never opened"):
            charging.follow(session.id)


class TestExpireCheckout:
    def test_closes_the_page_so_that_nobody_can_pay_any_more(self, order, simulated_stripe):
        payment = charging.start_checkout(order, **PAGES)
        page = payment.url

        is_paid = charging.expire_checkout(order)

        payment.refresh_from_db()
        simulated_stripe.press(page, "pay")
        assert is_paid is False
        assert payment.status == Payment.Status.EXPIRED
        assert gateway.fetch_session(payment.session_id).is_paid is False

    def test_says_when_it_turned_out_to_be_paid(self, order, pay, heard):
        pay(order)

        is_paid = charging.expire_checkout(order)

        assert is_paid is True
        assert (order.status, heard) == ("paid", [("order_paid", order)])

    def test_needs_no_stripe_when_no_page_is_open(self, order):
        assert charging.expire_checkout(order) is False


class TestWaive:
    def test_lets_the_order_go_on_as_if_paid(self, order, manager, heard, simulated_stripe):
        charging.start_checkout(order, **PAGES)

        charging.waive(order, by=manager, why="Hardship.")

        entry = order.entries.get(kind="waived")
        assert (order.status, entry.recorded_by, entry.why) == ("waived", manager, "Hardship.")
        assert order.payments.get().status == Payment.Status.EXPIRED
        assert heard == [("order_paid", order)]

    def test_refuses_what_turns_out_to_be_paid(self, order, pay, manager):
        pay(order)

        with pytest.raises(charging.NothingToPay, match="is paid"):
            charging.waive(order, by=manager, why="Hardship.")


class TestVoid:
    def test_refuses_while_the_page_is_open(self, order, simulated_stripe):
        charging.start_checkout(order, **PAGES)

        with pytest.raises(charging.PaymentUnderWay):
            charging.void(order, by=None, why="Not paid in time.")

        order.refresh_from_db()
        assert order.status == Order.Status.OPEN


class TestTakePayment:
    def test_settles_the_order_at_once(self, order, manager, heard):
        payment = charging.take_payment(order, by=manager, method=Payment.Method.CASH)

        assert (payment.status, payment.method, order.status) == ("succeeded", "cash", "paid")
        assert payment.history.first().history_user == manager
        assert heard == [("order_paid", order)]


def test_the_database_allows_one_pending_payment(order):
    Payment.objects.add(order=order, amount=order.amount, by=None)

    with pytest.raises(IntegrityError, match="one_pending_per_order"):
        Payment.objects.add(order=order, amount=order.amount, by=None)
