"""What the database refuses about conversations, past every rule of ours."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from messaging import chatting
from messaging.models import Message

pytestmark = pytest.mark.django_db


def write(room, by, **fields):
    with transaction.atomic():
        return Message.objects.create(
            room=room, sequence=room.messages.last_sequence() + 1, recorded_by=by, text="Hello", **fields
        )


def test_members_write_and_the_system_always(room, patient):
    room.change(by=None, closed_at=timezone.now())
    write(room, None)
    room.change(by=None, closed_at=None, closes_at=timezone.now() + timedelta(minutes=1))
    write(room, patient)

    assert room.messages.count() == 2


@pytest.mark.parametrize("over", [{"closed_at": timedelta(0)}, {"closes_at": timedelta(0)}])
def test_nobody_writes_after_the_end(room, patient, over):
    room.change(by=None, **{name: timezone.now() + late for name, late in over.items()})

    with pytest.raises(IntegrityError, match="this conversation is over"):
        write(room, patient)


def test_nobody_writes_who_is_not_or_no_longer_in_it(room, doctor, stranger):
    room.members.get(user=doctor).change(by=None, left_at=timezone.now())

    for person in (doctor, stranger):
        with pytest.raises(IntegrityError, match="is not in this conversation"):
            write(room, person)


def test_an_answer_is_in_the_room_of_what_it_answers(room, patient, doctor):
    elsewhere = chatting.open_room("Elsewhere", members=[patient, doctor], by=None)
    for _ in range(3):
        write(elsewhere, doctor)
    write(room, doctor)
    write(room, patient, answers=1)

    for number in (3, 9):  # the other room has the one; neither is there before what is said now
        with pytest.raises(IntegrityError):
            write(room, patient, answers=number)
    assert list(room.messages.values_list("answers", flat=True)) == [None, 1]


def test_an_answers_room_is_held_by_a_key(room, patient, doctor):
    elsewhere = chatting.open_room("Elsewhere", members=[patient, doctor], by=None)
    write(elsewhere, doctor)

    with pytest.raises(IntegrityError, match="messaging_message_answers_in_its_room"), transaction.atomic():
        Message.objects.create(room=room, sequence=2, recorded_by=patient, text="Yes", answers=1)
