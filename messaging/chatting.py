"""Conversations: opening and closing rooms, saying something, reading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from config.base import Refused, uuid7
from messaging import streaming
from messaging.models import Member, Message, ReadMark, Room
from messaging.models.rooms import LONGEST

if TYPE_CHECKING:
    from clinic.models import User


class NotAMember(Refused):
    def __init__(self) -> None:
        super().__init__("Only the people in this conversation can write in it.")


class RoomClosed(Refused):
    def __init__(self) -> None:
        super().__init__("This conversation is closed. Please book an appointment if you need something.")


class NothingSaid(Refused):
    def __init__(self) -> None:
        super().__init__("Write something before you send it.")


class TooLong(Refused):
    def __init__(self) -> None:
        super().__init__(f"A message can have {LONGEST:,} characters. Please send it in parts.")


@transaction.atomic
def open_room(title: str, *, members: Iterable[User], by: User | None) -> Room:
    """Open a conversation between ``members``."""
    room = Room.objects.add(title=title, by=by)
    now = timezone.now()
    joined = [Member.objects.add(room=room, user=user, by=by) for user in members]
    ReadMark.objects.bulk_create(ReadMark(member=member, at=now) for member in joined)
    _tell(room, "room")
    return room


@transaction.atomic
def post(room: Room, *, by: User, text: str, client_id: UUID | None = None) -> Message:
    """Say ``text`` in ``room``. Sending the same ``client_id`` again changes nothing.

    :raises NothingSaid: there are only blanks
    :raises TooLong: there are more than ``LONGEST`` characters
    :raises NotAMember: ``by`` is not in the room, or has left it
    :raises RoomClosed: the conversation is over
    """
    text = _legible(text)
    room.lock()
    if not room.members.present().filter(user=by).exists():
        raise NotAMember
    if client_id and (already := room.messages.filter(recorded_by=by, client_id=client_id).first()):
        return already
    if room.closed_at:
        raise RoomClosed
    return _say(room, text=text, by=by, client_id=client_id or uuid7())


@transaction.atomic
def post_system(room: Room, *, text: str) -> Message:
    """Put a line of the system into ``room``: the appointment was moved, a document is ready."""
    return _say(room.lock(), text=_legible(text), by=None, client_id=uuid7())


@transaction.atomic
def read_up_to(room: Room, *, by: User, sequence: int) -> None:
    """Note that ``by`` has read ``room`` up to the message ``sequence``; a mark never moves back.

    :raises NotAMember: ``by`` is not in the room
    """
    mark = ReadMark.objects.filter(member__in=room.members.present().filter(user=by)).first()
    if mark is None:
        raise NotAMember
    reached = min(sequence, room.messages.last_sequence())
    if ReadMark.objects.filter(pk=mark.pk, sequence__lt=reached).update(sequence=reached, at=timezone.now()):
        _tell(room, "read", sequence=reached, by=by.pk)


@transaction.atomic
def close_room(room: Room, *, by: User | None) -> None:
    """End the conversation: it can still be read. Closing a closed room changes nothing."""
    if room.lock().closed_at is None:
        room.change(by=by, why="The conversation ended.", closed_at=timezone.now())
        _tell(room, "room")


def unread_for(user: User) -> dict[UUID, int]:
    """How many messages of others ``user`` has not read, for each room that has some."""
    unread = Message.objects.filter(
        room__members__user=user,
        room__members__left_at__isnull=True,
        sequence__gt=F("room__members__read_mark__sequence"),
    ).exclude(recorded_by=user)
    return dict(unread.order_by().values_list("room").annotate(Count("pk")))


def _legible(text: str) -> str:
    # PostgreSQL cannot store NUL, and nobody can read it.
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise NothingSaid
    if len(text) > LONGEST:
        raise TooLong
    return text


def _say(room: Room, *, text: str, by: User | None, client_id: UUID) -> Message:
    # The room's lock is held: numbers have no gap, and are given in the order of commits.
    sequence = room.messages.last_sequence() + 1
    message = Message.objects.create(
        room=room, sequence=sequence, recorded_by=by, client_id=client_id, text=text
    )
    _tell(room, "message", sequence=sequence)
    return message


def _tell(room: Room, kind: str, **data: Any) -> None:
    people = room.members.present().values_list("user", flat=True)
    streaming.push(people, kind, {"room": room.pk, **data})
