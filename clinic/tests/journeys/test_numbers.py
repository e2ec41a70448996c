"""Receipts written by many processes at once, some of which come to nothing: no number is missing."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import charging
from billing.models import Order, Receipt
from clinic.tests.journeys.test_races import RACERS, at_once, racers  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db(transaction=True)

MOMENTS = [
    datetime(2026, 6, 30, 13, 59, 59, tzinfo=UTC),  # the last second of a financial year in Sydney
    datetime(2026, 6, 30, 14, 0, tzinfo=UTC),  # and the first of the next
]
fates = st.tuples(st.sampled_from(MOMENTS), st.sampled_from(["kept", "lost"]))


@pytest.fixture
def make_paid(make_patient, manager):
    payer = make_patient().user

    def make() -> Order:
        line = charging.Line("Consultation", "gst_free", Decimal("89.00"))
        order = charging.open_order(payer=payer, lines=[line], by=None)
        charging.take_payment(order, by=manager, method="cash")
        return order

    return make


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans=st.lists(fates, min_size=2, max_size=RACERS))
def test_numbers_have_no_gap_and_no_order_two_receipts(at_once, make_paid, plans):  # noqa: F811
    orders = [make_paid() for _ in plans[::2]]  # two processes at each order

    outcomes = at_once(
        *[
            ("write_papers", orders[place // 2].pk, at.isoformat(), fate)
            for place, (at, fate) in enumerate(plans)
        ]
    )

    assert set(outcomes) == {"done"}
    counted = Counter(Receipt.objects.values_list("year", flat=True))
    for year, count in counted.items():
        sequences = Receipt.objects.filter(year=year).order_by("sequence").values_list("sequence", flat=True)
        assert list(sequences) == list(range(1, count + 1))
    kept = {orders[place // 2].pk for place, (_, fate) in enumerate(plans) if fate == "kept"}
    written = Receipt.objects.filter(order__in=orders).values_list("order", flat=True)
    assert sorted(written) == sorted(kept)
