"""The large ledger of ``make bench BENCH=webhooks``: it is one that the product could have written."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from billing import tallying
from billing.models import Order, Posting
from config.benchmarks import ledger
from config.benchmarks.reports import CannotMeasure, Report

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled():
    """Three thousand postings; gives the payer whose statement is read."""
    payers, earners = ledger.people()
    ledger.fill(3_000, payers=payers[:5], earners=earners, since=ledger.FIRST, until=END)
    return payers[0]


END = ledger.FIRST + timedelta(days=ledger.DAYS)


class TestFill:
    def test_writes_what_balances_and_what_orders_say_of_themselves(self, filled):
        ledger.check()

        assert Posting.objects.count() == 3_000
        for order in (
            Order.objects.filter(status="paid").first(),
            Order.objects.filter(status="refunded").first(),
        ):
            owed = order.postings.filter(account="receivable")
            assert sum(posting.amount for posting in owed) == order.owing == 0
            back = order.postings.filter(entry__kind="returned", account="refunds")
            assert sum(posting.amount for posting in back) == order.refunded

    def test_leaves_the_guards_at_their_posts(self, filled):
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("UPDATE billing_posting SET amount = 1")

    def test_is_refused_when_it_does_not_balance(self, filled, off_guard):
        with off_guard("billing_posting") as cursor:
            cursor.execute(
                "UPDATE billing_posting SET amount = amount + 1"
                " WHERE id = (SELECT min(id::text)::uuid FROM billing_posting)"
            )

        with pytest.raises(CannotMeasure, match="1 entries"):
            ledger.check()


class TestReadings:
    """Nothing would be compared if the SQL by hand answered another question."""

    def test_statements_are_the_same(self, filled):
        statement, _, _ = ledger.readings(filled)

        by_hand = ledger.by_hand(statement)

        assert len(by_hand) > 10
        assert [(moved, balance) for *_, moved, balance in by_hand] == [
            (line.change, line.balance) for line in statement.read().lines if line.change
        ]

    def test_days_are_the_same(self, filled):
        _, day, _ = ledger.readings(filled)
        figures = day.read().figures

        ((*money, postings, differences, waiting, signed),) = ledger.by_hand(day)

        assert postings > 0
        assert money == [
            figures.expected,
            figures.received["stripe"],
            figures.refunded,
            figures.fees,
            figures.outstanding,
        ]
        assert (postings, differences, waiting, signed) == (figures.postings, 0, 0, None)

    def test_balances_are_the_same(self, filled):
        *_, balance = ledger.readings(filled)

        assert sorted(ledger.by_hand(balance)) == sorted(tuple(one) for one in balance.read())
        assert len(tallying.trial_balance(END)) == 5


def test_reports_times_ratios_and_how_many_statements_there_are(monkeypatch):
    monkeypatch.setattr(ledger, "ROUNDS", 2)
    report = Report()

    ledger.measure(report, postings=2_000)

    assert set(report.targets) == set(report.ratios)
    assert report.figures["trial_balance_statements"] == 1
    assert report.ratios["day_close_statements_growth"] == 1
