"""Finding what was said, in one conversation or in all that a person has.

What somebody looks for is clinical text: it travels in the body of a request alone, and is not written down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from messaging import clocks
from messaging.models import Member, Message, Room

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import User

PAGE = 20
"""Messages that are found at once."""
SHORTEST, LONGEST, MOST = 2, 100, 8
"""Characters of all that is looked for, and how many words of it count."""
BEFORE, AROUND = 60, 220
"""Characters that are shown before the first word that was found, and in all."""


@dataclass(frozen=True)
class Hit:
    """A message that has the words, as it is shown in a list of them."""

    room: Room
    sequence: int
    who: str
    at: str
    is_withdrawn: bool
    parts: list[tuple[bool, str]]
    """The text around the first word: whether a part is a word that was found, and the part."""


@dataclass(frozen=True)
class Hits:
    """A page of what was found, the newest first."""

    found: list[Hit]
    further: UUID | None
    """The message from which on there is more."""


def search(words: str, *, by: User, room: Room | None = None, before: UUID | None = None) -> Hits:
    """Find the messages that have all of ``words``, in any order and also inside of longer ones.

    In the visible ``room``, or in every conversation of ``by``; older than the message ``before``. What was
    withdrawn is found by reviewers of its room alone.
    """
    wanted = words.replace("\x00", "").split()[:MOST]
    if not wanted:
        return Hits([], None)
    found = _within(by, room).select_related("room", "recorded_by", "withdrawal")
    for word in wanted:
        found = found.filter(text__icontains=word)
    if last := _within(by, room).filter(pk=before).first() if before else None:
        at = last.recorded_at
        found = found.filter(Q(recorded_at__lt=at) | Q(recorded_at=at, pk__lt=last.pk))
    page = list(found.order_by("-recorded_at", "-pk")[: PAGE + 1])
    further = page[PAGE - 1].pk if len(page) > PAGE else None
    return Hits([_hit(message, wanted, by) for message in page[:PAGE]], further)


def reviews(room: Room, user: User) -> bool:
    """Whether ``user`` reads ``room`` without being one of its people."""
    return not room.members.present().filter(user=user).exists()


def reviewed(hits: Hits, user: User) -> list[Room]:
    """Of which conversations ``hits`` show something though ``user`` is not in them, each once."""
    rooms = {hit.room.pk: hit.room for hit in hits.found}
    theirs = Member.objects.present().filter(user=user, room__in=rooms).values_list("room", flat=True)
    return [rooms[pk] for pk in rooms.keys() - set(theirs)]


def _within(user: User, room: Room | None) -> QuerySet[Message]:
    if room is None:
        # A review, and a look at a colleague's patient, is of one room, and written down.
        return Message.objects.filter(room__in=Room.objects.of(user), withdrawal=None)
    said = Message.objects.filter(room=room)
    sees_all = user.has_perm("messaging.view_every_room") and reviews(room, user)
    return said if sees_all else said.filter(withdrawal=None)


def _hit(message: Message, wanted: list[str], user: User) -> Hit:
    return Hit(
        room=message.room,
        sequence=message.sequence,
        who="You" if message.recorded_by_id == user.pk else str(message.recorded_by or "ProMedicine"),
        at=clocks.in_short(message.recorded_at, zone=user.time_zone),
        is_withdrawn=hasattr(message, "withdrawal"),
        parts=marked(message.text, wanted),
    )


def marked(text: str, wanted: list[str]) -> list[tuple[bool, str]]:
    """Cut ``text`` around the first of the words that are in it, and into what was found and the rest."""
    either = re.compile("|".join(re.escape(word) for word in sorted(wanted, key=len, reverse=True)), re.I)
    line = " ".join(text.split())
    first = either.search(line)
    start = max(0, first.start() - BEFORE) if first else 0
    shown = line[start : start + AROUND]
    parts, end = [(False, "…")] if start else [], 0
    for match in either.finditer(shown):
        parts += [(False, shown[end : match.start()]), (True, match.group())]
        end = match.end()
    rest = shown[end:] + ("…" if start + AROUND < len(line) else "")
    return [part for part in [*parts, (False, rest)] if part[1]]
