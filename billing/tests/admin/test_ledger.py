"""The ledger's screens: who reads them, and how many questions they ask."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import charging
from billing.models import Entry

pytestmark = pytest.mark.django_db

LIST = "admin:billing_entry_changelist"


@pytest.mark.parametrize("role", ["manager", "auditor"])
def test_those_who_run_the_clinic_read_it(order, make_user, staff_client, role):
    client = staff_client(make_user(role, f"one-{role}"))
    entry = Entry.objects.get()

    answers = [
        client.get(reverse(LIST)),
        client.get(reverse("admin:billing_entry_change", args=[entry.pk])),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "A$89.00" in answers[0].content.decode()
    assert reverse("admin:billing_order_change", args=[order.pk]) in answers[1].content.decode()
    assert "Consultation income" in answers[1].content.decode()


@pytest.mark.parametrize("role", ["doctor", "reception"])
def test_others_do_not(order, make_user, staff_client, role):
    client = staff_client(make_user(role))

    answers = [
        client.get(reverse(LIST)),
        client.get(reverse("admin:billing_entry_change", args=[Entry.objects.get().pk])),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_asks_the_same_questions_for_one_row_and_for_three(order, make_order, manager, staff_client):
    client = staff_client(manager)
    client.get(reverse(LIST))  # the first page of a process asks more
    with CaptureQueriesContext(connection) as for_one:
        client.get(reverse(LIST))
    charging.take_payment(make_order(), amount=Decimal("9.00"), method="cash", by=manager)

    with CaptureQueriesContext(connection) as for_three:
        answer = client.get(reverse(LIST))

    assert answer.context["cl"].result_count == 3
    assert len(for_three) == len(for_one)
