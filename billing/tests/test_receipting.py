"""The tax inside prices, the numbers of receipts, and what puts a receipt right."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from billing import charging, gateway, receipting, refunding, tasks
from billing.models import OrderLine, Payment, Receipt, Refund
from billing.models.receipts import number_of
from billing.tests.conftest import FACTS, PAGES, receipt_of
from config import hashing

SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize(
    ("lines", "tax"),
    [
        ([], "0.00"),
        ([("gst_free", "89.00")], "0.00"),
        ([("gst_10", "110.00")], "10.00"),
        ([("gst_10", "0.05"), ("gst_10", "0.05")], "0.01"),  # rounded on the total: 0.10 / 11
        ([("gst_10", "0.05")], "0.00"),
        ([("gst_10", "0.06")], "0.01"),
        ([("gst_free", "89.00"), ("gst_10", "22.00")], "2.00"),
    ],
)
def test_gst_is_an_eleventh_of_what_is_taxable(lines, tax):
    made = [OrderLine(gst_code=code, amount=Decimal(amount)) for code, amount in lines]

    assert receipting.gst_within(made) == Decimal(tax)


@pytest.mark.parametrize(("amount", "whole"), [("0.005", "0.01"), ("0.004", "0.00"), ("2.675", "2.68")])
def test_half_a_cent_goes_up(amount, whole):
    assert receipting.rounded(Decimal(amount)) == Decimal(whole)


@pytest.fixture
def uncounted(db):
    """Write a receipt past the database's count, as no rule can."""

    def write(order, *, year: int, sequence: int) -> Receipt:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE billing_receipt DISABLE TRIGGER billing_receipt_gapless")
            receipt = Receipt.objects.create(
                kind="receipt", order=order, year=year, sequence=sequence, issued_on=date(year, 8, 1),
                amount=1, gst=0, content={}, content_sha256="0" * 64,
            )  # fmt: skip
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE billing_receipt ENABLE TRIGGER billing_receipt_gapless")
        return receipt

    return write


@pytest.mark.django_db
class TestNumbers:
    @pytest.mark.parametrize(
        ("at", "numbers"),
        [
            (datetime(2026, 6, 30, 23, 59, 59, tzinfo=SYDNEY), ["2025/26-000001", "2025/26-000002"]),
            (datetime(2026, 7, 1, 0, 0, tzinfo=SYDNEY), ["2026/27-000001", "2026/27-000002"]),
            (datetime(2099, 12, 31, 12, 0, tzinfo=SYDNEY), ["2099/00-000001", "2099/00-000002"]),
        ],
    )
    def test_count_from_one_in_each_financial_year(self, make_paid, at, numbers):
        with time_machine.travel(at, tick=False):
            orders = [make_paid(), make_paid()]

        assert [receipt_of(order).number for order in orders] == numbers

    @pytest.mark.parametrize(
        ("zone", "number", "day"),
        [
            ("Australia/Sydney", "2026/27-000001", date(2026, 7, 1)),
            ("Australia/Perth", "2025/26-000001", date(2026, 6, 30)),
        ],
    )
    def test_go_by_the_practices_own_clock(self, make_paid, tell, zone, number, day):
        tell(replace(FACTS, zone=zone))
        with time_machine.travel(datetime(2026, 6, 30, 14, 0, tzinfo=UTC), tick=False):
            receipt = receipt_of(make_paid())

        assert (receipt.number, receipt.issued_on) == (number, day)

    def test_go_on_where_the_year_has_left_off(self, make_paid):
        with time_machine.travel(datetime(2026, 6, 30, 12, tzinfo=SYDNEY), tick=False):
            make_paid()
        with time_machine.travel(datetime(2026, 7, 1, 12, tzinfo=SYDNEY), tick=False):
            make_paid()
        with time_machine.travel(datetime(2026, 6, 30, 13, tzinfo=SYDNEY), tick=False):
            late = make_paid()

        assert receipt_of(late).number == "2025/26-000002"

    @pytest.mark.parametrize(("sequence", "number"), [(42, "2026/27-000042"), (1_234_567, "2026/27-1234567")])
    def test_are_the_same_to_the_database_and_on_the_paper(self, make_order, uncounted, sequence, number):
        receipt = uncounted(make_order(), year=2026, sequence=sequence)

        assert receipt.number == number_of(2026, sequence) == number

    def test_are_taken_by_nobody_who_rolls_back(self, make_paid):
        with transaction.atomic():
            gone = receipt_of(make_paid())
            transaction.set_rollback(True)

        assert gone.sequence == receipt_of(make_paid()).sequence == 1

    @pytest.mark.parametrize("sequence", [1, 3])
    def test_are_refused_by_the_database_where_they_would_leave_a_gap(self, make_paid, make_order, sequence):
        there = receipt_of(make_paid())
        other = Receipt(
            kind="receipt", order=make_order(), year=there.year, sequence=sequence, issued_on=there.issued_on,
            amount=1, gst=0, content={}, content_sha256="0" * 64,
        )  # fmt: skip

        with pytest.raises(DatabaseError, match="without a gap"), transaction.atomic():
            other.save(force_insert=True)


@pytest.mark.django_db
class TestCatchUp:
    def test_writes_one_receipt_however_often_it_is_asked(self, make_paid):
        order = make_paid()

        assert receipting.catch_up(order) == []
        assert receipt_of(order) == Receipt.objects.get()

    def test_is_asked_for_when_stripe_has_the_money(self, paid, queued_tasks):
        assert queued_tasks() == ["billing.tasks.write_papers"]

        tasks.write_papers(str(paid.pk))

        receipt = Receipt.objects.get()
        assert (receipt.order, receipt.amount, receipt.kind) == (paid, Decimal("89.00"), "receipt")
        assert queued_tasks()[1:] == ["billing.tasks.print_receipt"]

    def test_writes_nothing_where_nothing_was_paid(self, order, manager, work):
        charging.waive(order, by=manager, why="Hardship.")
        work()

        assert Receipt.objects.count() == 0

    def test_writes_nothing_before_all_is_paid(self, order, manager):
        charging.take_payment(order, by=manager, method="cash", amount=Decimal("40.00"))

        assert receipting.catch_up(order) == []

    def test_tells_what_was_let_off(self, order, manager):
        charging.take_payment(order, by=manager, method="cash", amount=Decimal("40.00"))
        charging.waive(order, by=manager, why="Hardship.")

        [receipt] = receipting.catch_up(order)

        assert (receipt.amount, receipt.content["let_off"]) == (Decimal("40.00"), "49.00")
        assert (receipt.content["amount"], receipt.content["outstanding"]) == ("89.00", "0.00")

    def test_keeps_one_exact_form_of_what_it_says(self, make_paid):
        receipt = receipt_of(make_paid())

        assert receipt.content_sha256 == hashing.fingerprint(receipt.content)
        assert json.loads(hashing.canonical(receipt.content)) == receipt.content
        assert receipt.content["payments"] == [
            {"amount": "89.00", "method": "Cash", "on": receipt.issued_on.isoformat()}
        ]

    def test_splits_the_tax(self, make_paid):
        receipt = receipt_of(make_paid(("gst_free", "89.00"), ("gst_10", "22.00")))

        assert (receipt.amount, receipt.gst) == (Decimal("111.00"), Decimal("2.00"))
        assert receipt.content["is_tax_invoice"] is False

    @pytest.mark.parametrize(("amount", "is_tax_invoice"), [("82.49", False), ("82.50", True)])
    def test_is_a_tax_invoice_from_eighty_two_fifty_of_taxable_things(
        self, make_paid, amount, is_tax_invoice
    ):
        receipt = receipt_of(make_paid(("gst_10", amount), ("gst_free", "500.00")))

        assert receipt.content["is_tax_invoice"] is is_tax_invoice

    def test_cannot_be_changed_or_deleted(self, make_paid):
        receipt = receipt_of(make_paid())

        with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
            Receipt.objects.filter(pk=receipt.pk).update(amount=1)
        with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
            receipt.delete()

    def test_is_one_to_the_database_too(self, make_paid):
        there = receipt_of(make_paid())
        twin = Receipt(
            kind="receipt", order=there.order, year=there.year, sequence=2, issued_on=there.issued_on,
            amount=1, gst=0, content={}, content_sha256="0" * 64,
        )  # fmt: skip

        with pytest.raises(IntegrityError, match="once_per_order"), transaction.atomic():
            twin.save(force_insert=True)


@pytest.mark.django_db
class TestCreditNotes:
    def test_follow_a_refund(self, make_paid, give_back):
        order = make_paid()

        [note] = give_back(order, "30.00")

        refund = Refund.objects.get()
        assert (note.kind, note.amount, note.gst, note.sequence) == ("credit_note", 30, 0, 2)
        assert note.corrects == receipt_of(order)
        assert note.content["corrects"]["number"] == note.corrects.number
        assert note.content["why"] == "Money was given back."
        assert note.content["refunds"] == [
            {
                "amount": "30.00",
                "method": "Cash",
                "on": note.issued_on.isoformat(),
                "reference": str(refund.pk),
            }
        ]
        assert "rude" not in json.dumps(note.content)

    def test_wait_until_stripe_has_given_the_money_back(self, paid, manager, work):
        receipting.catch_up(paid)
        refunding.refund(paid, by=manager, why="Cancelled.")
        before = receipting.catch_up(paid)
        work()

        assert before == []
        assert Receipt.objects.get(kind="credit_note").amount == Decimal("89.00")

    def test_are_not_written_for_what_was_paid_twice(self, paid, work, simulated_stripe):
        until = timezone.now() + timedelta(minutes=31)
        twin = Payment.objects.add(order=paid, amount=paid.amount, expires_at=until, by=None)
        session = gateway.create_session(
            payment_id=str(twin.pk), order_id=str(paid.pk), amount=twin.amount, expires_at=until, **PAGES
        )
        simulated_stripe.press(session.url, "pay")
        charging.follow(session.id)
        work()

        assert Refund.objects.get().status == "succeeded"
        assert [receipt.kind for receipt in Receipt.objects.all()] == ["receipt"]

    def test_are_not_written_twice_for_a_refund_that_came_back_and_went_again(
        self, make_paid, give_back, manager
    ):
        order = make_paid()
        give_back(order)
        refunding._finish(order.lock(), Refund.objects.get(), "failed", by=manager, why="It came back.")
        between = receipting.catch_up(order)

        assert (between, give_back(order)) == ([], [])

    def test_list_each_refund_once(self, make_paid, give_back):
        order = make_paid()

        notes = [give_back(order, amount)[0] for amount in ("10.00", "20.00")]

        listed = [[moved["amount"] for moved in note.content["refunds"]] for note in notes]
        assert listed == [["10.00"], ["20.00"]]

    def test_give_back_exactly_the_tax_there_was(self, make_paid, give_back):
        order = make_paid(("gst_10", "100.00"))  # of which 9.09 is GST

        notes = [give_back(order, amount)[0] for amount in ("33.33", "33.33", "33.34")]

        assert [note.gst for note in notes] == [Decimal("3.03"), Decimal("3.03"), Decimal("3.03")]
        assert sum(note.gst for note in notes) == receipt_of(order).gst
