"""Calls in a visit's room: who may call when, what follows from it, and what is kept of it.

``messaging`` knows rooms and their two sides; here is which appointment they belong to, and that the time
in which both were connected is a stretch of the consultation (``Segment``). Locks, always in this order: the
appointment, the room, the call, the consultation, and then what tells people of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clinic import attending, consulting
from clinic.models import Appointment, Encounter, Segment
from config.base import Refused
from messaging import clocks
from messaging.models import Modality

if TYPE_CHECKING:
    from clinic.models import User
    from messaging.models import Call, Room
    from messaging.proving import Stretch

MODALITY = {Modality.AUDIO: Segment.Modality.VOICE, Modality.VIDEO: Segment.Modality.VIDEO}
Status = Appointment.Status
CALLED = (Status.CONFIRMED, Status.ARRIVED, Status.IN_CONSULTATION)


class NoVisit(Refused):
    def __init__(self) -> None:
        super().__init__("There is no visit to call for. Please book an appointment.")


class NotYet(Refused):
    """The patient came before the doors open."""


def may_call(room: Room, user: User) -> None:
    """Ask whether ``user`` may call in ``room`` now.

    :raises NoVisit: the room belongs to no visit that is booked and not over
    :raises NotTheirs: it is not theirs, or who was its doctor does not work as one any more
    :raises NotYet: the patient is here before the doors open
    """
    _question(_visit(room), user)


def _visit(room: Room) -> Appointment:
    visit = room.appointments.current().select_related("slot__practitioner", "patient__user").first()
    if visit is None:
        raise NoVisit
    return visit


def _question(visit: Appointment, user: User) -> None:
    if visit.status not in CALLED:
        raise NoVisit
    if visit.patient.user_id != user.pk:
        consulting.require_doctor(visit.slot.practitioner, by=user)
        return
    opens_at = attending.doors_open_at(visit)
    if attending.is_before_doors(visit):
        when = clocks.in_words(opens_at, zone=user.time_zone)
        raise NotYet(f"You can join the call from {when}, half an hour before your appointment.")


def enter(room: Room, user: User, *, admits: bool) -> None:
    """Note that the patient is here; with the doctor's letting in the consultation begins.

    :raises NoVisit, NotTheirs, NotYet: as ``may_call`` says
    """
    visit = _visit(room)
    visit.lock()
    room.lock()  # this and the call before anybody is told of anything: whoever writes or speaks does so
    for call in room.calls.live():
        call.lock()
    _question(visit, user)
    if visit.patient.user_id == user.pk and visit.status == Status.CONFIRMED:
        attending.arrive(visit, by=user)
    if admits:
        consulting.open(visit, by=user)


def reckoned(call: Call, stretches: Sequence[Stretch]) -> None:
    """Keep ``stretches`` of ``call`` as those of the consultation, while that is open.

    Stretches are only ever added and ended (``proving.stretches``), so each keeps its place in the order.
    """
    encounter = _open(call.room) if stretches else None
    if encounter is None:
        return
    kept = [*encounter.segments.filter(call=call).order_by("started_at", "created_at", "pk")]
    for segment, stretch in zip(kept, stretches, strict=False):
        if segment.ended_at is None and stretch.ended_at:
            ended_at = max(stretch.ended_at, segment.started_at)
            segment.change(by=None, why="The two were not connected any more.", ended_at=ended_at)
    for stretch in stretches[len(kept) :]:
        _add(encounter, call, stretch)


def _open(room: Room) -> Encounter | None:
    """The consultation that is held in ``room``, locked; None where it is not begun, or closed."""
    visits = room.appointments.current()
    encounter = Encounter.objects.filter(appointment__in=visits, status=Encounter.Status.OPEN).first()
    return encounter if encounter and encounter.lock().status == Encounter.Status.OPEN else None


def _add(encounter: Encounter, call: Call, stretch: Stretch) -> None:
    started_at = stretch.started_at
    for other in encounter.segments.all():
        if other.ended_at is None:
            ended_at = max(started_at, other.started_at)
            other.change(by=None, why="The call in the room began.", ended_at=ended_at)
        if other.ended_at and other.ended_at > started_at:
            started_at = other.ended_at  # said by hand a moment ago: one thing at a time
    Segment.objects.add(
        by=None,
        why="Both sides said that they are connected.",
        encounter=encounter,
        call=call,
        modality=MODALITY[Modality(stretch.modality)],
        started_at=started_at,
        ended_at=max(stretch.ended_at, started_at) if stretch.ended_at else None,
    )


def beside(room: Room, user: User) -> dict[str, Any]:
    """For the doctor the consultation and the patient's number; for the patient, whether they are rung."""
    visit = room.appointments.current().select_related("slot__practitioner", "patient").first()
    encounter = Encounter.objects.filter(appointment=visit).first() if visit else None
    if visit is None or encounter is None:
        return {}
    rings = encounter.segments.filter(
        modality=Segment.Modality.VOICE, call__isnull=True, ended_at__isnull=True
    ).exists()
    if visit.slot.practitioner.user_id != user.pk or not user.has_perm("clinic.conduct_appointment"):
        return {"rings": rings}
    page = f"/admin/clinic/encounter/{encounter.pk}/"
    return {
        "rings": rings,
        "phone": visit.patient.phone,
        "back_url": f"{page}change/",
        "start_url": f"{page}do/start/",
        "stop_url": f"{page}do/stop/",
    }
