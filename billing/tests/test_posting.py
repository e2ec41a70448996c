"""The ledger's guards: what the database refuses, and what it adds up by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from billing import posting
from billing.models import Account, Entry, Order, Posting
from billing.posting import Leg
from clinic.models import AuditEvent

pytestmark = pytest.mark.django_db

A_DOLLAR = [Leg(Account.BANK, Decimal("1.00")), Leg(Account.STRIPE, Decimal("-1.00"))]


@contextmanager
def to_the_end() -> Iterator[None]:
    """Have the database ask afterwards what it asks at the end of a transaction."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def refused(match: str) -> Iterator[None]:
    """The database refuses at the end of a transaction what was done inside it."""
    with pytest.raises(IntegrityError, match=match), transaction.atomic(), to_the_end():
        yield


class TestPost:
    def test_writes_each_account_once(self, manager):
        entry = posting.post(
            Entry.Kind.PAID_OUT,
            key="payout:1",
            legs=[*A_DOLLAR, *A_DOLLAR, Leg(Account.CASH, Decimal(0))],
            by=manager,
        )

        assert {row.account: row.amount for row in entry.postings.all()} == {
            "bank": Decimal("2.00"),
            "stripe": Decimal("-2.00"),
        }
        assert (entry.recorded_by, entry.parts) == (manager, 2)

    def test_writes_the_same_fact_once(self):
        first = posting.post(Entry.Kind.PAID_OUT, key="payout:1", legs=A_DOLLAR, by=None)

        again = posting.post(Entry.Kind.PAID_OUT, key="payout:1", legs=A_DOLLAR, by=None)

        assert again is None
        assert Entry.objects.get() == first

    def test_copies_what_is_the_entrys_into_its_postings(self, payer, make_user, order):
        doctor = make_user("doctor")
        entry = posting.post(
            Entry.Kind.FEE, key="fee:1", legs=A_DOLLAR, by=None, order=order, earner_id=doctor.pk
        )

        rows = entry.postings.order_by().values_list("happened_at", "order", "payer", "earner").distinct()
        assert list(rows) == [(entry.happened_at, order.pk, payer.pk, doctor.pk)]

    def test_is_in_the_audit_trail_once(self, manager):
        entry = posting.post(Entry.Kind.PAID_OUT, key="payout:1", legs=A_DOLLAR, by=manager)

        event = AuditEvent.objects.get(record_type="billing.entry")
        assert (event.record_id, event.by) == (entry.pk, manager)
        assert not AuditEvent.objects.filter(record_type="billing.posting").exists()


class TestReverse:
    def test_takes_back_what_an_entry_did(self):
        entry = posting.post(Entry.Kind.PAID_OUT, key="payout:1", legs=A_DOLLAR, by=None)

        posting.reverse(entry, Entry.Kind.ADJUSTED, key="payout:1:back", by=None, why="The bank said no.")

        assert sum(row.amount for row in Posting.objects.of(Account.BANK)) == 0


class TestTheDatabase:
    @pytest.mark.parametrize(
        "legs",
        [
            [],
            A_DOLLAR[:1],
            [Leg(Account.BANK, Decimal("1.00")), Leg(Account.STRIPE, Decimal("-0.99"))],
        ],
    )
    def test_refuses_an_entry_that_does_not_balance(self, legs):
        with refused("add up to"):
            posting.post(Entry.Kind.PAID_OUT, key="payout:1", legs=legs, by=None)

    def test_refuses_a_later_posting_of_an_old_entry(self):
        with to_the_end():
            entry = posting.post(Entry.Kind.PAID_OUT, key="payout:1", legs=A_DOLLAR, by=None)

        with refused("an entry of 2 postings has 4"):
            for account, amount in [("cash", "5.00"), ("terminal", "-5.00")]:
                Posting.objects.create(
                    entry=entry, account=account, amount=amount, happened_at=entry.happened_at
                )

    @pytest.mark.parametrize("table", ["billing_entry", "billing_posting"])
    @pytest.mark.parametrize("verb", ["UPDATE {} SET trace = '{{}}'", "DELETE FROM {}"])
    def test_keeps_the_ledger_as_it_was_written(self, order, table, verb):
        with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
            connection.cursor().execute(verb.format(table))

    @pytest.mark.parametrize(
        "change",
        [{"paid": 89}, {"owing": 0}, {"amount": "1.00"}, {"number": 1}, {"created_at": timezone.now()}],
    )
    def test_lets_nobody_change_an_order(self, order, change):
        with pytest.raises(IntegrityError, match="sums follow the ledger"), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**change)

    def test_refuses_an_order_that_begins_with_money(self, payer):
        with pytest.raises(IntegrityError, match="sums follow the ledger"), transaction.atomic():
            Order.objects.add(payer=payer, amount="89.00", paid="89.00", by=None)

    def test_refuses_an_order_that_the_ledger_does_not_know(self, payer):
        with refused("not in the ledger"):
            Order.objects.add(payer=payer, amount="89.00", by=None)

    def test_adds_several_orders_up_in_one_statement(self, make_order):
        orders = [make_order(), make_order("22.00")]
        entries = [
            Entry.objects.create(
                key=f"received:{order.pk}", kind="received", parts=2, order=order, payer=order.payer
            )
            for order in orders
        ]

        Posting.objects.bulk_create(
            Posting(entry=entry, account=account, amount=amount, happened_at=entry.happened_at)
            for entry in entries
            for account, amount in [("cash", Decimal("22.00")), ("receivable", Decimal("-22.00"))]
        )

        assert list(Order.objects.order_by("number").values_list("paid", "owing", "status")) == [
            (Decimal("22.00"), Decimal("67.00"), "open"),
            (Decimal("22.00"), Decimal("0.00"), "paid"),
        ]
