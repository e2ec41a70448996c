from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from messaging import chatting, reading, withdrawing

pytestmark = pytest.mark.django_db


@pytest.fixture
def long_room(room, doctor):
    for number in range(1, 3 * reading.PAGE + 1):
        chatting.post(room, by=doctor, text=f"Line {number}")
    return room


class TestRoomContext:
    def test_shows_the_end_of_a_long_conversation_by_the_readers_clock(self, room, patient, doctor):
        for number in range(reading.PAGE + 5):
            chatting.post(room, by=doctor, text=f"Line {number}")

        context = reading.room_context(room, patient)

        assert [message["sequence"] for message in context["room_messages"]] == list(range(6, 56))
        assert context["room_has_earlier"]
        assert context["room_messages"][0]["day"].endswith(", AWST (UTC+08:00)")
        assert context["room_messages"][0]["who"] == "Doctor Example"

    def test_pages_back(self, room, patient, doctor):
        for number in range(reading.PAGE + 5):
            chatting.post(room, by=doctor, text=f"Line {number}")

        context = reading.room_context(room, patient, before=6)

        assert [message["sequence"] for message in context["room_messages"]] == [1, 2, 3, 4, 5]
        assert not context["room_has_earlier"]

    def test_asks_as_often_for_one_message_as_for_three(
        self, room, patient, doctor, django_assert_num_queries
    ):
        chatting.post(room, by=doctor, text="One")
        with django_assert_num_queries(3):
            reading.room_context(room, patient)
        for person in (patient, doctor):
            chatting.post(room, by=person, text="More")

        with django_assert_num_queries(3):
            reading.room_context(room, patient)

    def test_lets_a_reviewer_read_without_writing(self, room, auditor, patient, doctor):
        state = reading.room_context(room, auditor)["room_state"]

        assert state == {
            "is_member": False,
            "is_closed": False,
            "can_write": False,
            "expect": "We aim to answer within one business day.",
            "others": ["Patient Example", "Doctor Example"],
            "people": {str(patient.pk): "Patient Example", str(doctor.pk): "Doctor Example"},
            "read_by_others": 0,
        }

    def test_answers_and_withdrawals_ask_nothing_more(self, room, patient, doctor, django_assert_num_queries):
        for _ in range(2):
            first = chatting.post(room, by=doctor, text="One")
            chatting.post(room, by=patient, text="Two", answers=first.sequence)
            withdrawing.withdraw(first, by=doctor, reason="mistake")

        with django_assert_num_queries(3):
            context = reading.room_context(room, patient)

        assert [
            message["answers"] and message["answers"]["text"] for message in context["room_messages"]
        ] == [
            None,
            "Message withdrawn",
        ] * 2

    def test_opens_around_a_message(self, long_room, patient):
        context = reading.room_context(long_room, patient, around=60)

        assert [context["room_messages"][place]["sequence"] for place in (0, -1)] == [36, 85]
        assert (context["room_has_earlier"], context["room_is_latest"]) == (True, False)
        assert (context["room_last_sequence"], context["room_newest_sequence"]) == (85, 150)

    def test_around_the_end_is_the_end(self, long_room, patient):
        assert reading.room_context(long_room, patient, around=149)["room_is_latest"]


class TestFirstOfDay:
    """Perth is eight hours ahead of UTC: 16:30 UTC of one day is half past midnight of the next."""

    @pytest.fixture
    def days(self, room, doctor):
        for number, (day, hour, minute) in enumerate([(24, 15, 30), (24, 16, 30), (26, 1, 0)], 1):
            at = datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("UTC"))
            room.messages.create(sequence=number, recorded_by=doctor, recorded_at=at, text=f"On the {day}th")
        return room

    @pytest.mark.parametrize(
        ("day", "sequence"),
        [(1, 1), (24, 1), (25, 2), (26, 3), (27, 3)],
        ids=["before all", "its first", "by the reader's midnight", "the next day", "after all"],
    )
    def test_is_by_the_readers_clock(self, days, day, sequence):
        assert reading.first_of_day(days, date(2026, 11, day), zone="Australia/Perth") == sequence

    def test_of_an_empty_room_is_none(self, room):
        assert reading.first_of_day(room, date(2026, 11, 1), zone="Australia/Perth") is None


class TestRead:
    @pytest.mark.parametrize("place", [{}, {"after": 3}, {"before": 100}, {"around": 60}])
    def test_asks_as_often_for_a_long_conversation_as_for_a_short_one(
        self, long_room, patient, doctor, django_assert_num_queries, place
    ):
        short = chatting.open_room("Short", members=[patient, doctor], by=None)
        asked = 3 if "after" in place else 2  # those who have a page ask what was withdrawn

        for room in (short, long_room):
            with django_assert_num_queries(asked):
                reading.read(room, patient, **place)

    def test_who_has_left_is_still_named(self, room, patient, doctor, make_user):
        chatting.post(room, by=doctor, text="I hand over")
        colleague = make_user("doctor", "colleague")
        chatting.replace(room, leaves=doctor, joins=colleague, title="Consultation", by=None)

        page = reading.read(room, patient)

        assert page["messages"][0]["who"] == "Doctor Example"
        assert doctor.pk not in page["people"]
        assert page["others"] == [str(colleague)]

    def test_pages_forward_and_back(self, long_room, patient):
        def numbers(**place):
            found = [message["sequence"] for message in reading.read(long_room, patient, **place)["messages"]]
            return found[0], found[-1]

        assert [numbers(after=10), numbers(before=100), numbers(around=60)] == [(11, 60), (50, 99), (36, 85)]

    def test_tells_of_withdrawals_of_what_one_has(self, room, patient, doctor):
        first, second = (chatting.post(room, by=doctor, text=text) for text in ("One", "Two"))
        for message in (first, second):
            withdrawing.withdraw(message, by=doctor, reason="twice")

        told = [reading.read(room, patient, after=after)["withdrawn"] for after in (0, 1)]

        trace = "Message withdrawn by Doctor Example: it was sent twice."
        assert told == [[], [{"sequence": 1, "withdrawn": trace}]]

    def test_a_reviewer_reads_the_text_marked(self, room, auditor, doctor):
        withdrawing.withdraw(chatting.post(room, by=doctor, text="A secret"), by=doctor, reason="other")

        (message,) = reading.read(room, auditor)["messages"]

        assert message["text"] == "A secret"
        assert message["withdrawn"] == "Message withdrawn by Doctor Example: another reason."

    def test_a_doctor_who_only_reads_sees_the_trace_alone(self, room, make_user, doctor):
        withdrawing.withdraw(chatting.post(room, by=doctor, text="A secret"), by=doctor, reason="other")

        (message,) = reading.read(room, make_user("doctor", "colleague"))["messages"]

        assert message["text"] == ""

    def test_says_how_long_ones_own_can_be_withdrawn(self, room, patient, doctor):
        for person in (patient, doctor):
            chatting.post(room, by=person, text="Hello")

        left = [message["withdrawable_for"] for message in reading.read(room, patient)["messages"]]

        assert 110 < left[0] <= 120
        assert left[1] == 0

    def test_a_quote_is_short_and_of_one_line(self, room, patient, doctor):
        chatting.post(room, by=doctor, text="word\n" * 100)
        chatting.post(room, by=patient, text="Yes", answers=1)

        quote = reading.read(room, patient, after=1)["messages"][0]["answers"]["text"]

        assert quote.startswith("word word word")
        assert quote.endswith("…")
        assert len(quote) <= reading.QUOTED
