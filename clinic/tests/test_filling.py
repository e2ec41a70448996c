"""Freed times: kept for one who waits, then for the next, never for two, and nobody pays twice."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from billing.models import Order
from clinic import booking, cancelling, expiring, filling, moving, tasks, waitlisting
from clinic.models import Appointment, Slot, WaitlistEntry, WaitlistOffer
from clinic.waitlisting import Wish
from config.base import work_off
from messaging import mailing
from messaging.models import Letter

SOON = Wish(date(2026, 1, 1), date(2036, 1, 1))
NOON = datetime(2027, 3, 2, 1, 0, tzinfo=UTC)  # by Sydney's clock


@pytest.fixture(autouse=True)
def by_day():
    """At night the time to answer stands still: these tests are about the day."""
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def wait(short_visit):
    def do(patient, **wish) -> WaitlistEntry:
        return waitlisting.ask(patient, wish=SOON._replace(**wish), kind=short_visit, by=patient.user)

    return do


@pytest.fixture
def earlier(confirmed) -> WaitlistEntry:
    """The wish of one who has paid for a time tomorrow."""
    return waitlisting.ask(confirmed.patient, wish=SOON, instead_of=confirmed, by=confirmed.patient.user)


def letters(kind: str) -> int:
    return Letter.objects.filter(template=f"clinic/mail/{kind}").count()


def later(**time) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**time))


@pytest.mark.django_db
class TestOffer:
    def test_keeps_the_time_for_the_longest_waiting(self, make_patient, wait, slot, fees):
        entry, _ = [wait(make_patient(name)) for name in ("zoe", "ann")]

        offered = filling.offer(slot)

        held = offered.appointment
        assert (offered.entry, held.patient, held.status) == (entry, entry.patient, "held")
        assert offered.entry.status == "offered"
        assert (held.order.status, str(held.order.amount)) == ("open", "80.00")
        assert round((held.held_until - timezone.now()).total_seconds() / 60) == 30
        assert letters("waitlist_offer") == 1

    def test_nobody_else_gets_it_meanwhile(self, make_patient, wait, slot, fees):
        wait(make_patient("ann"))
        filling.offer(slot)
        other = make_patient("other")

        with pytest.raises(booking.SlotTaken):
            booking.hold(slot, patient=other, by=other.user)

    def test_there_are_never_two_for_one_time(self, make_patient, wait, slot, fees):
        for name in ("zoe", "ann"):
            wait(make_patient(name))

        assert [filling.offer(slot) is None for _ in range(2)] == [False, True]

    def test_passes_over_one_who_holds_enough(self, make_patient, make_slot, wait, slot, fees):
        greedy, next_one = make_patient("greedy"), make_patient("next")
        for each in (greedy, next_one):
            wait(each)
        for hours in (48, 49):
            booking.hold(make_slot(hours), patient=greedy, by=greedy.user)

        offered = filling.offer(slot)

        assert offered.entry.patient == next_one
        assert greedy.waitlist_entries.get().status == "waiting"

    @pytest.mark.parametrize("spoilt", ["withdrawn", "too soon", "no fee"])
    def test_offers_nothing_that_cannot_be_had(self, patient, wait, make_slot, manager, spoilt, request):
        if spoilt != "no fee":
            request.getfixturevalue("fees")
        slot = make_slot(0.4 if spoilt == "too soon" else 24)
        if spoilt == "withdrawn":
            slot.change(by=manager, withdrawn_at=timezone.now(), withdrawn_by=manager)
        entry = wait(patient)

        assert filling.offer(slot) is None
        entry.refresh_from_db()
        assert (entry.status, Appointment.objects.count(), letters("waitlist_offer")) == ("waiting", 0, 0)

    def test_nobody_waits_and_nothing_happens(self, slot, fees):
        assert filling.offer(slot) is None


@pytest.mark.django_db
class TestFreed:
    """What is cancelled, moved or not paid for goes to those who wait, by the worker."""

    def test_a_cancelled_time_is_offered(self, confirmed, make_patient, manager, wait):
        entry = wait(make_patient("ann"))

        cancelling.cancel(confirmed, by=manager, why="The patient called.")
        work_off()

        assert [(o.entry, o.slot) for o in WaitlistOffer.objects.all()] == [(entry, confirmed.slot)]

    def test_a_moved_time_is_offered(self, confirmed, make_patient, make_slot, wait):
        entry = wait(make_patient("ann"))

        moving.move(confirmed, to=make_slot(48), by=None, why="The patient called.")
        work_off()

        assert [(o.entry, o.slot) for o in WaitlistOffer.objects.all()] == [(entry, confirmed.slot)]

    def test_without_anybody_who_waits_no_worker_is_asked(self, confirmed, manager, queued_tasks):
        cancelling.cancel(confirmed, by=manager, why="The patient called.")

        assert "clinic.tasks.offer_freed" not in queued_tasks()

    def test_an_offer_not_answered_goes_to_the_next(self, make_patient, wait, slot, fees):
        first, second = [wait(make_patient(name)) for name in ("zoe", "ann")]
        filling.offer(slot)

        with later(minutes=31):
            expiring.expire_holds(now=timezone.now())
            work_off()

        told = WaitlistOffer.objects.order_by("created_at").values_list("entry", "status")
        assert [*told] == [(first.pk, "lapsed"), (second.pk, "open")]
        first.refresh_from_db()
        assert (first.status, letters("waitlist_lapsed")) == ("waiting", 1)

    def test_ends_a_wait_after_two_silences(self, patient, make_slot, wait, fees):
        entry = wait(patient)
        for hours in (24, 25):
            filling.offer(make_slot(hours))
            with later(minutes=31):
                expiring.expire_holds(now=timezone.now())
            tasks.keep_waiting_list()

        entry.refresh_from_db()
        assert (entry.status, letters("waitlist_lapsed"), letters("waitlist_ended")) == ("expired", 1, 1)

    def test_its_end_is_told_in_one_letter(self, patient, wait, slot, fees):
        wait(patient)
        filling.offer(slot)
        with later(minutes=31):
            expiring.expire_holds(now=timezone.now())
            expiring.tell_expired(Appointment.objects.values_list("pk", flat=True), now=timezone.now())
            filling.settle()
            mailing.send_due()

        sent = dict(Letter.objects.values_list("template", "status"))
        assert sent == {
            "clinic/mail/waitlist_offer": "dropped",
            "clinic/mail/appointment_expired": "dropped",
            "clinic/mail/waitlist_lapsed": "sent",
        }


@pytest.mark.django_db
class TestAccept:
    @pytest.fixture
    def offered(self, patient, wait, slot, fees) -> WaitlistOffer:
        wait(patient)
        return filling.offer(slot)

    def test_waits_for_payment_and_then_is_taken(self, patient, offered, settle):
        held = filling.accept(offered, by=patient.user, consents=["fees"])
        settle(held)
        filling.settle()

        offered.refresh_from_db()
        held.refresh_from_db()
        assert (held.status, offered.status, offered.entry.status) == ("confirmed", "taken", "taken")
        assert patient.consents.get().kind == "fees"

    def test_refuses_what_is_over(self, patient, offered):
        with later(minutes=31), pytest.raises(filling.OfferOver):
            filling.accept(offered, by=patient.user)

    def test_moves_what_was_paid_for_and_charges_nothing(self, confirmed, earlier, make_slot, patient):
        slot = make_slot(20)
        offered = filling.offer(slot)

        moved = filling.accept(offered, by=patient.user)

        confirmed.refresh_from_db()
        offered.appointment.refresh_from_db()
        assert (moved.slot, moved.order, moved.status) == (slot, confirmed.order, "confirmed")
        assert (confirmed.status, offered.appointment.status) == ("moved", "cancelled")
        assert (offered.status, offered.entry.status) == ("taken", "taken")
        assert {*Order.objects.values_list("pk", "status")} == {
            (confirmed.order_id, "paid"),
            (offered.appointment.order_id, "void"),
        }

    def test_the_time_they_had_goes_to_the_next(self, confirmed, earlier, make_slot, make_patient, wait):
        next_one = wait(make_patient("next"), parts=[])
        filling.accept(filling.offer(make_slot(20)), by=confirmed.patient.user)
        work_off()

        assert WaitlistOffer.objects.open(timezone.now()).get().entry == next_one

    def test_a_late_move_is_allowed_to_whom_we_offered_it(self, make_slot, patient, fees, settle):
        """By themselves they could not move it any more: the practice asked them to."""
        booked = settle(booking.hold(make_slot(3), patient=patient, by=patient.user))
        waitlisting.ask(patient, wish=SOON, instead_of=booked, by=patient.user)

        moved = filling.accept(filling.offer(make_slot(2)), by=patient.user)

        assert moved.starts_at < booked.starts_at

    def test_or_nothing_when_what_they_have_is_gone(self, confirmed, earlier, make_slot, manager):
        offered = filling.offer(make_slot(20))
        cancelling.cancel(confirmed, by=manager, why="The doctor is ill.")

        with pytest.raises(booking.Refused):
            filling.accept(offered, by=confirmed.patient.user)

        offered.appointment.refresh_from_db()
        assert (offered.appointment.status, WaitlistOffer.objects.get().status) == ("held", "open")

    def test_its_letters_tell_of_the_move_alone(self, confirmed, earlier, make_slot, patient):
        mailing.send_due()
        offered = filling.offer(make_slot(20))
        mailing.send_due()
        filling.accept(offered, by=patient.user)
        mailing.send_due()

        told = Letter.objects.filter(to=patient.user.email, status="sent").order_by("created_at")
        assert [letter.kind for letter in told] == [
            "Appointment confirmed",
            "Waiting list: a time is free",
            "Appointment moved",
        ]


@pytest.mark.django_db
class TestDecline:
    def test_goes_to_the_next_at_once(self, make_patient, wait, slot, fees):
        first, second = [wait(make_patient(name)) for name in ("zoe", "ann")]

        filling.decline(filling.offer(slot), by=first.patient.user)
        work_off()

        told = WaitlistOffer.objects.order_by("created_at").values_list("entry", "status")
        assert [*told] == [(first.pk, "declined"), (second.pk, "open")]
        first.refresh_from_db()
        assert first.status == "waiting"

    def test_the_practice_can_take_it_back_and_the_patient_hears_of_it(
        self, patient, wait, slot, fees, manager
    ):
        wait(patient)
        cancelling.cancel(filling.offer(slot).appointment, by=manager, why="The doctor is ill.")
        filling.settle()
        mailing.send_due()

        told = dict(Letter.objects.values_list("template", "status"))
        assert told["clinic/mail/appointment_cancelled"] == "sent"

    def test_is_not_offered_the_same_time_again(self, patient, wait, slot, fees):
        wait(patient)
        filling.decline(filling.offer(slot), by=patient.user)

        assert filling.offer(slot) is None

    def test_but_another_one(self, patient, wait, slot, make_slot, fees):
        wait(patient)
        filling.decline(filling.offer(slot), by=patient.user)

        assert filling.offer(make_slot(25)) is not None

    def test_refuses_what_is_over(self, patient, wait, slot, fees):
        wait(patient)
        offered = filling.offer(slot)
        filling.decline(offered, by=patient.user)

        with pytest.raises(filling.OfferOver):
            filling.decline(offered, by=patient.user)

    def test_an_open_offer_keeps_them_on_the_list(self, patient, wait, slot, fees):
        entry = wait(patient)
        filling.offer(slot)

        with pytest.raises(waitlisting.OfferOpen):
            waitlisting.leave(entry, by=patient.user)


@pytest.mark.django_db
class TestOfferTo:
    def test_goes_to_whom_the_practice_chose(self, make_patient, wait, slot, fees, manager):
        chosen = [wait(make_patient(name)) for name in ("zoe", "ann")][1]

        offered = filling.offer_to(slot, entry=chosen, by=manager)

        assert (offered.entry, offered.appointment.patient) == (chosen, chosen.patient)
        assert offered.history.get().history_user == manager

    def test_refuses_one_whom_it_does_not_suit(self, patient, wait, slot, fees, manager, make_doctor):
        entry = wait(patient, practitioners=[make_doctor("other")])

        with pytest.raises(filling.DoesNotSuit):
            filling.offer_to(slot, entry=entry, by=manager)

    def test_refuses_a_time_that_is_taken(self, make_patient, wait, confirmed, manager):
        entry = wait(make_patient("ann"))

        with pytest.raises(booking.SlotTaken):
            filling.offer_to(confirmed.slot, entry=entry, by=manager)


def in_parallel(work, times: int) -> list:
    together, came = threading.Barrier(times), []

    def run(number: int):
        together.wait()
        came.append(work(number))
        connection.close()

    workers = [threading.Thread(target=run, args=[number]) for number in range(times)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return came


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_four_workers_one_offers_a_time(self, make_patient, wait, slot, fees):
        for name in ("ann", "bob", "max"):
            wait(make_patient(name))

        came = in_parallel(lambda number: filling.offer(Slot.objects.get(pk=slot.pk)), 4)

        assert [offered is None for offered in came].count(False) == 1
        assert (Appointment.objects.live().count(), WaitlistOffer.objects.count()) == (1, 1)
        assert WaitlistEntry.objects.filter(status="offered").count() == 1

    def test_one_who_waits_gets_one_of_two_times(self, patient, wait, make_slot, fees):
        wait(patient)
        slots = [make_slot(24), make_slot(26)]

        in_parallel(lambda number: filling.offer(Slot.objects.get(pk=slots[number].pk)), 2)

        assert (Appointment.objects.live().count(), WaitlistOffer.objects.count()) == (1, 1)

    def test_two_taps_move_once(self, confirmed, earlier, make_slot, patient):
        offered = filling.offer(make_slot(20))

        def tap(number: int):
            try:
                return filling.accept(WaitlistOffer.objects.get(pk=offered.pk), by=patient.user)
            except booking.Refused as no:
                return no

        came = in_parallel(tap, 3)

        assert [isinstance(each, Appointment) for each in came].count(True) == 1
        assert Appointment.objects.live().count() == 1
