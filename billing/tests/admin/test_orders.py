"""The money's screens: who gets in, what the buttons do, how many questions a list asks."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import charging, crediting, refunding
from billing.models import Fee, MoneySettings, Order, Payment, Refund, StripeEvent

pytestmark = pytest.mark.django_db

LISTS = ["order", "payment", "refund", "stripeevent", "fee"]


def press(client, record, button: str, **answers):
    """Send the dialog of one of a record's buttons."""
    meta = record._meta
    page = reverse(f"admin:{meta.app_label}_{meta.model_name}_{button}", args=[record.pk])
    return client.post(page, {"_form_submitted": "True", **answers})


def told(client, record) -> list[str]:
    """What the record's page says on top."""
    page = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
    return [str(message) for message in client.get(page).context["messages"]]


@pytest.fixture
def event(db) -> StripeEvent:
    return StripeEvent.objects.add(
        event_id="evt_1",
        kind="charge.refunded",
        about="ch_1",
        livemode=True,
        payload="{}",
        received_at="2026-01-01T00:00Z",
        error="This event is from Stripe’s other mode.",
        by=None,
    )


@pytest.fixture
def records(paid, manager, event) -> dict:
    fee = Fee.objects.add(
        code="x", description="Consultation", amount="80", effective_from="2026-01-01", by=None
    )
    owed = refunding.refund(paid, amount=Decimal("9.00"), by=manager, why="Late.")
    return {"order": paid, "payment": owed.payment, "refund": owed, "stripeevent": event, "fee": fee}


class TestPages:
    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("role", ["manager", "auditor"])
    def test_open_for_those_who_run_the_clinic(self, records, make_user, staff_client, role, name):
        record = records[name]
        client = staff_client(make_user(role, f"one-{role}"))

        answers = [
            client.get(reverse(f"admin:billing_{name}_changelist")),
            client.get(reverse(f"admin:billing_{name}_change", args=[record.pk])),
            client.get(reverse(f"admin:billing_{name}_history", args=[record.pk])),
        ]

        assert [answer.status_code for answer in answers] == [200, 200, 200]

    @pytest.mark.parametrize("name", ["order", "payment", "refund", "stripeevent"])
    @pytest.mark.parametrize(("page", "status"), [("change", 403), ("history", 404)])
    def test_stay_shut_for_others(self, records, make_user, staff_client, name, page, status):
        client = staff_client(make_user("doctor"))

        answer = client.get(reverse(f"admin:billing_{name}_{page}", args=[records[name].pk]))

        assert answer.status_code == status
        assert b"A$" not in answer.content

    @pytest.mark.parametrize(("role", "links"), [("manager", 1), ("reception", 0)])
    def test_lead_to_the_ledger_for_those_who_read_it(self, paid, make_user, staff_client, role, links):
        entry = paid.entries.order_by("recorded_at").first()
        page = reverse("admin:billing_order_change", args=[paid.pk])
        html = staff_client(make_user(role, f"one-{role}")).get(page).content.decode()

        assert str(entry) in html
        assert html.count(reverse("admin:billing_entry_change", args=[entry.pk])) == links

    def test_lead_from_an_order_to_what_went_back(self, records, manager, staff_client):
        page = staff_client(manager).get(reverse("admin:billing_order_change", args=[records["order"].pk]))

        there = reverse("admin:billing_refund_change", args=[records["refund"].pk])
        assert f'href="{there}"' in page.content.decode()

    @pytest.mark.parametrize("name", ["order", "payment", "refund"])
    def test_ask_the_same_questions_for_one_row_and_for_three(self, name, make_order, manager, staff_client):
        client = staff_client(manager)
        page = reverse(f"admin:billing_{name}_changelist")

        def make() -> None:
            order = make_order()
            charging.take_payment(order, by=manager, method=Payment.Method.CASH)
            refunding.refund(order, amount=Decimal("1.00"), by=manager, why="A courtesy.")

        make()
        client.get(page)  # the first page of a process asks more
        with CaptureQueriesContext(connection) as for_one:
            client.get(page)
        make()
        make()

        with CaptureQueriesContext(connection) as for_three:
            answer = client.get(page)

        assert answer.context["cl"].result_count == 3
        assert len(for_three) == len(for_one)


class TestRefundButton:
    def test_gives_a_part_back(self, paid, manager, staff_client):
        answer = press(
            staff_client(manager),
            paid,
            "refund",
            amount="44.50",
            way="as_it_came",
            cause="decision",
            why="Late cancellation.",
        )

        owed = Refund.objects.get()
        assert answer.headers["HX-Redirect"].endswith(f"/{paid.pk}/change/")
        assert (owed.amount, owed.reason) == (Decimal("44.50"), "Late cancellation.")
        assert owed.history.last().history_user == manager

    def test_gives_one_cent_back(self, paid, manager, staff_client):
        answers = {"way": "as_it_came", "cause": "decision", "why": "Rounded."}

        press(staff_client(manager), paid, "refund", amount="0.01", **answers)

        assert Refund.objects.get().amount == Decimal("0.01")

    def test_says_what_it_is_for(self, paid, manager, staff_client):
        client = staff_client(manager)

        for cause in ("paid_twice", "technology"):
            press(client, paid, "refund", amount="9.00", way="as_it_came", cause=cause, why="No sound.")

        assert [owed.cause for owed in Refund.objects.all()] == ["technology"]

    def test_tells_why_it_cannot(self, paid, manager, staff_client):
        client = staff_client(manager)

        dialog = press(
            client,
            paid,
            "refund",
            amount="890.00",
            way="as_it_came",
            cause="decision",
            why="A slip of the key.",
        )

        assert "At most A$89.00 can be given back. Please enter a smaller amount." in dialog.content.decode()
        assert "A slip of the key." in dialog.content.decode()
        assert Refund.objects.count() == 0

    def test_needs_a_reason(self, paid, manager, staff_client):
        press(
            staff_client(manager), paid, "refund", amount="1.00", way="as_it_came", cause="decision", why=""
        )

        assert Refund.objects.count() == 0

    @pytest.mark.parametrize("role", ["auditor", "doctor", "reception"])
    def test_is_not_for_everybody(self, paid, make_user, staff_client, role):
        press(
            staff_client(make_user(role)),
            paid,
            "refund",
            amount="1.00",
            way="as_it_came",
            cause="decision",
            why="For a friend.",
        )

        assert Refund.objects.count() == 0


class TestWaiveButton:
    def test_asks_for_no_money_after_all(self, order, manager, staff_client):
        client = staff_client(manager)

        press(client, order, "waive", why="Hardship.")

        order.refresh_from_db()
        assert (order.status, order.entries.get(kind="waived").recorded_by) == ("waived", manager)
        assert told(client, order) == [f"{order} was waived."]

    @pytest.mark.parametrize("role", ["auditor", "doctor"])
    def test_is_not_for_everybody(self, order, make_user, staff_client, role):
        press(staff_client(make_user(role)), order, "waive", why="For a friend.")

        order.refresh_from_db()
        assert order.status == Order.Status.OPEN


class TestWriteOffButton:
    def test_gives_up_hope(self, order, manager, staff_client):
        client = staff_client(manager)

        press(client, order, "write_off", why="No answer to three letters.")

        order.refresh_from_db()
        assert (order.status, order.entries.get(kind="written_off").recorded_by) == ("written_off", manager)
        assert told(client, order) == [f"The rest of {order} was written off."]

    @pytest.mark.parametrize("role", ["auditor", "doctor", "reception"])
    def test_is_not_for_everybody(self, order, make_user, staff_client, role):
        press(staff_client(make_user(role)), order, "write_off", why="For a friend.")

        order.refresh_from_db()
        assert order.status == Order.Status.OPEN


class TestEnterPaymentButton:
    def test_takes_a_part_and_then_the_rest(self, order, reception, staff_client):
        client = staff_client(reception)

        press(client, order, "take", method="cash", amount="30.00")
        assert told(client, order) == [f"Noted. A$59.00 of {order} is still owed."]
        press(client, order, "take", method="terminal", amount="")

        assert told(client, order) == [f"{order} is paid."]
        assert set(order.payments.values_list("method", "amount")) == {
            ("cash", Decimal("30.00")),
            ("terminal", Decimal("59.00")),
        }

    def test_takes_nothing_that_went_another_way(self, order, reception, staff_client):
        for method in ("card", "credit"):
            press(staff_client(reception), order, "take", method=method, amount="")

        assert order.payments.count() == 0


class TestRefundButtonAboveTheLimit:
    def test_wants_the_amount_twice(self, paid, manager, staff_client):
        MoneySettings.objects.add(refund_limit="50.00", by=manager)
        client = staff_client(manager)

        answers = {"amount": "60.00", "way": "as_it_came", "cause": "decision", "why": "A courtesy."}
        for slip in ({}, {"again": "6.00"}, {"again": "600.00"}):
            dialog = press(client, paid, "refund", **answers, **slip).content.decode()
            assert (
                "A$60.00 would go back, which is more than A$50.00."
                " Please type that amount a second time to confirm it." in dialog
            )
            assert "Needed above A$50.00" in dialog
            assert "A courtesy." in dialog
        assert Refund.objects.count() == 0
        press(
            client,
            paid,
            "refund",
            amount="60.00",
            again="60.00",
            way="as_it_came",
            cause="decision",
            why="A courtesy.",
        )

        assert Refund.objects.get().amount == Decimal("60.00")


class TestCreditButtons:
    def test_take_a_deposit_and_use_it(self, order, payer, reception, staff_client):
        client = staff_client(reception)
        answers = {"email": payer.email.upper(), "amount": "100.00", "method": "cash", "why": "For later."}

        client.post(reverse("admin:billing_order_deposit"), {"_form_submitted": "True", **answers})
        assert crediting.balance(payer) == Decimal("100.00")
        press(client, order, "use_credit", amount="")

        order.refresh_from_db()
        assert (order.status, crediting.balance(payer)) == ("paid", Decimal("11.00"))

    @pytest.mark.parametrize(
        ("amount", "sentence"),
        [("0.49", "greater than or equal to 0.50"), ("100000000.00", "no more than 10 digits in total")],
    )
    def test_say_which_deposit_is_none(self, payer, reception, staff_client, amount, sentence):
        answers = {"email": payer.email, "amount": amount, "method": "cash", "why": "For later."}

        dialog = staff_client(reception).post(
            reverse("admin:billing_order_deposit"), {"_form_submitted": "True", **answers}
        )

        assert sentence in dialog.content.decode()
        assert not Order.objects.exists()

    def test_know_nobody_of_another_address(self, reception, staff_client):
        client = staff_client(reception)
        answers = {"email": "x@example.com", "amount": "100.00", "method": "cash", "why": "For later."}

        client.post(reverse("admin:billing_order_deposit"), {"_form_submitted": "True", **answers})

        page = client.get(reverse("admin:billing_order_changelist"))
        assert [str(message) for message in page.context["messages"]] == [
            "Nobody has this e-mail address. Please check it with them."
        ]

    @pytest.mark.parametrize("role", ["auditor", "doctor"])
    def test_are_not_for_everybody(self, payer, make_user, staff_client, role):
        answers = {"email": payer.email, "amount": "100.00", "method": "cash", "why": "For a friend."}

        staff_client(make_user(role)).post(
            reverse("admin:billing_order_deposit"), {"_form_submitted": "True", **answers}
        )

        assert crediting.balance(payer) == 0

    def test_a_used_deposit_is_not_offered_back(self, order, payer, manager, staff_client):
        deposit = crediting.deposit(payer, amount=Decimal("50.00"), method="cash", by=manager, why="Later.")
        crediting.use(order, by=manager)
        client = staff_client(manager)
        page = client.get(reverse("admin:billing_order_change", args=[deposit.pk])).content.decode()
        assert reverse("admin:billing_order_refund", args=[deposit.pk]) not in page

        answers = {"way": "as_it_came", "cause": "decision", "why": "Moves away."}
        answer = press(client, deposit, "refund", amount="50.00", **answers)

        assert (answer.status_code, Refund.objects.count()) == (200, 0)


class TestHandedOverButton:
    def test_ends_a_refund_by_hand(self, order, manager, staff_client):
        charging.take_payment(order, by=manager, method="cash")
        owed = refunding.refund(order, by=manager, why="The clinic cancelled.")
        client = staff_client(manager)
        page = client.get(reverse("admin:billing_refund_change", args=[owed.pk])).content.decode()
        assert "Handed over" in page

        press(client, owed, "hand_over")

        owed.refresh_from_db()
        assert owed.status == Refund.Status.SUCCEEDED
        assert told(client, owed) == [f"{owed} was handed over."]

    def test_is_offered_for_nothing_else(self, paid, order, manager, staff_client):
        at_stripe = refunding.refund(paid, by=manager, why="The clinic cancelled.")

        page = staff_client(manager).get(reverse("admin:billing_refund_change", args=[at_stripe.pk]))

        assert "Handed over" not in page.content.decode()


@pytest.mark.parametrize("rows", [0, 1])
def test_the_money_settings_are_one_page(manager, staff_client, rows):
    client = staff_client(manager)
    for _ in range(rows):
        MoneySettings.objects.add(by=manager)
    add = reverse("admin:billing_moneysettings_add")

    page = client.get(reverse("admin:billing_moneysettings_changelist"))
    made = client.post(add, {"refund_limit": "75.00"})

    assert (page.status_code, made.status_code) == [(200, 302), (302, 403)][rows]
    assert MoneySettings.objects.count() == 1


class TestTryAgainButton:
    def test_asks_a_worker(self, event, manager, staff_client, queued_tasks):
        press(staff_client(manager), event, "try_again")

        assert queued_tasks() == ["billing.tasks.handle_events"]

    def test_is_not_for_the_auditor(self, event, auditor, staff_client, queued_tasks):
        press(staff_client(auditor), event, "try_again")

        assert queued_tasks() == []


def test_a_manager_sets_a_fee_in_words_and_not_twice(manager, staff_client):
    client = staff_client(manager)
    fields = {
        "code": "consultation.new",
        "description": "First consultation",
        "amount": "89.00",
        "gst_code": "gst_free",
        "effective_from": "2026-01-01",
        "effective_until": "",
    }
    page = reverse("admin:billing_fee_add")

    first = client.post(page, fields)
    again = client.post(page, fields)

    assert (first.status_code, again.status_code) == (302, 400)
    assert "Another fee with this code holds at that time. End that one first." in again.content.decode()
    assert Fee.objects.get().history.get().history_user == manager
