"""Conversations: opening and closing rooms, saying something, reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from config.base import Refused, uuid7
from messaging import clocks, heeding, streaming
from messaging.models import Member, Message, ReadMark, Room
from messaging.models.rooms import LONGEST, TOO_LONG

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import User

PAGE = 50
"""Messages that are read at once."""
TEAM: list[Callable[[], Iterable[User]]] = []
"""Who answers questions to the practice. The apps above fill it: they know the roles."""


class NotAMember(Refused):
    def __init__(self) -> None:
        super().__init__("Only the people in this conversation can write in it.")


class RoomClosed(Refused):
    def __init__(self) -> None:
        super().__init__("This conversation is over. Please book an appointment if you need something.")


class NothingSaid(Refused):
    def __init__(self) -> None:
        super().__init__("Write something before you send it.")


class TooLong(Refused):
    def __init__(self) -> None:
        super().__init__(TOO_LONG)


@transaction.atomic
def open_room(
    title: str, *, members: Iterable[User], by: User | None, patient: User | None = None, **about: Any
) -> Room:
    """Open a conversation between ``members``, of whom ``patient`` is the one whom the practice answers."""
    room: Room = Room.objects.add(title=title, patient=patient, by=by, **about)
    _join(room, members, by=by)
    _tell(room, "room")
    return room


def _join(room: Room, users: Iterable[User], *, by: User | None) -> None:
    now = timezone.now()
    joined = [Member.objects.add(room=room, user=user, by=by) for user in users]
    ReadMark.objects.bulk_create(ReadMark(member=member, at=now) for member in joined)


@transaction.atomic
def post(room: Room, *, by: User, text: str, client_id: UUID | None = None) -> Message:
    """Say ``text`` in ``room``. Sending the same ``client_id`` again changes nothing.

    :raises NothingSaid: there are only blanks
    :raises TooLong: there are more than ``LONGEST`` characters
    :raises NotAMember: ``by`` is not in the room and does not answer it, or has left it
    :raises RoomClosed: the conversation is over
    """
    text = _legible(text)
    room.lock()
    joins = not room.members.present().filter(user=by).exists()
    if joins and not room.is_answered_by(by):
        raise NotAMember
    if client_id and (already := room.messages.filter(recorded_by=by, client_id=client_id).first()):
        return already
    if not room.is_open:
        raise RoomClosed
    if joins:
        _join(room, [by], by=by)
    message = _say(room, text=text, by=by, client_id=client_id or uuid7())
    if not by.is_staff:
        heeding.heed(message)
    return message


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
def replace(room: Room, *, leaves: User, joins: User, title: str, by: User | None) -> None:
    """Let ``joins`` go on with the conversation in the place of ``leaves``, who cannot read it any more."""
    room.lock()
    _tell(room, "room")  # while the one who leaves still hears of it
    why = "The appointment was moved to another doctor."
    for member in room.members.present().filter(user=leaves):
        member.change(by=by, why=why, left_at=timezone.now())
    if again := room.members.filter(user=joins).first():
        again.change(by=by, why=why, left_at=None)
    else:
        _join(room, [joins], by=by)
    room.change(by=by, why=why, title=title)
    _tell(room, "room")


@transaction.atomic
def leave_open_until(room: Room, until: datetime, *, by: User | None) -> None:
    """Let the people of ``room`` write until ``until``; after that it can be read."""
    room.lock()
    room.change(by=by, why="The consultation is over.", closes_at=until)
    _tell(room, "room")


@transaction.atomic
def close_room(room: Room, *, by: User | None) -> None:
    """End the conversation: it can still be read. Closing a closed room changes nothing."""
    if room.lock().closed_at is None:
        room.change(by=by, why="The conversation ended.", closed_at=timezone.now())
        _tell(room, "room")


def tell_changed(room: Room) -> None:
    """Have the open pages of ``room`` and of its list look again."""
    _tell(room, "room")


def unread_for(user: User) -> dict[UUID, int]:
    """How many messages of others ``user`` has not read, for each room that has some."""
    unread = Message.objects.filter(
        room__members__user=user,
        room__members__left_at__isnull=True,
        sequence__gt=F("room__members__read_mark__sequence"),
    ).exclude(recorded_by=user)
    return dict(unread.order_by().values_list("room").annotate(Count("pk")))


@dataclass(frozen=True)
class Asked:
    """What ``messaging/_room.html`` shows ``user`` of a visible room; its rows may be read with others."""

    room: Room
    user: User
    last_event_id: int
    members: QuerySet[Member]
    page: QuerySet[Message]
    is_latest: bool = True

    @property
    def rows(self) -> list[QuerySet]:
        return [self.members, self.page]

    def context(self) -> dict[str, Any]:
        messages = [_as_read_by(self.user, message) for message in reversed(self.page)]
        return {
            "room": self.room,
            "room_state": _state(self.room, self.user, list(self.members)),
            "room_messages": messages,
            "room_last_sequence": messages[-1]["sequence"] if messages else 0,
            "room_has_earlier": bool(messages) and messages[0]["sequence"] > 1,
            "room_is_latest": self.is_latest,
            "room_last_event_id": self.last_event_id,
            "room_client_id": uuid7(),
            "room_longest": LONGEST,
        }


def asked(room: Room, user: User, *, before: int | None = None) -> Asked:
    """Ask for the end of ``room``, or for what was ``before``. Where to listen from is read at once."""
    last_event_id = streaming.last_event_id(user)  # first, so that nothing falls between
    return Asked(room, user, last_event_id, _members(room), _page(room, before=before), before is None)


def room_context(room: Room, user: User, *, before: int | None = None) -> dict[str, Any]:
    """What ``messaging/_room.html`` shows ``user`` of a visible room: the end, or what was ``before``."""
    return asked(room, user, before=before).context()


def _members(room: Room) -> QuerySet[Member]:
    return room.members.present().select_related("user", "read_mark")


def _page(room: Room, *, before: int | None = None) -> QuerySet[Message]:
    found = room.messages.select_related("recorded_by")
    earlier = found if before is None else found.filter(sequence__lt=before)
    return earlier.order_by("-sequence")[:PAGE]


def state_of(room: Room, user: User) -> dict[str, Any]:
    """What changes in a room besides its messages: who is in it, how far they read, whether one can write."""
    return _state(room, user, list(_members(room)))


def _state(room: Room, user: User, members: list[Member]) -> dict[str, Any]:
    others = [member for member in members if member.user_id != user.pk]
    is_member = len(others) < len(members)
    return {
        "is_member": is_member,
        "is_closed": not room.is_open,
        "can_write": room.is_open and (is_member or room.is_answered_by(user)),
        "expect": _what_to_expect(room, user),
        "others": [str(member.user) for member in others],
        "read_by_others": min((member.read_mark.sequence for member in others), default=0),
    }


def _what_to_expect(room: Room, user: User) -> str:
    """Who reads a conversation, and until when: beside the words on emergencies."""
    if not room.is_open:
        return "This conversation is over and is no longer read."
    told = ["We aim to answer within one business day."]
    if room.is_enquiry:
        told.insert(0, "Reception reads this: about your health or medicine, write to your doctor.")
    if room.closes_at:
        told.append(f"You can write here until {clocks.in_words(room.closes_at, zone=user.time_zone)}.")
    return " ".join(told)


def messages_in(
    room: Room, user: User, *, after: int | None = None, before: int | None = None
) -> list[dict[str, Any]]:
    """A page of ``room`` in order, as ``user`` reads it: from ``after`` on, or the last ones ``before``."""
    if after is not None:
        found = room.messages.select_related("recorded_by")
        page = list(found.filter(sequence__gt=after).order_by("sequence")[:PAGE])
    else:
        page = list(_page(room, before=before))[::-1]
    return [_as_read_by(user, message) for message in page]


def _as_read_by(user: User, message: Message) -> dict[str, Any]:
    mine = message.recorded_by_id == user.pk
    return {
        "sequence": message.sequence,
        "client_id": str(message.client_id) if mine else "",
        "kind": "mine" if mine else "theirs" if message.recorded_by else "system",
        "who": "You" if mine else str(message.recorded_by or ""),
        "text": message.text,
        "at": message.recorded_at.isoformat(),
        # With its zone: on a day when the clocks change, the same hour comes twice.
        "day": clocks.day_and_zone(message.recorded_at, zone=user.time_zone),
        "clock": clocks.clock(message.recorded_at, zone=user.time_zone),
    }


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
    people = set(room.members.present().values_list("user", flat=True))
    if room.is_enquiry:  # everybody who may answer sees what waits
        people |= {person.pk for team in TEAM for person in team()}
    streaming.push(people, kind, {"room": room.pk, **data})
