from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from billing import charging, gateway, refunding
from billing.models import Refund
from clinic import booking, expiring, tasks
from clinic.models import Appointment, AuditEvent, Practice
from clinic.tests.test_booking import PAGES, letters, monday_noon  # noqa: F401  a fixture
from config import invariants
from messaging import mailing
from messaging.models import Letter

pytestmark = pytest.mark.django_db


def expire(now) -> int:
    """End what is overdue, as the schedule does, and write the letters, as a worker does then."""
    expired = expiring.expire_holds(now=now)
    tell()
    return expired


def tell() -> None:
    for task in [waiting.task for waiting in OrmQ.objects.order_by("pk")]:
        if task["func"] == "clinic.tasks.tell_expired":
            tasks.tell_expired(*task["args"])


class TestExpireHolds:
    def test_leaves_those_in_time(self, held):
        assert expiring.expire_holds(now=held.held_until - timedelta(seconds=1)) == 0

        held.refresh_from_db()
        assert held.status == "held"

    def test_frees_the_time_and_tells_the_patient(self, held):
        assert expire(now=held.held_until) == 1

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("expired", "void")
        assert letters() == ["appointment_expired"]

    def test_tells_once_however_often_the_worker_is_asked(self, held):
        expire(now=held.held_until)
        tell()

        assert letters() == ["appointment_expired"]

    def test_ends_what_is_a_day_late(self, held, make_slot, make_patient):
        """No worker was there: both the hold and the time itself have passed."""
        other = make_patient("other")
        booking.hold(make_slot(30), patient=other, by=other.user)

        assert expire(now=held.held_until + timedelta(days=1)) == 2
        assert letters() == ["appointment_expired"] * 2

    def test_does_nothing_the_second_time(self, held):
        expire(now=held.held_until)

        assert expire(now=held.held_until) == 0
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

    def test_gives_back_what_was_paid_while_no_worker_was_there(self, held, patient, simulated_stripe):
        payment = booking.start_payment(held, by=patient.user, **PAGES)
        simulated_stripe.press(payment.url, "pay")

        with time_machine.travel(held.ends_at + timedelta(days=1), tick=False):
            assert expiring.expire_holds(now=timezone.now()) == 0
            assert expiring.expire_holds(now=timezone.now()) == 0

        held.refresh_from_db()
        held.order.refresh_from_db()
        assert (held.status, held.order.status, held.order.kept) == ("expired", "refunding", 80)
        assert "appointment_lost" in letters()

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

    def test_gives_back_what_was_paid_of_a_part(self, held, manager):
        charging.take_payment(held.order, by=manager, method="cash", amount=Decimal(30))

        assert expiring.expire_holds(now=held.held_until) == 1

        held.refresh_from_db()
        assert (held.status, held.order.status, held.order.promised) == ("expired", "refunding", 30)
        assert Refund.objects.get().cause == "late_payment"

    def test_frees_the_time_though_a_part_is_on_its_way_back(self, held, manager):
        charging.take_payment(held.order, by=manager, method="cash", amount=Decimal(30))
        refunding.refund(held.order, by=manager, why="They want their cash back.")
        held.order.refresh_from_db()
        before = held.order.status

        assert expiring.expire_holds(now=held.held_until) == 1

        held.refresh_from_db()
        order = held.order
        assert (before, held.status) == ("refunding", "expired")
        assert (order.promised, order.owing) == (30, 0)


class TestSets:
    """Many at once, in few statements, each with its history, its letter and its place in the trail."""

    @pytest.fixture
    def overdue(self, make_slot, make_patient, fees):
        def make(count: int) -> list[Appointment]:
            there = Appointment.objects.count()
            people = [make_patient(f"patient{there + number}") for number in range(count)]
            return [
                booking.hold(make_slot(24 + there + number), patient=someone, by=someone.user)
                for number, someone in enumerate(people)
            ]

        return make

    def test_every_one_is_remembered_and_told(self, overdue):
        holds = overdue(3)

        assert expire(now=holds[0].held_until) == 3

        for hold in holds:
            hold.refresh_from_db()
            version = hold.history.first()
            assert (hold.status, hold.order.status, hold.order.owing) == ("expired", "void", 0)
            assert (version.status, version.history_user, version.history_change_reason) == (
                "expired",
                None,
                "Not paid in time.",
            )
            assert AuditEvent.objects.filter(record_id=hold.pk, history_id=version.history_id).exists()
        assert letters() == ["appointment_expired"] * 3
        # By PostgreSQL's own clock, all this was long ago: its letters wait, and so does their task.
        assert set(invariants.broken()) == {"letters_are_on_their_way", "tasks_are_worked_off"}

    def test_a_letter_says_the_same_as_one_alone(self, held):
        expire(now=held.held_until)
        booking.tell(held, "clinic/mail/appointment_expired")

        together, alone = Letter.objects.order_by("created_at", "pk")
        assert together.context == alone.context
        assert (together.to, together.recipient) == (alone.to, alone.recipient)

    def test_the_books_say_the_same_as_of_one_alone(self, overdue, manager):
        one, other = overdue(2)
        charging.void(one.order, by=None, why="Not paid in time.")
        forced = [one.order, other.order]

        expiring.expire_holds(now=other.held_until)

        alone, together = (order.entries.get(kind="voided") for order in forced)
        assert [(p.account, p.amount) for p in together.postings.order_by("account")] == [
            (p.account, p.amount) for p in alone.postings.order_by("account")
        ]
        assert (together.why, together.payer) == (alone.why, other.order.payer)

    def test_more_than_one_transaction_takes_are_all_ended(self, overdue, monkeypatch):
        holds = overdue(3)
        monkeypatch.setattr(expiring, "AT_ONCE", 2)

        assert expiring.expire_holds(now=holds[0].held_until) == 3

    def test_three_take_as_many_statements_as_one(self, overdue):
        counts = []
        for count in (1, 3):
            [hold, *_] = overdue(count)
            with CaptureQueriesContext(connection) as asked:
                expiring.expire_holds(now=hold.held_until)
            counts.append(len(asked))

        assert counts[0] == counts[1]

    def test_free_the_times_once_for_all(self, overdue, monkeypatch):
        holds, freed = overdue(3), []
        monkeypatch.setattr(booking, "freed", freed.append)

        expiring.expire_holds(now=holds[0].held_until)

        assert [set(slots) for slots in freed] == [{hold.slot_id for hold in holds}]


class TestWarnHolds:
    def test_writes_five_minutes_before_the_end(self, held):
        assert expiring.warn_holds(now=held.held_until - timedelta(minutes=5, seconds=1)) == 0
        assert expiring.warn_holds(now=held.held_until - timedelta(minutes=5)) == 1

        mail = mailing.render(Letter.objects.get())
        assert mail.subject == "Your time is held for a few minutes more"
        assert "we keep this time for you until Monday 2 March 2026, 12:15 pm AEDT (UTC+11:00)" in mail.body
        held.refresh_from_db()
        assert held.history.first().history_change_reason == "Reminded to pay."

    def test_writes_once(self, held):
        soon = held.held_until - timedelta(minutes=4)
        expiring.warn_holds(now=soon)

        assert expiring.warn_holds(now=soon) == 0
        assert letters() == ["appointment_held"]

    def test_leaves_what_is_over_or_paid(self, held, settle):
        assert expiring.warn_holds(now=held.held_until) == 0

        settle(held)

        assert expiring.warn_holds(now=held.held_until - timedelta(minutes=1)) == 0

    def test_says_nothing_of_a_hold_that_is_no_longer_than_the_warning(self, slot, patient, fees):
        Practice.objects.add(hold_minutes=5, warn_minutes=5, by=None)
        held = booking.hold(slot, patient=patient, by=patient.user)

        assert expiring.warn_holds(now=held.held_until - timedelta(minutes=4)) == 0

    @pytest.mark.parametrize(("is_paid", "status"), [(False, "sent"), (True, "dropped")])
    def test_is_dropped_if_the_fee_was_paid_meanwhile(self, held, settle, is_paid, status):
        tasks.warn_holds()
        expiring.warn_holds(now=held.held_until - timedelta(minutes=1))
        letter = Letter.objects.get()
        if is_paid:
            settle(held)

        with time_machine.travel(letter.next_attempt_at, tick=False):
            mailing.send(letter)

        assert letter.status == status
