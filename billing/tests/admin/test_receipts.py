"""The receipts' screens: what they show, what their buttons write, and for whom."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import charging, rebating, receipting, refunding
from billing.models import MedicareItem, Receipt
from billing.tests.admin.test_orders import press, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
LIST = "admin:billing_receipt_changelist"


@pytest.fixture
def receipt(make_order, manager, work) -> Receipt:
    order = make_order()
    charging.take_payment(order, by=manager, method="cash")
    work()
    return order.receipts.get()


def page_of(receipt: Receipt) -> str:
    return reverse("admin:billing_receipt_change", args=[receipt.pk])


def buttons(client, receipt: Receipt) -> set[str]:
    page = client.get(page_of(receipt)).content.decode()
    return {
        name for name in ("Issue credit note", "Enter Medicare item", "Remove Medicare item") if name in page
    }


class TestPages:
    @pytest.mark.parametrize("role", ["manager", "auditor", "reception"])
    def test_show_what_the_paper_says(self, receipt, make_user, staff_client, role):
        client = staff_client(make_user(role, f"one-{role}"))

        listed = client.get(reverse(LIST)).content.decode()
        page = client.get(page_of(receipt)).content.decode()

        assert receipt.number in listed
        for field in [
            "Pat Example",
            "Short consultation (video), Dr Ada Example",
            "Not eligible for a Medicare rebate",
        ]:
            assert field in page
        assert reverse("receipt", args=[receipt.pk]) in page

    @pytest.mark.parametrize("role", ["doctor", "patient"])
    def test_stay_shut_for_others(self, receipt, make_user, staff_client, role):
        client = staff_client(make_user(role, f"one-{role}"))

        assert client.get(reverse(LIST)).status_code in {302, 403, 404}
        assert client.get(page_of(receipt)).status_code in {302, 403, 404}

    def test_lead_from_a_receipt_to_its_other_papers(self, receipt, manager, staff_client):
        refunding.hand_over(refunding.refund(receipt.order, by=manager, why="Cancelled."), by=manager)
        [note] = receipting.catch_up(receipt.order)
        client = staff_client(manager)

        assert page_of(note) in client.get(page_of(receipt)).content.decode()
        assert "Replaced" not in client.get(page_of(receipt)).content.decode()
        page = client.get(page_of(note)).content.decode()
        assert page_of(receipt) in page
        assert "Money was given back." in page
        assert "Being printed" in page

    def test_ask_the_same_questions_for_one_row_and_for_three(
        self, receipt, make_order, manager, staff_client
    ):
        client = staff_client(manager)
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as for_one:
            client.get(reverse(LIST))
        receipting.correct(receipt, by=manager, why="The name was wrong.")

        with CaptureQueriesContext(connection) as for_three:
            answer = client.get(reverse(LIST))

        assert answer.context["cl"].result_count == 3
        assert len(for_three) == len(for_one)
        page = answer.content.decode()
        assert all(state in page for state in ["Replaced", "Credit note", "Receipt"])


class TestCreditNoteButton:
    def test_takes_a_receipt_back_and_writes_another(self, receipt, manager, staff_client):
        client = staff_client(manager)

        press(client, receipt, "correct", why="The name was wrong.")

        numbers = [paper.number for paper in Receipt.objects.order_by("sequence")]
        assert told(client, receipt) == [
            f"Receipt {numbers[0]} was taken back. Receipt {numbers[2]} takes its place."
        ]
        assert "Replaced" in client.get(page_of(receipt)).content.decode()
        note = Receipt.objects.get(kind="credit_note")
        assert (note.content["why"], note.recorded_by) == ("The name was wrong.", manager)

    def test_needs_a_reason(self, receipt, manager, staff_client):
        press(staff_client(manager), receipt, "correct", why="")

        assert Receipt.objects.count() == 1

    @pytest.mark.parametrize("role", ["auditor", "reception", "doctor"])
    def test_is_not_for_everybody(self, receipt, make_user, staff_client, role):
        press(staff_client(make_user(role, f"one-{role}")), receipt, "correct", why="For a friend.")

        assert Receipt.objects.count() == 1

    def test_is_gone_where_it_can_do_nothing(self, receipt, manager, staff_client):
        client = staff_client(manager)
        before = buttons(client, receipt)
        new = receipting.correct(receipt, by=manager, why="The name was wrong.")
        refunding.hand_over(refunding.refund(receipt.order, by=manager, why="Cancelled."), by=manager)
        [note] = receipting.catch_up(receipt.order)

        assert before == {"Issue credit note", "Enter Medicare item"}
        assert [buttons(client, paper) for paper in (receipt, new, note)] == [set()] * 3


class TestMedicareButtons:
    def test_put_an_item_on_and_take_it_off(self, receipt, manager, staff_client):
        client = staff_client(manager)

        press(client, receipt, "enter", item="91891", eligibility="relationship")
        entered = Receipt.objects.standing().get()
        offered = buttons(client, entered)
        press(client, entered, "remove")

        assert entered.content["medicare"]["item"] == "91891"
        assert offered == {"Issue credit note", "Remove Medicare item"}
        assert Receipt.objects.standing().get().content["medicare"] is None

    def test_refuse_what_is_no_item(self, receipt, manager, staff_client):
        press(staff_client(manager), receipt, "enter", item="level B", eligibility="relationship")

        assert MedicareItem.objects.count() == 0

    @pytest.mark.parametrize("role", ["auditor", "reception", "doctor"])
    @pytest.mark.parametrize("button", ["enter", "remove"])
    def test_are_not_for_everybody(self, receipt, manager, make_user, staff_client, role, button):
        entered = rebating.enter(receipt, item="91891", eligibility="relationship", by=manager)

        press(staff_client(make_user(role, f"one-{role}")), entered, button, item="1", eligibility="homeless")

        assert list(Receipt.objects.standing()) == [entered]


class TestDownload:
    def test_hands_the_payer_the_same_bytes_each_time(self, receipt, client):
        client.force_login(receipt.order.payer)
        first, second = (client.get(reverse("receipt", args=[receipt.pk])) for _ in range(2))

        name = f"receipt-{receipt.number.replace('/', '-')}.pdf"
        assert first.content.startswith(b"%PDF-1.7")
        assert first.content == second.content
        assert first.headers["Content-Type"] == "application/pdf"
        assert first.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert first.headers["X-Content-Type-Options"] == "nosniff"
        assert first.headers["Cache-Control"] == "private, no-store"

    @pytest.mark.parametrize(
        ("role", "status"), [("manager", 200), ("auditor", 200), ("reception", 200), ("doctor", 404)]
    )
    def test_is_for_staff_who_may_see_receipts(self, receipt, make_user, staff_client, role, status):
        client = staff_client(make_user(role, f"one-{role}"))

        assert client.get(reverse("receipt", args=[receipt.pk])).status_code == status

    def test_is_not_for_another_patient_or_a_stranger(self, receipt, make_user, client):
        page = reverse("receipt", args=[receipt.pk])
        stranger = client.get(page)
        client.force_login(make_user("patient", "neighbour"))

        assert stranger.url.startswith(reverse("account_login"))
        assert client.get(page).status_code == 404

    def test_is_not_for_staff_without_their_second_factor(self, receipt, manager, client):
        client.force_login(manager)

        assert client.get(reverse("receipt", args=[receipt.pk])).status_code == 403

    def test_asks_for_a_minute_while_it_is_printed(self, receipt, manager, client):
        new = receipting.correct(receipt, by=manager, why="The name was wrong.")
        client.force_login(receipt.order.payer)

        answer = client.get(reverse("receipt", args=[new.pk]))

        assert "still being printed" in answer.content.decode()
        assert answer.status_code == 409
