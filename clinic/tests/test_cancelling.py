from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from billing import charging, refunding
from billing.models import Order, Refund
from clinic import attending, booking, cancelling, moving, reckoning
from clinic.models import Appointment, AuditEvent
from clinic.tests.test_booking import PAGES, letters, monday_noon  # noqa: F401  a fixture
from config.base import IllegalMove
from messaging import mailing
from messaging.models import Letter

pytestmark = pytest.mark.django_db


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
    def test_refuses_what_is_over(self, confirmed, patient, status, forced):
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


class TestPolicy:
    """What a patient gets back by the policy they agreed to at booking."""

    @pytest.fixture
    def booked(self, make_policy, make_slot, patient, fees, settle):
        make_policy(free_hours=24, keep_percent=50)
        return settle(booking.hold(make_slot(72), patient=patient, by=patient.user))

    @pytest.mark.parametrize(
        ("hours", "back", "kept", "status"),
        [(48, 80, 0, "refunded"), (24, 80, 0, "refunded"), (23.9, 40, 40, "paid"), (0.1, 40, 40, "paid")],
    )
    def test_gives_all_back_until_a_day_before_and_half_later(
        self, booked, patient, manager, hours, back, kept, status
    ):
        with time_machine.travel(booked.starts_at - timedelta(hours=hours), tick=False):
            what = cancelling.cancel(booked, by=patient.user, why="")
        refunding.hand_over(Refund.objects.get(), by=manager)

        booked.order.refresh_from_db()
        assert (what.back, what.kept, booked.order.kept, booked.order.status) == (back, kept, kept, status)
        assert booked.cancelled_as == "patient"

    @pytest.mark.parametrize(("who", "side"), [("doctor", "practitioner"), ("manager", "practice")])
    def test_gives_all_back_when_the_clinic_cancels(self, booked, doctor, manager, who, side):
        with time_machine.travel(booked.starts_at - timedelta(minutes=5), tick=False):
            what = cancelling.cancel(booked, by={"doctor": doctor.user, "manager": manager}[who], why="Ill.")

        assert (what.back, what.kept, booked.cancelled_as) == (80, 0, side)

    @pytest.mark.parametrize(("is_waived", "back"), [(False, 40), (True, 80)])
    def test_holds_when_the_patient_calls_the_desk(self, booked, reception, is_waived, back):
        with time_machine.travel(booked.starts_at - timedelta(hours=1), tick=False):
            what = cancelling.cancel(
                booked, by=reception, why="In hospital.", side=Appointment.Side.PATIENT, is_waived=is_waived
            )

        assert (what.back, booked.cancelled_as) == (back, "patient")

    @pytest.mark.parametrize(
        "answer", [{"is_waived": True}, {"has_failed": True}, {"side": Appointment.Side.PRACTICE}]
    )
    def test_is_not_for_the_patient_to_waive(self, booked, patient, answer):
        with pytest.raises(cancelling.NotYours):
            cancelling.cancel(booked, by=patient.user, why="", **answer)

        booked.refresh_from_db()
        assert booked.status == "confirmed"

    def test_is_the_one_that_was_shown_at_booking(self, booked, patient, make_policy):
        make_policy(from_on=booked.created_at.date(), free_hours=72, keep_percent=10)

        with time_machine.travel(booked.starts_at - timedelta(hours=1), tick=False):
            assert cancelling.cancel(booked, by=patient.user, why="").kept == 40

    def test_follows_the_appointment_to_another_time(self, booked, patient, make_slot, make_policy):
        moved = moving.move(booked, to=make_slot(96), by=patient.user, why="")

        assert moved.policy == booked.policy

    @pytest.mark.parametrize(
        ("who", "answers", "cause"),
        [
            ("patient", {}, "patient_cancelled"),
            ("manager", {"side": Appointment.Side.PATIENT}, "patient_cancelled"),
            ("doctor", {}, "clinic_cancelled"),
            ("manager", {}, "clinic_cancelled"),
            ("manager", {"has_failed": True}, "technology"),
            ("manager", {"has_failed": True, "side": Appointment.Side.PATIENT}, "technology"),
        ],
    )
    def test_tells_the_books_which_rule_it_was(self, booked, patient, doctor, manager, who, answers, cause):
        by = {"patient": patient.user, "doctor": doctor.user, "manager": manager}[who]
        with time_machine.travel(booked.starts_at - timedelta(hours=48), tick=False):
            cancelling.cancel(booked, by=by, why="", **answers)

        assert Refund.objects.get().cause == cause

    def test_costs_nothing_when_the_technology_fails(self, booked, manager):
        with time_machine.travel(booked.starts_at, tick=False):
            what = cancelling.cancel(
                booked, by=manager, why="No sound.", side=Appointment.Side.PATIENT, has_failed=True
            )

        assert what == (80, 0)
        assert Refund.objects.get().reason == "The technology failed."

    def test_costs_nothing_when_the_doctor_is_late(self, booked, patient, settle):
        with time_machine.travel(booked.starts_at, tick=False):
            attending.arrive(booked, by=patient.user)

        with time_machine.travel(booked.starts_at + timedelta(minutes=15), tick=False):
            what = cancelling.cancel(booked, by=patient.user, why="I have waited.")

        assert (what.back, what.kept, booked.status) == (80, 0, "cancelled")
        assert Refund.objects.get().cause == "practitioner_late"

    def test_lets_nobody_leave_while_the_doctor_may_still_come(self, booked, patient):
        with time_machine.travel(booked.starts_at, tick=False):
            attending.arrive(booked, by=patient.user)

        late = booked.starts_at + timedelta(minutes=15, seconds=-1)
        with time_machine.travel(late, tick=False), pytest.raises(cancelling.TooLate):
            cancelling.cancel(booked, by=patient.user, why="I have waited.")

    def test_leaves_no_debt_though_a_part_is_on_its_way_back(self, make_slot, patient, fees, manager):
        held = booking.hold(make_slot(hours=50), patient=patient, by=patient.user)
        charging.take_payment(held.order, by=manager, method="cash", amount=Decimal(30))
        refunding.refund(held.order, by=manager, why="They want their cash back.")

        cancelling.cancel(held, by=patient.user, why="")

        order = Order.objects.get(pk=held.order_id)
        assert (order.promised, order.owing) == (30, 0)

    def test_is_not_done_for_another_sum_than_the_patient_saw(self, booked, patient):
        seen = reckoning.shown(reckoning.Reckoning(Decimal("80.00"), Decimal("0.00")))

        late = booked.starts_at - timedelta(hours=1)
        with time_machine.travel(late, tick=False), pytest.raises(cancelling.MoneyChanged):
            cancelling.cancel(booked, by=patient.user, why="", read=seen)

        booked.refresh_from_db()
        assert (booked.status, booked.order.promised) == ("confirmed", 0)

    def test_keeps_no_more_than_is_there(self, booked, patient, manager):
        refunding.refund(booked.order, by=manager, why="A kindness.", amount=Decimal(60))

        with time_machine.travel(booked.starts_at - timedelta(hours=1), tick=False):
            what = cancelling.cancel(booked, by=patient.user, why="")

        assert what == (Decimal(0), Decimal(20))

    def test_is_written_to_the_patient(self, booked, patient):
        with time_machine.travel(booked.starts_at - timedelta(hours=1), tick=False):
            cancelling.cancel(booked, by=patient.user, why="")

        mail = mailing.render(Letter.objects.get(template="clinic/mail/appointment_cancelled"))
        assert "A$40.00 is on its way back to you." in mail.body
        assert "A$40.00 is kept as the cancellation fee" in mail.body
