import pytest
from django.db import connection
from django.db.models import Q

from messaging import chatting, searching, withdrawing
from messaging.models import Message, rooms

pytestmark = pytest.mark.django_db


def found(words, **asked):
    return [(hit.room.title, hit.sequence) for hit in searching.search(words, **asked).found]


class TestSearch:
    @pytest.fixture
    def said(self, room, patient, doctor, stranger):
        other = chatting.open_room("Follow-up", members=[patient, doctor], by=None)
        hidden = chatting.open_room("Another's", members=[stranger, doctor], by=None)
        for there, person, text in (
            (room, patient, "My Headache came back"),
            (room, doctor, "Which headache do you mean, 100% sure?"),
            (other, patient, "The head aches no more"),
            (hidden, stranger, "A headache as well"),
        ):
            chatting.post(there, by=person, text=text)
        return other

    def test_finds_in_all_ones_own_conversations_the_newest_first(self, room, said, patient, doctor):
        mine = [("Follow-up", 1), (room.title, 2), (room.title, 1)]

        assert found("HEAD", by=patient) == mine
        assert found("head", by=doctor) == [("Another's", 1), *mine]

    def test_finds_in_one_conversation(self, room, said, patient):
        assert found("head", by=patient, room=room) == [(room.title, 2), (room.title, 1)]

    @pytest.mark.parametrize(
        ("words", "numbers"),
        [
            ("back headache", [1]),
            ("came  \n my", [1]),
            ("100%", [2]),
            ("%", [2]),
            ("_", []),
            ("migraine", []),
            ("  ", []),
            ("\x00", []),
        ],
    )
    def test_wants_every_word_as_it_is_written(self, room, said, patient, words, numbers):
        assert [number for _, number in found(words, by=patient, room=room)] == numbers

    def test_a_reviewer_has_no_conversations_of_their_own(self, said, auditor):
        assert found("head", by=auditor) == []

    def test_what_one_only_reads_is_searched_alone(self, room, said, make_user, monkeypatch):
        colleague = make_user("doctor", "colleague")
        monkeypatch.setattr(rooms, "READ_BY", [lambda user: Q(pk=room.pk)])

        assert found("headache", by=colleague) == []
        assert found("headache", by=colleague, room=room) == [(room.title, 2), (room.title, 1)]

    def test_who_left_finds_nothing_there(self, room, said, patient):
        member = room.members.get(user=patient)
        member.change(by=None, left_at=member.created_at)

        assert found("headache", by=patient) == []

    def test_what_was_withdrawn_is_found_by_reviewers_alone(self, room, patient, doctor, auditor):
        message = chatting.post(room, by=patient, text="A headache")
        withdrawing.withdraw(message, by=patient, reason="mistake")

        everybody = [found("headache", by=person, room=room) for person in (patient, doctor, auditor)]

        assert everybody == [[], [], [(room.title, 1)]]
        assert [found("headache", by=person) for person in (patient, doctor)] == [[], []]
        assert searching.search("headache", by=auditor, room=room).found[0].is_withdrawn

    def test_pages_on_without_a_gap_or_a_repeat(self, room, patient, doctor):
        for number in range(searching.PAGE + 5):
            chatting.post(room, by=doctor, text=f"Line {number}")

        first = searching.search("line", by=patient)
        second = searching.search("line", by=patient, before=first.further)

        numbers = [hit.sequence for hit in [*first.found, *second.found]]
        assert numbers == list(range(searching.PAGE + 5, 0, -1))
        assert (len(first.found), second.further) == (searching.PAGE, None)

    def test_anothers_message_is_no_place_to_page_from(self, room, patient, said, stranger):
        hidden = Message.objects.get(recorded_by=stranger)

        assert len(searching.search("head", by=patient, before=hidden.pk).found) == 3

    def test_asks_as_often_for_one_as_for_three(self, room, patient, doctor, django_assert_num_queries):
        chatting.post(room, by=doctor, text="Line")
        with django_assert_num_queries(1):
            searching.search("line", by=patient)
        for title in ("Two", "Three"):
            there = chatting.open_room(title, members=[patient, doctor], by=None)
            withdrawing.withdraw(chatting.post(there, by=doctor, text="Line"), by=doctor, reason="twice")
            chatting.post(there, by=patient, text="Line")

        with django_assert_num_queries(1):
            assert len(searching.search("line", by=patient).found) == 3

    def test_words_have_an_index(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

        plan = Message.objects.order_by().filter(text__icontains="headache").explain()

        assert plan.count("messaging_message_words") == 1


class TestMarked:
    def test_marks_what_was_found_as_it_is_written(self):
        assert searching.marked("My Headache, a headache", ["headache", "my"]) == [
            (True, "My"),
            (False, " "),
            (True, "Headache"),
            (False, ", a "),
            (True, "headache"),
        ]

    def test_shows_what_stands_around_it(self):
        parts = searching.marked("x" * 500 + " pain " + "y" * 500, ["pain"])

        assert [is_found for is_found, _ in parts] == [False, False, True, False]
        assert (parts[0][1], parts[2][1], parts[3][1][-1]) == ("…", "pain", "…")

    def test_takes_signs_for_what_they_are(self):
        assert searching.marked("a.b (c", [".", "("]) == [
            (False, "a"),
            (True, "."),
            (False, "b "),
            (True, "("),
            (False, "c"),
        ]

    def test_shows_the_beginning_where_the_word_cannot_be_told(self):
        assert searching.marked("Straße", ["STRASSE"]) == [(False, "Straße")]
