import pytest
from django.db import IntegrityError, connection, transaction

from config.base import uuid7
from messaging import chatting, enquiring, reading, withdrawing
from messaging.models import Member, Room, Withdrawal

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(patient):
    def put(text="Where is my receipt?", *, by=patient, topic="money", client_id=None):
        return enquiring.ask(text, topic=topic, by=by, client_id=client_id or uuid7())

    return put


def waiting():
    return list(Room.objects.waiting())


class TestAsking:
    def test_reaches_reception_and_manager_and_no_one_else(
        self, ask, patient, stranger, reception, manager, doctor, auditor
    ):
        room = ask()

        seen_by = [
            person.role
            for person in (patient, stranger, reception, manager, doctor, auditor)
            if Room.objects.visible_to(person).filter(pk=room.pk).exists()
        ]

        assert seen_by == ["patient", "reception", "manager", "auditor"]

    def test_goes_on_in_the_open_one(self, ask):
        assert ask("And the next one?") == ask("Where?")
        assert Room.objects.get().messages.count() == 2

    def test_sent_twice_asks_once(self, ask):
        sent = uuid7()

        assert ask(client_id=sent) == ask(client_id=sent)
        assert Room.objects.get().messages.count() == 1

    def test_sent_again_after_it_was_done_asks_nothing_anew(self, ask, reception):
        sent = uuid7()
        room = ask(client_id=sent)
        enquiring.finish(room, by=reception, seen=99)

        assert ask(client_id=sent) == room
        assert Room.objects.count() == 1

    def test_sent_again_with_other_words_is_asked_too(self, ask):
        sent = uuid7()
        room = ask("One", client_id=sent)

        assert ask("Two", client_id=sent) == room
        assert list(room.messages.values_list("text", flat=True)) == ["One", "Two"]

    def test_opens_another_when_the_last_is_done(self, ask, reception):
        done = ask()
        enquiring.finish(done, by=reception, seen=99)

        assert ask("Another one") != done

    def test_of_nothing_opens_nothing(self, ask):
        with pytest.raises(chatting.NothingSaid):
            ask("  ")

        assert not Room.objects.exists()

    def test_the_database_keeps_it_to_one_open_question(self, ask, patient):
        ask()

        with pytest.raises(IntegrityError, match="messaging_room_one_open_question"):
            Room.objects.add(title="Again", kind="enquiry", topic="other", patient=patient, by=None)

    def test_the_database_wants_a_patient(self):
        with pytest.raises(IntegrityError, match="messaging_room_question_has_patient_and_topic"):
            Room.objects.add(title="Whose?", kind="enquiry", topic="other", by=None)

    def test_calls_for_help_are_heard_here_too(self, ask):
        room = ask("I want to end my life")

        assert room.messages.get().concern.status == "open"


class TestAnswering:
    def test_brings_the_answerer_in(self, ask, reception):
        room = ask()

        chatting.post(room, by=reception, text="In your receipts.")

        assert Member.objects.filter(room=room, user=reception).count() == 1
        assert reading.state_of(room, reception)["is_member"]

    @pytest.mark.parametrize("who", ["doctor", "stranger", "auditor"])
    def test_is_not_for_others(self, ask, request, who):
        room = ask()

        with pytest.raises(chatting.NotAMember):
            chatting.post(room, by=request.getfixturevalue(who), text="Hello")

    def test_lets_reception_into_no_conversation_about_a_visit(self, room, reception):
        assert not Room.objects.visible_to(reception).exists()
        with pytest.raises(chatting.NotAMember):
            chatting.post(room, by=reception, text="Hello")

    def test_the_whole_team_hears_of_a_question(self, ask, patient, reception, manager, doctor):
        ask()

        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT channel FROM django_eventstream_event WHERE type = 'message'")
            told = {row[0] for row in cursor.fetchall()}
        assert told == {f"user-{person.pk}" for person in (patient, reception, manager)}


class TestWaiting:
    def test_begins_with_the_first_unanswered_words(self, ask, reception):
        room = ask("One")
        first = room.messages.get()
        ask("Two")

        assert [(found.pk, found.waiting_since) for found in waiting()] == [(room.pk, first.recorded_at)]

    def test_ends_with_an_answer_and_begins_anew(self, ask, reception):
        room = ask()
        chatting.post(room, by=reception, text="In your receipts.")
        assert waiting() == []

        ask("And the other one?")

        assert waiting()[0].waiting_since == room.messages.last().recorded_at

    def test_is_not_ended_by_a_line_of_the_system(self, ask):
        chatting.post_system(ask(), text="A document is ready.")

        assert len(waiting()) == 1

    def test_ends_when_no_answer_is_needed_until_more_is_written(self, ask, reception):
        room = ask("Thank you!")
        enquiring.settle(room, by=reception, seen=99)
        assert waiting() == []

        ask("One more thing")

        assert waiting() == [room]

    def test_a_visit_waits_for_its_doctor(self, patient, doctor):
        room = chatting.open_room("Visit", members=[patient, doctor], patient=patient, by=None)
        chatting.post(room, by=patient, text="Hello")
        assert waiting() == [room]

        chatting.post(room, by=doctor, text="Hello")

        assert waiting() == []

    def test_the_longest_comes_first(self, ask, stranger):
        first, second = ask(by=stranger), ask()

        assert waiting() == [first, second]

    def test_ends_when_it_is_done(self, ask, reception):
        enquiring.finish(ask(), by=reception, seen=99)

        assert waiting() == []

    def test_goes_on_after_an_answer_that_was_withdrawn(self, ask, reception):
        room = ask()
        answer = chatting.post(room, by=reception, text="Meant for somebody else")

        withdrawing.withdraw(answer, by=reception, reason=Withdrawal.Reason.values[0])

        assert waiting() == [room]

    def test_does_not_begin_with_what_was_withdrawn(self, ask, patient):
        withdrawing.withdraw(ask().messages.get(), by=patient, reason=Withdrawal.Reason.values[0])

        assert waiting() == []


class TestHaving:
    def test_it_in_hand_is_told_and_kept(self, ask, reception, manager):
        room = ask()
        enquiring.assign(room, to=manager, by=reception)

        enquiring.assign(room, to=None, by=manager)

        assert [version.assigned_to for version in room.history.order_by("history_date")] == [
            None,
            manager,
            None,
        ]

    def test_it_in_hand_brings_one_in(self, ask, reception, manager):
        room = ask()
        enquiring.assign(room, to=manager, by=reception)

        assert Member.objects.present().filter(room=room, user=manager).count() == 1

    def test_it_twice_changes_nothing(self, ask, reception):
        room = ask()
        enquiring.assign(room, to=reception, by=reception)
        enquiring.assign(room, to=reception, by=reception)

        assert room.history.count() == 2

    @pytest.mark.parametrize("who", ["doctor", "patient", "auditor"])
    def test_is_for_those_who_answer(self, ask, reception, request, who):
        room = ask()

        with pytest.raises(enquiring.NotAnswering):
            enquiring.assign(room, to=request.getfixturevalue(who), by=reception)

    def test_is_over_when_it_is_done(self, ask, reception):
        room = ask()
        enquiring.finish(room, by=reception, seen=99)

        for late in (
            lambda: enquiring.assign(room, to=reception, by=reception),
            lambda: enquiring.finish(room, by=reception, seen=99),
        ):
            with pytest.raises(enquiring.AlreadyOver):
                late()


class TestSettling:
    def test_needs_something_that_waits(self, ask, reception):
        room = ask()
        chatting.post(room, by=reception, text="In your receipts.")

        with pytest.raises(enquiring.NothingWaits):
            enquiring.settle(room, by=reception, seen=99)

    @pytest.mark.parametrize("end", [enquiring.settle, enquiring.finish])
    def test_or_ending_it_waits_for_what_was_written_meanwhile(self, ask, reception, end):
        room = ask("One")
        ask("Two")

        with pytest.raises(enquiring.WroteMeanwhile):
            end(room, by=reception, seen=1)

        assert [found.pk for found in waiting()] == [room.pk]

    def test_is_not_for_strangers(self, room, patient, reception):
        with pytest.raises(chatting.NotAMember), transaction.atomic():
            enquiring.settle(room, by=reception, seen=99)


class TestReading:
    """What “Read” means in a question."""

    def test_is_by_one_of_the_practice_for_the_patient(self, ask, patient, reception, manager):
        room = ask()
        for person in (reception, manager):
            chatting.bring_in(room, person, by=None)

        chatting.read_up_to(room, by=manager, sequence=1)

        assert reading.state_of(room, patient)["read_by_others"] == 1

    def test_is_by_the_patient_for_the_practice(self, ask, patient, reception, manager):
        room = ask()
        for person in (reception, manager):
            chatting.post(room, by=person, text="Hello")

        chatting.read_up_to(room, by=patient, sequence=2)

        assert reading.state_of(room, reception)["read_by_others"] == 2
