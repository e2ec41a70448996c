"""Who is in a conversation just now, and who is writing there: told to its people, and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache.backends.locmem import LocMemCache

from messaging import streaming
from messaging.models import Room

if TYPE_CHECKING:
    from clinic.models import User

HERE, WRITING, GONE = "here", "writing", "gone"
STATES = (HERE, WRITING, GONE)
EVERY = 2
"""Seconds in which one person tells the same once, in each process."""
# Of this process alone: the shared one is a table, and nothing of this is to be kept in one.
_told = LocMemCache("appearing", {"max_entries": 10_000})


def appear(room: Room, *, by: User, state: str, asks: bool = False) -> bool:
    """Tell the others in ``room`` that ``by`` is in ``state``; ``asks`` has their pages answer with theirs.

    Whoever is not in the room, or has just told the same, tells nothing: returns whether it was told.
    """
    if not _told.add(f"appearing:{room.pk}:{by.pk}:{state}:{int(asks)}", 1, timeout=EVERY):
        return False
    people = set(room.members.present().values_list("user", flat=True))
    if by.pk not in people:
        return False
    streaming.whisper(
        people - {by.pk}, "presence", {"room": room.pk, "by": by.pk, "state": state, "asks": asks}
    )
    return True
