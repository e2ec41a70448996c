"""What a bank may be told of a disputed visit, and what it is never told."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from billing import charging, disputing, evidencing, gateway
from clinic import attesting, booking, cancelling, consenting, moving
from clinic.models import Consent
from clinic.models.consents import fingerprint
from messaging import mailing
from messaging.models import Letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def booked(slot, patient, fees, settle, make_policy):
    """A booking of somebody who agreed to the terms."""
    make_policy()
    return settle(booking.hold(slot, patient=patient, by=patient.user, consents=consenting.BEFORE_BOOKING))


def told(visit) -> list[str]:
    return [moment.what for moment in sorted(visit.moments)]


class TestVisit:
    def test_tells_when_it_was_booked_begun_and_ended(self, booked, doctor):
        for status in ("arrived", "in_consultation", "completed"):
            booked.move_to(status, by=doctor.user, why="She was in tears.")

        visit = attesting.visit(booked.order)

        assert visit.starts_at == booked.starts_at
        assert told(visit) == [
            "Booked",
            "Booking confirmed",
            "Patient arrived in the online waiting room",
            "Consultation began",
            "Consultation ended",
        ]

    def test_follows_a_booking_to_another_time(self, booked, make_slot, manager):
        moved = moving.move(booked, to=make_slot(72), by=manager, why="The doctor is ill.")

        visit = attesting.visit(booked.order)

        assert told(visit) == ["Booked", "Booking confirmed", "Moved to another time"]
        assert visit.starts_at == moved.starts_at

    def test_tells_the_terms_in_the_words_that_were_agreed_to(self, booked):
        terms = attesting.visit(booked.order).terms

        assert terms.words == consenting.text(Consent.Kind.FEES, policy=booked.policy)
        assert terms.version == f"1+{booked.policy.version}"
        assert terms.agreed_at == booked.patient.consents.get(kind="fees").recorded_at

    def test_keeps_the_words_when_they_are_others_by_now(self, booked, reword):
        before = attesting.visit(booked.order).terms
        reword("fees")

        assert attesting.visit(booked.order).terms == before
        assert before.words != consenting.text(Consent.Kind.FEES, policy=booked.policy)

    @pytest.mark.parametrize("is_same", [True, False])
    def test_of_before_words_were_kept_gives_those_that_fit_still(self, confirmed, off_guard, is_same):
        words = consenting.text(Consent.Kind.FEES, policy=confirmed.policy)
        at = confirmed.created_at - timedelta(minutes=1)
        mark = fingerprint(words) if is_same else "0" * 64
        with off_guard("clinic_consent"):
            Consent.objects.create(
                patient=confirmed.patient, kind="fees", version="2026-11", text_sha256=mark, recorded_at=at
            )

        terms = attesting.visit(confirmed.order).terms

        assert (terms.version, terms.words) == ("2026-11", words if is_same else "")

    def test_says_so_when_nobody_was_asked(self, confirmed):
        assert attesting.visit(confirmed.order).terms.agreed_at is None

    def test_does_not_take_a_later_yes_for_an_earlier_one(self, confirmed, patient):
        consenting.agree(patient, kinds=[Consent.Kind.FEES], by=None)

        assert attesting.visit(confirmed.order).terms.agreed_at is None

    def test_tells_of_the_letters_about_it_that_were_sent_and_of_no_other(self, booked, patient, make_slot):
        other = booking.hold(make_slot(96), patient=patient, by=patient.user)
        booking.tell(other, "clinic/mail/appointment_reminder")
        for template in ("clinic/mail/document_ready", "clinic/mail/document_news"):
            context = {"appointment": booked.pk}
            mailing.queue(template, recipient=patient.user, to=patient.user.email, context=context)
        Letter.objects.update(status="sent", sent_at=timezone.now())
        booking.tell(booked, "clinic/mail/appointment_cancelled")  # not sent yet

        letters = attesting.visit(booked.order).letters

        assert [letter.what for letter in letters] == ["Booking confirmation"]

    def test_knows_nothing_of_an_order_without_an_appointment(self, patient):
        line = charging.Line("Report", "gst_10", 110)

        assert attesting.visit(charging.open_order(payer=patient.user, lines=[line], by=None)) is None


class TestPack:
    def test_has_nothing_clinical(self, booked, patient, doctor, short_visit, practice):
        short_visit.change(by=None, name="Cannabis review")
        cancelling.cancel(booked, by=patient.user, why="My psychosis is back.")
        payment = booked.order.payments.get()
        type(payment).objects.filter(pk=payment.pk).update(intent_id="pi_1")
        now = timezone.now()
        dispute = disputing.accept(
            gateway.Objection(
                id="dp_1",
                status="needs_response",
                reason="general",
                amount=payment.amount,
                currency="AUD",
                livemode=False,
                intent_id="pi_1",
                opened_at=now,
                due_at=now + timedelta(days=7),
            )
        )

        content = json.dumps(evidencing.compose(dispute))

        assert "Booking cancelled" in content
        for secret in ["Cannabis", "psychosis", str(doctor), str(patient.pk), str(booked.pk)]:
            assert secret not in content
