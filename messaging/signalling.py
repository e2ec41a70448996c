"""What two browsers tell each other through us to find each other: passed on, never kept.

The addresses in it are of people's networks. A signal is a row only until it was fetched; the live event says
its number. Nothing of it is in a history, a log or the audit trail.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config.base import Refused
from messaging import calling, streaming
from messaging.models import Call, Room, Seat, Signal

if TYPE_CHECKING:
    from clinic.models import User

LARGEST = 24_000
"""Characters of one signal: an offer with every codec a browser knows has some 8,000."""
MOST, WITHIN = 150, timedelta(minutes=1)
"""Signals of one side within some time: an offer comes with a handful of addresses."""
DESCRIPTIONS = {"offer", "answer", "rollback"}
CANDIDATE = {"candidate", "sdpMid", "sdpMLineIndex", "usernameFragment"}


class NotASignal(Refused):
    def __init__(self) -> None:
        super().__init__("This is no message between two browsers. Please reload the page.")


class NobodyThere(Refused):
    def __init__(self) -> None:
        super().__init__("The other side is not in the call now.")


@transaction.atomic
def send(room: Room, *, by: User, page_id: UUID, to_page: UUID, content: Any) -> int:
    """Pass ``content`` on to the other side's page ``to_page``, in a call that runs.

    :raises NotASignal: it is neither a description nor a candidate, or is too long
    :raises NobodyThere: the other side was not let in yet, or speaks from another page by now
    :raises TooOften: there were too many within a minute
    :raises NoCall, Elsewhere, NotAMember: as ``calling.hold`` says
    """
    if not is_signal(content):
        raise NotASignal
    call, seat = calling.hold(room, by=by, page_id=page_id)
    to = call.seats.exclude(pk=seat.pk).filter(page_id=to_page).first()
    if call.status != Call.Status.RUNNING or to is None:
        raise NobodyThere
    _count(seat)
    to.last_signal += 1
    to.save(update_fields=["last_signal"])
    Signal.objects.create(to=to, sequence=to.last_signal, from_page=page_id, to_page=to_page, content=content)
    streaming.push([to.user_id], "signal", {"call_in": room.pk})
    return to.last_signal


@transaction.atomic
def fetch(room: Room, *, by: User, page_id: UUID, after: int) -> list[dict[str, Any]]:
    """What came for the page of ``by`` after the number ``after``; what it has already is forgotten.

    :raises NoCall, Elsewhere, NotAMember: as ``calling.hold`` says
    """
    _, seat = calling.hold(room, by=by, page_id=page_id)
    seat.signals.filter(sequence__lte=after).delete()
    return [
        {"number": signal.sequence, "from": str(signal.from_page), "content": signal.content}
        for signal in seat.signals.filter(to_page=page_id).order_by("sequence")
    ]


def is_signal(content: Any) -> bool:
    """Whether ``content`` is a session description or a candidate address, and no more."""
    if not isinstance(content, dict) or len(json.dumps(content)) > LARGEST or len(content) != 1:
        return False
    described, candidate = content.get("description"), content.get("candidate")
    if isinstance(described, dict):
        return set(described) <= {"type", "sdp"} and described.get("type") in DESCRIPTIONS
    return isinstance(candidate, dict) and set(candidate) <= CANDIDATE


def _count(seat: Seat) -> None:
    now = timezone.now()
    if seat.counted_from < now - WITHIN:
        seat.counted_from, seat.counted = now, 0
    if seat.counted >= MOST:
        raise calling.TooOften
    seat.counted += 1
    seat.save(update_fields=["counted_from", "counted"])
