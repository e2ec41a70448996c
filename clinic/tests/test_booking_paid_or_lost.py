"""A held time is paid for, or it is lost: paying, confirming, cancelling, expiring, attending."""

from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine

from billing import charging, gateway
from billing.models import Payment, Refund
from clinic import booking, expiring, rostering
from clinic.models import Appointment
from clinic.tests.test_booking import NOON, PAGES, letters, monday_noon  # noqa: F401  a fixture
from messaging import mailing
from messaging.models import Letter

pytestmark = pytest.mark.django_db


class TestStartPayment:
    def test_starts_the_hold_anew_once(self, held, patient, simulated_stripe):
        first_until = held.held_until

        booking.start_payment(held, by=patient.user, **PAGES)
        extended_until = held.held_until
        booking.start_payment(held, by=patient.user, **PAGES)

        assert extended_until > first_until
        assert held.held_until == extended_until
        assert held.history.first().history_change_reason == "The payment page was opened."

    def test_opens_one_page_for_the_fee(self, held, patient, simulated_stripe):
        payment = booking.start_payment(held, by=patient.user, **PAGES)
        again = booking.start_payment(held, by=patient.user, **PAGES)

        assert again.pk == payment.pk
        assert payment.amount == Decimal("80.00")
        assert payment.url.startswith(simulated_stripe.address)

    def test_refuses_when_the_hold_has_run_out(self, held, patient):
        with time_machine.travel(held.held_until, tick=False), pytest.raises(booking.HoldOver):
            booking.start_payment(held, by=patient.user, **PAGES)

        assert not Payment.objects.exists()

    def test_refuses_what_is_paid(self, confirmed, patient):
        with pytest.raises(booking.NotHeld, match="is confirmed"):
            booking.start_payment(confirmed, by=patient.user, **PAGES)


class TestConfirm:
    def test_opens_a_room_for_both_and_owes_a_letter(self, held, settle, patient, doctor, queued_tasks):
        appointment = settle(held)

        assert appointment.status == "confirmed"
        assert {member.user for member in appointment.room.members.all()} == {patient.user, doctor.user}
        assert letters() == ["appointment_confirmed"]
        assert queued_tasks() == ["messaging.tasks.send_letter", "billing.tasks.write_papers"]

    def test_follows_a_waived_order(self, held, manager):
        charging.waive(held.order, by=manager, why="Hardship.")

        held.refresh_from_db()
        assert held.status == "confirmed"

    def test_is_not_got_by_writing_the_order_off(self, held, patient, manager, simulated_stripe):
        booking.start_payment(held, by=patient.user, **PAGES)

        with pytest.raises(charging.StillHeld, match="still held until it is paid"):
            charging.write_off(held.order, by=manager, why="No answer.")

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("held", "open")
        assert Payment.objects.get().status == "pending"

    def test_follows_the_card(self, held, patient, simulated_stripe):
        payment = booking.start_payment(held, by=patient.user, **PAGES)
        simulated_stripe.press(payment.url, "pay")

        charging.follow(payment.session_id)

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("confirmed", "paid")

    def test_changes_nothing_the_second_time(self, confirmed):
        booking.confirm(Appointment.objects.get(pk=confirmed.pk))

        assert letters() == ["appointment_confirmed"]
        assert confirmed.history.count() == 2


@pytest.fixture
def pay_late(held, patient, simulated_stripe):
    """The hold ended and its page was closed; yet Stripe says in the end that money came."""
    payment = booking.start_payment(held, by=patient.user, **PAGES)
    expiring.expire_holds(now=held.held_until)

    def do() -> Appointment:
        session = gateway.fetch_session(payment.session_id)
        charging.settle(
            Payment.objects.get(pk=payment.pk),
            session=replace(session, is_paid=True, status="complete", intent_id="pi_late"),
        )
        held.refresh_from_db()
        held.order.refresh_from_db()
        return held

    return do


class TestLatePayment:
    def test_takes_the_time_again_if_it_is_free(self, pay_late):
        appointment = pay_late()

        assert (appointment.status, appointment.order.status) == ("confirmed", "paid")
        assert letters() == ["appointment_expired", "appointment_confirmed"]

    def test_goes_back_when_somebody_else_has_the_time(self, pay_late, slot, make_patient):
        faster = make_patient("faster")
        theirs = booking.hold(slot, patient=faster, by=faster.user)

        appointment = pay_late()

        assert (appointment.status, appointment.order.status) == ("expired", "refunding")
        assert Appointment.objects.live().get() == theirs
        assert letters() == ["appointment_expired", "appointment_lost"]
        assert Refund.objects.get().cause == "late_payment"

    def test_goes_back_when_the_time_was_withdrawn(self, pay_late, slot, manager):
        rostering.withdraw(slot, by=manager, why="Training.")

        appointment = pay_late()

        assert (appointment.status, appointment.order.status) == ("expired", "refunding")

    def test_goes_back_when_the_patient_chose_another_time(self, pay_late, patient, make_slot, make_doctor):
        other = make_slot(hours=24, of=make_doctor("other"))
        booking.hold(other, patient=patient, by=patient.user)

        appointment = pay_late()

        assert (appointment.status, appointment.order.status) == ("expired", "refunding")
        assert Appointment.objects.live().get().slot == other


def test_letters_tell_the_time_by_the_reader(make_slot, make_patient, fees, settle):
    person = make_patient("perth", zone="Australia/Perth")

    settle(booking.hold(make_slot(), patient=person, by=person.user))

    assert Letter.objects.get().context["when"] == "Tuesday 3 March 2026, 9:00 am AWST (UTC+08:00)"


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("confirmed", "Your appointment is confirmed"),
        ("cancelled", "Your appointment was cancelled"),
        ("cancelled_doctor", "An appointment was cancelled"),
        ("expired", "Your time is no longer held"),
        ("lost", "Your payment came too late and goes back to you"),
    ],
)
def test_letters_tell_when_and_nothing_clinical(confirmed, name, subject):
    booking.tell(confirmed, f"clinic/mail/appointment_{name}")

    mail = mailing.render(Letter.objects.filter(template=f"clinic/mail/appointment_{name}").first())

    assert mail.subject == subject
    assert "Tuesday 3 March 2026, 12:00 pm AEDT (UTC+11:00)" in mail.body
    assert [word for word in ("cannabis", "medicine", "script") if word in mail.body] == []
