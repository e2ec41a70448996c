"""Calls between the two sides of a room: coming in, being let in, speaking, being cut off, leaving.

A call is what both browsers say of it, at the server's time. Each says every few seconds how it stands
(``beat``); what differs from what it said before is written down, and whoever is not heard any more is
noted as lost. ``messaging.proving`` works out from that when the two were connected.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from config.base import Refused
from messaging import chatting, proving, streaming
from messaging.models import Call, CallReport, Member, Modality, Room, Seat, Signal

if TYPE_CHECKING:
    from clinic.models import User

logger = logging.getLogger(__name__)

BEAT = timedelta(seconds=10)
"""How often a page in a call says how it stands."""
SILENT = timedelta(seconds=25)
"""Who was not heard for so long is lost, from when they were last heard: two beats, and a slow network."""
GIVE_UP = timedelta(minutes=3)
"""How long a call that was interrupted waits for the one who is missing."""
WAITS = timedelta(minutes=10)
"""How long a waiting room stays for a page that is not heard: a telephone in a pocket sends nothing."""
LONGEST = timedelta(hours=3)
"""How long a call can last, from the first who comes: a page that was forgotten ends then."""
MOST_REPORTS, MOST_CALLS = 400, 40
"""Of one call; of one room in an hour."""
Kind, Status = CallReport.Kind, Call.Status


class Above(Protocol):
    """What the apps above know of calls and do about them: they know of appointments and doctors."""

    def may_call(self, room: Room, user: User) -> None:
        """Raise ``Refused`` where ``user`` may not call in ``room`` now. Changes nothing."""

    def enter(self, room: Room, user: User, *, admits: bool) -> None:
        """Before anything is locked: the same question, and what follows from coming in, or letting in."""

    def reckoned(self, call: Call, stretches: Sequence[proving.Stretch]) -> None:
        """When the two were connected, after everything that was said so far."""

    def beside(self, room: Room, user: User) -> dict[str, Any]:
        """What the page of the call shows ``user`` besides."""


ABOVE: list[Above] = []
"""Filled by the apps above."""


class NoCall(Refused):
    def __init__(self) -> None:
        super().__init__("This call has ended.")


class Elsewhere(Refused):
    def __init__(self) -> None:
        super().__init__("You are in this call on another page or device. Join here to take it over.")


class NotTheHost(Refused):
    def __init__(self) -> None:
        super().__init__("Only the doctor can let somebody in.")


class NobodyWaits(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody is waiting to be let in.")


class TooOften(Refused):
    def __init__(self) -> None:
        super().__init__("That was too often. Please wait a few minutes, or use the telephone.")


def require_member(room: Room, user: User) -> Member:
    """Tell the part of ``user`` in ``room``.

    :raises NotAMember: they are not in it, or have left; whoever may read the room is not in it by that
    """
    member = room.members.present().filter(user=user).first()
    if member is None:
        raise chatting.NotAMember
    return member


@transaction.atomic
def join(room: Room, *, by: User, page_id: UUID, modality: str) -> Call:
    """Come into the call of ``room``, or begin one. From now on ``page_id`` speaks for ``by``, and no other.

    :raises NotAMember: ``by`` is not in the room
    :raises RoomClosed: the conversation is over
    :raises TooOften: there were too many calls within an hour
    :raises Refused: an app above says why not now
    """
    require_member(room, by)
    for above in ABOVE:
        above.enter(room, by, admits=False)
    if not room.lock().is_open:
        raise chatting.RoomClosed
    now = timezone.now()
    call = _to_join(room, by, now=now)
    seat = {"page_id": page_id, "is_host": by.is_staff, "heard_at": now}
    Seat.objects.update_or_create(call=call, user=by, defaults=seat)
    if not _report(call, by, Kind.JOINED, modality, at=now):
        raise TooOften
    _tell(call)
    return call


def _to_join(room: Room, by: User, *, now: datetime) -> Call:
    call = room.calls.live().first()
    if call and call.lock().status != Status.ENDED:
        lives = _notice_silence(call, now=now)
        if lives and not call.seats.filter(is_host=by.is_staff).exclude(user=by).exists():
            return call
        if lives:  # who sat here is no longer in the room: another doctor took over
            _part(call, now=now)
    if room.calls.filter(created_at__gt=now - timedelta(hours=1)).count() >= MOST_CALLS:
        raise TooOften
    return Call.objects.add(by=by, room=room).lock()


@transaction.atomic
def admit(room: Room, *, by: User, page_id: UUID) -> None:
    """Let in who waits. Letting in again changes nothing.

    :raises NotTheHost: ``by`` is who waits
    :raises NobodyWaits: there is nobody, any more
    :raises NoCall: the call has ended
    :raises Elsewhere: ``by`` is in it on another page
    :raises Refused: an app above says why not now
    """
    if not by.is_staff:
        raise NotTheHost
    require_member(room, by)
    for above in ABOVE:
        above.enter(room, by, admits=True)
    call, _ = hold(room, by=by, page_id=page_id)
    if call.status == Status.RUNNING:
        return
    now = timezone.now()
    if not _notice_silence(call, now=now):
        raise NoCall
    sides = proving.sides(call.reports.all())
    if not any(side.is_here for user, side in sides.items() if user != by.pk):
        raise NobodyWaits
    call.move_to(Status.RUNNING, by=by, why="The doctor let them in.")
    _report(call, by, Kind.ADMITTED, sides[by.pk].modality, at=now)
    _tell(call)


@transaction.atomic
def beat(room: Room, *, by: User, page_id: UUID, is_connected: bool, modality: str) -> None:
    """Hear from one side how it stands: whether the other's voice reaches it, and what it sends.

    :raises NoCall: the call has ended
    :raises Elsewhere: another page speaks for ``by``
    """
    call, seat = hold(room, by=by, page_id=page_id)
    now = timezone.now()
    before = call.reports.count()
    if _notice_silence(call, now=now):  # of this side too, if it was silent till now
        Seat.objects.filter(pk=seat.pk).update(heard_at=now)
        side = proving.sides(call.reports.all()).get(by.pk, proving.NOBODY)
        connected = is_connected and call.status == Status.RUNNING
        if kind := _news(side, connected=connected, modality=modality):
            _report(call, by, kind, modality, at=now)
        if call.reports.count() > before:
            _tell(call)


def _news(side: proving.Side, *, connected: bool, modality: str) -> CallReport.Kind | None:
    """What to write down of a side that stood as ``side`` and now stands otherwise; None if it does not."""
    if connected and not side.is_connected:
        return Kind.RESUMED if side.was_connected else Kind.CONNECTED
    if not side.is_here:
        return Kind.JOINED
    if side.is_connected and not connected:
        return Kind.INTERRUPTED
    return Kind.CHANGED if side.modality != modality else None


@transaction.atomic
def leave(room: Room, *, by: User, page_id: UUID | None = None) -> None:
    """Hang up: a call that runs ends for both. Where there is none, or on another page, nothing happens.

    Without ``page_id`` it is said for every page of ``by``: they do something else now.
    """
    call = room.calls.live().first()
    if call is None or call.lock().status == Status.ENDED:
        return
    seat = call.seats.filter(user=by).first()
    if seat is None or (page_id and seat.page_id != page_id):
        return
    now = timezone.now()
    if not _notice_silence(call, now=now):
        return
    sides = proving.sides(call.reports.all())
    _report(call, by, Kind.LEFT, sides[by.pk].modality, at=now)
    others = [side for user, side in sides.items() if user != by.pk and side.is_here]
    if call.status == Status.RUNNING or not others or page_id is None:
        _end(call, by=by, now=now)
    else:
        _tell(call)


@transaction.atomic
def look_after(call: Call) -> None:
    """Note who went silent, and end what nobody comes back to."""
    if call.lock().status == Status.ENDED:
        return
    before = call.reports.count()
    if _notice_silence(call, now=timezone.now()) and call.reports.count() > before:
        _tell(call)


def look_after_all() -> int:
    """Look after every call there is; for when no page of it is left to say anything."""
    Signal.objects.filter(sent_at__lt=timezone.now() - GIVE_UP).delete()
    live = [*Call.objects.live()]
    for call in live:
        try:
            look_after(call)
        except DatabaseError:  # the others are looked after; this one in a minute
            logger.exception("Call %s could not be looked after.", call.pk)
    return len(live)


def hold(room: Room, *, by: User, page_id: UUID) -> tuple[Call, Seat]:
    """Hold the call of ``room`` until the transaction ends, for the page that speaks for ``by``.

    :raises NotAMember: ``by`` is not in the room
    :raises NoCall: there is none
    :raises Elsewhere: another page speaks for ``by``
    """
    require_member(room, by)
    call = room.calls.live().first()
    if call is None or call.lock().status == Status.ENDED:
        raise NoCall
    seat = call.seats.filter(user=by).first()
    if seat is None or seat.page_id != page_id:
        raise Elsewhere
    return call, seat


def _notice_silence(call: Call, *, now: datetime) -> bool:
    """Note who is not heard any more, and end a call that nobody comes back to. Tells whether it goes on."""
    seats = [*call.seats.select_related("user").order_by("pk")]
    sides = proving.sides(call.reports.all())
    for seat in seats:
        side = sides.get(seat.user_id, proving.NOBODY)
        if side.is_here and seat.heard_at < now - SILENT:
            _lose(seat, side)
    waited_for = [seat for seat in seats if seat.heard_at >= now - WAITS]
    missing = [seat for seat in seats if seat.heard_at < now - GIVE_UP]
    runs = call.status == Status.RUNNING
    if (
        (seats and not runs and not (waited_for and _may_go_on(call, seats)))
        or (runs and missing)
        or call.created_at < now - LONGEST
    ):
        _part(call, now=now)
        return False
    return True


def _may_go_on(call: Call, seats: Sequence[Seat]) -> bool:
    """Whether anybody could still be let in: a waiting room ends with the visit that it is for."""
    return any(not refusal(call.room, seat.user) for seat in seats)


def _part(call: Call, *, now: datetime) -> None:
    """End a call that nobody ended."""
    sides = proving.sides(call.reports.all())
    for seat in call.seats.select_related("user"):
        side = sides.get(seat.user_id, proving.NOBODY)
        if side.is_here:
            _lose(seat, side)
    _end(call, by=None, now=now)


def _lose(seat: Seat, side: proving.Side) -> None:
    _report(seat.call, seat.user, Kind.LOST, side.modality, at=seat.heard_at, by_itself=True)


def _end(call: Call, *, by: User | None, now: datetime) -> None:
    """End ``call``, whoever noticed that it is over: the apps above hear of it in any case."""
    call.move_to(Status.ENDED, by=by, why="The call ended.", ended_at=now)
    Signal.objects.filter(to__call=call).delete()
    _tell(call)


NOTICED = (Kind.LEFT, Kind.LOST, Kind.INTERRUPTED)
"""What is written down however much was said before: it ends something."""


def _report(
    call: Call, side: User, kind: CallReport.Kind, modality: str, *, at: datetime, by_itself: bool = False
) -> bool:
    """Write one thing down; beyond a limit only what ends something. Tells whether it did."""
    # The call's lock is held: numbers have no gap, and are given in the order of commits.
    last = call.reports.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    if last >= MOST_REPORTS and kind not in NOTICED:
        return False
    CallReport.objects.create(
        call=call,
        sequence=last + 1,
        side=side,
        kind=kind,
        modality=Modality(modality),
        at=at,
        recorded_by=None if by_itself else side,
    )
    return True


def _tell(call: Call) -> None:
    """Let the apps above reckon, and the pages of the two look anew."""
    found = proving.stretches(call.reports.all())
    for above in ABOVE:
        above.reckoned(call, found)
    people = call.room.members.present().values_list("user", flat=True)
    streaming.push(people, "call", {"call_in": call.room_id})


def refusal(room: Room, user: User) -> str:
    """Why ``user`` cannot call in ``room`` now; empty where they can."""
    if not room.is_open:
        return str(chatting.RoomClosed())
    try:
        for above in ABOVE:
            above.may_call(room, user)
    except Refused as no:
        return str(no)
    return ""


def state(room: Room, user: User) -> dict[str, Any]:
    """How the call of ``room`` stands, as the page of ``user`` shows it."""
    call = room.calls.live().first()
    other = next(
        (m.user for m in room.members.present().select_related("user") if m.user.is_staff != user.is_staff),
        None,
    )
    told: dict[str, Any] = {
        "phase": call.status if call else "none",
        "is_host": user.is_staff,
        "other": str(other or ""),
        "is_in": False,
        "page_id": "",
        "peer": None,
        "signal": 0,
    }
    if call is None:
        return told
    sides = proving.sides(call.reports.all())
    seats = {seat.user_id: seat for seat in call.seats.all()}
    if seat := seats.get(user.pk):
        told |= {"is_in": sides[user.pk].is_here, "page_id": str(seat.page_id), "signal": seat.last_signal}
    if other and (side := sides.get(other.pk)):
        told["peer"] = {
            "page_id": str(seats[other.pk].page_id),
            "is_here": side.is_here,
            "is_connected": side.is_connected,
            "modality": side.modality,
        }
    return told
