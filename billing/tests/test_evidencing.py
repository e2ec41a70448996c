"""What a bank is told about a disputed payment, as content, by Stripe's names and on paper."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pypdf import PdfReader

from billing import disputing, evidencing, gateway, receipting, refunding, signals
from billing.evidencing import Moment, Terms, Visit
from billing.simulator.parameters import EVIDENCE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
BOOKED = datetime(2026, 8, 1, 0, 0, tzinfo=UTC)
VISIT = Visit(
    starts_at=datetime(2026, 8, 3, 23, 30, tzinfo=UTC),
    moments=[Moment(BOOKED + timedelta(days=2), "Consultation began"), Moment(BOOKED, "Booked")],
    letters=[Moment(BOOKED + timedelta(minutes=5), "Booking confirmation")],
    terms=Terms("2026-12+2026-07-01", "The fee is kept.\n\nOr not.", BOOKED - timedelta(minutes=1)),
)


@pytest.fixture
def knowing(monkeypatch):
    """Say what the apps above know of the visit."""
    known = [VISIT]
    monkeypatch.setattr(signals.visit_wanted, "receivers", [])
    signals.visit_wanted.connect(lambda sender, **_: known[-1], weak=False)
    return known.append


@pytest.fixture
def dispute(paid, knowing):
    now = datetime(2026, 8, 10, tzinfo=UTC)
    return disputing.accept(
        gateway.Objection(
            id="dp_1",
            status="needs_response",
            reason="product_not_received",
            amount=Decimal("89.00"),
            currency="AUD",
            livemode=False,
            intent_id=paid.payments.get().intent_id,
            opened_at=now,
            due_at=now + timedelta(days=7),
        )
    )


def words(content) -> str:
    reader = PdfReader(io.BytesIO(evidencing.write_pdf(content)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


class TestPack:
    def test_tells_what_was_sold_agreed_to_and_paid_and_when_it_took_place(self, dispute, paid, payer):
        [receipt] = receipting.catch_up(paid)

        text = words(evidencing.content_of(dispute))

        for told in [
            f"Payment of order {paid.number}",
            "Example Clinic Pty Ltd",
            "ABN 51 824 753 556",
            "dp_1",
            "A$89.00, reason given: product_not_received",
            "Monday 17 August 2026, 10:00 am AEST (UTC+10:00)",  # the deadline
            str(payer),
            payer.email,
            "Consultation GST-free A$89.00",
            f"Reference {paid.payments.get().intent_id}",
            f"Receipt {receipt.number}",
            "Tuesday 4 August 2026, 9:30 am AEST (UTC+10:00)",  # the visit
            "Saturday 1 August 2026, 10:00 am AEST (UTC+10:00) Booked",
            "Monday 3 August 2026, 10:00 am AEST (UTC+10:00) Consultation began",
            "Booking confirmation",
            "2026-12+2026-07-01",
            "The payer agreed on Saturday 1 August 2026, 9:59 am",
            "The fee is kept.",
        ]:
            assert told in text

    def test_tells_what_went_back(self, dispute, paid, manager):
        disputing.accept(replace(gateway_view(dispute), status="won"))
        paid.refresh_from_db()
        owed = refunding.refund(paid, amount=Decimal("20.00"), by=manager, why="Her rash was worse.")
        refunding.send(owed)

        content = evidencing.compose(dispute)

        assert [one["amount"] for one in content["refunds"]] == ["20.00"]
        assert "−A$20.00" in words(content)
        assert "rash" not in str(content)

    def test_says_nothing_of_a_visit_where_there_was_none(self, dispute, knowing):
        knowing(None)

        content = evidencing.compose(dispute)

        assert content["visit"] is None
        assert "What our system recorded" not in words(content)
        assert {"service_date", "access_activity_log", "cancellation_policy_disclosure"}.isdisjoint(
            evidencing.parts(content)
        )

    def test_does_not_claim_that_anybody_agreed_who_was_not_asked(self, dispute, knowing):
        knowing(replace(VISIT, terms=Terms("2026-12", "The fee is kept.", agreed_at=None)))

        content = evidencing.compose(dispute)

        assert "These terms counted at booking" in words(content)
        assert "agreed" not in evidencing.parts(content)["cancellation_policy_disclosure"]

    def test_names_neither_the_doctor_nor_the_kind_of_visit(self, dispute):
        content = evidencing.compose(dispute)

        assert "Dr Ada Example" not in str(content)  # as receipts do
        assert "Short consultation" not in str(content)


class TestParts:
    def test_are_in_words_by_stripes_names(self, dispute, paid, payer):
        parts = evidencing.parts(evidencing.compose(dispute))

        assert set(parts) <= set(EVIDENCE)
        assert parts["product_description"] == f"Consultation, order {paid.number}."
        assert parts["customer_email_address"] == payer.email
        assert parts["access_activity_log"].splitlines() == [
            "Saturday 1 August 2026, 10:00 am AEST (UTC+10:00): Booked",
            "Monday 3 August 2026, 10:00 am AEST (UTC+10:00): Consultation began",
        ]
        assert parts["cancellation_policy_disclosure"].startswith(
            "The payer agreed to these terms on Saturday 1 August 2026, 9:59 am AEST (UTC+10:00), before"
        )
        assert "paid A$89.00 (card, online)" in parts["uncategorized_text"]
        assert "Booking confirmation" in parts["uncategorized_text"]

    def test_are_never_longer_than_stripe_takes(self, dispute, knowing):
        knowing(replace(VISIT, moments=[Moment(BOOKED, "Booked")] * 1000))

        parts = evidencing.parts(evidencing.compose(dispute))

        assert len(parts["access_activity_log"]) == 20_000


def gateway_view(dispute) -> gateway.Objection:
    return gateway.Objection(
        id=dispute.stripe_id,
        status=dispute.status,
        reason=dispute.reason,
        amount=dispute.amount,
        currency="AUD",
        livemode=False,
        intent_id=dispute.payment.intent_id,
        opened_at=dispute.opened_at,
        due_at=dispute.due_at,
    )
