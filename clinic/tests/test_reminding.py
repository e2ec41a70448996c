"""Reminders: one each, on time or not at all, and only of visits that will take place."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic import attending, booking, cancelling, moving, reminding, tasks
from clinic.models import Practice, Reminder
from messaging import clocks, mailing
from messaging.models import Letter

HOUR = timedelta(hours=1)


@pytest.fixture
def visit(make_slot, patient, fees, settle):
    """Booked now, for three days from now."""
    return settle(booking.hold(make_slot(72), patient=patient, by=patient.user))


def reminded() -> list[tuple[str, int]]:
    rows = Reminder.objects.order_by("recorded_at", "pk").select_related("letter")
    return [(str(row.appointment_id), row.hours_before) for row in rows]


def run(at: datetime) -> int:
    with time_machine.travel(at, tick=False):
        return reminding.remind(now=timezone.now())


@pytest.mark.django_db
class TestRemind:
    def test_reminds_a_day_and_an_hour_before_once_each(self, visit):
        minutes = [-73 * 60, -24 * 60 - 1, -24 * 60, -24 * 60 + 1, -23 * 60, -61, -60, -59, -58, -1, 0, 1]

        owed = [run(visit.starts_at + timedelta(minutes=each)) for each in minutes]

        assert owed == [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]
        assert reminded() == [(str(visit.pk), 24), (str(visit.pk), 1)]
        assert Letter.objects.filter(template=reminding.TEMPLATE).count() == 2

    def test_counts_hours_where_the_clocks_skip_one(self, make_slot, patient, fees, settle):
        """Eleven on Sunday in Sydney is a day after ten on Saturday: the clocks went forward."""
        with time_machine.travel(datetime(2026, 10, 1, 0, 0, tzinfo=UTC), tick=False):
            visit = settle(booking.hold(make_slot(72), patient=patient, by=patient.user))

        owed = [
            run(datetime(2026, *at, tzinfo=UTC)) for at in [(10, 2, 23, 59), (10, 3, 0, 0), (10, 3, 1, 0)]
        ]

        words = "Sunday 4 October 2026, 11:00 am AEDT (UTC+11:00)"
        assert clocks.in_words(visit.starts_at, zone="Australia/Sydney") == words
        assert owed == [0, 1, 0]
        assert Letter.objects.get(template=reminding.TEMPLATE).context["when"] == words

    def test_goes_by_the_practice_s_hours(self, visit):
        Practice.objects.add(by=None, reminder_hours=[48])

        assert [run(visit.starts_at - hours * HOUR) for hours in (48, 24, 1)] == [1, 0, 0]

    def test_comes_late_by_a_quarter_of_its_hours_at_most(self, visit):
        assert run(visit.starts_at - 18 * HOUR - timedelta(minutes=1)) == 1
        assert run(visit.starts_at - timedelta(minutes=46)) == 1

    def test_sends_nothing_stale_when_the_worker_was_away(self, visit):
        assert run(visit.starts_at - 18 * HOUR) == 0
        assert run(visit.starts_at - timedelta(minutes=45)) == 0
        assert run(visit.starts_at + 24 * HOUR) == 0

    def test_reminds_nobody_of_what_is_cancelled(self, visit, manager):
        cancelling.cancel(visit, by=manager, why="The doctor is ill.")

        assert run(visit.starts_at - 24 * HOUR) == 0

    def test_reminds_nobody_of_what_is_only_held(self, make_slot, patient, fees):
        held = booking.hold(make_slot(72), patient=patient, by=patient.user)

        assert run(held.starts_at - 24 * HOUR) == 0

    def test_reminds_nobody_who_has_come_in(self, visit):
        Practice.objects.add(by=None, reminder_hours=[1])
        with time_machine.travel(visit.starts_at - timedelta(minutes=30)):
            attending.arrive(visit, by=visit.patient.user)

        assert run(visit.starts_at - timedelta(minutes=50)) == 0

    def test_reminds_nobody_who_booked_after_its_moment(self, make_slot, patient, fees, settle):
        booked = settle(booking.hold(make_slot(23), patient=patient, by=patient.user))

        assert run(timezone.now() + timedelta(minutes=1)) == 0
        assert run(booked.starts_at - HOUR) == 1

    def test_takes_paying_for_booking(self, make_slot, patient, fees, settle):
        """The time was held before the reminder's moment, and paid for after it."""
        held = booking.hold(make_slot(24 + 1 / 60), patient=patient, by=patient.user)
        with time_machine.travel(held.starts_at - 24 * HOUR + timedelta(minutes=5)):
            settle(held)

        assert run(held.starts_at - 24 * HOUR + timedelta(minutes=6)) == 0

    def test_a_moved_visit_gets_its_own(self, visit, make_slot):
        first = run(visit.starts_at - 24 * HOUR)
        with time_machine.travel(visit.starts_at - 20 * HOUR):
            moved = moving.move(visit, to=make_slot(48), by=None, why="The doctor is away.")

        assert (first, run(visit.starts_at - HOUR)) == (1, 0)
        assert [run(moved.starts_at - hours * HOUR) for hours in (24, 1)] == [1, 1]
        assert reminded()[1:] == [(str(moved.pk), 24), (str(moved.pk), 1)]

    def test_leaves_closed_accounts_alone(self, visit):
        visit.patient.user.is_active = False
        visit.patient.user.save()

        assert run(visit.starts_at - 24 * HOUR) == 0

    @pytest.mark.parametrize("many", [1, 3])
    def test_takes_as_many_statements_for_many_as_for_one(
        self, make_patient, make_slot, fees, settle, django_assert_num_queries, many
    ):
        for each in range(many):
            patient = make_patient(f"patient-{each}")
            settle(booking.hold(make_slot(72 + each / 4), patient=patient, by=patient.user))
        now = timezone.now() + timedelta(hours=72 + many / 4 - 1 / 4 - 24)

        with time_machine.travel(now, tick=False), django_assert_num_queries(16):
            assert reminding.remind(now=timezone.now()) == many

    def test_is_run_by_the_worker(self, visit, queued_tasks):
        before = len(queued_tasks())
        with time_machine.travel(visit.starts_at - 24 * HOUR):
            tasks.remind_patients()

        assert queued_tasks()[before:] == ["messaging.tasks.send_due_letters"]

    def test_a_second_one_is_refused_by_the_database(self, visit):
        run(visit.starts_at - 24 * HOUR)
        [first] = Reminder.objects.all()

        with pytest.raises(IntegrityError, match="clinic_reminder_once"), transaction.atomic():
            Reminder.objects.create(appointment=visit, hours_before=24, letter=_another(first.letter))


def _another(letter: Letter) -> Letter:
    return mailing.queue(letter.template, recipient=letter.recipient, to=letter.to, context=letter.context)


@pytest.mark.django_db
class TestIsWanted:
    @pytest.fixture
    def letter(self, visit) -> Letter:
        run(visit.starts_at - HOUR)
        return Letter.objects.get(template=reminding.TEMPLATE)

    @pytest.mark.parametrize(
        ("minutes", "status"), [(59, "sent"), (46, "sent"), (44, "dropped"), (-24 * 60, "dropped")]
    )
    def test_waits_until_it_is_of_no_use(self, visit, letter, minutes, status):
        with time_machine.travel(visit.starts_at - timedelta(minutes=minutes), tick=False):
            mailing.send(letter)

        assert letter.status == status

    def test_is_dropped_when_the_visit_was_cancelled_meanwhile(self, visit, letter, manager):
        with time_machine.travel(visit.starts_at - timedelta(minutes=58)):
            cancelling.cancel(visit, by=manager, why="The doctor is ill.")
            mailing.send(letter)

        assert letter.status == "dropped"

    def test_says_the_time_by_the_patient_s_clock(self, visit, letter):
        when = clocks.in_words(visit.starts_at, zone=visit.patient.user.time_zone)

        assert mailing.render(letter).body.count(f"When: {when}\n") == 1


@pytest.mark.django_db(transaction=True)
def test_of_four_workers_one_reminds(visit):
    at, together, owed = visit.starts_at - 24 * HOUR, threading.Barrier(4), []

    def work():
        together.wait()
        owed.append(reminding.remind(now=at))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(owed) == [0, 0, 0, 1]
    assert Letter.objects.filter(template=reminding.TEMPLATE).count() == 1
