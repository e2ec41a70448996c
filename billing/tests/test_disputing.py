"""Cardholders who object, as Stripe tells of them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import disputing, gateway, refunding
from billing.models import Dispute, Order, Refund
from billing.tests.test_bookkeeping import balances, kinds
from config.base import IllegalMove

pytestmark = pytest.mark.django_db


@pytest.fixture
def objection(paid) -> gateway.Objection:
    now = timezone.now()
    return gateway.Objection(
        id="dp_1",
        status="needs_response",
        reason="fraudulent",
        amount=Decimal("89.00"),
        currency="AUD",
        livemode=False,
        intent_id=paid.payments.get().intent_id,
        opened_at=now,
        due_at=now + timedelta(days=7),
    )


def hear(objection: gateway.Objection, *statuses: str) -> Dispute:
    """Let Stripe tell of one status after the other."""
    for status in statuses:
        dispute = disputing.accept(replace(objection, status=status))
    return dispute


def stand(order: Order) -> tuple[str, str]:
    order.refresh_from_db()
    return order.status, str(order.kept)


class TestAccept:
    def test_holds_the_money_back_until_the_bank_has_decided(self, paid, objection):
        dispute = hear(objection, "needs_response", "needs_response", "under_review")

        assert (dispute.due_at, dispute.closed_at) == (objection.due_at, None)
        assert balances() == {"disputed": "89.00", "income": "-89.00"}
        assert stand(paid) == ("disputed", "89.00")
        assert list(Dispute.objects.undecided()) == [dispute]

    @pytest.mark.parametrize(
        "heard", [["won"], ["needs_response", "won"], ["needs_response", "under_review", "won"]]
    )
    def test_has_the_money_again_when_it_is_won(self, paid, objection, heard):
        dispute = hear(objection, *heard, "won")

        assert dispute.closed_at is not None
        assert balances() == {"stripe": "89.00", "income": "-89.00"}
        assert stand(paid) == ("paid", "89.00")

    def test_loses_the_money_when_it_is_lost(self, paid, objection):
        hear(objection, "needs_response", "lost", "lost")

        assert balances() == {"dispute_losses": "89.00", "income": "-89.00"}
        assert stand(paid) == ("refunded", "0.00")

    def test_follows_a_bank_that_thinks_again(self, paid, objection):
        hear(objection, "lost", "won", "lost", "won")

        assert balances() == {"stripe": "89.00", "income": "-89.00"}
        assert stand(paid) == ("paid", "89.00")

    @pytest.mark.parametrize("end", ["warning_closed", "warning_under_review", "prevented"])
    def test_moves_no_money_for_a_warning(self, paid, objection, end):
        hear(objection, "warning_needs_response", end)

        assert stand(paid) == ("paid", "89.00")
        assert "disputed" not in kinds()

    def test_holds_only_what_is_disputed(self, paid, objection, manager):
        hear(replace(objection, amount=Decimal("50.00")), "needs_response")

        assert stand(paid) == ("disputed", "89.00")
        with pytest.raises(refunding.TooMuch, match=r"At most A\$39.00"):
            refunding.refund(paid, amount=Decimal("40.00"), by=manager, why="Too much.")

    def test_notes_another_date(self, paid, objection):
        hear(objection, "needs_response")
        later = objection.due_at + timedelta(days=3)

        dispute = disputing.accept(replace(objection, due_at=later))

        assert dispute.due_at == later
        assert list(Dispute.objects.late(later)) == []
        assert list(Dispute.objects.late(later + timedelta(seconds=1))) == [dispute]

    @pytest.mark.parametrize(
        "change", [{"intent_id": "pi_unheard_of"}, {"intent_id": ""}, {"currency": "USD"}, {"livemode": True}]
    )
    def test_refuses_what_is_about_nothing_of_ours(self, objection, change):
        with pytest.raises(disputing.StrangeDispute):
            disputing.accept(replace(objection, **change))

        assert Dispute.objects.count() == 0

    def test_refuses_another_amount_than_before(self, paid, objection):
        hear(objection, "needs_response")

        with pytest.raises(disputing.StrangeDispute, match=r"AUD 8\.90"):
            disputing.accept(replace(objection, amount=Decimal("8.90")))

    def test_refuses_a_step_that_leads_nowhere(self, paid, objection):
        hear(objection, "needs_response")

        with pytest.raises(IllegalMove):
            hear(objection, "warning_needs_response")


class TestRefundsOfWhatIsDisputed:
    def test_are_refused(self, paid, objection, manager):
        hear(objection, "needs_response")

        with pytest.raises(refunding.NothingToRefund):
            refunding.refund(paid, by=manager, why="To make peace.")

    def test_are_refused_by_the_database_too(self, paid, objection):
        dispute = hear(objection, "needs_response")

        with pytest.raises(IntegrityError, match="more would go back"), transaction.atomic():
            Refund.objects.add(payment=dispute.payment, amount="1.00", reason="Peace.", by=None)

    def test_go_on_when_they_were_promised_before(self, paid, objection, manager, work):
        owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
        hear(objection, "needs_response")

        work()

        owed.refresh_from_db()
        assert owed.status == Refund.Status.SUCCEEDED
        assert stand(paid) == ("disputed", "0.00")

    def test_leave_it_alone_when_the_appointment_is_cancelled(self, paid, objection, manager):
        hear(objection, "needs_response")

        assert refunding.unwind(paid, by=manager, why="The clinic cancelled.") == []
