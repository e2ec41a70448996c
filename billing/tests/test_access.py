"""Who sees which money."""

import pytest

from billing import receiving, refunding
from billing.models import Entry, Fee, Order, OrderLine, Payment, Posting, Refund, StripeEvent

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


@pytest.mark.parametrize("role", ["manager", "patient"])
def test_fees_are_told_to_everybody(make_user, role):
    Fee.objects.add(code="x", description="Consultation", amount="80", effective_from="2026-01-01", by=None)

    assert Fee.objects.visible_to(make_user(role, "someone")).count() == 1
