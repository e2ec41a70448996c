"""Disputes on the staff site: from the bank's letter to its decision."""

import pytest
import stripe
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import gateway, refunding
from billing.models import Dispute, Evidence
from billing.tests.admin.test_orders import press, told
from billing.tests.conftest import balance_of
from billing.tests.stories import Story
from clinic.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
LIST = "admin:billing_dispute_changelist"


@pytest.fixture
def tell_of(simulated_stripe, manager, work):
    """Have the payer of an order dispute it, or the bank decide, and hear of it by webhook."""

    def do(order, *steps: str) -> Dispute:
        story = Story(order, simulator=simulated_stripe, by=manager, work=work)
        for step in steps:
            story.do(step)
        story.hear()
        return Dispute.objects.get(payment__order=order)

    return do


@pytest.fixture
def dispute(paid, tell_of) -> Dispute:
    return tell_of(paid, "dispute")


def page_of(dispute: Dispute, page: str = "change") -> str:
    return reverse(f"admin:billing_dispute_{page}", args=[dispute.pk])


class TestTheWholeWay:
    def test_from_the_cardholders_objection_to_the_banks_decision(
        self, dispute, paid, tell_of, manager, staff_client, simulated_stripe
    ):
        client = staff_client(manager)
        page = client.get(page_of(dispute)).content.decode()
        assert "To be answered" in page
        assert page_of(dispute, "evidence") in page

        pack = client.get(page_of(dispute, "evidence"))
        press(client, dispute, "answer")

        assert pack.content.startswith(b"%PDF")
        assert told(client, dispute) == [
            "The evidence is with the bank. Its decision may take weeks, and shows here when it comes."
        ]
        dispute.refresh_from_db()
        assert (dispute.status, dispute.evidence.recorded_by) == ("under_review", manager)
        there = at_stripe(simulated_stripe, dispute)
        assert there.evidence_details.submission_count == 1
        assert there.evidence.product_description == f"Consultation, order {paid.number}."

        dispute = tell_of(paid, "decide:won")

        assert (dispute.status, balance_of("disputed"), balance_of("stripe")) == ("won", 0, paid.amount)
        assert "Send evidence" not in client.get(page_of(dispute)).content.decode()

    def test_hands_out_later_what_was_sent(self, dispute, manager, staff_client, payer):
        client = staff_client(manager)
        press(client, dispute, "answer")
        sent = client.get(page_of(dispute, "evidence")).content
        payer.change(by=None, family_name="Otherwise")

        assert client.get(page_of(dispute, "evidence")).content == sent


class TestAnswering:
    def test_happens_once(self, dispute, manager, staff_client):
        client = staff_client(manager)
        press(client, dispute, "answer")
        told(client, dispute)

        press(client, dispute, "answer")

        assert Evidence.objects.count() == 1
        assert told(client, dispute) == ["This dispute is answered: the bank takes no evidence for it now."]

    def test_sends_the_same_again_when_the_answer_was_lost(
        self, dispute, manager, staff_client, settings, payer, simulated_stripe
    ):
        client = staff_client(manager)
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"
        press(client, dispute, "answer")
        assert told(client, dispute) == [str(gateway.Unreachable())]
        payer.change(by=None, family_name="Otherwise")
        settings.STRIPE_API_BASE = simulated_stripe.address

        press(client, dispute, "answer")

        dispute.refresh_from_db()
        assert dispute.status == "under_review"
        assert at_stripe(simulated_stripe, dispute).evidence.customer_name == "Patient Example"

    def test_learns_that_it_was_answered_elsewhere(self, dispute, manager, staff_client, simulated_stripe):
        gateway.submit_evidence(dispute.stripe_id, evidence={"uncategorized_text": "By hand."})
        client = staff_client(manager)

        press(client, dispute, "answer")

        dispute.refresh_from_db()
        assert dispute.status == "under_review"
        assert at_stripe(simulated_stripe, dispute).evidence.uncategorized_text == "By hand."

    def test_is_kept_as_it_was_sent(self, dispute, manager, staff_client):
        press(staff_client(manager), dispute, "answer")

        with pytest.raises(IntegrityError), transaction.atomic():
            Evidence.objects.update(content={})

    @pytest.mark.parametrize("role", ["auditor", "doctor", "reception", "patient"])
    def test_is_not_for_everybody(self, dispute, make_user, staff_client, role):
        press(staff_client(make_user(role, f"one-{role}")), dispute, "answer")

        dispute.refresh_from_db()
        assert (dispute.status, Evidence.objects.count()) == ("needs_response", 0)


class TestPages:
    @pytest.mark.parametrize(
        ("role", "statuses"),
        [
            ("manager", [200, 200, 200]),
            ("auditor", [200, 200, 403]),
            ("reception", [403, 403, 404]),
            ("doctor", [403, 403, 404]),
            ("patient", [404, 404, 404]),  # for whom there is no desk
        ],
    )
    def test_are_for_those_who_run_the_clinic(self, dispute, make_user, staff_client, role, statuses):
        client = staff_client(make_user(role, f"one-{role}"))

        answers = [client.get(url) for url in (reverse(LIST), page_of(dispute), page_of(dispute, "evidence"))]

        assert [answer.status_code for answer in answers] == statuses

    def test_a_download_is_in_the_audit_trail_and_a_refusal_is_not(
        self, dispute, manager, auditor, staff_client
    ):
        staff_client(auditor).get(page_of(dispute, "evidence"))
        staff_client(manager).get(page_of(dispute, "evidence"))

        event = AuditEvent.objects.get(action="download")
        assert (event.by, event.record_type, event.record_id) == (manager, "billing.dispute", dispute.pk)

    def test_ask_the_same_questions_for_one_row_and_for_three(
        self, dispute, make_order, pay, tell_of, manager, staff_client
    ):
        client = staff_client(manager)
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as for_one:
            client.get(reverse(LIST))
        for order in (make_order(), make_order()):
            pay(order)
            tell_of(order, "ask", "dispute")

        with CaptureQueriesContext(connection) as for_three:
            answer = client.get(reverse(LIST))

        assert answer.context["cl"].result_count == 3
        assert len(for_three) == len(for_one)

    def test_a_refund_of_disputed_money_is_refused_from_its_order(self, dispute, paid, manager, staff_client):
        client = staff_client(manager)

        answers = {"amount": "", "way": "as_it_came", "cause": "decision", "why": "To make peace."}
        dialog = press(client, paid, "refund", **answers).content.decode()

        assert str(refunding.NothingToRefund(paid)) in dialog


def at_stripe(simulator, dispute: Dispute) -> stripe.Dispute:
    client = stripe.StripeClient("sk_test_reader", base_addresses={"api": simulator.address})
    return client.v1.disputes.retrieve(dispute.stripe_id)
