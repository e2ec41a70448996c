"""Medicare items: on the receipt only where somebody entered one, and only with a provider number."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from billing import charging, rebating, receipting, refunding, rendering
from billing.models import MedicareItem, Receipt
from billing.tests.conftest import FACTS
from billing.tests.test_rendering import words

pytestmark = pytest.mark.django_db
ITEM = {"item": "91891", "eligibility": "relationship"}


@pytest.fixture
def receipt(order, manager) -> Receipt:
    charging.take_payment(order, by=manager, method="cash")
    return receipting.catch_up(order)[0]


class TestEnter:
    def test_replaces_the_receipt_by_one_with_the_item(self, receipt, manager):
        new = rebating.enter(receipt, **ITEM, by=manager)

        told = {"item": "91891", "eligibility": "Seen face to face by this practice within 12 months"}
        assert (receipt.content["medicare"], new.content["medicare"]) == (None, told)
        assert new.replaces == receipt
        assert Receipt.objects.get(kind="credit_note").content["why"] == "A Medicare item was entered."
        assert MedicareItem.objects.get().history.get().history_user == manager
        text = words(new)
        assert "Medicare item 91891 · Seen face to face" in text
        assert rendering.NO_REBATE not in text

    def test_can_be_put_right(self, receipt, manager):
        first = rebating.enter(receipt, **ITEM, by=manager)

        second = rebating.enter(first, item="91800", eligibility="homeless", by=manager)

        assert second.content["medicare"]["item"] == "91800"
        assert MedicareItem.objects.get().history.count() == 2

    @pytest.mark.parametrize("provider", [None, replace(FACTS.provider, provider_number="")])
    def test_needs_a_provider_number(self, receipt, manager, tell, provider):
        tell(replace(FACTS, provider=provider))

        with pytest.raises(rebating.NoProviderNumber, match="provider number"):
            rebating.enter(receipt, **ITEM, by=manager)

        assert MedicareItem.objects.count() == 0

    def test_is_not_for_a_cancellation_fee(self, receipt, manager):
        refunding.unwind(receipt.order, keep=Decimal("20.00"), by=manager, why="Cancelled late.")
        fee = receipting.catch_up(receipt.order)[-1]

        with pytest.raises(rebating.NotAService):
            rebating.enter(fee, **ITEM, by=manager)

    def test_leaves_nothing_behind_when_the_receipt_does_not_stand(self, receipt, manager):
        receipting.correct(receipt, by=manager, why="The name was wrong.")

        with pytest.raises(receipting.Replaced):
            rebating.enter(receipt, **ITEM, by=manager)

        assert MedicareItem.objects.count() == 0

    @pytest.mark.parametrize("item", ["", "9189x", "1234567"])
    def test_takes_digits_only(self, receipt, manager, item):
        with pytest.raises(DatabaseError), transaction.atomic():
            rebating.enter(receipt, item=item, eligibility="homeless", by=manager)


class TestRemove:
    def test_says_again_that_there_is_no_rebate(self, receipt, manager):
        entered = rebating.enter(receipt, **ITEM, by=manager)

        new = rebating.remove(entered, by=manager)

        item = MedicareItem.objects.get()
        assert (new.content["medicare"], item.removed_by) == (None, manager)
        assert rendering.NO_REBATE in words(new)

    def test_refuses_where_there_is_none(self, receipt, manager):
        with pytest.raises(rebating.NoItem):
            rebating.remove(receipt, by=manager)
