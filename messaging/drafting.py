"""What people began to write and have not sent: kept for them alone, on every device of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from messaging.models import Draft, Room
from messaging.models.rooms import LONGEST

if TYPE_CHECKING:
    from clinic.models import User


def keep(room: Room, *, by: User, text: str) -> bool:
    """Keep ``text`` as what ``by`` is writing in ``room``, in the place of what was kept before.

    Whoever is not in the room, or has left it, has no draft there: that is told, and nothing is kept.
    """
    member = room.members.present().filter(user=by).first()
    if member is None:
        return False
    text = text.replace("\x00", "").replace("\r\n", "\n")[:LONGEST]
    Draft.objects.update_or_create(member=member, defaults={"text": text, "at": timezone.now()})
    return True


def clear(room: Room, *, by: User) -> None:
    """Forget what ``by`` was writing: it was sent."""
    drafts = Draft.objects.filter(member__room=room, member__user=by).exclude(text="")
    drafts.update(text="", at=timezone.now())
