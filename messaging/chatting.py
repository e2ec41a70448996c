"""Conversations: opening and closing rooms, saying something, reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from config.base import Refused, uuid7
from messaging import drafting, heeding, streaming
from messaging.models import Attachment, Member, Message, ReadMark, Room
from messaging.models.rooms import LONGEST, TOO_LONG

if TYPE_CHECKING:
    from clinic.models import User

TEAM: list[Callable[[], Iterable[User]]] = []
"""Who answers questions to the practice. The apps above fill it: they know the roles."""


class NotAMember(Refused):
    def __init__(self) -> None:
        super().__init__("Only the people in this conversation can write in it.")


class RoomClosed(Refused):
    def __init__(self, room: Room | None = None) -> None:
        then = (
            "Please ask the practice again if you need something."
            if room and room.is_enquiry
            else "Please book an appointment if you need something."
        )
        super().__init__(f"This conversation is over. {then}")


class NothingSaid(Refused):
    def __init__(self) -> None:
        super().__init__("Write something before you send it.")


class TooLong(Refused):
    def __init__(self) -> None:
        super().__init__(TOO_LONG)


class NothingToAnswer(Refused):
    def __init__(self) -> None:
        super().__init__("The message that you answer is not in this conversation.")


@transaction.atomic
def open_room(
    title: str, *, members: Iterable[User], by: User | None, patient: User | None = None, **about: Any
) -> Room:
    """Open a conversation between ``members``, of whom ``patient`` is the one whom the practice answers."""
    room: Room = Room.objects.add(title=title, patient=patient, by=by, **about)
    _join(room, members, by=by)
    tell(room, "room")
    return room


def _join(room: Room, users: Iterable[User], *, by: User | None) -> None:
    now = timezone.now()
    joined = [Member.objects.add(room=room, user=user, by=by) for user in users]
    ReadMark.objects.bulk_create(ReadMark(member=member, at=now) for member in joined)


@transaction.atomic
def post(
    room: Room,
    *,
    by: User,
    text: str,
    client_id: UUID | None = None,
    answers: int | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> Message:
    """Say ``text`` in ``room``, perhaps in answer to the message with the number ``answers``.

    ``files`` are what it carries, stored already (``messaging.attaching``): then it needs no words.

    Sending the same words with the same ``client_id`` again changes nothing.

    :raises NothingSaid: there are only blanks
    :raises TooLong: there are more than ``LONGEST`` characters
    :raises NotAMember: ``by`` is not in the room and does not answer it, or has left it
    :raises RoomClosed: the conversation is over
    :raises NothingToAnswer: no message of ``room`` has the number ``answers``
    """
    text = _legible(text, may_be_empty=bool(files))
    room.lock()
    joins = not room.members.present().filter(user=by).exists()
    if joins and not room.is_answered_by(by):
        raise NotAMember
    if client_id and (already := room.messages.filter(recorded_by=by, client_id=client_id).first()):
        if is_same(already, text):
            return already
        client_id = None  # a form sent again with other words, by the Back button: it is another message
    if not room.is_open:
        raise RoomClosed(room)
    if joins:
        _join(room, [by], by=by)
    message = _say(room, text=text, by=by, client_id=client_id or uuid7(), answers=answers, files=files)
    drafting.clear(room, by=by)
    if not by.is_staff:
        heeding.heed(message)
    return message


def refuse_writing(room: Room, *, by: User) -> None:
    """Tell, before anything is prepared, that ``by`` cannot write in ``room``.

    :raises NotAMember: ``by`` is not in the room and does not answer it, or has left it
    :raises RoomClosed: the conversation is over
    """
    if not room.members.present().filter(user=by).exists() and not room.is_answered_by(by):
        raise NotAMember
    if not room.is_open:
        raise RoomClosed(room)


def is_same(message: Message, text: str) -> bool:
    """Whether ``text``, as it came, is what ``message`` says."""
    return message.text == _legible(text, may_be_empty=True)


def bring_in(room: Room, user: User, *, by: User | None) -> None:
    """Have ``user`` be in ``room``; whoever is in it stays. The room's lock is held."""
    if not room.members.filter(user=user).exists():
        _join(room, [user], by=by)


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
        tell(room, "read", sequence=reached, by=by.pk)


@transaction.atomic
def replace(room: Room, *, leaves: User, joins: User, title: str, by: User | None) -> None:
    """Let ``joins`` go on with the conversation in the place of ``leaves``, who cannot read it any more."""
    room.lock()
    tell(room, "room")  # while the one who leaves still hears of it
    why = "The appointment was moved to another doctor."
    for member in room.members.present().filter(user=leaves):
        member.change(by=by, why=why, left_at=timezone.now())
    if again := room.members.filter(user=joins).first():
        again.change(by=by, why=why, left_at=None)
    else:
        _join(room, [joins], by=by)
    room.change(by=by, why=why, title=title)
    tell(room, "room")


@transaction.atomic
def leave_open_until(room: Room, until: datetime, *, by: User | None) -> None:
    """Let the people of ``room`` write until ``until``; after that it can be read."""
    room.lock()
    room.change(by=by, why="The consultation is over.", closes_at=until)
    tell(room, "room")


@transaction.atomic
def close_room(room: Room, *, by: User | None) -> None:
    """End the conversation: it can still be read. Closing a closed room changes nothing."""
    if room.lock().closed_at is None:
        room.change(by=by, why="The conversation ended.", closed_at=timezone.now())
        tell(room, "room")


def tell_changed(room: Room) -> None:
    """Have the open pages of ``room`` and of its list look again."""
    tell(room, "room")


def unread_for(user: User) -> dict[UUID, int]:
    """How many messages of others ``user`` has not read, for each room that has some."""
    return dict(Message.objects.unread_by(user).order_by().values_list("room").annotate(Count("pk")))


def _legible(text: str, *, may_be_empty: bool = False) -> str:
    # PostgreSQL cannot store NUL, and nobody can read it.
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text and not may_be_empty:
        raise NothingSaid
    if len(text) > LONGEST:
        raise TooLong
    return text


def _say(
    room: Room,
    *,
    text: str,
    by: User | None,
    client_id: UUID,
    answers: int | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> Message:
    # The room's lock is held: numbers have no gap, and are given in the order of commits.
    sequence = room.messages.last_sequence() + 1
    if answers and answers >= sequence:  # there is no gap below
        raise NothingToAnswer
    message = Message.objects.create(
        room=room,
        sequence=sequence,
        recorded_by=by,
        client_id=client_id,
        text=text,
        answers=answers,
        attached=len(files),
    )
    Attachment.objects.bulk_create(
        Attachment(message=message, recorded_by=by, position=position, **file)
        for position, file in enumerate(files, start=1)
    )
    tell(room, "message", sequence=sequence, by=by.pk if by else None)
    return message


def tell(room: Room, kind: str, **data: Any) -> None:
    """Have the open pages of everybody in ``room`` look at what happened; last in the transaction."""
    people = set(room.members.present().values_list("user", flat=True))
    if room.is_enquiry:  # everybody who may answer sees what waits
        people |= {person.pk for team in TEAM for person in team()}
    streaming.push(people, kind, {"room": room.pk, **data})
