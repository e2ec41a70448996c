"""One letter for what waits unread, and no more."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from config.base import uuid7
from messaging import chatting, enquiring, mailing, nudging, quieting
from messaging.models import Letter, Nudge, ReadMark

NOON = "2026-11-25T01:00:00+00:00"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def said(clock, room, doctor):
    """The doctor writes something; then time passes."""

    def say(text="Please look at this.", *, by=doctor, minutes=10):
        message = chatting.post(room, by=by, text=text)
        clock.shift(minutes * MINUTE)
        return message

    clock.shift(11 * MINUTE)
    return say


def nudge():
    return nudging.nudge(now=timezone.now())


def readers():
    return [letter.recipient.email for letter in Letter.objects.filter(template=nudging.TEMPLATE)]


@pytest.mark.django_db
class TestNudge:
    def test_tells_the_patient_after_ten_minutes_and_not_before(self, said, clock):
        said(minutes=9)
        early = nudge()
        clock.shift(MINUTE)

        assert (early, nudge(), readers()) == (0, 1, ["patient@example.com"])

    def test_tells_the_doctor_as_well(self, said, patient):
        said(by=patient)

        assert (nudge(), readers()) == (1, ["doctor@example.com"])

    def test_says_neither_who_nor_what(self, said, doctor):
        said("Your cannabis oil is ready.")
        nudge()

        mail = mailing.render(Letter.objects.get())

        assert mail.subject == "A message is waiting for you"
        assert [word for word in ("oil", "Doctor", doctor.family_name) if word in mail.body] == []

    def test_tells_once_until_they_have_read_and_something_new_came(self, said, room, patient, clock):
        said()
        first = nudge(), nudge()
        said("And this.")
        second = nudge()
        chatting.read_up_to(room, by=patient, sequence=2)
        clock.shift(11 * MINUTE)
        nothing_new = nudge()
        said("One more thing.")

        assert (first, second, nothing_new, nudge()) == ((1, 0), 0, 0, 1)
        assert list(Nudge.objects.order_by("read_up_to").values_list("read_up_to", flat=True)) == [0, 2]

    def test_leaves_alone_who_is_in_the_room(self, said, room, patient, clock):
        said(minutes=8)
        chatting.post(room, by=patient, text="Wait, I am typing.")
        clock.shift(3 * MINUTE)
        writing = nudge()
        clock.shift(8 * MINUTE)
        nudge()

        assert (writing, sorted(readers())) == (0, ["doctor@example.com", "patient@example.com"])

    def test_leaves_alone_who_read_a_moment_ago(self, said, room, patient, clock):
        said(minutes=9)
        said("A second one.", minutes=0)
        chatting.read_up_to(room, by=patient, sequence=1)
        clock.shift(9 * MINUTE)
        there = nudge()
        clock.shift(2 * MINUTE)

        assert (there, nudge()) == (0, 1)

    def test_what_the_system_says_has_letters_of_its_own(self, said, room, clock):
        chatting.post_system(room, text="The appointment was moved.")
        clock.shift(20 * MINUTE)

        assert nudge() == 0

    @pytest.mark.parametrize("end", ["left", "inactive", "long ago"])
    def test_nobody_is_called_to_what_is_over(self, said, room, patient, clock, end):
        said()
        match end:
            case "left":
                room.members.get(user=patient).change(by=None, left_at=timezone.now())
            case "inactive":
                patient.change(by=None, is_active=False)
            case "long ago":
                clock.shift(timedelta(days=3))

        assert nudge() == 0

    def test_the_last_words_before_the_end_are_told_too(self, said, room):
        said()
        chatting.close_room(room, by=None)

        assert (nudge(), readers()) == (1, ["patient@example.com"])

    def test_in_a_question_colleagues_are_told_of_the_patients_words_alone(
        self, clock, patient, reception, manager
    ):
        room = enquiring.ask("Where is it?", topic="other", by=patient, client_id=uuid7())
        for person in (reception, manager):
            chatting.bring_in(room, person, by=None)
            chatting.read_up_to(room, by=person, sequence=1)
        chatting.post(room, by=reception, text="In your receipts.")
        clock.shift(11 * MINUTE)
        assert (nudge(), readers()) == (1, ["patient@example.com"])

        chatting.post(room, by=patient, text="Where exactly?")
        clock.shift(11 * MINUTE)
        nudge()

        assert sorted(readers()) == ["manager@example.com", "patient@example.com", "reception@example.com"]

    def test_a_question_that_is_done_calls_nobody_of_the_practice(self, clock, patient, reception):
        room = enquiring.ask("Thank you!", topic="other", by=patient, client_id=uuid7())
        chatting.bring_in(room, reception, by=None)
        enquiring.finish(room, by=reception, seen=1)
        clock.shift(11 * MINUTE)

        assert nudge() == 0

    @pytest.mark.parametrize("many", [1, 3])
    def test_takes_as_many_statements_for_many_as_for_one(
        self, clock, make_user, doctor, many, django_assert_num_queries
    ):
        for place in range(many):
            room = chatting.open_room("Talk", members=[doctor, make_user("patient", f"p{place}")], by=None)
            chatting.post(room, by=doctor, text="Hello")
        clock.shift(11 * MINUTE)

        with django_assert_num_queries(10):
            assert nudge() == many


@pytest.mark.django_db
class TestSending:
    def test_what_was_read_meanwhile_is_not_sent(self, said, room, patient):
        said()
        nudge()
        chatting.read_up_to(room, by=patient, sequence=1)

        assert mailing.why_not(Letter.objects.get()) == Letter.Dropped.OVER

    def test_what_was_closed_meanwhile_is_sent_to_who_has_not_read_it(self, said, room):
        said()
        nudge()
        chatting.close_room(room, by=None)

        assert mailing.why_not(Letter.objects.get()) is None

    def test_at_night_it_waits_for_the_morning(self, said, monkeypatch):
        monkeypatch.setattr(quieting, "HOURS", [lambda: quieting.Hours(9, 12)])  # by Perth's clock it is 9 am
        said()
        nudge()
        letter = Letter.objects.get()

        mailing.send(letter)

        assert (letter.status, letter.next_attempt_at.isoformat()) == ("owed", "2026-11-25T04:00:00+00:00")


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_letter(room, doctor):
    chatting.post(room, by=doctor, text="Hello")
    ReadMark.objects.update(at=timezone.now() - timedelta(hours=1))
    together, made = threading.Barrier(4), []

    def work():
        together.wait()
        made.append(nudging.nudge(now=timezone.now() + 11 * MINUTE))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert (sorted(made), Letter.objects.count(), Nudge.objects.count()) == ([0, 0, 0, 1], 1, 1)
