import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_eventstream.models import Event

from config.base import uuid7
from messaging import chatting, reading
from messaging.models import Message, Room
from messaging.models.rooms import LONGEST

pytestmark = pytest.mark.django_db


def told(user):
    """What the pages of ``user`` were told, oldest first."""
    rows = Event.objects.filter(channel=f"user-{user.pk}", eid__gt=0).order_by("eid")
    return [(row.type, json.loads(json.loads(row.data))) for row in rows]


class TestOpenRoom:
    def test_lets_its_members_in_with_everything_read(self, room, patient, doctor):
        members = room.members.select_related("user", "read_mark")

        assert {member.user: member.read_mark.sequence for member in members} == {patient: 0, doctor: 0}

    def test_tells_its_members(self, room, patient, doctor, stranger):
        assert [told(user) for user in (patient, doctor, stranger)] == [
            [("room", {"room": str(room.pk)})],
            [("room", {"room": str(room.pk)})],
            [],
        ]


class TestPost:
    def test_numbers_what_is_said_in_order(self, room, patient, doctor):
        chatting.post(room, by=patient, text="Hello")
        chatting.post(room, by=doctor, text="  Hello,\r\nhow can I help?\x00 ")

        assert list(room.messages.values_list("sequence", "recorded_by", "text")) == [
            (1, patient.pk, "Hello"),
            (2, doctor.pk, "Hello,\nhow can I help?"),
        ]

    def test_tells_every_member_the_number_and_nothing_that_was_said(self, room, patient, doctor, stranger):
        chatting.post(room, by=patient, text="A secret")

        event = ("message", {"room": str(room.pk), "sequence": 1, "by": str(patient.pk)})
        assert [told(user)[1:] for user in (patient, doctor, stranger)] == [[event], [event], []]

    def test_sent_again_changes_nothing(self, room, patient):
        client_id = uuid7()

        first = chatting.post(room, by=patient, text="Hello", client_id=client_id)
        second = chatting.post(room, by=patient, text="Hello", client_id=client_id)

        assert second == first
        assert room.messages.count() == 1
        assert [kind for kind, _ in told(patient)] == ["room", "message"]

    def test_sent_again_after_the_end_still_answers(self, room, patient):
        client_id = uuid7()
        first = chatting.post(room, by=patient, text="Hello", client_id=client_id)
        chatting.close_room(room, by=None)

        assert chatting.post(room, by=patient, text="Hello", client_id=client_id) == first

    def test_keeps_the_ids_of_two_people_apart(self, room, patient, doctor):
        client_id = uuid7()

        chatting.post(room, by=patient, text="Hello", client_id=client_id)
        chatting.post(room, by=doctor, text="Good morning", client_id=client_id)

        assert list(room.messages.values_list("text", flat=True)) == ["Hello", "Good morning"]

    @pytest.mark.parametrize(
        ("text", "refusal"),
        [
            ("", chatting.NothingSaid),
            (" \n\t\x00", chatting.NothingSaid),
            ("x" * (LONGEST + 1), chatting.TooLong),
        ],
    )
    def test_refuses_what_is_empty_or_too_long(self, room, patient, text, refusal):
        with pytest.raises(refusal):
            chatting.post(room, by=patient, text=text)

        assert not Message.objects.exists()

    def test_takes_the_longest_message(self, room, patient):
        assert len(chatting.post(room, by=patient, text="x" * LONGEST).text) == LONGEST

    def test_refuses_a_stranger_and_who_may_only_look(self, room, stranger, auditor):
        for person in (stranger, auditor):
            with pytest.raises(chatting.NotAMember):
                chatting.post(room, by=person, text="Hello")

    def test_refuses_who_has_left(self, room, patient, doctor):
        member = room.members.get(user=patient)
        member.change(by=None, left_at=member.created_at)

        with pytest.raises(chatting.NotAMember):
            chatting.post(room, by=patient, text="Hello")
        chatting.post(room, by=doctor, text="Goodbye")

        assert [kind for kind, _ in told(patient)] == ["room"]

    def test_refuses_when_the_room_is_closed(self, room, patient):
        chatting.close_room(room, by=None)

        with pytest.raises(chatting.RoomClosed):
            chatting.post(room, by=patient, text="Hello")

    def test_what_was_said_stays(self, room, patient):
        message = chatting.post(room, by=patient, text="Hello")

        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(pk=message.pk).update(text="Bye")


class TestPostSystem:
    def test_speaks_for_nobody_and_is_unread_by_all(self, room, patient, doctor):
        message = chatting.post_system(room, text="The appointment was moved.")

        assert (message.sequence, message.recorded_by) == (1, None)
        assert [chatting.unread_for(user) for user in (patient, doctor)] == [{room.pk: 1}, {room.pk: 1}]


class TestReadUpTo:
    def test_counts_what_others_wrote_since(self, room, patient, doctor):
        for text in ("One", "Two", "Three"):
            chatting.post(room, by=doctor, text=text)
        chatting.post(room, by=patient, text="Four")

        chatting.read_up_to(room, by=patient, sequence=2)

        assert chatting.unread_for(patient) == {room.pk: 1}
        assert chatting.unread_for(doctor) == {room.pk: 1}

    def test_never_moves_back_nor_past_the_end(self, room, patient, doctor):
        for text in ("One", "Two"):
            chatting.post(room, by=doctor, text=text)

        chatting.read_up_to(room, by=patient, sequence=900)
        chatting.read_up_to(room, by=patient, sequence=1)

        assert room.members.get(user=patient).read_mark.sequence == 2
        assert [data["sequence"] for kind, data in told(doctor) if kind == "read"] == [2]

    def test_refuses_who_is_not_in_the_room(self, room, auditor):
        with pytest.raises(chatting.NotAMember):
            chatting.read_up_to(room, by=auditor, sequence=1)


class TestUnreadFor:
    def test_asks_once_for_any_number_of_rooms(self, patient, doctor, django_assert_num_queries):
        rooms = [
            chatting.open_room(name, members=[patient, doctor], by=None) for name in ("One", "Two", "Three")
        ]
        for room in rooms:
            chatting.post(room, by=doctor, text="Hello")
        chatting.post(rooms[0], by=doctor, text="Hello again")

        with django_assert_num_queries(1):
            unread = chatting.unread_for(patient)

        assert unread == {rooms[0].pk: 2, rooms[1].pk: 1, rooms[2].pk: 1}

    def test_counts_the_same_beside_each_room(self, room, patient, doctor, stranger, auditor):
        other = chatting.open_room("Other", members=[patient, stranger], by=None)
        for there, person in ((room, doctor), (room, patient), (room, doctor), (other, stranger)):
            chatting.post(there, by=person, text="Hello")
        chatting.read_up_to(room, by=patient, sequence=1)

        beside = [
            {seen.pk: seen.unread for seen in Room.objects.with_unread(person) if seen.unread}
            for person in (patient, doctor, stranger, auditor)
        ]

        assert beside == [chatting.unread_for(person) for person in (patient, doctor, stranger, auditor)]
        assert beside == [{room.pk: 1, other.pk: 1}, {room.pk: 1}, {}, {}]

    def test_forgets_rooms_one_has_left(self, room, patient, doctor):
        chatting.post(room, by=doctor, text="Hello")
        member = room.members.get(user=patient)

        member.change(by=None, left_at=member.created_at)

        assert chatting.unread_for(patient) == {}


class TestLeaveOpenUntil:
    def test_lets_its_people_write_until_then_and_read_ever_after(self, room, patient, doctor):
        chatting.leave_open_until(room, timezone.now() + timedelta(days=7), by=doctor)
        chatting.post(room, by=patient, text="Until when?")
        state = reading.state_of(room, patient)

        chatting.leave_open_until(room, timezone.now(), by=doctor)

        assert (state["can_write"], state["expect"].partition(" AWST ")[2]) == (True, "(UTC+08:00).")
        assert not reading.state_of(room, patient)["can_write"]
        with pytest.raises(chatting.RoomClosed):
            chatting.post(room, by=patient, text="Too late")
        assert [one["text"] for one in reading.read(room, patient)["messages"]] == ["Until when?"]

    def test_tells_its_members(self, room, patient, doctor):
        chatting.leave_open_until(room, timezone.now(), by=doctor)

        assert [kind for kind, _ in told(patient)] == ["room", "room"]


class TestCloseRoom:
    def test_keeps_the_time_of_the_first_end(self, room, doctor, patient):
        chatting.close_room(room, by=doctor)
        closed_at = room.closed_at

        chatting.close_room(room, by=doctor)

        assert room.closed_at == closed_at
        assert room.history.filter(history_user=doctor).count() == 1
        assert [kind for kind, _ in told(patient)] == ["room", "room"]


class TestReplace:
    def test_lets_somebody_go_on_in_anothers_place(self, room, patient, doctor, stranger):
        chatting.post(room, by=doctor, text="Hello")

        chatting.replace(room, leaves=doctor, joins=stranger, title="With the stranger", by=patient)

        assert set(room.members.present().values_list("user", flat=True)) == {patient.pk, stranger.pk}
        assert room.title == "With the stranger"
        assert [told(user)[-1][0] for user in (patient, doctor, stranger)] == ["room"] * 3
        with pytest.raises(chatting.NotAMember):
            chatting.post(room, by=doctor, text="One more thing")

    def test_lets_one_who_left_come_back_to_what_they_had_read(self, room, patient, doctor, stranger):
        chatting.post(room, by=patient, text="Hello")
        chatting.read_up_to(room, by=doctor, sequence=1)
        chatting.replace(room, leaves=doctor, joins=stranger, title="Away", by=patient)

        chatting.replace(room, leaves=stranger, joins=doctor, title="Back", by=patient)

        assert room.members.present().get(user=doctor).read_mark.sequence == 1
        assert room.members.count() == 3
