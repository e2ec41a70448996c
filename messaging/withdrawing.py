"""Taking a message back, soon after it was sent; that it was there, and why it went, stays to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from config.base import Refused
from messaging import chatting
from messaging.models import WITHDRAWABLE, Message, Withdrawal

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models import User

MINUTES = int(WITHDRAWABLE.total_seconds() // 60)


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("Only who sent a message can withdraw it.")


class TooLate(Refused):
    def __init__(self) -> None:
        super().__init__(
            f"A message can be withdrawn for {MINUTES} minutes after it was sent."
            " Write another one to put it right."
        )


@transaction.atomic
def withdraw(message: Message, *, by: User, reason: str) -> Withdrawal:
    """Take ``message`` back. Doing it again changes nothing.

    :raises NotAMember: ``by`` is not in the room any more
    :raises NotYours: somebody else sent it
    :raises TooLate: it was sent longer than ``WITHDRAWABLE`` ago
    """
    room = message.room.lock()
    if not room.members.present().filter(user=by).exists():
        raise chatting.NotAMember
    if message.recorded_by_id != by.pk:
        raise NotYours
    if already := Withdrawal.objects.filter(message=message).first():
        return already
    now = timezone.now()
    if now > message.recorded_at + WITHDRAWABLE:
        raise TooLate
    withdrawal = Withdrawal.objects.create(message=message, recorded_by=by, recorded_at=now, reason=reason)
    chatting.tell(room, "withdrawn", sequence=message.sequence)
    return withdrawal


def seconds_left(message: Message, *, by: User, now: datetime) -> int:
    """How long ``by`` can still withdraw ``message``; 0 if not at all."""
    if message.recorded_by_id != by.pk or hasattr(message, "withdrawal"):
        return 0
    return seconds_left_of(message.recorded_at, now=now)


def seconds_left_of(sent_at: datetime, *, now: datetime) -> int:
    """How long what its sender wrote at ``sent_at`` can still be withdrawn."""
    return max(0, int((sent_at + WITHDRAWABLE - now).total_seconds()))
