"""The ledger's screens: who reads them, and how many questions they ask."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import charging, closing
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


class TestTrialBalance:
    PAGE = "/admin/billing/entry/trial-balance/"

    def test_shows_each_account_on_its_side_and_that_both_agree(self, paid, manager, staff_client):
        answer = staff_client(manager).get(self.PAGE)

        rows = [(row.label, row.debit, row.credit) for row in answer.context["rows"]]
        assert rows == [("Stripe balance", "A$89.00", ""), ("Consultation income", "", "A$89.00")]
        assert (answer.context["debits"], answer.context["credits"]) == ("A$89.00", "A$89.00")

    def test_is_that_of_the_end_of_a_day(self, order, manager, staff_client):
        client = staff_client(manager)
        today = closing.today().on

        before = client.get(self.PAGE, {"day": today - timedelta(days=1)})
        at_its_end = client.get(self.PAGE, {"day": today})

        assert before.context["rows"] == []
        assert "Nothing had happened by then." in before.content.decode()
        assert [row.label for row in at_its_end.context["rows"]] == [
            "Owed by patients",
            "Consultation income",
        ]

    def test_leads_from_an_account_to_its_entries(self, paid, manager, staff_client):
        client = staff_client(manager)
        stripe, _ = client.get(self.PAGE).context["rows"]

        listed = client.get(stripe.link).context["cl"].result_list

        assert [entry.kind for entry in listed] == ["received"]

    @pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "", "9999-12-31"])
    def test_says_what_is_wrong_with_a_day(self, order, manager, staff_client, day):
        answer = staff_client(manager).get(self.PAGE, {"day": day})

        assert answer.status_code == 400
        assert "That is no day." in answer.content.decode()

    @pytest.mark.parametrize(
        ("role", "status"), [("auditor", 200), ("doctor", 403), ("reception", 403), ("patient", 404)]
    )
    def test_is_for_those_who_run_the_clinic(self, order, make_user, staff_client, role, status):
        client = staff_client(make_user(role, f"one-{role}"))

        assert client.get(self.PAGE).status_code == status
