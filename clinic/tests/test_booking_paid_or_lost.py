"""A held time is paid for, or it is lost: paying, confirming, cancelling, expiring, attending."""

from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine

from billing import charging, gateway
from billing.models import Payment
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


<<<<<<< HEAD
=======
class TestCancel:
    def test_gives_the_money_back(self, confirmed, patient, slot):
        cancelling.cancel(confirmed, by=patient.user, why="I am well.")

        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.cancelled_by) == ("cancelled", patient.user)
        assert confirmed.order.status == "refunding"
        assert confirmed.room.closed_at
        assert letters() == ["appointment_confirmed", "appointment_cancelled", "appointment_cancelled_doctor"]

    def test_gives_the_time_back(self, confirmed, patient, slot, make_patient):
        cancelling.cancel(confirmed, by=patient.user, why="I am well.")
        next_one = make_patient("next")

        assert booking.hold(slot, patient=next_one, by=next_one.user).status == "held"

    def test_asks_no_money_for_a_hold(self, held, patient):
        cancelling.cancel(held, by=patient.user, why="Another time suits better.")

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("cancelled", "void")
        assert letters() == ["appointment_cancelled"]

    def test_closes_the_payment_page_first(self, held, patient, simulated_stripe):
        payment = booking.start_payment(held, by=patient.user, **PAGES)

        cancelling.cancel(held, by=patient.user, why="Another time suits better.")

        assert simulated_stripe.press(payment.url, "pay") == ""
        held.order.refresh_from_db()
        assert held.order.status == "void"

    def test_sends_back_money_that_came_meanwhile(self, held, patient, simulated_stripe):
        payment = booking.start_payment(held, by=patient.user, **PAGES)
        simulated_stripe.press(payment.url, "pay")

        cancelling.cancel(held, by=patient.user, why="Another time suits better.")

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("cancelled", "refunding")

    def test_is_remembered_with_who_and_why(self, confirmed, manager):
        cancelling.cancel(confirmed, by=manager, why="The doctor is ill.")

        last = confirmed.history.first()
        assert (last.status, last.history_user, last.history_change_reason) == (
            "cancelled",
            manager,
            "The doctor is ill.",
        )

    @pytest.mark.parametrize(("role", "told"), [("patient", "The patient"), ("manager", "The practice")])
    def test_keeps_the_patients_words_out_of_the_books(self, confirmed, patient, manager, role, told):
        words = "I am pregnant."

        cancelling.cancel(confirmed, by={"patient": patient.user, "manager": manager}[role], why=words)

        promised = confirmed.order.entries.get(kind="promised").why
        refund = confirmed.order.payments.get().refunds.get()
        assert [promised, refund.reason] == [f"{told} cancelled."] * 2
        assert set(AuditEvent.objects.filter(why=words).values_list("record_type", flat=True)) == {
            "clinic.appointment"
        }

    def test_keeps_them_out_of_a_hold_that_was_given_up(self, held, patient):
        cancelling.cancel(held, by=patient.user, why="I am pregnant.")

        assert held.order.entries.get(kind="voided").why == "The patient cancelled."

    @pytest.mark.parametrize(
        "status", ["in_consultation", "completed", "expired", "cancelled", "no_show", "moved"]
    )
    def test_refuses_what_is_over(self, confirmed, patient, status):
        forced(confirmed, status)

        with pytest.raises(IllegalMove):
            cancelling.cancel(confirmed, by=patient.user, why="I am well.")

        confirmed.order.refresh_from_db()
        assert confirmed.order.status == "paid"

    def test_is_too_late_for_the_patient_once_it_has_begun(self, confirmed, patient):
        with time_machine.travel(confirmed.starts_at, tick=False), pytest.raises(cancelling.TooLate):
            cancelling.cancel(confirmed, by=patient.user, why="I forgot.")

    def test_is_never_too_late_for_the_practice(self, confirmed, manager):
        with time_machine.travel(confirmed.starts_at, tick=False):
            cancelling.cancel(confirmed, by=manager, why="The line broke down.")

        assert confirmed.status == "cancelled"


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


class TestArrive:
    def test_lets_the_patient_wait_from_half_an_hour_before(self, confirmed, patient):
        with time_machine.travel(confirmed.starts_at - timedelta(minutes=30), tick=False):
            attending.arrive(confirmed, by=patient.user)

        assert confirmed.status == "arrived"

    def test_tells_the_hour_to_those_who_are_early(self, confirmed, patient):
        early = confirmed.starts_at - timedelta(minutes=30, seconds=1)

        with (
            time_machine.travel(early, tick=False),
            pytest.raises(attending.TooEarly, match=r"Tuesday 3 March 2026, 11:30 am AEDT \(UTC\+11:00\)"),
        ):
            attending.arrive(confirmed, by=patient.user)

    def test_tells_the_desk_by_the_practices_clock(self, confirmed, reception, practice):
        practice.change(time_zone="Australia/Perth", by=None)

        with pytest.raises(attending.TooEarly) as refused:
            attending.arrive(confirmed, by=reception)

        assert str(refused.value) == (
            "The patient can come in from Tuesday 3 March 2026, 8:30 am AWST (UTC+08:00)."
        )

    def test_refuses_what_is_not_paid(self, held, patient):
        with time_machine.travel(held.starts_at, tick=False), pytest.raises(IllegalMove):
            attending.arrive(held, by=patient.user)


class TestNoShow:
    @pytest.mark.parametrize("status", ["confirmed", "arrived"])
    def test_keeps_the_fee(self, confirmed, manager, status):
        forced(confirmed, status)

        with time_machine.travel(confirmed.starts_at, tick=False):
            attending.no_show(confirmed, by=manager, why="Three calls, no answer.")

        assert (confirmed.status, confirmed.order.status) == ("no_show", "paid")

    def test_waits_for_the_start(self, confirmed, manager):
        with pytest.raises(attending.TooEarly, match="has not begun yet"):
            attending.no_show(confirmed, by=manager, why="Three calls, no answer.")


>>>>>>> 1a4d882 (crediting: Parts, credit, deposits, write-offs; refunds have a cause, a limit and, by hand, somebody who handed them over.)
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
