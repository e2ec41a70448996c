from datetime import timedelta

import pytest

from billing import gateway
from clinic import booking, expiring
from clinic.tests.test_booking import PAGES, letters, monday_noon  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db


class TestExpireHolds:
    def test_leaves_those_in_time(self, held):
        assert expiring.expire_holds(now=held.held_until - timedelta(seconds=1)) == 0

        held.refresh_from_db()
        assert held.status == "held"

    def test_frees_the_time_and_tells_the_patient(self, held):
        assert expiring.expire_holds(now=held.held_until) == 1

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("expired", "void")
        assert letters() == ["appointment_expired"]

    def test_does_nothing_the_second_time(self, held):
        expiring.expire_holds(now=held.held_until)

        assert expiring.expire_holds(now=held.held_until) == 0
        assert letters() == ["appointment_expired"]

    def test_closes_the_payment_page(self, held, patient, simulated_stripe):
        payment = booking.start_payment(held, by=patient.user, **PAGES)

        assert expiring.expire_holds(now=held.held_until) == 1

        assert simulated_stripe.press(payment.url, "pay") == ""
        assert gateway.fetch_session(payment.session_id).status == "expired"

    def test_confirms_what_turns_out_to_be_paid(self, held, patient, simulated_stripe):
        payment = booking.start_payment(held, by=patient.user, **PAGES)
        simulated_stripe.press(payment.url, "pay")

        assert expiring.expire_holds(now=held.held_until) == 0

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("confirmed", "paid")

    def test_keeps_the_time_while_the_page_cannot_be_closed(
        self, held, patient, make_slot, make_patient, simulated_stripe, settings, caplog
    ):
        booking.start_payment(held, by=patient.user, **PAGES)
        second = make_patient("second")
        other = booking.hold(make_slot(hours=48), patient=second, by=second.user)
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"  # nobody there

        assert expiring.expire_holds(now=other.held_until) == 1

        held.refresh_from_db()
        other.refresh_from_db()
        assert (held.status, other.status) == ("held", "expired")
        assert "A hold could not be ended" in caplog.text
