"""What Stripe says of our balance, read through the real package from the simulator."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import banking, gateway
from billing.models import Payment

pytestmark = pytest.mark.django_db
FEE = Decimal("1.81")  # of A$89.00


@pytest.fixture(autouse=True)
def nothing_else_happened(empty_stripe):
    """Nobody else has moved this balance."""


@pytest.fixture
def payment(order, pay) -> Payment:
    made = pay(order)
    made.intent_id = gateway.fetch_session(made.session_id).intent_id
    return made


@pytest.fixture
def since():
    return timezone.now() - timedelta(minutes=1)


def test_a_movement_knows_its_payment_and_what_stripe_took(since, payment):
    [moved] = banking.fetch_movements(since=since)

    assert (moved.kind, moved.currency, moved.intent_id) == ("charge", "AUD", payment.intent_id)
    assert (moved.amount, moved.fee, moved.net) == (payment.amount, FEE, payment.amount - FEE)
    assert moved.source_id.startswith("ch_")


def test_movements_come_oldest_first_and_more_than_one_page(since, simulated_stripe, monkeypatch, payment):
    for cents in range(1, 8):
        simulated_stripe.control("entry", f"stripe_fee:-{cents}")
    monkeypatch.setattr(banking, "PAGE", 3)

    moved = banking.fetch_movements(since=since)

    fees = [one.net for one in moved if one.kind == "stripe_fee"]
    assert fees == [Decimal(-cents) / 100 for cents in range(1, 8)]
    simulated_stripe.control("clock", 3600)
    simulated_stripe.control("entry", "stripe_fee:-8")
    later = banking.fetch_movements(since=since + timedelta(minutes=30))
    assert [one.net for one in later] == [Decimal("-0.08")]


def test_a_payout_names_its_movements_but_not_itself(since, simulated_stripe, payment):
    simulated_stripe.control("payout", "make")

    [payout] = banking.fetch_payouts(since=since)
    charge, paid_out = banking.fetch_movements(since=since)
    assert (payout.status, payout.automatic, payout.failure) == ("pending", True, "")
    assert (paid_out.kind, paid_out.net, charge.intent_id) == ("payout", -payout.amount, payment.intent_id)
    assert banking.fetch_paid_out(payout.id) == [charge.id]
    assert banking.fetch_payout(payout.id) == payout


def test_a_refused_payout_says_why(since, simulated_stripe, payment):
    simulated_stripe.control("payout", "make")
    simulated_stripe.control("payout", "fail")

    [payout] = banking.fetch_payouts(since=since)

    assert (payout.status, payout.failure) == ("failed", "The bank account has been closed.")


def test_the_balance_is_what_is_left_of_all_that_moved(payment):
    assert banking.fetch_balance() == payment.amount - FEE
    assert banking.fetch_balance("NZD") == 0


def test_events_are_read_with_their_payload(since, payment, simulated_stripe):
    told = banking.fetch_events(since=since, kinds=["checkout.session.completed"])

    [(notice, payload)] = told
    assert (notice.kind, notice.about) == ("checkout.session.completed", payment.session_id)
    assert json.loads(payload)["id"] == notice.id


class TestDisputes:
    @pytest.fixture
    def dispute_id(self, simulated_stripe, payment) -> str:
        simulated_stripe.control("dispute", f"{payment.intent_id}:fraudulent")
        return simulated_stripe.events("charge.dispute.created")[-1]["data"]["object"]["id"]

    def test_are_read_as_they_stand(self, dispute_id, payment):
        found = gateway.fetch_dispute(dispute_id)

        assert (found.status, found.reason, found.amount, found.currency, found.has_evidence) == (
            "needs_response",
            "fraudulent",
            payment.amount,
            "AUD",
            False,
        )
        assert found.intent_id == payment.intent_id
        assert found.due_at - found.opened_at == timedelta(days=7)

    def test_are_answered_once(self, dispute_id):
        evidence = {"uncategorized_text": "The consultation took place.", "service_date": "1 May 2026"}

        found = gateway.submit_evidence(dispute_id, evidence=evidence)

        assert (found.status, found.has_evidence) == ("under_review", True)
        assert gateway.submit_evidence(dispute_id, evidence=evidence) == found
        with pytest.raises(gateway.Rejected):
            gateway.submit_evidence(dispute_id, evidence={"uncategorized_text": "And another thing."})

    def test_may_be_given_up(self, dispute_id):
        assert gateway.concede(dispute_id).status == "lost"
        with pytest.raises(gateway.Rejected, match="closed with a status of lost"):
            gateway.concede(dispute_id)
