"""Dollars and cents, and what becomes of Stripe's errors."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing import gateway
from billing.tests.conftest import PAGES


@given(st.decimals(min_value=0, max_value=99_999_999, places=2))
def test_dollars_survive_the_way_through_cents(amount):
    assert gateway.dollars(gateway.cents(amount)) == amount


def test_parts_of_a_cent_are_refused():
    with pytest.raises(ValueError, match="parts of a cent"):
        gateway.cents(Decimal("1.005"))


def ask(**change) -> gateway.Session:
    asked = {
        "payment_id": "payment",
        "order_id": "order",
        "amount": Decimal("89.00"),
        "expires_at": timezone.now() + timedelta(minutes=31),
        **PAGES,
    }
    return gateway.create_session(**{**asked, **change})


class TestErrors:
    def test_a_wrong_key_sounds_like_an_absent_stripe(self, simulated_stripe, settings):
        settings.STRIPE_SECRET_KEY = "pk_test_wrong"

        with pytest.raises(gateway.Unreachable):
            ask()

    def test_a_wrong_parameter_is_told_as_stripe_tells_it(self, simulated_stripe):
        with pytest.raises(gateway.Rejected, match="at least 30 minutes"):
            ask(payment_id="short", expires_at=timezone.now() + timedelta(minutes=29))

    def test_one_key_for_two_requests_is_refused(self, simulated_stripe):
        ask(payment_id="twice")

        with pytest.raises(gateway.Rejected, match="same parameters"):
            ask(payment_id="twice", amount=Decimal("90.00"))


@pytest.mark.parametrize(
    ("key", "live"), [("sk_test_1", False), ("sk_live_1", True), ("rk_live_1", True), ("", False)]
)
def test_the_key_says_whether_money_is_real(settings, key, live):
    settings.STRIPE_SECRET_KEY = key

    assert gateway.is_live() is live
