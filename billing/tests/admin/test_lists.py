"""Lists of money where there is nothing, and where nothing is found: what is said, and what to do."""

import pytest
from django.contrib.admin.sites import site
from django.urls import reverse

from billing import models

pytestmark = pytest.mark.django_db

LISTS = [
    models.Order,
    models.Payment,
    models.Refund,
    models.Dispute,
    models.Receipt,
    models.Entry,
    models.StripeEvent,
    models.Difference,
    models.Reconciliation,
    models.BalanceTransaction,
    models.Payout,
    models.Fee,
    models.MoneySettings,
]


def page(client, model, **asked) -> str:
    return client.get(
        reverse(f"admin:billing_{model._meta.model_name}_changelist", query=asked)
    ).content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_an_empty_list_says_how_rows_come_to_be_there(manager, staff_client, model):
    html = page(staff_client(manager), model)

    assert "Nothing here yet" in html
    assert site.get_model_admin(model).when_empty in html
    assert "<title>" in html


def test_a_list_is_called_by_what_is_on_it(manager, staff_client):
    html = page(staff_client(manager), models.Order)

    assert "Orders | ProMedicine" in html
    assert "Select order" not in html


def test_a_search_in_vain_says_so_and_leads_back(order, manager, staff_client):
    html = page(staff_client(manager), models.Order, q="nobody")

    assert "No orders match. Change what you look for, or show all of them." in html
    assert "Show all" in html
    assert models.Order.objects.count() == 1
