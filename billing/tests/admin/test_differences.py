"""Differences, payouts, movements and comparisons on the staff site."""

import pytest
from django.urls import reverse

from billing import charging, reconciling
from billing.models import BalanceTransaction, Difference, Entry, Payout, Reconciliation

pytestmark = pytest.mark.django_db
MODELS = {
    "difference": Difference,
    "payout": Payout,
    "balancetransaction": BalanceTransaction,
    "reconciliation": Reconciliation,
}


@pytest.fixture
def compared(order, pay, empty_stripe):
    """Everything that a comparison can leave behind."""
    charging.follow(pay(order).session_id)
    empty_stripe.control("entry", "adjustment:-500")
    empty_stripe.control("payout", "make")
    empty_stripe.control("payout", "fail")
    return reconciling.reconcile(by=None)


def pages(name: str) -> list[str]:
    record = MODELS[name].objects.first()
    return [
        reverse(f"admin:billing_{name}_changelist"),
        reverse(f"admin:billing_{name}_change", args=[record.pk]),
    ]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("role", "statuses"),
    [("manager", [200, 200]), ("auditor", [200, 200]), ("reception", [403, 403]), ("doctor", [403, 403])],
)
def test_who_may_look(compared, make_user, staff_client, name, role, statuses):
    client = staff_client(make_user(role, "someone"))

    found = [client.get(page).status_code for page in pages(name)]

    assert found == statuses


@pytest.mark.parametrize("name", MODELS)
def test_lists_ask_the_same_for_one_row_and_for_three(
    compared, manager, staff_client, empty_stripe, django_assert_max_num_queries, name
):
    client = staff_client(manager)
    address = reverse(f"admin:billing_{name}_changelist")
    client.get(address)
    with django_assert_max_num_queries(100) as one:
        client.get(address)
    for _ in range(2):
        empty_stripe.control("entry", "adjustment:100")
        empty_stripe.control("payout", "make")
        reconciling.reconcile(by=None)

    with django_assert_max_num_queries(len(one.captured_queries)):
        client.get(address)


def explain(client, difference: Difference, **data: str):
    button = reverse("admin:billing_difference_explain", args=[difference.pk])
    return client.post(button, {"_form_submitted": "on", **data})


class TestExplain:
    @pytest.fixture
    def difference(self, compared) -> Difference:
        return Difference.objects.get(kind=Difference.Kind.UNEXPECTED)

    def test_asks_the_rule(self, difference, manager, staff_client):
        explain(staff_client(manager), difference, why="A correction.", book="on")

        difference.refresh_from_db()
        assert (difference.status, difference.words, difference.resolved_by) == (
            "resolved",
            "A correction.",
            manager,
        )
        assert difference.booking.kind == Entry.Kind.ADJUSTED

    def test_is_offered_while_there_is_something_to_explain(self, difference, manager, staff_client):
        client = staff_client(manager)
        address = reverse("admin:billing_difference_change", args=[difference.pk])
        assert "Explain" in client.get(address).content.decode()

        explain(client, difference, why="A correction.")

        assert "/explain" not in client.get(address).content.decode()

    def test_is_not_for_auditors(self, difference, auditor, staff_client):
        answer = explain(staff_client(auditor), difference, why="A correction.")

        difference.refresh_from_db()
        assert (answer.status_code, difference.status) == (403, "open")

    def test_wants_words(self, difference, manager, staff_client):
        explain(staff_client(manager), difference, why="")

        difference.refresh_from_db()
        assert difference.status == "open"


def test_a_payout_names_what_it_was_made_of(compared, manager, staff_client):
    html = staff_client(manager).get(pages("payout")[1]).content.decode()

    assert "Charge of A$89.00" in html
    assert "The bank account has been closed." in html


def test_a_movement_leads_to_its_payout(compared, manager, staff_client):
    movement = BalanceTransaction.objects.get(kind="charge")

    address = reverse("admin:billing_balancetransaction_change", args=[movement.pk])
    html = staff_client(manager).get(address).content.decode()

    assert reverse("admin:billing_payout_change", args=[Payout.objects.get().pk]) in html
