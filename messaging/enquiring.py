"""Questions to the practice: a patient asks, reception answers, somebody has it in hand, it is done.

They are apart from the conversations about visits: what is clinical stays between patient and doctor
(DESIGN.md 5), and reception reads only what was written to the practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction

from config.base import Refused, uuid7
from messaging import chatting
from messaging.models import Message, Room

if TYPE_CHECKING:
    from clinic.models import User


class NotAnswering(Refused):
    def __init__(self) -> None:
        super().__init__("This person does not answer questions to the practice. Choose somebody else.")


class AlreadyOver(Refused):
    def __init__(self) -> None:
        super().__init__("This conversation is over already.")


class WroteMeanwhile(Refused):
    def __init__(self) -> None:
        super().__init__("The patient wrote something meanwhile. Read it first.")


class NothingWaits(Refused):
    def __init__(self) -> None:
        super().__init__("Nothing waits for an answer here.")


def open_for(patient: User) -> Room | None:
    """The question of ``patient`` that is not done yet."""
    return Room.objects.open().filter(kind=Room.Kind.ENQUIRY, patient=patient).first()


@transaction.atomic
def ask(text: str, *, topic: str, by: User, client_id: UUID) -> Room:
    """Put a question to the practice, or add to the one that ``by`` has open; nothing is asked twice.

    :raises NothingSaid: there are only blanks
    :raises TooLong: there are more than ``LONGEST`` characters
    """
    asked = Message.objects.filter(recorded_by=by, client_id=client_id, room__kind=Room.Kind.ENQUIRY)
    if already := asked.select_related("room").first():
        if chatting.is_same(already, text):
            return already.room
        client_id = uuid7()  # sent again with other words, by the Back button: another question
    room = open_for(by) or _open(topic, by=by)
    try:
        chatting.post(room, by=by, text=text, client_id=client_id)
    except chatting.RoomClosed:  # somebody was just done with it
        room = _open(topic, by=by)
        chatting.post(room, by=by, text=text, client_id=client_id)
    return room


def _open(topic: str, *, by: User) -> Room:
    title = f"Question: {Room.Topic(topic).label}"
    try:
        with transaction.atomic():
            return chatting.open_room(
                title, members=[by], patient=by, by=by, kind=Room.Kind.ENQUIRY, topic=topic
            )
    except IntegrityError:  # asked in two windows at once
        return Room.objects.filter(kind=Room.Kind.ENQUIRY, patient=by).latest("created_at")


@transaction.atomic
def assign(room: Room, *, to: User | None, by: User) -> None:
    """Have ``to`` answer ``room``, or nobody in particular. The others still can.

    :raises NotAMember: ``by`` does not answer it
    :raises NotAnswering: ``to`` is none of those who answer
    :raises AlreadyOver: it is done
    """
    _require_answering(room, by=by)
    if to is not None and not (to.is_active and room.is_answered_by(to)):
        raise NotAnswering
    _lock_open(room)
    if room.assigned_to != to:
        room.change(by=by, why="Taken in hand." if to else "Given back to everybody.", assigned_to=to)
        if to:
            chatting.bring_in(room, to, by=by)
        chatting.tell_changed(room)


@transaction.atomic
def settle(room: Room, *, by: User, seen: int) -> None:
    """Say that what the patient wrote up to the message ``seen`` needs no answer.

    :raises WroteMeanwhile: the patient wrote more than ``by`` saw
    :raises NothingWaits: nothing was written since the last answer
    :raises NotAMember: ``by`` neither is in the room nor answers it
    """
    room.lock()
    if not (room.is_answered_by(by) or room.members.present().filter(user=by).exists()):
        raise chatting.NotAMember
    if not Room.objects.waiting().filter(pk=room.pk).exists():
        raise NothingWaits
    _require_seen(room, seen)
    room.change(by=by, why="No answer is needed.", settled_up_to=min(seen, room.messages.last_sequence()))
    chatting.tell_changed(room)


@transaction.atomic
def finish(room: Room, *, by: User, seen: int) -> None:
    """Say that the question is done: it can still be read, and the next one is a new one.

    :raises NotAMember: ``by`` does not answer it
    :raises AlreadyOver: somebody else did
    :raises WroteMeanwhile: the patient wrote more than ``by`` saw, up to the message ``seen``
    """
    _require_answering(room, by=by)
    _lock_open(room)
    _require_seen(room, seen)
    chatting.close_room(room, by=by)


def _require_answering(room: Room, *, by: User) -> None:
    # Who only reads a conversation, because they opened a record, closes and gives away nothing.
    if not room.is_answered_by(by):
        raise chatting.NotAMember


def _require_seen(room: Room, seen: int) -> None:
    # The room's lock is held: nothing is written until we are done.
    if room.messages.filter(recorded_by=room.patient, sequence__gt=seen).exists():
        raise WroteMeanwhile


def _lock_open(room: Room) -> None:
    if not room.lock().is_open:
        raise AlreadyOver
