"""Who sees which money."""

import pytest

from billing import receiving, reconciling, refunding
from billing.models import (
    BalanceTransaction,
    DayClose,
    Difference,
    Entry,
    Fee,
    Order,
    OrderLine,
    Payment,
    Payout,
    PayoutLine,
    Posting,
    Reconciliation,
    Refund,
    StripeEvent,
)

pytestmark = pytest.mark.django_db

SEES_ALL = {"manager", "auditor"}


@pytest.mark.parametrize("role", ["manager", "auditor", "doctor", "patient"])
@pytest.mark.parametrize("model", [Order, OrderLine, Payment, Refund])
def test_money_is_seen_by_its_payer_and_by_those_who_run_the_clinic(paid, manager, make_user, role, model):
    refunding.refund(paid, by=manager, why="The clinic cancelled.")
    stranger = make_user(role, f"other-{role}")

    assert model.objects.visible_to(paid.payer).count() == 1
    assert model.objects.visible_to(stranger).count() == (1 if role in SEES_ALL else 0)


@pytest.mark.parametrize("role", ["manager", "auditor", "doctor", "patient"])
def test_what_stripe_tells_is_for_those_who_run_the_clinic(make_user, role):
    receiving.StripeEvent.objects.add(
        event_id="evt_1",
        kind="x",
        about="y",
        livemode=False,
        payload="{}",
        received_at="2026-01-01T00:00Z",
        by=None,
    )

    assert StripeEvent.objects.visible_to(make_user(role, "someone")).exists() is (role in SEES_ALL)


@pytest.mark.parametrize("role", ["manager", "auditor", "doctor", "reception", "patient"])
@pytest.mark.parametrize("model", [Entry, Posting])
def test_the_ledger_is_for_those_who_run_the_clinic(paid, make_user, role, model):
    assert model.objects.visible_to(make_user(role, "someone")).exists() is (role in SEES_ALL)
    assert not model.objects.visible_to(paid.payer).exists()


@pytest.mark.parametrize("role", ["manager", "auditor", "doctor", "reception", "patient"])
@pytest.mark.parametrize(
    "model", [BalanceTransaction, DayClose, Difference, Payout, PayoutLine, Reconciliation]
)
def test_the_balance_at_stripe_is_for_those_who_run_the_clinic(
    paid, empty_stripe, manager, make_user, role, model
):
    empty_stripe.control("entry", "adjustment:500")
    empty_stripe.control("payout", "make")
    reconciling.reconcile(by=None)
    DayClose.objects.create(
        day="2026-01-01",
        number=1,
        zone="Australia/Sydney",
        starts_at="2025-12-31T13:00Z",
        ends_at="2026-01-01T13:00Z",
        figures={},
        fingerprint="",
        recorded_by=manager,
    )

    assert model.objects.visible_to(make_user(role, "someone")).exists() is (role in SEES_ALL)
    assert not model.objects.visible_to(paid.payer).exists()


@pytest.mark.parametrize(
    ("role", "may"), [("manager", True), ("auditor", False), ("reception", False), ("doctor", False)]
)
def test_only_a_manager_explains_and_signs(make_user, role, may):
    user = make_user(role, "someone")

    assert user.has_perm("billing.resolve_difference") is may
    assert user.has_perm("billing.sign_dayclose") is may


@pytest.mark.parametrize("role", ["manager", "patient"])
def test_fees_are_told_to_everybody(make_user, role):
    Fee.objects.add(code="x", description="Consultation", amount="80", effective_from="2026-01-01", by=None)

    assert Fee.objects.visible_to(make_user(role, "someone")).count() == 1
