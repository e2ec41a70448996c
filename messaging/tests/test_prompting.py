"""One letter for a question that waits in nobody's hands, and no more."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from config.base import uuid7
from messaging import chatting, enquiring, mailing, prompting, tasks, withdrawing
from messaging.models import Letter, Room

WEDNESDAY = datetime(2026, 11, 25, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(WEDNESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def team(reception, manager, doctor):
    return reception, manager


@pytest.fixture
def ask(clock, patient, team):
    def put(text="Where is my receipt?", *, by=patient):
        return enquiring.ask(text, topic="money", by=by, client_id=uuid7())

    return put


def prompt():
    return prompting.prompt(now=timezone.now())


def letters():
    return Letter.objects.filter(template=prompting.TEMPLATE)


def readers():
    return sorted(letters().values_list("to", flat=True))


@pytest.mark.django_db
class TestPrompt:
    def test_tells_who_may_answer_after_a_business_day_and_not_before(self, ask, clock):
        ask()
        clock.shift(DAY - MINUTE)
        early = prompt()
        clock.shift(MINUTE)

        assert (early, prompt(), readers()) == (0, 1, ["manager@example.com", "reception@example.com"])

    def test_says_neither_who_nor_what(self, ask, clock, patient, settings):
        room = ask("Where is my cannabis oil?")
        clock.shift(DAY)
        prompt()

        mail = mailing.render(letters().first())

        assert mail.subject == "A question to the practice is waiting"
        assert f"{settings.BASE_URL}/admin/messaging/room/{room.pk}/change/" in mail.body
        assert [
            word for word in ("oil", "receipt", "Payments", patient.family_name) if word in mail.body
        ] == []

    def test_tells_once_for_each_waiting(self, ask, clock, reception):
        room = ask()
        clock.shift(DAY)
        first = prompt(), prompt()
        ask("Are you there?")
        clock.shift(DAY)
        still_the_same = prompt()
        chatting.post(room, by=reception, text="In your account.")
        ask("Where exactly?")
        clock.shift(DAY + MINUTE)  # Friday to Saturday
        at_the_weekend = prompt()
        clock.shift(2 * DAY)

        assert (first, still_the_same, at_the_weekend, prompt()) == ((1, 0), 0, 0, 1)
        assert letters().count() == 4

    @pytest.mark.parametrize("how", ["taken", "answered", "settled", "done", "withdrawn"])
    def test_tells_nobody_of_what_does_not_wait_for_somebody(self, ask, clock, how, reception, patient):
        end(ask(), how, reception, patient)
        clock.shift(3 * DAY)

        assert (prompt(), readers()) == (0, [])

    def test_what_was_given_back_waits_again(self, ask, clock, reception):
        room = ask()
        enquiring.assign(room, to=reception, by=reception)
        clock.shift(DAY)
        taken = prompt()
        enquiring.assign(room, to=None, by=reception)

        assert (taken, prompt()) == (0, 1)

    def test_a_conversation_about_a_visit_is_nudged_for_alone(self, clock, room, patient, team):
        chatting.post(room, by=patient, text="Hello")
        clock.shift(3 * DAY)

        assert prompt() == 0

    def test_those_that_were_told_of_do_not_keep_others_back(self, ask, clock, make_user, monkeypatch):
        monkeypatch.setattr(prompting, "MOST", 1)
        for place in range(2):
            ask(by=make_user("patient", f"p{place}"))
        clock.shift(DAY)

        assert [prompt(), prompt(), prompt(), letters().count()] == [1, 1, 0, 4]

    def test_is_done_by_the_minute(self, ask, clock):
        ask()
        clock.shift(DAY)
        tasks.nudge_readers()

        assert len(readers()) == 2

    @pytest.mark.parametrize("many", [1, 3])
    def test_takes_as_many_statements_for_many_as_for_one(
        self, ask, clock, make_user, many, django_assert_num_queries
    ):
        for place in range(many):
            ask(by=make_user("patient", f"p{place}"))
        clock.shift(DAY)

        with django_assert_num_queries(15):
            assert prompt() == many


def end(room, how, reception, patient):
    match how:
        case "taken":
            enquiring.assign(room, to=reception, by=reception)
        case "answered":
            chatting.post(room, by=reception, text="In your account.")
        case "settled":
            enquiring.settle(room, by=reception, seen=1)
        case "done":
            enquiring.finish(room, by=reception, seen=1)
        case "withdrawn":
            withdrawing.withdraw(room.messages.get(), by=patient, reason="mistake")


@pytest.mark.django_db
class TestSending:
    def test_goes_while_it_waits(self, ask, clock):
        ask()
        clock.shift(DAY)
        prompt()

        assert [mailing.why_not(letter) for letter in letters()] == [None, None]

    @pytest.mark.parametrize("how", ["taken", "answered", "settled", "done"])
    def test_what_was_seen_to_meanwhile_is_not_sent(self, ask, clock, how, reception, patient):
        room = ask()
        clock.shift(DAY)
        prompt()
        end(room, how, reception, patient)

        assert {mailing.why_not(letter) for letter in letters()} == {Letter.Dropped.OVER}

    def test_nor_is_it_for_the_next_question(self, ask, clock, reception):
        room = ask()
        clock.shift(DAY)
        prompt()
        chatting.post(room, by=reception, text="In your account.")
        clock.shift(MINUTE)
        ask("Where exactly?")

        assert {mailing.why_not(letter) for letter in letters()} == {Letter.Dropped.OVER}


@pytest.mark.parametrize(
    ("asked", "until"),
    [
        ((25, 9), (26, 9)),  # Wednesday
        ((27, 15), (30, 15)),  # Friday
        ((28, 10), (31, 0)),  # Saturday: as if it had come when Monday began
        ((29, 23), (31, 0)),
    ],
)
def test_a_business_day_goes_by_the_clock_of_the_practice(asked, until):
    first = datetime(2026, 11, 1, tzinfo=ZoneInfo("Australia/Perth"))

    def at(day, hour):
        return first + timedelta(days=day - 1, hours=hour)

    asked_at = at(*asked).astimezone(UTC)
    assert prompting.answer_by(asked_at, zone="Australia/Perth") == at(*until)


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_once(patient, reception):
    enquiring.ask("Where is it?", topic="money", by=patient, client_id=uuid7())
    together, made = threading.Barrier(4), []

    def work():
        together.wait()
        made.append(prompting.prompt(now=timezone.now() + 5 * DAY))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert (sorted(made), letters().count(), Room.objects.count()) == ([0, 0, 0, 1], 1, 1)
