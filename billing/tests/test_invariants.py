"""Each check of the money's papers: silent where all is well, and the only one to speak of its own fault."""

from decimal import Decimal

import pytest
from django.utils import timezone

from billing import charging, receipting, refunding, rendering
from billing.invariants import CHECKS
from billing.models import StripeEvent
from config import invariants

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

LONG_AGO = "now() - interval '2 hours'"
# What is wrong, by the check that is to find it.
FAULTS = {
    "every_ledger_entry_balances": "UPDATE billing_posting SET amount = amount + 1 WHERE account = 'income'"
    " AND entry_id = (SELECT id FROM billing_entry WHERE kind = 'ordered')",
    "order_sums_are_the_ledgers": "UPDATE billing_order SET paid = paid + 1",
    "payment_events_are_acted_on": f"UPDATE billing_stripeevent SET received_at = {LONG_AGO}",
    "receipt_numbers_have_no_gap": "UPDATE billing_receipt SET sequence = sequence + 1 WHERE sequence > 1",
    "paid_orders_have_a_receipt": "DELETE FROM billing_receiptpaper; DELETE FROM billing_receipt",
    "what_went_back_has_a_credit_note": "DELETE FROM billing_receiptpaper WHERE receipt_id = '{note}';"
    " DELETE FROM billing_receipt WHERE id = '{note}'",
    "receipts_are_printed": "DELETE FROM billing_receiptpaper WHERE receipt_id = '{note}'",
}
TABLES = ["billing_order", "billing_posting", "billing_receipt", "billing_receiptpaper", "billing_entry"]


@pytest.fixture
def note(make_order, manager, off_guard):
    """The credit note of an order of long ago, of which some has gone back."""
    order = make_order()
    charging.take_payment(order, by=manager, method="cash")
    papers = receipting.catch_up(order)
    owed = refunding.refund(order, amount=Decimal("30.00"), by=manager, why="A courtesy.")
    refunding.hand_over(owed, by=manager)
    papers += receipting.catch_up(order)
    for paper in papers:
        rendering.print_receipt(paper)
    StripeEvent.objects.add(
        event_id="evt_1", kind="k", about="a", livemode=False, received_at=timezone.now(), by=None
    )
    with off_guard(*TABLES) as cursor:
        cursor.execute(f"UPDATE billing_receipt SET recorded_at = {LONG_AGO}")
        cursor.execute(f"UPDATE billing_entry SET recorded_at = {LONG_AGO}")
    return papers[-1]


def broken() -> list[str]:
    return [finding.check.name for finding in invariants.examine(CHECKS) if finding.broken]


def test_nothing_is_broken_where_nobody_broke_anything(note):
    assert broken() == []


def test_every_check_has_a_fault_that_shows_it():
    assert [check.name for check in CHECKS] == list(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_by_its_own_check_alone(note, off_guard, name):
    with off_guard(*TABLES) as cursor:
        cursor.execute(FAULTS[name].format(note=note.pk))

    assert broken() == [name]
